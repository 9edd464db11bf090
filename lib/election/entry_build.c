/* Entries: bodies from structs, signatures (V907), rosters. */
#include <stdlib.h>

#include "codec/cursor.h"
#include "election/entry.h"
#include "election/entry_frame.h"

/* What is signed: a label and the entry up to its signature (protocol 2.1). */
static void signed_message(struct pse_buf *out, struct pse_span head)
{
    static const char label[] = "psephos/1/entry"; /* its final zero is part of the label */

    pse_buf_put(out, label, sizeof label);
    pse_buf_put(out, head.p, head.n);
}

enum { MESSAGE_MAX = PSE_ENTRY_MAX + 16 };

pse_rc pse_entry_verify(const struct pse_manifest *m, const struct pse_entry *e)
{
    const pse_edkey *key = pse_manifest_role_key(m, e->role, e->index);
    struct pse_buf message = PSE_BUF(MESSAGE_MAX);
    size_t n;
    pse_rc rc;

    PSE_REQUIRE(key != NULL && e->raw.n >= PSE_ENTRY_HEAD + PSE_ENTRY_SIG);
    n = e->raw.n - PSE_ENTRY_SIG;
    signed_message(&message, pse_span(e->raw.p, n));
    rc = message.rc;
    if (rc == PSE_OK)
        rc = pse_ed25519_verify(key, pse_buf_span(&message), e->raw.p + n);
    pse_buf_free(&message);
    return rc;
}

static void put_point(struct pse_buf *b, const pse_enc *p)
{
    pse_buf_put(b, p->b, 32);
}

static void put_scalar(struct pse_buf *b, const pse_scalar *s)
{
    uint8_t bytes[32];

    pse_scalar_encode(bytes, s);
    pse_buf_put(b, bytes, 32);
}

static pse_rc put_statement(struct pse_buf *b, const struct pse_entry *e)
{
    if (e->u.statement.language.n > UINT8_MAX || e->u.statement.media_type.n > UINT8_MAX ||
        e->u.statement.title.n > UINT16_MAX)
        return PSE_E_RANGE;
    pse_wr_u8(b, e->u.statement.kind);
    pse_wr_hash(b, &e->u.statement.blob);
    pse_wr_v8(b, e->u.statement.language);
    pse_wr_v8(b, e->u.statement.media_type);
    pse_wr_v16(b, e->u.statement.title);
    return PSE_OK;
}

static void put_ceremony(struct pse_buf *b, const struct pse_entry *e)
{
    switch (e->type) {
    case PSE_ENTRY_DKG_COMMIT: pse_buf_put(b, e->u.dkg_commit.digest, 64); break;
    case PSE_ENTRY_DKG_REVEAL: pse_wr_span(b, e->u.dkg_reveal.proof); break;
    case PSE_ENTRY_DKG_SHARES: pse_wr_span(b, e->u.dkg_shares.records); break;
    case PSE_ENTRY_DKG_COMPLAINT:
        pse_wr_u8(b, e->u.dkg_complaint.dealer);
        put_point(b, &e->u.dkg_complaint.k);
        put_point(b, &e->u.dkg_complaint.t1);
        put_point(b, &e->u.dkg_complaint.t2);
        put_scalar(b, &e->u.dkg_complaint.z);
        break;
    default:
        put_point(b, &e->u.dkg_confirm.y);
        put_point(b, &e->u.dkg_confirm.v);
        put_point(b, &e->u.dkg_confirm.r);
        put_scalar(b, &e->u.dkg_confirm.z);
        break;
    }
}

