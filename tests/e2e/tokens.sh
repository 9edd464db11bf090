#!/bin/sh
# tokens.sh SOURCE PSEPHOS VERIFY: an election whose log, authority, registrar and mixer sign with
# keys on a token, and a voter database sealed under one; SoftHSM in a folder of its own. Most of it
# is about what is refused.
set -u
psephos=$(realpath "$2")
verify=$(realpath "$3")
cd "$1" || exit 1
. tests/ground/tap.sh
. tests/e2e/garden.sh
. tests/e2e/box_rig.sh
for tool in softhsm2-util pkcs11-tool; do
    command -v $tool >/dev/null 2>&1 || { skip 'keys on tokens' "needs $tool" && finish && exit 0; }
done
for module in /usr/lib/softhsm/libsofthsm2.so /usr/lib64/pkcs11/libsofthsm2.so; do
    [ ! -f $module ] || break
done
dir=$(mktemp -d)
trap 'kill $pids 2>/dev/null; wait; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export SOFTHSM2_CONF="$dir/softhsm2.conf"
mkdir tokens
printf 'directories.tokendir = %s/tokens\nlog.level = ERROR\n' "$dir" >softhsm2.conf
# SoftHSM loses the names of Edwards curves; sanitizers are not to take that for ours.
printf 'leak:libcrypto\nleak:libsofthsm2\n' >lsan.supp
export LSAN_OPTIONS="suppressions=$dir/lsan.supp:print_suppressions=0"
pin=psephos-4711
printf '%s\n' $pin >pin
chmod 400 pin
softhsm2-util --init-token --free --label garden --pin $pin --so-pin 12345678 >/dev/null 2>&1

# uri LABEL [PIN FILE]
uri() { echo "pkcs11:token=garden;object=$1?module-path=$module&pin-source=file:${2:-$dir/pin}"; }

made() { "$@" >out 2>err || { cat err && echo "failed: $*"; }; }

# refused STATUS PATTERN COMMAND…: that status, one line on standard error that matches, no PIN.
refused() {
    wanted=$1
    pattern=$2
    shift 2
    "$@" >out 2>err </dev/null
    status=$?
    [ $status -eq "$wanted" ] || echo "status $status, wanted $wanted"
    [ "$(grep -vc ' notice ' err)" -eq 1 ] || cat err
    grep -q -- "$pattern" err || cat err
    ! grep -q "$pin" out err || echo 'the PIN is shown'
}

office_key=$(uri Office)
registrar_key=$(uri Registrar)
mixer_key=$(uri Dora)
garden_keys() {
    mkdir -p office registrar ada bob dora anna bela mail
    "$psephos" record keygen --origin garden.example/1 --witnesses 4 --quorum 3 --keys board --quiet \
        --log-key "$(uri garden.example/1)"
    "$psephos" officer keygen --key "$office_key" --card office/officer.pub --quiet
    "$psephos" registrar keygen --key "$registrar_key" --card registrar/registrar.pub --quiet
    "$psephos" mixer keygen --key "$mixer_key" --card dora/mixer.pub --quiet
    "$psephos" trustee keygen --name Ada --key ada/trustee.key --wrap "$(uri shares)" --quiet
    "$psephos" trustee keygen --name Bob --key bob/trustee.key --quiet
}

printf 'psephos-parcel-1\n' >empty.parcel
check 'keys are made on the token' "$(
    made garden_keys
    [ ! -e board/log.key ] || echo 'the key of the log is in a file'
    [ -s board/board.pub ] || ls board
    pkcs11-tool --module $module --token-label garden --login --pin $pin --list-objects \
        --type privkey >objects 2>&1
    [ "$(grep -c 'label:' objects)" -eq 4 ] || cat objects
    [ "$(grep -c 'sensitive, always sensitive, never extractable' objects)" -eq 4 ] || cat objects
)"

