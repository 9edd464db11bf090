#!/bin/sh
# witness.sh SOURCE PSEPHOS VERIFY MINI_LOG: the witness as a process: statuses, monitoring, racing
# requests, kill -9, restored states, evidence.
set -u
psephos=$(realpath "$2")
log=$(realpath "$4")
cd "$1" || exit 1
. tests/ground/tap.sh
dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -9 $pid 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

origin=log.example/one
vkey=$("$log" $origin vkey)
hash=$("$log" $origin origin)

# start [OPTION…]: run the witness w; its address in $url.
start() {
    : >address
    "$psephos" witness run w "$@" >address 2>>err &
    pid=$!
    for _ in $(seq 200); do
        url=$(cat address)
        [ -z "$url" ] || return 0
        kill -0 $pid 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}

stop() {
    kill -TERM $pid
    wait $pid
    status=$?
    pid=
}

# post WANT OLD SIZE [fork]: complaints unless the status is WANT; the body is left in ./body.
post() {
    want=$1
    shift
    "$log" $origin request "$@" >request
    got=$(curl -s -o body -D head -w '%{http_code}' --data-binary @request "$url/add-checkpoint")
    [ "$got" = "$want" ] || echo "status $got, wanted $want: $(head -c 300 body)"
}

check 'a witness is made' "$(
    "$psephos" witness init w --name w.example/1 --log "$vkey" >line 2>err || cat err
    grep -q '^witness w.example/1 w.example/1+' line || cat line
    [ "$(stat -c %a w/witness.key)" = 400 ] || echo "key has mode $(stat -c %a w/witness.key)"
)"
check 'it is made once' "$(
    "$psephos" witness init w --name w.example/2 >out 2>&1 && echo 'made again'
    grep -q 'is a witness already' out || cat out
)"
check 'a log is added once' "$(
    "$psephos" witness init w --log "$vkey" >out 2>&1 && echo 'twice'
    grep -q 'trusted already' out || cat out
)"
check 'its line stands in a policy' "$(
    "$psephos" policy make --log "$vkey" --witness w.example/1="$(cut -d' ' -f3 line)" \
        --out policy >out 2>&1 || cat out
)"

start || check 'it starts' "$(cat err)"
check 'no checkpoint before the first' "$(
    got=$(curl -s -o body -w '%{http_code}' "$url/$hash/checkpoint")
    [ "$got" = 404 ] || echo "status $got"
)"
check '200 first' "$(post 200 0 5; grep -q '^— w.example/1 ' body || cat body)"
check '200 grown' "$(post 200 5 300)"
check '200 same again' "$(post 200 300 300)"
check '409 tells the size' "$(
    post 409 5 300
    [ "$(cat body)" = 300 ] || cat body
    grep -qi '^content-type: text/x.tlog.size' head || cat head
)"
check '400 old above size' "$(post 400 300 299)"
check '422 another history of the same size' "$(post 422 300 300 fork)"
check '422 another history grown' "$(post 422 300 400 fork)"
check '409 comes before 422' "$(post 409 5 299 fork)"
check '400 garbage' "$(
    got=$(printf 'hello' | curl -s -o body -w '%{http_code}' --data-binary @- "$url/add-checkpoint")
    [ "$got" = 400 ] || echo "status $got"
)"
check '404 another log' "$(
    "$log" log.example/two request 0 5 >request
    got=$(curl -s -o body -w '%{http_code}' --data-binary @request "$url/add-checkpoint")
    [ "$got" = 404 ] || echo "status $got"
)"
check '403 its signature bent' "$(
    "$log" $origin request 300 301 | sed 's|^\(— log.example/one .............\).|\1/|' >request
    got=$(curl -s -o body -w '%{http_code}' --data-binary @request "$url/add-checkpoint")
    [ "$got" = 403 ] || echo "status $got"
)"
check '413 too long' "$(
    head -c 131073 /dev/zero >request
    got=$(curl -s -o body -w '%{http_code}' -H Expect: --data-binary @request "$url/add-checkpoint")
    [ "$got" = 413 ] || echo "status $got"
)"
check '400 just not too long' "$(
    head -c 131072 /dev/zero >request
    got=$(curl -s -o body -w '%{http_code}' -H Expect: --data-binary @request "$url/add-checkpoint")
    [ "$got" = 400 ] || echo "status $got"
)"
check 'the monitoring address has the log and the witness' "$(
    curl -s -o note "$url/$hash/checkpoint"
    [ "$(sed -n 1,2p note)" = "$(printf '%s\n300' $origin)" ] || cat note
    [ "$(grep -c '^— log.example/one ' note)" = 1 ] || cat note
    [ "$(grep -c '^— w.example/1 ' note)" = 1 ] || cat note
)"
check 'other paths are not there' "$(
    for path in "" "$hash" "$hash/" "$hash/checkpoint/" "$hash/checkpoint?x" checkpoint \
        "$(echo "$hash" | tr a-f A-F)/checkpoint" "../$hash/checkpoint"; do
        got=$(curl -s -o body -w '%{http_code}' --path-as-is "$url/$path")
        [ "$got" = 404 ] || echo "$path: status $got"
    done
)"
check 'a second process is refused' "$(
    timeout 20 "$psephos" witness run w >out 2>&1 && echo 'it ran'
    grep -q 'another process' out || cat out
)"
check 'status while it runs' "$(
    "$psephos" witness status w --json >out 2>&1 || cat out
    grep -q '"size":300,' out || cat out
    grep -q '"evidence":2' out || cat out
)"
check 'evidence is written out' "$(
    "$psephos" witness status w --evidence ev >out 2>&1 || cat out
    [ "$(sed -n 2p ev/log0-0-refused.note)" = 300 ] || ls ev
    [ "$(sed -n 2p ev/log0-0-cosigned.note)" = 300 ] || ls ev
    [ "$(sed -n 3p ev/log0-0-cosigned.note)" != "$(sed -n 3p ev/log0-0-refused.note)" ] || cat ev/*
)"

check 'a thousand racing requests: no size falls' "$(
    "$log" $origin race "$url" 1000 64 >out 2>&1 || cat out
    grep -q 'fallen 0' out || cat out
)"
size=$(sed -n 's/.* size \([0-9]*\) .*/\1/p' out)
stop
check 'it stops when asked' "$([ "$status" = 0 ] || echo "status $status: $(tail -n 3 err)")"

