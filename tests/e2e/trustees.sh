#!/bin/sh
# trustees.sh SOURCE PSEPHOS VERIFY: a trustee who agrees to every step with an authenticator, on the page,
# by keyboard alone; one authenticator lost; answers that are refused; evidence that anybody judges again.
set -u
source=$(realpath "$1")
psephos=$(realpath "$2")
verify=$(realpath "$3")
. "$source/tests/ground/tap.sh"
. "$source/tests/e2e/garden.sh"
dir=$(mktemp -d)
cd "$dir" || exit 1
pids=
clean() {
    exec 9>&- 8<&-
    for pid in $pids; do kill "$pid" 2>/dev/null; done
    rm -rf "$dir"
}
trap clean EXIT
peers=$source/tests/peers/browser
if [ ! -d "$peers/node_modules/playwright-core" ] || ! command -v chromium >/dev/null 2>&1; then
    skip 'a trustee agrees with an authenticator' 'needs Chromium and playwright-core (make deps-check)'
    finish
    exit
fi

made() {
    "$@" >out 2>err || { cat err && echo "failed: $*"; }
}
# says STATUS PATTERN COMMAND…
says() {
    wanted=$1
    pattern=$2
    shift 2
    "$@" >out 2>err </dev/null
    status=$?
    [ "$status" -eq "$wanted" ] || echo "status $status, wanted $wanted: $(head -c 300 err)"
    cat out err | grep -qE -- "$pattern" || echo "said: $(cat out err | head -c 400)"
}
until_true() {
    i=0
    until "$@" >/dev/null 2>&1; do
        i=$((i + 1))
        [ $i -lt 600 ] || return 1
        sleep 0.1
    done
}
# The command that waits ends well.
ends() {
    until_true [ -s waiting.rc ] || echo 'it goes on'
    [ "$(cat waiting.rc)" = 0 ] || echo "it ended with $(cat waiting.rc): $(cat waiting.err)"
}
# browser COMMAND…: nothing, or a complaint.
browser() {
    echo "$*" >&9
    read -r said <&8 || said='failed the browser is gone'
    case "$said" in ok*) ;; *) echo "browser $*: $said" ;; esac
}

port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
page=http://localhost:$port
mkfifo to from
node "$source/tests/e2e/browser.mjs" "$peers" <to >from 2>browser.err &
pids="$pids $!"
exec 9>to 8<from

# In the background: Ada's command, which waits for her. Its number stands in waiting.pid.
start() {
    rm -f waiting.rc waiting.pid
    {
        "$@" >waiting.out 2>waiting.err </dev/null &
        echo $! >waiting.pid
        wait $!
        echo $? >waiting.rc
    } &
    until_true [ -s waiting.pid ]
    pids="$pids $(cat waiting.pid)"
}
ada() { # ada STEP [OPTIONS]
    step=$1
    shift
    start "$psephos" trustee "$step" --record record --key ada/trustee.key --quiet --out "mail/ada-$step.parcel" "$@"
    until_true curl -sf "$page/v1/trustee" || echo "no page: $(cat waiting.err)"
}
# agrees WORDS: she reads them, and agrees.
agrees() {
    browser open "$page/"
    browser title 'You are asked to agree'
    browser see "$1"
    browser press 'Agree with your authenticator'
    ends
}
code() { # of a request: curl's options
    curl -s -o said -w '%{http_code} ' "$@"
    sed 's/.*urn:psephos:problem:\([a-z-]*\).*/\1/' said
}

check 'an election in its ceremony' "$(made garden_start)"

