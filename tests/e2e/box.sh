#!/bin/sh
# box.sh SOURCE PSEPHOS VERIFY: ballots over HTTP through the real services: receipts, refusals,
# witnesses lost and found, the sequencer killed, and the record at the end.
set -u
psephos=$(realpath "$2")
verify=$(realpath "$3")
cd "$1" || exit 1
. tests/ground/tap.sh
. tests/e2e/garden.sh
. tests/e2e/box_rig.sh
dir=$(mktemp -d)
trap 'box_end; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# want STATUS SLUG FILE [CURL OPTION…]: complaints unless the cast is answered so.
want() {
    status=$1
    slug=$2
    shift 2
    got=$(cast "$@")
    [ "$got" = "$status" ] || echo "status $got, wanted $status: $(head -c 300 body)"
    [ -z "$slug" ] || grep -q "urn:psephos:problem:$slug\"" body || echo "no $slug: $(head -c 300 body)"
}
# ballot NAME FILE CHOICES…: a ballot's bytes in FILE.
ballot() {
    who=$1
    file=$2
    shift 2
    rm -f "mail/$file.parcel"
    vote "$who" "$file" "$@" && ballot_of "mail/$file.parcel" >"$file"
}
# until STATUS FILE: cast until it is answered so.
until_cast() {
    for _ in $(seq 200); do
        [ "$(cast "$2")" != "$1" ] || return 0
        sleep 0.05
    done
    echo "never $1, at last $(head -c 300 body)"
}
receipt_holds() { # RECEIPT BALLOT
    "$psephos" record receipt --check "$1" --ballot "$2" --policy board/policy >out 2>&1 || cat out
}

box_open >out 2>&1
opened=$?
check 'an election is opened through the sequencer' "$([ $opened = 0 ] || cat out run/*.err)"
[ $opened = 0 ] || { finish; exit; }

ballot anna a1 --choose 1=2,1 --choose 2=1
ballot anna a1-other --choose 1=1 --choose 2=2
check 'the front hears that the election is open' "$(until_cast 200 a1)"
cp body a1.receipt
cp head a1.head
leaf=$(tr -d '\r' <head | sed -n 's|^[Ll]ocation: /v1/receipts/||p')
check 'its receipt proves it' "$(receipt_holds a1.receipt a1)"
check 'the same bytes again: the same receipt' "$(
    want 200 '' a1
    [ "$(sed -n 1,2p body)" = "$(sed -n 1,2p a1.receipt)" ] || cat body
    receipt_holds body a1
)"
check 'the view in JSON has index, leaf, tracker and receipt' "$(
    want 200 '' a1 -H 'Accept: application/json'
    grep -q "^{\"index\":[0-9]*,\"leaf\":\"$leaf\",\"tracker\":\"[0-9a-z-]\{19\}\",\"receipt\":\"c2sp.org" body ||
        cat body
)"
check 'the receipt is there for who asks' "$(
    got=$(curl -s -o body -w '%{http_code}' "$url/v1/receipts/$leaf")
    [ "$got" = 200 ] || echo "status $got"
    receipt_holds body a1
    got=$(curl -s -o body -w '%{http_code}' "$url/v1/receipts/$(echo "$leaf" | tr 0-9a-f 1-9a-f0)")
    [ "$got" = 404 ] || echo "status $got for another"
    got=$(curl -s -o body -w '%{http_code}' "$url/v1/receipts/abc")
    [ "$got" = 404 ] || echo "status $got for nonsense"
)"
check 'a ballot that names no latest one is stale' "$(
    want 409 stale a1-other
    grep -q "\"latest\":\"$leaf\"" body || cat body
)"
check 'the credential shows its latest ballot' "$(
    card=$(sed -n 's/.*"credential": "\(.*\)".*/\1/p' anna/voter.pub)
    curl -s "$url/v1/credentials/$card" >body
    grep -q "\"active\":true,\"ballots\":1,\"latest\":\"$leaf\"" body || cat body
)"
check 'malformed ballots are refused' "$(
    head -c 1000 a1 >short
    want 422 malformed short
    { printf '\060'; tail -c +2 a1; } >type
    want 422 malformed type
    { head -c 10 a1; printf x; tail -c +12 a1; } >election
    want 422 malformed election
    : >empty
    want 422 malformed empty
)"
check 'a bent signature and a bent proof are refused by rule' "$(
    size=$(stat -c %s a1)
    { head -c $((size - 4)) a1; printf 'bent'; } >signature
    want 422 refused signature
    grep -q '"rule":"V40[14]"' body || cat body
    { head -c $((size - 96)) a1; printf bent; tail -c 92 a1; } >proof
    want 422 refused proof
)"
check 'too long, of another type, by another method, elsewhere' "$(
    head -c 65536 /dev/zero >long
    want 413 too-large long -H Expect:
    want 415 content-type a1 -H 'Content-Type: text/plain'
    got=$(curl -s -o body -w '%{http_code}' "$url/v1/ballots")
    [ "$got" = 405 ] || echo "GET: $got"
    got=$(curl -s -o body -w '%{http_code}' "$url/v1/nothing")
    [ "$got" = 404 ] || echo "nothing: $got"
)"
check 'the record is served' "$(
    curl -s "$url/record/checkpoint" | cmp -s - record/checkpoint || echo 'another checkpoint'
    got=$(curl -s -o body -w '%{http_code}' "$url/record/../run/box.out" --path-as-is)
    [ "$got" = 404 ] || echo "above it: $got"
)"

