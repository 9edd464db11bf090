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
    { cat out err; echo; } | grep -qE -- "$pattern" || echo "said: $(cat out err | head -c 400)"
}
quick() { # a step that is only a means
    "$psephos" "$@" >out 2>err </dev/null || { echo "Bail out! psephos $*: $(cat err)"; exit 1; }
}
serve() { # serve RECORD KEYS NAME: its address in $url
    rm -f "$3.port"
    python3 "$box" "$psephos" "$1" "$2" "$3.port" "$3.faults" >"$3.log" 2>&1 &
    servers="$servers $!"
    while [ ! -f "$3.port" ]; do sleep 0.05; done
    url=$(cat "$3.port")
}
size() { # of a record folder
    sed -n 2p "$1/checkpoint"
}

# --- an election with five trustees, three of whom are enough
mkdir board office registrar ada bob cleo dan eve dora emil anna bela
quick record keygen --origin record.network.example/1 --witnesses 4 --quorum 3 --keys board
quick officer keygen --name Office --key office/k
quick registrar keygen --name Registrar --key registrar/k
for t in ada bob cleo dan eve; do quick trustee keygen --name "$t" --key "$t/k"; done
for m in dora emil; do quick mixer keygen --name "$m" --key "$m/k"; done
sed -n "/<<'PLAN'/,/^PLAN/p" "$plan" | sed '1d;$d' |
    sed 's/"threshold": 2/"threshold": 3/' >plan.json
quick officer create --plan plan.json --key office/k --board board/board.pub \
    --policy board/policy --registrar registrar/k.pub --trustee ada/k.pub --trustee bob/k.pub \
    --trustee cleo/k.pub --trustee dan/k.pub --trustee eve/k.pub --mixer dora/k.pub --mixer emil/k.pub --out setup.parcel
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
for t in dan eve; do quick trustee commit --record "$record" --key $t/k --post "$box_url"; done
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
    says 0 'Entry 7: witnessed' trustee reveal --record "$record" --mirror "$mirror" --key bob/k \
        --post "$box_url"
)"
check 'a mirror that is behind is no liar' "$(
    says 0 'Entry 8: witnessed' trustee reveal --record "$record" --mirror "$mirror" --key cleo/k \
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
    [ "$(size record)" -eq 9 ] || size record
)"
check 'so is the record itself when it changes its history' "$(
    says 1 'SPLIT VIEW' trustee share --record "$url/record" --key ada/k --post "$box_url"
)"
mkdir strangers
quick record keygen --origin record.other.example/1 --witnesses 4 --quorum 3 --keys strangers
quick officer create --plan plan.json --key office/k --board strangers/board.pub \
    --policy strangers/policy --registrar registrar/k.pub --trustee ada/k.pub --trustee bob/k.pub \
    --trustee cleo/k.pub --trustee dan/k.pub --trustee eve/k.pub --mixer dora/k.pub --mixer emil/k.pub --out other.parcel
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
check 'nothing of all that was written' "$([ "$(size record)" -eq 9 ] || size record)"

# --- trustees who run by themselves
eid=$("$psephos" record show --record record --json | sed 's/.*"election":"\([0-9a-f]*\).*/\1/')
run() { # run ROLE WHO ARG…: until nothing is left to do for now
    role=$1
    who=$2
    shift 2
    "$psephos" "$role" run --once --record "$record" --mirror "$mirror" --post "$box_url" \
        --key "$who/k" "$@" >out 2>err </dev/null
}
runs() { # runs STATUS PATTERN ROLE WHO ARG…: complaints
    wanted=$1
    pattern=$2
    shift 2
    run "$@"
    status=$?
    [ "$status" -eq "$wanted" ] || echo "status $status, wanted $wanted: $(head -c 300 err)"
    { cat out err; echo; } | grep -qE -- "$pattern" || echo "said: $(cat out err | head -c 400)"
}
killed() { # killed ROLE WHO ARG…: the same, killed at ever later points, then left alone
    for ms in 005 02 04 06 08 1 13 17 22; do
        timeout -s KILL "0.$ms" "$psephos" "$1" run --once --record "$record" --mirror "$mirror" \
            --post "$box_url" --key "$2/k" --eid "$eid" >/dev/null 2>&1 </dev/null
    done
    run "$1" "$2" --eid "$eid"
    status=$?
    [ "$status" -eq 3 ] || echo "status $status: $(cat err)"
}
check 'a trustee must say which election' "$(runs 2 'Give its id with --eid' trustee dan)"
check 'another election is refused' "$(
    runs 1 'another election' trustee dan --eid "$(echo "$eid" | tr 0-9a-f 1-9a-f0)"
)"
check 'a trustee goes on where a file command ended' "$(
    runs 3 'Round 2' trustee dan --eid "$eid"
    [ "$(size record)" -eq 10 ] || size record
)"
check 'the election is pinned from then on' "$(
    runs 1 'pinned to another election' trustee dan --eid "$(echo "$eid" | tr 0-9a-f 1-9a-f0)"
    runs 3 '' trustee dan
)"
check 'killed at any point, a trustee writes one entry a round' "$(
    killed trustee eve
    [ "$(size record)" -eq 12 ] || size record
    killed trustee ada
    [ "$(size record)" -eq 13 ] || size record
)"
printf 'mute\nmute\n' >box.faults
check 'an answer lost is no second entry' "$(
    runs 3 'Round 3' trustee bob --eid "$eid"
    runs 3 'Round 3' trustee cleo --eid "$eid"
    runs 3 'Round 3' trustee dan
    [ "$(size record)" -eq 16 ] || size record
)"
check 'the code is shown and waited for' "$(
    runs 3 'waiting for the code' trustee ada
    sed -n 's/^\([0-9a-z]\{4\}-.*\)/\1/p' out >code
    [ -s code ] || cat out
)"
check 'another code stops the ceremony' "$(
    runs 1 'codes differ' trustee bob --heard 0000-0000-0000-0000
)"
check 'all confirm' "$(
    for t in ada bob cleo dan eve; do runs 3 '5 shared' trustee $t --heard "$(cat code)"; done
    [ "$(size record)" -eq 21 ] || size record
)"

