/* Acts that officers propose and sign, one file each below STATE/acts. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "common/files.h"
#include "psephos/office.h"

enum { ACT_FILE_MAX = 128 * 1024, ACT_ARENA = 1 << 20 };

const char *const office_state_words[] = {"proposed", "agreed",  "begun", "done",
                                          "refused",  "expired", NULL};

pse_rc office_act_path(char out[FILE_PATH_MAX], const struct office *o, const struct office_act *a,
                       const char *ending)
{
    char leaf[64 + 16];

    pse_hex_encode(leaf, a->hash.b, 32);
    (void)snprintf(leaf + 64, sizeof leaf - 64, ".%s", ending);
    return file_join(out, o->d->name, o->acts_dir, leaf);
}

struct office_act *office_act_find(struct office *o, const pse_hash *hash)
{
    for (size_t i = 0; i < o->acts; i++) {
        if (pse_hash_is_equal(&o->act[i]->hash, hash))
            return o->act[i];
    }
    return NULL;
}

void office_act_free(struct office_act *a)
{
    if (a != NULL)
        pse_arena_free(&a->arena);
    free(a);
}

void office_acts_free(struct office *o)
{
    for (size_t i = 0; i < o->acts; i++)
        office_act_free(o->act[i]);
    o->acts = 0;
}

/* --- on disk -----------------------------------------------------------------------------------
 */

pse_rc office_act_store(struct office *o, const struct office_act *a)
{
    struct pse_buf text = PSE_BUF(ACT_FILE_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 1);
    char path[FILE_PATH_MAX];
    pse_rc rc;

    pse_json_wr_object(&w, NULL);
    pse_json_wr_string(&w, "order", a->order_bytes);
    pse_json_wr_str(&w, "state", office_state_words[a->state]);
    pse_json_wr_str(&w, "why", a->why);
    pse_json_wr_u64(&w, "entries", a->entries);
    pse_json_wr_u64(&w, "index", a->index);
    pse_json_wr_hex(&w, "leaf", a->leaf.b, 32);
    pse_json_wr_object(&w, "act");
    consent_put(&w, &a->consent);
    pse_json_wr_end(&w);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK)
        rc = office_act_path(path, o, a, "act");
    if (rc == PSE_OK)
        rc = file_write(o->d->name, path, pse_buf_span(&text), FILE_REPLACE | FILE_SECRET);
    pse_buf_free(&text);
    return rc;
}

/* Order and consent out of an object; they must belong together. */
static pse_rc take_both(struct office_act *a, struct pse_json_rd *r)
{
    const struct pse_json *object;
    pse_hash subject;

    PSE_TRY(pse_json_take_string(&a->order_bytes, r, "order"));
    PSE_TRY(pse_json_take_object(&object, r, "act"));
    PSE_TRY(consent_take(&a->consent, &a->arena, object));
    PSE_TRY(order_parse(&a->order, a->order_bytes));
    pse_sha256(&subject, a->order_bytes);
    if (!pse_hash_is_equal(&subject, &a->consent.subject) ||
        !pse_span_is_str(a->consent.what, a->order.what))
        return PSE_E_MISMATCH;
    consent_hash(&a->hash, &a->consent);
    return PSE_OK;
}

static pse_rc parse_body(struct office_act *a, struct pse_json_rd *r, struct pse_span body)
{
    const struct pse_json *root;
    uint8_t *copy = PSE_NEW(&a->arena, uint8_t, body.n + 1);

    if (copy == NULL)
        return PSE_E_MEMORY;
    memcpy(copy, body.p, body.n);
    PSE_TRY(pse_json_parse(&root, NULL, &a->arena, pse_span(copy, body.n)));
    PSE_TRY(pse_json_open(r, root, NULL));
    return take_both(a, r);
}

static struct office_act *act_make(void)
{
    struct office_act *a = calloc(1, sizeof *a);

    if (a != NULL)
        pse_arena_init(&a->arena, ACT_ARENA);
    return a;
}

static pse_rc parse_stored(struct office_act *a, struct pse_span text)
{
    struct pse_json_rd r;
    struct pse_span word;
    struct pse_span why;

    PSE_TRY(parse_body(a, &r, text));
    PSE_TRY(pse_json_take_string(&word, &r, "state"));
    PSE_TRY(pse_json_take_string(&why, &r, "why"));
    PSE_TRY(pse_json_take_u64(&a->entries, &r, "entries"));
    PSE_TRY(pse_json_take_u64(&a->index, &r, "index"));
    PSE_TRY(pse_json_take_hex(a->leaf.b, 32, &r, "leaf"));
    PSE_TRY(pse_json_close(&r));
    (void)snprintf(a->why, sizeof a->why, "%.*s", (int)why.n, (const char *)why.p);
    for (size_t i = 0; office_state_words[i] != NULL; i++) {
        if (pse_span_is_str(word, office_state_words[i])) {
            a->state = (enum office_state)i;
            return PSE_OK;
        }
    }
    return PSE_E_SYNTAX;
}

