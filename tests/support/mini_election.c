#include "mini_election.h"

#include <stdio.h>
#include <stdlib.h>

#include "backend.h"
#include "codec/codec.h"
#include "mini_roles.h"

#define MUST(call) PSE_REQUIRE((call) == PSE_OK)

/* --- texts ------------------------------------------------------------------------------------ */

static const char manifest_head[] =
    "{\"protocol\":\"psephos/1\","
    "\"nonce\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\","
    "\"test\":false,\"title\":{\"en\":\"Council\"},";

static const char manifest_tail[] = "\"threshold\":2,\"mixers\":[";

static const char manifest_rules[] =
    "\"mix_min\":2,\"min_list\":2,\"late_roster\":true,\"ballots_max\":3,"
    "\"groups\":[{\"id\":1,\"fallback\":3},{\"id\":2,\"fallback\":3},{\"id\":3,\"fallback\":0}],"
    "\"contests\":["
    "{\"id\":1,\"kind\":\"homomorphic\",\"title\":{\"en\":\"Measures\"},"
    "\"options\":[{\"en\":\"A\"},{\"en\":\"B\"},{\"en\":\"C\"}],"
    "\"option_max\":1,\"min\":1,\"max\":2,\"blank\":true},"
    "{\"id\":2,\"kind\":\"mix\",\"title\":{\"en\":\"Council\"},"
    "\"options\":[{\"en\":\"P\"},{\"en\":\"Q\"},{\"en\":\"R\"}],"
    "\"format\":\"ranking\",\"width\":1,\"min\":0,\"max\":3},"
    "{\"id\":3,\"kind\":\"mix\",\"title\":{\"en\":\"Mayor\"},"
    "\"options\":[{\"en\":\"X\"},{\"en\":\"Y\"}],"
    "\"format\":\"choice-text\",\"width\":2,\"min\":0,\"max\":1}],"
    "\"styles\":[{\"id\":10,\"group\":1,\"contests\":[1,2]},"
    "{\"id\":20,\"group\":2,\"contests\":[3,1]},{\"id\":30,\"group\":2,\"contests\":[1]}],"
    "\"documents\":[]}";

static const char origin[] = "log.example/council";

static void put_key(struct pse_buf *b, const char *member, const pse_seed *seed)
{
    pse_edkey key;

    pse_ed25519_public(&key, seed);
    pse_wr_str(b, "\"");
    pse_wr_str(b, member);
    pse_wr_str(b, "\":\"");
    pse_hex_put(b, key.b, 32);
    pse_wr_str(b, "\"");
}

static struct pse_vkey vkey_of(const char *name, uint8_t type, const pse_seed *seed)
{
    struct pse_vkey v;
    pse_edkey key;

    pse_ed25519_public(&key, seed);
    MUST(pse_vkey_make(&v, pse_span_str(name), type, &key));
    return v;
}

static const char *const witness_name[MINI_WITNESSES] = {"north", "east", "south", "west"};

static void write_policy(struct mini *m)
{
    struct pse_vkey log = vkey_of(origin, PSE_SIG_ED25519, &m->log);

    m->policy = PSE_BUF(1 << 20);
    pse_wr_str(&m->policy, "# who watches\nlog ");
    pse_vkey_put(&m->policy, &log);
    for (size_t i = 0; i < MINI_WITNESSES; i++) {
        struct pse_vkey v = vkey_of(witness_name[i], PSE_SIG_COSIGN, &m->witness[i]);

        pse_wr_str(&m->policy, "\nwitness ");
        pse_wr_str(&m->policy, witness_name[i]);
        pse_wr_str(&m->policy, " ");
        pse_vkey_put(&m->policy, &v);
    }
    pse_wr_str(&m->policy, "\ngroup all-of-them 3 north east south west\nquorum all-of-them\n");
}

static void put_policy_hash(struct mini *m)
{
    pse_hash hash;

    pse_sha256(&hash, pse_buf_span(&m->policy));
    pse_hex_put(&m->manifest, hash.b, 32);
}

static void write_trustees(struct mini *m)
{
    for (size_t i = 0; i < MINI_TRUSTEES; i++) {
        pse_point e;
        pse_enc enc;

        pse_point_mul_base(m->g, &e, &m->share[i], 1);
        pse_point_encode(m->g, &enc, &e, 1);
        pse_wr_str(&m->manifest, i == 0 ? "{\"name\":\"T\"," : ",{\"name\":\"T\",");
        put_key(&m->manifest, "sign", &m->trustee[i]);
        pse_wr_str(&m->manifest, ",\"share\":\"");
        pse_hex_put(&m->manifest, enc.b, 32);
        pse_wr_str(&m->manifest, "\"}");
    }
}

