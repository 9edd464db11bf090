#!/bin/sh
# login.sh SOURCE PSEPHOS VERIFY: a box that asks for a login, the login service, a voter on the
# command line; links used twice, elsewhere, altered; sessions that ended, were altered, are another
# key's or another election's.
set -u
source=$(realpath "$1")
psephos=$(realpath "$2")
. "$source/tests/ground/tap.sh"
. "$source/tests/e2e/garden.sh"
. "$source/tests/e2e/office_rig.sh"
. "$source/tests/e2e/box_rig.sh"
dir=$(mktemp -d)
trap 'box_end; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# --- the election, its office, its logins
printf 'psephos-parcel-1\n' >empty.parcel
prepare() {
    garden_keys && box_witnesses && box_settings && garden_create &&
        "$psephos" box create --config sequence.ini mail/setup.parcel >/dev/null && sequence_start &&
        garden_ceremony && garden_roster && garden_open &&
        "$psephos" auth keygen --out session.key && "$psephos" auth keygen --out stranger.key &&
        printf '[sessions]\nkey = %s/session.key\n' "$dir" >>box.ini && front_start
}
prepare >open.log 2>&1 || { echo "Bail out! $(cat open.log run/*.err)"; exit 1; }
eid=$("$psephos" record show --record record --json | sed 's/.*"election":"\([0-9a-f]*\)".*/\1/')
office_people
python3 "$source/tests/e2e/sink.py" mails >mail.port 2>/dev/null &
pids="$pids $!"
wait_line mail.port $! || exit 1
office_settings state run/sequence.sock
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
[mail]
link = https://vote.example/login#
relay = smtp://127.0.0.1:$(cat mail.port)
from = vote@example.org
INI
daemon_start() { # NAME
    "$psephos" "$1" serve --config "${1%er}.ini" 2>>"run/$1.err" &
    pids="$pids $!"
}
mv office.ini offic.ini
daemon_start officer
daemon_start auth
up() {
    for _ in $(seq 200); do
        ! curl -sf --unix-socket "$1" http://x/healthz >/dev/null 2>&1 || return 0
        sleep 0.05
    done
    echo "Bail out! $1: $(cat run/officer.err run/auth.err)"
    exit 1
}
up office.sock
up auth.sock
printf 'id,name,address,mail,district,style,weight,from,until\r\n1,Anna,Lane,anna@example.org,Ward,1,1,,\r\n' >list.csv
desk ann list-check --file list.csv >out 2>&1
desk ann propose --about voters --what import --set "list=$(sed 's/.*"list":"\([0-9a-f]*\)".*/\1/' out)" \
    --set "base=$(sed 's/.*"base":"\([0-9a-f]*\)".*/\1/' out)" >act 2>&1
desk ben sign "$(tail -n 1 act)" >/dev/null 2>&1
check 'a voter is on the list' "$(desk ann show "$(tail -n 1 act)" --wait 2>&1 | grep -q '^done' || cat act out)"

says() { # STATUS PATTERN COMMAND…
    wanted=$1
    pattern=$2
    shift 2
    "$psephos" "$@" >out 2>err </dev/null
    got=$?
    [ $got -eq "$wanted" ] || echo "status $got, wanted $wanted: $(cat err)"
    cat out err | grep -qE -- "$pattern" || echo "said: $(cat out err)"
}
votes() { # STATUS PATTERN ARG…
    wanted=$1
    pattern=$2
    shift 2
    says "$wanted" "$pattern" vote --record "$url/record" --box "$url" --key anna/voter.key --choose 1=2,1 \
        --choose 2=1 "$@"
}
logs_in() { # STATUS PATTERN ARG…
    wanted=$1
    pattern=$2
    shift 2
    says "$wanted" "$pattern" login --auth "unix:$dir/auth.sock" "$@"
}
link() { # the NUMBER-th link that was mailed
    for _ in $(seq 200); do
        [ "$(grep -c '^https://vote' mails 2>/dev/null)" -lt "$1" ] || break
        sleep 0.05
    done
    sed -n 's|^\(https://vote.example/login#.*\)$|\1|p' mails | tr -d '\r' | tail -n 1
}
size=$(sed -n 2p record/checkpoint)

# --- without a session
check 'a box that wants a login says how to log in' "$(
    votes 1 'psephos login --auth URL --mail ADDRESS --token-file FILE'
    [ ! -e anna/voter.key.pending ] || echo 'a ballot waits'
)"
check 'a file that is none' "$(
    votes 2 'no such|cannot|missing' --token-file anna/none
    echo nonsense >anna/bad
    chmod 400 anna/bad
    votes 2 'holds no session' --token-file anna/bad
    printf '%075d\r\n' 1 >anna/worse
    chmod 400 anna/worse
    votes 2 'holds no session' --token-file anna/worse
)"
check 'logging in needs words' "$(
    logs_in 2 'auth|token-file FILE is missing' --mail anna@example.org
    logs_in 2 'give one' --token-file anna/session
    says 2 'auth URL is missing' login --token-file anna/session --mail anna@example.org
    logs_in 2 'no link was asked for here' --token-file anna/session --link "$(printf 'A%.0s' $(seq 43))"
)"

