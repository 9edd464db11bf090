#include "psephos/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "codec/text.h"
#include "common/files.h"
#include "common/record_follow.h"
#include "psephos/verbs.h"
#include "token/token.h"

static pse_rc parcel_blob(void *ctx, struct pse_span blob)
{
    struct session *s = ctx;

    parcel_put_blob(&s->parcel, blob);
    return s->parcel.rc;
}

static pse_rc parcel_entry(void *ctx, struct pse_span entry)
{
    struct session *s = ctx;

    parcel_put_entry(&s->parcel, entry);
    s->entries++;
    return s->parcel.rc;
}

static unsigned processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n < 1 ? 1 : n > 256 ? 256 : (unsigned)n;
}

pse_rc session_begin(struct session *s, const char *name, const struct session_options *o)
{
    memset(s, 0, sizeof *s);
    s->name = name;
    s->options = o;
    s->parcel = PSE_BUF(PARCEL_MAX);
    s->sink = (struct sink){.ctx = s, .blob = parcel_blob, .entry = parcel_entry};
    parcel_begin(&s->parcel);
    PSE_TRY(sysrng_start(&s->rng, name));
    PSE_TRY(pse_pool_new(&s->pool, processors()));
    return pse_group_new(&s->g, PSE_BACKEND_AUTO, s->pool);
}

/* A token has no place beside it. */
static bool is_file(const char *key)
{
    return key != NULL && !pse_token_is_uri(key);
}

pse_rc session_follow(struct session *s)
{
    const struct session_options *o = s->options;
    struct record_follow_options follow = {.from = o->record,
                                           .cache = o->cache,
                                           .key = is_file(o->key) ? o->key : NULL,
                                           .mirror = &o->mirror,
                                           .eid = o->eid.given ? &o->eid.value : NULL,
                                           .g = s->g,
                                           .quiet = o->quiet};

    PSE_TRY(session_want(s, o->record, "record DIR"));
    return record_follow(s->dir, s->name, &follow, session_now());
}

pse_rc session_load(struct session *s)
{
    const struct session_options *o = s->options;
    struct record_load_options load = {
        .g = s->g, .rng = &s->rng, .eid = o->eid.given ? &o->eid.value : NULL, .quiet = o->quiet};

    s->has_record = true;
    return record_load(&s->load, s->name, s->dir, &load);
}

pse_rc session_start(struct session *s, const char *name, const struct session_options *o)
{
    PSE_TRY(session_begin(s, name, o));
    PSE_TRY(session_follow(s));
    return session_load(s);
}

pse_rc session_key(struct session *s, enum key_role role)
{
    PSE_TRY(session_want(s, s->options->key, "key FILE"));
    return key_read(&s->key, s->name, s->options->key, role, s->g);
}

struct act session_act_into(struct session *s, const struct sink *sink)
{
    return (struct act){.name = s->name, .g = s->g, .rng = &s->rng, .e = s->load.e, .sink = sink};
}

struct act session_act(struct session *s)
{
    return session_act_into(s, &s->sink);
}

pse_rc session_want(const struct session *s, const char *value, const char *option)
{
    return cli_want(s->name, value, option) ? PSE_OK : PSE_E_MISSING;
}

pse_rc session_want_sink(const struct session *s)
{
    return session_want(s, s->options->out != NULL ? s->options->out : s->options->post,
                        "out FILE or --post URL");
}

void session_say(const struct session *s, const char *format, ...)
{
    va_list args;

    if (s->options->quiet)
        return;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

int session_end(struct session *s, pse_rc rc, const char *next)
{
    const struct session_options *o = s->options;

    if (rc == PSE_E_MEMORY)
        cli_error(s->name, "out of memory; close other programs or use a larger machine");
    if (rc == PSE_OK && s->entries > 0)
        rc = session_deliver(s);
    if (rc == PSE_OK && next != NULL && (s->entries == 0 || o->post == NULL))
        session_say(s, "Next: %s.", next);
    session_close(s);
    return verb_exit(rc);
}

void session_close(struct session *s)
{
    if (s->has_record)
        record_load_close(&s->load);
    s->has_record = false;
    key_free(s->key);
    s->key = NULL;
    pse_buf_free(&s->parcel);
    pse_group_free(s->g);
    s->g = NULL;
    pse_pool_free(s->pool);
    s->pool = NULL;
    pse_rng_wipe(&s->rng);
}

uint64_t session_now(void)
{
    time_t now = time(NULL);

    return now < 0 ? 0 : (uint64_t)now;
}

void session_fingerprint(char text[SESSION_FINGERPRINT_TEXT], const pse_hash *eid)
{
    pse_code_encode(text, eid->b, SESSION_FINGERPRINT_BYTES);
}

pse_rc session_word(uint8_t *value, const struct session *s, const char *option, const char *text,
                    const struct session_word *word, size_t words)
{
    char all[256] = "";
    size_t n = 0;

    for (size_t i = 0; i < words; i++) {
        if (text != NULL && strcmp(text, word[i].word) == 0) {
            *value = word[i].value;
            return PSE_OK;
        }
        n += (size_t)snprintf(all + n, sizeof all - n, "%s%s", i == 0 ? "" : ", ", word[i].word);
        PSE_REQUIRE(n < sizeof all);
    }
    cli_error(s->name, "--%s wants one of: %s", option, all);
    return PSE_E_SYNTAX;
}