# --- refused before anything is signed ---
check 'a key is made once' "$(
    refused 1 'is there already' "$psephos" officer keygen --key "$office_key" --card new.pub
    [ ! -e new.pub ] || echo 'a card was made'
)"
check 'the label of a log is its name' "$(
    refused 1 'must be the log' "$psephos" record keygen --origin other.example/1 --keys other \
        --log-key "$(uri another.example/1)"
)"
check 'a card is asked for' "$(refused 2 'card FILE is missing' "$psephos" officer keygen --key "$(uri New)")"
check 'no trustee on a token' "$(
    refused 1 'cannot stand on a token' "$psephos" trustee keygen --key "$(uri Ada)" --card a.pub
)"
check 'but a file that a token wraps' "$(
    grep -qx psephos-wrapped-1 ada/trustee.key || head -c 100 ada/trustee.key
    [ "$(cut -d ' ' -f 1 ada/trustee.key | xargs)" = 'psephos-wrapped-1 wrap sealed' ] || cat ada/trustee.key
    refused 2 'wrapped by a key on a token' "$psephos" trustee keygen --name Eve --key eve.key --wrap some.file
    refused 2 'is for the file' "$psephos" officer keygen --key "$(uri Eve)" --card e.pub --wrap "$(uri shares)"
    [ ! -e eve.key ] && [ ! -e eve.pub ] || echo 'a key was made'
)"
echo something >subject
propose() {
    "$psephos" officer propose --eid "$(printf '%064d' 7)" --what release --about test \
        --subject subject --out act "$@"
}
check 'no PIN in the open' "$(
    refused 2 'show the PIN' propose --key "pkcs11:object=Office?pin-value=$pin"
    refused 2 'show the PIN' propose --key "pkcs11:object=a;object=b?pin-value=$pin"
    refused 2 'show the PIN' propose --key "pkcs11:pin-value=$pin"
    refused 2 'needs a PIN' propose --key "pkcs11:token=garden;object=Office?module-path=$module"
    printf '%s\n' $pin >loose
    chmod 644 loose
    refused 1 'mode 0644' propose --key "$(uri Office "$dir/loose")"
    refused 2 'cannot be opened' propose --key "$(uri Office "$dir/nothing")"
    refused 2 'say file:PATH' propose --key 'pkcs11:object=Office?pin-source=%7Ccat'
    refused 2 'no folder of credentials' propose \
        --key "pkcs11:object=Office?module-path=$module&pin-source=credential:pin"
    CREDENTIALS_DIRECTORY=$dir made propose \
        --key "pkcs11:object=Office?module-path=$module&pin-source=credential:pin"
    rm -f act
)"
check 'no such token, module, object' "$(
    refused 2 'fits no token' propose --key "pkcs11:token=hedge;object=Office?module-path=$module"
    refused 2 'does not load' propose --key "pkcs11:object=Office?module-path=/nothing.so"
    cp $module loose.so && chmod 777 loose.so
    refused 1 'could replace' propose --key "pkcs11:object=Office?module-path=$dir/loose.so"
    refused 2 'no PKCS#11 URI' propose --key "pkcs11:object=Office?pin-sauce=file:$dir/pin"
    refused 2 'not on the token' propose --key "$(uri Nobody)"
    refused 2 'no PKCS#11 URI' propose --key 'pkcs11:object=a;object=b'
    refused 2 'names no object' propose --key 'pkcs11:token=garden'
)"
check 'a key that can be taken out' "$(
    pkcs11-tool --module $module --token-label garden --login --pin $pin --keypairgen \
        --key-type EC:edwards25519 --label Loose --id 01 --extractable >tool.log 2>&1 || cat tool.log
    refused 1 'not extractable' propose --key "$(uri Loose)"
    [ ! -e act ] || echo 'it signed'
)"
check 'a key that came from a file' "$(
    openssl genpkey -algorithm ed25519 -out brought.pem 2>tool.log || cat tool.log
    softhsm2-util --import brought.pem --token garden --pin $pin --label Brought --id 05 >tool.log 2>&1 ||
        cat tool.log
    refused 1 'copies may exist' propose --key "$(uri Brought)"
    [ ! -e act ] || echo 'it signed'
)"
check 'a key of another kind, and two of one name' "$(
    pkcs11-tool --module $module --token-label garden --login --pin $pin --keypairgen \
        --key-type EC:secp384r1 --label Curve --id 02 >tool.log 2>&1 || cat tool.log
    refused 1 'another kind' propose --key "$(uri Curve)"
    for id in 03 04; do
        pkcs11-tool --module $module --token-label garden --login --pin $pin --keypairgen \
            --key-type EC:edwards25519 --label Twin --id $id --sensitive >tool.log 2>&1 || cat tool.log
    done
    refused 1 'fits several private keys' propose --key "$(uri Twin)"
    made propose --key "pkcs11:token=garden;object=Twin;id=%03?module-path=$module&pin-source=file:$dir/pin"
    rm -f act
)"
check 'a wrong PIN is tried once, then nobody tries' "$(
    printf '0000\n' >wrong
    chmod 400 wrong
    refused 1 'tried once' propose --key "$(uri Office "$dir/wrong")"
    refused 1 'none is tried' propose --key "$(uri Office "$dir/wrong")"
    refused 1 'none is tried' propose --key "$office_key"
    pkcs11-tool --module $module --token-label garden --login --pin $pin --list-objects >tool.log 2>&1
    made propose --key "$office_key"
    rm -f act
)"

