/* What a voter is told: short, what to do next, and no blame. */
#include "webeid.h"

static const struct pse_webeid_words by_code[] = {
    {"ERR_WEBEID_UNKNOWN_ERROR", "webeid-unknown",
     "Something went wrong between the browser and the card. Take the card out, put it back and "
     "try "
     "again.",
     true},
    {"ERR_WEBEID_ACTION_TIMEOUT", "webeid-action-timeout",
     "The Web eID program did not answer in time. Try again; restart the browser if it goes on.",
     true},
    {"ERR_WEBEID_USER_TIMEOUT", "webeid-user-timeout",
     "The card was not used in time. Put it into the reader and try again.", true},
    {"ERR_WEBEID_VERSION_MISMATCH", "webeid-version-mismatch",
     "Your Web eID program or browser extension is too old for this page. Install the newest from "
     "web-eid.eu, then try again.",
     false},
    {"ERR_WEBEID_VERSION_INVALID", "webeid-version-invalid",
     "Your Web eID program does not say which version it is. Install it anew from web-eid.eu.",
     false},
    {"ERR_WEBEID_EXTENSION_UNAVAILABLE", "webeid-extension-unavailable",
     "The Web eID extension is missing or switched off in this browser. Install it from web-eid.eu "
     "or switch it on, then load this page again.",
     false},
    {"ERR_WEBEID_NATIVE_UNAVAILABLE", "webeid-native-unavailable",
     "The Web eID program is missing on this computer. Install it from web-eid.eu, then try again.",
     false},
    {"ERR_WEBEID_CONTEXT_INSECURE", "webeid-context-insecure",
     "This page did not reach you over a secure connection, so the card was not asked. Check the "
     "address; it must begin with https.",
     false},
    {"ERR_WEBEID_USER_CANCELLED", "webeid-user-cancelled",
     "You stopped. Nothing was signed. You can start again whenever you like.", true},
    {"ERR_WEBEID_NATIVE_INVALID_ARGUMENT", "webeid-native-invalid-argument",
     "The Web eID program did not understand this page. This is a fault of ours: please tell the "
     "election's help desk.",
     false},
    {"ERR_WEBEID_NATIVE_FATAL", "webeid-native-fatal",
     "The Web eID program stopped with an error. Take the card out, put it back and try again.",
     true},
    {"ERR_WEBEID_ACTION_PENDING", "webeid-action-pending",
     "Another page or window is using the card. Finish or close it, then try again.", true},
    {"ERR_WEBEID_MISSING_PARAMETER", "webeid-missing-parameter",
     "This page asked the card in a wrong way. This is a fault of ours: please tell the election's "
     "help desk.",
     false},
};

static const struct pse_webeid_words by_fault[PSE_EID_FAULTS] = {
    [PSE_EID_PARSE] = {"parse", "eid-parse",
                       "What came from the card could not be read. Try again; update the Web eID "
                       "program if it goes on.",
                       true},
    [PSE_EID_PURPOSE] = {"purpose", "eid-purpose",
                         "This certificate is not meant for this. Use the card's certificate for "
                         "logging in to log in, and the one for signing to sign.",
                         true},
    [PSE_EID_POLICY] = {"policy", "eid-policy",
                        "This kind of electronic identity is not accepted in this election. Use an "
                        "identity card.",
                        false},
    [PSE_EID_NOT_YET_VALID] = {"not_yet_valid", "eid-not-yet-valid",
                               "Your card's certificate is not valid yet. See the date from which "
                               "it is in your card's papers.",
                               false},
    [PSE_EID_EXPIRED] = {"expired", "eid-expired",
                         "Your card's certificate has expired. Renew it with the authority that "
                         "issued the card, or vote in another way.",
                         false},
    [PSE_EID_UNTRUSTED] = {"untrusted", "eid-untrusted",
                           "This card was not issued by an authority that this election accepts.",
                           false},
    [PSE_EID_PERSON] = {"person", "eid-person",
                        "The signature is of another person than the one who logged in. Use the "
                        "same card for both.",
                        true},
    [PSE_EID_OCSP_UNREACHABLE] = {"ocsp_unreachable", "eid-ocsp-unreachable",
                                  "The authority that issued your card cannot be reached to ask "
                                  "whether the card is still good. Try again in a few minutes.",
                                  true},
    [PSE_EID_OCSP_MALFORMED] = {"ocsp_malformed", "eid-ocsp-malformed",
                                "The authority that issued your card did not give a usable answer. "
                                "Try again in a few minutes.",
                                true},
    [PSE_EID_OCSP_UNTRUSTED] = {"ocsp_untrusted", "eid-ocsp-untrusted",
                                "The answer about your card did not come from its authority. Try "
                                "again; tell the election's help desk if it goes on.",
                                true},
    [PSE_EID_OCSP_STALE] =
        {"ocsp_stale", "eid-ocsp-stale",
         "The answer about your card is out of date. Try again in a few minutes.", true},
    [PSE_EID_OCSP_NONCE] =
        {"ocsp_nonce", "eid-ocsp-nonce",
         "The answer about your card belongs to another question. Try again; tell "
         "the election's help desk if it goes on.",
         true},
    [PSE_EID_REVOKED] = {"revoked", "eid-revoked",
                         "Your card's certificate has been revoked or suspended. Ask the authority "
                         "that issued the card.",
                         false},
    [PSE_EID_UNKNOWN] = {"unknown", "eid-unknown",
                         "The authority does not know this card's certificate. Ask the authority "
                         "that issued the card.",
                         false},
    [PSE_EID_NONCE_MISSING] = {"nonce_missing", "eid-nonce-missing",
                               "This login was used already or never begun here. Load the page "
                               "again and start anew.",
                               true},
    [PSE_EID_NONCE_EXPIRED] = {"nonce_expired", "eid-nonce-expired",
                               "That took longer than five minutes. Load the page again and start "
                               "anew.",
                               true},
    [PSE_EID_ALGORITHM] = {"algorithm", "eid-algorithm",
                           "The card signed in a way that is not accepted here. Update the Web eID "
                           "program.",
                           false},
    [PSE_EID_SIGNATURE] = {"signature", "eid-signature",
                           "The card's signature does not hold for this page. See that the address "
                           "is the election's, then start anew.",
                           true},
    [PSE_EID_NO_MEMORY] = {"memory", "eid-memory",
                           "The service is short of memory. Try again in a few minutes.", true},
};

const struct pse_webeid_words *pse_webeid_words_of_code(struct pse_span code)
{
    for (size_t i = 0; i < sizeof by_code / sizeof *by_code; i++) {
        if (pse_span_is_str(code, by_code[i].code))
            return &by_code[i];
    }
    return &by_code[0];
}

const struct pse_webeid_words *pse_webeid_words_of_fault(enum pse_eid_fault fault)
{
    PSE_REQUIRE(fault > PSE_EID_GOOD && fault < PSE_EID_FAULTS);
    return &by_fault[fault];
}
