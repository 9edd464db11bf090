#include "common/stop_words.h"

#include <string.h>

#include "codec/codec.h"
#include "common/instant.h"
#include "common/options.h"
#include "daemon/log.h"

enum { EXIT_REFUSES = 4, WORDS_MAX = 4096 };

/* Letters stand for what is known: S store, R record, W the witness, O our size or time, T theirs,
 * D and E the same as instants, A where, C the status. Everything else is the sentence. */
static const struct {
    enum pse_stop_reason reason;
    const char *words;
} sentence[] = {
    {PSE_STOP_NONE, "it was asked to stop"},
    {PSE_STOP_NO_HEAD,
     "the store {S} holds no log; make one with psephos store init, or name the right store"},
    {PSE_STOP_HEAD,
     "the head in {S} is damaged or of another key ({A}); bring back the newest head "
     "from the server or disk that wrote it, never an older one"},
    {PSE_STOP_HEAD_EXISTS,
     "the store {S} has served a log before; a log is made once, choose a new store"},
    {PSE_STOP_RECORD_EXISTS,
     "{R} has a published checkpoint already; a log is made once, choose a new folder"},
    {PSE_STOP_LOCKED,
     "another process writes to {A}; one sequencer runs at a time, end that one first"},
    {PSE_STOP_RECORD_AHEAD,
     "{R}/checkpoint has {T} entries and the head in {S} only {O}: the head is an old copy; bring "
     "back the newest one, never sign on from a backup"},
    {PSE_STOP_RECORD_FORKED,
     "{R}/checkpoint ({T} entries) is not of the tree of the head in {S} ({O} entries); find out "
     "which store wrote it, and start with that one"},
    {PSE_STOP_TILES,
     "{R}/{A} is missing or damaged: the files do not give the signed root; copy "
     "them back from a mirror (psephos mirror MIRROR {R} --once), then start again"},
    {PSE_STOP_WITNESS_AHEAD, "{W} has cosigned {T} entries and the head in {S} has {O}: the head "
                             "is an old copy; bring back "
                             "the newest one, never sign on from a backup"},
    {PSE_STOP_WITNESS_FORKED,
     "{W} shows a checkpoint of {T} entries that this log signed and that is not of its tree: two "
     "histories exist. Keep both notes, tell the authority, and see docs/ledger.md section 5"},
    {PSE_STOP_FEW_WITNESSES, "{O} witnesses answer and the quorum takes {T}; reach them (psephos "
                             "monitor tells which), then "
                             "start again"},
    {PSE_STOP_CLOCK,
     "this machine's clock says {D}, and the last checkpoint was signed at {E}; set the clock "
     "right, then start again"},
    {PSE_STOP_FENCED,
     "another sequencer has taken over the log in {S}; leave it at that, or end that one and start "
     "here again"},
    {PSE_STOP_UNKNOWN,
     "it cannot be told whether the last batch reached the store {S} ({A}); start "
     "again, and what is there will be found"},
    {PSE_STOP_SECOND_OPINION,
     "the second verification does not agree with the first: nothing was signed. Keep {S} and the "
     "log lines, compare psephos audit store, and run on another machine"},
    {PSE_STOP_JUDGE, "entries cannot be examined ({C}): the files below {R} or the memory fail; "
                     "check both, then start again"},
    {PSE_STOP_STORE,
     "the store {S} fails: {A} ({C}); mend the server or the disk, then start again"},
    {PSE_STOP_FILES, "{R} cannot be written: {A}; make room or mend the disk, then start again"},
    {PSE_STOP_MEMORY, "there is not enough memory; give the machine more, then start again"},
};
_Static_assert(sizeof sentence / sizeof *sentence == PSE_STOPS, "a sentence for each reason");

static void put_witness(struct pse_buf *out, const struct pse_stop *why,
                        const struct pse_policy *policy)
{
    pse_wr_str(out, "witness ");
    if (policy != NULL && why->witness < policy->witnesses)
        pse_log_put_text(out, pse_policy_witness(policy, why->witness)->name);
    else
        pse_decimal_put(out, why->witness + 1);
}

static void put_instant(struct pse_buf *out, uint64_t seconds)
{
    char text[INSTANT_TEXT];

    instant_text(text, seconds > INT64_MAX ? INT64_MAX : (int64_t)seconds);
    pse_wr_str(out, text);
}

const char *stop_place(const char *url)
{
    return strncmp(url, "postgres", 8) == 0 ? "in PostgreSQL" : url;
}

static void put_known(struct pse_buf *out, char what, const struct pse_stop *why, const char *store,
                      const char *record, const struct pse_policy *policy)
{
    switch (what) {
    case 'S': pse_wr_str(out, stop_place(store)); break;
    case 'R': pse_wr_str(out, record); break;
    case 'W': put_witness(out, why, policy); break;
    case 'O': pse_decimal_put(out, why->ours); break;
    case 'T': pse_decimal_put(out, why->theirs); break;
    case 'D': put_instant(out, why->ours); break;
    case 'E': put_instant(out, why->theirs); break;
    case 'C': pse_wr_str(out, pse_rc_name(why->rc)); break;
    default: pse_wr_str(out, why->where[0] != '\0' ? why->where : "no more is known");
    }
}

void stop_words(struct pse_buf *out, const struct pse_stop *why, const char *store,
                const char *record, const struct pse_policy *policy)
{
    const char *at = NULL;

    for (size_t i = 0; i < CLI_COUNT(sentence); i++) {
        if (sentence[i].reason == why->reason)
            at = sentence[i].words;
    }
    PSE_REQUIRE(at != NULL);
    for (; *at != '\0'; at++) {
        if (at[0] == '{' && at[1] != '\0' && at[2] == '}') {
            put_known(out, at[1], why, store, record, policy);
            at += 2;
        } else {
            pse_wr_u8(out, (uint8_t)*at);
        }
    }
}

void stop_say(const char *name, const struct pse_stop *why, const char *store, const char *record,
              const struct pse_policy *policy)
{
    struct pse_buf words = PSE_BUF(WORDS_MAX);

    stop_words(&words, why, store, record, policy);
    pse_wr_u8(&words, 0);
    cli_error(name, "%s", words.rc == PSE_OK ? (const char *)words.p : pse_stop_name(why->reason));
    pse_buf_free(&words);
}

int stop_exit(const struct pse_stop *why)
{
    return pse_stop_is_refusal(why->reason) ? EXIT_REFUSES : CLI_EXIT_FAILED;
}
