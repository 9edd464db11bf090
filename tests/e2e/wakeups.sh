#!/bin/sh
# wakeups.sh SOURCE PSEPHOS: workers of the HTTP server that answer at once, or after a moment, wake
# every connection: a resume that is lost freezes its connection until a deadline (service contract 2).
# PSE_TEST_WAKEUPS says how many requests, 40000 if unset.
set -u
psephos=$(realpath "$2")
cd "$1" || exit 1
. tests/ground/tap.sh
. tests/e2e/load_rig.sh
n=${PSE_TEST_WAKEUPS:-40000}
dir=$(mktemp -d)
trap 'rig_end; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

command -v h2load >/dev/null || {
    skip 'workers wake every connection' 'needs h2load'
    finish
    exit
}
head -c 300 /dev/zero >body
wake() { # WORK CONNECTIONS: complaints
    "$psephos" load null --work "$1" >null.out 2>&1 &
    null=$!
    rig_pids="$rig_pids $null"
    rig_wait null.out http || return
    timeout 900 h2load --h1 -c"$2" -n"$n" -d body "$(head -n 1 null.out)/v1/ballots" >out 2>&1 || cat out
    grep -q "$n succeeded, 0 failed, 0 errored, 0 timeout" out || grep requests: out
    grep -q "status codes: $n 2xx, 0 3xx, 0 4xx, 0 5xx" out || grep status out
    kill "$null"
    wait "$null" || echo "the server ended with $?"
    rig_pids=
}
check "a worker that answers at once wakes each of 128 connections, $n times" "$(wake 0 128)"
check 'a worker that takes up to 300 us likewise' "$(wake 300 128)"
check 'two thousand connections at once likewise' "$(wake 50 2000)"
finish
