#!/bin/sh
# stamp.sh SOURCE PSEPHOS VERIFY: time stamps by OpenSSL's own service on loopback: made, kept, judged
# here and by openssl; and the services and answers that are refused.
set -u
psephos=$(realpath "$2")
verify=$(realpath "$3")
cd "$1" || exit 1
source=$PWD
. tests/ground/tap.sh
. tests/e2e/garden.sh
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

for tool in openssl python3; do
    command -v $tool >/dev/null 2>&1 || { skip "time stamps" "needs $tool" && finish && exit 0; }
done

made() {
    "$@" >out 2>err || { cat err && echo "failed: $*"; }
}

# refused STATUS PATTERN COMMAND…: that status, one line on standard error that matches.
refused() {
    wanted=$1
    pattern=$2
    shift 2
    "$@" >out 2>err
    status=$?
    [ $status -eq "$wanted" ] || echo "status $status, wanted $wanted"
    [ "$(wc -l <err)" -eq 1 ] || cat err
    grep -q -- "$pattern" err || cat err
}

# --- authorities and services ---
# certificate NAME ISSUER EXTENSIONS: NAME.key, NAME.pem
certificate() {
    openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
    printf '%s\n' "$3" >"$1.ext"
    openssl req -new -key "$1.key" -subj "/O=Test/CN=$1" -out "$1.csr" 2>>openssl.log
    if [ "$2" = "$1" ]; then
        openssl x509 -req -in "$1.csr" -signkey "$1.key" -days 3650 -extfile "$1.ext" -out "$1.pem"
    else
        openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days 1000 \
            -extfile "$1.ext" -out "$1.pem"
    fi 2>>openssl.log
}
root='basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign'
stamps='basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature'

mkdir tsa && cd tsa || exit 1
: >openssl.log
certificate root root "$root"
certificate foreign foreign "$root"
certificate good root "$stamps
extendedKeyUsage=critical,timeStamping"
certificate stranger foreign "$stamps
extendedKeyUsage=critical,timeStamping"
cat >tsa.cnf <<'CONF'
[good]
signer_cert = good.pem
signer_key = good.key
ess_cert_id_alg = sha256
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.2
digests = sha256, sha512
accuracy = secs:1, millisecs:500
certs = root.pem
CONF
sed -e 's/\[good\]/[sha1]/' -e 's/alg = sha256/alg = sha1/' tsa.cnf >other.cnf
sed -e 's/\[good\]/[stranger]/' -e 's/good\./stranger./' tsa.cnf >>other.cnf
sed -e 's/\[good\]/[narrow]/' -e 's/sha256, sha512/sha512/' tsa.cnf >>other.cnf
cat other.cnf >>tsa.cnf
echo 01 >serial
cd ..
python3 "$source/tests/e2e/tsa.py" tsa &
server=$!
waited=0
while [ ! -s tsa/port ] && [ $waited -lt 100 ]; do
    sleep 0.1
    waited=$((waited + 1))
done
url=http://127.0.0.1:$(cat tsa/port)

# --- a checkpoint in a file ---
check 'an election is open' "$(
    made garden_start && made garden_ceremony && made garden_roster && made garden_open &&
        made garden_votes
)"
cp record/checkpoint open.checkpoint
make() { "$psephos" stamp make --checkpoint open.checkpoint --ca tsa/root.pem "$@"; }
judge() { "$psephos" stamp verify --checkpoint open.checkpoint --ca tsa/root.pem "$@"; }

check 'a stamp is made' "$(
    made make --url "$url/good"
    grep -q 'CN=good' out || cat out
    [ -s open.checkpoint.1.tsr ] || ls
)"
check 'and judged good' "$(
    made judge --stamp open.checkpoint.1.tsr
    grep -q 'existed, byte for byte' out || cat out
    made judge --stamp open.checkpoint.1.tsr --policy board/policy --tsa-policy 1.2.3.4.1 --json
    grep -q '"verdict":"good".*"accuracy_ms":1500,"hash":"sha256"' out || cat out
    [ "$(wc -l <out)" -eq 1 ] || cat out
)"
check 'openssl finds it good, too' "$(
    made openssl ts -verify -in open.checkpoint.1.tsr -data open.checkpoint -CAfile tsa/root.pem
)"
check 'SHA-512, a policy asked for, an old kind of certificate id' "$(
    made make --url "$url/good" --hash sha512 --tsa-policy 1.2.3.4.2 --out wide.tsr
    made judge --stamp wide.tsr --tsa-policy 1.2.3.4.2 --json
    grep -q '"hash":"sha512"' out || cat out
    made openssl ts -verify -in wide.tsr -data open.checkpoint -CAfile tsa/root.pem
    made make --url "$url/sha1" --out sha1.tsr
    made judge --stamp sha1.tsr
)"
check 'several services, each its own file' "$(
    made make --url "$url/good" --url "$url/sha1"
    [ -s open.checkpoint.2.tsr ] && [ -s open.checkpoint.3.tsr ] || ls
)"
check 'one bad service does not hide a good one' "$(
    refused 1 'status 503' make --url "$url/away" --url "$url/good"
    [ -s open.checkpoint.4.tsr ] || ls
)"

