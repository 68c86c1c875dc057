#include <stdlib.h>

#include "cmd/lm-audit/audit.h"
#include "lib/evidence/report.h"
#include "lib/evidence/verifier_key.h"

void lm_audit_check(const struct lm_audit_task *task, int result, const struct lm_error *error) {
    if (result < 0)
        lm_run_fatal(task->run, error);
}

void lm_audit_allow(const struct lm_audit_task *task, const char *file) {
    if (file)
        lm_run_allow(task->run, file, LM_SANDBOX_READ);
}

void lm_audit_confine(struct lm_audit_task *task) {
    struct lm_error error;
    lm_run_confine_to_input(task->run);
    task->pool = lm_pool_new((size_t)task->options->common.jobs, &error);
    if (!task->pool)
        lm_run_fatal(task->run, &error);
}

int lm_audit_write_finding(void *pointer, const struct lm_finding *finding,
                           struct lm_error *error) {
    struct lm_audit_task *task = pointer;
    (void)error;
    task->findings++;
    if (task->options->report)
        lm_report_finding(finding, &task->line);
    else
        lm_record_write(LM_TYPE_FINDING, finding, &task->line);
    lm_run_write_buffer(task->run, &task->line);
    return 0;
}

void lm_audit_write_verdict(struct lm_audit_task *task, struct lm_audit_outcome outcome) {
    struct lm_verdict verdict;
    char text[LM_REPORT_NOT_DUE_SIZE];
    struct lm_error error;
    lm_record_clear(LM_TYPE_VERDICT, &verdict);
    verdict.result = outcome.clean ? LM_RESULT_CLEAN : LM_RESULT_FINDINGS;
    if (outcome.not_due) {
        lm_report_not_due(outcome.not_due, text);
        verdict.text = text;
    }
    verdict.exhibits = json_array();
    if (!verdict.exhibits) {
        lm_fail_memory(&error);
        lm_run_fatal(task->run, &error);
    }
    if (task->options->report)
        lm_report_verdict(&verdict, task->findings, &task->line);
    else
        lm_record_write(LM_TYPE_VERDICT, &verdict, &task->line);
    lm_run_write_buffer(task->run, &task->line);
    json_decref(verdict.exhibits);
}

struct lm_note_key *lm_audit_witnesses(const struct lm_audit_task *task) {
    const struct lm_list *names = &task->options->witnesses;
    struct lm_note_key *keys = calloc(names->count + 1, sizeof *keys);
    struct lm_error error;
    if (!keys) {
        lm_fail_memory(&error);
        lm_run_fatal(task->run, &error);
    }
    for (size_t i = 0; i < names->count; i++)
        lm_audit_check(task, lm_witness_key_load(names->items[i], &keys[i], &error), &error);
    return keys;
}