# --- the sequencer ---
# Not in a subshell, which would keep to itself whom to end.
{ box_witnesses && box_settings && garden_create; } >open.out 2>open.err || : >open.failed
check 'a log that signs on a token' "$(
    [ ! -e open.failed ] || cat open.err
    sed -i "s|^key = .*|key = $(uri garden.example/1 | sed 's/&/\\&/g')\ntoken-folder = $dir/tokens|" sequence.ini
    made "$psephos" box create --config sequence.ini mail/setup.parcel
)"
run_it() {
    sequence_start && garden_ceremony && garden_roster && garden_open && garden_votes && garden_close &&
        garden_mix && garden_count
}
run_it >out 2>err
check 'a whole election' "$(
    [ -f mail/end.parcel ] || cat err run/sequence.err
    made "$verify" record
)"
# A trustee's own folder and key, altered, exchanged, without the token.
again() { rm -f again.parcel && "$psephos" trustee commit --record record --key "$1" --quiet --out again.parcel; }
check 'a share that only the token opens' "$(
    [ -s ada/trustee.key.state/ceremony ] && [ -s bob/trustee.key.state/ceremony ] || ls ada bob
    [ "$(head -c 4 bob/trustee.key.state/ceremony)" = psc1 ] || echo 'the plain one has another form'
    ! grep -aq psc1 ada/trustee.key.state/ceremony || echo 'the ceremony is in the open'
    made again ada/trustee.key
    cp -r ada eve
    sed -i '$s/.$/0/;t' eve/trustee.key
    cmp -s ada/trustee.key eve/trustee.key && sed -i '$s/.$/1/' eve/trustee.key
    refused 1 'wrapped by another key' again eve/trustee.key
    sed 's/object=shares/object=others/' ada/trustee.key >eve/trustee.key
    refused 2 'not on the token' again eve/trustee.key
    pkcs11-tool --module $module --token-label garden --login --pin $pin --keygen --key-type AES:32 \
        --label others --sensitive --private >tool.log 2>&1 || cat tool.log
    refused 1 'wrapped by another key' again eve/trustee.key
    cp ada/trustee.key eve/trustee.key
    printf x | dd of=eve/trustee.key.state/ceremony bs=1 seek=90 conv=notrunc 2>/dev/null
    refused 2 'ceremony is damaged' again eve/trustee.key
    cp bob/trustee.key.state/ceremony eve/trustee.key.state/ceremony
    refused 2 'ceremony is damaged' again eve/trustee.key
    mv tokens away
    mkdir tokens
    refused 2 'fits no token' again ada/trustee.key
    rmdir tokens
    mv away tokens
    made again ada/trustee.key
)"
printf '[daemon]\nstate = %s/run/trustee\n[record]\nurl = http://127.0.0.1:1\n[box]\nurl = http://127.0.0.1:1\n[role]\nkey = %s\n' \
    "$dir" "$dir/ada/trustee.key" >trustee.ini
