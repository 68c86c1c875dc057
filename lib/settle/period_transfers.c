/* What suppliers pay each other for a period, and whether it was issued already. */
#include "lib/base/array.h"
#include "lib/settle/period_work.h"

static int add_due(void *context, uint32_t from, uint32_t to, lm_i128 amount_nano,
                   struct lm_error *error) {
    struct lm_period_work *work = context;
    uint32_t only = work->settle->only;
    if (only != LM_NOBODY && only != from)
        return 0;
    struct lm_due *due =
        lm_array_room(work->due, &work->due_room, work->due_count, sizeof *due, error);
    if (!due)
        return -1;
    work->due = due;
    due[work->due_count++] = (struct lm_due){LM_NOBODY, from, to, amount_nano};
    return 0;
}

int lm_period_transfers(struct lm_period_work *work, struct lm_error *error) {
    size_t net = 0;
    for (size_t i = 0; i < work->trading_count; i++) {
        uint32_t market = work->tradings[i].market;
        size_t count = 0;
        for (; net < work->net_count && work->nets[net].market == market; net++) {
            struct lm_net *payers =
                lm_array_room(work->payers, &work->payer_room, count, sizeof *payers, error);
            if (!payers)
                return -1;
            work->payers = payers;
            payers[count++] =
                (struct lm_net){work->nets[net].amount_nano, work->nets[net].supplier};
        }
        size_t before = work->due_count;
        if (count == 0 || work->tradings[i].unknown)
            continue;
        if (lm_transfers(work->payers, count, add_due, work, error) < 0)
            return -1;
        for (size_t k = before; k < work->due_count; k++)
            work->due[k].market = market;
    }
    return 0;
}

/* Whether a market's transfers were issued. LM_CONFLICT where they were, and are others. */
static int compare_issued(const struct lm_period_work *work, size_t first, size_t count,
                          bool *issued, struct lm_error *error) {
    const struct lm_settle *settle = work->settle;
    uint32_t market = work->due[first].market;
    size_t end = work->period->issued_transfers + work->period->issued_transfer_count;
    size_t i = work->period->issued_transfers;
    while (i < end && settle->issued_transfers[i].market != market)
        i++;
    *issued = i < end;
    for (size_t k = first; *issued && k < first + count; k++, i++) {
        const struct lm_due *due = &work->due[k];
        const struct lm_issued_transfer *other = &settle->issued_transfers[i];
        if (i >= end || other->market != market || other->from != due->from ||
            other->to != due->to || other->amount_nano != due->amount_nano ||
            other->currency != work->currency)
            return lm_fail(error, LM_CONFLICT, "other transfers of market %s were issued",
                           lm_period_text(work, market));
    }
    if (*issued && i < end && settle->issued_transfers[i].market == market)
        return lm_fail(error, LM_CONFLICT, "more transfers of market %s were issued",
                       lm_period_text(work, market));
    return 0;
}

int lm_period_write_transfers(struct lm_period_work *work, struct lm_error *error) {
    for (size_t first = 0; first < work->due_count;) {
        bool issued;
        size_t end = first;
        while (end < work->due_count && work->due[end].market == work->due[first].market)
            end++;
        if (compare_issued(work, first, end - first, &issued, error) < 0)
            return -1;
        for (; first < end; first++) {
            struct lm_due *due = &work->due[first];
            struct lm_transfer transfer = {.amount_nano = due->amount_nano,
                                           .currency = lm_period_text(work, work->currency),
                                           .from = lm_period_text(work, due->from),
                                           .market = lm_period_text(work, due->market),
                                           .period = work->period->period,
                                           .to = lm_period_text(work, due->to)};
            if (!issued && work->visitor && work->visitor->transfer &&
                work->visitor->transfer(work->visitor->context, &transfer, error) < 0)
                return -1;
        }
    }
    return 0;
}
