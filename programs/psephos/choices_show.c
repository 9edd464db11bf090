#include "psephos/choices_show.h"

#include <stdio.h>

#include "codec/codec.h"

enum { SHOWN_MAX = 1 << 20 };

static void put_text(struct pse_buf *out, const struct pse_text *text)
{
    pse_utf8_put_escaped(out, pse_text_in(text, pse_span_str("en")));
}

void choices_put_title(struct pse_buf *out, const struct pse_contest *c)
{
    put_text(out, &c->title);
    pse_wr_str(out, " (contest ");
    pse_decimal_put(out, c->id);
    pse_wr_str(out, ")");
}

void choices_put_option(struct pse_buf *out, const struct pse_contest *c, unsigned number)
{
    put_text(out, &c->option[number - 1]);
}

static void put_ranking(struct pse_buf *out, const struct pse_contest *c, const struct pse_plain *p)
{
    for (unsigned i = 0; i < p->n; i++) {
        pse_wr_str(out, i == 0 ? "" : ", ");
        pse_decimal_put(out, i + 1);
        pse_wr_str(out, ". ");
        choices_put_option(out, c, p->body[i]);
    }
}

static void put_plain(struct pse_buf *out, const struct pse_contest *c, const uint8_t *choice)
{
    struct pse_plain p;

    if (pse_plain_read(&p, c, choice) == PSE_VOTE_BLANK)
        pse_wr_str(out, "blank");
    else if (p.tag == PSE_PLAIN_TEXT)
        pse_utf8_put_escaped(out, pse_span(p.body, p.n));
    else if (p.tag == PSE_PLAIN_RANKING)
        put_ranking(out, c, &p);
    else
        choices_put_option(out, c, p.body[0]);
}

static void put_values(struct pse_buf *out, const struct pse_contest *c, const uint8_t *choice)
{
    bool any = false;

    for (unsigned i = 0; i < c->options; i++) {
        if (choice[i] == 0)
            continue;
        pse_wr_str(out, any ? ", " : "");
        choices_put_option(out, c, i + 1);
        if (c->option_max > 1) {
            pse_wr_str(out, " x");
            pse_decimal_put(out, choice[i]);
        }
        any = true;
    }
    pse_wr_str(out, any ? "" : "blank");
}

void choices_put(struct pse_buf *out, const struct pse_manifest *m, const struct pse_style *style,
                 const uint8_t *choices)
{
    for (size_t i = 0; i < style->contests; i++) {
        const struct pse_contest *c = &m->contest[style->contest[i]];

        pse_wr_str(out, "  ");
        choices_put_title(out, c);
        pse_wr_str(out, ": ");
        if (c->kind == PSE_KIND_MIX)
            put_plain(out, c, choices);
        else
            put_values(out, c, choices);
        pse_wr_str(out, "\n");
        choices += c->choice_len;
    }
}

pse_rc choices_show(const struct pse_manifest *m, const struct pse_style *style,
                    const uint8_t *choices)
{
    struct pse_buf text = PSE_BUF(SHOWN_MAX);
    pse_rc rc;

    choices_put(&text, m, style, choices);
    rc = text.rc;
    if (rc == PSE_OK)
        printf("%.*s", (int)text.n, (const char *)text.p);
    (void)fflush(stdout);
    pse_buf_free(&text);
    return rc;
}
