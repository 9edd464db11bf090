#define _GNU_SOURCE /* memmem */
#include "common/letter_text.h"

#include "codec/codec.h"

static const char standard[] = "{{name}}\n"
                               "{{address}}\n"
                               "\n"
                               "# {{title}}\n"
                               "\n"
                               "This letter is your right to vote. Show it to nobody, and keep it "
                               "until the result is known.\n"
                               "\n"
                               "Scan this picture with the device on which you vote:\n"
                               "\n"
                               "{{qr}}\n"
                               "\n"
                               "Or type this code. A typing mistake is found.\n"
                               "\n"
                               "! {{code}}\n"
                               "\n"
                               "Your voter code stands for you in the public record. Your device "
                               "shows it when you vote; compare the two. It is no secret between "
                               "you and your device.\n"
                               "\n"
                               "! {{voter}}\n"
                               "\n"
                               "If this letter is lost, or somebody has seen the code, ask for a "
                               "new one at once: a new letter makes the old one void, and every "
                               "ballot cast with it.\n"
                               "\n"
                               "Election: {{election}}\n";

static const char *const known[] = {"title", "name", "address", "code", "voter", "election", "qr"};

enum { KNOWN = sizeof known / sizeof *known, QR = KNOWN - 1 };

struct pse_span letter_template(void)
{
    return pse_span_str(standard);
}

/* The next field of @p text from *at on: what is before it, and which it is. False: no more. */
static bool next_field(struct pse_span *before, int *field, struct pse_span *rest)
{
    const uint8_t *open = memmem(rest->p, rest->n, "{{", 2);
    const uint8_t *close;
    struct pse_span name;
    size_t used;

    *field = -1;
    *before = *rest;
    if (open == NULL) {
        *rest = pse_span(NULL, 0);
        return false;
    }
    used = (size_t)(open - rest->p);
    *before = pse_span(rest->p, used);
    close = memmem(open, rest->n - used, "}}", 2);
    if (close == NULL) {
        *rest = pse_span(NULL, 0);
        return true;
    }
    name = pse_span(open + 2, (size_t)(close - open) - 2);
    for (int i = 0; i < KNOWN; i++) {
        if (pse_span_is_str(name, known[i]))
            *field = i;
    }
    used += (size_t)(close - open) + 2;
    *rest = pse_span(rest->p + used, rest->n - used);
    return true;
}

pse_rc letter_template_check(struct pse_span text)
{
    struct pse_span rest = text;
    struct pse_span before;
    unsigned seen = 0;
    int field;

    if (!pse_utf8_is_valid(text))
        return PSE_E_ENCODING;
    while (next_field(&before, &field, &rest)) {
        if (field < 0)
            return PSE_E_SYNTAX;
        seen |= 1u << field;
    }
    return (seen & 1u << 3) != 0 && (seen & 1u << 4) != 0 ? PSE_OK : PSE_E_MISSING;
}

void letter_fill(struct pse_buf *out, struct pse_span text, const struct letter_fields *f)
{
    const struct pse_span value[KNOWN] = {
        f->title, f->name, f->address, f->code, f->voter, f->election, pse_span_str("{{qr}}")};
    struct pse_span rest = text;
    struct pse_span before;
    int field;

    while (next_field(&before, &field, &rest)) {
        pse_wr_span(out, before);
        PSE_REQUIRE(field >= 0);
        pse_wr_span(out, value[field]);
    }
    pse_wr_span(out, before);
}
