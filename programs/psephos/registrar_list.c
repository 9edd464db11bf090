/* psephos registrar list: the voter list, version by version. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/list_signature.h"
#include "psephos/verbs.h"
#include "psephos/voters.h"

enum { LIST_FILE_MAX = 512 << 20, CARD_ARENA = 1 << 20, SIGNATURE_FILE_MAX = 64 * 1024 };
#define LIST_ARENA ((size_t)4 << 30)

struct list_options {
    struct session_options common;
    struct voters_options voters;
    const char *file;      /* the word */
    const char *signature; /* --signature */
    const char *issuer;    /* --issuer */
    struct cli_hash base;  /* --base */
    uint64_t limit;        /* --limit */
    bool is_dry;
    bool is_large;
};

/* --- words for people --------------------------------------------------------------------------
 */

static pse_rc say_fault(const struct session *s, const char *file, const struct pse_list_fault *f)
{
    static const struct {
        const char *slug, *words;
    } table[] = {
        {"utf8", "is not UTF-8 without a byte order mark; save the file as such"},
        {"sheet", "is no line of comma-separated values (quotes, empty line, control character)"},
        {"empty", "the list names nobody"},
        {"column-unknown", "a column is none of op, id, name, address, mail, district, style, "
                           "weight, from, until"},
        {"column-twice", "a column stands there twice"},
        {"column-missing", "the columns id, name and style must be there"},
        {"fields", "has more or fewer fields than the first line"},
        {"id", "the id is missing, longer than 128 bytes, or has spaces around it"},
        {"id-twice", "this id stood in the list before"},
        {"name", "the name is missing, longer than 400 bytes, or has spaces around it"},
        {"address", "the address is longer than 1000 bytes, or has spaces around it"},
        {"mail", "the mail address is none"},
        {"district", "the district is longer than 200 bytes, or has spaces around it"},
        {"style", "the manifest has no such ballot style"},
        {"weight", "the weight must be 1..1048576"},
        {"weight-mix", "the weight must be 1, for the style has a mix contest"},
        {"date", "a date must be a day written YYYY-MM-DD"},
        {"dates-order", "the last day is before the first"},
        {"op", "op must be add, alter, move or remove"},
        {"remove-fields", "a removal names the id only"},
        {"known", "this id is on the list already; use alter or move"},
        {"unknown", "this id is not on the list"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (f->slug != NULL && strcmp(f->slug, table[i].slug) == 0) {
            cli_error(s->name, "%s, line %zu: %s", file, f->line, table[i].words);
            return PSE_E_SYNTAX;
        }
    }
    cli_error(s->name, "%s, line %zu cannot be read", file, f->line);
    return PSE_E_SYNTAX;
}

static void put_voter(const struct pse_voter *v)
{
    struct pse_buf text = PSE_BUF(16384);

    pse_utf8_put_escaped(&text, v->id);
    pse_wr_str(&text, "  ");
    pse_utf8_put_escaped(&text, v->name);
    if (v->district.n > 0) {
        pse_wr_str(&text, ", ");
        pse_utf8_put_escaped(&text, v->district);
    }
    printf("%.*s, style %u, weight %u", (int)text.n, (const char *)text.p, v->style, v->weight);
    pse_buf_free(&text);
}

struct watch {
    const struct session *s;
    const struct list_options *o;
    bool is_refused; /* too many changes */
};

/* The difference, a line a change: + new, - gone, > moved, ~ altered. */
static void show_change(void *ctx, enum pse_list_op op, size_t line, const struct pse_voter *old,
                        const struct pse_voter *fresh)
{
    static const char sign[] = {' ', '+', '~', '>', '-'};
    const struct watch *w = ctx;

    (void)line;
    if (w->o->common.quiet)
        return;
    printf("%c ", sign[op]);
    put_voter(op == PSE_LIST_MOVE ? old : fresh != NULL ? fresh : old);
    if (op == PSE_LIST_MOVE) {
        printf("  ->  ");
        put_voter(fresh);
    }
    putchar('\n');
}

static const struct pse_district_count *find_district(const struct pse_district_count *d, size_t n,
                                                      struct pse_span name)
{
    for (size_t i = 0; i < n; i++) {
        if (pse_span_is_equal(d[i].district, name))
            return &d[i];
    }
    return NULL;
}

static void say_district(const struct session *s, struct pse_span name, uint64_t before,
                         uint64_t after)
{
    struct pse_buf text = PSE_BUF(4096);

    pse_utf8_put_escaped(&text, name.n == 0 ? pse_span_str("(no district)") : name);
    session_say(s, "  %-30.*s %10llu -> %10llu", (int)text.n, (const char *)text.p,
                (unsigned long long)before, (unsigned long long)after);
    pse_buf_free(&text);
}

static void say_districts(const struct session *s, const struct pse_list_summary *x)
{
    session_say(s, "Voters by district, before and after:");
    for (size_t i = 0; i < x->districts_after; i++) {
        const struct pse_district_count *d = &x->district_after[i];
        const struct pse_district_count *b =
            find_district(x->district_before, x->districts_before, d->district);

        say_district(s, d->district, b == NULL ? 0 : b->voters, d->voters);
    }
    for (size_t i = 0; i < x->districts_before; i++) {
        const struct pse_district_count *d = &x->district_before[i];

        if (find_district(x->district_after, x->districts_after, d->district) == NULL)
            say_district(s, d->district, d->voters, 0);
    }
}

static void say_summary(const struct session *s, const struct pse_list_summary *x)
{
    say_districts(s, x);
    session_say(
        s, "%llu added, %llu altered, %llu moved, %llu removed, %llu unchanged",
        (unsigned long long)x->count[PSE_LIST_ADD], (unsigned long long)x->count[PSE_LIST_ALTER],
        (unsigned long long)x->count[PSE_LIST_MOVE], (unsigned long long)x->count[PSE_LIST_REMOVE],
        (unsigned long long)x->count[PSE_LIST_STAND]);
}

/* The first list changes everything; later ones should not. */
static pse_rc check_size(struct watch *w, const struct pse_list_summary *x)
{
    uint64_t changes = x->count[PSE_LIST_ADD] + x->count[PSE_LIST_ALTER] + x->count[PSE_LIST_MOVE] +
                       x->count[PSE_LIST_REMOVE];

    if (x->before == 0 || changes * 100 <= w->o->limit * x->before || w->o->is_large)
        return PSE_OK;
    w->is_refused = true;
    cli_error(w->s->name,
              "%llu changes are more than %llu %% of %llu voters; look at the difference, then "
              "confirm with --large or raise --limit",
              (unsigned long long)changes, (unsigned long long)w->o->limit,
              (unsigned long long)x->before);
    return PSE_E_UNSUPPORTED;
}

static pse_rc confirm(void *ctx, const struct pse_list_summary *x)
{
    struct watch *w = ctx;
    char hex[65];

    if (!w->o->common.quiet)
        say_summary(w->s, x);
    PSE_TRY(check_size(w, x));
    if (w->o->is_dry)
        return PSE_E_UNSUPPORTED;
    pse_hex_encode(hex, x->hash.b, 32);
    session_say(w->s, "version %u %s", x->number, hex);
    return PSE_OK;
}
/* --- signed lists ------------------------------------------------------------------------------
 */

static pse_rc read_signature(struct list_signature *x, const struct session *s, const char *path)
{
    PSE_ARENA(arena, CARD_ARENA);
    struct pse_buf text;
    pse_rc rc;

    PSE_TRY(file_read(&text, s->name, path, SIGNATURE_FILE_MAX));
    rc = list_signature_parse(x, &arena, pse_buf_span(&text));
    pse_buf_free(&text);
    if (rc != PSE_OK)
        cli_error(s->name, "%s is no signature of a list; ask the issuer for it again", path);
    return rc == PSE_OK ? rc : PSE_E_SYNTAX;
}

static pse_rc issuer_key(pse_edkey *out, const struct session *s, const char *path)
{
    PSE_ARENA(arena, CARD_ARENA);
    struct card card;

    PSE_TRY(session_want(s, path, "issuer CARD"));
    PSE_TRY(card_read(&card, &arena, s->name, path, KEY_REGISTRAR, s->g));
    *out = card.sign;
    return PSE_OK;
}

/* Canonical, by the issuer, for this election, on top of the version that holds now. */
static pse_rc check_signature(const struct session *s, const struct list_options *o,
                              struct pse_voters *v, const struct pse_list *list,
                              struct pse_span csv)
{
    struct list_signature x;
    pse_edkey issuer;
    pse_hash head;
    uint32_t number;

    if (o->signature == NULL && list->is_whole)
        return PSE_OK;
    PSE_TRY(session_want(s, o->signature, "signature FILE (lists of changes are signed)"));
    PSE_TRY(issuer_key(&issuer, s, o->issuer));
    PSE_TRY(read_signature(&x, s, o->signature));
    if (!pse_edkey_is_equal(&issuer, &x.issuer)) {
        cli_error(s->name, "%s is by another key than --issuer", o->signature);
        return PSE_E_SIGNATURE;
    }
    if (pse_list_verify(&issuer, pse_voters_eid(v), &x.base, csv, x.sig) != PSE_OK) {
        cli_error(s->name, "the issuer's signature does not hold for %s; ask for both again",
                  o->file);
        return PSE_E_SIGNATURE;
    }
    if (pse_list_is_canonical(list, csv) != PSE_OK) {
        cli_error(s->name,
                  "%s is not in canonical form; the issuer makes it with psephos "
                  "registrar list sign",
                  o->file);
        return PSE_E_ENCODING;
    }
    PSE_TRY(voters_failed(s, &o->voters, pse_voters_head(v, &number, &head)));
    if (pse_hash_is_equal(&head, &x.base))
        return PSE_OK;
    cli_error(s->name,
              "these changes build on another version of the list than number %u; take "
              "in what is missing first",
              number);
    return PSE_E_STATE;
}

/* --- import ------------------------------------------------------------------------------------
 */

/* *is_same: nothing changes, and nothing was written. */
static pse_rc take_in(bool *is_same, struct session *s, const struct list_options *o,
                      struct voters *x, const struct pse_list *list,
                      const struct pse_list_source *source)
{
    struct watch w = {.s = s, .o = o};
    struct pse_list_watch watch = {.ctx = &w, .change = show_change, .confirm = confirm};
    struct pse_list_fault fault;
    pse_rc rc = pse_voters_import(x->v, &fault, list, source, &watch);

    *is_same = rc == PSE_E_MISSING;
    if (rc == PSE_E_SYNTAX)
        return say_fault(s, o->file, &fault);
    if (rc == PSE_E_UNSUPPORTED)
        return w.is_refused ? rc : PSE_OK;
    return *is_same ? PSE_OK : voters_failed(s, &o->voters, rc);
}

static pse_rc read_list(struct pse_list *list, struct pse_arena *arena, const struct session *s,
                        const struct list_options *o, struct pse_span csv)
{
    struct pse_list_fault fault;
    pse_rc rc = pse_list_read(list, arena, &fault, pse_engine_manifest(s->load.e), csv);

    if (rc == PSE_E_SYNTAX)
        return say_fault(s, o->file, &fault);
    if (rc == PSE_E_LIMIT)
        cli_error(s->name, "%s has more than %d lines; split it", o->file, PSE_LIST_ITEMS_MAX);
    return rc;
}

static pse_rc import_list(struct session *s, const struct list_options *o, struct voters *x,
                          const struct pse_list *list, struct pse_span csv)
{
    struct pse_list_source source = {.time = session_now()};
    struct list_options dry = *o;
    bool is_same = false;

    pse_sha256(&source.file, csv);
    PSE_TRY(check_signature(s, o, x->v, list, csv));
    if (!o->is_dry) {
        /* What can be refused is refused before the act is used up. */
        dry.is_dry = dry.common.quiet = true;
        PSE_TRY(take_in(&is_same, s, &dry, x, list, &source));
        if (!is_same)
            PSE_TRY(voters_consent(&source.act, s, &o->voters, "import", pse_voters_eid(x->v),
                                   &source.file));
    }
    if (!is_same)
        PSE_TRY(take_in(&is_same, s, o, x, list, &source));
    if (is_same)
        session_say(s, "Nothing changes; the list is what it was.");
    return PSE_OK;
}

static pse_rc import_bytes(struct session *s, const struct list_options *o, struct pse_span csv)
{
    PSE_ARENA(arena, LIST_ARENA);
    struct voters x = {.v = NULL};
    struct pse_list list;
    pse_rc rc;

    PSE_TRY(read_list(&list, &arena, s, o, csv));
    rc = voters_open(&x, s, &o->voters, false);
    if (rc == PSE_OK)
        rc = import_list(s, o, &x, &list, csv);
    voters_close(&x);
    return rc;
}

static pse_rc import(struct session *s, const struct list_options *o)
{
    struct pse_buf csv;
    pse_rc rc;

    PSE_TRY(session_start(s, s->name, &o->common));
    PSE_TRY(file_read(&csv, s->name, o->file, LIST_FILE_MAX));
    rc = import_bytes(s, o, pse_buf_span(&csv));
    pse_buf_free(&csv);
    return rc;
}

static int list_import(int argc, char **argv)
{
    struct list_options o = {.limit = 10};
    struct session s = {.name = "psephos registrar list import", .options = &o.common};
    const struct cli_option options[] = {
        SESSION_FOLLOW(&o.common),
        SESSION_EID(&o.common),
        VOTERS_OPTIONS(&o.voters),
        CLI_FLAG("dry-run", &o.is_dry, "show what would change, and change nothing"),
        CLI_NUMBER("limit", "PERCENT", &o.limit, 0, 100,
                   "refuse when more voters would change (default 10)"),
        CLI_FLAG("large", &o.is_large, "take in a list that changes more than that"),
        CLI_TEXT("signature", "FILE", &o.signature, "the issuer's signature, for changes"),
        CLI_TEXT("issuer", "CARD", &o.issuer, "who may sign lists of changes"),
        VOTERS_ACT(&o.voters),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "FILE --voters DB --wrap FILE --record DIR (--dry-run |\n"
                    "       --act FILE --officer CARD… --acts FILE)",
        .about = "Take in a voter list (CSV), or a signed list of changes, as a new version: all\n"
                 "of it, or nothing. Shows the difference, a line a voter, and counts by district.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = 1,
        .words = &o.file,
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, import(&s, &o), NULL);
}

/* --- create ------------------------------------------------------------------------------------
 */

static pse_rc create(struct session *s, const struct list_options *o)
{
    struct voters x = {.v = NULL};
    pse_rc rc;

    PSE_TRY(session_start(s, s->name, &o->common));
    PSE_TRY(session_want(s, o->voters.voters, "voters DB"));
    PSE_TRY(session_want(s, o->voters.wrap, "wrap FILE"));
    PSE_TRY(wrapkey_ensure(s->name, o->voters.wrap, &s->rng));
    rc = voters_key(&x, s, &o->voters);
    if (rc == PSE_OK)
        rc = voters_failed(
            s, &o->voters,
            pse_voters_create(&x.v, o->voters.voters, &x.w, pse_engine_eid(s->load.e), &s->rng));
    voters_close(&x);
    if (rc == PSE_OK)
        session_say(s, "%s: the voter database; keep %s apart from it, and a copy of both",
                    o->voters.voters, o->voters.wrap);
    return rc;
}

static int list_create(int argc, char **argv)
{
    struct list_options o = {.limit = 0};
    struct session s = {.name = "psephos registrar list create", .options = &o.common};
    const struct cli_option options[] = {SESSION_FOLLOW(&o.common), SESSION_EID(&o.common),
                                         VOTERS_OPTIONS(&o.voters), SESSION_QUIET(&o.common)};
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--voters DB --wrap FILE --record DIR",
        .about = "Make an empty voter database for an election, and its wrapping key unless it\n"
                 "is there.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, create(&s, &o), "take in the list with psephos registrar list import");
}

/* --- show --------------------------------------------------------------------------------------
 */

static pse_rc show(struct session *s, const struct list_options *o)
{
    PSE_ARENA(arena, (size_t)64 << 20);
    struct voters x = {.v = NULL};
    struct pse_district_count *d;
    uint32_t number;
    pse_hash head;
    char hex[65];
    size_t n;
    pse_rc rc;

    PSE_TRY(session_begin(s, s->name, &o->common));
    rc = voters_open(&x, s, &o->voters, true);
    if (rc == PSE_OK) {
        rc = pse_voters_head(x.v, &number, &head);
        if (rc == PSE_OK)
            rc = pse_voters_districts(x.v, &d, &n, &arena);
        rc = voters_failed(s, &o->voters, rc);
    }
    if (rc == PSE_OK) {
        pse_hex_encode(hex, pse_voters_eid(x.v)->b, 32);
        printf("election %s\n", hex);
        pse_hex_encode(hex, head.b, 32);
        printf("version  %u %s\n", number, hex);
        for (size_t i = 0; i < n; i++)
            say_district(s, d[i].district, d[i].voters, d[i].weight);
    }
    voters_close(&x);
    return rc;
}

static int list_show(int argc, char **argv)
{
    struct list_options o = {.limit = 0};
    struct session s = {.name = "psephos registrar list show", .options = &o.common};
    const struct cli_option options[] = {VOTERS_OPTIONS(&o.voters)};
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--voters DB --wrap FILE",
        .about = "Say which version of the list holds, and how many voters (and what weight)\n"
                 "each district has. No names.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, show(&s, &o), NULL);
}

/* --- sign --------------------------------------------------------------------------------------
 */

static pse_rc write_signature(const struct session *s, const struct list_options *o,
                              struct pse_span csv)
{
    struct pse_buf text = PSE_BUF(SIGNATURE_FILE_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 1);
    char path[FILE_PATH_MAX];
    uint8_t sig[64];
    pse_rc rc;

    PSE_TRY(pse_list_sign(sig, &s->key->sign, pse_engine_eid(s->load.e), &o->base.value, csv));
    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "kind", "psephos-list-signature-1");
    pse_json_wr_hex(&w, "base", o->base.value.b, 32);
    pse_json_wr_hex(&w, "issuer", s->key->sign_public.b, 32);
    pse_json_wr_hex(&w, "signature", sig, 64);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK && (size_t)snprintf(path, sizeof path, "%s.sig", o->common.out) >= sizeof path)
        rc = PSE_E_LIMIT;
    if (rc == PSE_OK)
        rc = file_write(s->name, o->common.out, csv, FILE_NEW | FILE_SECRET);
    if (rc == PSE_OK)
        rc = file_write(s->name, path, pse_buf_span(&text), FILE_NEW);
    pse_buf_free(&text);
    if (rc == PSE_OK)
        session_say(s, "%s, %s: send both to the registrar", o->common.out, path);
    return rc;
}

