#include "lib/evidence/names.h"

#include "lib/base/period.h"

static void put(struct lm_buffer *name, const char *label, const char *text) {
    if (text)
        lm_buffer_format(name, ", %s %s", label, text);
}

static void start(struct lm_buffer *name, struct lm_period period) {
    char text[LM_TIME_SIZE];
    lm_buffer_reset(name);
    (void)lm_period_format(period, text);
    lm_buffer_text(name, text);
}

static void name_trade(const char *market, struct lm_period period, const char *from,
                       const char *order, int64_t n, struct lm_buffer *name) {
    start(name, period);
    put(name, "market", market);
    put(name, "from", from);
    put(name, "order", order);
    if (n > 0)
        lm_buffer_format(name, ", n %lld", (long long)n);
}

static void name_settlement(const struct lm_settlement *settlement, struct lm_buffer *name) {
    start(name, settlement->period);
    put(name, "supplier", settlement->supplier);
    put(name, lm_role_words[settlement->role], settlement->party);
    /* An operator is settled once a region; a user's region is not part of her name. */
    if (settlement->role == LM_ROLE_DSO || settlement->role == LM_ROLE_TSO)
        put(name, "region", settlement->region);
}

/* Who has very many orders is told in several notices: each is known by its first order. */
static void name_notice(const struct lm_notice *notice, struct lm_buffer *name) {
    start(name, notice->period);
    put(name, "market", notice->market);
    put(name, "to", notice->to);
    put(name, "order", json_string_value(json_object_get(json_array_get(notice->orders, 0), "id")));
}

static void name_bill(const struct lm_bill *bill, struct lm_buffer *name) {
    char month[LM_TIME_SIZE];
    (void)lm_month_format(bill->month, month);
    lm_buffer_reset(name);
    lm_buffer_text(name, month);
    put(name, "supplier", bill->supplier);
    put(name, "user", bill->user);
}

bool lm_issued_key(enum lm_type type, const union lm_body *body, struct lm_buffer *name,
                   struct lm_issued_key *key) {
    *key = (struct lm_issued_key){.type = type};
    switch (type) {
    case LM_TYPE_CLEARING:
        key->party = body->clearing.market;
        key->period = body->clearing.period;
        start(name, key->period);
        put(name, "market", body->clearing.market);
        break;
    case LM_TYPE_TRADE:
        key->party = body->trade.market;
        key->period = body->trade.period;
        name_trade(body->trade.market, key->period, body->trade.from, body->trade.order,
                   body->trade.n, name);
        break;
    case LM_TYPE_SETTLEMENT:
    case LM_TYPE_ADJUSTMENT:
        key->party = body->settlement.supplier;
        key->period = body->settlement.period;
        name_settlement(&body->settlement, name);
        break;
    case LM_TYPE_TRANSFER:
        key->party = body->transfer.from;
        key->period = body->transfer.period;
        start(name, key->period);
        put(name, "market", body->transfer.market);
        put(name, "from", body->transfer.from);
        put(name, "to", body->transfer.to);
        break;
    case LM_TYPE_NOTICE:
        key->party = body->notice.market;
        key->period = body->notice.period;
        name_notice(&body->notice, name);
        break;
    case LM_TYPE_BILL:
        key->party = body->bill.supplier;
        name_bill(&body->bill, name);
        break;
    default:
        return false;
    }
    lm_buffer_byte(name, '\0');
    key->name = name->data;
    return true;
}

void lm_issued_trade_key(const char *market, struct lm_period period, const char *from,
                         const char *order, struct lm_buffer *name, struct lm_issued_key *key) {
    name_trade(market, period, from, order, 0, name);
    lm_buffer_byte(name, '\0');
    *key = (struct lm_issued_key){
        .type = LM_TYPE_TRADE, .name = name->data, .party = market, .period = period};
}
