#include "common/record_pin.h"

#include "codec/codec.h"
#include "common/files.h"
#include "common/options.h"
#include "election/entry.h"

/* A witness's clock may be ahead of ours by so much (ledger contract 4). */
enum { CLOCK_SKEW = 300, PIN_ARENA = 96 << 20 };

/* --- learning -----------------------------------------------------------------------------------
 */

/* A blob of the record, by its hash. */
static pse_rc fetch_blob(struct pse_buf *out, const struct record_pin *pin, struct record_at *at,
                         const pse_hash *hash, size_t max, const char *what)
{
    char path[FILE_BLOB_NAME];
    pse_rc rc;

    if (at == NULL) {
        cli_error(pin->name, "the %s is not at hand; give it with --%s", what, what);
        return PSE_E_MISSING;
    }
    rc = record_at_blob(at, out, hash, max);
    if (rc == PSE_OK)
        return PSE_OK;
    file_blob_name(path, hash);
    cli_error(pin->name, "%s gives no %s (%s): %s; ask for it somewhere else", record_at_where(at),
              what, path, record_at_trouble(at));
    return rc;
}

/* Entry 0 of the bundle that the checkpoint's stated size points to. Nothing is believed yet but,
 * for want of better, which election it names; the tree will have to hold this entry. */
static pse_rc peek_eid(pse_hash *eid, struct record_at *at)
{
    struct pse_buf bytes = PSE_BUF(PSE_BUNDLE_MAX);
    struct pse_checkpoint cp;
    struct pse_tile tile = {PSE_TILE_ENTRIES, PSE_TILE_WIDTH, 0};
    struct pse_span entries[PSE_TILE_WIDTH];
    struct pse_span got;
    struct pse_entry setup;
    unsigned width;
    pse_rc rc = record_at_get(at, &bytes, "checkpoint", PSE_NOTE_MAX);

    if (rc == PSE_OK)
        rc = pse_checkpoint_parse(&cp, pse_buf_span(&bytes));
    if (rc == PSE_OK && cp.size == 0)
        rc = PSE_E_MISSING;
    if (rc == PSE_OK && cp.size < PSE_TILE_WIDTH)
        tile.width = (unsigned)cp.size;
    if (rc == PSE_OK)
        rc = pse_tile_fetch(&got, &width, &tile, record_at_tile, at);
    if (rc == PSE_OK)
        rc = pse_bundle_parse(entries, width, got);
    if (rc == PSE_OK)
        rc = pse_entry_setup_peek(&setup, eid, entries[0]);
    pse_buf_free(&bytes);
    return rc;
}

/* The id, from wherever it may come first: given, the hash of a given manifest, the record. */
static pse_rc find_eid(struct record_pin *pin, struct record_at *at,
                       const struct record_pin_options *o)
{
    pse_rc rc;

    if (o->manifest != NULL) {
        PSE_TRY(file_read(&pin->manifest_bytes, pin->name, o->manifest, PSE_MANIFEST_MAX));
        pse_sha256(&pin->eid, pse_buf_span(&pin->manifest_bytes));
        pin->has_election = true;
    }
    if (o->eid != NULL) {
        if (pin->has_election && !pse_hash_is_equal(&pin->eid, o->eid)) {
            cli_error(pin->name, "%s is the manifest of another election than --eid names",
                      o->manifest);
            return PSE_E_MISMATCH;
        }
        pin->eid = *o->eid;
        pin->has_election = true;
    }
    if (pin->has_election || at == NULL || o->settled)
        return PSE_OK;
    rc = peek_eid(&pin->eid, at);
    if (rc == PSE_OK) {
        pin->has_election = true;
        pin->is_learnt = true;
        return PSE_OK;
    }
    if (o->policy != NULL && rc != PSE_E_IO)
        return PSE_OK;
    cli_error(pin->name,
              "%s does not say which election it holds: %s; name it with --eid or --policy",
              record_at_where(at),
              record_at_trouble(at)[0] != '\0' ? record_at_trouble(at) : pse_rc_name(rc));
    return rc;
}

static pse_rc parse_manifest(struct record_pin *pin, struct record_at *at,
                             const struct record_pin_options *o)
{
    struct pse_manifest_fault fault;

    if (o->manifest == NULL)
        PSE_TRY(fetch_blob(&pin->manifest_bytes, pin, at, &pin->eid, PSE_MANIFEST_MAX, "manifest"));
    if (pse_manifest_parse(&pin->manifest, &pin->arena, &fault, o->g,
                           pse_buf_span(&pin->manifest_bytes)) != PSE_OK) {
        cli_error(pin->name, "the manifest is not one of psephos/1 (V%03u, %s at %s)", fault.rule,
                  fault.slug == NULL ? "memory" : fault.slug, fault.path);
        return PSE_E_SYNTAX;
    }
    return PSE_OK;
}

