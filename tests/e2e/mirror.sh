#!/bin/sh
# mirror.sh SOURCE PSEPHOS VERIFY MINI_RECORD PLAIN_LOG: copies of records. Sizes where tile levels
# begin, every kind of forged file, checkpoints that are refused, logs that go back or fork, kills at
# any time, blobs, and the housekeeping of a served folder.
set -u
psephos=$(realpath "$2")
verify=$(realpath "$3")
mini_record=$(realpath "$4")
plain_log=$(realpath "$5")
cd "$1" || exit 1
. tests/ground/tap.sh
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# mirrors STATUS PATTERN ARG…: one round; complaints.
mirrors() {
    wanted=$1
    pattern=$2
    shift 2
    "$psephos" mirror --once "$@" >out 2>err
    status=$?
    [ "$status" -eq "$wanted" ] || echo "status $status, wanted $wanted: $(head -c 300 err)"
    cat out err | grep -qE -- "$pattern" || echo "said: $(cat out err | head -c 400)"
}
flip() { # flip FILE OFFSET: change one bit there
    byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
    # shellcheck disable=SC2059 # the format is the byte
    printf "\\$(printf '%03o' $((byte ^ 16)))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}
same_as() { # each file of the copy is one of that folder, with the same bytes
    diff -r "$1" copy | grep -v "^Only in $1"
}
fresh() { rm -rf copy copy.state; }

# --- sizes: the copy follows a log that grows, and begins anew at each size
for size in 1 255 256 257 65535 65536 70000; do
    "$plain_log" log "$size" || exit 1
    check "a log of $size entries is followed" "$(
        mirrors 0 "followed: $size entries" log followed --policy log.policy
        diff -r log followed
    )"
    fresh
    check "a log of $size entries is copied" "$(
        mirrors 0 "copy: $size entries" log copy --policy log.policy
        cmp log/checkpoint copy/checkpoint
        same_as log
    )"
done
check 'all checkpoints that were seen are kept' "$(
    [ "$(ls followed.state/seen | wc -l)" -eq 7 ] || ls followed.state/seen
)"
check 'nothing new is no failure' "$(mirrors 0 'nothing new' log followed)"

# --- forged files: at each level the first, a middle, the last full and the partial one
mv copy whole
forged() { # forged FILE OFFSET: a byte there is another, the copy keeps nothing of it
    cp "log/$1" kept
    flip "log/$1" "$2"
    fresh
    check "refused: $1 with byte $2 changed" "$(
        mirrors 1 'nothing of it was kept|serves no right edge' log copy --policy log.policy
        [ ! -e copy/checkpoint ] || echo 'the copy has a checkpoint'
        same_as whole
    )"
    cp kept "log/$1"
}
forged tile/0/000 8191
forged tile/0/100 0
forged tile/0/272 4000
forged tile/0/273.p/112 3583
forged tile/1/000 4096
forged tile/1/001.p/17 0
forged tile/2/000.p/1 31
forged tile/entries/000 2
forged tile/entries/100 3000
forged tile/entries/272 0
forged tile/entries/273.p/112 40
for file in tile/0/001 tile/1/000 tile/0/273.p/112 tile/entries/001; do
    cp "log/$file" kept
    fresh
    check "refused: $file too short, too long, absent" "$(
        head -c 4000 kept >"log/$file" && [ "$(stat -c %s kept)" -gt 4000 ] ||
            head -c 3552 kept >"log/$file"
        mirrors 1 . log copy --policy log.policy
        (cat kept; printf x) >"log/$file"
        mirrors 1 . log copy --policy log.policy
        rm "log/$file"
        mirrors 2 . log copy --policy log.policy
        cp kept "log/$file"
        mirrors 0 '70000 entries' log copy --policy log.policy
    )"
    cp kept "log/$file"
done
# A partial file may be gone when its full one is there.
"$plain_log" older 300 && cp older/checkpoint 300 && "$plain_log" older 600 && cp 300 older/checkpoint
rm -r older/tile/0/001.p older/tile/entries/001.p
fresh
check 'a full tile stands for a partial one' "$(
    mirrors 0 'copy: 300 entries' older copy --policy older.policy
    [ "$(stat -c %s copy/tile/0/001.p/44)" -eq $((44 * 32)) ] || echo 'another width'
)"

# --- checkpoints
"$plain_log" small 300 || exit 1
cp small/checkpoint good
refused() { # refused NAME PATTERN: the checkpoint as it is now
    fresh
    check "refused: $1" "$(
        mirrors 1 "$2" small copy --policy small.policy
        [ ! -e copy/checkpoint ] || echo 'the copy has a checkpoint'
    )"
    cp good small/checkpoint
}
sed 's/$/\r/' good >small/checkpoint && refused 'CR LF' 'no checkpoint'
sed '2s/^/0/' good >small/checkpoint && refused 'a leading zero' 'no checkpoint'
sed '2s/300/301/' good >small/checkpoint && refused 'another size' 'not signed'
sed '3s/=$//' good >small/checkpoint && refused 'base64 without padding' 'no checkpoint'
awk 'NR == 3 { tail = substr($0, 43, 1); i = index("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", tail)
     $0 = substr($0, 1, 42) substr("BCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/A", i, 1) "=" } 1' \
    good >small/checkpoint && refused 'base64 that is not canonical' 'no checkpoint'
