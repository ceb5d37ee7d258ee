#!/usr/bin/env bash
# Restores what backup.sh kept. Stop the server first.
#
#   PURSUIT_DATABASE_URL=… PURSUIT_KEY_FILE=… deploy/restore.sh FOLDER/pursuit-<UTC time>
#
# The SQLite file must not exist, the PostgreSQL database must be empty: nothing is ever
# overwritten. A backup from before the server's first start has no key file, and none is
# put back. At the end it runs `pursuit restored` (PURSUIT names the binary), so that the
# phones give back what they wrote since the backup.
set -euo pipefail
umask 077

[ $# -eq 1 ] && [ -f "$1/database" ] || { echo "usage: $0 BACKUP" >&2; exit 2; }
url=${PURSUIT_DATABASE_URL:-sqlite://pursuit.db}
pursuit=${PURSUIT:-pursuit}

case $url in
sqlite://*)
  file=${url#sqlite://}
  key=${PURSUIT_KEY_FILE:-$(dirname "$file")/pursuit.key}
  for old in "$file" "$file-wal" "$file-shm"; do # a log left behind would be played into the restored file
    [ ! -e "$old" ] || { echo "$old exists: move it away first" >&2; exit 1; }
  done
  mkdir -p "$(dirname "$file")"
  cp "$1/database" "$file"
  ;;
postgres://* | postgresql://*)
  key=${PURSUIT_KEY_FILE:-pursuit.key}
  tables=$(psql --no-psqlrc --tuples-only --no-align --dbname="$url" \
    --command="SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()")
  [ "$tables" = 0 ] || { echo "the database is not empty: make a new one" >&2; exit 1; }
  pg_restore --no-owner --no-privileges --exit-on-error --single-transaction --dbname="$url" "$1/database"
  ;;
*)
  echo "PURSUIT_DATABASE_URL must be sqlite://FILE or postgres://…" >&2
  exit 2
  ;;
esac
if [ ! -f "$1/pursuit.key" ]; then
  echo "$1 has no key file, so none is put back" >&2
elif [ -e "$key" ]; then
  cmp -s "$1/pursuit.key" "$key" || { echo "$key is another key: move it away and copy $1/pursuit.key there" >&2; exit 1; }
else
  cp "$1/pursuit.key" "$key"
fi
"$pursuit" restored
