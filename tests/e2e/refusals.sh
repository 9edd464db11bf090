#!/bin/sh
# refusals.sh SOURCE PSEPHOS VERIFY: what the ballot box must refuse or survive, over HTTP: ballots of
# another style, replayed ones, of voters taken out; a credential enrolled twice; garbage behind a
# request; a lost quorum and tampered rows of the sequencer's store; full disks. Each time the voter
# is told what happened and what to do.
set -u
# Small disks of its own, in a mount namespace, where that is allowed.
if [ -z "${PSE_TEST_DISKS:-}" ]; then
    if unshare -m sh -c 'd=$(mktemp -d) && mount -t tmpfs none "$d" && umount "$d" && rmdir "$d"' \
        2>/dev/null; then
        exec env PSE_TEST_DISKS=yes unshare -m sh "$0" "$@"
    fi
    PSE_TEST_DISKS=no
fi
psephos=$(realpath "$2")
verify=$(realpath "$3")
cd "$1" || exit 1
. tests/ground/tap.sh
. tests/e2e/garden.sh
. tests/e2e/box_rig.sh
dir=$(mktemp -d)
trap 'box_end; umount "$dir/record" "$dir/ledger" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# want STATUS SLUG FILE [CURL OPTION…]: complaints unless the cast is answered so, in words.
want() {
    status=$1
    slug=$2
    shift 2
    got=$(cast "$@")
    [ "$got" = "$status" ] || echo "status $got, wanted $status: $(head -c 300 body)"
    [ -z "$slug" ] || is_said "$slug"
}
is_said() { # SLUG: title and detail are sentences for a person
    grep -q "urn:psephos:problem:$1\"" body || echo "no $1: $(head -c 300 body)"
    grep -q '"title":"[^"]\{8,\}"' body || echo "no title: $(cat body)"
    grep -q '"detail":"[^"]\{20,\}"' body || echo "no detail: $(cat body)"
}
ballot() { # NAME FILE CHOICES…
    who=$1
    file=$2
    shift 2
    rm -f "mail/$file.parcel"
    vote "$who" "$file" "$@" && ballot_of "mail/$file.parcel" >"$file"
}
until_cast() { # STATUS FILE
    for _ in $(seq 300); do
        [ "$(cast "$2")" != "$1" ] || return 0
        sleep 0.05
    done
    echo "never $1, at last $(head -c 300 body)"
}
card() { sed -n 's/.*"credential": "\(.*\)".*/\1/p' "$1/voter.pub"; }
latest() { curl -s "$url/v1/credentials/$(card "$1")" | sed -n 's/.*"latest":"\([0-9a-f]*\)".*/\1/p'; }
size() { sed -n 2p record/checkpoint; }

# Two styles of one contest each; anna and bela vote in the first, carl may be enrolled later.
garden_plan() {
    cat <<'PLAN'
{"title":{"en":"Garden"},"test":true,
 "schedule":{"opens":1798794000,"closes":1799398800,"retain_until":1830934800},
 "threshold":2,"mix_min":1,"min_list":1,"late_roster":true,"ballots_max":20,
 "groups":[{"id":1,"fallback":0}],
 "contests":[
  {"id":1,"kind":"mix","title":{"en":"Chair"},"options":[{"en":"Rosa"},{"en":"Basil"}],
   "format":"ranking","width":1,"min":0,"max":2},
  {"id":2,"kind":"mix","title":{"en":"Pond"},"options":[{"en":"Yes"},{"en":"No"}],
   "format":"ranking","width":1,"min":0,"max":2}],
 "styles":[{"id":1,"group":1,"contests":[1]},{"id":2,"group":1,"contests":[2]}],
 "counting":{"version":1,"counts":[{"rule":"irv","seats":1,"contest":1},
                                   {"rule":"irv","seats":1,"contest":2}]}}
PLAN
}
if [ "$PSE_TEST_DISKS" = yes ]; then
    mkdir record ledger
    mount -t tmpfs -o size=4m none record && mount -t tmpfs -o size=2m none ledger || PSE_TEST_DISKS=no
fi
box_open >out 2>&1
check 'an election is opened through the sequencer' "$([ $? = 0 ] || cat out run/*.err)"
[ "$tap_bad" = 0 ] || { finish; exit; }
ballot anna a1 --choose 1=1
ballot bela b0 --choose 1=2
check 'a ballot is taken' "$(until_cast 200 b0)"

