#!/bin/sh
# units.sh SOURCE PSEPHOS: every systemd unit carries the whole sandbox and starts a command that
# finds its settings good; where systemd's own judges are at hand, they find the units well-formed and
# at most 2.0 exposed.
set -u
psephos=$(realpath "$2")
cd "$1" || exit 1
. tests/ground/tap.sh

# Lines that every unit has, word for word.
required='Type=notify
NotifyAccess=main
Restart=on-failure
RestartPreventExitStatus=2 4
StateDirectoryMode=0700
UMask=0077
TasksMax=64
LimitNOFILE=16384
LimitCORE=0
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
PrivateTmp=yes
PrivateDevices=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictNamespaces=yes
IPAddressDeny=any
SystemCallArchitectures=native
SystemCallFilter=@system-service landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM'

complaints() { # of one unit
    printf '%s\n' "$required" | while IFS= read -r line; do
        grep -qxF -- "$line" "$1" || echo "$1 lacks $line"
    done
    for key in User Group MemoryMax StateDirectory ExecStart; do
        [ "$(grep -c "^$key=" "$1")" -eq 1 ] || echo "$1 has not one $key"
    done
    ! grep -qE '^User=(root|0)?$' "$1" || echo "$1 runs as root"
    grep -qE '^ExecStart=/usr/bin/psephos [a-z]+ (serve|run|sequence) --config /etc/psephos/[a-z-]+\.ini( --credentials %d)?$' "$1" ||
        echo "$1 starts something else"
    ! grep -qE '^(Environment|EnvironmentFile|PassEnvironment)=' "$1" || echo "$1 sets the environment"
    # Networks: none, but for those who read the record from mirrors, reach witnesses or a mail relay;
    # and signs of life, but of those who may compute for hours.
    case "$1" in
    */psephos-trustee.service | */psephos-mixer.service)
        ! grep -q '^WatchdogSec=' "$1" || echo "$1 asks for signs of life"
        ;;
    *) grep -qx 'WatchdogSec=30' "$1" || echo "$1 lacks WatchdogSec=30" ;;
    esac
    case "$1" in
    */psephos-trustee.service | */psephos-mixer.service | */psephos-box-sequence.service | */psephos-auth.service)
        grep -qx 'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6' "$1" || echo "$1 has other families"
        grep -qx 'IPAddressAllow=localhost' "$1" || echo "$1 reaches more than this machine"
        ;;
    *)
        grep -qx 'PrivateNetwork=yes' "$1" || echo "$1 has a network"
        grep -qx 'RestrictAddressFamilies=AF_UNIX' "$1" || echo "$1 has more than Unix sockets"
        ;;
    esac
    # Who asks for the user at the other end of a socket must see users as they are.
    case "$1" in
    */psephos-box-sequence.service | */psephos-box.service | */psephos-officer.service)
        ! grep -q '^PrivateUsers=' "$1" || echo "$1 sees nobody but itself"
        ;;
    *) grep -qx 'PrivateUsers=yes' "$1" || echo "$1 lacks PrivateUsers=yes" ;;
    esac
}

