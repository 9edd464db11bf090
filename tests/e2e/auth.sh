#!/bin/sh
# auth.sh SOURCE PSEPHOS VERIFY SEQUENCER: voters log in by mail and register; links and credentials
# used twice, too late, elsewhere; a flood; a relay that is down; daemons that are killed.
set -u
source=$(realpath "$1")
psephos=$(realpath "$2")
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
mkdir seq
office_people
(cd seq && exec "$sequencer" "$dir/seq/s.sock" "$psephos" "$dir/record" "$dir/board") >/dev/null 2>&1 &
pids=$!
python3 "$source/tests/e2e/sink.py" mails >port 2>/dev/null &
sink=$!
pids="$pids $sink"
until_true test -s port
office_settings state seq/s.sock
echo 'check = 1 s' >>office.ini
"$psephos" auth keygen --out session.key
check 'a key of sessions is made' "$([ "$(stat -c %a session.key)" = 600 ] && [ "$(wc -c <session.key)" -eq 65 ] || ls -l session.key)"
check 'and not over another' "$("$psephos" auth keygen --out session.key 2>/dev/null && echo 'made again')"
cat >auth.ini <<INI
[daemon]
state = $dir/auth-state
[listen]
http = unix:$dir/auth.sock
[registrar]
socket = $dir/registrar.sock
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
INI
# start NAME CONFIG SOCKET
start() {
    name=$1
    "$psephos" "$name" serve --config "$2" 2>>"$name.log" &
    eval "${name}_pid=$!"
    pids="$pids $!"
    until_true curl -sf --unix-socket "$3" http://x/healthz
}
start officer office.ini office.sock
start auth auth.ini auth.sock
check 'both daemons run' "$(curl -sf --unix-socket auth.sock http://x/healthz | grep -q ok || cat auth.log officer.log)"
[ "$tap_bad" -eq 0 ] || { finish; exit 1; }

printf 'id,name,address,mail,district,style,weight,from,until\r\n' >list.csv
for i in 1 2 3 4; do
    printf 'ID%03d,CANARY-NAME %d,"%d CANARY-LANE",canary%d@example.org,Ward,1,1,,\r\n' $i $i $i $i >>list.csv
done
import() {
    desk ann list-check --file "$1" >out 2>err
    both --what import --set "list=$(sed 's/.*"list":"\([0-9a-f]*\)".*/\1/' out)" --set "base=$(sed 's/.*"base":"\([0-9a-f]*\)".*/\1/' out)"
}
check 'the list is taken in' "$(import list.csv | grep -q '^done' || cat out err)"

# ask JAR PATH JSON STATUS [PATTERN]: a browser's request. Cookies are for https alone and this is
# the edge's inner side, so they are kept by hand.
ask() {
    jar=$(cat "$1.now" 2>/dev/null)
    got=$(curl -s -o out -D head -w '%{http_code}' --unix-socket auth.sock ${jar:+-H "Cookie: $jar"} \
        -H 'Content-Type: application/json' ${3:+-d "$3"} "http://x$2")
    sed -n 's/^[Ss]et-[Cc]ookie: \([^;]*\);.*/\1/p' head | tr -d '\r' >>"$1.all"
    awk -F= '{ v[$1] = $0 } END { s = ""; for (k in v) s = s (s == "" ? "" : "; ") v[k]; print s }' "$1.all" >"$1.now"
    [ "$got" = "$4" ] || echo "status $got, wanted $4: $(cat out)"
    [ -z "${5:-}" ] || grep -qE -- "$5" out || echo "said: $(cat out)"
    # A refusal is a sentence on what happened and one on what to do.
    [ "$4" -lt 400 ] || grep -q '"detail":"[^"]\{20,\}"' out || echo "without words: $(cat out)"
}
link() { sed -n 's|^https://vote.example/login#\(.*\)$|\1|p' mails | tail -n 1; }
mails() { grep -c '^https://vote' mails 2>/dev/null; }
count_is() { [ "$(mails)" = "$1" ]; }

# --- links
check 'a known address gets an answer' "$(ask one /v1/login '{"address":"canary1@example.org"}' 202 sent-if-known)"
cp out known
check 'and a mail' "$(until_true count_is 1 || cat auth.log)"
check 'an unknown one gets the same answer' "$(ask two /v1/login '{"address":"nobody@example.org"}' 202 sent-if-known; cmp known out)"
# Zeros stand for no cookie: a login under them could be ended by whoever has none.
check 'a browser may not call itself nothing' "$(printf '__Host-psephos-browser=%s' "$(printf 'A%.0s' $(seq 43))" >nil.now; cp nil.now nil.all; ask nil /v1/login '{"address":"nobody@example.org"}' 202; grep -qi "^set-cookie: $(head -n 1 nil.all)" head && cat head)"
sleep 0.3
check 'and no mail' "$(count_is 1 || mails)"
check 'no address is none' "$(ask two /v1/login '{"name":"x"}' 400 malformed)"
token=$(link)
check 'the link is for the browser that asked' "$(ask two /v1/login/token "{\"token\":\"$token\"}" 403 link-other-browser)"
check 'and for no browser without a cookie' "$(ask none /v1/login/token "{\"token\":\"$token\"}" 403 link-other-browser)"
check 'an altered link is none' "$(ask one /v1/login/token "{\"token\":\"$(printf 'A%.0s' $(seq 43))\"}" 403 link-unknown)"
check 'no session yet' "$(ask one /v1/session '' 401 no-session)"
check 'the link opens a session' "$(ask one /v1/login/token "{\"token\":\"$token\"}" 200 '"session":"[A-Za-z0-9_-]{75}"')"
session=$(sed 's/.*"session":"\([^"]*\)".*/\1/' out)
check 'once' "$(ask two /v1/login/token "{\"token\":\"$token\"}" 403 link-unknown; ask one /v1/login/token "{\"token\":\"$token\"}" 403 link-unknown)"
check 'the session lasts' "$(ask one /v1/session '' 200 "\"election\":\"$eid\"")"
check 'a bearer is as good as a cookie' "$(curl -s --unix-socket auth.sock -H "Authorization: Bearer $session" http://x/v1/session | grep -q letter || echo none)"
check 'an altered one is not' "$(curl -s --unix-socket auth.sock -H "Authorization: Bearer $(echo "$session" | rev)" http://x/v1/session | grep -q no-session || echo some)"

