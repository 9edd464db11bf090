#!/bin/sh
# eid_token.sh SOURCE PSEPHOS VERIFY: voters whose cards are tokens, from the first login to a vote in
# the box: a token of Web eID, a signed binding over HTTP, a ballot; the office's evidence under a
# key on a token, killed and started again, audited, erased. SoftHSM in a folder of its own.
set -u
source=$(realpath "$1")
psephos=$(realpath "$2")
. "$source/tests/ground/tap.sh"
. "$source/tests/e2e/garden.sh"
. "$source/tests/e2e/office_rig.sh"
. "$source/tests/e2e/box_rig.sh"
for tool in softhsm2-util pkcs11-tool curl; do
    command -v $tool >/dev/null 2>&1 || { skip 'cards on tokens' "needs $tool" && finish && exit 0; }
done
for module in /usr/lib/softhsm/libsofthsm2.so /usr/lib64/pkcs11/libsofthsm2.so; do
    [ ! -f $module ] || break
done
dir=$(mktemp -d)
trap 'box_end; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export SOFTHSM2_CONF="$dir/softhsm2.conf"
mkdir tokens run
printf 'directories.tokendir = %s/tokens\nlog.level = ERROR\n' "$dir" >softhsm2.conf
# SoftHSM loses the names of Edwards curves; sanitizers are not to take that for ours.
printf 'leak:libcrypto\nleak:libsofthsm2\n' >lsan.supp
export LSAN_OPTIONS="suppressions=$dir/lsan.supp:print_suppressions=0"
# token NAME PIN: a token, and its PIN in a file
token() {
    softhsm2-util --init-token --free --label "$1" --pin "$2" --so-pin 12345678 >/dev/null 2>&1
    printf '%s\n' "$2" >"$1.pin"
    chmod 400 "$1.pin"
}
# card NAME [PIN FILE]; object NAME LABEL
card() { echo "pkcs11:token=$1?module-path=$module&pin-source=file:$dir/${2:-$1.pin}"; }
object() { echo "pkcs11:token=$1;object=$2?module-path=$module&pin-source=file:$dir/$1.pin"; }
token office canary-51
token anna canary-71
token bela canary-72
office_wrap=$(object office rows)

# --- an election whose evidence is sealed on a token, and a demo authority of eIDs ---
prepare() {
    printf 'psephos-parcel-1\n' >empty.parcel
    garden_keys && box_witnesses && box_settings && garden_create &&
        "$psephos" box create --config sequence.ini mail/setup.parcel >/dev/null && sequence_start &&
        garden_ceremony && "$psephos" auth keygen --out session.key &&
        printf '[sessions]\nkey = %s/session.key\n' "$dir" >>box.ini && front_start &&
        "$psephos" identity demo-ca create --dir ca --url http://127.0.0.1:1 >/dev/null 2>&1
}
prepare >open.log 2>&1 || { echo "Bail out! $(cat open.log run/*.err)"; exit 1; }
"$psephos" identity demo-ca serve --dir ca --listen 127.0.0.1:0 >ca.at 2>run/ca.err &
pids="$pids $!"
wait_line ca.at $! || { echo "Bail out! $(cat run/ca.err)"; exit 1; }
eid=$("$psephos" record show --record record --json | sed 's/.*"election":"\([0-9a-f]*\)".*/\1/')
office_people
office_settings state run/sequence.sock
sed -i "s|^.keys.$|&\ntoken-folder = $dir/tokens|" office.ini
cat >>office.ini <<INI
check = 1 s
[eid]
authorities = $dir/ca/ca.pem
stamp-authorities = $dir/ca/ca.pem
INI
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
[eid]
authorities = $dir/ca/ca.pem
stamp-authorities = $dir/ca/ca.pem
origin = https://vote.example
ocsp = $(cat ca.at)/ocsp
stamp = $(cat ca.at)/tsa
INI
daemon() { # NAME SOCKET SETTINGS: sets $NAME
    "$psephos" "$1" serve --config "$3" >/dev/null 2>>"run/$1.err" &
    eval "$1=$!"
    pids="$pids $!"
    for _ in $(seq 400); do
        ! curl -sf --unix-socket "$2" http://x/healthz >/dev/null 2>&1 || return 0
        sleep 0.05
    done
    return 1
}
daemon officer office.sock office.ini && daemon auth auth.sock auth.ini
check 'office and logins run' "$(curl -sf --unix-socket auth.sock http://x/healthz | grep -q ok || cat run/officer.err run/auth.err)"
[ "$tap_bad" -eq 0 ] || { finish; exit 1; }
lists() { # FILE: takes the list in
    desk ann list-check --file "$1" >out 2>err
    both --what import --set "list=$(sed 's/.*"list":"\([0-9a-f]*\)".*/\1/' out)" \
        --set "base=$(sed 's/.*"base":"\([0-9a-f]*\)".*/\1/' out)" | grep -q '^done' || cat out err
}
printf 'id,name,district,style,weight\r\nPNOEE-38001085711,CANARY A,Ward,1,1\r\nPNOEE-38001085712,CANARY B,Ward,1,1\r\n' >list.csv
check 'the list is taken in' "$(lists list.csv)"

