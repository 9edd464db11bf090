# shellcheck shell=sh
# Sourced by the shell tests: TAP output, one line a case, and a plan at the end.
tap_count=0
tap_bad=0

# check NAME COMPLAINTS: none is a pass.
check() {
    tap_count=$((tap_count + 1))
    if [ -z "$2" ]; then
        echo "ok $tap_count - $1"
    else
        tap_bad=$((tap_bad + 1))
        echo "not ok $tap_count - $1"
        printf '%s\n' "$2" | head -n 40 | sed 's/^/# /'
    fi
}

# skip NAME WHY
skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}

# Files of the project below the current folder: what git tracks, or all in an unpacked archive.
project_files() {
    git ls-files -- "$@" 2>/dev/null ||
        find . -path ./.git -prune -o -path './build*' -prune -o -type f -print | sed 's|^\./||'
}

finish() {
    echo "1..$tap_count"
    [ "$tap_bad" -eq 0 ]
}
