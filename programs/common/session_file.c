#include "common/session_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/files.h"
#include "common/options.h"
#include "common/session_token.h"

enum { LINE_MAX_BYTES = 256 };
_Static_assert((int)SESSION_FILE_TOKEN == (int)SESSION_TOKEN_TEXT, "a token's length");

static bool is_base64url(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '_';
}

bool session_file_is_token(struct pse_span text)
{
    if (text.n != SESSION_FILE_TOKEN - 1)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (!is_base64url(text.p[i]))
            return false;
    return true;
}

pse_rc session_file_write(const char *name, const char *path, const char token[SESSION_FILE_TOKEN])
{
    char line[SESSION_FILE_TOKEN + 1];
    int n = snprintf(line, sizeof line, "%s\n", token);
    pse_rc rc = file_write(name, path, pse_span(line, (size_t)n), FILE_SECRET | FILE_FINAL);

    pse_wipe(line, sizeof line);
    return rc;
}

pse_rc session_file_read(char token[SESSION_FILE_TOKEN], const char *name, const char *path)
{
    struct pse_buf bytes;
    struct pse_span text;
    struct stat st;
    pse_rc rc;

    memset(token, 0, SESSION_FILE_TOKEN);
    rc = file_read(&bytes, name, path, LINE_MAX_BYTES);
    text = pse_buf_span(&bytes);
    if (text.n > 0 && text.p[text.n - 1] == '\n')
        text.n--;
    if (rc == PSE_OK && stat(path, &st) == 0 && (st.st_mode & 077) != 0) {
        cli_error(name, "%s can be read by others: whoever has it can use your login; chmod 400 %s",
                  path, path);
        rc = PSE_E_STATE;
    } else if (rc == PSE_OK && !session_file_is_token(text)) {
        cli_error(name, "%s holds no session; make one with psephos login", path);
        rc = PSE_E_SYNTAX;
    } else if (rc == PSE_OK) {
        memcpy(token, text.p, text.n);
    }
    pse_buf_free(&bytes);
    return rc;
}

static bool overwrite(const char *path)
{
    static const uint8_t zero[LINE_MAX_BYTES];
    struct stat st;
    bool good;
    int fd;

    if (chmod(path, 0600) != 0)
        return false;
    fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return false;
    good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= LINE_MAX_BYTES &&
           write(fd, zero, (size_t)st.st_size) == st.st_size && fsync(fd) == 0;
    return close(fd) == 0 && good;
}

pse_rc session_file_wipe(const char *name, const char *path)
{
    if (overwrite(path))
        return file_remove(name, path);
    cli_error(name, "cannot wipe %s: %s; remove it yourself", path, strerror(errno));
    return PSE_E_IO;
}
