#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "common/box_client.h"
#include "common/options.h"
#include "common/session_token.h"
#include "psephos/demo_service_room.h"

enum {
    RECEIPT_MAX = 65536, /* of an answer */
    ANSWER_MS = 20000,   /* until a voter tries again */
    MIDST_MS = 20, /* after the last ballot of a wave: they are on their way, and few answered */
};

/* The pin that receipts are verified under: manifest and policy as made here. */
static pse_rc learn_pin(struct demo_service *d)
{
    const struct pse_manifest *m = pse_engine_manifest(d->r->e);
    char leaf[FILE_BLOB_NAME];
    char manifest[FILE_PATH_MAX];
    char policy[FILE_PATH_MAX];
    struct record_pin_options o = {
        .eid = pse_engine_eid(d->r->e), .manifest = manifest, .policy = policy, .g = d->r->g};

    file_blob_name(leaf, &m->eid);
    PSE_TRY(file_join(manifest, d->name, d->record, leaf));
    file_blob_name(leaf, &m->policy);
    PSE_TRY(file_join(policy, d->name, d->record, leaf));
    return record_pin_learn(&d->pin, d->name, NULL, &o);
}

struct voter {
    struct wave *w;
    struct pse_span ballot;
    const char *session; /* or NULL */
    pse_hash leaf;
    uint64_t index;
    bool is_done;
};

struct wave {
    struct demo_service *d;
    size_t done, n;
    pse_rc rc;
    char words[160]; /* of the first refusal */
};

static void on_answer(void *ctx, struct pse_fetched *got)
{
    struct voter *v = ctx;
    struct wave *w = v->w;

    if (got->rc == PSE_OK && got->status == 200) {
        pse_rc rc = box_receipt_verify(&v->index, w->d->name, &w->d->pin, &v->leaf,
                                       pse_buf_span(&got->body), (uint64_t)time(NULL));

        v->is_done = rc == PSE_OK;
        w->done += v->is_done;
        if (w->rc == PSE_OK)
            w->rc = rc;
    } else if (got->rc == PSE_OK && got->status >= 400 && got->status < 500 && got->status != 429 &&
               strstr(got->value[0], "not-open") == NULL && w->words[0] == '\0' &&
               got->status == 422) {
        (void)snprintf(w->words, sizeof w->words, "%.*s",
                       got->body.n > 150 ? 150 : (int)got->body.n, (const char *)got->body.p);
        w->rc = PSE_E_MISMATCH;
    }
}

static struct pse_fetch ballot_of(const struct voter *v)
{
    return (struct pse_fetch){.url = "http://box/v1/ballots",
                              .post = true,
                              .body = v->ballot,
                              .max = RECEIPT_MAX,
                              .deadline_ms = ANSWER_MS};
}

/* Once: a ballot without a login must be turned away. */
static pse_rc try_without_login(struct demo_service *d, const struct voter *v)
{
    static const char *const header[] = {"Content-Type: application/vnd.psephos.ballot"};
    struct pse_fetched got = {.rc = PSE_E_IO};
    struct pse_fetch f = ballot_of(v);
    pse_rc rc;

    f.header = header;
    f.headers = CLI_COUNT(header);
    f.unix_path = d->box[0].http;
    rc = pse_fetch_one(&got, d->web, &f);
    pse_buf_free(&got.body);
    d->is_tried = true;
    if (rc == PSE_OK && got.rc == PSE_OK && got.status == 401)
        return PSE_OK;
    cli_error(d->name, "a ballot without a login was not turned away; please report");
    return rc == PSE_OK ? PSE_E_MISMATCH : rc;
}

static pse_rc send(struct voter *v)
{
    char bearer[SESSION_TOKEN_TEXT + 32];
    const char *const header[] = {"Content-Type: application/vnd.psephos.ballot", bearer};
    struct demo_service *d = v->w->d;
    struct pse_fetch f = ballot_of(v);

    f.header = header;
    f.headers = v->session == NULL ? 1 : 2;
    (void)snprintf(bearer, sizeof bearer, "Authorization: Bearer %s",
                   v->session == NULL ? "" : v->session);
    f.unix_path = d->edge.is_up ? d->edge.socket : d->box[d->next++ % d->boxes].http;
    return pse_fetch_start(d->web, &f, on_answer, v);
}

