/* psephos stamp make: ask stamp services over HTTP, judge their answers, keep the good ones. */
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "net/fetch.h"
#include "psephos/certificates.h"
#include "psephos/session.h"
#include "psephos/stamp.h"
#include "psephos/stamp_record.h"
#include "psephos/verbs.h"

enum { STAMP_DEADLINE_MS = 20000, STAMP_SERVICES_MAX = 16 };

struct make_options {
    struct session_options common;
    const char *checkpoint, *tsa_policy, *word;
    struct cli_list url, ca;
};

/* What all services are asked about. */
struct errand {
    struct stamp_judge judge;
    const struct make_options *o;
    enum pse_stamp_hash hash;
    const char *path; /* of the checkpoint */
    struct pse_span checkpoint;
    struct pse_fetcher *fetcher;
};

pse_rc stamp_free_name(char out[FILE_PATH_MAX], const char *name, const char *checkpoint)
{
    for (unsigned i = 1; i <= STAMP_NUMBER_MAX; i++) {
        int n = snprintf(out, FILE_PATH_MAX, "%s.%u.tsr", checkpoint, i);

        if (n < 0 || n >= FILE_PATH_MAX)
            break;
        if (!file_exists(out))
            return PSE_OK;
    }
    cli_error(name, "no free name %s.<number>.tsr; move old stamps away", checkpoint);
    return PSE_E_LIMIT;
}

static pse_rc post(struct pse_fetched *got, const struct errand *e, const char *url,
                   struct pse_span query)
{
    static const char *const header[] = {"Content-Type: application/timestamp-query",
                                         "Accept: application/timestamp-reply"};
    const struct pse_fetch request = {.url = url,
                                      .post = true,
                                      .body = query,
                                      .header = header,
                                      .headers = CLI_COUNT(header),
                                      .max = PSE_STAMP_MAX,
                                      .deadline_ms = STAMP_DEADLINE_MS};
    pse_rc rc = pse_fetch_one(got, e->fetcher, &request);

    if (rc == PSE_E_SYNTAX || rc == PSE_E_LIMIT) {
        cli_error(e->judge.name, "'%s' is no address of a service; begin with http:// or https://",
                  url);
        return PSE_E_SYNTAX;
    }
    PSE_TRY(rc);
    if (got->rc != PSE_OK) {
        cli_error(e->judge.name, "%s gave no answer: %s; try again, or another service", url,
                  got->why);
        return PSE_E_STATE;
    }
    if (got->status != 200) {
        cli_error(e->judge.name, "%s answered with status %u; check the address", url, got->status);
        return PSE_E_STATE;
    }
    return PSE_OK;
}

static pse_rc keep(const struct errand *e, struct pse_span answer, const struct pse_stamp *stamp)
{
    char path[FILE_PATH_MAX];

    if (e->o->common.out != NULL)
        (void)snprintf(path, sizeof path, "%s", e->o->common.out);
    else
        PSE_TRY(stamp_free_name(path, e->judge.name, e->path));
    PSE_TRY(file_write(e->judge.name, path, answer, FILE_NEW));
    if (!e->o->common.quiet) {
        printf("%s\n", path);
        stamp_say(stamp);
    }
    return PSE_OK;
}

static pse_rc ask_one(struct errand *e, const char *url)
{
    struct pse_buf query = PSE_BUF(PSE_STAMP_QUERY_MAX);
    struct pse_fetched got = {.rc = PSE_E_IO};
    struct pse_stamp_ask ask;
    struct pse_stamp stamp;
    pse_rc rc = stamp_ask(&ask, &query, e->judge.name, e->hash, e->o->tsa_policy, e->checkpoint);

    if (rc == PSE_OK)
        rc = post(&got, e, url, pse_buf_span(&query));
    if (rc == PSE_OK) {
        e->judge.now = (int64_t)session_now();
        e->judge.earliest = e->judge.now - STAMP_SKEW;
        e->judge.latest = e->judge.now + STAMP_SKEW;
        rc = stamp_check(&stamp, &e->judge, pse_buf_span(&got.body), url, e->checkpoint, e->path,
                         &ask);
    }
    if (rc == PSE_OK)
        rc = keep(e, pse_buf_span(&got.body), &stamp);
    pse_buf_free(&got.body);
    pse_buf_free(&query);
    return rc;
}

