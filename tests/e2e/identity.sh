#!/bin/sh
# identity.sh SOURCE PSEPHOS VERIFY: cards, tokens and answers about revocation made by openssl, judged
# by psephos identity; verdicts, classes, exit statuses, and wrong use.
set -u
psephos=$(realpath "$2")
cd "$1" || exit 1
. tests/ground/tap.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

for tool in openssl python3; do
    command -v $tool >/dev/null 2>&1 || { skip 'identities' "needs $tool" && finish && exit 0; }
done

# --- authority, cards, responder ---
# certificate NAME ISSUER SUBJECT EXTENSIONS: NAME.key (made before), NAME.pem
certificate() {
    printf '%s\n' "$4" >"$1.ext"
    openssl req -new -utf8 -key "$1.key" -subj "$3" -out "$1.csr" 2>>log
    if [ "$2" = "$1" ]; then
        openssl x509 -req -in "$1.csr" -signkey "$1.key" -days 3650 -extfile "$1.ext" -out "$1.pem"
    else
        openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days 1000 \
            -extfile "$1.ext" -out "$1.pem"
    fi 2>>log
}
elliptic() { openssl ecparam -name "$2" -genkey -noout -out "$1.key"; }

elliptic ca secp384r1
elliptic other secp384r1
elliptic responder prime256v1
elliptic card secp384r1
openssl genrsa -out rsa.key 2048 2>>log
authority='basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign'
login='keyUsage=critical,digitalSignature
extendedKeyUsage=clientAuth
certificatePolicies=1.2.3.4.5'
person='/C=EE/SN=JÕEORG/GN=MÄRTA-LIIS/serialNumber=PNOEE-48001085718'
certificate ca ca '/CN=Authority of Test' "$authority"
certificate other other '/CN=Authority of Test' "$authority"
certificate responder ca '/CN=Responder of Test' 'extendedKeyUsage=OCSPSigning'
certificate card ca "$person" "$login"
certificate rsa ca "$person" "$login"
openssl x509 -in ca.pem -outform DER -out ca.der
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)

# --- tokens ---
origin=https://vote.example.org
nonce=MTIzNDU2NzgxMjM0NTY3ODEyMzQ1Njc4MTIzNDU2Nzg=

# raw FILE: r and s, 48 bytes each, of a DER signature
raw() {
    openssl asn1parse -inform DER -in "$1" | sed -n 's/.*INTEGER *://p' | while IFS= read -r half; do
        printf '%96s' "$half" | tr ' ' 0
    done | python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))'
}

# token FILE CARD ALGORITHM: signs for $origin and $nonce
token() {
    { printf %s "$origin" | openssl dgst "-sha${3#??}" -binary &&
        printf %s "$nonce" | openssl dgst "-sha${3#??}" -binary; } >message
    case $3 in
    ES*) openssl dgst "-sha${3#??}" -sign "$2.key" -out der message && raw der >signature ;;
    PS*) openssl dgst "-sha${3#??}" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1 \
        -sign "$2.key" -out signature message ;;
    RS*) openssl dgst "-sha${3#??}" -sign "$2.key" -out signature message ;;
    esac
    printf '{"unverifiedCertificate":"%s","algorithm":"%s","signature":"%s","format":"web-eid:1.0"}' \
        "$(openssl x509 -in "$2.pem" -outform DER | openssl base64 -A)" "$3" \
        "$(openssl base64 -A -in signature)" >"$1"
}
token token.json card ES384
token pss.json rsa PS256
token rs.json rsa RS512

