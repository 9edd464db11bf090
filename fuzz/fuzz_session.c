/* Session tokens as clients send them, and the file of their key. A token that was not made with
 * the key is never good; one that was made and altered neither. */
#include <stdlib.h>

#include "codec/codec.h"
#include "common/session_token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1800000000 };

static const session_key key = {{7}};
static const pse_hash eid = {{9}};

/* The bytes name places and values by which a good token is altered. */
static void alter(const uint8_t *data, size_t size)
{
    static const uint8_t seed[32] = {1};
    char good[SESSION_TOKEN_TEXT];
    char bent[SESSION_TOKEN_TEXT];
    struct pse_span text = pse_span(bent, SESSION_TOKEN_TEXT - 1);
    struct pse_rng rng;

    pse_rng_init(&rng, seed);
    session_token_make(good, &key, &eid, NOW + 60, &rng);
    memcpy(bent, good, sizeof bent);
    for (size_t i = 0; i + 1 < size; i += 2)
        bent[data[i] % (SESSION_TOKEN_TEXT - 1)] = (char)data[i + 1];
    PSE_REQUIRE((session_token_check(NULL, text, &key, &eid, NOW) == PSE_OK) ==
                (memcmp(bent, good, text.n) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pse_span in = pse_span(data, size);
    char file[2 * SESSION_KEY_BYTES + 2];
    struct pse_span token;
    session_key read;

    if (session_token_bearer(&token, in))
        PSE_REQUIRE(session_token_check(NULL, token, &key, &eid, NOW) != PSE_OK);
    PSE_REQUIRE(session_token_check(NULL, in, &key, &eid, NOW) != PSE_OK);
    if (session_key_parse(&read, in) == PSE_OK) {
        session_key_format(file, &read);
        PSE_REQUIRE(memcmp(file, data, 2 * SESSION_KEY_BYTES) == 0); /* one form */
    }
    alter(data, size);
    return 0;
}
