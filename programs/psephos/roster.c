/* psephos registrar roster: a list of voters becomes roster entries, letters, and evidence. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "common/evidence.h"
#include "common/files.h"
#include "common/letter.h"
#include "psephos/registrar.h"

enum {
    VOTERS_FILE_MAX = 256 << 20,
    VOTERS_MAX = 1 << 24,
    CARD_ARENA = 1 << 20,
    LETTER_MAX = 8192,
};

struct roster_options {
    struct session_options common;
    const char *voters, *letters, *evidence;
};

/* --- the list ----------------------------------------------------------------------------------
 */

enum { FIELDS = 4 };

/* The next line's four fields. PSE_E_MISSING: no more lines. */
static pse_rc next_line(struct pse_sheet *c)
{
    PSE_TRY(pse_sheet_next(c));
    return c->fields == FIELDS ? PSE_OK : PSE_E_SYNTAX;
}

static bool is_field(const struct pse_sheet *c, size_t i, const char *word)
{
    return pse_span_is_str(c->field[i], word);
}

static pse_rc check_head(struct pse_sheet *c, const char *name, const char *path)
{
    if (next_line(c) == PSE_OK && is_field(c, 0, "evidence") && is_field(c, 1, "style") &&
        is_field(c, 2, "weight") && is_field(c, 3, "card"))
        return PSE_OK;
    cli_error(name, "%s does not begin with the line evidence,style,weight,card", path);
    return PSE_E_SYNTAX;
}

/* --- one voter ----------------------------------------------------------------------------------
 */

static void put_letter(struct pse_buf *out, const struct session *s, const struct pse_sheet *c,
                       const char *code, const pse_enc *credential)
{
    const struct pse_manifest *m = pse_engine_manifest(s->load.e);
    char voter[PSE_VOTER_CODE_TEXT];
    char eid[65];

    pse_code_encode(voter, credential->b, PSE_VOTER_CODE_BYTES);
    pse_hex_encode(eid, m->eid.b, 32);
    pse_utf8_put_escaped(out, pse_text_in(&m->title, pse_span_str("en")));
    pse_wr_str(out, "\nVoting letter for: ");
    pse_utf8_put_escaped(out, c->field[0]);
    pse_wr_str(out, "\n\nThis code is your right to vote. Show it to nobody.\n\ncode: ");
    pse_wr_str(out, code);
    pse_wr_str(out, "\n\nThis code stands in the public record for you. It is no secret between\n"
                    "you and your devices; compare it when you vote.\n\nvoter code: ");
    pse_wr_str(out, voter);
    pse_wr_str(out, "\n\nelection: ");
    pse_wr_str(out, eid);
    pse_wr_str(out, "\n");
}

/* The registrar makes the credential and prints it; nothing of it stays but the letter. */
static pse_rc write_letter(pse_enc *credential, struct session *s, const struct roster_options *o,
                           const struct pse_sheet *c, size_t number)
{
    PSE_SECRET(letter_secret, secret);
    PSE_SECRET(pse_secret, d);
    struct pse_buf text = PSE_BUF(PSE_SHEET_RECORD_MAX + LETTER_MAX);
    char code[LETTER_TEXT];
    char leaf[64];
    char path[FILE_PATH_MAX];
    pse_rc rc;

    PSE_TRY(session_want(s, o->letters, "letters DIR (for voters without a card)"));
    PSE_TRY(file_make_dir(s->name, o->letters));
    pse_rng_fill(&s->rng, secret.b, sizeof secret.b);
    letter_credential(&d, pse_engine_eid(s->load.e), &secret);
    pse_credential_public(credential, s->g, &d);
    letter_encode(code, &secret);
    put_letter(&text, s, c, code, credential);
    pse_wipe(code, sizeof code);
    (void)snprintf(leaf, sizeof leaf, "letter-%04zu.txt", number);
    rc = text.rc;
    if (rc == PSE_OK)
        rc = file_join(path, s->name, o->letters, leaf);
    if (rc == PSE_OK)
        rc = file_write(s->name, path, pse_buf_span(&text), FILE_NEW | FILE_SECRET);
    pse_buf_free(&text);
    return rc;
}

static pse_rc read_voter_card(pse_enc *credential, const struct session *s, const char *path)
{
    PSE_ARENA(arena, CARD_ARENA);
    struct card card;

    PSE_TRY(card_read(&card, &arena, s->name, path, KEY_VOTER, s->g));
    if (!pse_hash_is_equal(&card.eid, pse_engine_eid(s->load.e))) {
        cli_error(s->name, "%s was made for another election; have it made again", path);
        return PSE_E_MISMATCH;
    }
    *credential = card.point;
    return PSE_OK;
}

static pse_rc read_numbers(struct pse_roster_record *record, const struct session *s,
                           const struct roster_options *o, const struct pse_sheet *c)
{
    const struct pse_style *style;
    uint64_t id;
    uint64_t weight;

    if (pse_decimal_decode(&id, c->field[1]) != PSE_OK || id > UINT16_MAX ||
        (style = pse_manifest_style(pse_engine_manifest(s->load.e), (uint16_t)id)) == NULL) {
        cli_error(s->name, "%s, line %zu: the manifest has no such ballot style", o->voters,
                  c->line);
        return PSE_E_SYNTAX;
    }
    if (pse_decimal_decode(&weight, c->field[2]) != PSE_OK || weight < 1 || weight > (1u << 20) ||
        (style->has_mix && weight != 1)) {
        cli_error(s->name, "%s, line %zu: the weight must be %s", o->voters, c->line,
                  "1..1048576, and 1 where the style has a mix contest");
        return PSE_E_SYNTAX;
    }
    record->style = (uint16_t)id;
    record->weight = (uint32_t)weight;
    return PSE_OK;
}

