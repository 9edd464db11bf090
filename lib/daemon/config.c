#include "daemon/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/text.h"
#include "codec/utf8.h"
#include "daemon/config_value.h"

/* The reading of one file. */
struct reading {
    const struct pse_conf *c;
    const char *file;
    struct pse_fault *fault;
    uint8_t *out;
    size_t line;
    char section[PSE_CONF_NAME_MAX + 1]; /* empty before the first heading */
    size_t given[PSE_CONF_KEYS_MAX];     /* line of each key, 0: not given */
    size_t heading[PSE_CONF_KEYS_MAX];   /* line of the heading, at its first key in the table */
};

static bool is_name(struct pse_span s)
{
    if (s.n == 0 || s.n > PSE_CONF_NAME_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') ||
              s.p[i] == '-'))
            return false;
    }
    return true;
}

static size_t find_section(const struct pse_conf *c, const char *section)
{
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->keys[i].section, section) == 0)
            return i;
    }
    return c->count;
}

static size_t find_key(const struct pse_conf *c, const char *section, struct pse_span key)
{
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->keys[i].section, section) == 0 && pse_span_is_str(key, c->keys[i].key))
            return i;
    }
    return c->count;
}

static bool default_fits(const struct pse_conf_key *k)
{
    struct pse_conf_key at_zero = *k;
    struct pse_fault fault;
    _Alignas(uint64_t) char field[PSE_CONF_TEXT];

    at_zero.at = 0;
    return k->def == NULL ||
           pse_conf_set_value(field, &fault, &at_zero, pse_span_str(k->def)) == PSE_OK;
}

void pse_conf_require(const struct pse_conf *c)
{
    PSE_REQUIRE(c->count > 0 && c->count <= PSE_CONF_KEYS_MAX);
    for (size_t i = 0; i < c->count; i++) {
        const struct pse_conf_key *k = &c->keys[i];

        PSE_REQUIRE(is_name(pse_span_str(k->section)) && is_name(pse_span_str(k->key)));
        PSE_REQUIRE(find_key(c, k->section, pse_span_str(k->key)) == i);
        PSE_REQUIRE(k->help != NULL && k->min <= k->max && k->at < c->size);
        PSE_REQUIRE(k->type != PSE_CONF_IS_CHOICE || k->unit != NULL);
        PSE_REQUIRE(k->type < PSE_CONF_IS_TEXT || k->max < PSE_CONF_TEXT);
        PSE_REQUIRE(k->secret == (k->type == PSE_CONF_IS_SECRET));
        PSE_REQUIRE(default_fits(k));
    }
}

/* Names of the table, for the sentence that says which would have been right. */
static void known(char *out, size_t size, const struct pse_conf *c, const char *section)
{
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < c->count && n + PSE_CONF_NAME_MAX + 3 < size; i++) {
        const struct pse_conf_key *k = &c->keys[i];
        const char *word = section == NULL ? k->section : k->key;
        bool show =
            section == NULL ? find_section(c, k->section) == i : strcmp(k->section, section) == 0;

        if (!show)
            continue;
        if (n > 0)
            out[n++] = ' ';
        memcpy(out + n, word, strlen(word) + 1);
        n += strlen(word);
    }
}

#define REFUSE(r, rc, format, ...) \
    pse_fault((r)->fault, (rc), "%s:%zu: " format, (r)->file, (r)->line, __VA_ARGS__)
#define REFUSE_LINE(r, rc, words) \
    pse_fault((r)->fault, (rc), "%s:%zu: %s", (r)->file, (r)->line, (words))

/* Everything about a line that does not depend on the table. */
static pse_rc check_line(struct reading *r, struct pse_span line)
{
    if (line.n > PSE_CONF_LINE_MAX)
        return REFUSE(r, PSE_E_LIMIT, "the line is longer than %d bytes; make it shorter",
                      PSE_CONF_LINE_MAX);
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '\0')
            return REFUSE_LINE(r, PSE_E_SYNTAX, "there is a zero byte; write the file as text");
        if (line.p[i] == '\r')
            return REFUSE_LINE(r, PSE_E_SYNTAX,
                               "there is a carriage return; end lines with LF alone");
        if (line.p[i] < 0x20 || line.p[i] == 0x7f)
            return REFUSE_LINE(r, PSE_E_SYNTAX,
                               "there is a control character (a tab?); use spaces");
    }
    if (!pse_utf8_is_valid(line))
        return REFUSE_LINE(r, PSE_E_ENCODING, "this is not UTF-8; save the file as UTF-8");
    if (line.n >= 3 && memcmp(line.p, "\xef\xbb\xbf", 3) == 0)
        return REFUSE_LINE(r, PSE_E_ENCODING,
                           "there is a byte order mark; save the file as UTF-8 without one");
    return PSE_OK;
}

