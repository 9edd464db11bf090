/* Room token: private keys on tokens (smart cards, security modules), by PKCS#11 through p11-kit.
 *
 * For: signing with a key that nobody can read, wrapping data keys under one, making such keys.
 * A key is named by a URI (RFC 7512) and opened with the token's PIN. Not for: where the PIN comes
 * from and what to say to people (programs), what is signed, certificates (identity). ElGamal
 * secrets never stand on a token: what a token can do with them is not what trustees need.
 *
 * Rules that hold here (identity contract 7):
 * - A private object must be sensitive, not extractable, never have been otherwise, and not be
 *   usable without the PIN; each opening asks the token.
 * - A wrong PIN is tried once, whichever handles of the process are on that token. Nothing is tried
 *   when the token says that an earlier PIN was wrong or that the next try is the last, so that a
 *   service manager's restarts cannot lock it.
 * - A key that wants its PIN for each signature (CKA_ALWAYS_AUTHENTICATE) gets it, under the same
 *   rule.
 * - A lost session is opened again once for each call; then the call fails. A key pair of which
 *   the public half is another one by then is refused (no-object).
 * - Nothing is taken across a fork: a child's calls are refused.
 *
 * One handle may be used from many threads; calls take turns. Calls block as long as the device
 * does. This room talks to a device and to nothing else. */
#ifndef PSE_TOKEN_H
#define PSE_TOKEN_H

#include "base/base.h"

enum {
    PSE_TOKEN_URI_MAX = 1024,
    PSE_TOKEN_PIN_MAX = 255,
    PSE_TOKEN_LABEL_MAX = 255,
    PSE_TOKEN_PUBLIC_MAX = 97, /* 04 || x || y of P-384 */
    PSE_TOKEN_SIG_MAX = 96,
    PSE_TOKEN_CERTIFICATE_MAX = 16384,
    PSE_TOKEN_KEY = 32,         /* a key to be wrapped */
    PSE_TOKEN_WRAPPED = 32 + 8, /* RFC 3394 */
};

enum pse_token_kind {
    PSE_TOKEN_ED25519, /* CKM_EDDSA: over the message, 64 bytes */
    PSE_TOKEN_P256,    /* CKM_ECDSA: over a digest, r || s of 64 bytes */
    PSE_TOKEN_P384,    /* the same, 96 bytes */
    PSE_TOKEN_WRAP,    /* AES-256, CKM_AES_KEY_WRAP */
};

/** What is the matter, each with its own mending. */
enum pse_token_fault {
    PSE_TOKEN_GOOD,
    PSE_TOKEN_URI,         /* no URI of RFC 7512, or an attribute that is not understood */
    PSE_TOKEN_PIN_IN_URI,  /* pin-value: a PIN in the open */
    PSE_TOKEN_UNNAMED,     /* the URI has neither object nor id */
    PSE_TOKEN_MODULE_PATH, /* not absolute, or a file that others may write */
    PSE_TOKEN_NO_MODULE,   /* no module can be loaded */
    PSE_TOKEN_NO_TOKEN,    /* no token like that is there */
    PSE_TOKEN_TWO_TOKENS,  /* the URI fits several */
    PSE_TOKEN_NO_PIN,      /* the token wants one, and there is none */
    PSE_TOKEN_PIN_WRONG,   /* tried once; this process tries no more */
    PSE_TOKEN_PIN_BEFORE,  /* not tried: an earlier one was wrong, or the next try is the last */
    PSE_TOKEN_PIN_LOCKED,  /* not tried: locked */
    PSE_TOKEN_PIN_CHANGE,  /* has none yet, or wants another */
    PSE_TOKEN_LOGIN,       /* failed for another reason; this process tries no more */
    PSE_TOKEN_NO_OBJECT,   /* the token has no such private object */
    PSE_TOKEN_TWO_OBJECTS, /* it has several */
    PSE_TOKEN_KIND,        /* an object of another kind or curve, or not for this use */
    PSE_TOKEN_UNGUARDED,   /* an object that can be used without the PIN */
    PSE_TOKEN_OUTSIDE,     /* an object that was once outside, or could have been taken out */
    PSE_TOKEN_EXTRACTABLE, /* an object that is not sensitive, or can be taken out */
    PSE_TOKEN_NO_PUBLIC,   /* the public half, or the certificate, is not beside it */
    PSE_TOKEN_EXISTS,      /* to be made, and there already */
    PSE_TOKEN_LOST,        /* the session is gone, and could not be opened again */
    PSE_TOKEN_FORKED,      /* called in another process than the opener's */
    PSE_TOKEN_REFUSED,     /* the bytes are not what this key wrapped */
    PSE_TOKEN_UNABLE,      /* the device knows no such mechanism, or not for this key */
    PSE_TOKEN_DEVICE,      /* the device failed in another way */
    PSE_TOKEN_NO_MEMORY,
};
/** Short stable name ("pin-wrong", …). */
const char *pse_token_fault_name(enum pse_token_fault fault);