/* Every service is asked, whatever another said; the first failure is the status. */
static pse_rc ask_all(struct errand *e)
{
    pse_rc first = PSE_OK;

    PSE_TRY(pse_fetcher_new(&e->fetcher, STAMP_SERVICES_MAX));
    for (size_t i = 0; i < e->o->url.n; i++) {
        pse_rc rc = ask_one(e, e->o->url.v[i]);

        if (first == PSE_OK)
            first = rc;
    }
    pse_fetcher_free(e->fetcher);
    return first;
}

static pse_rc make_of_file(struct errand *e)
{
    struct stamp_checkpoint c = {.bytes = PSE_BUF(0)};
    pse_rc rc = stamp_checkpoint_read(&c, e->judge.name, e->o->checkpoint);

    e->path = e->o->checkpoint;
    e->checkpoint = pse_buf_span(&c.bytes);
    if (rc == PSE_OK)
        rc = ask_all(e);
    pse_buf_free(&c.bytes);
    return rc;
}

static pse_rc make_of_record(struct errand *e)
{
    struct pse_buf checkpoint = PSE_BUF(0);
    char path[FILE_PATH_MAX];
    pse_rc rc = stamp_record_closing(&checkpoint, path, e->judge.name, &e->o->common);

    e->path = path;
    e->checkpoint = pse_buf_span(&checkpoint);
    if (rc == PSE_OK)
        rc = ask_all(e);
    pse_buf_free(&checkpoint);
    return rc;
}

static pse_rc make(struct errand *e)
{
    const struct make_options *o = e->o;

    if ((o->common.record == NULL) == (o->checkpoint == NULL) || o->url.n == 0) {
        cli_error(e->judge.name, "give --record or --checkpoint, and --url; see %s --help",
                  e->judge.name);
        return PSE_E_SYNTAX;
    }
    if (o->common.out != NULL && (o->common.record != NULL || o->url.n != 1)) {
        cli_error(e->judge.name,
                  "--out goes with --checkpoint and one --url; without it each stamp "
                  "gets a name of its own");
        return PSE_E_SYNTAX;
    }
    PSE_TRY(stamp_hash_of(&e->hash, e->judge.name, o->word));
    PSE_TRY(anchors_read(&e->judge.anchors, e->judge.name, &o->ca, "stamp authorities"));
    return o->checkpoint != NULL ? make_of_file(e) : make_of_record(e);
}

int stamp_make(int argc, char **argv)
{
    struct make_options o = {.url = {.n = 0}};
    const struct cli_option options[] = {
        CLI_TEXT("record", "DIR", &o.common.record, "the record whose vote has closed"),
        CLI_TEXT("checkpoint", "FILE", &o.checkpoint, "or: this checkpoint"),
        CLI_LIST("url", "URL", &o.url, "a stamp service; repeat for each"),
        STAMP_CA(&o.ca),
        STAMP_TSA_POLICY(&o.tsa_policy),
        STAMP_HASH(&o.word),
        CLI_TEXT("out", "FILE", &o.common.out,
                 "the stamp to make (default: named by the checkpoint)"),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = "psephos stamp make",
        .synopsis = "(--record DIR | --checkpoint FILE) --url URL ... --ca FILE ... [--hash NAME]",
        .about = "Have the closing checkpoint stamped by services that are nobody's here, and keep "
                 "what holds.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    struct errand e = {.judge = {.name = command.name}, .o = &o};
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    e.judge.tsa_policy = o.tsa_policy;
    rc = make(&e);
    pse_anchors_free(e.judge.anchors);
    return verb_exit(rc);
}
