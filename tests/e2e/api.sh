#!/bin/sh
# api.sh SOURCE PSEPHOS VERIFY: docs/openapi.json held against the running box, board, auth, officer
# and witness, in both directions: routes, examples, whole flows of the programs through a proxy that
# judges every answer, and every slug of the sources.
set -u
source=$(realpath "$1")
psephos=$(realpath "$2")
. "$source/tests/ground/tap.sh"
. "$source/tests/e2e/garden.sh"
. "$source/tests/e2e/office_rig.sh"
. "$source/tests/e2e/box_rig.sh"
doc=$source/docs/openapi.json
dir=$(mktemp -d)
trap 'box_end; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
api() {
    python3 "$source/tests/e2e/api.py" "$@" 2>&1
}
# started NAME LOG COMMAND…: run a daemon, wait until it is ready; its address in ./NAME.url.
started() {
    name=$1
    log=$2
    shift 2
    : >"$log"
    "$@" >/dev/null 2>"$log" &
    pids="$pids $!"
    for _ in $(seq 400); do
        ! grep -q daemon.ready "$log" || break
        kill -0 $! 2>/dev/null || return 1
        sleep 0.025
    done
    sed -n 's/.*daemon.ready .*where=\([^ ]*\).*/\1/p' "$log" >"$name.url"
}
figures() { # LOG
    sed -n 's/.*\.metrics where=//p' "$1" | tail -n 1
}
# through NAME TAG URL: a proxy before it; its address in ./NAME.at, what it judges in ./NAME.said
through() {
    : >"$1.said"
    python3 "$source/tests/e2e/api.py" proxy "$doc" "$2" "$3" "$1.said" >"$1.at" 2>"$1.err" &
    pids="$pids $!"
    wait_line "$1.at" $!
}
# judged NAME OPERATION STATUS…: complaints of a proxy, and pairs that it never saw
judged() {
    sed -n 's/^bad //p' "$1.said"
    name=$1
    shift
    while [ $# -gt 0 ]; do
        grep -q "^ok $1 $2\$" "$name.said" || echo "$1 was never answered $2"
        shift 2
    done
}

check 'the slugs of the sources, the document and the docs are the same' "$(api slugs "$doc" "$source")"

box_open >out 2>&1
opened=$?
check 'an election is opened' "$([ $opened = 0 ] || cat out run/*.err)"
[ $opened = 0 ] || { finish; exit; }
kill $front
wait $front 2>/dev/null
sed -i 's/^address = .*/address = 127.0.0.1:0/; s/^\[log\]//' box.ini
printf '[log]\nlevel = debug\n' >>box.ini
cat >board.ini <<INI
[daemon]
state = $dir/run/board
[listen]
address = 127.0.0.1:0
metrics = 127.0.0.1:0
[record]
folder = $dir/record
[log]
level = debug
INI
eid=$("$psephos" record show --record record --json | sed 's/.*"election":"\([0-9a-f]*\)".*/\1/')
office_people
"$psephos" auth keygen --out session.key
office_settings run/office run/sequence.sock 127.0.0.1:0 run/registrar.sock
sed -i 's|^\[officers\]|&\naccounts = ann ben\norigin = https://officers.example.org|' office.ini
cat >>office.ini <<INI
[log]
level = debug
INI
python3 "$source/tests/e2e/sink.py" mails >port 2>/dev/null &
pids="$pids $!"
wait_line port $!
cat >auth.ini <<INI
[daemon]
state = $dir/run/auth
[listen]
http = 127.0.0.1:0
[registrar]
socket = $dir/run/registrar.sock
[session]
election = $eid
key = $dir/session.key
[registration]
by-mail = yes
[mail]
link = https://vote.example/login#
relay = smtp://127.0.0.1:$(cat port)
from = vote@example.org
timeout = 2 s
[log]
level = debug
INI
"$psephos" witness init witness-9 --key board/witness-1.key --log "$(sed -n 's/^log //p' board/policy)" >/dev/null
chmod 700 witness-9
cat >witness.ini <<INI
[daemon]
state = $dir/witness-9
[listen]
http = 127.0.0.1:0
[witness]
key = $dir/board/witness-1.key
[log]
level = debug
INI
started box box.log "$psephos" box serve --config box.ini
started board board.log "$psephos" board serve --config board.ini
started office office.log "$psephos" officer serve --config office.ini
started auth auth.log "$psephos" auth serve --config auth.ini
started witness witness.log "$psephos" witness serve --config witness.ini
check 'all daemons run' "$(
    for name in box board office auth witness; do
        [ -s $name.url ] || { echo "$name does not"; tail -n 3 $name.log; }
    done
)"
[ "$tap_bad" -eq 0 ] || { finish; exit 1; }

