/* Inside room token: what its files share of a handle. */
#ifndef PSE_TOKEN_ROOM_H
#define PSE_TOKEN_ROOM_H

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>
#include <pthread.h>
#include <sys/types.h>

#include "token.h"

enum { ID_MAX = 255 };

struct pse_token {
    pthread_mutex_t lock;
    pid_t owner;
    enum pse_token_kind kind;
    P11KitUri *uri;
    CK_FUNCTION_LIST **modules; /* all that are configured, or NULL */
    CK_FUNCTION_LIST *own;      /* the one that the URI names by its path, or NULL */
    CK_FUNCTION_LIST *f;        /* the token's */
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session; /* 0: none */
    CK_OBJECT_HANDLE key;
    uint8_t *pin; /* guarded; NULL: none */
    size_t pin_n;
    enum pse_token_fault dead; /* why nothing is tried any more; GOOD: it lives */
    bool asks_each_time;       /* wants the PIN for each signature */
    bool is_known;             /* what follows is the key's, and does not change any more */
    char label[PSE_TOKEN_LABEL_MAX + 1];
    uint8_t id[ID_MAX];
    size_t id_n;
    uint8_t public[PSE_TOKEN_PUBLIC_MAX];
    size_t public_n;
};

/** DER of the curve's name: the OID, and the text that older modules want. */
struct curve {
    const uint8_t *oid;
    size_t oid_n;
    const uint8_t *text; /* NULL: none */
    size_t text_n;
};
const struct curve *token_curve(enum pse_token_kind kind);

/** What the key is an object of. */
CK_OBJECT_CLASS token_class(const struct pse_token *t);

/** A handle with its URI and modules; no session yet. */
PSE_MUST enum pse_token_fault token_begin(struct pse_token **out, const struct pse_token_ask *ask);
/** Find the token, open a session and log in. */
PSE_MUST enum pse_token_fault token_session(struct pse_token *t, bool writes);
/** Give the PIN once more, for the signature that was begun. */
PSE_MUST enum pse_token_fault token_approve(struct pse_token *t);
/** Find the private object and check what it is; after a loss, that it is the same. */
PSE_MUST enum pse_token_fault token_object(struct pse_token *t);
/** The objects of @p class that the URI names (is_named) or that have the key's id. */
PSE_MUST enum pse_token_fault token_find(struct pse_token *t, CK_OBJECT_HANDLE *out,
                                         CK_OBJECT_CLASS class, bool is_named);

/** What an answer of the device means. */
enum pse_token_fault token_meaning(CK_RV rv);
/** One attempt of something on the token. LOST and DEVICE may be the session's end. */
typedef enum pse_token_fault token_step(struct pse_token *t, void *ctx);
/** Do it under the lock; when the session is lost, open it again and do it once more. */
PSE_MUST enum pse_token_fault token_do(struct pse_token *t, token_step *step, void *ctx);

#endif
