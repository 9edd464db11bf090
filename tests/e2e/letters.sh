#!/bin/sh
# letters.sh SOURCE PSEPHOS VERIFY: the credential authority: letters on paper, keys for the
# registrar, and a vote by the code of a letter.
set -u
source=$(realpath "$1")
psephos=$(realpath "$2")
. "$source/tests/ground/tap.sh"
. "$source/tests/e2e/garden.sh"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# says STATUS PATTERN COMMAND…
says() {
    wanted=$1
    pattern=$2
    shift 2
    "$@" >out 2>err </dev/null
    status=$?
    [ "$status" -eq "$wanted" ] || echo "status $status, wanted $wanted: $(head -c 300 err)"
    cat out err | grep -qE -- "$pattern" || echo "said: $(head -c 400 out err)"
}

letters() { "$psephos" credential letters --record record "$@"; }
garden_start >/dev/null 2>&1 && garden_ceremony >/dev/null 2>&1

printf 'id,name,address,style\r\n' >list.csv
i=1
while [ $i -le 120 ]; do
    printf 'ID%d,"Čapek, Änna %d","%d Lane\n99999 Town",1\r\n' $i $i $i >>list.csv
    i=$((i + 1))
done
check 'letters are made' "$(says 0 '^120 letters in 3 files' letters --list list.csv --server credentials --letters pdf --index index --per-file 50 --url https://vote.example/)"
check 'only their owner reads them' "$([ "$(stat -c %a pdf/*.pdf index | sort -u)" = 600 ] || stat -c %a pdf/*)"
check 'letters are made once' "$(says 1 'made once' letters --list list.csv --server credentials --letters pdf)"
check 'the registrar gets keys, sorted, and nothing else' "$(
    [ "$(grep -cE '^[0-9a-f]{64} 1 1 [0-9a-f]{128}$' credentials)" -eq 120 ] || echo lines
    [ "$(wc -l <credentials)" -eq 122 ] || echo 'more lines'
    sed 1,2d credentials | LC_ALL=C sort -c 2>&1)"
check 'not in the order of the list' "$(sed 1d index | tr -d '\r' | cut -d, -f2 >order; cut -d' ' -f1 credentials | sed 1,2d | cmp -s - order && echo 'the order tells')"
if command -v pdftotext >/dev/null 2>&1; then
    pdftotext -layout pdf/letters-00001.pdf letter.txt 2>/dev/null
    check 'the text can be read aloud' "$(grep -q 'Čapek, Änna 1$' letter.txt || head -5 letter.txt
        [ "$(grep -cE '^([0-9a-z]{4}-){6}[0-9a-z]{4}$' letter.txt)" -eq 50 ] || echo codes
        [ "$(grep -cE '^([0-9a-z]{4}-){5}[0-9a-z]{4}$' letter.txt)" -eq 50 ] || echo 'voter codes')"
    check 'and begins with the address' "$(head -1 letter.txt | grep -q Änna || head -1 letter.txt)"
    check 'the pages have a language' "$(grep -aq '/Lang' pdf/letters-00001.pdf || echo none)"
else
    skip 'the text can be read aloud' 'needs pdftotext'
fi

printf 'id,name,style\r\nID1,Änna,1\r\nID2,Bela,1\r\n' >two.csv
printf '# {{title}}\nTere, {{name}}! Sinu kood:\n! {{code}}\nHääletaja: {{voter}}\n{{qr}}\n{{election}}\n' >et.txt
check 'plain text in any language' "$(says 0 '2 letters' letters --list two.csv --server two --letters text --text --template et.txt --language et --index two.index
    grep -q '^Tere, Änna! Sinu kood:$' text/letter-00001.txt || cat text/letter-00001.txt)"
printf 'no code\n' >bad.txt
check 'a template without a code' "$(says 2 'the letter needs both' letters --list two.csv --server x --letters x --template bad.txt)"
printf '{{code}}{{voter}}{{pin}}\n' >bad.txt
check 'a template with another field' "$(says 2 'a field other than' letters --list two.csv --server x --letters x --template bad.txt)"
printf '\377{{code}}{{voter}}\n' >bad.txt
check 'a template that is no UTF-8' "$(says 2 'is not UTF-8' letters --list two.csv --server x --letters x --template bad.txt)"
check 'a font that is not there' "$(says 2 'no font' letters --list two.csv --server x --letters x1 --font nothing.ttf)"
check 'a font that is none' "$(says 2 'cannot be made' letters --list two.csv --server x --letters x2 --font et.txt)"
check 'a list with a fault' "$(printf 'id,name,style\r\nID1,A,9\r\n' >bad.csv && says 2 'line 2 cannot be used \(style\)' letters --list bad.csv --server x --letters x3)"

# The registrar takes the keys; the code of a letter votes.
db='--voters voters.db --wrap wrap.key'
# shellcheck disable=SC2086 # a list of options, here and below
{
    "$psephos" registrar list create $db --record record --quiet
    "$psephos" officer keygen --name Second --key office/second.key --quiet
    eid=$("$psephos" record show --record record --json | sed 's/.*"election":"\([0-9a-f]*\)".*/\1/')
    "$psephos" officer propose --eid "$eid" --what import --subject two.csv --about x --key office/officer.key --out a.act --quiet
    "$psephos" officer agree --act a.act --subject two.csv --key office/second.key --out b.act --quiet
    check 'the list is in' "$(says 0 '2 added' "$psephos" registrar list import two.csv $db --record record --act b.act --officer office/officer.pub --officer office/second.pub --acts acts)"
    check 'more letters than voters' "$(says 1 'one more credential than there are voters' "$psephos" registrar register $db --credentials credentials)"
    rm -f voters.db* acts && "$psephos" registrar list create $db --record record --quiet
    "$psephos" registrar list import two.csv $db --record record --act b.act --officer office/officer.pub --officer office/second.pub --acts acts --quiet
    sed '3s/[0-7]\(.\{20\}\)$/8\1/;t;3s/[89a-f]\(.\{20\}\)$/1\1/' two >forged
    check 'a forged proof' "$(says 1 'line 3: the proof of possession' "$psephos" registrar register $db --credentials forged)"
    check 'two letters for two voters' "$(says 0 '2 credentials registered' "$psephos" registrar register $db --credentials two)"
    check 'once' "$(says 1 'was registered before' "$psephos" registrar register $db --credentials two)"
    "$psephos" registrar release $db --record record --key registrar/registrar.key --out roster.parcel --quiet
    append roster.parcel
    garden_open
    code=$(sed -n 's/^! //p' text/letter-00001.txt)
    check 'a letter becomes a key' "$(says 0 "$(sed -n 's/^Hääletaja: //p' text/letter-00001.txt)" "$psephos" credential letter --record record --code "$code" --key anna/voter.key)"
    vote anna ballot --choose 1=1 --choose 2=1
    check 'and votes' "$(append mail/ballot.parcel 2>&1)"
    old=$(sed -n 's/^ID1,//p' two.index | tr -d '\r')
    printf 'id,name,style\r\nID1,Änna,1\r\n' >one.csv
    check 'a lost letter is replaced' "$(says 0 '1 letters' letters --list one.csv --server again --letters again.d --text --replaces "$old"
        says 0 '1 credentials registered' "$psephos" registrar register $db --credentials again)"
    check 'but not twice' "$(letters --list one.csv --server third --letters third.d --text --replaces "$old" --quiet
        says 1 'no active credential' "$psephos" registrar register $db --credentials third)"
}
finish
