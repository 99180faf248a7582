#!/bin/sh
# Run by the database's image on an empty data folder: the pipeline's login, which makes databases and roles and is no superuser.
set -eu
psql -v ON_ERROR_STOP=1 -qAt -U postgres -d postgres <<'SQL'
\set password `cat /run/secrets/landfall_password`
create role landfall login createdb createrole noinherit password :'password';
SQL
