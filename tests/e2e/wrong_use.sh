#!/bin/sh
# wrong_use.sh SOURCE PSEPHOS VERIFY: each command used wrongly, phase by phase of one election: the
# right status, one line on standard error that says what and how to mend, and nothing made.
set -u
psephos=$(realpath "$2")
verify=$(realpath "$3")
cd "$1" || exit 1
. tests/ground/tap.sh
. tests/e2e/garden.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# refused STATUS WORDS ARGUMENTS…
refused() {
    wanted=$1
    words=$2
    shift 2
    rm -f no
    "$psephos" "$@" >out 2>err </dev/null
    status=$?
    [ "$status" -eq "$wanted" ] || echo "status $status, wanted $wanted: $(head -n 2 err)"
    [ "$(wc -l <err)" -eq 1 ] || { echo 'not one line:' && head -n 5 err; }
    grep -qi -- "$words" err || { echo "no word of '$words':" && head -n 2 err; }
    [ ! -e no ] || echo 'a file was made'
}

# made COMMAND…: a step that must succeed.
made() {
    "$@" >out 2>err || { cat err && echo "failed: $*"; }
}

# --- keys ---
check 'keys are made' "$(made garden_keys)"
for role in officer registrar trustee mixer; do
    check "$role keygen does not overwrite a key" "$(
        cp "$([ $role = officer ] && echo office/officer.key || echo ada/trustee.key)" old.key
        cp old.key keep.key
        rm -f old.pub
        refused 1 'there already' $role keygen --name X --key old.key
        cmp old.key keep.key
    )"
    check "$role keygen wants a name" "$(refused 2 'name' $role keygen --key no)"
done
check 'a name of control characters' "$(refused 1 'name' officer keygen --name "$(printf 'a\033b')" --key no)"
check 'keys are for their owner only' "$(
    for file in office/officer.key board/log.key board/witness-1.key ada/trustee.key; do
        [ "$(stat -c %a $file)" = 600 ] || echo "$file: $(stat -c %a $file)"
    done
)"
check 'a board folder is not overwritten' "$(
    cp board/log.key keep.key
    refused 1 'there already' record keygen --origin x.example --keys board
    cmp board/log.key keep.key
)"
check 'a quorum of half the witnesses' "$(refused 2 'quorum' record keygen --origin x.example \
    --witnesses 4 --quorum 2 --keys no)"
check 'an origin with a space' "$(refused 1 'name' record keygen --origin 'a b' --keys no)"

# --- policies ---
check 'a policy that three liars can split' "$(refused 1 'raise the quorum' policy check board/policy \
    --faulty 2)"
check 'a policy that is none' "$(refused 2 'line 1' policy check office/officer.pub)"
check 'a policy with a witness twice' "$(
    sed 's/^quorum.*/&/; /^witness witness-2/p' board/policy >twice
    refused 2 'line' policy check twice
)"
check 'a witness key of the wrong kind' "$(
    log=$(sed -n 's/^log //p' board/policy)
    refused 2 'VKEY' policy make --log "$log" --witness "a=$log" --out no
)"

