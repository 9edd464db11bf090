/* psephos evidence: an appointed auditor opens what binds voters to credentials. */
#include <stdio.h>

#include "codec/codec.h"
#include "commands.h"
#include "psephos/certificates.h"
#include "psephos/evidence.h"
#include "psephos/evidence_audit.h"
#include "psephos/verbs.h"
#include "psephos/voters.h"

enum { JSON_MAX = 64 << 20, PUBLISHED_MAX = 1 << 22, ARENA_MAX = 64 << 20 };

struct evidence_options {
    struct session_options common;
    struct voters_options voters;
    struct cli_list ca, stamp_ca, forbid;
    const char *responder, *policy, *published;
    bool letters, erased, json;
};

/* --- whom the auditor believes ------------------------------------------------------------------
 */

static pse_rc forbid(struct eid_trust *t, const char *name, const struct cli_list *oids)
{
    char words[PSE_CONF_TEXT] = "";
    size_t n = 0;

    for (size_t i = 0; i < oids->n && n < sizeof words; i++)
        n += (size_t)snprintf(words + n, sizeof words - n, "%s%s", i == 0 ? "" : " ", oids->v[i]);
    if (n < sizeof words && eid_trust_forbid(t, words) == PSE_OK)
        return PSE_OK;
    cli_error(name, "--forbid-policy takes at most %d dotted OIDs", EID_FORBIDDEN_MAX);
    return PSE_E_SYNTAX;
}

static pse_rc read_trust(struct eid_trust *t, const char *name, const struct evidence_options *o)
{
    PSE_TRY(forbid(t, name, &o->forbid));
    if (o->policy != NULL && !pse_oid_is_valid(o->policy)) {
        cli_error(name, "--stamp-policy '%s' is no dotted OID", o->policy);
        return PSE_E_SYNTAX;
    }
    (void)snprintf(t->policy, sizeof t->policy, "%s", o->policy == NULL ? "" : o->policy);
    if (o->ca.n == 0 && o->letters) {
        /* Letters alone: nobody's signature is expected, and a bond would not be believed. */
        PSE_TRY(pse_anchors_new(&t->people));
        return pse_anchors_new(&t->stamps);
    }
    PSE_TRY(anchors_read(&t->people, name, &o->ca, "authorities of eIDs"));
    if (o->stamp_ca.n == 0) {
        cli_error(name, "--stamp-ca is missing: the certificates of stamp authorities you trust");
        return PSE_E_MISSING;
    }
    PSE_TRY(anchors_read(&t->stamps, name, &o->stamp_ca, "stamp authorities"));
    return o->responder == NULL ? PSE_OK : certificate_read(&t->responder, name, o->responder);
}

/* --- what was found -----------------------------------------------------------------------------
 */

struct outcome {
    const struct evidence_options *o;
    struct pse_json_wr *w;
};

static void say(void *ctx, const struct evidence_finding *f)
{
    const struct outcome *out = ctx;
    char hex[65] = "";

    if (f->credential != NULL)
        pse_hex_encode(hex, f->credential->b, 32);
    if (!out->o->json) {
        printf("%s", f->rule);
        if (f->credential != NULL)
            printf(" %s", hex);
        if (f->district.n > 0)
            printf(" district %.*s", (int)f->district.n, (const char *)f->district.p);
        if (f->row != 0)
            printf(" (row %llu)", (unsigned long long)f->row);
        printf(": %s\n", f->why);
        return;
    }
    pse_json_wr_object(out->w, NULL);
    pse_json_wr_str(out->w, "rule", f->rule);
    if (f->credential != NULL)
        pse_json_wr_str(out->w, "credential", hex);
    if (f->row != 0)
        pse_json_wr_u64(out->w, "row", f->row);
    if (f->district.n > 0)
        pse_json_wr_string(out->w, "district", f->district);
    pse_json_wr_str(out->w, "why", f->why);
    pse_json_wr_end(out->w);
}

