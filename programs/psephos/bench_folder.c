/* Folders that items of the bench work in. */
#define _GNU_SOURCE
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/files.h"
#include "psephos/bench.h"

static const char name[] = "psephos bench";

bool bench_folder_make(char dir[FILE_PATH_MAX], const struct bench *b)
{
    if (file_join(dir, name, b->scratch, "psephos-bench-XXXXXX") == PSE_OK && mkdtemp(dir) != NULL)
        return true;
    cli_error(name, "no folder can be made below %s; choose another with --scratch", b->scratch);
    dir[0] = '\0';
    return false;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

void bench_folder_remove(const char *dir)
{
    if (dir[0] != '\0' && nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        cli_note(name, "%s could not be removed entirely; remove it by hand", dir);
}