check 'which no daemon in a sandbox reaches' "$(
    refused 2 'does not reach' timeout 60 "$psephos" trustee run --config trustee.ini
)"
check 'the sequencer says nothing of the PIN' "$(! grep -rq "$pin" run || echo 'it does')"
check 'a mixer, too' "$(grep -q '"name": "Dora"' dora/mixer.pub || cat dora/mixer.pub)"
kill $pids 2>/dev/null
wait
pids=
check 'a sequencer without its token does not start' "$(
    mv tokens away
    mkdir tokens
    refused 2 'fits no token' "$psephos" box sequence --config sequence.ini
    rmdir tokens
    mv away tokens
)"
check 'nor with a file of another PIN' "$(
    sed "s|file:$dir/pin|file:$dir/wrong|" sequence.ini >wrong.ini
    refused 2 'tried once' "$psephos" box sequence --config wrong.ini
    refused 2 'none is tried' "$psephos" box sequence --config sequence.ini
    pkcs11-tool --module $module --token-label garden --login --pin $pin --list-objects >tool.log 2>&1
)"
check 'a PIN in settings is no setting' "$(
    sed "s|^key = .*|key = pkcs11:object=x?pin-value=$pin|" sequence.ini >open.ini
    refused 2 'show the PIN' "$psephos" box sequence --config open.ini
    sed "s|^key = .*|key = pkcs11:object=a b|" sequence.ini >open.ini
    refused 2 'pkcs11: URI' "$psephos" box sequence --config open.ini
)"

# --- the voter database ---
list() {
    verb=$1
    shift
    "$psephos" registrar list "$verb" --voters registrar/voters.db "$@"
}
check 'a database sealed on the token' "$(
    made list create --record record --wrap "$(uri rows)" --quiet
    printf 'id,name,style\r\n1,Anna Aster,1\r\n2,Bela Birch,1\r\n' >list.csv
    "$psephos" registrar list import list.csv --voters registrar/voters.db --wrap "$(uri rows)" \
        --record record --dry-run >out 2>err || cat err
    made list show --wrap "$(uri rows)"
    "$psephos" audit store --voters registrar/voters.db --wrap "$(uri rows)" --record record \
        >out 2>err
    grep -q '^7 rows, 2 findings' out || cat out err # the roster of this record came another way
)"

# --- the office, with all its keys there ---
mkdir cards
cp office/officer.pub cards/office.pub
"$psephos" officer keygen --name Second --key office/second.key --quiet
cp office/second.pub cards/
cat >office.ini <<INI
[daemon]
state = $dir/run/office
[listen]
http = unix:$dir/office.sock
[record]
sequencer = $dir/run/sequence.sock
folder = $dir/record
[keys]
authority = $office_key
registrar = $registrar_key
token-folder = $dir/tokens
[officers]
cards = $dir/cards
[voters]
database = $dir/registrar/voters.db
wrap = $(uri rows)
check = 1 s
INI
sequence_start
"$psephos" officer serve --config office.ini 2>run/office.err &
office=$!
pids="$pids $office"
check 'an office with its keys and its database on the token' "$(
    for _ in $(seq 200); do
        ! curl -sf --unix-socket office.sock http://o/healthz >out 2>&1 || break
        sleep 0.05
    done
    grep -q ok out || cat out run/office.err
    sleep 1.2 # a round of the cross-check, which opens rows
    kill -0 $office || cat run/office.err
    ! grep -q "$pin" run/office.err || echo 'the PIN is shown'
)"
kill $pids 2>/dev/null
wait
pids=
check 'and none without' "$(
    sed "s|^wrap = .*|wrap = $(uri nothing | sed 's/&/\\&/g')|" office.ini >bad.ini
    refused 2 'not on the token' "$psephos" officer serve --config bad.ini
)"
check 'which no other key opens' "$(
    made "$psephos" registrar list create --record record --voters other.db \
        --wrap "$(uri other-rows)" --quiet
    refused 1 'is not its key' list show --wrap "$(uri other-rows)"
    refused 2 'not on the token' list show --wrap "$(uri no-rows)"
    refused 2 'not on the token' list show --wrap "$office_key"
    pkcs11-tool --module $module --token-label garden --login --pin $pin --keygen \
        --key-type AES:32 --label soft --extractable >tool.log 2>&1 || cat tool.log
    refused 1 '.' list show --wrap "$(uri soft)"
)"
finish
