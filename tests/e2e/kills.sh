#!/bin/sh
# kills.sh SOURCE PSEPHOS VERIFY KILLS: daemons killed with SIGKILL under load, KILLS times or
# PSE_TEST_KILLS, on SQLite or on the store of PSE_TEST_STORE; what must hold after each kill
# stands in kills.py. PSE_TEST_SEED repeats a schedule.
set -u
source=$(realpath "$1")
psephos=$(realpath "$2")
verify=$(realpath "$3")
kills=${PSE_TEST_KILLS:-$4}
seed=${PSE_TEST_SEED:-$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')}
. "$source/tests/ground/tap.sh"
. "$source/tests/e2e/load_rig.sh"
dir=$(mktemp -d)
chmod 755 "$dir"
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# A log of its own for so many kills that starting does not become the most of it.
part=1
while [ "$kills" -gt 0 ]; do
    n=$((kills < 200 ? kills : 200))
    rig_ports
    rm -rf set
    store=$(echo "${PSE_TEST_STORE:-}" | sed "s/%/$part/")
    "$psephos" load prepare set --voters $((100 * n + 500)) --witness-port "$port" --quiet \
        --listen "127.0.0.1:$((port + 4))" ${store:+--store "$store"} >made 2>&1
    check "an election is prepared (seed $seed-$part)" "$([ $? = 0 ] || cat made)"
    [ "$tap_bad" = 0 ] || break
    python3 "$source/tests/e2e/kills.py" "$psephos" "$verify" set "$n" "$seed-$part" "$port" \
        >complaints 2>said || [ -s complaints ] || tail -n 5 said >complaints
    check "$n kills lose no acknowledged ballot" "$(cat complaints)"
    sed 's/^/# /' said
    kills=$((kills - n))
    part=$((part + 1))
done
finish
