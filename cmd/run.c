#include "cmd/run_state.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/record/reject.h"

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

/* Prints TEXT and ends: --help, --version, --completion. */
static _Noreturn void print_and_exit(struct lm_run *run, struct lm_buffer *text) {
    struct lm_error error;
    if (!lm_buffer_ok(text))
        lm_fail_memory(&error);
    else if (lm_writer_bytes(&run->out, text->data, text->size, &error) == 0 &&
             lm_writer_close(&run->out, &error) == 0)
        exit(LM_EXIT_OK);
    lm_run_fatal(run, &error);
}

static void answer_basic_options(struct lm_run *run) {
    struct lm_buffer text = {0};
    struct lm_error error;
    if (run->common->help) {
        lm_options_help(run->program, &text);
    } else if (run->common->version) {
        int abi = lm_sandbox_abi();
        lm_buffer_format(&text, "%s %s\nsandbox: ", run->program->name, LM_VERSION);
        if (abi)
            lm_buffer_format(&text, "landlock abi %d\n", abi);
        else
            lm_buffer_text(&text, "none: the kernel has no landlock\n");
    } else if (run->common->completion) {
        if (lm_options_completion(run->program, run->common->completion, &text, &error) < 0)
            lm_run_fatal(run, &error);
    } else {
        return;
    }
    print_and_exit(run, &text);
}

static void open_appending(struct lm_run *run, const char *file, struct lm_writer *writer) {
    struct lm_error error;
    int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) {
        lm_fail_errno(&error, LM_IO, file);
        lm_run_fatal(run, &error);
    }
    lm_writer_open(writer, fd);
}

void lm_run_start(struct lm_run *run, const struct lm_program *program, int argc, char **argv,
                  void *options) {
    struct lm_error error;
    *run = (struct lm_run){.program = program, .options = options};
    /* Where a standard descriptor is closed, the next file opened would take its place. It is
     * opened the wrong way round, so that using it fails: output is never lost silently. */
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
            _exit(LM_EXIT_IO);
    }
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error like a full disk */
    run->common = (void *)((char *)options + program->common_offset);
    lm_writer_open(&run->out, STDOUT_FILENO);
    if (lm_options_parse(program, argc, argv, options, &run->operands, &error) < 0) {
        lm_hint(&error, "try %s --help", program->name);
        lm_run_fatal(run, &error);
    }
    answer_basic_options(run);
    if (run->common->rejects) {
        open_appending(run, run->common->rejects, &run->rejects);
        run->rejects_open = true;
    }
}

void lm_run_open_alerts(struct lm_run *run, const char *file) {
    open_appending(run, file, &run->alerts);
    run->alerts_open = true;
    run->alerts_file = file;
}

static void close_writer(struct lm_run *run, struct lm_writer *writer, const char *name) {
    struct lm_error error;
    if (lm_writer_close(writer, &error) < 0) {
        lm_run_say(run, name, 0, &error);
        lm_run_raise(run, lm_reason_exit(error.reason));
    }
}

/* What --quiet left out, in one line a reason. */
static void tell_untold(struct lm_run *run) {
    for (int reason = 0; reason < LM_REASON_COUNT; reason++) {
        struct lm_error error;
        if (run->untold[reason] == 0)
            continue;
        lm_fail(&error, (enum lm_reason)reason, "%llu rejected, %s: %s",
                (unsigned long long)run->untold[reason], lm_reason_word((enum lm_reason)reason),
                lm_reason_meaning((enum lm_reason)reason));
        lm_run_say(run, NULL, 0, &error);
    }
}

