/* Bonds as bytes, and their verdicts in words. */
#include "bond.h"

#include <stdio.h>

#include "codec/codec.h"

static const char label[] = "psephos/1/bond";

/* --- bytes --------------------------------------------------------------------------------------
 */

static bool is_between(struct pse_span x, size_t min, size_t max)
{
    return x.n >= min && x.n <= max;
}

static pse_rc check(const struct pse_bond *b)
{
    bool is_pending = b->form == PSE_BOND_PENDING;

    if (b->form < PSE_BOND_PROMPT || b->form > PSE_BOND_PENDING ||
        !is_between(b->statement, 1, PSE_BINDING_MAX) || !is_between(b->cms, 1, PSE_CMS_MAX) ||
        !is_between(b->stamp_nonce, 1, PSE_STAMP_NONCE_MAX) ||
        !is_between(b->stamp, 1, PSE_STAMP_MAX) || b->received > INT64_MAX || b->judged > INT64_MAX)
        return PSE_E_RANGE;
    if (is_pending)
        return b->judged == 0 && b->ocsp_nonce.n == 0 && b->ocsp.n == 0 ? PSE_OK : PSE_E_RANGE;
    return is_between(b->ocsp_nonce, 0, PSE_OCSP_NONCE) && is_between(b->ocsp, 1, PSE_OCSP_MAX)
               ? PSE_OK
               : PSE_E_RANGE;
}

static void put_long(struct pse_buf *out, struct pse_span x)
{
    pse_wr_u32(out, (uint32_t)x.n);
    pse_wr_span(out, x);
}

static pse_rc take_long(struct pse_span *out, struct pse_rd *r)
{
    uint32_t n;

    PSE_TRY(pse_rd_u32(&n, r));
    return pse_rd_bytes(out, r, n);
}

pse_rc pse_bond_write(struct pse_buf *out, const struct pse_bond *b)
{
    PSE_TRY(check(b));
    pse_buf_put(out, label, sizeof label);
    pse_wr_u8(out, (uint8_t)b->form);
    pse_wr_hash(out, &b->list);
    pse_wr_v16(out, b->statement);
    pse_buf_put(out, b->proof, PSE_POK_SIZE);
    pse_wr_hash(out, &b->certificate);
    pse_wr_hash(out, &b->issuer);
    pse_wr_v16(out, b->cms);
    pse_wr_u64(out, b->received);
    pse_wr_v8(out, b->stamp_nonce);
    put_long(out, b->stamp);
    pse_wr_u64(out, b->judged);
    pse_wr_v8(out, b->ocsp_nonce);
    put_long(out, b->ocsp);
    return out->rc;
}

pse_rc pse_bond_parse(struct pse_bond *b, struct pse_span bytes)
{
    struct pse_rd r = pse_rd(bytes);
    struct pse_span head;
    uint8_t form;

    memset(b, 0, sizeof *b);
    PSE_TRY(pse_rd_bytes(&head, &r, sizeof label));
    if (memcmp(head.p, label, sizeof label) != 0)
        return PSE_E_SYNTAX;
    PSE_TRY(pse_rd_u8(&form, &r));
    b->form = (enum pse_bond_form)form;
    PSE_TRY(pse_rd_hash(&b->list, &r));
    PSE_TRY(pse_rd_v16(&b->statement, &r));
    PSE_TRY(pse_rd_copy(b->proof, &r, PSE_POK_SIZE));
    PSE_TRY(pse_rd_hash(&b->certificate, &r));
    PSE_TRY(pse_rd_hash(&b->issuer, &r));
    PSE_TRY(pse_rd_v16(&b->cms, &r));
    PSE_TRY(pse_rd_u64(&b->received, &r));
    PSE_TRY(pse_rd_v8(&b->stamp_nonce, &r));
    PSE_TRY(take_long(&b->stamp, &r));
    PSE_TRY(pse_rd_u64(&b->judged, &r));
    PSE_TRY(pse_rd_v8(&b->ocsp_nonce, &r));
    PSE_TRY(take_long(&b->ocsp, &r));
    PSE_TRY(pse_rd_end(&r));
    return check(b);
}

bool pse_bond_is_one(struct pse_span bytes)
{
    return bytes.n >= sizeof label && memcmp(bytes.p, label, sizeof label) == 0;
}

/* --- words --------------------------------------------------------------------------------------
 */

void pse_bond_verdict_name(char out[PSE_BOND_NAME_MAX], const struct pse_bond_verdict *v)
{
    static const char *const name[PSE_BOND_FAULTS] = {
        [PSE_BOND_GOOD] = "good",           [PSE_BOND_FORM] = "form",
        [PSE_BOND_STATEMENT] = "statement", [PSE_BOND_ELECTION] = "election",
        [PSE_BOND_REGISTRAR] = "registrar", [PSE_BOND_CREDENTIAL] = "credential",
        [PSE_BOND_NONCE] = "nonce",         [PSE_BOND_SUBJECT] = "subject",
        [PSE_BOND_PROOF] = "proof",         [PSE_BOND_CERTIFICATE] = "certificate",
        [PSE_BOND_PERSON] = "person",       [PSE_BOND_CMS] = "cms",
        [PSE_BOND_ISSUER] = "issuer",       [PSE_BOND_STAMP] = "stamp",
        [PSE_BOND_TIME] = "time",           [PSE_BOND_PENDING_YET] = "pending",
        [PSE_BOND_OCSP] = "ocsp",           [PSE_BOND_NO_MEMORY] = "memory",
    };
    const char *detail = v->fault == PSE_BOND_CMS     ? pse_cms_fault_name(v->cms)
                         : v->fault == PSE_BOND_STAMP ? pse_stamp_fault_name(v->stamp)
                         : v->fault == PSE_BOND_OCSP  ? pse_eid_fault_name(v->ocsp)
                                                      : NULL;

    PSE_REQUIRE(v->fault < PSE_BOND_FAULTS);
    /* The classes of OCSP say their family themselves, but for the two that people know. */
    if (detail == NULL)
        (void)snprintf(out, PSE_BOND_NAME_MAX, "%s", name[v->fault]);
    else if (v->fault == PSE_BOND_OCSP && strncmp(detail, "ocsp_", 5) == 0)
        (void)snprintf(out, PSE_BOND_NAME_MAX, "ocsp-%s", detail + 5);
    else
        (void)snprintf(out, PSE_BOND_NAME_MAX, "%s-%s", name[v->fault], detail);
}