static void write_manifest(struct mini *m)
{
    struct pse_vkey log = vkey_of(origin, PSE_SIG_ED25519, &m->log);
    struct pse_buf *b = &m->manifest;

    *b = PSE_BUF(4 << 20);
    pse_wr_str(b, manifest_head);
    pse_wr_str(b, "\"log\":{\"origin\":\"");
    pse_wr_str(b, origin);
    pse_wr_str(b, "\",\"key\":\"");
    pse_vkey_put(b, &log);
    pse_wr_str(b, "\"},\"policy\":\"");
    put_policy_hash(m);
    pse_wr_str(b, "\",\"schedule\":{\"opens\":1000,\"closes\":2000,\"retain_until\":3000},");
    put_key(b, "authority", &m->authority);
    pse_wr_str(b, ",");
    put_key(b, "registrar", &m->registrar);
    pse_wr_str(b, ",");
    put_key(b, "board", &m->board);
    pse_wr_str(b, ",\"trustees\":[");
    write_trustees(m);
    pse_wr_str(b, "],");
    pse_wr_str(b, manifest_tail);
    for (size_t i = 0; i < MINI_MIXERS; i++) {
        pse_wr_str(b, i == 0 ? "{\"name\":\"M\"," : ",{\"name\":\"M\",");
        put_key(b, "sign", &m->mixer[i]);
        pse_wr_str(b, "}");
    }
    pse_wr_str(b, "],");
    pse_wr_str(b, manifest_rules);
}

static size_t find(const struct pse_buf *text, const char *what)
{
    size_t n = strlen(what);

    for (size_t at = 0; at + n <= text->n; at++)
        if (memcmp(text->p + at, what, n) == 0)
            return at;
    pse_require_failed("the text to be edited is there", __FILE__, __LINE__);
}

void mini_edit(struct pse_buf *text, const char *from, const char *to)
{
    size_t at = find(text, from);
    struct pse_buf edited = PSE_BUF(text->max);

    pse_buf_put(&edited, text->p, at);
    pse_wr_str(&edited, to);
    pse_buf_put(&edited, text->p + at + strlen(from), text->n - at - strlen(from));
    MUST(edited.rc);
    pse_buf_free(text);
    *text = edited;
}

void mini_policy_changed(struct mini *m)
{
    static const char member[] = "\"policy\":\"";
    size_t at = find(&m->manifest, member) + sizeof member - 1;
    pse_hash hash;
    char hex[65];

    pse_sha256(&hash, pse_buf_span(&m->policy));
    pse_hex_encode(hex, hash.b, 32);
    memcpy(m->manifest.p + at, hex, 64);
}

/* --- life ------------------------------------------------------------------------------------- */

static pse_rc blob_size(void *ctx, uint64_t *size, const pse_hash *hash)
{
    const struct mini_blob *b = mini_blob_find((struct mini *)ctx, hash);

    if (b == NULL || b->is_absent)
        return PSE_E_MISSING;
    *size = b->bytes.n;
    return PSE_OK;
}

static pse_rc blob_read(void *ctx, uint8_t *out, uint64_t at, size_t n, const pse_hash *hash)
{
    const struct mini_blob *b = mini_blob_find((struct mini *)ctx, hash);

    if (b == NULL || b->is_absent || at + n > b->bytes.n)
        return PSE_E_IO;
    memcpy(out, b->bytes.p + at, n);
    return PSE_OK;
}

static pse_rc entry_read(void *ctx, uint8_t *out, size_t *n, uint64_t index)
{
    const struct mini *m = (const struct mini *)ctx;

    PSE_REQUIRE(index < m->entries);
    *n = m->entry[index].n;
    memcpy(out, m->entry[index].p, *n);
    return PSE_OK;
}

static void draw_seed(struct mini *m, pse_seed *seed)
{
    pse_rng_fill(&m->rng, seed->b, 32);
}

