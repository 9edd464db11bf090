#!/bin/sh
# bundle.sh PAGE HEADER WEB: a page (WEB/PAGE) as three C arrays, PAGE_html, PAGE_js and PAGE_css. Its
# script is what index.html lists in its comment `scripts:`, then its texts in all languages; a text that
# one language lacks ends the build. The page names script and style sheet by their hashes.
set -eu
page=$1
out=$(realpath -m "$2")
web=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$web/$page"

keys() { sed -n 's/^  "\([a-z0-9.-]*\)": ".*",\{0,1\}$/\1/p' "$1"; }
keys texts/en.json >"$work/keys"
for file in texts/*.json; do
    if ! keys "$file" | cmp -s - "$work/keys"; then
        echo "bundle: $web/$page/$file has other texts, or another order, than texts/en.json" >&2
        exit 1
    fi
done

{
    echo "'use strict';"
    printf 'const texts = {'
    for file in texts/*.json; do
        printf '%s: ' "$(basename "$file" .json)"
        cat "$file"
        printf ','
    done
    echo '};'
    # shellcheck disable=SC2046 # one word a file
    cat $(sed -n 's/.*<!-- scripts: \(.*\) -->.*/\1/p' index.html)
} >"$work/$page.js"
cat ../common/base.css "$page.css" >"$work/$page.css"

hash() { sha384sum <"$1" | cut -c1-96 | tr a-f A-F | basenc --base16 -d | base64 -w0; }
sed -e '/<!-- scripts: /d' -e "s|@SCRIPT@|sha384-$(hash "$work/$page.js")|" \
    -e "s|@STYLE@|sha384-$(hash "$work/$page.css")|" index.html >"$work/$page.html"
: >"$out"
for kind in html js css; do
    "$web/../programs/common/embed.sh" "${page}_$kind" "$work/$page.$kind" "$work/part"
    cat "$work/part" >>"$out"
done
