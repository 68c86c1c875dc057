#include "cmd/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/limits.h"
#include "lib/record/reject.h"

#define BASIC_OPTIONS                                                                              \
    {'h',                                                                                          \
     "help",                                                                                       \
     LM_OPTION_FLAG,                                                                               \
     NULL,                                                                                         \
     NULL,                                                                                         \
     offsetof(struct lm_common, help),                                                             \
     "print this and exit"},                                                                       \
        {0,                                                                                        \
         "version",                                                                                \
         LM_OPTION_FLAG,                                                                           \
         NULL,                                                                                     \
         NULL,                                                                                     \
         offsetof(struct lm_common, version),                                                      \
         "print the version and exit"},                                                            \
    {                                                                                              \
        0, "completion", LM_OPTION_TEXT, "SHELL", NULL, offsetof(struct lm_common, completion),    \
            "print the completion script for bash, zsh or fish and exit"                           \
    }
#define CLOCK_OPTIONS                                                                              \
    {                                                                                              \
        0, "now", LM_OPTION_INSTANT, "INSTANT", NULL, offsetof(struct lm_common, now),             \
            "take this for the present instant"                                                    \
    }
#define FILTER_OPTIONS                                                                             \
    {0,                                                                                            \
     "rejects",                                                                                    \
     LM_OPTION_FILE,                                                                               \
     "FILE",                                                                                       \
     NULL,                                                                                         \
     offsetof(struct lm_common, rejects),                                                          \
     "write a reject record to FILE for each rejected line"},                                      \
        {0,                                                                                        \
         "accept-rejects",                                                                         \
         LM_OPTION_FLAG,                                                                           \
         NULL,                                                                                     \
         NULL,                                                                                     \
         offsetof(struct lm_common, accept_rejects),                                               \
         "exit 0 in spite of rejected records"},                                                   \
        {0,                                                                                        \
         "strict",                                                                                 \
         LM_OPTION_FLAG,                                                                           \
         NULL,                                                                                     \
         NULL,                                                                                     \
         offsetof(struct lm_common, strict),                                                       \
         "stop at the first rejected line"},                                                       \
    {                                                                                              \
        0, "progress", LM_OPTION_FLAG, NULL, NULL, offsetof(struct lm_common, progress),           \
            "show the number of records on a terminal's standard error"                            \
    }
#define PARALLEL_OPTIONS                                                                           \
    {                                                                                              \
        'j', "jobs", LM_OPTION_NUMBER, "N", NULL, offsetof(struct lm_common, jobs),                \
            "work with N threads; without it, or with 0, one a processor"                          \
    }
#define END_OPTIONS                                                                                \
    { 0 }

const struct lm_option lm_basic_options[] = {BASIC_OPTIONS, END_OPTIONS};
const struct lm_option lm_clock_options[] = {CLOCK_OPTIONS, BASIC_OPTIONS, END_OPTIONS};
const struct lm_option lm_filter_options[] = {FILTER_OPTIONS, CLOCK_OPTIONS, BASIC_OPTIONS,
                                              END_OPTIONS};
const struct lm_option lm_parallel_options[] = {PARALLEL_OPTIONS, FILTER_OPTIONS, CLOCK_OPTIONS,
                                                BASIC_OPTIONS, END_OPTIONS};

static void raise_status(struct lm_run *run, enum lm_exit met) {
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
static void say(struct lm_run *run, const char *place, uint64_t line,
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
    say(run, input->source, input->line.number, note);
}

void lm_run_negative(struct lm_run *run) {
    raise_status(run, LM_EXIT_REJECT);
}

void lm_run_error(struct lm_run *run, const struct lm_error *error) {
    say(run, NULL, 0, error);
    raise_status(run, lm_reason_exit(error->reason));
}

/* What was written so far is flushed; more cannot be done. */
static _Noreturn void end(struct lm_run *run) {
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
    end(run);
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
        say(run, name, 0, &error);
        raise_status(run, lm_reason_exit(error.reason));
    }
}