sed '3a extension' good >small/checkpoint && refused 'an extension line' 'no checkpoint'
sed '1s/mini/other/' good >small/checkpoint && refused 'another origin' 'not signed'
grep -v 'log.example/mini [A-Za-z0-9+/]' good >small/checkpoint && refused 'no line of the log' '.'
grep -vE ' w[12]\.example' good >small/checkpoint && refused 'two of four witnesses' 'quorum'
sed '/ w1.example /s/AAA/ABA/' good >small/checkpoint && refused 'a line of a witness that fails' quorum
: >small/checkpoint && refused 'an empty file' 'no checkpoint'
head -c 70000 /dev/zero >small/checkpoint
check 'not: a checkpoint of 70,000 bytes' "$(mirrors 2 'longer' small copy --policy small.policy)"
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    printf '\342\200\224 unknown%s.example AAAAAA%02d\n' "$i" "$i"
done >lines
cat good lines >small/checkpoint
fresh
check 'unknown lines, more than 16 of them, are skipped' "$(
    mirrors 0 '300 entries' small copy --policy small.policy
    cmp small/checkpoint copy/checkpoint
)"
cp good small/checkpoint
PLAIN_LOG_TIME=$(($(date +%s) + 4000)) "$plain_log" future 10 || exit 1
fresh
check 'refused: signed in the future' "$(mirrors 1 'future' future copy --policy future.policy)"

# --- going back, and two histories
fresh
mirrors 0 . small copy --policy small.policy
"$plain_log" back 200 && cp small.policy back.policy
check 'a log that goes back is refused loudly' "$(
    mirrors 1 'went back to 200 entries' back copy
    cmp good copy/checkpoint
)"
for fork in '300 100' '300 299' '400 100' '200 100' '70000 299'; do
    # shellcheck disable=SC2086 # two words
    rm -rf forked && "$plain_log" forked $fork || exit 1
    check "a second history is convicted: ${fork% *} entries, others from number ${fork#* } on" "$(
        mirrors 1 'SPLIT VIEW' forked copy
        cmp good copy/checkpoint
        "$psephos" monitor --check-evidence "$(ls copy.state/split-*.txt)" --policy small.policy \
            >/dev/null || echo 'the evidence does not convict'
        rm -f copy.state/split-*.txt
    )"
done
check 'both notes are kept' "$([ "$(ls copy.state/seen | wc -l)" -ge 6 ] || ls copy.state/seen)"
check 'and the copy goes on with the first history' "$(mirrors 0 'nothing new' small copy)"

# --- whose copy it is
"$mini_record" accepted rec && "$mini_record" open begun || exit 1
eid=$(sha256sum "$(grep -l '"log":' rec/blob/* | head -n 1)" | cut -d' ' -f1)
zeros=$(printf '%064d' 0)
fresh
check 'the copy of an election is accepted by psephos-verify' "$(
    mirrors 0 'copy: 50 entries' rec copy --eid "$eid"
    diff -r rec copy
    "$verify" copy --quiet >out 2>&1 || cat out
)"
check 'it needs no id any more' "$(mirrors 0 'nothing new' rec copy)"
check 'and takes no other' "$(mirrors 1 'another election' rec copy --eid "$zeros")"
check 'nor another log' "$(mirrors 1 'is refused|tiles' small copy)"
check 'nor another policy' "$(mirrors 1 'not the policy' rec copy --policy small.policy)"
rm -rf new new.state
check 'an id that the record does not have' "$(mirrors 2 'gives no manifest' rec new --eid "$zeros")"
check 'first contact without id says which election it is' "$(
    rm -rf new new.state
    mirrors 0 "holds election $eid" rec new
)"
check 'a folder that holds another record is left alone' "$(
    mirrors 1 'choose another folder' small copy --state other.state --policy small.policy
)"

# --- blobs
blob=$(ls -S rec/blob | grep -v "$eid" | head -n 1)
mv "rec/blob/$blob" kept
fresh
check 'a blob that the source lacks is named, and asked for again' "$(
    mirrors 1 "blob/$blob.*no such file" rec copy --eid "$eid"
    printf 'other bytes' >"rec/blob/$blob"
    mirrors 1 "blob/$blob.*not hold what its name says" rec copy
    [ ! -e "copy/blob/$blob" ] || echo 'wrong bytes were kept'
    cp kept "rec/blob/$blob"
    mirrors 0 . rec copy
    diff -r rec copy
)"

# --- kills
fresh
kills=0
while [ $kills -lt 12 ]; do
    "$psephos" mirror log copy --once --policy log.policy --workers 4 >/dev/null 2>&1 &
    victim=$!
    sleep "0.0$(od -An -tu1 -N1 /dev/urandom | tr -d ' ' | cut -c1-2)"
    kill -9 $victim 2>/dev/null
    wait $victim 2>/dev/null
    kills=$((kills + 1))
