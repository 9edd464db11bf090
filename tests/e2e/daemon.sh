#!/bin/sh
# daemon.sh SOURCE MINI_DAEMON: what all daemons share, with a daemon that has no duty: settings
# refused and shown, reload, clean stop, lock, sandbox in the log, events, and no secret anywhere.
set -u
mini=$(realpath "$2")
cd "$1" || exit 1
. tests/ground/tap.sh
. tests/e2e/canary.sh
dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
canary="canary-$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')"

settings() { # settings WORD LEVEL
    printf '[daemon]\nstate = %s/state\n[log]\nlevel = %s\n[mini]\nword = %s\npace = 20 ms\nseal = credential:seal\n' \
        "$dir" "$2" "$1" >"$dir/etc/new"
    mv "$dir/etc/new" "$dir/etc/mini.ini" # as editors do: another file in its place
}

start() {
    "$mini" --config "$dir/etc/mini.ini" --credentials "$dir/cred" >"$dir/out" 2>>"$dir/err" &
    pid=$!
}

# heard PATTERN: complains unless the log says so within 20 s.
heard() {
    i=0
    until grep -qE -- "$1" "$dir/err"; do
        i=$((i + 1))
        [ "$i" -lt 200 ] || { echo "not heard: $1"; tail -n 5 "$dir/err"; return; }
        sleep 0.1
    done
}

refused() { # refused STATUS PATTERN ARGUMENTS…
    wanted=$1
    pattern=$2
    shift 2
    "$mini" "$@" >"$dir/o" 2>"$dir/e"
    status=$?
    [ "$status" -eq "$wanted" ] || echo "status $status, wanted $wanted"
    [ ! -s "$dir/o" ] || echo 'something on standard output'
    [ "$(wc -l <"$dir/e")" -eq 1 ] || echo 'not one line on standard error'
    grep -qE -- "$pattern" "$dir/e" || cat "$dir/e"
}

mkdir "$dir/etc" "$dir/cred"
printf '%s' "$canary" >"$dir/cred/seal"
chmod 0400 "$dir/cred/seal"
settings one info

check 'no settings, no daemon' "$(refused 2 'name a file with --config')"
check 'a file that is not there' "$(refused 2 'cannot read it' --config "$dir/none")"
printf '[mini]\nwrod = x\n' >"$dir/etc/bad.ini"
check 'a wrong key is refused with its line' "$(
    refused 2 'bad.ini:2: there is no key wrod in \[mini\]; there are: word pace seal' \
        --config "$dir/etc/bad.ini" --check-config)"
printf '[daemon]\nstate = %s/state\n[mini]\nseal = %s\n' "$dir" "$canary" >"$dir/etc/bad.ini"
check 'a secret in the settings is refused and not shown' "$(
    refused 2 'bad.ini:4: .*never the secret' --config "$dir/etc/bad.ini"
    canary_found "$canary" "$dir/e" "$dir/o")"
check 'good settings are good' "$(
    "$mini" --config "$dir/etc/mini.ini" --check-config | grep -qx 'the settings are good' || echo no)"
check 'the dump shows settings and hides secrets' "$(
    "$mini" --config "$dir/etc/mini.ini" --dump-config >"$dir/dump" || echo "status $?"
    grep -qx 'word = one' "$dir/dump" || cat "$dir/dump"
    grep -qx 'seal = <set>' "$dir/dump" || cat "$dir/dump"
    grep -qE 'SHA-256 of all of them: [0-9a-f]{64}$' "$dir/dump" || cat "$dir/dump")"
check 'nothing was made by asking' "$([ ! -e "$dir/state" ] || echo 'there is a state folder')"
check 'the environment sets nothing' "$(
    PSEPHOS_WORD=x WORD=x PSEPHOS_LOG_LEVEL=debug "$mini" --config "$dir/etc/mini.ini" --dump-config |
        cmp - "$dir/dump")"
"$mini" --describe-config >"$dir/keys"
check 'the keys describe themselves for the manual' "$(
    for key in state level events-size events-keep files required word pace seal; do
        grep -qx ".It Ic $key" "$dir/keys" || echo "no $key"
    done
    if command -v mandoc >/dev/null 2>&1; then
        { printf '.Dd November 26, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd x\n.Sh CONFIGURATION\n'
          cat "$dir/keys"; } | mandoc -T lint -W warning 2>&1
    fi)"

check 'the guide shows a main that is compiled' "$(
    sed -n '/^```c$/,/^```$/p' docs/operations.md | sed '/^```/d; /^$/d' | while IFS= read -r line; do
        grep -qxF -- "$line" tests/e2e/mini_daemon.c || echo "not in mini_daemon.c: $line"
    done)"

