#!/bin/sh
# serve.sh SOURCE PSEPHOS VERIFY: psephos serve: an election by the commands it prints, each daemon
# and the supervisor killed on the way, a witness that refuses, a login, starts that must be refused.
set -u
mkdir_bin=$(mktemp -d)
ln -s "$(realpath "$2")" "$mkdir_bin/psephos"
ln -s "$(realpath "$3")" "$mkdir_bin/psephos-verify"
PATH=$mkdir_bin:$PATH
cd "$1" || exit 1
. tests/ground/tap.sh
dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || { kill -TERM "$pid"; sleep 1; kill -9 "$pid"; } 2>/dev/null; rm -rf "$dir" "$mkdir_bin"' EXIT
cd "$dir" || exit 1

# start [OPTION…]: psephos serve over the folder e, until it says that all is up.
start() {
    psephos serve --dir e "$@" >out 2>>err &
    pid=$!
    for _ in $(seq 1200); do
        ! grep -q '^Ctrl-C' out || return 0
        kill -0 $pid 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}

stop() {
    kill -INT $pid
    wait $pid
    status=$?
    pid=
}

# block FROM TO: what is printed to be typed between two lines.
block() {
    sed -n "/$1/,/$2/p" out | grep -E '^  ' | grep -v '^  cd '
}

typed() { # typed FILE: complaints
    (cd e && timeout 120 sh -eu "../$1" >../typed.out 2>&1) ||
        { echo "status $?"; tail -n 5 typed.out; tail -n 5 err; }
}

refused() { # refused PATTERN OPTION…: complaints unless it does not start and says so in one line
    pattern=$1
    shift
    timeout 60 psephos serve "$@" >said 2>&1 && echo 'it ran'
    grep -qE -- "$pattern" said || cat said
}

state_of() { # the folder whose lock names the process
    case $1 in
    witness-*) echo "e/$1" ;;
    *) echo "e/state/$1" ;;
    esac
}

pid_of() {
    cat "$(state_of "$1")/lock" 2>/dev/null
}

check 'no folder, no service' "$(refused 'dir DIR is missing')"
check 'an address elsewhere is refused' "$(refused '127.0.0.1:PORT' --dir e --listen 10.0.0.1:80)"
check 'a store it does not know is refused' "$(refused 'postgresql://' --dir e --store mysql://x)"
mkdir other
: >other/file
check 'a folder of something else is refused' "$(refused 'neither empty nor complete' --dir other
    [ -f other/file ] || echo 'it is gone')"
check 'a path that is too long for sockets is refused' "$(
    refused 'too long for sockets' --dir "$(printf '%0120d' 0)")"
printf '{"title"' >bad.json
check 'a plan that is none is refused, with the command that says so' "$(
    refused 'officer create did not do its part' --dir bad --plan bad.json --listen 127.0.0.1:0)"
check 'what was cut off is not taken for complete' "$(
    refused 'first start was cut off' --dir bad --listen 127.0.0.1:0)"

start --listen 127.0.0.1:0 || {
    check 'it starts' "$(tail -n 20 err)"
    finish
    exit 1
}
url=$(sed -n 's/^box *\(http[^ ]*\).*/\1/p' out)
check 'it says where everything is' "$(
    [ "$(grep -cE '^(box|board|the record|metrics|office|logins|witness [1-4]) +http://127.0.0.1:[0-9]+' out)" -eq 10 ] || cat out)"
check 'it says that this is a test, and that no mail is sent' "$(
    grep -q 'TEST election' out || cat out
    grep -q '^mail .*NOT sent' out || cat out
    grep -q 'auth.no-mail-is-sent' err || cat err)"
check 'the box answers' "$(curl -sf "$url/healthz" >/dev/null || echo no)"
check 'the record is there' "$(curl -sf "$url/record/checkpoint" | sed -n 1p | grep -q localhost || echo no)"
check 'so are figures, office and logins' "$(
    for name in board metrics office logins; do
        curl -sf "$(sed -n "s/^$name *\(http:[^ ]*[0-9]\).*/\1/p" out)/healthz" >/dev/null || echo "no $name"
    done)"
check 'a second one over the same folder is refused' "$(refused 'another process' --dir e)"
check 'keys are private' "$(find e -name '*.key' ! -perm 600 ! -perm 400)"

block '^The list of voters' '^A voter' >opening
block '^A voter' '^The closing' >voting
block '^The closing' '^The count' >closing
block '^The count' '^Ctrl-C' >counting
check 'there are commands to type' "$(
    for f in opening voting closing counting; do [ -s $f ] || echo "none for $f"; done
    grep -q ' --box http' voting || cat voting)"
