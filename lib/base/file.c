#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE 4096

int lm_file_read(const char *path, size_t max, struct lm_buffer *out, struct lm_error *error) {
    bool input = strcmp(path, "-") == 0;
    int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return lm_fail_errno(error, LM_NO_INPUT, path);
    size_t before = out->size;
    int result = 0;
    for (;;) {
        char *at = lm_buffer_reserve(out, READ_SIZE);
        ssize_t got = at ? read(fd, at, READ_SIZE) : 0;
        if (got < 0 && errno == EINTR)
            continue;
        if (!at)
            result = lm_fail_memory(error);
        else if (got < 0)
            result =
                lm_fail_errno(error, errno == EISDIR ? LM_NO_INPUT : LM_IO, input ? "stdin" : path);
        else if (out->size + (size_t)got - before > max)
            result = lm_fail(error, LM_TOO_LONG, "%.100s: is larger than %zu bytes", path, max);
        if (result < 0 || got == 0)
            break;
        out->size += (size_t)got;
    }
    if (!input)
        (void)close(fd);
    return result;
}

static int write_all(int fd, const char *bytes, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t put = write(fd, bytes + done, size - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        done += (size_t)put;
    }
    return fsync(fd);
}

/* A name is durable when its folder is. */
static int sync_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    free(folder);
    if (fd < 0)
        return -1;
    int result = fsync(fd) == 0 || errno == EINVAL ? 0 : -1;
    (void)close(fd);
    return result;
}

int lm_file_replace(const char *path, const char *bytes, size_t size, struct lm_error *error) {
    char *name = NULL;
    if (asprintf(&name, "%s.new", path) < 0)
        return lm_fail_memory(error);
    (void)unlink(name); /* what a crash left */
    int result = -1;
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd >= 0) {
        result = write_all(fd, bytes, size);
        if (close(fd) != 0)
            result = -1;
        if (result == 0)
            result = rename(name, path);
        if (result == 0)
            result = sync_folder(path);
        else {
            int kept = errno;
            (void)unlink(name);
            errno = kept;
        }
    }
    if (result != 0 && errno == ENOMEM)
        lm_fail_memory(error);
    else if (result != 0)
        lm_fail_errno(error, LM_IO, path);
    free(name);
    return result;
}
