#include "common/local_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "codec/codec.h"
#include "common/options.h"
#include "net/http.h"

pse_rc local_users_parse(struct local_users *u, const char *name, const char *key, const char *text)
{
    struct pse_span left = pse_span_str(text);

    u->n = 0;
    while (left.n > 0) {
        const uint8_t *space = memchr(left.p, ' ', left.n);
        size_t word = space == NULL ? left.n : (size_t)(space - left.p);
        uint64_t x;

        if (word > 0) {
            if (u->n == LOCAL_USERS_MAX ||
                pse_decimal_decode(&x, pse_span(left.p, word)) != PSE_OK || x > UINT32_MAX) {
                cli_error(name, "%s '%s' is not a list of at most %d numbers of users", key, text,
                          LOCAL_USERS_MAX);
                return PSE_E_SYNTAX;
            }
            u->uid[u->n++] = (uint32_t)x;
        }
        word += space == NULL ? 0 : 1;
        left = pse_span(left.p + word, left.n - word);
    }
    return PSE_OK;
}

pse_rc local_socket_listen(int *fd, const char *name, const char *path)
{
    char where[PSE_HTTP_ADDRESS + 8];
    char address[PSE_HTTP_ADDRESS];
    pse_rc rc;

    (void)snprintf(where, sizeof where, "unix:%.250s", path);
    rc = pse_http_listen(fd, address, where);
    if (rc == PSE_OK && chmod(path, 0666) != 0)
        rc = PSE_E_IO;
    if (rc != PSE_OK)
        cli_error(name, "cannot listen on %s: %s", path,
                  rc == PSE_E_IO ? strerror(errno) : pse_rc_name(rc));
    return rc;
}
