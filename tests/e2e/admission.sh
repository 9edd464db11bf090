#!/bin/sh
# admission.sh SOURCE PSEPHOS VERIFY: who is let in at the front, and in which order: the edge's word
# about peers, buckets, sessions, levels of brown-out; forged ballots that keep nobody from voting.
set -u
psephos=$(realpath "$2")
cd "$1" || exit 1
. tests/ground/tap.sh
. tests/e2e/load_rig.sh
dir=$(mktemp -d)
trap 'rig_end; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# ballot N: the N-th ballot of the set, from 0.
ballot() {
    python3 - "$1" <<'PY'
import struct, sys
b = open("set/ballots", "rb").read()
at = b.index(b"\n") + 1
n, size = struct.unpack(">II", b[at:at + 8])
sys.stdout.buffer.write(b[at + 8 + int(sys.argv[1]) * size:][:size])
PY
}
# front NAME LISTEN [LINE…]: another front with settings of its own; its address in $at.
front() {
    name=$1
    listen=$2
    shift 2
    here=$(pwd)
    {
        printf '[daemon]\nstate = %s/%s\n[record]\nfolder = %s/set/record\n' "$here" "$name" "$here"
        printf '[sequence]\nsocket = %s/set/sequence.sock\n[listen]\naddress = %s\n' "$here" "$listen"
        printf '%s\n' "$@"
    } >"$name.ini"
    "$psephos" box serve --config "$name.ini" >"$name.out" 2>"$name.err" &
    rig_pids="$rig_pids $!"
    rig_wait "$name.err" 'daemon.ready' >&2
    rig_wait "$name.err" 'box.election.*open=1' >&2
    at=$(head -n 1 "$name.out")
}
# ask PATH [CURL OPTION…]: the status, from the front at $at; the body in ./body
ask() {
    path=$1
    shift
    case $at in
    unix:*) curl -s -m 15 -o body -w '%{http_code}\n' --unix-socket "${at#unix:}" "$@" "http://box$path" ;;
    *) curl -s -m 15 -o body -w '%{http_code}\n' "$@" "$at$path" ;;
    esac
}
cast() { # FILE [CURL OPTION…]
    file=$1
    shift
    ask /v1/ballots -H 'Content-Type: application/vnd.psephos.ballot' --data-binary "@$file" "$@"
}
# many N COMMAND…: how often each status, "8 200 2 429"
many() {
    n=$1
    shift
    for _ in $(seq "$n"); do "$@"; done | sort | uniq -c | tr -s ' \n' ' '
}
# limited BURST COMMAND…: complaints unless after at least BURST good answers one comes that is 429. How
# many more are let in meanwhile depends on the machine's pace.
limited() {
    burst=$1
    shift
    taken=0
    while [ $taken -lt 90 ]; do
        status=$("$@")
        [ "$status" = 200 ] || break
        taken=$((taken + 1))
    done
    [ "$status" = 429 ] && [ $taken -ge "$burst" ] || echo "$status after $taken: $(head -c 300 body)"
}
is() { # GOT WANTED
    [ "$(echo $1)" = "$2" ] || echo "$1, not $2: $(head -c 300 body)"
}
words() { # SLUG: a problem says what it is, what happened and what to do
    grep -q "urn:psephos:problem:$1\"" body && grep -q '"detail":"[^"]\{20,\}"' body || cat body
}

rig_open set 60 127.0.0.1:0 >opened 2>&1
check 'an election is prepared and served' "$([ $? = 0 ] || cat opened box.err)"
[ "$tap_bad" = 0 ] || { finish; exit; }
for i in 0 1 2 3 4 5 6; do ballot $i >b$i; done

