#!/bin/sh
# Everything the client promises: `sh client/test/run.sh`. Needs Go, Node 20, npm and Postgres'
# binaries; installs Debian's chromium when it is missing. Servers, databases and browsers listen on
# loopback only and end with the run.
set -eu
cd "$(dirname "$0")/.."

npm ci --no-fund --no-audit
npm run -s build
npm run -s typecheck
npm run -s types:check
npm run -s sizes
npm run -s pack:check

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PURSUIT_BINARY=${PURSUIT_BINARY:-$work/pursuit}
export PURSUIT_BINARY
[ -x "$PURSUIT_BINARY" ] || (cd .. && go build -o "$PURSUIT_BINARY" ./cmd/pursuit)
# servers of a schema to come (docs/adr/0010-schema-versions.md), built while the unit tests wait for their timers
PURSUIT_BINARY_TRIAL=${PURSUIT_BINARY_TRIAL:-$work/trial}
PURSUIT_BINARY_RETIRED=${PURSUIT_BINARY_RETIRED:-$work/retired}
export PURSUIT_BINARY_TRIAL PURSUIT_BINARY_RETIRED
(
  cd ..
  [ -x "$PURSUIT_BINARY_TRIAL" ] || go build -tags trial -o "$PURSUIT_BINARY_TRIAL" ./cmd/pursuit
  [ -x "$PURSUIT_BINARY_RETIRED" ] || go build -tags trial,retired -o "$PURSUIT_BINARY_RETIRED" ./cmd/pursuit
) &
building=$!

if ! command -v chromium >/dev/null; then
  apt-get update -q && apt-get install -y -q --no-install-recommends chromium
fi

npm run -s test:unit
wait "$building"
npm run -s test:server
npm run -s test:browser
