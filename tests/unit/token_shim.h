/* A PKCS#11 module that hands everything on to SoftHSM, except what a test tells it to spoil:
 * tokens that are worse than SoftHSM, or fail. Built as a module of its own (token_shim.c), reached
 * by the room under test through p11-kit and by the test through token_shim. */
#ifndef PSE_TESTS_UNIT_TOKEN_SHIM_H
#define PSE_TESTS_UNIT_TOKEN_SHIM_H

#include <p11-kit/pkcs11.h>
#include <stdbool.h>

/** The module that it stands for: an environment variable with the path. */
#define TOKEN_SHIM_BEHIND "PSEPHOS_TEST_MODULE"

struct token_shim {
    /* what happened */
    unsigned logins;    /* with the user's PIN */
    unsigned approvals; /* for one operation each */
    unsigned sessions;  /* opened */
    unsigned signatures;
    /* what is to be spoilt */
    bool hides_flags;  /* never tells of a wrong PIN */
    bool is_unplugged; /* no token is there */
    CK_RV login;       /* the answer to each login, which is not carried out; CKR_OK: none */
    CK_RV approval;    /* the same for one operation */
    CK_RV use;         /* the answer to C_Sign and C_UnwrapKey, so many times: */
    unsigned uses;
    CK_ATTRIBUTE_TYPE denied; /* an attribute that nothing has; 0: none */
};

/** In the module. */
typedef struct token_shim *token_shim_fn(void);
struct token_shim *token_shim(void);
/** What PKCS#11 wants; declared here since the standard's header does so for nobody's warnings. */
CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list);

#endif
