/* Runs a fuzz target over every file of the folders named on the command line, where libFuzzer is
 * not at hand. A finding is a crash, as with the fuzzer. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPLAY_FILE_MAX = 16 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *buf = malloc(REPLAY_FILE_MAX);
    bool good = f != NULL && buf != NULL;

    if (good) {
        size_t n = fread(buf, 1, REPLAY_FILE_MAX, f);
        uint8_t *exact = malloc(n > 0 ? n : 1); /* so that a read past the end is one */

        good = !ferror(f) && exact != NULL;
        if (good) {
            memcpy(exact, buf, n);
            (void)LLVMFuzzerTestOneInput(exact, n);
        }
        free(exact);
    }
    if (f != NULL)
        fclose(f);
    free(buf);
    return good;
}

static bool replay_folder(const char *folder, size_t *count)
{
    DIR *d = opendir(folder);
    struct dirent *e;
    char path[4096];
    bool good = d != NULL;

    while (good && (e = readdir(d)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        if (snprintf(path, sizeof path, "%s/%s", folder, e->d_name) >= (int)sizeof path ||
            !replay_file(path)) {
            fprintf(stderr, "replay: cannot read %s/%s: %s\n", folder, e->d_name, strerror(errno));
            good = false;
        } else {
            (*count)++;
        }
    }
    if (d != NULL)
        closedir(d);
    else
        fprintf(stderr, "replay: cannot open folder %s: %s\n", folder, strerror(errno));
    return good;
}

int main(int argc, char **argv)
{
    size_t count = 0;

    for (int i = 1; i < argc; i++) {
        if (!replay_folder(argv[i], &count))
            return 1;
    }
    if (count == 0) {
        fprintf(stderr, "replay: no input files; name a folder of fuzz/corpus\n");
        return 1;
    }
    printf("%zu inputs\n", count);
    return 0;
}
