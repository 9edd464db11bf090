/* The second-device check as two state machines (protocol 11): the voting device, which knows what
 * it sealed, and the second device, which asks.
 *
 * For: whoever carries the three messages, over a relay or otherwise. Each side takes its messages
 * in order, once; the first that does not hold ends it, and nothing leaves it any more: a check
 * that was begun and did not end well has failed. Not for: relays and waiting, what the second
 * device must see in the record before it asks (state.h), what is shown to people.
 *
 *     voting device                                    second device
 *     pse_dialogue_page_begin, the QR     - - - - ->   pse_dialogue_device_begin
 *     pse_dialogue_page_answer            <--- 1 ---
 *                                          --- 2 --->  pse_dialogue_device_digits
 *     pse_dialogue_page_compare           (the voter compares six digits)
 *     pse_dialogue_page_open               --- 3 --->  pse_dialogue_device_choices
 *
 * Both structs hold secrets: declare them with PSE_SECRET, or wipe them. They borrow the joint key.
 * One thread. PSE_E_STATE from any of these: it is not that step's turn, or the check is over. */
#ifndef PSE_ELECTION_DIALOGUE_H
#define PSE_ELECTION_DIALOGUE_H

#include "crypto/check.h"
#include "election/ballot.h"

enum {
    PSE_DIALOGUE_BOX1 = PSE_CHECK_MESSAGE1_SIZE + PSE_CHECK_OVERHEAD,
    PSE_DIALOGUE_BOX2 = 32 + PSE_CHECK_OVERHEAD,
    PSE_DIALOGUE_ROOM = 1 << 20, /* of an arena: more than any ballot asks for */
};

enum pse_dialogue_turn {
    PSE_DIALOGUE_OVER = 0,
    PSE_DIALOGUE_HELLO,   /* message 1 is awaited */
    PSE_DIALOGUE_DIGITS,  /* message 2 is awaited (device), the voter compares (voting device) */
    PSE_DIALOGUE_CHOICES, /* message 3 is awaited, or may be made */
};

/** The voting device. */
typedef struct pse_dialogue_page {
    enum pse_dialogue_turn turn;
    const struct pse_joint *joint;
    struct pse_check_qr qr; /* for pse_check_qr_build; URLs borrowed */
    char mailbox[33];
    uint8_t nu[32];
    pse_secret w;
    pse_check_key k1, k2;
    pse_enc x; /* the other side's */
} pse_dialogue_page;
void pse_dialogue_page_wipe(pse_dialogue_page *p);

/** What is asked about: a ballot entry of @p m, and where it stands. */
struct pse_dialogue_ballot {
    const struct pse_manifest *m;
    struct pse_span entry;
    uint64_t index;
};

/** Draw k, ν and w, and fill the QR. @p record and @p relay: URLs, borrowed (check.h says which).
 */
void pse_dialogue_page_begin(pse_dialogue_page *p, struct pse_rng *rng,
                             const struct pse_joint *joint, const struct pse_dialogue_ballot *about,
                             struct pse_span record, struct pse_span relay);
/** Take message 1 and make message 2 into @p box. PSE_E_LENGTH, PSE_E_PROOF, PSE_E_ENCODING: not
 * from a device that holds the QR. */
PSE_MUST pse_rc pse_dialogue_page_answer(pse_dialogue_page *p, uint8_t box[PSE_DIALOGUE_BOX2],
                                         struct pse_rng *rng, struct pse_span message);
/** The voter has typed what the second device shows. PSE_E_MISMATCH: other digits; then another
 * device has answered, and the check is over: there is no second try. */
PSE_MUST pse_rc pse_dialogue_page_compare(pse_dialogue_page *p, const char *digits);
/** Make message 3 into @p box (size: pse_dialogue_box3) and end. @p choices: the choice bytes the
 * ballot was made of, @p r its encryption secrets. Statuses of pse_ballot_parse and
 * pse_check_prove. Constant time in r; choices are about to be sent. */
PSE_MUST pse_rc pse_dialogue_page_open(pse_dialogue_page *p, uint8_t *box, struct pse_rng *rng,
                                       const struct pse_dialogue_ballot *about,
                                       const uint8_t *choices, const pse_secret *r);

/** Bytes of message 3 about ballots of @p style. */
size_t pse_dialogue_box3(const struct pse_style *style);

/** The second device. */
typedef struct pse_dialogue_device {
    enum pse_dialogue_turn turn;
    const struct pse_joint *joint;
    struct pse_check_qr qr;
    char mailbox[33];
    pse_secret x;
    pse_enc x_enc;
    pse_check_key k1, k2;
} pse_dialogue_device;
void pse_dialogue_device_wipe(pse_dialogue_device *d);

/** Begin with the QR and make message 1 into @p box. The caller has seen that the entry which the
 * QR names is in the record, and all else that protocol 11 step 4 asks of it. */
void pse_dialogue_device_begin(pse_dialogue_device *d, uint8_t box[PSE_DIALOGUE_BOX1],
                               struct pse_rng *rng, const struct pse_joint *joint,
                               const struct pse_check_qr *qr);
/** Take message 2: the digits to show. PSE_E_LENGTH, PSE_E_PROOF: changed on the way;
 * PSE_E_MISMATCH: not from the device that made the QR. */
PSE_MUST pse_rc pse_dialogue_device_digits(pse_dialogue_device *d, char digits[7],
                                           struct pse_span message);
/** Take message 3: the choices, in @p arena (choice_len bytes of *style), and end. PSE_E_LENGTH,
 * PSE_E_PROOF: changed on the way; PSE_E_ENCODING: W is no point; PSE_E_MISMATCH: the ballot does
 * not hold what is claimed; PSE_E_RANGE: it holds it, and it would be invalid. PSE_E_MEMORY.
 * @p about->entry must be that of the QR's leaf hash (PSE_REQUIRE). */
PSE_MUST pse_rc pse_dialogue_device_choices(pse_dialogue_device *d, const uint8_t **choices,
                                            const struct pse_style **style, struct pse_arena *arena,
                                            const struct pse_dialogue_ballot *about,
                                            struct pse_span message);

#endif
