/* The cards of a demo's voters: two keys each, in memory, issued by the folder of a demo authority
 * and entered into its index.
 *
 * Cards are made by all threads of a pool. Who is who is a number: person 0 is the first of the
 * list. Not for: cards in files or on tokens (demo_ca.h). */
#ifndef PSE_PSEPHOS_DEMO_WALLETS_H
#define PSE_PSEPHOS_DEMO_WALLETS_H

#include "base/base.h"
#include "identity/identity.h"

enum { DEMO_CODE = 32 };

struct demo_wallets;

/** Issue cards for @p n persons from the authority in @p folder. *out is to be freed in every case.
 * Failures print one line under @p name. */
PSE_MUST pse_rc demo_wallets_make(struct demo_wallets **out, const char *name, const char *folder,
                                  size_t n, struct pse_pool *pool, struct pse_rng *rng);
/** NULL is fine. */
void demo_wallets_free(struct demo_wallets *w);

/** A person's card, the key for logging in and that for signing. May be used by any thread. */
const struct pse_card *demo_wallets_login(const struct demo_wallets *w, size_t person);
const struct pse_card *demo_wallets_signing(const struct demo_wallets *w, size_t person);
/** The number on the card: PNOEE-4…. */
void demo_wallets_code(char out[DEMO_CODE], size_t person);

#endif
