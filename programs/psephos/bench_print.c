#include "psephos/bench.h"

static void put_figure(struct pse_json_wr *w, const char *name, double x)
{
    pse_json_wr_fixed(w, name, (int64_t)(x * 1000 + 0.5), 3);
}

static void put_times(struct pse_json_wr *w, enum bench_unit unit, const struct bench_times *t)
{
    put_figure(w, "min", bench_in_unit(unit, t->wall[0]));
    put_figure(w, "median", bench_in_unit(unit, bench_median(t)));
    pse_json_wr_u64(w, "runs", t->runs);
    put_figure(w, "wall_ns", bench_in_unit(BENCH_NS, bench_median(t)));
    put_figure(w, "cpu_ns", bench_in_unit(BENCH_NS, t->cpu));
}

static void put_peer(struct pse_json_wr *w, const char *name, enum bench_unit unit,
                     const struct bench_peer *peer, const struct bench_times *t)
{
    pse_json_wr_object(w, name);
    pse_json_wr_str(w, "name", peer->library);
    pse_json_wr_str(w, "work", peer->work);
    pse_json_wr_str(w, "version", peer->version());
    put_figure(w, "value", bench_in_unit(unit, bench_median(t)));
    pse_json_wr_u64(w, "threads", 1);
    pse_json_wr_u64(w, "things", peer->things);
    put_times(w, unit, t);
    pse_json_wr_end(w);
}

static void put_machine(struct pse_json_wr *w, const struct bench_machine *m)
{
    pse_json_wr_str(w, "cpu", m->cpu);
    pse_json_wr_str(w, "features", m->features);
    pse_json_wr_u64(w, "processors", m->processors);
    put_figure(w, "ghz", m->ghz);
    pse_json_wr_str(w, "compiler", m->compiler);
}

pse_rc bench_put_json(struct pse_buf *out, const struct bench *b, const struct bench_item *item,
                      const void *state, const struct bench_figures *f,
                      const struct bench_machine *m)
{
    struct pse_json_wr w = pse_json_wr(out, 0);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "name", item->name);
    pse_json_wr_str(&w, "unit", bench_unit_name(item->unit));
    put_figure(&w, "value", bench_in_unit(item->unit, bench_median(&f->own)));
    pse_json_wr_u64(&w, "threads", pse_pool_width(b->pool));
    pse_json_wr_str(&w, "backend", pse_group_backend_name(b->group));
    pse_json_wr_u64(&w, "things", f->things);
    put_times(&w, item->unit, &f->own);
    if (item->describe != NULL)
        item->describe(&w, state);
    if (item->peer[0] != NULL)
        put_peer(&w, "peer", item->unit, item->peer[0], &f->peer[0]);
    pse_json_wr_array(&w, "peers");
    for (size_t i = 0; i < BENCH_PEERS_MAX && item->peer[i] != NULL; i++)
        put_peer(&w, NULL, item->unit, item->peer[i], &f->peer[i]);
    pse_json_wr_end(&w);
    put_machine(&w, m);
    pse_json_wr_end(&w);
    return pse_json_wr_finish(&w);
}
