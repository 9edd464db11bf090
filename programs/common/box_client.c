#include "common/box_client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "common/options.h"
#include "common/parcel.h"
#include "election/entry.h"

/* An answer comes within the box's own deadlines (10 s for a receipt); a large parcel needs time on
 * the way, a second for each 64 KiB. */
enum { ASK_MS = 20000, ASK_STEP = 64 * 1024, ASK_MAX_MS = 3600 * 1000 };
enum { ANSWER_ARENA = 8 << 20, PARCEL_ARENA = 64 << 20, HEADER_MAX = 256 };

static const char unix_prefix[] = "unix:";
static const size_t unix_n = sizeof unix_prefix - 1;

pse_rc box_client_open(struct box_client *b, const char *name, const char *url, struct pse_rng *rng,
                       unsigned patience, bool quiet)
{
    int n;

    memset(b, 0, sizeof *b);
    b->name = name;
    b->rng = rng;
    b->patience = patience;
    b->quiet = quiet;
    n = snprintf(b->base, sizeof b->base, "%s", url);
    if ((!record_at_is_url(url) && strncmp(url, unix_prefix, unix_n) != 0) ||
        n >= (int)sizeof b->base - 256) {
        cli_error(name,
                  "'%.60s' is no address of a box; it begins with https:// or http://, or is "
                  "unix:PATH",
                  url);
        return PSE_E_SYNTAX;
    }
    while (n > 0 && b->base[n - 1] == '/')
        b->base[--n] = '\0';
    if (strncmp(b->base, unix_prefix, unix_n) == 0)
        b->socket = b->base + unix_n;
    return pse_fetcher_new(&b->web, 1);
}

void box_client_close(struct box_client *b)
{
    pse_fetcher_free(b->web);
    b->web = NULL;
}

void box_answer_free(struct box_answer *a)
{
    pse_buf_free(&a->body);
    pse_wipe(a->cookie, sizeof a->cookie);
}

/* --- problem documents --------------------------------------------------------------------------
 */

static bool take_text(struct pse_span *out, struct pse_json_rd *r, const char *member)
{
    const struct pse_json *v;

    pse_json_take_optional(&v, r, member);
    return v != NULL && pse_json_string(out, v) == PSE_OK;
}

/* "link-expired" of "urn:psephos:problem:link-expired". */
static void put_slug(struct box_answer *a, struct pse_span type)
{
    size_t from = type.n;

    while (from > 0 && type.p[from - 1] != ':' && type.p[from - 1] != '/')
        from--;
    if (type.n - from < sizeof a->slug)
        (void)snprintf(a->slug, sizeof a->slug, "%.*s", (int)(type.n - from),
                       (const char *)type.p + from);
}

void box_answer_read_problem(struct box_answer *a)
{
    PSE_ARENA(arena, ANSWER_ARENA);
    const struct pse_json *root, *v;
    struct pse_json_rd r;
    struct pse_span title = {0}, detail = {0}, type = {0};

    (void)snprintf(a->words, sizeof a->words, "it answers %u", a->status);
    if (pse_json_parse(&root, NULL, &arena, pse_buf_span(&a->body)) != PSE_OK ||
        pse_json_open(&r, root, NULL) != PSE_OK)
        return;
    if (take_text(&type, &r, "type"))
        put_slug(a, type);
    if (!take_text(&title, &r, "title"))
        title = type;
    if (title.n > 0)
        (void)snprintf(a->words, sizeof a->words, "%.*s", (int)(title.n > 120 ? 120 : title.n),
                       (const char *)title.p);
    if (take_text(&detail, &r, "detail")) {
        size_t at = strlen(a->words);

        (void)snprintf(a->words + at, sizeof a->words - at, ": %.*s",
                       (int)(detail.n > 180 ? 180 : detail.n), (const char *)detail.p);
    }
    pse_json_take_optional(&v, &r, "latest");
    a->has_latest = v != NULL && pse_json_hex(a->latest.b, sizeof a->latest.b, v) == PSE_OK;
}

/* --- asking -------------------------------------------------------------------------------------
 */

static bool is_passing(const struct pse_fetched *got)
{
    return got->rc == PSE_E_IO ||
           (got->rc == PSE_OK && (got->status == 408 || got->status == 429 || got->status >= 500));
}

