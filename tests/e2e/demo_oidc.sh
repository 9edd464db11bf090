#!/bin/sh
# demo_oidc.sh SOURCE PSEPHOS VERIFY: the identity service of a demo authority (OpenID Connect): a
# login as a browser and a site do it, and what is refused; ID tokens judged by openssl.
set -u
psephos=$(realpath "$2")
cd "$1" || exit 1
. tests/ground/tap.sh
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
for tool in openssl curl python3; do
    command -v $tool >/dev/null 2>&1 || { skip 'a demo identity service' "needs $tool" && finish && exit 0; }
done
demo() { "$psephos" identity demo-ca "$@"; }
made() { "$@" >out 2>err || { cat err && echo "failed: $*"; }; }
refused() { # STATUS PATTERN COMMAND…
    wanted=$1
    pattern=$2
    shift 2
    "$@" >out 2>err </dev/null
    status=$?
    [ $status -eq "$wanted" ] && grep -q -- "$pattern" err || echo "status $status: $(cat err)"
}
encode() { printf %s "$1" | sed 's/%/%25/g; s/+/%2B/g; s/:/%3A/g; s,/,%2F,g; s/ /%20/g; s/?/%3F/g; s/=/%3D/g; s/&/%26/g'; }
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url=http://127.0.0.1:$port
back=https://vote.example/v1/login/oidc/callback
check 'an authority, cards, and two sites' "$(
    made demo create --dir ca --url "$url"
    [ "$(stat -c %a ca/oidc)" = 600 ] || stat ca/oidc
    made demo card --dir ca --given Mari --surname Maasikas --code PNOEE-49001010001 --out mari.pem
    made demo card --dir ca --given Jaan --surname Tamm --code PNOEE-39001010002 --out jaan.pem
    made demo revoke --dir ca --code PNOEE-39001010002
    made demo site --dir ca --id vote --redirect "$back"
    grep -q "^issuer = $url\$" out && grep -q '^client = none' out || cat out
    made demo site --dir ca --id safe --redirect http://127.0.0.1:1/back --secret safe.secret
    grep -q '^client = basic' out || cat out
    [ "$(stat -c %a safe.secret)" = 600 ] && [ "$(wc -c <safe.secret)" -eq 44 ] || stat safe.secret
    grep -qF -e "$(cat safe.secret)" ca/sites && echo 'the secret itself is kept'
)"
check 'sites that cannot be' "$(
    refused 1 'there already' demo site --dir ca --id vote --redirect "$back"
    for bad in http://vote.example/x ftp://x https:// 'https://a b' 'https://a#b' http://127.0.0.2/ http://localhost.example/; do
        refused 2 'takes letters' demo site --dir ca --id other --redirect "$bad"
    done
    refused 2 'takes letters' demo site --dir ca --id 'a b' --redirect "$back"
    refused 1 'safe.secret' demo site --dir ca --id other --redirect "$back" --secret safe.secret
    [ "$(wc -l <ca/sites)" -eq 2 ] || cat ca/sites
)"
demo serve --dir ca >serve.out 2>serve.err &
server=$!
i=0
until curl -sf "$url/" >out 2>/dev/null; do
    i=$((i + 1))
    [ $i -lt 300 ] || { cat serve.err && break; }
    sleep 0.1
done

check 'it says what it is' "$(
    grep -q 'OpenID Connect' out || cat out
    curl -s "$url/.well-known/openid-configuration" >out
    python3 - "$url" 2>&1 <<'PY'
import json, sys
d = json.load(open("out"))
assert d["issuer"] == sys.argv[1], d
assert d["code_challenge_methods_supported"] == ["S256"] and d["response_types_supported"] == ["code"], d
assert "DEMO - NO IDENTITY" in d["demo"], d
PY
    curl -s "$url/oidc/keys" >keys.json
    grep -q '"d"' keys.json && echo 'a private key is shown'
)"

