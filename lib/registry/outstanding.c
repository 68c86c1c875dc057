#include "lib/registry/outstanding.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/folder.h"

#define READ_SIZE 65536
/* A file of fewer lines is not written anew. */
#define COMPACT_LINES 1024

struct lm_outstanding {
    char *path;
    char *new_path; /* where it is written anew */
    int fd;         /* -1 while no file is open */
    bool locked;
    off_t size; /* of what has been read: whole lines */
    struct lm_sent_table table;
    struct lm_buffer changes; /* lines since the lock */
    uint64_t compact_at;      /* with so many lines it is looked at whether to write anew */
};

struct lm_outstanding *lm_outstanding_new(const char *path, struct lm_error *error) {
    struct lm_outstanding *state = calloc(1, sizeof *state);
    char *copy = strdup(path);
    struct lm_buffer new_path = {0};
    lm_buffer_format(&new_path, "%s.new", path);
    lm_buffer_byte(&new_path, '\0');
    if (!state || !copy || !lm_buffer_ok(&new_path)) {
        free(state);
        free(copy);
        lm_buffer_free(&new_path);
        lm_fail_memory(error);
        return NULL;
    }
    state->path = copy;
    state->new_path = new_path.data;
    state->fd = -1;
    state->compact_at = COMPACT_LINES;
    lm_sent_table_start(&state->table);
    return state;
}

/* Back to where nothing has been read; closing gives the lock up. */
static void forget(struct lm_outstanding *state) {
    if (state->fd >= 0)
        (void)close(state->fd);
    state->fd = -1;
    state->locked = false;
    state->size = 0;
    lm_sent_table_free(&state->table);
    lm_sent_table_start(&state->table);
    lm_buffer_reset(&state->changes);
}

void lm_outstanding_free(struct lm_outstanding *state) {
    if (!state)
        return;
    forget(state);
    lm_sent_table_free(&state->table);
    lm_buffer_free(&state->changes);
    free(state->path);
    free(state->new_path);
    free(state);
}

static int bad_state(const struct lm_outstanding *state, const char *why, struct lm_error *error) {
    return lm_fail(error, LM_BAD_STATE, "%.120s: %s", state->path, why);
}

static int fail_io(const struct lm_outstanding *state, struct lm_error *error) {
    return lm_fail_errno(error, LM_IO, state->path);
}

/* ---- opening and locking ---- */

static int not_there(const struct lm_outstanding *state, struct lm_error *error) {
    lm_fail(error, LM_NO_INPUT, "%.120s: there is no state file, so nothing was asked",
            state->path);
    return lm_hint(error, "lm-auth challenge and lm-auth respond write it");
}

