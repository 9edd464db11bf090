#!/bin/sh
# The operators' page as a test: every ```sh block of docs/ledger.md runs, in order, in one shell that
# stops at the first failure; and the nginx and HAProxy texts serve a record where these are there.
# usage: ledger.sh PAGE BUILT-PSEPHOS BUILT-PSEPHOS-VERIFY MINI_RECORD
set -eu

page=$(realpath "$1")
mini=$(realpath "$4")
work=$(mktemp -d)
server=
edge=
trap 'for p in $server $edge; do kill "$p" 2>/dev/null || true; done; rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$(realpath "$2")" "$work/bin/psephos"
ln -s "$(realpath "$3")" "$work/bin/psephos-verify"
PATH=$work/bin:$PATH

cd "$work"
"$mini" accepted record
sed -n '/^```sh$/,/^```$/p' "$page" | sed '/^```/d' >commands.sh
[ "$(grep -cE '^(psephos|eid=|log=)' commands.sh)" -gt 15 ] || {
    echo "the page has lost its commands" >&2
    exit 1
}
sh -eu commands.sh
ls copy/blob/*.gz >/dev/null

nginx=$(PATH=$PATH:/usr/sbin command -v nginx) || {
    echo "ledger: passed (no nginx here)"
    exit 0
}
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir logs
{
    echo "daemon off; pid $work/pid; error_log $work/logs/error; events { }"
    [ "$(id -u)" -ne 0 ] || echo "user root;"
    echo "http { access_log off; client_body_temp_path $work/t1; proxy_temp_path $work/t2;"
    echo "fastcgi_temp_path $work/t3; uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;"
    sed -n '/^```nginx$/,/^```$/p' "$page" | sed '/^```/d' |
        sed "s|listen 443 ssl|listen 127.0.0.1:$port|; s|/srv/mirror|$work/copy|"
    echo "}"
} >nginx.conf
"$nginx" -c "$work/nginx.conf" -p "$work" 2>logs/start &
server=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    curl -sf "http://127.0.0.1:$port/checkpoint" >/dev/null && break
    sleep 0.3
done
base=http://127.0.0.1:$port
has() { # has PATH HEADER [CURL OPTION…]
    path=$1
    header=$2
    shift 2
    curl -sD - -o /dev/null "$@" "$base/$path" | tr -d '\r' >headers
    grep -qix "$header" headers || {
        echo "$path: no $header in:" >&2
        cat headers logs/* >&2
        exit 1
    }
}
blob=$(cd copy && ls blob/*.gz | head -n 1)
tile=$(cd copy && find tile/0 -type f | head -n 1)
has checkpoint 'content-type: text/plain; charset=utf-8'
has checkpoint 'cache-control: public, max-age=2'
has checkpoint 'access-control-allow-origin: \*'
has "$tile" 'content-type: application/octet-stream'
has "$tile" 'cache-control: public, max-age=31536000, immutable'
has "$tile" 'x-content-type-options: nosniff'
has "${blob%.gz}" 'content-encoding: gzip' -H 'Accept-Encoding: gzip'
has "${blob%.gz}" 'content-range: bytes 0-9/.*' -r 0-9
psephos mirror "$base" web --once --quiet
psephos-verify web --quiet

# HAProxy in front of it, twice the same mirror.
haproxy=$(PATH=$PATH:/usr/sbin command -v haproxy) || {
    echo "ledger: passed (no haproxy here)"
    exit 0
}
front=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
{
    printf 'defaults\n    timeout connect 5s\n    timeout client 5s\n    timeout server 5s\n'
    sed -n '/^```haproxy$/,/^```$/p' "$page" | sed '/^```/d' |
        sed "s|bind :8080|bind 127.0.0.1:$front|; s|192.0.2.[12]:80|127.0.0.1:$port|"
} >haproxy.cfg
"$haproxy" -c -q -f haproxy.cfg
"$haproxy" -db -f haproxy.cfg >logs/haproxy 2>&1 &
edge=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    curl -sf "http://127.0.0.1:$front/checkpoint" >/dev/null && break
    sleep 0.3
done
base=http://127.0.0.1:$front
has checkpoint 'content-type: text/plain; charset=utf-8'
has checkpoint 'cache-control: public, max-age=2'
has "$tile" 'cache-control: public, max-age=31536000, immutable'
[ "$(curl -s -o /dev/null -w '%{http_code}' -X POST -d x "$base/checkpoint")" = 403 ]
psephos mirror "$base" edge --once --quiet
psephos-verify edge --quiet
echo "ledger: passed"
