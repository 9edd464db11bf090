#!/bin/sh
# receipt.sh SOURCE PSEPHOS VERIFY MINI_RECORD PLAIN_LOG: what a receipt proves, what it does not, and
# what a record says about the ballot.
set -u
psephos=$(realpath "$2")
mini_record=$(realpath "$4")
plain_log=$(realpath "$5")
cd "$1" || exit 1
. tests/ground/tap.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# verifies STATUS PATTERN ARG…: complaints.
verifies() {
    wanted=$1
    pattern=$2
    shift 2
    "$psephos" receipt verify "$@" >out 2>err
    status=$?
    [ "$status" -eq "$wanted" ] || echo "status $status, wanted $wanted: $(head -c 400 err)"
    cat out err | grep -qE -- "$pattern" || echo "said: $(cat out err | head -c 500)"
}

# --- alone, at the sizes where tile levels begin
for size in 1 255 256 257 65536 70000; do
    "$plain_log" log "$size" || exit 1
    check "the last of $size entries" "$(
        verifies 0 "entry $((size - 1)) of the record, size $size" \
            log.receipt --entry log.entry --policy log.policy
    )"
done
alone() { # alone NAME PATTERN: bad.receipt is refused, status 1
    check "refused: $1" "$(verifies 1 "$2" bad.receipt --entry log.entry --policy log.policy)"
}
broken() { # the same with status 2
    check "refused: $1" "$(verifies 2 'no receipt' bad.receipt --entry log.entry --policy log.policy)"
}
printf 'another ballot' >other.entry
check 'refused: another ballot' "$(
    verifies 1 'another entry in its place' log.receipt --entry other.entry --policy log.policy
)"
line() { # the Nth line of the receipt replaced
    awk -v n="$1" -v text="$2" 'NR == n { if (text != "") print text; next } 1' log.receipt >bad.receipt
}
hash=$(sed -n 3p log.receipt)
line 3 "$(sed -n 4p log.receipt)" && alone 'a hash that is another' 'another entry'
sed "3i $hash" log.receipt >bad.receipt && alone 'a surplus hash' 'a hash too many or too few'
line 3 '' && alone 'a hash too few' 'a hash too many or too few'
line 2 'index 69998' && alone 'another index' 'hash too many|another entry'
line 2 'index 70000' && alone 'an index beyond the tree' 'beyond the end'
line 2 'index 069999' && broken 'a leading zero'
line 2 'index 18446744073709551616' && broken 'an index over 64 bits'
line 1 'c2sp.org/tlog-proof@v2' && broken 'another version'
line 3 "${hash%=}" && broken 'base64 without padding'
sed 's/$/\r/' log.receipt >bad.receipt && broken 'CR LF'
awk -v h="$hash" 'NR == 3 { for (i = 0; i < 64; i++) print h } 1' log.receipt >bad.receipt && broken '64 hashes and more'
head -c 100 log.receipt >bad.receipt && broken 'a part of a receipt'
head -c 140000 /dev/zero >bad.receipt
check 'refused: 140,000 bytes' "$(verifies 2 'longer than' bad.receipt --entry log.entry --policy log.policy)"
sed 's/^70000$/70001/' log.receipt >bad.receipt && alone 'another size' 'not signed by the log'
grep -vE ' w[12]\.example ' log.receipt >bad.receipt && alone 'two of four witnesses' 'quorum'
sed '/ w1.example /s/AAA/ABA/' log.receipt >bad.receipt && alone 'a signature that fails' 'quorum'
grep -v 'log.example/mini [A-Za-z0-9+/]*=*$' log.receipt >bad.receipt && alone 'no line of the log' 'not signed by the log'
PLAIN_LOG_TIME=$(($(date +%s) + 4000)) "$plain_log" future 3 || exit 1
check 'refused: signed in the future' "$(
    verifies 1 future future.receipt --entry future.entry --policy future.policy
)"
{
    cat log.receipt
    for i in 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27; do
        printf '\342\200\224 unknown.example AAAAAA%d\n' "$i"
    done
} >many.receipt
check 'unknown lines, more than 16 of them, are skipped' "$(
    verifies 0 'entry 69999' many.receipt --entry log.entry --policy log.policy
)"
sed '1a extra aGVsbG8=' log.receipt >extra.receipt
check 'an extra line is carried and not believed' "$(
    verifies 0 'entry 69999' extra.receipt --entry log.entry --policy log.policy
)"
check 'refused: no ballot given' "$(verifies 2 '--entry FILE is missing' log.receipt --policy log.policy)"
check 'refused: no policy given' "$(verifies 2 '--policy FILE is missing' log.receipt --entry log.entry)"
check 'refused: a policy that is none' "$(verifies 2 'no policy of one log' log.receipt --entry log.entry --policy log.entry)"
check 'the older command says the same' "$(
    "$psephos" record receipt --check log.receipt --ballot log.entry --policy log.policy |
        grep -q 'entry 69999 of the record' || echo 'it does not'
    "$psephos" record receipt --check log.receipt --ballot other.entry --policy log.policy 2>/dev/null &&
        echo 'another ballot passes'
)"

