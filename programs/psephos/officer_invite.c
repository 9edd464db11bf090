/* psephos officer invite: the operator lets an officer register authenticators. */
#include <stdio.h>
#include <string.h>

#include "common/files.h"
#include "common/sysrng.h"
#include "psephos/office.h"
#include "psephos/officer.h"
#include "psephos/verbs.h"

static const char name[] = "psephos officer invite";

void officer_print_invitation(struct pse_span origin, struct pse_span code)
{
    printf("%.*s/officer#invitation=%.*s\n", (int)origin.n, (const char *)origin.p, (int)code.n,
           (const char *)code.p);
}

static pse_rc read_settings(struct office_settings *set, const char *config, const char *account)
{
    struct pse_webauthn_site site;
    char rp_id[PSE_CONF_TEXT];
    struct pse_fault fault;

    if (config == NULL) {
        cli_error(name, "give the office's settings with --config FILE");
        return PSE_E_MISSING;
    }
    if (pse_conf_load(set, &fault, &office_conf, config) != PSE_OK) {
        cli_error(name, "%s", fault.text);
        return PSE_E_SYNTAX;
    }
    PSE_TRY(office_site(&site, rp_id, name, &set->accounts));
    if (office_has_name(&set->accounts, account))
        return PSE_OK;
    cli_error(name, "%s is none of [officers] accounts in %s", account, config);
    return PSE_E_MISSING;
}

static pse_rc invite(const char *config, const char *account)
{
    static struct office_settings set;
    char code[OFFICE_CODE_TEXT] = "";
    char dir[FILE_PATH_MAX];
    struct pse_rng rng;
    pse_rc rc;

    PSE_TRY(read_settings(&set, config, account));
    PSE_TRY(file_join(dir, name, set.common.state, "invitations"));
    if (!file_exists(dir)) {
        cli_error(name, "there is no %s: start psephos officer serve with these settings first",
                  dir);
        return PSE_E_MISSING;
    }
    PSE_TRY(sysrng_start(&rng, name));
    rc = office_code_make(code, name, dir, account, "operator", &rng, office_now());
    pse_rng_wipe(&rng);
    if (rc == PSE_OK)
        officer_print_invitation(pse_span_str(set.accounts.origin), pse_span_str(code));
    pse_wipe(code, sizeof code);
    return rc;
}

int officer_invite(int argc, char **argv)
{
    const char *config = NULL;
    const char *account = NULL;
    const struct cli_option options[] = {
        CLI_TEXT("config", "FILE", &config, "the settings of psephos officer serve"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "NAME --config FILE",
        .about = "Let the officer NAME register two authenticators, within a day. Prints the\n"
                 "address to open, which is secret: who has it first is the officer.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = 1,
        .words = &account};
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return verb_exit(invite(config, account));
}
