#include "common/tokens.h"

#include <stdlib.h>
#include <string.h>

#include "common/options.h"
#include "daemon/secret.h"

/* What to say of a fault; the URI itself comes first. */
static const struct {
    pse_rc rc;
    const char *text;
} words[] = {
    [PSE_TOKEN_GOOD] = {PSE_OK, ""},
    [PSE_TOKEN_URI] = {PSE_E_SYNTAX, "is no PKCS#11 URI (RFC 7512); write "
                                     "'pkcs11:token=NAME;object=LABEL?pin-source=file:PATH'"},
    [PSE_TOKEN_PIN_IN_URI] = {PSE_E_SYNTAX, "would show the PIN to everybody on this machine; "
                                            "put it into a file, and say pin-source=file:PATH"},
    [PSE_TOKEN_UNNAMED] = {PSE_E_SYNTAX, "names no object; add object=LABEL or id=%01…"},
    [PSE_TOKEN_MODULE_PATH] = {PSE_E_STATE,
                               "names a module that somebody else could replace; give the absolute "
                               "path of a file that only root or you may write"},
    [PSE_TOKEN_NO_MODULE] = {PSE_E_MISSING,
                             "needs a PKCS#11 module that does not load; check module-path, or "
                             "p11-kit list-modules"},
    [PSE_TOKEN_NO_TOKEN] = {PSE_E_MISSING,
                            "fits no token; is it plugged in? See p11-kit list-modules"},
    [PSE_TOKEN_TWO_TOKENS] = {PSE_E_MISMATCH, "fits several tokens; add serial=…"},
    [PSE_TOKEN_NO_PIN] = {PSE_E_MISSING, "needs a PIN; put it into a file of mode 0400, and add "
                                         "?pin-source=file:PATH"},
    [PSE_TOKEN_PIN_WRONG] = {PSE_E_STATE, "refuses the PIN; it was tried once. Correct the file, "
                                          "log in once by hand (pkcs11-tool --login), start again"},
    [PSE_TOKEN_PIN_BEFORE] = {PSE_E_STATE,
                              "had a wrong PIN before; none is tried. Check the file, log in once "
                              "by hand (pkcs11-tool --login), start again"},
    [PSE_TOKEN_PIN_LOCKED] = {PSE_E_STATE, "is locked after wrong PINs; its security officer can "
                                           "set a new one (pkcs11-tool --init-pin)"},
    [PSE_TOKEN_PIN_CHANGE] = {PSE_E_STATE, "wants its PIN set or changed first (pkcs11-tool "
                                           "--init-pin, --change-pin); start again after that"},
    [PSE_TOKEN_LOGIN] = {PSE_E_STATE, "does not let us log in; it was tried once. See its log, log "
                                      "in once by hand (pkcs11-tool --login), start again"},
    [PSE_TOKEN_NO_OBJECT] = {PSE_E_MISSING, "names a private key that is not on the token; see "
                                            "pkcs11-tool --login --list-objects"},
    [PSE_TOKEN_TWO_OBJECTS] = {PSE_E_MISMATCH, "fits several private keys; add id=%01…"},
    [PSE_TOKEN_KIND] = {PSE_E_MISMATCH, "is a key of another kind, or not for this use; make one "
                                        "with psephos"},
    [PSE_TOKEN_UNGUARDED] = {PSE_E_STATE,
                             "can be used by anybody without the PIN; make one that is "
                             "private (CKA_PRIVATE)"},
    [PSE_TOKEN_OUTSIDE] = {PSE_E_STATE,
                           "was once outside of its token, or could be taken out, so copies may "
                           "exist; make one on the token"},
    [PSE_TOKEN_EXTRACTABLE] = {PSE_E_STATE,
                               "can be read or taken out of its token; make one that is sensitive "
                               "and not extractable"},
    [PSE_TOKEN_NO_PUBLIC] = {PSE_E_MISSING, "has no public half (or certificate) with the same id "
                                            "beside it on the token"},
    [PSE_TOKEN_EXISTS] = {PSE_E_DUPLICATE, "is there already; choose another label"},
    [PSE_TOKEN_LOST] = {PSE_E_IO, "is gone, and was not found again; plug the token in"},
    [PSE_TOKEN_FORKED] = {PSE_E_STATE, "was opened by another process"},
    [PSE_TOKEN_REFUSED] = {PSE_E_PROOF, "did not wrap these bytes"},
    [PSE_TOKEN_UNABLE] = {PSE_E_UNSUPPORTED, "is on a token that cannot do this; see pkcs11-tool "
                                             "--list-mechanisms for what it can"},
    [PSE_TOKEN_DEVICE] = {PSE_E_IO, "does not work: the token or its module failed; see its log"},
    [PSE_TOKEN_NO_MEMORY] = {PSE_E_MEMORY, "needs more memory, or more locked memory (ulimit -l)"},
};

