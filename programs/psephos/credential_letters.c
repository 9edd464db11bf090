/* psephos credential letters: the credential authority. One secret a voter, on paper only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "common/enrolment.h"
#include "common/files.h"
#include "common/letter.h"
#include "common/letter_pdf.h"
#include "common/letter_text.h"
#include "psephos/credential.h"
#include "store/list.h"

enum {
    LIST_FILE_MAX = 512 << 20,
    TEMPLATE_MAX = 65536,
    FILLED_MAX = 131072,
    URL_MAX = 200,
    TITLE_MAX = 16384
};
#define LIST_ARENA ((size_t)4 << 30)

struct letters_options {
    struct session_options common;
    const char *voters, *server, *letters, *template, *font, *url, *index;
    const char *language;
    struct cli_hash old;
    uint64_t per_file;
    bool text;
};

/* Everything on the way from a list to letters. */
struct batch {
    struct session *s;
    const struct letters_options *o;
    const struct pse_list *list;
    struct pse_span template;
    struct enrolment *item;
    struct letter_pdf *pdf;
    size_t in_pdf, files;
    struct pse_buf index;
    char title[TITLE_MAX];
};

/* --- one voter ---------------------------------------------------------------------------------
 */

static void prove(struct enrolment *x, const struct batch *b, const pse_secret *d)
{
    struct pse_span key = pse_span(x->credential.b, 32);
    struct pse_statement statement = {
        .type = "cred-pop", .eid = pse_engine_eid(b->s->load.e), .x = &key, .n = 1};

    pse_pok_prove(b->s->g, x->proof, &statement, d, &b->s->rng);
}

/* The code without hyphens and in capitals, which a QR code holds in fewer modules; behind an
 * address it stands after '#', which browsers do not send. */
static void qr_text(char out[URL_MAX + LETTER_TEXT + 2], const char *url, const char *code)
{
    size_t n = (size_t)snprintf(out, URL_MAX + 1, "%s", url == NULL ? "" : url);

    if (url != NULL)
        out[n++] = '#';
    for (; *code != '\0'; code++) {
        if (*code != '-')
            out[n++] = *code >= 'a' && *code <= 'z' ? (char)(*code - 32) : *code;
    }
    out[n] = '\0';
}

static void put_index(struct batch *b, const struct pse_voter *v, const struct enrolment *x)
{
    pse_sheet_put(&b->index, v->id);
    pse_wr_str(&b->index, ",");
    pse_hex_put(&b->index, x->credential.b, 32);
    pse_wr_str(&b->index, "\r\n");
}

static pse_rc end_file(struct batch *b)
{
    char leaf[64];
    char path[FILE_PATH_MAX];
    pse_rc rc;

    if (b->in_pdf == 0)
        return PSE_OK;
    (void)snprintf(leaf, sizeof leaf, "letters-%05zu.pdf", ++b->files);
    rc = file_join(path, b->s->name, b->o->letters, leaf);
    if (rc == PSE_OK)
        rc = letter_pdf_write(b->pdf, path);
    letter_pdf_free(b->pdf);
    b->pdf = NULL;
    b->in_pdf = 0;
    return rc;
}

static pse_rc put_pdf(struct batch *b, struct pse_span filled, const char *qr)
{
    if (b->pdf == NULL)
        PSE_TRY(letter_pdf_new(&b->pdf, b->s->name, b->o->font, b->o->language, b->title));
    PSE_TRY(letter_pdf_add(b->pdf, filled, qr));
    return ++b->in_pdf == b->o->per_file ? end_file(b) : PSE_OK;
}

static pse_rc put_text(struct batch *b, struct pse_span filled)
{
    char leaf[64];
    char path[FILE_PATH_MAX];

    (void)snprintf(leaf, sizeof leaf, "letter-%05zu.txt", ++b->files);
    PSE_TRY(file_join(path, b->s->name, b->o->letters, leaf));
    return file_write(b->s->name, path, filled, FILE_NEW | FILE_SECRET | FILE_BULK);
}

