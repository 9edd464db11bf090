#!/bin/sh
# three_hosts.sh SOURCE PSEPHOS VERIFY: the set-up of docs/operations.md, command by command, on three
# hosts of network namespaces (run it through tests/support/netns.sh). Each host has a file system of
# its own below a folder, with the machine's programs and nothing else of it. Users are all one, since
# a namespace has one, and systemctl.py stands for systemd.
set -u
source=$(realpath "$1")
psephos=$(realpath "$2")
verify=$(realpath "$3")
. "$source/tests/ground/tap.sh"
PATH=$PATH:/usr/sbin:/sbin
for need in haproxy openssl curl update-ca-certificates; do
    command -v $need >/dev/null || {
        skip 'three hosts' "needs $need"
        finish
        exit 0
    }
done
dir=$(mktemp -d)
trap 'cd / && umount -l "$dir" && rmdir "$dir"' EXIT
mount -t tmpfs none "$dir"
cd "$dir" || exit 1
mkdir stick
pid='' one='' two='' # set by eval

# --- hosts ---------------------------------------------------------------------------------------
put() { # put PROGRAM: a program of a host, its text on standard input
    cat >"$1"
    chmod 0755 "$1"
}
make_host() { # make_host NAME ADDRESS…: its file system
    root=$dir/$1
    mkdir -p "$root"/usr "$root"/proc "$root"/dev "$root"/etc/systemd/system "$root"/var/lib \
        "$root"/var/log "$root"/srv "$root"/run "$root"/tmp "$root"/root "$root"/media/stick \
        "$root"/source "$root"/opt/bin "$root"/opt/local
    for folder in bin sbin lib lib64; do ln -s usr/$folder "$root/$folder"; done
    mount --rbind /usr "$root/usr"
    mount -o remount,bind,ro "$root/usr"
    mount -t tmpfs none "$root/usr/local"
    mkdir -p "$root/usr/local/share/ca-certificates"
    mount --rbind /dev "$root/dev"
    mount --rbind /proc "$root/proc"
    mount --bind "$dir/stick" "$root/media/stick"
    mount --bind "$source" "$root/source"
    cp -a /etc/alternatives /etc/ssl /etc/ca-certificates /etc/ld.so.cache "$root/etc/" 2>/dev/null
    rm -rf "$root/etc/ssl/certs/"*
    : >"$root/etc/ca-certificates.conf" # certificates that the guide makes, and no others
    printf 'root:x:0:0::/root:/bin/sh\nhaproxy:x:0:0::/:/bin/false\n' >"$root/etc/passwd"
    printf 'root:x:0:\nhaproxy:x:0:\n' >"$root/etc/group"
    echo 'hosts: files' >"$root/etc/nsswitch.conf"
    { echo '127.0.0.1 localhost'; cat "$dir/hosts.$1"; } >"$root/etc/hosts"
    cp "$psephos" "$root/opt/bin/psephos"
    cp "$verify" "$root/opt/bin/psephos-verify"
    printf '[Service]\nExecStart=/usr/sbin/haproxy -f /etc/haproxy/haproxy.cfg\nType=exec\n' \
        >"$root/etc/systemd/system/haproxy.service"
    printf '#!/bin/sh\nexec /usr/bin/python3 /source/tests/support/systemctl.py "$@"\n' | put "$root/opt/bin/systemctl"
    # shellcheck disable=SC2016 # for the host's shell
    printf '#!/bin/sh\nfor n; do :; done\necho "$n:x:0:0::/:/bin/false" >>/etc/passwd\necho "$n:x:0:" >>/etc/group\n' | put "$root/opt/bin/useradd"
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nfor n; do :; done\necho "$n:x:0:" >>/etc/group\n' | put "$root/opt/bin/groupadd"
    unshare --net --uts sleep 1000 &
    eval "pid_$1=$!"
}
on() { # on HOST FILE: type the commands of a file there
    eval "pid=\$pid_$1"
    timeout 90 nsenter --target "$pid" --net --uts chroot "$dir/$1" /usr/bin/env -i HOME=/root TERM=dumb \
        PATH=/opt/bin:/usr/sbin:/usr/bin:/sbin:/bin sh -c 'cd /source && exec sh -eu /dev/stdin' <"$2"
}
cable() { # cable HOST ADDRESS HOST ADDRESS
    eval "one=\$pid_$1; two=\$pid_$3"
    ip link add "to-$3" netns "$one" type veth peer name "to-$1" netns "$two"
    nsenter --target "$one" --net sh -c "ip addr add $2/30 dev to-$3 && ip link set to-$3 up"
    nsenter --target "$two" --net sh -c "ip addr add $4/30 dev to-$1 && ip link set to-$1 up"
}
printf '127.0.0.1 vote.example\n10.77.1.2 mirror.example\n10.77.2.2 home.example\n' >hosts.vote
printf '10.77.1.1 vote.example\n127.0.0.1 mirror.example\n10.77.3.2 home.example\n' >hosts.mirror
printf '10.77.2.1 vote.example\n10.77.3.1 mirror.example\n127.0.0.1 home.example\n' >hosts.home
for host in vote mirror home; do
    make_host $host
    eval "pid=\$pid_$host"
    until [ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
    nsenter --target "$pid" --net --uts sh -c "hostname $host.example && ip link set lo up"
done
cable vote 10.77.1.1 mirror 10.77.1.2
cable vote 10.77.2.1 home 10.77.2.2
cable mirror 10.77.3.1 home 10.77.3.2
check 'three hosts reach one another, and nothing else' "$(
    echo 'ip -br addr | grep -c UP; ip route' >look
    on vote look | grep -q '^2$' || on vote look
    on vote look | grep -v '10.77' | grep default
)"

# --- the guide -------------------------------------------------------------------------------------
# Each block of commands in a file of its own: NUMBER.HOST of the hosts it is for, and its heading.
awk '
    /^## / { inside = /^## From packages to three hosts/ }
    inside && /^### / { heading = substr($0, 5) }
    inside && /^```sh / { n++; split(substr($0, 7), hosts, " "); for (h in hosts) {
        file[h] = sprintf("%02d.%s", n, hosts[h]); printf "" >file[h] }
        print heading >sprintf("%02d.heading", n); typing = 1; next }
    /^```/ && typing { typing = 0; for (h in file) close(file[h]); split("", file); split("", hosts); next }
    typing { for (h in file) print >>file[h] }
' "$source/docs/operations.md"
check 'the guide has its commands' "$([ "$(find . -maxdepth 1 -name '*.heading' | wc -l)" -ge 18 ] || ls)"
type_block() { # type_block NUMBER: on its hosts, in the order of the table; complaints
    for host in vote mirror home; do
        [ -f "$1.$host" ] || continue
        on "$host" "$1.$host" >said 2>&1 && continue
        echo "on $host:"
        tail -n 8 said
        tail -qn 3 "$dir/$host"/var/log/*.log
        return
    done
}
for heading in [0-9][0-9].heading; do
    number=${heading%.heading}
    trouble=$(type_block "$number")
    check "$(cat "$heading") ($number)" "$trouble"
    [ -z "$trouble" ] || break
done
check 'the record that anybody verified is accepted' "$(grep -qi accepted said || tail -n 5 said)"
check 'nothing secret travelled, and the voters are on one host' "$(
    find stick \( -name '*.key' -o -name '*.db' \)
    find mirror/var mirror/etc mirror/srv home/var home/etc home/srv \( -name 'voters.db*' -o -name 'authority.key' -o -name 'log.key' \)
    find vote/var vote/etc \( -name 'trustee.key' -o -name 'mixer.key' \))"
finish
