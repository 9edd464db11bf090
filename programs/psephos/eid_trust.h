/* Whom daemons and auditors believe about persons: authorities of eIDs, who answers for them, and
 * the stamp service. The same settings stand with auth, which asks, and with officer, which
 * decides. */
#ifndef PSE_PSEPHOS_EID_TRUST_H
#define PSE_PSEPHOS_EID_TRUST_H

#include "daemon/config.h"
#include "identity/identity.h"

enum { EID_FORBIDDEN_MAX = 16 };

/** The section [eid]. */
struct eid_settings {
    char people[PSE_CONF_TEXT];
    char responder[PSE_CONF_TEXT];
    char stamps[PSE_CONF_TEXT];
    char policy[PSE_CONF_TEXT];
    char forbid[PSE_CONF_TEXT];
    uint64_t down;
};
enum eid_down { EID_DOWN_REFUSE, EID_DOWN_QUEUE };
#define EID_DOWN_WORDS "refuse|queue"

/* The signing policies of Mobile-ID, which the browser's flow is not meant for. */
#define EID_FORBID                                   \
    "1.3.6.1.4.1.10015.1.3 1.3.6.1.4.1.10015.1.3.1 " \
    "1.3.6.1.4.1.10015.1.3.2 1.3.6.1.4.1.10015.1.3.3"

#define EID_KEYS(type, field)                                                                     \
    PSE_CONF_PATH(type, field.people, "eid", "authorities", "", PSE_CONF_FIXED,                   \
                  "A file with the certificates of authorities that issue eIDs (PEM); empty: "    \
                  "nobody registers with an eID."),                                               \
        PSE_CONF_PATH(type, field.responder, "eid", "responder", "", PSE_CONF_FIXED,              \
                      "The certificate of the one service that answers about revocation; empty: " \
                      "any that these authorities appointed."),                                   \
        PSE_CONF_PATH(type, field.stamps, "eid", "stamp-authorities", "", PSE_CONF_FIXED,         \
                      "A file with the certificates of authorities of the stamp service (PEM)."), \
        PSE_CONF_WORDS(type, field.policy, "eid", "stamp-policy", 0, 120, "", PSE_CONF_FIXED,     \
                       "The policy that stamps must follow (dotted OID); empty: any."),           \
        PSE_CONF_WORDS(type, field.forbid, "eid", "forbid-policies", 0, 500, EID_FORBID,          \
                       PSE_CONF_FIXED,                                                            \
                       "Policies of certificates that are not accepted (dotted OIDs)."),          \
        PSE_CONF_CHOICE(type, field.down, "eid", "responder-down", EID_DOWN_WORDS, "queue",       \
                        PSE_CONF_FIXED,                                                           \
                        "What becomes of a registration while nobody answers about revocation: "  \
                        "it is refused, or waits under its time stamp and is judged later.")

struct eid_trust {
    struct pse_anchors *people, *stamps; /* NULL: not configured */
    struct pse_certificate *responder;   /* NULL: whom the authorities appoint */
    char policy[PSE_CONF_TEXT];
    char text[PSE_CONF_TEXT]; /* of the policies below */
    const char *forbidden[EID_FORBIDDEN_MAX];
    size_t forbidden_n;
};

/** Read what the settings name; without authorities nothing else is read. PSE_E_MISSING,
 * PSE_E_SYNTAX, PSE_E_LIMIT, PSE_E_IO, PSE_E_MEMORY, printed under @p name. */
PSE_MUST pse_rc eid_trust_read(struct eid_trust *t, const char *name, const struct eid_settings *s);
/** Split @p words, policies separated by spaces. PSE_E_SYNTAX: one is none; PSE_E_LIMIT. */
PSE_MUST pse_rc eid_trust_forbid(struct eid_trust *t, const char *words);
void eid_trust_free(struct eid_trust *t);
/** May persons register with an eID here? */
bool eid_trust_is_on(const struct eid_trust *t);
/** What of a bond's rules comes from here; the rest of @p rules stays. */
void eid_trust_rules(struct pse_bond_rules *rules, const struct eid_trust *t);

#endif
