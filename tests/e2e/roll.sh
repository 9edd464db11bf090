#!/bin/sh
# roll.sh SOURCE PSEPHOS VERIFY: the private side of the electoral roll, through the programs:
# lists, acts of two officers, registration, release, cross-check, backup; and what they refuse.
set -u
source=$(realpath "$1")
psephos=$(realpath "$2")
verify=$(realpath "$3")
. "$source/tests/ground/tap.sh"
. "$source/tests/e2e/garden.sh"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# says STATUS PATTERN COMMAND…: complaints unless it ends so and says so.
says() {
    wanted=$1
    pattern=$2
    shift 2
    "$@" >out 2>err </dev/null
    status=$?
    cat out err >>everything
    [ "$status" -eq "$wanted" ] || echo "status $status, wanted $wanted: $(head -c 300 err)"
    [ -z "$pattern" ] || cat out err | grep -qE -- "$pattern" || echo "said: $(head -c 400 out err)"
}

list() {
    verb=$1
    shift
    "$psephos" registrar list "$verb" "$@"
}
db='--voters registrar/voters.db --wrap registrar/wrap.key'
officers='--officer office/officer.pub --officer second/officer.pub --acts registrar/acts.jsonl'

# act WHAT SUBJECT NAME: proposed by the first officer, agreed to by the second.
act() {
    "$psephos" officer propose --eid "$eid" --what "$1" --subject "$2" --about "session of 3 May" \
        --key office/officer.key --out "$3.1" --quiet &&
        "$psephos" officer agree --act "$3.1" --subject "$2" --key second/officer.key --out "$3" --quiet
}

: >everything
garden_start >/dev/null 2>&1 && garden_ceremony >/dev/null 2>&1
mkdir second
"$psephos" officer keygen --name Second --key second/officer.key --quiet
"$psephos" officer keygen --name Third --key second/third.key --quiet
"$psephos" registrar keygen --name Register --key second/issuer.key --quiet
eid=$("$psephos" record show --record record --json | sed 's/.*"election":"\([0-9a-f]*\)".*/\1/')
check 'the election stands' "$([ ${#eid} -eq 64 ] || echo "eid: $eid")"

# shellcheck disable=SC2086 # lists of options, here and below
{
    check 'a voter database is made' "$(says 0 'keep registrar/wrap.key apart' list create $db --record record)"
    check 'but not over another' "$(says 1 'is there already' list create $db --record record)"
    check 'its wrapping key is guarded' "$([ "$(stat -c %a registrar/wrap.key)" = 400 ] || echo mode)"
    check 'so is the database' "$([ "$(stat -c %a registrar/voters.db)" = 600 ] || echo mode)"
}

printf 'id,name,address,mail,district,style,weight,from,until\r\n' >list.csv
i=1
while [ $i -le 40 ]; do
    printf 'ID%03d,Canary %03d,"%d Canary Lane\nTown",canary%d@example.org,Ward %d,1,1,,\r\n' \
        $i $i $i $i $((i % 3)) >>list.csv
    i=$((i + 1))
done

# shellcheck disable=SC2086
{
    check 'a dry run shows the difference' "$(says 0 '40 added, 0 altered' list import list.csv $db --record record --dry-run)"
    check 'and counts by district' "$(grep -qE 'Ward 1 +0 -> +14' out || cat out)"
    check 'and changes nothing' "$(says 0 '^version  0 ' list show $db)"
    check 'no import without an act' "$(says 2 '--act FILE is missing' list import list.csv $db --record record)"
    "$psephos" officer propose --eid "$eid" --what import --subject list.csv --about x --key office/officer.key --out alone.act --quiet
    check 'nor with one officer' "$(says 1 '1 of the officers named' list import list.csv $db --record record --act alone.act $officers)"
    check 'who cannot sign twice' "$(says 1 'has signed this act already' "$psephos" officer agree --act alone.act --subject list.csv --key office/officer.key --out twice.act)"
    check 'nor agree to another file' "$(says 1 'is not what the act is about' "$psephos" officer agree --act alone.act --subject everything --key second/officer.key --out other.act)"
    "$psephos" officer agree --act alone.act --subject list.csv --key second/third.key --out third.act --quiet
    check 'nor with an officer nobody named' "$(says 1 '1 of the officers named' list import list.csv $db --record record --act third.act $officers)"
    check 'one officer named twice is one' "$(says 1 '1 of the officers named' list import list.csv $db --record record --act alone.act --officer office/officer.pub --officer office/officer.pub --acts registrar/acts.jsonl)"
    act import list.csv import.act
    sed 's/session of 3 May/session of 4 May/' import.act >changed.act
    check 'nor with a changed act' "$(says 1 'signature on changed.act does not hold' list import list.csv $db --record record --act changed.act $officers)"
    act revoke list.csv revoke.act
    check 'nor with an act for something else' "$(says 1 'act is to revoke, this is to import' list import list.csv $db --record record --act revoke.act $officers)"
    sed 's/Canary 007/Canary 7/' list.csv >other.csv
    check 'nor for another list' "$(says 1 'agreed to other bytes' list import other.csv $db --record record --act import.act $officers)"
    check 'still nothing was changed' "$(says 0 '^version  0 ' list show $db)"
    check 'nor logged' "$([ ! -s registrar/acts.jsonl ] || cat registrar/acts.jsonl)"
    check 'two officers import' "$(says 0 '^version 1 ' list import list.csv $db --record record --act import.act $officers)"
    check 'the same again changes nothing' "$(says 0 'Nothing changes' list import list.csv $db --record record)"
    sed 's/Ward 1/Ward 9/' list.csv >large.csv
    act import large.csv large.act
    check 'a large change is refused' "$(says 1 '14 changes are more than 10 % of 40' list import large.csv $db --record record --act large.act $officers)"
    check 'unless it is confirmed' "$(says 0 '14 moved' list import large.csv $db --record record --large --dry-run)"
    sed 's/,Canary 007/,"Canary 007/' list.csv >broken.csv
    check 'a broken line is named' "$(says 2 'broken.csv, line 14: is no line of comma' list import broken.csv $db --record record --dry-run)"
    act import other.csv other.act
    check 'an act counts once' "$(says 0 'version 2' list import other.csv $db --record record --act other.act $officers)"
    act import list.csv back.act
    list import list.csv $db --record record --act back.act $officers --quiet
    check 'and never again' "$(says 1 'was done before' list import other.csv $db --record record --act other.act $officers)"
}

