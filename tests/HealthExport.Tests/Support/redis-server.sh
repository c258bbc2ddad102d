#!/bin/sh
# A Redis server of its own, for as long as somebody holds this script's standard input. Nothing of it is kept on disk.
# Lines on standard input: kill, start, hold (it hangs, its connections open), go.
# Arguments: the program, its port, its password; where it speaks TLS alone, the files of its certificate and key.
set -eu
umask 077
dir=$(mktemp -d "${TMPDIR:-/tmp}/healthexport-redis-XXXXXX")
pid=
end() {
    [ -n "$pid" ] || return 0
    kill -KILL "$pid" 2>/dev/null || :
    wait "$pid" 2>/dev/null || :
    pid=
}
trap 'end; rm -rf "$dir"' EXIT
printf 'requirepass %s\n' "$3" >"$dir/redis.conf"

if [ $# -gt 3 ]; then
    printf 'port 0\ntls-port %s\ntls-cert-file %s\ntls-key-file %s\ntls-auth-clients no\n' "$2" "$4" "$5"
else
    printf 'port %s\n' "$2"
fi >>"$dir/redis.conf"

start() {
    : >"$dir/redis.log"
    "$1" "$dir/redis.conf" --bind 127.0.0.1 --dir "$dir" --save '' --appendonly no \
        --logfile "$dir/redis.log" </dev/null >/dev/null 2>&1 &
    pid=$!
    until grep -q 'Ready to accept connections' "$dir/redis.log"; do
        if ! kill -0 "$pid" 2>/dev/null; then cat "$dir/redis.log" >&2; exit 1; fi
        sleep 0.02
    done
    echo started
}

start "$1" "$2"
while read -r command; do
    case $command in
        kill) end; echo killed ;;
        start) start "$1" "$2" ;;
        hold) kill -STOP "$pid"; echo held ;;
        go) kill -CONT "$pid"; echo going ;;
    esac
done
