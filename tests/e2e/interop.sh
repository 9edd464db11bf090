#!/bin/sh
# interop.sh SOURCE MINI_RECORD PSEPHOS PLAIN_LOG: our record, cosignatures and receipts read by the note and tlog packages of golang.org/x/mod
# (Debian: golang-go, golang-golang-x-mod-dev). Skipped where Go or the packages are not there.
set -u
mini=$(realpath "$2")
psephos=$(realpath "$3")
plain=$(realpath "$4")
cd "$1" || exit 1
. tests/ground/tap.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

if ! command -v go >/dev/null || [ ! -d /usr/share/gocode/src/golang.org/x/mod/sumdb/tlog ]; then
    echo '1..0 # SKIP no Go with golang.org/x/mod here'
    exit 0
fi
"$mini" accepted "$dir/record" || exit 1
export GOPATH=/usr/share/gocode GO111MODULE=off GOCACHE="$dir/cache" GOFLAGS=
go build -o "$dir/interop" contrib/interop/main.go || exit 1
vkey=$(sed -n 's/.*"log":{"origin":"[^"]*","key":"\([^"]*\)".*/\1/p' "$dir/record"/blob/* | head -n 1)

check 'the whole log reads' "$("$dir/interop" "$dir/record" "$vkey" 2>&1 >/dev/null)"
for file in checkpoint $(cd "$dir/record" && find tile -type f); do
    cp -r "$dir/record" "$dir/bad"
    size=$(stat -c %s "$dir/bad/$file")
    printf '\377' | dd of="$dir/bad/$file" bs=1 seek=$((size / 3)) conv=notrunc 2>/dev/null
    check "not with a byte of $file changed" "$(
        "$dir/interop" "$dir/bad" "$vkey" >/dev/null 2>&1 && echo 'it reads'
    )"
    rm -rf "$dir/bad"
done

# Cosigned checkpoints and receipts, with the policy of the election.
policy=$dir/record/blob/$(sed -n 's/.*"policy":"\([0-9a-f]*\)".*/\1/p' "$dir/record"/blob/* | head -n 1)
for index in 0 17 49; do
    "$psephos" record receipt --record "$dir/record" --index $index --out "$dir/receipt-$index" \
        --quiet || exit 1
done
reads() { # complaints when it does not read; extra words: receipts
    "$dir/interop" "$dir/record" "$vkey" "$policy" "$@" 2>&1 >/dev/null
}
check 'a quorum of cosignatures, and receipts' "$(reads "$dir"/receipt-*)"
cp "$dir/record/checkpoint" "$dir/good"
grep -v ' north ' "$dir/good" >"$dir/record/checkpoint"
check 'not with two of four witnesses' "$(
    reads | grep -q 'by witnesses: 2' || echo 'it reads, or complains of something else'
)"
cp "$dir/good" "$dir/record/checkpoint"
sed '3s/^./_/' "$dir/receipt-17" >"$dir/bad-receipt"
check 'not a receipt with a bad hash' "$([ -n "$(reads "$dir/bad-receipt")" ] || echo 'it reads')"
sed 's/^index 17$/index 18/' "$dir/receipt-17" >"$dir/bad-receipt"
check 'not a receipt of another entry' "$([ -n "$(reads "$dir/bad-receipt")" ] || echo 'it reads')"

# The sizes where levels of tiles begin.
for size in 255 256 257; do
    "$plain" "$dir/log" $size || exit 1
    key=$(sed -n 's/^log //p' "$dir/log.policy")
    check "a log of $size entries, its cosignatures and a receipt" "$(
        "$dir/interop" "$dir/log" "$key" "$dir/log.policy" "$dir/log.receipt" 2>&1 >/dev/null
    )"
done
finish
