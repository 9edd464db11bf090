#include "store/list.h"

#include <stdlib.h>

enum column {
    COL_OP,
    COL_ID,
    COL_NAME,
    COL_ADDRESS,
    COL_MAIL,
    COL_DISTRICT,
    COL_STYLE,
    COL_WEIGHT,
    COL_FROM,
    COL_UNTIL,
    COLUMNS,
};

static const char *const column_name[COLUMNS] = {
    "op", "id", "name", "address", "mail", "district", "style", "weight", "from", "until",
};
static const char *const op_name[] = {"stand", "add", "alter", "move", "remove"};

const char *pse_list_op_name(enum pse_list_op op)
{
    PSE_REQUIRE(op <= PSE_LIST_REMOVE);
    return op_name[op];
}

struct reader {
    struct pse_sheet sheet;
    int at[COLUMNS]; /* field of each column, -1: the list has none */
    size_t fields;
    const struct pse_manifest *m;
    struct pse_arena *arena;
    struct pse_list_fault *fault;
};

static pse_rc fail(struct reader *r, const char *slug)
{
    *r->fault = (struct pse_list_fault){.line = r->sheet.line, .slug = slug};
    return PSE_E_SYNTAX;
}

/* --- the head ----------------------------------------------------------------------------------
 */

static pse_rc read_head(struct reader *r)
{
    pse_rc rc = pse_sheet_next(&r->sheet);

    if (rc == PSE_E_MEMORY)
        return rc;
    if (rc != PSE_OK)
        return fail(r, rc == PSE_E_MISSING ? "empty" : "sheet");
    for (size_t c = 0; c < COLUMNS; c++)
        r->at[c] = -1;
    r->fields = r->sheet.fields;
    for (size_t i = 0; i < r->fields; i++) {
        size_t c = 0;

        while (c < COLUMNS && !pse_span_is_str(r->sheet.field[i], column_name[c]))
            c++;
        if (c == COLUMNS)
            return fail(r, "column-unknown");
        if (r->at[c] >= 0)
            return fail(r, "column-twice");
        r->at[c] = (int)i;
    }
    return r->at[COL_ID] < 0 || r->at[COL_NAME] < 0 || r->at[COL_STYLE] < 0
               ? fail(r, "column-missing")
               : PSE_OK;
}

/* --- one line ----------------------------------------------------------------------------------
 */

static struct pse_span field(const struct reader *r, enum column c)
{
    return r->at[c] < 0 ? pse_span(NULL, 0) : r->sheet.field[r->at[c]];
}

/* Letters, digits and so on; no character that would change how a line looks, no space around it.
 */
static bool is_clean(struct pse_span text, bool may_break)
{
    struct pse_span rest = text;
    uint32_t c = 0;

    while (rest.n > 0) {
        if (pse_utf8_next(&c, &rest) != PSE_OK)
            return false;
        if (pse_utf8_is_unsafe(c) && !(may_break && (c == '\n' || c == '\r')))
            return false;
        if (rest.p == text.p + 1 && pse_utf8_is_space(c))
            return false;
    }
    return text.n == 0 || !pse_utf8_is_space(c);
}

static bool is_mail(struct pse_span mail)
{
    const uint8_t *at = mail.n == 0 ? NULL : memchr(mail.p, '@', mail.n);

    for (size_t i = 0; i < mail.n; i++) {
        if (mail.p[i] <= 0x20 || mail.p[i] >= 0x7F || strchr("<>()[],;:\\\"", mail.p[i]) != NULL)
            return false;
    }
    return mail.n == 0 || (at != NULL && at > mail.p && at + 1 < mail.p + mail.n &&
                           memchr(at + 1, '@', (size_t)(mail.p + mail.n - at - 1)) == NULL);
}