# --- the plan ---
create() {
    plan=$1
    shift
    "$psephos" officer create --plan "$plan" --key office/officer.key --board board/board.pub \
        --policy board/policy --registrar registrar/registrar.pub --trustee ada/trustee.pub \
        --trustee bob/trustee.pub --mixer dora/mixer.pub --out no "$@"
}
# create_refused WORDS SED-SCRIPT: the plan, changed.
create_refused() {
    garden_plan | sed "$2" >wrong.json
    rm -f no
    create wrong.json >out 2>err
    [ $? -ne 0 ] || echo 'made'
    [ "$(wc -l <err)" -eq 1 ] || cat err
    grep -q -- "$1" err || cat err
    [ ! -e no ] || echo 'a file was made'
}
check 'a plan that is no JSON' "$(create_refused 'line 2' 's/"opens":/"opens"/')"
check 'a plan with a member twice' "$(create_refused 'JSON' 's/"threshold":2/"threshold":2,"threshold":2/')"
check 'a plan with a member unknown' "$(create_refused 'V102' 's/"threshold":2/"threshold":2,"colour":1/')"
check 'a plan with a member missing' "$(create_refused 'V102' 's/"min_list":1,//')"
check 'a plan with a threshold too high' "$(create_refused 'threshold' 's/"threshold":2/"threshold":3/')"
check 'a plan without a way of counting' "$(create_refused 'counting' 's/"counting"/"accounting"/')"
check 'a plan with an unknown rule' "$(create_refused 'rule' 's/"irv"/"best"/')"
check 'a plan that counts a contest twice' "$(create_refused 'contest' 's/"contest":2/"contest":1/')"
garden_plan >office/plan.json
check 'one trustee twice' "$(refused 1 'V103' officer create --plan office/plan.json --key \
    office/officer.key --board board/board.pub --policy board/policy --registrar \
    registrar/registrar.pub --trustee ada/trustee.pub --trustee ada/trustee.pub --mixer \
    dora/mixer.pub --out no)"
check 'a card in the place of another' "$(refused 1 'no card of a registrar' officer create --plan \
    office/plan.json --key office/officer.key --board board/board.pub --policy board/policy \
    --registrar ada/trustee.pub --trustee ada/trustee.pub --mixer dora/mixer.pub --out no)"
check 'a key in the place of another' "$(refused 1 'key of a trustee' officer create --plan \
    office/plan.json --key ada/trustee.key --board board/board.pub --policy board/policy \
    --registrar registrar/registrar.pub --trustee ada/trustee.pub --mixer dora/mixer.pub --out no)"
check 'a key that others can read' "$(
    cp office/officer.key open.key
    chmod 644 open.key
    refused 1 'chmod 600' officer create --plan office/plan.json --key open.key --board \
        board/board.pub --policy board/policy --registrar registrar/registrar.pub --trustee \
        ada/trustee.pub --mixer dora/mixer.pub --out no
)"
check 'a damaged key' "$(
    head -c 60 office/officer.key >cut.key
    chmod 600 cut.key
    refused 2 'damaged' officer create --plan office/plan.json --key cut.key --board \
        board/board.pub --policy board/policy --registrar registrar/registrar.pub --trustee \
        ada/trustee.pub --mixer dora/mixer.pub --out no
)"

# --- the record ---
check 'the setup is made' "$(made garden_create)"
check 'a parcel is not overwritten' "$(refused 1 'there already' officer create --plan \
    office/plan.json --key office/officer.key --board board/board.pub --policy board/policy \
    --registrar registrar/registrar.pub --trustee ada/trustee.pub --trustee bob/trustee.pub \
    --mixer dora/mixer.pub --out mail/setup.parcel)"
check 'a record started with the keys of another board' "$(
    "$psephos" record keygen --origin other.example --keys other --quiet
    refused 1 'another log key' record init --record no --keys other mail/setup.parcel
)"
check 'a record started with half a parcel' "$(
    head -c 900 mail/setup.parcel >half.parcel
    refused 2 'only a part' record init --record no --keys board half.parcel
)"
check 'a record started with a card' "$(refused 2 'no parcel' record init --record no --keys board \
    office/officer.pub)"
check 'the record is started' "$(made "$psephos" record init --record record --keys board --quiet \
    mail/setup.parcel)"
check 'a record is not started twice' "$(refused 1 'there already\|signed a record' record init \
    --record record --keys board mail/setup.parcel)"
check 'one log key starts one record' "$(refused 1 'one key serves one record' record init --record \
    no --keys board mail/setup.parcel)"
check 'a folder that is no record' "$(refused 2 'no record' record show --record office)"
check 'no folder at all' "$(refused 2 'check the name' record show --record absent)"
check 'a record of another election' "$(refused 1 'another election' record show --record record --eid \
    0000000000000000000000000000000000000000000000000000000000000000)"

