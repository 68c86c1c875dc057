#include "lib/crypto/guarded.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdalign.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/record/record.h"

static int unfit(const struct lm_guarded_file *file, const char *why, struct lm_error *error) {
    return lm_fail(error, LM_BAD_KEY, "%.100s: %s", file->path, why);
}

static int check_status(int fd, const struct lm_guarded_file *file, struct lm_error *error) {
    struct stat status;
    if (fstat(fd, &status) != 0)
        return lm_fail_errno(error, LM_IO, file->path);
    if (S_ISDIR(status.st_mode) || (file->regular_only && !S_ISREG(status.st_mode)))
        return unfit(file, "is not a regular file", error);
    if (file->private_only && (status.st_mode & (S_IRWXG | S_IRWXO))) {
        lm_fail(error, LM_PERMISSION, "%.100s: group or others have rights to this %s", file->path,
                file->what);
        return lm_hint(error, "chmod 600 %.100s", file->path);
    }
    return 0;
}

static int read_all(int fd, const struct lm_guarded_file *file, char *text, size_t *size,
                    struct lm_error *error) {
    *size = 0;
    for (;;) {
        ssize_t got = read(fd, text + *size, file->size_max + 1 - *size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return lm_fail_errno(error, LM_IO, file->path);
        if (got == 0)
            return 0;
        *size += (size_t)got;
        if (*size > file->size_max)
            return lm_fail(error, LM_BAD_KEY, "%.100s: is too large for a %s", file->path,
                           file->what);
    }
}

int lm_guarded_read(const struct lm_guarded_file *file, char **text, size_t *size,
                    struct lm_error *error) {
    *text = NULL;
    /* Nobody waits at a pipe that stands in the place of a regular file. */
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | (file->regular_only ? O_NONBLOCK : 0));
    if (fd < 0)
        return lm_fail_errno(error, LM_NO_INPUT, file->path);
    char *bytes = sodium_malloc(file->size_max + 1);
    int result = bytes ? 0 : lm_fail_memory(error);
    if (result == 0)
        result = check_status(fd, file, error);
    if (result == 0)
        result = read_all(fd, file, bytes, size, error);
    (void)close(fd);
    if (result == 0)
        *text = bytes;
    else
        sodium_free(bytes);
    return result;
}

int lm_guarded_secret(const struct lm_guarded_file *file, struct lm_error *error) {
    struct lm_guarded_file secret = *file;
    char *text;
    size_t size;
    secret.private_only = true;
    if (lm_guarded_read(&secret, &text, &size, error) < 0)
        return -1;
    sodium_free(text);
    return 0;
}

/* ---- JSON ---- */

/* jansson frees without wiping, what it reads and copies of it, so that it gets an arena that is
 * wiped as a whole. Its allocator takes no context: hence the one variable. */
static struct {
    unsigned char *bytes;
    size_t size;
    size_t used;
    bool exhausted;
} arena;

static void *arena_malloc(size_t size) {
    const size_t unit = alignof(max_align_t);
    if (size > arena.size - arena.used) {
        arena.exhausted = true;
        lm_json_no_memory();
        return NULL;
    }
    void *at = arena.bytes + arena.used;
    size_t rounded = (size + unit - 1) / unit * unit;
    arena.used += rounded < arena.size - arena.used ? rounded : arena.size - arena.used;
    return at;
}

static void arena_free(void *pointer) {
    (void)pointer;
}

int lm_guarded_json(const char *text, size_t size,
                    int (*use)(json_t *json, void *context, struct lm_error *error), void *context,
                    struct lm_error *error) {
    json_malloc_t usual_malloc;
    json_free_t usual_free;
    const size_t unit = alignof(max_align_t);
    /* Far more than a file of sense takes, and a bound for one of none. libsodium puts the end of
     * the memory at the end of a page, so that the size keeps its start aligned. */
    size_t room = (64 * size + 65536) / unit * unit;
    unsigned char *bytes = sodium_malloc(room);
    if (!bytes)
        return lm_fail_memory(error);
    json_get_alloc_funcs(&usual_malloc, &usual_free);
    arena.bytes = bytes;
    arena.size = room;
    arena.used = 0;
    arena.exhausted = false;
    json_set_alloc_funcs(arena_malloc, arena_free);
    json_t *json = lm_json_parse(text, size, error);
    int result = json ? use(json, context, error) : -1;
    if (!json && arena.exhausted)
        lm_fail(error, LM_JSON, "takes too much memory");
    json_decref(json);
    json_set_alloc_funcs(usual_malloc, usual_free);
    sodium_free(bytes);
    arena.bytes = NULL;
    arena.size = arena.used = 0;
    return result;
}
