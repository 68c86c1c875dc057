#include "lib/record/schemas.h"

static const struct lm_member reject_rows[] = {
    LM_ROW(struct lm_reject, "detail", TEXT, 0, detail, "what exactly"),
    LM_ROW(struct lm_reject, "line", COUNT, 0, line, "the line of the input"),
    LM_ROW(struct lm_reject, "offset", COUNT, LM_OPTIONAL, offset, "the byte in the line"),
    LM_ROW(struct lm_reject, "program", TEXT, 0, program, "who refused it"),
    LM_ROW(struct lm_reject, "reason", TEXT, 0, reason, "a fixed word"),
    LM_ROW(struct lm_reject, "record", JSON, LM_OPTIONAL, record,
           "the record, where the line was one"),
    LM_ROW(struct lm_reject, "text", TEXT, LM_OPTIONAL, text, "the line otherwise, cut to fit"),
};
static const struct lm_members lm_reject_members = LM_MEMBERS(reject_rows, struct lm_reject);

const struct lm_schema lm_reject_schema = {.name = "reject",
                                           .members = &lm_reject_members,
                                           .meaning = "A line of input that was refused."};

static const struct lm_member alert_rows[] = {
    LM_ROW(struct lm_alert, "at", INSTANT, 0, at_s, "when"),
    LM_ROW(struct lm_alert, "count", COUNT, 0, count, "how many"),
    LM_ROW(struct lm_alert, "from", ID, LM_OPTIONAL, from, "who"),
    LM_ROW(struct lm_alert, "kind", TEXT, 0, kind, "what happened, a fixed word"),
    LM_ROW(struct lm_alert, "program", TEXT, 0, program, "who noticed"),
};
static const struct lm_members lm_alert_members = LM_MEMBERS(alert_rows, struct lm_alert);

const struct lm_schema lm_alert_schema = {.name = "alert",
                                          .members = &lm_alert_members,
                                          .meaning = "Something that an operator should know."};