done
check 'after twelve kills the copy is completed' "$(
    mirrors 0 '70000 entries' log copy --policy log.policy
    find copy -name '*.new-*' -delete
    diff -r whole copy
)"
rm copy/checkpoint copy.state/last
flip copy/tile/0/007 100
: >copy/tile/entries/009
check 'what a power cut has damaged is fetched again' "$(
    mirrors 0 '70000 entries' log copy
    cmp log/tile/0/007 copy/tile/0/007
    cmp log/tile/entries/009 copy/tile/entries/009
)"
flip copy/tile/entries/100 50
rm copy/tile/1/000
check 'a recheck mends the copy' "$(
    mirrors 0 '70000 entries' log copy --recheck
    cmp log/tile/entries/100 copy/tile/entries/100
    cmp log/tile/1/000 copy/tile/1/000
)"

# --- from the web
if command -v python3 >/dev/null; then
    python3 -c '
import http.server, os, sys
class Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *words): pass
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
open("port.new", "w").write(str(s.server_address[1]))
os.rename("port.new", "port")
s.serve_forever()' &
    server=$!
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        [ -e port ] && break
        sleep 0.5
    done
    base=http://127.0.0.1:$(cat port)
    rm -rf web web.state
    check 'a record is copied from the web' "$(
        mirrors 0 'web: 50 entries' "$base/rec/" web --eid "$eid"
        diff -r rec web
    )"
    rm -rf web web.state
    check 'and a log of 300 entries' "$(
        mirrors 0 'web: 300 entries' "$base/small" web --policy small.policy
        cmp small/checkpoint web/checkpoint
    )"
    check 'what is not there' "$(mirrors 2 '404' "$base/nothing" web)"
    kill "$server" && wait "$server" 2>/dev/null
    server=
    check 'a server that is down' "$(mirrors 2 'try again' "$base/small" web)"
else
    skip 'a record is copied from the web' 'needs python3'
fi

# --- one copier at a time, and following
"$psephos" mirror small followed2 --policy small.policy --interval 1 >follow.out 2>&1 &
server=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -e followed2/checkpoint ] && break
    sleep 0.5
done
check 'a second copier is refused' "$(mirrors 1 'in use' small followed2 --policy small.policy)"
"$plain_log" small 301
for _ in 1 2 3 4 5 6 7 8 9 10; do
    cmp -s small/checkpoint followed2/checkpoint && break
    sleep 0.5
done
check 'a growing log is followed' "$(cmp small/checkpoint followed2/checkpoint)"
kill "$server" && wait "$server" 2>/dev/null
server=

# --- housekeeping
"$plain_log" served 250 && "$plain_log" served 300 && "$plain_log" served 301 || exit 1
check 'young full tiles keep their parts' "$(
    "$psephos" record tidy served | grep -q ' 0 files removed' || echo 'something went'
)"
find served -exec touch -d '2 minutes ago' {} +
touch served/tile/entries/000
check 'a dry run removes nothing' "$(
    "$psephos" record tidy served --dry-run | grep -q ' 1 files would go' || echo 'another count'
    [ -e served/tile/0/000.p/250 ] || echo 'it went'
)"
check 'parts of old full tiles go, those that are needed stay' "$(
    "$psephos" record tidy served | grep -q ' 1 files removed' || echo 'another count'
    [ ! -e served/tile/0/000.p ] || echo 'the tile stays'
    [ -e served/tile/entries/000.p/250 ] || echo 'the bundle went: its full one was young'
    [ -e served/tile/0/001.p/44 ] && [ -e served/tile/0/001.p/45 ] || echo 'a needed tile went'
    rm -rf copy copy.state
    mirrors 0 '301 entries' served copy --policy served.policy
)"
check 'tidy wants a record' "$(
    mkdir -p nothing
    "$psephos" record tidy nothing >/dev/null 2>&1
    [ $? -eq 2 ] || echo 'another status'
)"
cp -r rec twins
check 'compressed twins' "$(
    "$psephos" record compress twins >out || echo 'fails'
    ls twins/blob/*.gz >/dev/null || echo 'none were made'
    for gz in twins/blob/*.gz; do
        gzip -dc "$gz" | cmp - "${gz%.gz}"
        [ "$(stat -c %s "$gz")" -lt "$(stat -c %s "${gz%.gz}")" ] || echo "$gz is no gain"
    done
    (cd twins && find . -name '*.gz' -exec sha256sum {} +) >first
    find twins -name '*.gz' -exec rm {} +
    sleep 1
    "$psephos" record compress twins >/dev/null
    (cd twins && sha256sum -c --quiet ../first)
)"
check 'files that the protocol does not name change no verdict' "$(
    echo '<p>' >twins/index.html
    echo x >twins/tile/0/readme
    mkdir twins/tile/0/.p
    "$verify" twins --quiet >out 2>&1 || cat out
)"
finish
