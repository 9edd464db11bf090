/* Cards as commands take them: a demo card, in a file or on a token, named by --card; or each key
 * by itself, in a file or on a token (any card with a PKCS#11 module), with its certificate.
 *
 * Every failure prints one line under the name and returns a status. */
#ifndef PSE_PSEPHOS_EID_CARD_H
#define PSE_PSEPHOS_EID_CARD_H

#include "common/options.h"
#include "identity/identity.h"
#include "token/token.h"

enum eid_key { EID_LOGIN, EID_SIGNING, EID_KEYS };

/** What the options say; NULL where nothing. */
struct eid_names {
    const char *card;                  /* --card */
    const char *key[EID_KEYS];         /* --login-key, --sign-key */
    const char *certificate[EID_KEYS]; /* --login-cert, --sign-cert */
};

#define EID_CARD(e) \
    CLI_TEXT("card", "CARD", &(e)->card, "your card: a file, or pkcs11:token=… on a token (demo)")
#define EID_KEY_LOGIN(e)                                             \
    CLI_TEXT("login-key", "KEY", &(e)->key[EID_LOGIN],               \
             "or its key for logging in: PEM, pkcs11:…"),            \
        CLI_TEXT("login-cert", "FILE", &(e)->certificate[EID_LOGIN], \
                 "its certificate (default: the one on the token)")
#define EID_KEY_SIGNING(e)                                                                        \
    CLI_TEXT("sign-key", "KEY", &(e)->key[EID_SIGNING], "or its key for signing: PEM, pkcs11:…"), \
        CLI_TEXT("sign-cert", "FILE", &(e)->certificate[EID_SIGNING],                             \
                 "its certificate (default: the one on the token)")

/** One of its keys. */
struct eid_half {
    const char *name;
    char where[PSE_TOKEN_URI_MAX]; /* of a token: its URI */
    struct pse_certificate *certificate;
    struct pse_card *card;
    struct pse_token *token; /* NULL: in a file */
};
struct eid_card {
    struct eid_half half[EID_KEYS];
};

/** The URI of one of a demo card's two keys. PSE_E_SYNTAX: @p uri names an object, or is too long.
 */
PSE_MUST pse_rc eid_card_uri(char out[PSE_TOKEN_URI_MAX], const char *name, const char *uri,
                             enum eid_key key);
/** The card and certificate of a demo key in memory. PSE_E_MEMORY. */
PSE_MUST pse_rc eid_card_of_demo(struct pse_card **card, struct pse_certificate **certificate,
                                 const struct pse_demo *key);
/** Open one of its keys (half[key].card signs with it); zero-initialise, and close in every case.
 * @p name outlives it. PSE_E_MISSING: the options do not say where; PSE_E_UNSUPPORTED: --card is no
 * card of a demo authority; statuses of token_open. */
PSE_MUST pse_rc eid_card_open(struct eid_card *card, const char *name,
                              const struct eid_names *names, enum eid_key key);
void eid_card_close(struct eid_card *card);
/** Say why a card's signature could not be made; the status again. A token has said so itself. */
PSE_MUST pse_rc eid_card_say(const char *name, pse_rc rc);

#endif
