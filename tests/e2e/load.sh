#!/bin/sh
# load.sh SOURCE PSEPHOS VERIFY: voters who arrive on schedule at the real service, the same ballots
# again, a flood beside them, idle and slow connections. What is asked is whether all is right; how fast it was stands in docs/load.md.
set -u
psephos=$(realpath "$2")
cd "$1" || exit 1
. tests/ground/tap.sh
. tests/e2e/load_rig.sh
dir=$(mktemp -d)
trap 'rig_end; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# complaints unless the JSON in FILE has VALUE at the Python expression of `r`: FILE EXPRESSION
holds() {
    python3 - "$1" "$2" 2>&1 <<'PY'
import json, sys
r = json.load(open(sys.argv[1]))
phase = {p["phase"]: p for p in r.get("phases", [])}
if not eval(sys.argv[2]):
    print("not so: " + sys.argv[2])
    print(json.dumps(r)[:2000])
PY
}
run() { # FILE OPTION…
    out=$1
    shift
    "$psephos" load run --ballots set --box "$url" --json --pid "$rig_box" "$@" >"$out" 2>err || cat err >&2
}

# --- what is refused -----------------------------------------------------------------------------
refused() { # PATTERN COMMAND…
    pattern=$1
    shift
    "$psephos" load "$@" >out 2>err
    [ $? = 2 ] || echo "load $*: not refused"
    grep -q -- "$pattern" err || cat err
}
check 'other machines are not put under load' "$(
    refused 'loopback' run --ballots x --box http://192.0.2.1:80
    refused 'loopback' peak --get / --box http://192.0.2.1:80
    refused '127.0.0.1:PORT' run --ballots x --box http://localhost:80
)"
check 'wrong use is told' "$(
    refused 'prepare' run --ballots nowhere --box http://127.0.0.1:1
    refused 'no such process' peak --get / --box http://127.0.0.1:1 --pid 999999999
    refused 'flood-kind' run --ballots x --box http://127.0.0.1:1 --flood-kind rain
    refused 'no path' peak --get 'a b' --box http://127.0.0.1:1
)"

# --- a server that does nothing ------------------------------------------------------------------
"$psephos" load null >null.out 2>&1 &
null=$!
rig_pids="$rig_pids $null"
rig_wait null.out http
nothing=$(head -n 1 null.out)
check 'peak measures, and gives the ratio to a server that does nothing' "$(
    "$psephos" load peak --box "$nothing" --get /x --seconds 1 --connections 8 --null --pid $null \
        --json >peak 2>err || cat err
    holds peak 'r["good"] > 100 and r["broken"] == 0 and r["null_server"]["good"] > 100'
    holds peak 'r["cpu_over_null"] > 0'
)"

# --- the service -----------------------------------------------------------------------------------
rig_open set 2600 127.0.0.1:0 >opened 2>&1
good=$?
check 'an election is prepared and served' "$([ $good = 0 ] || cat opened box.err)"
[ $good = 0 ] || { finish; exit; }

run first --rate 200 --warm-up 1 --steady 3 --judge 1 --want-cast 1
check 'every voter holds a receipt that proves the ballot is in the record' "$(
    holds first 'sum(p["voters"] for p in r["phases"]) == sum(p["cast"] for p in r["phases"]) > 500'
    holds first 'r["receipts_judged"] == r["receipts_good"] > 500'
    holds first 'all(p["answers"]["other"] == 0 for p in r["phases"])'
    holds first 'phase["steady"]["server_cpu_seconds"] >= 0 and phase["steady"]["server_memory_bytes"] > 0'
)"
size() { sed -n 2p set/record/checkpoint; }
before=$(size)
run again --rate 200 --warm-up 1 --steady 3 --judge 1 --want-cast 1
check 'the same ballots again get receipts, and nothing is recorded twice' "$(
    holds again 'r["receipts_judged"] == r["receipts_good"] > 500'
    [ "$(size)" = "$before" ] || echo "the record went from $before to $(size)"
)"
run flood --rate 60 --warm-up 1 --steady 2 --flood 3000 --flood-seconds 4 --sources 300 \
    --recovery 2 --judge 1 --want-cast 1 --html page.html
check 'forged and junk ballots are refused while voters get through' "$(
    holds flood 'phase["flood"]["cast"] == phase["flood"]["voters"] > 100'
    holds flood 'phase["flood"]["flood"]["sent"] > 1000'
    holds flood 'phase["flood"]["flood"]["answers"]["other"] + phase["flood"]["flood"]["answers"]["limited"] + phase["flood"]["flood"]["answers"]["busy"] > 300'
    holds flood 'r["receipts_judged"] == r["receipts_good"] > 300'
    grep -q 'p99 in each phase' page.html || echo 'no chart'
    "$psephos" record show --record set/record --json >shown 2>err || cat err
)"
if [ "$(ulimit -Hn)" -ge 18000 ]; then
    run idle --rate 40 --warm-up 1 --steady 4 --idle 10000 --slow 300 --judge 1 --want-cast 1
    check 'ten thousand idle connections keep no voter out' "$(
        holds idle 'phase["slow"]["cast"] == phase["slow"]["voters"] > 100'
        holds idle 'phase["slow"]["slow"]["opened"] >= 10000'
    )"
else
    skip 'ten thousand idle connections keep no voter out' 'needs 18000 descriptors'
fi
check 'the service is as sound as before' "$(
    curl -sf "$url/healthz" >out || cat out
    ! grep -E ' (error|warning) ' box.err sequence.out
)"
finish