static pse_rc load_one(struct office *o, const char *leaf)
{
    struct office_act *a = act_make();
    struct pse_buf text = PSE_BUF(0);
    char path[FILE_PATH_MAX];
    pse_rc rc = a == NULL ? PSE_E_MEMORY : file_join(path, o->d->name, o->acts_dir, leaf);

    if (rc == PSE_OK)
        rc = file_read(&text, o->d->name, path, ACT_FILE_MAX);
    if (rc == PSE_OK)
        rc = parse_stored(a, pse_buf_span(&text));
    pse_buf_free(&text);
    if (rc == PSE_OK && o->acts < OFFICE_ACTS_MAX) {
        o->act[o->acts++] = a;
        return PSE_OK;
    }
    cli_error(o->d->name, "%s/%s cannot be read as an act (%s); restore it from a backup",
              o->acts_dir, leaf, pse_rc_name(rc == PSE_OK ? PSE_E_LIMIT : rc));
    office_act_free(a);
    return rc == PSE_OK ? PSE_E_LIMIT : rc;
}

static int by_time(const void *x, const void *y)
{
    const struct office_act *a = *(struct office_act *const *)x;
    const struct office_act *b = *(struct office_act *const *)y;

    if (a->consent.made != b->consent.made)
        return a->consent.made < b->consent.made ? -1 : 1;
    return memcmp(a->hash.b, b->hash.b, 32);
}

pse_rc office_acts_load(struct office *o)
{
    DIR *dir = opendir(o->acts_dir);
    struct dirent *e;
    pse_rc rc = PSE_OK;

    if (dir == NULL)
        return PSE_E_IO;
    while (rc == PSE_OK && (e = readdir(dir)) != NULL) {
        if (strlen(e->d_name) == 64 + 4 && strcmp(e->d_name + 64, ".act") == 0)
            rc = load_one(o, e->d_name);
    }
    (void)closedir(dir);
    qsort(o->act, o->acts, sizeof o->act[0], by_time);
    return rc;
}

/* --- new acts and signatures -------------------------------------------------------------------
 */

static bool is_officer(const struct office *o, const pse_edkey *key)
{
    for (size_t i = 0; i < o->officers; i++) {
        if (pse_edkey_is_equal(&o->officer[i].key, key))
            return true;
    }
    return false;
}

static bool takes_keys(const struct office *o)
{
    return o->set->accounts.require == OFFICE_REQUIRE_KEY;
}

static const char *fault_of(struct office *o, const struct office_act *a)
{
    uint64_t now = office_now();

    /* Assertions are answers to challenges of this office, never brought along. */
    if (a->consent.assertions > 0)
        return "malformed";
    if (!takes_keys(o))
        return "authenticator-needed";
    if (!pse_hash_is_equal(&a->consent.eid, pse_engine_eid(o->record.e)))
        return "other-election";
    if (a->consent.signers == 0)
        return "unsigned";
    for (size_t i = 0; i < a->consent.signers; i++) {
        if (!is_officer(o, &a->consent.by[i].key))
            return "not-an-officer";
    }
    if (a->consent.made > now + CONSENT_CLOCKS_DIFFER || now > a->consent.made + CONSENT_SECONDS)
        return "expired";
    return office_order_fault(o, &a->order);
}

struct consent_need office_need(const struct office *o, const struct office_act *a,
                                pse_edkey key[CONSENT_OFFICERS_MAX],
                                const char *name[CONSENT_OFFICERS_MAX])
{
    struct consent_need need = {.what = a->order.what,
                                .eid = pse_engine_eid(o->record.e),
                                .subject = &a->consent.subject,
                                .officer = key,
                                .name = name,
                                .accounts =
                                    o->desk.set->origin[0] == '\0' ? NULL : &o->desk.accounts,
                                .site = &o->desk.site,
                                .now = office_now()};

    for (size_t i = 0; takes_keys(o) && i < o->officers; i++) {
        key[i] = o->officer[i].key;
        name[i] = o->officer[i].name[0] == '\0' ? NULL : o->officer[i].name;
        need.officers++;
    }
    return need;
}

