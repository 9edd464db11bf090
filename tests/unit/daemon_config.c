/* Settings: what is taken means exactly what was written, to us and to libinih; everything else is
 * refused with file, line and the way to mend it; a reload takes all or nothing. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "codec/codec.h"
#include "daemon/daemon.h"
#include "ini_oracle.h"

#include "test.h"

struct settings {
    uint64_t rate;
    uint64_t wait_ms;
    uint64_t body;
    bool brief;
    uint64_t level;
    char origin[PSE_CONF_TEXT];
    char socket[PSE_CONF_TEXT];
    char seal[PSE_CONF_TEXT];
};

static const struct pse_conf_key keys[] = {
    PSE_CONF_PATH(struct settings, socket, "listen", "socket", NULL, PSE_CONF_FIXED,
                  "The Unix socket."),
    PSE_CONF_NUMBER(struct settings, rate, "limits", "rate", 2, 1000, "50", "requests a second",
                    PSE_CONF_RELOAD, "Requests a second."),
    PSE_CONF_TIME(struct settings, wait_ms, "limits", "wait", 10, 3600000, "5 s", PSE_CONF_RELOAD,
                  "How long a request may take."),
    PSE_CONF_SIZE(struct settings, body, "limits", "body", 1024, UINT64_C(1) << 30, "64 KiB",
                  PSE_CONF_FIXED, "The largest body."),
    PSE_CONF_SWITCH(struct settings, brief, "log", "brief", "no", PSE_CONF_RELOAD, "Say less."),
    PSE_CONF_CHOICE(struct settings, level, "log", "level", PSE_LOG_LEVELS, "notice",
                    PSE_CONF_RELOAD, "Down to which level."),
    PSE_CONF_WORDS(struct settings, origin, "limits", "origin", 1, 20, "example.org",
                   PSE_CONF_FIXED, "The origin."),
    PSE_CONF_SECRET(struct settings, seal, "listen", "seal", "", PSE_CONF_FIXED, "The seal's key."),
};
static const struct pse_conf conf = {"test", keys, PSE_CONF_COUNT(keys), sizeof(struct settings)};

#define MINIMUM "[listen]\nsocket = /run/x\n"

static pse_rc read_text(struct settings *s, struct pse_fault *f, const char *text)
{
    return pse_conf_read(s, f, &conf, "x.ini", pse_span_str(text));
}

static void takes(int line, struct settings *s, const char *text)
{
    struct pse_fault f;

    if (read_text(s, &f, text) != PSE_OK)
        fail_msg("line %d: %s", line, f.text);
    if (!ini_oracle_agrees(&conf, s, text))
        fail_msg("line %d: libinih reads something else", line);
}
#define TAKES(s, text) takes(__LINE__, (s), (text))

static void takes_what_is_written(void **state)
{
    struct settings s;

    (void)state;
    TAKES(&s, "# A comment; and more\n; another\n\n   \n"
              "[limits]\nrate=7\nwait  =  250 ms  \nbody = 2MiB\norigin = a = b;c#d\n"
              "[log]\nbrief = yes\nlevel = debug\n"
              "[listen]\nsocket = /run/psephos/õ.sock\nseal = credential:seal.key\n");
    assert_int_equal(s.rate, 7);
    assert_int_equal(s.wait_ms, 250);
    assert_int_equal(s.body, 2 << 20);
    assert_string_equal(s.origin, "a = b;c#d");
    assert_true(s.brief);
    assert_int_equal(s.level, PSE_LOG_DEBUG);
    assert_string_equal(s.socket, "/run/psephos/õ.sock");
    assert_string_equal(s.seal, "credential:seal.key");
}

static void defaults_stand(void **state)
{
    struct settings s;

    (void)state;
    TAKES(&s, MINIMUM);
    assert_int_equal(s.rate, 50);
    assert_int_equal(s.wait_ms, 5000);
    assert_int_equal(s.body, 65536);
    assert_false(s.brief);
    assert_int_equal(s.level, PSE_LOG_NOTICE);
    assert_string_equal(s.origin, "example.org");
    assert_string_equal(s.seal, "");
}

static void takes_bounds_and_units(void **state)
{
    struct settings s;

    (void)state;
    TAKES(&s, MINIMUM "[limits]\nrate = 2\nwait = 10 ms\nbody = 1 GiB\n");
    TAKES(&s, MINIMUM "[limits]\nrate = 1000\nwait = 1 h\nbody = 1024 B\n");
    TAKES(&s, MINIMUM "[limits]\nwait = 60min\n");
    assert_int_equal(s.wait_ms, 3600000);
    TAKES(&s, MINIMUM "seal =\n");
}

static void refuses(int line, const char *text, size_t n, pse_rc want, const char *said)
{
    struct settings s;
    struct pse_fault f;
    static const struct settings zero;
    pse_rc rc = pse_conf_read(&s, &f, &conf, "x.ini", pse_span(text, n));

    if (rc != want)
        fail_msg("line %d: status %s, said: %s", line, pse_rc_name(rc), f.text);
    if (strstr(f.text, said) == NULL || strncmp(f.text, "x.ini:", 6) != 0)
        fail_msg("line %d: said: %s", line, f.text);
    assert_memory_equal(&s, &zero, sizeof s);
}
#define REFUSES(text, want, said) refuses(__LINE__, (text), sizeof(text) - 1, (want), (said))

static void refuses_wrong_bytes(void **state)
{
    char longline[PSE_CONF_LINE_MAX + 100];

    (void)state;
    REFUSES(MINIMUM "[log]\0\n", PSE_E_SYNTAX, "x.ini:3: there is a zero byte");
    REFUSES("[listen]\r\nsocket = /run/x\r\n", PSE_E_SYNTAX, "x.ini:1: there is a carriage return");
    REFUSES("# a\rb\n" MINIMUM, PSE_E_SYNTAX, "x.ini:1: there is a carriage return");
    REFUSES(MINIMUM "[limits]\n\trate = 5\n", PSE_E_SYNTAX, "x.ini:4: there is a control");
    REFUSES("# \x7f\n" MINIMUM, PSE_E_SYNTAX, "x.ini:1: there is a control");
    REFUSES("# \xff\n" MINIMUM, PSE_E_ENCODING, "x.ini:1: this is not UTF-8");
    REFUSES("\xef\xbb\xbf" MINIMUM, PSE_E_ENCODING, "x.ini:1: there is a byte order mark");
    REFUSES(MINIMUM "[limits]\nrate = 5", PSE_E_SYNTAX, "x.ini:4: the last line has no end");
    memset(longline, '#', sizeof longline);
    longline[PSE_CONF_LINE_MAX + 1] = '\n';
    refuses(__LINE__, longline, PSE_CONF_LINE_MAX + 2, PSE_E_LIMIT,
            "x.ini:1: the line is longer than 1024 bytes");
}

/* The longest line and the longest value, and one byte more. */
static void takes_the_longest(void **state)
{
    char text[4 * PSE_CONF_LINE_MAX];
    char path[PSE_CONF_LINE_MAX];
    char line[PSE_CONF_LINE_MAX + 1];
    struct settings s;
    size_t n;

    (void)state;
    memset(line, '#', PSE_CONF_LINE_MAX);
    line[PSE_CONF_LINE_MAX] = '\0';
    memset(path, 'x', sizeof path);
    path[0] = '/';
    n = (size_t)snprintf(text, sizeof text, "%s\n[listen]\nsocket = %.*s\n", line,
                         PSE_CONF_VALUE_MAX, path);
    assert_true(n < sizeof text);
    TAKES(&s, text);
    assert_int_equal(strlen(s.socket), PSE_CONF_VALUE_MAX);
    n = (size_t)snprintf(text, sizeof text, "[listen]\nsocket = %.*s\n", PSE_CONF_VALUE_MAX + 1,
                         path);
    refuses(__LINE__, text, n, PSE_E_LENGTH, "x.ini:2: the value of socket in [listen] must be at");
}