static pse_rc read_voter(struct pse_roster_record *record, struct session *s,
                         const struct roster_options *o, struct pse_sheet *c, size_t number)
{
    struct pse_credential_view seen;
    char path[FILE_PATH_MAX];

    PSE_TRY(read_numbers(record, s, o, c));
    (void)snprintf(path, sizeof path, "%.*s", (int)c->field[3].n, (const char *)c->field[3].p);
    if (c->field[3].n == 0)
        PSE_TRY(write_letter(&record->credential, s, o, c, number));
    else
        PSE_TRY(read_voter_card(&record->credential, s, path));
    if (pse_engine_credential(s->load.e, &seen, &record->credential) == PSE_OK) {
        cli_error(s->name, "%s, line %zu: this credential is on the roster already", o->voters,
                  c->line);
        return PSE_E_DUPLICATE;
    }
    return evidence_commit(&record->commitment, s->name, o->evidence, "roster",
                           pse_engine_eid(s->load.e), c->field[0], &s->rng);
}

/* --- all of them --------------------------------------------------------------------------------
 */

static pse_rc read_voters(struct pse_roster_record **record, size_t *n, struct session *s,
                          const struct roster_options *o, struct pse_sheet *c)
{
    size_t room = 0;
    pse_rc rc;

    while ((rc = next_line(c)) == PSE_OK) {
        if (*n == room) {
            struct pse_roster_record *more;

            room = room == 0 ? 1024 : 2 * room;
            more = room > VOTERS_MAX ? NULL : realloc(*record, room * sizeof **record);
            if (more == NULL)
                return PSE_E_MEMORY;
            *record = more;
        }
        PSE_TRY(read_voter(&(*record)[*n], s, o, c, *n + 1));
        *n += 1;
    }
    if (rc == PSE_E_SYNTAX || rc == PSE_E_ENCODING || rc == PSE_E_LIMIT)
        cli_error(s->name, "%s, line %zu does not have the form evidence,style,weight,card",
                  o->voters, c->line);
    return rc == PSE_E_MISSING ? PSE_OK : rc;
}

static pse_rc enrol(struct session *s, const struct roster_options *o, struct pse_sheet *c)
{
    struct pse_roster_record *record = NULL;
    struct act a = session_act(s);
    size_t n = 0;
    pse_rc rc = act_allowed(&a, PSE_ENTRY_ROSTER, PSE_ROLE_REGISTRAR, 0);

    if (rc == PSE_OK)
        rc = check_head(c, s->name, o->voters);
    if (rc == PSE_OK)
        rc = read_voters(&record, &n, s, o, c);
    if (rc == PSE_OK && n == 0) {
        cli_error(s->name, "%s names no voters", o->voters);
        rc = PSE_E_SYNTAX;
    }
    if (rc == PSE_OK)
        rc = act_roster(&a, &s->key->sign, record, n);
    if (rc == PSE_OK)
        session_say(s, "%zu voters", n);
    free(record);
    return rc;
}

static pse_rc roster(struct session *s, const struct roster_options *o)
{
    struct pse_buf text;
    struct pse_sheet c;
    pse_rc rc;

    PSE_TRY(session_want(s, o->voters, "voters FILE"));
    PSE_TRY(session_want(s, o->evidence, "evidence FILE"));
    PSE_TRY(session_start(s, s->name, &o->common));
    PSE_TRY(session_key(s, KEY_REGISTRAR));
    PSE_TRY(file_read(&text, s->name, o->voters, VOTERS_FILE_MAX));
    rc = pse_sheet_open(&c, pse_buf_span(&text));
    if (rc == PSE_OK)
        rc = enrol(s, o, &c);
    else
        cli_error(s->name, "%s, line %zu is not UTF-8 without a byte order mark; save it as such",
                  o->voters, c.line);
    pse_sheet_close(&c);
    pse_buf_free(&text);
    return rc;
}

int registrar_roster(int argc, char **argv)
{
    struct roster_options o = {.voters = NULL};
    struct session s = {.name = "psephos registrar roster", .options = &o.common};
    const struct cli_option options[] = {
        SESSION_OPTIONS(&o.common),
        CLI_TEXT("voters", "FILE", &o.voters,
                 "CSV: evidence,style,weight,card; no card: a letter is made"),
        CLI_TEXT("letters", "DIR", &o.letters, "where letters with credentials are put"),
        CLI_TEXT("evidence", "FILE", &o.evidence, "your private file of evidence and salts"),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR --key FILE --voters FILE --evidence FILE [--letters DIR] --out "
                    "FILE",
        .about = "Enrol voters. The record gets credentials, styles, weights and commitments;\n"
                 "names stay in your own files.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, roster(&s, &o),
                       "send the parcel to the board, the letters to the voters");
}
