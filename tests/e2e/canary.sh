# shellcheck shell=sh
# Sourced by tests that plant secrets: what was planted must appear in no output, in no form.

# canary_found CANARY PATH…: complaints about files below the paths that hold the text, its
# hexadecimal form or its base64 (whatever the alignment). One letter alone proves nothing: at least 12.
canary_found() {
    canary=$1
    shift
    [ "${#canary}" -ge 12 ] || echo "the canary $canary is too short to prove anything"
    hex=$(printf '%s' "$canary" | od -An -v -tx1 | tr -d ' \n')
    for form in "$canary" "$hex" "$(canary_base64 "$canary" '' 0)" \
        "$(canary_base64 "$canary" a 2)" "$(canary_base64 "$canary" aa 3)"; do
        grep -rlaiF -- "$form" "$@" 2>/dev/null | sed "s|\$| holds the canary as $form|"
    done
}

# The characters of the base64 that depend on the canary alone: TEXT, what stands before, how many
# characters that touches.
canary_base64() {
    printf '%s%s' "$2" "$1" | base64 -w 0 | sed 's/=*$//' | cut -c "$(($3 + 1))-" | sed 's/..$//'
}
