/* psephos officer statement and incident: what the authority says, and what went wrong. */
#include "codec/codec.h"
#include "common/evidence.h"
#include "common/files.h"
#include "psephos/officer.h"
#include "psephos/verbs.h"

const struct session_word incident_words[5] = {{"availability", PSE_INCIDENT_AVAILABILITY},
                                               {"integrity", PSE_INCIDENT_INTEGRITY},
                                               {"secrecy", PSE_INCIDENT_SECRECY},
                                               {"procedure", PSE_INCIDENT_PROCEDURE},
                                               {"other", PSE_OTHER}};

static const char to_board[] = "send the parcel to the board for psephos record append";

/* --- statements ---------------------------------------------------------------------------------
 */

struct statement_options {
    struct session_options common;
    const char *kind, *file, *title, *language, *media;
};

static pse_rc state_file(struct session *s, const struct statement_options *o, uint8_t kind)
{
    struct act a = session_act(s);
    struct pse_buf content;
    struct act_statement statement = {.kind = kind,
                                      .language = pse_span_str(o->language),
                                      .media_type = pse_span_str(o->media),
                                      .title = pse_span_str(o->title)};
    pse_rc rc;

    PSE_TRY(file_read(&content, s->name, o->file, PSE_STATEMENT_MAX));
    statement.content = pse_buf_span(&content);
    rc = act_statement(&a, &s->key->sign, &statement);
    pse_buf_free(&content);
    return rc;
}

static pse_rc state(struct session *s, const struct statement_options *o)
{
    static const struct session_word words[] = {{"information", PSE_STATEMENT_INFORMATION},
                                                {"correction", PSE_STATEMENT_CORRECTION},
                                                {"schedule", PSE_STATEMENT_SCHEDULE},
                                                {"result", PSE_STATEMENT_RESULT},
                                                {"other", PSE_OTHER}};
    uint8_t kind;

    PSE_TRY(session_word(&kind, s, "kind", o->kind, words, CLI_COUNT(words)));
    PSE_TRY(session_want(s, o->file, "file FILE"));
    PSE_TRY(session_want(s, o->title, "title TEXT"));
    PSE_TRY(session_start(s, s->name, &o->common));
    PSE_TRY(session_key(s, KEY_OFFICER));
    return state_file(s, o, kind);
}

int officer_statement(int argc, char **argv)
{
    struct statement_options o = {
        .kind = "information", .language = "en", .media = "text/plain;charset=utf-8"};
    struct session s = {.name = "psephos officer statement", .options = &o.common};
    const struct cli_option options[] = {
        SESSION_OPTIONS(&o.common),
        CLI_TEXT("kind", "WORD", &o.kind,
                 "information (default), correction, schedule, result or other"),
        CLI_TEXT("file", "FILE", &o.file, "what is stated, at most 16 MiB"),
        CLI_TEXT("title", "TEXT", &o.title, "one line"),
        CLI_TEXT("language", "TAG", &o.language, "language of the file (default en)"),
        CLI_TEXT("media", "TYPE", &o.media, "media type (default text/plain;charset=utf-8)"),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR --key FILE --file FILE --title TEXT [--kind WORD] --out FILE",
        .about = "Put a signed statement into the record: anyone can check that it is official.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, state(&s, &o), to_board);
}

/* --- incidents ----------------------------------------------------------------------------------
 */

struct incident_options {
    struct session_options common;
    const char *class_, *about, *evidence;
};

static pse_rc note_incident(struct session *s, const struct incident_options *o)
{
    pse_hash commitment;
    struct act a;
    uint8_t class_;

    PSE_TRY(session_word(&class_, s, "class", o->class_, incident_words, 5));
    PSE_TRY(session_want(s, o->about, "about TEXT"));
    PSE_TRY(session_want(s, o->evidence, "evidence FILE"));
    PSE_TRY(session_start(s, s->name, &o->common));
    PSE_TRY(session_key(s, KEY_OFFICER));
    a = session_act(s);
    PSE_TRY(act_allowed(&a, PSE_ENTRY_INCIDENT, PSE_ROLE_AUTHORITY, 0));
    PSE_TRY(evidence_commit(&commitment, s->name, o->evidence, "incident",
                            pse_engine_eid(s->load.e), pse_span_str(o->about), &s->rng));
    return act_incident(&a, &s->key->sign, PSE_ROLE_AUTHORITY, class_, session_now(), &commitment);
}

int officer_incident(int argc, char **argv)
{
    struct incident_options o = {0};
    struct session s = {.name = "psephos officer incident", .options = &o.common};
    const struct cli_option options[] = {
        SESSION_OPTIONS(&o.common),
        CLI_TEXT("class", "WORD", &o.class_,
                 "availability, integrity, secrecy, procedure or other"),
        CLI_TEXT("about", "TEXT", &o.about, "the report; the record gets a commitment only"),
        CLI_TEXT("evidence", "FILE", &o.evidence, "your private file that keeps report and salt"),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR --key FILE --class WORD --about TEXT --evidence FILE --out FILE",
        .about =
            "Put a commitment to a report into the record: that something went wrong, and when.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, note_incident(&s, &o), to_board);
}
