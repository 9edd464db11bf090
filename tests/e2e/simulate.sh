#!/bin/sh
# simulate.sh SOURCE PSEPHOS VERIFY: ballots and counts become records; the elected are those of
# `psephos count`; wrong input is refused in one line.
set -u
psephos=$(realpath "$2")
verify=$(realpath "$3")
cd "$1" || exit 1
. tests/ground/tap.sh
fixtures=$PWD/tests/fixtures
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

elected() { grep -o '"elected":\[[0-9,]*\]' "$1" | head -n 1 | cut -d: -f2; }

# same NAME RECORD COUNT-ARGUMENTS -- SIMULATE-ARGUMENTS
same() {
    record=$1
    rule=$2
    shift 2
    "$psephos" count --rule "$rule" "$@" --json >count.json 2>err || cat err
    "$psephos" simulate --rule "$rule" "$@" --dir "$record" --json --quiet >sim.json 2>err || cat err
    [ -n "$(elected sim.json)" ] || echo 'nobody is elected'
    [ "$(elected sim.json)" = "$(elected count.json)" ] ||
        echo "simulate $(elected sim.json), count $(elected count.json)"
    grep -q '"verdict":"accepted"' sim.json || echo 'no verdict in the JSON'
    "$verify" "$record" --quiet >/dev/null || echo "psephos-verify: status $?"
}

for rule in stv-scottish irv stv-meek schulze borda; do
    seats=
    [ "$rule" != irv ] || seats='--seats 1'
    # shellcheck disable=SC2086
    check "rankings by $rule" "$(same "blt-$rule" "$rule" --blt "$fixtures/orchard.blt" $seats)"
done
check 'constituencies by the Estonian rule' "$(same counts estonia --counts "$fixtures/villages.csv" \
    --mandates "$fixtures/villages-mandates.csv")"
check "constituencies by d'Hondt" "$(same dhondt dhondt --counts "$fixtures/villages.csv" \
    --mandates "$fixtures/villages-mandates.csv")"
check 'first preferences as sums, not mixed' "$(
    "$psephos" simulate --blt "$fixtures/orchard.blt" --kind homomorphic --dir hom --json --quiet \
        >sim.json 2>err || cat err
    [ "$(elected sim.json)" = '[1,3]' ] || cat sim.json
    "$verify" hom >out || echo "psephos-verify: status $?"
    grep -qE '1 +"?Apple, Anna"? +20 ' out || grep Apple out
)"
check 'a part of the votes is a proportional part' "$(
    "$psephos" simulate --counts "$fixtures/villages.csv" --mandates "$fixtures/villages-mandates.csv" \
        --fraction 0.5 --dir half --json --quiet >sim.json 2>err || cat err
    grep -q '"voters":102,' sim.json || cat sim.json
)"
check 'the page stands where it is asked for' "$(
    "$psephos" simulate --blt "$fixtures/orchard.blt" --dir paged --html page.html --fraction 0.2 \
        --trustees 1/1 --mixers 1 --title 'A <title> & more' --quiet >/dev/null 2>err || cat err
    grep -q '<h1>A &lt;title&gt; &amp; more</h1>' page.html || echo 'no title'
    [ ! -e paged/result.html ] || echo 'a second page'
)"

# refused STATUS WORDS ARGUMENTS…: one line that says so, nothing made.
refused() {
    wanted=$1
    words=$2
    shift 2
    "$psephos" simulate --quiet "$@" >out 2>err
    status=$?
    [ "$status" -eq "$wanted" ] || echo "status $status, wanted $wanted"
    [ "$(wc -l <err)" -eq 1 ] || { echo 'not one line:' && cat err; }
    grep -q -- "$words" err || cat err
    [ ! -s out ] || head -n 3 out
    [ ! -e no ] || { echo 'something was made' && rm -rf no; }
}
printf '2 1\n1 1=2 0\n0\nA\nB\nT\n' >equal.blt
printf '2 1\n1 3 0\n0\nA\nB\nT\n' >range.blt
check 'no input' "$(refused 2 '\-\-blt' --dir no)"
check 'two inputs' "$(refused 2 '\-\-blt' --dir no --blt x --counts y)"
check 'no such file' "$(refused 2 'cannot read' --dir no --blt absent.blt)"
check 'an option that is none' "$(refused 2 'range.blt:2' --dir no --blt range.blt)"
check 'equal ranks' "$(refused 2 'equal' --dir no --blt equal.blt)"
check 'no folder' "$(refused 2 '\-\-dir' --blt "$fixtures/orchard.blt")"
check 'a folder that holds something' "$(refused 1 'not empty' --dir counts --blt "$fixtures/orchard.blt")"
check 'a rule that does not fit' "$(refused 2 'estonia' --dir no --rule estonia \
    --blt "$fixtures/orchard.blt")"
check 'no such rule' "$(refused 2 'no counting rule' --dir no --rule best --blt "$fixtures/orchard.blt")"
check 'no such kind' "$(refused 2 'kind' --dir no --kind paper --blt "$fixtures/orchard.blt")"
check 'nobody left' "$(refused 2 'fraction' --dir no --fraction 0.001 --blt "$fixtures/orchard.blt")"
check 'more trustees needed than there are' "$(refused 2 'trustees' --dir no --trustees 4/3 \
    --blt "$fixtures/orchard.blt")"
finish
