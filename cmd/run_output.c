/* What programs write: lines, reject records, alerts. */
#include <fcntl.h>

#include "cmd/run_state.h"
#include "lib/record/reject.h"

void lm_run_open_appending(struct lm_run *run, const char *file, struct lm_writer *writer) {
    struct lm_error error;
    int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) {
        lm_fail_errno(&error, LM_IO, file);
        lm_run_fatal(run, &error);
    }
    lm_writer_open(writer, fd);
}

void lm_run_open_alerts(struct lm_run *run, const char *file) {
    lm_run_open_appending(run, file, &run->alerts);
    run->alerts_open = true;
    run->alerts_file = file;
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

/* What --quiet left out, in one line a reason. */
void lm_run_tell_untold(struct lm_run *run) {
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