base=$(list show $db | sed -n 's/^version  [0-9]* //p')
printf 'op,id,name,district,style\nadd,NEW1,New Canary,Ward 0,1\nmove,ID002,Canary 002,Ward 0,1\nremove,ID003,,,\n' >changes.csv
# shellcheck disable=SC2086
{
    check 'an issuer signs changes' "$(says 0 'send both' list sign changes.csv --base "$base" --record record --key second/issuer.key --out signed.csv)"
    check 'unsigned changes are refused' "$(says 2 'lists of changes are signed' list import changes.csv $db --record record --dry-run)"
    check 'so are other bytes' "$(sed 's/NEW1/NEW2/' signed.csv >forged.csv && says 1 'signature does not hold' list import forged.csv $db --record record --dry-run --signature signed.csv.sig --issuer second/issuer.pub)"
    check 'and other issuers' "$(says 1 'by another key than --issuer' list import signed.csv $db --record record --dry-run --signature signed.csv.sig --issuer registrar/registrar.pub)"
    check 'and another base' "$(list sign changes.csv --base "$eid" --record record --key second/issuer.key --out based.csv --quiet
        says 1 'build on another version' list import based.csv $db --record record --dry-run --signature based.csv.sig --issuer second/issuer.pub)"
    act import signed.csv signed.act
    check 'signed changes are taken in' "$(says 0 '1 added, 0 altered, 1 moved, 1 removed' list import signed.csv $db --record record --signature signed.csv.sig --issuer second/issuer.pub --act signed.act $officers)"
    check 'the difference is a line a voter' "$(grep -qE '^> ID002  Canary 002, Ward 2, style 1, weight 1  ->  ID002' out && grep -q '^- ID003' out && grep -q '^[+] NEW1' out || cat out)"
}

register() { "$psephos" registrar register $db "$@"; }
audit() { "$psephos" audit store --record record $db "$@"; }
for who in anna bela carl; do
    mkdir -p $who
    "$psephos" credential new --record record --key $who/voter.key --quiet
done
# shellcheck disable=SC2086
{
    check 'a voter registers' "$(says 0 '' register --id ID001 --card anna/voter.pub)"
    check 'once' "$(says 1 'has an active credential' register --id ID001 --card bela/voter.pub)"
    check 'not with the card of another' "$(says 1 'registered before' register --id ID002 --card anna/voter.pub)"
    check 'not off the list' "$(says 1 'is not on the list' register --id ID003 --card bela/voter.pub)"
    check 'nor unknown' "$(says 1 'is not on the list' register --id ID999 --card bela/voter.pub)"
    sed 's/"proof": "../"proof": "00/' bela/voter.pub >forged.pub
    check 'nor without the secret' "$(says 1 'does not prove' register --id ID002 --card forged.pub)"
    check 'nothing to replace' "$(says 1 'no active credential' register --id ID002 --card bela/voter.pub --replace)"
    check 'another registers' "$(says 0 '' register --id ID002 --card bela/voter.pub)"
    check 'released' "$(says 0 '2 credentials enrolled' "$psephos" registrar release $db --record record --key registrar/registrar.key --out roster.parcel)"
    act release roster.parcel release.act
    check 'two officers agree to the parcel' "$(says 0 'Two officers agreed' "$psephos" officer confirm --eid "$eid" --what release --subject roster.parcel --act release.act $officers)"
    append roster.parcel
    check 'nothing waits any more' "$(says 0 '0 credentials enrolled' "$psephos" registrar release $db --record record --key registrar/registrar.key --out again.parcel)"
    check 'the cross-check is content' "$(says 0 'rows, 0 findings, 0 credentials' audit)"
    check 'with one JSON object' "$(says 0 '"findings":\[\],"rows":[0-9]+,"staged":0,"count":0' audit --json)"
    garden_open
    vote anna ballot-anna --choose 1=1 --choose 2=1 && append mail/ballot-anna.parcel
    check 'a lost credential is replaced' "$(says 0 'every ballot cast by it are void' register --id ID001 --card carl/voter.pub --replace)"
    check 'but few at a time wait' "$(says 1 'credentials wait' "$psephos" registrar release $db --record record --key registrar/registrar.key --out early.parcel)"
    check 'and the check says how many' "$(says 0 '0 findings, 1 credentials not in' audit)"
}