# --- the edge's word -----------------------------------------------------------------------------
slow='peer-rate = 1'
front edged "unix:$dir/edged.sock" "edge-user = $(id -u)" '[limits]' "$slow" 'peer-burst = 6'
check 'each peer that the edge names has a bucket of its own' "$(
    limited 6 ask /v1/election -H 'X-Psephos-Peer: 192.0.2.1'
    words too-many
    is "$(many 3 ask /v1/election -H 'X-Psephos-Peer: 192.0.2.2')" '3 200'
    as_two() { # one address in both its forms, in turn
        form=192.0.2.3
        rm two 2>/dev/null || { : >two; form=::ffff:192.0.2.3; }
        ask /v1/election -H "X-Psephos-Peer: $form"
    }
    limited 6 as_two
    [ $taken -lt 11 ] || echo "$taken: two buckets"
)"
check 'a household of IPv6 addresses is one peer' "$(
    household() {
        ask /v1/election -H "X-Psephos-Peer: 2001:db8::$(od -An -N2 -tx2 /dev/urandom | tr -d ' ')"
    }
    limited 6 household
)"
check 'what the edge says of nobody is not counted' "$(
    is "$(many 12 ask /v1/election)" '12 200'
)"
front strangers "unix:$dir/strangers.sock" "edge-user = $(($(id -u) + 1))" '[limits]' "$slow" 'peer-burst = 6'
check 'another user at the socket is no edge: its word is air' "$(
    is "$(many 12 ask /v1/election -H 'X-Psephos-Peer: 192.0.2.1')" '12 200'
)"
front nobody "unix:$dir/nobody.sock" '[limits]' "$slow" 'peer-burst = 6'
check 'without the key nobody is the edge' "$(
    is "$(many 12 ask /v1/election -H 'X-Psephos-Peer: 192.0.2.1')" '12 200'
)"
front open 127.0.0.1:0 "edge-user = $(id -u)" '[limits]' "$slow" 'peer-burst = 6'
check 'over TCP the address counts and the header is air' "$(
    liar() {
        ask /v1/election --interface 127.0.0.9 -H "X-Psephos-Peer: $(od -An -N2 -tu1 /dev/urandom | tr -s ' ' .)"
    }
    limited 6 liar
    is "$(ask /v1/election --interface 127.0.0.10)" 200
)"
check 'the bucket comes before the size, and the body is not waited for' "$(
    python3 - "${at#http://}" <<'PY'
import socket, sys
host, port = sys.argv[1].split(":")
def exchange(text):
    s = socket.socket()
    s.bind(("127.0.0.11", 0))
    s.settimeout(5)
    s.connect((host, int(port)))
    s.send(text)
    got = b""
    while more := s.recv(4096):
        got += more
    return got
get = b"GET /v1/election HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
post = (b"POST /v1/ballots HTTP/1.1\r\nHost: x\r\nContent-Type: text/none\r\n"
        b"Content-Length: 99999999\r\n\r\n")
got = b""
for _ in range(20):  # a slow machine may let a second pass in between
    while not exchange(get).startswith(b"HTTP/1.1 429"):
        pass
    got = exchange(post)
    if got.startswith(b"HTTP/1.1 429"):
        break
if not got.startswith(b"HTTP/1.1 429") or b"\r\nConnection: close" not in got:
    print(got)
PY
)"

# --- forged ballots ------------------------------------------------------------------------------
front judged "unix:$dir/judged.sock" "edge-user = $(id -u)" 'metrics = 127.0.0.1:0' '[limits]' \
    'voter-rate = 1' 'voter-burst = 2' 'peer-burst = 1000' 'peer-rate = 1000'
figures=$(sed -n 's/.*box.metrics where=//p' judged.err)
figure() {
    curl -s "$figures/metrics" | sed -n "s/^$1 //p"
}
size=$(stat -c %s b0)
{ head -c $((size - 4)) b0; printf bent; } >forged
check 'ballots forged in a voter'"'"'s name do not use up the voter'"'"'s rate' "$(
    is "$(many 8 cast forged -H 'X-Psephos-Peer: 198.51.100.7')" '8 422'
    is "$(cast b0 -H 'X-Psephos-Peer: 192.0.2.1')" 200
)"
check 'repeat offenders are verified alone, others together' "$(
    [ "$(figure psephos_box_verified_alone_total)" = 6 ] || figure psephos_box_verified_alone_total
    is "$(cast b1 -H 'X-Psephos-Peer: 192.0.2.1')" 200
    [ "$(figure psephos_box_verified_alone_total)" = 6 ] || echo 'a good voter was verified alone'
)"
check 'nor does the same ballot again, by whomever' "$(
    is "$(many 8 cast b0 -H 'X-Psephos-Peer: 198.51.100.7')" '8 200'
    is "$(cast b0 -H 'X-Psephos-Peer: 192.0.2.1')" 200
)"

