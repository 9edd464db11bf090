#include "daemon/log.h"

#include <errno.h>
#include <unistd.h>

#include "codec/cursor.h"
#include "codec/text.h"
#include "codec/utf8.h"
#include "daemon/clock.h"

static const char *const level_names[] = {"error", "warning", "notice", "info", "debug"};

void pse_log_init(struct pse_log *log, int fd, enum pse_log_level level)
{
    log->fd = fd;
    log->now_ms = pse_clock_wall_ms;
    atomic_init(&log->level, (int)level);
    atomic_init(&log->lost, 0);
}

void pse_log_set_level(struct pse_log *log, enum pse_log_level level)
{
    atomic_store_explicit(&log->level, (int)level, memory_order_relaxed);
}

struct pse_log_field pse_log_u64(const char *key, uint64_t x)
{
    return (struct pse_log_field){.key = key, .kind = PSE_LOG_U64, .v.u = x};
}

struct pse_log_field pse_log_i64(const char *key, int64_t x)
{
    return (struct pse_log_field){.key = key, .kind = PSE_LOG_I64, .v.i = x};
}

struct pse_log_field pse_log_bool(const char *key, bool x)
{
    return (struct pse_log_field){.key = key, .kind = PSE_LOG_BOOL, .v.b = x};
}

struct pse_log_field pse_log_str(const char *key, const char *text)
{
    return pse_log_text(key, pse_span_str(text));
}

struct pse_log_field pse_log_text(const char *key, struct pse_span text)
{
    return (struct pse_log_field){.key = key, .kind = PSE_LOG_TEXT, .v.text = text};
}

struct pse_log_field pse_log_hash(const char *key, pse_hash digest)
{
    return (struct pse_log_field){.key = key, .kind = PSE_LOG_HASH, .v.hash = digest};
}

static bool is_word_character(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

bool pse_log_is_name(const char *name)
{
    bool word = false;

    for (; *name != '\0'; name++) {
        if (*name == '.' ? !word : !is_word_character((uint8_t)*name))
            return false;
        word = *name != '.';
    }
    return word;
}

static bool is_bare(struct pse_span text)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];

        if (!is_word_character(c) && !(c >= 'A' && c <= 'Z') && strchr("_./:@+", c) == NULL)
            return false;
    }
    return text.n > 0;
}

void pse_log_put_text(struct pse_buf *b, struct pse_span text)
{
    if (is_bare(text)) {
        pse_wr_span(b, text);
        return;
    }
    pse_wr_str(b, "\"");
    while (text.n > 0) {
        const uint8_t *quote = memchr(text.p, '"', text.n);
        size_t n = quote == NULL ? text.n : (size_t)(quote - text.p);

        pse_utf8_put_escaped(b, pse_span(text.p, n));
        if (quote != NULL) {
            pse_wr_str(b, "\\\"");
            n++;
        }
        text = pse_span(text.p + n, text.n - n);
    }
    pse_wr_str(b, "\"");
}

/* At most PSE_LOG_TEXT_MAX bytes, cut between characters where the text has any. */
static struct pse_span cut(struct pse_span text)
{
    size_t n = PSE_LOG_TEXT_MAX;

    if (text.n <= PSE_LOG_TEXT_MAX)
        return text;
    while (n > PSE_LOG_TEXT_MAX - 4 && (text.p[n] & 0xc0) == 0x80)
        n--;
    return pse_span(text.p, n);
}

static void put_field(struct pse_buf *b, const struct pse_log_field *f)
{
    pse_wr_str(b, " ");
    pse_wr_str(b, f->key);
    pse_wr_str(b, "=");
    switch (f->kind) {
    case PSE_LOG_U64: pse_decimal_put(b, f->v.u); break;
    case PSE_LOG_I64:
        if (f->v.i < 0)
            pse_wr_str(b, "-");
        pse_decimal_put(b, f->v.i < 0 ? 0 - (uint64_t)f->v.i : (uint64_t)f->v.i);
        break;
    case PSE_LOG_BOOL: pse_wr_str(b, f->v.b ? "yes" : "no"); break;
    case PSE_LOG_TEXT: pse_log_put_text(b, cut(f->v.text)); break;
    case PSE_LOG_HASH: pse_hex_put(b, f->v.hash.b, 32); break;
    }
}

/* Fields that do not fit a whole line are left out, and the line says so. */
static void put_line(struct pse_buf *b, const char *head, const struct pse_log_field *fields,
                     size_t count)
{
    static const char more[] = " cut=yes";

    pse_wr_str(b, head);
    for (size_t i = 0; i < count; i++) {
        struct pse_buf field = PSE_BUF(16 * PSE_LOG_TEXT_MAX);
        bool fits;

        put_field(&field, &fields[i]);
        fits = field.rc == PSE_OK && b->n + field.n + sizeof more < PSE_LOG_LINE_MAX;
        pse_wr_span(b, fits ? pse_buf_span(&field) : pse_span_str(more));
        pse_buf_free(&field);
        if (!fits)
            break;
    }
    pse_wr_str(b, "\n");
}

void pse_log_write(struct pse_log *log, enum pse_log_level level, const char *event,
                   const struct pse_log_field *fields, size_t count)
{
    struct pse_buf line = PSE_BUF(PSE_LOG_LINE_MAX);
    struct pse_buf head = PSE_BUF(256);
    char time[PSE_TIME_TEXT];
    ssize_t n;

    PSE_REQUIRE(level <= PSE_LOG_DEBUG && pse_log_is_name(event) && strlen(event) < 128);
    PSE_REQUIRE(count <= PSE_LOG_FIELDS_MAX);
    for (size_t i = 0; i < count; i++)
        PSE_REQUIRE(pse_log_is_name(fields[i].key) && strlen(fields[i].key) < 64);
    if ((int)level > atomic_load_explicit(&log->level, memory_order_relaxed))
        return;
    pse_time_text(time, log->now_ms());
    pse_wr_str(&head, time);
    pse_wr_str(&head, " ");
    pse_wr_str(&head, level_names[level]);
    pse_wr_str(&head, " ");
    pse_wr_str(&head, event);
    pse_buf_put(&head, "", 1);
    if (head.rc == PSE_OK)
        put_line(&line, (const char *)head.p, fields, count);
    do
        n = line.rc == PSE_OK ? write(log->fd, line.p, line.n) : -1;
    while (n < 0 && line.rc == PSE_OK && errno == EINTR);
    if (n < 0 || (size_t)n != line.n || line.n == 0)
        atomic_fetch_add_explicit(&log->lost, 1, memory_order_relaxed);
    pse_buf_free(&line);
    pse_buf_free(&head);
}