static pse_rc parse_policy(struct record_pin *pin, struct record_at *at,
                           const struct record_pin_options *o)
{
    const struct pse_manifest *m = pin->manifest;
    size_t line = 0;
    pse_hash hash;

    if (o->policy != NULL)
        PSE_TRY(file_read(&pin->policy_bytes, pin->name, o->policy, PSE_POLICY_MAX));
    else if (m != NULL)
        PSE_TRY(fetch_blob(&pin->policy_bytes, pin, at, &m->policy, PSE_POLICY_MAX, "policy"));
    pse_sha256(&hash, pse_buf_span(&pin->policy_bytes));
    if (m != NULL && !pse_hash_is_equal(&hash, &m->policy)) {
        cli_error(pin->name, "%s is not the policy that this election's manifest names", o->policy);
        return PSE_E_MISMATCH;
    }
    if (pse_policy_parse(&pin->policy, &line, &pin->arena, pse_buf_span(&pin->policy_bytes)) !=
            PSE_OK ||
        pin->policy.logs != 1 || pin->policy.log_key.type != PSE_SIG_ED25519) {
        cli_error(pin->name,
                  "the policy (line %zu) is no policy of one log; run psephos policy "
                  "check on it",
                  line);
        return PSE_E_SYNTAX;
    }
    if (m != NULL &&
        pse_policy_election_check(&pin->policy, m->log_vkey, m->test, NULL, 0) != PSE_OK) {
        cli_error(pin->name, "the policy cannot serve this election; run psephos policy check");
        return PSE_E_MISMATCH;
    }
    pin->log_text = pin->policy.log;
    pin->log = pin->policy.log_key;
    return PSE_OK;
}

pse_rc record_pin_learn(struct record_pin *pin, const char *name, struct record_at *at,
                        const struct record_pin_options *o)
{
    memset(pin, 0, sizeof *pin);
    pin->name = name;
    pse_arena_init(&pin->arena, PIN_ARENA);
    pin->manifest_bytes = PSE_BUF(PSE_MANIFEST_MAX);
    pin->policy_bytes = PSE_BUF(PSE_POLICY_MAX);
    PSE_TRY(find_eid(pin, at, o));
    if (pin->has_election && (at != NULL || o->manifest != NULL))
        PSE_TRY(parse_manifest(pin, at, o));
    return parse_policy(pin, at, o);
}

void record_pin_free(struct record_pin *pin)
{
    pse_buf_free(&pin->manifest_bytes);
    pse_buf_free(&pin->policy_bytes);
    pse_arena_free(&pin->arena);
}

/* --- judging ------------------------------------------------------------------------------------
 */

const char *record_pin_words(enum record_pin_fault fault)
{
    switch (fault) {
    case RECORD_PIN_GOOD: return "good";
    case RECORD_PIN_FORM: return "it is no checkpoint";
    case RECORD_PIN_LOG: return "it is not signed by the log of this election";
    case RECORD_PIN_QUORUM: return "it is signed by the log but not by a quorum of witnesses";
    case RECORD_PIN_FUTURE:
        return "a witness signed it with a time in the future; check the clocks";
    }
    return "";
}

enum record_pin_fault record_pin_check(struct pse_checkpoint *cp, uint64_t *newest,
                                       const struct record_pin *pin, struct pse_span bytes,
                                       uint64_t now)
{
    uint64_t latest = 0;

    if (newest != NULL)
        *newest = 0;
    if (pse_checkpoint_parse(cp, bytes) != PSE_OK)
        return RECORD_PIN_FORM;
    if (pse_checkpoint_log_verify(cp, &pin->log) != PSE_OK)
        return RECORD_PIN_LOG;
    for (size_t i = 0; i < pin->policy.witnesses; i++) {
        uint64_t time = 0;

        (void)pse_note_check(&cp->note, &pse_policy_witness(&pin->policy, i)->key, &time);
        latest = time > latest ? time : latest;
    }
    if (newest != NULL)
        *newest = latest;
    if (pse_checkpoint_quorum_verify(cp, &pin->policy, NULL) != PSE_OK)
        return RECORD_PIN_QUORUM;
    return now > 0 && latest > now + CLOCK_SKEW ? RECORD_PIN_FUTURE : RECORD_PIN_GOOD;
}
