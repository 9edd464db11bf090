/* psephos stamp: time stamps (RFC 3161) of checkpoints, by services that courts know. */
#include "psephos/stamp.h"

#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "commands.h"
#include "common/instant.h"
#include "common/sysrng.h"
#include "psephos/verbs.h"

pse_rc stamp_hash_of(enum pse_stamp_hash *out, const char *name, const char *word)
{
    *out = PSE_STAMP_SHA256;
    if (word == NULL || strcmp(word, "sha256") == 0)
        return PSE_OK;
    *out = PSE_STAMP_SHA512;
    if (strcmp(word, "sha512") == 0)
        return PSE_OK;
    cli_error(name, "no hash is called '%s'; say sha256 or sha512", word);
    return PSE_E_SYNTAX;
}

const char *stamp_hash_name(enum pse_stamp_hash hash)
{
    return hash == PSE_STAMP_SHA256 ? "sha256" : "sha512";
}

pse_rc stamp_ask(struct pse_stamp_ask *ask, struct pse_buf *out, const char *name,
                 enum pse_stamp_hash hash, const char *tsa_policy, struct pse_span data)
{
    PSE_RNG(rng);
    pse_rc rc;

    memset(ask, 0, sizeof *ask);
    PSE_TRY(sysrng_start(&rng, name));
    pse_stamp_digest(ask, hash, data);
    pse_rng_fill(&rng, ask->nonce, STAMP_NONCE);
    ask->nonce[0] = (uint8_t)((ask->nonce[0] & 0x7f) | 0x40); /* positive, and of one length */
    ask->nonce_n = STAMP_NONCE;
    ask->policy = tsa_policy;
    rc = pse_stamp_query_put(out, ask);
    if (rc == PSE_E_SYNTAX)
        cli_error(name, "--tsa-policy '%s' is no OID; write it in numbers, as 1.2.3.4", tsa_policy);
    return rc;
}

/* --- checkpoints --------------------------------------------------------------------------------
 */

pse_rc stamp_checkpoint_read(struct stamp_checkpoint *out, const char *name, const char *path)
{
    pse_rc rc;

    PSE_TRY(file_read(&out->bytes, name, path, PSE_NOTE_MAX));
    rc = pse_checkpoint_parse(&out->cp, pse_buf_span(&out->bytes));
    if (rc != PSE_OK) {
        cli_error(name, "%s is no checkpoint, or is damaged (%s)", path, pse_rc_name(rc));
        return PSE_E_SYNTAX;
    }
    return PSE_OK;
}

pse_rc stamp_checkpoint_trust(int64_t *cosigned, const char *name, const char *path,
                              const struct pse_checkpoint *cp, const struct pse_policy *policy)
{
    if (pse_checkpoint_log_verify(cp, &policy->log_key) != PSE_OK) {
        cli_error(name, "%s is not signed by the log of the policy (V901)", path);
        return PSE_E_SIGNATURE;
    }
    if (pse_checkpoint_quorum_verify(cp, policy, NULL) != PSE_OK) {
        cli_error(name, "%s lacks the policy's quorum of witnesses (V902)", path);
        return PSE_E_PROOF;
    }
    *cosigned = 0;
    for (size_t i = 0; i < policy->witnesses; i++) {
        uint64_t time;

        if (pse_note_check(&cp->note, &pse_policy_witness(policy, i)->key, &time) ==
                PSE_NOTE_GOOD &&
            (int64_t)time > *cosigned)
            *cosigned = (int64_t)time;
    }
    return PSE_OK;
}

/* --- judging ------------------------------------------------------------------------------------
 */

static const char *reason(enum pse_stamp_fault fault)
{
    static const char *const text[] = {
        [PSE_STAMP_FORM] = "is no answer of a stamp service, or is cut off; fetch it again",
        [PSE_STAMP_TRAILING] = "has bytes after its end; fetch it again",
        [PSE_STAMP_REJECTED] = "is a refusal; ask the service why, or use another",
        [PSE_STAMP_ALGORITHM] = "uses a hash older than SHA-2, or one that is not asked for here; "
                                "use another service",
        [PSE_STAMP_IMPRINT] = "is about other bytes; look for the file that it was made for",
        [PSE_STAMP_NONCE] = "does not answer this query (other nonce); ask anew",
        [PSE_STAMP_POLICY] = "was made under another policy than --tsa-policy",
        [PSE_STAMP_EXTENSION] = "has a critical extension that is not known here",
        [PSE_STAMP_SIGNER] = "lacks its service's certificate; ask again and request it",
        [PSE_STAMP_PURPOSE] = "is signed under a certificate that is not for time stamping alone; "
                              "do not use this service",
        [PSE_STAMP_NOT_VALID] = "stands on a certificate that is not valid at the instant of "
                                "judgement; for an old stamp give --time",
        [PSE_STAMP_UNTRUSTED] = "does not lead to a certificate of --ca; get the authority's own, "
                                "by a way you trust",
        [PSE_STAMP_ESS] = "does not bind its service's certificate (ESS)",
        [PSE_STAMP_SIGNATURE] = "is not signed by the service it names; keep it, it is evidence",
        [PSE_STAMP_TOO_EARLY] =
            "states a time that is too early: a clock is wrong, or the stamp is "
            "of something else",
        [PSE_STAMP_TOO_LATE] = "states a time that has not come yet: a clock is wrong",
        [PSE_STAMP_OUTSIDE] = "states a time outside the life of its service's certificate",
        [PSE_STAMP_NO_MEMORY] = "could not be judged: no memory",
    };

    return text[fault];
}

