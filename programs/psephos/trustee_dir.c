#include "psephos/trustee_dir.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "codec/codec.h"
#include "common/wrapkey.h"
#include "psephos/trustee_desk.h"

/* A ceremony file: label, eid, index, t, the coefficients, the reveal. Binary, secret. */
enum {
    CEREMONY_MAX = 4 + 32 + 2 + 32 * PSE_TRUSTEES_MAX + TRUSTEE_REVEAL_MAX,
    SEALED_MAX = CEREMONY_MAX + PSE_SEAL_WRAPPED + PSE_SEAL_OVERHEAD,
};
static const char sealed_kind[] = "ceremony";
static const char ceremony_label[4] = {'p', 's', 'c', '1'};

static pse_rc leaf_path(char out[FILE_PATH_MAX], const struct trustee_dir *d,
                        const struct session *s, const char *leaf)
{
    return file_join(out, s->name, d->path, leaf);
}

/* --- the ceremony -------------------------------------------------------------------------------
 */

static size_t format_ceremony(uint8_t *at, const struct trustee *t, const pse_hash *eid)
{
    uint8_t *p = at;

    memcpy(p, ceremony_label, 4);
    memcpy(p + 4, eid->b, 32);
    p[36] = t->index;
    p[37] = (uint8_t)t->polynomial.t;
    p += 38;
    for (unsigned i = 0; i < t->polynomial.t; i++, p += 32)
        pse_secret_encode(p, &t->polynomial.a[i]);
    memcpy(p, t->reveal, t->reveal_n);
    return (size_t)(p - at) + t->reveal_n;
}

static bool parse_ceremony(struct trustee *t, pse_hash *eid, struct pse_span in)
{
    struct pse_rd r = pse_rd(in);
    struct pse_span label;
    struct pse_span part;
    uint8_t threshold;

    if (pse_rd_bytes(&label, &r, 4) != PSE_OK || memcmp(label.p, ceremony_label, 4) != 0 ||
        pse_rd_hash(eid, &r) != PSE_OK || pse_rd_u8(&t->index, &r) != PSE_OK ||
        pse_rd_u8(&threshold, &r) != PSE_OK || threshold < 1 || threshold > PSE_TRUSTEES_MAX)
        return false;
    t->polynomial.t = threshold;
    for (unsigned i = 0; i < threshold; i++) {
        if (pse_rd_bytes(&part, &r, 32) != PSE_OK ||
            pse_secret_decode(&t->polynomial.a[i], part.p) != PSE_OK)
            return false;
    }
    t->reveal_n = pse_rd_left(&r);
    if (t->reveal_n != 32 * (size_t)threshold + 64)
        return false;
    memcpy(t->reveal, r.p, t->reveal_n);
    t->has_polynomial = true;
    return true;
}

static pse_rc write_sealed(struct session *s, const char *path, struct pse_span in)
{
    struct pse_buf sealed = PSE_BUF(SEALED_MAX);
    pse_rc rc = wrapkey_seal(&sealed, s->key->wrap, sealed_kind, in, &s->rng);

    if (rc == PSE_OK)
        rc = file_write(s->name, path, pse_buf_span(&sealed), FILE_NEW | FILE_SECRET);
    pse_buf_free(&sealed);
    return rc;
}

pse_rc trustee_dir_save_ceremony(const struct trustee_dir *d, struct session *s)
{
    uint8_t *bytes = sodium_malloc(CEREMONY_MAX);
    char path[FILE_PATH_MAX];
    size_t n;
    pse_rc rc;

    if (bytes == NULL)
        return PSE_E_MEMORY;
    n = format_ceremony(bytes, d->t, pse_engine_eid(s->load.e));
    rc = leaf_path(path, d, s, "ceremony");
    if (rc == PSE_OK)
        rc = s->key->wrap != NULL
                 ? write_sealed(s, path, pse_span(bytes, n))
                 : file_write(s->name, path, pse_span(bytes, n), FILE_NEW | FILE_SECRET);
    sodium_free(bytes);
    return rc;
}

static pse_rc read_exactly(uint8_t *out, size_t *n, const char *path)
{
    FILE *f = fopen(path, "rb");

    *n = 0;
    if (f == NULL)
        return PSE_E_IO;
    setvbuf(f, NULL, _IONBF, 0); /* no copy of secrets in a stream's buffer */
    *n = fread(out, 1, SEALED_MAX, f);
    (void)fclose(f);
    return PSE_OK;
}

/* PSE_E_SYNTAX: damaged. */
static pse_rc parse_bytes(struct trustee *t, pse_hash *eid, const struct session *s,
                          struct pse_span bytes)
{
    struct pse_buf plain = PSE_BUF(CEREMONY_MAX);
    pse_rc rc;

    if (s->key->wrap == NULL)
        return parse_ceremony(t, eid, bytes) ? PSE_OK : PSE_E_SYNTAX;
    rc = wrapkey_unseal(&plain, s->key->wrap, sealed_kind, bytes);
    if (rc == PSE_OK && !parse_ceremony(t, eid, pse_buf_span(&plain)))
        rc = PSE_E_SYNTAX;
    pse_buf_free(&plain); /* wipes */
    return rc == PSE_E_PROOF ? PSE_E_SYNTAX : rc;
}

