#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/json_write.h"
#include "codec/text.h"
#include "daemon/life.h"

static pse_rc check_folder(int dir, struct pse_fault *fault, const char *path)
{
    struct stat st;

    if (fstat(dir, &st) != 0)
        return pse_fault(fault, PSE_E_IO, "%s: %s", path, strerror(errno));
    if (st.st_uid != geteuid())
        return pse_fault(fault, PSE_E_STATE,
                         "%s belongs to user %u and not to this daemon's, %u; chown it", path,
                         (unsigned)st.st_uid, (unsigned)geteuid());
    if ((st.st_mode & 077) != 0)
        return pse_fault(fault, PSE_E_STATE, "%s is open to others (mode %04o); chmod it to 0700",
                         path, (unsigned)st.st_mode & 07777);
    return PSE_OK;
}

/* flock, not a file that exists: the kernel gives it back however the process ends. */
static pse_rc take_lock(int *lock, int dir, struct pse_fault *fault, const char *path)
{
    char pid[PSE_DECIMAL_TEXT + 1];
    size_t n = pse_decimal_encode(pid, (uint64_t)getpid());
    int fd = openat(dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool busy;

    if (fd < 0)
        return pse_fault(fault, PSE_E_IO, "%s/lock cannot be opened: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        busy = errno == EWOULDBLOCK;
        close(fd);
        return busy ? pse_fault(fault, PSE_E_STATE,
                                "%s is in use by another process (its number is in %s/lock); stop "
                                "that one first",
                                path, path)
                    : pse_fault(fault, PSE_E_IO, "%s/lock cannot be locked: %s", path,
                                strerror(errno));
    }
    pid[n] = '\n';
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, n + 1, 0) != (ssize_t)n + 1) {
        close(fd);
        return pse_fault(fault, PSE_E_IO, "%s/lock cannot be written; is the disk full?", path);
    }
    *lock = fd;
    return PSE_OK;
}

pse_rc pse_state_open(int *dir, int *lock, struct pse_fault *fault, const char *path)
{
    pse_rc rc;

    *dir = *lock = -1;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return pse_fault(fault, PSE_E_IO, "%s cannot be made: %s; make the folder above it", path,
                         strerror(errno));
    *dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*dir < 0)
        return pse_fault(fault, PSE_E_IO, "%s cannot be opened as a folder: %s", path,
                         strerror(errno));
    rc = check_folder(*dir, fault, path);
    if (rc == PSE_OK)
        rc = take_lock(lock, *dir, fault, path);
    if (rc != PSE_OK) {
        close(*dir);
        *dir = -1;
    }
    return rc;
}

static bool is_fresh(const struct pse_health_item *i, int64_t now_ms)
{
    return i->seen_ms > 0 && now_ms - i->seen_ms <= i->max_ms;
}

bool pse_health_is_good(const struct pse_health_item *items, size_t count, int64_t now_ms)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_fresh(&items[i], now_ms))
            return false;
    }
    return true;
}

pse_rc pse_health_put(struct pse_buf *b, const struct pse_health_item *items, size_t count,
                      int64_t now_ms)
{
    struct pse_json_wr w = pse_json_wr(b, 0);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "status", pse_health_is_good(items, count, now_ms) ? "ok" : "failing");
    pse_json_wr_object(&w, "checks");
    for (size_t i = 0; i < count; i++) {
        pse_json_wr_object(&w, items[i].name);
        pse_json_wr_str(&w, "status", is_fresh(&items[i], now_ms) ? "ok" : "failing");
        if (items[i].seen_ms > 0)
            pse_json_wr_i64(&w, "age_ms", now_ms - items[i].seen_ms);
        pse_json_wr_end(&w);
    }
    pse_json_wr_end(&w);
    pse_json_wr_end(&w);
    return pse_json_wr_finish(&w);
}
