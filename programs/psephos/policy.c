/* psephos policy: make and check the file that says whose witness makes a checkpoint count. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "commands.h"
#include "common/files.h"
#include "merkle/merkle.h"
#include "psephos/session.h"
#include "psephos/verbs.h"

/* --- make ---------------------------------------------------------------------------------------
 */

static pse_rc put_witness(struct pse_buf *text, const char *name, const char *word,
                          struct pse_buf *members)
{
    const char *equals = strchr(word, '=');
    size_t n = equals == NULL ? 0 : strcspn(equals + 1, " ");
    struct pse_vkey key;

    if (equals == NULL || equals == word ||
        pse_vkey_parse(&key, pse_span(equals + 1, n)) != PSE_OK || key.type != PSE_SIG_COSIGN) {
        cli_error(name,
                  "--witness '%s' is not NAME=VKEY or 'NAME=VKEY URL' with a witness key "
                  "(type 04)",
                  word);
        return PSE_E_SYNTAX;
    }
    pse_wr_str(text, "witness ");
    pse_buf_put(text, word, (size_t)(equals - word));
    pse_wr_str(text, " ");
    pse_wr_str(text, equals + 1);
    pse_wr_str(text, "\n");
    pse_wr_str(members, " ");
    pse_buf_put(members, word, (size_t)(equals - word));
    return PSE_OK;
}

static pse_rc make_text(struct pse_buf *text, const char *name, const char *log,
                        const struct cli_list *witness, uint64_t quorum)
{
    struct pse_buf members = PSE_BUF(PSE_POLICY_MAX);
    pse_rc rc = PSE_OK;

    pse_wr_str(text, "log ");
    pse_wr_str(text, log);
    pse_wr_str(text, "\n");
    for (size_t i = 0; i < witness->n && rc == PSE_OK; i++)
        rc = put_witness(text, name, witness->v[i], &members);
    pse_wr_str(text, "group witnesses ");
    pse_decimal_put(text, quorum);
    pse_wr_span(text, pse_buf_span(&members));
    pse_wr_str(text, "\nquorum witnesses\n");
    pse_buf_free(&members);
    return rc != PSE_OK ? rc : text->rc;
}

static pse_rc check_text(const char *name, const char *path, struct pse_span text, bool test)
{
    PSE_ARENA(arena, (size_t)64 << 20);
    struct pse_policy policy;
    size_t line = 0;
    pse_rc rc = pse_policy_parse(&policy, &line, &arena, text);

    if (rc != PSE_OK) {
        cli_error(name, "%s, line %zu is wrong (%s); see man psephos-policy", path, line,
                  pse_rc_name(rc));
        return PSE_E_SYNTAX;
    }
    rc = pse_policy_election_check(&policy, policy.log, test, NULL, 0);
    if (rc != PSE_OK)
        cli_error(
            name,
            "%s cannot serve an election (%s): it needs one log, valid witness keys, a quorum "
            "of at least 2, and groups in which any two quorums share a member",
            path, pse_rc_name(rc));
    return rc;
}

