/* psephos trustee authenticators: register, list and remove them, and judge what they asserted. */
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "common/sysrng.h"
#include "psephos/trustee.h"
#include "psephos/verbs.h"

enum { MODELS_MAX = 32 };

struct register_options {
    struct session_options common;
    const char *listen, *origin, *rp_id, *makers, *remove;
    struct cli_list model;
    bool synced, list, check;
    uint8_t models[MODELS_MAX][16];
};

static const char name[] = "psephos trustee authenticators";
static const char listen_default[] = "127.0.0.1:8480";

/* --- listing ------------------------------------------------------------------------------------
 */

static const char *attested(enum pse_webauthn_attestation a)
{
    static const char *const word[] = {"no attestation", "attested by itself",
                                       "attested by a maker nobody vouches for",
                                       "attested by an accepted maker"};

    return word[a];
}

static void list(const struct trustee_keys *k)
{
    for (size_t i = 0; i < k->n; i++) {
        char id[TRUSTEE_KEY_NAME], model[37];

        trustee_key_name(id, &k->key[i]);
        pse_webauthn_aaguid_text(model, k->key[i].aaguid);
        printf("%s  %s, model %s, %s%s\n", id,
               k->key[i].algorithm == PSE_WEBAUTHN_ES256 ? "ES256" : "EdDSA", model,
               attested(k->key[i].attestation), k->key[i].is_synced ? ", may be copied" : "");
    }
}

static pse_rc want_some(bool found)
{
    if (!found)
        cli_error(name, "no authenticators are registered for this key; run the command without "
                        "--list, --remove and --check first");
    return found ? PSE_OK : PSE_E_MISSING;
}

/* --- what was asserted --------------------------------------------------------------------------
 */

struct tally {
    uint64_t good, bad;
};

static void tell(void *ctx, const struct pse_webauthn_evidence *e, struct pse_span statement,
                 enum pse_webauthn_fault fault)
{
    struct tally *t = ctx;
    struct pse_span line;

    if (fault == PSE_WEBAUTHN_GOOD)
        t->good++;
    else
        t->bad++;
    printf("%lld  %s", (long long)e->answered, pse_webauthn_fault_name(fault));
    while (pse_line_take(&line, &statement) == PSE_OK)
        printf("%s%.*s", pse_span_is_str(line, "psephos-trustee-act-1") ? "  " : "; ", (int)line.n,
               (const char *)line.p);
    putchar('\n');
}

static pse_rc check(const struct trustee_keys *k)
{
    struct tally t = {0};

    PSE_TRY(trustee_assertions_each(k, name, tell, &t));
    printf("%llu good, %llu not\n", (unsigned long long)t.good, (unsigned long long)t.bad);
    if (t.bad == 0)
        return PSE_OK;
    cli_error(name, "not all assertions hold: those of an authenticator that was removed since are "
                    "judged with a copy of the folder from before");
    return PSE_E_SIGNATURE;
}

/* --- removing -----------------------------------------------------------------------------------
 */

static pse_rc remove_one(struct trustee_keys *k, const char *id)
{
    for (size_t i = 0; i < k->n; i++) {
        char at[TRUSTEE_KEY_NAME];

        trustee_key_name(at, &k->key[i]);
        if (strcmp(at, id) != 0)
            continue;
        memmove(&k->key[i], &k->key[i + 1], (k->n - i - 1) * sizeof k->key[0]);
        k->n--;
        return trustee_keys_write(k, name);
    }
    cli_error(name, "no authenticator '%s'; --list shows them", id);
    return PSE_E_MISSING;
}

/* --- registering --------------------------------------------------------------------------------
 */

/* http://localhost:PORT for 127.0.0.1:PORT. */
static pse_rc take_place(struct trustee_keys *k, const struct register_options *o)
{
    const char *listen = o->listen == NULL ? listen_default : o->listen;
    const char *port = strrchr(listen, ':');
    struct pse_webauthn_site site = trustee_keys_site(k);

    if (o->origin == NULL && strncmp(listen, "127.0.0.1:", 10) != 0) {
        cli_error(name,
                  "--listen %s wants --origin URL and --rp-id DOMAIN: what the browser calls "
                  "this page",
                  listen);
        return PSE_E_MISSING;
    }
    (void)snprintf(k->listen, sizeof k->listen, "%s", listen);
    if (o->origin == NULL)
        (void)snprintf(k->origin, sizeof k->origin, "http://localhost%s", port);
    else
        (void)snprintf(k->origin, sizeof k->origin, "%s", o->origin);
    (void)snprintf(k->rp_id, sizeof k->rp_id, "%s", o->rp_id == NULL ? "localhost" : o->rp_id);
    if (strlen(listen) < sizeof k->listen && pse_webauthn_site_is_valid(&site))
        return PSE_OK;
    cli_error(name,
              "browsers allow no authenticators on %s for %s; the origin is https://NAME or "
              "http://localhost:PORT, and --rp-id its name or a domain above it",
              k->origin, k->rp_id);
    return PSE_E_SYNTAX;
}

/* The account's name stays when the file is written anew. */
static pse_rc take_account(struct trustee_keys *k, const struct register_options *o)
{
    struct session s;
    pse_hash digest;
    char hex[17];
    pse_rc rc = session_begin(&s, name, &o->common);

    if (rc == PSE_OK)
        rc = session_key(&s, KEY_TRUSTEE);
    if (rc == PSE_OK) {
        pse_sha256(&digest, pse_span(s.key->sign_public.b, 32));
        pse_hex_encode(hex, digest.b, 8);
        (void)snprintf(k->account, sizeof k->account, "trustee-%s", hex);
        rc = file_make_dir(name, k->folder);
    }
    session_close(&s);
    return rc;
}