# --- cards ---
issue() { # NAME CODE
    "$psephos" identity demo-ca card --dir ca --given Mari --surname Mänd --code "$2" --token "$(card "$1")" 2>&1 >/dev/null
}
check 'cards are issued on tokens' "$(
    issue anna PNOEE-38001085711
    issue bela PNOEE-38001085712
    pkcs11-tool --module $module --token-label anna --login --pin canary-71 --list-objects --type privkey >out 2>&1
    [ "$(grep -c 'sensitive, always sensitive, never extractable' out)" -eq 2 ] || cat out
    [ "$(grep -A4 signing out | grep -c 'Always\|always authenticate')" -ge 1 ] || cat out
)"
# says STATUS PATTERN COMMAND…: that status, and a line that fits; no PIN anywhere.
says() {
    wanted=$1
    pattern=$2
    shift 2
    "$psephos" "$@" >out 2>err </dev/null
    status=$?
    [ $status -eq "$wanted" ] || echo "status $status, wanted $wanted: $(cat out err)"
    cat out err | grep -q -- "$pattern" || echo "said: $(cat out err)"
    ! grep -q canary- out err || echo 'a PIN is shown'
}
login() { # STATUS PATTERN ARG…
    wanted=$1
    pattern=$2
    shift 2
    says "$wanted" "$pattern" login --auth "unix:$dir/auth.sock" --origin "${origin:-https://vote.example}" "$@"
}
check 'a voter logs in with a card' "$(
    login 0 'Logged in until' --card "$(card anna)" --token-file anna.session
    [ "$(stat -c %a anna.session)" = 400 ] || ls -l anna.session
)"
check 'and by the key alone' "$(login 0 'Logged in until' --login-key "$(object anna authentication)" --token-file second)"
check 'but one way' "$(
    login 2 'give one' --card "$(card anna)" --mail anna@example.org --token-file none
    login 2 'leave out the others' --card "$(card anna)" --login-key "$(object anna authentication)" --token-file none
    login 2 'by its token alone' --card "$(object anna authentication)" --token-file none
    says 2 'origin TEXT is missing' login --auth "unix:$dir/auth.sock" --card "$(card anna)" --token-file none
    origin=http://vote.example login 2 'is no origin' --card "$(card anna)" --token-file none
    origin=https://evil.example login 1 'eid-signature' --card "$(card anna)" --token-file none
    login 1 'eid-purpose' --login-key "$(object anna signing)" --token-file none
    [ ! -e none ] || echo 'a session'
)"
check 'a certificate of another key is found here' "$(
    "$psephos" identity card certificate --card "$(card bela)" --out bela.der
    login 1 'not that of its certificate' --login-key "$(object anna authentication)" --login-cert bela.der --token-file none
)"

# --- a binding, signed by a key that asks each time ---
for who in anna bela; do
    "$psephos" credential new --record record --key $who/voter.key --quiet
