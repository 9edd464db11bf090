#include "net/mail.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"

enum {
    LINE = 57, /* bytes that give 76 characters of base64 */
    MESSAGE_MAX = 200 * 1024,
    PATH_BYTES = 1024,
};

static const char folder_scheme[] = "file://";

/* --- the message -------------------------------------------------------------------------------
 */

static bool is_address(const char *x)
{
    size_t n = strlen(x);

    for (size_t i = 0; i < n; i++) {
        if (x[i] <= 0x20 || x[i] >= 0x7F || strchr("<>()[],;:\\\"", x[i]) != NULL)
            return false;
    }
    return n > 2 && n <= 254 && strchr(x, '@') != NULL && strchr(x, '@') == strrchr(x, '@') &&
           x[0] != '@' && x[n - 1] != '@';
}

static bool is_subject(const char *x)
{
    struct pse_span rest = pse_span_str(x);
    uint32_t c;

    if (rest.n == 0 || rest.n > PSE_MAIL_FIELD_MAX)
        return false;
    while (rest.n > 0) {
        if (pse_utf8_next(&c, &rest) != PSE_OK || pse_utf8_is_unsafe(c))
            return false;
    }
    return true;
}

/* RFC 2047 words of at most 75 characters, split between code points. */
static void put_subject(struct pse_buf *out, const char *subject)
{
    struct pse_span rest = pse_span_str(subject);

    pse_wr_str(out, "Subject:");
    while (rest.n > 0) {
        size_t n = 0;

        while (n < rest.n && n < 42)
            n++;
        while (n < rest.n && (rest.p[n] & 0xC0) == 0x80)
            n--;
        pse_wr_str(out, " =?UTF-8?B?");
        pse_base64_put(out, rest.p, n);
        pse_wr_str(out, rest.n > n ? "?=\r\n" : "?=");
        rest = pse_span(rest.p + n, rest.n - n);
    }
    pse_wr_str(out, "\r\n");
}

