/* Entries: the table of types, and parsing a frame and its body (V906). */
#include "election/entry.h"

#include "codec/cursor.h"
#include "codec/utf8.h"
#include "election/entry_frame.h"
#include "merkle/tree.h"

enum { LANGUAGE_MAX = 35, MEDIA_TYPE_MAX = 127, TITLE_MAX = 1000 };

/* What the body parsers need. */
struct body {
    struct pse_entry *e;
    struct pse_rd rd;
    const struct pse_group *g;
    const struct pse_manifest *m;
};

typedef pse_rc body_fn(struct body *b);

/* ---- fields ---- */

static pse_rc take_points(pse_enc *out, struct body *b, size_t n, enum pse_identity identity)
{
    pse_point p[2];

    PSE_REQUIRE(n <= 2);
    PSE_TRY(pse_rd_copy(out, &b->rd, 32 * n));
    return pse_point_decode_each(b->g, p, NULL, out, n, identity) ? PSE_OK : PSE_E_ENCODING;
}

static pse_rc take_point(pse_enc *out, struct body *b)
{
    return take_points(out, b, 1, PSE_IDENTITY_FORBIDDEN);
}

static pse_rc take_scalar(pse_scalar *out, struct body *b)
{
    struct pse_span s;

    PSE_TRY(pse_rd_bytes(&s, &b->rd, 32));
    return pse_scalar_decode(out, s.p);
}

/* A kind, class, reason, code or action: 1..most, or 255 where @p other permits it. */
static pse_rc take_value(uint8_t *out, struct body *b, uint8_t most, bool other)
{
    PSE_TRY(pse_rd_u8(out, &b->rd));
    return (*out >= 1 && *out <= most) || (other && *out == PSE_OTHER) ? PSE_OK : PSE_E_RANGE;
}

static pse_rc take_bytes_in(struct pse_span *out, struct body *b, size_t most, uint8_t low,
                            uint8_t high)
{
    PSE_TRY(pse_rd_v8(out, &b->rd));
    if (out->n < 1 || out->n > most)
        return PSE_E_RANGE;
    for (size_t i = 0; i < out->n; i++)
        if (out->p[i] < low || out->p[i] > high)
            return PSE_E_ENCODING;
    return PSE_OK;
}

