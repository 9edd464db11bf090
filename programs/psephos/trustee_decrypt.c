/* psephos trustee decrypt: the duties of protocol 9, then a share for every list. */
#include <stdio.h>

#include "psephos/trustee.h"

struct decrypt_options {
    struct session_options common;
    struct trustee_consent consent;
};

/* --- duties -------------------------------------------------------------------------------------
 */

static pse_rc check_mixers(const struct session *s, const struct pse_list_view *list,
                           const struct trustee_consent *o)
{
    const struct pse_manifest *m = pse_engine_manifest(s->load.e);
    const struct pse_counts *counts = pse_engine_counts(s->load.e);

    if (list->kind != PSE_KIND_MIX ||
        (unsigned)__builtin_popcountll(list->mixers) == (unsigned)m->mixers)
        return PSE_OK;
    if (counts->statements + counts->incidents == 0) {
        cli_error(s->name,
                  "a mixer has not acted on contest %u, group %u, and no incident or statement in "
                  "the record says why; ask the officer to publish one",
                  list->contest, list->pot);
        return PSE_E_STATE;
    }
    if (!o->mixer_missing) {
        cli_error(
            s->name,
            "a mixer has not acted on contest %u, group %u: read the statements in the record, "
            "and if they account for it give --mixer-missing",
            list->contest, list->pot);
        return PSE_E_STATE;
    }
    return PSE_OK;
}

static bool is_named(const struct cli_list *names, const struct pse_list_view *list)
{
    char word[32];

    (void)snprintf(word, sizeof word, "%u/%u", list->contest, list->pot);
    for (size_t i = 0; i < names->n; i++) {
        if (strcmp(names->v[i], word) == 0)
            return true;
    }
    return false;
}

/* A list under W001 may show how one person voted; revocations can isolate a voter on purpose. */
static pse_rc check_small(const struct session *s, const struct pse_list_view *list,
                          const struct trustee_consent *o)
{
    const struct pse_manifest *m = pse_engine_manifest(s->load.e);
    const struct pse_counts *c = pse_engine_counts(s->load.e);

    if (list->ballots >= m->min_list || is_named(&o->small, list))
        return PSE_OK;
    cli_error(
        s->name,
        "contest %u, group %u has %u ballots, fewer than the %u that protect secrecy (in all: "
        "%llu admitted, %llu out, %llu voided, %llu dead); if that is right give --small %u/%u",
        list->contest, list->pot, list->ballots, m->min_list, (unsigned long long)c->admitted,
        (unsigned long long)c->out, (unsigned long long)c->voided,
        (unsigned long long)c->ballots_dead, list->contest, list->pot);
    return PSE_E_STATE;
}

/* --- shares -------------------------------------------------------------------------------------
 */

/* Another parcel, of one list: kept on disk before anything leaves. */
struct list_parcel {
    struct pse_buf bytes;
};

static pse_rc list_blob(void *ctx, struct pse_span blob)
{
    struct list_parcel *p = ctx;

    parcel_put_blob(&p->bytes, blob);
    return p->bytes.rc;
}

static pse_rc list_entry(void *ctx, struct pse_span entry)
{
    struct list_parcel *p = ctx;

    parcel_put_entry(&p->bytes, entry);
    return p->bytes.rc;
}

static void step_name(char out[48], const struct pse_list_view *list)
{
    (void)snprintf(out, 48, "decrypt-%u-%u", list->contest, list->pot);
}