static pse_rc copy(struct pse_span *out, struct reader *r, enum column c, size_t max,
                   const char *slug)
{
    struct pse_span x = field(r, c);
    uint8_t *p;

    if (x.n > max || !is_clean(x, c == COL_ADDRESS))
        return fail(r, slug);
    *out = pse_span(NULL, 0);
    if (x.n == 0)
        return PSE_OK;
    p = PSE_NEW(r->arena, uint8_t, x.n);
    if (p == NULL)
        return PSE_E_MEMORY;
    memcpy(p, x.p, x.n);
    *out = pse_span(p, x.n);
    return PSE_OK;
}

static bool is_date(uint32_t y, uint32_t m, uint32_t d)
{
    static const uint8_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);

    return y >= 1900 && m >= 1 && m <= 12 && d >= 1 && d <= days[m - 1] &&
           (m != 2 || d <= 28 || is_leap);
}

/* YYYY-MM-DD, or nothing. */
static pse_rc read_date(uint32_t *out, struct reader *r, enum column c)
{
    struct pse_span x = field(r, c);
    uint32_t n[3] = {0};

    *out = 0;
    if (x.n == 0)
        return PSE_OK;
    if (x.n != 10 || x.p[4] != '-' || x.p[7] != '-')
        return fail(r, "date");
    for (size_t i = 0; i < x.n; i++) {
        size_t part = i < 4 ? 0 : i < 7 ? 1 : 2;

        if (i == 4 || i == 7)
            continue;
        if (x.p[i] < '0' || x.p[i] > '9')
            return fail(r, "date");
        n[part] = 10 * n[part] + (uint32_t)(x.p[i] - '0');
    }
    if (!is_date(n[0], n[1], n[2]))
        return fail(r, "date");
    *out = 10000 * n[0] + 100 * n[1] + n[2];
    return PSE_OK;
}

static pse_rc read_numbers(struct pse_voter *v, struct reader *r)
{
    const struct pse_style *style;
    uint64_t x;

    if (pse_decimal_decode(&x, field(r, COL_STYLE)) != PSE_OK || x > UINT16_MAX ||
        (style = pse_manifest_style(r->m, (uint16_t)x)) == NULL)
        return fail(r, "style");
    v->style = (uint16_t)x;
    x = 1;
    if (field(r, COL_WEIGHT).n > 0 && pse_decimal_decode(&x, field(r, COL_WEIGHT)) != PSE_OK)
        return fail(r, "weight");
    if (x < 1 || x > PSE_VOTER_WEIGHT_MAX)
        return fail(r, "weight");
    if (style->has_mix && x != 1)
        return fail(r, "weight-mix");
    v->weight = (uint32_t)x;
    PSE_TRY(read_date(&v->since, r, COL_FROM));
    PSE_TRY(read_date(&v->until, r, COL_UNTIL));
    return v->since != 0 && v->until != 0 && v->until < v->since ? fail(r, "dates-order") : PSE_OK;
}

static pse_rc read_op(enum pse_list_op *op, struct reader *r)
{
    *op = PSE_LIST_STAND;
    if (r->at[COL_OP] < 0)
        return PSE_OK;
    for (int i = PSE_LIST_ADD; i <= PSE_LIST_REMOVE; i++) {
        if (pse_span_is_str(field(r, COL_OP), op_name[i])) {
            *op = (enum pse_list_op)i;
            return PSE_OK;
        }
    }
    return fail(r, "op");
}

static pse_rc read_item(struct pse_list_item *item, struct reader *r)
{
    struct pse_voter *v = &item->voter;

    item->line = r->sheet.line;
    if (r->sheet.fields != r->fields)
        return fail(r, "fields");
    PSE_TRY(read_op(&item->op, r));
    PSE_TRY(copy(&v->id, r, COL_ID, PSE_VOTER_ID_MAX, "id"));
    if (v->id.n == 0)
        return fail(r, "id");
    if (item->op == PSE_LIST_REMOVE) {
        for (int c = COL_NAME; c < COLUMNS; c++) {
            if (field(r, (enum column)c).n > 0)
                return fail(r, "remove-fields");
        }
        return PSE_OK;
    }
    PSE_TRY(copy(&v->name, r, COL_NAME, PSE_VOTER_NAME_MAX, "name"));
    if (v->name.n == 0)
        return fail(r, "name");
    PSE_TRY(copy(&v->address, r, COL_ADDRESS, PSE_VOTER_ADDRESS_MAX, "address"));
    PSE_TRY(copy(&v->mail, r, COL_MAIL, PSE_VOTER_MAIL_MAX, "mail"));
    if (!is_mail(v->mail))
        return fail(r, "mail");
    PSE_TRY(copy(&v->district, r, COL_DISTRICT, PSE_VOTER_DISTRICT_MAX, "district"));
    return read_numbers(v, r);
}

