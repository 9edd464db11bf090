/* Answers of the sequencer's socket on their way: they wait in a list for the thread that writes,
 * so that a peer that reads slowly holds nobody up. */
#include <stdlib.h>

#include "psephos/box_socket.h"

enum { ANSWERS_MAX = 1 << 17 /* that a peer has not read; then it is given up */ };

/* --- letters -----------------------------------------------------------------------------------
 */

static void post(struct box_conn *c, struct box_letter *one)
{
    bool full;

    pthread_mutex_lock(&c->lock);
    full = c->letters >= ANSWERS_MAX || c->is_over;
    if (!full) {
        one->next = NULL;
        *c->last = one;
        c->last = &one->next;
        c->letters++;
        pthread_cond_signal(&c->more);
    }
    pthread_mutex_unlock(&c->lock);
    if (full) {
        pse_ipc_shut(c->ipc); /* its requests are then answered FAILED at the other end */
        free(one);
    }
}

void box_conn_result(struct box_conn *c, uint8_t kind, const struct sequence_result *r)
{
    struct box_letter *one = calloc(1, sizeof *one + r->receipt.n);

    if (one == NULL) {
        pse_ipc_shut(c->ipc);
        return;
    }
    one->kind = kind;
    one->result = *r;
    if (r->receipt.n > 0)
        memcpy(one->bytes, r->receipt.p, r->receipt.n);
    one->result.receipt = pse_span(one->bytes, r->receipt.n);
    post(c, one);
}

void box_conn_frame(struct box_conn *c, uint8_t kind, struct pse_buf *body)
{
    struct box_letter *one = body->rc == PSE_OK ? calloc(1, sizeof *one + body->n) : NULL;

    if (one == NULL) {
        pse_ipc_shut(c->ipc);
    } else {
        one->kind = kind;
        one->n = body->n;
        memcpy(one->bytes, body->p, body->n);
        post(c, one);
    }
    pse_buf_free(body);
}

void box_conn_drop(struct box_conn *c)
{
    struct box_letter *one;
    bool last;

    pthread_mutex_lock(&c->lock);
    last = --c->refs == 0;
    pthread_mutex_unlock(&c->lock);
    if (!last)
        return;
    while ((one = c->first) != NULL) {
        c->first = one->next;
        free(one);
    }
    pse_ipc_free(c->ipc);
    (void)pthread_mutex_destroy(&c->lock);
    (void)pthread_cond_destroy(&c->more);
    free(c);
}

/* --- writing -----------------------------------------------------------------------------------
 */

static bool is_result(uint8_t kind)
{
    return kind == SEQUENCE_SUBMIT || kind == SEQUENCE_RECEIPT;
}

/* Results of one kind at the head of @p list, as many as a frame takes. */
static pse_rc send_results(struct box_conn *c, struct box_letter **list, struct pse_buf *frame,
                           struct sequence_result *room)
{
    uint8_t kind = (*list)->kind;
    uint16_t taken = 0;
    size_t n = 0;

    for (const struct box_letter *at = *list;
         at != NULL && at->kind == kind && n < (kind == SEQUENCE_SUBMIT ? SEQUENCE_BATCH_MAX : 1);
         at = at->next)
        room[n++] = at->result;
    frame->n = 0;
    sequence_results_put(frame, &taken, room, n);
    PSE_TRY(frame->rc);
    for (uint16_t i = 0; i < taken; i++) {
        struct box_letter *gone = *list;

        *list = gone->next;
        free(gone);
    }
    return pse_ipc_send(c->ipc, kind | SEQUENCE_ANSWER, pse_buf_span(frame));
}

static pse_rc send_frame(struct box_conn *c, struct box_letter **list)
{
    struct box_letter *one = *list;
    pse_rc rc = pse_ipc_send(c->ipc, one->kind | SEQUENCE_ANSWER, pse_span(one->bytes, one->n));

    *list = one->next;
    free(one);
    return rc;
}

/* All that waits, or NULL at the end. */
static struct box_letter *take_letters(struct box_conn *c)
{
    struct box_letter *list;

    pthread_mutex_lock(&c->lock);
    while (c->first == NULL && !c->ends)
        pthread_cond_wait(&c->more, &c->lock);
    list = c->first;
    c->first = NULL;
    c->last = &c->first;
    c->letters = 0;
    pthread_mutex_unlock(&c->lock);
    return list;
}

void *box_conn_write(void *arg)
{
    struct box_conn *c = arg;
    struct pse_buf frame = PSE_BUF(PSE_IPC_BODY_MAX);
    struct sequence_result *room = calloc(SEQUENCE_BATCH_MAX, sizeof *room);
    struct box_letter *list;
    pse_rc rc = room == NULL ? PSE_E_MEMORY : PSE_OK;

    while ((list = take_letters(c)) != NULL) {
        while (list != NULL) {
            struct box_letter *gone = list;

            if (rc == PSE_OK) {
                rc = is_result(list->kind) ? send_results(c, &list, &frame, room)
                                           : send_frame(c, &list);
                continue;
            }
            list = gone->next;
            free(gone);
        }
        if (rc != PSE_OK)
            pse_ipc_shut(c->ipc);
    }
    free(room);
    pse_buf_free(&frame);
    box_conn_drop(c);
    return NULL;
}
