#!/bin/sh
# The tutorial as a test: every ```sh block of docs/tutorial.md runs, in order, in one shell that
# stops at the first failure.
# usage: tutorial.sh TUTORIAL BUILT-PSEPHOS BUILT-PSEPHOS-VERIFY
set -eu

tutorial=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$(realpath "$2")" "$work/bin/psephos"
ln -s "$(realpath "$3")" "$work/bin/psephos-verify"
PATH=$work/bin:$PATH

sed -n '/^```sh$/,/^```$/p' "$tutorial" | sed '/^```/d' >"$work/commands.sh"
[ "$(grep -c '^psephos' "$work/commands.sh")" -gt 40 ] || {
    echo "the tutorial has lost its commands" >&2
    exit 1
}
cd "$work"
sh -eu commands.sh
grep -q 'Olive Tree</strong>: elected' result.html
echo "tutorial: passed"