# What the unit starts, with the settings that are shipped, and without starting it.
starts() {
    config=$(sed -n 's|^ExecStart=.*--config /etc/psephos/\([a-z-]*\.ini\).*|packaging/settings/\1|p' "$1")
    words=$(sed -n 's|^ExecStart=/usr/bin/psephos \([a-z]* [a-z]*\) .*|\1|p' "$1")
    # shellcheck disable=SC2086 # two words
    said=$("$psephos" $words --config "$config" --check-config 2>&1)
    [ "$said" = 'the settings are good' ] || echo "$words: $said"
    # Each credential that the settings name is one that the unit hands over.
    sed -n 's/^[# ]*[a-z]* = credential:\(.*\)/\1/p' "$config" | while read -r name; do
        grep -q "^LoadCredential=$name:/etc/psephos/" "$1" || echo "$1 has no credential $name"
    done
    grep '^LoadCredential=' "$1" | sed 's/.*=\([^:]*\):.*/\1/' | while read -r name; do
        grep -q "credential:$name\$" "$config" || echo "$config does not name the credential $name"
    done
    # What it writes lies in its own folders.
    state=$(sed -n 's/^StateDirectory=//p' "$1")
    sed -n 's/^state = //p' "$config" | grep -qE "^/var/lib/$state(/|$)" || echo "$config: state is elsewhere"
    sed -n 's/^\(socket\|registrar\|metrics\) = \(unix:\)\?\(.*\)\/[^/]*$/\3/p' "$config" | while read -r folder; do
        grep -qhx "RuntimeDirectory=${folder#/run/}" packaging/systemd/*.service || echo "$config: nobody makes $folder"
    done
}

for daemon in witness box box-sequence board auth officer trustee mixer; do
    unit=packaging/systemd/psephos-$daemon.service
    check "the unit of $daemon has the whole sandbox" "$([ -f "$unit" ] && complaints "$unit" || echo "no $unit")"
    check "the unit of $daemon starts what it should, with good settings" "$(starts "$unit")"
done
check 'each daemon has a user and a folder of its own' "$(
    for key in User StateDirectory; do
        sed -n "s/^$key=//p" packaging/systemd/*.service | sort | uniq -d
    done)"
check 'keys come as credentials, each to one daemon' "$(
    grep -h '^LoadCredential=' packaging/systemd/*.service | grep -vE '^LoadCredential=[a-z.]+:/etc/psephos/[a-z-]+/[a-z.]+$'
    grep -h '^LoadCredential=' packaging/systemd/*.service | sed 's/.*://' | sort | uniq -d)"
check 'sockets belong to the edge, or to the officers, alone' "$(
    for socket in packaging/systemd/*.socket; do
        grep -qx 'SocketMode=0660' "$socket" || echo "$socket: mode"
        config=packaging/settings/$(basename "$socket" .socket | sed 's/^psephos-//').ini
        grep -qE '^(http|address) = fd:0$' "$config" || echo "$config does not take $socket"
        grep -qE '^ListenStream=/run/psephos/[a-z-]+\.sock$' "$socket" || echo "$socket: no Unix socket"
        [ -f "${socket%.socket}.service" ] || echo "$socket: no such service"
    done)"

if command -v systemd-analyze >/dev/null 2>&1; then
    check 'systemd rates each unit at most 2.0 exposed' "$(
        for unit in packaging/systemd/*.service; do
            systemd-analyze security --no-pager --offline=true --threshold=20 "$unit" >"${TMPDIR:-/tmp}/units.$$" 2>&1 ||
                { echo "$unit"; tail -n 2 "${TMPDIR:-/tmp}/units.$$"; }
        done
        rm -f "${TMPDIR:-/tmp}/units.$$")"
    root=$(mktemp -d)
    trap 'rm -rf "$root"' EXIT
    mkdir -p "$root/etc/systemd/system" "$root/usr/bin" "$root/bin"
    cp packaging/systemd/*.service packaging/systemd/*.socket "$root/etc/systemd/system"
    for target in sysinit basic shutdown sockets multi-user network; do
        printf '[Unit]\nDescription=%s\n' $target >"$root/etc/systemd/system/$target.target"
    done
    for program in usr/bin/psephos bin/kill; do
        printf '#!/bin/sh\n' >"$root/$program"
        chmod 0755 "$root/$program"
    done
    check 'systemd finds each unit well-formed' "$(
        for unit in packaging/systemd/*.service packaging/systemd/*.socket; do
            systemd-analyze verify --man=no --root="$root" "$(basename "$unit")" 2>&1
        done | grep -F psephos | sort -u)"
else
    skip 'systemd rates each unit' 'needs systemd-analyze'
    skip 'systemd finds each unit well-formed' 'needs systemd-analyze'
fi
finish
