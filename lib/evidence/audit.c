#include "lib/evidence/audit.h"

#include <stdlib.h>

#include "lib/base/array.h"
#include "lib/evidence/audit_state.h"

/* Records are parsed, and their signatures checked, so many at a time, or so many bytes. */
#define BATCH_MAX      1024
#define BATCH_SIZE_MAX ((size_t)4 << 20)

struct lm_audit *lm_audit_new(const struct lm_audit_options *options, struct lm_error *error) {
    struct lm_audit *audit = calloc(1, sizeof *audit);
    if (!audit) {
        lm_fail_memory(error);
        return NULL;
    }
    audit->options = *options;
    audit->findings.tell = options->finding;
    audit->findings.context = options->context;
    lm_names_start(&audit->billed);
    lm_names_start(&audit->notified);
    lm_names_start(&audit->in_sight);
    lm_names_start(&audit->kinds);
    lm_names_start(&audit->settled_names);
    lm_period_set_start(&audit->cleared);
    lm_period_set_start(&audit->settled);
    lm_period_set_start(&audit->maybe_adjusted);
    lm_period_set_start(&audit->adjusted);
    lm_adjustments_start(&audit->adjustments);
    lm_outlooks_start(&audit->outlooks);
    lm_terms_history_start(&audit->terms);
    lm_receipts_start(&audit->receipts);
    lm_claims_start(&audit->claims);
    audit->registry = lm_registry_new(options->root, error);
    const struct lm_commitments_options judged_by = {.registry = audit->registry,
                                                     .now_s = options->now_s,
                                                     .witnesses = options->witnesses,
                                                     .witness_count = options->witness_count};
    lm_commitments_start(&audit->commitments, &judged_by);
    lm_readings_start(&audit->readings, audit->registry, options->power_max_w);
    if (audit->registry && lm_audit_remake_start(&audit->strict, audit, NULL, error) == 0) {
        audit->comparison = lm_comparison_new();
        audit->repeats = lm_repeats_new();
        audit->bills = lm_bills_new(NULL, error);
        audit->batch = calloc(BATCH_MAX, sizeof *audit->batch);
        if (audit->comparison && audit->repeats && audit->bills && audit->batch)
            return audit;
        lm_fail_memory(error);
    }
    lm_audit_free(audit);
    return NULL;
}

void lm_audit_free(struct lm_audit *audit) {
    if (!audit)
        return;
    for (size_t i = 0; i < audit->batch_count; i++)
        lm_record_free(&audit->batch[i].record);
    for (size_t i = 0; i < audit->input_count; i++)
        lm_audited_free(audit->inputs[i]);
    lm_bills_free(audit->bills);
    lm_registry_free(audit->registry);
    lm_audit_remake_free(&audit->strict);
    for (size_t i = 0; i < audit->excuse_count; i++)
        lm_audit_remake_free(&audit->excuses[i]);
    lm_comparison_free(audit->comparison);
    lm_readings_free(&audit->readings);
    lm_outlooks_free(&audit->outlooks);
    lm_terms_history_free(&audit->terms);
    lm_commitments_free(&audit->commitments);
    lm_receipts_free(&audit->receipts);
    lm_claims_free(&audit->claims);
    lm_findings_free(&audit->findings);
    lm_repeats_free(audit->repeats);
    lm_names_free(&audit->billed);
    lm_names_free(&audit->notified);
    lm_names_free(&audit->in_sight);
    lm_names_free(&audit->kinds);
    lm_names_free(&audit->settled_names);
    lm_period_set_free(&audit->cleared);
    lm_period_set_free(&audit->settled);
    lm_period_set_free(&audit->maybe_adjusted);
    lm_period_set_free(&audit->adjusted);
    lm_adjustments_free(&audit->adjustments);
    lm_buffer_free(&audit->deferred);
    lm_buffer_free(&audit->texts);
    lm_buffer_free(&audit->name);
    lm_buffer_free(&audit->payload);
    lm_buffer_free(&audit->meaning);
    free(audit->inputs);
    free(audit->excuses);
    free(audit->settled_lines);
    free(audit->batch);
    free(audit);
}