# --- by hand ---
check 'a query is carried by hand' "$(
    made "$psephos" stamp query --checkpoint open.checkpoint --out hand.tsq
    openssl ts -query -in hand.tsq -text 2>/dev/null | grep -q 'Certificate required: yes' ||
        echo 'openssl does not read the query'
    (cd tsa && openssl ts -reply -config tsa.cnf -section good -queryfile ../hand.tsq \
        -out ../hand.tsr 2>>openssl.log)
    made judge --stamp hand.tsr --query hand.tsq
)"
check 'an answer to another query' "$(
    made "$psephos" stamp query --checkpoint open.checkpoint --out later.tsq
    refused 1 '(nonce)' judge --stamp hand.tsr --query later.tsq
)"
check 'an answer without a nonce where one was sent' "$(
    openssl ts -query -data open.checkpoint -sha256 -cert -no_nonce -out bare.tsq 2>>tsa/openssl.log
    (cd tsa && openssl ts -reply -config tsa.cnf -section good -queryfile ../bare.tsq \
        -out ../bare.tsr 2>>openssl.log)
    made judge --stamp bare.tsr
    refused 1 '(nonce)' judge --stamp bare.tsr --query hand.tsq
)"
check 'a query about other bytes' "$(
    sed '$d' open.checkpoint >fewer.checkpoint # one witness less
    refused 1 'other bytes' "$psephos" stamp verify --checkpoint fewer.checkpoint --ca tsa/root.pem \
        --stamp hand.tsr --query hand.tsq
    refused 2 'no query' judge --stamp hand.tsr --query board/policy
)"
check 'a service that lacks the certificate in its answer' "$(
    openssl ts -query -data open.checkpoint -sha256 -out thin.tsq 2>>tsa/openssl.log
    (cd tsa && openssl ts -reply -config tsa.cnf -section good -queryfile ../thin.tsq \
        -out ../thin.tsr 2>>openssl.log)
    refused 1 '(signer)' judge --stamp thin.tsr
)"

# --- refused services ---
check 'an untrusted service' "$(refused 1 '(untrusted)' make --url "$url/stranger" --out no)"
check 'the same, trusted by its authority' "$(
    made make --url "$url/stranger" --ca tsa/foreign.pem --out foreign.tsr
    refused 1 '(untrusted)' judge --stamp foreign.tsr
    made judge --stamp foreign.tsr --ca tsa/foreign.pem
)"
check 'an old answer played again' "$(
    cp hand.tsr tsa/old.tsr
    refused 1 '(nonce)' make --url "$url/replay" --out no
)"
check 'an answer about other bytes' "$(
    openssl ts -query -data board/policy -sha256 -cert -out tsa/else.tsq 2>>tsa/openssl.log
    (cd tsa && openssl ts -reply -config tsa.cnf -section good -queryfile else.tsq -out old.tsr \
        2>>openssl.log)
    refused 1 '(imprint)' make --url "$url/replay" --out no
)"
check 'a service that refuses the hash' "$(refused 1 '(rejected)' make --url "$url/narrow" --out no)"
check 'bytes after the answer' "$(refused 1 '(trailing)' make --url "$url/trailing" --out no)"
check 'an answer cut off' "$(refused 1 '(form)' make --url "$url/cut" --out no)"
check 'an answer without end' "$(refused 1 'gave no answer' make --url "$url/long" --out no)"
check 'no such service' "$(
    refused 1 'status 404' make --url "$url/nothing" --out no
    refused 1 'gave no answer' make --url http://127.0.0.1:1/ --out no
    refused 2 'no address' make --url file:///etc/passwd --out no
)"
check 'another policy than the pinned one' "$(
    refused 1 '(policy)' judge --stamp open.checkpoint.1.tsr --tsa-policy 1.2.3.4.2
    refused 2 'no OID' make --url "$url/good" --tsa-policy one --out no
)"
check 'none of these left a file' "$([ ! -e no ] || echo 'a file was made')"

check 'a certificate of the same key for another use' "$(
    (cd tsa && openssl x509 -req -in good.csr -CA root.pem -CAkey root.key -CAcreateserial -days 9 \
        -out other.pem 2>>openssl.log)
    refused 1 '(untrusted)' "$psephos" stamp verify --checkpoint open.checkpoint --ca tsa/other.pem \
        --stamp open.checkpoint.1.tsr
)"

