#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/lm-log/log.h"
#include "lib/base/file.h"
#include "lib/evidence/verifier_key.h"

char *lm_log_beside(struct lm_run *run, const char *log, const char *suffix) {
    char *name = NULL;
    if (asprintf(&name, "%s.%s", log, suffix) < 0) {
        struct lm_error error;
        lm_fail_memory(&error);
        lm_run_fatal(run, &error);
    }
    return name;
}

/* The last checkpoint, if there is one; it borrows from BYTES. One that cannot be read says which
 * entries were promised all the same: without it nothing can be. */
static bool read_last(struct lm_run *run, const char *log, struct lm_buffer *bytes,
                      struct lm_checkpoint *checkpoint) {
    struct stat status;
    struct lm_error why;
    struct lm_error error;
    char *path = lm_log_beside(run, log, "checkpoint");
    status.st_mode = 0;
    bool there = stat(path, &status) == 0 || errno != ENOENT;
    bool good =
        !there || (S_ISREG(status.st_mode)
                       ? lm_file_read(path, LM_NOTE_SIZE_MAX, bytes, &why) == 0 &&
                             lm_checkpoint_parse(bytes->data, bytes->size, checkpoint, &why) == 0
                       : lm_fail(&why, LM_IO, "is not a regular file") == 0);
    if (!good) {
        lm_fail(&error, why.reason, "%.100s: %.120s", path, why.detail);
        lm_hint(&error, "it is damaged: restore it, as it says what was promised");
        lm_run_fatal(run, &error);
    }
    free(path);
    return there;
}

uint64_t lm_log_signed_size(struct lm_run *run, const char *log, const struct lm_key *key,
                            uint8_t root[LM_HASH_SIZE], int64_t *signed_s) {
    struct lm_checkpoint last;
    struct lm_note_times times = {0};
    struct lm_buffer bytes = {0};
    struct lm_error why;
    struct lm_error error;
    uint64_t size = 0;
    *signed_s = LM_ABSENT;
    if (read_last(run, log, &bytes, &last)) {
        if (lm_checkpoint_verify(&last, key->sign_public, &times, &why) < 0) {
            lm_fail(&error, why.reason, "%.100s.checkpoint: %.120s", log, why.detail);
            lm_hint(&error, "the last checkpoint must be by this key, or nothing can be promised");
            lm_run_fatal(run, &error);
        }
        memcpy(root, last.root, LM_HASH_SIZE);
        size = last.size;
        *signed_s = times.last_s > 0 ? times.last_s : LM_ABSENT;
    }
    lm_buffer_free(&bytes);
    return size;
}

char *lm_log_origin(struct lm_run *run, const struct lm_log_options *options, const char *log,
                    const struct lm_key *key) {
    struct lm_checkpoint last;
    struct lm_buffer bytes = {0};
    struct lm_error error;
    char *origin = NULL;
    const char *slash = strrchr(log, '/');
    bool known = read_last(run, log, &bytes, &last);
    lm_buffer_free(&bytes);
    if (known && options->origin && strcmp(options->origin, last.origin) != 0)
        lm_run_usage(run, "--origin: the log's last checkpoint calls it '%s'", last.origin);
    int made = options->origin ? asprintf(&origin, "%s", options->origin)
               : known         ? asprintf(&origin, "%s", last.origin)
                               : asprintf(&origin, "%s/%s", key->id, slash ? slash + 1 : log);
    if (made < 0) {
        lm_fail_memory(&error);
        lm_run_fatal(run, &error);
    }
    if (!lm_note_name_valid(origin, strlen(origin)))
        lm_run_usage(run, "'%s' cannot name a log: it has a space or a plus sign, or is too long",
                     origin);
    return origin;
}

void lm_log_read_file(struct lm_run *run, const char *path, struct lm_buffer *out) {
    struct lm_error error;
    /* A proof is a checkpoint with some hashes and perhaps an entry before it. */
    if (lm_file_read(path, LM_EXHIBIT_SIZE_MAX + 1, out, &error) < 0)
        lm_run_fatal(run, &error);
}

void lm_log_read_checkpoint(struct lm_run *run, const char *path, struct lm_buffer *bytes,
                            struct lm_checkpoint *checkpoint) {
    struct lm_error error;
    lm_log_read_file(run, path, bytes);
    if (lm_checkpoint_parse(bytes->data, bytes->size, checkpoint, &error) == 0)
        return;
    lm_hint(&error, "%.100s should hold a checkpoint", path);
    lm_run_fatal(run, &error);
}

void lm_log_find_key(struct lm_run *run, const struct lm_log_options *options, const char *origin,
                     struct lm_note_key *key) {
    struct lm_error error;
    const struct lm_registry_options *registry = &options->registry;
    bool by_registry =
        registry->root || registry->files.count > 0 || registry->checkpoint || registry->max_age;
    if (!options->log_key && !by_registry)
        lm_run_usage(run, "--log-key, or --registry and --root, say whose the log is");
    if (options->log_key && by_registry)
        lm_run_usage(run, "--log-key and --registry do not go together");
    if (!options->log_key) {
        struct lm_registry *known = lm_registry_open(run, registry);
        if (lm_log_key_find(known, origin, options->keeper, lm_run_now(run), key, &error) < 0)
            lm_run_fatal(run, &error);
        lm_registry_free(known);
        return;
    }
    if (lm_log_key_load(options->log_key, origin, key, &error) < 0)
        lm_run_fatal(run, &error);
    if (key->kind != LM_NOTE_ED25519)
        lm_run_usage(run, "--log-key: that is the key of a witness, not of a log");
    if (strcmp(key->name, origin) == 0)
        return;
    lm_fail(&error, LM_WRONG_SUBJECT, "a checkpoint of %.100s, not of %.100s", origin, key->name);
    lm_run_fatal(run, &error);
}
