/* Sites, challenges, and those that are out. */
#include <stdlib.h>

#include "webauthn_room.h"

static const char challenge_label[] = "psephos/webauthn-challenge/1";
static const char act_label[] = "psephos/webauthn-act/1";
enum { TABLE_MAX = 4096 };

/* --- site ---------------------------------------------------------------------------------------
 */

static bool is_label_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* Names alone: browsers refuse WebAuthn on addresses. The last label of a name is never all digits.
 */
static bool is_name(struct pse_span name)
{
    bool has_letter = false;
    size_t label = 0;

    for (size_t i = 0; i < name.n; i++) {
        char c = (char)name.p[i];

        if (c == '.' && label > 0) {
            label = 0;
            has_letter = false;
            continue;
        }
        if (!is_label_character(c))
            return false;
        label++;
        has_letter = has_letter || (c >= 'a' && c <= 'z');
    }
    return label > 0 && has_letter;
}

static bool is_port(struct pse_span text)
{
    uint64_t port;

    return pse_decimal_decode(&port, text) == PSE_OK && port > 0 && port < 65536;
}

/* The host of `scheme://host` or `scheme://host:port`. */
static bool host_of(struct pse_span *host, const char *origin, const char *scheme)
{
    size_t n = strlen(scheme);
    const char *colon;

    if (strncmp(origin, scheme, n) != 0)
        return false;
    *host = pse_span_str(origin + n);
    colon = strchr(origin + n, ':');
    if (colon == NULL)
        return true;
    host->n = (size_t)(colon - origin) - n;
    return is_port(pse_span_str(colon + 1));
}

static bool is_within(struct pse_span host, struct pse_span domain)
{
    size_t front;

    if (pse_span_is_equal(host, domain))
        return true;
    if (host.n <= domain.n || memchr(domain.p, '.', domain.n) == NULL)
        return false;
    front = host.n - domain.n;
    return host.p[front - 1] == '.' && memcmp(host.p + front, domain.p, domain.n) == 0;
}

bool pse_webauthn_site_is_valid(const struct pse_webauthn_site *site)
{
    struct pse_span rp_id = pse_span_str(site->rp_id), host;

    if (strlen(site->origin) > PSE_WEBAUTHN_SITE_MAX || !is_name(rp_id))
        return false;
    if (host_of(&host, site->origin, "http://"))
        return pse_span_is_str(host, "localhost") && pse_span_is_equal(host, rp_id);
    return host_of(&host, site->origin, "https://") && is_name(host) && is_within(host, rp_id);
}

/* --- one challenge ------------------------------------------------------------------------------
 */

bool pse_webauthn_account_is_valid(const char *account)
{
    size_t n = strnlen(account, PSE_WEBAUTHN_ACCOUNT_MAX + 1);

    for (size_t i = 0; i < n; i++) {
        if (account[i] <= ' ' || account[i] > '~')
            return false;
    }
    return n > 0 && n <= PSE_WEBAUTHN_ACCOUNT_MAX;
}

void pse_webauthn_act(pse_hash *out, struct pse_span statement)
{
    pse_sha256_stream h;

    PSE_REQUIRE(statement.n <= PSE_WEBAUTHN_STATEMENT_MAX);
    pse_sha256_init(&h);
    pse_sha256_add(&h, act_label, sizeof act_label - 1);
    pse_sha256_add(&h, statement.p, statement.n);
    pse_sha256_final(out, &h);
}

void pse_webauthn_challenge_make(struct pse_webauthn_challenge *out,
                                 enum pse_webauthn_purpose purpose, const char *account,
                                 const pse_hash *act, struct pse_rng *rng, int64_t now)
{
    PSE_REQUIRE(pse_webauthn_account_is_valid(account) && now >= 0);
    *out = (struct pse_webauthn_challenge){.purpose = purpose, .issued = now, .act = *act};
    memcpy(out->account, account, strlen(account));
    pse_rng_fill(rng, out->nonce.b, sizeof out->nonce.b);
}

