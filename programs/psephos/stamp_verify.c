/* psephos stamp verify: one stamp of one checkpoint, offline; or every stamp beside a record. */
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "common/instant.h"
#include "psephos/certificates.h"
#include "psephos/session.h"
#include "psephos/stamp.h"
#include "psephos/verbs.h"

enum { STAMP_ARENA = 64 << 20, STAMP_JSON_MAX = 1 << 20 };

struct verify_options {
    const char *checkpoint, *stamp, *record, *query, *policy, *tsa_policy, *time;
    struct cli_list ca;
    bool json;
};

/* The policy's say about the checkpoint, and with it the earliest believable stamp: it covers the
 * witnesses' signatures, so it cannot be older than the last of them. */
static pse_rc by_policy(struct stamp_judge *judge, const struct stamp_checkpoint *c,
                        const struct verify_options *o)
{
    PSE_ARENA(arena, STAMP_ARENA);
    struct pse_policy policy;
    struct pse_buf text;
    int64_t cosigned;
    size_t line = 0;
    pse_rc rc;

    if (o->policy == NULL)
        return PSE_OK;
    PSE_TRY(file_read(&text, judge->name, o->policy, PSE_POLICY_MAX));
    rc = pse_policy_parse(&policy, &line, &arena, pse_buf_span(&text));
    if (rc != PSE_OK || policy.logs != 1) {
        cli_error(judge->name, "%s is no policy of one log; run psephos policy check", o->policy);
        rc = PSE_E_SYNTAX;
    }
    if (rc == PSE_OK)
        rc = stamp_checkpoint_trust(&cosigned, judge->name, o->checkpoint, &c->cp, &policy);
    if (rc == PSE_OK)
        judge->earliest = cosigned - STAMP_WITNESS_SKEW;
    pse_buf_free(&text);
    return rc;
}

static pse_rc say_json(const struct pse_stamp *stamp, const struct stamp_checkpoint *c)
{
    struct pse_buf out = PSE_BUF(STAMP_JSON_MAX);
    struct pse_json_wr w = pse_json_wr(&out, 0);
    pse_rc rc;

    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "verdict", "good");
    pse_json_wr_string(&w, "origin", c->cp.origin);
    pse_json_wr_u64(&w, "size", c->cp.size);
    pse_json_wr_hex(&w, "root", c->cp.root.b, 32);
    stamp_json(&w, stamp);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK)
        printf("%.*s", (int)out.n, (const char *)out.p);
    pse_buf_free(&out);
    return rc;
}

static pse_rc judge_files(struct stamp_judge *judge, const struct verify_options *o,
                          const struct stamp_checkpoint *c, struct pse_span answer,
                          struct pse_span query)
{
    struct pse_stamp_ask sent;
    struct pse_stamp stamp;
    pse_rc rc;

    PSE_TRY(by_policy(judge, c, o));
    if (o->query != NULL) {
        rc = pse_stamp_query_parse(&sent, query);
        if (rc != PSE_OK) {
            cli_error(judge->name, "%s is no query of a time stamp (%s)", o->query,
                      pse_rc_name(rc));
            return PSE_E_SYNTAX;
        }
    }
    PSE_TRY(stamp_check(&stamp, judge, answer, o->stamp, pse_buf_span(&c->bytes), o->checkpoint,
                        o->query != NULL ? &sent : NULL));
    if (o->json)
        return say_json(&stamp, c);
    printf("%s existed, byte for byte, when it was stamped: %llu entries.\n", o->checkpoint,
           (unsigned long long)c->cp.size);
    stamp_say(&stamp);
    if (o->policy == NULL)
        printf("Who signed the checkpoint was not checked; give --policy.\n");
    return PSE_OK;
}

static pse_rc verify_files(struct stamp_judge *judge, const struct verify_options *o)
{
    struct stamp_checkpoint c = {.bytes = PSE_BUF(0)};
    struct pse_buf answer = PSE_BUF(0), query = PSE_BUF(0);
    pse_rc rc = stamp_checkpoint_read(&c, judge->name, o->checkpoint);

    if (rc == PSE_OK)
        rc = file_read(&answer, judge->name, o->stamp, PSE_STAMP_MAX);
    if (rc == PSE_OK && o->query != NULL)
        rc = file_read(&query, judge->name, o->query, PSE_STAMP_MAX);
    if (rc == PSE_OK)
        rc = judge_files(judge, o, &c, pse_buf_span(&answer), pse_buf_span(&query));
    pse_buf_free(&query);
    pse_buf_free(&answer);
    pse_buf_free(&c.bytes);
    return rc;
}

static pse_rc verify(const struct verify_options *o)
{
    struct stamp_judge judge = {.name = "psephos stamp verify",
                                .tsa_policy = o->tsa_policy,
                                .now = (int64_t)session_now(),
                                .earliest = INT64_MIN};
    pse_rc rc;

    if ((o->record == NULL) == (o->checkpoint == NULL) ||
        (o->record == NULL) != (o->stamp != NULL) ||
        (o->record != NULL && (o->policy != NULL || o->query != NULL))) {
        cli_error(judge.name, "give --record, or --checkpoint and --stamp; --policy and --query go "
                              "with the latter");
        return PSE_E_SYNTAX;
    }
    if (o->time != NULL && instant_parse(&judge.now, o->time) != PSE_OK) {
        cli_error(judge.name, "--time '%s' is no instant; write it as 2026-11-30T20:00:00Z",
                  o->time);
        return PSE_E_SYNTAX;
    }
    judge.latest = judge.now + STAMP_SKEW;
    rc = anchors_read(&judge.anchors, judge.name, &o->ca, "stamp authorities");
    if (rc == PSE_OK)
        rc = o->record != NULL ? stamp_verify_record(&judge, o->record, o->json)
                               : verify_files(&judge, o);
    pse_anchors_free(judge.anchors);
    return rc;
}

int stamp_verify(int argc, char **argv)
{
    struct verify_options o = {.ca = {.n = 0}};
    const struct cli_option options[] = {
        CLI_TEXT("checkpoint", "FILE", &o.checkpoint, "the checkpoint that was stamped"),
        CLI_TEXT("stamp", "FILE", &o.stamp, "the service's answer (.tsr)"),
        CLI_TEXT("record", "DIR", &o.record, "or: every stamp beside this record"),
        STAMP_CA(&o.ca),
        CLI_TEXT("policy", "FILE", &o.policy,
                 "witness policy: also check who signed the checkpoint"),
        CLI_TEXT("query", "FILE", &o.query, "the answer must be to this query"),
        STAMP_TSA_POLICY(&o.tsa_policy),
        CLI_TEXT("time", "INSTANT", &o.time,
                 "judge as of this instant (2026-11-30T20:00:00Z), not of now"),
        CLI_FLAG("json", &o.json, "print one JSON object"),
    };
    const struct cli_command command = {
        .name = "psephos stamp verify",
        .synopsis = "--checkpoint FILE --stamp FILE --ca FILE ... [--policy FILE] [--query FILE]\n"
                    "       psephos stamp verify --record DIR --ca FILE ...",
        .about = "Judge time stamps by every rule of RFC 3161, without a network.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return verb_exit(verify(&o));
}
