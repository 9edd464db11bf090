#!/bin/sh
# audit.sh SOURCE PSEPHOS VERIFY: psephos audit store over the ledger of a box: content at rest and at
# work, a batch that is just being made, and rows that were altered, taken away or put there.
set -u
source=$(realpath "$1")
psephos=$(realpath "$2")
. "$source/tests/ground/tap.sh"
. "$source/tests/e2e/garden.sh"
. "$source/tests/e2e/box_rig.sh"
command -v sqlite3 >/dev/null || {
    skip 'the ledger against the record' 'needs sqlite3'
    finish
    exit 0
}
dir=$(mktemp -d)
trap 'box_end; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

audit() { # audit STATUS PATTERN LEDGER: complaints
    "$psephos" audit store --record record --ledger "$3" >out 2>err
    status=$?
    [ "$status" -eq "$1" ] || echo "status $status, wanted $1: $(cat err)"
    cat out err | grep -qE -- "$2" || cat out err
}

box_open >opened 2>&1
check 'an election is open' "$([ -n "${url:-}" ] || tail -n 5 opened run/*.err)"
[ -n "${url:-}" ] || { finish; exit 1; }
check 'beside the running sequencer the ledger is content' "$(audit 0 ' 0 findings' ledger)"
check 'so it is when the record is read from its address' "$(
    "$psephos" audit store --record "$url/record" --cache copy --ledger ledger >out 2>&1 || cat out
    grep -q ' 0 findings' out || cat out)"

vote anna one --choose 1=1 --choose 2=1
vote bela two --choose 1=1 --choose 2=1
check 'and while ballots come in' "$(
    for n in 1 2 3; do
        for name in one two; do cast_quietly() { append "mail/$name.parcel"; }; cast_quietly & done
        audit 0 ' 0 findings' ledger
    done
    wait $!)"

# An entry that nobody witnesses stands in tiles beyond the checkpoint, and no bundle has it any more.
cp -r ledger before
cp -r record record.before
for i in 1 2 3; do witness_stop $i; done
vote anna later --choose 1=2 --choose 2=2
append mail/later.parcel >/dev/null 2>&1 &
poster=$!
head_of() { sqlite3 "$1/ledger.db" 'SELECT size FROM head'; }
for _ in $(seq 200); do
    [ "$(head_of ledger)" = "$(head_of before)" ] || break
    sleep 0.05
done
check 'an entry that is not witnessed yet is no finding' "$(
    [ "$(head_of ledger)" -gt "$(sed -n 2p record/checkpoint)" ] || echo 'the head has not moved'
    audit 0 ' 0 findings' ledger)"
box_end
kill $poster 2>/dev/null

# What an auditor sees between a bundle and its head: that entry staged, the head not signed.
cat >stage.py <<'PY'
import hashlib, sqlite3, struct, sys
ledger, tile, parcel = sys.argv[1:]
entry = open(parcel, "rb").read()[26:]
data, entries = open(tile, "rb").read(), []
while data:
    n = struct.unpack(">H", data[:2])[0]
    entries.append(data[2:2 + n])
    data = data[2 + n:]
sha = lambda b: hashlib.sha256(b).digest()
def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\1" + root(leaves[:k]) + root(leaves[k:]))
bundle = b"psephos bundle 1\n" + struct.pack(">QIH", len(entries), 1, len(entry)) + entry
db = sqlite3.connect(ledger + "/ledger.db")
db.execute("INSERT INTO stage (origin, epoch, size, root, hash, bundle) SELECT origin, epoch, ?, ?, ?, ? FROM head",
           (len(entries) + 1, root([sha(b"\0" + e) for e in entries + [entry]]), sha(bundle), bundle))
db.commit()
PY
size=$(sed -n 2p record.before/checkpoint)
cp -r before caught
python3 stage.py caught "record.before/tile/entries/000.p/$size" mail/later.parcel
audit_then() { # audit_then STATUS PATTERN LEDGER: against the record as it was then
    mv record record.now
    mv record.before record
    audit "$@"
    mv record record.before
    mv record.now record
}
signed="ATTACH 'ledger/ledger.db' AS now; DELETE FROM main.head; INSERT INTO main.head SELECT * FROM now.head"
check 'ledger and record of the same moment are content' "$(audit_then 0 ' 0 findings' before)"
check 'a bundle beyond the head that stays is surplus' "$(
    audit_then 1 "^surplus stage row $((size + 1))(:| ).*beyond the head" caught)"
cp -r caught meanwhile
check 'one whose head is signed meanwhile is none' "$(
    (sleep 1; sqlite3 meanwhile/ledger.db "$signed") &
    audit_then 0 ' 0 findings' meanwhile
    wait $!)"
alter() { # alter NAME FROM SQL: a copy of a ledger, changed
    cp -r "$2" "$1"
    sqlite3 "$1/ledger.db" "$3"
}
alter gone before "$signed"
check 'a bundle taken away is missing' "$(audit_then 1 "^missing stage row $((size + 1))" gone)"
alter bent meanwhile "UPDATE stage SET bundle = CAST(bundle || x'00' AS BLOB)"
check 'an altered bundle is named' "$(audit_then 1 "^altered stage row $((size + 1))" bent)"
alter headless before 'DELETE FROM head'
check 'a head taken away is missing' "$(audit_then 1 '^missing head' headless)"
alter moved before 'UPDATE head SET size = size + 1'
check 'an altered head is named' "$(audit_then 1 '^altered head' moved)"
finish
