/* HTTP requests to others: one, or many at once, over kept connections.
 *
 * For: witnesses, mirrors, time stamps, feeds. Every answer is hostile input: its length, its
 * headers and its time are bounded by what the request says. Only http and https; no proxy, no
 * cookies, no stored passwords, no environment variable has a say; redirects are off unless
 * allowed. Not for: which hosts may be asked (the caller's list), meaning of answers.
 *
 *     struct pse_fetcher *f;
 *     PSE_TRY(pse_fetcher_new(&f, 8));
 *     for (…) PSE_TRY(pse_fetch_start(f, &request, on_answer, ctx));
 *     while (pse_fetch_pending(f) > 0 && !enough)
 *         PSE_TRY(pse_fetch_wait(f, 50));
 *
 * A fetcher and its connections belong to one thread. What is still under way may be left and
 * waited for later, while other requests start: a straggler costs nobody time. */
#ifndef PSE_NET_FETCH_H
#define PSE_NET_FETCH_H

#include "base/base.h"

enum {
    PSE_FETCH_URL_MAX = 2048,
    PSE_FETCH_SEND_HEADERS = 16,
    PSE_FETCH_KEEP = 8,             /* answer headers a request may ask to see */
    PSE_FETCH_VALUE_MAX = 256,      /* of such a header; longer ones are left out */
    PSE_FETCH_HEAD_MAX = 64 * 1024, /* all headers of an answer */
    PSE_FETCH_AT_ONCE = 1024,
};

/** A request. What it points to must live until pse_fetch_start returns; it is copied. */
struct pse_fetch {
    const char *url;           /* http:// or https://, printable ASCII */
    bool post;                 /* POST with @ref body, else GET */
    struct pse_span body;      /* of a POST; may be empty */
    const char *const *header; /* "Name: value", for Content-Type, Range, … */
    size_t headers;
    const char *const *keep; /* names of answer headers to keep, static for the whole request */
    size_t kept;
    size_t max;            /* longest body that is accepted */
    unsigned deadline_ms;  /* for everything: name, connection, answer */
    unsigned redirects;    /* how many to follow; 0: the answer is the redirect */
    const char *ca;        /* file of trusted roots; NULL: the system's */
    const char *unix_path; /* socket to connect to, whatever the URL's host; NULL: the host */
};

/** An answer. status and value are there with PSE_OK only; any HTTP status is PSE_OK. */
struct pse_fetched {
    pse_rc rc; /* PSE_OK, PSE_E_LIMIT (longer than allowed), PSE_E_MEMORY, PSE_E_IO */
    bool late; /* PSE_E_IO because the deadline has passed */
    unsigned status;
    struct pse_buf body;
    char value[PSE_FETCH_KEEP][PSE_FETCH_VALUE_MAX]; /* of keep[i]; "" when absent */
    const char *why;                                 /* a few words for people, static */
};

/** Called once for each request, from pse_fetch_wait, in the order they finish. @p got lives until
 * it returns; its body may be taken (copy the struct and set got->body = PSE_BUF(0)). May start
 * further requests. */
typedef void pse_fetch_done(void *ctx, struct pse_fetched *got);

struct pse_fetcher;

/** A fetcher that keeps at most @p connections open. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_fetcher_new(struct pse_fetcher **out, unsigned connections);
/** Drop what is under way (without calling back) and close. NULL is fine. */
void pse_fetcher_free(struct pse_fetcher *f);

/** Begin a request. PSE_E_SYNTAX: the URL or a header is not one; PSE_E_LIMIT: URL too long, too
 * many headers, or PSE_FETCH_AT_ONCE under way; PSE_E_MEMORY. @p done is not called then. */
PSE_MUST pse_rc pse_fetch_start(struct pse_fetcher *f, const struct pse_fetch *request,
                                pse_fetch_done *done, void *ctx);
/** How many requests are under way. */
size_t pse_fetch_pending(const struct pse_fetcher *f);
/** Work until at least one request has finished, none is under way, or @p ms have passed (0: only
 * what can be done now). PSE_E_IO when the library itself fails. */
PSE_MUST pse_rc pse_fetch_wait(struct pse_fetcher *f, unsigned ms);

/** One request, whole. Statuses of pse_fetch_start and pse_fetch_wait, else PSE_OK and *out tells
 * (its rc too); the caller frees out->body. Others under way go on meanwhile. */
PSE_MUST pse_rc pse_fetch_one(struct pse_fetched *out, struct pse_fetcher *f,
                              const struct pse_fetch *request);

#endif