static void put_districts(struct pse_json_wr *w, const struct evidence_audit *a)
{
    pse_json_wr_array(w, "districts");
    for (size_t i = 0; i < a->districts; i++) {
        const struct evidence_district *d = &a->district[i];

        pse_json_wr_object(w, NULL);
        pse_json_wr_string(w, "district", d->district);
        pse_json_wr_u64(w, "listed", d->listed);
        if (d->is_published)
            pse_json_wr_u64(w, "published", d->published);
        pse_json_wr_u64(w, "live", d->live);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

static void put_counts(struct pse_json_wr *w, const struct evidence_audit *a)
{
    pse_json_wr_u64(w, "credentials", a->credentials);
    pse_json_wr_u64(w, "live", a->live);
    pse_json_wr_u64(w, "signed", a->bonds);
    pse_json_wr_u64(w, "letters", a->letters);
    pse_json_wr_u64(w, "erased", a->erased);
    pse_json_wr_u64(w, "pending", a->pending);
    put_districts(w, a);
    pse_json_wr_u64(w, "count", a->findings);
    pse_json_wr_str(w, "verdict", a->findings == 0 ? "accepted" : "refused");
}

static void say_counts(const struct evidence_audit *a)
{
    for (size_t i = 0; i < a->districts; i++) {
        const struct evidence_district *d = &a->district[i];

        printf("district %.*s: %llu live credentials, %llu voters on the list", (int)d->district.n,
               (const char *)d->district.p, (unsigned long long)d->live,
               (unsigned long long)d->listed);
        if (d->is_published)
            printf(", %llu published", (unsigned long long)d->published);
        printf("\n");
    }
    printf("%llu credentials in the record, %llu signed by their voters, %llu by letter, %llu "
           "erased; %llu wait\n%s: %llu findings\n",
           (unsigned long long)a->credentials, (unsigned long long)a->bonds,
           (unsigned long long)a->letters, (unsigned long long)a->erased,
           (unsigned long long)a->pending, a->findings == 0 ? "accepted" : "refused",
           (unsigned long long)a->findings);
}

/* --- the verb -----------------------------------------------------------------------------------
 */

static pse_rc read_published(struct pse_buf *out, const struct session *s,
                             const struct evidence_options *o)
{
    if (o->published == NULL)
        return PSE_OK;
    PSE_TRY(file_read(out, s->name, o->published, PUBLISHED_MAX));
    if (out->n > 0)
        return PSE_OK;
    cli_error(s->name, "%s is empty; it must begin with the line district,voters", o->published);
    return PSE_E_SYNTAX;
}

static pse_rc run(struct evidence_audit *a, struct session *s, const struct evidence_options *o)
{
    struct pse_buf published = PSE_BUF(PUBLISHED_MAX);
    struct voters x = {.v = NULL};
    struct eid_trust trust = {.people = NULL};
    size_t line = 0;
    pse_rc rc = read_trust(&trust, s->name, o);

    a->trust = &trust;
    if (rc == PSE_OK)
        rc = read_published(&published, s, o);
    a->published = pse_buf_span(&published);
    if (rc == PSE_OK)
        rc = session_start(s, s->name, &o->common);
    a->g = s->g;
    if (rc == PSE_OK)
        rc = voters_open(&x, s, &o->voters, true);
    if (rc == PSE_OK) {
        rc = evidence_audit(a, &line, x.v, &s->load);
        if (rc == PSE_E_SYNTAX)
            cli_error(s->name, "%s:%zu: not a line of district,voters, or a district twice",
                      o->published, line);
        else
            rc = voters_failed(s, &o->voters, rc);
    }
    voters_close(&x);
    eid_trust_free(&trust);
    pse_buf_free(&published);
    return rc;
}

static pse_rc verify(struct session *s, const struct evidence_options *o)
{
    PSE_ARENA(arena, ARENA_MAX);
    struct pse_buf text = PSE_BUF(JSON_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    struct outcome out = {.o = o, .w = &w};
    struct evidence_audit a = {.ctx = &out,
                               .finding = say,
                               .letters_are_fine = o->letters,
                               .erased_is_fine = o->erased,
                               .arena = &arena};
    pse_rc rc;

    pse_json_wr_object(&w, NULL);
    pse_json_wr_array(&w, "findings");
    rc = run(&a, s, o);
    pse_json_wr_end(&w);
    put_counts(&w, &a);
    pse_json_wr_end(&w);
    if (rc == PSE_OK && o->json) {
        rc = pse_json_wr_finish(&w);
        if (rc == PSE_OK)
            printf("%.*s", (int)text.n, (const char *)text.p);
    } else if (rc == PSE_OK && !o->common.quiet) {
        say_counts(&a);
    }
    pse_buf_free(&text);
    return rc == PSE_OK && a.findings > 0 ? PSE_E_MISMATCH : rc;
}

static int evidence_verify(int argc, char **argv)
{
    struct evidence_options o = {.json = false};
    struct session s = {.name = "psephos evidence verify", .options = &o.common};
    const struct cli_option options[] = {
        SESSION_FOLLOW(&o.common),
        SESSION_EID(&o.common),
        VOTERS_OPTIONS(&o.voters),
        CLI_MANY("ca", "FILE", &o.ca, "certificates of authorities that issue eIDs; repeat"),
        CLI_MANY("stamp-ca", "FILE", &o.stamp_ca, "certificates of stamp authorities; repeat"),
        CLI_TEXT("responder", "FILE", &o.responder,
                 "the one certificate that answers about revocation"),
        CLI_TEXT("stamp-policy", "OID", &o.policy, "the policy that stamps must follow"),
        CLI_LIST("forbid-policy", "OID", &o.forbid,
                 "a policy of certificates that is not accepted; repeat"),
        CLI_TEXT("published", "FILE", &o.published,
                 "the register as published: a sheet of district,voters"),
        CLI_FLAG("letters", &o.letters, "credentials by letter are expected"),
        CLI_FLAG("erased", &o.erased, "erased evidence is expected"),
        CLI_FLAG("json", &o.json, "print one JSON object"),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR --voters DB --wrap FILE --ca FILE… --stamp-ca FILE…\n"
                    "       [--published FILE] [--letters] [--json]",
        .about = "Open every commitment of the roster and check what is behind it: statement,\n"
                 "signature, time stamp, revocation, the person on the list, one credential each.\n"
                 "No name is printed. Status 1 when anything was found.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    if (o.voters.voters == NULL || o.voters.wrap == NULL) {
        cli_error(s.name, "give --voters DB and --wrap FILE: an auditor needs both");
        return CLI_EXIT_USAGE;
    }
    return session_end(&s, verify(&s, &o), NULL);
}

int cmd_evidence(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"export", "one binding, as files for other people's tools", evidence_export},
        {"verify", "every binding of a voter to a credential", evidence_verify},
    };

    return verbs_run("evidence", "What binds voters to credentials, for appointed auditors.", verb,
                     CLI_COUNT(verb), argc, argv);
}
