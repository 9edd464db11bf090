#include "common/act.h"
#include "common/options.h"

static struct pse_entry registrar_entry(enum pse_entry_type type)
{
    return (struct pse_entry){.type = (uint8_t)type, .role = PSE_ROLE_REGISTRAR};
}

static pse_rc registrar_may(const struct act *a, enum pse_entry_type type)
{
    return act_allowed(a, (uint8_t)type, PSE_ROLE_REGISTRAR, 0);
}

pse_rc act_roster(const struct act *a, const pse_seed *seed, struct pse_roster_record *record,
                  size_t n)
{
    uint8_t bytes[PSE_ROSTER_MAX * PSE_ROSTER_RECORD];

    PSE_TRY(registrar_may(a, PSE_ENTRY_ROSTER));
    if (pse_roster_sort(record, n) != PSE_OK) {
        cli_error(a->name, "one credential stands twice in the list; each voter needs one of their "
                           "own");
        return PSE_E_DUPLICATE;
    }
    for (size_t at = 0; at < n; at += PSE_ROSTER_MAX) {
        struct pse_entry entry = registrar_entry(PSE_ENTRY_ROSTER);
        size_t count = n - at < PSE_ROSTER_MAX ? n - at : PSE_ROSTER_MAX;

        pse_roster_encode(bytes, record + at, count);
        entry.u.roster.count = (uint16_t)count;
        entry.u.roster.records = bytes;
        PSE_TRY(act_entry(a, &entry, seed));
    }
    return PSE_OK;
}

static pse_rc find_credential(struct pse_credential_view *view, const struct act *a,
                              const pse_enc *credential)
{
    pse_rc rc = pse_engine_credential(a->e, view, credential);

    if (rc == PSE_E_MISSING)
        cli_error(a->name, "this credential was never on the roster; check the card and --record");
    return rc;
}

pse_rc act_change(const struct act *a, const pse_seed *seed, const pse_enc *old,
                  const pse_enc *fresh, uint8_t reason, const pse_hash *commitment)
{
    struct pse_entry entry = registrar_entry(PSE_ENTRY_CREDENTIAL_CHANGE);
    struct pse_credential_view view;

    PSE_TRY(registrar_may(a, PSE_ENTRY_CREDENTIAL_CHANGE));
    PSE_TRY(find_credential(&view, a, old));
    if (!view.is_active) {
        cli_error(a->name, "this credential is not active any more, so it cannot be changed");
        return PSE_E_STATE;
    }
    if (fresh != NULL && pse_engine_credential(a->e, &view, fresh) == PSE_OK) {
        cli_error(a->name, "the new credential has been on the roster already; make a fresh one");
        return PSE_E_DUPLICATE;
    }
    entry.u.credential_change.old = *old;
    entry.u.credential_change.action = fresh == NULL ? PSE_CHANGE_REVOKE : PSE_CHANGE_REPLACE;
    if (fresh != NULL)
        entry.u.credential_change.new_ = *fresh;
    entry.u.credential_change.reason = reason;
    entry.u.credential_change.commitment = *commitment;
    return act_entry(a, &entry, seed);
}

pse_rc act_revoke(const struct act *a, const pse_seed *seed, uint64_t ballot, uint8_t action,
                  uint8_t reason, const pse_hash *commitment)
{
    struct pse_entry entry = registrar_entry(PSE_ENTRY_BALLOT_REVOKE);

    PSE_TRY(registrar_may(a, PSE_ENTRY_BALLOT_REVOKE));
    entry.u.ballot_revoke.ballot = ballot;
    entry.u.ballot_revoke.action = action;
    entry.u.ballot_revoke.reason = reason;
    entry.u.ballot_revoke.commitment = *commitment;
    return act_entry(a, &entry, seed);
}
