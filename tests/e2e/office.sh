#!/bin/sh
# office.sh SOURCE PSEPHOS VERIFY SEQUENCER: officers at their desks and the office as a daemon: an
# election from the first list to its end by acts of two officers, and what is refused.
set -u
source=$(realpath "$1")
psephos=$(realpath "$2")
verify=$(realpath "$3")
sequencer=$(realpath "$4")
. "$source/tests/ground/tap.sh"
. "$source/tests/e2e/garden.sh"
. "$source/tests/e2e/office_rig.sh"
dir=$(mktemp -d)
cd "$dir" || exit 1
pids=''
clean() {
    for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
    rm -rf "$dir"
}
trap clean EXIT

# says STATUS PATTERN COMMAND…
says() {
    wanted=$1
    pattern=$2
    shift 2
    "$@" >out 2>err </dev/null
    status=$?
    [ "$status" -eq "$wanted" ] || echo "status $status, wanted $wanted: $(head -c 300 err) $(tail -n 3 office.log)"
    [ -z "$pattern" ] || cat out err | grep -qE -- "$pattern" || echo "said: $(head -c 400 out err)"
}
until_true() {
    i=0
    until "$@" >/dev/null 2>&1; do
        i=$((i + 1))
        [ $i -lt 100 ] || return 1
        sleep 0.1
    done
}

garden_start >/dev/null 2>&1 && garden_ceremony >/dev/null 2>&1
eid=$("$psephos" record show --record record --json | sed 's/.*"election":"\([0-9a-f]*\)".*/\1/')
check 'the election stands' "$([ ${#eid} -eq 64 ] || echo "eid: $eid")"
office_people cleo

mkdir seq
(cd seq && exec "$sequencer" "$dir/seq/s.sock" "$psephos" "$dir/record" "$dir/board") >/dev/null 2>&1 &
pids=$!
office_settings state seq/s.sock
echo 'check = 1 s' >>office.ini
start_office() {
    "$psephos" officer serve --config office.ini 2>>office.log &
    office=$!
    pids="$pids $office"
    until_true health
}
health() { curl -sf --unix-socket office.sock http://o/healthz; }
check 'its settings are good' "$(says 0 'settings are good' "$psephos" officer serve --config office.ini --check-config)"
start_office
check 'the office opens' "$(says 0 '^ok' health)"
[ "$tap_bad" -eq 0 ] || { cat office.log; finish; exit 1; }
kill_office() {
    kill -9 "$office" 2>/dev/null
    wait "$office" 2>/dev/null
}
grounds="session of 3 May, CANARY-GROUNDS"
state() { "$psephos" record show --record record --json | sed 's/.*"state":"\([A-Z]*\)".*/\1/'; }

# --- who may
check 'no request without an officer' "$(says 0 'no-officer' curl -s --unix-socket office.sock http://o/v1/acts)"
check 'nor by a stranger' "$(says 1 'not-an-officer' desk cleo list)"
check 'nor with a header that is none' "$(says 0 'not-an-officer' curl -s --unix-socket office.sock -H 'Authorization: Psephos-Officer 00 1 00' http://o/v1/acts)"

# --- lists
printf 'id,name,address,mail,district,style,weight,from,until\r\n' >list.csv
for i in 1 2 3 4 5; do
    printf 'ID%03d,CANARY-NAME %d,"%d CANARY-LANE",canary%d@example.org,Ward %d,1,1,,\r\n' $i $i $i $i $((i % 2)) >>list.csv
done
check 'a dry run shows the difference' "$(says 0 '"added":5' desk ann list-check --file list.csv)"
list=$(sed 's/.*"list":"\([0-9a-f]*\)".*/\1/' out)
base=$(sed 's/.*"base":"\([0-9a-f]*\)".*/\1/' out)
sed 's/,1,1,,/,1,x,,/' list.csv >broken.csv
check 'a broken list is refused by its line' "$(says 1 'line 2' desk ann list-check --file broken.csv)"
printf 'op,id,name,style\nadd,NEW,New,1\n' >changes.csv
check 'unsigned changes are refused' "$(says 1 'unsigned-changes' desk ann list-check --file changes.csv)"
check 'one officer proposes' "$(says 0 '^[0-9a-f]{64}$' desk ann propose --what import --set "list=$list" --set "base=$base" --about 'the register')"
act=$(tail -n 1 out)
check 'and cannot sign twice' "$(says 1 'signed-before' desk ann sign "$act")"
check 'nor may a stranger sign' "$(says 1 'not-an-officer' desk cleo sign "$act")"
check 'so nothing is done' "$(says 0 '^proposed' desk ben show "$act")"
check 'a second officer sees what it is' "$(says 0 'what import' desk ben sign "$act")"
check 'and it is done' "$(says 0 '^done' desk ben show "$act" --wait)"
check 'it is in the log of acts' "$(grep -q "\"act\":\"$act\"" state/acts.jsonl || cat state/acts.jsonl)"
check 'nobody signs what is done' "$(says 1 'not-open' desk ben sign "$act")"
check 'another base is refused' "$(desk ann propose --what import --set "list=$list" --set "base=$eid" --about x >act 2>&1; desk ben sign "$(tail -n 1 act)" >/dev/null; says 0 '^done' desk ben show "$(tail -n 1 act)" --wait)"

