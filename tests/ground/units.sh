#!/bin/sh
# units.sh SOURCE: every systemd unit carries the whole sandbox; where systemd's own judges are at
# hand, they find the units well-formed and at most 2.0 exposed.
set -u
cd "$1" || exit 1
. tests/ground/tap.sh

# Lines that every unit has, word for word.
required='Type=notify
NotifyAccess=main
WatchdogSec=30
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
    grep -qE '^ExecStart=/usr/bin/psephos [a-z]+ (serve|run|sequence) --config /etc/psephos/[a-z-]+\.ini --credentials %d$' "$1" ||
        echo "$1 starts something else"
    ! grep -qE '^(Environment|EnvironmentFile|PassEnvironment)=' "$1" || echo "$1 sets the environment"
    # Networks: none, but for a trustee, who reads the record from mirrors.
    case "$1" in
    */psephos-trustee.service) ;;
    *)
        grep -qx 'PrivateNetwork=yes' "$1" || echo "$1 has a network"
        grep -qx 'RestrictAddressFamilies=AF_UNIX' "$1" || echo "$1 has more than Unix sockets"
        ;;
    esac
}

for daemon in witness box box-sequence board auth officer trustee; do
    unit=packaging/systemd/psephos-$daemon.service
    check "the unit of $daemon has the whole sandbox" "$([ -f "$unit" ] && complaints "$unit" || echo "no $unit")"
done
check 'each daemon has a user and a folder of its own' "$(
    for key in User StateDirectory; do
        sed -n "s/^$key=//p" packaging/systemd/*.service | sort | uniq -d
    done)"
check 'keys come as credentials, each to one daemon' "$(
    grep -h '^LoadCredential=' packaging/systemd/*.service | grep -vE '^LoadCredential=[a-z.]+:/etc/psephos/[a-z-]+/[a-z.]+$'
    grep -h '^LoadCredential=' packaging/systemd/*.service | sed 's/.*://' | sort | uniq -d)"
check 'sockets belong to the edge alone' "$(
    for socket in packaging/systemd/*.socket; do
        grep -qx 'SocketMode=0660' "$socket" || echo "$socket: mode"
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