static pse_rc refuse(const char *name, const char *path, enum pse_stamp_fault fault)
{
    cli_error(name, "%s %s (%s)", path, reason(fault), pse_stamp_fault_name(fault));
    return fault == PSE_STAMP_NO_MEMORY ? PSE_E_MEMORY : PSE_E_PROOF;
}

pse_rc stamp_check(struct pse_stamp *out, const struct stamp_judge *judge, struct pse_span answer,
                   const char *path, struct pse_span data, const char *data_path,
                   const struct pse_stamp_ask *sent)
{
    struct pse_stamp_ask ask = {.policy = judge->tsa_policy};
    struct pse_stamp_rules rules = {.ask = &ask,
                                    .anchors = judge->anchors,
                                    .now = judge->now,
                                    .earliest = judge->earliest,
                                    .latest = judge->latest};
    enum pse_stamp_hash hash;
    enum pse_stamp_fault fault = pse_stamp_hash_peek(&hash, answer);

    if (fault != PSE_STAMP_GOOD)
        return refuse(judge->name, path, fault);
    pse_stamp_digest(&ask, sent != NULL ? sent->hash : hash, data);
    if (sent != NULL) {
        if (memcmp(ask.digest, sent->digest, sizeof ask.digest) != 0) {
            cli_error(judge->name, "the query is about other bytes than %s", data_path);
            return PSE_E_MISMATCH;
        }
        memcpy(ask.nonce, sent->nonce, sent->nonce_n);
        ask.nonce_n = sent->nonce_n;
    }
    fault = pse_stamp_verify(out, answer, &rules);
    return fault == PSE_STAMP_GOOD ? PSE_OK : refuse(judge->name, path, fault);
}

void stamp_json(struct pse_json_wr *w, const struct pse_stamp *s)
{
    char time[INSTANT_TEXT];

    instant_text(time, s->time);
    pse_json_wr_str(w, "time", time);
    pse_json_wr_u64(w, "accuracy_ms", s->accuracy_ms);
    pse_json_wr_str(w, "hash", stamp_hash_name(s->hash));
    pse_json_wr_hex(w, "digest", s->digest, s->hash == PSE_STAMP_SHA256 ? 32 : 64);
    pse_json_wr_str(w, "service", s->service);
    pse_json_wr_hex(w, "certificate", s->certificate.b, 32);
    pse_json_wr_str(w, "policy", s->policy);
    pse_json_wr_hex(w, "serial", s->serial, s->serial_n);
}

void stamp_say(const struct pse_stamp *s)
{
    char serial[2 * PSE_STAMP_NONCE_MAX + 1];
    struct pse_buf service = PSE_BUF(8 * PSE_STAMP_NAME_MAX);
    char time[INSTANT_TEXT];

    instant_text(time, s->time);
    pse_hex_encode(serial, s->serial, s->serial_n);
    pse_utf8_put_escaped(&service, pse_span_str(s->service));
    printf("  stamped     %s\n  by          %.*s\n  policy      %s\n  serial      %s\n", time,
           (int)service.n, (const char *)service.p, s->policy, serial);
    pse_buf_free(&service);
}

/* --- query --------------------------------------------------------------------------------------
 */

int stamp_query(int argc, char **argv)
{
    static const char name[] = "psephos stamp query";
    const char *checkpoint = NULL, *out = NULL, *policy = NULL, *word = NULL;
    const struct cli_option options[] = {
        CLI_TEXT("checkpoint", "FILE", &checkpoint, "the checkpoint to be stamped"),
        CLI_TEXT("out", "FILE", &out, "the query to make (.tsq)"),
        STAMP_TSA_POLICY(&policy),
        STAMP_HASH(&word),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "--checkpoint FILE --out FILE [--hash NAME] [--tsa-policy OID]",
        .about = "Make a query that you can carry to a stamp service by any means. Keep it: verify "
                 "--query\nthen checks that the answer is to this one.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    struct stamp_checkpoint c = {.bytes = PSE_BUF(0)};
    struct pse_buf query = PSE_BUF(PSE_STAMP_QUERY_MAX);
    struct pse_stamp_ask ask;
    enum pse_stamp_hash hash;
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    if (checkpoint == NULL || out == NULL) {
        cli_error(name, "--checkpoint and --out are needed; see %s --help", name);
        return CLI_EXIT_USAGE;
    }
    rc = stamp_hash_of(&hash, name, word);
    if (rc == PSE_OK)
        rc = stamp_checkpoint_read(&c, name, checkpoint);
    if (rc == PSE_OK)
        rc = stamp_ask(&ask, &query, name, hash, policy, pse_buf_span(&c.bytes));
    if (rc == PSE_OK)
        rc = file_write(name, out, pse_buf_span(&query), FILE_NEW);
    if (rc == PSE_OK)
        printf("%s: for a checkpoint of %llu entries\nNext: send it to a service as "
               "application/timestamp-query; check the answer with verify.\n",
               out, (unsigned long long)c.cp.size);
    pse_buf_free(&query);
    pse_buf_free(&c.bytes);
    return verb_exit(rc);
}

int cmd_stamp(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"make", "have a checkpoint stamped by services on the network", stamp_make},
        {"query", "make a query to be carried to a service by hand", stamp_query},
        {"verify", "judge a stamp, or all stamps beside a record", stamp_verify},
    };

    return verbs_run("stamp",
                     "Time stamps (RFC 3161) of checkpoints, by services that courts know.", verb,
                     CLI_COUNT(verb), argc, argv);
}
