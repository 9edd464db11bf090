/* psephos-verify: re-computes an election from its public record, offline. Pure rooms, one thin
 * file reader, libsodium; nothing else is linked. */
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "audit_bar.h"
#include "common/options.h"
#include "common/progress.h"
#include "common/record_read.h"
#include "common/sysrng.h"
#include "merkle/merkle.h"
#include "report.h"

#define NAME "psephos-verify"
enum { THREADS_MAX = 256 };
static const size_t COUNT_MEMORY = (size_t)1 << 30; /* tallies and counts of the largest result */

struct request {
    const char *dir;
    struct cli_hash eid;
    const char *policy;
    const char *backend;
    uint64_t threads;
    bool strict;
    bool json;
    bool quiet;
    bool version;
};

/* What the audit works with, made once and released together. */
struct tools {
    struct pse_rng rng;
    struct pse_pool *pool;
    struct pse_group *group;
    struct record_reader files;
    struct pse_buf policy;
    struct audit_bar bar;
};

static uint64_t processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (uint64_t)n;
}

static bool read_command(int *status, struct request *r, int argc, char **argv)
{
    const struct cli_option options[] = {
        CLI_HASH("eid", "HEX", &r->eid, "the election's identifier must be this one"),
        CLI_TEXT("policy", "FILE", &r->policy, "the witness policy must be the one in FILE"),
        CLI_FLAG("strict", &r->strict, "refuse a record with any dead entry"),
        CLI_NUMBER("threads", "K", &r->threads, 1, THREADS_MAX,
                   "threads to compute on (default: all processors)"),
        CLI_TEXT("backend", "B", &r->backend, "auto, portable, ifma or word32"),
        CLI_FLAG("json", &r->json, "print one JSON object with every rule"),
        CLI_FLAG("quiet", &r->quiet, "print findings and the verdict only, no progress"),
        CLI_FLAG("version", &r->version, "print the version and leave"),
    };
    const struct cli_command command = {
        .name = NAME,
        .synopsis = "DIR [--eid HEX] [--policy FILE] [--strict] [--threads K] [--backend B] "
                    "[--json] [--quiet]",
        .about = "Verify the public record in DIR from its first entry to its result, offline.\n"
                 "Exit status: 0 accepted, or aborted in good order; 1 a rule failed;\n"
                 "2 wrong usage or unreadable; 3 valid so far, but the election is not finished.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_max = 1,
        .words = &r->dir,
    };

    if (!cli_parse(status, &command, argc, argv))
        return false;
    if (r->version) {
        puts(NAME " " PSEPHOS_VERSION " (protocol psephos/1)");
        return false;
    }
    if (r->dir == NULL) {
        cli_error(NAME, "something is missing: " NAME " DIR; see " NAME " --help");
        *status = VERIFY_EXIT_USAGE;
        return false;
    }
    return true;
}

/* A pinned policy is one small file anywhere, so the reader of records does not serve. */
static bool read_policy(struct pse_buf *out, const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t n;

    *out = PSE_BUF(PSE_POLICY_MAX + 1);
    if (f == NULL) {
        cli_error(NAME, "--policy: cannot read %s: %s", path, strerror(errno));
        return false;
    }
    if (pse_buf_extend(out, PSE_POLICY_MAX + 1) == NULL) {
        cli_error(NAME, "--policy: no memory to read %s", path);
        fclose(f);
        return false;
    }
    n = fread(out->p, 1, PSE_POLICY_MAX + 1, f);
    out->n = n;
    if (ferror(f) != 0 || n > PSE_POLICY_MAX) {
        cli_error(NAME, "--policy: %s is %s", path,
                  n > PSE_POLICY_MAX ? "longer than a policy may be (256 KiB)"
                                     : "not a readable file");
        fclose(f);
        return false;
    }
    fclose(f);
    return true;
}

static bool open_record(struct tools *t, const char *dir)
{
    pse_rc rc = record_reader_open(&t->files, dir);

    if (rc == PSE_OK)
        return true;
    cli_error(NAME, "cannot open the record %s: %s; give the folder that holds 'checkpoint'", dir,
              strerror(errno));
    return false;
}

static enum verify_exit make_tools(struct tools *t, const struct request *r)
{
    enum pse_backend backend;

