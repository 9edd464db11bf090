/* psephos trustee run and psephos mixer run as daemons: settings in one file instead of options.
 *
 * For: a role that follows an election on a machine of its own under a service manager, or under
 * psephos serve. The loop and its steps are those of role_run.h; here is where their settings come
 * from, the sandbox, and the words to the service manager. Stopped in the middle of a step the
 * process ends at once, which is as safe as any other end of it. */
#ifndef PSE_PSEPHOS_ROLE_DAEMON_H
#define PSE_PSEPHOS_ROLE_DAEMON_H

#include "common/daemon.h"
#include "psephos/role_run.h"

/** What both roles are told. */
struct role_settings {
    struct daemon_common common;
    char record[PSE_CONF_TEXT];
    char mirrors[PSE_CONF_TEXT]; /* cut apart in place by role_daemon */
    char box[PSE_CONF_TEXT];
    char key[PSE_CONF_TEXT];
    char election[PSE_CONF_TEXT];
    uint64_t interval_ms;
};

/** The rows for the struct role_settings called @p field in @p type. */
#define ROLE_KEYS(type, field)                                                                     \
    DAEMON_KEYS(type, field.common),                                                               \
        PSE_CONF_WORDS(type, field.record, "record", "url", 1, 900, NULL, PSE_CONF_FIXED,          \
                       "The public record: http://… or https://…"),                                \
        PSE_CONF_WORDS(type, field.mirrors, "record", "mirrors", 0, PSE_CONF_VALUE_MAX, "",        \
                       PSE_CONF_FIXED,                                                             \
                       "Other places of the record, separated by spaces, which must show the "     \
                       "same; name at least one that others run."),                                \
        PSE_CONF_WORDS(type, field.election, "record", "election", 0, 64, "", PSE_CONF_FIXED,      \
                       "The election's id, 64 hexadecimal digits, from the printed notice; may "   \
                       "be left out once this key has been pinned to an election."),               \
        PSE_CONF_TIME(type, field.interval_ms, "record", "interval", 1000, 3600000, "5 s",         \
                      PSE_CONF_FIXED, "How long between two looks at the record."),                \
        PSE_CONF_WORDS(type, field.box, "box", "url", 1, 900, NULL, PSE_CONF_FIXED,                \
                       "The ballot box that takes what is made."),                                 \
        PSE_CONF_PATH(type, field.key, "role", "key", NULL, PSE_CONF_FIXED,                        \
                      "The private key's file, in a folder that this user may write to: what was " \
                      "done is kept beside it, and key and folder are one.")

/** Was a settings file, or a word about settings, given? Then the command line holds nothing else.
 */
bool role_daemon_is_asked(int argc, char **argv);

/** Run @p run with the settings of the command line. @p conf describes @p settings, which begin
 * with @p role; @p take (may be NULL) is called once they are read, before anything else, and after
 * each reload. Returns the exit status. */
int role_daemon(struct role_run *run, const struct pse_conf *conf, void *settings,
                struct role_settings *role, void (*take)(void *ctx), int argc, char **argv);

#endif
