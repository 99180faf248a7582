#!/bin/sh
# Draws what does not exist yet in a folder (default: docker/secrets): passwords of the database, its password file, keys of vault and Airflow.
# Secrets that a vendor gave go beside them, one file each, named as the setting: fxiaoke_app_secret, kingdee_app_secret, …
# Nothing that exists is changed. Containers run as 10001, which alone may read the files.
set -eu
umask 077
folder="${1:-$(dirname "$0")/secrets}"
host="${2:-postgres}"
mkdir -p "$folder"
draw() { head -c 36 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'; }
for name in postgres_password landfall_password vault_key airflow_jwt_secret airflow_api_secret; do
  [ -s "$folder/$name" ] || draw >"$folder/$name"
done
[ -s "$folder/airflow_fernet_keys" ] || head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' >"$folder/airflow_fernet_keys"
[ -s "$folder/pgpass" ] || printf '%s:*:*:landfall:%s\n%s:*:*:postgres:%s\n' \
  "$host" "$(cat "$folder/landfall_password")" "$host" "$(cat "$folder/postgres_password")" >"$folder/pgpass"
if [ "$(id -u)" = 0 ]; then
  chown -R 10001:10001 "$folder"
elif [ "$(id -u)" != 10001 ]; then
  echo "now hand the folder to the containers' user: sudo chown -R 10001:10001 $folder"
fi
