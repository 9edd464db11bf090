/* Parcels and letters: what travels by mail, cut, changed, mistyped. */
#include "test.h"

#include <sodium.h>
#include <stdio.h>

#include "common/letter.h"
#include "common/parcel.h"

enum { ARENA = 1 << 20 };

static void pack(struct pse_buf *b)
{
    *b = PSE_BUF(1 << 20);
    parcel_begin(b);
    parcel_put_blob(b, pse_span_str("blob one"));
    parcel_put_entry(b, pse_span_str("entry"));
    parcel_put_blob(b, pse_span(NULL, 0));
    parcel_put_entry(b, pse_span_str("second entry"));
    assert_int_equal(b->rc, PSE_OK);
}

static void round_trip(void **state)
{
    PSE_ARENA(arena, ARENA);
    struct parcel p;
    struct pse_buf b;

    (void)state;
    pack(&b);
    assert_int_equal(parcel_parse(&p, &arena, pse_buf_span(&b)), PSE_OK);
    assert_int_equal(p.entries, 2);
    assert_int_equal(p.blobs, 2);
    assert_true(pse_span_is_str(p.entry[0], "entry"));
    assert_true(pse_span_is_str(p.entry[1], "second entry"));
    assert_true(pse_span_is_str(p.blob[0], "blob one"));
    assert_int_equal(p.blob[1].n, 0);
    pse_buf_free(&b);
}

static void every_cut_is_refused(void **state)
{
    struct pse_buf b;
    size_t good = 0;

    (void)state;
    pack(&b);
    for (size_t n = 0; n < b.n; n++) {
        PSE_ARENA(arena, ARENA);
        struct parcel p;

        good += parcel_parse(&p, &arena, pse_span(b.p, n)) == PSE_OK;
    }
    /* Items have no count in front: what ends between two items is a shorter parcel. */
    assert_int_equal(good, 4);
    pse_buf_free(&b);
}

static void refusals(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        pse_rc rc;
    } table[] = {
        {"", 0, PSE_E_LENGTH},
        {"psephos-parcel-2\n", 17, PSE_E_SYNTAX},
        {"psephos-parcel-1\nX\0\0\0\0\0\0\0\0", 26, PSE_E_SYNTAX},
        {"psephos-parcel-1\nE\xff\xff\xff\xff\xff\xff\xff\xff", 26, PSE_E_LENGTH},
        {"psephos-parcel-1\nE\0\0\0\0\0\0\0\2a", 27, PSE_E_LENGTH},
        {"psephos-parcel-1\nE\0\0\0\0", 22, PSE_E_LENGTH},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        PSE_ARENA(arena, ARENA);
        struct parcel p;

        assert_int_equal(parcel_parse(&p, &arena, pse_span(table[i].bytes, table[i].n)),
                         table[i].rc);
        assert_int_equal(p.entries + p.blobs, 0);
    }
}

static void too_many_items(void **state)
{
    PSE_ARENA(arena, ARENA);
    struct pse_buf b = PSE_BUF((size_t)1 << 24);
    struct parcel p;

    (void)state;
    parcel_begin(&b);
    for (size_t i = 0; i <= PARCEL_ITEMS_MAX; i++)
        parcel_put_entry(&b, pse_span(NULL, 0));
    assert_int_equal(b.rc, PSE_OK);
    assert_int_equal(parcel_parse(&p, &arena, pse_buf_span(&b)), PSE_E_LIMIT);
    pse_buf_free(&b);
}

/* --- letters -----------------------------------------------------------------------------------
 */

static void example(letter_secret *s)
{
    for (uint8_t i = 0; i < LETTER_SECRET; i++)
        s->b[i] = (uint8_t)(0x11 * i);
}

static void letter_round_trip(void **state)
{
    letter_secret s;
    letter_secret back;
    char text[LETTER_TEXT];
    char typed[64];

    (void)state;
    example(&s);
    letter_encode(text, &s);
    assert_int_equal(strlen(text), 34);
    assert_int_equal(letter_decode(&back, text), PSE_OK);
    assert_memory_equal(&back, &s, sizeof s);
    /* As people type: capitals, spaces, no hyphens, O for zero. */
    snprintf(typed, sizeof typed, " %s ", text);
    for (char *c = typed; *c != '\0'; c++) {
        if (*c == '-')
            *c = ' ';
        else if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
        else if (*c == '0')
            *c = 'O';
    }
    assert_int_equal(letter_decode(&back, typed), PSE_OK);
    assert_memory_equal(&back, &s, sizeof s);
}

/* One wrong character is always found: the checksum has 12 bits, and a change within the last
 * characters meets it directly. */
static void every_single_mistake_is_found(void **state)
{
    static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
    letter_secret s;
    letter_secret back;
    char text[LETTER_TEXT];
    size_t missed = 0;
    size_t tried = 0;

    (void)state;
    example(&s);
    letter_encode(text, &s);
    for (size_t i = 0; i < LETTER_TEXT - 1; i++) {
        char right = text[i];

        if (right == '-')
            continue;
        for (size_t k = 0; k < 32; k++) {
            if (alphabet[k] == right)
                continue;
            text[i] = alphabet[k];
            tried++;
            missed += letter_decode(&back, text) == PSE_OK;
        }
        text[i] = right;
    }
    assert_int_equal(tried, 28 * 31);
    assert_true(missed <= 1); /* expected: 868 / 4096 */
}

static void letter_refusals(void **state)
{
    letter_secret s;
    letter_secret back;
    char text[LETTER_TEXT];
    char longer[LETTER_TEXT + 8];

    (void)state;
    example(&s);
    letter_encode(text, &s);
    assert_int_equal(letter_decode(&back, ""), PSE_E_LENGTH);
    snprintf(longer, sizeof longer, "%s0", text);
    assert_int_not_equal(letter_decode(&back, longer), PSE_OK);
    snprintf(longer, sizeof longer, "%.33s", text);
    assert_int_not_equal(letter_decode(&back, longer), PSE_OK);
    snprintf(longer, sizeof longer, "%.33su", text);
    assert_int_not_equal(letter_decode(&back, longer), PSE_OK);
    assert_true(sodium_is_zero(back.b, sizeof back.b));
}

static void a_credential_belongs_to_one_election(void **state)
{
    pse_hash one = {{1}};
    pse_hash two = {{2}};
    letter_secret s;
    pse_secret a;
    pse_secret b;
    pse_secret c;

    (void)state;
    example(&s);
    letter_credential(&a, &one, &s);
    letter_credential(&b, &two, &s);
    letter_credential(&c, &one, &s);
    assert_memory_equal(&a, &c, sizeof a);
    assert_memory_not_equal(&a, &b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(refusals),          cmocka_unit_test(too_many_items),
        cmocka_unit_test(letter_round_trip), cmocka_unit_test(every_single_mistake_is_found),
        cmocka_unit_test(letter_refusals),   cmocka_unit_test(a_credential_belongs_to_one_election),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