static int open_file(struct lm_outstanding *state, bool make, struct lm_error *error) {
    const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    for (;;) {
        state->fd = open(state->path, flags);
        if (state->fd >= 0)
            return 0;
        if (errno == ELOOP)
            return bad_state(state, "is a symbolic link, which a state file may not be", error);
        if (errno == EISDIR || errno == ENXIO)
            return bad_state(state, "is not a regular file", error);
        if (errno != ENOENT)
            return fail_io(state, error);
        if (!make)
            return not_there(state, error);
        state->fd = open(state->path, flags | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
        if (state->fd >= 0)
            return fchmod(state->fd, S_IRUSR | S_IWUSR) == 0 ? 0 : fail_io(state, error);
        if (errno != EEXIST) /* somebody else was faster, or took it away again */
            return fail_io(state, error);
    }
}

static int check_status(const struct lm_outstanding *state, const struct stat *status,
                        struct lm_error *error) {
    if (!S_ISREG(status->st_mode))
        return bad_state(state, "is not a regular file", error);
    if (status->st_uid != geteuid())
        return lm_fail(error, LM_PERMISSION, "%.120s: the state file is somebody else's",
                       state->path);
    if (status->st_mode & (S_IRWXG | S_IRWXO)) {
        lm_fail(error, LM_PERMISSION, "%.120s: group or others have rights to this state file",
                state->path);
        return lm_hint(error, "chmod 600 %.120s", state->path);
    }
    return 0;
}

static int wait_for_lock(const struct lm_outstanding *state, int fd, int operation,
                         struct lm_error *error) {
    while (flock(fd, operation) != 0) {
        if (errno != EINTR)
            return fail_io(state, error);
    }
    return 0;
}

/* Locks the file that is at the path when the lock is had: whoever writes it anew puts another
 * one there. */
static int lock_file(struct lm_outstanding *state, bool make, struct lm_error *error) {
    for (;;) {
        struct stat ours;
        struct stat there;
        if (state->fd < 0 && open_file(state, make, error) < 0)
            return -1;
        if (fstat(state->fd, &ours) != 0)
            return fail_io(state, error);
        if (check_status(state, &ours, error) < 0)
            return -1;
        if (wait_for_lock(state, state->fd, LOCK_EX, error) < 0)
            return -1;
        state->locked = true;
        if (lstat(state->path, &there) == 0 && there.st_dev == ours.st_dev &&
            there.st_ino == ours.st_ino)
            return 0;
        forget(state);
    }
}

/* ---- reading ---- */

/* A line that has no end is what a crash left of one that was never acted upon. Some file systems
 * leave zeros instead. Anything else is no state file, and nothing of it is cut off. */
static int cut(struct lm_outstanding *state, const char *rest, size_t size,
               struct lm_error *error) {
    static const char header[] = "lm-auth-state 1 ";
    while (size > 0 && rest[size - 1] == '\0')
        size--;
    size_t common = size < sizeof header - 1 ? size : sizeof header - 1;
    if (size >= LM_SENT_LINE_MAX || memchr(rest, '\0', size) ||
        (state->table.lines == 0 && memcmp(rest, header, common) != 0))
        return bad_state(state, "is no state file of lm-auth, or is damaged", error);
    return ftruncate(state->fd, state->size) == 0 ? 0 : fail_io(state, error);
}

static int damaged(const struct lm_outstanding *state, const struct lm_error *why,
                   struct lm_error *error) {
    if (why->reason != LM_BAD_STATE) {
        *error = *why;
        return -1;
    }
    lm_fail(error, LM_BAD_STATE, "%.120s: %s", state->path, why->detail);
    if (state->table.lines == 0)
        return -1; /* perhaps a file of quite another kind */
    return lm_hint(error, "if it cannot be restored, remove it: what is asked and not answered yet "
                          "must be asked again");
}

/* Takes what is in BUFFER and keeps the beginning of a line in it. */
static int take_lines(struct lm_outstanding *state, struct lm_buffer *buffer,
                      struct lm_error *error) {
    struct lm_error why;
    size_t taken;
    int result = lm_sent_table_read(&state->table, buffer->data, buffer->size, &taken, &why);
    if (result < 0)
        return damaged(state, &why, error);
    memmove(buffer->data, buffer->data + taken, buffer->size - taken);
    buffer->size -= taken;
    state->size += (off_t)taken;
    return 0;
}

static int read_rest(struct lm_outstanding *state, struct lm_error *error) {
    struct lm_buffer buffer = {0};
    off_t offset = state->size;
    int result = 0;
    ssize_t got = 0;
    do {
        char *room = lm_buffer_reserve(&buffer, READ_SIZE);
        if (!room) {
            result = lm_fail_memory(error);
            break;
        }
        got = pread(state->fd, room, READ_SIZE, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            result = fail_io(state, error);
        } else {
            offset += got;
            buffer.size += (size_t)got;
            result = take_lines(state, &buffer, error);
        }
        if (result == 0 && buffer.size > 4 * READ_SIZE) /* no line at all, without end */
            result = bad_state(state, "is no state file of lm-auth, or is damaged", error);
    } while (result == 0 && got != 0);
    if (result == 0 && buffer.size > 0)
        result = cut(state, buffer.data, buffer.size, error);
    lm_buffer_free(&buffer);
    return result;
}

/* ---- writing ---- */

static int write_at(const struct lm_outstanding *state, int fd, const struct lm_buffer *text,
                    off_t offset, struct lm_error *error) {
    return lm_file_write_durably_at(fd, text->data, text->size, offset) == 0
               ? 0
               : fail_io(state, error);
}

/* Makes FD, a new file beside the old one, the state file; it is locked before anybody sees it. */
static int replace(struct lm_outstanding *state, int fd, const struct lm_buffer *text,
                   struct lm_error *error) {
    if (fchmod(fd, S_IRUSR | S_IWUSR) != 0)
        return fail_io(state, error);
    if (wait_for_lock(state, fd, LOCK_EX | LOCK_NB, error) < 0 ||
        write_at(state, fd, text, 0, error) < 0)
        return -1;
    if (rename(state->new_path, state->path) != 0)
        return fail_io(state, error);
    return lm_folder_sync(state->path, error);
}

/* Writes the file anew without what is over. We have the lock, so the other name is ours as well:
 * what stands there a crash has left. */
static int compact(struct lm_outstanding *state, int64_t since_s, struct lm_error *error) {
    struct lm_buffer text = {0};
    int result = -1;
    lm_sent_write(&state->table, since_s, &text);
    if (!lm_buffer_ok(&text)) {
        lm_buffer_free(&text);
        return lm_fail_memory(error);
    }
    (void)unlink(state->new_path);
    int fd = open(state->new_path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  S_IRUSR | S_IWUSR);
    if (fd < 0)
        (void)lm_fail_errno(error, LM_IO, state->new_path);
    else
        result = replace(state, fd, &text, error);
    lm_buffer_free(&text);
    if (result < 0) {
        if (fd >= 0)
            (void)close(fd);
        (void)unlink(state->new_path);
        return -1;
    }
    forget(state);
    state->fd = fd;
    state->locked = true;
    return read_rest(state, error);
}

static int compact_if_due(struct lm_outstanding *state, int64_t now_s, struct lm_error *error) {
    int64_t since_s = now_s - LM_OUTSTANDING_KEEP_SECONDS;
    if (state->table.lines < state->compact_at)
        return 0;
    if (2 * lm_sent_needed(&state->table, since_s) <= state->table.lines &&
        compact(state, since_s, error) < 0)
        return -1;
    state->compact_at = 2 * state->table.lines;
    if (state->compact_at < COMPACT_LINES)
        state->compact_at = COMPACT_LINES;
    return 0;
}

/* A file without a line has no owner yet; its name is on the disk before its first line is. */
static int check_owner(struct lm_outstanding *state, const char *id, struct lm_error *error) {
    if (state->table.lines == 0 && !id)
        return not_there(state, error);
    if (state->table.lines == 0) {
        if (lm_folder_sync(state->path, error) < 0)
            return -1;
        return lm_sent_own(&state->table, id, &state->changes, error);
    }
    if (!id || strcmp(id, state->table.owner) == 0)
        return 0;
    lm_fail(error, LM_BAD_STATE, "%.120s: the state file is that of %s, and the key that of %s",
            state->path, state->table.owner, id);
    return lm_hint(error, "each entity needs a state file of its own");
}

int lm_outstanding_lock(struct lm_outstanding *state, const char *id, int64_t now_s,
                        struct lm_error *error) {
    if (state->locked)
        return lm_fail(error, LM_DEFECT, "the state file is locked twice");
    if (lock_file(state, id != NULL, error) == 0 && read_rest(state, error) == 0 &&
        compact_if_due(state, now_s, error) == 0 && check_owner(state, id, error) == 0)
        return 0;
    forget(state);
    return -1;
}

int lm_outstanding_commit(struct lm_outstanding *state, struct lm_error *error) {
    if (!state->locked)
        return lm_fail(error, LM_DEFECT, "the state file is not locked");
    if (state->changes.size > 0) {
        if (write_at(state, state->fd, &state->changes, state->size, error) < 0) {
            /* Half a line would be cut off by the next; a whole one would count. */
            (void)!ftruncate(state->fd, state->size);
            forget(state);
            return -1;
        }
        state->size += (off_t)state->changes.size;
        lm_buffer_reset(&state->changes);
    }
    state->locked = false;
    return wait_for_lock(state, state->fd, LOCK_UN, error);
}

/* ---- asking and changing ---- */

const char *lm_outstanding_owner(const struct lm_outstanding *state) {
    return state->table.owner;
}

const struct lm_sent *lm_outstanding_find(const struct lm_outstanding *state, const char *digest) {
    return lm_sent_find(&state->table, digest);
}

const struct lm_sent *lm_outstanding_reply(const struct lm_outstanding *state, const char *digest) {
    return lm_sent_reply(&state->table, digest);
}

int lm_outstanding_add(struct lm_outstanding *state, const struct lm_sent *sent, int64_t now_s,
                       struct lm_error *error) {
    const struct lm_sent_table *table = &state->table;
    int64_t since_s = now_s - LM_OUTSTANDING_KEEP_SECONDS;
    if (table->count >= LM_OUTSTANDING_PEER_MAX &&
        lm_sent_waiting(table, sent->peer, since_s) >= LM_OUTSTANDING_PEER_MAX)
        return lm_fail(error, LM_QUOTA, "%d messages to %s are remembered already",
                       LM_OUTSTANDING_PEER_MAX, sent->peer);
    if (table->count >= LM_OUTSTANDING_MAX &&
        lm_sent_waiting(table, NULL, since_s) >= LM_OUTSTANDING_MAX)
        return lm_fail(error, LM_STATE_FULL, "%.120s: %d messages are remembered already",
                       state->path, LM_OUTSTANDING_MAX);
    return lm_sent_add(&state->table, sent, &state->changes, error);
}

int lm_outstanding_mark_answered(struct lm_outstanding *state, const char *digest, const char *by,
                                 struct lm_error *error) {
    return lm_sent_answered(&state->table, digest, by, &state->changes, error);
}

int lm_outstanding_mark_closed(struct lm_outstanding *state, const char *digest,
                               struct lm_error *error) {
    return lm_sent_closed(&state->table, digest, &state->changes, error);
}
