#!/bin/sh
# network.sh SOURCE PSEPHOS VERIFY: roles whose record is at an address and whose work goes to a box,
# over a box that fails on purpose (small_box.py): silent, busy, unsure, slow, lying; mirrors that
# show something else.
set -u
psephos=$(realpath "$2")
verify=$(realpath "$3")
cd "$1" || exit 1
. tests/ground/tap.sh
box=$(realpath tests/e2e/small_box.py)
plan=$(realpath docs/tutorial.md)
dir=$(mktemp -d)
servers=
trap 'for s in $servers; do kill "$s" 2>/dev/null; done; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# says STATUS PATTERN ARG…: one command; complaints.
says() {
    wanted=$1
    pattern=$2
    shift 2
    "$psephos" "$@" >out 2>err </dev/null
    status=$?
    [ "$status" -eq "$wanted" ] || echo "status $status, wanted $wanted: $(head -c 300 err)"
    cat out err | grep -qE -- "$pattern" || echo "said: $(cat out err | head -c 400)"
}
quick() { # a step that is only a means
    "$psephos" "$@" >out 2>err </dev/null || { echo "Bail out! psephos $*: $(cat err)"; exit 1; }
}
serve() { # serve RECORD KEYS NAME: its address in $url
    rm -f "$3.port"
    python3 "$box" "$psephos" "$1" "$2" "$3.port" "$3.faults" 2>"$3.log" &
    servers="$servers $!"
    while [ ! -f "$3.port" ]; do sleep 0.05; done
    url=$(cat "$3.port")
}
size() { # of a record folder
    sed -n 2p "$1/checkpoint"
}

# --- an election with three trustees, two of whom are enough
mkdir board office registrar ada bob cleo dora emil
quick record keygen --origin record.network.example/1 --witnesses 4 --quorum 3 --keys board
quick officer keygen --name Office --key office/k
quick registrar keygen --name Registrar --key registrar/k
for t in ada bob cleo; do quick trustee keygen --name "$t" --key "$t/k"; done
for m in dora emil; do quick mixer keygen --name "$m" --key "$m/k"; done
sed -n "/<<'PLAN'/,/^PLAN/p" "$plan" | sed '1d;$d' >plan.json
quick officer create --plan plan.json --key office/k --board board/board.pub \
    --policy board/policy --registrar registrar/k.pub --trustee ada/k.pub --trustee bob/k.pub \
    --trustee cleo/k.pub --mixer dora/k.pub --mixer emil/k.pub --out setup.parcel
quick record init --record record --keys board setup.parcel
cp -r record old
serve record board box
box_url=$url
record=$box_url/record

# --- posting
check 'a step is made from an address and posted to a box' "$(
    says 0 'Entry 1: witnessed' trustee commit --record "$record" --key ada/k --post "$box_url"
    [ "$(size record)" -eq 2 ] || size record
)"
check 'the same step again is the same entry' "$(
    says 0 'Entry 1: witnessed' trustee commit --record "$record" --key ada/k --post "$box_url"
    [ "$(size record)" -eq 2 ] || size record
)"
check 'the copy is kept beside the key and is a record' "$(
    [ "$(size ada/k.record)" -eq 2 ] || size ada/k.record
    "$verify" --quiet ada/k.record >/dev/null 2>&1
    [ $? -eq 3 ] || echo 'not a valid prefix'
)"
printf 'busy\ndeaf\nmute\n' >box.faults
check 'a box that is busy, deaf and mute gets the same bytes until it is sure' "$(
    says 0 'Entry 2: witnessed' trustee commit --record "$record" --key bob/k --post "$box_url"
    [ "$(grep -c 'trying again' err)" -ge 2 ] || cat err
    [ "$(size record)" -eq 3 ] || size record
)"
echo late >box.faults
check 'an entry that waits for its witnesses is waited for' "$(
    says 0 'Entry 3: witnessed' trustee commit --record "$record" --key cleo/k --post "$box_url"
)"
echo forge >box.faults
check 'a receipt that proves nothing is refused' "$(
    says 1 'proves nothing' trustee reveal --record "$record" --key ada/k --post "$box_url"
)"
check 'no box at all: not finished, and the file is there to be sent' "$(
    says 3 'is not known' trustee reveal --record "$record" --key bob/k --post http://127.0.0.1:1 \
        --patience 1 --out bob.parcel
    [ -s bob.parcel ] || echo 'no file'
)"
check 'the box refuses what the record refuses' "$(
    mkdir anew
    cp ada/k anew/k
    says 1 'refuses the parcel.*V908' trustee commit --record old --key anew/k --post "$box_url"
)"
check 'no address of a box' "$(
    says 2 'no address of a box' trustee reveal --record "$record" --key cleo/k --post box.example
)"
check 'nowhere to go' "$(
    says 2 'out FILE or --post URL' trustee reveal --record "$record" --key cleo/k
)"
check 'an address and no place for the copy' "$(
    says 2 'with --cache DIR' record show --record "$record"
    says 0 'KEYS' record show --record "$record" --cache seen
)"

# --- mirrors
cp -r record mirrored
cp -r board forkers
serve mirrored board mirror
mirror=$url/record
check 'a mirror that shows the same' "$(
    says 0 'Entry 5: witnessed' trustee reveal --record "$record" --mirror "$mirror" --key bob/k \
        --post "$box_url"
)"
check 'a mirror that is behind is no liar' "$(
    says 0 'Entry 6: witnessed' trustee reveal --record "$record" --mirror "$mirror" --key cleo/k \
        --post "$box_url"
)"
cp -r mirrored fork
quick officer statement --record fork --key office/k --file plan.json --title Other --out s.parcel
quick record append --record fork --keys forkers s.parcel
serve fork forkers fork
check 'a mirror of another history is refused, with evidence' "$(
    says 1 'SPLIT VIEW' trustee share --record "$record" --mirror "$mirror" --mirror "$url/record" \
        --key ada/k --post "$box_url"
    [ -n "$(ls ada/k.record.state/split-*.txt)" ] || echo 'no evidence'
    [ "$(size record)" -eq 7 ] || size record
)"
check 'so is the record itself when it changes its history' "$(
    says 1 'SPLIT VIEW' trustee share --record "$url/record" --key ada/k --post "$box_url"
)"
mkdir strangers
quick record keygen --origin record.other.example/1 --witnesses 4 --quorum 3 --keys strangers
quick officer create --plan plan.json --key office/k --board strangers/board.pub \
    --policy strangers/policy --registrar registrar/k.pub --trustee ada/k.pub --trustee bob/k.pub \
    --trustee cleo/k.pub --mixer dora/k.pub --mixer emil/k.pub --out other.parcel
quick record init --record other --keys strangers other.parcel
serve other strangers other
check 'a mirror of another election is refused' "$(
    says 1 'not of the record you work on' trustee share --record "$record" \
        --mirror "$url/record" --key ada/k --post "$box_url"
)"
check 'a mirror that cannot be read stops the step' "$(
    says 2 'must be compared' trustee share --record "$record" --mirror http://127.0.0.1:1 \
        --key ada/k --post "$box_url"
)"
check 'a mirror that is the record itself says nothing' "$(
    says 2 'same place' trustee share --record "$record" --mirror "$record" --key ada/k \
        --post "$box_url"
)"
check 'nothing of all that was written' "$([ "$(size record)" -eq 7 ] || size record)"
finish