check 'box: its table, each example, what is not documented' "$(
    api walk "$doc" box.log "box=$(cat box.url)" "box-figures=$(figures box.log)"
)"
check 'board likewise' "$(
    api walk "$doc" board.log "board=$(cat board.url)" "board-figures=$(figures board.log)"
)"
check 'officer likewise' "$(api walk "$doc" office.log "officer=$(cat office.url)")"
check 'auth likewise' "$(api walk "$doc" auth.log "auth=$(cat auth.url)")"
check 'witness likewise' "$(api walk "$doc" witness.log "witness=$(cat witness.url)")"
check 'each serves the document, byte by byte' "$(
    for name in box board office auth; do
        curl -s "$(cat $name.url)/v1/openapi.json" | cmp - "$doc"
    done
)"

through vote box "$(cat box.url)"
through read board "$(cat board.url)"
vote bela first --choose 1=blank --choose 2=2 && ballot_of mail/first.parcel >first
vote bela other --choose 1=1 --choose 2=2 && ballot_of mail/other.parcel >other
cp first bent
printf bent | dd of=bent bs=1 seek=$(($(stat -c %s bent) - 4)) conv=notrunc 2>/dev/null
head -c 100 first >short
check 'a voter'\''s requests are answered as documented' "$(
    "$psephos" vote --record record --key anna/voter.key --choose 1=2,1 --choose 2=1 --box "$(cat vote.at)" \
        --receipt mail/anna.receipt --quiet >out 2>&1 || cat out
    api ask "$doc" box "$(cat vote.at)" <<'LINES'
castBallot 200 @first Accept=application/json
castBallot 200 @first
castBallot 409 @other
castBallot 422 @bent
castBallot 422 @short
LINES
    judged vote castBallot 200 castBallot 409 castBallot 422 getCredential 200
)"
printf hello >hello
check 'parcels, and messages between two devices' "$(
    api ask "$doc" box "$(cat vote.at)" <<'LINES'
