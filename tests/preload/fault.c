/*
 * Lets a call fail: preloaded, this counts a program's calls of one kind and has the nth of them,
 * or all from the nth on, do what LM_FAULT says, which is CALL:EFFECT:N, or CALL:EFFECT:N+ for all
 * from there on.
 *
 *     CALL     malloc (all that allocates, mmap of memory and threads included), write, read, open,
 *              close, fsync, ftruncate, flock, rename, fchmod, poll
 *     EFFECT   a number of errno; short: a write or read of only one byte; half: a write of half of
 *              what is to be written, and those behind it fail for want of room
 *
 * Where a call was made to fail, a byte goes to the descriptor that LM_FAULT_HIT names. Writes to
 * standard error are not counted.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SHORT (-1)
#define HALF  (-2)

/* The C library's own, under the names by which nothing stands before them. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static char call_wanted[16];
static int effect;
static long first;
static bool all_behind;
static int hit_fd = -1;
static atomic_long count;

__attribute__((constructor)) static void read_wish(void) {
    const char *wish = getenv("LM_FAULT");
    const char *hit = getenv("LM_FAULT_HIT");
    char name[16];
    char plus = 0;
    if (!wish || !hit ||
        sscanf(wish, "%15[^:]:%15[^:]:%ld%c", call_wanted, name, &first, &plus) < 3)
        return;
    hit_fd = atoi(hit);
    all_behind = plus == '+';
    effect = strcmp(name, "short") == 0 ? SHORT : strcmp(name, "half") == 0 ? HALF : atoi(name);
    atomic_store(&count, 0);
}

/* What this call is to do: 0 for what it always does, else the effect. */
static int strike(const char *call) {
    if (hit_fd < 0 || strcmp(call, call_wanted) != 0)
        return 0;
    long n = atomic_fetch_add(&count, 1) + 1;
    if (n < first || (n > first && !all_behind && effect != HALF))
        return 0;
    if (n == first)
        (void)syscall(SYS_write, hit_fd, "!", 1);
    return n > first && effect == HALF ? ENOSPC : effect;
}

static bool fails(const char *call) {
    int struck = strike(call);
    if (struck > 0)
        errno = struck;
    return struck > 0;
}

/* ---- memory ---- */

void *malloc(size_t size) {
    return fails("malloc") ? NULL : __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    return fails("malloc") ? NULL : __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
    return fails("malloc") ? NULL : __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return fails("malloc") ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    if (fails("malloc"))
        return errno;
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset) {
    if ((flags & MAP_ANONYMOUS) && fails("malloc"))
        return MAP_FAILED;
    long mapped = syscall(SYS_mmap, address, size, protection, flags, fd, offset);
    return (void *)mapped;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *argument) {
    static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    if (fails("malloc"))
        return EAGAIN;
    if (!real)
        real = (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))dlsym(
            RTLD_NEXT, "pthread_create");
    return real(thread, attributes, start, argument);
}

/* ---- input and output ---- */

ssize_t write(int fd, const void *bytes, size_t size) {
    int struck = fd == STDERR_FILENO ? 0 : strike("write");
    if (struck > 0) {
        errno = struck;
        return -1;
    }
    if (struck == SHORT && size > 1)
        size = 1;
    if (struck == HALF)
        size = size / 2;
    return syscall(SYS_write, fd, bytes, size);
}

/* Counted as writes and reads. */
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) {
    int struck = strike("write");
    if (struck > 0) {
        errno = struck;
        return -1;
    }
    if (struck == SHORT && size > 1)
        size = 1;
    if (struck == HALF)
        size = size / 2;
    return syscall(SYS_pwrite64, fd, bytes, size, offset);
}

ssize_t pread(int fd, void *bytes, size_t size, off_t offset) {
    int struck = strike("read");
    if (struck > 0) {
        errno = struck;
        return -1;
    }
    if (struck == SHORT && size > 1)
        size = 1;
    return syscall(SYS_pread64, fd, bytes, size, offset);
}

ssize_t read(int fd, void *bytes, size_t size) {
    int struck = strike("read");
    if (struck > 0) {
        errno = struck;
        return -1;
    }
    return syscall(SYS_read, fd, bytes, struck == SHORT && size > 1 ? (size_t)1 : size);
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    return fails("open") ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* As the system does it: what fails to close is closed all the same. */
int close(int fd) {
    bool struck = fails("close");
    int error = errno;
    int result = (int)syscall(SYS_close, fd);
    if (!struck)
        return result;
    errno = error;
    return -1;
}

int fsync(int fd) {
    return fails("fsync") ? -1 : (int)syscall(SYS_fsync, fd);
}

int ftruncate(int fd, off_t size) {
    return fails("ftruncate") ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int flock(int fd, int operation) {
    return fails("flock") ? -1 : (int)syscall(SYS_flock, fd, operation);
}

int rename(const char *from, const char *to) {
    return fails("rename") ? -1 : renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int fchmod(int fd, mode_t mode) {
    return fails("fchmod") ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

int poll(struct pollfd *fds, nfds_t number, int timeout_ms) {
    return fails("poll") ? -1 : (int)syscall(SYS_poll, fds, number, timeout_ms);
}
