# shellcheck shell=sh
# Sourced by tests that put load on the service: an election of `psephos load prepare` and the daemons
# that serve it. $psephos is set, the current folder is the test's own.
rig_pids=

# Four ports in a row that are free now, and the first of them in $port.
rig_ports() {
    port=$(python3 - <<'PY'
import random, socket
while True:
    base = random.randrange(20000, 30000)
    held = []
    try:
        for i in range(5):
            s = socket.socket()
            held.append(s)
            s.bind(("127.0.0.1", base + i))
    except OSError:
        continue
    print(base)
    break
PY
    )
}

# rig_wait FILE PATTERN: until a daemon says it.
rig_wait() {
    for _ in $(seq 300); do
        ! grep -q "$2" "$1" 2>/dev/null || return 0
        sleep 0.05
    done
    cat "$1"
    return 1
}

# rig_open SET VOTERS LISTEN [OPTION…]: prepare with these, and serve until rig_end; the box's address in $url.
rig_open() {
    rig_ports
    set_dir=$1
    voters=$2
    listen=$3
    shift 3
    "$psephos" load prepare "$set_dir" --voters "$voters" --witness-port "$port" --listen "$listen" \
        --quiet "$@" || return 1
    set -- "$set_dir"
    for i in 1 2 3 4; do
        "$psephos" witness run "$1/witness-$i" --listen "127.0.0.1:$((port + i - 1))" \
            >"witness-$i.out" 2>&1 &
        rig_pids="$rig_pids $!"
    done
    for i in 1 2 3 4; do
        rig_wait "witness-$i.out" 127.0.0.1 || return 1
    done
    "$psephos" box sequence --config "$1/sequence.ini" >sequence.out 2>&1 &
    rig_pids="$rig_pids $!"
    rig_wait sequence.out daemon.ready || return 1
    "$psephos" box serve --config "$1/box.ini" >box.out 2>box.err &
    rig_box=$!
    rig_pids="$rig_pids $rig_box"
    rig_wait box.err 'box.election.*open=1' || return 1
    rig_wait box.out : || return 1
    url=$(head -n 1 box.out)
}

rig_end() {
    # shellcheck disable=SC2086 # numbers of processes
    [ -z "$rig_pids" ] || kill $rig_pids 2>/dev/null
    for pid in $rig_pids; do
        wait "$pid" 2>/dev/null
    done
    rig_pids=
}
