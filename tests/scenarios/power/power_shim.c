/* Records, in order, everything a process writes, syncs, makes, links, renames and removes below
 * one folder: preloaded, it stands between the program and the C library. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int record = -1;
static char root[PATH_MAX];
static size_t root_length;

struct __attribute__((packed)) op {
    char kind;
    uint64_t inode, offset;
    uint32_t length;
};

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("SANMEN_ROOT"), *file = getenv("SANMEN_RECORD");
    if (!folder || !file) return;
    root_length = strlen(strncpy(root, folder, sizeof root - 1));
    int fd = syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) abort();
    record = syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 700);
    syscall(SYS_close, fd);
}

static void put(const void *data, size_t length) {
    const char *at = data;
    while (length) {
        long done = syscall(SYS_write, record, at, length);
        if (done <= 0) abort(); /* a record with a gap would prove nothing */
        at += done;
        length -= (size_t)done;
    }
}

static void note(char kind, uint64_t inode, uint64_t offset, const void *data, size_t length) {
    struct op one = {kind, inode, offset, (uint32_t)length};
    put(&one, sizeof one);
    put(data, length);
}

static int inside(const char *path) {
    return record >= 0 && !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]);
}

static int named(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = 0;
    return length > 0 && inside(path);
}

static int whole(int at, const char *given, char *path) {
    char base[PATH_MAX] = "";
    if (given[0] != '/') {
        if (at == AT_FDCWD) {
            if (!getcwd(base, sizeof base)) return 0;
        } else {
            named(at, base);
        }
    }
    int length = snprintf(path, PATH_MAX, "%s%s%s", base, base[0] ? "/" : "", given);
    return length < PATH_MAX && inside(path);
}

static uint64_t inode_of(int fd) {
    struct stat now;
    return fstat(fd, &now) ? 0 : now.st_ino;
}

static uint64_t inode_at(const char *path) {
    struct stat now;
    return lstat(path, &now) ? 0 : now.st_ino;
}

static int opened(int at, const char *given, int flags, mode_t mode) {
    char path[PATH_MAX];
    int ours = (flags & (O_CREAT | O_TRUNC)) && whole(at, given, path);
    if (!ours) return (int)syscall(SYS_openat, at, given, flags, mode);
    pthread_mutex_lock(&lock);
    uint64_t before = inode_at(path);
    int fd = (int)syscall(SYS_openat, at, given, flags, mode), kept = errno;
    if (fd >= 0 && !before) note('C', inode_of(fd), 0, path, strlen(path));
    else if (fd >= 0 && (flags & O_TRUNC)) note('T', before, 0, "", 0);
    pthread_mutex_unlock(&lock);
    errno = kept;
    return fd;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { \
        va_list more; \
        va_start(more, flags); \
        mode = va_arg(more, mode_t); \
        va_end(more); \
    }

int open(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return opened(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return opened(at, path, flags, mode); }

static ssize_t written(int fd, const void *data, size_t size, off_t offset, int placed) {
    char path[PATH_MAX];
    if (record < 0 || fd == record || !named(fd, path))
        return placed ? syscall(SYS_pwrite64, fd, data, size, offset) : syscall(SYS_write, fd, data, size);
    pthread_mutex_lock(&lock);
    struct stat now;
    if (!placed) {
        int flags = (int)syscall(SYS_fcntl, fd, F_GETFL);
        offset = (flags & O_APPEND) && !fstat(fd, &now) ? now.st_size : lseek(fd, 0, SEEK_CUR);
    }
    ssize_t done = placed ? syscall(SYS_pwrite64, fd, data, size, offset) : syscall(SYS_write, fd, data, size);
    int kept = errno;
    if (done > 0) note('W', inode_of(fd), (uint64_t)offset, data, (size_t)done);
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}

ssize_t write(int fd, const void *data, size_t size) { return written(fd, data, size, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return written(fd, data, size, at, 1); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { return written(fd, data, size, at, 1); }

/* Nothing of ours uses these on a file; a program that begins to must not slip through. */
ssize_t writev(int fd, const struct iovec *parts, int count) {
    char path[PATH_MAX];
    if (record >= 0 && named(fd, path)) abort();
    return syscall(SYS_writev, fd, parts, count);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
    char path[PATH_MAX];
    if (record >= 0 && named(fd, path)) abort();
    return syscall(SYS_pwritev, fd, parts, count, at, 0);
}

static int cut(int fd, off_t length) {
    char path[PATH_MAX];
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_ftruncate, fd, length), kept = errno;
    if (!done && record >= 0 && named(fd, path)) note('T', inode_of(fd), (uint64_t)length, "", 0);
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}
int ftruncate(int fd, off_t length) { return cut(fd, length); }
int ftruncate64(int fd, off64_t length) { return cut(fd, length); }

static int synced(int fd, long call) {
    char path[PATH_MAX];
    pthread_mutex_lock(&lock);
    /* What SQLite asks of the disk is what counts here; the disk of the test need not turn. */
    int done = record >= 0 && named(fd, path) ? 0 : (int)syscall(call, fd), kept = errno;
    if (!done && record >= 0 && named(fd, path)) note('S', inode_of(fd), 0, path, strlen(path));
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}
int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

static int made(int at, const char *given, mode_t mode) {
    char path[PATH_MAX];
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_mkdirat, at, given, mode), kept = errno;
    if (!done && whole(at, given, path)) note('D', inode_at(path), 0, path, strlen(path));
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}
int mkdir(const char *path, mode_t mode) { return made(AT_FDCWD, path, mode); }
int mkdirat(int at, const char *path, mode_t mode) { return made(at, path, mode); }

static int removed(int at, const char *given, int flags) {
    char path[PATH_MAX];
    pthread_mutex_lock(&lock);
    int ours = whole(at, given, path);
    int done = (int)syscall(SYS_unlinkat, at, given, flags), kept = errno;
    if (!done && ours) note('U', 0, 0, path, strlen(path));
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}
int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return removed(at, path, flags); }
int rmdir(const char *path) { return removed(AT_FDCWD, path, AT_REMOVEDIR); }

static int moved(char kind, int from, const char *old, int to, const char *new, int flags) {
    char both[2 * PATH_MAX];
    pthread_mutex_lock(&lock);
    int ours = whole(from, old, both);
    size_t length = strlen(both) + 1;
    char path[PATH_MAX];
    ours = whole(to, new, path) || ours;
    strcpy(both + length, path);
    uint64_t inode = inode_at(both);
    int done = kind == 'L' ? (int)syscall(SYS_linkat, from, old, to, new, flags)
                           : (int)syscall(SYS_renameat, from, old, to, new);
    int kept = errno;
    if (!done && ours) note(kind, inode, 0, both, length + strlen(path));
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}
int link(const char *old, const char *new) { return moved('L', AT_FDCWD, old, AT_FDCWD, new, 0); }
int linkat(int from, const char *old, int to, const char *new, int flags) { return moved('L', from, old, to, new, flags); }
int rename(const char *old, const char *new) { return moved('R', AT_FDCWD, old, AT_FDCWD, new, 0); }
int renameat(int from, const char *old, int to, const char *new) { return moved('R', from, old, to, new, 0); }
