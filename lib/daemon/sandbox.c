#include "daemon/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "daemon/landlock.h"

/* Calls that every profile has: memory, files below what Landlock opens, time, threads, descriptors
 * that are open. By name, since numbers differ between machines; a name that a machine does not
 * have (open on arm64) is skipped. */
static const char *const common_calls[] = {
    "read",
    "write",
    "readv",
    "writev",
    "pread64",
    "pwrite64",
    "preadv",
    "pwritev",
    "close",
    "lseek",
    "fstat",
    "stat",
    "lstat",
    "newfstatat",
    "statx",
    "fstatfs",
    "statfs",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "open",
    "openat",
    "openat2",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "mkdir",
    "mkdirat",
    "rmdir",
    "fsync",
    "fdatasync",
    "syncfs",
    "sync_file_range",
    "ftruncate",
    "fallocate",
    "fadvise64",
    "getdents64",
    "fchmod",
    "fchown",
    "fcntl",
    "flock",
    "dup",
    "dup3",
    "pipe2",
    "sendfile",
    "copy_file_range",
    "getcwd",
    "umask",
    "utimensat",
    "munmap",
    "mremap",
    "madvise",
    "mlock",
    "mlock2",
    "munlock",
    "brk",
    "membarrier",
    "mincore",
    "futex",
    "futex_waitv",
    "set_robust_list",
    "get_robust_list",
    "rseq",
    "set_tid_address",
    "gettid",
    "getpid",
    "getppid",
    "sched_yield",
    "sched_getaffinity",
    "getcpu",
    "exit",
    "exit_group",
    "restart_syscall",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigtimedwait",
    "rt_sigpending",
    "sigaltstack",
    "tgkill",
    "signalfd4",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "eventfd2",
    "timerfd_create",
    "timerfd_settime",
    "timerfd_gettime",
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "time",
    "times",
    "getrandom",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getrusage",
    "sysinfo",
    "uname",
    "arch_prctl",
    /* on sockets that are open: the service manager's, and those of the profiles below */
    "recvmsg",
    "recvfrom",
    "sendmsg",
    "sendto",
    "recvmmsg",
    "sendmmsg",
    "shutdown",
    "getsockopt",
    "setsockopt",
    "getsockname",
    "getpeername",
};
static const char *const socket_calls[] = {"bind", "listen", "accept", "accept4", "connect"};
static const char *const server_calls[] = {"accept", "accept4"};

/* No honest path leads here. */
static const char *const deadly_calls[] = {
    "execve",
    "execveat",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "bpf",
    "userfaultfd",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "setns",
    "unshare",
    "reboot",
    "swapon",
    "swapoff",
    "keyctl",
    "add_key",
    "request_key",
    "io_uring_setup",
    "perf_event_open",
    "open_by_handle_at",
    "setuid",
    "setgid",
    "setreuid",
    "setresuid",
    "capset",
};

static pse_rc refused(struct pse_fault *fault, const char *what, int why)
{
    return pse_fault(fault, PSE_E_IO, "sandbox: %s: %s", what, strerror(why));
}

pse_rc pse_sandbox_limits(struct pse_fault *fault, uint64_t files)
{
    const struct rlimit none = {0, 0};
    struct rlimit open_files;

    umask(077);
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return refused(fault, "core dumps cannot be switched off", errno);
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return refused(fault, "privileges cannot be given up", errno);
    if (getrlimit(RLIMIT_NOFILE, &open_files) != 0)
        return refused(fault, "the limit of open files cannot be read", errno);
    if (files < open_files.rlim_max)
        open_files.rlim_max = (rlim_t)files;
    open_files.rlim_cur = open_files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &open_files) != 0)
        return refused(fault, "the limit of open files cannot be set", errno);
    return PSE_OK;
}