static struct pse_span trim(struct pse_span s)
{
    while (s.n > 0 && s.p[s.n - 1] == ' ')
        s.n--;
    while (s.n > 0 && s.p[0] == ' ')
        s = pse_span(s.p + 1, s.n - 1);
    return s;
}

static pse_rc read_heading(struct reading *r, struct pse_span line)
{
    struct pse_span name = pse_span(line.p + 1, line.n - 1);
    char words[400];
    size_t at;

    if (line.p[line.n - 1] != ']' || (name.n--, !is_name(name)))
        return REFUSE_LINE(r, PSE_E_SYNTAX,
                           "a section is [name], in letters a-z, digits and hyphens");
    memcpy(r->section, name.p, name.n);
    r->section[name.n] = '\0';
    at = find_section(r->c, r->section);
    if (at == r->c->count) {
        known(words, sizeof words, r->c, NULL);
        return REFUSE(r, PSE_E_UNSUPPORTED, "there is no section [%s] in %s; there are: %s",
                      r->section, r->c->daemon, words);
    }
    if (r->heading[at] != 0)
        return REFUSE(r, PSE_E_DUPLICATE,
                      "section [%s] begins a second time, first in line %zu; join them", r->section,
                      r->heading[at]);
    r->heading[at] = r->line;
    return PSE_OK;
}

/* "; " behind a value would be a comment to other readers of INI, and part of the value to us. */
static bool has_comment(struct pse_span value)
{
    for (size_t i = 0; i < value.n; i++) {
        if ((value.p[i] == ';' || value.p[i] == '#') && (i == 0 || value.p[i - 1] == ' '))
            return true;
    }
    return false;
}

static pse_rc read_setting(struct reading *r, struct pse_span line)
{
    const uint8_t *equals = memchr(line.p, '=', line.n);
    struct pse_span key;
    struct pse_span value;
    struct pse_fault wanted;
    char words[400];
    size_t at;
    pse_rc rc;

    if (equals == NULL)
        return REFUSE_LINE(r, PSE_E_SYNTAX,
                           "this is neither a comment (#), a [section] nor key = value");
    key = trim(pse_span(line.p, (size_t)(equals - line.p)));
    value = trim(pse_span(equals + 1, (size_t)(line.p + line.n - equals - 1)));
    if (!is_name(key))
        return REFUSE_LINE(r, PSE_E_SYNTAX, "a key is made of letters a-z, digits and hyphens");
    if (r->section[0] == '\0')
        return REFUSE(r, PSE_E_SYNTAX, "key %.*s stands before the first [section]; move it",
                      (int)key.n, (const char *)key.p);
    at = find_key(r->c, r->section, key);
    if (at == r->c->count) {
        known(words, sizeof words, r->c, r->section);
        return REFUSE(r, PSE_E_UNSUPPORTED, "there is no key %.*s in [%s]; there are: %s",
                      (int)key.n, (const char *)key.p, r->section, words);
    }
    if (r->given[at] != 0)
        return REFUSE(r, PSE_E_DUPLICATE,
                      "key %.*s is given a second time, first in line %zu; keep one", (int)key.n,
                      (const char *)key.p, r->given[at]);
    r->given[at] = r->line;
    if (has_comment(value))
        return REFUSE(r, PSE_E_SYNTAX,
                      "a comment cannot stand behind the value of %.*s; give it a line of its own",
                      (int)key.n, (const char *)key.p);
    rc = pse_conf_set_value(r->out, &wanted, &r->c->keys[at], value);
    if (rc != PSE_OK)
        return REFUSE(r, rc, "the value of %.*s in [%s] must be %s", (int)key.n,
                      (const char *)key.p, r->section, wanted.text);
    return PSE_OK;
}

static pse_rc read_line(struct reading *r, struct pse_span line)
{
    bool indented = line.n > 0 && line.p[0] == ' ';

    PSE_TRY(check_line(r, line));
    line = trim(line);
    if (line.n > 0 && indented) /* other readers take it for the end of the value above */
        return REFUSE_LINE(r, PSE_E_SYNTAX, "the line begins with a space; begin at the margin");
    if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
        return PSE_OK;
    return line.p[0] == '[' ? read_heading(r, line) : read_setting(r, line);
}

static pse_rc set_defaults(struct reading *r)
{
    struct pse_fault none;

    for (size_t i = 0; i < r->c->count; i++) {
        const struct pse_conf_key *k = &r->c->keys[i];

        if (r->given[i] != 0)
            continue;
        if (k->def == NULL)
            return pse_fault(r->fault, PSE_E_MISSING,
                             "%s:%zu: key %s in [%s] is not given and has no default; add it",
                             r->file, r->line + 1, k->key, k->section);
        PSE_REQUIRE(pse_conf_set_value(r->out, &none, k, pse_span_str(k->def)) == PSE_OK);
    }
    return PSE_OK;
}

