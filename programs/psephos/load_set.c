#include "psephos/load_set.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/options.h"
#include "election/election.h"

static const char magic[] = "psephos-load-1\n";

enum { MAGIC = sizeof magic - 1, HEAD = MAGIC + 8 };

void load_set_put(struct pse_buf *out, size_t n, size_t bytes)
{
    PSE_REQUIRE(n <= UINT32_MAX && bytes <= PSE_ENTRY_MAX);
    pse_wr_str(out, magic);
    pse_wr_u32(out, (uint32_t)n);
    pse_wr_u32(out, (uint32_t)bytes);
}

static pse_rc read_head(struct load_set *s)
{
    const uint8_t *p = s->map;
    struct pse_rd r;
    uint32_t n, bytes;

    if (s->map_n < HEAD || memcmp(p, magic, MAGIC) != 0)
        return PSE_E_SYNTAX;
    r = pse_rd(pse_span(p + MAGIC, HEAD - MAGIC));
    PSE_TRY(pse_rd_u32(&n, &r));
    PSE_TRY(pse_rd_u32(&bytes, &r));
    PSE_TRY(pse_rd_end(&r));
    if (n == 0 || bytes == 0 || (s->map_n - HEAD) / bytes != n || (s->map_n - HEAD) % bytes != 0)
        return PSE_E_LENGTH;
    s->n = n;
    s->bytes = bytes;
    s->ballots = p + HEAD;
    return PSE_OK;
}

static pse_rc map_ballots(struct load_set *s, const char *name, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size <= 0) {
        cli_error(name, "there are no ballots in %s; make some with psephos load prepare", path);
        if (fd >= 0)
            (void)close(fd);
        return PSE_E_MISSING;
    }
    s->map_n = (size_t)st.st_size;
    s->map = mmap(NULL, s->map_n, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    (void)close(fd);
    if (s->map == MAP_FAILED) {
        s->map = NULL;
        cli_error(name, "cannot read %s", path);
        return PSE_E_IO;
    }
    if (read_head(s) == PSE_OK)
        return PSE_OK;
    cli_error(name, "%s is no file of ballots, or only a part of one; make it again", path);
    return PSE_E_SYNTAX;
}

static pse_rc read_policy(struct load_set *s, const char *name, const char *path)
{
    pse_arena_init(&s->arena, PSE_POLICY_ARENA_MAX);
    PSE_TRY(file_read(&s->policy_text, name, path, PSE_POLICY_MAX));
    if (pse_policy_parse(&s->policy, NULL, &s->arena, pse_buf_span(&s->policy_text)) == PSE_OK &&
        s->policy.logs == 1)
        return PSE_OK;
    cli_error(name, "%s is not the policy of one log", path);
    return PSE_E_SYNTAX;
}

pse_rc load_set_open(struct load_set *s, const char *name, const char *dir)
{
    char path[FILE_PATH_MAX];

    memset(s, 0, sizeof *s);
    PSE_TRY(file_join(path, name, dir, "ballots"));
    PSE_TRY(map_ballots(s, name, path));
    PSE_TRY(file_join(path, name, dir, "board/policy"));
    return read_policy(s, name, path);
}

void load_set_close(struct load_set *s)
{
    if (s->map != NULL)
        (void)munmap(s->map, s->map_n);
    pse_buf_free(&s->policy_text);
    pse_arena_free(&s->arena);
    memset(s, 0, sizeof *s);
}

struct pse_span load_set_ballot(const struct load_set *s, size_t i)
{
    PSE_REQUIRE(i < s->n);
    return pse_span(s->ballots + i * s->bytes, s->bytes);
}

pse_rc load_set_judge(const struct load_set *s, size_t i, struct pse_span receipt)
{
    struct pse_proof proof;
    pse_hash leaf;

    PSE_TRY(pse_proof_parse(&proof, receipt));
    pse_entry_leaf(&leaf, load_set_ballot(s, i));
    return pse_proof_verify(&proof, &leaf, &s->policy.log_key, &s->policy);
}
