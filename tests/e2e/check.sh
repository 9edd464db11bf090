#!/bin/sh
# check.sh SOURCE PSEPHOS VERIFY: the second-device check over the real box's mailbox, two processes
# that talk; relays that change, lose, occupy; wrong digits, voters, elections; later ballots; the
# question after the freeze.
set -u
source=$(realpath "$1")
psephos=$(realpath "$2")
. "$source/tests/ground/tap.sh"
. "$source/tests/e2e/garden.sh"
. "$source/tests/e2e/box_rig.sh"
dir=$(mktemp -d)
trap 'box_end; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export garden_ballots=60
box_open >open.log 2>&1 || { echo "Bail out! $(cat open.log run/*.err)"; exit 1; }
eid=$("$psephos" record show --record record --json | sed 's/.*"election":"\([0-9a-f]*\)".*/\1/')
mkdir other
"$psephos" credential new --record record --key other/voter.key --quiet
code_of() { # WHO: the voter code, which is on the letter
    python3 - "$1/voter.pub" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))["credential"]
n = int(d[:30], 16)
print("".join("0123456789abcdefghjkmnpqrstvwxyz"[n >> 5 * i & 31] for i in range(23, -1, -1)))
PY
}
anna=$(code_of anna)

# the relay that fails on purpose; a real one is the box
python3 "$source/tests/e2e/small_box.py" "$psephos" record board relay.port relay.faults >relay.log 2>&1 &
pids="$pids $!"
wait_line relay.port $! || exit 1
relay=$(cat relay.port)
mkfifo to_page to_device

until_says() { # FILE PATTERN ENDED: false when it has not come and the file ENDED has
    for _ in $(seq 1200); do
        ! grep -qE -- "$2" "$1" 2>/dev/null || return 0
        [ ! -e "$3" ] || { grep -qE -- "$2" "$1"; return; }
        sleep 0.05
    done
    return 1
}
# page_start WHO ARG…: the voting device, up to its QR in $qr. Its answers go to descriptor 8.
page_start() {
    who=$1
    shift
    rm -f page.ended
    {
        "$psephos" vote --record "$url/record" --box "$url" --key "$who/voter.key" --choose 1=2,1 \
            --choose 2=1 --again --check --wait ${page_wait:-20} "$@" \
            <to_page >page.out 2>page.err &
        echo $! >page.pid
        wait $!
        echo $? >page.ended
    } 2>/dev/null &
    page=$!
    exec 8>to_page
    until_says page.out '^psephos1:' page.ended || { cat page.err; return 1; }
}
# device_start ARG…: the second device; its answers go to descriptor 9.
device_start() {
    rm -f device.ended device.out
    {
        "$psephos" check "$(grep '^psephos1:' page.out)" --eid "$eid" --voter "$anna" \
            --wait ${device_wait:-20} "$@" <to_device >device.out 2>device.err
        echo $? >device.ended
    } 8>&- &
    device=$!
    exec 9>to_device
}
digits() {
    until_says device.out '^Digits: [0-9]{6}$' device.ended || return 1
    sed -n 's/^Digits: //p' device.out
}
page_ends() { # STATUS PATTERN
    exec 8>&-
    wait $page
    got=$(cat page.ended)
    [ "$got" -eq "$1" ] || echo "the voting device left with $got, wanted $1: $(cat page.err)"
    grep -qE -- "$2" page.out page.err || echo "the voting device said: $(cat page.out page.err)"
}
device_ends() { # STATUS PATTERN
    exec 9>&-
    wait $device
    got=$(cat device.ended)
    [ "$got" -eq "$1" ] || echo "the second device left with $got, wanted $1: $(cat device.err)"
    grep -qE -- "$2" device.out device.err || echo "the second device said: $(cat device.out device.err)"
}
says() { # STATUS PATTERN COMMAND…
    wanted=$1
    pattern=$2
    shift 2
    "$psephos" "$@" >out 2>err </dev/null
    got=$?
    [ $got -eq "$wanted" ] || echo "status $got, wanted $wanted: $(cat err)"
    cat out err | grep -qE -- "$pattern" || echo "said: $(cat out err)"
}