start
check 'starts, and says what confines it' "$(
    heard ' daemon\.ready daemon=mini where=nowhere settings=[0-9a-f]{64}$'
    heard ' daemon\.sandbox landlock=[0-9]+ tcp=(yes|no) seccomp=yes locked=(yes|no)$')"
check 'the hash in the log is the hash of the dump' "$(
    grep -q "settings=$(sed -n 's/.*of them: //p' "$dir/dump")" "$dir/err" || echo 'another hash')"
check 'a second one finds the state in use' "$(
    refused 1 'is in use by another process' --config "$dir/etc/mini.ini" --credentials "$dir/cred")"
settings two info
kill -HUP "$pid"
check 'a reload takes what may change' "$(heard ' daemon\.reloaded changed=1 '; heard ' mini\.word word=two$')"
sed -i 's/^pace = .*/pace = 30 ms/; s/^word = .*/word = three/' "$dir/etc/mini.ini"
kill -HUP "$pid"
check 'a reload of what may not takes nothing' "$(
    heard ' daemon\.reload-refused why=".*key pace in \[mini\] cannot change'
    ! grep -q 'word=three' "$dir/err" || echo 'a part was taken')"
printf 'nonsense\n' >>"$dir/etc/mini.ini"
kill -HUP "$pid"
check 'a reload of nonsense takes nothing' "$(heard ' daemon\.reload-refused why=".*neither a comment')"
check 'the core is not dumped, privileges do not come back' "$(
    grep -qE '^NoNewPrivs:[[:space:]]*1' "/proc/$pid/status" || grep NoNewPrivs "/proc/$pid/status"
    grep -qE '^Seccomp:[[:space:]]*2' "/proc/$pid/status" || grep Seccomp: "/proc/$pid/status"
    grep -qE '^Max core file size +0 +0' "/proc/$pid/limits" || grep core "/proc/$pid/limits")"
kill -TERM "$pid"
wait "$pid"
status=$?
pid=
check 'SIGTERM is a clean stop' "$(
    [ "$status" -eq 0 ] || echo "status $status"
    heard ' daemon\.stopped status=0$'
    [ ! -s "$dir/out" ] || echo 'something on standard output')"
check 'its metrics are there' "$(grep -q '^psephos_mini_ticks_total [1-9]' "$dir/state/metrics" ||
    cat "$dir/state/metrics" 2>&1)"
check 'its life is in the event stream' "$(
    for type in daemon.start daemon.reload daemon.stop; do
        grep -q "\"type\":\"$type\"" "$dir/state/events" || echo "no $type"
    done)"

settings one info
start
check 'a killed daemon starts again, its events go on' "$(
    i=0
    until [ "$(grep -c 'daemon.start"' "$dir/state/events")" -eq 2 ] || [ $i -ge 200 ]; do
        i=$((i + 1)); sleep 0.1
    done
    kill -9 "$pid")"
wait "$pid" 2>/dev/null
start
check 'and again after kill -9' "$(
    i=0
    until [ "$(grep -c 'daemon.start"' "$dir/state/events")" -eq 3 ] || [ $i -ge 200 ]; do
        i=$((i + 1)); sleep 0.1
    done
    kill -TERM "$pid")"
wait "$pid"
pid=
check 'events have no gap' "$(
    sed 's/.*"id":\([0-9]*\).*/\1/' "$dir/state/events" | awk '$1 != NR - 1 { print "gap at line " NR }')"

chmod 0644 "$dir/cred/seal"
check 'a secret open to others is refused' "$(
    "$mini" --config "$dir/etc/mini.ini" --credentials "$dir/cred" >"$dir/o" 2>"$dir/e"
    [ $? -eq 2 ] || echo 'taken'
    grep -q 'holds a secret and has mode 0644' "$dir/e" || cat "$dir/e")"
chmod 0750 "$dir/state"
check 'a state folder open to others is refused' "$(
    refused 1 'chmod it to 0700' --config "$dir/etc/mini.ini" --credentials "$dir/cred")"
check 'the secret is in no output, state or log' "$(
    canary_found "$canary" "$dir/out" "$dir/err" "$dir/o" "$dir/e" "$dir/state" "$dir/dump")"
printf 'x%sy' "$canary" | base64 >"$dir/planted"
check 'the search for it would have found it' "$(
    [ -n "$(canary_found "$canary" "$dir/planted")" ] || echo 'not found in base64'
    [ -n "$(canary_found "$canary" "$dir/cred")" ] || echo 'not found at all')"
finish
