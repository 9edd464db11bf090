/* The folder of a demo identity authority, and the cards it issues.
 *
 *     DEMO.txt     what this is, and what not
 *     url          where its services are to be reached: what cards name
 *     ca.pem       the issuer's certificate, then the root's: what others trust (--ca)
 *     root issuer ocsp tsa    each certificate and private key, PEM, mode 0600
 *     oidc         the private key of its identity service, PEM, mode 0600
 *     sites        who may ask that service (demo_sites.h)
 *     index        what was issued, in the form of OpenSSL's index.txt, so that openssl ocsp reads
 *                  it as well; no names of persons
 *
 * A card is a file (PEM: certificate and key for authentication, then for signing) or a pair of
 * keys `authentication` and `signing` with certificates on a token, named by a URI without an
 * object. Every failure prints one line under the name and returns a status. */
#ifndef PSE_PSEPHOS_DEMO_CA_H
#define PSE_PSEPHOS_DEMO_CA_H

#include "common/files.h"
#include "common/options.h"
#include "identity/identity.h"

enum { DEMO_CARD_DAYS = 365, DEMO_INDEX_MAX = 16 << 20 };

/* --- the folder ------------------------------------------------------------------------------- */

struct demo_ca {
    const char *name;
    const char *dir;
    char url[PSE_CERTIFICATE_URL_MAX - 16];
    struct pse_demo *issuer, *responder, *stamper;
};

/** Make a folder that is not there. @p url: http://127.0.0.1:PORT or another address. */
PSE_MUST pse_rc demo_ca_create(const char *name, const char *dir, const char *url, uint64_t days,
                               struct pse_rng *rng, int64_t now);
/** Read one; zero-initialise, and close in every case. */
PSE_MUST pse_rc demo_ca_open(struct demo_ca *ca, const char *name, const char *dir);
void demo_ca_close(struct demo_ca *ca);

/** One line of the index. */
struct demo_row {
    bool is_revoked;
    char until[14], revoked[14]; /* YYMMDDHHMMSSZ in UTC, or "" */
    char serial[2 * PSE_DEMO_SERIAL + 1];
    char subject[64]; /* PNOEE-… */
    char use[16];     /* authentication, signing */
};
/** Called for each row; may change it. PSE_OK: go on. */
typedef pse_rc demo_row_fn(void *ctx, struct demo_row *row);

/** Go through the index. */
PSE_MUST pse_rc demo_ca_each(const struct demo_ca *ca, demo_row_fn *each, void *ctx);
/** Go through it, then put it back as the function left it, with @p n rows more. One writer at a
 * time. */
PSE_MUST pse_rc demo_ca_change(const struct demo_ca *ca, demo_row_fn *each, void *ctx,
                               const struct demo_row *add, size_t n);
/** UTC as the index has it. */
void demo_ca_time(char out[14], int64_t t);
/** Back; 0 for what is no such time. */
int64_t demo_ca_time_read(const char *text);

/* --- the index of a responder ------------------------------------------------------------------
 */

struct demo_index;
PSE_MUST pse_rc demo_index_new(struct demo_index **out, const struct demo_ca *ca);
/** NULL is fine. */
void demo_index_free(struct demo_index *x);
/** What the index says of @p serial (hexadecimal, upper case) at this moment: a change counts from
 * the next call on. Who cannot read it knows nobody. */
enum pse_demo_status demo_index_find(struct demo_index *x, int64_t *revoked_at, const char *serial);

int identity_demo_ca(int argc, char **argv);
int identity_demo_serve(int argc, char **argv);
int identity_card(int argc, char **argv);

#endif