# --- a browser and a site ---
verifier=$(openssl rand 32 | base64url)
challenge=$(printf %s "$verifier" | openssl dgst -sha256 -binary | base64url)
question() { # CLIENT REDIRECT: the query
    printf 'response_type=code&client_id=%s&redirect_uri=%s&scope=openid&state=S1&nonce=N1&code_challenge=%s&code_challenge_method=S256&acr_values=high' \
        "$1" "$(encode "$2")" "$challenge"
}
query=$(question vote $back)
# ask QUERY, say FORM: the status; page in out, head in head
ask() { curl -s -o out -D head -w '%{http_code}' "$url/oidc/authorize?$1"; }
say() { curl -s -o out -D head -w '%{http_code}' --data "$1" "$url/oidc/authorize"; }
where() { sed -n 's/^[Ll]ocation: //p' head | tr -d '\r'; }
code_of() { where | sed -n 's/.*[?&]code=\([A-Za-z0-9_-]*\).*/\1/p'; }
# redeem [FORM [CURLOPTION…]]: the status; answer in out
redeem() {
    form=$1
    shift
    curl -s -o out -D head -w '%{http_code}' "$@" --data "$form" "$url/oidc/token"
}
login() { # sets $code
    say "$query&person=PNOEE-49001010001" >status
    code=$(code_of)
}
grant() { printf 'grant_type=authorization_code&code=%s&redirect_uri=%s&code_verifier=%s&client_id=vote' "$1" "$(encode $back)" "$verifier"; }
check 'a page asks who it is, loudly' "$(
    [ "$(ask "$query")" = 200 ] || cat out
    grep -q 'DEMO - NO IDENTITY' out && grep -q 'PNOEE-49001010001' out && grep -q 'name="nonce" value="N1"' out || cat out
    grep -q 'PNOEE-39001010002' out && echo 'a revoked card is offered'
    grep -qi "content-security-policy: default-src 'none'" head || cat head
    grep -qi 'cache-control: no-store' head || cat head
)"
check 'and sends the browser back with a code' "$(
    login
    [ "$(cat status)" = 303 ] || cat status out
    where | grep -qE "^$back\?code=[A-Za-z0-9_-]{43}&state=S1&iss=http%3A%2F%2F127.0.0.1%3A$port\$" || cat head
)"
cat >judge.py <<'PY'
# judge.py ISSUER: the answer in `out` by the key in keys.json; openssl checks the signature
import base64, hashlib, json, subprocess, sys, time
def unpack(s): return base64.urlsafe_b64decode(s + "=" * (-len(s) % 4))
answer = json.load(open("out"))
assert answer["token_type"] == "Bearer", answer
head, claims, signature = answer["id_token"].split(".")
key = json.load(open("keys.json"))["keys"][0]
h, c, s = json.loads(unpack(head)), json.loads(unpack(claims)), unpack(signature)
assert h == {"alg": "ES256", "typ": "JWT", "kid": key["kid"]}, h
thumb = json.dumps({k: key[k] for k in ("crv", "kty", "x", "y")}, separators=(",", ":"))
assert unpack(key["kid"]) == hashlib.sha256(thumb.encode()).digest()
spki = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200") + b"\4" + unpack(key["x"]) + unpack(key["y"])
def integer(b):
    b = b.lstrip(b"\0")
    b = b"\0" + b if b[0] & 128 else b
    return b"\2" + bytes([len(b)]) + b
der = integer(s[:32]) + integer(s[32:])
open("key.der", "wb").write(spki)
open("sig.der", "wb").write(b"\x30" + bytes([len(der)]) + der)
open("msg", "wb").write((head + "." + claims).encode())
subprocess.run("openssl dgst -sha256 -verify key.der -keyform DER -signature sig.der msg", shell=True, check=True, stdout=subprocess.DEVNULL)
assert c["iss"] == sys.argv[1] and c["aud"] == "vote" and c["sub"] == "PNOEE-49001010001" and c["nonce"] == "N1", c
assert c["acr"] == "high" and c["amr"] == ["demo"] and "DEMO" in c["demo"], c
assert abs(c["iat"] - time.time()) < 600 and c["exp"] > c["iat"], c
assert unpack(c["at_hash"]) == hashlib.sha256(answer["access_token"].encode()).digest()[:16]
PY
check 'which is good for an ID token' "$(
    login
    [ "$(redeem "$(grant "$code")")" = 200 ] || cat out
    python3 judge.py "$url" 2>&1
    grep -qi 'cache-control: no-store' head || cat head
)"