static bool is_tag_byte(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* ---- bodies, in the order of the table ---- */

static pse_rc setup_body(struct body *b)
{
    PSE_TRY(pse_rd_u32(&b->e->u.setup.manifest_len, &b->rd));
    return pse_rd_hash(&b->e->u.setup.policy, &b->rd);
}

static pse_rc statement_body(struct body *b)
{
    struct pse_entry *e = b->e;
    struct pse_span *language = &e->u.statement.language, *title = &e->u.statement.title;

    PSE_TRY(take_value(&e->u.statement.kind, b, PSE_STATEMENT_RESULT, true));
    PSE_TRY(pse_rd_hash(&e->u.statement.blob, &b->rd));
    PSE_TRY(take_bytes_in(language, b, LANGUAGE_MAX, '-', 'z'));
    for (size_t i = 0; i < language->n; i++)
        if (!is_tag_byte(language->p[i]))
            return PSE_E_ENCODING;
    PSE_TRY(take_bytes_in(&e->u.statement.media_type, b, MEDIA_TYPE_MAX, 0x21, 0x7E));
    PSE_TRY(pse_rd_v16(title, &b->rd));
    if (title->n < 1 || title->n > TITLE_MAX)
        return PSE_E_RANGE;
    return pse_utf8_is_valid(*title) ? PSE_OK : PSE_E_ENCODING;
}

static pse_rc incident_body(struct body *b)
{
    PSE_TRY(take_value(&b->e->u.incident.class_, b, PSE_INCIDENT_PROCEDURE, true));
    PSE_TRY(pse_rd_u64(&b->e->u.incident.time, &b->rd));
    return pse_rd_hash(&b->e->u.incident.commitment, &b->rd);
}

static pse_rc commit_body(struct body *b)
{
    return pse_rd_copy(b->e->u.dkg_commit.digest, &b->rd, 64);
}

static pse_rc reveal_body(struct body *b)
{
    return pse_rd_bytes(&b->e->u.dkg_reveal.proof, &b->rd, 32 * (size_t)b->m->threshold + 64);
}

static pse_rc shares_body(struct body *b)
{
    return pse_rd_bytes(&b->e->u.dkg_shares.records, &b->rd,
                        PSE_DKG_SHARE_SIZE * ((size_t)b->m->trustees - 1));
}

static pse_rc complaint_body(struct body *b)
{
    struct pse_entry *e = b->e;

    PSE_TRY(take_value(&e->u.dkg_complaint.dealer, b, b->m->trustees, false));
    if (e->u.dkg_complaint.dealer == e->index)
        return PSE_E_RANGE;
    PSE_TRY(take_point(&e->u.dkg_complaint.k, b));
    PSE_TRY(take_point(&e->u.dkg_complaint.t1, b));
    PSE_TRY(take_point(&e->u.dkg_complaint.t2, b));
    return take_scalar(&e->u.dkg_complaint.z, b);
}

static pse_rc confirm_body(struct body *b)
{
    struct pse_entry *e = b->e;

    PSE_TRY(take_point(&e->u.dkg_confirm.y, b));
    PSE_TRY(take_point(&e->u.dkg_confirm.v, b));
    PSE_TRY(take_point(&e->u.dkg_confirm.r, b));
    return take_scalar(&e->u.dkg_confirm.z, b);
}

static pse_rc roster_body(struct body *b)
{
    pse_enc enc[PSE_ROSTER_BLOCK];
    pse_point point[PSE_ROSTER_BLOCK];
    struct pse_span records;
    uint16_t count;

    PSE_TRY(pse_rd_u16(&count, &b->rd));
    if (count < 1 || count > PSE_ROSTER_MAX)
        return PSE_E_RANGE;
    PSE_TRY(pse_rd_bytes(&records, &b->rd, (size_t)count * PSE_ROSTER_RECORD));
    b->e->u.roster.count = count;
    b->e->u.roster.records = records.p;
    for (size_t at = 0; at < count; at += PSE_ROSTER_BLOCK) {
        size_t n = count - at < PSE_ROSTER_BLOCK ? count - at : PSE_ROSTER_BLOCK;

        for (size_t i = 0; i < n; i++)
            memcpy(&enc[i], records.p + (at + i) * PSE_ROSTER_RECORD, 32);
        if (!pse_point_decode_each(b->g, point, NULL, enc, n, PSE_IDENTITY_FORBIDDEN))
            return PSE_E_ENCODING;
    }
    return PSE_OK;
}

static pse_rc change_body(struct body *b)
{
    struct pse_entry *e = b->e;

    PSE_TRY(take_point(&e->u.credential_change.old, b));
    PSE_TRY(take_value(&e->u.credential_change.action, b, PSE_CHANGE_REVOKE, false));
    PSE_TRY(take_points(&e->u.credential_change.new_, b, 1, PSE_IDENTITY_ALLOWED));
    PSE_TRY(take_value(&e->u.credential_change.reason, b, PSE_REASON_REQUEST, true));
    return pse_rd_hash(&e->u.credential_change.commitment, &b->rd);
}

static pse_rc open_body(struct body *b)
{
    PSE_TRY(take_point(&b->e->u.open.y, b));
    PSE_TRY(pse_rd_u32(&b->e->u.open.roster_size, &b->rd));
    return pse_rd_u64(&b->e->u.open.time, &b->rd);
}

static pse_rc revoke_body(struct body *b)
{
    struct pse_entry *e = b->e;

    PSE_TRY(pse_rd_u64(&e->u.ballot_revoke.ballot, &b->rd));
    PSE_TRY(take_value(&e->u.ballot_revoke.action, b, PSE_REVOKE_RESTORE, false));
    PSE_TRY(take_value(&e->u.ballot_revoke.reason, b, PSE_REASON_REQUEST, true));
    return pse_rd_hash(&e->u.ballot_revoke.commitment, &b->rd);
}

static pse_rc close_body(struct body *b)
{
    struct pse_entry *e = b->e;

    PSE_TRY(pse_rd_u64(&e->u.close.size, &b->rd));
    PSE_TRY(pse_rd_hash(&e->u.close.root, &b->rd));
    PSE_TRY(take_value(&e->u.close.reason, b, PSE_CLOSE_EXTENDED, true));
    return pse_rd_u64(&e->u.close.time, &b->rd);
}

static pse_rc end_body(struct body *b)
{
    PSE_TRY(pse_rd_u64(&b->e->u.close.size, &b->rd));
    return pse_rd_hash(&b->e->u.close.root, &b->rd);
}

static pse_rc freeze_body(struct body *b)
{
    PSE_TRY(pse_rd_u32(&b->e->u.freeze.count, &b->rd));
    return pse_rd_hash(&b->e->u.freeze.digest, &b->rd);
}

static pse_rc empty_body(struct body *b)
{
    (void)b;
    return PSE_OK;
}

static pse_rc mix_body(struct body *b)
{
    struct pse_entry *e = b->e;

    PSE_TRY(pse_rd_u16(&e->u.mix.contest, &b->rd));
    PSE_TRY(pse_rd_u16(&e->u.mix.pot, &b->rd));
    PSE_TRY(pse_rd_u8(&e->u.mix.seq, &b->rd));
    PSE_TRY(pse_rd_u32(&e->u.mix.n, &b->rd));
    PSE_TRY(pse_rd_u8(&e->u.mix.w, &b->rd));
    PSE_TRY(pse_rd_hash(&e->u.mix.in, &b->rd));
    PSE_TRY(pse_rd_hash(&e->u.mix.out, &b->rd));
    return pse_rd_hash(&e->u.mix.proof, &b->rd);
}

static pse_rc decrypt_body(struct body *b)
{
    struct pse_entry *e = b->e;

    PSE_TRY(pse_rd_u16(&e->u.decrypt.contest, &b->rd));
    PSE_TRY(pse_rd_u16(&e->u.decrypt.pot, &b->rd));
    PSE_TRY(pse_rd_u32(&e->u.decrypt.m, &b->rd));
    PSE_TRY(pse_rd_hash(&e->u.decrypt.in, &b->rd));
    PSE_TRY(pse_rd_hash(&e->u.decrypt.blob, &b->rd));
    PSE_TRY(take_point(&e->u.decrypt.t1, b));
    PSE_TRY(take_points(&e->u.decrypt.t2, b, 1, PSE_IDENTITY_ALLOWED));
    return take_scalar(&e->u.decrypt.z, b);
}

static pse_rc result_body(struct body *b)
{
    return pse_rd_hash(&b->e->u.result.blob, &b->rd);
}

static pse_rc abort_body(struct body *b)
{
    PSE_TRY(take_value(&b->e->u.abort.reason, b, PSE_ABORT_DECISION, true));
    return pse_rd_hash(&b->e->u.abort.commitment, &b->rd);
}

/* ---- the table of types ---- */

static const struct row {
    uint8_t type;
    uint8_t roles; /* bit r: role r may write it */
    const char *name;
    body_fn *body;
} table[] = {
    {PSE_ENTRY_SETUP, 1 << PSE_ROLE_AUTHORITY, "setup", setup_body},
    {PSE_ENTRY_STATEMENT, 1 << PSE_ROLE_AUTHORITY, "statement", statement_body},
    {PSE_ENTRY_INCIDENT, 1 << PSE_ROLE_AUTHORITY | 1 << PSE_ROLE_BOARD, "incident", incident_body},
    {PSE_ENTRY_DKG_COMMIT, 1 << PSE_ROLE_TRUSTEE, "dkg-commit", commit_body},
    {PSE_ENTRY_DKG_REVEAL, 1 << PSE_ROLE_TRUSTEE, "dkg-reveal", reveal_body},
    {PSE_ENTRY_DKG_SHARES, 1 << PSE_ROLE_TRUSTEE, "dkg-shares", shares_body},
    {PSE_ENTRY_DKG_COMPLAINT, 1 << PSE_ROLE_TRUSTEE, "dkg-complaint", complaint_body},
    {PSE_ENTRY_DKG_CONFIRM, 1 << PSE_ROLE_TRUSTEE, "dkg-confirm", confirm_body},
    {PSE_ENTRY_ROSTER, 1 << PSE_ROLE_REGISTRAR, "roster", roster_body},
    {PSE_ENTRY_CREDENTIAL_CHANGE, 1 << PSE_ROLE_REGISTRAR, "credential-change", change_body},
    {PSE_ENTRY_OPEN, 1 << PSE_ROLE_AUTHORITY, "open", open_body},
    {PSE_ENTRY_BALLOT, 0, "ballot", NULL},
    {PSE_ENTRY_BALLOT_REVOKE, 1 << PSE_ROLE_REGISTRAR, "ballot-revoke", revoke_body},
    {PSE_ENTRY_CLOSE, 1 << PSE_ROLE_AUTHORITY, "close", close_body},
    {PSE_ENTRY_FREEZE, 1 << PSE_ROLE_AUTHORITY, "freeze", freeze_body},
    {PSE_ENTRY_MIX_END, 1 << PSE_ROLE_AUTHORITY, "mix-end", empty_body},
    {PSE_ENTRY_MIX, 1 << PSE_ROLE_MIXER, "mix", mix_body},
    {PSE_ENTRY_DECRYPT, 1 << PSE_ROLE_TRUSTEE, "decrypt", decrypt_body},
    {PSE_ENTRY_RESULT, 1 << PSE_ROLE_AUTHORITY, "result", result_body},
    {PSE_ENTRY_ABORT, 1 << PSE_ROLE_AUTHORITY, "abort", abort_body},
    {PSE_ENTRY_END, 1 << PSE_ROLE_AUTHORITY, "end", end_body},
};

static const struct row *row_of(uint8_t type)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].type == type)
            return &table[i];
    return NULL;
}

