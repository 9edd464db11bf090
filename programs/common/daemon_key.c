#include "common/daemon_key.h"

#include "token/token.h"

enum { KEY_BYTES_MAX = 4096 };

bool daemon_key(int *status, struct key **out, const struct daemon *d, const char *where,
                enum key_role role, const struct pse_group *g)
{
    struct pse_hidden text;
    pse_rc rc;

    *out = NULL;
    if (pse_token_is_uri(where)) {
        rc = key_on_token(out, d->name, where, role, d->credentials, false);
        if (rc != PSE_OK)
            *status = CLI_EXIT_USAGE;
        return rc == PSE_OK;
    }
    if (!daemon_secret(status, &text, d, where, KEY_BYTES_MAX))
        return false;
    rc = key_parse(out, d->name, where, pse_span(text.p, text.n), role, g, d->credentials);
    pse_hidden_free(&text);
    if (rc != PSE_OK)
        *status = CLI_EXIT_USAGE;
    return rc == PSE_OK;
}
