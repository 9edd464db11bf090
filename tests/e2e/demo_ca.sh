#!/bin/sh
# demo_ca.sh SOURCE PSEPHOS VERIFY: the demo identity authority: cards in files and on tokens, its
# responder, its stamp service; judged by openssl and by psephos; and what is refused.
set -u
psephos=$(realpath "$2")
cd "$1" || exit 1
. tests/ground/tap.sh
. tests/e2e/garden.sh
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
for tool in openssl curl python3; do
    command -v $tool >/dev/null 2>&1 || { skip 'demo identities' "needs $tool" && finish && exit 0; }
done

made() { "$@" >out 2>err || { cat err && echo "failed: $*"; }; }

# refused STATUS PATTERN COMMAND…: that status, one line on standard error that matches.
refused() {
    wanted=$1
    pattern=$2
    shift 2
    "$@" >out 2>err </dev/null
    status=$?
    [ $status -eq "$wanted" ] || echo "status $status, wanted $wanted"
    [ "$(grep -vc 'played again would' err)" -eq 1 ] || cat err # a note beside the refusal
    grep -q -- "$pattern" err || cat err
}
demo() {
    verb=$1
    shift
    "$psephos" identity demo-ca "$verb" "$@"
}
card() { "$psephos" identity card "$@"; }
now() { date -u +%Y-%m-%dT%H:%M:%SZ; }

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url=http://127.0.0.1:$port
nonce=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=

