#include "psephos/identity_demo_oidc.h"

#include <string.h>

#include "codec/codec.h"
#include "common/html.h"
#include "common/options.h"
#include "daemon/daemon.h"

enum { CODES = 4096, PAGE_MAX = 1 << 17, ANSWER_MAX = 32768, SHOWN = 20 };

static const char html[] = "text/html; charset=utf-8";

static int64_t now(void)
{
    return pse_clock_wall_ms() / 1000;
}

/* --- opening -----------------------------------------------------------------------------------
 */

pse_rc demo_oidc_open(struct demo_oidc *d, const struct demo_ca *ca, struct pse_rng *rng)
{
    struct pse_buf pem = PSE_BUF(PSE_DEMO_PEM_MAX);
    char path[FILE_PATH_MAX];
    pse_rc rc;

    d->ca = ca;
    d->rng = rng;
    PSE_TRY(pse_demo_codes_new(&d->codes, CODES));
    PSE_TRY(file_join(path, ca->name, ca->dir, "oidc"));
    rc = file_read(&pem, ca->name, path, PSE_DEMO_PEM_MAX);
    if (rc == PSE_OK) {
        rc = pse_demo_provider_parse(&d->key, pse_buf_span(&pem));
        if (rc != PSE_OK)
            cli_error(ca->name, "%s is no key of an identity service", path);
    }
    pse_buf_free(&pem);
    return rc;
}

void demo_oidc_close(struct demo_oidc *d)
{
    pse_demo_provider_free(d->key);
    pse_demo_codes_free(d->codes);
    pse_wipe(d->room, sizeof d->room);
}

/* --- documents ---------------------------------------------------------------------------------
 */

static struct pse_http_answer not_kept(unsigned status, const char *type)
{
    struct pse_http_answer a = {.status = status, .type = type};

    pse_http_answer_header(&a, "Cache-Control", "no-store");
    pse_http_answer_header(&a, "Referrer-Policy", "no-referrer"); /* codes stand in addresses */
    return a;
}

static void answer(struct pse_http_call *c, unsigned status, const char *type, pse_rc rc,
                   struct pse_buf *out)
{
    struct pse_http_answer a = not_kept(status, type);

    if (rc != PSE_OK) {
        pse_buf_free(out);
        pse_http_problem(c, 503, "no-answer");
        return;
    }
    a.own = *out;
    pse_http_answer(c, &a);
}

static void discovery(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct demo_oidc *d = ctx;

    for (size_t i = 0; i < n; i++) {
        struct pse_buf out = PSE_BUF(ANSWER_MAX);

        answer(call[i], 200, "application/json", pse_demo_discovery_put(&out, d->ca->url), &out);
    }
}

static void keys(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct demo_oidc *d = ctx;

    for (size_t i = 0; i < n; i++) {
        struct pse_buf out = PSE_BUF(ANSWER_MAX);

        answer(call[i], 200, "application/json", pse_demo_keys_put(&out, d->key), &out);
    }
}

/* --- whom the authority knows ------------------------------------------------------------------
 */

struct look {
    struct pse_span person;
    bool is_known;
    struct pse_buf *page; /* the first few numbers, as choices of a form; or NULL */
    size_t shown;
};

static pse_rc look_row(void *ctx, struct demo_row *row)
{
    struct look *l = ctx;

    if (row->is_revoked || strcmp(row->use, "authentication") != 0)
        return PSE_OK;
    if (pse_span_is_str(l->person, row->subject))
        l->is_known = true;
    if (l->page != NULL && l->shown < SHOWN) {
        l->shown++;
        html_raw(l->page, "<option value=\"");
        html_str(l->page, row->subject);
        html_raw(l->page, "\">\n");
    }
    return PSE_OK;
}

/* --- the page ----------------------------------------------------------------------------------
 */

static void page_begin(struct pse_buf *b, const char *title)
{
    html_raw(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                "<title>" PSE_DEMO_WORDS ": ");
    html_str(b, title);
    html_raw(b,
             "</title>\n<style>:root{color-scheme:light dark}"
             "body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:0 auto;padding:1rem}"
             ".demo{border:3px solid #a61b1b;padding:.5rem 1rem;font-weight:600}"
             "input,button{font:inherit;padding:.5rem;margin:.25rem 0}"
             "input{display:block;width:100%;box-sizing:border-box}</style>\n</head>\n<body>\n"
             "<main>\n<p class=\"demo\">" PSE_DEMO_WORDS
             ". This service belongs to a demo authority. It believes whatever number it is "
             "told, so it proves nobody's identity.</p>\n<h1>");
    html_str(b, title);
    html_raw(b, "</h1>\n");
}

