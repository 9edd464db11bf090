#include "common/letter.h"

#include <string.h>

#include "codec/codec.h"
#include "crypto/transcript.h"

enum {
    PACKED = 20, /* bytes of 32 characters, of which the last four are always zero */
    TYPED_MAX = 128,
};

void letter_secret_wipe(letter_secret *s)
{
    pse_wipe(s, sizeof *s);
}

/* secret || first 12 bits of SHA-256("psephos/1/letter" || secret) || zero bits. */
static void pack(uint8_t packed[PACKED], const letter_secret *secret)
{
    static const char label[] = "psephos/1/letter";
    pse_sha256_stream h;
    pse_hash sum;

    pse_sha256_init(&h);
    pse_sha256_add(&h, label, sizeof label - 1);
    pse_sha256_add(&h, secret->b, LETTER_SECRET);
    pse_sha256_final(&sum, &h);
    memset(packed, 0, PACKED);
    memcpy(packed, secret->b, LETTER_SECRET);
    packed[16] = sum.b[0];
    packed[17] = sum.b[1] & 0xF0;
    pse_sha256_stream_wipe(&h);
}

void letter_encode(char text[LETTER_TEXT], const letter_secret *secret)
{
    uint8_t packed[PACKED];
    char all[2 * PACKED];

    pack(packed, secret);
    pse_code_encode(all, packed, PACKED);
    memcpy(text, all, LETTER_TEXT - 1);
    text[LETTER_TEXT - 1] = '\0';
    pse_wipe(all, sizeof all);
    pse_wipe(packed, sizeof packed);
}

pse_rc letter_decode(letter_secret *secret, const char *typed)
{
    uint8_t packed[PACKED];
    uint8_t again[PACKED];
    char padded[TYPED_MAX + 5];
    size_t n = strlen(typed);
    pse_rc rc;

    memset(secret, 0, sizeof *secret);
    if (n > TYPED_MAX)
        return PSE_E_LENGTH;
    memcpy(padded, typed, n);
    memcpy(padded + n, "0000", 4);
    rc = pse_code_read(packed, PACKED, pse_span(padded, n + 4));
    pse_wipe(padded, sizeof padded);
    if (rc != PSE_OK)
        return rc;
    memcpy(secret->b, packed, LETTER_SECRET);
    pack(again, secret);
    rc = pse_ct_eq(packed, again, PACKED) ? PSE_OK : PSE_E_MISMATCH;
    if (rc != PSE_OK)
        letter_secret_wipe(secret);
    pse_wipe(packed, sizeof packed);
    pse_wipe(again, sizeof again);
    return rc;
}

void letter_credential(pse_secret *d, const pse_hash *eid, const letter_secret *secret)
{
    struct pse_span x = pse_span(secret->b, LETTER_SECRET);
    struct pse_statement s = {.type = "letter", .eid = eid, .x = &x, .n = 1};
    uint8_t h[64];

    pse_statement_hash(h, &s);
    pse_secret_from_wide(d, h);
    pse_wipe(h, sizeof h);
}
