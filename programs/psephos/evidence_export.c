/* psephos evidence export: one binding as files that OpenSSL and others read. */
#include "psephos/evidence.h"

#include <stdio.h>

#include "codec/codec.h"
#include "identity/identity.h"
#include "psephos/voters.h"

enum { HOLD_MAX = 1 << 20 };

struct export_options {
    struct session_options common;
    struct voters_options voters;
    struct cli_hash credential;
    const char *out;
};

static pse_rc put(const struct session *s, const char *dir, const char *leaf, struct pse_span bytes)
{
    char path[FILE_PATH_MAX];

    if (bytes.n == 0)
        return PSE_OK; /* an answer that has not come */
    PSE_TRY(file_join(path, s->name, dir, leaf));
    return file_write(s->name, path, bytes, FILE_NEW | FILE_SECRET);
}

static pse_rc put_all(const struct session *s, const char *dir, const struct pse_bond *b)
{
    struct pse_certificate *c = NULL;
    struct pse_span value;
    pse_rc rc = pse_cms_value(&value, b->cms);

    if (rc == PSE_OK)
        rc = pse_cms_certificate(&c, b->cms);
    if (rc != PSE_OK) {
        cli_error(s->name, "the signature in this binding is damaged (%s)", pse_rc_name(rc));
        return rc;
    }
    rc = file_make_dir(s->name, dir);
    if (rc == PSE_OK)
        rc = put(s, dir, "statement.bin", b->statement);
    if (rc == PSE_OK)
        rc = put(s, dir, "signature.p7s", b->cms);
    if (rc == PSE_OK)
        rc = put(s, dir, "value.bin", value);
    if (rc == PSE_OK)
        rc = put(s, dir, "stamp.tsr", b->stamp);
    if (rc == PSE_OK)
        rc = put(s, dir, "answer.der", b->ocsp);
    if (rc == PSE_OK)
        rc = put(s, dir, "certificate.der", pse_certificate_der(c));
    pse_certificate_free(c);
    return rc;
}

static pse_rc export_one(const struct session *s, const struct export_options *o, struct voters *x)
{
    struct pse_buf hold = PSE_BUF(HOLD_MAX);
    struct pse_credential_row row;
    struct pse_bond b;
    pse_enc credential;
    uint8_t salt[32];
    pse_rc rc;

    memcpy(credential.b, o->credential.value.b, 32);
    rc = pse_voters_credential_find(x->v, &row, &credential);
    if (rc == PSE_OK)
        rc = pse_voters_evidence(x->v, salt, &hold, row.row);
    pse_wipe(salt, sizeof salt);
    if (rc == PSE_E_MISSING)
        cli_error(s->name, "no such credential in the database, or its evidence was erased");
    else if (rc == PSE_OK && pse_bond_parse(&b, pse_buf_span(&hold)) != PSE_OK) {
        cli_error(s->name, "nobody has signed for this credential; it came by letter or card");
        rc = PSE_E_STATE;
    } else if (rc == PSE_OK) {
        rc = put_all(s, o->out, &b);
    } else {
        rc = voters_failed(s, &o->voters, rc);
    }
    pse_buf_free(&hold);
    return rc == PSE_E_MISSING ? PSE_E_STATE : rc;
}

static pse_rc run(struct session *s, const struct export_options *o)
{
    struct voters x = {.v = NULL};
    pse_rc rc;

    PSE_TRY(session_want(s, o->out, "out DIR"));
    PSE_TRY(session_want(s, o->credential.given ? "" : NULL, "credential HEX"));
    PSE_TRY(session_begin(s, s->name, &o->common));
    rc = voters_open(&x, s, &o->voters, true);
    if (rc == PSE_OK)
        rc = export_one(s, o, &x);
    voters_close(&x);
    if (rc == PSE_OK)
        session_say(s, "%s: treat it as the voter database itself", o->out);
    return rc;
}

int evidence_export(int argc, char **argv)
{
    struct export_options o = {.out = NULL};
    struct session s = {.name = "psephos evidence export", .options = &o.common};
    const struct cli_option options[] = {
        VOTERS_OPTIONS(&o.voters),
        CLI_HASH("credential", "HEX", &o.credential, "the credential"),
        CLI_TEXT("out", "DIR", &o.out, "the folder to make"),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--voters DB --wrap FILE --credential HEX --out DIR",
        .about =
            "Write statement, signature, time stamp, certificate and the authority's answer of\n"
            "one binding as files for other people's tools. They name a voter.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, run(&s, &o), NULL);
}
