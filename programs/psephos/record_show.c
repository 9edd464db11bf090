/* psephos record show: where an election stands, for people and for scripts. */
#include <stdio.h>

#include "codec/codec.h"
#include "psephos/record.h"

struct show_options {
    struct session_options common;
    bool json;
};

static const char *next_step(enum pse_state state)
{
    switch (state) {
    case PSE_STATE_START: return "the setup";
    case PSE_STATE_KEYS: return "trustees (commit, reveal, share, confirm), roster, officer open";
    case PSE_STATE_OPEN: return "ballots, then officer close";
    case PSE_STATE_CLOSED: return "officer freeze";
    case PSE_STATE_FROZEN: return "mixer mix, then officer mix-end";
    case PSE_STATE_MIXED: return "trustee decrypt, then officer result";
    case PSE_STATE_RESULT: return "officer end";
    case PSE_STATE_ABORT: return "officer end";
    case PSE_STATE_END: return "nothing: the record is complete";
    }
    return "";
}

static unsigned ones(uint64_t bits)
{
    return (unsigned)__builtin_popcountll(bits);
}

static void say_title(const struct pse_manifest *m)
{
    struct pse_buf text = PSE_BUF(65536);

    pse_utf8_put_escaped(&text, pse_text_in(&m->title, pse_span_str("en")));
    printf("%.*s%s\n", (int)text.n, (const char *)text.p, m->test ? " (TEST)" : "");
    pse_buf_free(&text);
}

static void say_lists(const struct pse_engine *e)
{
    for (size_t i = 0; i < pse_engine_lists(e); i++) {
        struct pse_list_view l;

        pse_engine_list(e, &l, i);
        printf("  contest %u, group %u: %u ballots, %u mixes, %u decryption shares\n", l.contest,
               l.pot, l.ballots, l.mixes, ones(l.trustees));
    }
}

static void show_text(const struct session *s)
{
    const struct pse_engine *e = s->load.e;
    const struct pse_counts *c = pse_engine_counts(e);
    struct pse_ceremony ceremony;
    char fingerprint[SESSION_FINGERPRINT_TEXT];
    char hex[65];
    pse_hash root;

    say_title(pse_engine_manifest(e));
    pse_hex_encode(hex, pse_engine_eid(e)->b, 32);
    printf("election    %s\n", hex);
    session_fingerprint(fingerprint, pse_engine_eid(e));
    printf("            fingerprint %s\n", fingerprint);
    pse_engine_root(e, &root);
    pse_hex_encode(hex, root.b, 32);
    printf("size, root  %llu %s\n", (unsigned long long)pse_engine_size(e), hex);
    printf("state       %s\n", pse_state_name(pse_engine_state(e)));
    pse_engine_ceremony(e, &ceremony);
    printf("trustees    %u of %u can count; %u committed, %u revealed, %u shared, %u confirmed\n",
           ceremony.threshold, ceremony.trustees, ones(ceremony.committed), ones(ceremony.revealed),
           ones(ceremony.shared), ones(ceremony.confirmed));
    if (ceremony.at_fault != 0)
        printf("            a complaint ended the ceremony: trustee %u is at fault\n",
               ceremony.at_fault);
    printf("roster      %u active credentials\n", pse_engine_active(e));
    printf("ballots     %llu of %llu voters\n", (unsigned long long)c->ballots,
           (unsigned long long)c->voters);
    if (c->dead > 0)
        printf("dead        %llu entries that change nothing\n", (unsigned long long)c->dead);
    say_lists(e);
    printf("next        %s\n", next_step(pse_engine_state(e)));
}

static pse_rc show_json(const struct session *s)
{
    const struct pse_engine *e = s->load.e;
    const struct pse_counts *c = pse_engine_counts(e);
    struct pse_buf out = PSE_BUF((size_t)1 << 20);
    struct pse_json_wr w = pse_json_wr(&out, 0);
    struct pse_ceremony ceremony;
    pse_hash root;
    pse_rc rc;

    pse_engine_ceremony(e, &ceremony);
    pse_engine_root(e, &root);
    pse_json_wr_object(&w, NULL);
    pse_json_wr_hex(&w, "election", pse_engine_eid(e)->b, 32);
    pse_json_wr_u64(&w, "size", pse_engine_size(e));
    pse_json_wr_hex(&w, "root", root.b, 32);
    pse_json_wr_str(&w, "state", pse_state_name(pse_engine_state(e)));
    pse_json_wr_u64(&w, "trustees", ceremony.trustees);
    pse_json_wr_u64(&w, "threshold", ceremony.threshold);
    pse_json_wr_u64(&w, "confirmed", ones(ceremony.confirmed));
    pse_json_wr_u64(&w, "active", pse_engine_active(e));
    pse_json_wr_u64(&w, "ballots", c->ballots);
    pse_json_wr_u64(&w, "voters", c->voters);
    pse_json_wr_u64(&w, "dead", c->dead);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK)
        printf("%.*s", (int)out.n, (const char *)out.p);
    pse_buf_free(&out);
    return rc;
}

int record_show(int argc, char **argv)
{
    struct show_options o = {.json = false};
    struct session s = {.name = "psephos record show", .options = &o.common};
    const struct cli_option options[] = {
        SESSION_FOLLOW(&o.common),
        SESSION_EID(&o.common),
        CLI_FLAG("json", &o.json, "print one JSON object"),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR [--eid HEX] [--json]",
        .about = "Verify the record so far and say where the election stands.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    o.common.quiet = o.json;
    rc = session_start(&s, s.name, &o.common);
    if (rc == PSE_OK && o.json)
        rc = show_json(&s);
    else if (rc == PSE_OK)
        show_text(&s);
    return session_end(&s, rc, NULL);
}
