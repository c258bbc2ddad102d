#!/bin/sh
# PgBouncer in transaction mode before a PostgreSQL server, for as long as somebody holds this script's standard input.
# Arguments: the program, its port, the server's port, password of the superuser "postgres".
set -eu
umask 077
dir=$(mktemp -d "${TMPDIR:-/tmp}/healthexport-pgbouncer-XXXXXX")
pid=
finish() {
    # Not QUIT: a shell lets its background programs ignore that.
    [ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null || :
    [ -z "$pid" ] || wait "$pid" 2>/dev/null || :
    rm -rf "$dir"
}
trap finish EXIT
cat >"$dir/pgbouncer.ini" <<END
[databases]
* = host=127.0.0.1 port=$3 user=postgres password=$4
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $2
unix_socket_dir =
auth_type = any
pool_mode = transaction
max_client_conn = 500
default_pool_size = 5
ignore_startup_parameters = extra_float_digits
logfile = $dir/pgbouncer.log
END
"$1" -q "$dir/pgbouncer.ini" </dev/null >/dev/null 2>&1 &
pid=$!
until grep -q 'process up' "$dir/pgbouncer.log" 2>/dev/null; do
    if ! kill -0 "$pid" 2>/dev/null; then cat "$dir/pgbouncer.log" >&2; exit 1; fi
    sleep 0.05
done
echo started
read -r _ || :