static void answer_page(struct pse_http_call *c, unsigned status, struct pse_buf *page)
{
    struct pse_http_answer a = not_kept(status, html);

    html_raw(page, "</main>\n</body>\n</html>\n");
    if (page->rc != PSE_OK) {
        pse_buf_free(page);
        pse_http_problem(c, 503, "no-answer");
        return;
    }
    pse_http_answer_header(&a, "Content-Security-Policy",
                           "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                           "frame-ancestors 'none'");
    pse_http_answer_header(&a, "X-Content-Type-Options", "nosniff");
    a.own = *page;
    pse_http_answer(c, &a);
}

/* Everything that was asked, so that the form brings it again: nothing is kept here meanwhile. */
static void put_hidden(struct demo_oidc *d, struct pse_buf *page, struct pse_span form)
{
    struct pse_form f = pse_form(form, d->room);
    struct pse_span name, value;

    while (pse_form_next(&name, &value, &f) == PSE_OK) {
        if (pse_span_is_str(name, "person") || pse_span_is_str(name, "cancel"))
            continue;
        html_raw(page, "<input type=\"hidden\" name=\"");
        html_text(page, name);
        html_raw(page, "\" value=\"");
        html_text(page, value);
        html_raw(page, "\">\n");
    }
}

static void ask_who(struct demo_oidc *d, struct pse_http_call *c, struct pse_span form,
                    const struct pse_demo_question *q, const char *complaint)
{
    struct pse_buf page = PSE_BUF(PAGE_MAX);
    struct look l = {.page = &page};
    const char *site = q->site->id;

    page_begin(&page, "Who are you?");
    html_raw(&page, "<p>The site <strong>");
    html_str(&page, site);
    html_raw(&page, "</strong> asks.</p>\n");
    if (complaint != NULL) {
        html_raw(&page, "<p role=\"alert\"><strong>");
        html_str(&page, complaint);
        html_raw(&page, "</strong></p>\n");
    }
    html_raw(&page, "<form method=\"post\" action=\"" PSE_DEMO_AUTHORIZE_PATH "\">\n");
    put_hidden(d, &page, form);
    html_raw(&page, "<label for=\"person\">Number of the person</label>\n"
                    "<input id=\"person\" name=\"person\" list=\"persons\" autocomplete=\"off\" "
                    "required>\n<datalist id=\"persons\">\n");
    if (demo_ca_each(d->ca, look_row, &l) != PSE_OK)
        page.rc = PSE_E_IO;
    html_raw(&page, "</datalist>\n<button>Log in as this person</button>\n"
                    "<button name=\"cancel\" value=\"1\" formnovalidate>Go back</button>\n"
                    "</form>\n");
    answer_page(c, complaint == NULL ? 200 : 403, &page);
}

/* Nothing says that the address is the site's, so nobody is sent there. */
static void refuse(struct pse_http_call *c, enum pse_demo_oidc_fault fault)
{
    static const char *const words[] = {
        [PSE_DEMO_OIDC_FORM] = "The request is damaged. Begin again at the site that sent you.",
        [PSE_DEMO_OIDC_SITE] = "The site is not known here; psephos identity demo-ca site adds it.",
        [PSE_DEMO_OIDC_REDIRECT] = "The site asks to return to another address than it has here.",
    };
    struct pse_buf page = PSE_BUF(PAGE_MAX);

    page_begin(&page, "This cannot be answered");
    html_raw(&page, "<p>");
    html_str(&page, words[fault]);
    html_raw(&page, " (<code>");
    html_str(&page, pse_demo_oidc_name(fault));
    html_raw(&page, "</code>)</p>\n");
    answer_page(c, 400, &page);
}

/* --- authorize ---------------------------------------------------------------------------------
 */

static void send_back(struct demo_oidc *d, struct pse_http_call *c,
                      const struct pse_demo_question *q, const char *code,
                      enum pse_demo_oidc_fault fault)
{
    struct pse_http_answer a = not_kept(303, NULL);
    struct pse_buf where = PSE_BUF(PSE_HTTP_ANSWER_HEAD - 512);

    if (pse_demo_return_put(&where, q, d->ca->url, code, fault) != PSE_OK) {
        pse_http_problem(c, 503, "no-answer");
    } else {
        pse_http_answer_header(&a, "Location", (const char *)where.p);
        pse_http_answer(c, &a);
    }
    pse_buf_free(&where);
}

static void give_code(struct demo_oidc *d, struct pse_http_call *c,
                      const struct pse_demo_question *q)
{
    char code[PSE_DEMO_SECRET_TEXT], person[64];
    pse_rc rc;

    memset(person, 0, sizeof person);
    memcpy(person, q->person.p, q->person.n);
    rc = pse_demo_codes_issue(code, d->codes, q, person, d->rng, now());
    if (rc == PSE_OK)
        send_back(d, c, q, code, PSE_DEMO_OIDC_GOOD);
    else
        pse_http_problem(c, 503, "busy");
    pse_wipe(code, sizeof code);
}

static void authorize_one(struct demo_oidc *d, struct pse_http_call *c)
{
    bool is_answer = pse_http_method(c) == PSE_HTTP_POST;
    struct pse_span form = is_answer ? pse_http_body(c) : pse_http_query(c);
    struct pse_demo_question q;
    struct look l = {.is_known = false};
    enum pse_demo_oidc_fault fault;

    if (demo_sites_read(&d->sites, d->ca->name, d->ca->dir) != PSE_OK) {
        pse_http_problem(c, 503, "no-answer");
        return;
    }
    fault = pse_demo_authorize_judge(&q, d->room, form, d->sites.site, d->sites.n);
    l.person = q.person;
    if (fault != PSE_DEMO_OIDC_GOOD && q.site == NULL)
        refuse(c, fault);
    else if (fault != PSE_DEMO_OIDC_GOOD)
        send_back(d, c, &q, NULL, fault);
    else if (!is_answer)
        ask_who(d, c, form, &q, NULL);
    else if (demo_ca_each(d->ca, look_row, &l) != PSE_OK)
        pse_http_problem(c, 503, "no-answer");
    else if (l.is_known)
        give_code(d, c, &q);
    else
        ask_who(d, c, form, &q, "The authority has no card of this number, or has revoked it.");
}

static void authorize(void *ctx, struct pse_http_call *const *call, size_t n)
{
    for (size_t i = 0; i < n; i++)
        authorize_one(ctx, call[i]);
}

/* --- token -------------------------------------------------------------------------------------
 */

static void refuse_token(struct pse_http_call *c, enum pse_demo_oidc_fault fault, bool by_header)
{
    bool is_stranger = fault == PSE_DEMO_OIDC_SITE || fault == PSE_DEMO_OIDC_SECRET;
    struct pse_http_answer a = not_kept(is_stranger ? 401 : 400, "application/json");
    struct pse_buf out = PSE_BUF(ANSWER_MAX);
    struct pse_json_wr w = pse_json_wr(&out, 0);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "error", pse_demo_oidc_error(fault));
    pse_json_wr_str(&w, "error_description", pse_demo_oidc_name(fault));
    pse_json_wr_end(&w);
    if (pse_json_wr_finish(&w) != PSE_OK) {
        pse_buf_free(&out);
        pse_http_problem(c, 503, "no-answer");
        return;
    }
    if (is_stranger && by_header)
        pse_http_answer_header(&a, "WWW-Authenticate", "Basic realm=\"" PSE_DEMO_WORDS "\"");
    a.own = out;
    pse_http_answer(c, &a);
}