static pse_rc read_file(struct reading *r, struct pse_span text)
{
    r->line = 1;
    if (text.n > PSE_CONF_FILE_MAX)
        return REFUSE(r, PSE_E_LIMIT, "the file is longer than %d bytes; is it the right one?",
                      PSE_CONF_FILE_MAX);
    for (r->line = 0; text.n > 0;) {
        struct pse_span line;

        r->line++;
        if (pse_line_take(&line, &text) != PSE_OK) {
            PSE_TRY(check_line(r, text));
            return REFUSE_LINE(r, PSE_E_SYNTAX,
                               "the last line has no end; is the file cut short? Add a line end");
        }
        PSE_TRY(read_line(r, line));
    }
    return set_defaults(r);
}

pse_rc pse_conf_read(void *out, struct pse_fault *fault, const struct pse_conf *c, const char *file,
                     struct pse_span text)
{
    struct reading r = {.c = c, .file = file, .fault = fault, .out = out};
    pse_rc rc;

    pse_conf_require(c);
    memset(out, 0, c->size);
    fault->text[0] = '\0';
    rc = read_file(&r, text);
    if (rc != PSE_OK)
        memset(out, 0, c->size);
    return rc;
}

/* The whole file, at most one byte more than is allowed: pse_conf_read says so then. */
static pse_rc slurp(struct pse_buf *b, struct pse_fault *fault, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : 0;

    while (fd >= 0 && b->n < b->max) {
        size_t room = b->max - b->n < 4096 ? b->max - b->n : 4096;
        uint8_t *at = pse_buf_extend(b, room);

        if (at == NULL) {
            close(fd);
            return pse_fault(fault, PSE_E_MEMORY, "%s: no memory to read it", path);
        }
        do
            n = read(fd, at, room);
        while (n < 0 && errno == EINTR);
        b->n -= room - (n > 0 ? (size_t)n : 0);
        if (n <= 0)
            break;
    }
    if (n < 0) {
        int why = errno;

        if (fd >= 0)
            close(fd);
        return pse_fault(fault, PSE_E_IO, "%s: cannot read it: %s; name a file of settings", path,
                         strerror(why));
    }
    close(fd);
    return PSE_OK;
}

pse_rc pse_conf_load(void *out, struct pse_fault *fault, const struct pse_conf *c, const char *path)
{
    struct pse_buf b = PSE_BUF(PSE_CONF_FILE_MAX + 1);
    pse_rc rc;

    memset(out, 0, c->size);
    rc = slurp(&b, fault, path);
    if (rc == PSE_OK)
        rc = pse_conf_read(out, fault, c, path, pse_buf_span(&b));
    pse_buf_free(&b);
    return rc;
}

static size_t field_size(const struct pse_conf_key *k)
{
    return k->type >= PSE_CONF_IS_TEXT     ? PSE_CONF_TEXT
           : k->type == PSE_CONF_IS_SWITCH ? sizeof(bool)
                                           : sizeof(uint64_t);
}

static bool is_same(const struct pse_conf_key *k, const uint8_t *a, const uint8_t *b)
{
    return memcmp(a + k->at, b + k->at, field_size(k)) == 0;
}

static pse_rc take_reloaded(uint8_t *settings, size_t *changed, struct pse_fault *fault,
                            const struct pse_conf *c, const char *path, const uint8_t *fresh)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct pse_conf_key *k = &c->keys[i];

        if (!k->reload && !is_same(k, settings, fresh))
            return pse_fault(fault, PSE_E_STATE,
                             "%s: key %s in [%s] cannot change while %s runs, so nothing was "
                             "changed; restart it, or put the old value back",
                             path, k->key, k->section, c->daemon);
    }
    for (size_t i = 0; i < c->count; i++) {
        const struct pse_conf_key *k = &c->keys[i];

        if (is_same(k, settings, fresh))
            continue;
        memcpy(settings + k->at, fresh + k->at, field_size(k));
        (*changed)++;
    }
    return PSE_OK;
}

pse_rc pse_conf_reload(void *settings, size_t *changed, struct pse_fault *fault,
                       const struct pse_conf *c, const char *path)
{
    uint8_t *fresh = malloc(c->size);
    pse_rc rc;

    *changed = 0;
    if (fresh == NULL)
        return pse_fault(fault, PSE_E_MEMORY, "%s: no memory to read it again", path);
    rc = pse_conf_load(fresh, fault, c, path);
    if (rc == PSE_OK)
        rc = take_reloaded(settings, changed, fault, c, path, fresh);
    free(fresh);
    return rc;
}
