/* Mails wait in a ring and one thread sends them, so that the answer to a voter takes as long for
 * an address that is known as for one that is not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/mail.h"
#include "psephos/auth.h"

enum { TEXT_MAX = 4096 };

void auth_mail_put(struct auth *a, struct pse_span to, const uint8_t token[32])
{
    struct auth_mail *m;

    if (to.n >= sizeof m->to)
        return;
    pthread_mutex_lock(&a->mail_lock);
    if (a->mail_n < AUTH_MAILS_MAX) {
        m = &a->mail[(a->mail_first + a->mail_n++) % AUTH_MAILS_MAX];
        memcpy(m->to, to.p, to.n);
        m->to[to.n] = '\0';
        memcpy(m->token, token, 32);
        pthread_cond_signal(&a->mail_come);
    } else {
        pse_metric_add(&auth_mails, 2, 1);
    }
    pthread_mutex_unlock(&a->mail_lock);
}

static void write_text(struct pse_buf *out, const struct auth *a, const uint8_t token[32])
{
    static const char before[] = "Somebody, we hope it was you, asked to log in to vote.\n"
                                 "Open this link in the browser where you asked:\n\n";
    static const char after[] = "\n\nIt is good for 15 minutes and works once. If you did not ask, "
                                "do nothing:\nnobody can vote with this link alone.\n";

    pse_buf_put(out, before, sizeof before - 1);
    pse_buf_put(out, a->set->link, strlen(a->set->link));
    pse_base64url_put(out, token, 32);
    pse_buf_put(out, after, sizeof after - 1);
}

static void send_one(struct auth *a, const struct auth_mail *m)
{
    const struct pse_mail_relay relay = {
        .url = a->set->relay,
        .user = a->set->user[0] == '\0' ? NULL : a->set->user,
        .password = a->set->user[0] == '\0' ? NULL : (const char *)a->password.p,
        .ca = a->set->ca[0] == '\0' ? NULL : a->set->ca,
        .seconds = (unsigned)(a->set->mail_ms / 1000)};
    struct pse_buf text = PSE_BUF(TEXT_MAX);
    struct pse_mail mail = {.from = a->set->from,
                            .to = m->to,
                            .subject = a->set->subject,
                            .time = (uint64_t)(pse_clock_wall_ms() / 1000)};
    char why[PSE_MAIL_WHY_MAX] = "";
    pse_rc rc;

    write_text(&text, a, m->token);
    mail.text = pse_buf_span(&text);
    pse_rng_fill(&a->mail_rng, mail.id, sizeof mail.id);
    rc = text.rc == PSE_OK ? pse_mail_send(why, &relay, &mail) : text.rc;
    pse_buf_free(&text);
    pse_metric_add(&auth_mails, rc == PSE_OK ? 0 : 1, 1);
    if (rc == PSE_OK)
        return;
    PSE_LOG(&a->d->log, PSE_LOG_ERROR, "auth.mail", PSE_F("status", pse_rc_name(rc)),
            PSE_F("why", (const char *)why));
    auth_event(a, "auth.mail", 3, "failed", pse_rc_name(rc));
}

static bool take(struct auth *a, struct auth_mail *m)
{
    bool got;

    pthread_mutex_lock(&a->mail_lock);
    while (a->mail_n == 0 && !a->mail_stop)
        pthread_cond_wait(&a->mail_come, &a->mail_lock);
    got = a->mail_n > 0 && !a->mail_stop;
    if (got) {
        struct auth_mail *at = &a->mail[a->mail_first];

        *m = *at;
        pse_wipe(at, sizeof *at);
        a->mail_first = (a->mail_first + 1) % AUTH_MAILS_MAX;
        a->mail_n--;
    }
    pthread_mutex_unlock(&a->mail_lock);
    return got;
}

static void *run(void *ctx)
{
    struct auth *a = ctx;
    struct auth_mail m;

    while (take(a, &m)) {
        send_one(a, &m);
        pse_wipe(&m, sizeof m);
    }
    return NULL;
}

pse_rc auth_mail_start(struct auth *a)
{
    a->mail = calloc(AUTH_MAILS_MAX, sizeof *a->mail);
    if (a->mail == NULL)
        return PSE_E_MEMORY;
    PSE_REQUIRE(pthread_mutex_init(&a->mail_lock, NULL) == 0 &&
                pthread_cond_init(&a->mail_come, NULL) == 0);
    if (pthread_create(&a->mail_thread, NULL, run, a) == 0)
        return PSE_OK;
    free(a->mail);
    a->mail = NULL;
    return PSE_E_MEMORY;
}

void auth_mail_stop(struct auth *a)
{
    if (a->mail == NULL)
        return;
    pthread_mutex_lock(&a->mail_lock);
    a->mail_stop = true;
    pthread_cond_signal(&a->mail_come);
    pthread_mutex_unlock(&a->mail_lock);
    (void)pthread_join(a->mail_thread, NULL);
    pse_wipe(a->mail, AUTH_MAILS_MAX * sizeof *a->mail);
    free(a->mail);
    a->mail = NULL;
}
