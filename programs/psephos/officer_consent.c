/* psephos officer propose, agree, confirm: acts that take two people. */
#include <string.h>

#include "codec/codec.h"
#include "common/files.h"
#include "psephos/voters.h"

enum { ACT_ARENA = 1 << 20, SUBJECT_MAX = 512 << 20 };

struct consent_options {
    struct session_options common;
    struct voters_options voters; /* act, officers, log of acts */
    const char *what, *subject, *about;
};

static pse_rc hash_file(pse_hash *out, const struct session *s, const char *path)
{
    struct pse_buf bytes;

    PSE_TRY(session_want(s, path, "subject FILE"));
    PSE_TRY(file_read(&bytes, s->name, path, SUBJECT_MAX));
    pse_sha256(out, pse_buf_span(&bytes));
    pse_buf_free(&bytes);
    return PSE_OK;
}

static pse_rc want_word(const struct session *s, const char *what)
{
    PSE_TRY(session_want(s, what, "what WORD"));
    if (consent_is_word(pse_span_str(what)))
        return PSE_OK;
    cli_error(s->name, "--what wants open, close, import, revoke, publish, release or erase");
    return PSE_E_SYNTAX;
}

/* --- propose -----------------------------------------------------------------------------------
 */

static pse_rc propose(struct session *s, const struct consent_options *o)
{
    struct consent c = {.made = session_now()};

    PSE_TRY(session_begin(s, s->name, &o->common));
    PSE_TRY(want_word(s, o->what));
    PSE_TRY(session_want(s, o->about, "about TEXT"));
    PSE_TRY(session_want(s, o->common.out, "out FILE"));
    PSE_TRY(session_want(s, o->common.eid.given ? "" : NULL, "eid HEX"));
    if (strlen(o->about) > CONSENT_ABOUT_MAX || !pse_utf8_is_valid(pse_span_str(o->about))) {
        cli_error(s->name, "--about is longer than %d bytes, or no UTF-8", CONSENT_ABOUT_MAX);
        return PSE_E_LIMIT;
    }
    PSE_TRY(hash_file(&c.subject, s, o->subject));
    PSE_TRY(session_key(s, KEY_OFFICER));
    c.what = pse_span_str(o->what);
    c.about = pse_span_str(o->about);
    c.eid = o->common.eid.value;
    pse_rng_fill(&s->rng, c.nonce.b, sizeof c.nonce.b);
    PSE_TRY(consent_sign(&c, s->name, s->key));
    return consent_write(&c, s->name, o->common.out);
}

int officer_propose(int argc, char **argv)
{
    struct consent_options o = {.what = NULL};
    struct session s = {.name = "psephos officer propose", .options = &o.common};
    const struct cli_option options[] = {
        SESSION_EID(&o.common),
        SESSION_KEY(&o.common),
        CLI_TEXT("what", "WORD", &o.what, "open, close, import, revoke, publish, release or erase"),
        CLI_TEXT("subject", "FILE", &o.subject, "the bytes it is about: list, parcel or page"),
        CLI_TEXT("about", "TEXT", &o.about, "the grounds, for the other officer and the log"),
        SESSION_OUT(&o.common),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--what WORD --subject FILE --about TEXT --eid HEX --key FILE --out FILE",
        .about = "Propose an act that takes two officers, and sign it.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, propose(&s, &o), "send the act and what it is about to another officer");
}

/* --- agree -------------------------------------------------------------------------------------
 */

static pse_rc agree(struct session *s, const struct consent_options *o)
{
    PSE_ARENA(arena, ACT_ARENA);
    struct consent c;
    pse_hash subject;

    PSE_TRY(session_begin(s, s->name, &o->common));
    PSE_TRY(session_want(s, o->voters.act, "act FILE"));
    PSE_TRY(session_want(s, o->common.out, "out FILE"));
    PSE_TRY(consent_read(&c, &arena, s->name, o->voters.act));
    PSE_TRY(hash_file(&subject, s, o->subject));
    if (!pse_hash_is_equal(&subject, &c.subject)) {
        cli_error(s->name, "%s is not what the act is about; ask for the same file", o->subject);
        return PSE_E_MISMATCH;
    }
    PSE_TRY(session_key(s, KEY_OFFICER));
    PSE_TRY(consent_sign(&c, s->name, s->key));
    session_say(s, "To %.*s: %.*s", (int)c.what.n, (const char *)c.what.p, (int)c.about.n,
                (const char *)c.about.p);
    return consent_write(&c, s->name, o->common.out);
}

int officer_agree(int argc, char **argv)
{
    struct consent_options o = {.what = NULL};
    struct session s = {.name = "psephos officer agree", .options = &o.common};
    const struct cli_option options[] = {
        SESSION_KEY(&o.common),
        CLI_TEXT("act", "FILE", &o.voters.act, "the act that another officer proposed"),
        CLI_TEXT("subject", "FILE", &o.subject, "what it is about, which you have looked at"),
        SESSION_OUT(&o.common),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--act FILE --subject FILE --key FILE --out FILE",
        .about = "Add your signature to an act. You sign that you have looked at the subject.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, agree(&s, &o), "send the act to whoever does it");
}

/* --- confirm -----------------------------------------------------------------------------------
 */

static pse_rc confirm(struct session *s, const struct consent_options *o)
{
    pse_hash subject;
    pse_hash act;

    PSE_TRY(session_begin(s, s->name, &o->common));
    PSE_TRY(want_word(s, o->what));
    PSE_TRY(session_want(s, o->common.eid.given ? "" : NULL, "eid HEX"));
    PSE_TRY(hash_file(&subject, s, o->subject));
    PSE_TRY(voters_consent(&act, s, &o->voters, o->what, &o->common.eid.value, &subject));
    session_say(s, "Two officers agreed; the act stands in %s.", o->voters.acts);
    return PSE_OK;
}

int officer_confirm(int argc, char **argv)
{
    struct consent_options o = {.what = NULL};
    struct session s = {.name = "psephos officer confirm", .options = &o.common};
    const struct cli_option options[] = {
        SESSION_EID(&o.common),
        CLI_TEXT("what", "WORD", &o.what, "what is about to be done"),
        CLI_TEXT("subject", "FILE", &o.subject, "the parcel or page it is about to be done with"),
        VOTERS_ACT(&o.voters),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--what WORD --subject FILE --eid HEX --act FILE --officer CARD…\n"
                    "       --acts FILE",
        .about = "Check that two officers agreed to an act, and write it to the log of acts. An\n"
                 "act is good once, for a day.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, confirm(&s, &o), NULL);
}
