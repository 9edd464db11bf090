/* What an officer or trustee is told: what happened, and what to do. */
#include "webauthn.h"

struct words {
    const char *name, *text;
};

static const struct words words[PSE_WEBAUTHN_FAULTS] = {
    [PSE_WEBAUTHN_GOOD] = {"good", "The authenticator's answer holds."},
    [PSE_WEBAUTHN_CHALLENGE_MISSING] =
        {"challenge_missing", "This request was used already or never begun here. Start anew."},
    [PSE_WEBAUTHN_CHALLENGE_EXPIRED] =
        {"challenge_expired", "That took longer than five minutes. Read what is to be done again, "
                              "then start anew."},
    [PSE_WEBAUTHN_ANSWER] =
        {"answer", "What came from the browser could not be read. Load the page again; use another "
                   "browser if it goes on."},
    [PSE_WEBAUTHN_PURPOSE] =
        {"purpose", "This answer belongs to another request of yours. Load the page again and "
                    "start anew."},
    [PSE_WEBAUTHN_CREDENTIAL] = {"credential",
                                 "This authenticator is not registered for you. Use one of yours."},
    [PSE_WEBAUTHN_USER_HANDLE] = {"user_handle",
                                  "This authenticator is somebody else's. Use one of yours."},
    [PSE_WEBAUTHN_CLIENT_DATA] =
        {"client_data", "What the browser says about its request could not be read. Use another "
                        "browser."},
    [PSE_WEBAUTHN_TYPE] =
        {"type", "The answer was made for something else than was asked. Load the page again and "
                 "start anew."},
    [PSE_WEBAUTHN_CHALLENGE] =
        {"challenge", "The answer belongs to another request, maybe of another window. Load the "
                      "page again and start anew."},
    [PSE_WEBAUTHN_ORIGIN] =
        {"origin", "The answer was made on another site. Check the address in the browser; if it "
                   "is not the one you were given, close the page and tell the others."},
    [PSE_WEBAUTHN_CROSS_ORIGIN] =
        {"cross_origin", "The page was shown inside a page of another site. Open its own address, "
                         "and tell the others."},
    [PSE_WEBAUTHN_ATTESTATION_OBJECT] =
        {"attestation_object", "What the authenticator says about its new key could not be read. "
                               "Use another browser or authenticator."},
    [PSE_WEBAUTHN_AUTHENTICATOR_DATA] =
        {"authenticator_data", "What the authenticator says could not be read. Use another browser "
                               "or authenticator."},
    [PSE_WEBAUTHN_RP_ID] =
        {"rp_id", "The authenticator was used for another site. Check the address in the browser."},
    [PSE_WEBAUTHN_USER_PRESENT] =
        {"user_present", "The authenticator was not touched. Try again and touch it when it asks."},
    [PSE_WEBAUTHN_USER_VERIFIED] =
        {"user_verified", "The authenticator did not ask who you are. Set a PIN, finger or face on "
                          "it, or use another."},
    [PSE_WEBAUTHN_BACKUP] =
        {"backup", "The authenticator contradicts itself about whether its key is copied to other "
                   "devices. Use your other one, and have this one replaced."},
    [PSE_WEBAUTHN_SYNCED] =
        {"synced", "This key would be copied to other devices. Use an authenticator that keeps its "
                   "keys, such as a security key."},
    [PSE_WEBAUTHN_ALGORITHM] =
        {"algorithm", "This authenticator does not sign with ES256 or EdDSA. Use another model."},
    [PSE_WEBAUTHN_PUBLIC_KEY] = {"public_key",
                                 "The authenticator gave a key that is none. Use another one."},
    [PSE_WEBAUTHN_AAGUID] =
        {"aaguid", "This model of authenticator is not in the list of those that are accepted "
                   "here. Use one that is."},
    [PSE_WEBAUTHN_ATTESTATION] =
        {"attestation", "What the authenticator says about its maker does not hold. Use another "
                        "one, and tell the others."},
    [PSE_WEBAUTHN_ATTESTATION_UNTRUSTED] =
        {"attestation_untrusted", "No accepted maker vouches for this authenticator. Use one of an "
                                  "accepted maker, and let the browser show make and model."},
    [PSE_WEBAUTHN_REGISTERED] =
        {"registered", "This authenticator is registered already. Use a second, different one."},
    [PSE_WEBAUTHN_SIGNATURE] =
        {"signature", "The authenticator's signature does not hold. Try again; use your other one "
                      "if it goes on."},
    [PSE_WEBAUTHN_SIGN_COUNT] =
        {"sign_count", "The authenticator's counter has not risen, so there may be a copy of it. "
                       "Use your other one, have this one removed, and tell the others."},
    [PSE_WEBAUTHN_NO_MEMORY] = {"memory",
                                "The service is short of memory. Try again in a few minutes."},
};

static const struct words *row_of(enum pse_webauthn_fault fault)
{
    PSE_REQUIRE(fault < PSE_WEBAUTHN_FAULTS);
    return &words[fault];
}

const char *pse_webauthn_fault_name(enum pse_webauthn_fault fault)
{
    return row_of(fault)->name;
}

const char *pse_webauthn_fault_words(enum pse_webauthn_fault fault)
{
    return row_of(fault)->text;
}