static void put_voters(struct pse_buf *b, const struct pse_entry *e)
{
    switch (e->type) {
    case PSE_ENTRY_ROSTER:
        pse_wr_u16(b, e->u.roster.count);
        pse_buf_put(b, e->u.roster.records, (size_t)e->u.roster.count * PSE_ROSTER_RECORD);
        break;
    case PSE_ENTRY_CREDENTIAL_CHANGE:
        put_point(b, &e->u.credential_change.old);
        pse_wr_u8(b, e->u.credential_change.action);
        put_point(b, &e->u.credential_change.new_);
        pse_wr_u8(b, e->u.credential_change.reason);
        pse_wr_hash(b, &e->u.credential_change.commitment);
        break;
    default:
        pse_wr_u64(b, e->u.ballot_revoke.ballot);
        pse_wr_u8(b, e->u.ballot_revoke.action);
        pse_wr_u8(b, e->u.ballot_revoke.reason);
        pse_wr_hash(b, &e->u.ballot_revoke.commitment);
        break;
    }
}

static void put_phase(struct pse_buf *b, const struct pse_entry *e)
{
    switch (e->type) {
    case PSE_ENTRY_OPEN:
        put_point(b, &e->u.open.y);
        pse_wr_u32(b, e->u.open.roster_size);
        pse_wr_u64(b, e->u.open.time);
        break;
    case PSE_ENTRY_FREEZE:
        pse_wr_u32(b, e->u.freeze.count);
        pse_wr_hash(b, &e->u.freeze.digest);
        break;
    case PSE_ENTRY_ABORT:
        pse_wr_u8(b, e->u.abort.reason);
        pse_wr_hash(b, &e->u.abort.commitment);
        break;
    default: /* close and end */
        pse_wr_u64(b, e->u.close.size);
        pse_wr_hash(b, &e->u.close.root);
        if (e->type == PSE_ENTRY_CLOSE) {
            pse_wr_u8(b, e->u.close.reason);
            pse_wr_u64(b, e->u.close.time);
        }
        break;
    }
}

static void put_mix(struct pse_buf *b, const struct pse_entry *e)
{
    pse_wr_u16(b, e->u.mix.contest);
    pse_wr_u16(b, e->u.mix.pot);
    pse_wr_u8(b, e->u.mix.seq);
    pse_wr_u32(b, e->u.mix.n);
    pse_wr_u8(b, e->u.mix.w);
    pse_wr_hash(b, &e->u.mix.in);
    pse_wr_hash(b, &e->u.mix.out);
    pse_wr_hash(b, &e->u.mix.proof);
}

static void put_decrypt(struct pse_buf *b, const struct pse_entry *e)
{
    pse_wr_u16(b, e->u.decrypt.contest);
    pse_wr_u16(b, e->u.decrypt.pot);
    pse_wr_u32(b, e->u.decrypt.m);
    pse_wr_hash(b, &e->u.decrypt.in);
    pse_wr_hash(b, &e->u.decrypt.blob);
    put_point(b, &e->u.decrypt.t1);
    put_point(b, &e->u.decrypt.t2);
    put_scalar(b, &e->u.decrypt.z);
}

static pse_rc put_body(struct pse_buf *b, const struct pse_entry *e)
{
    switch ((enum pse_entry_type)e->type) {
    case PSE_ENTRY_SETUP:
        pse_wr_u32(b, e->u.setup.manifest_len);
        pse_wr_hash(b, &e->u.setup.policy);
        return PSE_OK;
    case PSE_ENTRY_STATEMENT: return put_statement(b, e);
    case PSE_ENTRY_INCIDENT:
        pse_wr_u8(b, e->u.incident.class_);
        pse_wr_u64(b, e->u.incident.time);
        pse_wr_hash(b, &e->u.incident.commitment);
        return PSE_OK;
    case PSE_ENTRY_DKG_COMMIT:
    case PSE_ENTRY_DKG_REVEAL:
    case PSE_ENTRY_DKG_SHARES:
    case PSE_ENTRY_DKG_COMPLAINT:
    case PSE_ENTRY_DKG_CONFIRM: put_ceremony(b, e); return PSE_OK;
    case PSE_ENTRY_ROSTER:
    case PSE_ENTRY_CREDENTIAL_CHANGE:
    case PSE_ENTRY_BALLOT_REVOKE: put_voters(b, e); return PSE_OK;
    case PSE_ENTRY_OPEN:
    case PSE_ENTRY_CLOSE:
    case PSE_ENTRY_FREEZE:
    case PSE_ENTRY_ABORT:
    case PSE_ENTRY_END: put_phase(b, e); return PSE_OK;
    case PSE_ENTRY_MIX_END: return PSE_OK;
    case PSE_ENTRY_MIX: put_mix(b, e); return PSE_OK;
    case PSE_ENTRY_DECRYPT: put_decrypt(b, e); return PSE_OK;
    case PSE_ENTRY_RESULT: pse_wr_hash(b, &e->u.result.blob); return PSE_OK;
    case PSE_ENTRY_BALLOT: break; /* built from choices, ballot.h */
    }
    return PSE_E_UNSUPPORTED;
}

