#include <stdlib.h>
#include <string.h>

#include "cmd/lm-audit/audit.h"
#include "lib/base/file.h"
#include "lib/evidence/audit.h"
#include "lib/evidence/report.h"

/* ---- what the audit is told before the first line ---- */

/* What the checkpoints' files hold, one buffer each. */
static struct lm_buffer *read_checkpoints(const struct lm_audit_task *task) {
    const struct lm_list *files = &task->options->checkpoints;
    struct lm_buffer *buffers = calloc(files->count + 1, sizeof *buffers);
    struct lm_error error;
    if (!buffers) {
        lm_fail_memory(&error);
        lm_run_fatal(task->run, &error);
    }
    for (size_t i = 0; i < files->count; i++) {
        if (lm_file_read(files->items[i], LM_NOTE_SIZE_MAX, &buffers[i], &error) == 0)
            continue;
        /* Whoever hands in a file too large to be a checkpoint does not keep an audit from its
         * verdict: it is none, like an empty one. */
        if (error.reason != LM_TOO_LONG)
            lm_run_fatal(task->run, &error);
        lm_buffer_free(&buffers[i]);
    }
    return buffers;
}

/* An empty file holds no checkpoint, and no bytes. */
static void add_checkpoints(const struct lm_audit_task *task, struct lm_audit *audit,
                            struct lm_buffer *buffers) {
    const struct lm_list *files = &task->options->checkpoints;
    struct lm_error error;
    for (size_t i = 0; i < files->count; i++) {
        const char *bytes = buffers[i].data ? buffers[i].data : "";
        lm_audit_check(task,
                       lm_audit_checkpoint(audit, files->items[i], bytes, buffers[i].size, &error),
                       &error);
        lm_buffer_free(&buffers[i]);
    }
}

/* A file beside the logs, of records of one type. */
struct beside {
    struct lm_audit *audit;
    enum lm_type type;
    bool any;
};

static int add_beside(void *pointer, const struct lm_input *input, struct lm_record *record,
                      struct lm_error *error) {
    struct beside *beside = pointer;
    beside->any = beside->any || record->type == beside->type;
    return beside->type == LM_TYPE_CLAIM
               ? lm_audit_claim(beside->audit, record, input->source, &input->line, error)
               : lm_audit_receipt(beside->audit, &input->line, error);
}

/* Where the file has none of that type it may be the wrong one. */
static void read_beside(struct lm_run *run, const char *file, struct lm_audit *audit,
                        enum lm_type type) {
    struct beside beside = {.audit = audit, .type = type};
    const struct lm_input place = {.source = file};
    struct lm_error note;
    if (!file || run->stopped)
        return;
    lm_run_file(run, file, add_beside, &beside);
    if (!beside.any && !run->stopped) {
        lm_fail(&note, LM_NONE, "no %s is in it", lm_schema_of(type)->name);
        lm_run_note(run, &place, &note);
    }
}

/* ---- its lines ---- */

static void refuse(void *pointer, const char *name, const struct lm_line *line,
                   const struct lm_error *why) {
    const struct lm_audit_task *task = pointer;
    const struct lm_input input = {name ? name : "stdin", *line};
    if (!task->run->stopped)
        lm_run_reject(task->run, &input, why);
}

/* Every file is an input, an empty one, too. */
static size_t enter_inputs(const struct lm_audit_task *task, struct lm_audit *audit, size_t entered,
                           size_t end) {
    const struct lm_list *files = &task->run->operands;
    struct lm_error error;
    for (; entered < end; entered++) {
        const char *name = files->count > 0 ? files->items[entered] : "-";
        bool stream = strcmp(name, "-") == 0;
        lm_audit_check(task, lm_audit_input(audit, stream ? NULL : name, stream, &error), &error);
    }
    return entered;
}

/* All lines, good and bad: what is refused is a finding as well. True where they are to be read
 * again. */
static bool read_lines(const struct lm_audit_task *task, struct lm_audit *audit) {
    struct lm_run *run = task->run;
    struct lm_input input;
    struct lm_error why;
    struct lm_error error;
    enum lm_lines_result result;
    size_t entered = 0;
    bool again;
    while ((result = lm_run_any_line(run, &input, &why)) != LM_LINES_END) {
        const struct lm_error *bad = result == LM_LINES_BAD ? &why : NULL;
        entered = enter_inputs(task, audit, entered, run->next_operand);
        lm_audit_check(task, lm_audit_line(audit, &input.line, bad, &error), &error);
    }
    (void)enter_inputs(task, audit, entered, run->next_operand);
    lm_audit_check(task, lm_audit_pass(audit, &again, &error), &error);
    run->any_object = run->any_object || lm_audit_any(audit);
    return again;
}

/* ---- what it says ---- */

/* Exhibits are for programs, not for people, who are told an answer once, not in parts. */
static int write_answer(void *pointer, enum lm_type type, const union lm_body *body,
                        struct lm_error *error) {
    struct lm_audit_task *task = pointer;
    (void)error;
    if (type == LM_TYPE_CLAIM) {
        task->claim = body->claim;
        return 0;
    }
    if (!task->options->report)
        lm_record_write(type, body, &task->line);
    else if (type == LM_TYPE_VERDICT &&
             (body->verdict.part == LM_ABSENT || body->verdict.part == 1))
        lm_report_answer(&task->claim, &body->verdict, &task->line);
    else
        return 0;
    lm_run_write_buffer(task->run, &task->line);
    return 0;
}

static void judge(struct lm_audit_task *task, struct lm_audit *audit) {
    struct lm_error error;
    struct lm_audit_outcome outcome;
    bool upheld;
    lm_audit_check(task, lm_audit_finish(audit, &outcome, &error), &error);
    lm_audit_check(task, lm_audit_answer(audit, write_answer, &upheld, &error), &error);
    lm_audit_write_verdict(task, outcome);
    if (!outcome.clean || upheld)
        lm_run_negative(task->run);
}

static void read_all(struct lm_audit_task *task, struct lm_audit *audit) {
    struct lm_run *run = task->run;
    read_beside(run, task->options->claims, audit, LM_TYPE_CLAIM);
    bool again = !run->stopped && read_lines(task, audit);
    read_beside(run, task->options->receipts, audit, LM_TYPE_RECEIPT);
    /* Where --strict has stopped, half of the records are no market to judge. */
    if (run->stopped)
        return;
    while (again) {
        lm_run_again(run);
        again = read_lines(task, audit);
    }
    judge(task, audit);
}

void lm_audit_logs(struct lm_audit_task *task) {
    const struct lm_audit_command_options *options = task->options;
    struct lm_error error;
    struct lm_note_key *witnesses = lm_audit_witnesses(task);
    lm_run_keep(task->run);
    struct lm_buffer *checkpoints = read_checkpoints(task);
    lm_audit_allow(task, options->receipts);
    lm_audit_allow(task, options->claims);
    lm_audit_confine(task);
    const struct lm_audit_options wanted = {.root = &task->root,
                                            .now_s = lm_run_now(task->run),
                                            .power_max_w = options->power_max_w,
                                            .witnesses = witnesses,
                                            .witness_count = options->witnesses.count,
                                            .pool = task->pool,
                                            .finding = lm_audit_write_finding,
                                            .refuse = refuse,
                                            .context = task};
    struct lm_audit *audit = lm_audit_new(&wanted, &error);
    if (!audit)
        lm_run_fatal(task->run, &error);
    add_checkpoints(task, audit, checkpoints);
    read_all(task, audit);
    lm_audit_free(audit);
    free(checkpoints);
    free(witnesses);
}
