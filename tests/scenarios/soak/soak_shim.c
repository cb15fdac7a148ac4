/* Lets a process sleep through hours as a suspended machine does: civil time and time since boot
 * leap by what stands in a shared page, CLOCK_MONOTONIC, which no suspend moves, stays the
 * machine's. One process may be told to wait for nothing, so that its loop turns as fast as it can,
 * and is counted then. SOAK_LEAK=N makes every process lose N bytes at each 1000th question for the
 * time, and a descriptor at each 20,000th: the control that a soak finds what it looks for. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

struct page {
    int64_t error_ns, leap_ns, hurried_pid, turns;
};
static volatile struct page nothing;
static volatile struct page *page = &nothing;
static long leak, asked;
static int (*real_time)(clockid_t, struct timespec *);
static int (*real_wait)(int, struct epoll_event *, int, int);

__attribute__((constructor)) static void begin(void) {
    real_time = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    real_wait = (int (*)(int, struct epoll_event *, int, int))dlsym(RTLD_NEXT, "epoll_wait");
    const char *name = getenv("SOAK_PAGE"), *lost = getenv("SOAK_LEAK");
    leak = lost ? atol(lost) : 0;
    if (!name) return;
    int fd = open(name, O_RDWR | O_CLOEXEC);
    if (fd < 0) abort();
    void *found = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (found == MAP_FAILED) abort(); /* a soak on the wrong time would prove nothing */
    page = found;
}

static void *volatile lost_last; /* the compiler leaves out what nobody could ever find again */

static void lose(void) {
    long count = __atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED);
    if (count % 1000) return;
    void *lost = malloc((size_t)leak);
    if (lost) memset(lost, 1, (size_t)leak);
    lost_last = lost;
    if (count % 20000 == 0) (void)!dup(1);
}

int clock_gettime(clockid_t id, struct timespec *at) {
    if (leak) lose();
    int done = real_time ? real_time(id, at) : (int)syscall(SYS_clock_gettime, id, at);
    if (done) return done;
    int64_t leap = 0;
    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) leap = page->leap_ns + page->error_ns;
    if (id == CLOCK_BOOTTIME) leap = page->leap_ns;
    if (leap) {
        int64_t sum = at->tv_sec * SECOND + at->tv_nsec + leap;
        at->tv_sec = sum / SECOND;
        at->tv_nsec = sum % SECOND;
    }
    return 0;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

int epoll_wait(int fd, struct epoll_event *events, int most, int timeout) {
    if (page->hurried_pid != getpid()) return real_wait(fd, events, most, timeout);
    __atomic_add_fetch(&page->turns, 1, __ATOMIC_RELAXED);
    return real_wait(fd, events, most, 0);
}
