#include "daemon/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CALL_CREATE = 444, CALL_ADD = 445, CALL_RESTRICT = 446, ASK_VERSION = 1, RULE_PATH = 1 };

enum fs_right {
    FS_EXECUTE = 1 << 0,
    FS_WRITE_FILE = 1 << 1,
    FS_READ_FILE = 1 << 2,
    FS_READ_DIR = 1 << 3,
    FS_REMOVE_DIR = 1 << 4,
    FS_REMOVE_FILE = 1 << 5,
    FS_MAKE_CHAR = 1 << 6,
    FS_MAKE_DIR = 1 << 7,
    FS_MAKE_REG = 1 << 8,
    FS_MAKE_SOCK = 1 << 9,
    FS_MAKE_FIFO = 1 << 10,
    FS_MAKE_BLOCK = 1 << 11,
    FS_MAKE_SYM = 1 << 12,
    FS_REFER = 1 << 13,     /* ABI 2 */
    FS_TRUNCATE = 1 << 14,  /* ABI 3 */
    FS_IOCTL_DEV = 1 << 15, /* ABI 5 */
};
enum net_right { NET_BIND_TCP = 1, NET_CONNECT_TCP = 2 };   /* ABI 4 */
enum scope { SCOPE_ABSTRACT_SOCKET = 1, SCOPE_SIGNAL = 2 }; /* ABI 6 */

struct ruleset {
    uint64_t fs;
    uint64_t net;
    uint64_t scoped;
};

struct path_rule {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed));

static const uint64_t file_rights = FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV;
static const uint64_t read_rights = FS_READ_FILE | FS_READ_DIR;
static const uint64_t write_rights = FS_READ_FILE | FS_READ_DIR | FS_WRITE_FILE | FS_REMOVE_DIR |
                                     FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | FS_MAKE_SOCK |
                                     FS_REFER | FS_TRUNCATE;

static uint64_t fs_rights_of(int abi)
{
    uint64_t all = (FS_MAKE_SYM << 1) - 1;

    return all | (abi >= 2 ? FS_REFER : 0) | (abi >= 3 ? FS_TRUNCATE : 0) |
           (abi >= 5 ? FS_IOCTL_DEV : 0);
}

static pse_rc add_path(int ruleset, struct pse_fault *fault, const char *path, uint64_t rights)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    struct path_rule rule = {.allowed = rights, .parent_fd = fd};
    struct stat st;
    long rc;

    if (fd < 0)
        return pse_fault(fault, PSE_E_MISSING, "sandbox: cannot open %s: %s; make it first", path,
                         strerror(errno));
    if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
        rule.allowed &= file_rights;
    rc = syscall(CALL_ADD, ruleset, RULE_PATH, &rule, 0);
    close(fd);
    if (rc != 0)
        return pse_fault(fault, PSE_E_IO, "sandbox: Landlock refuses a rule for %s: %s", path,
                         strerror(errno));
    return PSE_OK;
}

static pse_rc add_paths(int ruleset, struct pse_fault *fault, const char *const *paths,
                        uint64_t rights)
{
    for (; paths != NULL && *paths != NULL; paths++)
        PSE_TRY(add_path(ruleset, fault, *paths, rights));
    return PSE_OK;
}

static pse_rc restrict_with(int ruleset, struct pse_fault *fault, const struct pse_sandbox *s,
                            uint64_t handled)
{
    PSE_TRY(add_paths(ruleset, fault, s->write_dirs, write_rights & handled));
    PSE_TRY(add_paths(ruleset, fault, s->read_dirs, read_rights & handled));
    if (syscall(CALL_RESTRICT, ruleset, 0) != 0)
        return pse_fault(fault, PSE_E_IO, "sandbox: Landlock cannot be entered: %s",
                         strerror(errno));
    return PSE_OK;
}

pse_rc pse_landlock_enter(int *abi, bool *net, struct pse_fault *fault, const struct pse_sandbox *s)
{
    long version = syscall(CALL_CREATE, NULL, 0, ASK_VERSION);
    struct ruleset r = {0};
    long ruleset;
    pse_rc rc;

    *abi = version > 0 ? (int)version : 0;
    *net = *abi >= 4;
    if (*abi == 0)
        return PSE_OK;
    r.fs = fs_rights_of(*abi);
    /* Sockets that listen were bound before; no rule gives any of these back. */
    r.net = *abi < 4                           ? 0
            : s->profile == PSE_SANDBOX_CLIENT ? NET_BIND_TCP
                                               : NET_BIND_TCP | NET_CONNECT_TCP;
    r.scoped = *abi < 6 ? 0 : SCOPE_SIGNAL; /* abstract sockets: a service manager may use one */
    ruleset = syscall(CALL_CREATE, &r, *abi >= 6 ? sizeof r : *abi >= 4 ? 16 : 8, 0);
    if (ruleset < 0)
        return pse_fault(fault, PSE_E_IO, "sandbox: Landlock refuses its rules: %s",
                         strerror(errno));
    rc = restrict_with((int)ruleset, fault, s, r.fs);
    close((int)ruleset);
    return rc;
}
