# shellcheck shell=sh
# Sourced after garden.sh: the garden's election with the real services: four witnesses, a
# sequencer, a front, in the current folder. Needs $psephos. Everything started is in $pids.
pids=

# wait_line FILE PID: until FILE has a line.
wait_line() {
    for _ in $(seq 400); do
        [ ! -s "$1" ] || return 0
        kill -0 "$2" 2>/dev/null || return 1
        sleep 0.025
    done
    return 1
}

witness_start() { # NUMBER
    mkdir -p run
    : >"run/witness-$1.out"
    at=$(cat "run/witness-$1.at" 2>/dev/null || echo 127.0.0.1:0)
    "$psephos" witness run "witness-$1" --key "board/witness-$1.key" --listen "$at" \
        >"run/witness-$1.out" 2>>"run/witness-$1.err" &
    eval "witness_$1=$!"
    pids="$pids $!"
    wait_line "run/witness-$1.out" "$!" || return 1
    sed 's|^http://||' "run/witness-$1.out" >"run/witness-$1.at"
}

witness_stop() { # NUMBER
    eval "kill \$witness_$1; wait \$witness_$1" 2>/dev/null
}

# The policy of garden_keys with the addresses where its witnesses are reached.
box_witnesses() {
    log=$(sed -n 's/^log //p' board/policy)
    for i in 1 2 3 4; do
        "$psephos" witness init "witness-$i" --key "board/witness-$i.key" --log "$log" >/dev/null &&
            witness_start $i || return 1
        sed -i "s|^\(witness witness-$i [^ ]*\)$|\1 $(cat "run/witness-$i.out")|" board/policy
    done
}

box_settings() {
    here=$(pwd)
    mkdir -p run
    cat >sequence.ini <<INI
[daemon]
state = $here/run/sequence
[store]
url = $here/ledger
[record]
folder = $here/record
[log]
key = $here/board/log.key
[listen]
socket = $here/run/sequence.sock
INI
    cat >box.ini <<INI
[daemon]
state = $here/run/box
[listen]
address = 127.0.0.1:0
metrics = 127.0.0.1:0
[record]
folder = $here/record
[sequence]
socket = $here/run/sequence.sock
INI
}

sequence_start() {
    "$psephos" box sequence --config sequence.ini 2>>run/sequence.err &
    sequence=$!
    pids="$pids $sequence"
    for _ in $(seq 400); do
        [ ! -S run/sequence.sock ] || ! "$psephos" box post --socket run/sequence.sock \
            --quiet empty.parcel 2>/dev/null || return 0
        kill -0 $sequence 2>/dev/null || return 1
        sleep 0.025
    done
    return 1
}

front_start() {
    : >run/box.out
    "$psephos" box serve --config box.ini >run/box.out 2>>run/box.err &
    front=$!
    pids="$pids $front"
    wait_line run/box.out $front || return 1
    url=$(cat run/box.out)
    # The address stays, so that clients find it again after a restart.
    sed -i "s|^address = .*|address = ${url#http://}|" box.ini
}

# Parcels of the garden go to the sequencer's socket.
append() {
    "$psephos" box post --socket run/sequence.sock --quiet "$@"
}

# An election up to where ballots are taken.
box_open() {
    printf 'psephos-parcel-1\n' >empty.parcel
    garden_keys && box_witnesses && box_settings && garden_create &&
        "$psephos" box create --config sequence.ini mail/setup.parcel >/dev/null &&
        sequence_start && garden_ceremony && garden_roster && garden_open && front_start
}

# ballot_of PARCEL: the bytes of its one entry, behind magic, kind and length.
ballot_of() {
    tail -c +27 "$1"
}

# cast FILE [CURL OPTION…]: the status; body in ./body, head in ./head.
cast() {
    file=$1
    shift
    curl -s -o body -D head -w '%{http_code}' --max-time 15 --data-binary "@$file" \
        -H 'Content-Type: application/vnd.psephos.ballot' "$@" "$url/v1/ballots"
}

box_end() {
    for pid in $pids; do
        kill "$pid" 2>/dev/null
    done
    wait 2>/dev/null
}
