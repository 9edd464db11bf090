# office_rig.sh: the office of an election in the garden (garden.sh), for tests to read in.
# Needs $psephos and $dir, the election in record/, and stands in $dir. The wrapping key is in a file
# unless $office_wrap says where else.

# Officers ann and ben with their cards, others with keys alone, and an empty voter database.
office_people() {
    mkdir -p cards desk
    for who in ann ben "$@"; do
        "$psephos" officer keygen --name "$who" --key "desk/$who.key" --quiet
    done
    cp desk/ann.pub desk/ben.pub cards/
    "$psephos" registrar list create --voters registrar/voters.db --wrap "${office_wrap:-$dir/registrar/wrap.key}" \
        --record record >/dev/null
}

# office.ini: STATE SEQUENCER [HTTP [REGISTRAR]]; its last section is [voters].
office_settings() {
    cat >office.ini <<INI
[daemon]
state = $dir/$1
[listen]
http = ${3:-unix:$dir/office.sock}
registrar = $dir/${4:-registrar.sock}
[record]
sequencer = $dir/$2
folder = $dir/record
[keys]
authority = $dir/office/officer.key
registrar = $dir/registrar/registrar.key
[officers]
cards = $dir/cards
[voters]
database = $dir/registrar/voters.db
wrap = ${office_wrap:-$dir/registrar/wrap.key}
INI
}

# desk WHO VERB OPTION…: an officer at a desk, to the office at $office_at (default: its socket).
desk() {
    who=$1
    verb=$2
    shift 2
    "$psephos" officer act "$verb" --officer "${office_at:-unix:$dir/office.sock}" \
        --key "desk/$who.key" "$@"
}

# both OPTION…: proposed by ann, signed by ben, done; what it came to.
both() {
    desk ann propose --about "${grounds:-x}" "$@" >act 2>err || { cat err; return 1; }
    desk ben sign "$(tail -n 1 act)" >/dev/null 2>err || { cat err; return 1; }
    desk ann show "$(tail -n 1 act)" --wait 2>&1
}