/* --- all lines ---------------------------------------------------------------------------------
 */

static pse_rc read_items(struct pse_list *out, struct reader *r, size_t room)
{
    pse_rc rc;

    out->item = PSE_NEW(r->arena, struct pse_list_item, room);
    if (out->item == NULL)
        return PSE_E_MEMORY;
    while ((rc = pse_sheet_next(&r->sheet)) == PSE_OK) {
        PSE_REQUIRE(out->n < room);
        PSE_TRY(read_item(&out->item[out->n], r));
        out->n++;
    }
    if (rc == PSE_E_MEMORY)
        return rc;
    return rc == PSE_E_MISSING ? PSE_OK : fail(r, "sheet");
}

pse_rc pse_list_read(struct pse_list *out, struct pse_arena *arena, struct pse_list_fault *fault,
                     const struct pse_manifest *m, struct pse_span csv)
{
    struct reader r = {.m = m, .arena = arena, .fault = fault};
    size_t room = 1;
    pse_rc rc;

    memset(out, 0, sizeof *out);
    memset(fault, 0, sizeof *fault);
    for (size_t i = 0; i < csv.n; i++)
        room += csv.p[i] == '\n';
    rc = pse_sheet_open(&r.sheet, csv);
    if (rc != PSE_OK)
        rc = fail(&r, "utf8");
    else if (room > PSE_LIST_ITEMS_MAX)
        rc = PSE_E_LIMIT;
    if (rc == PSE_OK)
        rc = read_head(&r);
    out->is_whole = r.at[COL_OP] < 0;
    if (rc == PSE_OK)
        rc = read_items(out, &r, room);
    if (rc == PSE_OK && out->n == 0)
        rc = fail(&r, "empty");
    pse_sheet_close(&r.sheet);
    if (rc != PSE_OK)
        memset(out, 0, sizeof *out);
    return rc;
}

/* --- canonical form ----------------------------------------------------------------------------
 */

static int compare_ids(const void *a, const void *b)
{
    struct pse_span x = ((const struct pse_list_item *)a)->voter.id;
    struct pse_span y = ((const struct pse_list_item *)b)->voter.id;
    int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);

    return order != 0 ? order : x.n < y.n ? -1 : x.n > y.n;
}

static void put_date(struct pse_buf *out, uint32_t day)
{
    char text[16];
    uint32_t part[3] = {day / 10000, day / 100 % 100, day % 100};
    size_t n = 0;

    if (day == 0)
        return;
    for (size_t i = 0; i < 3; i++) {
        for (uint32_t unit = i == 0 ? 1000 : 10; unit > 0; unit /= 10)
            text[n++] = (char)('0' + part[i] / unit % 10);
        if (i < 2)
            text[n++] = '-';
    }
    pse_buf_put(out, text, n);
}

static void put_item(struct pse_buf *out, const struct pse_list_item *item)
{
    const struct pse_voter *v = &item->voter;
    const struct pse_span text[] = {v->id, v->name, v->address, v->mail, v->district};

    pse_wr_str(out, pse_list_op_name(item->op));
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        pse_wr_str(out, ",");
        pse_sheet_put(out, text[i]);
    }
    pse_wr_str(out, ",");
    if (item->op != PSE_LIST_REMOVE)
        pse_decimal_put(out, v->style);
    pse_wr_str(out, ",");
    if (item->op != PSE_LIST_REMOVE)
        pse_decimal_put(out, v->weight);
    pse_wr_str(out, ",");
    put_date(out, v->since);
    pse_wr_str(out, ",");
    put_date(out, v->until);
    pse_wr_str(out, "\r\n");
}

