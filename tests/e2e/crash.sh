#!/bin/sh
# crash.sh SOURCE PSEPHOS VERIFY: a board that was cut off at any point goes on or refuses, and never
# signs two records.
set -u
psephos=$(realpath "$2")
verify=$(realpath "$3")
cd "$1" || exit 1
. tests/ground/tap.sh
. tests/e2e/garden.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

{ garden_start && garden_ceremony && garden_roster && garden_open; } >out 2>err || cat err
made() {
    "$@" >out 2>err || { cat err && echo "failed: $*"; }
}
good() {
    "$verify" record --quiet >out 2>&1
    [ $? -eq 3 ] || cat out
}

# A state before one append and the state after it, to put together what a crash can leave.
made vote anna one --choose 1=1 --choose 2=1
cp -r record record.before
cp board/head head.before
made append mail/one.parcel
cp -r record record.after
cp board/head head.after
made vote bela two --choose 1=2 --choose 2=2

# put RECORD CHECKPOINT HEAD
put() {
    rm -rf record
    cp -r "record.$1" record
    cp "record.$2/checkpoint" record/checkpoint
    cp "head.$3" board/head
}
refused() {
    made_checkpoint=$(sha256sum record/checkpoint)
    append mail/two.parcel >out 2>err && echo 'it was not refused'
    [ "$(wc -l <err)" -eq 1 ] || cat err
    grep -q -- "$1" err || cat err
    [ "$made_checkpoint" = "$(sha256sum record/checkpoint)" ] || echo 'a checkpoint was written'
}

check 'cut off before signing: tiles of a tree that never was are no harm' "$(
    put after before before
    made append mail/two.parcel
    good
)"
check 'cut off after signing, before publishing: completed first' "$(
    put after before after
    append mail/two.parcel >out 2>err || cat err
    grep -q 'is now complete' err || cat err
    good
    "$psephos" record show --record record --json | grep -q '"ballots":2' || echo 'a ballot is missing'
)"
check 'an old copy of the record: refused' "$(
    put before before after
    refused 'restore'
)"
check 'an old copy of the keys: refused' "$(
    put after after before
    refused 'old copy'
)"
check 'keys without a head: refused' "$(
    put after after after
    rm board/head
    refused 'old copy'
)"
check 'another tree of the same size: refused' "$(
    put before before before
    made vote anna other --choose 1=2 --choose 2=2
    made append mail/other.parcel
    cp head.after board/head
    refused 'old copy\|other'
)"
check 'a start cut off before the first checkpoint: completed' "$(
    mkdir start && cd start || exit
    { garden_keys && garden_create; } >out 2>err || cat err
    made "$psephos" record init --record record --keys board --quiet mail/setup.parcel
    rm record/checkpoint
    made trustee ada commit >/dev/null
    "$psephos" record append --record record --keys board ../mail/one.parcel >out 2>err
    grep -q 'is now complete' err || cat err
    good
)"
check 'two boards at once: the second waits outside' "$(
    put before before before
    exec 9<record
    flock -n 9 || echo 'no lock'
    refused 'somebody else is writing'
)"

# Killed for real, at whatever moment it is, until the append goes through.
check 'killed twenty times: the record goes on, and holds each entry once' "$(
    put before before before
    round=0
    while [ $round -lt 20 ]; do
        (exec "$psephos" record append --record record --keys board mail/one.parcel mail/two.parcel) \
            >out 2>err & # the program itself, not a shell around it
        job=$!
        sleep 0.0$((round % 9 + 1))
        kill -9 $job 2>/dev/null
        wait $job 2>/dev/null
        round=$((round + 1))
        "$verify" record --quiet >out 2>&1
        [ $? -eq 3 ] || { echo "round $round:" && cat out; }
    done
    append mail/one.parcel mail/two.parcel >out 2>err || cat err
    good
    "$psephos" record show --record record --json | grep -q '"ballots":2' ||
        "$psephos" record show --record record --json
)"
check 'what was left behind by kills is no entry' "$(
    find record -name '*.new-*' -path '*tile*' | head -n 3 >left
    good
)"
finish
