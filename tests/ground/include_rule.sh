#!/bin/sh
# include_rule.sh SOURCE BUILD: rooms include only rooms below them; pure rooms reach no files,
# sockets, clocks or environment and keep no mutable globals; psephos-verify links only those;
# libraries that serve one room are included there alone.
set -u
cd "$1" || exit 1
build=$2
. tests/ground/tap.sh

below() { # the rooms that a room may include
    case "$1" in
    base) echo base ;;
    codec) echo base codec ;;
    count) echo base codec count ;;
    group) echo base codec group ;;
    crypto) echo base codec group crypto ;;
    merkle) echo base codec merkle ;;
    election) echo base codec count group crypto merkle election ;;
    store) echo base codec count group crypto merkle election store ;;
    net) echo base codec net ;;
    daemon) echo base codec daemon ;;
    identity) echo base codec group crypto net identity ;;
    token) echo base token ;;
    esac
}

# Complaints about the includes of one room.
includes_of() {
    allowed=" $(below "$1") "
    grep -nE '^[[:space:]]*#[[:space:]]*include' lib/"$1"/*.[ch] | while IFS= read -r hit; do
        file=${hit%%:*}
        case "$hit" in
        *'"'*'"'*)
            header=${hit#*'"'}
            header=${header%%'"'*}
            case "$header" in
            */*)
                room=${header%%/*}
                case "$allowed" in
                *" $room "*) [ -f "lib/$header" ] || echo "$file: no header lib/$header" ;;
                *) echo "$file: room $1 may not include \"$header\"" ;;
                esac
                ;;
            lanes_emulated.h) [ "$file" = lib/group/lanes.h ] || echo "$file: $header" ;; # for tests
            *) [ -f "lib/$1/$header" ] || echo "$file: no header lib/$1/$header" ;;
            esac
            ;;
        *)
            header=${hit#*<}
            header=${header%%>*}
            case "$1" in store | net | daemon | identity | token) continue ;; esac # rooms that do input and output
            case "$file:$header" in
            lib/base/pool.c:pthread.h | lib/base/mem.c:sys/mman.h) ;;
            *:inttypes.h | *:limits.h | *:stdalign.h | *:stdarg.h | *:stdatomic.h) ;;
            *:stdbool.h | *:stddef.h | *:stdint.h | *:stdlib.h | *:string.h) ;;
            *:stdio.h) ;; # for snprintf; calls_of sees to the rest
            *:sodium.h | *:sodium/*) ;;
            *:immintrin.h | *:arm_neon.h) ;;
            *) echo "$file: pure rooms do without <$header>" ;;
            esac
            ;;
        esac
    done
}

# What the object code of one room calls outside the project. Allowed are memory, strings, sorting,
# formatting into memory, helpers of the compiler (wide division, atomics, which processor), and
# libsodium by family: hashing, signatures, their group and field, AEAD, wiping and comparing.
calls_of() {
    archive=$build/lib/$1/lib$1.a
    [ -f "$archive" ] || echo "no $archive"
    nm -A "$archive" 2>/dev/null |
        awk '{ n = split($1, at, ":"); kind = $(NF - 1) }
             kind == "U" { used[at[n == 1 ? 1 : n - 1] " " $NF] = $NF }
             kind ~ /^[A-TV-Z]$/ { own[$NF] }
             END { for (use in used) if (!(used[use] in own)) print use }' |
        grep -vE ' (pse_|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__(mem|str)[a-z]*_chk)' |
        grep -vE ' (mem(cpy|move|set|cmp|chr)|str(len|cmp|ncmp|chr|rchr|nlen|spn|cspn|str))$' |
        grep -vE ' (v?snprintf|__v?snprintf_chk|__u?(div|mod|divmod)ti[34]|__popcountdi2|__aarch64_.*)$' |
        grep -vE ' __cpu_(model|features2|indicator_init)$' |
        grep -vE ' (malloc|calloc|realloc|free|aligned_alloc|abort|qsort|bsearch)$' |
        grep -vE ' crypto_(hash|sign|auth|core|scalarmult|stream|aead|generichash|verify)_?' |
        grep -vE ' sodium_(memzero|memcmp|is_zero|add|sub|increment|compare)$' |
        if [ "$1" = base ]; then
            grep -vE '/mem\.c\.o (stderr|fprintf|__fprintf_chk|madvise)$' |
                grep -vE '/pool\.c\.o (pthread_[a-z_]*|__tls_get_addr)$'
        else
            cat
        fi
}

# Mutable objects of static storage. A thread's own marker in the pool is the one exception;
# .data.rel.ro is constant after the program has been loaded, and the table in choose.c is const
# but volatile, which compilers keep with the variables.
globals_of() {
    objdump -t "$build/lib/$1/lib$1.a" 2>/dev/null |
        awk '/file format/ { file = $1 } / O \.(data|bss)[^ \t]*[ \t]/ && !/\.data\.rel\.ro/ {
                 print file $NF " is a mutable global" }
             / O \.(tdata|tbss)/ && file !~ /pool/ { print file $NF " is a thread-local" }' |
        grep -v '/choose\.c\.o:truth'
}

for room in store net daemon identity token; do
    [ -d "lib/$room" ] || continue
    check "room $room includes only rooms below it" "$(includes_of "$room")"
done

# A library that serves one room is one that can be replaced there.
serves() { # serves PATTERN ROOM
    check "only room $2 includes $1" "$(
        grep -rnE "^[[:space:]]*#[[:space:]]*include <$1" lib programs fuzz |
            grep -vE "^(lib/$2/|programs/psephos/bench_peer)" # bench measures libraries as peers
    )"
}
serves 'microhttpd\.h' net
serves 'curl/' net
serves 'seccomp\.h' daemon
serves 'sqlite3\.h' store
serves 'libpq-fe\.h' store
serves 'openssl/' identity
serves 'fido\.h|fido/' identity
serves 'p11-kit/' token

for room in base codec count group crypto merkle election; do
    check "room $room includes only rooms below it, and pure headers" "$(includes_of "$room")"
    check "room $room calls nothing impure" "$(calls_of "$room")"
    check "room $room has no mutable globals" "$(globals_of "$room")"
done

check 'every room stands in the include rule' "$(
    for dir in lib/*/; do
        [ -n "$(below "$(basename "$dir")")" ] || echo "$dir"
    done
)"

verify=$build/programs/psephos-verify/psephos-verify
check 'psephos-verify needs libsodium and the C library only' "$(
    readelf -d "$verify" 2>&1 | awk '/NEEDED/ { gsub(/[][]/, "", $NF); print $NF } /rror/' |
        grep -vE '^(libsodium|libc|libm|libpthread|ld-linux[a-z0-9-]*)\.so'
)"
check 'psephos-verify neither writes files, maps them, talks, nor starts programs' "$(
    nm -D --undefined-only "$verify" 2>&1 | awk '{ sub(/@.*/, "", $NF); print $NF }' |
        grep -E '^(socket|connect|bind|listen|accept|send|recv|exec|v?fork|posix_spawn|system|popen|dl(open|sym)|unlink|rename|link|symlink|mkdir|rmdir|creat|f?truncate|mmap|chmod|chown|p?write|file$)'
)"
finish