# --- what is refused: each differs in one point from what was accepted ---
# page QUERY NAME: told to the person, and nobody is sent anywhere
page() {
    [ "$(ask "$1")" = 400 ] && [ -z "$(where)" ] && grep -q "<code>$2</code>" out || cat head out
    [ "$(say "$1&person=PNOEE-49001010001")" = 400 ] && [ -z "$(where)" ] || cat head out
}
check 'an unknown site, another address, a parameter twice' "$(
    page "$(question nobody $back)" site
    page "$(question safe $back)" redirect
    page "$(question vote $back/)" redirect
    page "$(question vote https://evil.example/v1/login/oidc/callback)" redirect
    page "$query&client_id=vote" form
)"
# told QUERY ERROR: told to the site
told() {
    [ "$(ask "$1")" = 303 ] && where | grep -q "^$back?error=$2&state=S1&iss=" || cat head out
}
check 'another flow, no openid, no PKCE, a plain challenge' "$(
    told "$(echo "$query" | sed 's/=code&/=token\&/')" unsupported_response_type
    told "$(echo "$query" | sed 's/scope=openid/scope=profile/')" invalid_scope
    told "$(echo "$query" | sed 's/&code_challenge=[^&]*//')" invalid_request
    told "$(echo "$query" | sed 's/=S256/=plain/')" invalid_request
    told "$query&cancel=1" access_denied
)"
check 'persons without a card, or with a revoked one' "$(
    for person in PNOEE-49001010009 PNOEE-39001010002 '' 'PNOEE-49001010001%20' '%3Cscript%3E'; do
        [ "$(say "$query&person=$person")" = 403 ] && grep -q 'no card of this number' out || cat head out
        [ -z "$(where)" ] || cat head
        grep -q '<script' out && echo 'markup is not escaped'
    done
)"
# bad STATUS NAME [SED]: the grant changed by SED
bad() {
    [ "$(redeem "$(grant "$code" | sed "$3")")" = "$1" ] && grep -q "\"error_description\":\"$2\"" out || cat out
}
check 'a code that was used' "$(
    login
    [ "$(redeem "$(grant "$code")")" = 200 ] || cat out
    bad 400 code ''
    grep -q invalid_grant out || cat out
)"
check 'another verifier, and the code is lost' "$(
    login
    bad 400 verifier 's/code_verifier=./code_verifier=_/'
    bad 400 code ''
    login
    bad 400 verifier 's/&code_verifier=[^&]*//'
)"
check 'another address, another site, no site, another grant' "$(
    login
    bad 400 other_uri 's/callback/back/'
    login
    [ "$(redeem "$(grant "$code" | sed 's/&client_id=vote//')" -u "safe:$(cat safe.secret)")" = 400 ] || cat out
    grep -q other_site out || cat out
    login
    bad 401 site 's/client_id=vote/client_id=nobody/'
    bad 401 secret 's/client_id=vote/client_id=safe/'
    bad 401 secret 's/client_id=vote/client_id=vote\&client_secret=x/'
    bad 400 grant_type 's/authorization_code/password/'
    [ "$(redeem "$(grant "$code")")" = 200 ] || cat out
)"
check 'a site with a secret shows it' "$(
    safe=http://127.0.0.1:1/back
    safe_login() {
        say "$(question safe $safe)&person=PNOEE-49001010001" >status
        form="grant_type=authorization_code&code=$(code_of)&redirect_uri=$(encode $safe)&code_verifier=$verifier"
    }
    safe_login
    [ "$(redeem "$form" -u "safe:$(cat safe.secret)")" = 200 ] || cat out
    safe_login
    [ "$(redeem "$form&client_id=safe&client_secret=$(cat safe.secret)")" = 200 ] || cat out
    safe_login
    [ "$(redeem "$form" -u "safe:x$(cat safe.secret)")" = 401 ] || cat out
    grep -qi '^www-authenticate: Basic' head || cat head
    [ "$(redeem "$form&client_id=safe")" = 401 ] || cat out
    [ "$(redeem "$form" -u "safe:$(cat safe.secret)")" = 200 ] || cat out
)"
check 'a site that is added counts at once' "$(
    page "$(question late https://late.example/)" site
    made demo site --dir ca --id late --redirect https://late.example/
    [ "$(ask "$(question late https://late.example/)")" = 200 ] || cat out
)"
check 'other ways to ask' "$(
    [ "$(curl -s -o out -w '%{http_code}' "$url/oidc/token")" = 405 ] || cat out
    [ "$(curl -s -o out -w '%{http_code}' -H 'Content-Type: text/plain' --data x "$url/oidc/token")" = 415 ] || cat out
    [ "$(curl -s -o out -w '%{http_code}' "$url/oidc/userinfo")" = 404 ] || cat out
)"
kill "$server"
wait "$server" 2>/dev/null
server=
check 'a damaged file of sites lets nobody in, and a folder without the key is not served' "$(
    echo 'vote' >>ca/sites
    refused 2 'damaged' demo site --dir ca --id more --redirect https://more.example/
    rm ca/oidc
    refused 2 'oidc' demo serve --dir ca
)"
check 'no number, code or secret in what the server printed' "$(
    grep -E -e "PNOEE|$(cat safe.secret)" serve.out serve.err
)"
finish