# --- acts that are not what they say
post() { curl -s --unix-socket office.sock -X POST -H 'Content-Type: application/json' -d @"$1" http://o"$2"; }
check 'an act must come from an officer' "$(echo '{}' >empty.json; says 0 'not-an-officer|no-officer' post empty.json /v1/acts)"
check 'a word that nobody knows is refused' "$(says 2 'nothing that two officers do' desk ann propose --what burn --about x)"
check 'a field that is missing is asked for' "$(says 2 'give --set reason' desk ann propose --what abort --about x)"
check 'a field that is not one is refused' "$(says 2 'is no field' desk ann propose --what open --set reason=x --about x)"
check 'a reason must be a word' "$(says 1 'malformed' desk ann propose --what close --set reason=whim --about x)"
check 'an unknown credential is refused' "$(says 1 'unknown-credential' desk ann propose --what void --set "credential=$eid" --set reason=paper --about x)"
check 'another election is refused' "$(says 1 "another election" desk ann propose --eid "$list" --what open --about x)"

# --- credentials and their release
"$psephos" credential letters --record record --list list.csv --server credentials --letters letters --index index >/dev/null 2>err || cat err >&2
check 'letters are registered, all of them' "$(says 0 '"registered":5' desk ann credentials --file credentials)"
check 'and never twice' "$(says 1 'line 3|credential-taken|more-letters' desk ann credentials --file credentials)"
check 'they wait' "$(says 0 '"pending":5' desk ann pending)"
check 'two officers release them' "$(both --what release | grep -q '^done: entry' || echo "$(both --what release)")"
check 'and none waits' "$(says 0 '"pending":0' desk ann pending)"

# --- a person erased
erase() { "$psephos" officer act person --officer "unix:$dir/office.sock" --key desk/ann.key --id ID005 | sed 's/.*"person":\([0-9]*\).*/\1/'; }
row=$(erase)
check 'whoever is on the list is not erased' "$(both --what erase --set "person=$row" | grep -q '^refused: this person is on the list' || cat err)"
sed '/^ID005/d' list.csv >shorter.csv
desk ann list-check --file shorter.csv >out 2>err
base=$(sed 's/.*"base":"\([0-9a-f]*\)".*/\1/' out)
list=$(sed 's/.*"list":"\([0-9a-f]*\)".*/\1/' out)
check 'a voter is taken off the list' "$(both --what import --set "list=$list" --set "base=$base" | grep -q '^done' || cat err)"
check 'and erased by two officers' "$(both --what erase --set "person=$row" | grep -q '^done' || cat err)"
check 'then nobody finds them' "$(says 1 'no-such-person' desk ann person --id ID005)"
check 'and it is not done twice' "$(both --what erase --set "person=999" | grep -q '^refused: no such person' || cat err)"

# --- open, and a crash in the middle
check 'the vote opens' "$(both --what open | grep -q '^done: entry' || tail -n 3 office.log)"
check 'the record says so' "$([ "$(state)" = OPEN ] || state)"
check 'it does not open twice' "$(both --what open | grep -q '^refused' || echo 'opened again')"
printf 'We open.\n' >page.txt
check 'a document is sent' "$(says 0 sha256 desk ann document --file page.txt)"
doc=$(sed 's/.*"sha256":"\([0-9a-f]*\)".*/\1/' out)
touch seq/hold
desk ann propose --what statement --set "document=$doc" --set title='We are open' --about x >act 2>err
act=$(tail -n 1 act)
desk ben sign "$act" >/dev/null
until_true test -e "state/acts/$act.parcel"
until_true grep -q "$act" state/acts.jsonl
sleep 0.3
kill_office
rm seq/hold
before=$("$psephos" record show --record record --json | sed 's/.*"size":\([0-9]*\).*/\1/')
start_office
check 'killed between log and answer, it goes on' "$(says 0 '^done: entry' desk ann show "$act" --wait)"
after=$("$psephos" record show --record record --json | sed 's/.*"size":\([0-9]*\).*/\1/')
check 'and the statement stands once' "$([ "$after" -le $((before + 1)) ] && [ "$(grep -c "\"act\":\"$act\"" state/acts.jsonl)" -eq 1 ] || echo "$before $after")"
touch seq/busy
desk ann propose --what publish --set daemon=box --set "settings=$doc" --about x >act 2>err
act=$(tail -n 1 act)
desk ben sign "$act" >/dev/null
sleep 0.5
check 'no room means later, not never' "$(says 0 '^(agreed|begun)' desk ann show "$act")"
rm seq/busy
check 'and then it is done' "$(says 0 '^done' desk ann show "$act" --wait)"
rm -f "state/acts/$act.act"
cp state/acts.jsonl acts.before
check 'its own settings must be its own' "$(says 1 'other-settings' desk ann propose --what publish --set daemon=officer --set "settings=$doc" --about x)"

# --- an act that comes again
kill_office
start_office
grep "\"act\":\"$act\"" state/acts.jsonl | sed 's/.*"what"/{"kind":"psephos-act-1","what"/' >again.json
check 'the office knows its log after a crash' "$(says 0 '^ok' health)"

# --- cross-check
audit_done() { desk ann audit 2>/dev/null | grep -q '"count":0,"record_differs":false' ; }
check 'database and record agree' "$(until_true audit_done || desk ann audit)"
kill_office
sqlite3 registrar/voters.db "UPDATE credential SET weight = weight + 1 WHERE id = 1" 2>/dev/null ||
    python3 -c "import sqlite3; d=sqlite3.connect('registrar/voters.db'); d.execute('UPDATE credential SET weight = weight + 1 WHERE rowid = 1'); d.commit()"
start_office
found() { desk ann audit 2>/dev/null | grep -q '"finding":"altered","table":"credential","row":1'; }
check 'an altered row is named' "$(until_true found || desk ann audit)"
check 'with an alarm' "$(until_true grep -q '"type":"officer.audit","sev":2' state/events || tail -n 3 state/events)"
metric() { curl -s --unix-socket office.sock http://o/metrics | grep -q '^psephos_officer_audit_findings [1-9]'; }
check 'and a metric' "$(until_true metric || curl -s --unix-socket office.sock http://o/metrics | grep audit)"

# --- close and end
check 'the vote closes' "$(both --what close --set reason=early | grep -q '^done: entry' || tail -n 3 office.log)"
check 'it is aborted with grounds' "$(both --what abort --set reason=decision | grep -q '^done: entry' || tail -n 3 office.log)"
check 'and ends' "$(both --what end | grep -q '^done: entry' || tail -n 3 office.log)"
check 'the record is good' "$("$verify" record --quiet >out 2>&1 || cat out)"
kill "$office"
wait "$office"
check 'it stops when asked' "$([ $? -eq 0 ] || echo "status $?")"

# --- nothing private where it does not belong
check 'no name in log, events or record' "$(grep -rlE 'CANARY-(NAME|LANE)|canary[0-9]@' office.log state/events record state/acts.jsonl 2>/dev/null | head -n 3)"
check 'no grounds in log, events or record' "$(grep -rl 'CANARY-GROUNDS' office.log state/events record 2>/dev/null | head -n 3)"
finish
