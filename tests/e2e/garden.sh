# shellcheck shell=sh
# Sourced: a small election by files, phase by phase, in the current folder. Needs $psephos.
# Two trustees of two, one mixer, two voters; everything quiet. Keys stand in files unless the
# variables say where else.
office_key=office/officer.key
registrar_key=registrar/registrar.key
mixer_key=dora/mixer.key

garden_keys() {
    mkdir -p office registrar ada bob dora anna bela mail
    "$psephos" record keygen --origin garden.example/1 --witnesses 4 --quorum 3 --keys board --quiet
    "$psephos" officer keygen --name Office --key office/officer.key --quiet
    "$psephos" registrar keygen --name Registrar --key registrar/registrar.key --quiet
    "$psephos" trustee keygen --name Ada --key ada/trustee.key --quiet
    "$psephos" trustee keygen --name Bob --key bob/trustee.key --quiet
    "$psephos" mixer keygen --name Dora --key dora/mixer.key --quiet
}

garden_plan() {
    cat <<'PLAN'
{"title":{"en":"Garden <b>&amp;</b> \u202e"},"test":true,
 "schedule":{"opens":1798794000,"closes":1799398800,"retain_until":1830934800},
 "threshold":2,"mix_min":1,"min_list":1,"late_roster":true,"ballots_max":3,
 "groups":[{"id":1,"fallback":0}],
 "contests":[
  {"id":1,"kind":"mix","title":{"en":"Chair"},"options":[{"en":"Rosa"},{"en":"Basil"}],
   "format":"ranking","width":1,"min":0,"max":2},
  {"id":2,"kind":"homomorphic","title":{"en":"Well?"},"options":[{"en":"Yes"},{"en":"No"}],
   "option_max":1,"min":0,"max":1,"blank":false}],
 "styles":[{"id":1,"group":1,"contests":[1,2]}],
 "counting":{"version":1,"counts":[{"rule":"irv","seats":1,"contest":1},
                                   {"rule":"yesno","seats":1,"contest":2}]}}
PLAN
}

garden_create() {
    garden_plan | sed "s/\"ballots_max\":3/\"ballots_max\":${garden_ballots:-3}/" >office/plan.json
    "$psephos" officer create --plan office/plan.json --key "$office_key" --board board/board.pub \
        --policy board/policy --registrar registrar/registrar.pub --trustee ada/trustee.pub \
        --trustee bob/trustee.pub --mixer dora/mixer.pub --out mail/setup.parcel --quiet
}

append() {
    "$psephos" record append --record record --keys board --quiet "$@"
}

garden_start() {
    garden_keys && garden_create &&
        "$psephos" record init --record record --keys board --quiet mail/setup.parcel
}

# trustee NAME STEP [OPTIONS]
trustee() {
    who=$1
    step=$2
    shift 2
    "$psephos" trustee "$step" --record record --key "$who/trustee.key" --quiet \
        --out "mail/$who-$step.parcel" "$@"
}

garden_ceremony() {
    for step in commit reveal share; do
        trustee ada "$step" && trustee bob "$step" && append mail/*-"$step".parcel || return 1
    done
    heard=$("$psephos" trustee code --record record --key ada/trustee.key --quiet) &&
        trustee ada confirm --heard "$heard" && trustee bob confirm --heard "$heard" &&
        append mail/*-confirm.parcel
}

garden_roster() {
    "$psephos" credential new --record record --key anna/voter.key --quiet
    "$psephos" credential new --record record --key bela/voter.key --quiet
    printf 'evidence,style,weight,card\n"Anna ""A."" Aster",1,1,anna/voter.pub\nBela,1,1,bela/voter.pub\n' \
        >registrar/voters.csv
    "$psephos" registrar roster --record record --key "$registrar_key" --quiet \
        --voters registrar/voters.csv --evidence registrar/evidence.jsonl --out mail/roster.parcel &&
        append mail/roster.parcel
}

# officer STEP [OPTIONS]
officer() {
    step=$1
    shift
    "$psephos" officer "$step" --record record --key "$office_key" --quiet \
        --out "mail/$step.parcel" "$@"
}

# vote NAME FILE CHOICES…
vote() {
    who=$1
    file=$2
    shift 2
    "$psephos" vote --record record --key "$who/voter.key" --quiet --out "mail/$file.parcel" "$@"
}

garden_open() {
    officer open && append mail/open.parcel
}

garden_votes() {
    vote anna ballot-anna --choose 1=2,1 --choose 2=1 &&
        vote bela ballot-bela --choose 1=blank --choose 2=2 &&
        append mail/ballot-anna.parcel mail/ballot-bela.parcel
}

garden_close() {
    officer close --reason early && append mail/close.parcel &&
        officer freeze && append mail/freeze.parcel
}

garden_mix() {
    "$psephos" mixer mix --record record --key "$mixer_key" --quiet --out mail/mix.parcel &&
        append mail/mix.parcel && officer mix-end && append mail/mix-end.parcel
}

garden_count() {
    trustee ada decrypt && trustee bob decrypt && append mail/*-decrypt.parcel &&
        officer result && append mail/result.parcel && officer end && append mail/end.parcel
}
