#include <stdlib.h>
#include <string.h>

#include "cmd/run.h"

/* What any program may read: time zones, and how many processors there are. */
static void allow_common(struct lm_sandbox *sandbox) {
    lm_sandbox_allow(sandbox, "/usr/share/zoneinfo", LM_SANDBOX_READ_IN);
    lm_sandbox_allow(sandbox, "/sys/devices/system/cpu", LM_SANDBOX_READ_IN);
#ifdef __SANITIZE_ADDRESS__
    lm_sandbox_allow(sandbox, "/proc", LM_SANDBOX_READ_IN); /* to look for leaks at the end */
#endif
}

static void allow_reading(struct lm_sandbox *sandbox, const char *path,
                          enum lm_sandbox_access access) {
    if (strcmp(path, "-") != 0)
        lm_sandbox_allow(sandbox, path, access);
}

/* The files that options of a table name. */
static void allow_options(struct lm_sandbox *sandbox, const struct lm_option *option,
                          const char *values) {
    for (; option->name; option++) {
        const void *value = values + option->offset;
        if (option->kind == LM_OPTION_FILE) {
            const char *const *path = value;
            if (*path)
                allow_reading(sandbox, *path, LM_SANDBOX_READ);
        } else if (option->kind == LM_OPTION_FILES) {
            const struct lm_list *paths = value;
            for (size_t i = 0; i < paths->count; i++)
                allow_reading(sandbox, paths->items[i], LM_SANDBOX_READ);
        }
    }
}

static void confine(const struct lm_run *run, bool to_input) {
    const struct lm_program *program = run->program;
    struct lm_sandbox sandbox;
    /* jansson seeds its hashes when it makes its first object: from the clock, which whoever wants
     * to make them collide can guess, where it may not open /dev/urandom any more. */
    json_object_seed(0);
    lm_sandbox_start(&sandbox);
    allow_common(&sandbox);
    for (size_t i = 0; i < run->operands.count; i++)
        allow_reading(&sandbox, run->operands.items[i], LM_SANDBOX_READ_LATER);
    for (size_t i = 0; i < run->allowed_count; i++)
        lm_sandbox_allow(&sandbox, run->allowed[i].path, run->allowed[i].access);
    if (!to_input) {
        const char *options = run->options;
        allow_options(&sandbox, program->options, options);
        allow_options(&sandbox, program->common, options + program->common_offset);
    }
    (void)lm_sandbox_enter(&sandbox); /* where the kernel has it: nothing depends on it */
}

void lm_run_allow(struct lm_run *run, const char *path, enum lm_sandbox_access access) {
    if (run->allowed_count == LM_ALLOWED_MAX)
        abort(); /* a defect: too few for the program */
    run->allowed[run->allowed_count++] = (struct lm_allowed){path, access};
}

void lm_run_confine(struct lm_run *run) {
    if (run->confined || run->unconfined)
        return;
    run->confined = true;
    confine(run, false);
}

void lm_run_confine_to_input(struct lm_run *run) {
    if (run->confined_to_input || run->unconfined)
        return;
    run->confined = true;
    run->confined_to_input = true;
    confine(run, true);
}
