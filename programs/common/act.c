#include "common/act.h"

#include "common/options.h"

pse_rc act_entry(const struct act *a, const struct pse_entry *entry, const pse_seed *seed)
{
    struct pse_buf bytes = PSE_BUF(PSE_ENTRY_MAX);
    pse_rc rc = pse_entry_build(&bytes, a->g, pse_engine_manifest(a->e), entry, seed);

    if (rc == PSE_E_MISMATCH)
        cli_error(a->name, "this key is not the one that the manifest names for this role; use the "
                           "key whose card went into the plan");
    else if (rc != PSE_OK)
        cli_error(a->name, "the %s entry cannot be made (%s); check the values given",
                  pse_entry_type_name(entry->type), pse_rc_name(rc));
    if (rc == PSE_OK)
        rc = a->sink->entry(a->sink->ctx, pse_buf_span(&bytes));
    pse_buf_free(&bytes);
    return rc;
}

/* What the record waits for, by state: the second half of "not now". */
static const char *waits_for(enum pse_state state)
{
    switch (state) {
    case PSE_STATE_START: return "its setup";
    case PSE_STATE_KEYS: return "the trustees' ceremony, the roster and `officer open`";
    case PSE_STATE_OPEN: return "ballots and then `officer close`";
    case PSE_STATE_CLOSED: return "`officer freeze`";
    case PSE_STATE_FROZEN: return "the mixers and then `officer mix-end`";
    case PSE_STATE_MIXED: return "the trustees' decryption and then `officer result`";
    case PSE_STATE_RESULT: return "`officer end`";
    case PSE_STATE_ABORT: return "`officer end`";
    case PSE_STATE_END: return "nothing: it is finished";
    }
    return "something else";
}

pse_rc act_allowed(const struct act *a, uint8_t type, uint8_t role, uint8_t index)
{
    enum pse_state state = pse_engine_state(a->e);

    if (pse_engine_may(a->e, type, role, index))
        return PSE_OK;
    cli_error(a->name, "no %s entry can be written now: the record is in state %s and waits for %s",
              pse_entry_type_name(type), pse_state_name(state), waits_for(state));
    return PSE_E_STATE;
}

pse_rc act_key_index(uint8_t *index, const struct act *a, const struct key *k)
{
    const struct pse_manifest *m = pse_engine_manifest(a->e);
    unsigned n = k->role == KEY_TRUSTEE ? m->trustees : m->mixers;

    for (unsigned i = 0; i < n; i++) {
        const pse_edkey *sign = k->role == KEY_TRUSTEE ? &m->trustee[i].sign : &m->mixer[i].sign;

        if (pse_edkey_is_equal(sign, &k->sign_public)) {
            *index = (uint8_t)(i + 1);
            return PSE_OK;
        }
    }
    cli_error(a->name, "this key is no %s of this election; check --key and --record",
              key_role_name(k->role));
    return PSE_E_MISMATCH;
}