static void refuses_wrong_shape(void **state)
{
    (void)state;
    REFUSES("", PSE_E_MISSING, "x.ini:1: key socket in [listen] is not given");
    REFUSES("[limits]\nrate = 5\n", PSE_E_MISSING, "x.ini:3: key socket");
    REFUSES("rate = 5\n" MINIMUM, PSE_E_SYNTAX, "x.ini:1: key rate stands before the first");
    REFUSES(MINIMUM "[limits\n", PSE_E_SYNTAX, "x.ini:3: a section is [name]");
    REFUSES(MINIMUM "[]\n", PSE_E_SYNTAX, "x.ini:3: a section is [name]");
    REFUSES(MINIMUM "[limits] # no\n", PSE_E_SYNTAX, "x.ini:3: a section is [name]");
    REFUSES(MINIMUM "[Limits]\n", PSE_E_SYNTAX, "x.ini:3: a section is [name]");
    REFUSES(MINIMUM "[limit]\n", PSE_E_UNSUPPORTED,
            "x.ini:3: there is no section [limit] in test; there are: listen limits log");
    REFUSES(MINIMUM "[listen]\n", PSE_E_DUPLICATE,
            "x.ini:3: section [listen] begins a second time");
    REFUSES(MINIMUM "socket = /run/x\n", PSE_E_DUPLICATE,
            "x.ini:3: key socket is given a second time, first in line 2");
    REFUSES(MINIMUM "rate = 5\n", PSE_E_UNSUPPORTED,
            "x.ini:3: there is no key rate in [listen]; there are: socket seal");
    REFUSES(MINIMUM "[limits]\nrate: 5\n", PSE_E_SYNTAX, "x.ini:4: this is neither");
    REFUSES(MINIMUM "[limits]\nRate = 5\n", PSE_E_SYNTAX, "x.ini:4: a key is made of");
    REFUSES(MINIMUM "[limits]\n= 5\n", PSE_E_SYNTAX, "x.ini:4: a key is made of");
    REFUSES(MINIMUM "[limits]\nrate = 5\n  7\n", PSE_E_SYNTAX, "x.ini:5: the line begins with a");
    REFUSES(MINIMUM "[limits]\n rate = 5 \n", PSE_E_SYNTAX,
            "x.ini:4: the line begins with a space");
    REFUSES(MINIMUM "[limits]\nrate = 5 ; five\n", PSE_E_SYNTAX, "x.ini:4: a comment cannot stand");
    REFUSES(MINIMUM "[limits]\nrate = 5 # five\n", PSE_E_SYNTAX, "x.ini:4: a comment cannot stand");
    REFUSES(MINIMUM "[limits]\norigin = ;x\n", PSE_E_SYNTAX, "x.ini:4: a comment cannot stand");
}

