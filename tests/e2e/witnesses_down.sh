#!/bin/sh
# witnesses_down.sh SOURCE PSEPHOS VERIFY: an election over the sequencer and four witness processes
# of which three must sign. One killed changes nothing; two killed stop receipts and publication,
# lose nothing, and one that returns sets it going again.
set -u
psephos=$(realpath "$2")
verify=$(realpath "$3")
cd "$1" || exit 1
. tests/ground/tap.sh
dir=$(mktemp -d)
seed=0000000000000000000000000000000000000000000000000000000000000001
demo=
again=
trap '[ -z "$demo$again" ] || kill -9 $demo $again 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# The process that runs witness $1 of the town $2, a child of the demo.
witness() {
    for process in $(cat /proc/$demo/task/*/children 2>/dev/null); do
        ! tr '\0' ' ' <"/proc/$process/cmdline" | grep -q "witness run $2.private/witness-$1 " ||
            echo "$process"
    done
}

# wait_for COMMAND…: until it succeeds.
wait_for() {
    for _ in $(seq 6000); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.01
    done
    echo "waited in vain for: $*"
    return 1
}

# The town $1 begins its election, and stands still after its first publication. With a seed the
# demo itself is the sequencer.
begin() {
    "$psephos" demo --voters 60 --dir "$1" --keep --seed "$seed" >"$1.out" 2>"$1.err" &
    demo=$!
    wait_for test -e "$1/checkpoint" && kill -STOP $demo
}

end() { # complaints about how the town $1 ended
    wait $demo || echo "status $?: $(cat "$1.err")"
    demo=
    grep -q '^verdict: accepted' "$1.out" || cat "$1.out"
    "$verify" "$1" --quiet >/dev/null || echo 'the record is not accepted'
}

size() {
    sed -n 2p "$1/checkpoint"
}

begin one
running=$(cat /proc/$demo/task/*/children)
check 'four witnesses run, each a process' "$(
    for i in 1 2 3 4; do
        witness $i one | grep -q . || echo "no witness $i"
    done
)"
kill -9 $(witness 2 one)
kill -CONT $demo
end one >end
check 'one killed changes nothing' "$(
    cat end
    ! grep 'not yet witnessed' one.err
    grep -q 'witness-2 (no signature)' one.out || grep '^witnesses' one.out
)"
check 'the others remember the last size' "$(
    n=0
    for i in 1 3 4; do
        "$psephos" witness status one.private/witness-$i --json |
            grep -q "\"size\":$(size one)," && n=$((n + 1))
    done
    [ $n -ge 2 ] || echo "$n do" # a straggler may have been asked to stop before its turn
    for process in $running; do
        ! kill -0 "$process" 2>/dev/null || echo "process $process runs on"
    done
)"

begin two
kill -9 $(witness 1 two) $(witness 4 two)
first=$(size two)
kill -CONT $demo
check 'two killed: not yet witnessed, and that is said' "$(
    wait_for grep -q 'not yet witnessed' two.err
    wait_for grep -q 'witness run two.private/witness-4' two.err
    kill -0 $demo || echo 'the demo has ended'
)"
sleep 1.5 # the log asks again each second
check 'meanwhile no checkpoint is published' "$(
    [ "$(size two)" -le $((first + 40)) ] || echo "size $(size two) after $first"
    a=$(size two)
    sleep 0.3
    [ "$(size two)" = "$a" ] || echo "it grows from $a to $(size two)"
    kill -0 $demo || echo 'the demo has ended'
)"
address=$(sed 's|^http://||' two.private/witness-4/address)
"$psephos" witness run two.private/witness-4 --listen "$address" >again.out 2>again.err &
again=$!
end two >end
check 'one returns: all is witnessed, nothing lost' "$(
    cat end
    grep -q 'enough witnesses answer again' two.err || cat two.err
)"
check 'the one that returned cosigned the end' "$(
    "$psephos" witness status two.private/witness-4 --json | grep -q "\"size\":$(size two)," ||
        "$psephos" witness status two.private/witness-4
    kill -TERM $again
    wait $again 2>/dev/null
    true
)"
kill -9 $again 2>/dev/null
again=

check 'without --keep nothing private is left' "$(
    "$psephos" demo --voters 12 --identity letters --dir three --quiet >out 2>err || cat err
    [ ! -e three.private ] || ls three.private
)"
check 'a private folder that holds something is not touched' "$(
    mkdir four.private && echo mine >four.private/store
    "$psephos" demo --voters 12 --identity letters --dir four --quiet >out 2>err && echo 'it ran'
    grep -q 'four.private is there already' err || cat err
    [ "$(cat four.private/store)" = mine ] || ls four.private
)"
finish
