#!/bin/sh
# oidc.sh SOURCE PSEPHOS VERIFY SEQUENCER: voters log in by identity services (npm oidc-provider):
# two of them, over http and over https; a proxy before each spoils what it answers, rule by rule.
set -u
source=$(realpath "$1")
psephos=$(realpath "$2")
sequencer=$(realpath "$4")
. "$source/tests/ground/tap.sh"
. "$source/tests/e2e/garden.sh"
. "$source/tests/e2e/office_rig.sh"
peer=$source/tests/peers/oidc-provider
node=${NODE:-node}
if ! command -v "$node" >/dev/null || [ ! -d "$peer/node_modules" ]; then
    skip 'voters log in by an identity service' 'needs node and packaging/install-deps check'
    finish
    exit
fi
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
        [ $i -lt 300 ] || return 1
        sleep 0.1
    done
}

# --- identity services
certificate() { # NAME
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" \
        -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>>openssl.log
}
mkdir services
(cd services && certificate two && certificate stranger)
"$node" "$peer/provider.mjs" services >services.out 2>&1 &
pids=$!
# --- an election, its office
garden_start >/dev/null 2>&1 && garden_ceremony >/dev/null 2>&1
eid=$("$psephos" record show --record record --json | sed 's/.*"election":"\([0-9a-f]*\)".*/\1/')
mkdir seq
office_people
(cd seq && exec "$sequencer" "$dir/seq/s.sock" "$psephos" "$dir/record" "$dir/board") >/dev/null 2>&1 &
pids="$pids $!"
office_settings state seq/s.sock
"$psephos" auth keygen --out session.key
echo 'a secret: with + and %' >client.secret
chmod 600 client.secret
until_true test -s services/two.port
one=http://127.0.0.1:$(cat services/one.port)
two=https://localhost:$(cat services/two.port)
# settings [NAME=VALUE…]: auth.ini; the first section with other values
section() { # NAME ISSUER
    cat <<INI
[$1]
issuer = $2
client-id = election
client-secret = $dir/client.secret
redirect-uri = https://vote.example/v1/login/$1/callback
subject-begin = EE
subject-kind = PNOEE-
names-claim = profile_attributes
acr = low substantial high
acr-least = substantial
INI
}
cat >base.ini <<INI
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
INI
{
    cat base.ini
    section oidc "$one"
    echo 'amr = idcard mID smartid'
    echo 'unsafe-loopback = yes'
    section oidc-2 "$two"
    echo "ca = $dir/services/two.pem"
    echo 'page = /login.html'
} >auth.ini
start() { # NAME CONFIG SOCKET
    name=$1
    "$psephos" "$name" serve --config "$2" 2>>"$name.log" &
    eval "${name}_pid=$!"
    pids="$pids $!"
    until_true curl -sf --unix-socket "$3" http://x/healthz
}
restart() { # CONFIG
    kill "$auth_pid"
    wait "$auth_pid" 2>/dev/null
    start auth "$1" auth.sock
}
start officer office.ini office.sock
start auth auth.ini auth.sock
check 'both daemons run' "$(curl -sf --unix-socket auth.sock http://x/healthz | grep -q ok || cat auth.log officer.log services.out)"
[ "$tap_bad" -eq 0 ] || { finish; exit 1; }
check 'both services were heard' "$([ "$(grep -c 'auth.oidc-heard' auth.log)" = 2 ] || cat auth.log)"
printf 'id,name,address,mail,district,style,weight,from,until\r\n' >list.csv
for n in 1 2 3; do
    printf 'PNOEE-3800108571%d,CANARY-NAME %d,CANARY-LANE,,Ward,1,1,,\r\n' $n $n >>list.csv
done
check 'the list is taken in' "$(
    desk ann list-check --file list.csv >out 2>err || cat err
    both --what import --set "list=$(sed 's/.*"list":"\([0-9a-f]*\)".*/\1/' out)" \
        --set "base=$(sed 's/.*"base":"\([0-9a-f]*\)".*/\1/' out)" | grep -q '^done' || cat out err
)"

