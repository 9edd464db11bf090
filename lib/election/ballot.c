/* Ballot entries: layout, trackers. */
#include "election/ballot.h"

#include "codec/cursor.h"
#include "election/ballot_layout.h"

struct pse_statement pse_tracker_statement(struct pse_span x[2], const pse_hash *eid,
                                           const pse_enc *credential, const pse_hash *leaf)
{
    x[0] = pse_span(credential->b, 32);
    x[1] = pse_span(leaf->b, 32);
    return (struct pse_statement){"tracker", eid, x, 2};
}

void pse_tracker(uint8_t tracker[PSE_TRACKER_BYTES], const pse_hash *eid, const pse_enc *credential,
                 const pse_hash *leaf)
{
    struct pse_span x[2];
    const struct pse_statement s = pse_tracker_statement(x, eid, credential, leaf);
    uint8_t h[64];

    pse_statement_hash(h, &s);
    memcpy(tracker, h, PSE_TRACKER_BYTES);
}

void pse_credential_public(pse_enc *credential, const struct pse_group *g, const pse_secret *d)
{
    pse_point p;

    pse_point_mul_base(g, &p, d, 1);
    pse_point_encode(g, credential, &p, 1);
}

/* ---- layout ---- */

static pse_rc parts_check(const struct pse_manifest *m, const struct pse_ballot *b)
{
    for (size_t k = 0; k < b->style->contests; k++) {
        struct pse_rd rd = pse_rd(pse_span(b->raw.p + b->style->part_at[k] - 2, 2));
        uint16_t id;

        PSE_TRY(pse_rd_u16(&id, &rd));
        if (id != m->contest[b->style->contest[k]].id)
            return PSE_E_RANGE;
    }
    return PSE_OK;
}

static pse_rc parse(struct pse_ballot *out, const struct pse_manifest *m, struct pse_span raw)
{
    struct pse_rd rd = pse_rd(raw);
    uint8_t type, version;
    uint16_t style;
    pse_hash eid;

    PSE_TRY(pse_rd_u8(&type, &rd));
    PSE_TRY(pse_rd_u8(&version, &rd));
    PSE_TRY(pse_rd_hash(&eid, &rd));
    if (type != PSE_BALLOT_TYPE || version != PSE_BALLOT_VERSION)
        return PSE_E_UNSUPPORTED;
    if (!pse_hash_is_equal(&eid, &m->eid))
        return PSE_E_MISMATCH;
    PSE_TRY(pse_rd_copy(&out->credential, &rd, 32));
    PSE_TRY(pse_rd_u16(&style, &rd));
    PSE_TRY(pse_rd_hash(&out->prev, &rd));
    out->raw = raw;
    out->style = pse_manifest_style(m, style);
    if (out->style == NULL)
        return PSE_E_RANGE;
    if (raw.n != out->style->ballot_len)
        return PSE_E_LENGTH;
    return parts_check(m, out);
}

pse_rc pse_ballot_parse(struct pse_ballot *out, const struct pse_manifest *m, struct pse_span raw)
{
    pse_rc rc;

    memset(out, 0, sizeof *out);
    rc = parse(out, m, raw);
    if (rc != PSE_OK)
        memset(out, 0, sizeof *out);
    return rc;
}

const uint8_t *pse_ballot_part(const struct pse_ballot *b, size_t k)
{
    PSE_REQUIRE(k < b->style->contests);
    return b->raw.p + b->style->part_at[k];
}

struct pse_statement pse_ballot_statement(struct pse_span x[2], const struct pse_manifest *m,
                                          const uint8_t *entry, const struct pse_style *style)
{
    x[0] = pse_span(entry + PSE_BALLOT_CREDENTIAL_AT, 32);
    x[1] = pse_span(entry, style->ballot_len - PSE_POK_SIZE);
    return (struct pse_statement){"ballot-sign", &m->eid, x, 2};
}
