/* What officers, issuers, credential authorities and auth send to the office: acts, orders, list
 * signatures, files of credentials, messages of the registrar's socket. The first byte picks one.
 * What has one form writes back to the same bytes. */
#include <stdlib.h>

#include "codec/codec.h"
#include "common/consent.h"
#include "common/enrolment.h"
#include "common/list_signature.h"
#include "common/officer_request.h"
#include "common/order.h"
#include "common/registrar_ipc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_order(struct pse_span in)
{
    struct pse_buf out = PSE_BUF(2 * ORDER_MAX);
    struct order o;

    if (order_parse(&o, in) != PSE_OK)
        return;
    PSE_REQUIRE(order_write(&out, o.what, o.value, o.n) == PSE_OK);
    PSE_REQUIRE(pse_span_is_equal(pse_buf_span(&out), in));
    pse_buf_free(&out);
}

static void try_message(struct pse_span in)
{
    struct pse_buf out = PSE_BUF(1 << 17);
    registrar_message m;

    if (in.n == 0 || registrar_parse(&m, in.p[0], pse_span(in.p + 1, in.n - 1)) != PSE_OK)
        return;
    registrar_put(&out, &m);
    PSE_REQUIRE(out.rc == PSE_OK &&
                pse_span_is_equal(pse_buf_span(&out), pse_span(in.p + 1, in.n - 1)));
    pse_buf_free(&out);
}

static void try_act(struct pse_span in)
{
    PSE_ARENA(arena, 1 << 20);
    const struct pse_json *root;
    struct consent c;

    if (pse_json_parse(&root, NULL, &arena, in) == PSE_OK &&
        consent_take(&c, &arena, root) == PSE_OK)
        PSE_REQUIRE(c.signers <= CONSENT_SIGNERS_MAX);
}

static void try_credentials(struct pse_span in)
{
    static struct pse_group *g;
    static struct pse_pool *pool;
    const pse_hash eid = {{0}};
    struct enrolment *item;
    size_t line;
    size_t n;

    if (g == NULL)
        PSE_REQUIRE(pse_pool_new(&pool, 1) == PSE_OK &&
                    pse_group_new(&g, PSE_BACKEND_AUTO, pool) == PSE_OK);
    if (enrolment_parse(&item, &n, &line, in, &eid, g) == PSE_OK)
        free(item);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    PSE_ARENA(arena, 1 << 20);
    struct list_signature signature;
    struct pse_span in;
    pse_edkey key;

    if (size == 0)
        return 0;
    in = pse_span(data + 1, size - 1);
    switch (data[0]) {
    case 'o': try_order(in); break;
    case 'm': try_message(in); break;
    case 'a': try_act(in); break;
    case 'c': try_credentials(in); break;
    case 's': (void)!list_signature_parse(&signature, &arena, in); break;
    case 'r':
        (void)!officer_request_check(&key, in, "GET", pse_span_str("/v1/acts"), pse_span(NULL, 0),
                                     1800000000);
        break;
    default: break;
    }
    return 0;
}
