#!/bin/sh
# demo.sh SOURCE PSEPHOS VERIFY: the demo makes a record that is accepted; a cut one is unfinished, a
# damaged one is not accepted; the page is whole and speaks for itself.
set -u
psephos=$(realpath "$2")
verify=$(realpath "$3")
cd "$1" || exit 1
root=$PWD
. tests/ground/tap.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

check 'the demo holds an election and says so' "$(
    "$psephos" demo --voters 40 --dir demo --keep --quiet >out 2>err || echo "status $?: $(cat err)"
    cp out demo.out
    grep -q '^verdict: accepted' out || echo 'no verdict'
    for words in 'check on a second device' 'ballots revoked while open' 'ballots restored while open' 'credentials replaced' \
        'ballots revoked after close' 'of weight' 'turnout' 'psephos-verify demo' 'What you saw: each voter signed'; do
        grep -q -- "$words" out || echo "the report does not say: $words"
    done
    [ ! -s err ] || echo "standard error: $(cat err)"
)"
check 'the verifier accepts its record' "$("$verify" demo --quiet >/dev/null || echo "status $?")"
check 'all voters registered with demo cards, and an auditor accepts all bindings' "$(
    grep -q '40 voters log in with demo cards' demo.out || head -n 12 demo.out
    grep -q '^42 credentials in the record, 42 signed by their voters, 0 by letter' demo.out || cat demo.out
    grep -q '^accepted: 0 findings' demo.out || cat demo.out
    [ "$(stat -c %a demo.binding/statement.bin)" = 600 ] || ls -l demo.binding
)"
check 'a foreign judge accepts the binding that was left, by the lines that are printed' "$(
    command -v openssl >/dev/null || exit 0
    sed -n '/^  openssl/,/^[^ ]/p' demo.out | sed '/ evidence export /,$d' >lines
    sh -e lines >out 2>err || cat lines err
    grep -q 'CAdES Verification successful' err || cat out err
    grep -q '^Verification: OK' out || cat out err
)"
check 'and refuses it when the statement or the signature is another' "$(
    command -v openssl >/dev/null || exit 0
    for leaf in statement.bin value.bin; do
        cp -r demo.binding altered
        printf 'x' >>altered/$leaf
        sed 's/demo\.binding/altered/g' lines | sh -e >out 2>err && echo "$leaf: it did not"
        rm -rf altered
    done
)"
check 'with --keep another binding is exported by the line that is printed, and judged likewise' "$(
    sed -n '/ evidence export /,$p' demo.out >lines2
    sh -e lines2 >out 2>err || cat lines2 err
    cmp -s one/statement.bin demo.binding/statement.bin && echo 'the same voter'
    cp demo.binding/authorities.pem one
    command -v openssl >/dev/null || exit 0
    sed 's/demo\.binding/one/g' lines | sh -e >out 2>err || cat out err
)"
rm -rf one
check 'the same seed gives the same log and the same result' "$(
    seed=00000000000000000000000000000000000000000000000000000000000000ff
    "$psephos" demo --voters 150 --dir one --seed $seed --quiet >one.out 2>err || cat err
    "$psephos" demo --voters 150 --dir two --seed $seed --threads 1 --quiet >two.out 2>&1
    [ "$(head -n 3 one/checkpoint)" = "$(head -n 3 two/checkpoint)" ] || echo 'another root'
    for which in one two; do
        sed -n '/^  roster records/,/^verdict/p' $which.out | sed '$d' >$which.result
    done
    [ -s one.result ] && cmp one.result two.result
    grep -q 'predictable' err || { echo 'no warning' && cat err; }
)"
check 'cards and a seed do not go together, nor a way that is none' "$(
    seed=00000000000000000000000000000000000000000000000000000000000000ff
    "$psephos" demo --voters 12 --identity webeid --seed $seed --dir none >out 2>&1
    [ $? -eq 2 ] && grep -q 'leave --identity out' out || cat out
    "$psephos" demo --voters 12 --identity oidc --seed $seed --dir none >out 2>&1
    [ $? -eq 2 ] && grep -q 'leave --identity out' out || cat out
    "$psephos" demo --voters 12 --identity fax --dir none >out 2>&1
    [ $? -eq 2 ] && grep -q 'none of letters, webeid, oidc' out || cat out
)"
check 'with letters and logins by an identity service, a ballot without a login is turned away' "$(
    "$psephos" demo --voters 12 --identity oidc --dir service --keep --quiet >out 2>err || echo "status $?: $(cat err)"
    grep -q 'log in at a demo identity service' out && grep -q '^verdict: accepted' out || cat out
    grep -q "^key = .*/service.private/session.key" service.private/box-1/box.ini || cat service.private/box-1/box.ini
    [ "$(grep -c '"type":"auth.login".*"outcome":"ok","rule":"oidc"' service.private/identity/login/events)" -eq 13 ] ||
        cat service.private/identity/login/events
    [ ! -e service.binding ] || ls service.binding
)"
check 'it does not write into a folder that holds something' "$(
    "$psephos" demo --voters 12 --dir demo --quiet >out 2>err && echo 'it did'
    [ "$(wc -l <err)" -eq 1 ] && grep -q 'not empty' err || cat err
    mkdir over.binding && echo mine >over.binding/statement.bin
    "$psephos" demo --voters 12 --dir over --quiet >out 2>err && echo 'it did beside'
    grep -q 'over.binding is there already' err && [ ! -e over ] && [ ! -e over.private ] || cat err
)"
check 'without --dir it finds a new folder each time' "$(
    "$psephos" demo --voters 10 --quiet >/dev/null 2>err || cat err
    "$psephos" demo --voters 10 --identity letters --quiet >/dev/null 2>err || cat err
    [ -f psephos-demo/checkpoint ] && [ -f psephos-demo-2/checkpoint ] || ls
    [ -f psephos-demo.binding/signature.p7s ] || ls psephos-demo.binding
    [ ! -e psephos-demo.private ] && [ ! -e psephos-demo-2.binding ] || ls
)"

