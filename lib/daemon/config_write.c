#include <stdlib.h>

#include "codec/cursor.h"
#include "codec/hash.h"
#include "codec/text.h"
#include "daemon/config_value.h"

void pse_conf_put_value(struct pse_buf *b, const struct pse_conf_key *k, const void *settings)
{
    const uint8_t *field = (const uint8_t *)settings + k->at;
    uint64_t x = 0;
    bool yes;

    switch (k->type) {
    case PSE_CONF_IS_SWITCH:
        memcpy(&yes, field, sizeof yes);
        pse_wr_str(b, yes ? "yes" : "no");
        return;
    case PSE_CONF_IS_SECRET: pse_wr_str(b, field[0] != '\0' ? "<set>" : "<not set>"); return;
    case PSE_CONF_IS_TEXT:
    case PSE_CONF_IS_PATH: pse_wr_str(b, (const char *)field); return;
    default: memcpy(&x, field, sizeof x);
    }
    if (k->type == PSE_CONF_IS_CHOICE)
        pse_wr_span(b, pse_conf_choice(k, x));
    else
        pse_conf_put_bound(b, k, x);
}

/* "1 to 1000 requests a second", "yes or no", … */
static void put_domain(struct pse_buf *b, const struct pse_conf_key *k)
{
    switch (k->type) {
    case PSE_CONF_IS_SWITCH: pse_wr_str(b, "yes or no"); return;
    case PSE_CONF_IS_CHOICE: pse_wr_str(b, "one of "); break;
    case PSE_CONF_IS_PATH: pse_wr_str(b, "an absolute path"); return;
    case PSE_CONF_IS_SECRET:
        pse_wr_str(b, k->max == 0
                          ? "an absolute path or credential:NAME, never the secret itself"
                          : "an absolute path, credential:NAME, or the pkcs11: URI of a key "
                            "on a token, never the secret itself");
        return;
    default:
        pse_conf_put_bound(b, k, k->min);
        pse_wr_str(b, " to ");
        pse_conf_put_bound(b, k, k->max);
        if (k->type == PSE_CONF_IS_TEXT)
            pse_wr_str(b, " bytes of text");
        if (k->unit == NULL)
            return;
        pse_wr_str(b, " ");
    }
    for (const char *p = k->unit; *p != '\0'; p++)
        pse_wr_span(b, *p == '|' ? pse_span_str(", ") : pse_span(p, 1));
}

static void put_default(struct pse_buf *b, const struct pse_conf_key *k)
{
    if (k->def == NULL) {
        pse_wr_str(b, "must be given");
    } else if (k->def[0] == '\0') {
        pse_wr_str(b, "may be left empty");
    } else {
        pse_wr_str(b, "default ");
        pse_wr_str(b, k->def);
    }
    if (k->reload)
        pse_wr_str(b, "; read again on SIGHUP");
}

/* Keys of one section stand together however the table is ordered: sections in the order of their
 * first keys. */
typedef void put_key(struct pse_buf *b, const struct pse_conf_key *k, const void *settings);

static bool is_first(const struct pse_conf *c, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (strcmp(c->keys[j].section, c->keys[i].section) == 0)
            return false;
    }
    return true;
}

static void put_section(struct pse_buf *b, const struct pse_conf *c, size_t first, put_key *put,
                        const void *settings)
{
    for (size_t j = first; j < c->count; j++) {
        if (strcmp(c->keys[j].section, c->keys[first].section) == 0)
            put(b, &c->keys[j], settings);
    }
}

static void dump_key(struct pse_buf *b, const struct pse_conf_key *k, const void *settings)
{
    pse_wr_str(b, "\n# ");
    pse_wr_str(b, k->help);
    pse_wr_str(b, "\n# ");
    put_domain(b, k);
    pse_wr_str(b, "; ");
    put_default(b, k);
    pse_wr_str(b, "\n");
    pse_wr_str(b, k->key);
    pse_wr_str(b, " = ");
    pse_conf_put_value(b, k, settings);
    pse_wr_str(b, "\n");
}

