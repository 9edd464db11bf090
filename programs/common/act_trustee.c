#include <stdlib.h>

#include "codec/codec.h"
#include "common/act.h"
#include "common/options.h"

void trustee_wipe(struct trustee *t)
{
    pse_wipe(t, sizeof *t);
}

static struct pse_entry trustee_entry(const struct trustee *t, enum pse_entry_type type)
{
    return (struct pse_entry){.type = (uint8_t)type, .role = PSE_ROLE_TRUSTEE, .index = t->index};
}

static pse_rc trustee_may(const struct act *a, const struct trustee *t, enum pse_entry_type type)
{
    return act_allowed(a, (uint8_t)type, PSE_ROLE_TRUSTEE, t->index);
}

/* --- the public side of the ceremony, as the record has it --------------------------------------
 */

static pse_rc ceremony_new(struct pse_dkg **d, const struct act *a)
{
    const struct pse_manifest *m = pse_engine_manifest(a->e);
    pse_enc share[PSE_TRUSTEES_MAX];

    for (unsigned i = 0; i < m->trustees; i++)
        share[i] = m->trustee[i].share;
    return pse_dkg_new(d, a->g, pse_engine_eid(a->e), m->trustees, m->threshold, share);
}

static pse_rc accept_reveals(struct pse_dkg *d, const struct act *a)
{
    for (unsigned i = 1; i <= pse_dkg_trustees(d); i++)
        PSE_TRY(pse_dkg_reveal_accept(d, i, pse_engine_reveal_body(a->e, (uint8_t)i)));
    return PSE_OK;
}

/* With every reveal taken in; only when the record has them all. */
static pse_rc ceremony_revealed(struct pse_dkg **d, const struct act *a)
{
    pse_rc rc;

    PSE_TRY(ceremony_new(d, a));
    rc = accept_reveals(*d, a);
    if (rc != PSE_OK) {
        pse_dkg_free(*d);
        *d = NULL;
        cli_error(a->name, "the record does not hold every trustee's reveal; wait for it");
    }
    return rc;
}

/* The shares body of a dealer, put together again from the records the engine keeps. */
static size_t shares_body(uint8_t out[PSE_TRUSTEES_MAX * PSE_DKG_SHARE_SIZE], const struct act *a,
                          unsigned dealer)
{
    unsigned n = pse_engine_manifest(a->e)->trustees;
    size_t at = 0;

    for (unsigned j = 1; j <= n; j++) {
        struct pse_span record = pse_engine_share_record(a->e, (uint8_t)dealer, (uint8_t)j);

        if (record.n == 0)
            continue;
        memcpy(out + at, record.p, record.n);
        at += record.n;
    }
    return at;
}

/* --- steps ------------------------------------------------------------------------------------ */

pse_rc act_trustee_prepare(struct trustee *t, const struct act *a)
{
    const struct pse_manifest *m = pse_engine_manifest(a->e);
    PSE_SECRET(pse_secret, nonce);
    struct pse_dkg *d;

    PSE_TRY(ceremony_new(&d, a));
    pse_dkg_secret_random(&t->polynomial, m->threshold, a->rng);
    pse_secret_random(&nonce, a->rng);
    t->reveal_n = pse_dkg_reveal_size(d);
    pse_dkg_reveal_make(d, t->reveal, t->index, &t->polynomial, &nonce);
    t->has_polynomial = true;
    pse_dkg_free(d);
    return PSE_OK;
}

pse_rc act_trustee_commit(const struct act *a, const struct trustee *t)
{
    struct pse_entry entry = trustee_entry(t, PSE_ENTRY_DKG_COMMIT);
    struct pse_dkg *d;

    PSE_TRY(trustee_may(a, t, PSE_ENTRY_DKG_COMMIT));
    PSE_TRY(ceremony_new(&d, a));
    pse_dkg_commit(d, entry.u.dkg_commit.digest, t->index, pse_span(t->reveal, t->reveal_n));
    pse_dkg_free(d);
    return act_entry(a, &entry, &t->key->sign);
}

pse_rc act_trustee_reveal(const struct act *a, const struct trustee *t)
{
    struct pse_entry entry = trustee_entry(t, PSE_ENTRY_DKG_REVEAL);

    PSE_TRY(trustee_may(a, t, PSE_ENTRY_DKG_REVEAL));
    entry.u.dkg_reveal.proof = pse_span(t->reveal, t->reveal_n);
    return act_entry(a, &entry, &t->key->sign);
}

