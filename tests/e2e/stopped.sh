#!/bin/sh
# stopped.sh SOURCE PSEPHOS VERIFY: elections that end without a result: a dealer who cheats is found
# and named; an officer stops in good order.
set -u
psephos=$(realpath "$2")
verify=$(realpath "$3")
cd "$1" || exit 1
. tests/ground/tap.sh
. tests/e2e/garden.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

made() {
    "$@" >out 2>err || { cat err && echo "failed: $*"; }
}

# Up to the shares, with Bob's polynomial changed between reveal and share: his shares do not fit
# what he revealed. (The ceremony file: 38 bytes of head, then the coefficients.)
check 'a dealer deals wrong shares' "$(
    made garden_start
    for step in commit reveal; do
        made trustee ada $step
        made trustee bob $step
        made append mail/ada-$step.parcel mail/bob-$step.parcel
    done
    printf 'cheating' | dd of=bob/trustee.key.state/ceremony bs=1 seek=70 conv=notrunc 2>/dev/null
    made trustee ada share
    made trustee bob share
    made append mail/ada-share.parcel mail/bob-share.parcel
)"
check 'the receiver sees it and does not confirm' "$(
    heard=$("$psephos" trustee code --record record --key ada/trustee.key --quiet)
    trustee ada confirm --heard "$heard" >out 2>err && echo 'confirmed'
    [ "$(wc -l <err)" -eq 1 ] && grep -q 'trustee 2 dealt to you does not fit' err || cat err
    [ ! -e mail/ada-confirm.parcel ] || echo 'a parcel was made'
)"
check 'the complaint stops the ceremony and names the dealer' "$(
    made trustee ada complain --dealer 2
    made append mail/ada-complain.parcel
    "$psephos" record show --record record >out 2>err || cat err
    grep -q 'trustee 2 is at fault' out || cat out
    grep -q 'state  *ABORT' out || cat out
)"
check 'nothing but the end is possible now' "$(
    officer open >out 2>err && echo 'opened'
    grep -q 'state ABORT' err || cat err
    rm -f mail/open.parcel
    made officer end
    made append mail/end.parcel
    "$verify" record --quiet >out 2>&1 || cat out
    grep -q '^verdict: aborted' out || cat out
)"
check 'the page says that there is no result' "$(
    made "$psephos" officer publish --record record --html page.html
    grep -q 'there is no result' page.html || echo 'it does not'
    grep -q 'Votes' page.html && echo 'it shows votes'
)"

mkdir second && cd second || exit 1
check 'an officer stops an open vote' "$(
    made garden_start
    made garden_ceremony
    made garden_roster
    made garden_open
    made garden_votes
    officer abort --reason decision >out 2>err && echo 'without grounds'
    made officer abort --reason decision --about 'Court order 7/26' --evidence office/evidence.jsonl
    made append mail/abort.parcel
    grep -q 'Court order 7/26' office/evidence.jsonl || echo 'no evidence kept'
    [ "$(stat -c %a office/evidence.jsonl)" = 600 ] || echo 'evidence for all to read'
    grep -rq 'Court order' record && echo 'the grounds are in the record'
    vote anna late --choose 1=1 --choose 2=1 >out 2>err && echo 'a ballot after the abort'
    made officer end
    made append mail/end.parcel
    "$verify" record --quiet >out 2>&1 || cat out
    grep -q '^verdict: aborted' out || cat out
)"
finish