void pse_conf_put_dump(struct pse_buf *b, const struct pse_conf *c, const void *settings)
{
    pse_hash digest;

    pse_conf_hash(&digest, c, settings);
    pse_wr_str(b, "# Settings of psephos ");
    pse_wr_str(b, c->daemon);
    pse_wr_str(b, ". SHA-256 of all of them: ");
    pse_hex_put(b, digest.b, 32);
    pse_wr_str(b, "\n");
    for (size_t i = 0; i < c->count; i++) {
        if (!is_first(c, i))
            continue;
        pse_wr_str(b, "\n[");
        pse_wr_str(b, c->keys[i].section);
        pse_wr_str(b, "]\n");
        put_section(b, c, i, dump_key, settings);
    }
}

static int by_name(const void *a, const void *b)
{
    const struct pse_conf_key *x = *(const struct pse_conf_key *const *)a;
    const struct pse_conf_key *y = *(const struct pse_conf_key *const *)b;
    int order = strcmp(x->section, y->section);

    return order != 0 ? order : strcmp(x->key, y->key);
}

void pse_conf_hash(pse_hash *out, const struct pse_conf *c, const void *settings)
{
    const struct pse_conf_key *order[PSE_CONF_KEYS_MAX];
    struct pse_buf b = PSE_BUF(PSE_CONF_KEYS_MAX * 2048);

    PSE_REQUIRE(c->count <= PSE_CONF_KEYS_MAX);
    for (size_t i = 0; i < c->count; i++)
        order[i] = &c->keys[i];
    qsort(order, c->count, sizeof order[0], by_name);
    pse_wr_str(&b, "psephos/config/1\n");
    pse_wr_str(&b, c->daemon);
    pse_wr_str(&b, "\n");
    for (size_t i = 0; i < c->count; i++) {
        pse_wr_str(&b, order[i]->section);
        pse_wr_str(&b, ".");
        pse_wr_str(&b, order[i]->key);
        pse_wr_str(&b, "=");
        pse_conf_put_value(&b, order[i], settings);
        pse_wr_str(&b, "\n");
    }
    PSE_REQUIRE(b.rc == PSE_OK);
    pse_sha256(out, pse_buf_span(&b));
    pse_buf_free(&b);
}

/* Text in mdoc: backslashes doubled; a line that begins with a dot or quote would be a request. */
static void put_mdoc(struct pse_buf *b, const char *text)
{
    if (text[0] == '.' || text[0] == '\'')
        pse_wr_str(b, "\\&");
    for (; *text != '\0'; text++)
        pse_wr_span(b, *text == '\\' ? pse_span_str("\\e") : pse_span(text, 1));
}

static void manual_key(struct pse_buf *b, const struct pse_conf_key *k, const void *settings)
{
    struct pse_buf about = PSE_BUF(4096);

    (void)settings;
    put_domain(&about, k);
    pse_wr_str(&about, "; ");
    put_default(&about, k);
    pse_wr_str(&about, ".");
    pse_buf_put(&about, "", 1);
    PSE_REQUIRE(about.rc == PSE_OK);
    pse_wr_str(b, ".It Ic ");
    pse_wr_str(b, k->key);
    pse_wr_str(b, "\n");
    put_mdoc(b, k->help);
    pse_wr_str(b, "\n.br\n");
    put_mdoc(b, (const char *)about.p);
    pse_wr_str(b, "\n");
    pse_buf_free(&about);
}

void pse_conf_put_manual(struct pse_buf *b, const struct pse_conf *c)
{
    for (size_t i = 0; i < c->count; i++) {
        if (!is_first(c, i))
            continue;
        pse_wr_str(b, ".Ss [");
        pse_wr_str(b, c->keys[i].section);
        pse_wr_str(b, "]\n.Bl -tag -width Ds\n");
        put_section(b, c, i, manual_key, NULL);
        pse_wr_str(b, ".El\n");
    }
}
