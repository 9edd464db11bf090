/* plain_log FOLDER SIZE [FORK]: a log of any size that is no election, with its policy beside it
 * (FOLDER.policy): the record FOLDER is made, or grows, to SIZE entries and is signed by one log
 * key and four witnesses. With FORK, entries from that number on are others: a second history.
 *
 * The last entry and its receipt are FOLDER.entry and FOLDER.receipt. The time of the signatures is
 * PLAIN_LOG_TIME if that is set. For tests of programs. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/record_dir.h"
#include "common/record_source.h"

enum { WITNESSES = 4, QUORUM = 3 };

static const char name[] = "plain_log";

static pse_seed seed[WITNESSES + 1];
static struct record_signer signer;

static void make_key(struct record_key *key, size_t i, const char *text, uint8_t type)
{
    pse_edkey public;

    seed[i].b[0] = (uint8_t)(i + 1);
    pse_ed25519_public(&public, &seed[i]);
    PSE_REQUIRE(pse_vkey_make(&key->vkey, pse_span_str(text), type, &public) == PSE_OK);
    key->seed = &seed[i];
}

static void make_signer(void)
{
    static const char *const witness[WITNESSES] = {"w1.example", "w2.example", "w3.example",
                                                   "w4.example"};

    make_key(&signer.log, WITNESSES, "log.example/mini", PSE_SIG_ED25519);
    for (size_t i = 0; i < WITNESSES; i++)
        make_key(&signer.witness[i], i, witness[i], PSE_SIG_COSIGN);
    signer.witnesses = WITNESSES;
}

/* Entry number i: 8 to 39 bytes that say which one it is, and of which history. */
static struct pse_span entry_of(uint8_t bytes[64], uint64_t i, uint64_t fork)
{
    memset(bytes, i >= fork ? 'b' : 'a', 64);
    pse_store_u64(bytes, i);
    return pse_span(bytes, 8 + (size_t)(i % 32));
}

static pse_rc write_beside(const char *dir, const char *suffix, struct pse_span bytes)
{
    char path[FILE_PATH_MAX];

    (void)snprintf(path, sizeof path, "%s.%s", dir, suffix);
    return file_write(name, path, bytes, FILE_REPLACE | FILE_BULK);
}

static pse_rc write_policy(const char *dir)
{
    struct pse_buf policy = PSE_BUF(PSE_POLICY_MAX);
    pse_rc rc;

    record_policy_put(&policy, &signer, QUORUM);
    rc = write_beside(dir, "policy", pse_buf_span(&policy));
    pse_buf_free(&policy);
    return rc;
}

static pse_rc write_receipt(const char *dir, uint64_t index, uint64_t size,
                            struct pse_span checkpoint)
{
    struct pse_buf text = PSE_BUF(PSE_PROOF_MAX);
    struct record_source source;
    struct pse_tree_proof proof;
    pse_rc rc;

    PSE_TRY(record_source_open(&source, dir));
    source.size = size;
    rc = pse_tree_inclusion(&proof, size, index, record_source_node, &source);
    record_source_close(&source);
    PSE_TRY(rc);
    pse_proof_put(&text, NULL, index, &proof, checkpoint);
    rc = write_beside(dir, "receipt", pse_buf_span(&text));
    pse_buf_free(&text);
    return rc;
}

static uint64_t time_of_signatures(void)
{
    const char *given = getenv("PLAIN_LOG_TIME");

    return given == NULL ? (uint64_t)time(NULL) : strtoull(given, NULL, 10);
}

static pse_rc grow(const char *dir, uint64_t size, uint64_t fork)
{
    struct record_writer *w = NULL;
    uint8_t bytes[64] = {0};
    pse_rc rc;

    PSE_TRY(record_dir_is_free(dir) ? record_create(&w, name, dir, &signer, RECORD_BULK)
                                    : record_resume(&w, name, dir, &signer, RECORD_BULK));
    rc = PSE_OK;
    for (uint64_t i = record_size(w); i < size && rc == PSE_OK; i++)
        rc = record_append(w, NULL, entry_of(bytes, i, fork));
    if (rc == PSE_OK)
        rc = record_publish(w, time_of_signatures());
    if (rc == PSE_OK && size > 0)
        rc = write_receipt(dir, size - 1, size, record_checkpoint(w));
    if (rc == PSE_OK)
        rc = write_beside(dir, "entry", entry_of(bytes, size - 1, fork));
    record_writer_free(w);
    return rc;
}

int main(int argc, char **argv)
{
    uint64_t fork = UINT64_MAX;

    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: plain_log FOLDER SIZE [FORK]\n");
        return 2;
    }
    if (argc == 4)
        fork = strtoull(argv[3], NULL, 10);
    make_signer();
    if (write_policy(argv[1]) != PSE_OK ||
        grow(argv[1], strtoull(argv[2], NULL, 10), fork) != PSE_OK)
        return 1;
    return 0;
}
