/* The second opinion; see box.h. Both processes come from one fork, made before there are threads;
 * they speak frames over a socket pair. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/sysrng.h"
#include "daemon/daemon.h"
#include "net/ipc.h"
#include "psephos/box.h"
#include "psephos/box_engine.h"

enum {
    ASK_LOAD = 1,  /* u64 size, [32] root */
    ASK_MORE = 2,  /* entries, v16 each; more follow */
    ASK_JUDGE = 3, /* the last ones: judge all */
    SAY = 4,       /* u8 good, then a byte for each entry */
};

struct box_opinion {
    struct pse_ipc *up;
    pid_t child;
};

/* --- the child ---------------------------------------------------------------------------------
 */

struct second {
    struct pse_ipc *up;
    struct pse_pool *pool;
    struct pse_group *g;
    struct pse_rng rng;
    struct box_engine engine;
    struct pse_buf batch; /* the entries' bytes, v16 each */
    struct pse_span *entry;
    uint8_t *live;
};

/* Another back-end than the first process takes; where there is none, the same in another
 * process. */
static pse_rc other_group(struct pse_group **g, struct pse_pool *pool)
{
    struct pse_group *own;
    bool is_ifma;

    PSE_TRY(pse_group_new(&own, PSE_BACKEND_AUTO, NULL));
    is_ifma = strcmp(pse_group_backend_name(own), "ifma") == 0;
    pse_group_free(own);
    if (!is_ifma && pse_group_new(g, PSE_BACKEND_WORD32, pool) == PSE_OK)
        return PSE_OK;
    return pse_group_new(g, PSE_BACKEND_PORTABLE, pool);
}

static pse_rc say(const struct second *s, bool good, size_t n)
{
    struct pse_buf b = PSE_BUF(PSE_IPC_BODY_MAX);
    pse_rc rc;

    pse_wr_u8(&b, good);
    if (n > 0)
        pse_buf_put(&b, s->live, n);
    rc = b.rc == PSE_OK ? pse_ipc_send(s->up, SAY, pse_buf_span(&b)) : b.rc;
    pse_buf_free(&b);
    return rc;
}

static pse_rc load(struct second *s, struct pse_span body)
{
    struct pse_rd r = pse_rd(body);
    uint64_t size;
    pse_hash root;

    PSE_TRY(pse_rd_u64(&size, &r));
    PSE_TRY(pse_rd_hash(&root, &r));
    return say(s, box_engine_load(&s->engine, size, &root) == PSE_OK, 0);
}

static pse_rc judge(struct second *s)
{
    struct pse_rd r = pse_rd(pse_buf_span(&s->batch));
    size_t n = 0;
    pse_rc rc;

    while (pse_rd_left(&r) > 0 && n < PSE_BATCH_ENTRIES_MAX)
        PSE_TRY(pse_rd_v16(&s->entry[n++], &r));
    PSE_TRY(pse_rd_end(&r));
    rc = box_engine_offer(&s->engine, s->live, NULL, s->entry, n);
    s->batch.n = 0;
    return say(s, rc == PSE_OK, rc == PSE_OK ? n : 0);
}

static pse_rc obey(struct second *s, uint8_t kind, struct pse_span body)
{
    switch (kind) {
    case ASK_LOAD: return load(s, body);
    case ASK_MORE: pse_buf_put(&s->batch, body.p, body.n); return s->batch.rc;
    case ASK_JUDGE:
        pse_buf_put(&s->batch, body.p, body.n);
        return s->batch.rc == PSE_OK ? judge(s) : s->batch.rc;
    default: return PSE_E_RANGE;
    }
}

static pse_rc confine(const char *record, const char *spool)
{
    const char *const read_dirs[] = {record, spool, NULL};
    const char *const none[] = {NULL};
    const struct pse_sandbox box = {PSE_SANDBOX_COMPUTE, none, read_dirs, false};
    struct pse_sandbox_report report;
    struct pse_fault fault;

    return pse_sandbox_enter(&report, &fault, &box);
}