# --- a browser
# ask PATH STATUS [PATTERN [HEADER…]]: of auth. Cookies are for https alone and this is the edge's
# inner side, so they are kept by hand: in $browser.
browser=anna
ask() {
    path=$1
    wanted=$2
    pattern=${3:-}
    shift
    shift
    [ $# -eq 0 ] || shift
    jar=$(cat "$browser.cookies" 2>/dev/null)
    got=$(curl -s -o out -D head -w '%{http_code}' --unix-socket auth.sock ${jar:+-H "Cookie: $jar"} "$@" "http://x$path")
    sed -n 's/^[Ss]et-[Cc]ookie: \([^;]*\);.*/\1/p' head | tr -d '\r' >>"$browser.all"
    awk -F= '{ v[$1] = $0 } END { s = ""; for (k in v) s = s (s == "" ? "" : "; ") v[k]; print s }' \
        "$browser.all" >"$browser.cookies"
    says
}
says() {
    [ "$got" = "$wanted" ] || echo "status $got, wanted $wanted: $(cat out)"
    [ -z "$pattern" ] || grep -qE -- "$pattern" out head || echo "said: $(cat out head)"
    [ "$wanted" -lt 400 ] || [ ! -s out ] || grep -q '"detail":"[^"]\{20,\}"' out || echo "without words: $(cat out)"
}
# a browser that never was here
fresh() {
    rm -f anna.cookies anna.all
    browser=anna
}
where() { sed -n 's/^[Ll]ocation: //p' head | tr -d '\r'; }
# begin [NAME]: from the election's page to the service; the address in ./at
begin() {
    ask "/v1/login/${1:-oidc}" 303
    where >at
}
# away FIELD=VALUE…: at the service, which asks in a form; where the browser is sent back, in ./at
away() {
    rm -f jar
    browse "$(cat at)"
    case $(cat at) in
    https://vote.example/*) return ;;
    esac
    form=
    for field; do form="$form --data-urlencode $field"; done
    # shellcheck disable=SC2086 # words
    browse $form "$(cat at)"
    grep -q '^https://vote.example/' at || echo "the service says: $(cat page)"
}
# As far as it is led: to the form, or to the election, which is not there.
browse() {
    curl -s -L --max-redirs 5 -o page -w '%{url_effective}' --cacert services/two.pem -b jar -c jar \
        --connect-to vote.example:443:127.0.0.1:1 "$@" >at
}
mari='person=EE38001085711 acr=high amr=idcard'
# back STATUS [PATTERN [HEADER…]]: at the election again
back() {
    path=$(sed 's|^https://vote.example||' at)
    ask "$path" "$@"
}
mkfifo login logged
python3 "$source/tests/e2e/oidc.py" auth.sock services/two.pem <login >logged 2>browser.err &
pids="$pids $!"
exec 5>login 6<logged
# logs_in STATUS PATTERN [FIELD=VALUE…]: all of it, in a fresh browser
logs_in() {
    wanted=$1
    pattern=$2
    shift 2
    fresh
    echo "anna /v1/login/oidc ${*:-$mari}" >&5
    read -r got <&6
    says
}
begins() { [ -z "$(ask /v1/login/oidc 303)" ]; }
mode() { echo "$1" >services/one.mode; }
refused() { # MODE SLUG [STATUS]
    mode "$1"
    logs_in "${3:-403}" "urn:psephos:problem:$2\""
    grep -qi 'psephos-session' head && echo 'and a session'
    mode good
}


# --- logins
check 'a voter logs in' "$(
    logs_in 200 '"subject":"PNOEE-38001085711"'
    grep -q '"given_name":"CANARY-GIVEN Märi","surname":"CANARY-FAMILY"' out || cat out
    grep -q '"registration":false,"signature":false' out || echo 'may register'
    grep -qi '^set-cookie: __Host-psephos-session=.*; Secure; HttpOnly; SameSite=Strict' head || cat head
    ask /v1/session 200 '"method":"oidc"'
)"
token=$(sed -n 's/.*__Host-psephos-session=\([^;]*\).*/\1/p' anna.cookies)
check 'the service is sent what it must be, and our secret of the code' "$(
    grep -m 1 '^GET /auth' services/one.log >sent
    for part in response_type=code scope=openid client_id=election 'state=.\{43\}&' 'nonce=.\{43\}&' \
        'code_challenge=.\{43\}&' code_challenge_method=S256 acr_values=; do
        grep -q -- "$part" sent || echo "no $part: $(cat sent)"
    done
    grep -q '^POST /token .*code_verifier=.\{43\}' services/one.log || tail -n 3 services/one.log
)"
check 'the cookie that comes along from another site is for this alone' "$(
    fresh
    begin
    grep -qi '^set-cookie: __Host-psephos-oidc=.*; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax' head || cat head
    grep -qi '^cache-control: no-store' head && grep -qi '^referrer-policy: no-referrer' head || cat head
)"
check 'whoever asks for JSON gets the address as JSON' "$(
    ask /v1/login/oidc 200 "\"location\":\"$one/auth?" -H 'Accept: application/json'
    ask '/v1/login/oidc?language=et' 303 'ui_locales=et'
    ask '/v1/login/oidc?language=e%20t' 400 malformed
    ask '/v1/login/oidc?x=1' 400 malformed
)"
check 'the other service, with TLS and keys on a curve, leads to the page' "$(
    fresh
    begin oidc-2
    away person=EE38001085712 acr=substantial
    back 303
    [ "$(where)" = '/login.html#login' ] || cat head
    grep -qi '^set-cookie: __Host-psephos-session=' head || cat head
    [ ! -s out ] || cat out
    ask /v1/session 200 '"method":"oidc"'
    begin oidc-2
    away person=EE38001085712 acr=high
    back 200 '"subject":"PNOEE-38001085712"' -H 'Accept: application/json'
)"
check 'refusals lead there too' "$(
    fresh
    begin oidc-2
    away person=EE38001085712 acr=low
    back 303
    [ "$(where)" = '/login.html#refused=oidc-acr-low' ] || cat head
    grep -qi 'psephos-session=' head && echo 'a session'
)"

