/* Mail: what the message looks like, what is refused, and a relay that takes or refuses it. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "net/mail.h"
#include "test.h"

static struct pse_mail letter(void)
{
    return (struct pse_mail){.from = "vote@town.example",
                             .to = "anna@example.org",
                             .subject = "Dein Link für die Wahl",
                             .text = pse_span_str("Öffne diesen Link:\nhttps://town.example/#x\n"),
                             .time = 1795716000,
                             .id = {0xAB}};
}

static void messages_are_plain(void **state)
{
    struct pse_buf out = PSE_BUF(65536);
    struct pse_mail m = letter();

    (void)state;
    assert_int_equal(pse_mail_write(&out, &m), PSE_OK);
    pse_buf_put(&out, "", 1);
    assert_string_equal(
        (const char *)out.p,
        "From: <vote@town.example>\r\nTo: <anna@example.org>\r\n"
        "Subject: =?UTF-8?B?RGVpbiBMaW5rIGbDvHIgZGllIFdhaGw=?=\r\n"
        "Date: Thu, 26 Nov 2026 18:00:00 +0000\r\n"
        "Message-ID: <ab000000000000000000000000000000@town.example>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n"
        "w5ZmZm5lIGRpZXNlbiBMaW5rOgpodHRwczovL3Rvd24uZXhhbXBsZS8jeAo=\r\n");
    pse_buf_free(&out);
}

static void injections_are_refused(void **state)
{
    static const char *const address[] = {
        "",        "anna",  "@x",      "a@",      "a@b@c",   "a@b\r\nBcc: c@d",
        "a@b c@d", "<a@b>", "a@b,c@d", "\"a\"@b", "a@b\x7F", "a@\xC3\xA4.example"};
    static const char *const subject[] = {"", "x\nBcc: c@d", "x\r\ny", "x\ty", "\xE2\x80\xAE"};
    struct pse_buf out = PSE_BUF(1 << 20);
    char url[300];

    (void)state;
    for (size_t i = 0; i < sizeof address / sizeof *address; i++) {
        struct pse_mail m = letter();

        m.to = address[i];
        assert_int_equal(pse_mail_write(&out, &m), PSE_E_RANGE);
        m = letter();
        m.from = address[i];
        assert_int_equal(pse_mail_write(&out, &m), PSE_E_RANGE);
    }
    for (size_t i = 0; i < sizeof subject / sizeof *subject; i++) {
        struct pse_mail m = letter();

        m.subject = subject[i];
        assert_int_equal(pse_mail_write(&out, &m), PSE_E_RANGE);
    }
    struct pse_mail m = letter();
    m.text = pse_span("\xFF", 1);
    assert_int_equal(pse_mail_write(&out, &m), PSE_E_ENCODING);
    memset(url, 'a', sizeof url);
    memcpy(url, "a@", 2);
    url[299] = '\0';
    m = letter();
    m.to = url;
    assert_int_equal(pse_mail_write(&out, &m), PSE_E_RANGE);
    assert_int_equal(out.n, 0);
    pse_buf_free(&out);
}

static void long_subjects_are_folded(void **state)
{
    struct pse_buf out = PSE_BUF(65536);
    struct pse_mail m = letter();
    struct pse_span rest;
    struct pse_span line;

    (void)state;
    m.subject = "ääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää";
    assert_int_equal(pse_mail_write(&out, &m), PSE_OK);
    rest = pse_buf_span(&out);
    while (pse_line_take(&line, &rest) == PSE_OK)
        assert_true(line.n <= 79);
    pse_buf_free(&out);
}

/* --- a relay of one mail -----------------------------------------------------------------------
 */

struct sink {
    int listener;
    bool refuses; /* the recipient */
    char heard[16384];
    char url[128];
    pthread_t thread;
};

static void answer(FILE *f, const char *text)
{
    fprintf(f, "%s\r\n", text);
    fflush(f);
}

static void *serve(void *ctx)
{
    struct sink *s = ctx;
    int fd = accept(s->listener, NULL, NULL);
    FILE *in = fdopen(fd, "r");
    FILE *out = fdopen(dup(fd), "w");
    bool in_data = false;
    char line[2048];

    answer(out, "220 sink");
    while (fgets(line, sizeof line, in) != NULL) {
        if (strlen(s->heard) + strlen(line) < sizeof s->heard)
            strcat(s->heard, line);
        if (in_data) {
            in_data = strcmp(line, ".\r\n") != 0;
            if (!in_data)
                answer(out, "250 taken");
        } else if (strncmp(line, "DATA", 4) == 0) {
            in_data = true;
            answer(out, "354 go on");
        } else if (strncmp(line, "RCPT", 4) == 0 && s->refuses) {
            answer(out, "550 nobody");
        } else if (strncmp(line, "QUIT", 4) == 0) {
            answer(out, "221 bye");
            break;
        } else {
            answer(out, "250 yes");
        }
    }
    fclose(in);
    fclose(out);
    return NULL;
}

