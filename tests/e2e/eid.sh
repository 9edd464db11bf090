#!/bin/sh
# eid.sh SOURCE PSEPHOS VERIFY SEQUENCER: voters log in with cards and register with their
# signatures over HTTP; cards and signatures that are refused; an authority that is silent; auditors
# who open every binding, other people's tools, and a registrar who enrols a ghost.
set -u
source=$(realpath "$1")
psephos=$(realpath "$2")
sequencer=$(realpath "$4")
. "$source/tests/ground/tap.sh"
. "$source/tests/e2e/garden.sh"
. "$source/tests/e2e/office_rig.sh"
for tool in openssl python3 curl; do
    command -v $tool >/dev/null || { skip 'voters register with cards' "needs $tool"; finish; exit; }
done
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

# --- an authority of eIDs, its answers, a stamp service ---
mkdir ca tsa
# issue NAME CURVE SUBJECT EXTENSIONS SERIAL: ca/NAME.key, ca/NAME.pem, known to the authority
issue() {
    openssl ecparam -name "$2" -genkey -noout -out "ca/$1.key" 2>>openssl.log
    printf '%s\n' "$4" >ca/ext
    openssl req -new -utf8 -key "ca/$1.key" -subj "$3" -out ca/csr 2>>openssl.log
    openssl x509 -req -in ca/csr -CA ca/ca.pem -CAkey ca/ca.key -set_serial "0x$5" -days 100 \
        -extfile ca/ext -out "ca/$1.pem" 2>>openssl.log
    printf 'V\t351231235959Z\t\t%s\tunknown\t/CN=%s\n' "$5" "$1" >>ca/index.txt
}
openssl ecparam -name prime256v1 -genkey -noout -out ca/ca.key 2>>openssl.log
openssl req -new -x509 -key ca/ca.key -subj "/C=EE/CN=Authority of Test" -days 100 -out ca/ca.pem \
    -addext 'keyUsage=critical,keyCertSign' 2>>openssl.log
leaf='basicConstraints=critical,CA:FALSE'
issue responder prime256v1 /CN=Answers "$leaf
keyUsage=critical,digitalSignature
extendedKeyUsage=OCSPSigning" 02
issue stamps prime256v1 /CN=Stamps "$leaf
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping" 03
# card NAME CODE NUMBER: two certificates of one person
card() {
    person="/C=EE/SN=Mänd $1/GN=Mari/serialNumber=$2"
    issue "$1-login" secp384r1 "$person" "$leaf
keyUsage=critical,digitalSignature,keyAgreement
extendedKeyUsage=clientAuth" "1$3"
    issue "$1-sign" secp384r1 "$person" "$leaf
keyUsage=critical,nonRepudiation" "2$3"
}
for n in 1 2 3 4 5 6 7; do card v$n PNOEE-3800108571$n 0$n; done
revoke() { sed -i "s/^V\\(.*\\)\\t\\t$2\\t/R\\1\\t$1\\t$2\\t/" ca/index.txt; }
echo >ca/silent
cat >tsa/tsa.cnf <<CONF
[good]
signer_cert = $dir/ca/stamps.pem
signer_key = $dir/ca/stamps.key
ess_cert_id_alg = sha256
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
CONF
echo 01 >tsa/serial
python3 "$source/tests/e2e/ocsp.py" ca &
pids=$!
python3 "$source/tests/e2e/tsa.py" tsa &
pids="$pids $!"
until_true test -s ca/ocsp-port
until_true test -s tsa/port

# --- an election with registrar and logins ---
garden_start >/dev/null 2>&1 && garden_ceremony >/dev/null 2>&1
eid=$("$psephos" record show --record record --json | sed 's/.*"election":"\([0-9a-f]*\)".*/\1/')
mkdir seq keys
office_people
(cd seq && exec "$sequencer" "$dir/seq/s.sock" "$psephos" "$dir/record" "$dir/board") >/dev/null 2>&1 &
pids="$pids $!"
office_settings state seq/s.sock
cat >>office.ini <<INI
check = 1 s
[eid]
authorities = $dir/ca/ca.pem
stamp-authorities = $dir/ca/ca.pem
stamp-policy = 1.2.3.4.1
INI
"$psephos" auth keygen --out session.key
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
stamp-policy = 1.2.3.4.1
origin = https://vote.example
ocsp = http://127.0.0.1:$(cat ca/ocsp-port)/
stamp = http://127.0.0.1:$(cat tsa/port)/good
retry = 1 s
INI
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
for n in 1 2 3 4 5 7; do
    printf 'PNOEE-3800108571%d,CANARY-NAME %d,,,%s,1,1,,\r\n' $n $n "$([ $n -lt 4 ] && echo North || echo South)" >>list.csv
