#!/bin/sh
# identity_oidc.sh SOURCE PSEPHOS VERIFY: ID tokens made and signed by openssl, judged by psephos identity
# oidc; verdicts, classes, exit statuses, and wrong use.
set -u
psephos=$(realpath "$2")
cd "$1" || exit 1
. tests/ground/tap.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

for tool in openssl python3; do
    command -v $tool >/dev/null 2>&1 || { skip 'ID tokens' "needs $tool" && finish && exit 0; }
done

# --- keys ---
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d =; }
unhex() { python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))'; }
jwk() { # jwk NAME KID: the public half of NAME.key, RSA with the usual exponent
    printf '{"kty":"RSA","use":"sig","kid":"%s","e":"AQAB","n":"%s"}' "$2" \
        "$(openssl rsa -in "$1.key" -noout -modulus | sed 's/Modulus=//' | unhex | base64url)"
}
openssl genrsa -out service.key 2048 2>>log
openssl genrsa -out other.key 2048 2>>log
printf '{"keys":[%s,%s]}' "$(jwk other old)" "$(jwk service now)" >jwks.json
printf '{"keys":[%s]}' "$(jwk other old)" >before.json
printf '{"keys":[%s,%s]}' "$(jwk other now)" "$(jwk service now)" >twice.json

# --- tokens ---
# token FILE HEADER CLAIMS: signed by the service, RS256
token() {
    signed=$(printf %s "$2" | base64url).$(printf %s "$3" | base64url)
    printf '%s.%s\n' "$signed" \
        "$(printf %s "$signed" | openssl dgst -sha256 -sign service.key -binary | base64url)" >"$1"
}
header='{"alg":"RS256","typ":"JWT","kid":"now"}'
claims='{"iss":"https://tara.ria.ee","aud":"psephos","exp":1780000300,"iat":1780000000,"nonce":"n-0S6_WzA2Mj",
"sub":"EE60001019906","acr":"high","amr":["mID"],"profile_attributes":{"family_name":"O’CONNEŽ-ŠUSLIK",
"given_name":"MARY ÄNN","date_of_birth":"2000-01-01"}}'
token token.jwt "$header" "$claims"

# judged STATUS PATTERN TOKEN MORE…: psephos identity oidc verify, that status, a line on standard
# output that matches
judged() {
    wanted=$1
    pattern=$2
    file=$3
    shift 3
    "$psephos" identity oidc verify --token "$file" --time 2026-05-28T20:27:00Z --client-id psephos \
        --nonce n-0S6_WzA2Mj "$@" >out 2>err
    status=$?
    [ $status -eq "$wanted" ] || { echo "status $status, wanted $wanted: $file $*" && cat out err; }
    grep -qE -- "$pattern" out || { echo "no $pattern: $file $*" && cat out err; }
    [ "$(wc -l <err)" -le 2 ] || cat err
}
tara() { # tara STATUS PATTERN TOKEN MORE…
    tara_wanted=$1
    tara_pattern=$2
    tara_token=$3
    shift 3
    judged "$tara_wanted" "$tara_pattern" "$tara_token" --jwks jwks.json --profile tara "$@"
}
# changed CLASS FROM TO MORE…: the token with this change in its claims is refused so
changed() {
    changed_class=$1
    token changed.jwt "$header" "$(printf %s "$claims" | sed "s|$2|$3|")"
    shift 3
    tara 1 "^reject: $changed_class\$" changed.jwt "$@"
}