# shellcheck disable=SC2086
{
    check 'a backup is taken' "$(says 0 '' "$psephos" store backup --from registrar/voters.db --to voters.backup --wrap registrar/wrap.key)"
    check 'and comes back' "$(says 0 '' "$psephos" store restore --from voters.backup --to back.db --wrap registrar/wrap.key)"
    check 'and is whole' "$(says 0 ' 0 findings' "$psephos" audit store --record record --voters back.db --wrap registrar/wrap.key)"
    head -c 5000 voters.backup >cut.backup
    check 'a cut one does not' "$(says 1 'cut off' "$psephos" store restore --from cut.backup --to cut.db --wrap registrar/wrap.key
        [ ! -e cut.db ] || echo 'left a file')"
    "$psephos" registrar list create --voters z.db --wrap z.key --record record --quiet
    check 'nor with another key' "$(says 1 'another key' "$psephos" store restore --from voters.backup --to z2.db --wrap z.key)"
    chmod 644 z.key
    check 'an open key is refused' "$(says 1 'chmod 400' list show --voters z.db --wrap z.key)"
    sqlite3 registrar/voters.db "UPDATE person SET weight = 5 WHERE row = 7"
    check 'an altered row is named' "$(says 1 'altered person row 7' audit)"
    sqlite3 registrar/voters.db "UPDATE person SET weight = 1 WHERE row = 7; DELETE FROM credential WHERE row = 2"
    check 'a missing row is named' "$(says 1 'missing credential row 2' audit)"
}

# --- a person erased by the file command: first off the list, then by two officers, once
erase() { "$psephos" registrar erase $db "$@"; }
printf 'ID003' >erase.id
printf 'ID004' >erase.other
# shellcheck disable=SC2086
{
    act erase erase.id erase.act
    act erase erase.other listed.act
    act release erase.id wrong.act
    check 'whoever is on the list is not erased' "$(says 1 'is on the list; remove them' erase --id ID004 --act listed.act $officers)"
    check 'nor anybody without an act' "$(says 2 '--act FILE is missing' erase --id ID003)"
    check 'nor with an act about another' "$(says 1 'agreed to other bytes' erase --id ID003 --act listed.act $officers)"
    check 'nor with an act for something else' "$(says 1 'act is to release, this is to erase' erase --id ID003 --act wrong.act $officers)"
    check 'nor without saying whom' "$(says 2 'id TEXT is missing' erase --act erase.act $officers)"
    audit >findings.before 2>&1
    before=$(sqlite3 registrar/voters.db 'SELECT count(*) FROM person')
    check 'two officers erase a person' "$(says 0 'Erased. Backups made before' erase --id ID003 --act erase.act $officers)"
    check 'then nobody has that id' "$(says 1 'knows nobody with this id' erase --id ID003 --act erase.act $officers)"
    check 'the row stays, as noise' "$([ "$(sqlite3 registrar/voters.db 'SELECT count(*) FROM person')" = "$before" ] || echo gone)"
    audit >findings.after 2>&1
    check 'and the cross-check finds what it found before' "$(diff findings.before findings.after)"
}

check 'the log of acts is a chain' "$([ "$(wc -l <registrar/acts.jsonl)" -eq 6 ] || cat registrar/acts.jsonl)"
sed -i '2s/session of 3 May/session of 5 May/' registrar/acts.jsonl
act release list.csv late.act
# shellcheck disable=SC2086
check 'and a changed line is found' "$(says 1 'line 3 does not follow' "$psephos" officer confirm --eid "$eid" --what release --subject list.csv --act late.act $officers)"

check 'no name or address stands in record, database, backup or messages but the differences' "$(
    grep -rlaE 'Canary|canary[0-9]+@|ID0[0-9][0-9]' record registrar/voters.db* voters.backup back.db registrar/acts.jsonl
    grep -vE '^[-+~> ] ' everything | grep -aE 'Canary [0-9]|@example' | head -3)"
finish