static void refuses_wrong_values(void **state)
{
    (void)state;
#define IN_LIMITS(line) MINIMUM "[limits]\n" line "\n"
    REFUSES(IN_LIMITS("rate ="), PSE_E_SYNTAX, "x.ini:4: the value of rate in [limits] must be a");
    REFUSES(IN_LIMITS("rate = 1"), PSE_E_RANGE, "must be a value from 2 to 1000");
    REFUSES(IN_LIMITS("rate = 1001"), PSE_E_RANGE, "from 2 to 1000");
    REFUSES(IN_LIMITS("rate = 05"), PSE_E_SYNTAX, "a whole number");
    REFUSES(IN_LIMITS("rate = -5"), PSE_E_SYNTAX, "a whole number");
    REFUSES(IN_LIMITS("rate = 0x5"), PSE_E_SYNTAX, "a whole number");
    REFUSES(IN_LIMITS("rate = 5 ms"), PSE_E_SYNTAX, "a whole number");
    REFUSES(IN_LIMITS("rate = 18446744073709551618"), PSE_E_RANGE, "a whole number");
    REFUSES(IN_LIMITS("wait = 250"), PSE_E_SYNTAX, "and ms, s, min or h");
    REFUSES(IN_LIMITS("wait = 250 KiB"), PSE_E_SYNTAX, "and ms, s, min or h");
    REFUSES(IN_LIMITS("wait = 2.5 s"), PSE_E_SYNTAX, "and ms, s, min or h");
    REFUSES(IN_LIMITS("wait = 1 S"), PSE_E_SYNTAX, "and ms, s, min or h");
    REFUSES(IN_LIMITS("wait = 1  s"), PSE_E_SYNTAX, "and ms, s, min or h");
    REFUSES(IN_LIMITS("wait = 1 s s"), PSE_E_SYNTAX, "and ms, s, min or h");
    REFUSES(IN_LIMITS("wait = ms"), PSE_E_SYNTAX, "and ms, s, min or h");
    REFUSES(IN_LIMITS("wait = 9 ms"), PSE_E_RANGE, "from 10 ms to 1 h");
    REFUSES(IN_LIMITS("wait = 61 min"), PSE_E_RANGE, "from 10 ms to 1 h");
    REFUSES(IN_LIMITS("wait = 18446744073709551615 h"), PSE_E_RANGE, "from 10 ms to 1 h");
    REFUSES(IN_LIMITS("body = 64 kB"), PSE_E_SYNTAX, "and B, KiB, MiB or GiB");
    REFUSES(IN_LIMITS("body = 64 KB"), PSE_E_SYNTAX, "and B, KiB, MiB or GiB");
    REFUSES(IN_LIMITS("body = 1023 B"), PSE_E_RANGE, "from 1 KiB to 1 GiB");
    REFUSES(IN_LIMITS("body = 2 GiB"), PSE_E_RANGE, "from 1 KiB to 1 GiB");
    REFUSES(IN_LIMITS("origin ="), PSE_E_LENGTH, "1 to 20 bytes long");
    REFUSES(IN_LIMITS("origin = 123456789012345678901"), PSE_E_LENGTH, "1 to 20 bytes long");
    REFUSES(MINIMUM "[log]\nbrief = true\n", PSE_E_SYNTAX, "must be yes or no");
    REFUSES(MINIMUM "[log]\nbrief = Yes\n", PSE_E_SYNTAX, "must be yes or no");
    REFUSES(MINIMUM "[log]\nlevel = loud\n", PSE_E_RANGE, "one of error|warning");
    REFUSES(MINIMUM "[log]\nlevel = error|warning\n", PSE_E_RANGE, "one of error|warning");
    REFUSES(MINIMUM "[log]\nlevel =\n", PSE_E_RANGE, "one of error|warning");
    REFUSES("[listen]\nsocket = run/x\n", PSE_E_SYNTAX, "an absolute path");
    REFUSES("[listen]\nsocket =\n", PSE_E_SYNTAX, "an absolute path");
    REFUSES("[listen]\nsocket = /\n", PSE_E_SYNTAX, "an absolute path");
    REFUSES("[listen]\nsocket = /run/\n", PSE_E_SYNTAX, "an absolute path");
    REFUSES("[listen]\nsocket = /run//x\n", PSE_E_SYNTAX, "an absolute path");
    REFUSES("[listen]\nsocket = /run/../x\n", PSE_E_SYNTAX, "an absolute path");
    REFUSES("[listen]\nsocket = /run/./x\n", PSE_E_SYNTAX, "an absolute path");
    REFUSES(MINIMUM "seal = hunter2\n", PSE_E_SYNTAX, "credential:NAME, never the secret");
    REFUSES(MINIMUM "seal = credential:\n", PSE_E_SYNTAX, "credential:NAME");
    REFUSES(MINIMUM "seal = credential:../x\n", PSE_E_SYNTAX, "credential:NAME");
    REFUSES(MINIMUM "seal = credential:a/b\n", PSE_E_SYNTAX, "credential:NAME");
}