int lm_run_finish(struct lm_run *run) {
    struct lm_error error;
    tell_untold(run);
    if (run->any_bytes && !run->any_object && !run->stopped && run->status < (int)LM_EXIT_DATA) {
        lm_fail(&error, LM_NOT_OBJECT, "no line of the input is a JSON object");
        lm_run_say(run, NULL, 0, &error);
        lm_run_raise(run, LM_EXIT_DATA);
    }
    if (run->drawn_ms)
        (void)!write(STDERR_FILENO, "\n", 1);
    close_writer(run, &run->out, "stdout");
    if (run->rejects_open)
        close_writer(run, &run->rejects, run->common->rejects);
    if (run->alerts_open)
        close_writer(run, &run->alerts, run->alerts_file);
    lm_lines_free(run->lines);
    for (size_t i = 0; run->kept && i < lm_run_count_files(run); i++) {
        (void)close(run->kept[i].fd);
        if (run->kept[i].spool >= 0)
            (void)close(run->kept[i].spool);
    }
    free(run->kept);
    lm_buffer_free(&run->scratch);
    lm_list_free(&run->operands);
    return run->status;
}

int64_t lm_run_now_us(const struct lm_run *run) {
    struct timespec time;
    if (run->common->now.given)
        return run->common->now.instant_s * 1000000;
    (void)clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

int64_t lm_run_now(const struct lm_run *run) {
    return run->common->now.given ? run->common->now.instant_s : lm_run_now_us(run) / 1000000;
}

void lm_run_write(struct lm_run *run, const char *bytes, size_t size) {
    struct lm_error error;
    if (lm_writer_line(&run->out, bytes, size, &error) < 0)
        lm_run_fatal(run, &error);
}

void lm_run_write_buffer(struct lm_run *run, struct lm_buffer *line) {
    struct lm_error error;
    if (!lm_buffer_ok(line)) {
        lm_fail_memory(&error);
        lm_run_fatal(run, &error);
    }
    lm_run_write(run, line->data, line->size);
    lm_buffer_reset(line);
}

void lm_run_write_text(struct lm_run *run, const struct lm_buffer *text) {
    struct lm_error error;
    if (!lm_buffer_ok(text))
        lm_fail_memory(&error);
    else if (lm_writer_bytes(&run->out, text->data, text->size, &error) == 0)
        return;
    lm_run_fatal(run, &error);
}

static void write_reject(struct lm_run *run, const struct lm_input *input,
                         const struct lm_error *error) {
    struct lm_error failure;
    lm_buffer_reset(&run->scratch);
    lm_reject_write(run->program->name, input->line.number, input->line.data, input->line.size,
                    error, &run->scratch);
    if (!lm_buffer_ok(&run->scratch))
        lm_fail_memory(&failure);
    else if (lm_writer_line(&run->rejects, run->scratch.data, run->scratch.size, &failure) == 0)
        return;
    lm_run_fatal(run, &failure);
}

void lm_run_alert(struct lm_run *run, struct lm_alert *alert) {
    struct lm_error failure;
    if (!run->alerts_open)
        return;
    alert->program = run->program->name;
    lm_buffer_reset(&run->scratch);
    lm_record_write(LM_TYPE_ALERT, alert, &run->scratch);
    if (!lm_buffer_ok(&run->scratch))
        lm_fail_memory(&failure);
    /* An alert does not wait for others. */
    else if (lm_writer_line(&run->alerts, run->scratch.data, run->scratch.size, &failure) == 0 &&
             lm_writer_flush(&run->alerts, &failure) == 0)
        return;
    lm_run_fatal(run, &failure);
}

void lm_run_reject(struct lm_run *run, const struct lm_input *input, const struct lm_error *error) {
    enum lm_exit status = lm_reason_exit(error->reason);
    if (status != LM_EXIT_REJECT) /* no memory, a defect: not the line's fault */
        lm_run_fatal(run, error);
    if (!run->any_object)
        run->any_object = error->reason >= LM_UNKNOWN_TYPE ||
                          (input->line.data && lm_run_is_object(run, &input->line));
    if (run->quiet)
        run->untold[error->reason]++;
    else
        lm_run_say(run, input->source, input->line.number, error);
    if (run->rejects_open)
        write_reject(run, input, error);
    if (!run->common->accept_rejects)
        lm_run_raise(run, status);
    run->stopped = run->common->strict;
}
