/* psephos identity: electronic identities judged offline, file by file. */
#include "psephos/identity.h"

#include <stdio.h>

#include "commands.h"
#include "common/instant.h"

pse_rc identity_time(int64_t *out, const char *name, const char *text)
{
    if (text == NULL) {
        cli_error(name, "--time is missing: the instant of judgement; see %s --help", name);
        return PSE_E_SYNTAX;
    }
    if (instant_parse(out, text) == PSE_OK)
        return PSE_OK;
    cli_error(name, "--time '%s' is no instant; write it as 2026-11-30T20:00:00Z", text);
    return PSE_E_SYNTAX;
}

/* --- persons ------------------------------------------------------------------------------------
 */

static void member(struct pse_json_wr *w, const char *name, const char *text)
{
    if (text[0] == '\0')
        pse_json_wr_null(w, name);
    else
        pse_json_wr_str(w, name, text);
}

void identity_person_json(struct pse_json_wr *w, const struct pse_person *p)
{
    char subject[PSE_SUBJECT_MAX];

    if (p == NULL) {
        pse_json_wr_null(w, "subject");
        return;
    }
    pse_json_wr_object(w, "subject");
    member(w, "id", pse_person_subject(subject, p) == PSE_OK ? subject : "");
    member(w, "serialNumber", p->serial_number);
    member(w, "givenName", p->given_name);
    member(w, "surname", p->surname);
    member(w, "C", p->country);
    pse_json_wr_end(w);
}

static void line(const char *label, const char *text)
{
    struct pse_buf out = PSE_BUF(16 * PSE_SUBJECT_MAX);

    if (text[0] == '\0')
        return;
    pse_utf8_put_escaped(&out, pse_span_str(text));
    printf("  %-13s %.*s\n", label, (int)out.n, (const char *)out.p);
    pse_buf_free(&out);
}

void identity_person_say(const struct pse_person *p)
{
    char subject[PSE_SUBJECT_MAX];

    if (pse_person_subject(subject, p) == PSE_OK)
        line("subject", subject);
    line("serial number", p->serial_number);
    line("given name", p->given_name);
    line("surname", p->surname);
    line("country", p->country);
}

pse_rc identity_json_print(struct pse_json_wr *w)
{
    pse_rc rc = pse_json_wr_finish(w);

    if (rc == PSE_OK)
        printf("%.*s", (int)w->out->n, (const char *)w->out->p);
    pse_buf_free(w->out);
    return rc;
}

int cmd_identity(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"certificate", "what a person's certificate says, and who issued it",
         identity_certificate},
    };

    return verbs_run("identity",
                     "Electronic identities, judged from files: no network, no clock of their own.",
                     verb, CLI_COUNT(verb), argc, argv);
}