static void settle(const struct office *o, struct office_act *a)
{
    pse_edkey key[CONSENT_OFFICERS_MAX];
    const char *name[CONSENT_OFFICERS_MAX];
    struct consent_need need = office_need(o, a, key, name);

    if (a->state == OFFICE_PROPOSED && consent_officers(&a->consent, &need) >= CONSENT_NEEDED)
        a->state = OFFICE_AGREED;
}

static const char *parse_fault(pse_rc rc)
{
    switch (rc) {
    case PSE_E_SIGNATURE: return "signature";
    case PSE_E_MISMATCH: return "order-mismatch";
    case PSE_E_UNSUPPORTED: return "unknown-act";
    default: return "malformed";
    }
}

struct office_act *office_act_new(struct office *o, unsigned *status, const char **slug,
                                  struct pse_span body)
{
    struct office_act *a = act_make();
    struct office_act *old;
    struct pse_json_rd r;
    pse_rc rc = a == NULL ? PSE_E_MEMORY : parse_body(a, &r, body);

    if (rc == PSE_OK)
        rc = pse_json_close(&r);
    *slug = rc == PSE_OK ? fault_of(o, a) : parse_fault(rc);
    *status = rc == PSE_OK || rc == PSE_E_SIGNATURE || rc == PSE_E_MISMATCH ? 422 : 400;
    old = *slug == NULL ? office_act_find(o, &a->hash) : NULL;
    if (old == NULL && *slug == NULL && o->acts == OFFICE_ACTS_MAX) {
        *status = 503;
        *slug = "full";
    }
    if (*slug == NULL && old == NULL) {
        settle(o, a);
        o->act[o->acts] = a;
        rc = office_act_store(o, a);
        if (rc == PSE_OK) {
            o->acts++;
            *status = 201;
            return a;
        }
        *status = 503;
        *slug = "storage";
    }
    office_act_free(a);
    if (old != NULL)
        *status = 200;
    return old;
}

/* --- assertions --------------------------------------------------------------------------------
 */

struct office_act *office_act_draft(struct office *o, unsigned *status, const char **slug,
                                    struct pse_span order, struct pse_span about)
{
    struct office_act *a = act_make();
    uint8_t *copy = a == NULL ? NULL : PSE_NEW(&a->arena, uint8_t, order.n + about.n + 1);
    pse_rc rc = copy == NULL ? PSE_E_MEMORY : PSE_OK;

    *status = 503;
    *slug = "storage";
    if (rc == PSE_OK) {
        memcpy(copy, order.p, order.n);
        memcpy(copy + order.n, about.p, about.n);
        a->order_bytes = pse_span(copy, order.n);
        *status = 400;
        rc = about.n > CONSENT_ABOUT_MAX ? PSE_E_LIMIT : order_parse(&a->order, a->order_bytes);
        *slug = parse_fault(rc);
    }
    if (rc == PSE_OK) {
        a->consent = (struct consent){.what = pse_span_str(a->order.what),
                                      .eid = *pse_engine_eid(o->record.e),
                                      .about = pse_span(copy + order.n, about.n),
                                      .made = office_now()};
        pse_sha256(&a->consent.subject, a->order_bytes);
        pse_rng_fill(&o->rng, a->consent.nonce.b, sizeof a->consent.nonce.b);
        consent_hash(&a->hash, &a->consent);
        *status = 422;
        *slug = office_order_fault(o, &a->order);
        if (*slug == NULL)
            return a;
    }
    office_act_free(a);
    return NULL;
}

/* The account's assertion on the act, while it is fresh. */
static bool is_asserted(const struct office_act *a, const char *account)
{
    for (size_t i = 0; i < a->consent.assertions; i++) {
        struct pse_webauthn_evidence e;

        if (strcmp(a->consent.asserted[i].account, account) == 0 &&
            pse_webauthn_evidence_parse(&e, a->consent.asserted[i].evidence) == PSE_OK)
            return pse_webauthn_is_fresh(&e.challenge, (int64_t)office_now()) == PSE_WEBAUTHN_GOOD;
    }
    return false;
}

unsigned office_act_may_assert(const struct office *o, const char **slug,
                               const struct office_act *a, const char *account)
{
    const struct consent_account *who = consent_account(&o->desk.accounts, account);

    *slug = "second-authenticator-needed";
    if (who == NULL || who->keys < CONSENT_AUTHENTICATORS)
        return 403;
    *slug = "not-open";
    if (a->state != OFFICE_PROPOSED)
        return 409;
    *slug = "expired";
    if (office_now() > a->consent.made + CONSENT_SECONDS)
        return 409;
    *slug = "signed-before";
    return is_asserted(a, account) ? 409 : 0;
}