# --- the ceremony ---
t() { trustee=$1 && shift && refused "$@" --record record --key "$trustee/trustee.key" --out no; }
check 'reveal before commit' "$(t ada 1 'begin with psephos trustee commit' trustee reveal)"
check 'share before reveal' "$(t ada 1 'begin with\|state KEYS' trustee share)"
check 'a code before there is a key' "$(refused 1 'joint key' trustee code --record record --key \
    ada/trustee.key)"
check 'a stranger as trustee' "$(
    mkdir -p eve
    "$psephos" trustee keygen --name Eve --key eve/trustee.key --quiet
    t eve 1 'no trustee of this election' trustee commit
)"
check 'a commit is made' "$(made trustee ada commit)"
check 'the same commit again, byte for byte' "$(
    made "$psephos" trustee commit --record record --key ada/trustee.key --out again --quiet
    cmp again mail/ada-commit.parcel
)"
check 'reveal before all have committed' "$(t ada 1 'no dkg-reveal entry' trustee reveal)"
check 'half a parcel from the mail' "$(
    head -c 50 mail/ada-commit.parcel >half.parcel
    refused 2 'only a part' record append --record record --keys board half.parcel
)"
check 'a changed parcel from the mail' "$(
    tail -c 1 mail/ada-commit.parcel | od -An -tu1 | grep -q ' 88' && x=Y || x=X
    { head -c -1 mail/ada-commit.parcel && printf $x; } >changed.parcel
    refused 1 'V907' record append --record record --keys board changed.parcel
)"
check 'the same parcel twice' "$(
    made append mail/ada-commit.parcel
    "$psephos" record append --record record --keys board mail/ada-commit.parcel >out 2>err ||
        echo "status $?"
    grep -q 'in the record already, as number 1' err || cat err
)"
check 'open before the ceremony' "$(refused 1 'state KEYS' officer open --record record --key \
    office/officer.key --out no)"
check 'the ceremony goes on' "$(
    made trustee bob commit
    made append mail/bob-commit.parcel
    for step in reveal share; do
        made trustee ada $step
        made trustee bob $step
        made append mail/ada-$step.parcel mail/bob-$step.parcel
    done
)"
check 'confirm without a call' "$(t ada 2 'heard' trustee confirm)"
check 'confirm with a code misheard' "$(t ada 2 'type it again' trustee confirm --heard 12)"
check 'confirm with the code of another record' "$(t ada 1 'Stop' trustee confirm --heard \
    0000-0000-0000-0000)"
check 'a complaint about a share that fits' "$(t ada 1 'nothing to complain' trustee complain --dealer 2)"
check 'a complaint about oneself' "$(t ada 1 'dealt you no share' trustee complain --dealer 1)"
check 'the ceremony ends' "$(
    heard=$("$psephos" trustee code --record record --key ada/trustee.key --quiet)
    made trustee ada confirm --heard "$heard"
    made trustee bob confirm --heard "$heard"
    made append mail/ada-confirm.parcel mail/bob-confirm.parcel
)"
check 'open without voters' "$(refused 1 'state KEYS' officer open --record record --key \
    office/officer.key --out no)"

# --- the roster ---
roster() { refused "$1" "$2" registrar roster --record record --key registrar/registrar.key --voters \
    voters.csv --evidence evidence --letters letters --out no; }
"$psephos" credential new --record record --key anna/voter.key --quiet
"$psephos" credential new --record record --key bela/voter.key --quiet
check 'a list without its head' "$(printf 'a,1,1,\n' >voters.csv && roster 2 'begin with')"
check 'a list with a line too short' "$(printf 'evidence,style,weight,card\na,1\n' >voters.csv &&
    roster 2 'line 2')"
