#!/bin/sh
# store_init.sh SOURCE PSEPHOS VERIFY: the store of a log is made once, on SQLite and, where there is
# a server (PSE_TEST_STORE), on PostgreSQL.
set -u
psephos=$(realpath "$2")
cd "$1" || exit 1
. tests/ground/tap.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
"$psephos" record keygen --origin log.example/one --keys board >/dev/null || exit 1

# refused STATUS WORDS COMMAND…: complaints unless it says so in one line.
refused() {
    want=$1
    words=$2
    shift 2
    "$@" >out 2>err
    got=$?
    [ $got -eq "$want" ] || echo "status $got, not $want"
    [ "$(wc -l <err)" -eq 1 ] && grep -q -- "$words" err || cat err
}

# once WHERE STORE: what holds for every kind of store.
once() {
    where=$1
    store=$2
    check "$where: a store without its log" "$(
        "$psephos" store init --store "$store" --origin log.example/one 2>&1 | grep -v 'is made$'
    )"
    check "$where: the same again is fine" "$(
        "$psephos" store init --store "$store" --origin log.example/one --quiet 2>&1
    )"
    check "$where: the first head, signed" "$(
        "$psephos" store init --store "$store" --key board/log.key --record "$where" 2>&1 |
            grep -v 'first head signed$'
    )"
    check "$where: not a second one" "$(
        refused 4 'has served a log before' \
            "$psephos" store init --store "$store" --key board/log.key --record "$where"
        refused 4 'has served a log before' \
            "$psephos" store init --store "$store" --origin log.example/one
    )"
}

once sqlite sqlite:store
check 'a log of another name has a head of its own' "$(
    "$psephos" store init --store sqlite:store --origin log.example/two --quiet 2>&1
)"
check 'not where a record has begun' "$(
    mkdir old && echo 'a checkpoint' >old/checkpoint
    refused 4 'old has a published checkpoint already' \
        "$psephos" store init --store sqlite:fresh --key board/log.key --record old
)"
check 'a key of somebody else is none' "$(
    refused 1 'board/board.key' \
        "$psephos" store init --store sqlite:other --key board/board.key --record r
)"
check 'half of the options is not enough' "$(
    refused 2 'give either --origin' "$psephos" store init --store s
    refused 2 'give either --origin' "$psephos" store init --store s --key board/log.key
    refused 2 'give either --origin' \
        "$psephos" store init --store s --origin x --key board/log.key --record r
    refused 2 'say where with --store' "$psephos" store init --origin x
    [ ! -e s ] || ls s
)"
check 'not below a file' "$(
    touch plain
    "$psephos" store init --store plain/store --origin log.example/one >out 2>err && echo 'it did'
    [ "$(wc -l <err)" -eq 1 ] && grep -q 'no store can be made at plain/store' err || cat err
)"
if [ -n "${PSE_TEST_STORE:-}" ]; then
    once postgresql "$(echo "$PSE_TEST_STORE" | sed 's/%/1/')"
    check 'no password is said' "$(
        "$psephos" store init --store 'postgresql://u:hidden@127.0.0.1:1/x' --origin o >out 2>err &&
            echo 'it did'
        ! grep hidden out err
    )"
else
    skip 'PostgreSQL' 'no server'
fi
finish
