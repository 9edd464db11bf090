#include "election/dialogue.h"

#include "codec/codec.h"
#include "election/entry.h"

enum { PAIR = 64, NU = 32 };

void pse_dialogue_page_wipe(pse_dialogue_page *p)
{
    pse_wipe(p, sizeof *p);
}

void pse_dialogue_device_wipe(pse_dialogue_device *d)
{
    pse_wipe(d, sizeof *d);
}

/* --- what is claimed ---------------------------------------------------------------------------
 */

/* All of a claim but x and choices, from the ballot itself. */
static pse_rc claim_begin(struct pse_check_claim *claim, const struct pse_style **style,
                          struct pse_arena *arena, const struct pse_dialogue_ballot *about)
{
    struct pse_check_part *part;
    struct pse_ballot ballot;
    uint8_t *pairs;
    size_t at = 0;

    PSE_TRY(pse_ballot_parse(&ballot, about->m, about->entry));
    *style = ballot.style;
    part = PSE_NEW(arena, struct pse_check_part, ballot.style->contests);
    pairs = PSE_NEW(arena, uint8_t, PAIR * (size_t)ballot.style->ciphertexts);
    if (part == NULL || pairs == NULL)
        return PSE_E_MEMORY;
    for (size_t k = 0; k < ballot.style->contests; k++) {
        const struct pse_contest *c = &about->m->contest[ballot.style->contest[k]];
        size_t n = PAIR * (size_t)c->ciphertexts;

        part[k] = (struct pse_check_part){c->kind == PSE_KIND_MIX, c->ciphertexts};
        memcpy(pairs + at, pse_ballot_part(&ballot, k), n);
        at += n;
    }
    *claim = (struct pse_check_claim){
        .ciphertexts = pse_span(pairs, at), .parts = part, .parts_n = ballot.style->contests};
    pse_entry_leaf(&claim->leaf_hash, about->entry);
    return PSE_OK;
}

size_t pse_dialogue_box3(const struct pse_style *style)
{
    return style->choice_len + PSE_CHECK_PROOF_SIZE + PSE_CHECK_OVERHEAD;
}

static void seal(uint8_t *box, struct pse_rng *rng, const struct pse_check_qr *qr, uint8_t step,
                 const pse_check_key *key, struct pse_span message)
{
    uint8_t nonce[PSE_CHECK_NONCE_SIZE];

    pse_rng_fill(rng, nonce, sizeof nonce);
    pse_check_seal(box, key, nonce, &qr->eid, &qr->leaf_hash, step, message);
}

static pse_rc unseal(uint8_t *out, size_t n, const struct pse_check_qr *qr, uint8_t step,
                     const pse_check_key *key, struct pse_span box)
{
    if (box.n != n + PSE_CHECK_OVERHEAD)
        return PSE_E_LENGTH;
    return pse_check_open(out, key, &qr->eid, &qr->leaf_hash, step, box);
}

/* --- the voting device -------------------------------------------------------------------------
 */

/* From here on it is over, unless the step goes well and says otherwise. */
static bool page_takes(pse_dialogue_page *p, enum pse_dialogue_turn turn)
{
    bool takes = p->turn == turn;

    p->turn = PSE_DIALOGUE_OVER;
    return takes;
}

void pse_dialogue_page_begin(pse_dialogue_page *p, struct pse_rng *rng,
                             const struct pse_joint *joint, const struct pse_dialogue_ballot *about,
                             struct pse_span record, struct pse_span relay)
{
    memset(p, 0, sizeof *p);
    p->joint = joint;
    p->qr = (struct pse_check_qr){
        .eid = joint->eid, .leaf_index = about->index, .record_url = record, .relay_url = relay};
    pse_entry_leaf(&p->qr.leaf_hash, about->entry);
    pse_rng_fill(rng, p->qr.k.b, sizeof p->qr.k.b);
    pse_rng_fill(rng, p->nu, sizeof p->nu);
    pse_secret_random(&p->w, rng);
    pse_credential_public(&p->qr.w, joint->g, &p->w);
    pse_sha256(&p->qr.nu_hash, pse_span(p->nu, sizeof p->nu));
    pse_check_mailbox(p->mailbox, &p->qr.eid, &p->qr.k);
    pse_check_keys(&p->k1, &p->k2, &p->qr.eid, &p->qr.k, &p->qr.leaf_hash);
    p->turn = PSE_DIALOGUE_HELLO;
}

