#!/bin/sh
# prepared.sh SOURCE PSEPHOS VERIFY: a mixer who prepares before the polls close. The file serves
# once, this mixer, in this election, whole, or not at all.
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
mixer() {
    verb=$1
    shift
    "$psephos" mixer "$verb" --record record --key dora/mixer.key "$@"
}
# refused WORDS FILE [OPTIONS]: mixing with FILE is refused, and FILE is still there as it was.
refused() {
    words=$1
    file=$2
    shift 2
    sum=$(sha256sum <"$file")
    mixer mix --prepared "$file" --out no.parcel --quiet "$@" >out 2>err && echo 'mixed'
    [ "$(wc -l <err)" -eq 1 ] && grep -q -- "$words" err || cat err
    [ ! -e no.parcel ] || echo 'a parcel was made'
    [ "$sum" = "$(sha256sum <"$file")" ] || echo 'the file was changed'
}

check 'nothing to prepare with before the ceremony' "$(
    made garden_start
    mixer prepare --max 4 --out early >out 2>err && echo 'prepared'
    grep -q 'no joint key' err || cat err
    [ ! -e early ] || echo 'a file was made'
)"
check 'an election up to the mixing' "$(
    made garden_ceremony
    made garden_roster
    made garden_open
    made garden_votes
    made garden_close
)"
check 'mistakes of preparing' "$(
    mixer prepare --out no >out 2>err && echo 'without --max'
    grep -q -- '--max' err || cat err
    mixer prepare --max 4 >out 2>err && echo 'without --out'
    mixer prepare --max 4 --width 9 --out no >out 2>err && echo 'too wide'
    "$psephos" mixer prepare --record record --key ada/trustee.key --max 4 --out no >out 2>err &&
        echo 'with a key of a trustee'
    "$psephos" mixer keygen --name Emil --key emil.key --quiet
    "$psephos" mixer prepare --record record --key emil.key --max 4 --out no >out 2>err &&
        echo 'with a key of nobody'
    [ ! -e no ] || echo 'a file was made'
)"
check 'preparing, under either name' "$(
    made mixer prepare --max 1 --out one --quiet
    made mixer prepare --max 1 --out spare --quiet
    made "$psephos" trustee prepare --record record --key dora/mixer.key --max 5 --width 2 \
        --out five --quiet
    [ "$(stat -c %a one)" = 600 ] || stat -c %a one
    mixer prepare --max 1 --out one >out 2>err && echo 'made over another'
    cmp -s one spare && echo 'two files are the same'
)"
check 'a file cut short' "$(
    head -c 500 one >cut && chmod 600 cut
    refused 'cut short' cut
)"
check 'a file with a byte changed' "$(
    cp one changed && chmod 600 changed
    printf x | dd of=changed bs=1 seek=300 conv=notrunc 2>/dev/null
    refused 'damaged' changed
)"
check 'a file that others can read' "$(
    cp one open && chmod 644 open
    refused 'others can read' open
)"
check 'a file of two names' "$(
    ln one two
    refused 'of one name' two
    rm -f two
)"
check 'a file of another election' "$(
    (
        mkdir other && cd other || exit 1
        made garden_start
        made garden_ceremony
        made mixer prepare --max 2 --out ../foreign --quiet
    )
    refused 'another election' foreign
)"
check 'a file that is not there' "$(
    mixer mix --prepared nowhere --out no.parcel --quiet >out 2>err && echo 'mixed'
    grep -q 'serves once' err || cat err
)"
check 'too few rows: the others are made' "$(
    made mixer mix --prepared one --out first.parcel
    grep -q '1 of 2 rows were prepared; the others' out || cat out
    [ ! -e one ] || echo 'the file is still there'
)"
check 'a used file does not come back' "$(
    mixer mix --prepared one --out no.parcel --quiet >out 2>err && echo 'mixed'
    grep -q 'serves once' err || cat err
)"
check 'a file is used up even when the parcel cannot be written' "$(
    mixer mix --prepared spare --out first.parcel --quiet >out 2>err && echo 'written over'
    [ ! -e spare ] || echo 'the file is still there'
)"
check 'a wide file for a narrow list, on an isolated machine, and the record holds' "$(
    made mixer mix --prepared five --isolated --out mail/mix.parcel
    grep -q '2 of 2 rows were prepared$' out || cat out
    made append mail/mix.parcel
    made officer mix-end
    made append mail/mix-end.parcel
    made garden_count
    "$verify" record --quiet >out 2>&1 || cat out
    grep -q '^verdict: accepted' out || cat out
)"
check 'nothing left to mix: the file is left alone' "$(
    made mixer prepare --max 1 --out late --quiet
    mixer mix --prepared late --out no.parcel --quiet >out 2>err && echo 'mixed'
    [ -e late ] || echo 'the file is gone'
)"
finish
