#!/bin/sh
# cast.sh SOURCE PSEPHOS VERIFY: voters over the network, with a box that fails on purpose
# (small_box.py): busy, deaf, mute, slow, lying; earlier ballots, lost answers, kills, receipts.
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

says() { # says STATUS PATTERN ARG…: one command; complaints
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
append() {
    quick record append --record record --keys board "$@"
}
serve() { # serve RECORD KEYS NAME: its address in $url
    rm -f "$3.port"
    python3 "$box" "$psephos" "$1" "$2" "$3.port" "$3.faults" >"$3.log" 2>&1 &
    servers="$servers $!"
    while [ ! -f "$3.port" ]; do sleep 0.05; done
    url=$(cat "$3.port")
}
size() {
    sed -n 2p record/checkpoint
}

# --- an election of one trustee, up to the opening
mkdir board office registrar ada dora emil
quick record keygen --origin record.cast.example/1 --witnesses 4 --quorum 3 --keys board
quick officer keygen --name Office --key office/k
quick registrar keygen --name Registrar --key registrar/k
quick trustee keygen --name Ada --key ada/k
for m in dora emil; do quick mixer keygen --name "$m" --key "$m/k"; done
sed -n "/<<'PLAN'/,/^PLAN/p" "$plan" | sed '1d;$d' | sed 's/"threshold": 2/"threshold": 1/' >plan.json
quick officer create --plan plan.json --key office/k --board board/board.pub \
    --policy board/policy --registrar registrar/k.pub --trustee ada/k.pub --mixer dora/k.pub \
    --mixer emil/k.pub --out setup.parcel
quick record init --record record --keys board setup.parcel
for step in commit reveal share; do
    quick trustee $step --record record --key ada/k --out $step.parcel
    append $step.parcel
done
heard=$("$psephos" trustee code --record record --quiet)
quick trustee confirm --record record --key ada/k --heard "$heard" --out confirm.parcel
append confirm.parcel
serve record board box
record=$url/record
voters='anna bela carl dina emma fred'
echo evidence,style,weight,card >members.csv
for v in $voters; do
    mkdir $v
    quick credential new --record "$record" --key $v/k
    echo "\"$v\",1,1,$v/k.pub" >>members.csv
done
quick registrar roster --record record --key registrar/k --voters members.csv --evidence evidence \
    --out roster.parcel
append roster.parcel
votes() { # votes STATUS PATTERN WHO ARG…: complaints
    wanted=$1
    pattern=$2
    who=$3
    shift 3
    says "$wanted" "$pattern" vote --record "$record" --box "$url" --key "$who/k" --choose 1=3,1 \
        --choose 2=1 "$@"
}
check 'before the opening' "$(votes 1 'not open: the record is in state KEYS' anna)"
quick officer open --record record --key office/k --out open.parcel
append open.parcel
before=$(size)

# --- casting
check 'a ballot is cast and its receipt holds' "$(
    votes 0 'Cast: entry' anna --receipt anna/receipt
    "$psephos" receipt verify anna/receipt --entry anna/receipt.ballot --record record >out 2>err ||
        cat err
    grep -q 'the one that will count' out || cat out
    [ ! -e anna/k.pending ] || echo 'still pending'
    [ "$(size)" -eq $((before + 1)) ] || size
)"
check 'only the beginning of the record was fetched' "$(
    [ "$(sed -n 2p anna/k.record/checkpoint)" -lt "$before" ] || echo 'the copy has grown'
)"
check 'a second ballot needs --again' "$(
    votes 1 'has been cast before' anna
    [ "$(size)" -eq $((before + 1)) ] || size
)"
check 'and the name of a receipt is not taken twice' "$(
    votes 1 'there already' anna --again --receipt anna/receipt
)"
check 'a ballot is replaced' "$(
    votes 0 'replaces the ballot' anna --again
    "$psephos" receipt verify anna/receipt --entry anna/receipt.ballot --record record |
        grep -q 'replaces it' || echo 'the first one is not replaced'
)"
check 'one JSON object' "$(
    says 0 '^\{"election":"[0-9a-f]{64}","tracker":"[0-9a-z-]{19}","leaf":"[0-9a-f]{64}","index":[0-9]+,"replaces":false,"resumed":false,"receipt":"bela/r"\}$' \
        vote --record "$record" --box "$url" --key bela/k --choose 1=2 --choose 2=2 --json --receipt bela/r
    [ ! -s err ] || cat err
)"
count=$(size)
printf 'busy\ndeaf\nmute\n' >box.faults
check 'a box that is busy, deaf, mute gets the same ballot until it is sure' "$(
    votes 0 'Cast: entry' carl
    [ "$(size)" -eq $((count + 1)) ] || size
)"
echo late >box.faults
check 'witnesses are waited for' "$(votes 0 'Cast: entry' dina)"

