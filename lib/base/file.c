#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/folder.h"

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

int lm_file_read_at(int fd, void *bytes, size_t size, off_t offset, size_t *got) {
    char *at = bytes;
    *got = 0;
    while (*got < size) {
        ssize_t part = pread(fd, at + *got, size - *got, offset + (off_t)*got);
        if (part < 0 && errno == EINTR)
            continue;
        if (part < 0)
            return -1;
        if (part == 0)
            break;
        *got += (size_t)part;
    }
    return 0;
}

int lm_file_write_at(int fd, const void *bytes, size_t size, off_t offset) {
    const char *at = bytes;
    size_t done = 0;
    while (done < size) {
        ssize_t put = pwrite(fd, at + done, size - done, offset + (off_t)done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        done += (size_t)put;
    }
    return 0;
}

int lm_file_write_durably_at(int fd, const void *bytes, size_t size, off_t offset) {
    return lm_file_write_at(fd, bytes, size, offset) < 0 ? -1 : fsync(fd);
}

int lm_file_again_at(int fd, off_t offset) {
    int again = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (again < 0 || lseek(again, offset, SEEK_SET) >= 0)
        return again;
    int why = errno;
    (void)close(again);
    errno = why;
    return -1;
}

int lm_file_replace(const char *path, const char *bytes, size_t size, struct lm_error *error) {
    char *name = NULL;
    if (asprintf(&name, "%s.new", path) < 0)
        return lm_fail_memory(error);
    (void)unlink(name); /* what a crash left */
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    bool replaced = fd >= 0 && lm_file_write_durably_at(fd, bytes, size, 0) == 0;
    if (fd >= 0 && close(fd) != 0)
        replaced = false;
    replaced = replaced && rename(name, path) == 0;
    int why = errno;
    if (!replaced && fd >= 0)
        (void)unlink(name);
    free(name);
    if (replaced)
        return lm_folder_sync(path, error);
    errno = why;
    return lm_fail_errno(error, LM_IO, path);
}