static unsigned retry_after(const struct pse_fetched *got)
{
    uint64_t seconds;

    if (got->rc != PSE_OK || pse_decimal_decode(&seconds, pse_span_str(got->value[0])) != PSE_OK ||
        seconds > 3600)
        return 0;
    return (unsigned)seconds;
}

static unsigned ask_deadline(size_t body)
{
    size_t ms = ASK_MS + body / ASK_STEP * 1000;

    return ms > ASK_MAX_MS ? ASK_MAX_MS : (unsigned)ms;
}

static void say_trouble(const struct box_client *b, const struct pse_fetched *got, bool again)
{
    if (got->rc != PSE_OK)
        cli_note(b->name, "%s: %s%s", b->base, got->why, again ? "; trying again" : "");
    else
        cli_note(b->name, "%s answers %u%s", b->base, got->status, again ? "; trying again" : "");
}

/* Lines of a request's head; what they hold is wiped. */
struct head {
    char line[3][HEADER_MAX];
    const char *at[3];
    size_t n;
};

__attribute__((format(printf, 2, 3))) static void head_put(struct head *h, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(h->line[h->n], HEADER_MAX, format, args);
    va_end(args);
    h->at[h->n] = h->line[h->n];
    h->n++;
}

/* Until there is an answer that counts as one, or patience ends. */
static pse_rc fetch(struct pse_fetched *got, struct box_client *b, const struct pse_fetch *request)
{
    struct retry retry = retry_for(b->rng, b->patience);

    for (;;) {
        bool again;

        PSE_TRY(pse_fetch_one(got, b->web, request));
        if (!is_passing(got) || (b->once && got->rc == PSE_OK))
            return PSE_OK;
        pse_buf_free(&got->body);
        again = retry_wait(&retry, retry_after(got));
        if (!b->quiet || !again)
            say_trouble(b, got, again);
        if (again)
            continue;
        cli_error(b->name,
                  "%s gave no answer within %u s: what became of it is not known. Run the same "
                  "command again: the same bytes are sent, and nothing happens twice",
                  b->base, b->patience);
        return PSE_E_UNKNOWN;
    }
}

pse_rc box_client_ask(struct box_answer *a, struct box_client *b, const char *path,
                      const char *type, struct pse_span body)
{
    static const char *const keep[] = {"Retry-After", "Set-Cookie"};
    struct head head = {.n = 0};
    char url[PSE_FETCH_URL_MAX];
    struct pse_fetch request = {.url = url,
                                .unix_path = b->socket,
                                .post = type != NULL,
                                .body = body,
                                .header = head.at,
                                .keep = keep,
                                .kept = sizeof keep / sizeof *keep,
                                .max = BOX_ANSWER_MAX,
                                .deadline_ms = ask_deadline(body.n)};
    struct pse_fetched got;
    pse_rc rc;

    memset(a, 0, sizeof *a);
    (void)snprintf(url, sizeof url, "%s%s", b->socket == NULL ? b->base : "http://box", path);
    if (type != NULL)
        head_put(&head, "Content-Type: %s", type);
    if (type != NULL && b->token != NULL)
        head_put(&head, "Authorization: Bearer %s", b->token);
    if (type != NULL && b->cookie != NULL)
        head_put(&head, "Cookie: %s", b->cookie);
    request.headers = head.n;
    rc = fetch(&got, b, &request);
    pse_wipe(&head, sizeof head);
    PSE_TRY(rc);
    if (got.rc != PSE_OK) {
        cli_error(b->name, "%s: %s", url, got.why);
        pse_buf_free(&got.body);
        return got.rc;
    }
    a->status = got.status;
    a->body = got.body;
    (void)snprintf(a->cookie, sizeof a->cookie, "%s", got.value[1]);
    pse_wipe(got.value[1], sizeof got.value[1]);
    if (a->status >= 400)
        box_answer_read_problem(a);
    return PSE_OK;
}

/* --- receipts -----------------------------------------------------------------------------------
 */

static pse_rc no_proof(const char *name, const char *why)
{
    cli_error(name,
              "the box gave a receipt that proves nothing: %s; keep all files, they are evidence, "
              "and tell the election office",
              why);
    return PSE_E_PROOF;
}

