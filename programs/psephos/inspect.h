/* A whole record verified as psephos-verify does it, in this process, with result and elected. */
#ifndef PSE_PSEPHOS_INSPECT_H
#define PSE_PSEPHOS_INSPECT_H

#include "../psephos-verify/outcome.h"
#include "common/record_read.h"
#include "psephos/html_result.h"

struct inspect {
    struct record_reader reader;
    struct pse_audit *audit;
    struct pse_arena arena;
    struct outcome outcome; /* valid when inspect_record returned PSE_OK */
};

/** Audit @p dir, showing progress unless @p quiet. PSE_OK whatever the verdict. PSE_E_MISSING,
 * PSE_E_IO (reported): it cannot be read. To be freed in every case. */
PSE_MUST pse_rc inspect_record(struct inspect *i, const char *name, const char *dir,
                               const struct pse_group *g, struct pse_rng *rng, const pse_hash *eid,
                               bool quiet);
/** The result page into @p path; an older one is replaced. */
PSE_MUST pse_rc inspect_write_html(const struct inspect *i, const char *name, const char *path,
                                   const struct html_result_options *options);
void inspect_free(struct inspect *i);

#endif
