#include "common/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/options.h"
#include "crypto/report.h"

enum { EVIDENCE_LINE_MAX = 1 << 20 };

static pse_rc append_line(const char *name, const char *path, struct pse_span line)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool good;

    if (fd < 0) {
        cli_error(name, "cannot write %s: %s; name a file of your own with --evidence", path,
                  strerror(errno));
        return PSE_E_IO;
    }
    good = write(fd, line.p, line.n) == (ssize_t)line.n && fsync(fd) == 0;
    good = close(fd) == 0 && good;
    if (!good) {
        cli_error(name, "cannot write %s to its end; free some space", path);
        return PSE_E_IO;
    }
    return PSE_OK;
}

pse_rc evidence_commit(pse_hash *commitment, const char *name, const char *path, const char *about,
                       const pse_hash *eid, struct pse_span text, struct pse_rng *rng)
{
    struct pse_buf line = PSE_BUF(EVIDENCE_LINE_MAX);
    struct pse_json_wr w = pse_json_wr(&line, 0);
    uint8_t salt[32];
    pse_rc rc;

    pse_rng_fill(rng, salt, sizeof salt);
    pse_evidence_commit(commitment, eid, salt, text);
    if (path == NULL) {
        pse_wipe(salt, sizeof salt);
        return PSE_OK;
    }
    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "about", about);
    pse_json_wr_hex(&w, "election", eid->b, 32);
    pse_json_wr_hex(&w, "commitment", commitment->b, 32);
    pse_json_wr_hex(&w, "salt", salt, sizeof salt);
    pse_json_wr_string(&w, "evidence", text);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK)
        rc = append_line(name, path, pse_buf_span(&line));
    pse_buf_free(&line);
    pse_wipe(salt, sizeof salt);
    return rc;
}