static pse_rc open_list(struct trustee_dir *d, struct session *s, size_t at,
                        const struct pse_list_view *list)
{
    struct list_parcel parcel = {.bytes = PSE_BUF(PARCEL_MAX)};
    struct sink sink = {.ctx = &parcel, .blob = list_blob, .entry = list_entry};
    struct act a = session_act_into(s, &sink);
    char step[48];
    bool again;
    pse_rc rc;

    step_name(step, list);
    PSE_TRY(trustee_dir_guard(d, s, list->contest, list->pot, &list->in_hash));
    PSE_TRY(trustee_dir_again(&again, d, s, step));
    if (again)
        return PSE_OK;
    parcel_begin(&parcel.bytes);
    rc = act_trustee_decrypt(&a, d->t, at);
    if (rc == PSE_OK)
        rc = trustee_dir_keep(d, s, step, pse_buf_span(&parcel.bytes));
    pse_buf_free(&parcel.bytes);
    if (rc == PSE_OK)
        rc = trustee_dir_again(&again, d, s, step);
    return rc;
}

/* The trustee agrees to the lists from @p from on that were not opened yet, as many as fit into one
 * act; *end: those before it may be opened. */
static pse_rc agree(struct trustee_dir *d, struct session *s, size_t from, size_t *end)
{
    size_t n = pse_engine_lists(s->load.e), at[TRUSTEE_LISTS_MAX], count = 0;

    for (*end = from; *end < n && count < TRUSTEE_LISTS_MAX; ++*end) {
        struct pse_list_view list;
        char step[48];

        pse_engine_list(s->load.e, &list, *end);
        step_name(step, &list);
        if ((list.trustees >> (d->t->index - 1) & 1) == 0 && !trustee_dir_has(d, step))
            at[count++] = *end;
    }
    return count == 0 ? PSE_OK : trustee_agree_lists(d, s, at, count);
}

pse_rc trustee_open_lists(struct trustee_dir *d, struct session *s, const struct trustee_consent *o)
{
    struct act a = session_act(s);
    size_t n = pse_engine_lists(s->load.e);
    struct pse_list_view list;
    struct progress progress;
    pse_rc rc = PSE_OK;

    if (!d->t->has_polynomial) {
        cli_error(s->name,
                  "%s holds no ceremony of this election; restore the folder from your "
                  "copy. Any %u other trustees can still count",
                  d->path, pse_engine_manifest(s->load.e)->threshold);
        return PSE_E_STATE;
    }
    PSE_TRY(act_allowed(&a, PSE_ENTRY_DECRYPT, PSE_ROLE_TRUSTEE, d->t->index));
    for (size_t i = 0; i < n; i++) {
        pse_engine_list(s->load.e, &list, i);
        PSE_TRY(check_mixers(s, &list, o));
        PSE_TRY(check_small(s, &list, o));
    }
    progress_init(&progress, s->name, s->options->quiet);
    progress_step(&progress, "opening lists", n);
    for (size_t i = 0, agreed = 0; i < n && rc == PSE_OK; i++) {
        if (i == agreed)
            rc = agree(d, s, i, &agreed);
        if (rc != PSE_OK)
            break;
        pse_engine_list(s->load.e, &list, i);
        if ((list.trustees >> (d->t->index - 1) & 1) == 0)
            rc = open_list(d, s, i, &list);
        progress_set(&progress, i + 1);
    }
    progress_end(&progress);
    return rc;
}

int trustee_decrypt(int argc, char **argv)
{
    struct decrypt_options o = {.consent = {.mixer_missing = false}};
    struct session s = {.name = "psephos trustee decrypt", .options = &o.common};
    struct trustee_dir d = {.t = NULL};
    const struct cli_option options[] = {
        SESSION_OPTIONS(&o.common),
        TRUSTEE_CONSENT_OPTIONS(&o.consent),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR --key FILE [--small C/G ...] [--mixer-missing] --out FILE",
        .about =
            "Verify the whole record, then make your decryption share of every list. Which list\n"
            "was opened is noted on disk first; another one in its place is refused for ever.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = trustee_begin(&d, &s, &o.common);
    if (rc == PSE_OK)
        rc = trustee_open_lists(&d, &s, &o.consent);
    trustee_dir_close(&d);
    return session_end(&s, rc, "send the parcel to the board for psephos record append");
}