# --- ballots that are somebody else's -----------------------------------------------------------
# The same election up to the roster, then one in which anna is of the other style.
check 'a ballot of another style is refused, and the voter hears it' "$(
    {
        cp -r board other-board
        "$psephos" record init --record other --keys other-board --quiet mail/setup.parcel
        for step in commit reveal share confirm; do
            "$psephos" record append --record other --keys other-board --quiet mail/*-$step.parcel
        done
        printf 'evidence,style,weight,card\nAnna,2,1,anna/voter.pub\n' >other.csv
        "$psephos" registrar roster --record other --key registrar/registrar.key --quiet \
            --voters other.csv --evidence other.jsonl --out mail/other-roster.parcel
        "$psephos" record append --record other --keys other-board --quiet mail/other-roster.parcel
        "$psephos" officer open --record other --key office/officer.key --quiet --out mail/other-open.parcel
        "$psephos" record append --record other --keys other-board --quiet mail/other-open.parcel
        "$psephos" vote --record other --key anna/voter.key --quiet --out mail/foreign.parcel --choose 2=1
    } >out 2>&1 || cat out
    ballot_of mail/foreign.parcel >foreign
    before=$(size)
    want 422 refused foreign
    grep -q '"rule":"V4' body || cat body
    [ "$(size)" = "$before" ] || echo 'it was recorded'
    want 200 '' a1
)"
check 'a voter who is not enrolled is refused' "$(
    mkdir carl
    "$psephos" credential new --record other --key carl/voter.key --quiet
    printf 'evidence,style,weight,card\nCarl,1,1,carl/voter.pub\n' >carl.csv
    "$psephos" registrar roster --record other --key registrar/registrar.key --quiet \
        --voters carl.csv --evidence other.jsonl --out mail/carl-other.parcel >out 2>&1 &&
        "$psephos" record append --record other --keys other-board --quiet mail/carl-other.parcel >out 2>&1 &&
        "$psephos" vote --record other --key carl/voter.key --quiet --out mail/carl.parcel --choose 1=1 >out 2>&1 || cat out
    ballot_of mail/carl.parcel >carl.ballot
    want 422 refused carl.ballot
)"
ballot anna a2 --choose 1=2
check 'an earlier ballot sent again changes nothing' "$(
    want 200 '' a2
    now=$(latest anna)
    before=$(size)
    want 200 '' a1
    [ "$(latest anna)" = "$now" ] || echo "the latest was $now, and is $(latest anna)"
    [ "$(size)" = "$before" ] || echo 'it was recorded twice'
)"
check 'a ballot that knows of no earlier one is told of the latest' "$(
    ballot bela b1 --choose 1=1
    ballot bela b1-other --choose 1=2
    want 200 '' b1
    want 409 stale b1-other
    grep -q "\"latest\":\"$(latest bela)\"" body || cat body
)"

# --- enrolling ------------------------------------------------------------------------------------
check 'a credential enrolled twice is refused' "$(
    before=$(size)
    printf 'evidence,style,weight,card\nAnna again,1,1,anna/voter.pub\n' >twice.csv
    "$psephos" registrar roster --record record --key registrar/registrar.key --quiet --voters twice.csv \
        --evidence registrar/evidence.jsonl --out mail/twice.parcel >out 2>&1 && echo 'the registrar does it'
    [ "$(wc -l <out)" = 1 ] || cat out
    # Made behind the registrar's back, on the copy where she is enrolled otherwise.
    append mail/other-roster.parcel >out 2>&1 && echo 'the sequencer takes it'
    grep -q 'V[0-9][0-9][0-9]' out || cat out
    [ "$(size)" = "$before" ] || echo 'something was recorded'
    want 200 '' a2
)"
check 'a voter taken out can vote no more, and is told so' "$(
    ballot bela b2 --choose 1=2
    "$psephos" registrar change --record record --key registrar/registrar.key --quiet \
        --credential bela/voter.pub --reason not-entitled --about moved \
        --evidence registrar/evidence.jsonl --out mail/out.parcel >out 2>&1 || cat out
    append mail/out.parcel >out 2>&1 || cat out
    want 422 refused b2
    curl -s "$url/v1/credentials/$(card bela)" | grep -q '"active":false' || echo 'it still counts as active'
)"

# --- what is no request ----------------------------------------------------------------------------
check 'garbage behind a request ends its connection and nothing else' "$(
    python3 - "${url#http://}" <<'PY'
import socket, sys
host, port = sys.argv[1].split(":")
def play(data):
    s = socket.create_connection((host, int(port)), 5)
    s.sendall(data)
    s.shutdown(socket.SHUT_WR)
    got = b""
    try:
        while more := s.recv(65536):
            got += more
    except ConnectionError:
        pass
    return got
good = b"GET /v1/election HTTP/1.1\r\nHost: x\r\n\r\n"
for garbage in (b"\x00\xff" * 500, b"GET /\r\n\r\n", b"\r\n" * 2000, b"POST /v1/ballots HTTP/1.1\r\n" * 300,
                b"\x16\x03\x01\x02\x00\x01\x00", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
    got = play(good + garbage + good)
    if got.count(b"HTTP/1.1 200") not in (1, 2) or not got.startswith(b"HTTP/1.1 200"):
        print(garbage[:20], got[:200])
if play(good * 20).count(b"HTTP/1.1 200") != 20:
    print("twenty requests in one piece do not get twenty answers")
PY
    want 200 '' a2
)"

# --- witnesses lost, the store altered ---------------------------------------------------------------
audit() { "$psephos" audit store --record record --ledger "$1" 2>&1; }
check 'record and store agree' "$(audit ledger | grep ' 0 findings' >/dev/null || audit ledger)"
ballot anna a3 --choose 1=1
witness_stop 3
witness_stop 4
check 'without a quorum the voter is told where to ask' "$(
    want 202 '' a3
    grep -q '"poll":"/v1/receipts/' body || cat body
    grep -qi '^retry-after:' head || cat head
)"
kill -9 $sequence
wait $sequence 2>/dev/null
check 'an altered row of each table of the store is named' "$(
    audit ledger | grep ' 0 findings' >/dev/null || audit ledger
    altered() { # FINDING SQL
        rm -rf bent
        cp -r ledger bent
        sqlite3 bent/ledger.db "$2" 2>&1
        audit bent >out
        [ $? = 1 ] && grep -q "$1" out || { echo "$2:"; cat out; }
    }
    altered 'altered head' "UPDATE head SET size = size + 1"
    altered 'altered head' "UPDATE head SET note = zeroblob(100)"
    altered 'altered head' "UPDATE head SET root = zeroblob(32)"
    altered 'missing head' "DELETE FROM head"
    altered 'altered stage' "INSERT INTO stage SELECT 9, origin, epoch, size, root, zeroblob(32), zeroblob(99) FROM head"
    altered 'altered stage' "INSERT INTO stage SELECT 9, origin, epoch, size + 1, root, zeroblob(32), x'00' FROM head"
    # What is durable and not yet witnessed lies in the record's files.
    mv record/tile/entries away
    cp -r away record/tile/entries
    rm "record/tile/entries/000.p/$(($(size) + 1))"
    audit ledger >out
    grep -q 'missing stage' out || cat out
    rm -rf record/tile/entries
    mv away record/tile/entries
    audit ledger | grep ' 0 findings' >/dev/null || audit ledger
)"
witness_start 3
witness_start 4
sequence_start
check 'what was recorded is witnessed in the end' "$(until_cast 200 a3)"

# --- disks that are full -------------------------------------------------------------------------------
# full FOLDER: ballots on a disk without room: never acknowledged and lost, always in words; then room
# again, and the same bytes get their receipt.
full() {
    dd if=/dev/zero of="$1/filler" bs=1k 2>/dev/null
    for i in 1 2 3 4 5 6 7 8; do
        ballot anna "full-$i" --choose "1=$((i % 2 + 1))" || return
        got=$(cast "full-$i")
        [ "$got" = 200 ] || break
    done
    [ "$got" = 503 ] || echo "with a full disk: $got $(cat body)"
    echo "$i" >which
    grep -q 'urn:psephos:problem:\(outcome-unknown\|unavailable\|busy\)"' body || cat body
    grep -q 'Send the same bytes again' body || cat body
    for _ in $(seq 100); do kill -0 $sequence 2>/dev/null || break; sleep 0.05; done
    kill -0 $sequence 2>/dev/null && echo 'the sequencer goes on'
    wait $sequence 2>/dev/null
    tail -n 2 run/sequence.err | grep -q 'No space left on device; make room\|database or disk is full); start again' ||
        tail -n 2 run/sequence.err
    rm -f "$1/filler"
}
for folder in record ledger; do
    if [ "$PSE_TEST_DISKS" = yes ]; then
        full $folder >said
        check "a full disk below the $folder: said, and nothing acknowledged" "$(cat said)"
        sequence_start
        check "room again below the $folder: the same bytes get the receipt" "$(until_cast 200 "full-$(cat which)")"
    else
        skip "a full disk below the $folder" 'needs the right to mount'
    fi
done
check 'the record holds' "$(
    "$verify" record --quiet >out 2>&1
    [ $? = 3 ] || cat out
    audit ledger | grep ' 0 findings' >/dev/null || audit ledger
)"
finish
