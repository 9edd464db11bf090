#include "ledger_rig.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "store/tree_dir.h"

/* What a witness remembers. */
struct memory {
    uint64_t size;
    pse_hash root;
};

static void path_of(char out[2 * RIG_DIR_MAX], const struct rig *rig, const char *leaf, size_t i)
{
    snprintf(out, 2 * RIG_DIR_MAX, "%s/%s%zu", rig->dir, leaf, i);
}

static bool read_whole(struct pse_buf *out, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t part[65536];
    ssize_t n;

    *out = PSE_BUF((size_t)1 << 30);
    if (fd < 0)
        return false;
    while ((n = read(fd, part, sizeof part)) > 0)
        pse_buf_put(out, part, (size_t)n);
    close(fd);
    return true;
}

/* One write, so that a killed process leaves a record whole or not at all; on a full disk the part
 * that went in is taken out again. */
static void append(const struct rig *rig, const char *leaf, struct pse_span bytes)
{
    char path[2 * RIG_DIR_MAX];
    struct stat st;
    int fd;

    path_of(path, rig, leaf, 0);
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    PSE_REQUIRE(fd >= 0 && fstat(fd, &st) == 0);
    if (write(fd, bytes.p, bytes.n) != (ssize_t)bytes.n) {
        PSE_REQUIRE(ftruncate(fd, st.st_size) == 0);
        _exit(3);
    }
    close(fd);
}