# judged STATUS PATTERN ARGUMENTS…: psephos identity with them, that status, a line on standard
# output that matches; one JSON object with --json, and nothing on standard error but notes.
judged() {
    wanted=$1
    pattern=$2
    shift 2
    "$psephos" identity "$@" >out 2>err
    status=$?
    [ $status -eq "$wanted" ] || { echo "status $status, wanted $wanted: $*" && cat out err; }
    grep -qE -- "$pattern" out || { echo "no $pattern: $*" && cat out err; }
    [ "$(wc -l <err)" -le 2 ] || cat err
}
# wrong PATTERN ARGUMENTS…: status 2, nothing on standard output, one line on standard error
wrong() {
    pattern=$1
    shift
    "$psephos" identity "$@" >out 2>err
    status=$?
    [ $status -eq 2 ] || echo "status $status: $*"
    [ ! -s out ] || cat out
    [ "$(wc -l <err)" -eq 1 ] || cat err
    grep -qE -- "$pattern" err || cat err
}
webeid() { # webeid STATUS PATTERN TOKEN MORE…
    webeid_wanted=$1
    webeid_pattern=$2
    webeid_token=$3
    shift 3
    judged "$webeid_wanted" "$webeid_pattern" webeid verify --token "$webeid_token" \
        --origin $origin --nonce $nonce --time "$now" "$@"
}

check 'tokens made by openssl are accepted' "$(
    webeid 0 '^accept$' token.json --ca ca.pem --ocsp off
    webeid 0 '^  surname +JÕEORG$' pss.json --ca ca.der --ocsp off
    webeid 0 '^  subject +PNOEE-48001085718$' rs.json --ca other.pem ca.pem --ocsp off
    cat other.pem ca.pem >both.pem
    webeid 0 '^\{"verdict":"accept","class":null,"subject":\{"id":"PNOEE-48001085718","serialNumber":"PNOEE-48001085718","givenName":"MÄRTA-LIIS","surname":"JÕEORG","C":"EE"\},"revocation":"off"\}$' \
        token.json --ca both.pem --ocsp off --json
    webeid 0 '"revocation":"absent"' token.json --ca both.pem --json
    grep -q 'revoked card would not be noticed' err || echo 'no note'
)"
check 'and refused by the class of the rule' "$(
    sed 's/web-eid:1.0/web-eid:2.0/' token.json >bad.json
    webeid 1 '^reject: parse$' bad.json --ca ca.pem --ocsp off
    webeid 1 '^\{"verdict":"reject","class":"parse","subject":null' bad.json --ca ca.pem --ocsp off --json
    webeid 1 '^reject: untrusted$' token.json --ca other.pem --ocsp off
    webeid 1 '^reject: policy$' token.json --ca ca.pem --ocsp off --forbid-policy 1.2.3 1.2.3.4.5
    webeid 1 '^reject: policy$' token.json --ca ca.pem --ocsp off --forbid-policy 1.2.3.4.5
    webeid 0 '^accept$' token.json --ca ca.pem --ocsp off --forbid-policy 1.2.3
    sed 's/ES384/ES256/' token.json >bad.json
    webeid 1 '^reject: algorithm$' bad.json --ca ca.pem --ocsp off
    sed 's/PS256/RS256/' pss.json >bad.json
    webeid 1 '^reject: signature$' bad.json --ca ca.pem --ocsp off
    judged 1 '^reject: signature$' webeid verify --token token.json --origin https://vote.example.com \
        --nonce $nonce --time "$now" --ca ca.pem --ocsp off
    judged 1 '^reject: nonce_missing$' webeid verify --token token.json --origin $origin \
        --nonce '' --time "$now" --ca ca.pem --ocsp off
    judged 1 '^reject: expired$' webeid verify --token token.json --origin $origin \
        --nonce $nonce --time 2046-01-01T00:00:00+02:00 --ca ca.pem --ocsp off
    judged 1 '^reject: not_yet_valid$' webeid verify --token token.json --origin $origin \
        --nonce $nonce --time 2001-01-01T00:00:00Z --ca ca.pem --ocsp off
)"