# --- the outcome is not known
printf 'mute\nmute\nmute\nmute\n' >box.faults
check 'no answer at all: the ballot waits on disk' "$(
    votes 3 'is not known' emma --patience 1
    [ -s emma/k.pending ] || ls emma
)"
rm -f box.faults
count=$(size)
check 'the same command goes on with the same ballot' "$(
    votes 0 'an earlier run sealed a ballot' emma
    [ "$(size)" -eq "$count" ] || size
    [ ! -e emma/k.pending ] || echo 'still pending'
)"
check 'killed at any point, one ballot is cast and its receipt held' "$(
    for ms in 01 03 05 07 1 13 16 2 25; do
        timeout -s KILL 0.$ms "$psephos" vote --record "$record" --box "$url" --key fred/k \
            --choose 1=1 --choose 2=1 >/dev/null 2>&1
    done
    votes 0 'Cast: entry' fred --again
    ls fred/*.receipt >/dev/null || ls fred
    for r in fred/*.receipt; do
        "$psephos" receipt verify "$r" --entry "$r.ballot" --record record >/dev/null 2>err || cat err
    done
)"

# --- lies
count=$(size)
echo forge >box.faults
check 'a receipt that proves nothing is no success, and the ballot is kept' "$(
    votes 1 'proves nothing' bela --again
    [ -s bela/k.pending ] || ls bela
    votes 0 'Cast: entry' bela
)"
check 'a ballot from elsewhere is told of' "$(
    cp -r carl other
    "$psephos" vote --record record --key other/k --choose 1=1 --choose 2=1 --out sly.parcel \
        >/dev/null 2>&1
    "$psephos" vote --record record --key other/k --choose 1=1 --choose 2=2 --out sly2.parcel \
        >/dev/null 2>&1
    append sly.parcel
    tail -c +27 sly2.parcel >carl/k.pending
    votes 1 'came before this one' carl
    [ ! -e carl/k.pending ] || echo 'still pending'
)"
check 'a credential that is not on the roster' "$(
    quick credential new --record record --key stranger
    says 1 'not on the roster' vote --record "$record" --box "$url" --key stranger --choose 1=1 --choose 2=1
)"
check 'choices that are not allowed are not cast' "$(
    says 1 'contest 2: the choice is not allowed' vote --record "$record" --box "$url" --key dina/k \
        --again --choose 1=1 --choose 2=1,2
    [ ! -e dina/k.pending ] || echo 'pending'
)"
check 'words that do not go together' "$(
    votes 2 'not both' dina --out x
    says 2 'give --box URL' vote --record record --key dina/k --choose 1=1 --choose 2=1 --out x --again
    says 2 'with --choices FILE or with --choose' vote --record "$record" --box "$url" --key dina/k
)"
# a record that is not as signed: one byte of the roster, of a tile, of the checkpoint
spoiled() { # spoiled FILE PATTERN: complaints
    cp -r record bad
    chmod -R u+w bad
    at=$(($(wc -c <"bad/$1") / 2))
    printf '\125' | dd of="bad/$1" bs=1 seek=$at conv=notrunc 2>/dev/null
    cmp -s "record/$1" "bad/$1" && printf '\252' | dd of="bad/$1" bs=1 seek=$at conv=notrunc 2>/dev/null
    serve bad board bad
    bad=$url
    url=$(cat box.port)
    says 1 "$2" vote --record "$bad/record" --box "$url" --key dina/k --again --choose 1=1 --choose 2=1
    [ ! -e dina/k.pending ] || echo 'pending'
    kill $! 2>/dev/null
    rm -rf bad
}
n=$(size)
for file in "tile/entries/000.p/$n" "tile/0/000.p/$n"; do
    check "a spoiled $file stops the voter" "$(spoiled "$file" 'not what was signed')"
done
check 'a spoiled checkpoint stops the voter' "$(spoiled checkpoint 'refused')"
cp -r record fork
mkdir -p forkers
cp -r board/. forkers
echo hello >note
quick officer statement --record fork --key office/k --file note --title Other --out s.parcel
quick record append --record fork --keys forkers s.parcel
serve fork forkers fork
fork=$url
url=$(cat box.port)
votes 0 'Cast' dina --again >/dev/null
check 'a mirror of another history stops the voter, with evidence' "$(
    votes 1 'SPLIT VIEW' dina --again --mirror "$fork/record"
    ls dina/k.evidence/split-*.txt >/dev/null
)"

# --- the end
quick officer close --record record --key office/k --reason early --out close.parcel
append close.parcel
check 'after the close' "$(votes 1 'not open: the record is in state CLOSED' dina --again)"
check 'the record is a valid prefix without a dead entry' "$(
    "$verify" --strict --quiet record >report 2>&1
    [ $? -eq 3 ] || cat report
)"
finish
