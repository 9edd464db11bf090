#!/bin/sh
# monitor.sh SOURCE PSEPHOS VERIFY MINI_RECORD PLAIN_LOG: log, mirrors and witnesses compared; what
# convicts a log, what is a warning, and evidence files judged on their own.
set -u
psephos=$(realpath "$2")
plain_log=$(realpath "$5")
cd "$1" || exit 1
. tests/ground/tap.sh
dir=$(mktemp -d)
follower=
trap '[ -z "$follower" ] || kill "$follower" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# monitors STATUS PATTERN ARG…: complaints.
monitors() {
    wanted=$1
    pattern=$2
    shift 2
    "$psephos" monitor "$@" >out 2>err
    status=$?
    [ "$status" -eq "$wanted" ] || echo "status $status, wanted $wanted: $(head -c 400 err)"
    cat out err | grep -qE -- "$pattern" || echo "said: $(cat out err | head -c 500)"
}
no_evidence() { ls split-*.txt 2>/dev/null && rm split-*.txt; }

# A log at 300 entries, a mirror at 300, another at 200, and other histories.
"$plain_log" behind 200 && "$plain_log" log 300 && "$plain_log" same 300 && "$plain_log" ahead 400 &&
    "$plain_log" forked 300 250 && "$plain_log" forked200 200 100 && "$plain_log" forked400 400 100 || exit 1
policy=log.policy
# A witness shows its notes below the hash of the log's name; a folder does for a server.
place=$(printf log.example/mini | sha256sum | cut -d' ' -f1)
witness() { # witness FOLDER CHECKPOINT PATTERN: the log's line and those that match
    mkdir -p "$1/$place"
    grep -vE ' w[0-9]\.example ' "$2" >"$1/$place/checkpoint"
    grep -E " $3 " "$2" >>"$1/$place/checkpoint"
}
witness w1 log/checkpoint w1.example
witness w2 ahead/checkpoint w2.example

check 'all agree' "$(
    monitors 0 '^agree$' log same behind --policy $policy
    no_evidence
)"
check 'with witnesses, one of them ahead of the log' "$(
    monitors 0 '^agree$' ahead log --policy $policy --witness witness-1=w1 --witness witness-2=w2
    grep -q 'witness witness-2' out || cat out
    no_evidence
)"
check 'as JSON' "$(
    monitors 0 . log behind --policy $policy --json
    [ "$(wc -l <out)" -eq 1 ] || echo 'not one line'
    python3 -c 'import json; j = json.load(open("out")); assert j["verdict"] == "agree", j
assert [p["size"] for p in j["parties"]] == [300, 200], j' 2>&1
)"
check 'a witness ahead of all tiles cannot be compared, which is no verdict' "$(
    monitors 0 '^incomplete$' log --policy $policy --witness witness-2=w2
)"

# --- warnings
check 'a party that is not there is a warning' "$(
    monitors 0 'warning: nowhere shows no checkpoint' log nowhere --policy $policy
    monitors 0 'warning: http://127.0.0.1:1 shows' log http://127.0.0.1:1 --policy $policy
    monitors 0 'warning: witness witness-3' log --policy $policy --witness witness-3=nowhere
)"
PLAIN_LOG_TIME=1000000000 "$plain_log" old 100 || exit 1
check 'one long behind is a warning' "$(
    monitors 0 'warning: old has only 100 entries' log old --policy $policy
)"
check 'but not when it is only small' "$(
    monitors 0 '^agree$' log behind --policy $policy
    grep -q warning err && cat err
)"

# --- refusals
grep -vE ' w[12]\.example' log/checkpoint >few
cp -r log weak && cp few weak/checkpoint
check 'a log below its quorum is refused' "$(monitors 1 'weak is refused.*quorum' log weak --policy $policy)"
sed 's/^300$/301/' log/checkpoint >weak/checkpoint
check 'a checkpoint that nobody signed is refused' "$(
    monitors 1 'weak is refused: it is not signed' log weak --policy $policy
    no_evidence
)"
witness w4 log/checkpoint w1.example
check 'a witness that shows no line of its own is refused' "$(
    monitors 1 'witness witness-4 is refused' log --policy $policy --witness witness-4=w4
)"
check 'nobody answers' "$(monitors 2 'no checkpoint' nowhere --policy $policy)"
check 'no policy, no election' "$(monitors 2 'does not say which election' log)"
check 'no log' "$(monitors 2 'name the log')"
check 'an unknown witness' "$(monitors 2 'not NAME=URL' log --policy $policy --witness x=y)"