static pse_rc sign_bytes(struct session *s, const struct list_options *o, struct pse_span csv)
{
    PSE_ARENA(arena, LIST_ARENA);
    struct pse_buf out = PSE_BUF((size_t)LIST_FILE_MAX);
    struct pse_list list;
    pse_rc rc = read_list(&list, &arena, s, o, csv);

    if (rc == PSE_OK && list.is_whole) {
        cli_error(s->name, "%s has no column op, so it is no list of changes", o->file);
        rc = PSE_E_SYNTAX;
    }
    if (rc == PSE_OK) {
        rc = pse_list_write(&out, &list);
        if (rc == PSE_E_DUPLICATE)
            cli_error(s->name, "%s names one id twice", o->file);
    }
    if (rc == PSE_OK)
        rc = write_signature(s, o, pse_buf_span(&out));
    pse_buf_free(&out);
    return rc;
}

static pse_rc sign(struct session *s, const struct list_options *o)
{
    struct pse_buf csv;
    pse_rc rc;

    PSE_TRY(session_start(s, s->name, &o->common));
    PSE_TRY(session_want(s, o->base.given ? "" : NULL, "base HEX"));
    PSE_TRY(session_want(s, o->common.out, "out FILE"));
    PSE_TRY(session_key(s, KEY_REGISTRAR));
    PSE_TRY(file_read(&csv, s->name, o->file, LIST_FILE_MAX));
    rc = sign_bytes(s, o, pse_buf_span(&csv));
    pse_buf_free(&csv);
    return rc;
}

static int list_sign(int argc, char **argv)
{
    struct list_options o = {.limit = 0};
    struct session s = {.name = "psephos registrar list sign", .options = &o.common};
    const struct cli_option options[] = {
        SESSION_FOLLOW(&o.common),
        SESSION_KEY(&o.common),
        SESSION_EID(&o.common),
        CLI_HASH("base", "HEX", &o.base, "the version that the changes build on (list show)"),
        CLI_TEXT("out", "FILE", &o.common.out, "the canonical list; FILE.sig is put beside it"),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "FILE --base HEX --record DIR --key FILE --out FILE",
        .about = "For the issuer of the register: bring a list of changes into canonical form and\n"
                 "sign it.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = 1,
        .words = &o.file,
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, sign(&s, &o), NULL);
}

int registrar_list(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"create", "make an empty voter database", list_create},
        {"import", "take in a list, or changes", list_import},
        {"show", "the version that holds, counts by district", list_show},
        {"sign", "for issuers: canonical form and signature", list_sign},
    };

    return verbs_run("registrar list", "The voter list, version by version.", verb, CLI_COUNT(verb),
                     argc, argv);
}