int lm_audit_checkpoint(struct lm_audit *audit, const char *file, const char *bytes, size_t size,
                        struct lm_error *error) {
    return lm_commitments_add(&audit->commitments, file, bytes, size, error);
}

int lm_audit_claim(struct lm_audit *audit, const struct lm_record *record, const char *file,
                   const struct lm_line *line, struct lm_error *error) {
    return lm_claims_add(&audit->claims, record, file, line, error);
}

int lm_audit_answer(struct lm_audit *audit,
                    int (*tell)(void *context, enum lm_type type, const union lm_body *body,
                                struct lm_error *error),
                    bool *upheld, struct lm_error *error) {
    return lm_claims_answer(&audit->claims, !audit->registry_doubted, tell, audit->options.context,
                            upheld, error);
}

bool lm_audit_any(const struct lm_audit *audit) {
    return audit->any;
}

/* ---- inputs, lines, passes ---- */

static int run_batch(struct lm_audit *audit, struct lm_error *error) {
    int result = 0;
    lm_pool_run(audit->options.pool, audit->batch_count, lm_audit_work, audit->batch);
    for (size_t i = 0; i < audit->batch_count; i++) {
        struct lm_audit_item *item = &audit->batch[i];
        if (result == 0)
            result = lm_audit_take(audit, item, error);
        lm_record_free(&item->record);
    }
    audit->batch_count = 0;
    lm_buffer_reset(&audit->texts);
    return result;
}

static int enter_stage(struct lm_audit *audit, enum lm_audit_stage stage, struct lm_error *error) {
    if (audit->stage != stage && run_batch(audit, error) < 0)
        return -1;
    audit->stage = stage;
    return 0;
}

int lm_audit_input(struct lm_audit *audit, const char *name, bool stream, struct lm_error *error) {
    /* Behind receipts. */
    if (audit->stage == LM_AUDIT_RECEIPTS && enter_stage(audit, LM_AUDIT_JUDGE, error) < 0)
        return -1;
    size_t number = audit->next_input++;
    if (number < audit->input_count) {
        audit->inputs[number]->lines = 0;
        return 0;
    }
    struct lm_audited **inputs = lm_array_room(audit->inputs, &audit->input_room, number,
                                               sizeof(struct lm_audited *), error);
    if (!inputs)
        return -1;
    audit->inputs = inputs;
    inputs[number] = calloc(1, sizeof **inputs);
    if (!inputs[number])
        return lm_fail_memory(error);
    *inputs[number] = (struct lm_audited){.file = name,
                                          .name = name,
                                          .place = number,
                                          .stream = stream,
                                          .newest_at_s = LM_ABSENT,
                                          .settled_until_s = LM_ABSENT,
                                          .last_at_s = LM_ABSENT};
    audit->input_count++;
    return 0;
}

static int add_line(struct lm_audit *audit, struct lm_audited *audited, const struct lm_line *line,
                    const struct lm_error *why, struct lm_error *error) {
    if ((audit->batch_count == BATCH_MAX ||
         (audit->batch_count > 0 && audit->texts.size + line->size > BATCH_SIZE_MAX)) &&
        run_batch(audit, error) < 0)
        return -1;
    struct lm_audit_item *item = &audit->batch[audit->batch_count];
    *item = (struct lm_audit_item){.audit = audit,
                                   .audited = audited,
                                   .number = line->number,
                                   .start = audit->texts.size,
                                   .size = line->size};
    if (why)
        item->why = *why;
    else
        item->why.reason = LM_NONE;
    lm_buffer_bytes(&audit->texts, line->data, line->size);
    if (!lm_buffer_ok(&audit->texts))
        return lm_fail_memory(error);
    audit->batch_count++;
    return 0;
}

int lm_audit_line(struct lm_audit *audit, const struct lm_line *line, const struct lm_error *why,
                  struct lm_error *error) {
    struct lm_audited *audited = audit->inputs[audit->next_input - 1];
    /* A log may have grown since the first pass. */
    audited->lines++;
    if (audit->stage != LM_AUDIT_SURVEY && audited->lines > audited->all_lines)
        return 0;
    return add_line(audit, audited, line, why, error);
}

