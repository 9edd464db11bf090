#include "count_input.h"

#include <string.h>

#include "common/files.h"
#include "common/options.h"

/* A text of 64 MiB and what the readers and rules make of it: at most 8 bytes for a byte. */
enum { TEXT_MAX = 64 << 20 };
static const size_t MEMORY_MAX = (size_t)TEXT_MAX * 8;

const char *count_input_words(const char *slug)
{
    static const struct {
        const char *slug, *words;
    } table[] = {
        {"memory", "too large for the memory allowed; split the file"},
        {"text-utf8", "not UTF-8 or a control character; convert the file to UTF-8"},
        {"ballots-limit", "more than 2^40 ballots in all; check the numbers of ballots"},
        {"blt-sizes", "expected 'candidates seats', two numbers; is this a BLT file?"},
        {"blt-candidates", "1 to 255 candidates can be counted; correct the first number"},
        {"blt-seats", "seats must be 1 to 10000; correct the second number"},
        {"blt-truncated", "the file ends before the line '0' that closes the ballots; complete it"},
        {"blt-withdrawn", "withdrawn candidates are '-k', each once, with k a candidate's number"},
        {"blt-count", "a ballot line starts with how many ballots, 1 or more"},
        {"blt-ballot", "expected candidate numbers, equal ones joined by '='"},
        {"blt-ballot-end", "a ballot line ends with one 0 and nothing after it"},
        {"blt-option-range", "no candidate has this number; correct it or the first line"},
        {"blt-option-twice", "a ballot names a candidate twice; remove one"},
        {"blt-names", "fewer names than candidates; add one line for each candidate"},
        {"blt-quote", "a quoted name must close its quote (a quote inside is doubled)"},
        {"blt-after-title", "text after the title; remove it"},
        {"preflib-header", "DATA TYPE, NUMBER ALTERNATIVES or NUMBER CATEGORIES is missing; use "
                           "the PrefLib format of 2022"},
        {"preflib-type", "DATA TYPE must be soi, soc, toi, toc or cat"},
        {"preflib-alternatives", "NUMBER ALTERNATIVES must be 1 to 255"},
        {"preflib-categories", "NUMBER CATEGORIES must be 1 to 255"},
        {"preflib-voters", "the ballots do not add up to NUMBER VOTERS; correct either"},
        {"preflib-name", "a name is given for a number that does not exist"},
        {"preflib-count", "a ballot line is 'count: ranking' with a count of 1 or more"},
        {"preflib-ballot", "expected numbers separated by commas, equal ones in braces"},
        {"preflib-option-range", "no alternative has this number"},
        {"preflib-option-twice", "a ballot names an alternative twice; remove one"},
        {"preflib-ranks", "more ranks than alternatives, or than categories"},
        {"preflib-tie", "equal ranks in a strict order; set DATA TYPE to toi or toc"},
        {"preflib-incomplete", "a complete order leaves one out; set DATA TYPE to soi or toi"},
        {"csv-quote", "a quote is not closed or stands inside a plain field; double it"},
        {"csv-fields", "too many fields in a line"},
        {"counts-header",
         "the first line must be constituency,candidate_number,party,votes[,list]"},
        {"counts-fields", "as many fields as the first line has are needed"},
        {"counts-constituency", "the constituency is empty; name it"},
        {"counts-number", "a candidate's number must be 1 to 4294967295"},
        {"counts-number-twice", "a candidate's number occurs twice; number them all differently"},
        {"counts-votes", "votes must be a whole number, in all at most 2^40"},
        {"counts-list", "a place in the list must be a whole number from 1, or empty"},
        {"counts-candidates", "more than 65535 candidates"},
        {"counts-constituencies", "more than 4096 constituencies"},
        {"counts-parties", "more than 1024 parties"},
        {"counts-limit", "too large to count"},
        {"counts-empty", "no candidates; add one line for each"},
        {"mandates-header", "the first line must be constituency,mandates"},
        {"mandates-fields", "expected constituency,mandates"},
        {"mandates-unknown", "this constituency is not in the counts; correct its name"},
        {"mandates-twice", "a constituency occurs twice; remove one line"},
        {"mandates-number", "mandates must be a whole number from 1, in all at most 10000"},
        {"mandates-missing", "a constituency of the counts has no mandates; add a line for it"},
    };

    for (size_t i = 0; i < CLI_COUNT(table); i++)
        if (strcmp(table[i].slug, slug) == 0)
            return table[i].words;
    return slug;
}

static bool told(const char *name, const char *path, const struct pse_count_where *where)
{
    if (where->line == 0)
        cli_error(name, "%s: %s", path, count_input_words(where->slug));
    else
        cli_error(name, "%s:%zu: %s", path, where->line, count_input_words(where->slug));
    return false;
}

static bool read_returns(struct count_input *in, const char *name,
                         const struct count_input_files *f)
{
    struct pse_count_where where;

    if (pse_count_returns_read(&in->returns, &in->arena, &where, pse_buf_span(&in->text)) != PSE_OK)
        return told(name, f->counts, &where);
    if (f->mandates == NULL)
        return true;
    if (file_read(&in->mandates_text, name, f->mandates, TEXT_MAX) != PSE_OK)
        return false;
    if (pse_count_mandates_read(&in->returns, &where, pse_buf_span(&in->mandates_text)) != PSE_OK)
        return told(name, f->mandates, &where);
    return true;
}

bool count_input_read(struct count_input *in, const char *name, const struct count_input_files *f)
{
    const char *path = f->blt != NULL ? f->blt : f->preflib != NULL ? f->preflib : f->counts;
    int given = (f->blt != NULL) + (f->preflib != NULL) + (f->counts != NULL);
    struct pse_count_where where;
    pse_rc rc;

    memset(in, 0, sizeof *in);
    pse_arena_init(&in->arena, MEMORY_MAX);
    if (given != 1) {
        cli_error(name, "give exactly one input: --blt, --preflib or --counts");
        return false;
    }
    if (f->mandates != NULL && f->counts == NULL) {
        cli_error(name, "--mandates belongs to --counts; give both or neither");
        return false;
    }
    if (file_read(&in->text, name, path, TEXT_MAX) != PSE_OK)
        return false;
    in->is_returns = f->counts != NULL;
    if (in->is_returns)
        return read_returns(in, name, f);
    rc = f->blt != NULL
             ? pse_count_blt_read(&in->ballots, &in->arena, &where, pse_buf_span(&in->text))
             : pse_count_preflib_read(&in->ballots, &in->arena, &where, pse_buf_span(&in->text));
    return rc == PSE_OK || told(name, path, &where);
}

void count_input_free(struct count_input *in)
{
    pse_arena_free(&in->arena);
    pse_buf_free(&in->text);
    pse_buf_free(&in->mandates_text);
}
