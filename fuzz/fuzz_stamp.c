/* Answers and queries of stamp services, and certificates: what is judged good says what was asked,
 * what is a query encodes back to one that asks the same. */
#include "codec/codec.h"
#include "identity/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The authority under which the corpus was made (its key is gone), and an instant of its life. */
static const char authority[] = "-----BEGIN CERTIFICATE-----\n"
                                "MIIBLzCB1qADAgECAgEBMAoGCCqGSM49BAMCMBcxFTATBgNVBAMMDFJvb3Qgb2Yg\n"
                                "VGVzdDAeFw0yMzA5MDEyMDI2NDBaFw0yOTAyMjEyMDI2NDBaMBcxFTATBgNVBAMM\n"
                                "DFJvb3Qgb2YgVGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMDjBQBitrOq\n"
                                "wxQkNzeLbUxWX8yAquMjloNQO7UnNWKs6Sl5uSGjrQMi2yaUOX4fWKJOfYRkeD31\n"
                                "dKfSOQNyc76jEzARMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIh\n"
                                "AI1GMt2mZZpJVNM30DMUZyZGuvQUpZ3gLchwUJhC+RiLAiB0A8JoiN7lLIt5ztMj\n"
                                "Is0qQjsp3lV4tpDyy9V4lRwJWA==\n"
                                "-----END CERTIFICATE-----\n";
enum { NOW = 1780000000 };

static void answers(struct pse_span in, enum pse_stamp_hash hash, const struct pse_anchors *anchors)
{
    struct pse_stamp_ask ask = {.nonce_n = 16, .policy = "1.2.3.4.1"};
    const struct pse_stamp_rules rules = {
        .ask = &ask, .anchors = anchors, .now = NOW, .earliest = NOW - 60, .latest = NOW + 60};
    struct pse_stamp stamp;
    enum pse_stamp_fault fault;

    pse_stamp_digest(&ask, hash, pse_span_str("the closing checkpoint"));
    memset(ask.nonce, 0x5a, 16);
    fault = pse_stamp_verify(&stamp, in, &rules);
    PSE_REQUIRE(pse_stamp_fault_name(fault)[0] != '\0');
    if (fault != PSE_STAMP_GOOD) {
        PSE_REQUIRE(stamp.time == 0 && stamp.serial_n == 0 && stamp.service[0] == '\0');
        return;
    }
    PSE_REQUIRE(stamp.hash == hash && memcmp(stamp.digest, ask.digest, 64) == 0);
    PSE_REQUIRE(stamp.time >= NOW - 60 && stamp.time <= NOW + 60);
}

static void queries(struct pse_span in)
{
    struct pse_buf out = PSE_BUF(PSE_STAMP_QUERY_MAX);
    struct pse_stamp_ask ask, again;

    if (pse_stamp_query_parse(&ask, in) != PSE_OK)
        return;
    PSE_REQUIRE(pse_stamp_query_put(&out, &ask) == PSE_OK);
    PSE_REQUIRE(pse_stamp_query_parse(&again, pse_buf_span(&out)) == PSE_OK);
    PSE_REQUIRE(memcmp(&again, &ask, sizeof ask) == 0);
    pse_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pse_span in = pse_span(data, size);
    struct pse_anchors *anchors;
    enum pse_stamp_hash hash;

    if (pse_anchors_new(&anchors) != PSE_OK)
        return 0;
    PSE_REQUIRE(pse_anchors_add(anchors, pse_span_str(authority)) == PSE_OK);
    if (pse_stamp_hash_peek(&hash, in) == PSE_STAMP_GOOD)
        answers(in, hash, anchors);
    queries(in);
    if (pse_anchors_add(anchors, in) == PSE_OK)
        PSE_REQUIRE(pse_anchors_count(anchors) > 1);
    pse_anchors_free(anchors);
    return 0;
}
