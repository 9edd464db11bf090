#include "common/roll.h"

#include <stdlib.h>
#include <string.h>

#include "common/options.h"

static pse_rc push(struct roll *r, const struct pse_roll_line *line)
{
    if (r->n == r->room) {
        size_t room = r->room == 0 ? 1024 : 2 * r->room;
        struct pse_roll_line *more = realloc(r->line, room * sizeof *more);

        if (more == NULL)
            return PSE_E_MEMORY;
        r->line = more;
        r->room = room;
    }
    r->line[r->n++] = *line;
    return PSE_OK;
}

/* A credential that entry @p index made known; dead entries made none known. */
static pse_rc take(struct roll *r, const struct record_load *l, uint64_t index,
                   const pse_enc *credential, const pse_hash *commitment)
{
    struct pse_credential_view view;
    struct pse_roll_line line = {.credential = *credential, .commitment = *commitment};

    if (pse_engine_credential(l->e, &view, credential) != PSE_OK || view.first_index != index)
        return PSE_OK;
    line.style = view.style;
    line.weight = view.weight;
    line.is_active = view.is_active;
    return push(r, &line);
}

static pse_rc take_entry(struct roll *r, const struct record_load *l, const struct pse_group *g,
                         uint64_t index, struct pse_span bytes)
{
    struct pse_entry e;

    if (bytes.n == 0 ||
        (bytes.p[0] != PSE_ENTRY_ROSTER && bytes.p[0] != PSE_ENTRY_CREDENTIAL_CHANGE) ||
        pse_entry_parse(&e, g, pse_engine_manifest(l->e), bytes) != PSE_OK)
        return PSE_OK;
    if (e.type == PSE_ENTRY_CREDENTIAL_CHANGE)
        return e.u.credential_change.action == PSE_CHANGE_REPLACE
                   ? take(r, l, index, &e.u.credential_change.new_,
                          &e.u.credential_change.commitment)
                   : PSE_OK;
    for (size_t i = 0; i < e.u.roster.count; i++) {
        struct pse_roster_record record = pse_roster_record_at(&e, i);

        PSE_TRY(take(r, l, index, &record.credential, &record.commitment));
    }
    return PSE_OK;
}

static int compare(const void *a, const void *b)
{
    return memcmp(((const struct pse_roll_line *)a)->credential.b,
                  ((const struct pse_roll_line *)b)->credential.b, 32);
}

static pse_rc read_new(struct roll *r, struct record_load *l, const struct pse_group *g)
{
    struct pse_span entry;

    for (; r->next < pse_engine_size(l->e); r->next++) {
        pse_rc rc = record_source_entry(&l->source, &entry, r->next);

        if (rc != PSE_OK) {
            cli_error(l->name, "entry %llu of the record cannot be read; restore the record",
                      (unsigned long long)r->next);
            return rc;
        }
        PSE_TRY(take_entry(r, l, g, r->next, entry));
    }
    return PSE_OK;
}

pse_rc roll_read(struct roll *r, struct record_load *l, const struct pse_group *g)
{
    size_t old = r->n;

    PSE_TRY(read_new(r, l, g));
    if (r->n > old)
        qsort(r->line, r->n, sizeof *r->line, compare);
    for (size_t i = 0; i < r->n; i++) {
        struct pse_credential_view view;

        r->line[i].is_active =
            pse_engine_credential(l->e, &view, &r->line[i].credential) == PSE_OK && view.is_active;
        r->line[i].seen = false;
    }
    return PSE_OK;
}

void roll_free(struct roll *r)
{
    free(r->line);
    *r = (struct roll){.n = 0};
}
