/* What programs say on standard error, and how they end by it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/run_state.h"

void lm_run_raise(struct lm_run *run, enum lm_exit met) {
    int status = (int)met;
    if (status > run->status)
        run->status = status;
}

/* Without memory for a message, that is the message. */
static void say_no_memory(const struct lm_run *run) {
    char text[64];
    int size = snprintf(text, sizeof text, "%s: out of memory\n", run->program->name);
    (void)!write(STDERR_FILENO, text, (size_t)size);
}

/* Messages are written whole, in one write, so that those of a pipeline do not mix. */
void lm_run_say(struct lm_run *run, const char *place, uint64_t line,
                const struct lm_error *error) {
    struct lm_buffer text = {0};
    lm_buffer_format(&text, "%s: ", run->program->name);
    if (place) {
        lm_buffer_escaped(&text, place, strlen(place));
        if (line)
            lm_buffer_format(&text, ":%llu", (unsigned long long)line);
        lm_buffer_text(&text, ": ");
    }
    lm_buffer_escaped(&text, error->detail, strlen(error->detail));
    lm_buffer_byte(&text, '\n');
    if (error->hint[0]) {
        lm_buffer_text(&text, "hint: ");
        lm_buffer_escaped(&text, error->hint, strlen(error->hint));
        lm_buffer_byte(&text, '\n');
    }
    if (lm_buffer_ok(&text))
        (void)!write(STDERR_FILENO, text.data, text.size);
    else
        say_no_memory(run);
    lm_buffer_free(&text);
}

void lm_run_note(struct lm_run *run, const struct lm_input *input, const struct lm_error *note) {
    lm_run_say(run, input->source, input->line.number, note);
}

void lm_run_negative(struct lm_run *run) {
    lm_run_raise(run, LM_EXIT_REJECT);
}

void lm_run_error(struct lm_run *run, const struct lm_error *error) {
    lm_run_say(run, NULL, 0, error);
    lm_run_raise(run, lm_reason_exit(error->reason));
}

/* What was written so far is flushed; more cannot be done. */
_Noreturn void lm_run_end(struct lm_run *run) {
    struct lm_error ignored;
    (void)!lm_writer_flush(&run->out, &ignored);
    if (run->rejects_open)
        (void)!lm_writer_flush(&run->rejects, &ignored);
    if (run->alerts_open)
        (void)!lm_writer_flush(&run->alerts, &ignored);
    _exit(run->status);
}

void lm_run_fatal(struct lm_run *run, const struct lm_error *error) {
    lm_run_error(run, error);
    lm_run_end(run);
}

void lm_run_usage(struct lm_run *run, const char *format, ...) {
    struct lm_error error = {.reason = LM_USAGE};
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error.detail, sizeof error.detail, format, arguments);
    va_end(arguments);
    lm_hint(&error, "try %s --help", run->program->name);
    lm_run_fatal(run, &error);
}
