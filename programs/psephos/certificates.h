/* Certificates that commands are given in files, DER or PEM. Failures are reported under @p name,
 * one line on standard error. */
#ifndef PSE_PSEPHOS_CERTIFICATES_H
#define PSE_PSEPHOS_CERTIFICATES_H

#include "common/options.h"
#include "identity/identity.h"

/** Read every file of the option --ca, which are certificates of @p whom ("stamp authorities").
 * *out is freed by the caller in every case. PSE_E_MISSING: the option was not given; PSE_E_SYNTAX,
 * PSE_E_LIMIT, PSE_E_IO, PSE_E_MEMORY. */
PSE_MUST pse_rc anchors_read(struct pse_anchors **out, const char *name, const struct cli_list *ca,
                             const char *whom);

/** Read the certificate in @p path, the first of several. *out is NULL on failure. Statuses as
 * above. */
PSE_MUST pse_rc certificate_read(struct pse_certificate **out, const char *name, const char *path);

#endif