pse_rc pse_dialogue_page_answer(pse_dialogue_page *p, uint8_t box[PSE_DIALOGUE_BOX2],
                                struct pse_rng *rng, struct pse_span message)
{
    uint8_t hello[PSE_CHECK_MESSAGE1_SIZE];

    memset(box, 0, PSE_DIALOGUE_BOX2);
    if (!page_takes(p, PSE_DIALOGUE_HELLO))
        return PSE_E_STATE;
    PSE_TRY(unseal(hello, sizeof hello, &p->qr, 1, &p->k1, message));
    PSE_TRY(pse_check_message1_verify(p->joint->g, &p->x, &p->qr.eid, &p->qr.leaf_hash,
                                      pse_span(hello, sizeof hello)));
    seal(box, rng, &p->qr, 2, &p->k2, pse_span(p->nu, sizeof p->nu));
    p->turn = PSE_DIALOGUE_DIGITS;
    return PSE_OK;
}

pse_rc pse_dialogue_page_compare(pse_dialogue_page *p, const char *digits)
{
    char ours[7];

    if (!page_takes(p, PSE_DIALOGUE_DIGITS))
        return PSE_E_STATE;
    pse_check_code(ours, &p->qr.eid, &p->qr.leaf_hash, &p->qr.w, &p->x, p->nu);
    if (strlen(digits) != strlen(ours) || !pse_ct_eq(ours, digits, strlen(ours)))
        return PSE_E_MISMATCH;
    p->turn = PSE_DIALOGUE_CHOICES;
    return PSE_OK;
}

pse_rc pse_dialogue_page_open(pse_dialogue_page *p, uint8_t *box, struct pse_rng *rng,
                              const struct pse_dialogue_ballot *about, const uint8_t *choices,
                              const pse_secret *r)
{
    PSE_ARENA(arena, PSE_DIALOGUE_ROOM);
    const struct pse_style *style;
    struct pse_check_claim claim;
    pse_secret random[3];
    pse_check_key k3;
    uint8_t *message;
    size_t n;
    pse_rc rc;

    if (!page_takes(p, PSE_DIALOGUE_CHOICES))
        return PSE_E_STATE;
    PSE_TRY(claim_begin(&claim, &style, &arena, about));
    PSE_REQUIRE(pse_hash_is_equal(&claim.leaf_hash, &p->qr.leaf_hash));
    n = style->choice_len;
    message = PSE_NEW(&arena, uint8_t, n + PSE_CHECK_PROOF_SIZE);
    if (message == NULL)
        return PSE_E_MEMORY;
    memcpy(message, choices, n);
    claim.x = p->x;
    claim.choices = pse_span(message, n);
    pse_secret_random_n(random, 3, rng);
    rc = pse_check_prove(p->joint, message + n, &claim, r, random);
    pse_wipe(random, sizeof random);
    PSE_TRY(rc);
    PSE_TRY(pse_check_key3(p->joint->g, &k3, &p->qr.eid, &p->qr.k, &p->qr.leaf_hash, &p->qr.w,
                           &p->x, &p->w, &p->x));
    seal(box, rng, &p->qr, 3, &k3, pse_span(message, n + PSE_CHECK_PROOF_SIZE));
    pse_check_key_wipe(&k3);
    return PSE_OK;
}

/* --- the second device -------------------------------------------------------------------------
 */

