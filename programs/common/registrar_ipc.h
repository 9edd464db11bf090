/* What auth says to the registrar's side of officer, and what it answers: the bodies of frames
 * (net/ipc.h), canonical bytes, one form each. auth has no private database: it learns whether a
 * link is to be sent and, after it was used, a row number; never a name.
 *
 * | kind | request | answer |
 * |---|---|---|
 * | BEGIN | [32] browser, v16 mail, v16 prefix | u8 code, u8 known, u32 retry, [32] token |
 * | COMPLETE | [32] token, [32] browser | u8 code, u64 person |
 * | REGISTER | u64 person, u8 form, u8 replace, [32] nonce, v16 statement, [32] D, proof | u8 code,
 * u8 refusal | | STATE | u64 person, [32] D | u8 code, u8 state, u64 index, [32] leaf |
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
    REGISTRAR_ANSWER = 0x80,
};

enum registrar_code {
    REGISTRAR_OK = 0,
    REGISTRAR_LIMIT = 1,   /* BEGIN: too many requests */
    REGISTRAR_UNKNOWN = 2, /* no such link, person or credential */
    REGISTRAR_BROWSER = 3, /* COMPLETE: another browser */
    REGISTRAR_EXPIRED = 4,
    REGISTRAR_PROOF = 5,   /* REGISTER: the proof or statement does not hold */
    REGISTRAR_REFUSED = 6, /* REGISTER: see refusal (enum pse_register_refusal) */
    REGISTRAR_FAILED = 7,  /* the world failed; nothing was changed */
    REGISTRAR_CODES = 8,
};

enum registrar_form { REGISTRAR_CARD = 1, REGISTRAR_STATEMENT = 2 };
enum registrar_credential_state {
    REGISTRAR_NONE = 0,
    REGISTRAR_WAITING = 1,
    REGISTRAR_RECORDED = 2
};

enum { REGISTRAR_MAIL_MAX = 320, REGISTRAR_STATEMENT_MAX = 4096 };

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
    pse_enc credential;
    uint8_t proof[PSE_POK_SIZE];
} registrar_message;
void registrar_message_wipe(registrar_message *m);

/** The body of m->kind. */
void registrar_put(struct pse_buf *b, const struct registrar_message *m);
/** PSE_E_UNSUPPORTED: no such kind; PSE_E_LENGTH, PSE_E_RANGE. */
PSE_MUST pse_rc registrar_parse(struct registrar_message *m, uint8_t kind, struct pse_span body);

#endif
