#!/bin/sh
# office_kills.sh SOURCE PSEPHOS VERIFY KILLS: the officers' service killed with SIGKILL while acts of
# two officers are under way, KILLS times or PSE_TEST_KILLS, over the real sequencer, which is killed
# with it at times. Whatever both have signed is done, once, and stands in the record.
set -u
source=$(realpath "$1")
psephos=$(realpath "$2")
verify=$(realpath "$3")
kills=${PSE_TEST_KILLS:-$4}
seed=${PSE_TEST_SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
. "$source/tests/ground/tap.sh"
. "$source/tests/e2e/garden.sh"
. "$source/tests/e2e/office_rig.sh"
. "$source/tests/e2e/box_rig.sh"
dir=$(mktemp -d)
trap 'box_end; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# The next number below $1 of the seed.
next() {
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    drawn=$((seed / 65536 % $1))
}

office_start() {
    "$psephos" officer serve --config office.ini 2>>run/office.err &
    office=$!
    pids="$pids $office"
    for _ in $(seq 400); do
        ! curl -sf --unix-socket office.sock http://o/healthz >/dev/null 2>&1 || return 0
        kill -0 $office 2>/dev/null || return 1
        sleep 0.02
    done
    return 1
}
# agree WHO ACT: signed by WHO, however often the office dies meanwhile.
agree() {
    for _ in $(seq 100); do
        desk "$1" sign "$2" >signed 2>&1 && return 0
        ! grep -q 'signed-before\|not-open' signed || return 0
        sleep 0.05
    done
    cat signed
    return 1
}

echo "# seed $seed"
box_open >out 2>&1
check 'an election is opened through the sequencer' "$([ $? = 0 ] || cat out run/*.err)"
office_people
office_settings run/office run/sequence.sock
office_start
check 'the office opens' "$([ $? = 0 ] || cat run/office.err)"
[ "$tap_bad" = 0 ] || { finish; exit; }
before=$("$psephos" record show --record record --json | sed 's/.*"size":\([0-9]*\).*/\1/')

# One act, both officers, and the office killed within the next 120 ms. Complaints.
round() {
    number=$1
    echo "Statement $number." >page
    desk ann document --file page >sent 2>&1 || { cat sent; return; }
    doc=$(sed 's/.*"sha256":"\([0-9a-f]*\)".*/\1/' sent)
    desk ann propose --what statement --set "document=$doc" --set "title=Number $number" \
        --about x >act 2>err || { cat err; return; }
    act=$(tail -n 1 act)
    echo "$act" >>acts
    agree ben "$act" &
    job=$!
    next 120
    sleep "0.$(printf '%03d' "$drawn")"
    kill -9 $office
    wait $office 2>/dev/null
    next 4
    if [ "$drawn" = 0 ]; then
        kill -9 $sequence
        wait $sequence 2>/dev/null
        sequence_start || tail -n 3 run/sequence.err
    fi
    office_start || tail -n 3 run/office.err
    wait $job || echo 'the second officer cannot sign'
    desk ann show "$act" --wait >shown 2>&1
    grep -q '^done: entry' shown || cat shown
}
number=0
while [ $number -lt "$kills" ]; do
    number=$((number + 1))
    round $number >said 2>&1
    [ -s said ] || continue
    check "kill $number" "$(cat said)"
    break
done
check "$kills kills: every act that both have signed is done" "$([ "$tap_bad" = 0 ] || echo no)"
after=$("$psephos" record show --record record --json | sed 's/.*"size":\([0-9]*\).*/\1/')
check 'each stands in the record once' "$(
    [ $((after - before)) = "$kills" ] || echo "$before and $kills make $after"
    while read -r act; do
        n=$(grep -c "\"act\":\"$act\"" run/office/acts.jsonl)
        [ "$n" = 1 ] || echo "$act is logged $n times"
    done <acts
)"
check 'the record holds' "$(
    "$verify" record --quiet >out 2>&1
    [ $? = 3 ] || cat out
)"
finish
