/* Algorithms as the Web eID library in the browser writes them. */
#include "member.h"
#include "room.h"
#include "webeid.h"

struct named {
    const char *crypto, *hash, *padding;
    enum pse_jwa jwa;
};

/* In the order of preference. */
static const struct named algorithms[] = {
    {"ECC", "SHA-512", "NONE", PSE_JWA_ES512},    {"ECC", "SHA-384", "NONE", PSE_JWA_ES384},
    {"ECC", "SHA-256", "NONE", PSE_JWA_ES256},    {"RSA", "SHA-512", "PSS", PSE_JWA_PS512},
    {"RSA", "SHA-384", "PSS", PSE_JWA_PS384},     {"RSA", "SHA-256", "PSS", PSE_JWA_PS256},
    {"RSA", "SHA-512", "PKCS1.5", PSE_JWA_RS512}, {"RSA", "SHA-384", "PKCS1.5", PSE_JWA_RS384},
    {"RSA", "SHA-256", "PKCS1.5", PSE_JWA_RS256},
};
enum { ALGORITHMS = sizeof algorithms / sizeof *algorithms, TEXT_MAX = 10000 };

const char *pse_webeid_hash_name(enum pse_jwa jwa)
{
    switch (pse_jwa_digest_length(jwa)) {
    case 32: return "SHA-256";
    case 48: return "SHA-384";
    case 64: return "SHA-512";
    default: return "none";
    }
}

static bool is_algorithm(const json_t *v)
{
    return json_is_string(json_object_get(v, "cryptoAlgorithm")) &&
           json_is_string(json_object_get(v, "hashFunction")) &&
           json_is_string(json_object_get(v, "paddingScheme"));
}

/* How far down the list of preferences; ALGORITHMS when it is not in it or does not fit. */
static size_t rank_of(const json_t *v, const struct pse_certificate *signer)
{
    for (size_t i = 0; i < ALGORITHMS; i++) {
        if (pse_member_is(v, "cryptoAlgorithm", algorithms[i].crypto) &&
            pse_member_is(v, "hashFunction", algorithms[i].hash) &&
            pse_member_is(v, "paddingScheme", algorithms[i].padding) &&
            pse_jwa_fits(algorithms[i].jwa, signer))
            return i;
    }
    return ALGORITHMS;
}

static json_t *load(struct pse_span text)
{
    if (text.n == 0 || text.n > TEXT_MAX)
        return NULL;
    return json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
}

static pse_rc give(enum pse_jwa *out, size_t rank)
{
    if (rank == ALGORITHMS)
        return PSE_E_UNSUPPORTED;
    *out = algorithms[rank].jwa;
    return PSE_OK;
}

pse_rc pse_webeid_choose(enum pse_jwa *out, struct pse_span text,
                         const struct pse_certificate *signer)
{
    json_t *root = load(text);
    size_t best = ALGORITHMS;
    pse_rc rc = json_is_array(root) ? PSE_OK : PSE_E_SYNTAX;

    *out = PSE_JWA_NONE;
    for (size_t i = 0; i < json_array_size(root) && rc == PSE_OK; i++) {
        const json_t *v = json_array_get(root, i);
        size_t rank = rank_of(v, signer);

        if (!is_algorithm(v))
            rc = PSE_E_SYNTAX;
        if (rank < best)
            best = rank;
    }
    json_decref(root);
    return rc == PSE_OK ? give(out, best) : rc;
}

pse_rc pse_webeid_algorithm(enum pse_jwa *out, struct pse_span text,
                            const struct pse_certificate *signer)
{
    json_t *root = load(text);
    bool is_one = is_algorithm(root);
    size_t rank = is_one ? rank_of(root, signer) : ALGORITHMS;

    *out = PSE_JWA_NONE;
    json_decref(root);
    return is_one ? give(out, rank) : PSE_E_SYNTAX;
}