pse_rc act_trustee_share(const struct act *a, const struct trustee *t)
{
    struct pse_entry entry = trustee_entry(t, PSE_ENTRY_DKG_SHARES);
    unsigned others = pse_engine_manifest(a->e)->trustees - 1u;
    uint8_t body[PSE_TRUSTEES_MAX * PSE_DKG_SHARE_SIZE];
    PSE_ARENA(arena, (size_t)1 << 20);
    pse_secret *random = PSE_NEW(&arena, pse_secret, 2 * (size_t)others + 1);
    struct pse_dkg *d;

    if (random == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(trustee_may(a, t, PSE_ENTRY_DKG_SHARES));
    PSE_TRY(ceremony_revealed(&d, a));
    pse_secret_random_n(random, 2 * (size_t)others, a->rng);
    pse_dkg_shares_make(d, body, t->index, &t->polynomial, random, random + others);
    entry.u.dkg_shares.records = pse_span(body, pse_dkg_shares_size(d));
    pse_dkg_free(d);
    return act_entry(a, &entry, &t->key->sign);
}

/* x_j, the sum of all shares dealt to trustee j. PSE_E_MISMATCH: *dealer's does not fit. */
static pse_rc sum_shares(pse_secret *x, uint8_t *dealer, const struct pse_dkg *d,
                         const struct act *a, const struct trustee *t)
{
    PSE_SECRET(pse_secret, share);
    uint8_t body[PSE_TRUSTEES_MAX * PSE_DKG_SHARE_SIZE];

    pse_dkg_share_own(x, &t->polynomial, t->index);
    for (unsigned i = 1; i <= pse_dkg_trustees(d); i++) {
        if (i == t->index)
            continue;
        *dealer = (uint8_t)i;
        PSE_TRY(pse_dkg_share_open(d, &share, i, t->index, &t->key->secret,
                                   pse_span(body, shares_body(body, a, i))));
        pse_secret_add(x, x, &share);
    }
    *dealer = 0;
    return PSE_OK;
}

static pse_rc decryption_key(pse_secret *x, uint8_t *dealer, const struct act *a,
                             const struct trustee *t)
{
    struct pse_dkg *d;
    pse_rc rc;

    PSE_TRY(ceremony_revealed(&d, a));
    rc = sum_shares(x, dealer, d, a, t);
    pse_dkg_free(d);
    return rc;
}

static pse_rc confirm_body(uint8_t body[PSE_DKG_CONFIRM_SIZE], const struct act *a,
                           const struct trustee *t, const pse_secret *x)
{
    PSE_SECRET(pse_secret, nonce);
    struct pse_dkg *d;
    pse_rc rc;

    pse_secret_random(&nonce, a->rng);
    PSE_TRY(ceremony_revealed(&d, a));
    rc = pse_dkg_confirm_make(d, body, t->index, x, &nonce);
    pse_dkg_free(d);
    return rc;
}

pse_rc act_trustee_confirm(uint8_t *dealer, const struct act *a, const struct trustee *t)
{
    struct pse_entry entry = trustee_entry(t, PSE_ENTRY_DKG_CONFIRM);
    uint8_t body[PSE_DKG_CONFIRM_SIZE];
    PSE_SECRET(pse_secret, x);
    pse_rc rc;

    PSE_TRY(trustee_may(a, t, PSE_ENTRY_DKG_CONFIRM));
    rc = decryption_key(&x, dealer, a, t);
    if (rc == PSE_E_MISMATCH && *dealer != 0)
        cli_error(a->name,
                  "the share that trustee %u dealt to you does not fit; do not confirm: run "
                  "psephos trustee complain --dealer %u",
                  *dealer, *dealer);
    if (rc != PSE_OK)
        return rc;
    PSE_TRY(confirm_body(body, a, t, &x));
    memcpy(entry.u.dkg_confirm.y.b, body, 32);
    memcpy(entry.u.dkg_confirm.v.b, body + 32, 32);
    memcpy(entry.u.dkg_confirm.r.b, body + 64, 32);
    PSE_TRY(pse_scalar_decode(&entry.u.dkg_confirm.z, body + 96));
    return act_entry(a, &entry, &t->key->sign);
}

static pse_rc complaint_entry(struct pse_entry *entry, const uint8_t body[PSE_DKG_COMPLAINT_SIZE])
{
    entry->u.dkg_complaint.dealer = body[0];
    memcpy(entry->u.dkg_complaint.k.b, body + 1, 32);
    memcpy(entry->u.dkg_complaint.t1.b, body + 33, 32);
    memcpy(entry->u.dkg_complaint.t2.b, body + 65, 32);
    return pse_scalar_decode(&entry->u.dkg_complaint.z, body + 97);
}

pse_rc act_trustee_complain(const struct act *a, const struct trustee *t, uint8_t dealer)
{
    struct pse_entry entry = trustee_entry(t, PSE_ENTRY_DKG_COMPLAINT);
    uint8_t body[PSE_DKG_COMPLAINT_SIZE];
    uint8_t shares[PSE_TRUSTEES_MAX * PSE_DKG_SHARE_SIZE];
    struct pse_span dealt;
    PSE_SECRET(pse_secret, share);
    PSE_SECRET(pse_secret, nonce);
    struct pse_dkg *d;
    pse_rc rc;

    PSE_TRY(trustee_may(a, t, PSE_ENTRY_DKG_COMPLAINT));
    PSE_TRY(ceremony_revealed(&d, a));
    dealt = pse_span(shares, shares_body(shares, a, dealer));
    rc = pse_dkg_share_open(d, &share, dealer, t->index, &t->key->secret, dealt);
    if (rc == PSE_E_MISMATCH) {
        pse_secret_random(&nonce, a->rng);
        pse_dkg_complaint_make(d, body, dealer, t->index, &t->key->secret, dealt, &nonce);
    }
    pse_dkg_free(d);
    if (rc == PSE_OK) {
        cli_error(a->name,
                  "the share of trustee %u fits, so there is nothing to complain about; "
                  "run psephos trustee confirm",
                  dealer);
        return PSE_E_STATE;
    }
    if (rc != PSE_E_MISMATCH)
        return rc;
    PSE_TRY(complaint_entry(&entry, body));
    return act_entry(a, &entry, &t->key->sign);
}

/* --- decryption ------------------------------------------------------------------------------- */

static pse_rc decrypt_entry(struct pse_entry *entry, const struct pse_decrypt *decrypt,
                            const uint8_t proof[PSE_DECRYPT_PROOF_SIZE])
{
    entry->u.decrypt.contest = decrypt->contest;
    entry->u.decrypt.pot = decrypt->group;
    entry->u.decrypt.m = decrypt->m;
    entry->u.decrypt.in = decrypt->in_hash;
    entry->u.decrypt.blob = decrypt->d_hash;
    memcpy(entry->u.decrypt.t1.b, proof, 32);
    memcpy(entry->u.decrypt.t2.b, proof + 32, 32);
    return pse_scalar_decode(&entry->u.decrypt.z, proof + 64);
}

static pse_rc share_list(const struct act *a, const struct trustee *t, uint8_t *blob,
                         const struct pse_list_view *list)
{
    struct pse_entry entry = trustee_entry(t, PSE_ENTRY_DECRYPT);
    struct pse_decrypt decrypt = {.contest = list->contest,
                                  .group = list->pot,
                                  .trustee = t->index,
                                  .m = list->items,
                                  .in_hash = list->in_hash};
    uint8_t proof[PSE_DECRYPT_PROOF_SIZE];
    uint8_t dealer;
    PSE_SECRET(pse_secret, x);
    PSE_SECRET(pse_secret, nonce);

    PSE_TRY(pse_engine_trustee_key(a->e, &decrypt.v, t->index));
    PSE_TRY(decryption_key(&x, &dealer, a, t));
    pse_secret_random(&nonce, a->rng);
    PSE_TRY(pse_decrypt_prove(a->g, pse_engine_eid(a->e), &decrypt, blob, proof, list->rows, &x,
                              &nonce));
    PSE_TRY(decrypt_entry(&entry, &decrypt, proof));
    PSE_TRY(a->sink->blob(a->sink->ctx, pse_span(blob, 32 * (size_t)list->items)));
    return act_entry(a, &entry, &t->key->sign);
}

pse_rc act_trustee_decrypt(const struct act *a, const struct trustee *t, size_t at)
{
    struct pse_list_view list;
    uint8_t *blob;
    size_t bytes;
    pse_rc rc;

    PSE_TRY(trustee_may(a, t, PSE_ENTRY_DECRYPT));
    pse_engine_list(a->e, &list, at);
    PSE_TRY(pse_size_mul(&bytes, list.items, 32));
    blob = malloc(bytes);
    rc = blob == NULL ? PSE_E_MEMORY : share_list(a, t, blob, &list);
    free(blob);
    return rc;
}
