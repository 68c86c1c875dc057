/*
 * Disks that lie or fail: preloaded, this lets fdatasync and fsync fail from call LM_SYNC_FAIL on
 * (1 is the first), and appends a line `INODE SIZE` to the file LM_SYNC_TRACE for each file that
 * was synchronised, so that a test knows what a power cut would have left.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static long calls;
static int trace = -1;

/* Before the program confines itself. */
__attribute__((constructor)) static void open_trace(void) {
    const char *path = getenv("LM_SYNC_TRACE");
    if (path)
        trace = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int synchronise(const char *name, int fd) {
    const char *fail = getenv("LM_SYNC_FAIL");
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    struct stat before;
    if (fail && ++calls >= strtol(fail, NULL, 10)) {
        errno = EIO;
        return -1;
    }
    bool known = fstat(fd, &before) == 0;
    int result = real(fd);
    if (result == 0 && known && trace >= 0)
        dprintf(trace, "%llu %lld\n", (unsigned long long)before.st_ino, (long long)before.st_size);
    return result;
}

int fdatasync(int fd);
int fdatasync(int fd) {
    return synchronise("fdatasync", fd);
}

int fsync(int fd);
int fsync(int fd) {
    return synchronise("fsync", fd);
}
