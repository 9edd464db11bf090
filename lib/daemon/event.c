#include "daemon/event.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/json_write.h"
#include "codec/text.h"
#include "daemon/clock.h"
#include "daemon/log.h"

void pse_net_prefix(struct pse_net_prefix *out, const struct sockaddr *from)
{
    uint8_t a[16];
    bool v4 = from->sa_family == AF_INET;

    if (v4) {
        memcpy(a, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
    } else if (from->sa_family == AF_INET6) {
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

        memcpy(a, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, 16);
        v4 = memcmp(a, mapped, 12) == 0;
        if (v4)
            memmove(a, a + 12, 4);
    } else {
        snprintf(out->text, sizeof out->text, "local");
        return;
    }
    if (v4)
        snprintf(out->text, sizeof out->text, "%u.%u.%u.0/24", a[0], a[1], a[2]);
    else
        snprintf(out->text, sizeof out->text, "%x:%x:%x::/48", (unsigned)a[0] << 8 | a[1],
                 (unsigned)a[2] << 8 | a[3], (unsigned)a[4] << 8 | a[5]);
}

void pse_pseud(struct pse_pseud *out, const pse_pseud_key *key, struct pse_span id)
{
    uint8_t digest[16];

    PSE_REQUIRE(crypto_generichash(digest, sizeof digest, id.p, id.n, key->b, sizeof key->b) == 0);
    pse_hex_encode(out->text, digest, sizeof digest);
}

void pse_pseud_key_wipe(pse_pseud_key *key)
{
    pse_wipe(key, sizeof *key);
}

/* --- lines ------------------------------------------------------------------------------------ */

static void put_optional(struct pse_json_wr *w, const char *name, const char *text)
{
    if (text == NULL)
        return;
    PSE_REQUIRE(text[0] != '\0' && strlen(text) <= PSE_EVENT_TEXT_MAX);
    pse_json_wr_str(w, name, text);
}

static void put_counts(struct pse_json_wr *w, const struct pse_event *e)
{
    const uint64_t most = (UINT64_C(1) << 53) - 1; /* what every JSON reader holds */

    if (e->n > 0)
        pse_json_wr_u64(w, "n", e->n < most ? e->n : most);
    if (e->ms > 0)
        pse_json_wr_u64(w, "ms", e->ms < most ? e->ms : most);
}

static void put_tags(struct pse_json_wr *w, const struct pse_event *e)
{
    if (e->tags[0] == NULL)
        return;
    pse_json_wr_array(w, "tags");
    for (size_t i = 0; i < PSE_EVENT_TAGS_MAX && e->tags[i] != NULL; i++)
        put_optional(w, NULL, e->tags[i]);
    pse_json_wr_end(w);
}

static pse_rc put_line(struct pse_buf *b, const struct pse_events *s, const struct pse_event *e)
{
    struct pse_json_wr w = pse_json_wr(b, 0);
    char time[PSE_TIME_TEXT];

    PSE_REQUIRE(pse_log_is_name(e->type) && strlen(e->type) <= PSE_EVENT_TEXT_MAX);
    PSE_REQUIRE(e->sev <= 7 && e->outcome != NULL);
    pse_time_text(time, s->now_ms());
    pse_json_wr_object(&w, NULL);
    pse_json_wr_u64(&w, "v", 1);
    pse_json_wr_u64(&w, "id", s->next_id);
    pse_json_wr_str(&w, "t", time);
    pse_json_wr_str(&w, "src", s->source);
    pse_json_wr_str(&w, "type", e->type);
    pse_json_wr_u64(&w, "sev", e->sev);
    put_optional(&w, "outcome", e->outcome);
    put_optional(&w, "route", e->route);
    if (e->who == PSE_EVENT_NET)
        pse_json_wr_str(&w, "net", e->net->text);
    if (e->who == PSE_EVENT_PSEUD)
        pse_json_wr_str(&w, "pseud", e->pseud->text);
    put_counts(&w, e);
    put_optional(&w, "rule", e->rule);
    put_tags(&w, e);
    pse_json_wr_hex(&w, "prev", s->prev.b, 32);
    pse_json_wr_end(&w);
    return pse_json_wr_finish(&w);
}

/* --- the file --------------------------------------------------------------------------------- */

static pse_rc open_file(struct pse_events *s)
{
    struct stat st;

    s->fd = open(s->path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (s->fd < 0 || fstat(s->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return PSE_E_IO;
    s->size = (uint64_t)st.st_size;
    return PSE_OK;
}

static void numbered(char *out, size_t size, const struct pse_events *s, unsigned i)
{
    snprintf(out, size, i == 0 ? "%s" : "%s.%u", s->path, i);
}

/* FILE.keep goes, FILE.i becomes FILE.i+1, FILE becomes FILE.1. */
static pse_rc turn_over(struct pse_events *s)
{
    char from[PSE_EVENT_PATH_MAX + 16];
    char to[PSE_EVENT_PATH_MAX + 16];

    if (fsync(s->fd) != 0)
        return PSE_E_IO;
    for (unsigned i = s->keep + 1; i-- > 0;) {
        numbered(from, sizeof from, s, i);
        numbered(to, sizeof to, s, i + 1);
        if (i == s->keep ? unlink(from) != 0 && errno != ENOENT
                         : rename(from, to) != 0 && errno != ENOENT)
            return PSE_E_IO;
    }
    close(s->fd);
    return open_file(s);
}

/* The last bytes of a file: whole lines that end it, and how much of a torn one follows. */
static pse_rc read_tail(struct pse_buf *tail, size_t *torn, int fd, uint64_t size)
{
    size_t n = size < 2 * PSE_EVENT_LINE_MAX ? (size_t)size : 2 * PSE_EVENT_LINE_MAX;
    uint8_t *at = n > 0 ? pse_buf_extend(tail, n) : NULL;

    *torn = 0;
    if (n == 0)
        return PSE_OK;
    if (at == NULL || pread(fd, at, n, (off_t)(size - n)) != (ssize_t)n)
        return PSE_E_IO;
    while (*torn < n && at[n - 1 - *torn] != '\n')
        ++*torn;
    tail->n -= *torn;
    return PSE_OK;
}

/* id and chain go on behind the last whole line of @p fd, which has @p whole bytes. */
static pse_rc resume(struct pse_events *s, struct pse_span tail)
{
    struct pse_event_chain c = {0};
    size_t from = tail.n;

    if (tail.n == 0)
        return PSE_OK;
    for (from--; from > 0 && tail.p[from - 1] != '\n';)
        from--;
    PSE_TRY(pse_event_check(&c, pse_span(tail.p + from, tail.n - from), true));
    s->next_id = c.next_id;
    s->prev = c.prev;
    return PSE_OK;
}

static pse_rc resume_from(struct pse_events *s, int fd, uint64_t size, size_t *torn)
{
    struct pse_buf tail = PSE_BUF(2 * PSE_EVENT_LINE_MAX);
    pse_rc rc = read_tail(&tail, torn, fd, size);

    if (rc == PSE_OK)
        rc = resume(s, pse_buf_span(&tail));
    pse_buf_free(&tail);
    return rc;
}

/* A new file goes on where FILE.1 ended: the stream was turned over just before. */
static pse_rc resume_older(struct pse_events *s)
{
    char path[PSE_EVENT_PATH_MAX + 16];
    struct stat st;
    size_t torn;
    int fd;
    pse_rc rc = PSE_OK;

    numbered(path, sizeof path, s, 1);
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? PSE_OK : PSE_E_IO;
    rc = fstat(fd, &st) != 0 ? PSE_E_IO : resume_from(s, fd, (uint64_t)st.st_size, &torn);
    close(fd);
    return rc;
}

static pse_rc find_end(struct pse_events *s, size_t *torn)
{
    PSE_TRY(resume_from(s, s->fd, s->size, torn));
    if (*torn > 0) {
        s->size -= *torn;
        if (ftruncate(s->fd, (off_t)s->size) != 0)
            return PSE_E_IO;
    }
    return s->size == 0 ? resume_older(s) : PSE_OK;
}

pse_rc pse_events_open(struct pse_events *s, struct pse_fault *fault, const char *path,
                       const char *source, uint64_t max_size, unsigned keep)
{
    size_t torn = 0;
    pse_rc rc;

    PSE_REQUIRE(max_size >= PSE_EVENT_LINE_MAX && strlen(path) < PSE_EVENT_PATH_MAX &&
                strlen(source) < PSE_EVENT_SOURCE_MAX && source[0] != '\0');
    memset(s, 0, sizeof *s);
    snprintf(s->path, sizeof s->path, "%s", path);
    snprintf(s->source, sizeof s->source, "%s", source);
    s->max_size = max_size;
    s->keep = keep;
    s->now_ms = pse_clock_wall_ms;
    PSE_REQUIRE(pthread_mutex_init(&s->mutex, NULL) == 0);
    rc = open_file(s);
    if (rc != PSE_OK)
        rc =
            pse_fault(fault, rc, "the event stream %s cannot be opened: %s", path, strerror(errno));
    else if ((rc = find_end(s, &torn)) != PSE_OK)
        rc = pse_fault(fault, rc,
                       "the event stream %s does not end with an event (%s); keep the file and "
                       "name another",
                       path, pse_rc_name(rc));
    if (rc == PSE_OK && torn > 0)
        rc = pse_events_put(
            s, &(struct pse_event){.type = "stream.torn", .sev = 4, .outcome = "cut", .n = torn});
    if (rc != PSE_OK)
        pse_events_close(s);
    return rc;
}

static pse_rc append(struct pse_events *s, const struct pse_event *e, struct pse_buf *line)
{
    ssize_t n;

    PSE_TRY(put_line(line, s, e));
    if (s->size + line->n > s->max_size)
        PSE_TRY(turn_over(s));
    do
        n = write(s->fd, line->p, line->n);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)line->n) { /* half a line is no event: take it back */
        if (n > 0)
            (void)!ftruncate(s->fd, (off_t)s->size);
        return PSE_E_IO;
    }
    s->size += line->n;
    s->next_id++;
    pse_sha256(&s->prev, pse_span(line->p, line->n - 1));
    return e->sev <= 3 && fdatasync(s->fd) != 0 ? PSE_E_IO : PSE_OK;
}

pse_rc pse_events_put(struct pse_events *s, const struct pse_event *e)
{
    struct pse_buf line = PSE_BUF(PSE_EVENT_LINE_MAX);
    pse_rc rc;

    pthread_mutex_lock(&s->mutex);
    rc = s->fd < 0 ? PSE_E_IO : append(s, e, &line);
    pthread_mutex_unlock(&s->mutex);
    pse_buf_free(&line);
    return rc;
}

pse_rc pse_events_sync(struct pse_events *s)
{
    int bad;

    pthread_mutex_lock(&s->mutex);
    bad = s->fd < 0 || fdatasync(s->fd) != 0;
    pthread_mutex_unlock(&s->mutex);
    return bad ? PSE_E_IO : PSE_OK;
}

void pse_events_close(struct pse_events *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    (void)pthread_mutex_destroy(&s->mutex);
}
