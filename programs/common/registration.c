#include "common/registration.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/codec.h"

enum { EVIDENCE_OF_LETTER = 512 };

void registration_evidence(struct pse_buf *out, struct pse_span id, const pse_hash *list,
                           const pse_enc *credential, const uint8_t proof[PSE_POK_SIZE])
{
    static const char label[] = "psephos/1/registration";

    pse_buf_put(out, label, sizeof label);
    pse_wr_v16(out, id);
    pse_wr_hash(out, list);
    pse_buf_put(out, credential->b, 32);
    pse_buf_put(out, proof, PSE_POK_SIZE);
}

static void put_letter(struct pse_registration *r, struct pse_buf *evidence,
                       const struct enrolment *x, size_t line, const pse_hash *list, uint64_t now)
{
    char who[32];

    (void)snprintf(who, sizeof who, "line %zu", line);
    *r = (struct pse_registration){.credential = x->credential,
                                   .style = x->style,
                                   .weight = x->weight,
                                   .is_replacement = x->has_old,
                                   .old = &x->old,
                                   .day = pse_day_of(now)};
    r->evidence.n = evidence->n; /* where it begins, until the buffer stands still */
    registration_evidence(evidence, pse_span_str(who), list, &x->credential, x->proof);
}

pse_rc registration_letters(struct pse_voters *v, enum pse_register_refusal *why, size_t *at,
                            const struct enrolment *item, size_t n, uint64_t now)
{
    struct pse_buf evidence = PSE_BUF((n + 1) * EVIDENCE_OF_LETTER);
    struct pse_registration *r = calloc(n + 1, sizeof *r);
    uint32_t number;
    pse_hash list;
    pse_rc rc = r == NULL ? PSE_E_MEMORY : pse_voters_head(v, &number, &list);

    *at = 0;
    *why = PSE_REGISTER_DONE;
    for (size_t i = 0; rc == PSE_OK && i < n; i++)
        put_letter(&r[i], &evidence, &item[i], i + 3, &list, now);
    if (rc == PSE_OK)
        rc = evidence.rc;
    for (size_t i = n; rc == PSE_OK && i-- > 0;) {
        size_t end = i + 1 < n ? (size_t)(r[i + 1].evidence.p - evidence.p) : evidence.n;

        r[i].evidence = pse_span(evidence.p + r[i].evidence.n, end - r[i].evidence.n);
    }
    if (rc == PSE_OK)
        rc = pse_voters_register_all(v, why, at, r, n);
    pse_buf_free(&evidence);
    free(r);
    return rc;
}

static const struct {
    const char *slug, *words;
} refusal[] = {
    [PSE_REGISTER_DONE] = {"done", "is registered"},
    [PSE_REGISTER_NOT_LISTED] = {"not-listed", "is not on the list"},
    [PSE_REGISTER_NOT_YET] = {"not-yet-eligible",
                              "is not eligible yet: the first day on the list is later"},
    [PSE_REGISTER_NO_LONGER] = {"no-longer-eligible",
                                "is not eligible any more: the last day on the list has passed"},
    [PSE_REGISTER_HAS_ONE] = {"registered-before",
                              "has an active credential; --replace makes it and its ballots void"},
    [PSE_REGISTER_NONE] = {"nothing-to-replace", "has no active credential that could be replaced"},
    [PSE_REGISTER_TAKEN] = {"credential-taken", "comes with a credential that was registered "
                                                "before; a fresh one is needed"},
    [PSE_REGISTER_FULL] = {"more-letters-than-voters",
                           "is one more credential than there are voters of this style and "
                           "weight"},
    [PSE_REGISTER_WAITS] = {"registration-pending",
                            "has a registration that waits for the authority of the certificate"},
};

const char *registration_refusal(enum pse_register_refusal why)
{
    return refusal[why].words;
}

const char *registration_slug(enum pse_register_refusal why)
{
    return refusal[why].slug;
}