done
enrol() { # STATUS PATTERN WHO ARG…
    wanted=$1
    pattern=$2
    who=$3
    shift 3
    says "$wanted" "$pattern" credential enrol --record record --key "$who/voter.key" --auth "unix:$dir/auth.sock" \
        --origin https://vote.example "$@"
}
check 'a voter registers with a card' "$(enrol 0 ': waiting$' anna --card "$(card anna)")"
check 'the key for logging in signs no binding' "$(
    enrol 1 'cms-purpose' bela --login-key "$(object bela authentication)" --sign-key "$(object bela authentication)"
)"
check 'nor does another person' "$(
    enrol 1 ': person$' bela --login-key "$(object bela authentication)" --sign-key "$(object anna signing)"
)"
check 'a wrong PIN is tried once, and not again' "$(
    printf '0000\n' >wrong.pin
    chmod 400 wrong.pin
    enrol 1 'tried once' bela --card "$(card bela wrong.pin)"
    enrol 1 'none is tried' bela --card "$(card bela wrong.pin)"
    enrol 1 'none is tried' bela --card "$(card bela)"
    pkcs11-tool --module $module --token-label bela --login --pin canary-72 --list-objects >out 2>&1 || cat out
)"
check 'another registers with two keys' "$(
    enrol 0 ': waiting$' bela --login-key "$(object bela authentication)" --sign-key "$(object bela signing)"
)"

# --- the office is killed, and goes on with its token ---
kill -9 "$officer"
wait "$officer" 2>/dev/null
daemon officer office.sock office.ini
check 'an office that was killed opens its evidence again' "$(
    both --what release | grep -q '^done: entry' || cat out err run/officer.err
)"
judge() { # STATUS PATTERN ARG…
    wanted=$1
    pattern=$2
    shift 2
    says "$wanted" "$pattern" evidence verify --record record --voters registrar/voters.db --ca ca/ca.pem \
        --stamp-ca ca/ca.pem "$@"
}
until_good() {
    for _ in $(seq 100); do
        [ -n "$(judge 0 '^2 credentials in the record, 2 signed' --wrap "$office_wrap")" ] || return 0
        sleep 0.1
    done
    return 1
}
check 'an auditor accepts both bindings' "$(until_good || cat out err)"
check 'with no other key' "$(judge 2 'not on the token' --wrap "$(object office other)")"
check 'what the card signed is what openssl verifies' "$(
    hex=$(sed -n 's/.*"credential": *"\([0-9a-f]*\)".*/\1/p' anna/voter.pub)
    "$psephos" evidence export --voters registrar/voters.db --wrap "$office_wrap" --credential "$hex" --out one >out 2>err || cat err
    openssl cms -verify -cades -binary -inform DER -in one/signature.p7s -content one/statement.bin \
        -CAfile ca/ca.pem -purpose any -out /dev/null 2>&1 | grep -v 'CAdES Verification successful'
)"

# --- a vote ---
check 'the vote opens' "$(both --what open | grep -q '^done: entry' || tail -n 3 run/officer.err)"
check 'a ballot is cast with the session of the card' "$(
    says 0 '.' vote --record "$url/record" --box "$url" --key anna/voter.key --choose 1=2,1 --choose 2=1 \
        --token-file anna.session
)"
check 'and stands in the record' "$(
    "$psephos" record show --record record >out 2>&1
    grep -qi ballot out || cat out
)"

# --- a person erased: the data key that the token wrapped is gone ---
check 'evidence is erased' "$(
    row=$("$psephos" officer act person --officer "unix:$dir/office.sock" --key desk/ann.key --id PNOEE-38001085712 |
        sed 's/.*"person":\([0-9]*\).*/\1/')
    sed '/8571[2],/d' list.csv >shorter.csv
    lists shorter.csv
    both --what erase --set "person=$row" | grep -q '^done' || cat err
    judge 1 '^erased' --wrap "$office_wrap"
    judge 1 ' 1 erased' --wrap "$office_wrap" --erased # her credential lives on, off the list
    ! grep -q '^erased' out || cat out
)"
kill $pids 2>/dev/null
wait
pids=
check 'no PIN and no name in logs, events, record' "$(grep -rlE 'canary-|CANARY|PNOEE|Mänd' run/*.err auth-state state/events record)"
finish
