/* The notices that a market owes: by the auctions as they should have been, one to each party. */
#include "lib/evidence/audit_state.h"

int lm_audit_auction(struct lm_audit_remake *remake, enum lm_type type, const union lm_body *body,
                     struct lm_error *error) {
    struct lm_audit *audit = remake->audit;
    const struct lm_place nowhere = {"", 0};
    bool clearing = type == LM_TYPE_CLEARING;
    struct lm_record record;
    bool expected;
    if (lm_audit_expects_notices(audit, clearing ? body->clearing.market : body->trade.market,
                                 clearing ? body->clearing.period : body->trade.period, &expected,
                                 error) < 0)
        return -1;
    if (!expected)
        return 0;
    lm_buffer_reset(&audit->payload);
    lm_record_write(type, body, &audit->payload);
    if (!lm_buffer_ok(&audit->payload))
        return lm_fail_memory(error);
    if (lm_record_parse(audit->payload.data, audit->payload.size, &record, error) < 0)
        return -1;
    int result = lm_inform_add(remake->inform, &record, &nowhere, audit->payload.data,
                               audit->payload.size, error);
    lm_record_free(&record);
    return result;
}

struct telling {
    struct lm_audit_remake *remake;
    struct lm_error *error;
    int result;
};

/* Whom nobody can be told of gets no notice; why shows elsewhere. */
static void pass_over(void *context, const struct lm_place *place, const struct lm_error *why) {
    (void)context;
    (void)place;
    (void)why;
}

static void say_notice(void *context, const char *line, size_t size) {
    struct telling *telling = context;
    struct lm_record record;
    if (telling->result < 0)
        return;
    telling->result = lm_record_parse(line, size, &record, telling->error);
    if (telling->result < 0)
        return;
    telling->result =
        lm_audit_remade(telling->remake, record.type, &record.as, false, telling->error);
    lm_record_free(&record);
}

int lm_audit_remake_notices(struct lm_audit_remake *remake, struct lm_error *error) {
    struct telling telling = {.remake = remake, .error = error};
    const struct lm_inform_visitor visitor = {pass_over, say_notice, &telling};
    if (lm_inform_run(remake->inform, remake->audit->registry, &visitor, error) < 0)
        return -1;
    return telling.result;
}