/* What cannot be read may have a PIN anywhere. */
static int shown_of(const char *uri, enum pse_token_fault fault)
{
    return fault == PSE_TOKEN_PIN_IN_URI || fault == PSE_TOKEN_URI ? (int)strcspn(uri, ":?") : -1;
}

pse_rc token_say(const char *name, const char *uri, enum pse_token_fault fault)
{
    PSE_REQUIRE((size_t)fault < sizeof words / sizeof *words);
    if (fault != PSE_TOKEN_GOOD)
        cli_error(name, "%.*s %s", shown_of(uri, fault), uri, words[fault].text);
    return words[fault].rc;
}

/* --- the PIN -----------------------------------------------------------------------------------
 */

static pse_rc read_pin(struct pse_hidden *pin, const char *name, const char *source,
                       const char *credentials)
{
    struct pse_fault fault;
    const char *where = strncmp(source, "file:", 5) == 0 ? source + 5 : source;
    pse_rc rc;

    if (where[0] != '/' && strncmp(where, "credential:", 11) != 0 && where == source) {
        cli_error(name, "pin-source=%s: say file:PATH, or credential:NAME", source);
        return PSE_E_SYNTAX;
    }
    if (credentials == NULL)
        credentials = getenv("CREDENTIALS_DIRECTORY");
    rc = pse_hidden_read(pin, &fault, where, credentials, PSE_TOKEN_PIN_MAX + 1);
    if (rc != PSE_OK)
        cli_error(name, "the PIN: %s", fault.text);
    return rc;
}

static struct pse_span pin_of(const struct pse_hidden *file)
{
    size_t n = file->n;

    if (n > 0 && file->p[n - 1] == '\n')
        n--;
    return pse_span(file->p, n);
}

typedef enum pse_token_fault opener(struct pse_token **out, const struct pse_token_ask *ask);

static pse_rc with_pin(struct pse_token **out, const char *name, const char *uri,
                       enum pse_token_kind kind, const char *credentials, opener *begin)
{
    char source[PSE_TOKEN_URI_MAX];
    struct pse_hidden pin = {NULL, 0};
    struct pse_token_ask ask = {.uri = uri, .kind = kind};
    enum pse_token_fault fault;

    *out = NULL;
    PSE_TRY(token_say(name, uri, pse_token_uri_check(source, uri)));
    if (source[0] != '\0')
        PSE_TRY(read_pin(&pin, name, source, credentials));
    ask.pin = pin_of(&pin);
    fault = begin(out, &ask);
    pse_hidden_free(&pin);
    return token_say(name, uri, fault);
}

pse_rc token_open(struct pse_token **out, const char *name, const char *uri,
                  enum pse_token_kind kind, const char *credentials)
{
    return with_pin(out, name, uri, kind, credentials, pse_token_open);
}

pse_rc token_make(struct pse_token **out, const char *name, const char *uri,
                  enum pse_token_kind kind, const char *credentials)
{
    return with_pin(out, name, uri, kind, credentials, pse_token_make);
}

static enum pse_token_fault make_asking(struct pse_token **out, const struct pse_token_ask *ask)
{
    struct pse_token_ask asking = *ask;

    asking.asks_each_time = true;
    return pse_token_make(out, &asking);
}

pse_rc token_make_asking(struct pse_token **out, const char *name, const char *uri,
                         enum pse_token_kind kind, const char *credentials)
{
    return with_pin(out, name, uri, kind, credentials, make_asking);
}

static enum pse_token_fault open_or_make(struct pse_token **out, const struct pse_token_ask *ask)
{
    enum pse_token_fault fault = pse_token_open(out, ask);

    return fault == PSE_TOKEN_NO_OBJECT ? pse_token_make(out, ask) : fault;
}

pse_rc token_ensure(struct pse_token **out, const char *name, const char *uri,
                    enum pse_token_kind kind, const char *credentials)
{
    return with_pin(out, name, uri, kind, credentials, open_or_make);
}