# --- against the record of an election
"$mini_record" open early && "$mini_record" accepted rec && "$mini_record" dead spoilt || exit 1
eid=$(sha256sum "$(grep -l '"log":' rec/blob/* | head -n 1)" | cut -d' ' -f1)
policy=rec/blob/$(sed -n 's/.*"policy":"\([0-9a-f]*\)".*/\1/p' "rec/blob/$eid")
size() { sed -n 2p "$1/checkpoint"; }
fate_of() { # of entry $2 of record $1: INDEX FATE LATEST
    "$psephos" record receipt --record "$1" --index "$2" --out "r-$1-$2" --quiet >/dev/null 2>&1
    "$psephos" receipt verify "r-$1-$2" --record "$1" --eid "$eid" --json 2>/dev/null |
        sed -n "s/.*\"fate\":\"\([a-z-]*\)\",\"latest\":\([a-z]*\).*/$2 \1 \2/p"
}
receipts() { # the same for each entry of record $1, four at a time
    i=0
    while [ $i -lt "$(size "$1")" ]; do
        for k in 0 1 2 3; do
            [ $((i + k)) -ge "$(size "$1")" ] || fate_of "$1" $((i + k)) >"fate-$1-$((i + k))" &
        done
        wait
        i=$((i + 4))
    done
    cat fate-"$1"-* | sort -n
}
receipts rec >fates
check 'the fates of all entries of an election' "$(
    [ "$(wc -l <fates)" -eq "$(size rec)" ] || echo "$(wc -l <fates) fates"
    for fate in counts replaced revoked no-ballot; do
        grep -q " $fate " fates || echo "nobody's ballot: $fate"
    done
    grep 'counts false' fates
    admitted=$(grep -c ' counts ' fates)
    "$psephos" record show --record rec --json >shown 2>/dev/null
    [ "$admitted" -gt 3 ] || echo "$admitted count"
)"
counted=$(sed -n 's/^\([0-9]*\) counts .*/\1/p' fates | head -n 1)
replaced=$(sed -n 's/^\([0-9]*\) replaced .*/\1/p' fates | head -n 1)
revoked=$(sed -n 's/^\([0-9]*\) revoked .*/\1/p' fates | head -n 1)
check 'words for a ballot that counts' "$(verifies 0 'this one is in it' "r-rec-$counted" --record rec --eid "$eid")"
check 'words for one that was replaced' "$(verifies 0 'later ballot of the same credential' "r-rec-$replaced" --record rec --eid "$eid")"
check 'words for one that was revoked' "$(verifies 0 'set the ballot aside' "r-rec-$revoked" --record rec --eid "$eid")"
check 'words for what is no ballot' "$(verifies 0 'no valid ballot' r-rec-0 --record rec --eid "$eid")"
check 'without an id the record is asked to be compared' "$(verifies 0 'compare its id' "r-rec-$counted" --record rec)"
check 'a policy and a manifest at hand' "$(
    verifies 0 'this one is in it' "r-rec-$counted" --record rec --policy "$policy" --manifest "rec/blob/$eid"
)"
check 'refused: another election' "$(
    verifies 2 'gives no manifest' "r-rec-$counted" --record rec --eid "$(printf '%064d' 0)"
    verifies 1 'not the policy' "r-rec-$counted" --record rec --policy log.policy
    verifies 1 'not signed by the log|older|old copy' log.receipt --record rec --entry log.entry
)"
check 'refused: a record older than the receipt' "$(
    verifies 1 'old copy, or something was taken back' "r-rec-$counted" --record early --eid "$eid"
)"
check 'refused: a record that is damaged' "$(
    cp -r rec bad
    printf x | dd of="$(ls bad/tile/entries/000.p/*)" bs=1 seek=300 conv=notrunc 2>/dev/null
    verifies 1 'V903|V904' "r-rec-$counted" --record bad --eid "$eid"
)"
# The same keys, the same beginning, another history: the log of `spoilt` has one entry more.
check 'a record of another history: evidence' "$(
    mkdir court
    verifies 1 'SPLIT VIEW' "r-rec-49" --record spoilt --eid "$eid" --evidence court
    "$psephos" monitor --check-evidence court/split-*.txt --policy "$policy" >judged || cat judged
    verifies 1 '"holds":false.*"evidence":"court/split-' r-rec-49 --record spoilt --eid "$eid" --evidence court --json
)"
receipts spoilt >spoilt-fates
check 'a dead entry is no ballot' "$(grep -q ' no-ballot ' spoilt-fates || cat spoilt-fates)"
"$psephos" record receipt --record early --index "$counted" --out early.receipt --quiet >/dev/null 2>&1
check 'an early receipt holds in the grown record' "$(
    verifies 0 'contains all that the receipt was given for' early.receipt --record rec --eid "$eid"
)"
check 'before the count' "$(
    verifies 0 '"fate":"so-far"' early.receipt --record early --eid "$eid" --json
)"
check 'refused: a log that is no election' "$(
    verifies 1 'no record of an election' log.receipt --record log --entry log.entry --policy log.policy
)"
if command -v python3 >/dev/null; then
    python3 -c '
import http.server, os
class Quiet(http.server.SimpleHTTPRequestHandler):
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
    mkdir temporary
    check 'a record from the web, and nothing of it stays' "$(
        TMPDIR=$dir/temporary verifies 0 'this one is in it' "r-rec-$counted" \
            --record "http://127.0.0.1:$(cat port)/rec" --eid "$eid"
        ls -A temporary
    )"
    kill $server
else
    skip 'a record from the web' 'needs python3'
fi
finish
