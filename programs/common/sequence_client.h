/* A daemon's side of the connection to the sequencer: opened again when it breaks, used by any
 * thread, nothing promised that the sequencer has not said.
 *
 * For: fronts, officers and boards on the sequencer's machine. Not for: other machines (they speak
 * HTTP to a front). When the connection breaks, everything under way is answered FAILED: it may or
 * may not have been recorded, and sending the same bytes again is always right, since the same
 * entry gets the same receipt. */
#ifndef PSE_PROGRAMS_SEQUENCE_CLIENT_H
#define PSE_PROGRAMS_SEQUENCE_CLIENT_H

#include "common/sequence_ipc.h"

struct sequence_client;

/** What became of one entry. Called once or, after RECORDED, a second time; from the client's
 * reading thread, so it must not block or call this header's waiting functions. The result
 * and its receipt live until it returns. */
typedef void sequence_done(void *ctx, const struct sequence_result *result);

/** A client of the sequencer at the Unix socket @p path, with room for @p pending entries under
 * way. It connects in the background and keeps trying. PSE_E_MEMORY. */
PSE_MUST pse_rc sequence_client_new(struct sequence_client **out, const char *path, size_t pending);
/** Answers everything under way FAILED, joins the reading thread and frees. NULL is fine. */
void sequence_client_free(struct sequence_client *c);
/** Is there a connection now? */
bool sequence_client_is_up(struct sequence_client *c);

/** Send @p n entries; done(ctx[i], …) for each. PSE_E_LIMIT: no room for all n: none was sent.
 * PSE_E_STATE: no connection. On PSE_OK every entry will be answered. */
PSE_MUST pse_rc sequence_submit(struct sequence_client *c, uint8_t source,
                                const struct pse_span *entry, void *const *ctx, size_t n,
                                sequence_done *done);
/** Ask for the receipt of the entry with this leaf hash; done is called once. Statuses as above. */
PSE_MUST pse_rc sequence_receipt(struct sequence_client *c, const pse_hash *leaf, void *ctx,
                                 sequence_done *done);

/* The rest waits for the answer, at most SEQUENCE_WAIT_MS. PSE_E_STATE: no connection; PSE_E_LIMIT:
 * no room; PSE_E_IO: it broke, or no answer came in time. */
enum { SEQUENCE_WAIT_MS = 5000 };

PSE_MUST pse_rc sequence_view(struct sequence_client *c, struct sequence_view *out,
                              const uint8_t credential[32]);
PSE_MUST pse_rc sequence_status(struct sequence_client *c, struct sequence_status *out);
PSE_MUST pse_rc sequence_set_level(struct sequence_client *c, uint8_t level);
/** Send a blob whole; durable on PSE_OK. PSE_E_MISMATCH: the sequencer refuses it. */
PSE_MUST pse_rc sequence_blob(struct sequence_client *c, struct pse_span blob);
/** Send one entry and wait until it is witnessed or recorded; *result (without the receipt) says
 * which. PSE_E_MISMATCH: neither; *result says why. */
PSE_MUST pse_rc sequence_put_entry(struct sequence_client *c, struct sequence_result *result,
                                   uint8_t source, struct pse_span entry);

#endif