/* Frame, body and signature into @p b, which starts empty. */
static pse_rc put_entry(struct pse_buf *b, const struct pse_manifest *m, const struct pse_entry *e,
                        const pse_seed *seed)
{
    struct pse_buf message = PSE_BUF(MESSAGE_MAX);
    uint8_t sig[PSE_ENTRY_SIG];
    pse_rc rc;

    pse_wr_u8(b, e->type);
    pse_wr_u8(b, PSE_ENTRY_VERSION);
    pse_wr_hash(b, &m->eid);
    pse_wr_u8(b, e->role);
    pse_wr_u8(b, e->index);
    PSE_TRY(put_body(b, e));
    PSE_TRY(b->rc);
    signed_message(&message, pse_buf_span(b));
    rc = message.rc;
    if (rc == PSE_OK) {
        rc = pse_ed25519_sign(sig, seed, pse_buf_span(&message));
    }
    if (rc == PSE_OK) {
        pse_buf_put(b, sig, sizeof sig);
        rc = b->rc;
    }
    pse_buf_free(&message);
    return rc;
}

pse_rc pse_entry_build(struct pse_buf *out, const struct pse_group *g, const struct pse_manifest *m,
                       const struct pse_entry *e, const pse_seed *seed)
{
    const pse_edkey *key = pse_manifest_role_key(m, e->role, e->index);
    struct pse_buf entry = PSE_BUF(PSE_ENTRY_MAX);
    struct pse_entry back;
    pse_edkey own;
    pse_rc rc;

    if (key == NULL)
        return PSE_E_RANGE;
    pse_ed25519_public(&own, seed);
    if (!pse_edkey_is_equal(&own, key))
        return PSE_E_MISMATCH;
    rc = put_entry(&entry, m, e, seed);
    if (rc == PSE_OK)
        rc = pse_entry_parse(&back, g, m, pse_buf_span(&entry));
    if (rc == PSE_OK) {
        size_t before = out->n;

        pse_buf_put(out, entry.p, entry.n);
        rc = out->rc;
        if (rc != PSE_OK)
            out->n = before;
    }
    pse_buf_free(&entry);
    return rc;
}

void pse_roster_encode(uint8_t *out, const struct pse_roster_record *record, size_t n)
{
    for (size_t i = 0; i < n; i++, out += PSE_ROSTER_RECORD) {
        memcpy(out, record[i].credential.b, 32);
        pse_store_u16(out + 32, record[i].style);
        pse_store_u32(out + 34, record[i].weight);
        memcpy(out + 38, record[i].commitment.b, 32);
    }
}

static int by_credential(const void *a, const void *b)
{
    const struct pse_roster_record *x = a, *y = b;

    return memcmp(x->credential.b, y->credential.b, 32);
}

pse_rc pse_roster_sort(struct pse_roster_record *record, size_t n)
{
    if (n > 1)
        qsort(record, n, sizeof *record, by_credential);
    for (size_t i = 1; i < n; i++)
        if (by_credential(&record[i - 1], &record[i]) == 0)
            return PSE_E_DUPLICATE;
    return PSE_OK;
}