# --- revocation: openssl's responder, on files ---
serial=$(openssl x509 -in card.pem -noout -serial | sed 's/serial=//')
good_index="V	401231235959Z		$serial	unknown	/CN=x"
revoked_index="R	401231235959Z	240101000000Z	$serial	unknown	/CN=x"
"$psephos" identity certificate --in card.pem >/dev/null || exit 1
openssl ocsp -issuer ca.pem -cert card.pem -no_nonce -reqout plain.req 2>>log
openssl ocsp -issuer ca.pem -cert card.pem -reqout nonce.req 2>>log
sent=$(openssl ocsp -reqin nonce.req -req_text 2>>log | sed -n '/OCSP Nonce/{n;s/ //gp}')

# answer OUT INDEX REQUEST MORE…
answer() {
    answer_out=$1
    answer_request=$3
    printf '%s\n' "$2" >index
    shift 3
    openssl ocsp -index index -CA ca.pem -rsigner responder.pem -rkey responder.key \
        -reqin "$answer_request" -respout "$answer_out" "$@" >>log 2>&1
}
answer good.der "$good_index" plain.req
answer nonce.der "$good_index" nonce.req
answer revoked.der "$revoked_index" plain.req
answer unknown.der "V	401231235959Z		99	unknown	/CN=x" plain.req
answer bare.der "$good_index" plain.req -resp_no_certs
answer bad.der "$good_index" plain.req -badsig
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)

ocsp() { # ocsp STATUS PATTERN FILE MORE…
    ocsp_wanted=$1
    ocsp_pattern=$2
    ocsp_file=$3
    shift 3
    judged "$ocsp_wanted" "$ocsp_pattern" ocsp verify --response "$ocsp_file" --cert card.pem \
        --issuer ca.pem --time "$now" "$@"
}
check 'answers of a responder' "$(
    ocsp 0 '^accept$' good.der --ca ca.pem --nonce off
    ocsp 0 '^\{"verdict":"accept","class":null,"subject":\{.*"thisUpdate":"2.*Z","nextUpdate":null,"revokedAt":null,"nonce":"off"\}$' \
        good.der --ca ca.der --nonce off --json
    ocsp 0 '^accept$' nonce.der --ca ca.pem --nonce "$sent"
    ocsp 0 '^accept$' nonce.der --ca ca.pem --nonce "$(echo "$sent" | sed 's/^0410//' | tr A-F a-f)"
    ocsp 0 '^accept$' good.der --ca ca.pem
    grep -q 'old answer' err || echo 'no note'
    ocsp 0 '^accept$' good.der --responder responder.pem --nonce off
    ocsp 1 '^reject: revoked$' revoked.der --ca ca.pem --nonce off
    ocsp 1 '"revokedAt":"2024-01-01T00:00:00Z"' revoked.der --ca ca.pem --nonce off --json
    ocsp 1 '^reject: unknown$' unknown.der --ca ca.pem --nonce off
    ocsp 1 '^reject: ocsp_nonce$' good.der --ca ca.pem --nonce "$sent"
    ocsp 1 '^reject: ocsp_nonce$' nonce.der --ca ca.pem --nonce 00
    ocsp 1 '^reject: ocsp_malformed$' bare.der --ca ca.pem --nonce off
    ocsp 1 '^reject: ocsp_malformed$' ca.der --ca ca.pem --nonce off
    ocsp 1 '^reject: ocsp_untrusted$' bad.der --ca ca.pem --nonce off
    ocsp 1 '^reject: ocsp_untrusted$' good.der --ca other.pem --nonce off
    ocsp 1 '^reject: ocsp_untrusted$' good.der --ca ca.pem --responder card.pem --nonce off
    judged 1 '^reject: ocsp_stale$' ocsp verify --response good.der --cert card.pem --issuer ca.pem \
        --ca ca.pem --nonce off --time "$(date -u -d '+10 minutes' +%Y-%m-%dT%H:%M:%SZ)"
    judged 0 '^accept$' ocsp verify --response good.der --cert card.pem --issuer ca.pem \
        --ca ca.pem --nonce off --time "$(date -u -d '+10 minutes' +%Y-%m-%dT%H:%M:%SZ)" --max-age 3600
    judged 1 '^reject: ocsp_malformed$' ocsp verify --response good.der --cert rsa.pem \
        --issuer ca.pem --ca ca.pem --nonce off --time "$now"
    printf '0\003\012\001\006' >refused.der
    ocsp 1 '^reject: ocsp_malformed$' refused.der --ca ca.pem --nonce off
)"
check 'and row seven of tokens' "$(
    webeid 0 '"revocation":"given"' token.json --ca ca.pem --ocsp good.der --json
    webeid 0 '^accept$' token.json --ca ca.pem --ocsp nonce.der --ocsp-nonce "$sent"
    webeid 0 '^accept$' token.json --ca ca.pem --ocsp good.der --responder responder.pem
    webeid 1 '^reject: revoked$' token.json --ca ca.pem --ocsp revoked.der
    webeid 1 '^reject: unknown$' token.json --ca ca.pem --ocsp unknown.der
    webeid 1 '^reject: ocsp_untrusted$' token.json --ca ca.pem --ocsp bad.der
    webeid 1 '^reject: ocsp_malformed$' rs.json --ca ca.pem --ocsp good.der
    webeid 1 '^reject: ocsp_nonce$' token.json --ca ca.pem --ocsp good.der --ocsp-nonce "$sent"
    : >empty.der
    webeid 1 '^reject: ocsp_malformed$' token.json --ca ca.pem --ocsp empty.der
)"