static pse_rc load_ceremony(const struct trustee_dir *d, const struct session *s)
{
    uint8_t *bytes;
    char path[FILE_PATH_MAX];
    pse_hash eid;
    size_t n;
    pse_rc rc;

    PSE_TRY(leaf_path(path, d, s, "ceremony"));
    if (!file_exists(path))
        return PSE_OK;
    bytes = sodium_malloc(SEALED_MAX);
    if (bytes == NULL)
        return PSE_E_MEMORY;
    rc = read_exactly(bytes, &n, path) == PSE_OK ? parse_bytes(d->t, &eid, s, pse_span(bytes, n))
                                                 : PSE_E_SYNTAX;
    sodium_free(bytes);
    if (rc == PSE_E_SYNTAX)
        cli_error(s->name, "%s is damaged; restore it from your copy, or tell the officer", path);
    PSE_TRY(rc);
    if (!pse_hash_is_equal(&eid, pse_engine_eid(s->load.e))) {
        cli_error(s->name, "this key was used for another election and must not serve twice; make "
                           "a new one with psephos trustee keygen");
        return PSE_E_MISMATCH;
    }
    return PSE_OK;
}

pse_rc trustee_dir_open(struct trustee_dir *d, struct session *s)
{
    struct act a = session_act(s);
    int n = snprintf(d->path, sizeof d->path, "%s.state", s->options->key);
    uint8_t index;

    d->t = NULL;
    d->desk = NULL;
    if (n < 0 || (size_t)n >= sizeof d->path) {
        cli_error(s->name, "the path of --key is too long; use a shorter one");
        return PSE_E_LIMIT;
    }
    PSE_TRY(act_key_index(&index, &a, s->key));
    if (mkdir(d->path, 0700) != 0 && errno != EEXIST) {
        cli_error(s->name, "cannot make %s: %s; check who owns the folder", d->path,
                  strerror(errno));
        return PSE_E_IO;
    }
    d->t = sodium_malloc(sizeof *d->t);
    if (d->t == NULL)
        return PSE_E_MEMORY;
    memset(d->t, 0, sizeof *d->t);
    PSE_TRY(load_ceremony(d, s));
    d->t->key = s->key;
    d->t->index = index;
    return PSE_OK;
}

void trustee_dir_close(struct trustee_dir *d)
{
    trustee_desk_free(d->desk);
    d->desk = NULL;
    sodium_free(d->t);
    d->t = NULL;
}

/* --- parcels released before ---------------------------------------------------------------------
 */

static pse_rc parcel_path(char out[FILE_PATH_MAX], const struct trustee_dir *d,
                          const struct session *s, const char *step)
{
    char leaf[64];

    (void)snprintf(leaf, sizeof leaf, "%s.parcel", step);
    return leaf_path(out, d, s, leaf);
}

static pse_rc take_parcel(struct session *s, struct pse_span bytes, const char *path)
{
    PSE_ARENA(arena, (size_t)64 << 20);
    struct parcel parcel;
    pse_rc rc = parcel_parse(&parcel, &arena, bytes);

    if (rc != PSE_OK) {
        cli_error(s->name, "%s is damaged (%s); restore it from your copy", path, pse_rc_name(rc));
        return PSE_E_SYNTAX;
    }
    for (size_t i = 0; i < parcel.blobs; i++)
        PSE_TRY(s->sink.blob(s->sink.ctx, parcel.blob[i]));
    for (size_t i = 0; i < parcel.entries; i++)
        PSE_TRY(s->sink.entry(s->sink.ctx, parcel.entry[i]));
    return PSE_OK;
}

bool trustee_dir_has(const struct trustee_dir *d, const char *step)
{
    char path[FILE_PATH_MAX + 64];

    (void)snprintf(path, sizeof path, "%s/%s.parcel", d->path, step);
    return file_exists(path);
}

pse_rc trustee_dir_again(bool *found, const struct trustee_dir *d, struct session *s,
                         const char *step)
{
    char path[FILE_PATH_MAX];
    struct pse_buf bytes;
    pse_rc rc;

    *found = false;
    PSE_TRY(parcel_path(path, d, s, step));
    if (!file_exists(path))
        return PSE_OK;
    PSE_TRY(file_read(&bytes, s->name, path, PARCEL_MAX));
    rc = take_parcel(s, pse_buf_span(&bytes), path);
    pse_buf_free(&bytes);
    *found = rc == PSE_OK;
    return rc;
}

pse_rc trustee_dir_keep(const struct trustee_dir *d, const struct session *s, const char *step,
                        struct pse_span parcel)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(parcel_path(path, d, s, step));
    return file_write(s->name, path, parcel, FILE_NEW | FILE_SECRET);
}

/* --- guards --------------------------------------------------------------------------------------
 */

pse_rc trustee_dir_guard(const struct trustee_dir *d, const struct session *s, uint16_t contest,
                         uint16_t group, const pse_hash *in_hash)
{
    char leaf[64];
    char path[FILE_PATH_MAX];
    char hex[65];
    struct pse_buf old;
    bool same;

    (void)snprintf(leaf, sizeof leaf, "opened-%u-%u", contest, group);
    PSE_TRY(leaf_path(path, d, s, leaf));
    pse_hex_encode(hex, in_hash->b, 32);
    if (!file_exists(path))
        return file_write(s->name, path, pse_span(hex, 64), FILE_NEW | FILE_SECRET);
    PSE_TRY(file_read(&old, s->name, path, 64));
    same = pse_span_is_equal(pse_buf_span(&old), pse_span(hex, 64));
    pse_buf_free(&old);
    if (same)
        return PSE_OK;
    cli_error(
        s->name,
        "you have opened another list for contest %u, group %u before; a second one would "
        "break secrecy, so this is refused. Somebody shows you another record: tell the others",
        contest, group);
    return PSE_E_STATE;
}