check 'an open quote' "$(printf 'evidence,style,weight,card\n"a,1,1,\n' >voters.csv && roster 2 'line 2')"
check 'a style that is none' "$(printf 'evidence,style,weight,card\na,7,1,\n' >voters.csv &&
    roster 2 'style')"
check 'a weight where ballots are mixed' "$(printf 'evidence,style,weight,card\na,1,5,\n' >voters.csv &&
    roster 2 'weight')"
check 'one card for two voters' "$(
    printf 'evidence,style,weight,card\na,1,1,anna/voter.pub\nb,1,1,anna/voter.pub\n' >voters.csv
    roster 1 'twice'
)"
check 'a card with another proof' "$(
    sed 's/"proof": "..../"proof": "0000/' anna/voter.pub >forged.pub
    printf 'evidence,style,weight,card\na,1,1,forged.pub\n' >voters.csv
    roster 1 'does not prove'
)"
check 'a card for another election' "$(
    "$psephos" credential new --eid 00000000000000000000000000000000000000000000000000000000000000aa \
        --key elsewhere.key --quiet
    printf 'evidence,style,weight,card\na,1,1,elsewhere.pub\n' >voters.csv
    roster 1 'another election'
)"
check 'an empty list' "$(printf 'evidence,style,weight,card\n' >voters.csv && roster 2 'no voters')"
check 'the officer is no registrar' "$(refused 1 'key of a officer\|key of an officer' registrar roster \
    --record record --key office/officer.key --voters voters.csv --evidence evidence --out no)"
check 'a ballot before the vote opens' "$(
    garden_roster >out 2>err || cat err
    refused 1 'not open' vote --record record --key anna/voter.key --choose 1=1 --choose 2=1 --out no
)"
check 'a voter enrolled twice' "$(
    printf 'evidence,style,weight,card\na,1,1,anna/voter.pub\n' >voters.csv
    roster 1 'on the roster already'
)"
check 'a letter with a typing mistake' "$(refused 2 'typing mistake' credential letter --record record \
    --code 0000-0000-0000-0000-0000-0000-0001 --key no)"
check 'a letter that is too short' "$(refused 2 'seven groups' credential letter --record record \
    --code 0000-0000 --key no)"
check 'the vote opens' "$(made garden_open)"

# --- votes ---
v() { who=$1 && shift && refused "$1" "$2" vote --record record --key "$who/voter.key" --out no \
    --choose "$3" --choose "$4"; }
check 'an option that is none' "$(v anna 1 'contest 1' 1=3 2=1)"
check 'an option twice' "$(v anna 1 'contest 1' 1=1,1 2=1)"
check 'two answers where one is allowed' "$(v anna 1 'contest 2' 1=1 2=1,2)"
check 'a contest that is none' "$(v anna 2 'CONTEST=' 1=1 9=1)"
check 'no contest at all' "$(v anna 2 'CONTEST=' 1=1 two)"
check 'a contest left out' "$(refused 2 'contest 2' vote --record record --key anna/voter.key --out no \
    --choose 1=1)"
check 'no choices' "$(refused 2 'choices' vote --record record --key anna/voter.key --out no)"
check 'choices that are no JSON' "$(refused 2 'choices' vote --record record --key anna/voter.key --out \
    no --choices office/officer.key)"
check 'a stranger votes' "$(
    "$psephos" credential new --record record --key stranger.key --quiet
    refused 1 'not on the roster' vote --record record --key stranger.key --out no --choose 1=1 \
        --choose 2=1
)"
check 'a credential of another election' "$(refused 1 'another election' vote --record record --key \
    elsewhere.key --out no --choose 1=1 --choose 2=1)"
