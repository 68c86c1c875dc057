#include "lib/evidence/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/limits.h"
#include "lib/evidence/log_state.h"

/* A path that there is no memory for cannot be opened either. */
static int fail_open(enum lm_reason reason, const char *path, struct lm_error *error) {
    return errno == ENOMEM ? lm_fail_memory(error) : lm_fail_errno(error, reason, path);
}

static int open_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash)
        return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char *folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    free(folder);
    return fd;
}

static void close_if_open(int fd) {
    if (fd >= 0)
        (void)close(fd);
}

/* An index is written over and cut without a question: what has another name as well, the log
 * itself or somebody else's file, is none. */
static int open_index(const char *path, struct lm_error *error) {
    struct stat status;
    char *name = NULL;
    int fd = -1;
    if (asprintf(&name, "%s.index", path) < 0)
        return lm_fail_memory(error);
    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, S_IRUSR | S_IWUSR);
    if (fd < 0 || fstat(fd, &status) != 0) {
        fail_open(LM_IO, name, error);
    } else if (S_ISREG(status.st_mode) && status.st_nlink == 1) {
        free(name);
        return fd;
    } else {
        lm_fail(error, LM_IO, "%.100s: is not a regular file of that name alone", name);
        lm_hint(error, "without it the index is made again");
    }
    close_if_open(fd);
    free(name);
    return -1;
}

static struct lm_log *open_with(const char *path, int flags, enum lm_reason missing,
                                struct lm_error *error) {
    struct stat status;
    struct lm_log *log = calloc(1, sizeof *log);
    if (!log || !(log->path = strdup(path))) {
        free(log);
        lm_fail_memory(error);
        return NULL;
    }
    lm_names_start(&log->digests);
    log->last_at_s = LM_ABSENT;
    log->folder = -1;
    int index = -1;
    log->fd = open(path, O_RDWR | O_CLOEXEC | flags, S_IRUSR | S_IWUSR);
    bool good = log->fd >= 0 && fstat(log->fd, &status) == 0;
    if (!good)
        fail_open(errno == ENOENT ? missing : LM_IO, path, error);
    else if (!S_ISREG(status.st_mode))
        good = lm_fail(error, LM_IO, "%.100s: is not a regular file", path) == 0;
    else if ((log->folder = open_folder(path)) < 0)
        good = fail_open(LM_IO, path, error) == 0;
    else
        good = (index = open_index(path, error)) >= 0;
    lm_log_index_start(&log->index, index);
    if (good)
        return log;
    lm_log_free(log);
    return NULL;
}

struct lm_log *lm_log_open(const char *path, struct lm_error *error) {
    return open_with(path, O_CREAT, LM_IO, error);
}

struct lm_log *lm_log_open_existing(const char *path, struct lm_error *error) {
    return open_with(path, 0, LM_NO_INPUT, error);
}

void lm_log_free(struct lm_log *log) {
    if (!log)
        return;
    close_if_open(log->fd);
    close_if_open(log->folder);
    close_if_open(log->index.fd);
    lm_log_index_free(&log->index);
    lm_names_free(&log->digests);
    lm_buffer_free(&log->lines);
    lm_buffer_free(&log->scratch);
    free(log->first_entries);
    free(log->ends);
    free(log->path);
    free(log);
}

void lm_log_promised(struct lm_log *log, uint64_t size) {
    log->promised = size;
}

int lm_log_lock(struct lm_log *log, struct lm_log_repair *repair, struct lm_error *error) {
    *repair = (struct lm_log_repair){0};
    while (flock(log->fd, LOCK_EX) != 0) {
        if (errno != EINTR)
            return lm_fail_errno(error, LM_IO, log->path);
    }
    if (lm_log_catch_up(log, repair, error) == 0)
        return 0;
    lm_log_unlock(log);
    return -1;
}

void lm_log_unlock(struct lm_log *log) {
    (void)flock(log->fd, LOCK_UN);
}

uint64_t lm_log_size(const struct lm_log *log) {
    return log->index.leaves;
}

int64_t lm_log_last_at(const struct lm_log *log) {
    return log->last_at_s;
}

bool lm_log_index_failed(const struct lm_log *log, struct lm_error *why) {
    if (log->index_failed)
        *why = log->index_error;
    return log->index_failed;
}
