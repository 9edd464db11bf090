/* HTTP/1.1 as a load generator speaks it: one request at a time on a kept connection, from a
 * source address of its choice.
 *
 * For: psephos load. Not for: anything whose answers matter to a person (net/fetch.h): bodies
 * longer than a scratch buffer are counted and dropped, chunked answers are faults, and only
 * loopback is spoken to. */
#ifndef PSE_PSEPHOS_LOAD_HTTP_H
#define PSE_PSEPHOS_LOAD_HTTP_H

#include <netinet/in.h>

#include "psephos/load_loop.h"

enum { LOAD_HEAD = 384 };

struct load_answer {
    unsigned status;      /* 0: the connection failed or ended */
    unsigned retry_after; /* seconds; 0: not said */
    uint64_t length;      /* of the body */
    struct pse_span body; /* empty when it was too long to keep; borrowed for the call */
    bool was_kept;        /* status 0 on a connection that had answered before, with nothing read */
};

struct load_conn;
/** A request was answered or failed. The connection may be used again at once. */
typedef void load_done(struct load_conn *c, const struct load_answer *a);

struct load_conn {
    struct load_source source; /* first */
    struct load_loop *loop;
    const struct sockaddr_in *to;
    load_done *done;
    int fd;        /* -1: closed */
    uint32_t from; /* number of the source address */
    bool busy;
    bool kept;   /* has answered */
    bool ending; /* the answer at hand said so */
    char head[LOAD_HEAD];
    size_t head_n;
    struct pse_span body;
    size_t sent;
    uint8_t *part; /* of an answer that is not all there */
    size_t part_n;
    unsigned status;
    unsigned retry_after;
    uint64_t length;
    uint64_t left; /* of a body that is dropped */
};

/** "http://127.0.0.1:PORT" into @p out and a Host value. PSE_E_SYNTAX: not of that form;
 * PSE_E_UNSUPPORTED: not a loopback address. */
PSE_MUST pse_rc load_target(struct sockaddr_in *out, char host[64], const char *url);
/** Source address number @p n: one of 65,024 networks of 256 addresses in 127.0.0.0/8, then the
 * next address in each. */
struct in_addr load_from(uint32_t n);
/** A socket from source @p n on its way to @p to. PSE_E_IO. */
PSE_MUST pse_rc load_connect(int *fd, uint32_t n, const struct sockaddr_in *to);

/** Allow @p want open descriptors, or as many as the system lets, which is told under @p name. */
void load_descriptors(const char *name, uint64_t want);

void load_conn_init(struct load_conn *c, struct load_loop *loop, const struct sockaddr_in *to,
                    uint32_t from, load_done *done);
/** Send c->head (head_n bytes, written by the caller) and @p body, which lives until the answer. A
 * connection is opened when there is none. Not while busy (PSE_REQUIRE). When nothing can be
 * opened @c done is called before this returns. */
void load_conn_send(struct load_conn *c, struct pse_span body);
/** Close; nothing is called. */
void load_conn_close(struct load_conn *c);

#endif
