/* Large objects of a log: in the store first, then below blob/ of the record. */
#include <fcntl.h>
#include <unistd.h>

#include "store/blob_folder.h"
#include "store/sequencer_room.h"

enum {
    BLOB_LANE = 1, /* blobs are written while tiles are */
    LIST = 64,     /* digests asked for at once */
};

static pse_rc keep_blob(struct pse_sequencer *s, struct pse_stop *why, pse_hash *digest,
                        struct pse_span blob)
{
    pse_rc rc;

    pthread_mutex_lock(&s->store_lock);
    rc = pse_store_blob_put_new(s->o.store, digest, blob);
    if (rc != PSE_OK && rc != PSE_E_LIMIT)
        rc = stop_store(why, s->o.store, rc);
    pthread_mutex_unlock(&s->store_lock);
    return rc;
}

static pse_rc open_folder(struct pse_sequencer *s, struct pse_stop *why)
{
    if (s->blobs.fd >= 0)
        return PSE_OK;
    if (!pse_disk_open(&s->blobs, s->o.record, s->o.steps))
        return stop_files(why, &s->blobs, PSE_E_IO);
    s->blobs.lane = BLOB_LANE;
    return PSE_OK;
}

static pse_rc show_blob(struct pse_sequencer *s, struct pse_stop *why, const pse_hash *digest,
                        struct pse_span blob)
{
    pse_rc rc;

    pthread_mutex_lock(&s->blob_lock);
    rc = open_folder(s, why);
    if (rc == PSE_OK) {
        rc = pse_blob_folder_put(&s->blobs, digest, blob);
        if (rc != PSE_OK)
            rc = stop_files(why, &s->blobs, rc);
    }
    pthread_mutex_unlock(&s->blob_lock);
    return rc;
}

pse_rc pse_sequencer_blob(struct pse_sequencer *s, pse_hash *digest, struct pse_span blob)
{
    struct pse_stop why = {0};
    bool is_over;
    pse_rc rc;

    pthread_mutex_lock(&s->lock);
    is_over = s->is_broken;
    pthread_mutex_unlock(&s->lock);
    if (is_over)
        return PSE_E_STATE;
    rc = keep_blob(s, &why, digest, blob);
    if (rc == PSE_OK)
        rc = show_blob(s, &why, digest, blob);
    if (rc != PSE_OK && rc != PSE_E_LIMIT)
        sequencer_broken(s, &why);
    return rc;
}

/* --- after a start ---------------------------------------------------------------------------- */

static pse_rc recover_one(struct pse_sequencer *s, struct pse_stop *why, const pse_hash *digest)
{
    struct pse_buf blob = PSE_BUF(PSE_STORE_BLOB_MAX);
    pse_rc rc;

    if (pse_blob_folder_has(&s->blobs, digest))
        return PSE_OK;
    rc = pse_store_blob_get(s->o.store, &blob, digest);
    rc = rc == PSE_OK ? show_blob(s, why, digest, pse_buf_span(&blob))
                      : stop_store(why, s->o.store, rc);
    pse_buf_free(&blob);
    return rc;
}

pse_rc blobs_recover(struct pse_sequencer *s, struct pse_stop *why)
{
    pse_hash digest[LIST], last;
    size_t n = LIST;
    bool is_first = true;

    PSE_TRY(open_folder(s, why));
    while (n == LIST) {
        pse_rc rc = pse_store_blob_list(s->o.store, digest, &n, LIST, is_first ? NULL : &last);

        if (rc != PSE_OK)
            return stop_store(why, s->o.store, rc);
        for (size_t i = 0; i < n; i++)
            PSE_TRY(recover_one(s, why, &digest[i]));
        if (n > 0)
            last = digest[n - 1];
        is_first = false;
    }
    return PSE_OK;
}