static pse_rc serve(struct second *s, const char *record, const char *spool, unsigned threads)
{
    struct pse_span body;
    uint8_t kind;
    pse_rc rc;

    PSE_TRY(confine(record, spool));
    PSE_TRY(sysrng_start(&s->rng, "psephos box"));
    PSE_TRY(pse_pool_new(&s->pool, threads));
    PSE_TRY(other_group(&s->g, s->pool));
    s->batch = PSE_BUF(PSE_STAGE_MAX);
    s->entry = calloc(PSE_BATCH_ENTRIES_MAX, sizeof *s->entry);
    s->live = calloc(PSE_BATCH_ENTRIES_MAX, 1);
    if (s->entry == NULL || s->live == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(box_engine_open(&s->engine, record, spool, s->g, &s->rng));
    while ((rc = pse_ipc_recv(s->up, &kind, &body, -1)) == PSE_OK)
        PSE_TRY(obey(s, kind, body));
    return rc == PSE_E_MISSING ? PSE_OK : rc;
}

/* Ends when the socket closes; a Ctrl-C is the first process's affair. */
__attribute__((noreturn)) static void be_second(int fd, pid_t parent, const char *record,
                                                const char *spool, unsigned threads)
{
    static struct second s;
    int status = 1;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_NAME, "psephos-second");
    if (getppid() == parent && pse_ipc_adopt(&s.up, fd) == PSE_OK)
        status = serve(&s, record, spool, threads) == PSE_OK ? 0 : 1;
    _exit(status);
}

/* --- the first process's side ------------------------------------------------------------------
 */

pse_rc box_opinion_start(struct box_opinion **out, const char *record, const char *spool,
                         unsigned threads)
{
    struct box_opinion *o = calloc(1, sizeof *o);
    pid_t parent = getpid();
    int fd[2];
    pse_rc rc;

    *out = NULL;
    if (o == NULL)
        return PSE_E_MEMORY;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) != 0) {
        free(o);
        return PSE_E_IO;
    }
    o->child = fork();
    if (o->child == 0) {
        (void)close(fd[0]);
        be_second(fd[1], parent, record, spool, threads);
    }
    (void)close(fd[1]);
    rc = o->child < 0 ? PSE_E_IO : pse_ipc_adopt(&o->up, fd[0]);
    if (rc != PSE_OK) {
        free(o);
        return rc;
    }
    *out = o;
    return PSE_OK;
}

void box_opinion_free(struct box_opinion *o)
{
    if (o == NULL)
        return;
    pse_ipc_free(o->up);
    while (waitpid(o->child, NULL, 0) < 0 && errno == EINTR)
        ;
    free(o);
}

pse_rc box_opinion_load(struct box_opinion *o, uint64_t size, const pse_hash *root)
{
    struct pse_buf b = PSE_BUF(64);
    pse_rc rc;

    pse_wr_u64(&b, size);
    pse_wr_hash(&b, root);
    rc = b.rc == PSE_OK ? pse_ipc_send(o->up, ASK_LOAD, pse_buf_span(&b)) : b.rc;
    pse_buf_free(&b);
    return rc;
}

pse_rc box_opinion_ask(struct box_opinion *o, const struct pse_span *entries, size_t n)
{
    struct pse_buf b = PSE_BUF(PSE_IPC_BODY_MAX);
    pse_rc rc = PSE_OK;

    for (size_t i = 0; i < n && rc == PSE_OK; i++) {
        if (b.n + 2 + entries[i].n > PSE_IPC_BODY_MAX) {
            rc = pse_ipc_send(o->up, ASK_MORE, pse_buf_span(&b));
            b.n = 0;
        }
        pse_wr_v16(&b, entries[i]);
    }
    if (rc == PSE_OK)
        rc = b.rc == PSE_OK ? pse_ipc_send(o->up, ASK_JUDGE, pse_buf_span(&b)) : b.rc;
    pse_buf_free(&b);
    return rc;
}

pse_rc box_opinion_answer(struct box_opinion *o, uint8_t *live, size_t n)
{
    struct pse_span body;
    uint8_t kind;

    if (pse_ipc_recv(o->up, &kind, &body, -1) != PSE_OK || kind != SAY || body.n < 1)
        return PSE_E_IO;
    if (body.p[0] != 1 || body.n != 1 + n)
        return PSE_E_MISMATCH;
    if (n > 0)
        memcpy(live, body.p + 1, n);
    return PSE_OK;
}