# --- logging in, as a script does it
check 'a link is asked for, and waited for' "$(
    logs_in 3 'no link yet' --token-file anna/session --mail anna@example.org
    [ "$(stat -c %a anna/session.link)" = 600 ] || ls -l anna
)"
first=$(link 1)
check 'links that are none' "$(
    logs_in 2 'no link of a mail' --token-file anna/session --link short
    logs_in 1 'none, or was used already' --token-file anna/session --link "$(printf 'A%.0s' $(seq 43))"
    cp anna/session.link kept.link
    mkdir thief
    sed 's/=.\{43\}/=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/' anna/session.link >thief/session.link
    logs_in 1 'asked for elsewhere' --token-file thief/session --link "$first"
    [ ! -e anna/session ] && [ ! -e thief/session ] || echo 'a session'
)"
check 'the link opens a session' "$(
    logs_in 0 'Logged in until 20..-' --token-file anna/session --link "$first"
    [ "$(stat -c %a anna/session)" = 400 ] || ls -l anna/session
    [ ! -e anna/session.link ] || echo 'the secret of the link is still there'
    grep -qE "$(cat anna/session)" out err && echo 'the session is on the screen'
)"
check 'once' "$(
    cp kept.link anna/again.link
    logs_in 1 'used already' --token-file anna/again --link "$first"
)"
chmod 440 anna/session
check 'a session that others can read is refused' "$(votes 1 'can be read by others' --token-file anna/session)"
chmod 400 anna/session

# --- sessions that are not good
forge() { # KEY-FILE ELECTION SECONDS-FROM-NOW
    python3 - "$@" <<'PY'
import base64, hashlib, os, sys, time
key = bytes.fromhex(open(sys.argv[1]).read().strip())
body = (int(time.time()) + int(sys.argv[3])).to_bytes(8, "big") + os.urandom(16)
mac = hashlib.blake2b(b"psephos/1/session\0" + bytes.fromhex(sys.argv[2]) + body, key=key, digest_size=32)
print(base64.urlsafe_b64encode(body + mac.digest()).decode().rstrip("="))
PY
}
not_taken() { # WHAT TOKEN
    rm -f anna/forged
    echo "$2" >anna/forged
    chmod 400 anna/forged
    check "$1" "$(
        votes 1 'does not take the session of anna/forged' --token-file anna/forged
        [ ! -e anna/voter.key.pending ] || echo 'a ballot waits'
    )"
}
not_taken 'a session that has expired' "$(forge session.key "$eid" -1)"
not_taken 'one of another key' "$(forge stranger.key "$eid" 600)"
not_taken 'one of another election' "$(forge session.key "$(echo "$eid" | rev)" 600)"
not_taken 'one that would last for ever' "$(forge session.key "$eid" 999999)"
token=$(cat anna/session)
not_taken 'one that was altered at its end' "$(echo "$token" | rev | tr 'A-Z' 'a-z' | rev)"
not_taken 'one that was altered in its time' "$(echo "$token" | sed 's/^AAAA/AAAB/')"
check 'nothing was recorded so far' "$([ "$(sed -n 2p record/checkpoint)" -eq "$size" ] || sed -n 2p record/checkpoint)"

# --- and one that is
good=$(forge session.key "$eid" 600)
check 'the forger of these tests can forge' "$(
    rm -f anna/forged
    echo "$good" >anna/forged
    chmod 400 anna/forged
    votes 0 'Cast: entry' --token-file anna/forged
)"
check 'a ballot is cast with the session' "$(votes 0 'replaces the ballot' --token-file anna/session --again)"
check 'a ballot of unknown fate waits for the login' "$(
    cp anna/voter.key.*.ballot pending.all 2>/dev/null
    latest=$(ls -t anna/voter.key.*.ballot | head -n 1)
    cp "$latest" anna/voter.key.pending
    rm -f anna/*.receipt
    votes 1 'asks for a login'
    [ -s anna/voter.key.pending ] || echo 'it is gone'
    votes 0 'Cast: entry' --token-file anna/session
    [ ! -e anna/voter.key.pending ] || echo 'still waiting'
)"

# --- interactively, and the end
check 'the link is pasted when it is asked for' "$(
    mkfifo paste
    "$psephos" login --auth "unix:$dir/auth.sock" --token-file anna/second --mail anna@example.org <paste \
        >out 2>err &
    exec 8>paste
    link 2 >&8
    wait $!
    got=$?
    exec 8>&-
    [ $got -eq 0 ] && [ -s anna/second ] || cat out err
)"
leaves() { # STATUS PATTERN FILE
    says "$1" "$2" logout --auth "unix:$dir/auth.sock" --token-file "$3"
}
check 'logging out ends the session and wipes its file' "$(
    token=$(cat anna/second)
    curl -s --unix-socket auth.sock -H "Authorization: Bearer $token" http://x/v1/session | grep -q expires ||
        echo 'it was none'
    leaves 0 'Logged out' anna/second
    [ ! -e anna/second ] || ls anna
    curl -s --unix-socket auth.sock -H "Authorization: Bearer $token" http://x/v1/session | grep -q no-session ||
        echo 'it lives on'
)"
check 'no session, no logout' "$(leaves 2 'no such|cannot|missing' anna/second)"
check 'a file that is no session is not wiped' "$(
    cp anna/voter.key precious
    leaves 2 'holds no session' precious
    cmp precious anna/voter.key
)"
check 'the file goes even when the service is away' "$(
    says 3 'gave no answer' logout --auth "unix:$dir/nobody.sock" --token-file anna/session
    [ ! -e anna/session ] || ls anna
)"
check 'no session, link or address in the logs' "$(
    grep -lE "$token|anna@example|login#" run/*.err state/events auth-state/events 2>/dev/null
)"
finish