static pse_rc put_letter(struct batch *b, const struct pse_voter *v, const letter_secret *secret,
                         const struct enrolment *x)
{
    struct pse_buf filled = PSE_BUF(FILLED_MAX);
    char qr[URL_MAX + LETTER_TEXT + 2];
    char code[LETTER_TEXT];
    char voter[PSE_VOTER_CODE_TEXT];
    char eid[65];
    struct letter_fields f = {.name = v->name, .address = v->address};
    pse_rc rc;

    letter_encode(code, secret);
    pse_code_encode(voter, x->credential.b, PSE_VOTER_CODE_BYTES);
    pse_hex_encode(eid, pse_engine_eid(b->s->load.e)->b, 32);
    f.title = pse_span_str(b->title);
    f.code = pse_span_str(code);
    f.voter = pse_span_str(voter);
    f.election = pse_span_str(eid);
    qr_text(qr, b->o->url, code);
    letter_fill(&filled, b->template, &f);
    rc = filled.rc;
    if (rc == PSE_OK)
        rc =
            b->o->text ? put_text(b, pse_buf_span(&filled)) : put_pdf(b, pse_buf_span(&filled), qr);
    pse_buf_free(&filled);
    pse_wipe(code, sizeof code);
    pse_wipe(qr, sizeof qr);
    return rc;
}

static pse_rc make_one(struct batch *b, struct enrolment *x, const struct pse_voter *v)
{
    PSE_SECRET(letter_secret, secret);
    PSE_SECRET(pse_secret, d);

    pse_rng_fill(&b->s->rng, secret.b, sizeof secret.b);
    letter_credential(&d, pse_engine_eid(b->s->load.e), &secret);
    pse_credential_public(&x->credential, b->s->g, &d);
    x->style = v->style;
    x->weight = v->weight;
    x->has_old = b->o->old.given;
    memcpy(x->old.b, b->o->old.value.b, 32);
    prove(x, b, &d);
    put_index(b, v, x);
    return put_letter(b, v, &secret, x);
}

/* --- all of them -------------------------------------------------------------------------------
 */

static pse_rc read_template(struct pse_buf *hold, struct batch *b)
{
    pse_rc rc;

    b->template = letter_template();
    *hold = PSE_BUF(1);
    if (b->o->template == NULL)
        return PSE_OK;
    PSE_TRY(file_read(hold, b->s->name, b->o->template, TEMPLATE_MAX));
    b->template = pse_buf_span(hold);
    rc = letter_template_check(b->template);
    if (rc != PSE_OK)
        cli_error(b->s->name, "%s %s", b->o->template,
                  rc == PSE_E_ENCODING  ? "is not UTF-8; save it as such"
                  : rc == PSE_E_MISSING ? "has no {{code}} or no {{voter}}; the letter needs both"
                                        : "has a field other than title, name, address, code, "
                                          "voter, election, qr");
    return rc == PSE_OK ? rc : PSE_E_SYNTAX;
}

static pse_rc write_index(struct batch *b)
{
    if (b->o->index == NULL)
        return PSE_OK;
    PSE_TRY(b->index.rc);
    return file_write(b->s->name, b->o->index, pse_buf_span(&b->index), FILE_NEW | FILE_SECRET);
}

static pse_rc make_all(struct batch *b)
{
    PSE_TRY(file_make_dir(b->s->name, b->o->letters));
    pse_wr_str(&b->index, "id,credential\r\n");
    for (size_t i = 0; i < b->list->n; i++)
        PSE_TRY(make_one(b, &b->item[i], &b->list->item[i].voter));
    PSE_TRY(end_file(b));
    PSE_TRY(write_index(b));
    return enrolment_write(b->s->name, b->o->server, pse_engine_eid(b->s->load.e), b->item,
                           b->list->n);
}

/* The print shop may count; the order of letters is that of the list, that of the server's file is
 * by credential, so the two say nothing about one another. */
static pse_rc run_batch(struct session *s, const struct letters_options *o, struct pse_list *list)
{
    const struct pse_manifest *m = pse_engine_manifest(s->load.e);
    struct batch b = {.s = s, .o = o, .list = list};
    struct pse_span title = pse_text_in(&m->title, pse_span_str(o->language));
    struct pse_buf escaped = PSE_BUF(TITLE_MAX - 1);
    struct pse_buf hold;
    pse_rc rc;

    pse_utf8_put_escaped(&escaped, title);
    (void)snprintf(b.title, sizeof b.title, "%.*s", (int)escaped.n, (const char *)escaped.p);
    pse_buf_free(&escaped);
    b.index = PSE_BUF((list->n + 1) * 256);
    b.item = calloc(list->n, sizeof *b.item);
    rc = read_template(&hold, &b);
    if (rc == PSE_OK)
        rc = b.item == NULL ? PSE_E_MEMORY : make_all(&b);
    if (rc == PSE_OK)
        session_say(s, "%zu letters in %zu files below %s", list->n, b.files, o->letters);
    letter_pdf_free(b.pdf);
    pse_buf_free(&hold);
    pse_buf_free(&b.index);
    free(b.item);
    return rc;
}

