/* Inside room identity: what the files of OpenID Connect share. */
#ifndef PSE_IDENTITY_OIDC_ROOM_H
#define PSE_IDENTITY_OIDC_ROOM_H

#include "member.h"
#include "oidc.h"
#include "room.h"

/** UNREACHABLE, OVERSIZED, REDIRECTED; @p out is the body otherwise, whatever the status. */
PSE_MUST enum pse_oidc_fault pse_oidc_answer_body(struct pse_span *out,
                                                  const struct pse_oidc_answer *answer);
/** Likewise, and STATUS unless it is 200. */
PSE_MUST enum pse_oidc_fault pse_oidc_answer_good(struct pse_span *out,
                                                  const struct pse_oidc_answer *answer);

/** An object of JSON with no member twice and no U+0000 in a text; NULL otherwise, or when there is
 * no memory. All numbers are reals. The caller's. */
PSE_MUST json_t *pse_oidc_object(struct pse_span text);

/** Is it this text of lower-case letters, but for the case of letters? */
bool pse_oidc_is_any_case(struct pse_span text, const char *lower);

/** Bytes of a canonical base64url text. PSE_E_SYNTAX; PSE_E_LIMIT: more than @p out may hold. */
PSE_MUST pse_rc pse_oidc_decode(struct pse_buf *out, struct pse_span base64url);

/** https://host[:port][/…], printable ASCII, without user, fragment or characters that have no
 * place in an address; or http:// to a loopback host where @p r allows it. Not longer than
 * PSE_OIDC_ENDPOINT_MAX. */
bool pse_oidc_url_is_valid(const char *url, const struct pse_oidc_rules *r);
/** Is its host, with its port, among those of @p r? The URL is valid. */
bool pse_oidc_url_is_listed(const char *url, const struct pse_oidc_rules *r);
/** http://, not https://. The URL is valid. */
bool pse_oidc_url_is_plain(const char *url);

/** Its place in the list; list->n when it is not there. */
size_t pse_oidc_list_find(const struct pse_oidc_list *list, struct pse_span text);

/** A key of the service for a token's header. @p kid NULL: the token names none. KEY_UNKNOWN,
 * KEY_AMBIGUOUS, KEY_UNFIT, KEY_WEAK. *out lives as long as @p keys. */
PSE_MUST enum pse_oidc_fault pse_oidc_key_select(EVP_PKEY **out, const struct pse_oidc_keys *keys,
                                                 enum pse_jwa jwa, const struct pse_span *kid);

/** The rules from CLAIMS on, over the payload of a token whose signature holds. */
PSE_MUST enum pse_oidc_fault pse_oidc_claims_judge(struct pse_oidc_person *out,
                                                   struct pse_span payload,
                                                   const struct pse_oidc_rules *r,
                                                   const struct pse_oidc_expected *expected);

#endif