void pse_webauthn_challenge_bytes(pse_hash *out, const struct pse_webauthn_challenge *c)
{
    uint8_t head[10] = {(uint8_t)c->purpose};
    size_t n = strlen(c->account);
    pse_sha256_stream h;

    pse_store_u64(head + 1, (uint64_t)c->issued);
    head[9] = (uint8_t)n;
    pse_sha256_init(&h);
    pse_sha256_add(&h, challenge_label, sizeof challenge_label - 1);
    pse_sha256_add(&h, head, sizeof head);
    pse_sha256_add(&h, c->account, n);
    pse_sha256_add(&h, c->nonce.b, sizeof c->nonce.b);
    pse_sha256_add(&h, c->act.b, sizeof c->act.b);
    pse_sha256_final(out, &h);
}

enum pse_webauthn_fault pse_webauthn_is_fresh(const struct pse_webauthn_challenge *c, int64_t now)
{
    return c->issued <= now && now - c->issued <= PSE_WEBAUTHN_SECONDS
               ? PSE_WEBAUTHN_GOOD
               : PSE_WEBAUTHN_CHALLENGE_EXPIRED;
}

/* --- those that are out -------------------------------------------------------------------------
 */

/* An entry without an account is free. There are as many accounts as officers: a few. */
struct pse_webauthn_table {
    size_t max;
    struct pse_webauthn_challenge entry[];
};

pse_rc pse_webauthn_table_new(struct pse_webauthn_table **out, size_t max)
{
    PSE_REQUIRE(max > 0 && max <= TABLE_MAX);
    *out = calloc(1, sizeof **out + max * sizeof(*out)->entry[0]);
    if (*out == NULL)
        return PSE_E_MEMORY;
    (*out)->max = max;
    return PSE_OK;
}

void pse_webauthn_table_free(struct pse_webauthn_table *t)
{
    free(t);
}

static struct pse_webauthn_challenge *find(struct pse_webauthn_table *t, const char *account)
{
    for (size_t i = 0; i < t->max; i++) {
        if (strcmp(t->entry[i].account, account) == 0)
            return &t->entry[i];
    }
    return NULL;
}

/* Free, or of no more use. */
static struct pse_webauthn_challenge *find_room(struct pse_webauthn_table *t, int64_t now)
{
    for (size_t i = 0; i < t->max; i++) {
        if (t->entry[i].account[0] == '\0' ||
            pse_webauthn_is_fresh(&t->entry[i], now) != PSE_WEBAUTHN_GOOD)
            return &t->entry[i];
    }
    return NULL;
}

pse_rc pse_webauthn_table_issue(struct pse_webauthn_challenge *out, struct pse_webauthn_table *t,
                                enum pse_webauthn_purpose purpose, const char *account,
                                const pse_hash *act, struct pse_rng *rng, int64_t now)
{
    struct pse_webauthn_challenge *entry = find(t, account);

    *out = (struct pse_webauthn_challenge){0};
    if (entry == NULL)
        entry = find_room(t, now);
    if (entry == NULL)
        return PSE_E_LIMIT;
    pse_webauthn_challenge_make(entry, purpose, account, act, rng, now);
    *out = *entry;
    return PSE_OK;
}

enum pse_webauthn_fault pse_webauthn_table_take(struct pse_webauthn_challenge *out,
                                                struct pse_webauthn_table *t, const char *account,
                                                int64_t now)
{
    struct pse_webauthn_challenge *entry = account[0] == '\0' ? NULL : find(t, account);
    enum pse_webauthn_fault fault;

    *out = (struct pse_webauthn_challenge){0};
    if (entry == NULL)
        return PSE_WEBAUTHN_CHALLENGE_MISSING;
    fault = pse_webauthn_is_fresh(entry, now);
    if (fault == PSE_WEBAUTHN_GOOD)
        *out = *entry;
    *entry = (struct pse_webauthn_challenge){0};
    return fault;
}
