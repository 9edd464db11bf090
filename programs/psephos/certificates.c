#include "psephos/certificates.h"

#include "common/files.h"

static pse_rc add_file(struct pse_anchors *anchors, const char *name, const char *path)
{
    struct pse_buf in;
    pse_rc rc;

    PSE_TRY(file_read(&in, name, path, PSE_ANCHORS_TEXT_MAX));
    rc = pse_anchors_add(anchors, pse_buf_span(&in));
    pse_buf_free(&in);
    if (rc != PSE_OK)
        cli_error(name,
                  "%s holds no certificates, or a damaged one (%s); get it from the authority "
                  "again",
                  path, pse_rc_name(rc));
    return rc;
}

pse_rc anchors_read(struct pse_anchors **out, const char *name, const struct cli_list *ca,
                    const char *whom)
{
    *out = NULL;
    if (ca->n == 0) {
        cli_error(name, "--ca is missing: the certificates of %s you trust; see %s --help", whom,
                  name);
        return PSE_E_MISSING;
    }
    PSE_TRY(pse_anchors_new(out));
    for (size_t i = 0; i < ca->n; i++)
        PSE_TRY(add_file(*out, name, ca->v[i]));
    return PSE_OK;
}

pse_rc certificate_read(struct pse_certificate **out, const char *name, const char *path)
{
    struct pse_buf in;
    pse_rc rc;

    *out = NULL;
    rc = file_read(&in, name, path, PSE_CERTIFICATE_MAX);
    if (rc == PSE_OK) {
        rc = pse_certificate_parse(out, pse_buf_span(&in));
        if (rc != PSE_OK)
            cli_error(name, "%s holds no certificate, or a damaged one (%s)", path,
                      pse_rc_name(rc));
    }
    pse_buf_free(&in);
    return rc;
}