static void open_with(struct mini *m, bool trust_proofs)
{
    uint8_t seed[32] = "mini election";
    struct pse_engine_options o = {.source = {m, blob_size, blob_read, entry_read},
                                   .trust_proofs = trust_proofs};

    memset(m, 0, sizeof *m);
    pse_rng_init(&m->rng, seed);
    m->g = test_group_new(NULL);
    draw_seed(m, &m->log);
    draw_seed(m, &m->authority);
    draw_seed(m, &m->registrar);
    draw_seed(m, &m->board);
    for (size_t i = 0; i < MINI_WITNESSES; i++)
        draw_seed(m, &m->witness[i]);
    for (size_t i = 0; i < MINI_TRUSTEES; i++)
        draw_seed(m, &m->trustee[i]);
    for (size_t i = 0; i < MINI_MIXERS; i++)
        draw_seed(m, &m->mixer[i]);
    pse_secret_random_n(m->share, MINI_TRUSTEES, &m->rng);
    pse_secret_random_n(m->voter, MINI_VOTERS, &m->rng);
    for (size_t i = 0; i < MINI_VOTERS; i++)
        pse_credential_public(&m->credential[i], m->g, &m->voter[i]);
    write_policy(m);
    write_manifest(m);
    o.group = m->g;
    o.rng = &m->rng;
    MUST(pse_engine_new(&m->engine, &o));
}

void mini_open(struct mini *m)
{
    open_with(m, false);
}

void mini_open_cheating(struct mini *m)
{
    open_with(m, true);
}

static void files_free(struct mini *m)
{
    for (size_t i = 0; i < m->files; i++)
        pse_buf_free(&m->file[i].bytes);
    m->files = 0;
}

void mini_close(struct mini *m)
{
    pse_engine_free(m->engine);
    for (size_t i = 0; i < m->entries; i++)
        pse_buf_free(&m->entry[i]);
    for (size_t i = 0; i < m->blobs; i++)
        pse_buf_free(&m->blob[i].bytes);
    files_free(m);
    pse_buf_free(&m->manifest);
    pse_buf_free(&m->policy);
    pse_group_free(m->g);
}

/* --- stages ----------------------------------------------------------------------------------- */

void mini_until(struct mini *m, enum mini_stage stage)
{
    while (m->stage < stage)
        mini_stages[m->stage++](m);
}

void mini_skip(struct mini *m)
{
    m->stage++;
}

/* --- entries and blobs ------------------------------------------------------------------------ */

uint64_t mini_append(struct mini *m, struct pse_span entry)
{
    struct pse_buf *kept = &m->entry[m->entries];
    struct pse_span span;

    PSE_REQUIRE(m->entries < MINI_ENTRIES_MAX);
    *kept = PSE_BUF(entry.n + 1);
    pse_buf_put(kept, entry.p, entry.n);
    MUST(kept->rc);
    span = pse_buf_span(kept);
    m->entries++;
    MUST(pse_engine_feed(m->engine, &span, NULL, 1));
    return m->entries - 1;
}

pse_hash mini_blob(struct mini *m, struct pse_span bytes)
{
    struct mini_blob *b = &m->blob[m->blobs];

    PSE_REQUIRE(m->blobs < MINI_BLOBS_MAX);
    pse_sha256(&b->hash, bytes);
    if (mini_blob_find(m, &b->hash) != NULL)
        return b->hash;
    b->bytes = PSE_BUF(bytes.n + (32 << 20));
    pse_buf_put(&b->bytes, bytes.p, bytes.n);
    MUST(b->bytes.rc);
    m->blobs++;
    return b->hash;
}

struct mini_blob *mini_blob_find(struct mini *m, const pse_hash *hash)
{
    for (size_t i = 0; i < m->blobs; i++)
        if (pse_hash_is_equal(&m->blob[i].hash, hash))
            return &m->blob[i];
    return NULL;
}

/* --- sealing ---------------------------------------------------------------------------------- */

static struct pse_buf *new_file(struct mini *m, const char *path)
{
    struct mini_file *f = &m->file[m->files++];

    PSE_REQUIRE(m->files <= MINI_FILES_MAX && strlen(path) < sizeof f->path);
    snprintf(f->path, sizeof f->path, "%s", path);
    f->bytes = PSE_BUF(64 << 20);
    f->is_absent = false;
    return &f->bytes;
}

static pse_rc keep_file(void *ctx, const char *path, struct pse_span bytes)
{
    struct pse_buf *b = new_file((struct mini *)ctx, path);

    pse_buf_put(b, bytes.p, bytes.n);
    return b->rc;
}

struct mini_file *mini_file(struct mini *m, const char *path)
{
    for (size_t i = 0; i < m->files; i++)
        if (strcmp(m->file[i].path, path) == 0)
            return &m->file[i];
    return NULL;
}

