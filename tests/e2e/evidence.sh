#!/bin/sh
# evidence.sh SOURCE PSEPHOS VERIFY: an auditor opens what is behind the roster of an election by
# letter, and what is found when the registrar's side does not fit the record; persons erased.
set -u
source=$(realpath "$1")
psephos=$(realpath "$2")
verify=$(realpath "$3")
. "$source/tests/ground/tap.sh"
. "$source/tests/e2e/garden.sh"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
for tool in openssl sqlite3; do
    command -v $tool >/dev/null || { skip 'evidence is opened' "needs $tool"; finish; exit; }
done

says() { # says STATUS PATTERN COMMAND…
    wanted=$1
    pattern=$2
    shift 2
    "$@" >out 2>err </dev/null
    status=$?
    cat out err >>everything
    [ "$status" -eq "$wanted" ] || echo "status $status, wanted $wanted: $(head -c 300 err)"
    cat out err | grep -qE -- "$pattern" || echo "said: $(cat out err | head -c 400)"
}
db='--voters registrar/voters.db --wrap registrar/wrap.key'
officers='--officer office/officer.pub --officer office/second.pub --acts registrar/acts.jsonl'
act() { # act WHAT SUBJECT NAME
    "$psephos" officer propose --eid "$eid" --what "$1" --subject "$2" --about x \
        --key office/officer.key --out "$3.1" --quiet &&
        "$psephos" officer agree --act "$3.1" --subject "$2" --key office/second.key --out "$3" --quiet
}
imports=0
# shellcheck disable=SC2086 # lists of options, here and below
import() {
    imports=$((imports + 1))
    act import "$1" import.$imports &&
        "$psephos" registrar list import "$1" $db --record record --act import.$imports $officers --large --quiet
}
# shellcheck disable=SC2086
judge() { "$psephos" evidence verify --record record $db "$@"; }
# shellcheck disable=SC2086
release() {
    "$psephos" registrar release $db --record record --key registrar/registrar.key --out "$1" --quiet && append "$1"
}
key_of() { sed -n 's/.*"credential": *"\([0-9a-f]*\)".*/\1/p' "$1/voter.pub"; }
findings() { grep -cE '^[a-z-]+ [0-9a-f]{64}' out; }

: >everything
garden_start >/dev/null 2>&1 && garden_ceremony >/dev/null 2>&1
eid=$("$psephos" record show --record record --json | sed 's/.*"election":"\([0-9a-f]*\)".*/\1/')
"$psephos" officer keygen --name Second --key office/second.key --quiet
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem \
    -subj '/CN=Authority of Test' -days 9 2>/dev/null

# --- letters ---
printf 'id,name,district,style\r\nID1,CANARY Anna,North,1\r\nID2,CANARY Bela,South,1\r\nID3,CANARY Carl,South,1\r\n' >list.csv
# shellcheck disable=SC2086
"$psephos" registrar list create $db --record record --quiet
import list.csv >>everything 2>&1
# shellcheck disable=SC2086
check 'a list and two letters' "$(
    head -3 list.csv >two.csv
    cut -d, -f1,2,4 two.csv >letters.csv
    "$psephos" credential letters --record record --list letters.csv --server keys --letters text --text --index index --quiet 2>&1
    cp registrar/voters.db before.db
    "$psephos" registrar register $db --credentials keys 2>&1 | grep -v 'registered'
    release roster.parcel 2>&1)"
check 'letters alone are accepted' "$(says 0 '^2 credentials in the record, 0 signed by their voters, 2 by letter, 0 erased; 0 wait$' judge --letters)"
check 'and counted' "$(says 0 '"findings":\[\],"credentials":2,"live":2,"signed":0,"letters":2,"erased":0,"pending":0,' judge --letters --json)"
check 'with authorities as well' "$(says 0 '^accepted: 0 findings$' judge --letters --ca ca.pem --stamp-ca ca.pem)"
check 'who expects signatures names whom to believe' "$(says 2 'ca is missing' judge)"
check 'and finds every letter' "$(says 1 '^unsigned [0-9a-f]{64} \(row [12]\): no person has signed' judge --ca ca.pem --stamp-ca ca.pem; [ "$(findings)" -eq 2 ] || cat out)"
printf 'district,voters\nNorth,1\nSouth,2\n' >register.csv
check 'the list is as large as was published' "$(says 0 '^district South: 0 live credentials, 2 voters on the list, 2 published$' judge --letters --published register.csv)"
sed 's/South,2/South,1/' register.csv >smaller.csv
check 'or is not' "$(says 1 '^published district South: the list has another number' judge --letters --published smaller.csv)"
printf 'East,4\n' | cat register.csv - >more.csv
check 'a district that has no voters here' "$(says 1 '^published: a district of the published list has no voters here$' judge --letters --published more.csv)"
hex=$(sed -n 's/^\([0-9a-f]\{64\}\) .*/\1/p' keys | head -1)
# shellcheck disable=SC2086
check 'a letter has no files for others' "$(says 1 'nobody has signed for this credential' "$psephos" evidence export $db --credential "$hex" --out one; [ ! -e one ] || echo made)"