# --- who comes back
check 'not in a browser that began nothing' "$(
    fresh
    begin
    away $mari
    browser=bela
    back 403 oidc-state-missing
    browser=anna
    back 200
)"
check 'once' "$(back 403 oidc-state-used)"
check 'with another state' "$(
    fresh
    begin
    away $mari
    sed -i 's/state=[^&]*/state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/' at
    back 403 oidc-state-wrong
    back 403 oidc-state-used
)"
check 'with that of an earlier login' "$(
    fresh
    begin
    away $mari
    cp at earlier
    begin
    away $mari
    sed -i "s/state=[^&]*/$(grep -o 'state=[^&]*' earlier)/" at
    back 403 oidc-state-wrong
)"
check 'without any, twice, or bent' "$(
    for path in 'code=x' 'state=a&state=a&code=x' 'code=%zz'; do
        fresh
        begin
        ask "/v1/login/oidc/callback?$path" 403 'oidc-(state-wrong|callback-duplicate|callback-parse)'
    done
)"
check 'a code that was used before' "$(
    fresh
    begin
    away $mari
    cp at first
    back 200
    begin
    away $mari
    sed -i "s/code=[^&]*/$(grep -o 'code=[^&]*' first)/" at
    back 403 oidc-code-refused
)"
check 'a mix-up of services: the answer names the other one' "$(
    fresh
    begin
    away $mari
    sed -i "s|iss=[^&]*|iss=$(echo "$two" | sed 's|:|%3A|g; s|/|%2F|g')|" at
    back 403 oidc-callback-iss
)"
check 'or names none, where it promises to' "$(
    fresh
    begin
    away $mari
    sed -i 's|&iss=[^&]*||' at
    back 403 oidc-callback-iss-missing
)"
check 'or comes back where the other one sends to' "$(
    fresh
    begin
    away $mari
    sed -i 's|login/oidc/|login/oidc-2/|' at
    back 403 oidc-callback-iss -H 'Accept: application/json'
)"
check 'a person who stops, a service that does not want to' "$(
    logs_in 403 oidc-denied stop=access_denied
    logs_in 503 oidc-service-busy stop=temporarily_unavailable
)"
check 'who is not on the list' "$(logs_in 403 not-listed person=EE38001085719 acr=high amr=mID)"
check 'who is no person of the kind on the list' "$(logs_in 403 oidc-subject-form person=LV38001085711 acr=high amr=mID)"
check 'another person than is logged in here' "$(
    logs_in 200 ''
    begin
    away person=EE38001085712 acr=high amr=mID
    back 403 oidc-subject-changed
    ask /v1/session 200 '"method":"oidc"'
    begin
    away $mari
    back 200 PNOEE-38001085711
)"

