#!/bin/sh
# duties.sh SOURCE PSEPHOS VERIFY: what a trustee must refuse before opening a list (protocol 9): a
# mixer that is missing without a word, a list too small to protect secrecy.
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
# refused WORDS OPTIONS…: Ada does not decrypt, says why in one line, and opens nothing.
refused() {
    words=$1
    shift
    trustee ada decrypt "$@" >out 2>err && echo 'it decrypted'
    [ "$(wc -l <err)" -eq 1 ] && grep -q -- "$words" err || cat err
    [ ! -e mail/ada-decrypt.parcel ] || echo 'a parcel was made'
    [ ! -e ada/trustee.key.state/opened-1-1 ] || echo 'a list was opened'
}

# The garden with a second mixer, who will not act, and lists of at least three.
check 'an election of two voters with a mixer who stays away' "$(
    made garden_keys
    mkdir emil
    made "$psephos" mixer keygen --name Emil --key emil/mixer.key --quiet
    garden_plan | sed 's/"min_list":1/"min_list":3/' >office/plan.json
    made "$psephos" officer create --plan office/plan.json --key office/officer.key --board \
        board/board.pub --policy board/policy --registrar registrar/registrar.pub --trustee \
        ada/trustee.pub --trustee bob/trustee.pub --mixer dora/mixer.pub --mixer emil/mixer.pub --out \
        mail/setup.parcel --quiet
    made "$psephos" record init --record record --keys board --quiet mail/setup.parcel
    made garden_ceremony
    made garden_roster
    made garden_open
    made garden_votes
    made garden_close
    made garden_mix
)"
check 'the mixer is missing, and the record does not say why' "$(refused 'no incident or statement')"
check 'the record says why: a person has to read it' "$(
    echo 'Emil is ill.' >why.txt
    made officer statement --file why.txt --title 'One mixer did not act'
    made append mail/statement.parcel
    refused 'mixer-missing'
)"
check 'the lists are small: the numbers are shown' "$(refused '2 ballots, fewer than the 3.*2 admitted, 0 out' \
    --mixer-missing)"
check 'naming one list is not naming the other' "$(refused 'contest 2, group 1' --mixer-missing --small 1/1)"
check 'with every duty done the lists are opened' "$(
    made trustee ada decrypt --mixer-missing --small 1/1 --small 2/1
    made trustee bob decrypt --mixer-missing --small 1/1 --small 2/1
    made append mail/ada-decrypt.parcel mail/bob-decrypt.parcel
    made officer result
    made append mail/result.parcel
    made officer end
    made append mail/end.parcel
)"
check 'the verifier accepts and warns of both' "$(
    "$verify" record >out 2>&1 || cat out
    grep -q '^W001' out || echo 'no W001'
    grep -q '^W004' out || echo 'no W004'
)"
finish