void mini_checkpoint(struct mini *m, uint64_t size, const pse_hash *root, unsigned witnesses)
{
    struct pse_vkey log = vkey_of(origin, PSE_SIG_ED25519, &m->log);
    struct mini_file *f = mini_file(m, "checkpoint");
    struct pse_buf *b = f == NULL ? new_file(m, "checkpoint") : &f->bytes;
    struct pse_buf text = PSE_BUF(4096);

    b->n = 0;
    pse_checkpoint_text_put(&text, pse_span_str(origin), size, root);
    pse_checkpoint_put(b, size, root, &log, &m->log);
    for (size_t i = 0; i < MINI_WITNESSES; i++) {
        struct pse_vkey v = vkey_of(witness_name[i], PSE_SIG_COSIGN, &m->witness[i]);

        if ((witnesses & 1u << i) != 0)
            pse_note_cosign(b, pse_buf_span(&text), &v, &m->witness[i], 1500);
    }
    MUST(b->rc);
    pse_buf_free(&text);
}

void mini_seal(struct mini *m)
{
    struct pse_tile_writer *w;
    pse_hash root;

    files_free(m);
    MUST(pse_tile_writer_new(&w, keep_file, m));
    for (size_t i = 0; i < m->entries; i++)
        MUST(pse_tile_writer_append(w, NULL, pse_buf_span(&m->entry[i])));
    MUST(pse_tile_writer_flush(w));
    pse_tile_writer_head(&root, w);
    mini_checkpoint(m, m->entries, &root, 7);
    pse_tile_writer_free(w);
}

/* --- auditing --------------------------------------------------------------------------------- */

static pse_rc read_file(void *ctx, uint8_t *out, size_t *n, size_t cap, const char *path)
{
    const struct mini_file *f = mini_file((struct mini *)ctx, path);

    if (f == NULL || f->is_absent)
        return PSE_E_MISSING;
    if (f->bytes.n > cap)
        return PSE_E_LIMIT;
    *n = f->bytes.n;
    if (*n > 0)
        memcpy(out, f->bytes.p, *n);
    return PSE_OK;
}

struct pse_reader mini_reader(struct mini *m)
{
    return (struct pse_reader){m, read_file, blob_size, blob_read};
}

struct pse_audit *mini_audit(struct mini *m)
{
    struct pse_audit_options o = {.group = m->g, .rng = &m->rng};
    struct pse_reader reader = mini_reader(m);
    struct pse_audit *a;

    MUST(pse_audit_run(&a, &o, &reader));
    return a;
}

static void print_findings(const struct pse_audit *a)
{
    fprintf(stderr, "verdict: %s, state %s\n", pse_verdict_name(pse_audit_verdict(a)),
            pse_audit_engine(a) == NULL ? "-"
                                        : pse_state_name(pse_engine_state(pse_audit_engine(a))));
    for (size_t i = 0; i < pse_audit_findings(a); i++) {
        const struct pse_finding *f = pse_audit_finding(a, i);

        fprintf(stderr, "  %s entry %lld type %02x\n", pse_rule_name((enum pse_rule)f->rule),
                (long long)f->entry, f->type);
    }
}

bool mini_is_sealed(struct mini *m, enum pse_verdict verdict, unsigned rule, uint64_t entry)
{
    struct pse_audit *a = mini_audit(m);
    const struct pse_finding *first = pse_audit_first(a);
    bool holds = pse_audit_verdict(a) == verdict;

    if (rule == 0)
        holds = holds && first == NULL;
    else
        holds = holds && first != NULL && first->rule == rule && first->entry == entry;
    if (!holds) {
        fprintf(stderr, "expected: %s, first finding %u at %lld\n", pse_verdict_name(verdict), rule,
                (long long)entry);
        print_findings(a);
    }
    pse_audit_free(a);
    return holds;
}

bool mini_is(struct mini *m, enum pse_verdict verdict, unsigned rule, uint64_t entry)
{
    mini_seal(m);
    return mini_is_sealed(m, verdict, rule, entry);
}

bool mini_has(struct mini *m, unsigned rule, uint64_t entry)
{
    struct pse_audit *a = mini_audit(m);
    bool has = false;

    for (size_t i = 0; i < pse_audit_findings(a); i++)
        has = has ||
              (pse_audit_finding(a, i)->rule == rule && pse_audit_finding(a, i)->entry == entry);
    if (!has)
        print_findings(a);
    pse_audit_free(a);
    return has;
}
