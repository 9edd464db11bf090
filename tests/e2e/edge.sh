#!/bin/sh
# edge.sh SOURCE PSEPHOS VERIFY: the settings that psephos edge config writes, in a real HAProxy before
# real daemons, over TLS with a throw-away certificate.
set -u
psephos=$(realpath "$2")
cd "$1" || exit 1
. tests/ground/tap.sh
. tests/e2e/load_rig.sh
dir=$(mktemp -d)
trap 'rig_end; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# --- what is refused -----------------------------------------------------------------------------
refused() { # PATTERN OPTION…
    pattern=$1
    shift
    "$psephos" edge config "$@" >out 2>err
    [ $? = 2 ] || echo "edge config $*: not refused"
    grep -q -- "$pattern" err || cat err
    [ ! -s out ] || echo 'something was written all the same'
}
check 'wrong use is told' "$(
    refused 'at least one box' --cert x
    refused 'certificate' --box 127.0.0.1:1
    refused 'loopback' --plain 0.0.0.0:80 --box 127.0.0.1:1
    refused 'neither' --cert x --box here
    refused 'cannot hold' --cert 'x y' --box 127.0.0.1:1
    refused 'cannot hold' --cert x --box "127.0.0.1:1
    server evil"
    refused 'cannot hold' --cert 'x#' --box 127.0.0.1:1
    refused 'give both' --cert x --box 127.0.0.1:1 --group g
)"
haproxy=$(PATH=$PATH:/usr/sbin command -v haproxy) || {
    skip 'HAProxy serves' 'needs haproxy'
    finish
    exit
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -keyout key.pem -out cert.pem 2>openssl.err
cat cert.pem key.pem >edge.pem

rig_open set 300 "unix:$dir/box.sock" >opened 2>&1
good=$?
check 'an election is prepared and served' "$([ $good = 0 ] || cat opened box.err)"
[ $good = 0 ] || { finish; exit; }
rig_ports
tls=$port
plain=$((port + 1))
# A second box that is not there: the first serves alone.
"$psephos" edge config --cert "$dir/edge.pem" --listen "127.0.0.1:$tls" --plain "127.0.0.1:$plain" \
    --box "unix:$dir/box.sock" --box "unix:$dir/none.sock" --ballot-max 4096 --connections 2000 \
    --waiting 1024 --retries 20 --out edge.cfg
check 'HAProxy finds nothing to complain of' "$(
    "$haproxy" -c -f edge.cfg >out 2>&1 || cat out
    ! grep -iE 'warning|alert' out
    for option in --both '--auth 127.0.0.1:1 --board 127.0.0.1:2' '--ballot-max 65535'; do
        # shellcheck disable=SC2086 # words of options
        "$psephos" edge config --cert "$dir/edge.pem" --listen "127.0.0.1:$tls" \
            --box 127.0.0.1:3 --box 127.0.0.1:4 --connections 2000 $option --out other.cfg
        "$haproxy" -c -f other.cfg >out 2>&1 || cat out
        ! grep -iE 'warning|alert' out
    done
)"
# --- two boxes, one mailbox ------------------------------------------------------------------------
# Two servers that tell who they are stand for the boxes.
who() { # who PORT NAME
    exec python3 - "$1" "$2" 2>who.log <<'PY'
import http.server, sys
class Who(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = sys.argv[2].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Who).serve_forever()
PY
}
meeting=$((port + 2))
"$psephos" edge config --plain "127.0.0.1:$meeting" --box "127.0.0.1:$((port + 3))" \
    --box "127.0.0.1:$((port + 4))" --both --out meeting.cfg
who $((port + 3)) one &
rig_pids="$rig_pids $!"
who $((port + 4)) two &
rig_pids="$rig_pids $!"
"$haproxy" -f meeting.cfg >meeting.log 2>&1 &
rig_pids="$rig_pids $!"
ask_mailbox() { curl -s "http://127.0.0.1:$meeting/v1/mailbox/$1/$2"; }
for _ in $(seq 100); do
    [ "$(for i in 0 1 2 3 4 5 6 7; do ask_mailbox "${i}0112233445566778899aabbccddeeff" 1; done |
        grep -c 'one.*two\|two.*one')" = 0 ] || break
    sleep 0.1
done
check 'both devices of a voter meet at one box of two' "$(
    for i in 0 1 2 3 4 5 6 7; do
        name=${i}0112233445566778899aabbccddeeff
        case $(for step in 1 2 3 1 2 3; do ask_mailbox "$name" "$step"; done) in
        oneoneoneoneoneone) echo one >>met ;;
        twotwotwotwotwotwo) echo two >>met ;;
        *) echo "mailbox $i moved" ;;
        esac
    done
    [ "$(sort -u met | wc -l)" = 2 ] || echo 'one box has all mailboxes'
)"

"$haproxy" -f edge.cfg >edge.log 2>&1 &
edge=$!
rig_pids="$rig_pids $edge"
base=https://127.0.0.1:$tls
for _ in $(seq 200); do
    [ "$(curl -sk -o body -w '%{http_code}' "$base/v1/election")" != 200 ] || break
    sleep 0.1