# --- sessions --------------------------------------------------------------------------------------
eid=$("$psephos" record show --record set/record --json | sed 's/.*"election":"\([0-9a-f]*\)".*/\1/')
head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >session.key
chmod 400 session.key
# token SECONDS [KEY]: a session token that is good for so long.
token() {
    python3 - "$eid" "$1" "${2:-session.key}" <<'PY'
import base64, hashlib, os, struct, sys, time
key = bytes.fromhex(open(sys.argv[3]).read())
head = struct.pack(">Q", int(time.time()) + int(sys.argv[2])) + os.urandom(16)
mac = hashlib.blake2b(b"psephos/1/session\0" + bytes.fromhex(sys.argv[1]) + head, key=key,
                      digest_size=32).digest()
print(base64.urlsafe_b64encode(head + mac).decode().rstrip("="))
PY
}
front guarded "unix:$dir/guarded.sock" '[sessions]' "key = $dir/session.key" '[limits]' \
    'voter-rate = 1' 'voter-burst = 4'
check 'casting asks for a session, and says so; asking does not' "$(
    is "$(cast b2)" 401
    words session
    is "$(cast b2 -H 'Authorization: Bearer none')" 401
    is "$(cast b2 -H "Authorization: Bearer $(token -1)")" 401
    head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >other.key
    is "$(cast b2 -H "Authorization: Bearer $(token 600 other.key)")" 401
    words session
    is "$(ask /v1/election)" 200
)"
check 'a good session casts' "$(is "$(cast b2 -H "Authorization: Bearer $(token 600)")" 200)"
check 'before a front knows the election, nobody is told to log in again' "$(
    mkdir fresh
    printf '[daemon]\nstate = %s/fresh.state\n[record]\nfolder = %s/fresh\n' "$dir" "$dir" >fresh.ini
    printf '[sequence]\nsocket = %s/none.sock\n[listen]\naddress = 127.0.0.1:0\n' "$dir" >>fresh.ini
    printf '[sessions]\nkey = %s/session.key\n' "$dir" >>fresh.ini
    "$psephos" box serve --config fresh.ini >fresh.out 2>fresh.err &
    rig_wait fresh.out :
    at=$(head -n 1 fresh.out)
    is "$(cast b2 -H "Authorization: Bearer $(token 600)")" 503
    words unavailable
    grep -q '"detail":"Nothing was recorded' body || cat body
    is "$(cast b2)" 401
    kill $!
    wait $!
)"
check 'each session has a bucket' "$(
    one=$(token 600)
    limited 4 cast b2 -H "Authorization: Bearer $one"
    words too-many
    is "$(cast b2 -H "Authorization: Bearer $(token 600)")" 200
)"

# --- levels ------------------------------------------------------------------------------------------
level() {
    "$psephos" box level --socket set/sequence.sock "$@" 2>&1
}
await() { # STATUS PATH: until the front has heard of the level
    for _ in $(seq 100); do
        [ "$(ask "$2")" != "$1" ] || return 0
        sleep 0.05
    done
    echo "never $1 for $2"
}
check 'what is no level is refused' "$(
    level 5 | grep -q 'is no level; say 0 to 4' || level 5
    level x >/dev/null && echo 'x is taken'
    [ "$(level)" = 0 ] || level
)"
at=$url
check 'at level 3 the record is for mirrors, and voters get through' "$(
    [ "$(level 3)" = 3 ] || level
    await 503 /record/checkpoint
    words reduced
    is "$(cast b3)" 200
    is "$(ask /v1/election)" 200
    grep -q '"level":3' body || cat body
    is "$(ask /v1/mailbox/00112233445566778899aabbccddeeff/1)" 404
)"
check 'at level 4 only casting, receipts and the view' "$(
    [ "$(level 4)" = 4 ] || level
    await 503 /v1/mailbox/00112233445566778899aabbccddeeff/1
    is "$(cast b4)" 200
    is "$(ask /v1/receipts/$(printf '%064d' 0))" 404
    is "$(ask /v1/election)" 200
)"
check 'it does not fall at once' "$(
    [ "$(level 0)" = 4 ] || level
    is "$(ask /record/checkpoint)" 503
)"
check 'each change is in the event logs' "$(
    for n in 3 4; do
        grep -q "\"type\":\"sequence.level\".*\"rule\":\"level-$n\".*\"set\"" set/sequence/events || cat set/sequence/events
        grep -q "\"type\":\"box.level\".*\"rule\":\"level-$n\".*\"set\"" set/box/events || cat set/box/events
    done
)"
front stubborn 127.0.0.1:0 '[overload]' 'level = 0'
check 'a front started later keeps to the level as well' "$(await 503 /record/checkpoint)"
finish
