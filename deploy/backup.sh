#!/usr/bin/env bash
# Backs up what a Pursuit server must not lose: its database and its key file.
#
#   PURSUIT_DATABASE_URL=… PURSUIT_KEY_FILE=… deploy/backup.sh FOLDER
#
# makes FOLDER/pursuit-<UTC time>/ with `database` and `pursuit.key`, readable by its owner
# alone, and prints its name. The server goes on running. The settings have the server's
# own defaults; SQLite needs the program sqlite3, PostgreSQL needs pg_dump and psql. Before
# the server's first start there is no key file yet: then it keeps the database alone.
set -euo pipefail
umask 077

[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
url=${PURSUIT_DATABASE_URL:-sqlite://pursuit.db}
target=$1/pursuit-$(date -u +%Y%m%dT%H%M%SZ)
part=$target.part # renamed when whole, so that half a backup never looks like one
mkdir -p "$1"
mkdir "$part"
trap 'rm -rf "$part"' EXIT

case $url in
sqlite://*)
  file=${url#sqlite://}
  key=${PURSUIT_KEY_FILE:-$(dirname "$file")/pursuit.key}
  [ -f "$file" ] || { echo "there is no database $file" >&2; exit 1; }
  sqlite3 "$file" '.timeout 10000' "VACUUM INTO '${part//\'/\'\'}/database'"
  [ "$(sqlite3 "$part/database" 'PRAGMA integrity_check')" = ok ] || { echo "the copy is damaged" >&2; exit 1; }
  sealed() { sqlite3 "$part/database" 'SELECT count(*) FROM signing_keys'; }
  ;;
postgres://* | postgresql://*)
  key=${PURSUIT_KEY_FILE:-pursuit.key}
  pg_dump --format=custom --no-owner --no-privileges --file="$part/database" --dbname="$url"
  pg_restore --list "$part/database" >/dev/null
  sealed() { psql --no-psqlrc --tuples-only --no-align --dbname="$url" --command='SELECT count(*) FROM signing_keys'; }
  ;;
*)
  echo "PURSUIT_DATABASE_URL must be sqlite://FILE or postgres://…" >&2
  exit 2
  ;;
esac
if [ -e "$key" ]; then
  cp "$key" "$part/pursuit.key"
elif [ "$(sealed)" = 0 ]; then
  echo "there is no key file $key yet, the server's first start makes it: this backup is the database alone" >&2
else
  echo "there is no key file $key, but the database has keys that one seals: set PURSUIT_KEY_FILE" >&2
  exit 1
fi
mv "$part" "$target"
trap - EXIT
echo "$target"
