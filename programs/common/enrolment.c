#include "common/enrolment.h"

#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/options.h"

enum { LINE_BYTES = 512, WORDS = 5 };

static const char head[] = "psephos-credentials-1\nelection ";

static int compare(const void *a, const void *b)
{
    return memcmp(((const struct enrolment *)a)->credential.b,
                  ((const struct enrolment *)b)->credential.b, 32);
}

static void put_item(struct pse_buf *out, const struct enrolment *x)
{
    pse_hex_put(out, x->credential.b, 32);
    pse_wr_str(out, " ");
    pse_decimal_put(out, x->style);
    pse_wr_str(out, " ");
    pse_decimal_put(out, x->weight);
    pse_wr_str(out, " ");
    pse_hex_put(out, x->proof, sizeof x->proof);
    if (x->has_old) {
        pse_wr_str(out, " ");
        pse_hex_put(out, x->old.b, 32);
    }
    pse_wr_str(out, "\n");
}

pse_rc enrolment_write(const char *name, const char *path, const pse_hash *eid,
                       struct enrolment *item, size_t n)
{
    struct pse_buf text = PSE_BUF((n + 1) * LINE_BYTES);
    pse_rc rc;

    qsort(item, n, sizeof *item, compare);
    for (size_t i = 1; i < n; i++) {
        if (compare(&item[i - 1], &item[i]) == 0)
            return PSE_E_DUPLICATE;
    }
    pse_wr_str(&text, head);
    pse_hex_put(&text, eid->b, 32);
    pse_wr_str(&text, "\n");
    for (size_t i = 0; i < n; i++)
        put_item(&text, &item[i]);
    rc = text.rc;
    if (rc == PSE_OK)
        rc = file_write(name, path, pse_buf_span(&text), FILE_NEW);
    pse_buf_free(&text);
    return rc;
}

/* --- reading -----------------------------------------------------------------------------------
 */

static size_t split(struct pse_span word[WORDS + 1], struct pse_span line)
{
    size_t n = 0;

    while (n <= WORDS) {
        const uint8_t *space = line.n == 0 ? NULL : memchr(line.p, ' ', line.n);

        word[n++] = pse_span(line.p, space == NULL ? line.n : (size_t)(space - line.p));
        if (space == NULL)
            break;
        line = pse_span(space + 1, line.n - word[n - 1].n - 1);
    }
    return n;
}

static pse_rc parse_item(struct enrolment *x, struct pse_span line)
{
    struct pse_span word[WORDS + 1];
    size_t n = split(word, line);
    uint64_t style;
    uint64_t weight;

    if (n != 4 && n != WORDS)
        return PSE_E_SYNTAX;
    PSE_TRY(pse_hex_decode(x->credential.b, 32, word[0]));
    PSE_TRY(pse_decimal_decode(&style, word[1]));
    PSE_TRY(pse_decimal_decode(&weight, word[2]));
    PSE_TRY(pse_hex_decode(x->proof, sizeof x->proof, word[3]));
    if (style > UINT16_MAX || weight < 1 || weight > (1u << 20))
        return PSE_E_RANGE;
    x->style = (uint16_t)style;
    x->weight = (uint32_t)weight;
    x->has_old = n == WORDS;
    return x->has_old ? pse_hex_decode(x->old.b, 32, word[4]) : PSE_OK;
}

static pse_rc verify(const struct enrolment *x, const pse_hash *eid, const struct pse_group *g)
{
    struct pse_span d = pse_span(x->credential.b, 32);
    struct pse_statement s = {.type = "cred-pop", .eid = eid, .x = &d, .n = 1};
    pse_point point;

    PSE_TRY(pse_point_decode(g, &point, NULL, &x->credential, 1, PSE_IDENTITY_FORBIDDEN));
    return pse_pok_verify(g, &s, &point, x->proof);
}

static pse_rc parse_head(struct pse_span *text, const pse_hash *eid)
{
    pse_hash stated;
    size_t n = sizeof head - 1;

    if (text->n < n + 65 || memcmp(text->p, head, n) != 0 || text->p[n + 64] != '\n' ||
        pse_hex_decode(stated.b, 32, pse_span(text->p + n, 64)) != PSE_OK)
        return PSE_E_SYNTAX;
    if (!pse_hash_is_equal(&stated, eid))
        return PSE_E_MISMATCH;
    *text = pse_span(text->p + n + 65, text->n - n - 65);
    return PSE_OK;
}

static pse_rc parse_items(struct enrolment *item, size_t room, size_t *n, struct pse_span text,
                          const pse_hash *eid, const struct pse_group *g)
{
    struct pse_span line;

    for (*n = 0; text.n > 0; *n += 1) {
        PSE_TRY(pse_line_take(&line, &text));
        PSE_REQUIRE(*n < room);
        PSE_TRY(parse_item(&item[*n], line));
        if (*n > 0 && compare(&item[*n - 1], &item[*n]) >= 0)
            return PSE_E_SYNTAX;
        PSE_TRY(verify(&item[*n], eid, g));
    }
    return PSE_OK;
}

pse_rc enrolment_parse(struct enrolment **item, size_t *n, size_t *line, struct pse_span text,
                       const pse_hash *eid, const struct pse_group *g)
{
    size_t room = 1;
    pse_rc rc;

    *item = NULL;
    *n = 0;
    *line = 0;
    PSE_TRY(parse_head(&text, eid));
    for (size_t i = 0; i < text.n; i++)
        room += text.p[i] == '\n';
    if (room > ENROLMENT_MAX || (*item = calloc(room, sizeof **item)) == NULL)
        return PSE_E_MEMORY;
    rc = parse_items(*item, room, n, text, eid, g);
    if (rc == PSE_OK)
        return rc;
    *line = *n + 3;
    free(*item);
    *item = NULL;
    return rc == PSE_E_PROOF ? rc : PSE_E_SYNTAX;
}

pse_rc enrolment_read(struct enrolment **item, size_t *n, const char *name, const char *path,
                      const pse_hash *eid, const struct pse_group *g)
{
    struct pse_buf bytes;
    size_t line;
    pse_rc rc;

    *item = NULL;
    *n = 0;
    PSE_TRY(file_read(&bytes, name, path, (size_t)ENROLMENT_MAX * LINE_BYTES));
    rc = enrolment_parse(item, n, &line, pse_buf_span(&bytes), eid, g);
    pse_buf_free(&bytes);
    if (rc == PSE_E_MISMATCH)
        cli_error(name, "%s was made for another election; have it made again", path);
    else if (rc != PSE_OK && rc != PSE_E_MEMORY && line == 0)
        cli_error(name, "%s is no file of credentials; ask the credential authority for it", path);
    else if (rc != PSE_OK && rc != PSE_E_MEMORY)
        cli_error(name, "%s, line %zu: %s; ask the credential authority for it again", path, line,
                  rc == PSE_E_PROOF ? "the proof of possession does not hold"
                                    : "no credential, or not in ascending order");
    return rc;
}
