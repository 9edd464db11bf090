#!/bin/sh
# store_down.sh SOURCE PSEPHOS VERIFY: the database server of the ledger goes away while ballots are
# cast: the voter is told, nothing is acknowledged and lost, and when it is back the same bytes get
# their receipt. Needs PSE_TEST_STORE and PSE_PG_CTL (tests/support/postgres.sh).
set -u
source=$(realpath "$1")
psephos=$(realpath "$2")
verify=$(realpath "$3")
. "$source/tests/ground/tap.sh"
. "$source/tests/e2e/load_rig.sh"
dir=$(mktemp -d)
chmod 755 "$dir"
trap 'rig_end; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

ballot() { # N: the N-th ballot of the set
    python3 - "$1" <<'PY'
import struct, sys
b = open("set/ballots", "rb").read()
at = b.index(b"\n") + 1
n, size = struct.unpack(">II", b[at:at + 8])
sys.stdout.buffer.write(b[at + 8 + int(sys.argv[1]) * size:][:size])
PY
}
cast() { # FILE: the status; the body in ./body
    curl -s -o body -w '%{http_code}' --max-time 15 --data-binary "@$1" \
        -H 'Content-Type: application/vnd.psephos.ballot' "$url/v1/ballots"
}
sequence_start() {
    "$psephos" box sequence --config set/sequence.ini >sequence.out 2>&1 &
    sequence=$!
    rig_pids="$rig_pids $sequence"
}
until_cast() { # STATUS FILE; the sequencer is started again as its supervisor would
    for _ in $(seq 300); do
        [ "$(cast "$2")" != "$1" ] || return 0
        kill -0 $sequence 2>/dev/null || { wait $sequence; sequence_start; }
        sleep 0.1
    done
    echo "never $1, at last $(head -c 300 body) $(tail -n 2 sequence.out)"
}

rig_open set 20 127.0.0.1:0 --store "$(echo "$PSE_TEST_STORE" | sed 's/%/1/')" >opened 2>&1
check 'an election is served from a database server' "$([ $? = 0 ] || cat opened sequence.out box.err)"
[ "$tap_bad" = 0 ] || { finish; exit; }
sequence=$(echo "$rig_pids" | awk '{ print $(NF - 1) }')
for i in 0 1 2; do ballot $i >b$i; done
check 'a ballot is taken' "$([ "$(cast b0)" = 200 ] || cat body)"
cp body b0.receipt
"$PSE_PG_CTL" stop -m immediate >stopped 2>&1
check 'without the server the voter is told what to do' "$(
    got=$(cast b1)
    [ "$got" = 503 ] || echo "status $got"
    grep -q 'urn:psephos:problem:\(outcome-unknown\|unavailable\|busy\)"' body || cat body
    grep -q 'Send the same bytes again' body || cat body
)"
for _ in $(seq 200); do kill -0 "$sequence" 2>/dev/null || break; sleep 0.05; done
check 'the sequencer ends and says why' "$(
    kill -0 "$sequence" 2>/dev/null && echo 'it goes on'
    grep -q 'psephos box sequence: ' sequence.out || cat sequence.out
)"
check 'what was published is still served' "$(
    curl -sf "$url/record/checkpoint" | cmp -s - set/record/checkpoint || echo 'it is not'
)"
"$PSE_PG_CTL" start >started 2>&1
sequence_start # in this shell, as what until_cast starts: rig_end ends them
until_cast 200 b1 >said
check 'when it is back the same bytes get the receipt' "$(
    cat said
    [ "$(cast b0)" = 200 ] || cat body
    [ "$(sed -n 2p body)" = "$(sed -n 2p b0.receipt)" ] || cat body
    [ "$(cast b2)" = 200 ] || cat body
)"
check 'the record holds' "$(
    "$verify" set/record --quiet >out 2>&1
    [ $? = 3 ] || cat out
)"
finish