static void put_all(struct pse_buf *out, const struct pse_list *list)
{
    for (size_t c = 0; c < COLUMNS; c++) {
        pse_wr_str(out, column_name[c]);
        pse_wr_str(out, c + 1 < COLUMNS ? "," : "\r\n");
    }
    for (size_t i = 0; i < list->n; i++)
        put_item(out, &list->item[i]);
}

pse_rc pse_list_write(struct pse_buf *out, struct pse_list *list)
{
    qsort(list->item, list->n, sizeof *list->item, compare_ids);
    for (size_t i = 1; i < list->n; i++) {
        if (compare_ids(&list->item[i - 1], &list->item[i]) == 0)
            return PSE_E_DUPLICATE;
    }
    put_all(out, list);
    return out->rc;
}

pse_rc pse_list_is_canonical(const struct pse_list *list, struct pse_span csv)
{
    struct pse_buf again = PSE_BUF(csv.n + 1);
    pse_rc rc = PSE_OK;

    for (size_t i = 1; i < list->n; i++) {
        if (compare_ids(&list->item[i - 1], &list->item[i]) >= 0)
            rc = PSE_E_ENCODING;
    }
    if (rc == PSE_OK) {
        put_all(&again, list);
        rc = again.rc == PSE_E_MEMORY                                          ? PSE_E_MEMORY
             : !list->is_whole && pse_span_is_equal(pse_buf_span(&again), csv) ? PSE_OK
                                                                               : PSE_E_ENCODING;
    }
    pse_buf_free(&again);
    return rc;
}

/* --- signatures --------------------------------------------------------------------------------
 */

enum { SIGNED = 23 + 3 * 32 };

static void signed_bytes(uint8_t out[SIGNED], const pse_hash *eid, const pse_hash *base,
                         struct pse_span csv)
{
    static const char label[23] = "psephos/1/list-changes"; /* with its zero */
    pse_hash sum;

    pse_sha256(&sum, csv);
    memcpy(out, label, sizeof label);
    memcpy(out + 23, eid->b, 32);
    memcpy(out + 55, base->b, 32);
    memcpy(out + 87, sum.b, 32);
}

pse_rc pse_list_sign(uint8_t sig[64], const pse_seed *seed, const pse_hash *eid,
                     const pse_hash *base, struct pse_span csv)
{
    uint8_t bytes[SIGNED];

    signed_bytes(bytes, eid, base, csv);
    return pse_ed25519_sign(sig, seed, pse_span(bytes, sizeof bytes));
}

pse_rc pse_list_verify(const pse_edkey *issuer, const pse_hash *eid, const pse_hash *base,
                       struct pse_span csv, const uint8_t sig[64])
{
    uint8_t bytes[SIGNED];

    signed_bytes(bytes, eid, base, csv);
    return pse_ed25519_verify(issuer, pse_span(bytes, sizeof bytes), sig);
}

/* --- days --------------------------------------------------------------------------------------
 */

/* Gregorian date of a count of days since 1970 (years beginning in March make leap days last). */
uint32_t pse_day_of(uint64_t time)
{
    uint64_t days = time / 86400 + 719468;
    uint64_t era = days / 146097;
    uint64_t day = days % 146097;
    uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    uint64_t in_year = day - (365 * year + year / 4 - year / 100);
    uint64_t month = (5 * in_year + 2) / 153;
    uint64_t date = in_year - (153 * month + 2) / 5 + 1;

    month = month < 10 ? month + 3 : month - 9;
    year += 400 * era + (month <= 2);
    return (uint32_t)(10000 * year + 100 * month + date);
}

bool pse_voter_is_eligible(const struct pse_voter *v, uint32_t day)
{
    return (v->since == 0 || v->since <= day) && (v->until == 0 || day <= v->until);
}