static int add_names(scmp_filter_ctx f, uint32_t action, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int call = seccomp_syscall_resolve_name(names[i]);
        int rc = call == __NR_SCMP_ERROR || call < 0 ? 0 : seccomp_rule_add(f, action, call, 0);

        if (rc != 0)
            return rc;
    }
    return 0;
}
#define ADD_NAMES(f, action, names) \
    add_names((f), (action), (names), sizeof(names) / sizeof((names)[0]))

static int allow_socket(scmp_filter_ctx f, int family)
{
    int rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                              SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family));

    return rc != 0 ? rc
                   : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1,
                                      SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)AF_UNIX));
}

static int add_sockets(scmp_filter_ctx f, enum pse_sandbox_profile profile)
{
    static const int client_families[] = {AF_INET, AF_INET6, AF_NETLINK};
    int rc = 0;

    if (profile == PSE_SANDBOX_COMPUTE)
        return 0;
    rc = profile == PSE_SANDBOX_SERVER ? ADD_NAMES(f, SCMP_ACT_ALLOW, server_calls) : 0;
    if (rc == 0)
        rc = ADD_NAMES(f, SCMP_ACT_ALLOW, socket_calls);
    if (rc == 0)
        rc = allow_socket(f, AF_UNIX);
    for (size_t i = 0; rc == 0 && profile == PSE_SANDBOX_CLIENT && i < 3; i++)
        rc = allow_socket(f, client_families[i]);
    return rc;
}

/* Memory: never both writable and executable, and nothing made executable later. Mapping code
 * read-only stays possible for look-ups of names, which load their modules. */
static int add_memory(scmp_filter_ctx f)
{
    int rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

    if (rc == 0)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE, 0));
    if (rc == 0)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    return rc;
}

/* Threads, not processes. clone3 hides its flags from filters; without it the C library falls back
 * to clone. prctl only names threads; prlimit64 only reads. */
static int add_arguments(scmp_filter_ctx f)
{
    int rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                              SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));

    if (rc == 0)
        rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (rc == 0)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                              SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
    if (rc == 0)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0));
    return rc;
}

static pse_rc enter_seccomp(struct pse_fault *fault, enum pse_sandbox_profile profile)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int rc = f == NULL ? -ENOMEM : 0;

    if (rc == 0)
        rc = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (rc == 0)
        rc = ADD_NAMES(f, SCMP_ACT_ALLOW, common_calls);
    if (rc == 0)
        rc = ADD_NAMES(f, SCMP_ACT_KILL_PROCESS, deadly_calls);
    if (rc == 0)
        rc = add_sockets(f, profile);
    if (rc == 0)
        rc = add_memory(f);
    if (rc == 0)
        rc = add_arguments(f);
    if (rc == 0)
        rc = seccomp_load(f);
    seccomp_release(f);
    return rc == 0 ? PSE_OK : refused(fault, "the list of system calls cannot be loaded", -rc);
}

/* Locking everything would make later allocations fail where the limit is small. */
static bool lock_memory(void)
{
    struct rlimit r;

    return getrlimit(RLIMIT_MEMLOCK, &r) == 0 && r.rlim_cur == RLIM_INFINITY &&
           mlockall(MCL_CURRENT | MCL_FUTURE) == 0;
}

pse_rc pse_sandbox_enter(struct pse_sandbox_report *report, struct pse_fault *fault,
                         const struct pse_sandbox *s)
{
    pse_rc rc;

    *report = (struct pse_sandbox_report){0};
    report->locked = lock_memory();
    PSE_TRY(pse_landlock_enter(&report->landlock, &report->landlock_net, fault, s));
    if (report->landlock == 0 && s->required)
        return pse_fault(fault, PSE_E_UNSUPPORTED,
                         "sandbox: this kernel has no Landlock; use Linux 5.13 or newer with it "
                         "switched on, or do not require the whole sandbox");
    rc = enter_seccomp(fault, s->profile);
    if (rc == PSE_OK)
        report->seccomp = true;
    else if (s->required || prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0) /* the kernel has it */
        return rc;
    return PSE_OK;
}
