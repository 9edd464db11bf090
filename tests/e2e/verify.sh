#!/bin/sh
# verify.sh SOURCE VERIFY MINI_RECORD: psephos-verify on records as files: verdicts, exit statuses,
# pins, reports, and every file of a record damaged in turn.
set -u
verify=$(realpath "$2")
mini=$(realpath "$3")
cd "$1" || exit 1
. tests/ground/tap.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# run ARGUMENTS…: leaves status, $dir/out and $dir/err.
run() {
    "$verify" "$@" >"$dir/out" 2>"$dir/err" </dev/null
    status=$?
}

# says STATUS VERDICT: complaints when the last run ended otherwise.
says() {
    [ "$status" -eq "$1" ] || echo "status $status, wanted $1: $(tail -n 3 "$dir/out" "$dir/err")"
    grep -q "^verdict: $2" "$dir/out" || echo "no verdict '$2': $(tail -n 1 "$dir/out")"
    [ ! -s "$dir/err" ] || echo "standard error: $(head -n 2 "$dir/err")"
}

for kind in accepted open aborted dead off-by-one; do
    "$mini" "$kind" "$dir/$kind" || exit 1
done

run "$dir/accepted"
check 'an honest record is accepted' "$(says 0 accepted)"
eid=$(awk '$1 == "eid" { print $2 }' "$dir/out")
check 'it is told who took part and what was counted' "$(
    for words in trustees mixers witnesses 'roster records before open' 'ballots admitted' ballots; do
        grep -q "$words" "$dir/out" || echo "no '$words'"
    done
)"
run "$dir/open"
check 'an unfinished one is a valid prefix' "$(
    says 3 'valid prefix in state OPEN'
    grep -q '^V909 entry=- ' "$dir/out" || echo 'V909 is not named'
)"
run "$dir/aborted"
check 'an abort in good order passes and says so' "$(says 0 aborted)"
run "$dir/dead"
check 'a dead entry is listed and leaves the verdict' "$(
    says 0 'accepted; 1 dead entry, without effect'
    grep -qE '^V906 entry=[0-9]+ ' "$dir/out" || echo 'V906 is not named'
)"
run "$dir/dead" --strict
check 'strict mode refuses a dead entry' "$(says 1 'not accepted; 1 dead entry, refused by --strict')"
run "$dir/off-by-one"
check 'a result off by one is dead, so is the end after it, and nothing is accepted' "$(
    says 3 'valid prefix in state MIXED; 2 dead entries'
    grep '^V' "$dir/out" | head -n 1 | grep -qE '^V802 entry=[0-9]+ ' ||
        echo "first finding: $(grep -m 1 '^V' "$dir/out")"
)"

run "$dir/accepted" --eid "$eid"
check 'the right eid passes' "$(says 0 accepted)"
run "$dir/accepted" --eid "$(printf '%064d' 1)"
check 'another eid is refused' "$(says 1 'not accepted')"
policy=$dir/policy
for blob in "$dir"/accepted/blob/*; do
    if grep -q '^quorum ' "$blob"; then cp "$blob" "$policy"; fi
done
run "$dir/accepted" --policy "$policy"
check 'the right policy passes' "$(says 0 accepted)"
echo >>"$policy"
run "$dir/accepted" --policy "$policy"
check 'another policy is refused' "$(says 1 'not accepted')"
run "$dir/open" --eid "$(printf '%064d' 1)"
check 'a prefix of another election is refused' "$(says 1 'not accepted')"

run "$dir/accepted" --quiet
check 'quiet prints findings and the verdict alone' "$(
    says 0 accepted
    grep -vE '^(verdict: |[VW][0-9]{3} entry=)' "$dir/out"
)"
for kind in accepted open off-by-one; do
    run "$dir/$kind" --json
    check "the report of '$kind' as JSON" "$(
        python3 - "$dir/out" "$status" <<'PY' 2>&1
import json, sys
o = json.load(open(sys.argv[1]))
assert o["exit"] == int(sys.argv[2]), "exit"
rules = o["rules"]
assert len(rules) == 52 and len({r["rule"] for r in rules}) == 52, "52 rules"
for r in rules:
    assert {"rule", "title", "items", "failed", "nanoseconds"} <= r.keys(), r
used = {r["rule"] for r in rules if r["items"] > 0}
assert {"V101", "V404", "V405", "V406", "V901", "V904"} <= used, used
assert (o["first"] is None) == (o["verdict"] == "accepted"), "first"
assert len(o["trustees"]) == 3 and len(o["witnesses"]) == 4, "names"
PY
    )"
done
run "$dir/accepted" --threads 1 --backend portable
check 'one thread gives the same verdict' "$(says 0 accepted)"
mkdir "$dir/accepted/page" && echo hello >"$dir/accepted/page/index.html" &&
    echo x >"$dir/accepted/checkpoint.gz"
run "$dir/accepted"
check 'files that the protocol does not name are ignored' "$(says 0 accepted)"
rm -r "$dir/accepted/page" "$dir/accepted/checkpoint.gz"

# damaged NAME STATUSES: a run over $dir/bad ends with one of the statuses and never otherwise.
damaged() {
    run "$dir/bad"
    check "$1" "$(
        case " $2 " in
        *" $status "*) ;;
        *) echo "status $status, wanted one of $2: $(tail -n 2 "$dir/out" "$dir/err")" ;;
        esac
        if [ "$status" -eq 1 ]; then
            grep -q '^V' "$dir/out" || echo 'no rule is named'
        fi
    )"
}

# A statement's blob may be absent (W003) but not altered; without a checkpoint there is no record.
(cd "$dir/accepted" && find . -type f | sort) >"$dir/list"
while IFS= read -r file <&3; do
    rm -rf "$dir/bad" && cp -r "$dir/accepted" "$dir/bad"
    size=$(wc -c <"$dir/bad/$file")
    middle=$((size / 2))
    byte=$(dd if="$dir/bad/$file" bs=1 skip=$middle count=1 2>/dev/null | od -An -tu1)
    # shellcheck disable=SC2059 # an escape made on the spot
    printf "\\$(printf %03o $((byte ^ 1)))" |
        dd of="$dir/bad/$file" bs=1 seek=$middle conv=notrunc 2>/dev/null
    damaged "one bit of $file" 1
    cp "$dir/accepted/$file" "$dir/bad/$file"
    truncate -s $((size - 1)) "$dir/bad/$file"
    damaged "$file one byte short" 1
    rm "$dir/bad/$file"
    case "$file" in
    ./checkpoint) damaged "$file away" 2 ;;
    ./blob/*) damaged "$file away" '0 1' ;;
    *) damaged "$file away" 1 ;;
    esac
done 3<"$dir/list"
finish