check 'two ballots made from one state: one is taken' "$(
    made vote anna a1 --choose 1=1 --choose 2=1
    made vote anna a2 --choose 1=2 --choose 2=2
    made append mail/a1.parcel
    refused 1 'V410' record append --record record --keys board mail/a2.parcel
)"
check 'ballots_max holds' "$(
    for n in 2 3; do
        rm -f mail/more.parcel
        made vote anna more --choose 1=1 --choose 2=1
        made append mail/more.parcel
    done
    v anna 1 'used all' 1=1 2=1
)"
check 'votes come in' "$(
    made vote bela ballot-bela --choose 1=blank --choose 2=2
    made append mail/ballot-bela.parcel
)"
check 'a receipt of a voter who has not voted' "$(refused 1 'no ballot' record receipt --record record \
    --key stranger.pub --out no)"
check 'a receipt beyond the record' "$(refused 2 'index' record receipt --record record --index 999 \
    --out no)"
check 'a receipt for another ballot' "$(
    made "$psephos" record receipt --record record --key anna/voter.pub --out r.tlog-proof --quiet
    refused 1 'does not prove' record receipt --check r.tlog-proof --ballot mail/ballot-bela.parcel \
        --policy board/policy
)"
check 'a damaged receipt' "$(
    sed 's/^index .*/index 01/' r.tlog-proof >bad.tlog-proof
    refused 2 'no receipt' record receipt --check bad.tlog-proof --ballot mail/ballot-bela.parcel \
        --policy board/policy
)"

# --- revocations ---
r() { refused "$1" "$2" registrar "$3" --record record --key registrar/registrar.key --credential "$4" \
    --reason "$5" --about x --evidence evidence --out no; }
check 'nothing to restore' "$(r 1 'none to restore' restore anna/voter.pub paper)"
check 'a reason that is none' "$(r 2 'one of' revoke anna/voter.pub mood)"
check 'a voter who is none' "$(r 1 'not on the roster' revoke stranger.pub paper)"
check 'a revocation without grounds' "$(refused 2 'about' registrar revoke --record record --key \
    registrar/registrar.key --credential anna/voter.pub --reason paper --evidence evidence --out no)"
check 'revoke, then nothing is left to revoke; restore with another reason' "$(
    made "$psephos" registrar revoke --record record --key registrar/registrar.key --credential \
        anna/voter.pub --reason paper --about x --evidence evidence --out mail/rev.parcel --quiet
    made append mail/rev.parcel
    r 1 'none to revoke' revoke anna/voter.pub paper
    r 1 'another reason' restore anna/voter.pub request
    made "$psephos" registrar restore --record record --key registrar/registrar.key --credential \
        anna/voter.pub --reason paper --about x --evidence evidence --out mail/res.parcel --quiet
    made append mail/res.parcel
)"
check 'a replacement that was used before' "$(refused 1 'fresh one' registrar change --record record --key \
    registrar/registrar.key --credential anna/voter.pub --by bela/voter.pub --reason compromised \
    --about x --evidence evidence --out no)"

# --- closing ---
check 'freeze before close' "$(refused 1 'state OPEN' officer freeze --record record --key \
    office/officer.key --out no)"
check 'a close that came too late is refused' "$(
    made officer close --reason early
    made officer incident --class procedure --about x --evidence evidence
    made append mail/incident.parcel
    refused 1 'V501' record append --record record --keys board mail/close.parcel
    rm mail/close.parcel
)"
check 'the box is fixed' "$(made garden_close)"
check 'a ballot after the close' "$(v anna 1 'not open' 1=1 2=1)"
check 'the same, smuggled' "$(refused 1 'V908\|V410' record append --record record --keys board \
    mail/a2.parcel)"
check 'a trustee before the mixing' "$(t ada 1 'state FROZEN' trustee decrypt)"
check 'mix-end without a mix' "$(refused 1 'state FROZEN' officer mix-end --record record --key \
    office/officer.key --out no)"
check 'a stranger mixes' "$(
    "$psephos" mixer keygen --name Eve --key eve/mixer.key --quiet
    refused 1 'no mixer of this election' mixer mix --record record --key eve/mixer.key --out no
)"
check 'the box is mixed' "$(made garden_mix)"
check 'a mixer comes late' "$(refused 1 'state MIXED' mixer mix --record record --key dora/mixer.key \
    --out no)"
