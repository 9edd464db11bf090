/* What auth says to the registrar's side of officer, and what it answers: the bodies of frames
 * (net/ipc.h), canonical bytes, one form each. auth has no private database: it learns whether a
 * link is to be sent and, after it was used, a row number; never a name.
 *
 * | kind | request | answer |
 * |---|---|---|
 * | BEGIN | [32] browser, v16 mail, v16 prefix | u8 code, u8 known, u32 retry, [32] token |
 * | COMPLETE | [32] token, [32] browser | u8 code, u64 person |
 * | REGISTER | u64 person, u8 form, u8 replace, [32] nonce, v16 statement, [32] D, proof | u8 code,
 * u8 refusal |
 * | STATE | u64 person, [32] D | u8 code, u8 state, u64 index, [32] leaf |
 * | IDENTIFY | v16 subject | u8 code, u64 person |
 * | BOND | u64 person, u8 replace, [32] nonce, [32] D, u32 n, bond | u8 code, u8 refusal, v8 why |
 * | PENDING | u64 after | u8 code, u64 row, u32 n, bond |
 * | QUALIFY | u64 row, u64 judged, v8 nonce, u32 n, answer | u8 code, u8 refusal, v8 why |
 *
 * A bond (identity/bond.h) is what a voter registers with who has an eID; its list is zero, the
 * registrar knows which. why is the verdict about it. PENDING and QUALIFY are for bonds without the
 * authority's answer: auth fetches what was not to be had before.
 *
 * Form 1 is a card (PoK("cred-pop"; D), empty statement), form 2 a binding statement with
 * PoK("register"; D; statement). An answer's kind is the request's plus REGISTRAR_ANSWER. */
#ifndef PSE_PROGRAMS_REGISTRAR_IPC_H
#define PSE_PROGRAMS_REGISTRAR_IPC_H

#include "codec/codec.h"
#include "crypto/crypto.h"

enum registrar_kind {
    REGISTRAR_BEGIN = 1,
    REGISTRAR_COMPLETE = 2,
    REGISTRAR_REGISTER = 3,
    REGISTRAR_STATE = 4,
    REGISTRAR_IDENTIFY = 5,
    REGISTRAR_BOND = 6,
    REGISTRAR_PENDING = 7,
    REGISTRAR_QUALIFY = 8,
    REGISTRAR_ANSWER = 0x80,
};

enum registrar_code {
    REGISTRAR_OK = 0,
    REGISTRAR_LIMIT = 1,   /* BEGIN: too many requests */
    REGISTRAR_UNKNOWN = 2, /* no such link, person or credential */
    REGISTRAR_BROWSER = 3, /* COMPLETE: another browser */
    REGISTRAR_EXPIRED = 4,
    REGISTRAR_PROOF = 5,   /* REGISTER, BOND, QUALIFY: it does not hold */
    REGISTRAR_REFUSED = 6, /* likewise: see refusal (enum pse_register_refusal) */
    REGISTRAR_FAILED = 7,  /* the world failed; nothing was changed */
    REGISTRAR_WAIT = 8,    /* BOND: taken in, and waits for the authority of the certificate */
    REGISTRAR_SIGNED = 9,  /* REGISTER: here voters sign with their eID */
    REGISTRAR_CODES = 10,
};

enum registrar_form { REGISTRAR_CARD = 1, REGISTRAR_STATEMENT = 2 };
enum registrar_credential_state {
    REGISTRAR_NONE = 0,
    REGISTRAR_WAITING = 1,
    REGISTRAR_RECORDED = 2,
    REGISTRAR_ASKING = 3, /* waits for the authority of the certificate */
    REGISTRAR_DENIED = 4, /* which had revoked it */
    REGISTRAR_STATES = 5,
};

enum {
    REGISTRAR_MAIL_MAX = 320,
    REGISTRAR_STATEMENT_MAX = 4096,
    REGISTRAR_BOND_MAX = 1 << 18,
    REGISTRAR_WHY_MAX = 64,
    REGISTRAR_CONNECTIONS = 16, /* of auth at once; each has one question under way */
};

/** All requests and answers in one struct; a kind uses the fields of its row. Spans are borrowed.
 */
typedef struct registrar_message {
    uint8_t kind;
    uint8_t code, known, refusal, state;
    uint8_t form, replace;
    uint32_t retry;
    uint64_t person, index;
    uint8_t token[32], browser[32];
    pse_hash nonce, leaf;
    struct pse_span mail, prefix, statement;
    struct pse_span subject, bond, answer, answer_nonce, why;
    uint64_t row, after, judged;
    pse_enc credential;
    uint8_t proof[PSE_POK_SIZE];
} registrar_message;
void registrar_message_wipe(registrar_message *m);

/** The body of m->kind. */
void registrar_put(struct pse_buf *b, const struct registrar_message *m);
/** PSE_E_UNSUPPORTED: no such kind; PSE_E_LENGTH, PSE_E_RANGE. */
PSE_MUST pse_rc registrar_parse(struct registrar_message *m, uint8_t kind, struct pse_span body);

#endif