static pse_rc check_list(const struct session *s, const struct letters_options *o,
                         const struct pse_list *list, pse_rc rc, const struct pse_list_fault *fault)
{
    if (rc == PSE_E_SYNTAX) {
        cli_error(s->name,
                  "%s, line %zu cannot be used (%s); psephos registrar list import "
                  "--dry-run says more",
                  o->voters, fault->line, fault->slug);
        return rc;
    }
    PSE_TRY(rc);
    if (!list->is_whole || (o->old.given && list->n != 1)) {
        cli_error(s->name, list->is_whole ? "--replaces is for one voter; give a list of one line"
                                          : "a list of changes has no letters; give a whole list");
        return PSE_E_SYNTAX;
    }
    return PSE_OK;
}

static pse_rc letters(struct session *s, const struct letters_options *o)
{
    PSE_ARENA(arena, LIST_ARENA);
    struct pse_list_fault fault;
    struct pse_list list;
    struct pse_buf csv;
    pse_rc rc;

    PSE_TRY(session_want(s, o->voters, "list FILE"));
    PSE_TRY(session_want(s, o->server, "server FILE"));
    PSE_TRY(session_want(s, o->letters, "letters DIR"));
    if (o->url != NULL && strlen(o->url) > URL_MAX) {
        cli_error(s->name, "--url is longer than %d characters", URL_MAX);
        return PSE_E_LIMIT;
    }
    PSE_TRY(session_start(s, s->name, &o->common));
    if (file_exists(o->server) || (o->index != NULL && file_exists(o->index))) {
        cli_error(s->name, "%s or --index is there already; letters are made once", o->server);
        return PSE_E_DUPLICATE;
    }
    PSE_TRY(file_read(&csv, s->name, o->voters, LIST_FILE_MAX));
    rc = pse_list_read(&list, &arena, &fault, pse_engine_manifest(s->load.e), pse_buf_span(&csv));
    pse_buf_free(&csv);
    PSE_TRY(check_list(s, o, &list, rc, &fault));
    return run_batch(s, o, &list);
}

int credential_letters(int argc, char **argv)
{
    struct letters_options o = {.font = LETTER_FONT, .language = "en", .per_file = 500};
    struct session s = {.name = "psephos credential letters", .options = &o.common};
    const struct cli_option options[] = {
        SESSION_FOLLOW(&o.common),
        SESSION_EID(&o.common),
        CLI_TEXT("list", "FILE", &o.voters, "the voter list (CSV), as the registrar has it"),
        CLI_TEXT("server", "FILE", &o.server, "for the registrar: public keys and proofs only"),
        CLI_TEXT("letters", "DIR", &o.letters, "for the mailer: the letters"),
        CLI_TEXT("index", "FILE", &o.index, "to keep: which id has which credential, no secrets"),
        CLI_TEXT("template", "FILE", &o.template, "the words of the letter"),
        CLI_TEXT("language", "TAG", &o.language, "their language (default en)"),
        CLI_TEXT("font", "FILE", &o.font, "a TrueType font that has their characters"),
        CLI_TEXT("url", "URL", &o.url, "where the QR code leads; the code follows after #"),
        CLI_NUMBER("per-file", "N", &o.per_file, 1, 10000, "letters in a PDF (default 500)"),
        CLI_FLAG("text", &o.text, "plain text instead of PDF: large print, braille, typesetters"),
        CLI_HASH("replaces", "HEX", &o.old, "the credential of a letter that was lost"),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR --list FILE --server FILE --letters DIR\n"
                    "       [--index FILE] [--template FILE] [--text]",
        .about = "For a credential authority that is neither registrar nor board, on a machine\n"
                 "without a network: draw a secret for each voter, print it, and forget it.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, letters(&s, &o),
                       "send the server's file to the registrar, the letters to the mailer, then "
                       "destroy your copies");
}