static bool device_takes(pse_dialogue_device *d, enum pse_dialogue_turn turn)
{
    bool takes = d->turn == turn;

    d->turn = PSE_DIALOGUE_OVER;
    return takes;
}

void pse_dialogue_device_begin(pse_dialogue_device *d, uint8_t box[PSE_DIALOGUE_BOX1],
                               struct pse_rng *rng, const struct pse_joint *joint,
                               const struct pse_check_qr *qr)
{
    uint8_t hello[PSE_CHECK_MESSAGE1_SIZE];
    PSE_SECRET(pse_secret, nonce);

    memset(d, 0, sizeof *d);
    d->joint = joint;
    d->qr = *qr;
    pse_check_mailbox(d->mailbox, &qr->eid, &qr->k);
    pse_check_keys(&d->k1, &d->k2, &qr->eid, &qr->k, &qr->leaf_hash);
    pse_secret_random(&d->x, rng);
    pse_secret_random(&nonce, rng);
    pse_check_message1_make(joint->g, hello, &qr->eid, &qr->leaf_hash, &d->x, &nonce);
    memcpy(d->x_enc.b, hello, sizeof d->x_enc.b);
    seal(box, rng, &d->qr, 1, &d->k1, pse_span(hello, sizeof hello));
    d->turn = PSE_DIALOGUE_DIGITS;
}

pse_rc pse_dialogue_device_digits(pse_dialogue_device *d, char digits[7], struct pse_span message)
{
    uint8_t nu[NU];
    pse_hash hash;

    memset(digits, 0, 7);
    if (!device_takes(d, PSE_DIALOGUE_DIGITS))
        return PSE_E_STATE;
    PSE_TRY(unseal(nu, sizeof nu, &d->qr, 2, &d->k2, message));
    pse_sha256(&hash, pse_span(nu, sizeof nu));
    if (!pse_hash_is_equal(&hash, &d->qr.nu_hash))
        return PSE_E_MISMATCH;
    pse_check_code(digits, &d->qr.eid, &d->qr.leaf_hash, &d->qr.w, &d->x_enc, nu);
    d->turn = PSE_DIALOGUE_CHOICES;
    return PSE_OK;
}

pse_rc pse_dialogue_device_choices(pse_dialogue_device *d, const uint8_t **choices,
                                   const struct pse_style **style, struct pse_arena *arena,
                                   const struct pse_dialogue_ballot *about, struct pse_span message)
{
    struct pse_check_claim claim;
    pse_check_key k3;
    uint8_t *plain;
    pse_rc rc;
    size_t n;

    *choices = NULL;
    if (!device_takes(d, PSE_DIALOGUE_CHOICES))
        return PSE_E_STATE;
    PSE_TRY(claim_begin(&claim, style, arena, about));
    PSE_REQUIRE(pse_hash_is_equal(&claim.leaf_hash, &d->qr.leaf_hash));
    n = (*style)->choice_len;
    plain = PSE_NEW(arena, uint8_t, n + PSE_CHECK_PROOF_SIZE);
    if (plain == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(pse_check_key3(d->joint->g, &k3, &d->qr.eid, &d->qr.k, &d->qr.leaf_hash, &d->qr.w,
                           &d->x_enc, &d->x, &d->qr.w));
    rc = unseal(plain, n + PSE_CHECK_PROOF_SIZE, &d->qr, 3, &k3, message);
    pse_check_key_wipe(&k3);
    PSE_TRY(rc);
    claim.x = d->x_enc;
    claim.choices = pse_span(plain, n);
    rc = pse_check_verify(d->joint, &claim, plain + n);
    if (rc != PSE_OK)
        return rc == PSE_E_MEMORY ? rc : PSE_E_MISMATCH;
    if (pse_choices_check(about->m, *style, NULL, plain, n) != PSE_OK)
        return PSE_E_RANGE;
    *choices = plain;
    return PSE_OK;
}