# --- registering
start "$psephos" trustee authenticators --key ada/trustee.key --listen "127.0.0.1:$port"
until_true grep -q '#' waiting.out
url=$(grep '#' waiting.out)
check 'whoever lacks the code registers nothing' "$(
    said=$(code -X POST -H "Origin: $page" -H 'Content-Type: application/json' -d '{"code":"0000-0000-0000-0000"}' \
        "$page/v1/trustee/request")
    [ "$said" = '403 wrong-code' ] || echo "$said"
    grep -q 'wrong code' waiting.err || echo 'the refusal is not told'
)"
check 'another name for this machine leads nowhere' "$(
    said=$(code -H 'Host: evil.example' "$page/v1/trustee")
    [ "$said" = '403 other-site' ] || echo "$said"
)"
check 'the first authenticator is registered by keyboard' "$(
    browser authenticator first
    browser open "$url"
    browser title 'Register your authenticators'
    browser press 'Register an authenticator'
    browser see 'Registered: 1 of 2'
)"
check 'the same one twice is refused' "$(
    browser press 'Register an authenticator'
    browser see 'registered already'
    kill "$(cat waiting.pid)"
)"
check 'with one alone no step is made' "$(
    says 1 'only 1 of 2 authenticators' "$psephos" trustee commit --record record --key ada/trustee.key --out x
    [ ! -e x ] || echo 'a parcel was made'
)"
check 'the second one, on another start' "$(
    start "$psephos" trustee authenticators --key ada/trustee.key
    until_true grep -q '#' waiting.out
    browser authenticator second
    browser open "$(grep '#' waiting.out)"
    browser press 'Register an authenticator'
    browser see 'All are registered'
    ends
    says 0 'ES256, model .*, attested' "$psephos" trustee authenticators --key ada/trustee.key --list
    [ "$(wc -l <out)" -eq 2 ] || echo "listed: $(cat out)"
)"

# --- the ceremony
ada commit
check 'nothing is made before she agrees' "$(
    browser open "$page/"
    browser see 'Round 1'
    [ ! -e mail/ada-commit.parcel ] && [ ! -e ada/trustee.key.state/ceremony ] || echo 'something was made'
)"
check 'a request of another site is refused' "$(
    said=$(code -X POST -H 'Origin: https://evil.example' -H 'Content-Type: application/json' -d '{}' \
        "$page/v1/trustee/request")
    [ "$said" = '403 other-site' ] || echo "$said"
    said=$(code -X POST -H "Origin: $page" -H 'Content-Type: text/plain' -d '{}' "$page/v1/trustee/request")
    [ "${said%% *}" = 415 ] || echo "$said"
)"
check 'a signature with one bit changed is refused, and told' "$(
    browser bend signature
    browser press 'Agree with your authenticator'
    browser see 'signature does not hold'
    grep -q 'refused: webauthn-signature' waiting.err || cat waiting.err
)"
check 'the answer of before does not fit a new request' "$(
    browser bend replay
    browser press 'Agree with your authenticator'
    browser see 'another request'
    grep -q 'refused: webauthn-challenge$' waiting.err || cat waiting.err
    browser bend none
)"
check 'an authenticator that is not hers is not asked' "$(
    browser authenticator stranger
    browser press 'Agree with your authenticator'
    browser see 'not used, or not in time'
    [ ! -e mail/ada-commit.parcel ] || echo 'a parcel was made'
)"
browser authenticator first >/dev/null
check 'she agrees, and the step is made' "$(
    agrees 'Garden'
    [ -e mail/ada-commit.parcel ] || echo 'no parcel'
)"
check 'the same step again asks nobody' "$(
    made "$psephos" trustee commit --record record --key ada/trustee.key --out again.parcel
    cmp mail/ada-commit.parcel again.parcel
)"
check 'round by round' "$(
    made trustee bob commit
    made append mail/ada-commit.parcel mail/bob-commit.parcel
    for round in 'reveal:Round 2' 'share:Round 3'; do
        ada "${round%%:*}"
        agrees "${round#*:}"
        made trustee bob "${round%%:*}"
        made append mail/*-"${round%%:*}".parcel
    done
)"
heard=$("$psephos" trustee code --record record --key ada/trustee.key --quiet)
check 'a code that differs is told before she is asked' "$(
    says 1 'codes differ' "$psephos" trustee confirm --record record --key ada/trustee.key --out x --heard \
        0000-0000-0000-0000
)"
check 'the page shows the code that she confirms' "$(
    ada confirm --heard "$heard"
    agrees "$heard"
    made trustee bob confirm --heard "$heard"
    made append mail/*-confirm.parcel
)"
check 'votes, mixed' "$(
    made garden_roster
    made garden_open
    made garden_votes
    made garden_close
    made garden_mix
)"

# --- opening, by the daemon in its sandbox
python3 "$source/tests/e2e/small_box.py" "$psephos" record board box.port box.faults >box.log 2>&1 &
pids="$pids $!"
until_true [ -s box.port ]
eid=$("$psephos" record show --record record --json | sed 's/.*"election":"\([0-9a-f]*\)".*/\1/')
cat >ada.ini <<SETTINGS
[daemon]
state = $dir/ada/daemon
[record]
url = $(cat box.port)/record
election = $eid
interval = 1 s
[box]
url = $(cat box.port)
[role]
key = $dir/ada/trustee.key
SETTINGS
start "$psephos" trustee run --config ada.ini
check 'the daemon serves the page once it has verified the record' "$(
    until_true curl -sf "$page/v1/trustee" || cat waiting.err
)"
check 'no share is released before she agrees' "$(
    browser authenticator second
    browser open "$page/"
    browser see 'Lists to be opened'
    browser see 'Encrypted values'
    [ ! -e ada/trustee.key.state/opened-1-1 ] || echo 'something was opened'
)"
check 'the page fits a narrow window, and nothing complains' "$(
    browser width 320
    browser overflow
    browser width 1280
    browser faults
)"
[ -z "${TRUSTEE_SHOT-}" ] || browser shot "$TRUSTEE_SHOT"
check 'the second authenticator does as well: one lost does not stop the count' "$(
    before=$(sed -n 2p record/checkpoint)
    grown() { [ "$(sed -n 2p record/checkpoint)" -gt "$before" ]; }
    browser open "$page/"
    browser see 'Release your part'
    browser press 'Agree with your authenticator'
    browser title 'Nothing waits for you'
    until_true grown || echo 'nothing was posted'
    made trustee bob decrypt
    made append mail/bob-decrypt.parcel
    made officer result
    made append mail/result.parcel
    made officer end
    made append mail/end.parcel
    made "$verify" record
    ends
)"

