#include "psephos/eid_trust.h"

#include <stdio.h>
#include <string.h>

#include "common/options.h"
#include "psephos/certificates.h"

pse_rc eid_trust_forbid(struct eid_trust *t, const char *words)
{
    char *rest = NULL;

    (void)snprintf(t->text, sizeof t->text, "%s", words);
    t->forbidden_n = 0;
    for (char *word = strtok_r(t->text, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        if (t->forbidden_n == EID_FORBIDDEN_MAX)
            return PSE_E_LIMIT;
        if (!pse_oid_is_valid(word))
            return PSE_E_SYNTAX;
        t->forbidden[t->forbidden_n++] = word;
    }
    return PSE_OK;
}

static pse_rc read_anchors(struct pse_anchors **out, const char *name, const char *path,
                           const char *whom)
{
    const struct cli_list one = {.v = {path}, .n = 1};

    return anchors_read(out, name, &one, whom);
}

static pse_rc read_policies(struct eid_trust *t, const char *name, const struct eid_settings *s)
{
    pse_rc rc = eid_trust_forbid(t, s->forbid);

    if (rc != PSE_OK) {
        cli_error(name, "[eid] forbid-policies are not at most %d dotted OIDs", EID_FORBIDDEN_MAX);
        return rc;
    }
    if (s->policy[0] == '\0' || pse_oid_is_valid(s->policy)) {
        (void)snprintf(t->policy, sizeof t->policy, "%s", s->policy);
        return PSE_OK;
    }
    cli_error(name, "[eid] stamp-policy is no dotted OID");
    return PSE_E_SYNTAX;
}

pse_rc eid_trust_read(struct eid_trust *t, const char *name, const struct eid_settings *s)
{
    memset(t, 0, sizeof *t);
    if (s->people[0] == '\0')
        return PSE_OK;
    if (s->stamps[0] == '\0') {
        cli_error(name, "[eid] stamp-authorities is empty; signatures need a time stamp, so name "
                        "the authorities of a stamp service");
        return PSE_E_MISSING;
    }
    PSE_TRY(read_policies(t, name, s));
    PSE_TRY(read_anchors(&t->people, name, s->people, "authorities of eIDs"));
    PSE_TRY(read_anchors(&t->stamps, name, s->stamps, "stamp authorities"));
    return s->responder[0] == '\0' ? PSE_OK : certificate_read(&t->responder, name, s->responder);
}

void eid_trust_free(struct eid_trust *t)
{
    pse_anchors_free(t->people);
    pse_anchors_free(t->stamps);
    pse_certificate_free(t->responder);
    memset(t, 0, sizeof *t);
}

bool eid_trust_is_on(const struct eid_trust *t)
{
    return t->people != NULL;
}

void eid_trust_rules(struct pse_bond_rules *rules, const struct eid_trust *t)
{
    rules->people = t->people;
    rules->stamps = t->stamps;
    rules->responder = t->responder;
    rules->forbidden = t->forbidden;
    rules->forbidden_n = t->forbidden_n;
    rules->policy = t->policy[0] == '\0' ? NULL : t->policy;
}
