/* Measurements of reading a record: hashing, JSON, signatures, and the audit of a whole one. */
#include "bench.h"

#include <sodium.h>

#include "codec/hash_many.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "common/options.h"
#include "common/record_read.h"
#include "merkle/merkle.h"

enum {
    TILE_BYTES = 256 * 32,
    TILES = 64,
    SIGNATURES = 64,
    JSON_MEMBERS = 2000,
    MESSAGES = 256,         /* an entry bundle's */
    LEAF_BYTES = 294,       /* a ballot with one choice to be mixed */
    TRANSCRIPT_BYTES = 370, /* of its signature */
};

/* --- tiles ---------------------------------------------------------------------------------- */

struct tiles {
    uint8_t *bytes;
    pse_hash digest;
};

static void *tiles_prepare(const struct bench *b, size_t size, size_t *things)
{
    struct tiles *s = PSE_NEW(b->arena, struct tiles, 1);

    if (s == NULL)
        return NULL;
    s->bytes = PSE_NEW(b->arena, uint8_t, size * TILE_BYTES);
    if (s->bytes == NULL)
        return NULL;
    pse_rng_fill(b->rng, s->bytes, size * TILE_BYTES);
    *things = size * TILE_BYTES;
    return s;
}

static bool tiles_run(const struct bench *b, void *state)
{
    struct tiles *s = state;

    (void)b;
    for (size_t i = 0; i < TILES; i++)
        pse_sha256(&s->digest, pse_span(s->bytes + i * TILE_BYTES, TILE_BYTES));
    return true;
}

static bool tiles_peer(const struct bench *b, void *state)
{
    struct tiles *s = state;

    (void)b;
    for (size_t i = 0; i < TILES; i++)
        crypto_hash_sha256(s->digest.b, s->bytes + i * TILE_BYTES, TILE_BYTES);
    return true;
}

static bool roots_run(const struct bench *b, void *state)
{
    struct tiles *s = state;

    (void)b;
    for (size_t i = 0; i < TILES; i++)
        pse_tree_root(&s->digest, (const pse_hash *)(s->bytes + i * TILE_BYTES), 256);
    return true;
}

/* --- many messages --------------------------------------------------------------------------- */

struct messages {
    struct pse_span in[MESSAGES];
    pse_hash leaf[MESSAGES];
    uint8_t digest[MESSAGES][64];
};

static void *messages_prepare(const struct bench *b, size_t size, size_t *things)
{
    struct messages *s = PSE_NEW(b->arena, struct messages, 1);
    uint8_t *bytes = PSE_NEW(b->arena, uint8_t, MESSAGES * size);

    if (s == NULL || bytes == NULL)
        return NULL;
    pse_rng_fill(b->rng, bytes, MESSAGES * size);
    for (size_t i = 0; i < MESSAGES; i++)
        s->in[i] = pse_span(bytes + i * size, size);
    *things = MESSAGES;
    return s;
}

static bool leaves_run(const struct bench *b, void *state)
{
    struct messages *s = state;

    pse_tree_leaves(s->leaf, s->in, MESSAGES, b->pool);
    return true;
}

static bool leaves_peer(const struct bench *b, void *state)
{
    static const uint8_t zero;
    struct messages *s = state;
    crypto_hash_sha256_state h;
    pse_hash leaf;
    bool good = true;

    (void)b;
    for (size_t i = 0; i < MESSAGES; i++) {
        crypto_hash_sha256_init(&h);
        crypto_hash_sha256_update(&h, &zero, 1);
        crypto_hash_sha256_update(&h, s->in[i].p, s->in[i].n);
        crypto_hash_sha256_final(&h, leaf.b);
        good = good && pse_hash_is_equal(&leaf, &s->leaf[i]);
    }
    return good;
}

static bool transcripts_run(const struct bench *b, void *state)
{
    struct messages *s = state;

    (void)b;
    pse_sha512_many(s->digest, pse_span(NULL, 0), s->in, MESSAGES);
    return true;
}