check 'a flipped bit in a blob is found' "$(
    cp -r demo bad
    chmod -R u+w bad
    blob=$(find bad/blob -type f -size +3 | sort | head -n 1)
    printf 'X' | dd of="$blob" bs=1 seek=9 conv=notrunc 2>/dev/null
    "$verify" bad --quiet >out 2>&1
    [ $? -eq 1 ] || cat out
)"
check 'a record without a checkpoint cannot be read' "$(
    cp -r demo bare
    rm bare/checkpoint
    "$verify" bare --quiet >/dev/null 2>&1
    [ $? -eq 2 ] || echo "status $?"
)"
check 'the page is one file, complete, with a table for every chart' "$(
    page=demo/result.html
    head -n 1 $page | grep -q '^<!DOCTYPE html>' || echo 'no doctype'
    tail -n 1 $page | grep -q '^</html>' || echo 'not complete'
    grep -qiE '<script|src=|href=|@import|url\(' $page && echo 'it asks for something outside'
    charts=$(grep -c 'role="img"' $page)
    captions=$(grep -o '<caption>' $page | wc -l)
    [ "$charts" -ge 6 ] && [ "$captions" -ge "$charts" ] || echo "$charts charts, $captions tables"
    grep -q '<html lang="en">' $page || echo 'no language'
    grep -q 'Fair &amp; Even' $page || echo 'an ampersand is not escaped'
    grep -q 'TEST' $page || echo 'a test election is not marked'
)"

chmod 0711 "$dir" # the server's user must get through
"$root/tests/support/postgres.sh" "$dir/pg" 1 sh -c '
    "$0" demo --voters 300 --identity letters --dir shared --quiet --boxes 2 \
        --store "$(echo "$PSE_TEST_STORE" | sed s/%/1/)"' "$psephos" >out 2>err
if [ $? -eq 77 ]; then
    skip 'two boxes over one store, one killed: nothing is lost' "$(sed 's/.*SKIP //' out)"
else
    check 'two boxes over one store, one killed: nothing is lost' "$(
        grep -q 'box 1 is killed' err || cat err
        grep -q 'was killed with [1-9]' out || echo 'nobody was under way'
        grep -q '^verdict: accepted' out || tail -n 5 out
        "$verify" shared --quiet >/dev/null || echo 'not accepted')"
fi
check 'two boxes without a shared store are refused' "$(
    "$psephos" demo --voters 10 --dir none --boxes 2 >out 2>&1 && echo 'it ran'
    grep -q 'store that they share' out || cat out)"
check 'a seed goes without services only' "$(
    "$psephos" demo --dir none --seed 00 --store postgresql://x >out 2>&1 && echo 'it ran')"
finish