# --- it holds
check 'a second device sees what was chosen' "$(
    page_start anna || exit
    device_start
    digits >&8
    until_says device.err 'yes or no' device.ended
    echo yes >&9
    page_ends 0 'has the choices now'
    device_ends 0 '^Checked. Tracker: '
    grep -q 'Chair .contest 1.: 1. Basil, 2. Rosa$' device.out || cat device.out
    grep -q 'Well. .contest 2.: Yes$' device.out || cat device.out
)"
kept=$(ls checks/*.checked)
cp -r checks first
tracker=$(sed -n 's/^Tracker: //p' page.out)
check 'both name the same ballot' "$(grep -q "^tracker $tracker\$" "$kept" || cat "$kept")"
check 'nothing of the choices is kept, and no sign of a failed check' "$(
    grep -rlE 'Basil|Rosa|Yes' checks --include='*.checked' --include='*.started'
    ls checks/*.started 2>/dev/null
    [ "$(stat -c %a "$kept")" = 600 ] || stat -c %a "$kept"
)"
check 'the check goes on once per QR' "$(
    device_start
    device_ends 1 'somebody else has spoken'
    grep -q 'THE CHECK FAILED' device.err || cat device.err
)"
check 'asked before the end, it stands so far' "$(says 3 'stands' check "$kept" --record "$url/record")"


# --- what the second device refuses to ask about
rm -rf checks
hold() { # COMPLAINTS-COMMAND: with a voting device that waits at a relay where nothing fails
    page_start anna --relay "$relay" || return
    "$@"
    exec 8>&-
    kill "$(cat page.pid)"
    wait $page 2>/dev/null
}
device_refuses() { # STATUS PATTERN ARG…
    wanted=$1
    pattern=$2
    shift 2
    says "$wanted" "$pattern" check "$(grep '^psephos1:' page.out)" --wait 2 "$@"
}
questions() {
    device_refuses 2 'eid HEX is missing' --voter "$anna"
    device_refuses 2 'voter CODE is missing' --eid "$eid"
    device_refuses 2 'wants the voter code' --eid "$eid" --voter abc
    device_refuses 1 'of another election' --eid "$(echo "$eid" | rev)" --voter "$anna"
    [ ! -e checks ] || ls checks
    device_refuses 1 "another voter's" --eid "$eid" --voter "$(code_of bela)" --report report
    grep -q 'THE CHECK FAILED' err || cat err
    ls checks/*.started >/dev/null
    head -c 16 report | grep -q 'psephos/1/report' || ls report
    device_refuses 2 'there already' --eid "$eid" --voter "$(code_of bela)" --report report
}
check 'a check without election or voter, of another election, of another voter' "$(hold questions)"
replaced() {
    cp -r anna twin
    rm -f twin/*.pending
    says 0 'Cast' vote --record "$url/record" --box "$url" --key twin/voter.key --choose 1=1 --choose 2=2 \
        --again --receipt twin/new
    rm -rf twin
    device_refuses 1 'a later ballot' --eid "$eid" --voter "$anna"
}
check 'a ballot that was replaced meanwhile' "$(hold replaced)"
other_record() {
    device_refuses 1 'does not hold the ballot' --eid "$eid" --voter "$anna" --record early
}
cp -r record early
check 'a record that does not show the ballot' "$(hold other_record)"
twisted() {
    qr=$(grep '^psephos1:' page.out)
    bad=$(echo "$qr" | python3 -c '
import base64, sys
t = sys.stdin.read().strip()[9:]
b = bytearray(base64.urlsafe_b64decode(t + "=" * (-len(t) % 4)))
b[int(sys.argv[1])] ^= 1
print("psephos1:" + base64.urlsafe_b64encode(bytes(b)).decode().rstrip("="))' "$1")
    says "$2" "$3" check "$bad" --wait 2 --eid "$eid" --voter "$anna"
}
twists() {
    twisted 0 2 'no text of a QR'
    twisted 40 1 'another entry|does not hold|no valid ballot'
    twisted 41 1 'another entry'
    says 2 'no text of a QR' check psephos1: --eid "$eid" --voter "$anna"
    says 2 'neither the text' check voters --eid "$eid" --voter "$anna"
    says 2 'no such file|missing|cannot' check nothing --eid "$eid" --voter "$anna"
}
echo nonsense >voters
check 'a QR that is damaged' "$(hold twists)"

# --- a relay that works against them
against() { # FAULTS PAGE-STATUS PATTERN DEVICE-STATUS PATTERN
    rm -rf checks
    printf '%b' "$1" >relay.faults
    page_wait=6
    device_wait=2
    page_start anna --relay "$relay" || return
    device_start
    d=$(digits) && echo "$d" >&8
    ! until_says device.err 'yes or no' device.ended || echo yes >&9
    device_ends "$4" "$5"
    page_ends "$2" "$3"
    ls checks/*.started >/dev/null
    rm -f relay.faults
}
check 'the first message is changed' "$(against 'swap\n' 1 'not from a device that holds' 1 'said nothing')"
check 'the second' "$(against 'pass\nswap\n' 1 'compared' 1 'changed on the way')"
check 'the third' "$(against 'pass\npass\nswap\n' 0 'has the choices' 1 'changed on the way')"
check 'the first is lost' "$(against 'lose\n' 1 'said nothing within 6 s' 1 'said nothing within 2 s')"
check 'the second is lost' "$(against 'pass\nlose\n' 1 'nobody compared' 1 'said nothing')"
check 'the third is lost' "$(against 'pass\npass\nlose\n' 0 'has the choices' 1 'said nothing')"
check 'somebody else answered first' "$(against 'seize\n' 1 'not from a device that holds' 1 'somebody else')"
check 'somebody else spoke for the voting device' "$(against 'pass\nseize\n' 1 'somebody else' 1 'changed on the way')"
check 'somebody else claims the choices' "$(against 'pass\npass\nseize\n' 1 'somebody else' 1 'changed on the way')"

# --- people
rm -rf checks
check 'other digits end it, and nothing is shown' "$(
    device_wait=2
    page_start anna || exit
    device_start
    printf '12\nabcdef\n' >&8
    d=$(digits)
    echo "$d" | tr 0123456789 1234567890 >&8
    page_ends 1 'other digits'
    device_ends 1 'said nothing'
    grep -q 'holds' device.out && cat device.out
)"
check 'a voter who says no has a reason to complain' "$(
    rm -f report
    page_start anna || exit
    device_start --report report
    digits >&8
    until_says device.err 'yes or no' device.ended
    printf 'what?\nno\n' >&9
    page_ends 0 'has the choices'
    device_ends 1 'not what you chose'
    "$psephos" officer incident --help >/dev/null
    [ "$(od -An -tu1 -j50 -N2 report | tr -d ' ')" = 02 ] || od -c report | head -n 5
    ls checks/*.started >/dev/null
)"
check 'a failed check is remembered when a later one goes well' "$(
    cp -r checks before
    page_start anna || exit
    device_start
    digits >&8
    until_says device.err 'yes or no' device.ended
    echo yes >&9
    page_ends 0 'has the choices'
    device_ends 0 'Checked'
    ls before/*.started >/dev/null && for f in before/*.started; do cmp "$f" "checks/${f#before/}"; done
)"
kept=$(ls -t checks/*.checked | head -n 1)
check 'no check of a ballot that an earlier run sealed' "$(
    says 0 'Cast' vote --record "$url/record" --box "$url" --key bela/voter.key --choose 1=1 --choose 2=1
    rm -f bela/voter.key.*.receipt
    cp bela/voter.key.*.ballot bela/voter.key.pending
    says 1 'an earlier run sealed' vote --record "$url/record" --box "$url" --key bela/voter.key \
        --choose 1=1 --choose 2=1 --check
)"
check 'words that do not go together' "$(
    says 2 'give --box' vote --record record --key bela/voter.key --choose 1=1 --choose 2=1 --out x --check
    says 2 'does not go with --json' vote --record "$url/record" --box "$url" --key bela/voter.key \
        --choose 1=1 --choose 2=1 --check --json
)"

# --- after the freeze
again() { # STATUS PATTERN FILE ARG…
    wanted=$1
    pattern=$2
    shift 2
    says "$wanted" "$pattern" check "$@" --record "$url/record"
}
check 'the ballot that was checked stands' "$(again 3 'so far the ballot stands' "$kept")"
garden_close >close.log 2>&1 || cat close.log
check 'and is counted' "$(again 0 'among those that are counted' "$kept")"
check 'with the answer asked of a folder' "$(says 0 'among those' check "$kept" --record record)"
check 'what was kept of another election' "$(again 1 'another election' "$kept" --eid "$(echo "$eid" | rev)")"
check 'a kept check that was changed' "$(
    sed 's/^index /index 1/' "$kept" >bad.checked
    again 1 'does not hold|another entry' bad.checked --report changed
    [ -s changed ] || cat err
    sed 's/^leaf ./leaf Z/' "$kept" >bad.checked
    again 2 'neither the text' bad.checked
    sed 's/^leaf \(.\)\(.\)/leaf \2\1/' "$kept" >bad.checked
    cmp -s bad.checked "$kept" || again 1 'another entry' bad.checked
    head -n 6 "$kept" >bad.checked
    again 2 'neither the text' bad.checked
)"
check 'a ballot that was replaced is not counted' "$(
    first=$(ls -tr first/*.checked | head -n 1)
    again 1 'a later ballot' "$first"
    grep -q 'THE CHECK FAILED' err || cat err
)"
finish