/* One after the other goes, as a power failure takes them. */
static void kill_first(struct demo_service *d, const struct wave *w)
{
    struct demo_box *b = &d->box[0];

    d->killed = pse_fetch_pending(d->web);
    progress_end(&d->r->progress);
    cli_note(d->name, "box 1 is killed with %zu of %zu ballots answered; box 2 stands by", w->done,
             w->n);
    sequence_client_free(b->client);
    b->client = NULL;
    (void)kill(b->sequence, SIGKILL);
    (void)kill(b->front, SIGKILL);
    (void)waitpid(b->sequence, NULL, 0);
    (void)waitpid(b->front, NULL, 0);
    b->sequence = b->front = 0;
    d->is_warm = false;
}

/* Everyone who has no receipt sends the same ballot, again and again. */
static pse_rc cast(struct wave *w, struct voter *v)
{
    struct demo_service *d = w->d;
    double end = progress_now() + DEMO_PATIENCE_S;

    while (w->done < w->n && w->rc == PSE_OK && progress_now() < end) {
        for (size_t i = 0; i < w->n && w->rc == PSE_OK; i++) {
            if (v[i].is_done)
                continue;
            while (pse_fetch_pending(d->web) >= DEMO_AT_ONCE)
                PSE_TRY(pse_fetch_wait(d->web, DEMO_AGAIN_MS));
            PSE_TRY(send(&v[i]));
        }
        if (d->boxes > 1 && w->n > 1 && d->killed == 0)
            PSE_TRY(pse_fetch_wait(d->web, MIDST_MS));
        if (d->boxes > 1 && w->n > 1 && d->killed == 0 && pse_fetch_pending(d->web) > 0)
            kill_first(d, w);
        while (pse_fetch_pending(d->web) > 0)
            PSE_TRY(pse_fetch_wait(d->web, DEMO_AGAIN_MS));
        if (w->done < w->n)
            demo_service_nap();
    }
    if (w->words[0] != '\0')
        cli_error(d->name, "the box refuses a ballot made here: %s; please report", w->words);
    else if (w->rc == PSE_OK && w->done < w->n)
        cli_error(d->name, "%zu ballots have no receipt after %d s; see %s/log", w->n - w->done,
                  DEMO_PATIENCE_S, d->dir);
    return w->rc == PSE_OK && w->done < w->n ? PSE_E_STATE : w->rc;
}

/* entry[] and leaf[] as the log has them. */
static pse_rc put_in_order(struct pse_span *entry, pse_hash *leaf, const struct voter *v,
                           uint64_t base, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = (size_t)(v[i].index - base);

        if (v[i].index < base || at >= n)
            return PSE_E_MISMATCH;
        entry[at] = v[i].ballot;
        leaf[at] = v[i].leaf;
    }
    return PSE_OK;
}

pse_rc demo_cast(void *ctx, struct pse_span *entry, pse_hash *leaf, size_t n)
{
    struct demo_service *d = ctx;
    struct wave w = {.d = d, .n = n};
    struct voter *v = calloc(n, sizeof *v);
    uint64_t base = d->size;
    pse_rc rc = v == NULL ? PSE_E_MEMORY : demo_service_settle(d);

    if (rc == PSE_OK && d->pin.name == NULL)
        rc = learn_pin(d);
    for (size_t i = 0; rc == PSE_OK && i < n; i++) {
        v[i] = (struct voter){
            .w = &w, .ballot = entry[i], .session = d->session == NULL ? NULL : d->session[i]};
        pse_tree_leaf(&v[i].leaf, entry[i]);
    }
    if (rc == PSE_OK && d->o.logins && !d->is_tried && n > 0)
        rc = try_without_login(d, &v[0]);
    if (rc == PSE_OK)
        rc = cast(&w, v);
    if (rc == PSE_OK)
        rc = put_in_order(entry, leaf, v, base, n);
    d->size += n;
    if (d->session != NULL)
        d->session += n;
    if (rc != PSE_OK) { /* nobody may answer into v any more */
        pse_fetcher_free(d->web);
        d->web = NULL;
    }
    free(v);
    return rc;
}
