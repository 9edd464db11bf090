#!/bin/sh
# board.sh SOURCE PSEPHOS VERIFY: the public side of a real record while it grows: files, the view,
# receipts out of the tree; what is refused; a checkpoint that is old, and one that is another's.
set -u
source=$(realpath "$1")
psephos=$(realpath "$2")
. "$source/tests/ground/tap.sh"
. "$source/tests/e2e/garden.sh"
dir=$(mktemp -d)
cd "$dir" || exit 1
board=''
trap '[ -z "$board" ] || kill -9 $board 2>/dev/null; rm -rf "$dir"' EXIT

settings() { # HEALTH
    cat >board.ini <<INI
[daemon]
state = $dir/state
[listen]
address = 127.0.0.1:0
metrics = 127.0.0.1:0
[record]
folder = $dir/record
[health]
checkpoint = $1
INI
}
start() {
    : >url
    "$psephos" board serve --config board.ini >url 2>>log &
    board=$!
    for _ in $(seq 400); do
        [ ! -s url ] || break
        kill -0 $board 2>/dev/null || return 1
        sleep 0.025
    done
    url=$(cat url)
    at=${url#http://}
}
# get PATH [CURL OPTION…]: the status; body in ./body, head in ./head.
get() {
    path=$1
    shift
    curl -s -o body -D head -w '%{http_code}' --max-time 10 --path-as-is "$@" "$url$path"
}
# want STATUS PATH [CURL OPTION…]: complaints unless it is answered so.
want() {
    status=$1
    shift
    got=$(get "$@")
    [ "$got" = "$status" ] || echo "$*: $got, wanted $status: $(head -c 200 body)"
}
# raw BYTES: what a client that keeps to nothing gets, its first line.
raw() {
    python3 - "$at" "$1" <<'PY'
import socket, sys
host, port = sys.argv[1].rsplit(":", 1)
s = socket.create_connection((host, int(port)), 10)
s.settimeout(10)
s.sendall(sys.argv[2].encode().decode("unicode_escape").encode("latin-1"))
try:
    print(s.recv(65536).split(b"\r\n")[0].decode("latin-1"))
except ConnectionError:
    print("reset")
PY
}
header() { # NAME PATTERN: complaints unless the head has it
    tr -d '\r' <head | grep -qi "^$1: $2\$" || echo "no $1: $2 in $(tr -d '\r' <head | tr '\n' '|')"
}
until_view() { # PATTERN
    for _ in $(seq 200); do
        [ "$(get /v1/election)" != 200 ] || ! grep -q "$1" body || return 0
        sleep 0.05
    done
    echo "never $1: $(head -c 200 body)"
}
# leaf N: the hash of entry N out of the newest tile of hashes, which is the first here.
leaf() {
    tile=$(ls -v record/tile/0/000.p/* | tail -n 1)
    dd if="$tile" bs=32 skip="$1" count=1 2>/dev/null | od -An -v -tx1 | tr -d ' \n'
}
size() {
    sed -n 2p record/checkpoint
}

mkdir record
settings '1 h'
check 'settings are read' "$("$psephos" board serve --config board.ini --check-config 2>&1 | grep -v good)"
check 'a key that there is not, and no record folder: refused' "$(
    sed 's/^folder/holder/' board.ini >bad.ini
    "$psephos" board serve --config bad.ini >out 2>&1
    [ $? = 2 ] || cat out
    sed "s|^folder = .*|folder = $dir/none|" board.ini >bad.ini
    "$psephos" board serve --config bad.ini >out 2>&1
    [ $? = 1 ] || cat out
    sed 's/^address = .*/address = 192.0.2.1:80/' board.ini >bad.ini
    "$psephos" board serve --config bad.ini >out 2>&1
    [ $? = 2 ] || cat out
)"
start
check 'before the record begins: no view, no receipt, no health' "$(
    want 503 /v1/election
    grep -q 'urn:psephos:problem:unavailable"' body || cat body
    want 503 "/v1/receipts/$(printf '%064d' 0)"
    want 503 /healthz
    want 404 /record/checkpoint
)"
garden_start >out 2>&1 || cat out
check 'the record is seen when it comes' "$(until_view '"state":"KEYS"')"
garden_ceremony >out 2>&1 && garden_roster >out 2>&1 && garden_open >out 2>&1 || cat out
check 'the view follows: open' "$(
    until_view '"state":"OPEN"'
    until_view "\"size\":$(size),"
    eid=$("$psephos" record show --record record --json | sed 's/.*"election":"\([0-9a-f]*\)".*/\1/')
    grep -q "\"eid\":\"$eid\"" body || cat body
    header Access-Control-Allow-Origin '\*'
    header Content-Type application/json
)"
garden_votes >out 2>&1 || cat out
until_view "\"size\":$(size)," >out

