/* Acts of two officers that make no entry: in the private database, and on officers' accounts. */
#include <stdio.h>
#include <string.h>

#include "psephos/office.h"

static pse_rc do_import(struct office *o, struct office_act *a)
{
    struct pse_buf csv = PSE_BUF(0);
    struct pse_buf signature = PSE_BUF(0);
    struct pse_span by = order_value(&a->order, "signature");
    const char *slug = "storage";
    pse_hash list;
    pse_hash base;
    size_t line = 0;
    pse_rc rc;

    PSE_TRY(order_hash(&list, &a->order, "list"));
    PSE_TRY(order_hash(&base, &a->order, "base"));
    rc = office_document(&csv, o, &list);
    if (rc == PSE_OK && !pse_span_is_str(by, "none")) {
        pse_hash h;

        rc = order_hash(&h, &a->order, "signature");
        if (rc == PSE_OK)
            rc = office_document(&signature, o, &h);
    }
    if (rc == PSE_OK)
        rc = office_begin(o, a);
    if (rc == PSE_OK)
        rc = office_import(o, &slug, &line, NULL, pse_buf_span(&csv), pse_buf_span(&signature),
                           &base, &a->hash);
    if (rc != PSE_OK)
        office_say(a, slug);
    pse_buf_free(&csv);
    pse_buf_free(&signature);
    return rc == PSE_E_MISSING ? PSE_E_STATE : rc;
}

static pse_rc do_erase(struct office *o, struct office_act *a)
{
    uint64_t row;
    pse_rc rc;

    PSE_TRY(order_number(&row, &a->order, "person"));
    PSE_TRY(office_begin(o, a));
    rc = pse_voters_erase(o->voters, row);
    if (rc == PSE_E_STATE)
        office_say(a, "this person is on the list; take them off it first");
    if (rc == PSE_E_MISSING) {
        office_say(a, "no such person");
        return PSE_E_STATE;
    }
    return rc;
}

/* --- accounts ----------------------------------------------------------------------------------
 */

static pse_rc do_remove(struct office *o, struct office_act *a)
{
    struct pse_span name = order_value(&a->order, "account");
    char account[PSE_WEBAUTHN_ACCOUNT_MAX + 1];
    pse_hash credential;
    pse_rc rc;

    PSE_TRY(order_hash(&credential, &a->order, "credential"));
    (void)snprintf(account, sizeof account, "%.*s", (int)name.n, (const char *)name.p);
    PSE_TRY(office_begin(o, a));
    rc = office_unenrol(o, account, &credential, &a->hash);
    if (rc != PSE_E_MISSING)
        return rc;
    office_say(a, "no such authenticator");
    return PSE_E_STATE;
}

/* --- all of them -------------------------------------------------------------------------------
 */

static const struct {
    const char *what;
    pse_rc (*act)(struct office *o, struct office_act *a);
} acts[] = {{"import", do_import}, {"erase", do_erase}, {"remove-authenticator", do_remove}};

bool office_is_private(const struct order *order)
{
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (strcmp(order->what, acts[i].what) == 0)
            return true;
    }
    return false;
}

pse_rc office_do_private(struct office *o, struct office_act *a)
{
    size_t i = 0;

    while (strcmp(a->order.what, acts[i].what) != 0)
        i++;
    return acts[i].act(o, a);
}