check 'a message between two devices: the first one stays' "$(
    name=00112233445566778899aabbccddeeff
    letter() {
        curl -s -o body -w '%{http_code}' -H 'Content-Type: application/octet-stream' \
            --data-binary "$2" "$url/v1/mailbox/$1"
    }
    [ "$(curl -s -o body -w '%{http_code}' "$url/v1/mailbox/$name/1")" = 404 ] || cat body
    [ "$(letter $name/1 first)" = 204 ] || cat body
    [ "$(letter $name/1 first)" = 204 ] || echo 'the same again is refused'
    [ "$(letter $name/1 other)" = 409 ] || cat body
    [ "$(letter $name/4 first)" = 404 ] || cat body
    [ "$(letter $name/2 "$(head -c 4097 /dev/zero | tr '\0' x)")" = 413 ] || cat body
    [ "$(curl -s "$url/v1/mailbox/$name/1")" = first ] || echo 'another message'
)"
# parcel FILE: the status of a parcel over HTTP.
parcel() {
    curl -s -o body -w '%{http_code}' --data-binary "@$1" \
        -H 'Content-Type: application/vnd.psephos.parcel' "$url/v1/parcels"
}
check 'parcels: officers not over this address, nor nonsense' "$(
    [ "$(parcel mail/open.parcel)" = 403 ] || cat body
    [ "$(parcel a1)" = 422 ] || cat body
    [ "$(parcel mail/ada-commit.parcel)" = 200 ] || cat body
)"
check 'figures and health have a listener of their own' "$(
    where=$(sed -n 's/.*box.metrics where=//p' run/box.err | tail -n 1)
    curl -s "$where/metrics" >body
    grep -q '^psephos_box_ballots_total{outcome="witnessed"} [1-9]' body || cat body
    [ "$(tail -n 1 body)" = '# EOF' ] || echo 'no end'
    [ "$(curl -s -o body -w '%{http_code}' "$where/healthz")" = 200 ] || cat body
    [ "$(curl -s -o body -w '%{http_code}' "$url/healthz")" = 200 ] || cat body
)"

# Two of four witnesses are no quorum of three.
ballot bela b1 --choose 1=1 --choose 2=2
witness_stop 3
witness_stop 4
check 'without a quorum: recorded, not yet witnessed' "$(
    want 202 '' b1
    poll=$(sed -n 's/.*"poll":"\([^"]*\)".*/\1/p' body)
    [ "$(curl -s -o body -w '%{http_code}' "$url$poll")" = 202 ] || cat body
    echo "$poll" >poll
)"
witness_start 3
witness_start 4
check 'when they are back the receipt is there' "$(
    for _ in $(seq 100); do
        got=$(curl -s -o b1.receipt -w '%{http_code}' "$url$(cat poll)")
        [ "$got" != 200 ] || break
        sleep 0.1
    done
    [ "$got" = 200 ] || echo "status $got"
    receipt_holds b1.receipt b1
)"

ballot anna a2 --choose 1=1 --choose 2=2
kill -9 $sequence
wait $sequence 2>/dev/null
check 'without a sequencer nothing is recorded, and it is said' "$(
    sleep 0.1
    want 503 unavailable a2
    grep -qi '^retry-after: [1-5]' head || cat head
)"
sequence_start
check 'the sequencer goes on' "$(until_cast 200 a2; receipt_holds body a2)"

ballot bela b2 --choose 1=blank --choose 2=1
kill -STOP $sequence
cast b2 >answer &
asking=$!
sleep 0.5
kill -9 $sequence
wait $asking $sequence 2>/dev/null
check 'killed in between: nobody knows, and that is said' "$(
    [ "$(cat answer)" = 503 ] || cat answer
    grep -q outcome-unknown body || cat body
)"
sequence_start
check 'the same bytes later give the receipt' "$(until_cast 200 b2; receipt_holds body b2)"

ballot bela b3 --choose 1=2 --choose 2=2
check 'stopping and starting in good order' "$(
    kill -TERM $front
    for _ in $(seq 100); do kill -0 $front 2>/dev/null || break; sleep 0.05; done
    grep -q 'daemon.stopped status=0' run/box.err || cat run/box.err
)"
front_start
check 'it is closed and counted' "$(garden_close >out 2>&1 || cat out)"
check 'a ballot after the close' "$(
    until_cast 409 b3
    grep -q ':closed"' body || cat body
)"
check 'mixed and opened, trustees over HTTP' "$(
    { garden_mix && trustee ada decrypt && trustee bob decrypt; } >out 2>&1 || cat out
    [ "$(parcel mail/ada-decrypt.parcel)" = 200 ] || cat body
    [ "$(parcel mail/ada-decrypt.parcel)" = 200 ] || echo 'the same again is refused'
    [ "$(parcel mail/bob-decrypt.parcel)" = 200 ] || cat body
    { officer result && append mail/result.parcel && officer end && append mail/end.parcel; } \
        >out 2>&1 || cat out
)"
check 'the verifier accepts, every acknowledged ballot is there' "$(
    "$verify" record >out 2>&1 || cat out
    for one in a1 a2 b1 b2; do
        curl -s -o body "$url/v1/receipts/$leaf"
        [ "$(cast "$one")" = 409 ] || echo "$one is still taken: $(cat body)"
    done
)"
check 'nothing was waited for in vain' "$(grep -h 'error\|overdue' run/*.err)"
finish