# --- a database that does not fit the record ---
cp registrar/voters.db good.db
cp before.db registrar/voters.db
check 'credentials that nobody registered are ghosts' "$(says 1 "^unregistered $hex: in the record, and nobody ever registered it" judge --letters; [ "$(findings)" -eq 2 ] || cat out)"
# shellcheck disable=SC2086
check 'a second set of books has other commitments' "$("$psephos" registrar register $db --credentials keys --quiet 2>&1
    says 1 "^commitment $hex \(row [12]\): the record has another commitment" judge --letters; [ "$(findings)" -eq 2 ] || cat out)"
for change in 'weight = 7' 'style = 9' 'state = 4'; do
    cp good.db registrar/voters.db
    sqlite3 registrar/voters.db "UPDATE credential SET $change WHERE row = 1"
    check "a row altered without the key ($change)" "$(says 1 'a row of registrar/voters.db was altered; run psephos audit store' judge --letters)"
done
cp good.db registrar/voters.db
sqlite3 registrar/voters.db "UPDATE credential SET sealed = zeroblob(length(sealed)) WHERE row = 1"
check 'evidence exchanged for noise' "$(says 1 '^altered [0-9a-f]{64} \(row 1\)' judge --letters; [ "$(findings)" -eq 1 ] || cat out)"
cp good.db registrar/voters.db
sqlite3 registrar/voters.db "UPDATE credential SET wrapped = (SELECT wrapped FROM credential WHERE row = 2), sealed = (SELECT sealed FROM credential WHERE row = 2) WHERE row = 1"
check 'or for that of another' "$(says 1 '^altered [0-9a-f]{64} \(row 1\)' judge --letters; [ "$(findings)" -eq 1 ] || cat out)"
cp good.db registrar/voters.db

# --- fewer voters than letters ---
head -2 list.csv >one.csv
import one.csv >>everything 2>&1
check 'a list that became too small' "$(says 1 '^district: more live credentials in all than voters on the list$' judge --letters)"
check 'is found without a name' "$(says 1 '"rule":"district","why":' judge --letters --json)"
import list.csv >>everything 2>&1
check 'and the larger one is content again' "$(says 0 '^accepted: 0 findings$' judge --letters)"

# --- a person by hand, off the list, and erased ---
mkdir -p carl
"$psephos" credential new --record record --key carl/voter.key --quiet
carl=$(key_of carl)
# shellcheck disable=SC2086
check 'a registrar enrols somebody by hand' "$("$psephos" registrar register $db --id ID3 --card carl/voter.pub 2>&1 | grep -v registered; release hand.parcel 2>&1)"
check 'which is no letter' "$(says 1 "^unsigned $carl \(row 3\): no person has signed" judge --letters; [ "$(findings)" -eq 1 ] || cat out)"
check 'and counts in its district' "$(says 1 '"district":"South","listed":2,"live":1' judge --letters --json)"
head -3 list.csv >without.csv
import without.csv >>everything 2>&1
check 'off the list with a live credential' "$(says 1 "^not-listed $carl \(row 3\)" judge --letters)"
printf ID3 >erase.id
# shellcheck disable=SC2086
check 'their data key is destroyed' "$(act erase erase.id erase.act; says 0 'Erased' "$psephos" registrar erase $db --id ID3 --act erase.act $officers)"
check 'what is left is noise' "$(says 1 "^erased $carl \(row 3\)" judge --letters)"
check 'which may be expected' "$(judge --letters --erased >out 2>err; grep -q '^erased' out && cat out; grep -q ', 1 erased; 0 wait$' out || cat out err)"
check 'and the record stays valid' "$(says 3 '^verdict: valid prefix' "$verify" record)"
check 'no name stands in what was said' "$(grep -nE 'CANARY|ID[123]' everything)"
finish