# --- afterwards
state=ada/trustee.key.state
check 'whoever has the folder judges every assertion again' "$(
    says 0 '5 good, 0 not' "$psephos" trustee authenticators --key ada/trustee.key --check
    grep -q 'good  psephos-trustee-act-1; act decrypt; election [0-9a-f]*; trustee 1; record [0-9]*; list 1 1 2 2 ' \
        out || cat out
)"
cp "$state/assertions" kept
check 'a line taken out of them is noticed' "$(
    sed 2d kept >"$state/assertions"
    says 1 'not the chain' "$psephos" trustee authenticators --key ada/trustee.key --check
)"
check 'so is another act under the same signature' "$(
    python3 - kept "$state/assertions" <<'CHANGED'
import base64, sys
lines = open(sys.argv[1]).read().splitlines()
word = lines[-1].split(' ')
text = base64.urlsafe_b64decode(word[3] + '=' * (-len(word[3]) % 4)).replace(b'act decrypt', b'act confirm')
word[3] = base64.urlsafe_b64encode(text).decode().rstrip('=')
open(sys.argv[2], 'w').write('\n'.join(lines[:-1] + [' '.join(word)]) + '\n')
CHANGED
    says 1 '4 good, 1 not' "$psephos" trustee authenticators --key ada/trustee.key --check
    cp kept "$state/assertions"
)"
check 'an authenticator that was lost is removed' "$(
    id=$("$psephos" trustee authenticators --key ada/trustee.key --list | head -n 1 | cut -c1-16)
    made "$psephos" trustee authenticators --key ada/trustee.key --remove "$id"
    says 2 "no authenticator '$id'" "$psephos" trustee authenticators --key ada/trustee.key --remove "$id"
    says 1 'not all assertions hold' "$psephos" trustee authenticators --key ada/trustee.key --check
)"
echo quit >&9
finish
