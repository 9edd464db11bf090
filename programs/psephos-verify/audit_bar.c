#include "audit_bar.h"

#include <string.h>

#include "election/entry.h"

static const char *step_of(uint8_t type)
{
    switch (type) {
    case PSE_ENTRY_FREEZE: return "verifying ballots that count";
    case PSE_ENTRY_MIX: return "verifying shuffles";
    case PSE_ENTRY_DECRYPT: return "verifying decryption shares";
    case PSE_ENTRY_RESULT: return "verifying the result";
    default: return "verifying entries";
    }
}

void audit_bar_set(void *ctx, uint64_t done, uint64_t total, uint8_t type)
{
    struct audit_bar *b = ctx;
    const char *step = step_of(type);
    bool is_bulk = strcmp(step, step_of(PSE_ENTRY_BALLOT)) == 0;

    if (b->progress.what == NULL || strcmp(b->progress.what, step) != 0) {
        progress_step(&b->progress, step, is_bulk ? total : 0);
        b->before = is_bulk ? 0 : done;
    }
    progress_set(&b->progress, done - b->before);
}
