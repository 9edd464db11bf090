#!/bin/sh
# secrets.sh SOURCE: what holds a secret cannot be given to the log: it does not compile.
set -u
cd "$1" || exit 1
. tests/ground/tap.sh
cc=${CC:-cc}
if ! command -v "$cc" >/dev/null 2>&1; then
    skip 'secrets do not compile into logs' 'needs a C compiler'
    finish
    exit
fi

compiles() { # a declaration, a value
    printf '%s\n' '#include "crypto/crypto.h"' '#include "daemon/daemon.h"' '#include "merkle/merkle.h"' \
        '#include "common/keyfile.h"' \
        "void f(struct pse_log *log, $1); void f(struct pse_log *log, $1)" \
        "{ PSE_LOG(log, PSE_LOG_INFO, \"x\", PSE_F(\"k\", $2)); }" |
        "$cc" -std=gnu11 -Wall -Wextra -Werror -fsyntax-only -Ilib -Iprograms -x c - 2>&1
}

allowed() {
    check "may be logged: $1" "$(compiles "$1" "$2")"
}
refused() {
    check "does not compile: $1 as $2" "$(compiles "$1" "$2" >/dev/null && echo 'it compiles')"
}

allowed 'uint64_t x' x
allowed 'int x' x
allowed 'const char *x' x
allowed 'struct pse_span x' x
allowed 'const pse_hash *x' '*x'
allowed 'pse_rc x' x
refused 'const pse_seed *x' '*x'
refused 'const pse_seed *x' x
refused 'const pse_seed *x' 'x->b'
refused 'const pse_secret *x' '*x'
refused 'const pse_secret *x' x
refused 'const pse_secret *x' 'x->w'
refused 'const struct pse_hidden *x' '*x'
refused 'const struct pse_hidden *x' x
refused 'const struct pse_hidden *x' 'x->p'
refused 'const struct key *x' '*x'
refused 'const struct key *x' x
refused 'const struct pse_rng *x' 'x->key'
refused 'const pse_pseud_key *x' 'x->b'
refused 'const uint8_t *x' x
refused 'const void *x' x
refused 'const struct pse_buf *x' '*x'
refused 'double x' x
finish
