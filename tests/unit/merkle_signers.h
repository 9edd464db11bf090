/* Test keys with names, for notes, checkpoints and receipts. */
#ifndef PSE_TESTS_UNIT_MERKLE_SIGNERS_H
#define PSE_TESTS_UNIT_MERKLE_SIGNERS_H

#include "merkle/note.h"

#include "test.h"

struct signer {
    pse_seed seed;
    struct pse_vkey key;
};

/** A key of @p type (PSE_SIG_*), the same for the same @p number. @p name must outlive it. */
static inline struct signer signer(const char *name, uint8_t type, uint8_t number)
{
    struct signer s = {.seed = {{number}}};
    pse_edkey key;

    pse_ed25519_public(&key, &s.seed);
    assert_int_equal(pse_vkey_make(&s.key, pse_span_str(name), type, &key), PSE_OK);
    return s;
}

#endif
