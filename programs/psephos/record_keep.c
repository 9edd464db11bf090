/* psephos record tidy and compress: keeping a served folder in order. */
#include <inttypes.h>
#include <stdio.h>

#include "common/record_tidy.h"
#include "psephos/record.h"
#include "psephos/verbs.h"

int record_tidy_files(int argc, char **argv)
{
    static const char name[] = "psephos record tidy";
    struct record_tidy_report report;
    const char *dir = NULL;
    bool dry = false;
    bool quiet = false;
    const struct cli_option options[] = {
        CLI_FLAG("dry-run", &dry, "count what would go, remove nothing"),
        CLI_FLAG("quiet", &quiet, "print nothing but errors"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "DIR [--dry-run]",
        .about = "Remove each partial tile whose full tile is on disk and has been for a minute,\n"
                 "but none that the published checkpoint needs.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = 1,
        .words = &dir,
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = record_tidy(&report, name, dir, session_now(), dry);
    if (rc == PSE_OK && !quiet)
        printf("%s: %" PRIu64 " files %s, %" PRIu64 " bytes; %" PRIu64 " partial files stay\n", dir,
               report.removed, dry ? "would go" : "removed", report.bytes, report.kept);
    return verb_exit(rc);
}

int record_compress_files(int argc, char **argv)
{
    static const char name[] = "psephos record compress";
    struct record_compress_report report;
    const char *dir = NULL;
    bool quiet = false;
    const struct cli_option options[] = {
        CLI_FLAG("quiet", &quiet, "print nothing but errors"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "DIR",
        .about =
            "Make FILE.gz beside each full entry bundle and each blob that gzip makes smaller,\n"
            "for web servers that send such a twin to whoever accepts it.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = 1,
        .words = &dir,
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = record_compress(&report, name, dir);
    if (rc == PSE_OK && !quiet)
        printf("%s: %" PRIu64 " twins made (%" PRIu64 " bytes become %" PRIu64 "), %" PRIu64
               " were there, %" PRIu64 " files do not get smaller\n",
               dir, report.made, report.bytes, report.gzip, report.present, report.vain);
    return verb_exit(rc);
}