static size_t count_files(const struct lm_run *run) {
    return run->operands.count ? run->operands.count : 1;
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
        say(run, NULL, 0, &error);
    }
}

int lm_run_finish(struct lm_run *run) {
    struct lm_error error;
    tell_untold(run);
    if (run->any_bytes && !run->any_object && !run->stopped && run->status < (int)LM_EXIT_DATA) {
        lm_fail(&error, LM_NOT_OBJECT, "no line of the input is a JSON object");
        say(run, NULL, 0, &error);
        raise_status(run, LM_EXIT_DATA);
    }
    if (run->drawn_ms)
        (void)!write(STDERR_FILENO, "\n", 1);
    close_writer(run, &run->out, "stdout");
    if (run->rejects_open)
        close_writer(run, &run->rejects, run->common->rejects);
    if (run->alerts_open)
        close_writer(run, &run->alerts, run->alerts_file);
    lm_lines_free(run->lines);
    for (size_t i = 0; run->kept && i < count_files(run); i++) {
        (void)close(run->kept[i].fd);
        if (run->kept[i].spool >= 0)
            (void)close(run->kept[i].spool);
    }
    free(run->kept);
    lm_buffer_free(&run->scratch);
    lm_list_free(&run->operands);
    return run->status;
}

/* A program that reads what it writes never ends, or loses what it should read. */
static void refuse_own_output(struct lm_run *run, int fd) {
    struct stat input;
    struct stat output;
    struct lm_error error;
    const int outputs[] = {run->out.fd, run->rejects_open ? run->rejects.fd : -1,
                           run->alerts_open ? run->alerts.fd : -1};
    if (fstat(fd, &input) != 0 || !S_ISREG(input.st_mode))
        return;
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        if (outputs[i] < 0 || fstat(outputs[i], &output) != 0 || input.st_dev != output.st_dev ||
            input.st_ino != output.st_ino)
            continue;
        lm_fail(&error, LM_USAGE, "%s is both input and output", run->source);
        lm_run_fatal(run, &error);
    }
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

int lm_run_open(struct lm_run *run, const char *file) {
    struct lm_error error;
    if (strcmp(file, "-") == 0) {
        int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
        if (fd >= 0)
            return fd;
        lm_fail_errno(&error, LM_NO_INPUT, "stdin");
        lm_run_fatal(run, &error);
    }
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        lm_fail_errno(&error, LM_NO_INPUT, file);
        lm_run_fatal(run, &error);
    }
    struct stat status;
    if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
        lm_fail(&error, LM_NO_INPUT, "%s: is a directory", file);
        lm_run_fatal(run, &error);
    }
    return fd;
}

bool lm_run_reads_stdin(const struct lm_run *run) {
    for (size_t i = 0; i < run->operands.count; i++) {
        if (strcmp(run->operands.items[i], "-") == 0)
            return true;
    }
    return run->operands.count == 0 && !run->no_input;
}

static _Noreturn void fail_to_read(struct lm_run *run, const char *source,
                                   const struct lm_error *error) {
    say(run, source, 0, error);
    raise_status(run, LM_EXIT_IO);
    end(run);
}

/* Copies all of FD, which it closes, to COPY. */
static void spool(struct lm_run *run, int fd, int copy) {
    struct lm_error error;
    char bytes[65536];
    struct lm_writer writer;
    lm_writer_open(&writer, dup(copy));
    for (;;) {
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got == 0)
            break;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN) {
            struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
            (void)poll(&poll_fd, 1, -1);
            continue;
        }
        if (got < 0)
            lm_fail_errno(&error, LM_IO, "reading");
        if (got < 0 || lm_writer_bytes(&writer, bytes, (size_t)got, &error) < 0)
            fail_to_read(run, run->source, &error);
    }
    if (lm_writer_close(&writer, &error) < 0)
        fail_to_read(run, run->source, &error);
    (void)close(fd);
}

