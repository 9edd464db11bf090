/* The client's side of a box, and of a login service: sending bytes until it is known what became
 * of them, and receipts that are verified here (service contract 4, ledger contract 7).
 *
 * For: voters who cast, and roles who post parcels. The same bytes are sent again, with back-off,
 * while the box is busy, silent or unsure; that is safe, because a box gives the same bytes the
 * same receipt. What a box answers is believed in one direction only: a refusal is reported as it
 * says, but success is a receipt that holds against the pinned log, policy and election. Not for:
 * making ballots, reading records.
 *
 * Every failure prints one line under the name and returns a status. One thread. */
#ifndef PSE_PROGRAMS_BOX_CLIENT_H
#define PSE_PROGRAMS_BOX_CLIENT_H

#include "common/record_pin.h"
#include "common/retry.h"

enum { BOX_PATIENCE = 120, BOX_ANSWER_MAX = 1 << 20 };

struct box_client {
    const char *name;
    char base[PSE_FETCH_URL_MAX]; /* as given, for messages */
    const char *socket;           /* within base, when it is unix:PATH; else NULL */
    const char *token;            /* of a session, sent with what is posted; borrowed, or NULL */
    const char *cookie;           /* the same, "name=value" */
    bool once;                    /* 429 and 5xx are answers too; they are not waited out */
    struct pse_fetcher *web;
    struct pse_rng *rng;
    unsigned patience; /* seconds, for each thing asked */
    bool quiet;
};

/** What a box answered in the end. */
struct box_answer {
    unsigned status; /* 200, 202, 409, 422, … */
    struct pse_buf body;
    char words[320]; /* of a refusal, for people: title and detail, or the status alone */
    char cookie[PSE_FETCH_VALUE_MAX]; /* Set-Cookie; "": none. May be secret: wiped when freed */
    char slug[48];                    /* of a refusal: the end of its type; "": none */
    bool has_latest;                  /* 409: */
    pse_hash latest;                  /* the leaf hash of the credential's latest ballot */
};

/** @p url: of the box, or unix:PATH for its socket on this machine. PSE_E_SYNTAX: no address;
 * PSE_E_MEMORY. To be closed in every case. */
PSE_MUST pse_rc box_client_open(struct box_client *b, const char *name, const char *url,
                                struct pse_rng *rng, unsigned patience, bool quiet);
void box_client_close(struct box_client *b);

/** GET (@p type NULL) or POST @p body to @p path, again and again while the answer is none, 429 or
 * 5xx. PSE_OK and *a tells (freed by the caller in every case); PSE_E_UNKNOWN: patience has ended
 * and the outcome is not known (reported). */
PSE_MUST pse_rc box_client_ask(struct box_answer *a, struct box_client *b, const char *path,
                               const char *type, struct pse_span body);
void box_answer_free(struct box_answer *a);
/** Words and latest ballot from the status and the body, whatever they hold. box_client_ask does
 * it. */
void box_answer_read_problem(struct box_answer *a);

/** Wait for the receipt of the entry @p leaf and verify it under @p pin at @p now() (POSIX
 * seconds): its bytes go to @p receipt, its number to *index. PSE_E_UNKNOWN: not witnessed in time;
 * PSE_E_PROOF: what the box gave proves nothing; PSE_E_MISSING: the box knows no such entry. All
 * reported. */
PSE_MUST pse_rc box_client_receipt(struct pse_buf *receipt, uint64_t *index, struct box_client *b,
                                   const struct record_pin *pin, const pse_hash *leaf,
                                   uint64_t (*now)(void));
/** Does @p receipt prove that @p leaf is in the log of @p pin? PSE_E_PROOF (reported). */
PSE_MUST pse_rc box_receipt_verify(uint64_t *index, const char *name, const struct record_pin *pin,
                                   const pse_hash *leaf, struct pse_span receipt, uint64_t now);

/** Post a parcel (parcel.h) and wait until each of its entries is witnessed. PSE_E_STATE: the box
 * refuses it (reported in its words); else as above. Posting the same parcel again is safe. */
PSE_MUST pse_rc box_client_post_parcel(struct box_client *b, const struct record_pin *pin,
                                       struct pse_span parcel, uint64_t (*now)(void));

#endif