/* A wrong value is never repeated: it may be a password in the wrong place. */
static void a_refused_value_is_not_shown(void **state)
{
    struct settings s;
    struct pse_fault f;

    (void)state;
    assert_int_equal(read_text(&s, &f, MINIMUM "seal = hunter2\n"), PSE_E_SYNTAX);
    assert_null(strstr(f.text, "hunter2"));
    assert_int_equal(read_text(&s, &f, "[limits]\nrate = hunter2\n"), PSE_E_SYNTAX);
    assert_null(strstr(f.text, "hunter2"));
}

static void dump_reads_back_and_hides_secrets(void **state)
{
    struct pse_buf b = PSE_BUF(65536);
    struct settings s;
    struct settings again;
    pse_hash before;
    pse_hash after;

    (void)state;
    TAKES(&s, MINIMUM "[limits]\nwait = 90 s\nbody = 1536 KiB\nrate = 99\norigin = x y\n");
    pse_conf_put_dump(&b, &conf, &s);
    pse_buf_put(&b, "", 1);
    assert_non_null(strstr((const char *)b.p, "\nwait = 90 s\n"));
    assert_non_null(strstr((const char *)b.p, "\nbody = 1536 KiB\n"));
    assert_non_null(strstr((const char *)b.p, "\nseal = <not set>\n"));
    pse_buf_free(&b);

    TAKES(&s, MINIMUM "seal = /etc/very-secret-place\n[limits]\nrate = 99\n");
    b = PSE_BUF(65536);
    pse_conf_put_dump(&b, &conf, &s);
    pse_buf_put(&b, "", 1);
    assert_null(strstr((const char *)b.p, "very-secret-place"));
    assert_non_null(strstr((const char *)b.p, "\nseal = <set>\n"));
    pse_buf_free(&b);
    TAKES(&again,
          "[limits]\nrate = 99\nwait = 5000 ms\n[listen]\nseal = /elsewhere\nsocket = /run/x\n");
    pse_conf_hash(&before, &conf, &s);
    pse_conf_hash(&after, &conf, &again);
    assert_true(pse_hash_is_equal(&before, &after)); /* order, spelling and the secret's place */
    again.rate++;
    pse_conf_hash(&after, &conf, &again);
    assert_false(pse_hash_is_equal(&before, &after));
}