const char *pse_entry_type_name(uint8_t type)
{
    const struct row *row = row_of(type);

    return row == NULL ? NULL : row->name;
}

void pse_entry_leaf(pse_hash *leaf, struct pse_span raw)
{
    pse_tree_leaf(leaf, raw);
}

/* ---- frame ---- */

static pse_rc frame_of_role(struct body *b, const struct row *row)
{
    struct pse_entry *e = b->e;

    PSE_TRY(pse_rd_u8(&e->role, &b->rd));
    PSE_TRY(pse_rd_u8(&e->index, &b->rd));
    if (e->role > PSE_ROLE_MIXER || (row->roles >> e->role & 1) == 0 ||
        pse_manifest_role_key(b->m, e->role, e->index) == NULL)
        return PSE_E_RANGE;
    if (pse_rd_left(&b->rd) < PSE_ENTRY_SIG)
        return PSE_E_LENGTH;
    e->body = pse_span(b->rd.p, pse_rd_left(&b->rd) - PSE_ENTRY_SIG);
    b->rd = pse_rd(e->body);
    PSE_TRY(row->body(b));
    return pse_rd_end(&b->rd);
}

static pse_rc parse(struct body *b)
{
    struct pse_entry *e = b->e;
    const struct row *row;
    uint8_t version;
    pse_hash eid;

    PSE_TRY(pse_rd_u8(&e->type, &b->rd));
    PSE_TRY(pse_rd_u8(&version, &b->rd));
    PSE_TRY(pse_rd_hash(&eid, &b->rd));
    row = row_of(e->type);
    if (row == NULL || version != PSE_ENTRY_VERSION)
        return PSE_E_UNSUPPORTED;
    if (!pse_hash_is_equal(&eid, &b->m->eid))
        return PSE_E_MISMATCH;
    return e->type == PSE_ENTRY_BALLOT ? PSE_OK : frame_of_role(b, row);
}