done
desk ann list-check --file list.csv >out 2>err
check 'the list is taken in' "$(both --what import --set "list=$(sed 's/.*"list":"\([0-9a-f]*\)".*/\1/' out)" --set "base=$(sed 's/.*"base":"\([0-9a-f]*\)".*/\1/' out)" | grep -q '^done' || cat out err)"

# enrol KEY LOGIN SIGN [OPTION…]: out, err, status
credential() { "$psephos" credential new --record record --key "keys/$1.key" --quiet; }
enrol() {
    key=$1
    login=$2
    sign=$3
    shift 3
    "$psephos" credential enrol --record record --key "keys/$key.key" --auth "unix:$dir/auth.sock" \
        --origin "${origin:-https://vote.example}" --login-key "ca/$login.key" --login-cert "ca/$login.pem" \
        --sign-key "ca/$sign.key" --sign-cert "ca/$sign.pem" "$@" >out 2>err
    status=$?
}
taken() {
    enrol "$@"
    [ $status -eq 0 ] && grep -q ": $state\$" out || echo "status $status: $(cat out err)"
}
refused() {
    wanted=$1
    shift
    enrol "$@"
    [ $status -eq 1 ] && grep -q -- ": $wanted\$" err || echo "status $status, wanted $wanted: $(cat out err)"
}
for n in a b c d e f g h; do credential $n; done
state=waiting

# --- who is taken in, and who is not ---
check 'a voter registers with a card' "$(taken a v1-login v1-sign)"
check 'a second credential is refused' "$(refused registered-before b v1-login v1-sign)"
check 'nor may another take the first' "$(refused credential-taken a v2-login v2-sign)"
check 'another person cannot sign' "$(refused person b v2-login v3-sign)"
check 'nor the key for logging in' "$(refused cms-purpose b v2-login v2-login)"
check 'nor the key for signing log in' "$(refused eid-purpose b v2-sign v2-sign)"
check 'a token for another site is refused' "$(origin=https://evil.example; refused eid-signature b v2-login v2-sign)"
check 'who is not on the list is refused' "$(refused not-listed b v6-login v6-sign)"
revoke 260101000000Z 107
check 'a revoked card does not log in' "$(refused eid-revoked b v7-login v7-sign)"
revoke 260101000000Z 202
check 'nor is a revoked signature taken in' "$(refused ocsp-revoked b v2-login v2-sign)"
mkdir kept
check 'a replacement is taken in' "$(taken c v1-login v1-sign --replace --keep kept)"

