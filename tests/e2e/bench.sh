#!/bin/sh
# bench.sh SOURCE PSEPHOS: the shape of every line that bench prints, which items a filter takes,
# the report drawn from the lines, and what is refused. How fast anything is, is not judged here.
set -u
psephos=$(realpath "$2")
cd "$1" || exit 1
. tests/ground/tap.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# shape FILE NAMES: complaints about lines, and about items that are not exactly NAMES.
cat >shape.py <<'PY'
import json, sys
FIGURES = {"value", "things", "min", "median", "runs", "wall_ns", "cpu_ns", "threads"}
LINE = FIGURES | {"name", "unit", "backend", "peers", "cpu", "features", "processors", "ghz", "compiler"}
ELECTION = {"ballots", "contests", "options", "kind", "threshold", "trustees", "mixers", "record_bytes",
            "memory_bytes", "make_memory_bytes", "make_seconds", "phases"}
REGISTRATION = {"seconds", "offered_per_hour", "registered", "failed", "accepted_p50_ms", "accepted_p99_ms",
                "registered_p50_ms", "registered_p99_ms", "roster_p50_ms", "roster_p99_ms", "batch_least",
                "ballots_per_second", "ballots_cast", "ballots_failed", "cast_p50_ms", "cast_p99_ms",
                "auth_cpu_ms", "registrar_cpu_ms", "authority_cpu_ms", "most_per_hour"}
UNITS = {"ns", "us", "ms", "s", "per s", "MiB/s"}

def figures(what, o, unit):
    for member in FIGURES:
        if not isinstance(o.get(member), (int, float)) or isinstance(o[member], bool) or o[member] <= 0:
            print(f"{what}: {member} is {o.get(member)}")
    if o["runs"] < 9:
        print(f"{what}: {o['runs']} runs")
    if o["value"] != o["median"]:
        print(f"{what}: the value is not the median")
    if (o["min"] < o["median"]) if unit in ("per s", "MiB/s") else (o["min"] > o["median"]):
        print(f"{what}: the fastest run is slower than the median")

names = []
for number, text in enumerate(open(sys.argv[1]), 1):
    o = json.loads(text)
    names.append(o["name"])
    missing = LINE - set(o)
    if missing:
        print(f"line {number} lacks {missing}")
        continue
    extra = set(o) - LINE - {"peer"}
    if extra and extra not in (ELECTION, REGISTRATION):
        print(f"line {number} has {extra}")
    if o["unit"] not in UNITS or o["processors"] < 1 or not 0.1 < o["ghz"] < 20:
        print(f"line {number}: {o['unit']}, {o['processors']} processors, {o['ghz']} GHz")
    figures(f"line {number}", o, o["unit"])
    for peer in o["peers"]:
        figures(f"line {number}, {peer['name']}", peer, o["unit"])
        if peer["threads"] != 1 or not peer["version"] or not peer["work"]:
            print(f"line {number}: peer {peer}")
    if ("peer" in o) != bool(o["peers"]) or o.get("peer") != (o["peers"] or [None])[0]:
        print(f"line {number}: peer is not the first of the peers")
    if extra == REGISTRATION:
        for quantile in ("accepted", "registered", "roster", "cast"):
            if not 0 < o[quantile + "_p50_ms"] <= o[quantile + "_p99_ms"]:
                print(f"line {number}: {quantile} after {o[quantile + '_p50_ms']}, p99 {o[quantile + '_p99_ms']} ms")
        if (o["registered"], o["failed"]) != (10, 0) or (o["ballots_cast"], o["ballots_failed"]) != (240, 0):
            print(f"line {number}: {o}")
        if o["roster_p50_ms"] <= o["registered_p50_ms"] or o["registered_p50_ms"] <= o["accepted_p50_ms"]:
            print(f"line {number}: a later step was there before an earlier one")
    if extra == ELECTION and (sum(p["seconds"] for p in o["phases"]) > o["make_seconds"] or
                  o["memory_bytes"] < 1 << 20 or o["record_bytes"] < 100 * o["ballots"]):
        print(f"line {number}: {o['phases']}, {o['make_seconds']} s, {o['memory_bytes']} bytes")
if names != sys.argv[2:]:
    print(f"items {names}")
PY

