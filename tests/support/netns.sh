#!/bin/sh
# netns.sh SCRIPT ARG…: run a TAP script as the root of namespaces of its own: users, network, mounts,
# processes. Nothing of the machine's network is in them, and all that the script starts ends with it.
# Where a user may not make namespaces the script is skipped, and says why.
for need in unshare nsenter ip; do
    PATH=$PATH:/usr/sbin:/sbin command -v $need >/dev/null || {
        echo "1..0 # SKIP needs $need"
        exit 0
    }
done
PATH=$PATH:/usr/sbin:/sbin
export PATH
into='unshare --user --map-root-user --net --mount --pid --fork --kill-child --mount-proc'
# shellcheck disable=SC2086 # words of a command
$into sh -c 'ip link add one type veth peer name two && mount -t tmpfs none /mnt && unshare --net true' 2>/dev/null || {
    echo '1..0 # SKIP needs user, network and mount namespaces for unprivileged users'
    exit 0
}
# shellcheck disable=SC2086
exec $into sh "$@"
