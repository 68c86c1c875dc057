#include "lib/evidence/verdicts.h"

#include <stdlib.h>

#include "cmd/lm-audit/audit.h"

static void refuse_term(void *pointer, const char *source, uint64_t line,
                        const struct lm_error *why) {
    const struct lm_audit_task *task = pointer;
    const struct lm_input input = {source, {.number = line}};
    lm_run_reject(task->run, &input, why);
}

static int add_verdict(void *verdicts, const struct lm_input *input, struct lm_record *record,
                       struct lm_error *error) {
    return lm_verdicts_add(verdicts, record, input->source, input->line.number, error);
}

static void read_terms(struct lm_audit_task *task, struct lm_verdicts *verdicts) {
    struct lm_input input;
    struct lm_record record;
    struct lm_error error;
    while (lm_run_record(task->run, &input, &record)) {
        lm_audit_check(task,
                       lm_verdicts_term(verdicts, &record, input.source, input.line.number, &error),
                       &error);
        lm_record_free(&record);
    }
    lm_audit_check(task, lm_verdicts_seal(verdicts, &error), &error);
}

static void judge(struct lm_audit_task *task, struct lm_verdicts *verdicts) {
    struct lm_error error;
    bool clean;
    lm_audit_check(task, lm_verdicts_finish(verdicts, &clean, &error), &error);
    lm_audit_write_verdict(task, (struct lm_audit_outcome){.clean = clean});
    if (!clean)
        lm_run_negative(task->run);
}

static struct lm_verdicts *begin(struct lm_audit_task *task, const struct lm_note_key *witnesses) {
    struct lm_error error;
    const struct lm_verdicts_options wanted = {.root = &task->root,
                                               .now_s = lm_run_now(task->run),
                                               .witnesses = witnesses,
                                               .witness_count = task->options->witnesses.count,
                                               .pool = task->pool,
                                               .finding = lm_audit_write_finding,
                                               .refuse = refuse_term,
                                               .context = task};
    struct lm_verdicts *verdicts = lm_verdicts_new(&wanted, &error);
    if (!verdicts)
        lm_run_fatal(task->run, &error);
    return verdicts;
}

void lm_audit_verdicts(struct lm_audit_task *task) {
    struct lm_run *run = task->run;
    struct lm_note_key *witnesses = lm_audit_witnesses(task);
    lm_run_keep(run);
    lm_audit_allow(task, task->options->verdicts);
    lm_audit_confine(task);
    struct lm_verdicts *verdicts = begin(task, witnesses);
    read_terms(task, verdicts);
    if (!run->stopped)
        lm_run_file(run, task->options->verdicts, add_verdict, verdicts);
    if (!run->stopped)
        judge(task, verdicts);
    lm_verdicts_free(verdicts);
    free(witnesses);
}