/* Every key alone moves the hash: none is forgotten. */
static void every_key_is_hashed(void **state)
{
    static const char *const other[] = {"/run/y", "51",   "6 s", "65 KiB",
                                        "yes",    "info", "x",   "credential:x"};
    struct settings s;
    pse_hash plain;

    (void)state;
    TAKES(&s, MINIMUM);
    pse_conf_hash(&plain, &conf, &s);
    for (size_t i = 0; i < conf.count; i++) {
        struct settings changed = s;
        struct pse_fault f;
        pse_hash digest;

        assert_int_equal(pse_conf_set_value(&changed, &f, &keys[i], pse_span_str(other[i])),
                         PSE_OK);
        pse_conf_hash(&digest, &conf, &changed);
        assert_false(pse_hash_is_equal(&plain, &digest));
    }
}

static void manual_names_every_key(void **state)
{
    struct pse_buf b = PSE_BUF(65536);
    char item[80];

    (void)state;
    pse_conf_put_manual(&b, &conf);
    pse_buf_put(&b, "", 1);
    assert_int_equal(b.rc, PSE_OK);
    for (size_t i = 0; i < conf.count; i++) {
        snprintf(item, sizeof item, ".It Ic %s\n%s\n", keys[i].key, keys[i].help);
        assert_non_null(strstr((const char *)b.p, item));
    }
    assert_non_null(
        strstr((const char *)b.p, "10 ms to 1 h; default 5 s; read again on SIGHUP.\n"));
    assert_non_null(strstr((const char *)b.p, "2 to 1000 requests a second; default 50"));
    assert_non_null(strstr((const char *)b.p, "an absolute path; must be given.\n"));
    pse_buf_free(&b);
}

static void put_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void reload_takes_all_or_nothing(void **state)
{
    char path[] = "/tmp/psephos-conf-XXXXXX";
    int fd = mkstemp(path);
    struct settings s;
    struct settings before;
    struct pse_fault f;
    size_t changed;

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    put_file(path, MINIMUM "[limits]\nrate = 10\n");
    assert_int_equal(pse_conf_load(&s, &f, &conf, path), PSE_OK);
    put_file(path, MINIMUM "[limits]\nrate = 20\nwait = 7 s\n");
    assert_int_equal(pse_conf_reload(&s, &changed, &f, &conf, path), PSE_OK);
    assert_int_equal(changed, 2);
    assert_int_equal(s.rate, 20);
    assert_int_equal(s.wait_ms, 7000);
    assert_int_equal(pse_conf_reload(&s, &changed, &f, &conf, path), PSE_OK);
    assert_int_equal(changed, 0);

    before = s;
    put_file(path, MINIMUM "[limits]\nrate = 30\nbody = 2 MiB\n");
    assert_int_equal(pse_conf_reload(&s, &changed, &f, &conf, path), PSE_E_STATE);
    assert_non_null(strstr(f.text, "key body in [limits] cannot change"));
    assert_memory_equal(&s, &before, sizeof s);
    put_file(path, MINIMUM "[limits]\nrate = 30\nwait = soon\n");
    assert_int_equal(pse_conf_reload(&s, &changed, &f, &conf, path), PSE_E_SYNTAX);
    assert_memory_equal(&s, &before, sizeof s);
    unlink(path);
    assert_int_equal(pse_conf_reload(&s, &changed, &f, &conf, path), PSE_E_IO);
    assert_int_equal(changed, 0);
    assert_memory_equal(&s, &before, sizeof s);
    assert_int_equal(pse_conf_load(&s, &f, &conf, "/"), PSE_E_IO);
    assert_int_equal(pse_conf_load(&s, &f, &conf, "/dev/zero"), PSE_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_is_written),
        cmocka_unit_test(defaults_stand),
        cmocka_unit_test(takes_bounds_and_units),
        cmocka_unit_test(takes_the_longest),
        cmocka_unit_test(refuses_wrong_bytes),
        cmocka_unit_test(refuses_wrong_shape),
        cmocka_unit_test(refuses_wrong_values),
        cmocka_unit_test(a_refused_value_is_not_shown),
        cmocka_unit_test(dump_reads_back_and_hides_secrets),
        cmocka_unit_test(every_key_is_hashed),
        cmocka_unit_test(manual_names_every_key),
        cmocka_unit_test(reload_takes_all_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
