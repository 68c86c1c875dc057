/* What programs read: files one after the other, lines, records. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd/run_state.h"
#include "lib/base/limits.h"

size_t lm_run_count_files(const struct lm_run *run) {
    return run->operands.count ? run->operands.count : 1;
}

void lm_run_refuse_own_output(struct lm_run *run, int fd) {
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

_Noreturn void lm_run_fail_to_read(struct lm_run *run, const char *source,
                                   const struct lm_error *error) {
    lm_run_say(run, source, 0, error);
    lm_run_raise(run, LM_EXIT_IO);
    lm_run_end(run);
}

/* The longest line that the program takes. */
static size_t line_max(const struct lm_run *run) {
    return run->program->exhibits ? LM_EXHIBIT_SIZE_MAX : LM_ENTRY_SIZE_MAX;
}

static void open_next(struct lm_run *run) {
    struct lm_error error;
    bool named = run->operands.count > 0;
    const char *file = named ? run->operands.items[run->next_operand] : "-";
    struct lm_kept *kept = run->kept ? &run->kept[run->next_operand] : NULL;
    run->next_operand++;
    run->source = strcmp(file, "-") == 0 ? "stdin" : file;
    int fd = kept ? lm_run_open_kept(run, kept) : lm_run_open(run, file);
    lm_run_refuse_own_output(run, fd);
    run->lines = lm_lines_new(fd, line_max(run));
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
bool lm_run_is_object(struct lm_run *run, const struct lm_line *line) {
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
enum lm_lines_result lm_run_next_line(struct lm_run *run, bool text, struct lm_input *input,
                                      struct lm_error *error) {
    lm_run_confine_to_input(run);
    for (;;) {
        if (run->stopped)
            return LM_LINES_END;
        if (!run->lines) {
            if (run->next_operand == lm_run_count_files(run))
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
            lm_run_fail_to_read(run, run->source, error);
        lm_lines_free(run->lines);
        run->lines = NULL;
    }
}

enum lm_lines_result lm_run_any_line(struct lm_run *run, struct lm_input *input,
                                     struct lm_error *error) {
    return lm_run_next_line(run, true, input, error);
}

bool lm_run_line(struct lm_run *run, bool text, struct lm_input *input) {
    struct lm_error error;
    for (;;) {
        enum lm_lines_result result = lm_run_next_line(run, text, input, &error);
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
    struct lm_lines *lines = lm_lines_new(lm_run_open(run, file), line_max(run));
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
            lm_run_fail_to_read(run, input.source, &error);
        if (result == LM_LINES_BAD ||
            lm_record_parse(input.line.data, input.line.size, &record, &error) < 0 ||
            visit(context, &input, &record, &error) < 0)
            lm_run_reject(run, &input, &error);
        lm_record_free(&record);
    }
    run->any_object = any_object;
    lm_lines_free(lines);
}
