#include "common/wrapkey.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/options.h"

static const char head[] = "psephos-wrap-1\nkey ";

enum { HEAD = sizeof head - 1, TEXT = HEAD + 2 * PSE_SEAL_KEY + 1 };

pse_rc wrapkey_make(const char *name, const char *path, struct pse_rng *rng)
{
    PSE_SECRET(pse_seal_key, key);
    char *text = sodium_malloc(TEXT + 1);
    pse_rc rc;

    if (text == NULL) {
        cli_error(name, "no locked memory for a key; raise the limit of locked memory (ulimit -l)");
        return PSE_E_MEMORY;
    }
    pse_rng_fill(rng, key.b, sizeof key.b);
    memcpy(text, head, HEAD);
    pse_hex_encode(text + HEAD, key.b, sizeof key.b);
    text[TEXT - 1] = '\n';
    rc = file_write(name, path, pse_span(text, TEXT), FILE_NEW | FILE_SECRET);
    sodium_free(text);
    if (rc == PSE_OK && chmod(path, 0400) != 0) {
        cli_error(name, "cannot protect %s: %s", path, strerror(errno));
        return PSE_E_IO;
    }
    return rc;
}

static pse_rc read_text(char text[TEXT + 1], const char *name, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    ssize_t n;

    if (fd < 0 || fstat(fd, &st) != 0) {
        cli_error(name, "cannot read the wrapping key %s: %s; check --wrap", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return PSE_E_MISSING;
    }
    if ((st.st_mode & 0377) != 0) {
        close(fd);
        cli_error(name, "the wrapping key %s must have mode 0400; run: chmod 400 %s", path, path);
        return PSE_E_STATE;
    }
    n = read(fd, text, TEXT + 1);
    close(fd);
    if (n == TEXT && memcmp(text, head, HEAD) == 0 && text[TEXT - 1] == '\n')
        return PSE_OK;
    cli_error(name, "%s is no wrapping key of psephos; check --wrap", path);
    return PSE_E_SYNTAX;
}

pse_rc wrapkey_read(pse_seal_key **out, const char *name, const char *path)
{
    char *text = sodium_malloc(TEXT + 1);
    pse_seal_key *k = sodium_malloc(sizeof *k);
    pse_rc rc = PSE_E_MEMORY;

    *out = NULL;
    if (text != NULL && k != NULL)
        rc = read_text(text, name, path);
    if (rc == PSE_OK && pse_hex_decode(k->b, sizeof k->b, pse_span(text + HEAD, 64)) != PSE_OK) {
        cli_error(name, "%s is no wrapping key of psephos; check --wrap", path);
        rc = PSE_E_SYNTAX;
    }
    sodium_free(text);
    if (rc == PSE_OK)
        *out = k;
    else
        sodium_free(k);
    return rc;
}

void wrapkey_free(pse_seal_key *k)
{
    sodium_free(k);
}