/** Does the text begin as a URI of this kind? */
bool pse_token_is_uri(const char *text);

/** The form of a URI, and where it says its PIN is to be read from (pin-source; empty: nowhere).
 * A PIN in it is found before any other fault. Only the verdicts GOOD, URI, PIN_IN_URI, UNNAMED,
 * NO_MEMORY. Touches no device. */
PSE_MUST enum pse_token_fault pse_token_uri_check(char pin_source[PSE_TOKEN_URI_MAX],
                                                  const char *uri);

/** A key on a token, open. */
struct pse_token;

struct pse_token_ask {
    const char *uri;
    struct pse_span pin; /* copied into guarded memory for opening again */
    enum pse_token_kind kind;
    bool asks_each_time; /* of a pair to be made: wants the PIN for each signature */
};

/** Open the one private object that @p ask names, and check it. NULL on failure. */
PSE_MUST enum pse_token_fault pse_token_open(struct pse_token **out,
                                             const struct pse_token_ask *ask);
/** Make the private object that the URI names (object is its label; a key pair, or an AES key),
 * sensitive and not extractable, and open it. PSE_TOKEN_EXISTS when there is one. */
PSE_MUST enum pse_token_fault pse_token_make(struct pse_token **out,
                                             const struct pse_token_ask *ask);
/** End the session and wipe; NULL is fine. In a child of a fork only the memory is given back. */
void pse_token_close(struct pse_token *t);

/** The object's label; may be empty. Lives as long as the handle. */
const char *pse_token_label(const struct pse_token *t);
/** The public half: 32 bytes of Ed25519, 04 || x || y of a curve. Empty where the token has none
 * (cards that keep only a certificate). */
struct pse_span pse_token_public(const struct pse_token *t);

/** Sign: Ed25519 takes the message, the curves a digest of 32 to 64 bytes. *n is 64 or 96. */
PSE_MUST enum pse_token_fault pse_token_sign(struct pse_token *t, uint8_t sig[PSE_TOKEN_SIG_MAX],
                                             size_t *n, struct pse_span in);

/** RFC 3394 under the token's AES key. The data key stands on the token for the time of the
 * call. */
PSE_MUST enum pse_token_fault pse_token_wrap(struct pse_token *t, uint8_t out[PSE_TOKEN_WRAPPED],
                                             const uint8_t key[PSE_TOKEN_KEY]);
/** Back again. PSE_TOKEN_REFUSED: altered, or wrapped by another key. *key is zeroed on failure. */
PSE_MUST enum pse_token_fault pse_token_unwrap(struct pse_token *t, uint8_t key[PSE_TOKEN_KEY],
                                               const uint8_t in[PSE_TOKEN_WRAPPED]);

/** Append the certificate (DER) that stands beside the key, by its id. */
PSE_MUST enum pse_token_fault pse_token_certificate(struct pse_token *t, struct pse_buf *out);
/** Put one there. PSE_TOKEN_EXISTS. @p subject is its DER name. */
PSE_MUST enum pse_token_fault pse_token_put_certificate(struct pse_token *t, struct pse_span der,
                                                        struct pse_span subject);

#endif