/* A file without a name. */
static int make_spool(struct lm_run *run) {
    struct lm_error error;
    FILE *file = tmpfile();
    int fd = file ? fcntl(fileno(file), F_DUPFD_CLOEXEC, 0) : -1;
    if (fd < 0) {
        lm_fail_errno(&error, LM_IO, "a temporary file");
        fail_to_read(run, run->source, &error);
    }
    (void)fclose(file);
    return fd;
}

/* The kept file, from its beginning. */
static int open_kept(struct lm_run *run, struct lm_kept *kept) {
    struct lm_error error;
    if (kept->spool >= 0) {
        spool(run, kept->fd, kept->spool);
        kept->fd = kept->spool;
        kept->spool = -1;
    }
    int fd = lseek(kept->fd, 0, SEEK_SET) < 0 ? -1 : dup(kept->fd);
    if (fd >= 0)
        return fd;
    lm_fail_errno(&error, LM_IO, "reading again");
    fail_to_read(run, run->source, &error);
}

static void open_next(struct lm_run *run) {
    struct lm_error error;
    bool named = run->operands.count > 0;
    const char *file = named ? run->operands.items[run->next_operand] : "-";
    struct lm_kept *kept = run->kept ? &run->kept[run->next_operand] : NULL;
    run->next_operand++;
    run->source = strcmp(file, "-") == 0 ? "stdin" : file;
    int fd = kept ? open_kept(run, kept) : lm_run_open(run, file);
    refuse_own_output(run, fd);
    run->lines = lm_lines_new(fd, LM_ENTRY_SIZE_MAX);
    if (!run->lines) {
        lm_fail_memory(&error);
        lm_run_fatal(run, &error);
    }
}