static bool transcripts_peer(const struct bench *b, void *state)
{
    struct messages *s = state;
    uint8_t digest[64];
    bool good = true;

    (void)b;
    for (size_t i = 0; i < MESSAGES; i++) {
        crypto_hash_sha512(digest, s->in[i].p, s->in[i].n);
        good = good && memcmp(digest, s->digest[i], sizeof digest) == 0;
    }
    return good;
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void *json_prepare(const struct bench *b, size_t size, size_t *things)
{
    struct pse_span *s = PSE_NEW(b->arena, struct pse_span, 1);
    struct pse_buf text = PSE_BUF(1 << 20);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    uint8_t *copy = NULL;

    pse_json_wr_array(&w, NULL);
    for (size_t i = 0; i < size; i++) {
        pse_json_wr_object(&w, NULL);
        pse_json_wr_u64(&w, "id", i);
        pse_json_wr_str(&w, "title", "Ψῆφος \"pebble\"\n");
        pse_json_wr_hex(&w, "key", &i, sizeof i);
        pse_json_wr_end(&w);
    }
    pse_json_wr_end(&w);
    if (s != NULL && pse_json_wr_finish(&w) == PSE_OK)
        copy = PSE_NEW(b->arena, uint8_t, text.n);
    if (copy != NULL) {
        memcpy(copy, text.p, text.n);
        *s = pse_span(copy, text.n);
        *things = text.n;
    }
    pse_buf_free(&text);
    return copy == NULL ? NULL : s;
}

static bool json_run(const struct bench *b, void *state)
{
    PSE_ARENA(arena, 16 << 20);
    const struct pse_json *root;

    (void)b;
    return pse_json_parse(&root, NULL, &arena, *(const struct pse_span *)state) == PSE_OK;
}

/* --- signatures ------------------------------------------------------------------------------ */

struct signatures {
    pse_edkey key;
    uint8_t message[SIGNATURES][32];
    uint8_t sig[SIGNATURES][64];
};

static void *sign_prepare(const struct bench *b, size_t size, size_t *things)
{
    struct signatures *s = PSE_NEW(b->arena, struct signatures, 1);
    pse_seed seed = {.away = NULL};

    if (s == NULL)
        return NULL;
    pse_rng_fill(b->rng, seed.b, sizeof seed.b);
    pse_ed25519_public(&s->key, &seed);
    pse_rng_fill(b->rng, s->message, sizeof s->message);
    for (size_t i = 0; i < size; i++)
        PSE_REQUIRE(pse_ed25519_sign(s->sig[i], &seed, pse_span(s->message[i], 32)) == PSE_OK);
    *things = size;
    return s;
}

static bool sign_run(const struct bench *b, void *state)
{
    const struct signatures *s = state;
    bool good = true;

    (void)b;
    for (size_t i = 0; i < SIGNATURES; i++)
        good &= pse_ed25519_verify(&s->key, pse_span(s->message[i], 32), s->sig[i]) == PSE_OK;
    return good;
}

static bool sign_peer(const struct bench *b, void *state)
{
    const struct signatures *s = state;
    int bad = 0;

    (void)b;
    for (size_t i = 0; i < SIGNATURES; i++)
        bad |= crypto_sign_verify_detached(s->sig[i], s->message[i], 32, s->key.b);
    return bad == 0;
}

/* --- a whole record ----------------------------------------------------------------------------
 */

/* Entries a second over everything: files, tree, signatures, proofs, mixes, result. */
static bool audit_run(const struct bench *b, void *state)
{
    struct record_reader *files = state;
    const struct pse_reader reader = record_reader_callbacks(files);
    const struct pse_audit_options options = {.group = b->group, .rng = b->rng};
    struct pse_audit *a;
    bool good;

    if (pse_audit_run(&a, &options, &reader) != PSE_OK)
        return false;
    good = pse_audit_is_passed(a, false);
    pse_audit_free(a);
    return good;
}

static void *audit_prepare(const struct bench *b, size_t size, size_t *things)
{
    struct record_reader *files = PSE_NEW(b->arena, struct record_reader, 1);
    const struct pse_audit_options options = {.group = b->group, .rng = b->rng};
    struct pse_reader reader;
    struct pse_audit *a;

    (void)size;
    if (files == NULL || record_reader_open(files, b->record) != PSE_OK)
        return NULL;
    reader = record_reader_callbacks(files);
    if (pse_audit_run(&a, &options, &reader) != PSE_OK) {
        record_reader_close(files);
        return NULL;
    }
    *things = pse_audit_size(a) > 0 ? (size_t)pse_audit_size(a) : 1;
    pse_audit_free(a);
    return files;
}

static void audit_finish(const struct bench *b, void *state)
{
    (void)b;
    record_reader_close(state);
}

static const struct bench_peer sodium_tiles =
    BENCH_SODIUM(tiles_peer, TILES *TILE_BYTES, "SHA-256");
static const struct bench_peer sodium_leaves =
    BENCH_SODIUM(leaves_peer, MESSAGES, "SHA-256 one by one");
static const struct bench_peer sodium_transcripts =
    BENCH_SODIUM(transcripts_peer, MESSAGES, "SHA-512 one by one");
static const struct bench_peer sodium_signature =
    BENCH_SODIUM(sign_peer, SIGNATURES, "Ed25519 one by one");

static const struct bench_item items[] = {
    BENCH_ITEM("sha256-tile", BENCH_MIB_PER_SECOND, TILES, tiles_prepare, tiles_run,
               .peer = {&sodium_tiles}),
    BENCH_ITEM("tile-root", BENCH_MIB_PER_SECOND, TILES, tiles_prepare, roots_run),
    BENCH_ITEM("leaf-hashed", BENCH_NS, LEAF_BYTES, messages_prepare, leaves_run,
               .peer = {&sodium_leaves}),
    BENCH_ITEM("transcript-hashed", BENCH_NS, TRANSCRIPT_BYTES, messages_prepare, transcripts_run,
               .peer = {&sodium_transcripts}),
    BENCH_ITEM("json-parse", BENCH_MIB_PER_SECOND, JSON_MEMBERS, json_prepare, json_run),
    BENCH_ITEM("ed25519-verified", BENCH_PER_SECOND, SIGNATURES, sign_prepare, sign_run,
               .peer = {&sodium_signature, &bench_p256_verify, &bench_p384_verify}),
};

const struct bench_table bench_record = {items, CLI_COUNT(items)};

const struct bench_item bench_audit = BENCH_ITEM("record-entries-verified", BENCH_PER_SECOND, 0,
                                                 audit_prepare, audit_run, .finish = audit_finish);
