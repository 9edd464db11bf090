/* What a login or registration that is refused says to the voter: what happened, and what to do. */
#include <pthread.h>

#include "psephos/auth.h"

static const struct {
    const char *slug;
    struct pse_http_detail words;
} table[] = {
    {"malformed",
     {"This request cannot be read", "Nothing was done. Load the page again and begin anew."}},
    {"no-links-here",
     {"Nobody logs in by mail here", "Use the way of logging in that your letter names."}},
    {"no-cards-here",
     {"Nobody logs in with a card here", "Use the way of logging in that your letter names."}},
    {"no-oidc-here",
     {"Nobody logs in by an identity service here",
      "Use the way of logging in that your letter names."}},
    {"too-many-logins",
     {"Too many logins were begun", "None was begun now, and running ones go on. Wait for the time "
                                    "in Retry-After, then try again."}},
    {"registrar",
     {"The voter list cannot be asked just now",
      "Nothing was done. Try again in a minute; if it lasts, tell the election office."}},
    {"link-unknown",
     {"This link is not valid",
      "It was used already, or a newer one was sent. Ask for a new link and use the latest mail."}},
    {"link-other-browser",
     {"This link was asked for in another browser",
      "Open it in the browser in which you asked for it, or ask for a new one here."}},
    {"link-expired", {"This link is too old", "Ask for a new one and use it at once."}},
    {"no-session",
     {"You are not logged in, or your login is over", "Log in again, then repeat what you did."}},
    {"by-letter-only",
     {"Credentials are given by letter only in this election",
      "Use the letter that you got; if you have none, ask the election office."}},
    {"signature-needed",
     {"A signature with your card is needed",
      "Nothing was registered. Sign when you are asked to."}},
    {"card-login-needed",
     {"A login with a card is needed for this",
      "Nothing was registered. Log in with your card, then register again."}},
    {"proof",
     {"The credential was not shown to be yours",
      "Nothing was registered. Load the page again and begin anew."}},
    {"not-listed",
     {"You are not on the voter list", "Nothing was registered. Ask the election office."}},
    {"not-yet-eligible",
     {"You may not vote yet", "Nothing was registered. Come back when you may."}},
    {"no-longer-eligible",
     {"You may no longer vote",
      "Nothing was registered. If that is wrong, ask the election office."}},
    {"registered-before",
     {"You have a credential already",
      "It stands. If it is lost, ask for it to be replaced; ballots cast with it will not count."}},
    {"nothing-to-replace", {"There is no credential to be replaced", "Register one instead."}},
    {"credential-taken",
     {"This credential was registered before",
      "Nothing was registered. Let your device make a new one and register that."}},
    {"registration-pending",
     {"Your registration is under way",
      "It need not be made again. Ask here again in some minutes."}},
    {"eid-nonce-missing",
     {"This login was not begun in this browser", "Begin again, and stay in the same browser."}},
    {"eid-nonce-expired",
     {"This login took too long", "Begin again, and enter your PIN within five minutes."}},
    {"eid-expired",
     {"The certificate of your card has expired", "Renew the card, or vote another way."}},
    {"eid-not-yet-valid",
     {"The certificate of your card is not valid yet",
      "Try again when it is, or vote another way."}},
    {"eid-revoked",
     {"The certificate of your card is suspended or revoked",
      "Ask whoever issued the card, or vote another way."}},
    {"eid-unknown",
     {"The card's issuer does not know this certificate",
      "Ask whoever issued the card, or vote another way."}},
    {"eid-untrusted",
     {"This card is not of a kind that is accepted here",
      "Use another card, or vote another way."}},
    {"eid-nobody",
     {"The person of this card is not on the voter list", "Ask the election office."}},
    {"eid-ocsp-unreachable",
     {"The card's issuer cannot be asked just now",
      "You are not logged in. Try again in some minutes, or vote another way."}},
};

/* Cards and signatures have many faults, named by what failed first and then by why. */
static bool begins(const char *slug, const char *part)
{
    size_t n = strlen(part);

    return strncmp(slug, part, n) == 0 && (slug[n] == '\0' || slug[n] == '-');
}

static bool is_of_signature(const char *slug)
{
    static const char *const part[] = {"form", "statement",   "election", "credential", "nonce",
                                       "cms",  "certificate", "subject",  "person",     "issuer",
                                       "time", "stamp",       "ocsp",     "pending",    "memory"};

    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++)
        if (begins(slug, part[i]))
            return true;
    return false;
}

static struct pse_http_detail oidc_words[PSE_OIDC_FAULTS];

static void fill_oidc_words(void)
{
    for (int i = PSE_OIDC_GOOD + 1; i < PSE_OIDC_FAULTS; i++)
        oidc_words[i] =
            (struct pse_http_detail){.title = "The login over the identity service did not succeed",
                                     .detail = pse_oidc_words_of((enum pse_oidc_fault)i)->text};
}

static const struct pse_http_detail *find_oidc(const char *slug)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    PSE_REQUIRE(pthread_once(&once, fill_oidc_words) == 0);
    for (int i = PSE_OIDC_GOOD + 1; i < PSE_OIDC_FAULTS; i++) {
        if (strcmp(pse_oidc_words_of((enum pse_oidc_fault)i)->slug, slug) == 0)
            return &oidc_words[i];
    }
    return NULL;
}

const struct pse_http_detail *auth_words(const char *slug)
{
    static const struct pse_http_detail card = {
        .title = "Your card was not accepted",
        .detail = "You are not logged in. Begin again; if it fails again, tell the election office "
                  "the word at the end of `type`, or vote another way."};
    static const struct pse_http_detail signature = {
        .title = "Your signature was not accepted",
        .detail = "Nothing was registered. Sign again in some minutes; if it fails again, tell the "
                  "election office the word at the end of `type`."};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i].slug, slug) == 0)
            return &table[i].words;
    if (begins(slug, "oidc"))
        return find_oidc(slug);
    if (begins(slug, "eid"))
        return &card;
    return is_of_signature(slug) ? &signature : NULL;
}
