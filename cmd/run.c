/* A program's beginning and end, and its clock. */
#include "cmd/run_state.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

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
        lm_run_open_appending(run, run->common->rejects, &run->rejects);
        run->rejects_open = true;
    }
}

static void close_writer(struct lm_run *run, struct lm_writer *writer, const char *name) {
    struct lm_error error;
    if (lm_writer_close(writer, &error) < 0) {
        lm_run_say(run, name, 0, &error);
        lm_run_raise(run, lm_reason_exit(error.reason));
    }
}

int lm_run_finish(struct lm_run *run) {
    struct lm_error error;
    lm_run_tell_untold(run);
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
    lm_run_close_kept(run);
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