/* "Thu, 26 Nov 2026 18:00:00 +0000". */
static void put_date(struct pse_buf *out, uint64_t time)
{
    static const char *const day[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const month[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    uint64_t days = time / 86400;
    uint64_t at = days + 719468;
    uint64_t era = at / 146097;
    uint64_t of_era = at % 146097;
    uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint64_t in_year = of_era - (365 * year + year / 4 - year / 100);
    uint64_t m = (5 * in_year + 2) / 153;
    uint64_t d = in_year - (153 * m + 2) / 5 + 1;
    char text[64];

    m = m < 10 ? m + 2 : m - 10; /* from 0 */
    year += 400 * era + (m <= 1);
    (void)snprintf(text, sizeof text, "Date: %s, %02u %s %llu %02u:%02u:%02u +0000\r\n",
                   day[days % 7], (unsigned)d, month[m], (unsigned long long)year,
                   (unsigned)(time / 3600 % 24), (unsigned)(time / 60 % 60), (unsigned)(time % 60));
    pse_wr_str(out, text);
}

static void put_text(struct pse_buf *out, struct pse_span text)
{
    for (size_t at = 0; at < text.n; at += LINE) {
        pse_base64_put(out, text.p + at, text.n - at < LINE ? text.n - at : LINE);
        pse_wr_str(out, "\r\n");
    }
}

static void put_field(struct pse_buf *out, const char *name, const char *address)
{
    pse_wr_str(out, name);
    pse_wr_str(out, ": <");
    pse_wr_str(out, address);
    pse_wr_str(out, ">\r\n");
}

pse_rc pse_mail_write(struct pse_buf *out, const struct pse_mail *m)
{
    if (!pse_utf8_is_valid(m->text) || !pse_utf8_is_valid(pse_span_str(m->subject)))
        return PSE_E_ENCODING;
    if (m->text.n > PSE_MAIL_TEXT_MAX)
        return PSE_E_LIMIT;
    if (!is_address(m->from) || !is_address(m->to) || !is_subject(m->subject))
        return PSE_E_RANGE;
    put_field(out, "From", m->from);
    put_field(out, "To", m->to);
    put_subject(out, m->subject);
    put_date(out, m->time);
    pse_wr_str(out, "Message-ID: <");
    pse_hex_put(out, m->id, sizeof m->id);
    pse_wr_str(out, strchr(m->from, '@'));
    pse_wr_str(out, ">\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                    "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n");
    put_text(out, m->text);
    return out->rc;
}

/* --- sending -----------------------------------------------------------------------------------
 */

/* Clear text stays on this machine. */
static bool is_local(const char *url)
{
    static const char *const local[] = {"smtp://127.0.0.1", "smtp://[::1]", "smtp://localhost"};

    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(local[i]);

        if (strncmp(url, local[i], n) == 0 && (url[n] == '\0' || url[n] == ':' || url[n] == '/'))
            return true;
    }
    return false;
}

static size_t give(char *to, size_t size, size_t count, void *ctx)
{
    struct pse_span *rest = ctx;
    size_t n = size * count < rest->n ? size * count : rest->n;

    if (n > 0)
        memcpy(to, rest->p, n);
    *rest = pse_span(rest->p + n, rest->n - n);
    return n;
}

static void set_up(CURL *c, const struct pse_mail_relay *r, const struct pse_mail *m,
                   struct curl_slist *to, struct pse_span *rest)
{
    curl_easy_setopt(c, CURLOPT_URL, r->url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)r->seconds);
    curl_easy_setopt(c, CURLOPT_USE_SSL,
                     (long)(is_local(r->url) ? CURLUSESSL_TRY : CURLUSESSL_ALL));
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (r->ca != NULL)
        curl_easy_setopt(c, CURLOPT_CAINFO, r->ca);
    if (r->user != NULL) {
        curl_easy_setopt(c, CURLOPT_USERNAME, r->user);
        curl_easy_setopt(c, CURLOPT_PASSWORD, r->password == NULL ? "" : r->password);
    }
    curl_easy_setopt(c, CURLOPT_MAIL_FROM, m->from);
    curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(c, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(c, CURLOPT_READDATA, rest);
}

static pse_rc perform(char *why, const struct pse_mail_relay *r, const struct pse_mail *m,
                      struct pse_span message)
{
    CURL *c = curl_easy_init();
    struct curl_slist *to = curl_slist_append(NULL, m->to);
    CURLcode code = CURLE_OUT_OF_MEMORY;

    if (c != NULL && to != NULL) {
        set_up(c, r, m, to, &message);
        code = curl_easy_perform(c);
    }
    if (why != NULL)
        (void)snprintf(why, PSE_MAIL_WHY_MAX, "%s",
                       code == CURLE_OK ? "" : curl_easy_strerror(code));
    curl_slist_free_all(to);
    curl_easy_cleanup(c);
    return code == CURLE_OK ? PSE_OK : code == CURLE_OUT_OF_MEMORY ? PSE_E_MEMORY : PSE_E_IO;
}

/* --- into a folder -----------------------------------------------------------------------------
 */

bool pse_mail_is_folder(const char *url)
{
    size_t n = sizeof folder_scheme - 1;

    return strncmp(url, folder_scheme, n) == 0 && url[n] == '/';
}

const char *pse_mail_folder(const char *url)
{
    return url + sizeof folder_scheme - 1;
}

static bool write_all(int fd, struct pse_span text)
{
    while (text.n > 0) {
        ssize_t n = write(fd, text.p, text.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text = pse_span(text.p + n, text.n - (size_t)n);
    }
    return true;
}

static pse_rc write_file(const char *folder, const struct pse_mail *m, struct pse_span text)
{
    char path[PATH_BYTES];
    char made[PATH_BYTES];
    char id[2 * sizeof m->id + 1];
    bool good;
    int fd;

    pse_hex_encode(id, m->id, sizeof m->id);
    if (snprintf(path, sizeof path, "%s/%s.txt", folder, id) >= PATH_BYTES ||
        snprintf(made, sizeof made, "%s/.%s", folder, id) >= PATH_BYTES)
        return PSE_E_LIMIT;
    fd = open(made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return PSE_E_IO;
    good = write_all(fd, text);
    good = close(fd) == 0 && good && rename(made, path) == 0;
    if (!good)
        (void)unlink(made);
    return good ? PSE_OK : PSE_E_IO;
}

static pse_rc keep(char *why, const char *folder, const struct pse_mail *m)
{
    struct pse_buf text = PSE_BUF(MESSAGE_MAX);
    pse_rc rc;

    pse_wr_str(&text, "To: ");
    pse_wr_str(&text, m->to);
    pse_wr_str(&text, "\nSubject: ");
    pse_wr_str(&text, m->subject);
    pse_wr_str(&text, "\n\n");
    pse_wr_span(&text, m->text);
    rc = text.rc == PSE_OK ? write_file(folder, m, pse_buf_span(&text)) : text.rc;
    if (rc != PSE_OK && why != NULL)
        (void)snprintf(why, PSE_MAIL_WHY_MAX, "the folder takes no file: %s", strerror(errno));
    pse_buf_free(&text);
    return rc;
}

pse_rc pse_mail_send(char why[PSE_MAIL_WHY_MAX], const struct pse_mail_relay *relay,
                     const struct pse_mail *m)
{
    struct pse_buf message = PSE_BUF(MESSAGE_MAX);
    pse_rc rc;

    if (why != NULL)
        why[0] = '\0';
    if (!pse_mail_is_folder(relay->url) && strncmp(relay->url, "smtps://", 8) != 0 &&
        strncmp(relay->url, "smtp://", 7) != 0)
        return PSE_E_UNSUPPORTED;
    rc = pse_mail_write(&message, m);
    if (rc == PSE_OK && pse_mail_is_folder(relay->url))
        rc = keep(why, pse_mail_folder(relay->url), m);
    else if (rc == PSE_OK)
        rc = perform(why, relay, m, pse_buf_span(&message));
    pse_buf_free(&message);
    return rc;
}