check 'a result before the shares' "$(refused 1 'state MIXED' officer result --record record --key \
    office/officer.key --out no)"

# --- the trustees' guards ---
check 'a trustee whose folder is gone' "$(
    mv ada/trustee.key.state ada/away
    t ada 1 'holds no ceremony' trustee decrypt
    rm -rf ada/trustee.key.state
    mv ada/away ada/trustee.key.state
)"
check 'a list that was opened under another in-hash stays shut' "$(
    printf '%064d' 0 >ada/trustee.key.state/opened-1-1
    chmod 600 ada/trustee.key.state/opened-1-1
    t ada 1 'another list' trustee decrypt
    rm ada/trustee.key.state/opened-1-1
)"
check 'shares are made, the same ones twice' "$(
    made trustee ada decrypt
    made "$psephos" trustee decrypt --record record --key ada/trustee.key --out again2 --quiet
    cmp again2 mail/ada-decrypt.parcel
)"
check 'too few shares' "$(
    made append mail/ada-decrypt.parcel
    refused 1 'state MIXED\|fewer' officer result --record record --key office/officer.key --out no
)"
check 'a trustee key serves one election' "$(
    cp -r board/policy keep.policy
    "$psephos" record keygen --origin second.example --keys board2 --quiet
    "$psephos" officer create --plan office/plan.json --key office/officer.key --board board2/board.pub \
        --policy board2/policy --registrar registrar/registrar.pub --trustee ada/trustee.pub \
        --trustee bob/trustee.pub --mixer dora/mixer.pub --out second.parcel --quiet
    "$psephos" record init --record second --keys board2 second.parcel --quiet
    refused 1 'must not serve twice' trustee commit --record second --key ada/trustee.key --out no
)"
check 'the rest is done' "$(
    made trustee bob decrypt
    made append mail/bob-decrypt.parcel
    made officer result
    made append mail/result.parcel
)"
check 'an abort after the result' "$(refused 1 'state RESULT' officer abort --record record --key \
    office/officer.key --reason security --about x --evidence evidence --out no)"
check 'the record ends and is accepted' "$(
    made officer end
    made append mail/end.parcel
    "$verify" record --quiet >out || cat out
)"
check 'nothing follows the end' "$(refused 1 'state END' officer statement --record record --key \
    office/officer.key --file office/plan.json --title x --out no)"

# --- damaged records ---
check 'a damaged tile is named' "$(
    cp -r record damaged
    printf 'XXXX' | dd of="$(ls damaged/tile/0/000.p/* | sort -V | tail -n 1)" conv=notrunc bs=1 2>/dev/null
    refused 1 'V903' record show --record damaged
)"
check 'a bundle cut short is named' "$(
    rm -rf damaged && cp -r record damaged
    file=$(ls damaged/tile/entries/000.p/* | sort -V | tail -n 1)
    head -c 100 "$file" >cut && cat cut >"$file"
    refused 2 'V903' record show --record damaged
)"
check 'a missing blob is named' "$(
    rm -rf damaged && cp -r record damaged
    rm "damaged/blob/$(sha256sum board/policy | cut -d' ' -f1)"
    refused 1 'V905\|V104' record show --record damaged
)"
check 'the page of a damaged record says so' "$(
    "$psephos" officer publish --record damaged --html bad.html >out 2>err
    [ $? -eq 1 ] || echo 'status'
    grep -q 'not accepted' bad.html || echo 'the page does not say so'
)"
check 'texts of the manifest are escaped' "$(
    "$psephos" officer publish --record record --html page.html >out 2>err || cat err
    grep -q 'Garden &lt;b&gt;&amp;amp;&lt;/b&gt; \\u{202e}' page.html || grep -m 1 Garden page.html
)"
finish
