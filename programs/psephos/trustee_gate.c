/* What a trustee agrees to, as bytes: short lines that a person can read (docs/officers.md). */
#include <stdarg.h>
#include <stdio.h>

#include "psephos/trustee.h"

__attribute__((format(printf, 2, 3))) static void put_line(struct pse_buf *b, const char *format,
                                                           ...)
{
    char line[256];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    PSE_REQUIRE(n > 0 && n < (int)sizeof line);
    pse_buf_put(b, line, (size_t)n);
}

static void put_head(struct pse_buf *b, const struct trustee_dir *d, const struct session *s,
                     const char *act)
{
    char hex[65];

    pse_hex_encode(hex, pse_engine_eid(s->load.e)->b, 32);
    put_line(b, "psephos-trustee-act-1\nact %s\nelection %s\n", act, hex);
    put_line(b, "trustee %u\nrecord %llu\n", d->t->index,
             (unsigned long long)pse_engine_size(s->load.e));
}

static pse_rc ask(struct trustee_dir *d, const struct session *s, struct pse_buf *statement)
{
    const struct pse_manifest *m = pse_engine_manifest(s->load.e);
    pse_rc rc = statement->rc;

    if (rc == PSE_OK)
        rc = trustee_desk_ask(d->desk, pse_text_in(&m->title, pse_span_str("en")),
                              pse_buf_span(statement));
    pse_buf_free(statement);
    return rc;
}

pse_rc trustee_agree(struct trustee_dir *d, const struct session *s, const char *act,
                     const char *name, const char *value)
{
    struct pse_buf statement = PSE_BUF(PSE_WEBAUTHN_STATEMENT_MAX);

    if (d->desk == NULL)
        return PSE_OK;
    put_head(&statement, d, s, act);
    if (name != NULL)
        put_line(&statement, "%s %s\n", name, value);
    return ask(d, s, &statement);
}

pse_rc trustee_agree_lists(struct trustee_dir *d, const struct session *s, const size_t *at,
                           size_t n)
{
    struct pse_buf statement = PSE_BUF(PSE_WEBAUTHN_STATEMENT_MAX);

    PSE_REQUIRE(n > 0 && n <= TRUSTEE_LISTS_MAX);
    if (d->desk == NULL)
        return PSE_OK;
    put_head(&statement, d, s, "decrypt");
    for (size_t i = 0; i < n; i++) {
        struct pse_list_view list;
        char hex[65];

        pse_engine_list(s->load.e, &list, at[i]);
        pse_hex_encode(hex, list.in_hash.b, 32);
        put_line(&statement, "list %u %u %u %u %s\n", list.contest, list.pot, list.ballots,
                 list.items, hex);
    }
    return ask(d, s, &statement);
}
