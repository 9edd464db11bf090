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

/* The ceremony with every reveal taken in. */
static pse_rc all_revealed(const struct pse_dkg **d, const struct act *a)
{
    struct pse_ceremony c;

    pse_engine_ceremony(a->e, &c);
    *d = pse_engine_dkg(a->e);
    if (__builtin_popcountll(c.revealed) == c.trustees)
        return PSE_OK;
    cli_error(a->name, "the record does not hold every trustee's reveal yet; wait for it");
    return PSE_E_STATE;
}

/* --- dealing ------------------------------------------------------------------------------------
 */

void act_trustee_prepare(struct trustee *t, const struct act *a)
{
    const struct pse_dkg *d = pse_engine_dkg(a->e);
    PSE_SECRET(pse_secret, nonce);

    pse_dkg_secret_random(&t->polynomial, pse_dkg_threshold(d), a->rng);
    pse_secret_random(&nonce, a->rng);
    t->reveal_n = pse_dkg_reveal_size(d);
    pse_dkg_reveal_make(d, t->reveal, t->index, &t->polynomial, &nonce);
    t->has_polynomial = true;
}

pse_rc act_trustee_commit(const struct act *a, const struct trustee *t)
{
    struct pse_entry entry = trustee_entry(t, PSE_ENTRY_DKG_COMMIT);

    PSE_TRY(trustee_may(a, t, PSE_ENTRY_DKG_COMMIT));
    pse_dkg_commit(pse_engine_dkg(a->e), entry.u.dkg_commit.digest, t->index,
                   pse_span(t->reveal, t->reveal_n));
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
    uint8_t body[PSE_TRUSTEES_MAX * PSE_DKG_SHARE_SIZE];
    PSE_ARENA(arena, (size_t)1 << 20);
    const struct pse_dkg *d;
    size_t others;
    pse_secret *random;

    PSE_TRY(trustee_may(a, t, PSE_ENTRY_DKG_SHARES));
    PSE_TRY(all_revealed(&d, a));
    others = pse_dkg_trustees(d) - 1;
    random = PSE_NEW(&arena, pse_secret, 2 * others);
    if (random == NULL)
        return PSE_E_MEMORY;
    pse_secret_random_n(random, 2 * others, a->rng);
    pse_dkg_shares_make(d, body, t->index, &t->polynomial, random, random + others);
    entry.u.dkg_shares.records = pse_span(body, pse_dkg_shares_size(d));
    return act_entry(a, &entry, &t->key->sign);
}

/* --- receiving ----------------------------------------------------------------------------------
 */

/* x_j, the sum of all shares dealt to trustee j. PSE_E_MISMATCH: *dealer's does not fit. */
static pse_rc decryption_key(pse_secret *x, uint8_t *dealer, const struct act *a,
                             const struct trustee *t)
{
    const struct pse_dkg *d;
    PSE_SECRET(pse_secret, share);

    PSE_TRY(all_revealed(&d, a));
    pse_dkg_share_own(x, &t->polynomial, t->index);
    for (unsigned i = 1; i <= pse_dkg_trustees(d); i++) {
        if (i == t->index)
            continue;
        *dealer = (uint8_t)i;
        PSE_TRY(pse_dkg_share_open(d, &share, i, t->index, &t->key->secret,
                                   pse_engine_shares_body(a->e, (uint8_t)i)));
        pse_secret_add(x, x, &share);
    }
    *dealer = 0;
    return PSE_OK;
}

static pse_rc confirm_entry(struct pse_entry *entry, const uint8_t body[PSE_DKG_CONFIRM_SIZE])
{
    memcpy(entry->u.dkg_confirm.y.b, body, 32);
    memcpy(entry->u.dkg_confirm.v.b, body + 32, 32);
    memcpy(entry->u.dkg_confirm.r.b, body + 64, 32);
    return pse_scalar_decode(&entry->u.dkg_confirm.z, body + 96);
}

pse_rc act_trustee_confirm(uint8_t *dealer, const struct act *a, const struct trustee *t)
{
    struct pse_entry entry = trustee_entry(t, PSE_ENTRY_DKG_CONFIRM);
    uint8_t body[PSE_DKG_CONFIRM_SIZE];
    PSE_SECRET(pse_secret, x);
    PSE_SECRET(pse_secret, nonce);
    pse_rc rc;

    *dealer = 0;
    PSE_TRY(trustee_may(a, t, PSE_ENTRY_DKG_CONFIRM));
    rc = decryption_key(&x, dealer, a, t);
    if (rc == PSE_E_MISMATCH && *dealer != 0)
        cli_error(a->name,
                  "the share that trustee %u dealt to you does not fit; do not confirm: run "
                  "psephos trustee complain --dealer %u",
                  *dealer, *dealer);
    if (rc != PSE_OK)
        return rc;
    pse_secret_random(&nonce, a->rng);
    PSE_TRY(pse_dkg_confirm_make(pse_engine_dkg(a->e), body, t->index, &x, &nonce));
    PSE_TRY(confirm_entry(&entry, body));
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

/* PSE_OK when there is reason to complain: the dealer's share does not open. */
static pse_rc is_misfit(const struct act *a, const struct trustee *t, const struct pse_dkg *d,
                        uint8_t dealer)
{
    PSE_SECRET(pse_secret, share);
    pse_rc rc;

    if (dealer == 0 || dealer > pse_dkg_trustees(d) || dealer == t->index) {
        cli_error(a->name, "trustee %u dealt you no share; --dealer wants another trustee's number",
                  dealer);
        return PSE_E_RANGE;
    }
    rc = pse_dkg_share_open(d, &share, dealer, t->index, &t->key->secret,
                            pse_engine_shares_body(a->e, dealer));
    if (rc == PSE_E_MISMATCH)
        return PSE_OK;
    if (rc != PSE_OK)
        return rc;
    cli_error(a->name,
              "the share of trustee %u fits, so there is nothing to complain about; run psephos "
              "trustee confirm",
              dealer);
    return PSE_E_STATE;
}

pse_rc act_trustee_complain(const struct act *a, const struct trustee *t, uint8_t dealer)
{
    struct pse_entry entry = trustee_entry(t, PSE_ENTRY_DKG_COMPLAINT);
    uint8_t body[PSE_DKG_COMPLAINT_SIZE];
    const struct pse_dkg *d;
    PSE_SECRET(pse_secret, nonce);

    PSE_TRY(trustee_may(a, t, PSE_ENTRY_DKG_COMPLAINT));
    PSE_TRY(all_revealed(&d, a));
    PSE_TRY(is_misfit(a, t, d, dealer));
    pse_secret_random(&nonce, a->rng);
    pse_dkg_complaint_make(d, body, dealer, t->index, &t->key->secret,
                           pse_engine_shares_body(a->e, dealer), &nonce);
    PSE_TRY(complaint_entry(&entry, body));
    return act_entry(a, &entry, &t->key->sign);
}

/* --- decryption ---------------------------------------------------------------------------------
 */

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