static int policy_make(int argc, char **argv)
{
    static const char name[] = "psephos policy make";
    const char *log = NULL;
    const char *out = NULL;
    uint64_t quorum = 0;
    struct cli_list witness = {.n = 0};
    const struct cli_option options[] = {
        CLI_TEXT("log", "VKEY", &log, "the log's key"),
        CLI_LIST("witness", "NAME=VKEY", &witness,
                 "a witness, with ' URL' where it is reached; repeat for each"),
        CLI_NUMBER("quorum", "K", &quorum, 1, CLI_LIST_MAX,
                   "how many witnesses must sign (default: two thirds and more)"),
        CLI_TEXT("out", "FILE", &out, "the policy to make"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "--log VKEY --witness NAME=VKEY ... [--quorum K] --out FILE",
        .about = "Write a witness policy: whose signatures make a checkpoint count.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    struct pse_buf text = PSE_BUF(PSE_POLICY_MAX);
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    if (log == NULL || out == NULL || witness.n == 0) {
        cli_error(name, "--log, --witness and --out are needed; see %s --help", name);
        return CLI_EXIT_USAGE;
    }
    if (quorum == 0)
        quorum = witness.n - (witness.n - 1) / 3;
    rc = make_text(&text, name, log, &witness, quorum);
    if (rc == PSE_OK)
        rc = check_text(name, "the policy", pse_buf_span(&text), witness.n == 1);
    if (rc == PSE_OK)
        rc = file_write(name, out, pse_buf_span(&text), FILE_NEW);
    if (rc == PSE_OK)
        printf("%s: any %llu of %zu witnesses\nNext: give it to officer create.\n", out,
               (unsigned long long)quorum, witness.n);
    pse_buf_free(&text);
    return verb_exit(rc);
}

/* --- check ---------------------------------------------------------------------------------------
 *
 * How few witnesses can two quorums share? For one group of k out of n plain witnesses it is
 * 2k - n. Nested groups: the smallest overlap over pairs of minimal quorums adds up over members
 * that both quorums need, and is found member by member: two choices of k out of n members share
 * at least 2k - n members, and the ones with the smallest own overlap can be taken. */

static int by_size(const void *a, const void *b)
{
    size_t x = *(const size_t *)a;
    size_t y = *(const size_t *)b;

    return (x > y) - (x < y);
}

static pse_rc min_overlap(size_t *out, const struct pse_policy *policy, struct pse_arena *arena)
{
    size_t *least = PSE_NEW(arena, size_t, policy->items);
    size_t *sorted = PSE_NEW(arena, size_t, policy->items);

    if (least == NULL || sorted == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < policy->items; i++) {
        const struct pse_policy_item *item = &policy->item[i];
        size_t shared = item->is_group && 2 * item->k > item->n ? 2 * item->k - item->n : 0;

        least[i] = item->is_group ? 0 : 1;
        for (size_t m = 0; item->is_group && m < item->n; m++)
            sorted[m] = least[item->member[m]];
        qsort(sorted, item->is_group ? item->n : 0, sizeof *sorted, by_size);
        for (size_t m = 0; m < shared; m++)
            least[i] += sorted[m];
    }
    *out = policy->quorum < policy->items ? least[policy->quorum] : 0;
    return PSE_OK;
}

static pse_rc report(const char *name, const char *path, struct pse_span text, uint64_t faulty)
{
    PSE_ARENA(arena, (size_t)64 << 20);
    struct pse_policy policy;
    size_t few = 0;
    size_t shared = 0;

    PSE_TRY(pse_policy_parse(&policy, NULL, &arena, text));
    PSE_TRY(pse_policy_min_witnesses(&few, &policy));
    PSE_TRY(min_overlap(&shared, &policy, &arena));
    printf("%s: %zu witnesses, a quorum has at least %zu, any two quorums share at least %zu\n",
           path, policy.witnesses, few, shared);
    if (shared <= faulty) {
        cli_error(name,
                  "%llu dishonest %s could serve two quorums with different records; raise the "
                  "quorum or add witnesses",
                  (unsigned long long)faulty, faulty == 1 ? "witness" : "witnesses");
        return PSE_E_RANGE;
    }
    printf("%llu dishonest %s cannot make two records pass.\n", (unsigned long long)faulty,
           faulty == 1 ? "witness" : "witnesses");
    return PSE_OK;
}

static int policy_check(int argc, char **argv)
{
    static const char name[] = "psephos policy check";
    const char *path = NULL;
    uint64_t faulty = 0;
    bool test = false;
    const struct cli_option options[] = {
        CLI_NUMBER("faulty", "F", &faulty, 0, CLI_LIST_MAX,
                   "fail if F dishonest witnesses can serve two records (default 0)"),
        CLI_FLAG("test", &test, "for a test election: one witness may be enough"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "FILE [--faulty F] [--test]",
        .about = "Check a witness policy against the rules of an election.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = 1,
        .words = &path,
    };
    struct pse_buf text;
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = file_read(&text, name, path, PSE_POLICY_MAX);
    if (rc != PSE_OK)
        return verb_exit(rc);
    rc = check_text(name, path, pse_buf_span(&text), test);
    if (rc == PSE_OK)
        rc = report(name, path, pse_buf_span(&text), faulty);
    pse_buf_free(&text);
    return verb_exit(rc);
}

int cmd_policy(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"make", "write a policy from keys", policy_make},
        {"check", "check a policy and how much dishonesty it bears", policy_check},
    };

    return verbs_run("policy", "The file that says whose witness makes a checkpoint count.", verb,
                     CLI_COUNT(verb), argc, argv);
}
