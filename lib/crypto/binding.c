#include "crypto/binding.h"

static const char label[] = "psephos/1/binding";

static bool is_text(struct pse_span x, size_t max)
{
    return x.n > 0 && x.n <= max && pse_utf8_is_valid(x);
}

static bool is_language(struct pse_span x)
{
    for (size_t i = 0; i < x.n; i++) {
        uint8_t c = x.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-'))
            return false;
    }
    return x.n > 0 && x.n <= PSE_BINDING_LANGUAGE_MAX;
}

static pse_rc check(const struct pse_binding *b)
{
    return is_text(b->subject, PSE_BINDING_SUBJECT_MAX) && is_language(b->language) &&
                   is_text(b->purpose, PSE_BINDING_PURPOSE_MAX)
               ? PSE_OK
               : PSE_E_RANGE;
}

pse_rc pse_binding_write(struct pse_buf *out, const struct pse_binding *b)
{
    PSE_TRY(check(b));
    pse_buf_put(out, label, sizeof label);
    pse_wr_hash(out, &b->eid);
    pse_buf_put(out, b->credential.b, 32);
    pse_wr_hash(out, &b->registrar);
    pse_wr_v16(out, b->subject);
    pse_wr_hash(out, &b->nonce);
    pse_wr_v8(out, b->language);
    pse_wr_v16(out, b->purpose);
    return out->rc;
}

pse_rc pse_binding_parse(struct pse_binding *b, struct pse_span bytes)
{
    struct pse_rd r = pse_rd(bytes);
    struct pse_span head;

    memset(b, 0, sizeof *b);
    PSE_TRY(pse_rd_bytes(&head, &r, sizeof label));
    if (memcmp(head.p, label, sizeof label) != 0)
        return PSE_E_SYNTAX;
    PSE_TRY(pse_rd_hash(&b->eid, &r));
    PSE_TRY(pse_rd_copy(b->credential.b, &r, 32));
    PSE_TRY(pse_rd_hash(&b->registrar, &r));
    PSE_TRY(pse_rd_v16(&b->subject, &r));
    PSE_TRY(pse_rd_hash(&b->nonce, &r));
    PSE_TRY(pse_rd_v8(&b->language, &r));
    PSE_TRY(pse_rd_v16(&b->purpose, &r));
    PSE_TRY(pse_rd_end(&r));
    return check(b);
}

pse_rc pse_binding_prove(const struct pse_group *g, uint8_t proof[PSE_POK_SIZE],
                         struct pse_span statement, const pse_secret *d, struct pse_rng *rng)
{
    struct pse_binding b;
    struct pse_span x[2];
    struct pse_statement s = {.type = "register", .eid = &b.eid, .x = x, .n = 2};

    PSE_TRY(pse_binding_parse(&b, statement));
    x[0] = pse_span(b.credential.b, 32);
    x[1] = statement;
    pse_pok_prove(g, proof, &s, d, rng);
    return PSE_OK;
}

pse_rc pse_binding_verify(const struct pse_group *g, struct pse_binding *b,
                          struct pse_span statement, const uint8_t proof[PSE_POK_SIZE])
{
    struct pse_span x[2];
    struct pse_statement s = {.type = "register", .eid = &b->eid, .x = x, .n = 2};
    pse_point d;

    PSE_TRY(pse_binding_parse(b, statement));
    x[0] = pse_span(b->credential.b, 32);
    x[1] = statement;
    PSE_TRY(pse_point_decode(g, &d, NULL, &b->credential, 1, PSE_IDENTITY_FORBIDDEN));
    return pse_pok_verify(g, &s, &d, proof);
}