int lm_audit_receipt(struct lm_audit *audit, const struct lm_line *line, struct lm_error *error) {
    if (enter_stage(audit, LM_AUDIT_RECEIPTS, error) < 0)
        return -1;
    return add_line(audit, NULL, line, NULL, error);
}

/* All that is needed to judge is known. */
static int end_survey(struct lm_audit *audit, struct lm_error *error) {
    for (size_t i = 0; i < audit->input_count; i++) {
        if (audit->inputs[i]->log &&
            lm_commitments_grow(&audit->commitments, audit->inputs[i], LM_ABSENT, error) < 0)
            return -1;
    }
    if (lm_registry_seal(audit->registry, audit->options.pool, lm_audit_doubt, audit, error) < 0 ||
        lm_commitments_match(&audit->commitments, audit->inputs, audit->input_count, error) < 0)
        return -1;
    lm_audit_know_registrar(audit);
    if (lm_commitments_judge(&audit->commitments, audit->inputs, audit->input_count,
                             &audit->findings, error) < 0 ||
        lm_audit_judge_registrar(audit, error) < 0)
        return -1;
    return lm_claims_open(&audit->claims, audit->registry, &audit->commitments,
                          audit->options.now_s, audit->options.refuse, audit->options.context,
                          error);
}

static int check_whole(const struct lm_audit *audit, struct lm_error *error) {
    for (size_t i = 0; i < audit->input_count; i++) {
        const struct lm_audited *audited = audit->inputs[i];
        if (audited->lines < audited->all_lines)
            return lm_fail(error, LM_IO, "%s changed while it was read",
                           audited->file ? audited->file : "stdin");
    }
    return 0;
}

/* Whoever seems to be at fault is heard. */
static int end_judging(struct lm_audit *audit, struct lm_error *error) {
    const struct lm_place nowhere = {0};
    struct lm_names parties;
    if (check_whole(audit, error) < 0 ||
        lm_receipts_finish(&audit->receipts, audit->inputs, audit->input_count, &audit->findings,
                           error) < 0)
        return -1;
    /* Of a pipe that broke it would be said otherwise that all is well. */
    if (!audit->any_judged &&
        lm_findings_tell(&audit->findings, lm_reason_word(LM_MISSING_RECORD), NULL, &nowhere, 1,
                         "nothing of a market is here to be checked: no order, clearing, trade, "
                         "reading, settlement or transfer",
                         error) < 0)
        return -1;
    lm_names_start(&parties);
    int result = lm_audit_recompute(audit, &parties, error);
    if (result == 0)
        result = lm_audit_excuse(audit, &parties, error);
    lm_names_free(&parties);
    return result;
}

int lm_audit_pass(struct lm_audit *audit, bool *again, struct lm_error *error) {
    bool survey = audit->stage == LM_AUDIT_SURVEY;
    bool judge = audit->stage == LM_AUDIT_JUDGE;
    if (run_batch(audit, error) < 0)
        return -1;
    if ((survey  ? end_survey(audit, error)
         : judge ? end_judging(audit, error)
                 : check_whole(audit, error)) < 0)
        return -1;
    audit->next_input = 0;
    audit->stage = survey ? LM_AUDIT_JUDGE : LM_AUDIT_EXCUSE;
    *again = survey || (judge && audit->excuse_count > 0);
    return 0;
}

static int finish_terms(struct lm_audit *audit, struct lm_error *error) {
    int64_t *starts_s;
    if (lm_period_set_starts(&audit->settled, &starts_s, error) < 0)
        return -1;
    const struct lm_terms_touched touched = {audit->registry, starts_s, audit->settled.names.count};
    int result = lm_terms_history_finish(&audit->terms, &touched, &audit->findings, error);
    free(starts_s);
    return result;
}

int lm_audit_finish(struct lm_audit *audit, struct lm_audit_outcome *outcome,
                    struct lm_error *error) {
    if (lm_audit_compare(audit, error) < 0 || finish_terms(audit, error) < 0 ||
        lm_readings_finish(&audit->readings, !audit->registry_doubted && !audit->logs_doubted,
                           &audit->findings, error) < 0)
        return -1;
    *outcome =
        (struct lm_audit_outcome){.clean = audit->findings.count == 0, .not_due = audit->not_due};
    return 0;
}