check 'voters are enrolled and the vote opens' "$(typed opening)"
check 'the first voter votes' "$(
    typed voting
    grep -q 'receipt' typed.out || cat typed.out)"
check 'a voter asks for a link, and it lies in a file' "$(
    logins=$(sed -n 's/^logins *\(http[^ ]*\).*/\1/p' out)
    status=$(curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' \
        -d '{"address":"anna@example.org"}' "$logins/v1/login")
    [ "$status" = 202 ] || echo "status $status"
    for _ in $(seq 100); do
        grep -qs "^To: anna@example.org" e/post/*.txt && break
        sleep 0.05
    done
    grep -qs '/login#' e/post/*.txt || ls -l e/post)"

# vote N: the same as printed, for another voter.
vote() {
    sed "s/letter-00001/letter-0000$1/; s/voter-1/voter-$1/g" voting >vote.sh
    typed vote.sh
}

for name in witness-1 witness-4 sequence box board officer auth trustee-1 mixer-2; do
    check "killed: $name comes back" "$(
        old=$(pid_of $name)
        kill -9 "$old"
        for _ in $(seq 400); do
            now=$(pid_of $name)
            [ "$now" = "$old" ] || [ -z "$now" ] || ! kill -0 "$now" 2>/dev/null ||
                ! curl -sf "$url/healthz" >/dev/null || exit 0
            sleep 0.05
        done
        echo "still $old"
        tail -n 5 err
    )"
done
check 'the second voter votes after all this' "$(vote 2)"

kill -9 $pid
wait $pid 2>/dev/null
pid=
check 'killed: nothing of the service stays' "$(
    for name in witness-1 witness-2 witness-3 witness-4 sequence box board officer auth trustee-1 \
        trustee-2 trustee-3 mixer-1 mixer-2; do
        p=$(pid_of $name)
        for _ in $(seq 400); do
            kill -0 "$p" 2>/dev/null || break
            sleep 0.05
        done
        ! kill -0 "$p" 2>/dev/null || echo "$name is still there"
    done)"
check 'started again, it takes no other plan or address' "$(
    refused 'holds an election already' --dir e --listen 127.0.0.1:0
    refused 'holds an election already' --dir e --plan bad.json)"
check 'nor does it start when its port is taken, and says so' "$(
    python3 -c "
import socket, sys, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('127.0.0.1', int(sys.argv[1])))
s.listen()
print('bound', flush=True)
time.sleep(60)" "${url##*:}" >bound &
    holder=$!
    for _ in $(seq 100); do [ -s bound ] || sleep 0.05; done
    timeout 60 psephos serve --dir e >said 2>&1
    [ $? -eq 1 ] || echo 'not status 1'
    grep -q "port ${url##*:} of 127.0.0.1.* is taken" said || cat said
    psephos box serve --config e/etc/box.ini >said 2>&1
    [ $? -eq 1 ] || echo 'box serve: not status 1'
    grep -q 'cannot listen' said || cat said
    kill $holder)"
start || check 'it goes on' "$(tail -n 20 err)"
check 'under the same addresses' "$(grep -qE "^box +$url " out || cat out)"
stop
check 'it stops when asked' "$([ "$status" -eq 0 ] || { echo "status $status"; tail -n 20 err; })"

# A witness that has lost its memory refuses; the other three are a quorum.
rm e/witness-2/witness.mark
start || check 'it starts without one witness' "$(tail -n 20 err)"
check 'the third voter votes with three witnesses' "$(vote 3)"
check 'who refuses is left alone' "$(
    [ "$(grep -c 'supervisor.ended child=witness-2 status=4 restart=no' err)" -eq 1 ] || grep witness-2 err)"
check 'the vote closes and the mixers mix, as printed' "$(typed closing)"
check 'the trustees open, and the result is accepted' "$(
    typed counting
    grep -qi 'accepted' typed.out || cat typed.out
    grep -q 'elected' e/mail/result.html || echo 'no result')"
for name in trustee-1 trustee-2 trustee-3 mixer-1 mixer-2; do
    check "$name has done its part and ends" "$(
        for _ in $(seq 200); do
            grep -q "supervisor.ended child=$name status=0 restart=no" err && exit 0
            sleep 0.05
        done
        grep $name err | tail -n 3)"
done
check 'three ballots count' "$(
    psephos-verify e/record --json | grep -qE '"admitted": ?3[,}]' || psephos-verify e/record --json | head -c 600)"
stop
check 'that one refused to sign shows in the status' "$([ "$status" -eq 4 ] || echo "status $status")"
finish