static void sink_open(struct sink *s, bool refuses)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof at;

    memset(s, 0, sizeof *s);
    s->refuses = refuses;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->listener, 1), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &n), 0);
    snprintf(s->url, sizeof s->url, "smtp://127.0.0.1:%u", ntohs(at.sin_port));
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void sink_close(struct sink *s)
{
    pthread_join(s->thread, NULL);
    close(s->listener);
}

static void a_relay_takes_it(void **state)
{
    struct pse_mail m = letter();
    char why[PSE_MAIL_WHY_MAX];
    struct sink s;

    (void)state;
    sink_open(&s, false);
    struct pse_mail_relay r = {.url = s.url, .seconds = 10};
    assert_int_equal(pse_mail_send(why, &r, &m), PSE_OK);
    sink_close(&s);
    assert_non_null(strstr(s.heard, "MAIL FROM:<vote@town.example>"));
    assert_non_null(strstr(s.heard, "RCPT TO:<anna@example.org>"));
    assert_non_null(
        strstr(s.heard, "w5ZmZm5lIGRpZXNlbiBMaW5rOgpodHRwczovL3Rvd24uZXhhbXBsZS8jeAo="));
}

static void failures_are_told_without_the_address(void **state)
{
    struct pse_mail m = letter();
    char why[PSE_MAIL_WHY_MAX];
    struct sink s;

    (void)state;
    sink_open(&s, true);
    struct pse_mail_relay r = {.url = s.url, .seconds = 10};
    assert_int_equal(pse_mail_send(why, &r, &m), PSE_E_IO);
    sink_close(&s);
    assert_true(why[0] != '\0');
    assert_null(strstr(why, "anna"));
    assert_int_equal(pse_mail_send(why, &r, &m), PSE_E_IO); /* nobody listens any more */
    r.url = "http://127.0.0.1/";
    assert_int_equal(pse_mail_send(why, &r, &m), PSE_E_UNSUPPORTED);
    m.to = "a@b\r\nX: y";
    r.url = s.url;
    assert_int_equal(pse_mail_send(why, &r, &m), PSE_E_RANGE);
}

/* Clear text to another machine is refused even where it says it is a relay. */
static void clear_text_stays_here(void **state)
{
    struct pse_mail m = letter();
    char why[PSE_MAIL_WHY_MAX];
    struct sink s;
    char url[128];

    (void)state;
    sink_open(&s, false);
    snprintf(url, sizeof url, "smtp://127.1%.40s", s.url + strlen("smtp://127.0.0.1"));
    struct pse_mail_relay r = {.url = url, .seconds = 10};
    assert_int_equal(pse_mail_send(why, &r, &m), PSE_E_IO);
    sink_close(&s);
    assert_null(strstr(s.heard, "DATA"));
}

/* For development: a file instead of a relay, with the same refusals. */
static void a_folder_takes_it(void **state)
{
    char dir[] = "/tmp/psephos-mail-XXXXXX";
    char url[128];
    char path[160];
    char said[1024] = "";
    char why[PSE_MAIL_WHY_MAX];
    struct pse_mail m = letter();
    struct stat st;
    FILE *f;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(url, sizeof url, "file://%s", dir);
    struct pse_mail_relay r = {.url = url, .seconds = 1};
    memset(m.id, 0xAB, sizeof m.id);
    assert_int_equal(pse_mail_send(why, &r, &m), PSE_OK);
    snprintf(path, sizeof path, "%s/abababababababababababababababab.txt", dir);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_true(fread(said, 1, sizeof said - 1, f) > 0);
    fclose(f);
    assert_int_equal(strncmp(said, "To: ", 4), 0);
    assert_non_null(strstr(said, m.to));
    assert_non_null(strstr(said, m.subject));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    unlink(path);
    m.to = "a@b\nX: y";
    assert_int_equal(pse_mail_send(why, &r, &m), PSE_E_RANGE);
    assert_int_equal(rmdir(dir), 0); /* nothing else was written */
    m = letter();
    assert_int_equal(pse_mail_send(why, &r, &m), PSE_E_IO);
    assert_null(strstr(why, m.to));
    r.url = "file:relative";
    assert_int_equal(pse_mail_send(why, &r, &m), PSE_E_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_plain),
        cmocka_unit_test(injections_are_refused),
        cmocka_unit_test(long_subjects_are_folded),
        cmocka_unit_test(a_relay_takes_it),
        cmocka_unit_test(failures_are_told_without_the_address),
        cmocka_unit_test(clear_text_stays_here),
        cmocka_unit_test(a_folder_takes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