check 'each entry has a receipt that holds' "$(
    for i in $(seq 0 $(($(size) - 1))); do
        want 200 "/v1/receipts/$(leaf "$i")"
        [ "$(sed -n 2p body)" = "index $i" ] || sed -n 1,3p body
        header Content-Type 'text/plain; charset=utf-8'
    done
    want 200 "/v1/receipts/$(leaf $(($(size) - 2)))"
    "$psephos" record receipt --check body --ballot mail/ballot-anna.parcel --policy board/policy >out 2>&1 ||
        cat out
    want 200 "/v1/receipts/$(leaf 3)" -H 'Accept: application/json'
    grep -q "^{\"index\":3,\"leaf\":\"$(leaf 3)\",\"receipt\":\"c2sp.org/tlog-proof@v1" body || cat body
)"
check 'what is in no tree has none' "$(
    want 404 "/v1/receipts/$(leaf 3 | tr 0-9a-f 1-9a-f0)"
    grep -q 'urn:psephos:problem:not-found"' body || cat body
    want 404 "/v1/receipts/$(leaf 3 | tr a-f A-F)x"
    want 404 /v1/receipts/abc
    want 404 "/v1/receipts/$(leaf 3)/more"
    want 404 /v1/receipts/
)"

check 'files as they are, with how long they may be kept' "$(
    want 200 /record/checkpoint
    cmp -s body record/checkpoint || echo 'another checkpoint'
    header Cache-Control 'public, max-age=2'
    bundle=$(cd record && ls tile/entries/000.p/* | tail -n 1)
    want 200 "/record/$bundle"
    cmp -s body "record/$bundle" || echo 'another bundle'
    header Cache-Control 'public, max-age=31536000, immutable'
    header X-Content-Type-Options nosniff
    tag=$(tr -d '\r' <head | sed -n 's/^[Ee][Tt]ag: //p')
    want 304 "/record/$bundle" -H "If-None-Match: $tag"
    want 200 "/record/$bundle" -H 'If-None-Match: "other"'
    blob=$(cd record && find blob -type f | head -n 1)
    want 200 "/record/$blob"
    [ "$(sha256sum <body | cut -c 1-64)" = "$(basename "$blob")" ] || echo "$blob has another hash"
)"
check 'HEAD, ranges and twins' "$(
    bundle=$(cd record && ls tile/entries/000.p/* | tail -n 1)
    n=$(stat -c %s "record/$bundle")
    want 200 "/record/$bundle" -I
    header Content-Length "$n"
    want 200 /v1/election -I
    want 206 "/record/$bundle" -r 2-5
    header Content-Range "bytes 2-5/$n"
    [ "$(tail -c +3 "record/$bundle" | head -c 4 | cksum)" = "$(cksum <body)" ] || echo 'another part'
    want 416 "/record/$bundle" -r "$n-"
    gzip -k "record/$bundle"
    want 200 "/record/$bundle" -H 'Accept-Encoding: gzip'
    header Content-Encoding gzip
    gzip -dc <body | cmp -s - "record/$bundle" || echo 'another twin'
    rm "record/$bundle.gz"
)"
check 'nothing beside the table, above the folder or behind a link' "$(
    echo secret >record/secret
    mkdir record/tile/.hidden && echo secret >record/tile/.hidden/x
    ln -s "$dir/board.ini" record/blob/link
    for path in / /record /record/ /record/secret /record/tile /record/tile/ /record/tile/0/ \
        /record/tile/.hidden/x /record/../board.ini /record/tile/../../board.ini /record//checkpoint \
        /record/%2e%2e/board.ini /record/tile/%2e%2e/%2e%2e/board.ini /record/check%70oint \
        /record/checkpoint%00 /record/blob/link '/record/checkpoint?x' /record/checkpoint/ \
        /record/blob/../checkpoint /metrics /v1 /v1/election/ /v1/ballots /v1/credentials/x /healthz/ \
        "/record/tile/$(head -c 1500 /dev/zero | tr '\0' a)"; do
        want 404 "$path"
        ! grep -q secret body || echo "$path was told"
    done
    rm -r record/secret record/tile/.hidden record/blob/link
)"
check 'bytes that are no request' "$(
    for bytes in 'GET /record/check\0point HTTP/1.1\r\nHost: x\r\n\r\n' \
        'GET http://x/record/checkpoint HTTP/1.1\r\nHost: x\r\n\r\n' \
        'GET /record/checkpoint HTTP/1.1\nHost: x\n\n' \
        'GET /record/checkpoint HTTP/1.1\r\n\r\n' \
        'GET /record/checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc'; do
        case $(raw "$bytes") in
        *' 400 '* | *' 404 '* | '' | reset) ;;
        *) echo "$bytes: $(raw "$bytes")" ;;
        esac
    done
)"
check 'other methods are refused, and say which there are' "$(
    for path in /record/checkpoint /v1/election "/v1/receipts/$(leaf 3)" /healthz; do
        for method in POST PUT DELETE PATCH OPTIONS TRACE; do
            want 405 "$path" -X "$method"
            header Allow 'GET, HEAD'
        done
    done
)"

check 'a tile that was bent makes no receipt' "$(
    tile=$(ls -v record/tile/0/000.p/* | tail -n 1)
    victim=$(leaf 2)
    cp "$tile" kept
    printf 'bent' | dd of="$tile" bs=1 seek=96 conv=notrunc 2>/dev/null
    want 503 "/v1/receipts/$victim"
    grep -q 'urn:psephos:problem:unavailable"' body || cat body
    cp kept "$tile"
    want 200 "/v1/receipts/$victim"
)"
check 'figures and health on a listener of their own' "$(
    where=$(sed -n 's/.*board.metrics where=//p' log | tail -n 1)
    curl -s "$where/metrics" >body
    grep -q "^psephos_board_entries $(size)\$" body || cat body
    grep -q '^psephos_board_receipts_total{outcome="given"} [1-9]' body || cat body
    [ "$(tail -n 1 body)" = '# EOF' ] || echo 'no end'
    [ "$(curl -s -o body -w '%{http_code}' "$where/healthz")" = 200 ] || cat body
    [ "$(curl -s -o body -w '%{http_code}' "$where/record/checkpoint")" = 404 ] || echo 'the record too'
)"
check 'an old checkpoint is no health; a reload may forgive it' "$(
    want 200 /healthz
    settings '1 s'
    kill -HUP $board
    for _ in $(seq 100); do
        [ "$(get /healthz)" != 503 ] || break
        sleep 0.1
    done
    want 503 /healthz
    grep -q '"checkpoint":{"status":"failing"' body || cat body
    grep -q '"record":{"status":"ok"' body || cat body
    want 200 /record/checkpoint
    settings '1 h'
    kill -HUP $board
    for _ in $(seq 100); do
        [ "$(get /healthz)" != 200 ] || break
        sleep 0.1
    done
    want 200 /healthz
)"
kill -9 $board
wait $board 2>/dev/null
start || tail -n 3 log
check 'killed: it comes back with the same' "$(
    until_view '"state":"OPEN"'
    want 200 "/v1/receipts/$(leaf 3)"
)"

garden_close >out 2>&1 && garden_mix >out 2>&1 && garden_count >out 2>&1 || cat out
check 'at the end the checkpoint may grow old' "$(
    until_view '"state":"END"'
    settings '1 s'
    kill -HUP $board
    for _ in $(seq 50); do
        ! tail -n 1 log | grep -q daemon.reloaded || break
        sleep 0.1
    done
    sleep 1.5
    want 200 /healthz
)"
check 'a checkpoint that is not the log'\''s ends health, and the last good one stays' "$(
    cp record/checkpoint kept
    before=$(size)
    sed "2s/.*/$((before + 1))/" kept >record/checkpoint
    for _ in $(seq 100); do
        [ "$(get /healthz)" != 503 ] || break
        sleep 0.1
    done
    want 503 /healthz
    grep -q '"record":{"status":"failing"' body || cat body
    grep -q 'board.record-differs' log || echo 'no line'
    grep -q '"type":"board.record-differs"' state/events || echo 'no event'
    until_view "\"size\":$before,"
    want 200 "/v1/receipts/$(leaf 3)"
    cp kept record/checkpoint
)"
kill $board
wait $board
left=$?
board=''
check 'it stops when asked' "$([ $left = 0 ] || echo "status $left"; tail -n 1 log | grep -v 'daemon.stopped status=0')"
finish