measure() { "$psephos" bench --json "$@" >>lines.jsonl 2>err || { echo "status $?" && cat err; }; }
check 'lines of items with and without peers' "$(
    measure --filter json-parse
    measure --filter ed25519
    measure --filter field-mul --backend portable
    measure --filter fixed-base --threads 2
    python3 shape.py lines.jsonl json-parse ed25519-verified field-mul fixed-base
)"
check 'OpenSSL and libsodium are measured beside signatures' "$(
    grep '"ed25519-verified"' lines.jsonl >line
    for word in '"name":"libsodium"' 'ECDSA P-256' 'ECDSA P-384'; do
        grep -q "$word" line || echo "no $word"
    done
    [ -s line ] || echo 'not measured'
)"
check 'threads and back-end are those asked for' "$(
    grep -q '"name":"field-mul".*"backend":"portable"' lines.jsonl || echo 'not portable'
    grep -q '"name":"fixed-base".*"threads":2' lines.jsonl || echo 'not on two threads'
)"
check 'a whole election is measured and removed' "$(
    mkdir scratch
    "$psephos" bench --filter growth-hom-options-2 --scratch scratch --threads 2 --json >whole.jsonl 2>err ||
        { echo "status $?" && cat err; }
    python3 shape.py whole.jsonl growth-hom-options-2
    grep -q '"ballots":20000,"contests":1,"options":2,"kind":"homomorphic","threshold":2,"trustees":3,"mixers":0' \
        whole.jsonl || cat whole.jsonl
    [ -z "$(ls scratch)" ] || ls scratch
)"
check 'registrations beside ballots, through a service of their own' "$(
    "$psephos" bench --filter registration-to-roster --seconds 3 --scratch scratch --json >way.jsonl 2>err ||
        { echo "status $?" && cat err; }
    python3 shape.py way.jsonl registration-to-roster
    [ -z "$(ls scratch)" ] || ls scratch
)"
check 'the table names item, unit and peer' "$(
    "$psephos" bench --filter sha256-tile >table 2>err || cat err
    grep -qE '^sha256-tile +[0-9.]+ +[0-9.]+ +MiB/s .* libsodium: SHA-256' table || cat table
)"
check 'a filter takes the items that contain it, no slow ones' "$(
    "$psephos" bench --list >all
    for item in field-mul msm-2^8 msm-2^20 mix-ballot-made share-made election-1m growth-mix; do
        grep -qxF "$item" all || echo "no item $item"
    done
    [ "$(sort all | uniq -d | wc -l)" -eq 0 ] || sort all | uniq -d
    "$psephos" bench --filter tile --json >some.jsonl 2>err || cat err
    python3 shape.py some.jsonl sha256-tile tile-root
)"

check 'the report holds table, Markdown, chart and page' "$(
    cat whole.jsonl >>lines.jsonl
    "$psephos" bench --report report lines.jsonl some.jsonl >out 2>err || cat err
    [ ! -s out ] || cat out
    grep -q '^ed25519-verified ' report/figures.txt || echo 'figures.txt'
    grep -q 'ECDSA P-384' report/figures.txt || echo 'no peer in figures.txt'
    grep -q '^| growth-hom-options-2 ' report/figures.md ||
        grep -q '"backend":"portable"' whole.jsonl || echo 'figures.md'
    python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse("report/performance.svg")' 2>&1 | tail -n 1
    grep -q '<svg' report/performance.html || echo 'no chart on the page'
)"
check 'the same lines give the same chart' "$(
    "$psephos" bench --report again lines.jsonl some.jsonl 2>err || cat err
    diff -r report again
)"
check 'words of a figure are no markup' "$(
    sed 's/"name":"libsodium"/"name":"<script>"/g' some.jsonl >script.jsonl
    "$psephos" bench --report script script.jsonl 2>err || cat err
    cat script/performance.svg script/performance.html | grep -F '<script>'
)"

# refused STATUS WORDS ARGUMENTS…: one line that says so, nothing on standard output.
refused() {
    wanted=$1
    words=$2
    shift 2
    "$psephos" bench "$@" >out 2>err
    status=$?
    [ "$status" -eq "$wanted" ] || echo "status $status, wanted $wanted"
    [ "$(wc -l <err)" -eq 1 ] || { echo 'not one line:' && cat err; }
    grep -q -- "$words" err || cat err
    [ ! -s out ] || head -n 3 out
}
check 'refused: slow items by a part of their name' "$(refused 2 '\-\-all' --filter election-)"
check 'refused: an item that is none' "$(refused 2 'no item' --all --filter elephants)"
check 'refused: a back-end that is none' "$(refused 2 'no back-end' --filter decode --backend gpu)"
check 'refused: files without --report' "$(refused 2 '\-\-report' lines.jsonl)"
check 'refused: a report of nothing' "$(refused 2 'no files' --report no)"
check 'refused: a file that is not there' "$(refused 2 'absent.jsonl' --report no absent.jsonl)"
check 'refused: a folder for elections that is not there' "$(
    refused 1 '\-\-scratch' --filter growth-hom-options-2 --scratch absent --json
)"
check 'refused: more files than a report takes' "$(
    # shellcheck disable=SC2046 # nine words
    refused 2 'unexpected word' --report no $(for i in 1 2 3 4 5 6 7 8 9; do echo some.jsonl; done)
)"
spoilt() { # spoilt SED-COMMAND: the second line of a file is no figure
    sed "2$1" some.jsonl >spoilt.jsonl
    refused 2 'spoilt.jsonl:2: ' --report no spoilt.jsonl
}
check 'refused: no JSON' "$(spoilt 's/}$//')"
check 'refused: a line without a name' "$(spoilt 's/"name":"tile-root",//')"
check 'refused: a line without a value' "$(spoilt 's/"value":[0-9.]*,//')"
check 'refused: a value of nothing' "$(spoilt 's/"value":[0-9.]*,/"value":0,/')"
check 'refused: a word for a value' "$(spoilt 's/"value":[0-9.]*,/"value":"1",/')"
check 'refused: threads that are no number' "$(spoilt 's/"threads":1,/"threads":-1,/')"
check 'refused: no peers' "$(spoilt 's/"peers":\[\]/"peers":{}/')"
check 'refused: a peer without figures' "$(spoilt 's/"peers":\[\]/"peers":[{"name":"x"}]/')"
check 'refused: an empty line' "$(spoilt 's/.*//')"
check 'refused: a member twice' "$(spoilt 's/"unit":/"unit":"s","unit":/')"
check 'nothing was written for refused files' "$([ ! -e no ] || ls no)"
finish