pse_rc box_receipt_verify(uint64_t *index, const char *name, const struct record_pin *pin,
                          const pse_hash *leaf, struct pse_span receipt, uint64_t now)
{
    enum record_pin_fault fault;
    struct pse_checkpoint cp;
    struct pse_proof *proof = malloc(sizeof *proof);
    pse_rc rc;

    if (proof == NULL)
        return PSE_E_MEMORY;
    rc = pse_proof_parse(proof, receipt);
    if (rc != PSE_OK) {
        free(proof);
        return no_proof(name, "it is no proof at all");
    }
    *index = proof->index;
    fault = record_pin_check(&cp, NULL, pin, proof->checkpoint_bytes, now);
    if (fault != RECORD_PIN_GOOD)
        rc = no_proof(name, record_pin_words(fault));
    else if (pse_tree_inclusion_verify(&cp.root, cp.size, proof->index, leaf, proof->path.hash,
                                       proof->path.n) != PSE_OK)
        rc = no_proof(name, "the signed tree holds another entry in its place");
    free(proof);
    return rc;
}

static pse_rc judge_receipt(struct pse_buf *receipt, uint64_t *index, struct box_client *b,
                            const struct record_pin *pin, const pse_hash *leaf,
                            struct box_answer *a, uint64_t now)
{
    if (a->status != 200) {
        cli_error(b->name, "%s has no receipt for this entry: %s", b->base, a->words);
        return PSE_E_MISSING;
    }
    PSE_TRY(box_receipt_verify(index, b->name, pin, leaf, pse_buf_span(&a->body), now));
    *receipt = a->body;
    a->body = PSE_BUF(0);
    return PSE_OK;
}

pse_rc box_client_receipt(struct pse_buf *receipt, uint64_t *index, struct box_client *b,
                          const struct record_pin *pin, const pse_hash *leaf, uint64_t (*now)(void))
{
    struct retry retry = retry_for(b->rng, b->patience);
    char path[16 + 65] = "/v1/receipts/";

    pse_hex_encode(path + strlen(path), leaf->b, sizeof leaf->b);
    *receipt = PSE_BUF(PSE_PROOF_MAX);
    for (;;) {
        struct box_answer a;
        pse_rc rc = box_client_ask(&a, b, path, NULL, pse_span(NULL, 0));

        if (rc == PSE_OK && a.status != 202)
            rc = judge_receipt(receipt, index, b, pin, leaf, &a, now());
        else if (rc == PSE_OK)
            rc = retry_wait(&retry, 0) ? PSE_E_STATE : PSE_E_UNKNOWN;
        box_answer_free(&a);
        if (rc == PSE_E_UNKNOWN)
            cli_error(b->name,
                      "recorded, but not yet witnessed within %u s: there is no receipt yet. Run "
                      "the same command again later; nothing happens twice",
                      b->patience);
        if (rc != PSE_E_STATE)
            return rc;
    }
}

/* --- parcels ------------------------------------------------------------------------------------
 */

static pse_rc await_parcel(struct box_client *b, const struct record_pin *pin,
                           const struct parcel *parcel, uint64_t (*now)(void))
{
    for (size_t i = 0; i < parcel->entries; i++) {
        struct pse_buf receipt;
        uint64_t index;
        pse_hash leaf;
        pse_rc rc;

        pse_entry_leaf(&leaf, parcel->entry[i]);
        rc = box_client_receipt(&receipt, &index, b, pin, &leaf, now);
        pse_buf_free(&receipt);
        PSE_TRY(rc);
        if (!b->quiet)
            printf("Entry %llu: witnessed\n", (unsigned long long)index);
    }
    return PSE_OK;
}

pse_rc box_client_post_parcel(struct box_client *b, const struct record_pin *pin,
                              struct pse_span parcel, uint64_t (*now)(void))
{
    PSE_ARENA(arena, PARCEL_ARENA);
    struct parcel items;
    struct box_answer a;
    pse_rc rc;

    PSE_REQUIRE(parcel_parse(&items, &arena, parcel) == PSE_OK);
    rc = box_client_ask(&a, b, "/v1/parcels", "application/vnd.psephos.parcel", parcel);
    if (rc == PSE_OK && a.status != 200 && a.status != 202) {
        cli_error(b->name, "%s refuses the parcel: %s", b->base, a.words);
        rc = PSE_E_STATE;
    }
    box_answer_free(&a);
    return rc == PSE_OK ? await_parcel(b, pin, &items, now) : rc;
}
