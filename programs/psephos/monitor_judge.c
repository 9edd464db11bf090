/* psephos monitor --check-evidence: for a court. Nothing but the file is needed. */
#include <stdio.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "common/options.h"
#include "psephos/monitor.h"
#include "psephos/verbs.h"

struct verdict {
    const char *name;
    const char *path;
    struct pse_split *split;
    pse_rc rc; /* of pse_split_verify */
    bool has_policy, is_this_log;
    const struct pse_policy *policy;
};

static const char *words_of(pse_rc rc)
{
    switch (rc) {
    case PSE_OK: return "the log signed two histories that cannot both be true";
    case PSE_E_STATE: return "the two notes do not contradict each other";
    case PSE_E_MISMATCH: return "a note is of another log";
    case PSE_E_MISSING:
    case PSE_E_SIGNATURE: return "a note is not signed by this log";
    default: return "the proof in it does not hold";
    }
}

/* Witnesses who signed both notes: they were deceived, or took part. */
static bool signed_both(const struct verdict *v, size_t i)
{
    const struct pse_vkey *key = &pse_policy_witness(v->policy, i)->key;

    return pse_note_check(&v->split->checkpoint[0].note, key, NULL) == PSE_NOTE_GOOD &&
           pse_note_check(&v->split->checkpoint[1].note, key, NULL) == PSE_NOTE_GOOD;
}

static void print_note(const struct verdict *v, const char *word, size_t i)
{
    const struct pse_checkpoint *cp = &v->split->checkpoint[i];
    char hex[65];

    pse_hex_encode(hex, cp->root.b, 32);
    printf("%s note: %llu entries, root %s\n", word, (unsigned long long)cp->size, hex);
}

static void print_text(const struct verdict *v)
{
    char hex[65];

    printf("log: %.*s\n", (int)v->split->log_text.n, (const char *)v->split->log_text.p);
    if (v->has_policy)
        printf("this is %s log of the policy\n", v->is_this_log ? "the" : "NOT the");
    else
        printf("compare this key with the policy of the election, or give --policy\n");
    print_note(v, "first ", 0);
    print_note(v, "second", 1);
    if (v->split->checkpoint[0].size < v->split->checkpoint[1].size) {
        pse_hex_encode(hex, v->split->prefix.b, 32);
        printf("the second tree begins with %llu entries of root %s\n",
               (unsigned long long)v->split->checkpoint[0].size, hex);
    }
    for (size_t i = 0; v->has_policy && i < v->policy->witnesses; i++) {
        if (signed_both(v, i))
            printf("witness %.*s signed both\n", (int)pse_policy_witness(v->policy, i)->name.n,
                   (const char *)pse_policy_witness(v->policy, i)->name.p);
    }
    printf("verdict: %s\n", words_of(v->rc));
}

static pse_rc print_json(const struct verdict *v)
{
    struct pse_buf out = PSE_BUF((size_t)1 << 20);
    struct pse_json_wr w = pse_json_wr(&out, 0);
    pse_rc rc;

    pse_json_wr_object(&w, NULL);
    pse_json_wr_bool(&w, "convicts", v->rc == PSE_OK);
    pse_json_wr_str(&w, "why", words_of(v->rc));
    pse_json_wr_string(&w, "log", v->split->log_text);
    if (v->has_policy)
        pse_json_wr_bool(&w, "expected_log", v->is_this_log);
    pse_json_wr_array(&w, "notes");
    for (size_t i = 0; i < 2; i++) {
        pse_json_wr_object(&w, NULL);
        pse_json_wr_u64(&w, "size", v->split->checkpoint[i].size);
        pse_json_wr_hex(&w, "root", v->split->checkpoint[i].root.b, 32);
        pse_json_wr_end(&w);
    }
    pse_json_wr_end(&w);
    pse_json_wr_array(&w, "signed_both");
    for (size_t i = 0; v->has_policy && i < v->policy->witnesses; i++) {
        if (signed_both(v, i))
            pse_json_wr_string(&w, NULL, pse_policy_witness(v->policy, i)->name);
    }
    pse_json_wr_end(&w);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK)
        printf("%.*s", (int)out.n, (const char *)out.p);
    pse_buf_free(&out);
    return rc;
}

static pse_rc read_split(struct verdict *v, struct pse_buf *bytes)
{
    pse_rc rc;

    PSE_TRY(file_read(bytes, v->name, v->path, PSE_SPLIT_MAX));
    rc = pse_split_parse(v->split, pse_buf_span(bytes));
    if (rc != PSE_OK)
        cli_error(v->name, "%s is no evidence of a split view, or is damaged (%s)", v->path,
                  pse_rc_name(rc));
    return rc == PSE_OK ? PSE_OK : PSE_E_SYNTAX;
}

static pse_rc judge(struct verdict *v, const char *policy, bool json)
{
    struct record_pin pin = {.name = v->name};
    pse_rc rc = PSE_OK;

    if (policy != NULL) {
        rc = record_pin_learn(&pin, v->name, NULL, &(struct record_pin_options){.policy = policy});
        v->policy = &pin.policy;
        v->has_policy = true;
        v->is_this_log = rc == PSE_OK && pse_span_is_equal(pin.log.name, v->split->log.name) &&
                         pse_edkey_is_equal(&pin.log.key, &v->split->log.key);
    }
    if (rc == PSE_OK) {
        v->rc = pse_split_verify(v->split);
        if (json)
            rc = print_json(v);
        else
            print_text(v);
    }
    record_pin_free(&pin);
    return rc;
}

int monitor_judge(const char *name, const char *path, const char *policy, bool json)
{
    struct verdict v = {.name = name, .path = path, .split = calloc(1, sizeof *v.split)};
    struct pse_buf bytes = PSE_BUF(0);
    pse_rc rc = v.split == NULL ? PSE_E_MEMORY : read_split(&v, &bytes);

    if (rc == PSE_OK)
        rc = judge(&v, policy, json);
    if (rc == PSE_OK && (v.rc != PSE_OK || (v.has_policy && !v.is_this_log)))
        rc = PSE_E_PROOF;
    pse_buf_free(&bytes);
    free(v.split);
    return verb_exit(rc);
}