postParcel 200 @mail/ada-commit.parcel
postParcel 403 @mail/open.parcel
postParcel 422 @first
getMessage 404 name=11112222333344445555666677778888
postMessage 204 name=11112222333344445555666677778888 @hello
putMessage 204 name=11112222333344445555666677778888 @hello
postMessage 409 name=11112222333344445555666677778888 @short
getMessage 200 name=11112222333344445555666677778888
LINES
    judged vote
)"
check 'a reader'\''s requests too' "$(
    url=$(cat read.at)
    "$psephos" mirror "$url/record" copy --once --quiet >out 2>&1 || cat out
    tile=$(ls -v record/tile/0/000.p/* | tail -n 1)
    leaf=$(dd if="$tile" bs=32 skip=3 count=1 2>/dev/null | od -An -v -tx1 | tr -d ' \n')
    tag=$(curl -sI "$url/record/checkpoint" | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: "\(.*\)"$/\1/p')
    api ask "$doc" board "$url" <<LINES
getReceipt 200 leaf=$leaf
getReceipt 200 leaf=$leaf Accept=application/json
getReceipt 404
getRecordFile 206 file=checkpoint Range=bytes=0-3
getRecordFile 416 file=checkpoint Range=bytes=99999-
getRecordFile 304 file=checkpoint 'If-None-Match="$tag"'
getElection 200
LINES
    judged read getRecordFile 200
)"

through desk officer "$(cat office.url)"
office_at=$(cat desk.at)
check 'officers: a list is tried, taken in, and asked about' "$(
    printf 'id,name,address,mail,district,style,weight,from,until\r\nI1,Ann,1 Lane,i1@example.org,Ward,1,1,,\r\nI2,Ben,2 Lane,i2@example.org,Ward,1,1,,\r\n' >list.csv
    desk ann list-check --file list.csv >out 2>err || cat err
    desk ann propose --about x --what import --set "list=$(sed 's/.*"list":"\([0-9a-f]*\)".*/\1/' out)" \
        --set "base=$(sed 's/.*"base":"\([0-9a-f]*\)".*/\1/' out)" >act 2>err || cat err
    desk ann show "$(tail -n 1 act)" >out 2>&1 || cat out
    desk ben sign "$(tail -n 1 act)" >out 2>&1 || cat out
    desk ben sign "$(tail -n 1 act)" >out 2>&1 && echo 'signed twice'
    desk ann show "$(tail -n 1 act)" --wait >out 2>&1 || cat out
    sed 's/Ward,1,1/Ward,7,1/' list.csv >bad.csv
    desk ann list-check --file bad.csv >out 2>&1 && echo 'a style that there is not'
    grep -q 'line 2' out || cat out
    judged desk checkList 200 checkList 422 proposeAct 201 signAct 200 getAct 200
)"
through login auth "$(cat auth.url)"
check 'a voter logs in, registers and logs out' "$(
    url=$(cat login.at)
    jar() { sed -n 's/^[Ss]et-[Cc]ookie: \([^;]*\);.*/\1/p' head | tr -d '\r' | tail -n 1; }
    curl -s -o body -D head -H 'Content-Type: application/json' -d '{"address":"i1@example.org"}' "$url/v1/login"
    browser=$(jar)
    for _ in $(seq 200); do
        ! grep -q 'login#' mails || break
        sleep 0.05
    done
    token=$(tr -d '\r' <mails | sed -n 's|^https://vote.example/login#||p' | tail -n 1)
    echo "endLogin 403 '{\"token\":\"$token\"}'" | api ask "$doc" auth "$url"
    curl -s -o body -D head -H 'Content-Type: application/json' -H "Cookie: $browser" \
        -d "{\"token\":\"$token\"}" "$url/v1/login/token"
    bearer="'Authorization=Bearer $(sed 's/.*"session":"\([^"]*\)".*/\1/' body)'"
    zero=$(printf '%064d' 0)
    api ask "$doc" auth "$url" <<LINES
getSession 200 $bearer
register 422 $bearer '{"credential":"$zero","proof":"$zero$zero","replace":false}'
register 400 $bearer {}
getRegistration 404 $bearer
endSession 200 $bearer {}
getSession 401 $bearer
LINES
    judged login beginLogin 202 endLogin 200 endLogin 403
)"
vote anna sixth --choose 1=1,2 --choose 2=1 && ballot_of mail/sixth.parcel >sixth
kill $sequence
wait $sequence 2>/dev/null
check 'what fails inside stands in the log under its reference' "$(
    for _ in $(seq 100); do
        curl -s -o body -H 'Content-Type: application/vnd.psephos.ballot' --data-binary @sixth "$(cat box.url)/v1/ballots"
        ! grep -q '"status":503' body || break
        sleep 0.1
    done
    reference=$(sed 's/.*"reference":"\([0-9a-f]*\)".*/\1/' body)
    grep -q "http.failed status=503 problem=[a-z-]* reference=$reference" box.log || { cat body; tail -n 2 box.log; }
)"
finish