# kill -9 while requests race: what was answered is never below what is remembered.
for round in 1 2 3; do
    start || check 'it starts again' "$(tail -n 3 err)"
    (sleep 0.0$round; kill -9 $pid) &
    "$log" $origin race "$url" 300 32 >out 2>/dev/null
    wait $pid 2>/dev/null
    pid=
    answered=$(sed -n 's/.* size \([0-9]*\) .*/\1/p' out)
    check "killed in round $round: nothing answered is forgotten" "$(
        now=$("$psephos" witness status w --json | sed 's/.*"size":\([0-9]*\),.*/\1/')
        [ "${now:-0}" -ge "${answered:-0}" ] || echo "remembers $now, answered $answered"
        [ "${now:-0}" -ge "${size:-0}" ] || echo "remembers $now, had $size"
        grep -q 'fallen 0' out || cat out
    )"
done

# A state restored from a backup forgets; it must not sign until somebody has looked.
cp w/witness.db backup
start || check 'it starts before the backup is restored' "$(tail -n 3 err)"
now=$("$psephos" witness status w --json | sed 's/.*"size":\([0-9]*\),.*/\1/')
check 'it cosigns what the backup lacks' "$(post 200 "$now" $((now + 7)))"
stop
rm -f w/witness.db-wal w/witness.db-shm
cp backup w/witness.db
check 'a restored state is refused' "$(
    timeout 20 "$psephos" witness run w >out 2>&1
    [ $? -eq 4 ] || echo "status $?"
    grep -q 'restored from a backup' out || cat out
)"
check 'a wrong confirmation is refused' "$(
    timeout 20 "$psephos" witness run w --restored 1/2 >out 2>&1
    [ $? -eq 4 ] || echo "status $?"
)"
confirm=$(timeout 20 "$psephos" witness run w 2>&1 | sed -n 's/.*--restored \([0-9]*\/[0-9]*\);.*/\1/p')
start --restored "$confirm" || check 'it starts when confirmed' "$(tail -n 3 err)"
check 'confirmed: it goes on' "$(post 409 "$((now + 7))" "$((now + 8))"; post 200 "$now" "$((now + 8))")"
stop
check 'a confirmation holds once' "$(
    cp backup w/witness.db
    timeout 20 "$psephos" witness run w --restored "$confirm" >out 2>&1
    [ $? -eq 4 ] || echo "status $?: $(cat out)"
)"
check 'a lost mark is refused' "$(
    rm w/witness.mark
    timeout 20 "$psephos" witness run w >out 2>&1
    [ $? -eq 4 ] || echo "status $?: $(cat out)"
)"
check 'no public address' "$(
    "$psephos" witness init v --name v.example >out 2>&1 || cat out
    timeout 20 "$psephos" witness run v --listen 0.0.0.0:0 >out 2>&1 && echo 'it ran'
    grep -q 'not a loopback address' out || cat out
)"
check 'a key that others can read is refused' "$(
    chmod 444 v/witness.key
    timeout 20 "$psephos" witness run v >out 2>&1 && echo 'it ran'
    grep -q 'v/witness.key' out || cat out
)"

# The same as a daemon.
mkdir -m 700 d
"$psephos" witness init d --name d.example --log "$vkey" >out 2>&1 || check 'a witness for the daemon' "$(cat out)"
settings() { # settings KEY
    printf '[daemon]\nstate = %s/d\n[listen]\nhttp = unix:%s/d.sock\n[witness]\nkey = %s\n' "$dir" "$dir" "$1" >d.ini
}
settings credential:witness.key
check 'the daemon says what it lacks' "$(
    timeout 20 "$psephos" witness serve --config d.ini >out 2>&1
    [ $? -eq 2 ] || echo 'not status 2'
    grep -q 'give --credentials' out || cat out
)"
"$psephos" witness serve --config d.ini --credentials d 2>err &
pid=$!
for _ in $(seq 200); do
    ! grep -q daemon.ready err || break
    sleep 0.05
done
check 'the daemon cosigns on its socket' "$(
    "$log" $origin request 0 5 >request
    got=$(curl -s -o body -w '%{http_code}' --unix-socket d.sock --data-binary @request http://w/add-checkpoint)
    [ "$got" = 200 ] || { echo "status $got"; cat err; }
    grep -q '^— d.example ' body || cat body
)"
check 'a second one with its state is refused' "$(
    timeout 20 "$psephos" witness serve --config d.ini --credentials d >out 2>&1
    [ $? -eq 1 ] || cat out
)"
stop
check 'the daemon stops when asked' "$([ "$status" = 0 ] || echo "status $status: $(tail -n 3 err)")"
check 'a restored state is refused by the daemon, too' "$(
    rm d/witness.mark
    timeout 20 "$psephos" witness serve --config d.ini --credentials d >out 2>&1
    [ $? -eq 4 ] || echo "status $?: $(cat out)"
    grep -q 'restored from a backup' out || cat out
)"
finish
