/* psephos officer audit: the log of acts judged once more, by itself. */
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "common/consent_log.h"
#include "common/files.h"
#include "psephos/officer.h"
#include "psephos/verbs.h"

enum { CARD_ARENA = 1 << 20, NAME = PSE_WEBAUTHN_ACCOUNT_MAX + 1, REMOVALS_MAX = 1024 };

struct audit_options {
    struct session_options common; /* eid */
    struct cli_list officer;
    const char *acts, *origin, *rp_id;
    bool webauthn, json;
};

struct audit {
    struct session s;
    const struct audit_options *o;
    struct consent_accounts accounts;
    struct pse_webauthn_site site;
    pse_edkey key[CONSENT_OFFICERS_MAX];
    char name[CONSENT_OFFICERS_MAX][NAME];
    const char *names[CONSENT_OFFICERS_MAX];
    size_t officers;
    uint64_t acts, bad, asserted, enrolled, removed;
    pse_hash removal[REMOVALS_MAX]; /* acts that removed an authenticator, if they were good */
    size_t removals;
};

/* --- who the officers are ----------------------------------------------------------------------
 */

/* An officer is called what the card's file is called, here as in the office. */
static void name_of(char out[NAME], const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *leaf = slash == NULL ? path : slash + 1;
    size_t n = strlen(leaf);

    if (n > 4 && strcmp(leaf + n - 4, ".pub") == 0)
        n -= 4;
    (void)snprintf(out, NAME, "%.*s", (int)n, leaf);
}

static pse_rc read_officers(struct audit *a)
{
    const struct cli_list *l = &a->o->officer;

    if (l->n > CONSENT_OFFICERS_MAX) {
        cli_error(a->s.name, "--officer can be given %d times", CONSENT_OFFICERS_MAX);
        return PSE_E_LIMIT;
    }
    for (size_t i = 0; i < l->n; i++) {
        PSE_ARENA(arena, CARD_ARENA);
        struct card card;

        PSE_TRY(card_read(&card, &arena, a->s.name, l->v[i], KEY_OFFICER, a->s.g));
        a->key[i] = card.sign;
        name_of(a->name[i], l->v[i]);
        a->names[i] = a->name[i];
        a->officers++;
    }
    return PSE_OK;
}

static pse_rc read_site(struct audit *a)
{
    const char *host = a->o->origin == NULL ? NULL : strstr(a->o->origin, "://");
    static char rp_id[PSE_WEBAUTHN_SITE_MAX];

    if (a->o->origin == NULL)
        return PSE_OK;
    if (host != NULL)
        (void)snprintf(rp_id, sizeof rp_id, "%.*s", (int)strcspn(host + 3, ":/"), host + 3);
    a->site = (struct pse_webauthn_site){.origin = a->o->origin,
                                         .rp_id = a->o->rp_id == NULL ? rp_id : a->o->rp_id};
    if (pse_webauthn_site_is_valid(&a->site))
        return PSE_OK;
    cli_error(a->s.name, "--origin %s is no address of an officers' page", a->o->origin);
    return PSE_E_SYNTAX;
}

/* --- judging -----------------------------------------------------------------------------------
 */

/* An authenticator goes by a good act of two officers, each time by another one. */
static bool is_allowed(struct audit *a, const struct consent_change *change)
{
    pse_hash act;

    if (!change->is_removed)
        return true;
    if (pse_hex_decode(act.b, 32, change->by) != PSE_OK)
        return false;
    for (size_t i = 0; i < a->removals; i++) {
        if (!pse_hash_is_equal(&a->removal[i], &act))
            continue;
        a->removal[i] = a->removal[--a->removals];
        return true;
    }
    return false;
}

static pse_rc judge_change(struct audit *a, const struct consent_line *line)
{
    pse_rc rc = consent_accounts_change(&a->accounts, &line->change);

    a->enrolled += !line->change.is_removed;
    a->removed += line->change.is_removed;
    if (rc == PSE_OK && is_allowed(a, &line->change))
        return PSE_OK;
    a->bad++;
    cli_error(a->s.name, "line %llu: %s cannot have this authenticator %s (%s)",
              (unsigned long long)line->seq, line->change.account,
              line->change.is_removed ? "removed" : "enrolled", pse_rc_name(rc));
    return PSE_OK;
}

