#include "common/list_signature.h"

#include "codec/codec.h"

pse_rc list_signature_parse(struct list_signature *x, struct pse_arena *arena, struct pse_span text)
{
    const struct pse_json *root;
    struct pse_json_rd r;
    struct pse_span kind;

    PSE_TRY(pse_json_parse(&root, NULL, arena, text));
    PSE_TRY(pse_json_open(&r, root, NULL));
    PSE_TRY(pse_json_take_string(&kind, &r, "kind"));
    if (!pse_span_is_str(kind, "psephos-list-signature-1"))
        return PSE_E_UNSUPPORTED;
    PSE_TRY(pse_json_take_hex(x->base.b, 32, &r, "base"));
    PSE_TRY(pse_json_take_hex(x->issuer.b, 32, &r, "issuer"));
    PSE_TRY(pse_json_take_hex(x->sig, 64, &r, "signature"));
    return pse_json_close(&r);
}
