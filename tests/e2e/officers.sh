#!/bin/sh
# officers.sh SOURCE PSEPHOS VERIFY SEQUENCER: officers with authenticators: enrolment, sessions, acts of two
# officers with fresh assertions, and what is refused; then the same in a browser, by keyboard alone.
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

# says STATUS PATTERN COMMAND…
says() {
    wanted=$1
    pattern=$2
    shift 2
    "$@" >out 2>err </dev/null
    status=$?
    [ "$status" -eq "$wanted" ] || echo "status $status, wanted $wanted: $(head -c 300 out err) $(tail -n 3 office.log)"
    [ -z "$pattern" ] || cat out err | grep -qE -- "$pattern" || echo "said: $(head -c 400 out err)"
}
until_true() {
    i=0
    until "$@" >/dev/null 2>&1; do
        i=$((i + 1))
        [ $i -lt 200 ] || return 1
        sleep 0.1
    done
}
free_port() {
    python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
command -v node >/dev/null 2>&1 || {
    skip 'officers use authenticators' 'needs node'
    finish
    exit
}

garden_start >/dev/null 2>&1 && garden_ceremony >/dev/null 2>&1
eid=$("$psephos" record show --record record --json | sed 's/.*"election":"\([0-9a-f]*\)".*/\1/')
check 'the election stands' "$([ ${#eid} -eq 64 ] || echo "eid: $eid")"
office_people
mkdir seq
(cd seq && exec "$sequencer" "$dir/seq/s.sock" "$psephos" "$dir/record" "$dir/board") >/dev/null 2>&1 &
pids=$!
origin=https://officers.example.org
office_settings state seq/s.sock
sed -i "s|^\[officers\]|&\nrequire = webauthn\naccounts = ann ben cleo dora\norigin = $origin|" office.ini
start_office() {
    "$psephos" officer serve --config office.ini 2>>office.log &
    office=$!
    pids="$pids $office"
    until_true curl -sf --unix-socket office.sock http://o/healthz
}
kill_office() {
    kill -9 "$office" 2>/dev/null
    wait "$office" 2>/dev/null
}
start_office
[ "$tap_bad" -eq 0 ] || { cat office.log; finish; exit 1; }
# officer VERB NAME ARGUMENT…: one program that stays plays all their authenticators
mkfifo ask say
node "$source/tests/e2e/authenticator.mjs" "$dir/office.sock" "$origin" <ask >say 2>authenticator.log &
pids="$pids $!"
exec 8>ask 9<say
officer() {
    printf '%s\t' "$@" >&8
    echo >&8
    IFS= read -r answer <&9
    printf '%s\n' "$answer"
}
# invited NAME: a code for them
invited() {
    "$psephos" officer invite "$1" --config office.ini | sed 's/.*#invitation=//'
}
hash_of() { sed -n 's/^20[01] \([0-9a-f]\{64\}\)$/\1/p' out; }

# --- the page
check 'the page loads nothing else and runs nothing inside it' "$(says 0 "content-security-policy\":\"default-src 'none'; script-src 'self'; style-src 'self';.*frame-ancestors 'none'.*trusted-types 'none'" officer headers ann /officer)"
check 'its script and style are named by their hashes' "$(officer get ann /officer >page; node -e '
    const page = require("fs").readFileSync("page", "utf8");
    if (!/officer.css" integrity="sha384-[^"]{64}"/.test(page) || !/officer.js" integrity="sha384-[^"]{64}"/.test(page) || /<script>|style=|onclick/.test(page)) console.log(page);')"

# --- enrolment
check 'nobody is invited whom the settings do not name' "$(says 2 'none of \[officers\] accounts' "$psephos" officer invite eve --config office.ini)"
check 'an invitation is an address' "$(says 0 '^https://officers.example.org/officer#invitation=[A-Za-z0-9_-]{43}$' "$psephos" officer invite ann --config office.ini)"
code=$(sed 's/.*#invitation=//' out)
check 'the code itself is kept nowhere' "$(grep -rl -- "$code" state | head -n 3)"
check 'a code that nobody gave is refused' "$(says 0 '^403 code-unknown' officer enrol ann AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA)"
check 'nothing is registered without one' "$(says 0 '^401 no-officer' officer enrol ann -)"
check 'an authenticator must ask who one is' "$(says 0 '^403 webauthn-user-verified' officer enrol ann "$code" flags=65)"
check 'and be touched' "$(says 0 '^403 webauthn-user-present' officer enrol ann "$code" flags=68)"
check 'another site is refused' "$(says 0 '^403 webauthn-origin' officer enrol ann "$code" origin=https://officers.example.com)"
check 'so is a page that another site opened' "$(says 0 '^403 other-origin' officer enrol ann "$code" site=https://officers.example.com)"
check 'a key that is copied to other devices is refused' "$(says 0 '^403 webauthn-synced' officer enrol ann "$code" flags=77)"
check 'the first authenticator is registered' "$(says 0 '^200 1$' officer enrol ann "$code")"
check 'an invitation works once' "$(says 0 '^403 code-unknown' officer enrol ann "$code")"
check 'one authenticator reads nothing' "$(says 0 '^403 second-authenticator-needed' officer status ann /v1/acts)"
first=$(officer key ann 0)
check 'the same credential is no second one' "$(says 0 '^403 webauthn-registered' officer enrol ann - id="$first")"
check 'the second authenticator is registered' "$(says 0 '^200 2$' officer enrol ann -)"
check 'a third is not' "$(says 0 '^409 account-has-authenticators' officer enrol ann -)"
check 'nor is another invitation taken' "$(says 0 '^409 account-has-authenticators' officer enrol ann "$(invited ann)")"
check 'an officer with a key invites themselves' "$(says 0 "^$origin/officer#invitation=" desk ben invitation)"
code=$(sed 's/.*#invitation=//' out)
check 'and registers' "$(says 0 '^200 1$' officer enrol ben "$code")"
check 'a credential of another officer is refused' "$(says 0 '^403 webauthn-registered' officer enrol ben - id="$first")"
check 'twice' "$(says 0 '^200 2$' officer enrol ben -)"
check 'not again by the key' "$(says 1 'account-has-authenticators' desk ben invitation)"
officer enrol cleo "$(invited cleo)" >/dev/null

# --- sessions
officer logout ann >/dev/null
check 'who logged out reads nothing' "$(says 0 '^401 no-officer' officer status ann /v1/acts)"
check 'a login takes an officer' "$(says 0 '^403 no-such-account' officer login eve)"
check 'and their own credential' "$(says 0 '^403 webauthn-credential' officer login ann as=ben)"
check 'a login comes from the page' "$(says 0 '^403 webauthn-origin' officer login ann origin=http://officers.example.org)"
check 'a registration is no login' "$(says 0 '^403 webauthn-type' officer login ann type=webauthn.create)"
check 'an officer logs in' "$(says 0 '^200' officer login ann)"
check 'and reads' "$(says 0 '^200' officer status ann /v1/acts)"
check 'another page may not use the session' "$(says 0 '^403 other-origin' officer post ann /v1/persons '{"id":"x"}' site=https://elsewhere.example.org)"
officer login ben >/dev/null

# --- acts
check 'a key does not propose here' "$(says 1 'authenticator-needed' desk ann propose --what freeze --about x)"
check 'one authenticator proposes nothing' "$(says 0 '^403 second-authenticator-needed' officer propose cleo freeze)"
check 'an officer proposes' "$(says 0 '^200 [0-9a-f]{64}$' officer propose ann publish daemon:box "settings:$eid")"
act=$(hash_of)
check 'and is not two officers' "$(says 0 '^409 signed-before' officer assert ann "$act")"
check 'nor with the other authenticator' "$(says 0 '^409 signed-before' officer assert ann "$act" key=1)"
check 'nothing is done' "$(says 0 '"state":"proposed"' officer get ben "/v1/acts/$act")"
check 'a key does not sign here' "$(says 1 'authenticator-needed' desk ben sign "$act")"
officer propose ann end >out 2>&1
other=$(hash_of)
check 'an assertion over another act is refused' "$(says 0 '^403 webauthn-purpose' officer assert ben "$other" act="$act")"
check 'over another challenge' "$(says 0 '^403 webauthn-challenge' officer assert ben "$act" challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA)"
check 'from another site' "$(says 0 '^403 webauthn-origin' officer assert ben "$act" origin=https://officers.example.com)"
check 'for another site' "$(says 0 '^403 webauthn-rp-id' officer assert ben "$act" rp=example.com)"
check 'inside a frame' "$(says 0 '^403 webauthn-cross-origin' officer assert ben "$act" cross=true)"
check 'of the other ceremony' "$(says 0 '^403 webauthn-type' officer assert ben "$act" type=webauthn.create)"
check "by another officer's credential" "$(says 0 '^403 webauthn-credential' officer assert ben "$act" as=ann)"
check 'by an unknown credential' "$(says 0 '^403 webauthn-credential' officer assert ben "$act" id=unknown)"
check 'in the name of another officer' "$(says 0 '^403 webauthn-user-handle' officer assert ben "$act" handle=ann)"
check 'without asking who it is' "$(says 0 '^403 webauthn-user-verified' officer assert ben "$act" flags=1)"
check 'without a touch' "$(says 0 '^403 webauthn-user-present' officer assert ben "$act" flags=4)"
check 'with a signature that does not hold' "$(says 0 '^403 webauthn-signature' officer assert ben "$act" sig=bad)"
check 'by a copy whose counter has not risen' "$(says 0 '^403 webauthn-sign-count' officer assert ben "$act" count=1)"
check 'which is an alarm' "$(until_true grep -q '"type":"officer.assertion","sev":2' state/events || tail -n 3 state/events)"
check 'an answer is used once' "$(says 0 '^403 webauthn-challenge-missing' officer replay ben "$act")"
check 'none of this did anything' "$(says 0 '"state":"proposed"' officer get ben "/v1/acts/$act")"
check 'a second officer confirms' "$(says 0 '^200 agreed' officer assert ben "$act")"
done_() { officer get ann "/v1/acts/$1" | grep -q '"state":"done"'; }
check 'and it is done' "$(until_true done_ "$act" || officer get ann "/v1/acts/$act")"
check 'nobody confirms what is done' "$(says 0 '^409 not-open' officer assert ben "$act")"
check 'assertions are not brought along' "$(officer get ann "/v1/acts/$act" | sed 's/.*"order":\("[^"]*"\),"act":\({.*}\)}/{"order":\1,"act":\2}/' >again.json; officer post ann /v1/acts "$(cat again.json)" | grep -q '^422 malformed' || cat again.json)"

# --- authenticators that go
until_true done_ "$act"
lost() { officer get ann /v1/officer/accounts | sed "s/.*\"account\":\"$1\",\"authenticators\":\[{\"credential\":\"\([0-9a-f]*\)\".*/\1/"; }
gone=$(lost ben)
check 'an authenticator that is not there is not removed' "$(says 0 '^422 no-such-authenticator' officer propose ann remove-authenticator account:ben "credential:$eid")"
check 'a lost one is removed by two officers, the loser among them' "$(says 0 '^200 [0-9a-f]{64}$' officer propose ben remove-authenticator account:ben "credential:$gone" key=1)"
act=$(hash_of)
check 'with the other one' "$(says 0 '^200 agreed' officer assert ann "$act")"
check 'and it goes' "$(until_true done_ "$act" || officer get ann "/v1/acts/$act")"
check 'the session with it' "$(says 0 '^401 no-officer' officer status ben /v1/acts)"
check 'the one that is gone logs nobody in' "$(says 0 '^403 webauthn-credential' officer login ben)"
check 'an invitation does not replace it' "$(says 0 '^409 account-has-authenticators' officer enrol ben "$(invited ben)")"
check 'the one that is left does' "$(says 0 '^200' officer login ben key=1)"
check 'but confirms nothing alone' "$(says 0 '^403 second-authenticator-needed' officer propose ben freeze key=1)"
check 'a new one is registered' "$(says 0 '^200 2$' officer enrol ben -)"
check 'and both officers act again' "$(says 0 '^200 [0-9a-f]{64}$' officer propose ben publish daemon:box "settings:$eid" key=2)"
act=$(hash_of)

# --- a crash
kill_office
start_office
check 'a restart ends sessions' "$(says 0 '^401 no-officer' officer status ann /v1/acts)"
check 'and keeps accounts' "$(says 0 '^200' officer login ann)"
check 'and counters' "$(says 0 '^403 webauthn-sign-count' officer login ann count=1)"
check 'and what was confirmed' "$(says 0 '^200 agreed' officer assert ann "$act")"
check 'which is done' "$(until_true done_ "$act" || officer get ann "/v1/acts/$act")"

# --- an auditor
audited() { "$psephos" officer audit --acts "$1" --eid "$eid" --origin "$origin" --webauthn --json; }
cp state/acts.jsonl log
check 'the log judges itself' "$(says 0 '"acts":3,"by_authenticators":3,"enrolled":6,"removed":1,"bad":0' audited log)"
check 'for its own site alone' "$(says 1 'officers stand behind' "$psephos" officer audit --acts log --eid "$eid" --origin https://officers.example.com --webauthn)"
check 'and its own election' "$(says 1 'does not follow' "$psephos" officer audit --acts log --eid "$gone" --origin "$origin" --webauthn)"
# forged NAME CODE: the log after a change of its lines (a list of objects), with a chain that is good
forged() {
    python3 - "$2" >"$1" <<'PY'
import hashlib, json, sys
lines = [json.loads(x) for x in open("log")]
eid = next(x["election"] for x in lines if "election" in x)
exec(sys.argv[1])
before = hashlib.sha256(b"psephos/1/acts\0" + bytes.fromhex(eid)).hexdigest()
for n, line in enumerate(lines):
    line["seq"], line["before"] = n + 1, before
    text = json.dumps(line, separators=(",", ":"), ensure_ascii=False)
    before = hashlib.sha256(text.encode()).hexdigest()
    print(text)
PY
}
first_act='acts = [x for x in lines if "assertions" in x]; a = acts[0]["assertions"]'
forged same 'pass'
check 'a log that is written anew without a change is good' "$(says 0 '"bad":0' audited same)"
forged one "$first_act; del a[1]"
check 'one officer is not two' "$(says 1 '1 officers stand behind the act' audited one)"
forged moved "$first_act; a[1]['evidence'] = acts[1]['assertions'][1]['evidence']"
check 'nor with the assertion of another act' "$(says 1 '1 officers stand behind the act' audited moved)"
forged renamed "$first_act; a[1]['account'] = 'cleo'"
check 'nor in another name' "$(says 1 '1 officers stand behind the act' audited renamed)"
forged stranger 'lines = [x for x in lines if x.get("account") != "ben"]'
check 'nor by authenticators that nobody enrolled' "$(says 1 '1 officers stand behind the act' audited stranger)"
forged taken 'del lines[[x.get("what") for x in lines].index("remove-authenticator")]'
check 'an authenticator does not go without an act' "$(says 1 'cannot have this authenticator removed' audited taken)"
sed 's/CANARY-GROUNDS/CANARY-REASONS/' log >altered
check 'an altered line is found by the chain or its hash' "$(says 1 'does not follow|is no act' audited altered)"
check 'no grounds, no code and no cookie in log and events' "$(grep -lE 'CANARY-GROUNDS|__Host-psephos-officer=' office.log state/events | head -n 3)"

# --- in a browser
check 'what brings the page says what it lacks' "$(says 2 '--cert' "$psephos" edge officers --listen 127.0.0.1:443 --office unix:/x)"
check 'and holds no settings of others' "$(says 2 'cannot hold' "$psephos" edge officers --listen '127.0.0.1:443 x' --cert c --office unix:/x)"
chromium=$(command -v chromium) && [ -d "$source/tests/peers/browser/node_modules/playwright-core" ] || {
    skip 'officers act in a browser' 'needs chromium and playwright-core'
    finish
    exit
}
kill_office
mv state state.before
port=$(free_port)
at=http://localhost:$port
haproxy=$(PATH=$PATH:/usr/sbin command -v haproxy) && at=https://officers.example.org:$port
sed -i "s|^origin = .*|origin = $at|" office.ini
[ -n "$haproxy" ] || sed -i "s|^http = .*|http = 127.0.0.1:$port|" office.ini
"$psephos" officer serve --config office.ini 2>>office.log &
pids="$pids $!"
until_true test -e state/invitations
if [ -n "$haproxy" ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=officers.example.org \
        -addext subjectAltName=DNS:officers.example.org -keyout key.pem -out cert.pem 2>/dev/null
    cat cert.pem key.pem >edge.pem
    "$psephos" edge officers --listen "127.0.0.1:$port" --cert "$dir/edge.pem" --office "unix:$dir/office.sock" --out edge.cfg
    "$haproxy" -f edge.cfg >edge.log 2>&1 &
    pids="$pids $!"
    spki=$(openssl x509 -in cert.pem -pubkey -noout | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64)
    export CHROMIUM_ARGS="--ignore-certificate-errors-spki-list=$spki --host-resolver-rules=MAP*officers.example.org*127.0.0.1"
    over_tls() { curl -sf --cacert cert.pem --resolve "officers.example.org:$port:127.0.0.1" -i "$at$1"; }
    check 'the page comes over TLS' "$(until_true over_tls /officer || cat edge.log)"
    check 'with a promise to go on so' "$(over_tls /officer | grep -qi '^strict-transport-security: max-age=' || echo none)"
    check 'figures and health do not' "$(over_tls /metrics >out && echo figures; over_tls /healthz >out && echo health)"
else
    skip 'the page comes over TLS' 'needs haproxy'
    until_true curl -sf "http://127.0.0.1:$port/healthz"
fi
shots=${OFFICERS_SHOTS:-$dir/shots}
mkdir -p "$shots"
CHROMIUM=$chromium node "$source/tests/e2e/officers_browser.mjs" "$source/tests/peers/browser" "$at" "$shots" "$(invited ann)" "$(invited ben)" >seen 2>seen.err
while read -r line; do
    case "$line" in
    'ok '*) check "${line#ok }" '' ;;
    *) check "${line#not ok }" 'failed' ;;
    esac
done <seen
check 'the browser went through all of it' "$([ "$(grep -c '^ok ' seen)" -ge 25 ] || cat seen.err)"
finish