# --- levels and methods, by the service itself
check 'a level that is too low' "$(logs_in 403 oidc-acr-low person=EE38001085711 acr=low amr=idcard)"
check 'the least one' "$(logs_in 200 '' person=EE38001085711 acr=substantial amr=idcard)"
check 'a service that does not say' "$(logs_in 403 oidc-acr-missing person=EE38001085711 amr=idcard)"
check 'a method that is not accepted' "$(logs_in 403 oidc-amr person=EE38001085711 acr=high amr=pwd)"
check 'no method' "$(logs_in 403 oidc-amr-missing person=EE38001085711 acr=high)"

# --- tokens
accepted() { # MODE
    mode "$1"
    logs_in 200 PNOEE-38001085711
    mode good
}
for pair in aud:audience aud-two:party iss:issuer nonce:nonce nonce-missing:nonce-missing \
    old-token:nonce none:algorithm-none hs256:algorithm-symmetric rs512:algorithm crit:critical \
    jwk:header-key expired:expired iat-later:issued-later stranger:signature \
    acr-missing:acr-missing acr-unknown:acr-unknown amr-missing:amr-missing sub-missing:subject-missing \
    at-hash:at-hash no-token:token-missing token-type:token-type; do
    check "a token spoiled: ${pair%:*}" "$(refused "${pair%:*}" "oidc-${pair#*:}")"
done
check 'several audiences are good when it was made for us' "$(accepted aud-two-azp)"
check 'clocks may differ a little' "$(accepted expired-within-skew; accepted iat-within-skew)"
check 'one key needs no name' "$(accepted kid-missing)"

# --- answers
check 'an answer may be long' "$(accepted long-enough)"
check 'but not longer' "$(refused long oidc-oversized 503)"
check 'the token endpoint leads elsewhere, where nobody goes' "$(
    refused moved oidc-redirected 503
    grep elsewhere services/one.log
)"
check 'it is cut off, or broken' "$(
    refused cut oidc-unreachable 503
    refused broken oidc-status 503
)"
check 'PKCE: without our secret, or with another, there is no token' "$(
    refused no-verifier oidc-code-refused
    refused other-verifier oidc-code-refused
)"
check 'and a request without a challenge the service refuses' "$(
    fresh
    begin
    sed -i 's/&code_challenge=[^&]*//; s/&code_challenge_method=[^&]*//' at
    away $mari
    back 503 oidc-service-error
)"

# --- keys
asked_for_keys() { grep -c '^GET /jwks' services/one.log; }
before=$(asked_for_keys)
check 'keys were asked for once so far' "$([ "$before" -eq 1 ] || echo "$before times")"
check 'a service that exchanged its key is asked for the new one' "$(
    echo 1 >services/one.keys
    logs_in 200 PNOEE-38001085711
    [ "$(asked_for_keys)" -eq 2 ] || echo "asked $(asked_for_keys) times"
)"
check 'and known again without being asked' "$(
    logs_in 200 PNOEE-38001085711
    [ "$(asked_for_keys)" -eq 2 ] || echo "asked $(asked_for_keys) times"
)"
check 'a key that nobody has is not asked for again and again' "$(
    refused kid-unknown oidc-key-unknown
    refused kid-unknown oidc-key-unknown
    [ "$(asked_for_keys)" -eq 2 ] || echo "asked $(asked_for_keys) times"
)"
mode kid-missing-two
restart auth.ini
check 'with two keys a token must name its own' "$(refused kid-missing-two oidc-key-ambiguous)"

# --- what a service says of itself
for pair in place:discovery-endpoint name:discovery-issuer no-pkce:discovery-pkce \
    discovery-moved:redirected keys-long:oversized; do
    mode "${pair%:*}"
    restart auth.ini
    check "a service that says of itself: ${pair%:*}" "$(
        fresh
        ask /v1/login/oidc 503 "problem:oidc-${pair#*:}\""
        ask /v1/login/oidc-2 303
        grep elsewhere services/one.log
    )"
