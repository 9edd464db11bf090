/* What a voter is told: short, what to do next, and no blame. */
#include "oidc_fault.h"

#define AGAIN "Load the page again and start anew."
#define DESK  "Please tell the election's help desk."
#define OURS  "The identity service and this election do not fit together. " DESK

static const struct pse_oidc_words by_fault[PSE_OIDC_FAULTS] = {
    [PSE_OIDC_GOOD] = {"good", "", "", false},
    [PSE_OIDC_UNREACHABLE] = {"unreachable", "oidc-unreachable",
                              "The identity service cannot be reached. Try again in a few minutes.",
                              true},
    [PSE_OIDC_OVERSIZED] = {"oversized", "oidc-oversized",
                            "The identity service gave an answer that cannot be used. Try again in "
                            "a few minutes.",
                            true},
    [PSE_OIDC_REDIRECTED] =
        {"redirected", "oidc-redirected",
         "The identity service pointed to another place, which is not followed. " DESK, false},
    [PSE_OIDC_STATUS] = {"status", "oidc-status",
                         "The identity service did not give a usable answer. Try again in a few "
                         "minutes.",
                         true},
    [PSE_OIDC_DISCOVERY_PARSE] = {"discovery_parse", "oidc-discovery-parse", OURS, false},
    [PSE_OIDC_DISCOVERY_ISSUER] = {"discovery_issuer", "oidc-discovery-issuer", OURS, false},
    [PSE_OIDC_DISCOVERY_ENDPOINT] = {"discovery_endpoint", "oidc-discovery-endpoint", OURS, false},
    [PSE_OIDC_DISCOVERY_FLOW] = {"discovery_flow", "oidc-discovery-flow", OURS, false},
    [PSE_OIDC_DISCOVERY_PKCE] = {"discovery_pkce", "oidc-discovery-pkce", OURS, false},
    [PSE_OIDC_DISCOVERY_ALGORITHM] = {"discovery_algorithm", "oidc-discovery-algorithm", OURS,
                                      false},
    [PSE_OIDC_DISCOVERY_CLIENT] = {"discovery_client", "oidc-discovery-client", OURS, false},
    [PSE_OIDC_STATE_MISSING] = {"state_missing", "oidc-state-missing",
                                "No login was begun in this browser. Begin on the election's page, "
                                "and allow its cookies.",
                                true},
    [PSE_OIDC_STATE_USED] = {"state_used", "oidc-state-used", "This login was used already. " AGAIN,
                             true},
    [PSE_OIDC_STATE_EXPIRED] = {"state_expired", "oidc-state-expired",
                                "That took longer than ten minutes. " AGAIN, true},
    [PSE_OIDC_CALLBACK_PARSE] =
        {"callback_parse", "oidc-callback-parse",
         "What came back from the identity service could not be read. " AGAIN, true},
    [PSE_OIDC_CALLBACK_DUPLICATE] =
        {"callback_duplicate", "oidc-callback-duplicate",
         "What came back from the identity service contradicts itself. " AGAIN, true},
    [PSE_OIDC_STATE_WRONG] =
        {"state_wrong", "oidc-state-wrong",
         "This answer belongs to another login. Log in in one window only: begin "
         "anew on the election's page.",
         true},
    [PSE_OIDC_CALLBACK_ISS_MISSING] =
        {"callback_iss_missing", "oidc-callback-iss-missing",
         "The answer does not say which identity service it comes from. " AGAIN, true},
    [PSE_OIDC_CALLBACK_ISS] =
        {"callback_iss", "oidc-callback-iss",
         "The answer came from another identity service than you chose. Begin anew "
         "on the election's page; tell the election's help desk if it goes on.",
         true},
    [PSE_OIDC_DENIED] =
        {"denied", "oidc-denied",
         "You stopped, or the identity service could not confirm who you are. You can "
         "start again whenever you like.",
         true},
    [PSE_OIDC_SERVICE_BUSY] =
        {"service_busy", "oidc-service-busy",
         "The identity service is not working right now. Try again in a few minutes.", true},
    [PSE_OIDC_SERVICE_ERROR] = {"service_error", "oidc-service-error",
                                "The identity service did not accept the request. " DESK, false},
    [PSE_OIDC_CALLBACK_CODE] = {"callback_code", "oidc-callback-code",
                                "The identity service's answer is incomplete. " AGAIN, true},
    [PSE_OIDC_CODE_REFUSED] =
        {"code_refused", "oidc-code-refused",
         "The identity service says that this login was used already or took too "
         "long. " AGAIN,
         true},
    [PSE_OIDC_CLIENT_REFUSED] =
        {"client_refused", "oidc-client-refused",
         "The identity service does not accept this election's own key. " DESK, false},
    [PSE_OIDC_TOKEN_REFUSED] = {"token_refused", "oidc-token-refused",
                                "The identity service did not finish the login. " AGAIN, true},
    [PSE_OIDC_TOKEN_PARSE] = {"token_parse", "oidc-token-parse",
                              "The identity service's answer could not be read. " AGAIN, true},
    [PSE_OIDC_TOKEN_TYPE] = {"token_type", "oidc-token-type", OURS, false},
    [PSE_OIDC_TOKEN_MISSING] = {"token_missing", "oidc-token-missing",
                                "The identity service did not say who you are. " DESK, false},
    [PSE_OIDC_KEYS_PARSE] = {"keys_parse", "oidc-keys-parse",
                             "The identity service's keys could not be read. " DESK, false},
    [PSE_OIDC_KEYS_DUPLICATE] = {"keys_duplicate", "oidc-keys-duplicate",
                                 "The identity service's keys contradict each other. " DESK, false},
    [PSE_OIDC_ID_PARSE] = {"id_parse", "oidc-id-parse",
                           "The identity service's confirmation could not be read. " AGAIN, true},
    [PSE_OIDC_ALGORITHM_NONE] = {"algorithm_none", "oidc-algorithm-none",
                                 "The confirmation of who you are is not signed. " DESK, false},
    [PSE_OIDC_ALGORITHM_SYMMETRIC] =
        {"algorithm_symmetric", "oidc-algorithm-symmetric",
         "The confirmation of who you are is signed in a way that anybody "
         "could imitate. " DESK,
         false},
    [PSE_OIDC_ALGORITHM] =
        {"algorithm", "oidc-algorithm",
         "The confirmation of who you are is signed in a way that is not accepted "
         "here. " DESK,
         false},
    [PSE_OIDC_CRITICAL] = {"critical", "oidc-critical", OURS, false},
    [PSE_OIDC_HEADER_KEY] =
        {"header_key", "oidc-header-key",
         "The confirmation of who you are brings its own key, which proves nothing. " DESK, false},
    [PSE_OIDC_TYPE] = {"type", "oidc-type", OURS, false},
    [PSE_OIDC_KEY_UNKNOWN] =
        {"key_unknown", "oidc-key-unknown",
         "The identity service has just changed its keys. Try again in a minute.", true},
    [PSE_OIDC_KEY_AMBIGUOUS] = {"key_ambiguous", "oidc-key-ambiguous",
                                "The confirmation does not say which key signed it. " DESK, false},
    [PSE_OIDC_KEY_UNFIT] = {"key_unfit", "oidc-key-unfit",
                            "The identity service signed with a key that is not for this. " DESK,
                            false},
    [PSE_OIDC_KEY_WEAK] = {"key_weak", "oidc-key-weak",
                           "The identity service signed with a key that is too weak. " DESK, false},
    [PSE_OIDC_SIGNATURE] = {"signature", "oidc-signature",
                            "The identity service's signature does not hold. " AGAIN, true},
    [PSE_OIDC_CLAIMS] = {"claims", "oidc-claims",
                         "The identity service's confirmation could not be understood. " DESK,
                         false},
    [PSE_OIDC_ISSUER] = {"issuer", "oidc-issuer",
                         "The confirmation comes from another identity service. " AGAIN, true},
    [PSE_OIDC_AUDIENCE] = {"audience", "oidc-audience",
                           "The confirmation was made for another site. " AGAIN, true},
    [PSE_OIDC_PARTY] = {"party", "oidc-party", "The confirmation was given to another site. " AGAIN,
                        true},
    [PSE_OIDC_EXPIRED] = {"expired", "oidc-expired",
                          "The confirmation of who you are is too old. " AGAIN, true},
    [PSE_OIDC_ISSUED_LATER] =
        {"issued_later", "oidc-issued-later",
         "The identity service's clock is ahead of ours. Try again in a few minutes.", true},
    [PSE_OIDC_NOT_YET_VALID] = {"not_yet_valid", "oidc-not-yet-valid",
                                "The confirmation is not valid yet. Try again in a few minutes.",
                                true},
    [PSE_OIDC_NONCE_MISSING] = {"nonce_missing", "oidc-nonce-missing", OURS, false},
    [PSE_OIDC_NONCE] = {"nonce", "oidc-nonce", "The confirmation belongs to another login. " AGAIN,
                        true},
    [PSE_OIDC_AT_HASH] = {"at_hash", "oidc-at-hash",
                          "Parts of the identity service's answer do not belong together. " AGAIN,
                          true},
    [PSE_OIDC_ACR_MISSING] = {"acr_missing", "oidc-acr-missing",
                              "The identity service does not say how surely it knows you. " DESK,
                              false},
    [PSE_OIDC_ACR_UNKNOWN] =
        {"acr_unknown", "oidc-acr-unknown",
         "The identity service knows you in a way that this election does not know. " DESK, false},
    [PSE_OIDC_ACR_LOW] =
        {"acr_low", "oidc-acr-low",
         "This way of logging in is not strong enough for this election. Log in again "
         "with a stronger one, such as an identity card.",
         true},
    [PSE_OIDC_AMR_MISSING] = {"amr_missing", "oidc-amr-missing",
                              "The identity service does not say what you logged in with. " DESK,
                              false},
    [PSE_OIDC_AMR] =
        {"amr", "oidc-amr",
         "What you logged in with is not accepted in this election. Log in again in another "
         "way.",
         true},
    [PSE_OIDC_SUBJECT_MISSING] = {"subject_missing", "oidc-subject-missing",
                                  "The identity service did not say who you are. " DESK, false},
    [PSE_OIDC_SUBJECT_FORM] = {"subject_form", "oidc-subject-form",
                               "The identity service knows you by a number that is not of this "
                               "election's list of voters. " DESK,
                               false},
    [PSE_OIDC_SUBJECT_CHANGED] =
        {"subject_changed", "oidc-subject-changed",
         "That was another person than before. Log in as the same person, or log "
         "out first.",
         true},
    [PSE_OIDC_NO_MEMORY] = {"memory", "oidc-memory",
                            "The service is short of memory. Try again in a few minutes.", true},
};

const char *pse_oidc_fault_name(enum pse_oidc_fault fault)
{
    PSE_REQUIRE(fault < PSE_OIDC_FAULTS);
    return by_fault[fault].name;
}

const struct pse_oidc_words *pse_oidc_words_of(enum pse_oidc_fault fault)
{
    PSE_REQUIRE(fault > PSE_OIDC_GOOD && fault < PSE_OIDC_FAULTS);
    return &by_fault[fault];
}
