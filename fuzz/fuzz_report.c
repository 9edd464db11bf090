/* Reports: what is accepted and unsigned builds again to the same bytes; of the signed, the part
 * before the signature does. */
#include "crypto/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EID_AT = 17, SIGNATURE = 96 };

static struct pse_group *group;

static void build_again(const struct pse_report *report, struct pse_span in)
{
    struct pse_buf b = PSE_BUF(PSE_REPORT_MAX);
    size_t plain = in.n - (report->is_signed ? SIGNATURE : 0);

    PSE_REQUIRE(pse_report_build(group, &b, report, NULL, NULL) == PSE_OK);
    PSE_REQUIRE(b.n == plain && memcmp(b.p, in.p, plain - 1) == 0);
    PSE_REQUIRE(in.p[plain - 1] == report->is_signed);
    pse_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pse_report report;
    pse_hash eid = {{0}};

    if (group == NULL)
        PSE_REQUIRE(pse_group_new(&group, PSE_BACKEND_PORTABLE, NULL) == PSE_OK);
    if (size >= EID_AT + sizeof eid.b)
        memcpy(eid.b, data + EID_AT, sizeof eid.b);
    if (pse_report_parse(group, &report, &eid, pse_span(data, size)) == PSE_OK)
        build_again(&report, pse_span(data, size));
    else
        PSE_REQUIRE(report.class == 0 && report.contact.p == NULL);
    return 0;
}