pse_rc pse_entry_parse(struct pse_entry *out, const struct pse_group *g,
                       const struct pse_manifest *m, struct pse_span raw)
{
    struct body b = {.e = out, .rd = pse_rd(raw), .g = g, .m = m};
    pse_rc rc;

    memset(out, 0, sizeof *out);
    out->raw = raw;
    rc = raw.n > PSE_ENTRY_MAX ? PSE_E_LENGTH : parse(&b);
    if (rc != PSE_OK)
        memset(out, 0, sizeof *out);
    return rc;
}

pse_rc pse_entry_setup_peek(struct pse_entry *out, pse_hash *eid, struct pse_span raw)
{
    struct pse_rd rd = pse_rd(raw);
    uint8_t version;

    memset(out, 0, sizeof *out);
    memset(eid, 0, sizeof *eid);
    if (raw.n != PSE_ENTRY_SETUP_LEN)
        return PSE_E_LENGTH;
    out->raw = raw;
    out->body = pse_span(raw.p + PSE_ENTRY_HEAD, raw.n - PSE_ENTRY_HEAD - PSE_ENTRY_SIG);
    PSE_TRY(pse_rd_u8(&out->type, &rd));
    PSE_TRY(pse_rd_u8(&version, &rd));
    PSE_TRY(pse_rd_hash(eid, &rd));
    PSE_TRY(pse_rd_u8(&out->role, &rd));
    PSE_TRY(pse_rd_u8(&out->index, &rd));
    PSE_TRY(pse_rd_u32(&out->u.setup.manifest_len, &rd));
    PSE_TRY(pse_rd_hash(&out->u.setup.policy, &rd));
    if (out->type != PSE_ENTRY_SETUP || version != PSE_ENTRY_VERSION)
        return PSE_E_UNSUPPORTED;
    return out->role == PSE_ROLE_AUTHORITY && out->index == 0 ? PSE_OK : PSE_E_RANGE;
}

struct pse_roster_record pse_roster_record_at(const struct pse_entry *e, size_t i)
{
    struct pse_roster_record r = {0};
    struct pse_rd rd;

    PSE_REQUIRE(e->type == PSE_ENTRY_ROSTER && i < e->u.roster.count);
    rd = pse_rd(pse_span(e->u.roster.records + i * PSE_ROSTER_RECORD, PSE_ROSTER_RECORD));
    /* the bytes are there, so no read can fail */
    PSE_REQUIRE(pse_rd_copy(&r.credential, &rd, 32) == PSE_OK &&
                pse_rd_u16(&r.style, &rd) == PSE_OK && pse_rd_u32(&r.weight, &rd) == PSE_OK &&
                pse_rd_hash(&r.commitment, &rd) == PSE_OK);
    return r;
}
