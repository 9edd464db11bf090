/* Settings as libinih reads them: every file that our reader takes must mean the same to it. */
#ifndef PSE_TESTS_INI_ORACLE_H
#define PSE_TESTS_INI_ORACLE_H

#include <ini.h>
#include <stdlib.h>

#include "daemon/config_value.h"

struct ini_oracle {
    const struct pse_conf *c;
    uint8_t *settings;
};

static int ini_oracle_take(void *user, const char *section, const char *name, const char *value)
{
    struct ini_oracle *o = (struct ini_oracle *)user;
    struct pse_fault fault;

    for (size_t i = 0; i < o->c->count; i++) {
        const struct pse_conf_key *k = &o->c->keys[i];

        if (strcmp(k->section, section) == 0 && strcmp(k->key, name) == 0)
            return pse_conf_set_value(o->settings, &fault, k, pse_span_str(value)) == PSE_OK;
    }
    return 0;
}

/** Does libinih find in @p text (ended by a zero) just the settings that we found? */
static inline bool ini_oracle_agrees(const struct pse_conf *c, const void *settings,
                                     const char *text)
{
    struct ini_oracle o = {c, (uint8_t *)calloc(1, c->size)};
    struct pse_fault fault;
    bool good;

    PSE_REQUIRE(o.settings != NULL);
    for (size_t i = 0; i < c->count; i++)
        PSE_REQUIRE(c->keys[i].def == NULL ||
                    pse_conf_set_value(o.settings, &fault, &c->keys[i],
                                       pse_span_str(c->keys[i].def)) == PSE_OK);
    ini_max_line = PSE_CONF_LINE_MAX + 3; /* its own default is 200 */
    good = ini_parse_string(text, ini_oracle_take, &o) == 0 &&
           memcmp(o.settings, settings, c->size) == 0;
    free(o.settings);
    return good;
}

#endif