# --- the vote, by parcels
for v in anna bela; do
    quick credential new --record "$record" --key $v/k
    echo "\"$v\",1,1,$v/k.pub" >>rows
done
{ echo evidence,style,weight,card; cat rows; } >members.csv
quick registrar roster --record "$record" --key registrar/k --voters members.csv \
    --evidence evidence --post "$box_url"
printf 'deaf\ndeaf\ndeaf\ndeaf\n' >box.faults
count=$(size record)
check 'no answer: what was made waits beside the key' "$(
    says 3 'the parcel waits here' officer open --record "$record" --key office/k --post "$box_url" \
        --patience 1
    [ -s office/k.pending.parcel ] && [ "$(stat -c %a office/k.pending.parcel)" = 600 ] || ls -l office
    [ "$(size record)" -eq "$count" ] || size record
)"
rm -f box.faults
check 'and goes first the next time' "$(
    says 0 'that parcel is sent now' officer open --record "$record" --key office/k --post "$box_url"
    [ ! -e office/k.pending.parcel ] || ls office
    [ "$(size record)" -eq $((count + 1)) ] || size record
)"
for v in anna bela; do
    quick vote --record "$record" --key $v/k --choose 1=3,1 --choose 2=1 --out $v.parcel
    quick record append --record record --keys board $v.parcel
done
check 'a mixer prepares while the vote goes on' "$(
    runs 3 'to be kept secret and used once' mixer dora --eid "$eid" --prepare 10
    [ -s dora/k.state/prepared ] || ls dora/k.state
)"
printf 'mute\nmute\nmute\nmute\n' >box.faults
check 'recorded, but nobody said so: it waits as well' "$(
    says 3 'the parcel waits here' officer close --record "$record" --key office/k --reason early \
        --post "$box_url" --patience 1
    [ -s office/k.pending.parcel ] || ls office
)"
rm -f box.faults
check 'and is forgotten once it is seen in the record' "$(
    says 0 'witnessed' officer freeze --record "$record" --key office/k --post "$box_url"
    [ ! -e office/k.pending.parcel ] || ls office
    grep -q 'sent now' err && cat err
)"
check 'what waits and is no parcel is left alone' "$(
    echo nonsense >office/k.pending.parcel
    echo hello >note
    says 2 'is no parcel' officer statement --record "$record" --key office/k --file note --title T --post "$box_url"
    [ -s office/k.pending.parcel ] || ls office
    rm -f office/k.pending.parcel
)"
check 'a mixer waits for the one before' "$(
    before=$(size record)
    runs 3 '' mixer emil --eid "$eid"
    [ "$(size record)" -eq "$before" ] || size record
)"
check 'and mixes when it has come' "$(
    runs 3 '1 list mixed and proved' mixer dora
    [ ! -e dora/k.state/prepared ] || echo 'rows that were used are still there'
    killed mixer emil
    "$psephos" record show --record record | grep -q '2 ballots, 2 mixes' ||
        "$psephos" record show --record record
)"
quick officer mix-end --record "$record" --key office/k --post "$box_url"
check 'a mixer has finished' "$(runs 0 'nothing is left' mixer emil)"

# --- the count, without two of five; one of the three is killed again and again
check 'three of five open the lists, whatever happens to them' "$(
    runs 3 'verified whole' trustee ada
    killed trustee bob
    echo mute >box.faults
    runs 3 'verified whole' trustee cleo
    "$psephos" record show --record record | grep -q '3 decryption shares' ||
        "$psephos" record show --record record
)"
check 'a share is released for one list only, also when the record is another' "$(
    cp -r bob forgetful
    printf '%064d' 7 >forgetful/k.state/opened-1-1
    rm forgetful/k.state/decrypt-*
    "$psephos" trustee decrypt --record record --key forgetful/k --out never.parcel 2>&1 |
        grep -E 'another list|no decrypt entry' >/dev/null || echo 'not refused'
    [ ! -e never.parcel ] || echo 'released'
)"
quick officer result --record "$record" --key office/k --post "$box_url"
quick officer end --record "$record" --key office/k --post "$box_url"
check 'the result is accepted' "$("$verify" --quiet record >report 2>&1 || cat report)"
check 'all have finished, the lost ones too' "$(
    for t in ada bob dan; do runs 0 'nothing is left' trustee $t; done
)"
finish
