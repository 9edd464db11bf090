#!/bin/sh
# cli.sh SOURCE PSEPHOS VERIFY: what command lines refuse, with one line and status 2.
set -u
psephos=$(realpath "$2")
verify=$(realpath "$3")
cd "$1" || exit 1
. tests/ground/tap.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# refuses STATUS PATTERN COMMAND…: one line on standard error that matches, nothing on the other.
refuses() {
    wanted=$1
    pattern=$2
    shift 2
    "$@" >"$dir/out" 2>"$dir/err" </dev/null
    status=$?
    check "refused: $(words "$@")" "$(
        [ "$status" -eq "$wanted" ] || echo "status $status, wanted $wanted"
        [ ! -s "$dir/out" ] || echo "standard output: $(head -c 200 "$dir/out")"
        [ "$(wc -l <"$dir/err")" -eq 1 ] || echo "lines on standard error: $(wc -l <"$dir/err")"
        grep -qE -- "$pattern" "$dir/err" || echo "said: $(head -c 300 "$dir/err")"
    )"
}

# accepts PATTERN COMMAND…: status 0 and standard output that matches.
accepts() {
    pattern=$1
    shift
    check "works: $(words "$@")" "$(
        "$@" >"$dir/out" 2>"$dir/err" </dev/null || echo "status $?: $(head -c 300 "$dir/err")"
        grep -qE -- "$pattern" "$dir/out" || echo "printed: $(head -c 300 "$dir/out")"
    )"
}

# A command line as it may stand in a line of TAP.
words() {
    printf '%s' "$(basename "$1")"
    shift
    [ $# -eq 0 ] || printf ' %.40s' "$@" | tr -cd ' a-zA-Z0-9=._/-'
}

refuses 2 'no command given' "$psephos"
refuses 2 "unknown command 'bnech' \(did you mean bench\?\)" "$psephos" bnech
refuses 2 "unknown command 'qqqqqqqq'; see psephos help" "$psephos" qqqqqqqq
refuses 2 "unknown command" "$psephos" ''
refuses 2 'unknown command' "$psephos" help nothing-like-it
refuses 2 'unknown option --treads \(did you mean --threads\?\)' "$psephos" bench --treads 2
refuses 2 'unknown option -t; options begin with two hyphens' "$psephos" bench -t 2
refuses 2 '--threads wants K' "$psephos" bench --threads
refuses 2 "'0' is not a whole number from 1 to 256" "$psephos" bench --threads 0
refuses 2 "'257' is not" "$psephos" bench --threads=257
refuses 2 "'02' is not" "$psephos" bench --threads 02
refuses 2 "'-1' is not" "$psephos" bench --threads -1
refuses 2 "'18446744073709551617' is not" "$psephos" bench --threads 18446744073709551617
refuses 2 '--threads is given twice' "$psephos" bench --threads 1 --threads 1
refuses 2 '--json takes no value' "$psephos" bench --json=yes
refuses 2 "unexpected word 'x'" "$psephos" bench x
refuses 2 "no back-end is called 'fast'" "$psephos" bench --backend fast --filter sha256
refuses 2 'no item is called like' "$psephos" bench --filter no-such-item
refuses 2 "unexpected word '.u[{]001b[}]\[31m'" "$psephos" bench "$(printf '\033[31m')"
accepts 'usage: psephos COMMAND' "$psephos" help
accepts 'usage: psephos bench' "$psephos" help bench
accepts 'usage: psephos bench' "$psephos" bench --threads --help
accepts '^psephos [0-9]+\.[0-9]+\.[0-9]+ \(protocol psephos/1\)$' "$psephos" --version
accepts '"name":"sha256-tile","unit":"MiB/s","value":' "$psephos" bench --filter sha256-tile --json
accepts '^sha256-tile$' "$psephos" bench --list

hex=$(printf '%064d' 0)
mkdir "$dir/empty"
refuses 2 'something is missing' "$verify"
refuses 2 'no such folder|No such file' "$verify" "$dir/nowhere"
refuses 2 'has no checkpoint|no checkpoint' "$verify" "$dir/empty"
refuses 2 "64 hexadecimal digits" "$verify" "$dir/empty" --eid 12
refuses 2 "64 hexadecimal digits" "$verify" "$dir/empty" --eid "$(printf '%064d' 0 | tr 0 A)"
refuses 2 "unexpected word" "$verify" "$dir/empty" "$dir/empty"
refuses 2 'cannot read .*nothing' "$verify" "$dir/empty" --policy "$dir/nothing"
refuses 2 "no back-end is called 'x'" "$verify" "$dir/empty" --backend x
refuses 2 '--eid is given twice' "$verify" --eid "$hex" --eid "$hex" "$dir/empty"
accepts 'usage: psephos-verify DIR' "$verify" --help
accepts '^psephos-verify [0-9]' "$verify" --version
finish