# --- the authority ---
check 'an authority is made, and says loudly what it is' "$(
    made demo create --dir ca --url "$url"
    grep -q 'DEMO.*nobody' err || cat err
    grep -q 'DEMO - NO IDENTITY' ca/DEMO.txt || cat ca/DEMO.txt
    for key in root issuer ocsp tsa index; do
        [ "$(stat -c %a ca/$key)" = 600 ] || stat ca/$key
    done
    [ "$(stat -c %a ca)" = 700 ] || stat ca
    openssl x509 -in ca/issuer -noout -subject | grep -q 'DEMO - NO IDENTITY' || echo 'no mark'
)"
awk '/BEGIN/ { n++ } { print > "part" n }' ca/ca.pem
mv part1 issuer.pem
mv part2 root.pem
check 'but never over another' "$(refused 1 'File exists' demo create --dir ca)"
check 'nor with an address that is none' "$(
    for bad in ftp://x http:// 'http://a b' http://127.0.0.1:1/ 127.0.0.1:80; do
        refused 2 'is no address' demo create --dir other --url "$bad"
    done
    [ ! -e other ] || ls other
)"
check 'nor for an election that is no test' "$(
    garden_keys >/dev/null 2>&1
    garden_create
    "$psephos" record init --record record --keys board --quiet mail/setup.parcel
    manifest=$(grep -l '"test":true' record/blob/*)
    made demo create --dir forgarden --manifest "$manifest"
    sed 's/"test":true/"test":false/' "$manifest" >real.json
    refused 1 'no test' demo create --dir never --manifest real.json
    refused 2 'no manifest' demo create --dir never --manifest ca/ca.pem
    [ ! -e never ] || ls never
)"

# An office that is to take demo cards: FOLDER of the election.
office() {
    cat >"$1/office.ini" <<INI
[daemon]
state = $dir/$1/state
[listen]
http = unix:$dir/$1/office.sock
[record]
sequencer = $dir/$1/sequence.sock
folder = $dir/$1/record
[keys]
authority = $dir/$1/office/officer.key
registrar = $dir/$1/registrar/registrar.key
[officers]
cards = $dir/cards
[eid]
authorities = $2
stamp-authorities = $3
INI
    "$psephos" officer serve --config "$1/office.ini"
}
check 'an election that is no test refuses its cards and stamps' "$(
    mkdir real cards
    for one in one two; do
        "$psephos" officer keygen --name $one --key cards/$one.key --quiet
    done
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout any.key -out any.pem \
        -subj '/CN=any authority' -days 9 2>>openssl.log
    (
        cd real || exit 1
        garden_plan_of_test=$(garden_plan)
        garden_plan() { echo "$garden_plan_of_test" | sed 's/"test":true/"test":false/'; }
        garden_keys >/dev/null 2>&1
        garden_create
        "$psephos" record init --record record --keys board --quiet mail/setup.parcel
    )
    refuses() {
        office real "$1" "$2" >out 2>err
        status=$?
        [ $status -eq 1 ] || echo "status $status"
        grep -q 'is no test, and a demo authority proves' err || cat err
    }
    refuses "$dir/ca/ca.pem" "$dir/any.pem"
    refuses "$dir/any.pem" "$dir/ca/ca.pem"
)"

# --- cards ---
check 'a card in a file' "$(
    made demo card --dir ca --given Jaak-Kristjan --surname Jõeorg --code PNOEE-38001085718 --out jaak.pem
    [ "$(stat -c %a jaak.pem)" = 600 ] || stat jaak.pem
    made card certificate --card jaak.pem --out auth.der
    made card certificate --card jaak.pem --use signing --out sign.der
)"
check 'openssl finds its chain good' "$(
    for c in auth sign; do
        made openssl verify -x509_strict -check_ss_sig -CAfile root.pem -untrusted issuer.pem $c.der
        made openssl verify -partial_chain -trusted issuer.pem $c.der
    done
    openssl verify -CAfile root.pem auth.der >out 2>&1 && echo 'without its issuer'
    openssl verify -purpose sslclient -CAfile ca/ca.pem auth.der >out 2>&1 || cat out
    openssl verify -purpose sslserver -CAfile ca/ca.pem auth.der >out 2>&1 && echo 'as a server'
)"
check 'and says what national cards say' "$(
    openssl x509 -in auth.der -noout -text -nameopt utf8 >text
    for line in 'serialNumber *= *PNOEE-38001085718' 'GN *= *Jaak-Kristjan' 'SN *= *Jõeorg' \
        'C *= *EE' 'Digital Signature' 'TLS Web Client Authentication' "OCSP - URI:$url/ocsp" \
        'Policy: 2.999.80.83.69' 'secp384r1' 'ecdsa-with-SHA384'; do
        grep -q -- "$line" text || echo "no $line"
    done
    openssl x509 -in sign.der -noout -text >text
    grep -q 'Non Repudiation' text || cat text
    ! grep -q 'Digital Signature\|Client Authentication' text || cat text
)"
check 'people and numbers that are none' "$(
    for code in 38001085718 PNOEE- pnoee-1 PNOE-1 "PNOEE-1 2" "PNOEE-$(printf '%040d' 1)"; do
        refused 2 'person.s number' demo card --dir ca --given A --surname B --code "$code" --out no.pem
    done
    refused 2 '1 to 40 characters' demo card --dir ca --given '' --surname B --code PNOEE-1 --out no.pem
    refused 2 '1 to 40 characters' demo card --dir ca --given A --surname "$(printf 'B\tC')" \
        --code PNOEE-1 --out no.pem
    refused 2 '1 to 40 characters' demo card --dir ca --given A --surname "$(printf '%041d' 0)" \
        --code PNOEE-1 --out no.pem
    refused 2 'where the card goes' demo card --dir ca --given A --surname B --code PNOEE-1
    refused 1 'is there already' demo card --dir ca --given A --surname B --code PNOEE-1 --out jaak.pem
    refused 2 'cannot read' demo card --dir nowhere --given A --surname B --code PNOEE-1 --out no.pem
    [ ! -e no.pem ] || echo 'a card was made'
    [ "$(demo list --dir ca | wc -l)" -eq 2 ] || demo list --dir ca
)"
check 'no names in the list' "$(
    ! grep -q 'Jaak\|eorg' ca/index || cat ca/index
    made demo list --dir ca --json
    grep -q '"certificates":\[{"serial":"[0-9A-F]\{32\}","subject":"PNOEE-38001085718"' out || cat out
)"

# --- the services ---
"$psephos" identity demo-ca serve --dir ca >serve.out 2>serve.err &
server=$!
for _ in $(seq 200); do
    [ ! -s serve.out ] || break
    sleep 0.05
done
check 'it serves where its cards point to' "$(
    [ "$(cat serve.out)" = "$url" ] || cat serve.out serve.err
    grep -q 'DEMO' serve.err || cat serve.err
    curl -s "$url/" | grep -q 'DEMO - NO IDENTITY' || echo 'no banner'
    refused 1 'cannot listen' demo serve --dir ca
    refused 2 'no loopback\|unsupported' demo serve --dir ca --listen 0.0.0.0:0
)"
query() { # CERTIFICATE OPTIONS
    certificate=$1
    shift
    openssl ocsp -issuer issuer.pem -cert "$certificate" -url "$url/ocsp" -CAfile ca/ca.pem "$@" \
        >out 2>&1
}
judge() { # OPTIONS: the answer in answer.der about auth.der
    "$psephos" identity ocsp verify --response answer.der --cert auth.der --issuer issuer.pem \
        --time "$(now)" "$@"
}
check 'openssl asks, and finds the answer good' "$(
    query auth.der -respout answer.der || cat out
    grep -q 'Response verify OK' out && grep -q 'auth.der: good' out || cat out
    ! grep -q 'WARNING: no nonce' out || cat out
    openssl ocsp -sha256 -issuer issuer.pem -cert sign.der -url "$url/ocsp" -CAfile ca/ca.pem -no_nonce \
        >out 2>&1 || cat out
    grep -q 'sign.der: good' out || cat out
    openssl ocsp -issuer issuer.pem -cert auth.der -cert sign.der -url "$url/ocsp" -CAfile ca/ca.pem \
        >out 2>&1
    [ "$(grep -c ': good' out)" -eq 2 ] || cat out
)"
check 'so does psephos' "$(
    made judge --ca issuer.pem --nonce off
    openssl ocsp -respin answer.der -noverify -resp_text 2>/dev/null >text
    nonce_hex=$(sed -n 's/^ *0410\([0-9A-F]\{32\}\)$/\1/p' text)
    [ -n "$nonce_hex" ] || cat text
    made judge --ca issuer.pem --nonce "$nonce_hex"
    openssl x509 -in ca/ocsp -out responder.pem
    made judge --responder responder.pem --nonce off
    refused 1 '(ocsp_nonce)' judge --ca issuer.pem --nonce 00112233445566778899aabbccddeeff
    refused 1 '(ocsp_untrusted)' judge --responder issuer.pem --nonce off
    refused 1 '(ocsp_malformed)' "$psephos" identity ocsp verify --response answer.der \
        --cert sign.der --issuer issuer.pem --ca issuer.pem --nonce off --time "$(now)"
    refused 1 '(ocsp_stale)' "$psephos" identity ocsp verify --response answer.der --cert auth.der \
        --issuer issuer.pem --ca issuer.pem --nonce off --time "$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)"
)"
check 'openssl answers from the same index' "$(
    openssl ocsp -index ca/index -CA issuer.pem -rsigner ca/ocsp -rkey ca/ocsp -issuer issuer.pem \
        -cert auth.der -CAfile ca/ca.pem >out 2>&1
    grep -q 'auth.der: good' out || cat out
)"
check 'whom it did not issue, it does not know' "$(
    made demo create --dir rival
    made demo card --dir rival --given Eve --surname Rival --code PNOEE-40001010001 --out eve.pem
    made card certificate --card eve.pem --out eve.der
    query eve.der
    grep -q 'eve.der: unknown' out || cat out
    openssl ocsp -issuer rival/issuer -cert auth.der -url "$url/ocsp" -CAfile ca/ca.pem >out 2>&1
    grep -q 'auth.der: unknown' out || cat out
)"
post() { # TYPE PATH FILE
    curl -s -o body -w '%{http_code}' --max-time 10 -H "Content-Type: $1" --data-binary "@$3" "$url$2"
}
check 'requests that are none' "$(
    head -c 100 /dev/zero >zeros
    [ "$(post application/ocsp-request /ocsp zeros)" = 200 ] || echo "status"
    openssl ocsp -respin body -noverify 2>&1 | grep -qi 'malformedrequest' || echo 'no malformedrequest'
    openssl ocsp -issuer issuer.pem -cert auth.der -reqout good.req 2>>openssl.log
    { cat good.req && printf x; } >trailing.req
    post application/ocsp-request /ocsp trailing.req >/dev/null
    openssl ocsp -respin body -noverify 2>&1 | grep -qi 'malformedrequest' || echo 'bytes left over'
    many=
    for _ in 1 2 3 4 5 6 7 8 9; do many="$many -cert auth.der"; done
    # shellcheck disable=SC2086 # a list of options
    openssl ocsp -issuer issuer.pem $many -reqout many.req 2>>openssl.log
    post application/ocsp-request /ocsp many.req >/dev/null
    openssl ocsp -respin body -noverify 2>&1 | grep -qi 'malformedrequest' || echo 'nine questions'
    [ "$(post text/plain /ocsp good.req)" = 415 ] || echo 'another type is taken'
    head -c 70000 /dev/zero >large
    [ "$(post application/ocsp-request /ocsp large)" = 413 ] || echo 'too large'
    [ "$(post application/ocsp-request /nothing good.req)" = 405 ] || echo 'another path'
    [ "$(post application/ocsp-request /ocsp good.req)" = 200 ] || echo 'and then a good one'
)"

# --- stamps ---
check 'openssl asks for a stamp and finds it good' "$(
    for hash in sha256 sha384 sha512; do
        openssl ts -query -data jaak.pem -$hash -cert -out q.tsq 2>>openssl.log
        [ "$(post application/timestamp-query /tsa q.tsq)" = 200 ] || echo status
        made openssl ts -verify -queryfile q.tsq -in body -CAfile ca/ca.pem
        made openssl ts -verify -data jaak.pem -in body -CAfile root.pem -untrusted issuer.pem
        openssl ts -verify -data eve.pem -in body -CAfile ca/ca.pem >out 2>&1 && echo 'over other bytes'
    done
    openssl ts -reply -in body -text 2>/dev/null | grep -q 'Policy OID: 2.999.80.83.69.3' || echo policy
)"
check 'so does psephos' "$(
    made "$psephos" stamp make --checkpoint record/checkpoint --ca ca/ca.pem --url "$url/tsa" --out c.tsr
    made "$psephos" stamp verify --checkpoint record/checkpoint --ca issuer.pem --stamp c.tsr
    refused 1 '(untrusted)' "$psephos" stamp verify --checkpoint record/checkpoint --ca rival/ca.pem \
        --stamp c.tsr
)"
check 'queries that are none' "$(
    openssl ts -query -data jaak.pem -sha1 -cert -out old.tsq 2>>openssl.log
    openssl ts -query -data jaak.pem -sha256 -tspolicy 1.2.3.4 -out policy.tsq 2>>openssl.log
    for query in old.tsq policy.tsq zeros; do
        [ "$(post application/timestamp-query /tsa $query)" = 200 ] || echo status
        openssl ts -reply -in body -text 2>/dev/null | grep -q 'Status: Rejected' || echo "$query"
    done
)"

# --- login and signing ---
verify_token() { # FILE OPTIONS
    token=$1
    shift
    "$psephos" identity webeid verify --token "$token" --origin https://vote.example --nonce $nonce \
        --time "$(now)" "$@"
}
check 'a card logs in' "$(
    made card token --card jaak.pem --origin https://vote.example --nonce $nonce --out jaak.token
    query auth.der -no_nonce -respout answer.der
    made verify_token jaak.token --ca ca/ca.pem --ocsp answer.der --ocsp-nonce off --json
    grep -q '"id":"PNOEE-38001085718".*"givenName":"Jaak-Kristjan","surname":"Jõeorg","C":"EE"' out ||
        cat out
)"
check 'for this site and challenge only' "$(
    refused 1 '(untrusted)' verify_token jaak.token --ca rival/ca.pem --ocsp off
    made card token --card jaak.pem --origin https://evil.example --nonce $nonce --out evil.token
    refused 1 '(signature)' verify_token evil.token --ca ca/ca.pem --ocsp off
    made card token --card jaak.pem --origin https://vote.example --nonce "x$nonce" --out late.token
    refused 1 '(signature)' verify_token late.token --ca ca/ca.pem --ocsp off
    refused 2 'no origin' card token --card jaak.pem --origin http://vote.example --nonce $nonce
    refused 2 'no card' card token --card ca/issuer --origin https://vote.example --nonce $nonce
    refused 2 'nonce TEXT is missing' card token --card jaak.pem --origin https://vote.example
)"
check 'a card signs, and openssl finds the signature good' "$(
    echo 'I bind my credential.' >message
    made card sign --card jaak.pem --message message --out message.p7s
    made openssl cms -verify -cades -binary -inform DER -in message.p7s -content message \
        -CAfile ca/ca.pem -purpose any -out /dev/null
    echo 'I bind another.' >other
    openssl cms -verify -cades -binary -inform DER -in message.p7s -content other -CAfile ca/ca.pem \
        -purpose any -out /dev/null >out 2>&1 && echo 'over another message'
    refused 1 'File exists\|is there already' card sign --card jaak.pem --message message --out message.p7s
    refused 2 'cannot read' card sign --card jaak.pem --message nothing --out no.p7s
)"
check 'a card that is no demo card is left alone' "$(
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout real.key -out real.crt \
        -subj /CN=real -days 1 2>>openssl.log
    cat real.crt real.key real.crt real.key >real.pem
    refused 1 'no card of a demo' card token --card real.pem --origin https://vote.example --nonce $nonce
)"

# --- revocation ---
check 'a revoked card' "$(
    serial=$(demo list --dir ca | awk '$3 == "authentication" { print $2 }')
    made demo revoke --dir ca --serial "$serial"
    query auth.der -respout answer.der
    grep -q 'auth.der: revoked' out && grep -q 'Response verify OK' out || cat out
    refused 1 '(revoked)' verify_token jaak.token --ca ca/ca.pem --ocsp answer.der --ocsp-nonce off
    query sign.der
    grep -q 'sign.der: good' out || cat out
    refused 1 'revoked already' demo revoke --dir ca --serial "$serial"
    sleep 4 # by now the responder answers from memory
    query sign.der
    grep -q 'sign.der: good' out || cat out
    made demo revoke --dir ca --code PNOEE-38001085718
    query sign.der
    grep -q 'sign.der: revoked' out || cat out
    refused 1 'no such certificate' demo revoke --dir ca --code PNOEE-1
    refused 2 'what is revoked' demo revoke --dir ca
    openssl ocsp -index ca/index -CA issuer.pem -rsigner ca/ocsp -rkey ca/ocsp -issuer issuer.pem \
        -cert auth.der -CAfile ca/ca.pem >out 2>&1
    grep -q 'auth.der: revoked' out || cat out
)"
check 'a damaged index is no answer that all is well' "$(
    cp ca/index index.kept
    echo 'V nonsense' >>ca/index
    refused 2 'is damaged' demo list --dir ca
    query auth.der
    grep -q 'auth.der: unknown' out || cat out
    mv index.kept ca/index
    query auth.der
    grep -q 'auth.der: revoked' out || cat out
)"

# --- a card on a token ---
module=
for path in /usr/lib/softhsm/libsofthsm2.so /usr/lib64/pkcs11/libsofthsm2.so; do
    [ ! -f $path ] || module=$path
done
if command -v softhsm2-util >/dev/null 2>&1 && [ -n "$module" ]; then
    export SOFTHSM2_CONF="$dir/softhsm2.conf"
    mkdir tokens
    printf 'directories.tokendir = %s/tokens\nlog.level = ERROR\n' "$dir" >softhsm2.conf
    # SoftHSM loses the names of Edwards curves; sanitizers are not to take that for ours.
    printf 'leak:libcrypto\nleak:libsofthsm2\n' >lsan.supp
    export LSAN_OPTIONS="suppressions=$dir/lsan.supp:print_suppressions=0"
    echo 4711 >pin
    chmod 400 pin
    softhsm2-util --init-token --free --label card --pin 4711 --so-pin 12345678 >/dev/null 2>&1
    on="pkcs11:token=card?module-path=$module&pin-source=file:pin"
    check 'a card on a token' "$(
        made demo card --dir ca --given Mari --surname Maasikas --code PNOEE-49001010001 --token "$on"
        made card token --card "$on" --origin https://vote.example --nonce $nonce --out mari.token
        made verify_token mari.token --ca ca/ca.pem --ocsp off
        grep -q 'PNOEE-49001010001' out || cat out
        made card sign --card "$on" --message message --out mari.p7s
        made openssl cms -verify -cades -binary -inform DER -in mari.p7s -content message \
            -CAfile ca/ca.pem -purpose any -out /dev/null
        made card certificate --card "$on" --out mari.der
        query mari.der
        grep -q 'mari.der: good' out || cat out
        refused 1 'is there already' demo card --dir ca --given Mari --surname Maasikas \
            --code PNOEE-49001010001 --token "$on"
        refused 2 'by its token alone' card certificate --card 'pkcs11:token=card;object=signing'
    )"
    check 'tries a wrong PIN once' "$(
        echo 0000 >wrong
        chmod 400 wrong
        refused 1 'tried once' card certificate \
            --card "pkcs11:token=card?module-path=$module&pin-source=file:wrong"
        refused 1 'none is tried' card certificate --card "$on"
    )"
else
    skip 'a card on a token' 'needs SoftHSM'
fi
finish
