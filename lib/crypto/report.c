#include "crypto/report.h"

static const char label[] = "psephos/1/report"; /* its final zero is part of the format */

void pse_evidence_commit_parts(pse_hash *commitment, const pse_hash *eid, const uint8_t salt[32],
                               const struct pse_span *parts, size_t n)
{
    PSE_SECRET(pse_transcript, t);
    uint64_t size = 0;
    uint8_t h[64];

    for (size_t i = 0; i < n; i++)
        size += parts[i].n;
    pse_transcript_init(&t, "evidence", eid);
    pse_transcript_absorb(&t, salt, 32);
    pse_transcript_absorb_begin(&t, size);
    for (size_t i = 0; i < n; i++)
        pse_transcript_absorb_part(&t, parts[i].p, parts[i].n);
    pse_transcript_squeeze(&t, h);
    memcpy(commitment->b, h, 32);
}

void pse_evidence_commit(pse_hash *commitment, const pse_hash *eid, const uint8_t salt[32],
                         struct pse_span evidence)
{
    pse_evidence_commit_parts(commitment, eid, salt, &evidence, 1);
}

static pse_rc fields_check(const struct pse_report *r)
{
    if ((r->class < 1 || r->class > 4) && r->class != 255)
        return PSE_E_RANGE;
    if ((r->code < 1 || r->code > 8) && r->code != 255)
        return PSE_E_RANGE;
    if (r->contact.n > PSE_REPORT_CONTACT_MAX || !pse_utf8_is_valid(r->contact))
        return PSE_E_RANGE;
    return PSE_OK;
}

/* PoK("report-sign"; D; all report bytes before R). */
struct sign {
    struct pse_span x[2];
    struct pse_statement s;
};

static void sign_set(struct sign *sign, const pse_hash *eid, const uint8_t *credential,
                     struct pse_span before)
{
    sign->x[0] = pse_span(credential, 32);
    sign->x[1] = before;
    sign->s = (struct pse_statement){"report-sign", eid, sign->x, 2};
}

static void report_sign(const struct pse_group *g, struct pse_buf *b, const pse_hash *eid,
                        const pse_secret *d, const pse_secret *nonce)
{
    uint8_t proof[PSE_POK_SIZE];
    struct sign sign;
    pse_point p;
    pse_enc enc;

    pse_point_mul_base(g, &p, d, 1);
    pse_point_encode(g, &enc, &p, 1);
    pse_wr_span(b, pse_span(enc.b, sizeof enc.b));
    if (b->rc != PSE_OK)
        return;
    sign_set(&sign, eid, enc.b, pse_buf_span(b));
    pse_pok_prove_with(g, proof, &sign.s, d, nonce);
    pse_wr_span(b, pse_span(proof, sizeof proof));
}

pse_rc pse_report_build(const struct pse_group *g, struct pse_buf *out,
                        const struct pse_report *report, const pse_secret *d,
                        const pse_secret *nonce)
{
    struct pse_buf b = PSE_BUF(PSE_REPORT_MAX);

    PSE_TRY(fields_check(report));
    pse_wr_span(&b, pse_span(label, sizeof label));
    pse_wr_hash(&b, &report->eid);
    pse_wr_u8(&b, report->class);
    pse_wr_u16(&b, report->code);
    pse_wr_hash(&b, &report->leaf_hash);
    pse_wr_hash(&b, &report->checkpoint_hash);
    pse_wr_u64(&b, report->time);
    pse_wr_v16(&b, report->contact);
    pse_wr_u8(&b, d != NULL);
    if (d != NULL)
        report_sign(g, &b, &report->eid, d, nonce);
    if (b.rc == PSE_OK) {
        pse_wr_span(out, pse_buf_span(&b));
        b.rc = out->rc;
    }
    pse_buf_free(&b);
    return b.rc;
}

static pse_rc signature_check(const struct pse_group *g, struct pse_report *report,
                              struct pse_span bytes, size_t before, struct pse_rd *r)
{
    struct pse_span proof;
    struct sign sign;
    pse_point p;

    PSE_TRY(pse_rd_copy(report->credential.b, r, sizeof report->credential.b));
    PSE_TRY(pse_rd_bytes(&proof, r, PSE_POK_SIZE));
    PSE_TRY(pse_rd_end(r));
    PSE_TRY(pse_point_decode(g, &p, NULL, &report->credential, 1, PSE_IDENTITY_FORBIDDEN));
    sign_set(&sign, &report->eid, report->credential.b, pse_span(bytes.p, before + 32));
    return pse_pok_verify(g, &sign.s, &p, proof.p);
}

static pse_rc report_read(const struct pse_group *g, struct pse_report *report, const pse_hash *eid,
                          struct pse_span bytes)
{
    struct pse_rd r = pse_rd(bytes);
    struct pse_span name;
    uint8_t is_signed;

    PSE_TRY(pse_rd_bytes(&name, &r, sizeof label));
    if (memcmp(name.p, label, sizeof label) != 0)
        return PSE_E_SYNTAX;
    PSE_TRY(pse_rd_hash(&report->eid, &r));
    PSE_TRY(pse_rd_u8(&report->class, &r));
    PSE_TRY(pse_rd_u16(&report->code, &r));
    PSE_TRY(pse_rd_hash(&report->leaf_hash, &r));
    PSE_TRY(pse_rd_hash(&report->checkpoint_hash, &r));
    PSE_TRY(pse_rd_u64(&report->time, &r));
    PSE_TRY(pse_rd_v16(&report->contact, &r));
    PSE_TRY(pse_rd_u8(&is_signed, &r));
    if (!pse_hash_is_equal(&report->eid, eid))
        return PSE_E_MISMATCH;
    PSE_TRY(fields_check(report));
    if (is_signed > 1)
        return PSE_E_RANGE;
    report->is_signed = is_signed == 1;
    if (!report->is_signed)
        return pse_rd_end(&r);
    return signature_check(g, report, bytes, (size_t)(r.p - bytes.p), &r);
}

pse_rc pse_report_parse(const struct pse_group *g, struct pse_report *report, const pse_hash *eid,
                        struct pse_span bytes)
{
    pse_rc rc;

    memset(report, 0, sizeof *report);
    rc = report_read(g, report, eid, bytes);
    if (rc != PSE_OK)
        memset(report, 0, sizeof *report);
    return rc;
}
