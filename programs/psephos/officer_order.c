/* Orders of `psephos officer act propose`: what two officers are to consent to, from words and
 * files. */
#include "psephos/officer_act.h"

#include <stdio.h>
#include <string.h>

#include "common/files.h"
#include "psephos/office.h"

/* The value of --set KEY=VALUE; empty: not given. */
static struct pse_span given(const struct act_options *o, const char *key)
{
    size_t n = strlen(key);

    for (size_t i = 0; i < o->set.n; i++) {
        if (strncmp(o->set.v[i], key, n) == 0 && o->set.v[i][n] == '=')
            return pse_span_str(o->set.v[i] + n + 1);
    }
    return pse_span(NULL, 0);
}

static const char *default_of(const char *what, const char *key)
{
    static const char *const all[][3] = {
        {"close", "reason", "scheduled"},
        {"import", "signature", "none"},
        {"statement", "kind", "information"},
        {"statement", "language", "en"},
        {"statement", "media", "text/plain;charset=utf-8"},
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(all[i][0], what) == 0 && strcmp(all[i][1], key) == 0)
            return all[i][2];
    }
    return NULL;
}

static pse_rc check_set(const struct session *s, const struct act_options *o,
                        const char *const *field)
{
    for (size_t i = 0; i < o->set.n; i++) {
        const char *equals = strchr(o->set.v[i], '=');
        size_t n = equals == NULL ? 0 : (size_t)(equals - o->set.v[i]);
        size_t at = 0;

        while (field[at] != NULL && (strlen(field[at]) != n || strncmp(field[at], o->set.v[i], n)))
            at++;
        if (equals == NULL || field[at] == NULL) {
            cli_error(s->name, "--set %s is no field of an order to %s", o->set.v[i], o->what);
            return PSE_E_SYNTAX;
        }
    }
    return PSE_OK;
}

pse_rc act_send_file(struct desk_answer *a, struct session *s, const struct act_options *o,
                     const char *path, const char *type, const char *header)
{
    struct pse_buf bytes;
    pse_rc rc;

    PSE_TRY(session_want(s, o->file, "file FILE"));
    PSE_TRY(file_read(&bytes, s->name, o->file, OFFICE_DOCUMENT_MAX));
    rc = desk_ask(a, s, o->officer,
                  &(struct desk_request){.post = true,
                                         .path = path,
                                         .type = type,
                                         .header = header,
                                         .body = pse_buf_span(&bytes)});
    pse_buf_free(&bytes);
    return rc;
}

const char *act_list_header(char header[128], struct pse_span signature)
{
    if (signature.n == 0 || pse_span_is_str(signature, "none"))
        return NULL;
    (void)snprintf(header, 128, "Psephos-List-Signature: %.*s",
                   signature.n > 64 ? 64 : (int)signature.n, (const char *)signature.p);
    return header;
}

/* The list's hash and the version that it builds on. */
static pse_rc fill_import(struct act_lookups *l, struct session *s, const struct act_options *o,
                          struct pse_span value[ORDER_FIELDS_MAX])
{
    char header[128];

    if (strcmp(o->what, "import") != 0 || o->file == NULL || value[0].n > 0)
        return PSE_OK;
    PSE_TRY(act_send_file(&l->answer, s, o, "/v1/lists", "text/csv",
                          act_list_header(header, value[2])));
    value[0] = desk_member(&l->answer, "list");
    value[1] = desk_member(&l->answer, "base");
    return PSE_OK;
}

static pse_rc fill_release(struct act_lookups *l, struct session *s, const struct act_options *o,
                           struct pse_span value[ORDER_FIELDS_MAX])
{
    if (strcmp(o->what, "release") != 0 || value[0].n > 0)
        return PSE_OK;
    PSE_TRY(desk_get(&l->answer, s, o->officer, "/v1/roster/pending"));
    (void)pse_decimal_encode(l->through, desk_number(&l->answer, "through"));
    value[0] = pse_span_str(l->through);
    value[1] = desk_member(&l->answer, "batch");
    session_say(s, "%llu credentials wait, %llu are to be made void",
                (unsigned long long)desk_number(&l->answer, "pending"),
                (unsigned long long)desk_number(&l->answer, "voids"));
    return PSE_OK;
}

pse_rc act_order(struct pse_buf *out, struct act_lookups *l, struct session *s,
                 const struct act_options *o)
{
    struct pse_span value[ORDER_FIELDS_MAX] = {{NULL, 0}};
    const char *const *field = order_fields(pse_span_str(o->what));
    size_t n = 0;
    pse_rc rc;

    if (field == NULL) {
        cli_error(s->name, "--what %s is nothing that two officers do; see psephos-officer(1)",
                  o->what);
        return PSE_E_SYNTAX;
    }
    PSE_TRY(check_set(s, o, field));
    for (; field[n] != NULL; n++) {
        const char *preset = default_of(o->what, field[n]);

        value[n] = given(o, field[n]);
        if (value[n].n == 0 && preset != NULL)
            value[n] = pse_span_str(preset);
    }
    PSE_TRY(fill_release(l, s, o, value));
    PSE_TRY(fill_import(l, s, o, value));
    for (size_t i = 0; i < n; i++) {
        if (value[i].n == 0) {
            cli_error(s->name, "to %s, give --set %s=…", o->what, field[i]);
            return PSE_E_MISSING;
        }
    }
    rc = order_write(out, o->what, value, n);
    if (rc != PSE_OK)
        cli_error(s->name, "a value of --set cannot stand in an order (%s)", pse_rc_name(rc));
    return rc;
}
