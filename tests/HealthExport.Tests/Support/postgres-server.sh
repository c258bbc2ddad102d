#!/bin/sh
# A PostgreSQL server of its own, for as long as somebody holds this script's standard input: also when the tests are
# killed, nothing stays behind. Lines on standard input: stop (fast), kill (as power loss), start.
# Arguments: folder of the server's programs, port, password of the superuser "postgres".
set -eu
bin=$1 port=$2
umask 077
dir=$(mktemp -d "${TMPDIR:-/tmp}/healthexport-postgres-XXXXXX")
pid=
finish() {
    [ -z "$pid" ] || kill -QUIT "$pid" 2>/dev/null || :
    [ -z "$pid" ] || wait "$pid" 2>/dev/null || :
    rm -rf "$dir"
}
trap finish EXIT
printf '%s' "$3" >"$dir/password"
"$bin/initdb" -D "$dir/data" -U postgres --pwfile="$dir/password" --auth-local=trust --auth-host=scram-sha-256 \
    --encoding=UTF8 --locale=C --no-sync --no-instructions >"$dir/initdb.log" 2>&1 ||
    { cat "$dir/initdb.log" >&2; exit 1; }
rm "$dir/password"

# No fsync: the machine does not go down here, and what a killed server wrote is there without it.
start() {
    tries=0
    while :; do
        "$bin/postgres" -D "$dir/data" -p "$port" -k "$dir" -c listen_addresses=127.0.0.1 -c max_connections=200 \
            -c shared_buffers=128MB -c max_wal_size=2GB -c fsync=off -c timezone=Pacific/Chatham \
            >>"$dir/server.log" 2>&1 </dev/null &
        pid=$!
        while kill -0 "$pid" 2>/dev/null; do
            if "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; then echo started; return; fi
            sleep 0.05
        done
        # After a kill, the children need a moment to see it, and hold the memory until then.
        tries=$((tries + 1))
        [ "$tries" -lt 50 ] || { cat "$dir/server.log" >&2; exit 1; }
        sleep 0.1
    done
}

halt() {
    [ -n "$pid" ] || return 0
    kill -INT "$pid" 2>/dev/null || :
    wait "$pid" 2>/dev/null || :
    pid=
}

# Prints the parent and the state of a process, or nothing when it is gone.
look_at() {
    line=
    read -r line 2>/dev/null <"/proc/$1/stat" || :
    # The name before the parenthesis may hold blanks.
    set -- ${line##*) }
    [ $# -lt 2 ] || echo "$2 $1"
}

# As a loss of power: sessions do not outlive the server, not even for a moment.
crash() {
    [ -n "$pid" ] || return 0
    # Held still, it starts no more children.
    kill -STOP "$pid"
    children=
    for entry in /proc/[0-9]*; do
        case $(look_at "${entry#/proc/}") in "$pid "*) children="$children ${entry#/proc/}" ;; esac
    done
    kill -KILL $children "$pid" 2>/dev/null || :
    wait "$pid" 2>/dev/null || :
    for child in $children; do
        while :; do
            case $(look_at "$child") in "" | *" Z") break ;; esac
            sleep 0.01
        done
    done
    pid=
}

start
while read -r command; do
    case $command in
        stop) halt; echo stopped ;;
        kill) crash; echo killed ;;
        start) start ;;
    esac
done