# --- refused files ---
check 'another checkpoint' "$(
    sed 's/^garden.example/garten.example/' open.checkpoint >else.checkpoint
    refused 1 '(imprint)' "$psephos" stamp verify --checkpoint else.checkpoint --ca tsa/root.pem \
        --stamp open.checkpoint.1.tsr
    refused 2 'no checkpoint' "$psephos" stamp verify --checkpoint board/policy --ca tsa/root.pem \
        --stamp open.checkpoint.1.tsr
)"
check 'a checkpoint of another log' "$(
    sed '1s/witness/&/; s/garden.example\/1/garden.example\/2/' board/policy >else.policy
    "$psephos" stamp verify --checkpoint open.checkpoint --ca tsa/root.pem --stamp \
        open.checkpoint.1.tsr --policy else.policy >out 2>err && echo 'accepted'
    [ "$(wc -l <err)" -eq 1 ] || cat err
)"
check 'certificates that have run out' "$(
    refused 1 '(not-valid)' judge --stamp open.checkpoint.1.tsr --time 2099-01-01T00:00:00Z
)"
check 'an instant that is none' "$(
    refused 2 'no instant' judge --stamp open.checkpoint.1.tsr --time 2026-02-30T00:00:00Z
    refused 2 'no instant' judge --stamp open.checkpoint.1.tsr --time yesterday
)"
check 'authorities that are none' "$(
    refused 2 'no certificates' judge --stamp open.checkpoint.1.tsr --ca board/policy
    refused 2 '--ca is missing' "$psephos" stamp verify --checkpoint open.checkpoint --stamp \
        open.checkpoint.1.tsr
)"
check 'a stamp that is none' "$(
    refused 1 '(form)' judge --stamp board/policy
    head -c 70000 /dev/zero >zeros
    refused 2 'longer than' judge --stamp zeros
)"

# --- beside a record ---
record_make() { "$psephos" stamp make --record record --ca tsa/root.pem "$@"; }
record_judge() { "$psephos" stamp verify --record record --ca tsa/root.pem "$@"; }
check 'a record that is still open' "$(
    refused 1 'not closed' record_make --url "$url/good"
    [ ! -e record/stamp ] || echo 'a folder was made'
    refused 2 'stamp make' record_judge
)"
check 'the closing checkpoint is stamped by two services' "$(
    made officer close --reason early
    made append mail/close.parcel
    made record_make --url "$url/good" --url "$url/sha1"
    [ "$(ls record/stamp | wc -l)" -eq 3 ] || ls record/stamp
)"
check 'judged good beside the record' "$(
    made record_judge
    [ "$(grep -c 'the close among them' out)" -eq 2 ] || cat out
    made record_judge --json
    grep -q '"good":2,"closing":2,"verdict":"good"' out || cat out
)"
check 'a later stamp goes beside the same checkpoint' "$(
    made record_make --url "$url/good"
    [ "$(ls record/stamp | wc -l)" -eq 4 ] || ls record/stamp
)"
check 'the record goes on, the stamps hold, and verifiers pass them over' "$(
    made officer freeze
    made append mail/freeze.parcel
    made record_judge
    "$verify" record >out 2>err
    [ $? -eq 3 ] || cat out err
)"
stamp=$(ls record/stamp/*.checkpoint)
check 'three lines for a court hold' "$(
    made openssl ts -verify -in "$stamp.1.tsr" -data "$stamp" -CAfile tsa/root.pem
)"
check 'a stamp exchanged' "$(
    cp "$stamp.1.tsr" keep
    cp open.checkpoint.1.tsr "$stamp.1.tsr"
    refused 1 '(imprint)' record_judge
    cp keep "$stamp.1.tsr"
)"
check 'a stamped checkpoint exchanged' "$(
    cp "$stamp" keep
    cp open.checkpoint "$stamp"
    "$psephos" stamp verify --record record --ca tsa/root.pem >out 2>err && echo accepted
    grep -q 'another size' err || cat err
    sed 's/^[0-9]*$/9/' keep >"$stamp"
    "$psephos" stamp verify --record record --ca tsa/root.pem >out 2>err && echo accepted
    cp keep "$stamp"
)"
check 'only stamps from before the close' "$(
    mkdir early && cp -r record/* early/
    rm early/stamp/*
    cp open.checkpoint "early/stamp/$(sed -n 2p open.checkpoint).checkpoint"
    cp open.checkpoint.1.tsr "early/stamp/$(sed -n 2p open.checkpoint).checkpoint.1.tsr"
    refused 1 'covers the close' "$psephos" stamp verify --record early --ca tsa/root.pem
)"
check 'command lines that do not go together' "$(
    refused 2 'give --record or' "$psephos" stamp make --ca tsa/root.pem --url "$url/good"
    refused 2 'give --record or' make --record record --url "$url/good"
    refused 2 'goes with' record_make --url "$url/good" --out x
    refused 2 'give --record, or' record_judge --stamp x
    refused 2 'no hash' make --url "$url/good" --hash md5
    refused 1 'is there already' make --url "$url/good" --out open.checkpoint.1.tsr
)"
finish