# --- split views
convicts() { # the one evidence file convicts
    evidence=$(ls split-*.txt)
    "$psephos" monitor --check-evidence "$evidence" --policy $policy >judged 2>&1 ||
        echo "status $? of: $(cat judged)"
    grep -q 'verdict: the log signed two histories' judged || cat judged
    rm "$evidence"
}
check 'one size, two roots' "$(monitors 1 'SPLIT VIEW' log forked --policy $policy && convicts)"
check 'a smaller tree of another history' "$(monitors 1 'SPLIT VIEW' log forked200 --policy $policy && convicts)"
check 'a larger one' "$(monitors 1 'SPLIT VIEW' log forked400 --policy $policy && convicts)"
check 'the deceived party named in the middle of others' "$(
    monitors 1 'history for .* \(300.*another for ' behind log same forked --policy $policy ||
        true
    rm -f split-*.txt
)"
witness w3 forked/checkpoint w3.example
check 'a witness who saw another history' "$(
    monitors 1 'SPLIT VIEW.*witness witness-3' log --policy $policy --witness witness-3=w3
    convicts
)"
check 'split views as JSON, evidence elsewhere' "$(
    monitors 1 . log forked --policy $policy --json --evidence court
    python3 -c 'import json, os; j = json.load(open("out")); assert j["verdict"] == "split-view", j
assert len(j["evidence"]) == 1 and os.path.exists(j["evidence"][0]), j' 2>&1
)"
check 'a log that changes its past between two runs' "$(
    cp -r log changing
    monitors 0 agree changing --policy $policy --seen seen
    rm -r changing && cp -r forked400 changing
    monitors 1 'what was seen before' changing --policy $policy --seen seen
    convicts
    cmp seen log/checkpoint
)"
cp -r log live
"$psephos" monitor live --policy $policy --follow --interval 1 >follow.out 2>&1 &
follower=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
    grep -q agree follow.out && break
    sleep 0.5
done
cp -r forked/. live/
wait $follower
status=$?
check 'a follower ends when the log forks' "$(
    [ $status -eq 1 ] || echo "status $status"
    grep -q 'SPLIT VIEW' follow.out || cat follow.out
    convicts
)"
follower=

# --- evidence files
evidence=$(ls court/split-*.txt)
check 'evidence needs nothing but itself' "$(
    monitors 0 'compare this key' --check-evidence "$evidence"
    monitors 0 '"convicts":true' --check-evidence "$evidence" --json
)"
check 'it names the witnesses who signed both' "$(
    monitors 0 'witness witness-1 signed both' --check-evidence "$evidence" --policy $policy
)"
sed 's/mini+/other+/' log.policy >other.policy
check 'it convicts no other log' "$(
    sed "s|^log .*|log $(printf 'log.example/x+c7fa5fd3+AfS9RlIc57V4ma5vTKCe3exokyeoaiIy1KPypPOaxoqe')|" log.policy >other.policy
    "$psephos" monitor --check-evidence "$evidence" --policy other.policy >/dev/null 2>&1
    [ $? -ne 0 ] || echo 'it does'
)"
first=$(sed -n 's/^first //p' "$evidence")
{
    sed -n '1,2p' "$evidence"
    echo "first $first" && cat log/checkpoint
    echo "second $first" && cat log/checkpoint
} >agreeing
check 'two notes that agree convict nobody' "$(monitors 1 'do not contradict' --check-evidence agreeing)"
sed 's/^300$/299/' "$evidence" >edited
check 'nor does a note that was edited' "$(monitors 1 'not signed by this log|proof' --check-evidence edited || true
    "$psephos" monitor --check-evidence edited >/dev/null 2>&1 && echo 'it does')"
check 'what is no evidence' "$(
    monitors 2 'no evidence of a split view' --check-evidence log/checkpoint
    monitors 2 'cannot read' --check-evidence nothing
)"
finish