done
mode no-iss
restart auth.ini
check 'a service that does not name itself in returns has an address of its own for them' "$(
    fresh
    begin oidc-2
    away person=EE38001085711 acr=high amr=idcard
    sed -i 's|login/oidc-2/|login/oidc/|; s|&iss=[^&]*||' at
    back 403 oidc-callback-iss\"
    fresh
    begin
    away $mari
    sed -i 's|&iss=[^&]*||' at
    back 200
)"
mode good
sed '0,/^amr = /s/^amr = /timeout = 3 s\n&/' auth.ini >short.ini
restart short.ini
check 'an answer that is late is none' "$(
    until_true begins
    refused slow oidc-unreachable 503
)"
sed "s|^ca = .*|ca = $dir/services/stranger.pem|" auth.ini >stranger.ini
restart stranger.ini
check 'a service with another certificate is not believed' "$(
    fresh
    ask /v1/login/oidc-2 503 oidc-unreachable -H 'Accept: application/json'
    ask /v1/login/oidc-2 303
    [ "$(where)" = '/login.html#refused=oidc-unreachable' ] || cat head
)"
check 'userinfo is never asked, and the client names itself in a header alone' "$(
    grep -E '^(GET|POST) /me' services/*.log
    grep -E 'client_secret|a%20secret' services/*.log
)"

# --- settings
wrong() { # PATTERN SED-SCRIPT
    sed "s|auth-state|wrong-state|; $2" auth.ini >wrong.ini
    "$psephos" auth serve --config wrong.ini >out 2>&1
    got=$?
    [ $got = 2 ] && grep -qE -- "$1" out || echo "status $got: $(cat out)"
}
check 'settings that do not fit are refused with the key' "$(
    wrong '\[oidc\] issuer' '/unsafe-loopback/d'
    wrong '\[oidc\] client-id is missing' '0,/^client-id/{/^client-id/d}'
    wrong '\[oidc\] redirect-uri' '0,/callback$/s/callback$/other/'
    wrong '\[oidc-2\] redirect-uri' 's|oidc-2/callback|oidc/callback|'
    wrong '\[oidc-2\] page' 's|^page = .*|page = //elsewhere.example/|'
    wrong '\[oidc-2\] page' 's|^page = .*|page = https://elsewhere.example/|'
    wrong '\[oidc\] acr-least' '0,/^acr-least/s/^acr-least.*/acr-least = highest/'
    wrong '\[oidc\] client-secret is missing' '0,/^client-secret/{/^client-secret/d}'
    wrong '\[oidc\] algorithms' 's/^amr = .*/algorithms = HS256/'
    wrong '\[oidc\] subject-kind' '0,/^subject-kind/{/^subject-kind/d}'
    printf 'two\nlines\n' >lines.secret
    chmod 600 lines.secret
    wrong '\[oidc\] client-secret must be one line' "s|client\\.secret|lines.secret|"
)"

# --- floods
{
    cat auth.ini
    printf '[logins]\nnetwork-each = 10 min\nnetwork-burst = 5\n'
} >few.ini
restart few.ini
check 'a network that begins very many logins is stopped, and no other' "$(
    for n in 1 2 3 4 5; do
        fresh
        ask /v1/login/oidc 303 '' -H 'X-Psephos-Peer: 192.0.2.1'
    done
    ask /v1/login/oidc 429 too-many-logins -H 'X-Psephos-Peer: 192.0.2.77'
    ask /v1/login/oidc 303 '' -H 'X-Psephos-Peer: 198.51.100.1'
)"
curl -s --unix-socket auth.sock http://x/metrics >figures
check 'figures count them' "$(grep -q 'psephos_auth_logins_total{end="limit"} 1' figures || grep logins figures)"

# --- nothing of anybody
kill "$auth_pid" "$officer_pid"
wait "$auth_pid" 2>/dev/null
check 'no name, code, secret or token in logs and events' "$(
    grep -rlE "CANARY|PNOEE|38001085|$token|a secret" auth.log officer.log auth-state state/events
    grep -o 'code=[^&]*' services/one.log | sed 's/code=//' | sort -u | grep -rlF -f - auth.log auth-state
)"
check 'refusals are security events' "$(grep -q '"type":"auth.login".*"rule":"oidc-algorithm-none"' auth-state/events || tail -n 3 auth-state/events)"
finish