# --- certificates ---
check 'certificates are shown and judged' "$(
    judged 0 '^  use +login$' certificate --in card.pem
    judged 0 '^\{"verdict":"accept","class":null,.*"key":"ecdsa-p384","bits":384,"login":true,"signing":false' \
        certificate --in card.pem --ca ca.pem --time "$now" --json
    judged 1 '^reject: untrusted$' certificate --in card.pem --ca other.pem --time "$now"
    judged 1 '^reject: expired$' certificate --in card.pem --ca ca.pem --time 2046-01-01T00:00:00Z
)"

# --- wrong use ---
check 'wrong use is told' "$(
    wrong 'are needed' webeid verify --token token.json
    wrong 'is no origin' webeid verify --token token.json --origin $origin/ --nonce $nonce --ca ca.pem --time "$now"
    wrong 'is no origin' webeid verify --token token.json --origin http://a.example --nonce $nonce --ca ca.pem --time "$now"
    wrong 'ca is missing' webeid verify --token token.json --origin $origin --nonce $nonce --time "$now"
    wrong 'time is missing' webeid verify --token token.json --origin $origin --nonce $nonce --ca ca.pem
    wrong 'is no instant' webeid verify --token token.json --origin $origin --nonce $nonce --ca ca.pem --time today
    wrong 'is no OID' webeid verify --token token.json --origin $origin --nonce $nonce --ca ca.pem --time "$now" --forbid-policy clientAuth
    wrong 'nothere' webeid verify --token nothere --origin $origin --nonce $nonce --ca ca.pem --time "$now"
    wrong 'nothere' webeid verify --token token.json --origin $origin --nonce $nonce --ca ca.pem --time "$now" --ocsp nothere
    wrong 'holds no certificates' webeid verify --token token.json --origin $origin --nonce $nonce --ca token.json --time "$now"
    wrong 'holds no certificate' ocsp verify --response good.der --cert token.json --issuer ca.pem --ca ca.pem --time "$now"
    wrong 'neither hexadecimal' ocsp verify --response good.der --cert card.pem --issuer ca.pem --ca ca.pem --time "$now" --nonce xyz
    wrong 'are needed' ocsp verify --response good.der
    wrong 'ca is missing' ocsp verify --response good.der --cert card.pem --issuer ca.pem --time "$now"
    wrong 'in is missing' certificate
    wrong 'unknown verb' webeid judge
    wrong 'wants a verb' ocsp
)"
finish
