/*
 * How much of which file a program reads: preloaded, this appends a line `INODE BYTES` to the file
 * that LM_READ_TRACE names for each read, and for each mapping of a file, which counts whole.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int trace = -1;

/* Before the program confines itself. */
__attribute__((constructor)) static void open_trace(void) {
    const char *path = getenv("LM_READ_TRACE");
    if (path)
        trace = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void note(int fd, ssize_t size) {
    struct stat status;
    if (trace >= 0 && size > 0 && fstat(fd, &status) == 0)
        dprintf(trace, "%llu %lld\n", (unsigned long long)status.st_ino, (long long)size);
}

ssize_t read(int fd, void *bytes, size_t size) {
    ssize_t (*real)(int, void *, size_t) =
        (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
    ssize_t got = real(fd, bytes, size);
    note(fd, got);
    return got;
}

/* What the compiler makes of it where it knows the room. */
ssize_t __read_chk(int fd, void *bytes, size_t size, size_t room);
ssize_t __read_chk(int fd, void *bytes, size_t size, size_t room) {
    if (size > room)
        abort();
    return read(fd, bytes, size);
}

ssize_t pread(int fd, void *bytes, size_t size, off_t offset) {
    ssize_t (*real)(int, void *, size_t, off_t) =
        (ssize_t(*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, "pread");
    ssize_t got = real(fd, bytes, size, offset);
    note(fd, got);
    return got;
}

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset) {
    void *(*real)(void *, size_t, int, int, int, off_t) =
        (void *(*)(void *, size_t, int, int, int, off_t))dlsym(RTLD_NEXT, "mmap");
    void *mapped = real(address, size, protection, flags, fd, offset);
    if (mapped != MAP_FAILED && fd >= 0)
        note(fd, (ssize_t)size);
    return mapped;
}