unsigned office_act_assert(struct office *o, const char **slug, struct office_act *a,
                           const char *account, struct pse_span evidence)
{
    const struct consent before = a->consent;
    bool is_draft = office_act_find(o, &a->hash) == NULL;
    uint8_t *copy = PSE_NEW(&a->arena, uint8_t, evidence.n);

    *slug = "full";
    if (copy == NULL || (is_draft && o->acts == OFFICE_ACTS_MAX))
        return 503;
    memcpy(copy, evidence.p, evidence.n);
    if (consent_assert(&a->consent, account, pse_span(copy, evidence.n)) != PSE_OK)
        return 503;
    settle(o, a);
    if (office_act_store(o, a) == PSE_OK) {
        if (is_draft)
            o->act[o->acts++] = a;
        return 0;
    }
    a->consent = before;
    a->state = OFFICE_PROPOSED;
    *slug = "storage";
    return 503;
}

unsigned office_act_sign(struct office *o, const char **slug, struct office_act *a,
                         const pse_edkey *officer, const uint8_t sig[64])
{
    enum office_state before = a->state;
    pse_rc rc;

    *slug = "not-open";
    if (a->state != OFFICE_PROPOSED)
        return 409;
    *slug = "expired";
    if (office_now() > a->consent.made + CONSENT_SECONDS)
        return 409;
    *slug = takes_keys(o) ? "not-an-officer" : "authenticator-needed";
    if (!takes_keys(o) || !is_officer(o, officer))
        return 403;
    rc = consent_add(&a->consent, officer, sig);
    *slug = rc == PSE_E_DUPLICATE ? "signed-before" : "signature";
    if (rc != PSE_OK)
        return rc == PSE_E_DUPLICATE ? 409 : 422;
    settle(o, a);
    if (office_act_store(o, a) == PSE_OK)
        return 0;
    a->consent.signers--;
    a->state = before;
    *slug = "storage";
    return 503;
}

/* --- what officers see -------------------------------------------------------------------------
 */

static const char *label_of(const struct office *o, const pse_edkey *key)
{
    for (size_t i = 0; i < o->officers; i++) {
        if (pse_edkey_is_equal(&o->officer[i].key, key))
            return o->officer[i].label;
    }
    return "";
}

static void put_assertions(struct pse_json_wr *w, const struct office_act *a)
{
    pse_json_wr_array(w, "asserted");
    for (size_t i = 0; i < a->consent.assertions; i++) {
        struct pse_webauthn_evidence e;

        if (pse_webauthn_evidence_parse(&e, a->consent.asserted[i].evidence) != PSE_OK)
            continue;
        pse_json_wr_object(w, NULL);
        pse_json_wr_str(w, "account", a->consent.asserted[i].account);
        pse_json_wr_u64(w, "until", (uint64_t)e.challenge.issued + PSE_WEBAUTHN_SECONDS);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

void office_act_put(struct pse_json_wr *w, const char *name, const struct office *o,
                    const struct office_act *a, bool whole)
{
    pse_json_wr_object(w, name);
    pse_json_wr_hex(w, "hash", a->hash.b, 32);
    pse_json_wr_str(w, "state", office_state_words[a->state]);
    pse_json_wr_string(w, "what", a->consent.what);
    pse_json_wr_string(w, "about", a->consent.about);
    pse_json_wr_u64(w, "made", a->consent.made);
    pse_json_wr_u64(w, "until", a->consent.made + CONSENT_SECONDS);
    pse_json_wr_array(w, "signed");
    for (size_t i = 0; i < a->consent.signers; i++)
        pse_json_wr_str(w, NULL, label_of(o, &a->consent.by[i].key));
    pse_json_wr_end(w);
    put_assertions(w, a);
    if (a->why[0] != '\0')
        pse_json_wr_str(w, "why", a->why);
    if (a->state == OFFICE_DONE && a->entries > 0) {
        pse_json_wr_u64(w, "entries", a->entries);
        pse_json_wr_u64(w, "index", a->index);
        pse_json_wr_hex(w, "leaf", a->leaf.b, 32);
    }
    if (whole) {
        pse_json_wr_string(w, "order", a->order_bytes);
        pse_json_wr_object(w, "act");
        consent_put(w, &a->consent);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}
