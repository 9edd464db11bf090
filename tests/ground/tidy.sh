#!/bin/sh
# tidy.sh SOURCE: what stands in the tree is formatted, finished and names no machine.
set -u
cd "$1" || exit 1
. tests/ground/tap.sh

# C files below a folder.
c_files() { project_files "$1" | grep -E '\.[ch]$'; }

# Of the files named on standard input, those that are there.
present() {
    while IFS= read -r file; do
        [ ! -f "$file" ] || printf '%s\n' "$file"
    done
}

# Lines of files named on standard input that match a pattern.
lines_like() { present | tr '\n' '\0' | xargs -0 -r grep -InE -- "$1" /dev/null; }

for folder in lib programs fuzz tests; do
    if clang-format --version 2>/dev/null | grep -q 'version 14\.'; then
        check "$folder is formatted" "$(
            c_files "$folder" | present | tr '\n' '\0' |
                xargs -0 -r clang-format --dry-run -Werror 2>&1 |
                sed -n 's/^\([^ :]*\):[0-9].*/\1/p' | sort -u
        )"
    else
        skip "$folder is formatted" 'needs clang-format 14'
    fi
done

# Brackets keep these patterns from finding themselves.
check 'no file names a path of one machine' "$(
    project_files . | grep -vE '^(tests/|LICENSE$)' |
        lines_like '(^|[^A-Za-z0-9._/-])/(wor[k]|tm[p]|hom[e]|roo[t]|User[s])/'
)"
check 'nothing is left to be done later' "$(
    project_files lib programs fuzz tests packaging docs |
        lines_like 'TOD[O]|FIXM[E]|XX[X]:|not implemente[d]|unimplemente[d]'
)"
check 'no C file is longer than 800 lines' "$(
    c_files . | present | tr '\n' '\0' | xargs -0 -r awk '
        FNR == 801 { print FILENAME " has more than 800 lines" }'
)"
check 'no white space at the end of a line' "$(
    project_files . | grep -vE '^(fuzz/corpus/|tests/vectors/|LICENSE$)' | lines_like '[[:blank:]]+$'
)"
check 'every shell script parses' "$(
    for script in packaging/* .ci/run tests/*/*.sh; do
        [ -f "$script" ] || continue
        case "$(head -n 1 "$script")" in
        '#!'*bash) bash -n "$script" 2>&1 ;;
        '#!'*sh) sh -n "$script" 2>&1 ;;
        esac
    done
)"
finish
