#!/bin/sh
# postgres.sh FOLDER DATABASES COMMAND…: run the command with a PostgreSQL server of its own.
#
# The server lives in FOLDER (made, and removed at the end), listens on a socket there and nowhere
# else, syncs for real, and belongs to the user postgres when this is run by root, since it refuses
# to run as root. It holds databases store1 … store<DATABASES>. The command finds in its environment
# PSE_TEST_STORE, the URL of them (with % for the number), PSE_PG_FOLDER, and PSE_PG_CTL, a script
# that does `pg_ctl` with it ($PSE_PG_CTL stop -m immediate). Without PostgreSQL 15 or newer it says
# so and exits with 77.
set -u
folder=$1
databases=$2
shift 2
bin=
for candidate in /usr/lib/postgresql/*/bin; do
    [ ! -x "$candidate/initdb" ] || bin=$candidate
done
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb 2>/dev/null || echo /none/initdb)")
if [ ! -x "$bin/initdb" ]; then
    echo '1..0 # SKIP needs PostgreSQL (Debian: postgresql)'
    exit 77
fi
if [ "$(id -u)" -eq 0 ]; then
    if ! id postgres >/dev/null 2>&1; then
        echo '1..0 # SKIP run by root, and there is no user postgres to drop to'
        exit 77
    fi
    as='setpriv --reuid postgres --regid postgres --clear-groups'
else
    as=
fi

# One server at a time: each syncs the disk that the others wait for.
mkdir -p "$(dirname "$folder")" || exit 1
exec 9>"$(dirname "$folder")/postgres.lock"
flock 9
rm -rf "$folder"
mkdir -p "$folder" || exit 1
folder=$(cd "$folder" && pwd)
[ -z "$as" ] || chown postgres "$folder"
cat >"$folder/ctl" <<SCRIPT
#!/bin/sh
# pg_ctl for this server
cd '$folder' && exec $as '$bin/pg_ctl' -s -w -D '$folder/data' -l '$folder/log' "\$@"
SCRIPT
chmod 755 "$folder/ctl"
stop() {
    [ ! -f "$folder/data/postmaster.pid" ] || "$folder/ctl" stop -m immediate >/dev/null 2>&1
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' INT TERM HUP

(cd "$folder" && $as "$bin/initdb" -A trust -U admin --no-sync --no-locale -E UTF8 -D data) \
    >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log" && exit 1; }
cat >>"$folder/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$folder'
unix_socket_permissions = 0777
fsync = on
shared_buffers = 64MB
max_connections = 40
logging_collector = off
CONF
"$folder/ctl" start >"$folder/start.log" 2>&1 9>&- || { cat "$folder/start.log" "$folder/log" && exit 1; }
n=1
while [ "$n" -le "$databases" ]; do
    echo "CREATE DATABASE store$n;"
    n=$((n + 1))
done | "$bin/psql" -q -h "$folder" -U admin -d postgres >"$folder/create.log" 2>&1 ||
    { cat "$folder/create.log" && exit 1; }

PSE_TEST_STORE="postgresql://admin@/store%?host=$folder" PSE_PG_FOLDER=$folder \
    PSE_PG_CTL=$folder/ctl PATH=$PATH:$bin "$@" 9>&-