static pse_rc take_rules(struct pse_webauthn_rules *rules, struct register_options *o,
                         struct pse_anchors **makers)
{
    struct pse_buf text = PSE_BUF(0);
    pse_rc rc;

    for (size_t i = 0; i < o->model.n; i++) {
        if (i == MODELS_MAX ||
            pse_webauthn_aaguid_read(o->models[i], pse_span_str(o->model.v[i])) != PSE_OK) {
            cli_error(name, "--model '%s' is no AAGUID in lower case, or one too many",
                      o->model.v[i]);
            return PSE_E_SYNTAX;
        }
    }
    *rules = (struct pse_webauthn_rules){.aaguids = (const uint8_t(*)[16])o->models,
                                         .aaguids_n = o->model.n,
                                         .allow_synced = o->synced};
    if (o->makers == NULL)
        return PSE_OK;
    PSE_TRY(pse_anchors_new(makers));
    rules->anchors = *makers;
    rc = file_read(&text, name, o->makers, PSE_ANCHORS_TEXT_MAX);
    if (rc == PSE_OK) {
        rc = pse_anchors_add(*makers, pse_buf_span(&text));
        if (rc != PSE_OK)
            cli_error(name, "%s holds no certificates that can be read", o->makers);
    }
    pse_buf_free(&text);
    return rc;
}

static pse_rc serve(const struct trustee_keys *k, const struct pse_webauthn_rules *rules)
{
    size_t wanted = k->n < TRUSTEE_KEYS_WANTED ? TRUSTEE_KEYS_WANTED : k->n + 1;
    struct trustee_desk *desk = NULL;
    uint8_t bytes[PSE_TRACKER_BYTES];
    char code[PSE_TRACKER_TEXT];
    PSE_RNG(rng);
    pse_rc rc;

    if (wanted > TRUSTEE_KEYS_MAX) {
        cli_error(name, "%d authenticators are registered; remove one first", TRUSTEE_KEYS_MAX);
        return PSE_E_LIMIT;
    }
    PSE_TRY(sysrng_start(&rng, name));
    pse_rng_fill(&rng, bytes, sizeof bytes);
    pse_code_encode(code, bytes, sizeof bytes);
    rc = trustee_desk_open_for(&desk, name, k);
    if (rc == PSE_OK) {
        printf("Open this address in a browser on this machine, and keep it to yourself:\n"
               "%s/#%s\n",
               k->origin, code);
        (void)fflush(stdout);
        rc = trustee_desk_register(desk, code, wanted, rules);
    }
    trustee_desk_free(desk);
    return rc;
}

static pse_rc register_some(struct trustee_keys *k, bool found, struct register_options *o)
{
    struct pse_webauthn_rules rules;
    struct pse_anchors *makers = NULL;
    pse_rc rc = PSE_OK;

    if (!found || o->listen != NULL || o->origin != NULL || o->rp_id != NULL)
        rc = take_place(k, o);
    if (rc == PSE_OK)
        rc = take_account(k, o);
    if (rc == PSE_OK)
        rc = take_rules(&rules, o, &makers);
    if (rc == PSE_OK)
        rc = trustee_keys_write(k, name);
    if (rc == PSE_OK)
        rc = serve(k, &rules);
    pse_anchors_free(makers);
    if (rc != PSE_OK)
        return rc;
    printf("Registered. From now on this key acts when you agree with one of them:\n");
    PSE_TRY(trustee_keys_read(&found, k, name, o->common.key));
    list(k);
    return PSE_OK;
}

static pse_rc run(struct register_options *o)
{
    struct trustee_keys k;
    bool found;

    if (!cli_want(name, o->common.key, "key FILE"))
        return PSE_E_MISSING;
    PSE_TRY(trustee_keys_read(&found, &k, name, o->common.key));
    if (!o->list && !o->check && o->remove == NULL)
        return register_some(&k, found, o);
    PSE_TRY(want_some(found));
    if (o->remove != NULL)
        PSE_TRY(remove_one(&k, o->remove));
    if (o->list)
        list(&k);
    return o->check ? check(&k) : PSE_OK;
}

int trustee_authenticators(int argc, char **argv)
{
    static struct register_options o;
    const struct cli_option options[] = {
        SESSION_KEY(&o.common),
        CLI_TEXT("listen", "WHERE", &o.listen,
                 "where the page is served: 127.0.0.1:PORT or unix:PATH (default 127.0.0.1:8480)"),
        CLI_TEXT("origin", "URL", &o.origin,
                 "what the browser calls it (default http://localhost:PORT)"),
        CLI_TEXT("rp-id", "DOMAIN", &o.rp_id,
                 "what authenticators are registered for (default localhost)"),
        CLI_LIST("model", "AAGUID", &o.model, "a model that may be registered (default: any)"),
        CLI_TEXT("makers", "FILE", &o.makers,
                 "certificates of makers, one of whom must vouch for it (PEM)"),
        CLI_FLAG("synced", &o.synced, "take keys that are copied to other devices"),
        CLI_TEXT("remove", "ID", &o.remove, "remove one, as --list names it"),
        CLI_FLAG("list", &o.list, "print those that are registered"),
        CLI_FLAG("check", &o.check, "print what was agreed to, and judge all of it once more"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "--key FILE [--listen WHERE] [--origin URL --rp-id DOMAIN]\n"
                    "        --key FILE --list | --remove ID | --check",
        .about = "Register your two authenticators on a page of this machine. Every step of the\n"
                 "ceremony and every opening of lists then waits until you agree with one of them.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return verb_exit(run(&o));
}