    if (pse_backend_parse(&backend, r->backend) != PSE_OK) {
        cli_error(NAME, "--backend: no back-end is called '%s'; say auto, portable, ifma or word32",
                  r->backend);
        return VERIFY_EXIT_USAGE;
    }
    if ((r->policy != NULL && !read_policy(&t->policy, r->policy)) || !open_record(t, r->dir) ||
        sysrng_start(&t->rng, NAME) != PSE_OK)
        return VERIFY_EXIT_USAGE;
    if (pse_pool_new(&t->pool, (unsigned)r->threads) != PSE_OK) {
        cli_error(NAME, "cannot start %" PRIu64 " threads; use fewer", r->threads);
        return VERIFY_EXIT_USAGE;
    }
    if (pse_group_new(&t->group, backend, t->pool) != PSE_OK) {
        cli_error(NAME, "this build or processor has no back-end %s; use --backend auto",
                  r->backend);
        return VERIFY_EXIT_USAGE;
    }
    progress_init(&t->bar.progress, NAME, r->quiet || r->json);
    return VERIFY_EXIT_PASSED;
}

static void free_tools(struct tools *t)
{
    pse_group_free(t->group);
    pse_pool_free(t->pool);
    record_reader_close(&t->files);
    pse_buf_free(&t->policy);
    pse_rng_wipe(&t->rng);
}

static uint64_t clock_now(void *ctx)
{
    (void)ctx;
    return (uint64_t)(progress_now() * 1e9);
}

static enum verify_exit unreadable(pse_rc rc, const char *dir)
{
    if (rc == PSE_E_MISSING)
        cli_error(NAME, "%s holds no checkpoint; give the folder of a public record", dir);
    else if (rc == PSE_E_MEMORY)
        cli_error(NAME, "no memory to verify %s; free some and try again", dir);
    else
        cli_error(NAME, "%s cannot be read, or changed while it was read; copy it and try again",
                  dir);
    return VERIFY_EXIT_USAGE;
}

static enum verify_exit audit(struct tools *t, const struct request *r)
{
    PSE_ARENA(arena, COUNT_MEMORY);
    struct pse_reader reader = record_reader_callbacks(&t->files);
    const struct pse_audit_options options = {
        .group = t->group,
        .rng = &t->rng,
        .now = clock_now,
        .progress = audit_bar_set,
        .progress_ctx = &t->bar,
        .eid = r->eid.given ? &r->eid.value : NULL,
        .policy = r->policy == NULL ? pse_span(NULL, 0) : pse_buf_span(&t->policy),
    };
    struct outcome o = {.dir = r->dir,
                        .group = t->group,
                        .strict = r->strict,
                        .eid_pinned = r->eid.given,
                        .policy_pinned = r->policy != NULL};
    double start = progress_now();
    struct pse_audit *a;
    enum verify_exit exit = VERIFY_EXIT_USAGE;
    pse_rc rc = pse_audit_run(&a, &options, &reader);

    progress_end(&t->bar.progress);
    if (rc != PSE_OK)
        return unreadable(rc, r->dir);
    o.audit = a;
    o.seconds = progress_now() - start;
    rc = outcome_count(&o, &arena);
    if (rc == PSE_OK)
        rc = r->json ? report_json(&o) : report_text(&o, r->quiet);
    if (rc == PSE_OK)
        exit = outcome_exit(&o);
    else
        cli_error(NAME, "the report could not be written: %s; no verdict is given",
                  rc == PSE_E_MEMORY ? "no memory" : "standard output failed");
    pse_audit_free(a);
    return exit;
}

int main(int argc, char **argv)
{
    struct request r = {.backend = "auto", .threads = processors()};
    struct tools t = {.files = {.dir = -1, .blob = -1}};
    int status;

    if (sodium_init() < 0) {
        cli_error(NAME, "libsodium does not start; reinstall libsodium23");
        return VERIFY_EXIT_USAGE;
    }
    if (!read_command(&status, &r, argc, argv))
        return status;
    status = (int)make_tools(&t, &r);
    if (status == VERIFY_EXIT_PASSED)
        status = (int)audit(&t, &r);
    free_tools(&t);
    return status;
}
