#include "psephos/inspect.h"

#include <string.h>

#include "../psephos-verify/audit_bar.h"
#include "common/files.h"
#include "common/options.h"

#define RESULT_ARENA ((size_t)4 << 30)
enum { HTML_MAX = 64 << 20 };

pse_rc inspect_record(struct inspect *i, const char *name, const char *dir,
                      const struct pse_group *g, struct pse_rng *rng, const pse_hash *eid,
                      bool quiet)
{
    struct audit_bar bar;
    struct pse_audit_options options = {
        .group = g, .rng = rng, .progress = audit_bar_set, .progress_ctx = &bar, .eid = eid};
    double start = progress_now();
    struct pse_reader reader;
    pse_rc rc;

    memset(i, 0, sizeof *i);
    pse_arena_init(&i->arena, RESULT_ARENA);
    progress_init(&bar.progress, name, quiet);
    rc = record_reader_open(&i->reader, dir);
    if (rc == PSE_OK) {
        reader = record_reader_callbacks(&i->reader);
        rc = pse_audit_run(&i->audit, &options, &reader);
    }
    progress_end(&bar.progress);
    if (rc != PSE_OK) {
        cli_error(name, "the record %s cannot be read (%s); check the name of the folder", dir,
                  pse_rc_name(rc));
        return rc;
    }
    i->outcome = (struct outcome){.dir = dir,
                                  .audit = i->audit,
                                  .group = g,
                                  .eid_pinned = eid != NULL,
                                  .seconds = progress_now() - start};
    return outcome_count(&i->outcome, &i->arena);
}

pse_rc inspect_write_html(const struct inspect *i, const char *name, const char *path,
                          const struct html_result_options *options)
{
    struct pse_buf page = PSE_BUF(HTML_MAX);
    pse_rc rc = html_result_put(&page, &i->outcome, options);

    if (rc == PSE_OK)
        rc = file_write(name, path, pse_buf_span(&page), FILE_REPLACE);
    else
        cli_error(name, "the page for %s grows too large (%s)", path, pse_rc_name(rc));
    pse_buf_free(&page);
    return rc;
}

void inspect_free(struct inspect *i)
{
    pse_audit_free(i->audit);
    record_reader_close(&i->reader);
    pse_arena_free(&i->arena);
    memset(i, 0, sizeof *i);
    i->reader.dir = -1;
    i->reader.blob = -1;
}