# --- an authority that is silent ---
# It answers about the cards' logins, and not about these two signatures.
echo 0203 0204 >ca/silent
state=pending
check 'while nobody answers a signature waits under its stamp' "$(taken d v3-login v3-sign)"
check 'and holds the one place' "$(refused registration-pending e v3-login v3-sign)"
check 'so does another' "$(taken e v4-login v4-sign)"
ask_state() {
    "$psephos" evidence verify --record record --voters registrar/voters.db --wrap registrar/wrap.key \
        --ca ca/ca.pem --stamp-ca ca/ca.pem --json >out 2>err
    grep -q "\"pending\":$1" out
}
check 'an auditor sees that they wait' "$(until_true ask_state 2 || cat out err)"
keep_books() { python3 -c 'import sqlite3, sys
sqlite3.connect(sys.argv[1]).backup(sqlite3.connect(sys.argv[2]))' registrar/voters.db "$1"; }
check 'the books as they are now' "$(keep_books registrar/early.db 2>&1)"
check 'whoever holds auth enrols nobody' "$(python3 "$source/tests/e2e/rogue_auth.py" registrar.sock PNOEE-38001085715 keys/h.pub 2>&1)"
check 'and ends no wait' "$(ask_state 2 || cat out err)"
revoke 260101000000Z 204
echo >ca/silent
check 'when the authority answers they wait no more' "$(until_true ask_state 0 || cat out err auth.log)"
check 'who was good is registered' "$(refused registered-before f v3-login v3-sign)"
state=waiting
check 'who was revoked is not, and may not try again' "$(refused ocsp-revoked f v4-login v4-sign)"
check 'a fifth voter' "$(taken g v5-login v5-sign)"

# --- the record, and auditors ---
check 'release by two officers' "$(both --what release | grep -q '^done: entry' || tail -n 2 officer.log)"
judge() {
    wanted=$1
    shift
    "$psephos" evidence verify --record record --voters registrar/voters.db --wrap registrar/wrap.key \
        --ca ca/ca.pem --stamp-ca ca/ca.pem --stamp-policy 1.2.3.4.1 "$@" >out 2>err
    got=$?
    [ $got -eq "$wanted" ] || echo "status $got: $(cat out err)"
}
# auditors follow the record as it is published
three() { [ -z "$(judge 0 --json)" ] && grep -q '"credentials":3' out; }
printf 'district,voters\nNorth,3\nSouth,3\n' >register.csv
check 'an auditor accepts all bindings' "$(until_true three || cat out err; judge 0 --published register.csv; grep -q '^3 credentials in the record, 3 signed' out || cat out)"
check 'with counts by district' "$(judge 0 --published register.csv --json; grep -q '"district":"North","listed":3,"published":3,"live":2' out || cat out)"
printf 'district,voters\nNorth,2\nSouth,3\n' >smaller.csv
check 'a larger list than was published is found' "$(judge 1 --published smaller.csv; grep -q '^published district North' out || cat out)"
check 'a list that is none is said' "$(judge 2 --published list.csv)"
check 'without the authority nothing is believed' "$(
    openssl req -new -x509 -key ca/stamps.key -subj /CN=Nobody -days 9 -out nobody.pem 2>/dev/null
    "$psephos" evidence verify --record record --voters registrar/voters.db --wrap registrar/wrap.key \
        --ca nobody.pem --stamp-ca ca/ca.pem >out 2>err
    [ $? -eq 1 ] && [ "$(grep -c '^cms-untrusted' out)" -eq 3 ] || cat out err
)"
hex=$(sed -n 's/.*"credential": *"\([0-9a-f]*\)".*/\1/p' keys/c.pub)
check 'one binding is written out' "$("$psephos" evidence export --voters registrar/voters.db --wrap registrar/wrap.key --credential "$hex" --out one >out 2>err || cat err)"
check 'and is what the voter signed' "$(cmp one/statement.bin kept/statement.bin; cmp one/signature.p7s kept/signature.p7s)"
# The three lines of docs/eid-registration.md.
check 'openssl verifies the signature' "$(openssl cms -verify -cades -binary -inform DER -in one/signature.p7s \
    -content one/statement.bin -CAfile ca/ca.pem -purpose any -out /dev/null 2>&1 | grep -v 'CAdES Verification successful')"
check 'and the stamp' "$(openssl ts -verify -data one/value.bin -in one/stamp.tsr -CAfile ca/ca.pem 2>&1 | grep -v 'Verification: OK\|Using configuration')"
printf x >>one/statement.bin
check 'but not over another statement' "$(openssl cms -verify -cades -binary -inform DER -in one/signature.p7s \
    -content one/statement.bin -CAfile ca/ca.pem -purpose any -out /dev/null 2>&1 | grep -q failure || echo verified)"

# By the books of that hour two of the three were not ready: one waited, one had not come.
check 'an auditor tells what came into the record too early' "$(
    "$psephos" evidence verify --record record --voters registrar/early.db --wrap registrar/wrap.key \
        --ca ca/ca.pem --stamp-ca ca/ca.pem >out 2>err
    [ $? -eq 1 ] || cat err
    for rule in unqualified pending unregistered; do
        [ "$(grep -cE "^$rule [0-9a-f]{64}" out)" -eq 1 ] || echo "no $rule: $(cat out)"
    done)"

# --- a registrar who enrols a ghost ---
kill "$officer_pid"
wait "$officer_pid" 2>/dev/null
credential ghost
check 'a registrar enrols a voter who never came' "$("$psephos" registrar register --voters registrar/voters.db --wrap registrar/wrap.key --id PNOEE-38001085712 --card keys/ghost.pub 2>&1)"
start officer office.ini office.sock
check 'and releases it' "$(both --what release | grep -q '^done: entry' || tail -n 2 officer.log)"
ghost=$(sed -n 's/.*"credential": *"\([0-9a-f]*\)".*/\1/p' keys/ghost.pub)
found() { [ -z "$(judge 1)" ] && grep -q "^unsigned $ghost" out; }
check 'the auditor finds the ghost' "$(until_true found || cat out err)"
check 'and nothing else' "$(grep -c '^[a-z-]* [0-9a-f]\{64\}' out | grep -qx 1 || cat out)"
kill "$auth_pid" "$officer_pid"
wait "$auth_pid"
check 'no name in logs, events, record or findings' "$(grep -rlE 'CANARY|PNOEE|Mänd' auth.log officer.log auth-state state/events record out err)"
finish
