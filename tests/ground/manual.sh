#!/bin/sh
# manual.sh SOURCE PSEPHOS VERIFY: every command has a manual page with EXAMPLES and EXIT STATUS that
# names each of its options, and the pages are well-formed.
set -u
psephos=$(realpath "$2")
verify=$(realpath "$3")
cd "$1" || exit 1
. tests/ground/tap.sh

# Complaints about options that a help names and its page does not: PAGE, HELP.
options_of() {
    printf '%s\n' "$2" | awk -v page="$1" '
        BEGIN { while ((getline line < page) > 0) text = text line "\n" }
        /^  --/ {
            option = substr($1, 3)
            if (option != "help" && text !~ "(Fl Fl |-\\\\-|\\\\-\\\\-)" option "([ .,]|\n)")
                print page " does not tell of --" option
        }'
}

verbs_of() { printf '%s\n' "$1" | awk '/^  [a-z]/ { print $1 }'; }

page_of() { # complaints about the page of one command: NAME, COMMAND…
    page=docs/man/$1.1
    shift
    if [ ! -f "$page" ]; then
        echo "there is no $page"
        return
    fi
    for section in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES; do
        grep -qE "^\.S[hH] \"?$section\"?\$" "$page" || echo "$page has no section $section"
    done
    help=$("$@" --help) || echo "$* --help fails"
    options_of "$page" "$help"
    for verb in $(verbs_of "$help"); do
        grep -qw -- "$verb" "$page" || echo "$page does not tell of $verb"
        help=$("$@" "$verb" --help) || echo "$* $verb --help fails"
        options_of "$page" "$help"
        # A verb may have verbs of its own, as in identity webeid verify.
        for under in $(verbs_of "$help"); do
            help=$("$@" "$verb" "$under" --help) || echo "$* $verb $under --help fails"
            options_of "$page" "$help"
        done
    done
}

check 'psephos-verify has its page' "$(page_of psephos-verify "$verify")"
check 'psephos has its page' "$([ -f docs/man/psephos.1 ] || echo 'no docs/man/psephos.1')"
for command in $("$psephos" help | awk '/^  [a-z]/ && $1 != "help" { print $1 }'); do
    check "psephos $command has its page" "$(
        page_of "psephos-$command" "$psephos" "$command"
        grep -q "psephos-$command" docs/man/psephos.1 || echo 'psephos.1 does not name it'
    )"
done
# Between `.\" keys: COMMAND` and `.\" keys end` stands what COMMAND --describe-config prints.
check 'pages tell of the settings as the daemons do' "$(
    for page in docs/man/*.1; do
        sed -n 's/^\.\\" keys: //p' "$page" | while IFS= read -r command; do
            # shellcheck disable=SC2086 # words of a command
            said=$("$psephos" $command --describe-config 2>&1)
            here=$(sed -n "/^\.\\\\\" keys: $command\$/,/^\.\\\\\" keys end/p" "$page" | sed '1d;$d')
            [ "$said" = "$here" ] || echo "$page differs from psephos $command --describe-config"
        done
    done
)"
check 'every page is installed' "$(
    for page in docs/man/*.1; do
        grep -q "'$(basename "$page")'" docs/man/meson.build || echo "$page"
    done
)"
if command -v mandoc >/dev/null 2>&1; then
    check 'mandoc finds nothing to warn of' "$(
        for page in docs/man/*.1; do
            mandoc -T lint -W warning "$page" 2>&1
        done
    )"
else
    skip 'mandoc finds nothing to warn of' 'needs mandoc'
fi
finish