static pse_rc judge_act(struct audit *a, const struct consent_line *line)
{
    struct consent_need need = {.what = NULL,
                                .officer = a->key,
                                .name = a->names,
                                .officers = a->o->webauthn ? 0 : a->officers,
                                .accounts = a->o->origin == NULL ? NULL : &a->accounts,
                                .site = &a->site,
                                .now = line->time};
    size_t n = consent_officers(&line->consent, &need);

    a->acts++;
    a->asserted += line->consent.assertions >= CONSENT_NEEDED;
    if (n >= CONSENT_NEEDED) {
        if (pse_span_is_str(line->consent.what, "remove-authenticator") &&
            a->removals < REMOVALS_MAX)
            a->removal[a->removals++] = line->act;
        return PSE_OK;
    }
    a->bad++;
    cli_error(a->s.name, "line %llu: %zu officers stand behind the act to %.*s, %d are needed",
              (unsigned long long)line->seq, n, (int)line->consent.what.n,
              (const char *)line->consent.what.p, CONSENT_NEEDED);
    return PSE_OK;
}

static pse_rc judge(void *ctx, const struct consent_line *line)
{
    return line->is_change ? judge_change(ctx, line) : judge_act(ctx, line);
}

static void report(const struct audit *a)
{
    struct pse_buf text = PSE_BUF(4096);
    struct pse_json_wr w = pse_json_wr(&text, 0);

    if (!a->o->json) {
        printf("%llu acts, %llu of them by authenticators; %llu authenticators enrolled, %llu "
               "removed; %llu lines do not hold\n",
               (unsigned long long)a->acts, (unsigned long long)a->asserted,
               (unsigned long long)a->enrolled, (unsigned long long)a->removed,
               (unsigned long long)a->bad);
        return;
    }
    pse_json_wr_object(&w, NULL);
    pse_json_wr_u64(&w, "acts", a->acts);
    pse_json_wr_u64(&w, "by_authenticators", a->asserted);
    pse_json_wr_u64(&w, "enrolled", a->enrolled);
    pse_json_wr_u64(&w, "removed", a->removed);
    pse_json_wr_u64(&w, "bad", a->bad);
    pse_json_wr_end(&w);
    if (pse_json_wr_finish(&w) == PSE_OK)
        (void)fwrite(text.p, 1, text.n, stdout);
    pse_buf_free(&text);
}

static pse_rc audit(struct audit *a)
{
    const struct audit_options *o = a->o;

    PSE_TRY(session_begin(&a->s, a->s.name, &o->common));
    PSE_TRY(session_want(&a->s, o->acts, "acts FILE"));
    PSE_TRY(session_want(&a->s, o->common.eid.given ? "" : NULL, "eid HEX"));
    if (o->webauthn)
        PSE_TRY(session_want(&a->s, o->origin, "origin URL"));
    if (!file_exists(o->acts)) {
        cli_error(a->s.name, "there is no %s", o->acts);
        return PSE_E_MISSING;
    }
    PSE_TRY(read_officers(a));
    PSE_TRY(read_site(a));
    PSE_TRY(consent_log_each(a->s.name, o->acts, &o->common.eid.value, judge, a));
    report(a);
    return a->bad == 0 ? PSE_OK : PSE_E_PROOF;
}

int officer_audit(int argc, char **argv)
{
    static struct audit a;
    struct audit_options o = {.acts = NULL};
    const struct cli_option options[] = {
        SESSION_EID(&o.common),
        CLI_TEXT("acts", "FILE", &o.acts, "the log of acts (acts.jsonl of the office's state)"),
        CLI_LIST("officer", "CARD", &o.officer,
                 "NAME.pub of an officer who signs with a key; repeat it"),
        CLI_TEXT("origin", "URL", &o.origin, "the address of the officers' page"),
        CLI_TEXT("rp-id", "DOMAIN", &o.rp_id, "[officers] rp-id, if it is not the origin's host"),
        CLI_FLAG("webauthn", &o.webauthn, "authenticators alone count"),
        CLI_FLAG("json", &o.json, "print one JSON object"),
    };
    const struct cli_command command = {
        .name = "psephos officer audit",
        .synopsis = "--acts FILE --eid HEX [--officer CARD]… [--origin URL] [--webauthn]",
        .about =
            "Judge every act in a log of acts once more: the chain, every signature and every\n"
            "assertion with the authenticators that were registered at the time.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    a.s.name = command.name;
    a.o = &o;
    a.s.options = &o.common;
    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&a.s, audit(&a), NULL);
}
