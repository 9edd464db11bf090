/* mini_sequencer SOCKET PSEPHOS RECORD KEYS: a sequencer's socket over `psephos record append`, one
 * entry at a time, for tests of the daemons that send entries.
 *
 * In its current folder, a file `hold` makes it take entries and answer nothing, and `busy` answer
 * BUSY. The same entry again gets the same place. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/parcel.h"
#include "common/sequence_ipc.h"
#include "merkle/merkle.h"
#include "net/http.h"
#include "net/ipc.h"

enum { ENTRIES_MAX = 1024 };

static const char *psephos, *record, *keys;
static pse_hash seen[ENTRIES_MAX];
static uint64_t seen_at[ENTRIES_MAX];
static size_t seen_n;
static struct pse_buf blob; /* the one on its way, or come and not used yet */
static bool has_blob;

static uint64_t record_size(void)
{
    char path[4096];
    char line[512] = "";
    unsigned long long size = 0;
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/checkpoint", record);
    f = fopen(path, "r");
    if (f == NULL || fgets(line, sizeof line, f) == NULL || fscanf(f, "%llu", &size) != 1)
        size = 0;
    if (f != NULL)
        (void)fclose(f);
    return size;
}

static bool append(struct pse_span entry)
{
    struct pse_buf p = PSE_BUF(PARCEL_MAX);
    char command[8192];
    FILE *f = fopen("mini.parcel", "wb");
    bool good;

    parcel_begin(&p);
    if (has_blob)
        parcel_put_blob(&p, pse_buf_span(&blob));
    parcel_put_entry(&p, entry);
    good = f != NULL && p.rc == PSE_OK && fwrite(p.p, 1, p.n, f) == p.n;
    if (f != NULL && fclose(f) != 0)
        good = false;
    pse_buf_free(&p);
    (void)snprintf(command, sizeof command,
                   "%s record append --record %s --keys %s --quiet "
                   "mini.parcel >>mini.out 2>&1",
                   psephos, record, keys);
    return good && system(command) == 0;
}

static void take(struct sequence_result *r, struct pse_span entry)
{
    pse_tree_leaves(&r->leaf, &entry, 1, NULL);
    r->outcome = SEQUENCE_RECORDED;
    for (size_t i = 0; i < seen_n; i++) {
        if (pse_hash_is_equal(&seen[i], &r->leaf)) {
            r->index = seen_at[i];
            return;
        }
    }
    if (access("busy", F_OK) == 0) {
        r->outcome = SEQUENCE_BUSY;
        return;
    }
    if (!append(entry)) {
        r->outcome = SEQUENCE_REFUSED;
        r->rule = 908;
        return;
    }
    has_blob = false;
    r->index = record_size() - 1;
    if (seen_n < ENTRIES_MAX) {
        seen[seen_n] = r->leaf;
        seen_at[seen_n++] = r->index;
    }
}

static bool submit(struct pse_ipc *c, struct pse_span body)
{
    static struct sequence_submit s;
    struct pse_buf b = PSE_BUF(PSE_IPC_FRAME_MAX);
    bool good = sequence_submit_parse(&s, body) == PSE_OK;

    for (size_t i = 0; good && i < s.n; i++) {
        struct sequence_result r = {.tag = s.tag[i]};
        uint16_t taken;

        take(&r, s.entry[i]);
        while (access("hold", F_OK) == 0)
            (void)usleep(20000);
        b.n = 0;
        sequence_results_put(&b, &taken, &r, 1);
        good = b.rc == PSE_OK &&
               pse_ipc_send(c, SEQUENCE_SUBMIT + SEQUENCE_ANSWER, pse_buf_span(&b)) == PSE_OK;
    }
    pse_buf_free(&b);
    return good;
}

static bool take_blob(struct pse_ipc *c, struct pse_span body)
{
    struct pse_buf b = PSE_BUF(64);
    struct sequence_blob piece;
    bool good = sequence_blob_parse(&piece, body) == PSE_OK;

    if (!good)
        return false;
    if (piece.offset == 0) {
        pse_buf_free(&blob);
        blob = PSE_BUF(PARCEL_MAX);
    }
    pse_buf_put(&blob, piece.bytes.p, piece.bytes.n);
    has_blob = blob.rc == PSE_OK && blob.n == piece.total;
    sequence_done_put(&b, piece.tag, SEQUENCE_DONE);
    good = pse_ipc_send(c, SEQUENCE_BLOB + SEQUENCE_ANSWER, pse_buf_span(&b)) == PSE_OK;
    pse_buf_free(&b);
    return good;
}

static void serve(struct pse_ipc *c)
{
    struct pse_span body;
    uint8_t kind;
    bool good = true;

    while (good && pse_ipc_recv(c, &kind, &body, -1) == PSE_OK) {
        if (kind == SEQUENCE_SUBMIT)
            good = submit(c, body);
        else if (kind == SEQUENCE_BLOB)
            good = take_blob(c, body);
        else
            good = false;
    }
    pse_ipc_free(c);
}

int main(int argc, char **argv)
{
    char where[4096];
    char address[PSE_HTTP_ADDRESS];
    struct pse_ipc *c;
    int fd;

    if (argc != 5)
        return 2;
    psephos = argv[2];
    record = argv[3];
    keys = argv[4];
    (void)snprintf(where, sizeof where, "unix:%s", argv[1]);
    if (pse_http_listen(&fd, address, where) != PSE_OK)
        return 1;
    printf("ready\n");
    (void)fflush(stdout);
    while (pse_ipc_accept(&c, fd, -1, NULL, 0) == PSE_OK)
        serve(c);
    return 0;
}
