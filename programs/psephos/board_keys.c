#include "psephos/board_keys.h"

#include <stdio.h>
#include <string.h>

#include "common/options.h"

static void witness_leaf(char out[32], size_t i)
{
    (void)snprintf(out, 32, "witness-%zu.key", i + 1);
}

static pse_rc fill_signer(struct board_keys *k)
{
    struct record_signer *s = &k->signer;

    PSE_TRY(key_vkey(&s->log.vkey, k->log));
    s->log.seed = &k->log->sign;
    for (size_t i = 0; i < s->witnesses; i++) {
        PSE_TRY(key_vkey(&s->witness[i].vkey, k->witness[i]));
        s->witness[i].seed = &k->witness[i]->sign;
    }
    return PSE_OK;
}

/* A label that is not the origin would be another log. */
static pse_rc log_on_token(struct key **out, const char *name, const char *origin, const char *uri)
{
    PSE_TRY(key_on_token(out, name, uri, KEY_LOG, NULL, true));
    if (strcmp((*out)->label, origin) == 0)
        return PSE_OK;
    cli_error(name, "%s: the object's label must be the log's name; write object=%s", uri, origin);
    return PSE_E_MISMATCH;
}

pse_rc board_keys_make(struct board_keys *k, const char *name, const char *origin, const char *log,
                       size_t witnesses, const struct pse_group *g, struct pse_rng *rng)
{
    char label[PSE_KEY_NAME_MAX + 32];

    PSE_REQUIRE(witnesses <= RECORD_WITNESSES_MAX);
    memset(k, 0, sizeof *k);
    PSE_TRY(log != NULL ? log_on_token(&k->log, name, origin, log)
                        : key_make(&k->log, name, KEY_LOG, origin, g, rng));
    (void)snprintf(label, sizeof label, "Board of %s", origin);
    PSE_TRY(key_make(&k->board, name, KEY_BOARD, label, g, rng));
    for (size_t i = 0; i < witnesses; i++) {
        (void)snprintf(label, sizeof label, "witness-%zu", i + 1);
        PSE_TRY(key_make(&k->witness[i], name, KEY_WITNESS, label, g, rng));
    }
    k->signer.witnesses = witnesses;
    return fill_signer(k);
}

static pse_rc write_key(const struct key *key, const char *name, const char *dir, const char *leaf)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(file_join(path, name, dir, leaf));
    return key_write(key, name, path);
}

static pse_rc write_policy(const struct board_keys *k, const char *name, const char *dir,
                           unsigned quorum)
{
    struct pse_buf text = PSE_BUF(PSE_POLICY_MAX);
    char path[FILE_PATH_MAX];
    pse_rc rc;

    record_policy_put(&text, &k->signer, quorum);
    rc = text.rc;
    if (rc == PSE_OK)
        rc = file_join(path, name, dir, "policy");
    if (rc == PSE_OK)
        rc = file_write(name, path, pse_buf_span(&text), FILE_NEW);
    pse_buf_free(&text);
    return rc;
}

static pse_rc write_card(const struct board_keys *k, const char *name, const char *dir,
                         const struct pse_group *g)
{
    struct pse_buf vkey = PSE_BUF(4096);
    char path[FILE_PATH_MAX];
    pse_rc rc;

    pse_vkey_put(&vkey, &k->signer.log.vkey);
    rc = vkey.rc;
    if (rc == PSE_OK)
        rc = file_join(path, name, dir, "board.pub");
    if (rc == PSE_OK)
        rc = card_write(k->board, name, path, pse_buf_span(&vkey), NULL, g, NULL);
    pse_buf_free(&vkey);
    return rc;
}

pse_rc board_keys_write(const struct board_keys *k, const char *name, const char *dir,
                        unsigned quorum, const struct pse_group *g)
{
    char leaf[32];

    PSE_TRY(file_make_dir(name, dir));
    if (k->log->token == NULL)
        PSE_TRY(write_key(k->log, name, dir, "log.key"));
    PSE_TRY(write_key(k->board, name, dir, "board.key"));
    for (size_t i = 0; i < k->signer.witnesses; i++) {
        witness_leaf(leaf, i);
        PSE_TRY(write_key(k->witness[i], name, dir, leaf));
    }
    if (k->signer.witnesses > 0)
        PSE_TRY(write_policy(k, name, dir, quorum));
    return write_card(k, name, dir, g);
}

pse_rc board_keys_read(struct board_keys *k, const char *name, const char *dir,
                       const struct pse_group *g)
{
    char path[FILE_PATH_MAX];
    char leaf[32];

    memset(k, 0, sizeof *k);
    PSE_TRY(file_join(path, name, dir, "log.key"));
    PSE_TRY(key_read(&k->log, name, path, KEY_LOG, g));
    for (size_t i = 0; i < RECORD_WITNESSES_MAX; i++) {
        witness_leaf(leaf, i);
        PSE_TRY(file_join(path, name, dir, leaf));
        if (!file_exists(path))
            break;
        PSE_TRY(key_read(&k->witness[i], name, path, KEY_WITNESS, g));
        k->signer.witnesses++;
    }
    PSE_TRY(file_join(k->head, name, dir, "head"));
    k->signer.head = k->head;
    return fill_signer(k);
}

void board_keys_free(struct board_keys *k)
{
    key_free(k->log);
    key_free(k->board);
    for (size_t i = 0; i < RECORD_WITNESSES_MAX; i++)
        key_free(k->witness[i]);
    memset(k, 0, sizeof *k);
}