static void replace(const char *path, struct pse_span bytes)
{
    char temp[2 * RIG_DIR_MAX + 8];
    int fd;

    snprintf(temp, sizeof temp, "%s.new", path);
    fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    PSE_REQUIRE(fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
    close(fd);
    PSE_REQUIRE(rename(temp, path) == 0);
}

static void write_down(const struct rig *rig, uint64_t size, const pse_hash *root)
{
    uint8_t record[40];

    pse_store_u64(record, size);
    memcpy(record + 8, root->b, 32);
    append(rig, "shown", pse_span(record, sizeof record));
}

/* --- witnesses -------------------------------------------------------------------------------- */

static void remember(struct memory *out, const struct rig *rig, size_t i)
{
    struct pse_buf bytes;
    char path[2 * RIG_DIR_MAX];

    out->size = 0;
    pse_tree_root(&out->root, NULL, 0);
    path_of(path, rig, "memory", i);
    if (read_whole(&bytes, path) && bytes.n == 40) {
        out->size = pse_load_u64(bytes.p);
        memcpy(out->root.b, bytes.p + 8, 32);
    }
    pse_buf_free(&bytes);
}

static void keep_in_mind(const struct rig *rig, size_t i, const struct pse_witness_round *round,
                         struct pse_span note)
{
    uint8_t record[40];
    char path[2 * RIG_DIR_MAX];

    path_of(path, rig, "note", i);
    replace(path, note);
    pse_store_u64(record, round->size);
    memcpy(record + 8, round->root.b, 32);
    path_of(path, rig, "memory", i);
    replace(path, pse_span(record, sizeof record));
}

static void show(struct pse_witness_view *v, struct rig *rig, size_t i, uint64_t size)
{
    char path[2 * RIG_DIR_MAX];

    v->http = 200;
    v->size = size;
    v->state = PSE_WITNESS_CLAIMS;
    path_of(path, rig, "note", i);
    if ((rig->discreet >> i & 1) == 0 && read_whole(&v->note, path))
        v->state = PSE_WITNESS_NOTE;
}

static pse_rc ask(void *ctx, struct pse_witness_view *view, const struct pse_witness_round *round)
{
    struct rig *rig = ctx;

    (void)round;
    for (size_t i = 0; i < RIG_WITNESSES; i++) {
        struct memory m;

        if (rig->down >> i & 1)
            continue;
        remember(&m, rig, i);
        if (rig->babbles >> i & 1) {
            view[i].state = PSE_WITNESS_CLAIMS;
            view[i].size = 1000000;
        } else if (m.size == 0) {
            view[i].state = PSE_WITNESS_NEW;
        } else {
            show(&view[i], rig, i, m.size);
        }
    }
    return PSE_OK;
}

/* The witness's own rules: never back, never to another tree. */
static bool is_welcome(const struct memory *m, const struct pse_witness_round *round)
{
    struct pse_tree_proof proof;

    return round->consistency(round->consistency_ctx, &proof, m->size) == PSE_OK &&
           pse_tree_consistency_verify(&m->root, m->size, &round->root, round->size, proof.hash,
                                       proof.n) == PSE_OK;
}

static void cosign(struct pse_buf *lines, struct pse_witness_view *v, struct rig *rig, size_t i,
                   const struct pse_witness_round *round)
{
    struct pse_checkpoint cp;
    struct memory m;

    PSE_REQUIRE(pse_checkpoint_parse(&cp, round->note) == PSE_OK);
    remember(&m, rig, i);
    if (m.size > round->size) {
        show(v, rig, i, m.size);
    } else if (!is_welcome(&m, round)) {
        v->state = PSE_WITNESS_REFUSES;
        v->http = 422;
    } else {
        keep_in_mind(rig, i, round, round->note);
        v->state = PSE_WITNESS_COSIGNED;
        v->http = 200;
        pse_note_cosign(lines, cp.note.text, &rig->key[i + 1], &rig->seed[i + 1], rig->now);
    }
}

static pse_rc collect(void *ctx, struct pse_buf *lines, struct pse_witness_view *view,
                      const struct pse_witness_round *round)
{
    struct rig *rig = ctx;

    write_down(rig, round->size, &round->root);
    if (rig->slow_ms > 0)
        usleep(1000 * rig->slow_ms);
    for (size_t i = 0; i < RIG_WITNESSES; i++) {
        if (rig->down >> i & 1)
            continue;
        if (rig->babbles >> i & 1) {
            pse_wr_str(lines, "— witness-1 AAAA\nnonsense\n\n\xff\n");
            view[i].state = PSE_WITNESS_CLAIMS;
            view[i].size = 1000000;
            continue;
        }
        cosign(lines, &view[i], rig, i, round);
    }
    return PSE_OK;
}

/* --- answers ---------------------------------------------------------------------------------- */

static void write_receipt(const struct rig *rig, struct pse_span entry, struct pse_span receipt)
{
    struct pse_buf b = PSE_BUF(1 << 20);

    pse_wr_u32(&b, (uint32_t)entry.n);
    pse_wr_span(&b, entry);
    pse_wr_u32(&b, (uint32_t)receipt.n);
    pse_wr_span(&b, receipt);
    append(rig, "receipts", pse_buf_span(&b));
    pse_buf_free(&b);
}

/* A ticket is the entry itself, length first; freed with its last answer. */
static void answer(void *ctx, void *ticket, const struct pse_answer *a)
{
    struct rig *rig = ctx;
    uint32_t *entry = ticket;

    switch (a->kind) {
    case PSE_ANSWER_RECORDED: __atomic_add_fetch(&rig->recorded, 1, __ATOMIC_SEQ_CST); return;
    case PSE_ANSWER_RECEIPT:
        write_receipt(rig, pse_span(entry + 1, entry[0]), a->receipt);
        __atomic_add_fetch(&rig->receipts, 1, __ATOMIC_SEQ_CST);
        break;
    case PSE_ANSWER_REFUSED: __atomic_add_fetch(&rig->refused, 1, __ATOMIC_SEQ_CST); break;
    case PSE_ANSWER_STOPPED: __atomic_add_fetch(&rig->stopped, 1, __ATOMIC_SEQ_CST); break;
    }
    free(ticket);
}

static void has_stopped(void *ctx, const struct pse_stop *why)
{
    struct rig *rig = ctx;

    (void)why;
    __atomic_store_n(&rig->is_broken, true, __ATOMIC_SEQ_CST);
}

static void alarm_raised(void *ctx, size_t i, uint64_t claimed)
{
    struct rig *rig = ctx;

    (void)i, (void)claimed;
    __atomic_add_fetch(&rig->alarms, 1, __ATOMIC_SEQ_CST);
}

pse_rc rig_submit(struct rig *rig, struct pse_span entry)
{
    uint32_t *ticket = malloc(4 + entry.n);
    pse_rc rc;

    PSE_REQUIRE(ticket != NULL);
    ticket[0] = (uint32_t)entry.n;
    memcpy(ticket + 1, entry.p, entry.n);
    rc = pse_sequencer_submit(rig->s, entry, ticket);
    if (rc != PSE_OK)
        free(ticket);
    return rc;
}

pse_rc rig_submit_text(struct rig *rig, const char *text, unsigned number, size_t n)
{
    uint8_t *entry = calloc(1, n + 64);
    int used;
    pse_rc rc;

    PSE_REQUIRE(entry != NULL);
    used = snprintf((char *)entry, 64, "%s %u", text, number);
    rc = rig_submit(rig, pse_span(entry, (size_t)used > n ? (size_t)used : n));
    free(entry);
    return rc;
}

bool rig_wait(struct rig *rig, const volatile unsigned *what, unsigned least)
{
    for (unsigned i = 0; i < 20000; i++) {
        if (__atomic_load_n(what, __ATOMIC_SEQ_CST) >= least)
            return true;
        if (rig->is_broken)
            return false;
        usleep(1000);
    }
    return false;
}

/* --- life ------------------------------------------------------------------------------------- */

static uint64_t clock_of(void *ctx)
{
    return ((struct rig *)ctx)->now;
}

static void make_keys(struct rig *rig)
{
    static const char *const names[] = {"log.example/rig", "w1", "w2", "w3", "w4"};
    pse_edkey key;

    for (size_t i = 0; i <= RIG_WITNESSES; i++) {
        memset(rig->seed[i].b, (int)i + 1, 32);
        pse_ed25519_public(&key, &rig->seed[i]);
        PSE_REQUIRE(pse_vkey_make(&rig->key[i], pse_span_str(names[i]),
                                  i == 0 ? PSE_SIG_ED25519 : PSE_SIG_COSIGN, &key) == PSE_OK);
    }
}

static void make_policy(struct rig *rig)
{
    struct pse_buf *b = &rig->policy_text;

    *b = PSE_BUF(PSE_POLICY_MAX);
    pse_wr_str(b, "log ");
    pse_vkey_put(b, &rig->key[0]);
    for (size_t i = 1; i <= RIG_WITNESSES; i++) {
        pse_wr_str(b, "\nwitness witness-");
        pse_decimal_put(b, i);
        pse_wr_str(b, " ");
        pse_vkey_put(b, &rig->key[i]);
    }
    pse_wr_str(b, "\ngroup all 3 witness-1 witness-2 witness-3 witness-4\nquorum all\n");
    pse_arena_init(&rig->arena, PSE_POLICY_ARENA_MAX);
    PSE_REQUIRE(pse_policy_parse(&rig->policy, NULL, &rig->arena, pse_buf_span(b)) == PSE_OK);
}

void rig_attach(struct rig *rig, const char *dir, const char *url)
{
    uint8_t seed[32];

    *rig = (struct rig){.now = 1800000000};
    snprintf(rig->dir, sizeof rig->dir, "%s", dir);
    snprintf(rig->record, sizeof rig->record, "%s/record", dir);
    if (url != NULL)
        snprintf(rig->url, sizeof rig->url, "%s", url);
    else
        snprintf(rig->url, sizeof rig->url, "sqlite:%s/store", dir);
    randombytes_buf(seed, sizeof seed);
    pse_rng_init(&rig->rng, seed);
    make_keys(rig);
    make_policy(rig);
    rig->witnessing = (struct pse_witnessing){
        .ctx = rig, .witnesses = RIG_WITNESSES, .ask = ask, .collect = collect};
    rig->o = (struct pse_sequencer_options){
        .record = rig->record,
        .log = rig->key[0],
        .seed = &rig->seed[0],
        .policy = &rig->policy,
        .witnessing = &rig->witnessing,
        .rng = &rig->rng,
        .now = clock_of,
        .now_ctx = rig,
        .answer = answer,
        .alarm = alarm_raised,
        .stopped = has_stopped,
        .ctx = rig,
    };
}

void rig_init(struct rig *rig, const char *url)
{
    char dir[RIG_DIR_MAX];
    struct stat st;
    bool memory = stat("/dev/shm", &st) == 0 && access("/dev/shm", W_OK) == 0;

    PSE_REQUIRE(sodium_init() >= 0);
    snprintf(dir, sizeof dir, "%s/psephos-ledger-XXXXXX", memory ? "/dev/shm" : "/tmp");
    PSE_REQUIRE(mkdtemp(dir) != NULL);
    rig_attach(rig, dir, url);
    PSE_REQUIRE(mkdir(rig->record, 0755) == 0);
}

void rig_remove(struct rig *rig)
{
    char command[3 * RIG_DIR_MAX];

    if (rig->s != NULL || rig->store != NULL)
        rig_stop(rig);
    snprintf(command, sizeof command, "chmod -R u+w '%s'; rm -rf '%s'", rig->dir, rig->dir);
    PSE_REQUIRE(system(command) == 0);
    pse_buf_free(&rig->policy_text);
    pse_arena_free(&rig->arena);
    pse_rng_wipe(&rig->rng);
}

static pse_rc open_store(struct rig *rig, unsigned flags, const struct pse_steps *steps)
{
    const char *why;
    pse_rc rc = pse_store_open(&rig->store, &why, rig->url, rig->key[0].name, flags, steps);

    if (rc != PSE_OK) {
        rig->why = (struct pse_stop){.reason = PSE_STOP_STORE, .rc = rc};
        snprintf(rig->why.where, sizeof rig->why.where, "%s", why);
    }
    rig->o.store = rig->store;
    rig->o.steps = steps;
    return rc;
}

pse_rc rig_create(struct rig *rig, const struct pse_steps *steps)
{
    pse_rc rc = open_store(rig, PSE_STORE_CREATE, steps);

    if (rc == PSE_OK)
        rc = pse_sequencer_create(&rig->why, &rig->o);
    pse_store_close(rig->store);
    rig->store = NULL;
    return rc;
}

pse_rc rig_start(struct rig *rig, const struct pse_steps *steps)
{
    pse_rc rc = open_store(rig, 0, steps);

    rig->receipts = rig->recorded = rig->refused = rig->stopped = rig->alarms = 0;
    rig->is_broken = false;
    if (rc == PSE_OK) {
        rig_mend(rig);
        rc = pse_sequencer_start(&rig->s, &rig->why, &rig->o);
    }
    if (rc == PSE_OK)
        return rc;
    pse_store_close(rig->store);
    rig->store = NULL;
    return rc;
}

void rig_stop(struct rig *rig)
{
    pse_sequencer_stop(rig->s, &rig->why);
    rig->s = NULL;
    pse_store_close(rig->store);
    rig->store = NULL;
}

/* --- audit ------------------------------------------------------------------------------------ */

static pse_rc read_tile(void *ctx, struct pse_span *bytes, const char *path, size_t max)
{
    struct pse_tree_dir *t = ctx;

    t->bytes.n = 0;
    PSE_TRY(pse_disk_get(&t->disk, &t->bytes, path));
    *bytes = pse_buf_span(&t->bytes);
    return bytes->n > max ? PSE_E_LIMIT : PSE_OK;
}

/* Every tile and bundle of the record, as a stranger would. */
static const char *audit_tiles(struct pse_tree_dir *t, uint64_t size, const pse_hash *root)
{
    static struct pse_span entry[PSE_TILE_WIDTH];
    static pse_hash leaf[PSE_TILE_WIDTH];
    struct pse_tile_check *c;
    const char *wrong = NULL;
    size_t n;

    if (pse_tile_check_new(&c, size, root, read_tile, t) != PSE_OK)
        return "no memory";
    while (wrong == NULL) {
        if (pse_tile_check_bundle(c, entry, &n) != PSE_OK)
            wrong = "a bundle is missing or malformed";
        if (n == 0 || wrong != NULL)
            break;
        pse_tree_leaves(leaf, entry, n, NULL);
        if (pse_tile_check_leaves(c, leaf, n) != PSE_OK)
            wrong = "a tile cannot be read";
    }
    if (wrong == NULL && (pse_tile_check_end(c, NULL) != PSE_OK || pse_tile_check_faults(c) > 0))
        wrong = "tiles do not give the published root";
    pse_tile_check_free(c);
    return wrong;
}

/* Many receipts share a checkpoint, whose signatures are verified once. */
static const char *audit_receipt(struct rig *rig, const struct pse_nodes *nodes,
                                 struct pse_span entry, struct pse_span receipt,
                                 struct pse_span *known)
{
    struct pse_proof *p = malloc(sizeof *p);
    const char *wrong = NULL;
    pse_hash leaf, root;

    pse_tree_leaf(&leaf, entry);
    if (p == NULL || pse_proof_parse(p, receipt) != PSE_OK)
        wrong = "a receipt is malformed";
    else if (!pse_span_is_equal(p->checkpoint_bytes, *known) &&
             pse_proof_verify(p, &leaf, &rig->key[0], &rig->policy) != PSE_OK)
        wrong = "a receipt does not verify";
    else if (pse_tree_inclusion_verify(&p->checkpoint.root, p->checkpoint.size, p->index, &leaf,
                                       p->path.hash, p->path.n) != PSE_OK)
        wrong = "a receipt does not prove its entry";
    else if (p->checkpoint.size > pse_nodes_size(nodes))
        wrong = "a receipt is beyond the log";
    if (wrong == NULL) {
        *known = p->checkpoint_bytes;
        pse_nodes_root(nodes, &root, p->checkpoint.size);
        if (!pse_hash_is_equal(&root, &p->checkpoint.root))
            wrong = "a receipt is of another tree";
        else if (!pse_hash_is_equal(&nodes->row[0].hash[p->index], &leaf))
            wrong = "an acknowledged entry is lost";
    }
    free(p);
    return wrong;
}

static const char *audit_receipts(struct rig *rig, const struct pse_nodes *nodes)
{
    char path[2 * RIG_DIR_MAX];
    struct pse_span known = {NULL, 0};
    const char *wrong = NULL;
    struct pse_buf all;
    struct pse_rd r;

    path_of(path, rig, "receipts", 0);
    (void)read_whole(&all, path);
    r = pse_rd(pse_buf_span(&all));
    while (wrong == NULL && pse_rd_left(&r) > 0) {
        struct pse_span entry, receipt;
        uint32_t n;

        if (pse_rd_u32(&n, &r) != PSE_OK || pse_rd_bytes(&entry, &r, n) != PSE_OK ||
            pse_rd_u32(&n, &r) != PSE_OK || pse_rd_bytes(&receipt, &r, n) != PSE_OK)
            wrong = "the test's own list of receipts is damaged";
        else
            wrong = audit_receipt(rig, nodes, entry, receipt, &known);
    }
    pse_buf_free(&all);
    return wrong;
}

void rig_mend(struct rig *rig)
{
    char path[2 * RIG_DIR_MAX];
    struct pse_buf all;
    struct pse_rd r;
    size_t whole = 0;

    path_of(path, rig, "receipts", 0);
    if (!read_whole(&all, path))
        return;
    r = pse_rd(pse_buf_span(&all));
    for (;;) {
        struct pse_span part;
        uint32_t n;

        if (pse_rd_u32(&n, &r) != PSE_OK || pse_rd_bytes(&part, &r, n) != PSE_OK ||
            pse_rd_u32(&n, &r) != PSE_OK || pse_rd_bytes(&part, &r, n) != PSE_OK)
            break;
        whole = all.n - pse_rd_left(&r);
    }
    PSE_REQUIRE(truncate(path, (off_t)whole) == 0);
    pse_buf_free(&all);
}

static const char *audit_shown(struct rig *rig, const struct pse_nodes *nodes)
{
    char path[2 * RIG_DIR_MAX];
    const char *wrong = NULL;
    struct pse_buf all;
    pse_hash root;

    path_of(path, rig, "shown", 0);
    (void)read_whole(&all, path);
    for (size_t at = 0; at + 40 <= all.n && wrong == NULL; at += 40) {
        uint64_t size = pse_load_u64(all.p + at);

        if (size > pse_nodes_size(nodes)) {
            wrong = "a checkpoint was shown that the log has lost";
            break;
        }
        pse_nodes_root(nodes, &root, size);
        if (memcmp(root.b, all.p + at + 8, 32) != 0)
            wrong = "two roots were shown for one size";
    }
    pse_buf_free(&all);
    return wrong;
}

static const char *audit(struct rig *rig, struct pse_tree_dir *t, struct pse_nodes *nodes,
                         struct pse_checkpoint *cp, struct pse_buf *checkpoint)
{
    const char *wrong;

    if (pse_tree_dir_open(t, rig->record, NULL) != PSE_OK)
        return "the record cannot be opened";
    if (pse_tree_dir_checkpoint(t, checkpoint) != PSE_OK)
        return "nothing is published";
    if (pse_checkpoint_parse(cp, pse_buf_span(checkpoint)) != PSE_OK ||
        pse_checkpoint_log_verify(cp, &rig->key[0]) != PSE_OK ||
        pse_checkpoint_quorum_verify(cp, &rig->policy, NULL) != PSE_OK)
        return "the published checkpoint does not verify";
    wrong = audit_tiles(t, cp->size, &cp->root);
    if (wrong == NULL && pse_tree_dir_load(t, nodes, cp->size) != PSE_OK)
        wrong = "the tiles cannot be loaded";
    if (wrong == NULL)
        wrong = audit_receipts(rig, nodes);
    return wrong == NULL ? audit_shown(rig, nodes) : wrong;
}

const char *rig_audit(struct rig *rig, uint64_t *size)
{
    struct pse_checkpoint *cp = calloc(1, sizeof *cp);
    struct pse_buf checkpoint = PSE_BUF(PSE_NOTE_MAX);
    struct pse_tree_dir t;
    struct pse_nodes nodes;
    const char *wrong;

    PSE_REQUIRE(cp != NULL);
    pse_nodes_init(&nodes, 7);
    wrong = audit(rig, &t, &nodes, cp, &checkpoint);
    *size = cp->size;
    pse_tree_dir_close(&t);
    pse_nodes_free(&nodes);
    pse_buf_free(&checkpoint);
    free(cp);
    return wrong;
}
