/* What authenticators write: attestation objects with authenticator data and a key in them, and
 * authenticator data alone. What is accepted is so for its own site, and is stored in one form. */
#include "codec/codec.h"
#include "identity/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The corpus was made for this challenge and this site. */
enum { NOW = 1780000000 };
static const struct pse_webauthn_site site = {"https://officers.example.org",
                                              "officers.example.org"};
static struct pse_webauthn_challenge challenge_for(enum pse_webauthn_purpose purpose)
{
    return (struct pse_webauthn_challenge){.purpose = purpose, .account = "anna", .issued = NOW};
}

/* Client data that holds, so that what comes behind it is reached. */
static void write_client_data(struct pse_buf *out, const struct pse_webauthn_challenge *c,
                              const char *type)
{
    pse_hash bytes;

    pse_webauthn_challenge_bytes(&bytes, c);
    pse_wr_str(out, "{\"type\":\"webauthn.");
    pse_wr_str(out, type);
    pse_wr_str(out, "\",\"challenge\":\"");
    pse_base64url_put(out, bytes.b, sizeof bytes.b);
    pse_wr_str(out, "\",\"origin\":\"https://officers.example.org\"}");
    PSE_REQUIRE(out->rc == PSE_OK);
}

/* The id that a browser would give with this object, wherever it stands in it. */
static struct pse_span id_of(struct pse_span object)
{
    static const uint8_t head[] = {'a', 'u', 't', 'h', 'D', 'a', 't', 'a'};

    for (size_t i = 0; i + sizeof head + 3 + 55 < object.n; i++) {
        const uint8_t *p = object.p + i + sizeof head;
        size_t skip = p[0] == 0x58 ? 2 : 3, n;

        if (memcmp(object.p + i, head, sizeof head) != 0)
            continue;
        p += skip + 53;
        n = (size_t)p[0] << 8 | p[1];
        if (n <= object.n - (size_t)(p + 2 - object.p))
            return pse_span(p + 2, n);
    }
    return pse_span("x", 1);
}

static void check_stored(const struct pse_webauthn_key *k)
{
    struct pse_buf form = PSE_BUF(PSE_WEBAUTHN_KEY_MAX);
    struct pse_webauthn_key back;

    pse_webauthn_key_put(&form, k);
    PSE_REQUIRE(form.rc == PSE_OK);
    PSE_REQUIRE(pse_webauthn_key_parse(&back, pse_buf_span(&form)) == PSE_OK);
    PSE_REQUIRE(memcmp(&back, k, sizeof back) == 0);
    pse_buf_free(&form);
}

static void register_it(struct pse_span object)
{
    struct pse_webauthn_challenge challenge = challenge_for(PSE_WEBAUTHN_REGISTER);
    struct pse_webauthn_site other = {site.origin, "example.org"};
    struct pse_webauthn_rules rules = {0};
    struct pse_buf client = PSE_BUF(512);
    struct pse_webauthn_answer answer = {.id = id_of(object), .object = object};
    struct pse_webauthn_key k, again;

    write_client_data(&client, &challenge, "create");
    answer.client_data = pse_buf_span(&client);
    if (pse_webauthn_register(&k, &answer, &challenge, &site, &rules, NULL, 0, NOW) ==
        PSE_WEBAUTHN_GOOD) {
        check_stored(&k);
        PSE_REQUIRE(!k.is_synced);
        PSE_REQUIRE(pse_webauthn_register(&again, &answer, &challenge, &other, &rules, NULL, 0,
                                          NOW) == PSE_WEBAUTHN_RP_ID);
        PSE_REQUIRE(pse_webauthn_register(&again, &answer, &challenge, &site, &rules, &k, 1, NOW) ==
                    PSE_WEBAUTHN_REGISTERED);
    }
    pse_buf_free(&client);
}

/* Nobody has the key: whatever is read ends at the signature. */
static void assert_it(struct pse_span data)
{
    static const uint8_t signature[64] = {1};
    struct pse_webauthn_challenge challenge = challenge_for(PSE_WEBAUTHN_ACT);
    struct pse_webauthn_key key = {.id_n = 1,
                                   .id = {'x'},
                                   .algorithm = PSE_WEBAUTHN_EDDSA,
                                   .key = {0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                           0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                           0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                           0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66}};
    struct pse_buf client = PSE_BUF(512);
    struct pse_webauthn_answer answer = {
        .id = pse_span("x", 1), .data = data, .signature = pse_span(signature, sizeof signature)};
    struct pse_webauthn_done done;

    write_client_data(&client, &challenge, "get");
    answer.client_data = pse_buf_span(&client);
    PSE_REQUIRE(pse_webauthn_assert(&done, &answer, &challenge, &site, &key, 1, NOW) !=
                PSE_WEBAUTHN_GOOD);
    pse_buf_free(&client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pse_rd r = pse_rd(pse_span(data, size));
    struct pse_webauthn_key k;
    struct pse_span item;

    if (pse_cbor_item(&item, &r) == PSE_OK)
        PSE_REQUIRE(item.n > 0 && item.n + pse_rd_left(&r) == size);
    if (pse_webauthn_key_parse(&k, pse_span(data, size)) == PSE_OK)
        check_stored(&k);
    register_it(pse_span(data, size));
    assert_it(pse_span(data, size));
    return 0;
}
