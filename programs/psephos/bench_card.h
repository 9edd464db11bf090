/* Inside psephos bench: a card of an authority, and a Web eID token that it signed. Made with
 * OpenSSL by bench_peer_card.c, the only file that looks inside. */
#ifndef PSE_PSEPHOS_BENCH_CARD_H
#define PSE_PSEPHOS_BENCH_CARD_H

#include "psephos/bench.h"

#define BENCH_CARD_ORIGIN "https://vote.example.org"
#define BENCH_CARD_NONCE  "MTIzNDU2NzgxMjM0NTY3ODEyMzQ1Njc4MTIzNDU2Nzg="
enum { BENCH_CARD_NOW = 1780000000 };

struct bench_card;

/** A card whose key suits @p algorithm ("ES256", …), of an authority with a P-384 key. NULL: no
 * memory. */
struct bench_card *bench_card_new(const char *algorithm);
/** NULL is fine. */
void bench_card_free(struct bench_card *c);

/** The token, and the authority's certificate in DER; both live as long as the card. */
struct pse_span bench_card_token(const struct bench_card *c);
struct pse_span bench_card_authority(const struct bench_card *c);

/** What an item's state begins with when it has one of the peers below. */
struct bench_card_state {
    struct bench_card *card;
};
/** The certificate read and its signature and the card's checked; both signatures by keys that were
 * read before; the card's alone. Nothing else is looked at. */
extern const struct bench_peer bench_card_read;
extern const struct bench_peer bench_card_both;
extern const struct bench_peer bench_card_own;

#endif