# --- registering
card() {
    mkdir -p "$1"
    "$psephos" credential new --record record --key "$1/voter.key" --quiet
    credential=$(sed -n 's/.*"credential": *"\([0-9a-f]*\)".*/\1/p' "$1/voter.pub")
    proof=$(sed -n 's/.*"proof": *"\([0-9a-f]*\)".*/\1/p' "$1/voter.pub")
    json="{\"credential\":\"$credential\",\"proof\":\"$proof\",\"replace\":${2:-false}}"
}
card anna
check 'no registration without a session' "$(ask two /v1/registrations "$json" 401 no-session)"
check 'nor with another proof' "$(ask one /v1/registrations "$(echo "$json" | sed 's/"proof":"\(.\)/"proof":"0\1/; s/\(.\)","replace"/","replace"/')" 422 proof)"
check 'nor half of one' "$(ask one /v1/registrations '{"credential":"00"}' 400 malformed)"
check 'a voter registers' "$(ask one /v1/registrations "$json" 202 waiting)"
check 'the same again is the same' "$(ask one /v1/registrations "$json" 202 waiting)"
check 'its state is told to its voter' "$(ask one /v1/registrations/"$credential" '' 202 waiting)"
first=$json
first_credential=$credential
card anna2
check 'a second credential is refused' "$(ask one /v1/registrations "$json" 409 registered-before)"
kill -9 "$officer_pid"
check 'without the registrar voters are told to come again' "$(ask one /v1/registrations "$json" 503 registrar)"
start officer office.ini office.sock
check 'which a crash made forget nothing' "$(ask one /v1/registrations "$first" 202 waiting)"
check 'release by two officers' "$(both --what release | grep -q '^done: entry' || tail -n 2 officer.log)"
check 'then the voter has the entry' "$(until_true ask one /v1/registrations/"$first_credential" '' 200; ask one /v1/registrations/"$first_credential" '' 200 '"state":"recorded","index":[0-9]+,"leaf":"[0-9a-f]{64}"')"
check 'others are told nothing' "$(ask one /v1/login '{"address":"canary2@example.org"}' 202; until_true count_is 2; ask one /v1/login/token "{\"token\":\"$(link)\"}" 200; ask one /v1/registrations/"$first_credential" '' 404)"
check 'nor may they take the credential' "$(ask one /v1/registrations "$first" 409 credential-taken)"

# --- off the list
check 'a link is asked for' "$(ask three /v1/login '{"address":"canary3@example.org"}' 202; until_true count_is 3 || mails)"
sed '/^ID003/d' list.csv >shorter.csv
check 'the voter is taken off the list' "$(import shorter.csv | grep -q '^done' || cat out err)"
check 'and the link is good no more' "$(ask three /v1/login/token "{\"token\":\"$(link)\"}" 403 link-unknown)"

# --- crash, flood, relay down
kill -9 "$auth_pid"
start auth auth.ini auth.sock
check 'sessions end with the process' "$(ask one /v1/session '' 401 no-session)"
check 'and voters log in anew' "$(ask four /v1/login '{"address":"canary4@example.org"}' 202; until_true count_is 4; ask four /v1/login/token "{\"token\":\"$(link)\"}" 200)"
check 'they may end a session' "$(ask four /v1/session/end '{}' 200; ask four /v1/session '' 401)"
check 'a flood of one address is refused' "$(ask five /v1/login '{"address":"canary4@example.org"}' 202; ask five /v1/login '{"address":"canary4@example.org"}' 202; ask five /v1/login '{"address":"canary4@example.org"}' 429 too-many-logins)"
check 'also of one that nobody has' "$(for i in 1 2 3; do ask six /v1/login '{"address":"flood@example.org"}' 202; done; ask six /v1/login '{"address":"flood@example.org"}' 429 too-many-logins)"
kill "$sink"
check 'a relay that is down is not told to the voter' "$(ask seven /v1/login '{"address":"canary2@example.org"}' 202 sent-if-known)"
metric() { curl -s --unix-socket auth.sock http://x/metrics | grep -q '^psephos_auth_mails_total{end="failed"} 1'; }
check 'but to the operator' "$(until_true metric || curl -s --unix-socket auth.sock http://x/metrics | grep mails)"
check 'with an event' "$(grep -q '"type":"auth.mail","sev":3' auth-state/events || tail -n 2 auth-state/events)"
kill "$auth_pid" "$officer_pid"
wait "$auth_pid"
check 'it stops when asked' "$([ $? -eq 0 ] || echo "status $?")"
check 'no name, address, link or session in logs, events, record' "$(grep -rlE "CANARY|canary[0-9]@|$session|$token|$first_credential" auth.log officer.log auth-state/events state/events state/acts.jsonl; grep -rlE 'CANARY|canary[0-9]@|ID00' record auth-state)"
finish
