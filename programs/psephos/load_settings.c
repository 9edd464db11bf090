#include "psephos/load_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/files.h"
#include "store/store.h"

enum { TEXT_MAX = 8 * FILE_PATH_MAX };

static pse_rc put_head(struct pse_store *store, struct rehearsal *r)
{
    const struct record_key *log = &r->board.signer.log;
    struct pse_head head = {.epoch = 1, .size = record_size(r->writer), .time = r->time};
    struct pse_buf note = PSE_BUF(PSE_HEAD_NOTE_MAX);
    pse_rc rc;

    record_root(&head.root, r->writer);
    pse_checkpoint_put(&note, head.size, &head.root, &log->vkey, log->seed);
    rc = note.rc;
    head.note_n = note.n;
    if (rc == PSE_OK)
        memcpy(head.note, note.p, note.n);
    pse_buf_free(&note);
    return rc == PSE_OK ? pse_store_head_create(store, &head) : rc;
}

static pse_rc make_ledger(struct rehearsal *r, const char *url)
{
    struct pse_store *store = NULL;
    const char *why = "";
    pse_rc rc =
        pse_store_open(&store, &why, url, r->board.signer.log.vkey.name, PSE_STORE_CREATE, NULL);

    if (rc == PSE_OK)
        rc = put_head(store, r);
    if (rc != PSE_OK)
        cli_error(r->name, "cannot make the ledger %s (%s)", url,
                  why[0] != '\0' ? why : pse_rc_name(rc));
    pse_store_close(store);
    return rc;
}

static pse_rc write_text(struct rehearsal *r, const char *dir, const char *leaf, const char *text)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(file_join(path, r->name, dir, leaf));
    return file_write(r->name, path, pse_span_str(text), FILE_NEW);
}

static pse_rc write_settings(struct rehearsal *r, const char *at, const char *ledger,
                             const char *listen)
{
    char text[TEXT_MAX];

    (void)snprintf(text, sizeof text,
                   "[daemon]\nstate = %s/sequence\n[store]\nurl = %s\n[record]\nfolder = "
                   "%s/record\n[log]\nkey = %s/board/log.key\n[listen]\nsocket = "
                   "%s/sequence.sock\n",
                   at, ledger, at, at, at);
    PSE_TRY(write_text(r, at, "sequence.ini", text));
    (void)snprintf(text, sizeof text,
                   "[daemon]\nstate = %s/box\n[listen]\naddress = %s\n[record]\nfolder = "
                   "%s/record\n[sequence]\nsocket = %s/sequence.sock\n",
                   at, listen, at, at);
    return write_text(r, at, "box.ini", text);
}

pse_rc load_settings_write(struct rehearsal *r, const char *dir, const char *store,
                           const char *listen)
{
    char ledger[FILE_PATH_MAX];
    char *at = realpath(dir, NULL);
    pse_rc rc = at == NULL ? PSE_E_IO : file_join(ledger, r->name, at, "ledger");

    if (rc == PSE_OK)
        rc = make_ledger(r, store != NULL ? store : ledger);
    if (rc == PSE_OK)
        rc = write_settings(r, at, store != NULL ? store : ledger, listen);
    free(at);
    return rc;
}