done

# --- a ballot --------------------------------------------------------------------------------------
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
cast() { # FILE [CURL OPTION…]: the status; the answer in ./body
    file=$1
    shift
    curl -sk -m 20 -o body -w '%{http_code} %{http_version}' -H 'Accept: text/plain' \
        -H 'Content-Type: application/vnd.psephos.ballot' --data-binary "@$file" "$@" \
        "$base/v1/ballots"
}
ballot 0 >b0
ballot 1 >b1
check 'a ballot cast over TLS and HTTP/2 comes back as a receipt' "$(
    got=$(cast b0 --http2)
    [ "$got" = '200 2' ] || echo "status and version $got"
    "$psephos" record receipt --check body --ballot b0 --policy set/board/policy >out 2>&1 || cat out
)"
check 'over HTTP/1.1 likewise' "$(
    got=$(cast b1 --http1.1)
    [ "$got" = '200 1.1' ] || echo "status and version $got"
)"
check 'older TLS is refused' "$(
    ! curl -sk -m 10 --tls-max 1.1 "$base/v1/election" >out 2>&1 || echo 'TLS 1.1 is spoken'
)"
check 'voters of psephos load get their receipts through it' "$(
    "$psephos" load run --ballots set --box "http://127.0.0.1:$plain" --rate 20 --warm-up 0 --steady 2 \
        --judge 1 --want-cast 1 --json >run 2>err || cat err
)"

# --- limits ----------------------------------------------------------------------------------------
# From addresses of their own, so that one test does not use up another's patience.
check 'what is longer than any ballot is refused before the box sees it' "$(
    head -c 5000 /dev/zero >long
    got=$(cast long --interface 127.1.1.1)
    [ "$got" = '413 2' ] || echo "$got"
    grep -q 'urn:psephos:problem:too-large' body || cat body
    grep -q "\"reference\":\"[0-9a-f]\{16\}\"" body || cat body
)"
check 'paths that are nobody'"'"'s are refused' "$(
    for path in /metrics /healthz / /v1/login /v1/ballots/; do
        got=$(curl -sk -o body -w '%{http_code}' --interface 127.1.2.1 "$base$path")
        [ "$got" = 404 ] || echo "$path: $got"
    done
)"
check 'who is refused again and again is told to slow down, and then cut off' "$(
    # one process for all: they must come within the ten seconds that are counted
    curl -sk -o /dev/null -w '%{http_code}\n' --interface 127.1.3.1 "$base/nothing[1-80]" >codes
    grep -qx 404 codes || echo 'no 404'
    grep -qx 429 codes || echo 'no 429'
    [ "$(tail -n 1 codes)" = 000 ] || echo "at last $(tail -n 1 codes)"
    got=$(curl -sk -o body -w '%{http_code}' --interface 127.1.4.1 "$base/v1/election")
    [ "$got" = 200 ] || echo "another network gets $got"
)"
check 'more connections than a network may have are refused' "$(
    python3 - "$plain" 2>&1 <<'PY'
import socket, sys
held = []
ended = 0
for i in range(80):
    s = socket.socket()
    s.bind(("127.1.5.1", 0))
    s.settimeout(5)
    try:
        s.connect(("127.0.0.1", int(sys.argv[1])))
        held.append(s)
    except ConnectionError: # ended before connect has looked
        ended += 1
for s in held:
    try:
        s.settimeout(0.3)
        s.send(b"GET /v1/election HTTP/1.1\r\nHost: x\r\n\r\n")
        ended += s.recv(100) == b""
    except ConnectionError:
        ended += 1
    except socket.timeout:
        pass
if not 10 <= ended <= 20:
    print(ended, "of 80 connections were refused, 16 are beyond 64")
PY
)"
check 'a head and a body that drip are cut' "$(
    python3 - "$plain" 2>&1 <<'PY'
import socket, sys, time
def slow(first, source):
    s = socket.socket()
    s.bind((source, 0))
    s.connect(("127.0.0.1", int(sys.argv[1])))
    s.send(first)
    return s
body = b"POST /v1/ballots HTTP/1.1\r\nHost: x\r\nContent-Type: application/vnd.psephos.ballot\r\nContent-Length: 294\r\n\r\n"
held = [slow(b"GET /v1/election HTTP/1.1\r\nX: ", "127.1.6.1"), slow(body, "127.1.7.1")]
start = time.time()
while held and time.time() - start < 25:
    time.sleep(0.5)
    for s in list(held):
        try:
            s.send(b"x")
            s.settimeout(0.05)
            got = s.recv(1000)
            if got == b"" or got.startswith(b"HTTP/1.1 408"):
                held.remove(s)
        except socket.timeout:
            pass
        except ConnectionError:
            held.remove(s)
if held:
    print(len(held), "dripping connections live after 25 s")
PY
)"
check 'the log names no address, and no ballot' "$(
    grep -E '127\.[01]\.0\.1:|127\.1\.|/v1/ballots|vote ' edge.log
    grep -q '^read 404\|^other 404' edge.log || cat edge.log
)"
finish
