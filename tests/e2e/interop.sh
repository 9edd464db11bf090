#!/bin/sh
# interop.sh SOURCE MINI_RECORD: our record read by the note and tlog packages of golang.org/x/mod
# (Debian: golang-go, golang-golang-x-mod-dev). Skipped where Go or the packages are not there.
set -u
mini=$(realpath "$2")
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
finish