static void token_one(struct demo_oidc *d, struct pse_http_call *c)
{
    struct pse_buf out = PSE_BUF(ANSWER_MAX);
    struct pse_span header = pse_span(NULL, 0);
    struct pse_demo_grant grant;
    enum pse_demo_oidc_fault fault = PSE_DEMO_OIDC_NO_MEMORY;
    bool by_header = pse_http_header(&header, c, "Authorization");

    if (demo_sites_read(&d->sites, d->ca->name, d->ca->dir) == PSE_OK)
        fault = pse_demo_codes_take(&grant, d->codes, pse_http_body(c), header, d->sites.site,
                                    d->sites.n, now());
    if (fault == PSE_DEMO_OIDC_NO_MEMORY)
        pse_http_problem(c, 503, "no-answer");
    else if (fault != PSE_DEMO_OIDC_GOOD)
        refuse_token(c, fault, by_header);
    else
        answer(c, 200, "application/json",
               pse_demo_tokens_put(&out, d->key, d->ca->url, &grant, d->rng, now()), &out);
}

static void token(void *ctx, struct pse_http_call *const *call, size_t n)
{
    for (size_t i = 0; i < n; i++)
        token_one(ctx, call[i]);
}

void demo_oidc_routes(struct pse_http_route route[DEMO_OIDC_ROUTES], struct demo_oidc *d)
{
    static const char form[] = "application/x-www-form-urlencoded";

    route[0] = (struct pse_http_route){
        .methods = PSE_HTTP_GET, .path = PSE_DEMO_DISCOVERY_PATH, .handle = discovery, .ctx = d};
    route[1] = (struct pse_http_route){
        .methods = PSE_HTTP_GET, .path = PSE_DEMO_KEYS_PATH, .handle = keys, .ctx = d};
    route[2] = (struct pse_http_route){.methods = PSE_HTTP_GET | PSE_HTTP_POST,
                                       .path = PSE_DEMO_AUTHORIZE_PATH,
                                       .query = true,
                                       .type = form,
                                       .body_max = PSE_DEMO_FORM_MAX,
                                       .handle = authorize,
                                       .ctx = d};
    route[3] = (struct pse_http_route){.methods = PSE_HTTP_POST,
                                       .path = PSE_DEMO_TOKEN_PATH,
                                       .type = form,
                                       .body_max = PSE_DEMO_FORM_MAX,
                                       .handle = token,
                                       .ctx = d};
}
