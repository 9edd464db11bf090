/* The plan of an election: what people decide, as a JSON file. Manifest = plan + keys.
 *
 * Members of the plan are those of the manifest (protocol 2.3) without nonce, log, policy, keys and
 * documents, and a member `counting`, the counting document (docs/counting.md). */
#ifndef PSE_PSEPHOS_PLAN_H
#define PSE_PSEPHOS_PLAN_H

#include "common/keyfile.h"
#include "election/manifest.h"

/** Where the keys come from. All borrowed. */
struct plan_keys {
    pse_edkey authority;
    const struct card *registrar;
    const struct card *board;
    const struct card *trustee;
    size_t trustees;
    const struct card *mixer;
    size_t mixers;
    pse_hash policy;
};

/** The manifest of @p plan and @p keys as canonical bytes, with a fresh nonce, and the bytes of the
 * counting document; both are appended. One line under @p name says what is wrong with @p path. */
PSE_MUST pse_rc plan_manifest(struct pse_buf *manifest, struct pse_buf *counting, const char *name,
                              const char *path, struct pse_span plan, const struct plan_keys *keys,
                              const struct pse_group *g, struct pse_rng *rng);

#endif