static int64_t monotonic_ms(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void draw_progress(struct lm_run *run) {
    run->records++;
    if (!run->common->progress || run->records % 256 != 0 || !isatty(STDERR_FILENO))
        return;
    int64_t now_ms = monotonic_ms();
    if (now_ms - run->drawn_ms < 200)
        return;
    run->drawn_ms = now_ms;
    char text[96];
    int size = snprintf(text, sizeof text, "\r%s: %llu lines", run->program->name,
                        (unsigned long long)run->records);
    (void)!write(STDERR_FILENO, text, (size_t)size);
}

/* Whoever reads us in a pipe sees what there is before we wait for more. */
static void flush_at_pause(struct lm_run *run) {
    struct lm_error error;
    if (run->out.buffer.size == 0 && !(run->rejects_open && run->rejects.buffer.size))
        return;
    if (!lm_lines_would_wait(run->lines))
        return;
    if (!run->out.regular && lm_writer_flush(&run->out, &error) < 0)
        lm_run_fatal(run, &error);
    if (run->rejects_open && lm_writer_flush(&run->rejects, &error) < 0)
        lm_run_fatal(run, &error);
}

/* After a refusal: was the line a JSON object all the same? Exit 65 wants to know. */
static bool is_object(struct lm_run *run, const struct lm_line *line) {
    struct lm_error error;
    size_t size = line->size;
    if (size > 0 && line->data[size - 1] == '\r')
        size--;
    size_t start = 0;
    while (start < size && strchr(" \t\r", line->data[start]))
        start++;
    if (start == size || line->data[start] != '{')
        return false;
    json_t *json = lm_json_parse(line->data, size, &error);
    if (!json && error.reason == LM_MEMORY)
        lm_run_fatal(run, &error);
    bool object = json_is_object(json) ||
                  (!json && error.reason >= LM_DUPLICATE_NAME && error.reason <= LM_DEPTH);
    json_decref(json);
    return object;
}

/* One line, good or bad, or the end. A bad one has *error filled and returns LM_LINES_BAD. */
static enum lm_lines_result next_line(struct lm_run *run, bool text, struct lm_input *input,
                                      struct lm_error *error) {
    lm_run_confine_to_input(run);
    for (;;) {
        if (run->stopped)
            return LM_LINES_END;
        if (!run->lines) {
            if (run->next_operand == count_files(run))
                return LM_LINES_END;
            open_next(run);
        }
        flush_at_pause(run);
        enum lm_lines_result result = lm_lines_next(run->lines, text, &input->line, error);
        input->source = run->source;
        if (result == LM_LINES_LINE || result == LM_LINES_BAD) {
            run->any_bytes = true;
            if (!text)
                run->any_object = true;
            draw_progress(run);
            return result;
        }
        if (result == LM_LINES_FAIL)
            fail_to_read(run, run->source, error);
        lm_lines_free(run->lines);
        run->lines = NULL;
    }
}

void lm_run_keep(struct lm_run *run) {
    struct lm_error error;
    run->kept = calloc(count_files(run), sizeof *run->kept);
    if (!run->kept) {
        lm_fail_memory(&error);
        lm_run_fatal(run, &error);
    }
    for (size_t i = 0; i < count_files(run); i++) {
        const char *file = run->operands.count > 0 ? run->operands.items[i] : "-";
        struct stat status;
        run->source = strcmp(file, "-") == 0 ? "stdin" : file;
        int fd = lm_run_open(run, file);
        refuse_own_output(run, fd);
        /* A regular file on standard input may stand elsewhere than at its beginning. */
        bool rewinds =
            fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && lseek(fd, 0, SEEK_CUR) == 0;
        run->kept[i] = (struct lm_kept){fd, rewinds ? -1 : make_spool(run)};
    }
}

void lm_run_again(struct lm_run *run) {
    lm_lines_free(run->lines);
    run->lines = NULL;
    run->next_operand = 0;
}

enum lm_lines_result lm_run_any_line(struct lm_run *run, struct lm_input *input,
                                     struct lm_error *error) {
    return next_line(run, true, input, error);
}

bool lm_run_line(struct lm_run *run, bool text, struct lm_input *input) {
    struct lm_error error;
    for (;;) {
        enum lm_lines_result result = next_line(run, text, input, &error);
        if (result == LM_LINES_END)
            return false;
        if (result == LM_LINES_LINE)
            return true;
        lm_run_reject(run, input, &error);
    }
}

bool lm_run_record(struct lm_run *run, struct lm_input *input, struct lm_record *record) {
    struct lm_error error;
    while (lm_run_line(run, true, input)) {
        if (lm_record_parse(input->line.data, input->line.size, record, &error) == 0) {
            run->any_object = true;
            return true;
        }
        lm_run_reject(run, input, &error);
    }
    return false;
}

void lm_run_file(struct lm_run *run, const char *file,
                 int (*visit)(void *context, const struct lm_input *input, struct lm_record *record,
                              struct lm_error *error),
                 void *context) {
    struct lm_error error;
    lm_run_confine(run);
    struct lm_lines *lines = lm_lines_new(lm_run_open(run, file), LM_ENTRY_SIZE_MAX);
    if (!lines) {
        lm_fail_memory(&error);
        lm_run_fatal(run, &error);
    }
    bool any_object = run->any_object; /* a registry is not the input that exit 65 is about */
    struct lm_input input = {.source = strcmp(file, "-") == 0 ? "stdin" : file};
    enum lm_lines_result result;
    while (!run->stopped &&
           (result = lm_lines_next(lines, true, &input.line, &error)) != LM_LINES_END) {
        struct lm_record record = {0};
        if (result == LM_LINES_FAIL)
            fail_to_read(run, input.source, &error);
        if (result == LM_LINES_BAD ||
            lm_record_parse(input.line.data, input.line.size, &record, &error) < 0 ||
            visit(context, &input, &record, &error) < 0)
            lm_run_reject(run, &input, &error);
        lm_record_free(&record);
    }
    run->any_object = any_object;
    lm_lines_free(lines);
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
        run->any_object =
            error->reason >= LM_UNKNOWN_TYPE || (input->line.data && is_object(run, &input->line));
    if (run->quiet)
        run->untold[error->reason]++;
    else
        say(run, input->source, input->line.number, error);
    if (run->rejects_open)
        write_reject(run, input, error);
    if (!run->common->accept_rejects)
        raise_status(run, status);
    run->stopped = run->common->strict;
}

/* A batch ends with so many lines, or bytes. */
#define BATCH_MAX      1024
#define BATCH_SIZE_MAX ((size_t)4 << 20)
/* What a line's buffers keep for the next batch. */
#define KEPT_SIZE 16384

static void empty(struct lm_buffer *buffer) {
    if (buffer->capacity > KEPT_SIZE)
        lm_buffer_free(buffer);
    else
        lm_buffer_reset(buffer);
}

/* Fills ITEMS until they are all used, the input ends, or reading on would have to wait. */
static size_t read_batch(struct lm_run *run, struct lm_work_item *items, size_t room) {
    size_t count = 0;
    size_t size = 0;
    while (count < room && size < BATCH_SIZE_MAX) {
        struct lm_work_item *item = &items[count];
        if (count > 0 && run->lines && lm_lines_would_wait(run->lines))
            break;
        item->skip = false;
        item->again = true;
        item->tag = 0;
        empty(&item->out);
        empty(&item->copy);
        enum lm_lines_result result = next_line(run, true, &item->input, &item->error);
        if (result == LM_LINES_END)
            break;
        item->rejected = result == LM_LINES_BAD;
        lm_buffer_bytes(&item->copy, item->input.line.data, item->input.line.size);
        if (!lm_buffer_ok(&item->copy)) {
            lm_fail_memory(&item->error);
            lm_run_fatal(run, &item->error);
        }
        item->input.line.data = item->copy.data;
        size += item->copy.size;
        count++;
    }
    return count;
}

static void write_batch(struct lm_run *run, struct lm_work_item *items, size_t count) {
    for (size_t i = 0; i < count && !run->stopped; i++) {
        if (items[i].skip) {
            run->any_object = run->any_object || is_object(run, &items[i].input.line);
            continue;
        }
        if (items[i].rejected) {
            lm_run_reject(run, &items[i].input, &items[i].error);
            continue;
        }
        run->any_object = true;
        if (items[i].out.size > 0 || !lm_buffer_ok(&items[i].out))
            lm_run_write_buffer(run, &items[i].out);
    }
}

struct batch {
    const struct lm_work *work;
    struct lm_work_item *items;
};

static void work_item(void *context, size_t i) {
    struct batch *batch = context;
    struct lm_work_item *item = &batch->items[i];
    bool wanted = item->again && !item->rejected && !item->skip;
    item->again = false;
    if (!wanted)
        return;
    batch->work->work(batch->work->context, item);
    /* Before anybody makes something of half a line. */
    if (!item->rejected && !lm_buffer_ok(&item->out)) {
        item->rejected = true;
        lm_fail_memory(&item->error);
    }
}

static bool any_again(const struct lm_work_item *items, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (items[i].again)
            return true;
    }
    return false;
}

void lm_run_parallel(struct lm_run *run, const struct lm_work *work) {
    struct lm_error error;
    lm_run_confine_to_input(run);
    struct lm_pool *pool = lm_pool_new((size_t)run->common->jobs, &error);
    struct lm_work_item *items = calloc(BATCH_MAX, sizeof *items);
    if (!pool || !items) {
        lm_fail_memory(&error);
        lm_run_fatal(run, &error);
    }
    run->pool = pool;
    struct batch batch = {work, items};
    size_t count;
    while ((count = read_batch(run, items, BATCH_MAX)) > 0) {
        if (work->before)
            work->before(work->context, items, count);
        do {
            lm_pool_run(pool, count, work_item, &batch);
            if (work->between)
                work->between(work->context, items, count);
        } while (any_again(items, count));
        if (work->after)
            work->after(work->context, items, count);
        write_batch(run, items, count);
    }
    for (size_t i = 0; i < BATCH_MAX; i++) {
        lm_buffer_free(&items[i].copy);
        lm_buffer_free(&items[i].out);
    }
    free(items);
    run->pool = NULL;
    lm_pool_free(pool);
}
