/* Inside room identity: members of JSON that is not the project's own (jansson), which may have
 * members nobody knows, fractions and any depth. */
#ifndef PSE_IDENTITY_MEMBER_H
#define PSE_IDENTITY_MEMBER_H

#include <jansson.h>

#include "base/base.h"

/** The member is there and is a text; it lives as long as @p object. */
static inline bool pse_member_text(struct pse_span *out, const json_t *object, const char *name)
{
    const json_t *v = json_object_get(object, name);

    if (!json_is_string(v))
        return false;
    *out = pse_span(json_string_value(v), json_string_length(v));
    return true;
}

/** The member is this text. */
static inline bool pse_member_is(const json_t *object, const char *name, const char *text)
{
    struct pse_span value;

    return pse_member_text(&value, object, name) && pse_span_is_str(value, text);
}

#endif
