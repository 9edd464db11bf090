#define _GNU_SOURCE
#include "pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct pse_pool {
    unsigned width;
    pthread_t *threads;
    pthread_mutex_t run_lock; /* one run at a time */
    pthread_mutex_t lock;
    pthread_cond_t start;
    pthread_cond_t done;
    uint64_t generation; /* number of the current run */
    unsigned busy;       /* helpers that have not finished the current run */
    bool stop;
    pse_task *task;
    void *ctx;
    size_t count;
    atomic_size_t next;
};

struct worker_arg {
    struct pse_pool *pool;
    unsigned number;
};

/* The pool whose task this thread is running now, and as which worker: nested runs go inline. */
static _Thread_local const struct pse_pool *inside;
static _Thread_local unsigned inside_worker;

static void drain(struct pse_pool *pool, unsigned worker)
{
    size_t i;

    inside = pool;
    inside_worker = worker;
    while ((i = atomic_fetch_add(&pool->next, 1)) < pool->count)
        pool->task(pool->ctx, i, worker);
    inside = NULL;
}

static void *worker_main(void *p)
{
    struct worker_arg arg = *(struct worker_arg *)p;
    struct pse_pool *pool = arg.pool;
    uint64_t seen = 0;

    free(p);
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->stop && pool->generation == seen)
            pthread_cond_wait(&pool->start, &pool->lock);
        if (pool->stop)
            break;
        seen = pool->generation;
        pthread_mutex_unlock(&pool->lock);
        drain(pool, arg.number);
        pthread_mutex_lock(&pool->lock);
        if (--pool->busy == 0)
            pthread_cond_signal(&pool->done);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static bool pool_start_worker(struct pse_pool *pool, unsigned number)
{
    struct worker_arg *arg = malloc(sizeof *arg);

    if (arg == NULL)
        return false;
    arg->pool = pool;
    arg->number = number;
    if (pthread_create(&pool->threads[number - 1], NULL, worker_main, arg) != 0) {
        free(arg);
        return false;
    }
    return true;
}

pse_rc pse_pool_new(struct pse_pool **out, unsigned threads)
{
    struct pse_pool *pool;

    *out = NULL;
    if (threads < 1 || threads > 256)
        return PSE_E_RANGE;
    pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return PSE_E_MEMORY;
    pool->threads = calloc(threads, sizeof *pool->threads);
    if (pool->threads == NULL) {
        free(pool);
        return PSE_E_MEMORY;
    }
    pthread_mutex_init(&pool->run_lock, NULL);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->start, NULL);
    pthread_cond_init(&pool->done, NULL);
    for (pool->width = 1; pool->width < threads; pool->width++) {
        if (!pool_start_worker(pool, pool->width)) {
            pse_pool_free(pool);
            return PSE_E_MEMORY;
        }
    }
    *out = pool;
    return PSE_OK;
}

void pse_pool_free(struct pse_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stop = true;
    pthread_cond_broadcast(&pool->start);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 1; i < pool->width; i++)
        pthread_join(pool->threads[i - 1], NULL);
    pthread_cond_destroy(&pool->start);
    pthread_cond_destroy(&pool->done);
    pthread_mutex_destroy(&pool->lock);
    pthread_mutex_destroy(&pool->run_lock);
    free(pool->threads);
    free(pool);
}

unsigned pse_pool_width(const struct pse_pool *pool)
{
    return pool == NULL ? 1 : pool->width;
}

void pse_pool_run(struct pse_pool *pool, pse_task *task, void *ctx, size_t count)
{
    if (pool == NULL || pool->width == 1 || count <= 1 || inside == pool) {
        for (size_t i = 0; i < count; i++)
            task(ctx, i, inside == pool && pool != NULL ? inside_worker : 0);
        return;
    }
    pthread_mutex_lock(&pool->run_lock);
    pthread_mutex_lock(&pool->lock);
    pool->task = task;
    pool->ctx = ctx;
    pool->count = count;
    atomic_store(&pool->next, 0);
    pool->busy = pool->width - 1;
    pool->generation++;
    pthread_cond_broadcast(&pool->start);
    pthread_mutex_unlock(&pool->lock);
    drain(pool, 0);
    pthread_mutex_lock(&pool->lock);
    while (pool->busy > 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
    pthread_mutex_unlock(&pool->run_lock);
}