check 'a token signed by openssl is accepted' "$(
    tara 0 '^accept$' token.jwt
    tara 0 '^  subject +PNOEE-60001019906$' token.jwt
    tara 0 '^  surname +O’CONNEŽ-ŠUSLIK$' token.jwt
    tara 0 '^\{"verdict":"accept","class":null,"subject":\{"id":"PNOEE-60001019906","givenName":"MARY ÄNN","surname":"O’CONNEŽ-ŠUSLIK"\},"level":"high","method":"mID","issued":"2026-05-28T20:26:40Z","expires":"2026-05-28T20:31:40Z"\}$' \
        token.jwt --json
    tara 0 '^accept$' token.jwt --subject PNOEE-60001019906
    printf '%s\r\n' "$(cat token.jwt)" >dos.jwt
    tara 0 '^accept$' dos.jwt
)"
check 'by rules of its own' "$(
    judged 0 '^  subject +OIDC-EE60001019906$' token.jwt --jwks jwks.json --issuer https://tara.ria.ee
    grep -q 'any level' err || echo 'no note'
    judged 0 '^  subject +PNOEE-60001019906$' token.jwt --jwks jwks.json --issuer https://tara.ria.ee \
        --begin EE --kind PNOEE- --names profile_attributes --acr substantial --levels low substantial high \
        --amr mID idcard
    judged 0 '^accept$' token.jwt --jwks jwks.json --issuer https://tara.ria.ee --acr high
    judged 1 '^reject: acr_unknown$' token.jwt --jwks jwks.json --issuer https://tara.ria.ee --acr low
    judged 1 '^reject: amr$' token.jwt --jwks jwks.json --issuer https://tara.ria.ee --amr idcard
    judged 1 '^reject: subject_missing$' token.jwt --jwks jwks.json --issuer https://tara.ria.ee --claim pid
    judged 1 '^reject: issuer$' token.jwt --jwks jwks.json --issuer https://tara.ria.ee/
)"
check 'and refused by the class of the rule' "$(
    changed issuer tara.ria.ee tara.example
    changed audience '"psephos"' '"another"'
    changed party '"psephos"' '["psephos","another"]'
    changed expired 1780000300 1779999900
    changed issued_later 1780000000 1780000081
    changed nonce n-0S6_WzA2Mj n-0S6_WzA2Mk
    changed nonce_missing '"nonce"' '"once"'
    changed acr_low high substantial
    tara 0 '^accept$' changed.jwt --acr substantial
    changed acr_missing '"acr"' '"arc"'
    changed amr mID pwd
    changed amr_missing '"mID"' ''
    changed subject_form EE6 LT6
    changed subject_changed EE6 EE4 --subject PNOEE-60001019906
    changed claims '"sub"' '"sub":"EE1","sub"'
)"
check 'and by its header and key' "$(
    token bad.jwt '{"alg":"none"}' "$claims"
    tara 1 '^reject: algorithm_none$' bad.jwt
    token bad.jwt '{"alg":"HS256","kid":"now"}' "$claims"
    tara 1 '^reject: algorithm_symmetric$' bad.jwt
    token bad.jwt '{"alg":"ES256","kid":"now"}' "$claims"
    tara 1 '^reject: algorithm$' bad.jwt
    token bad.jwt '{"alg":"RS256","kid":"now","crit":["exp"]}' "$claims"
    tara 1 '^reject: critical$' bad.jwt
    token bad.jwt '{"alg":"RS256","kid":"old"}' "$claims"
    tara 1 '^reject: signature$' bad.jwt
    token bad.jwt '{"alg":"RS256"}' "$claims"
    tara 1 '^reject: key_ambiguous$' bad.jwt
    judged 1 '^reject: key_unknown$' token.jwt --jwks before.json --profile tara
    grep -q 'fetch the keys again' err || echo 'no advice'
    judged 1 '^reject: keys_duplicate$' token.jwt --jwks twice.json --profile tara
    judged 1 '^reject: keys_parse$' token.jwt --jwks token.jwt --profile tara
    tara 1 '^reject: id_parse$' jwks.json
    tara 1 '^\{"verdict":"reject","class":"id_parse","subject":null,"level":null,' jwks.json --json
)"

# wrong PATTERN ARGUMENTS…: status 2, nothing on standard output, one line on standard error
wrong() {
    pattern=$1
    shift
    "$psephos" identity oidc "$@" >out 2>err
    status=$?
    [ $status -eq 2 ] || echo "status $status: $*"
    [ ! -s out ] || cat out
    [ "$(wc -l <err)" -eq 1 ] || cat err
    grep -qE -- "$pattern" err || cat err
}
check 'wrong use is told' "$(
    all='--token token.jwt --jwks jwks.json --nonce n --time 2026-05-28T20:27:00Z'
    # shellcheck disable=SC2086 # words on purpose
    {
        wrong 'are needed' verify --token token.jwt
        wrong 'issuer is missing' verify $all --client-id psephos
        wrong 'client-id is missing' verify $all --profile tara
        wrong 'profile .nemo. is not known' verify $all --profile nemo
        wrong 'issuer is not what' verify $all --client-id psephos --issuer http://tara.ria.ee
        wrong 'acr is not what' verify $all --client-id psephos --profile tara --acr medium
        wrong 'acr is missing' verify $all --client-id psephos --issuer https://a.example --levels low high
        wrong 'levels is not what' verify $all --client-id psephos --profile tara --levels high high
        wrong 'kind is missing' verify $all --client-id psephos --profile tara --kind ''
    }
    wrong 'time is missing' verify --token token.jwt --jwks jwks.json --nonce n --client-id psephos --profile tara
    wrong 'nothere' verify --token nothere --jwks jwks.json --nonce n --time 2026-05-28T20:27:00Z \
        --client-id psephos --profile tara
    wrong 'nothere' verify --token token.jwt --jwks nothere --nonce n --time 2026-05-28T20:27:00Z \
        --client-id psephos --profile tara
    wrong 'unknown verb' judge
)"
finish
