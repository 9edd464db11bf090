#include "psephos/demo_wallets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/options.h"
#include "psephos/demo_ca.h"
#include "psephos/eid_card.h"

enum { DAYS = 30 };

struct wallet {
    struct pse_certificate *certificate[2];
    struct pse_card *card[2];
};

struct demo_wallets {
    size_t n;
    struct wallet *wallet;
};

/* What the threads of the pool share: the k-th certificate is of person k / 2. */
struct making {
    struct demo_wallets *w;
    const struct demo_ca *ca;
    int64_t now;
    uint8_t (*serial)[PSE_DEMO_SERIAL];
    struct demo_row *row;
    pse_rc *rc;
};

void demo_wallets_code(char out[DEMO_CODE], size_t person)
{
    (void)snprintf(out, DEMO_CODE, "PNOEE-4%010zu", person + 1);
}

static void fill_row(struct demo_row *row, const struct pse_demo *key, size_t person, int64_t until,
                     bool is_login)
{
    pse_demo_serial_text(row->serial, key);
    demo_ca_time(row->until, until);
    demo_wallets_code(row->subject, person);
    (void)snprintf(row->use, sizeof row->use, "%s", is_login ? "authentication" : "signing");
}

static pse_rc make_half(const struct making *m, size_t k)
{
    bool is_login = k % 2 == 0;
    struct wallet *w = &m->w->wallet[k / 2];
    struct pse_person who = {.given_name = "Demo", .country = "EE"};
    char url[PSE_CERTIFICATE_URL_MAX];
    struct pse_demo_plan plan = {.use = is_login ? PSE_DEMO_AUTHENTICATION : PSE_DEMO_SIGNING,
                                 .issuer = m->ca->issuer,
                                 .person = &who,
                                 .from = m->now - 60,
                                 .until = m->now + DAYS * 86400,
                                 .ocsp_url = url};
    struct pse_demo *key = NULL;
    pse_rc rc = pse_demo_new(&key);

    (void)snprintf(url, sizeof url, "%s/ocsp", m->ca->url);
    demo_wallets_code(who.serial_number, k / 2);
    (void)snprintf(who.surname, sizeof who.surname, "Voter %zu", k / 2 + 1);
    memcpy(plan.serial, m->serial[k], sizeof plan.serial);
    if (rc == PSE_OK)
        rc = pse_demo_certify(key, &plan);
    if (rc == PSE_OK) {
        fill_row(&m->row[k], key, k / 2, plan.until, is_login);
        rc = eid_card_of_demo(&w->card[k % 2], &w->certificate[k % 2], key);
    }
    pse_demo_free(key);
    return rc;
}

static void make_task(void *ctx, size_t k, unsigned worker)
{
    const struct making *m = ctx;

    (void)worker;
    m->rc[k] = make_half(m, k);
}

static pse_rc leave_row(void *ctx, struct demo_row *row)
{
    (void)ctx, (void)row;
    return PSE_OK;
}

static pse_rc make_all(struct making *m, struct pse_pool *pool, struct pse_rng *rng)
{
    size_t n = 2 * m->w->n;

    pse_rng_fill(rng, m->serial, n * sizeof *m->serial);
    pse_pool_run(pool, make_task, m, n);
    for (size_t k = 0; k < n; k++)
        PSE_TRY(m->rc[k]);
    return demo_ca_change(m->ca, leave_row, NULL, m->row, n);
}

pse_rc demo_wallets_make(struct demo_wallets **out, const char *name, const char *folder, size_t n,
                         struct pse_pool *pool, struct pse_rng *rng)
{
    struct demo_wallets *w = calloc(1, sizeof *w);
    struct demo_ca ca = {.name = NULL};
    struct making m = {.w = w, .ca = &ca, .now = (int64_t)time(NULL)};
    pse_rc rc = PSE_E_MEMORY;

    *out = w;
    if (w == NULL)
        return PSE_E_MEMORY;
    w->n = n;
    w->wallet = calloc(n, sizeof *w->wallet);
    m.serial = calloc(2 * n, sizeof *m.serial);
    m.row = calloc(2 * n, sizeof *m.row);
    m.rc = calloc(2 * n, sizeof *m.rc);
    if (w->wallet != NULL && m.serial != NULL && m.row != NULL && m.rc != NULL)
        rc = demo_ca_open(&ca, name, folder);
    if (rc == PSE_OK) {
        rc = make_all(&m, pool, rng);
        if (rc != PSE_OK)
            cli_error(name, "the voters' demo cards cannot be made (%s)", pse_rc_name(rc));
    }
    demo_ca_close(&ca);
    free(m.serial);
    free(m.row);
    free(m.rc);
    return rc;
}

void demo_wallets_free(struct demo_wallets *w)
{
    if (w == NULL)
        return;
    for (size_t k = 0; w->wallet != NULL && k < 2 * w->n; k++) {
        pse_card_free(w->wallet[k / 2].card[k % 2]);
        pse_certificate_free(w->wallet[k / 2].certificate[k % 2]);
    }
    free(w->wallet);
    free(w);
}

const struct pse_card *demo_wallets_login(const struct demo_wallets *w, size_t person)
{
    PSE_REQUIRE(person < w->n);
    return w->wallet[person].card[0];
}

const struct pse_card *demo_wallets_signing(const struct demo_wallets *w, size_t person)
{
    PSE_REQUIRE(person < w->n);
    return w->wallet[person].card[1];
}
