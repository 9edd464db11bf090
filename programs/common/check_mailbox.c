#include "common/check_mailbox.h"

#include <stdio.h>
#include <time.h>

#include "common/options.h"
#include "common/progress.h"

enum { PATH_SIZE = 64, POLL_FIRST_MS = 100, POLL_MAX_MS = 1000 };

static void put_path(char path[PATH_SIZE], const char *name, unsigned step)
{
    (void)snprintf(path, PATH_SIZE, "/v1/mailbox/%.32s/%u", name, step);
}

pse_rc check_mailbox_put(struct box_client *b, const char *name, unsigned step,
                         struct pse_span message)
{
    char path[PATH_SIZE];
    struct box_answer a;
    pse_rc rc = PSE_OK;

    if (message.n > MAILBOX_BYTES) {
        cli_error(b->name, "the choices are too long for a check on another device");
        return PSE_E_LIMIT;
    }
    put_path(path, name, step);
    PSE_TRY(box_client_ask(&a, b, path, "application/octet-stream", message));
    if (a.status == 409) {
        cli_error(b->name, "somebody else has spoken in this check already: whoever saw the QR "
                           "can. It is over; show nobody the QR but your second device");
        rc = PSE_E_DUPLICATE;
    } else if (a.status / 100 != 2) {
        cli_error(b->name, "%s does not pass on messages of a check: %s", b->base, a.words);
        rc = PSE_E_STATE;
    }
    box_answer_free(&a);
    return rc;
}

static void nap(unsigned *ms)
{
    struct timespec t = {.tv_sec = *ms / 1000, .tv_nsec = (long)(*ms % 1000) * 1000000};

    (void)nanosleep(&t, NULL);
    *ms = 2 * *ms > POLL_MAX_MS ? POLL_MAX_MS : 2 * *ms;
}

pse_rc check_mailbox_get(struct pse_buf *message, struct box_client *b, const char *name,
                         unsigned step, unsigned seconds)
{
    double end = progress_now() + (double)seconds;
    unsigned wait = POLL_FIRST_MS;
    char path[PATH_SIZE];

    *message = PSE_BUF(0);
    put_path(path, name, step);
    for (;;) {
        struct box_answer a;

        PSE_TRY(box_client_ask(&a, b, path, NULL, pse_span(NULL, 0)));
        if (a.status == 200) {
            *message = a.body;
            return PSE_OK;
        }
        if (a.status != 404) {
            cli_error(b->name, "%s does not pass on messages of a check: %s", b->base, a.words);
            box_answer_free(&a);
            return PSE_E_STATE;
        }
        box_answer_free(&a);
        if (progress_now() >= end) {
            cli_error(b->name,
                      "the other device said nothing within %u s; a message is kept for %d "
                      "minutes only",
                      seconds, MAILBOX_SECONDS / 60);
            return PSE_E_MISSING;
        }
        nap(&wait);
    }
}
