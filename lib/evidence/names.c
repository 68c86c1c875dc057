#include "lib/evidence/names.h"

#include "lib/base/period.h"

static void put(struct lm_buffer *name, const char *label, const char *text) {
    if (text)
        lm_buffer_format(name, ", %s %s", label, text);
}

void lm_issued_name(enum lm_type type, const union lm_body *body, struct lm_buffer *name) {
    char period[LM_TIME_SIZE];
    lm_buffer_reset(name);
    switch (type) {
    case LM_TYPE_CLEARING:
        (void)lm_period_format(body->clearing.period, period);
        lm_buffer_text(name, period);
        put(name, "market", body->clearing.market);
        break;
    case LM_TYPE_TRADE:
        (void)lm_period_format(body->trade.period, period);
        lm_buffer_text(name, period);
        put(name, "market", body->trade.market);
        put(name, "from", body->trade.from);
        put(name, "order", body->trade.order);
        if (body->trade.n > 0)
            lm_buffer_format(name, ", n %lld", (long long)body->trade.n);
        break;
    case LM_TYPE_SETTLEMENT:
    case LM_TYPE_ADJUSTMENT:
        (void)lm_period_format(body->settlement.period, period);
        lm_buffer_text(name, period);
        put(name, "supplier", body->settlement.supplier);
        put(name, lm_role_words[body->settlement.role], body->settlement.party);
        /* An operator is settled once a region; a user's region is not part of her name. */
        if (body->settlement.role == LM_ROLE_DSO || body->settlement.role == LM_ROLE_TSO)
            put(name, "region", body->settlement.region);
        break;
    case LM_TYPE_TRANSFER:
        (void)lm_period_format(body->transfer.period, period);
        lm_buffer_text(name, period);
        put(name, "market", body->transfer.market);
        put(name, "from", body->transfer.from);
        put(name, "to", body->transfer.to);
        break;
    default:
        break;
    }
    lm_buffer_byte(name, '\0');
}

const char *lm_issuer(enum lm_type type, const union lm_body *body) {
    switch (type) {
    case LM_TYPE_CLEARING:
        return body->clearing.market;
    case LM_TYPE_TRADE:
        return body->trade.market;
    case LM_TYPE_SETTLEMENT:
    case LM_TYPE_ADJUSTMENT:
        return body->settlement.supplier;
    case LM_TYPE_TRANSFER:
        return body->transfer.from;
    default:
        return NULL;
    }
}
