/* One period: each supplier's group in turn, checked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/decimal.h"
#include "lib/settle/period_work.h"

const char *lm_period_text(const struct lm_period_work *work, uint32_t name) {
    return lm_names_text(&work->settle->facts.names, name);
}

struct lm_period_work *lm_period_work_new(struct lm_settle *settle, struct lm_error *error) {
    struct lm_period_work *work = calloc(1, sizeof *work);
    size_t names = settle->facts.names.count + 1;
    if (!work)
        goto fail;
    work->settle = settle;
    work->reading_at = calloc(names, sizeof *work->reading_at);
    work->member_at = calloc(names, sizeof *work->member_at);
    work->trading_at = calloc(names, sizeof *work->trading_at);
    work->tariff_prices = calloc(settle->facts.tariff_count + 1, sizeof *work->tariff_prices);
    if (work->reading_at && work->member_at && work->trading_at && work->tariff_prices)
        return work;
fail:
    lm_fail_memory(error);
    lm_period_work_free(work);
    return NULL;
}

void lm_period_work_free(struct lm_period_work *work) {
    if (!work)
        return;
    free(work->reading_at);
    free(work->member_at);
    free(work->trading_at);
    free(work->tariff_prices);
    free(work->members);
    free(work->lengths);
    free(work->operators);
    free(work->tradings);
    free(work->nets);
    free(work->due);
    free(work->payers);
    free(work->touched);
    lm_tally_free(&work->supplier_tally);
    lm_tally_free(&work->outcome.tally);
    free(work);
}

int lm_period_reject(const struct lm_period_work *work, const struct lm_place *where,
                     const struct lm_error *why, struct lm_error *error) {
    return lm_settle_reject(work->visitor, where, why, error);
}

int lm_period_refuse(struct lm_period_work *work, const struct lm_place *where,
                     struct lm_error *why, struct lm_error *error) {
    char detail[sizeof why->detail];
    memcpy(detail, why->detail, sizeof detail);
    (void)snprintf(why->detail, sizeof why->detail, "%.180s: nothing of %s is settled", detail,
                   work->label);
    work->refused = true;
    return lm_period_reject(work, where, why, error);
}

static int add_amount(lm_i128 *sum_nano, lm_i128 amount_nano, struct lm_error *error) {
    if (!lm_add_i128(*sum_nano, amount_nano, sum_nano))
        return lm_fail(error, LM_OVERFLOW, "a sum of amounts does not fit 128 bits");
    return 0;
}

/* The sums of a supplier's group, or of all. */
struct sums {
    lm_i128 amount_nano;
    lm_i128 without_nano;
};

/* Finishes work->outcome, counts it, and hands it on. */
static int issue(struct lm_period_work *work, struct lm_issue *issue, struct sums *group,
                 struct lm_error *error) {
    struct lm_outcome *outcome = &work->outcome;
    outcome->currency = work->currency;
    if (lm_tally_merge(&outcome->tally, error) < 0 ||
        lm_tally_sum(&outcome->tally, &outcome->amount_nano, error) < 0 ||
        add_amount(&group->amount_nano, outcome->amount_nano, error) < 0 ||
        add_amount(&group->without_nano, outcome->without_nano, error) < 0)
        return -1;
    return lm_issue_outcome(issue, outcome, error);
}

/* An empty outcome that keeps the memory of the one before. */
static struct lm_outcome *start_outcome(struct lm_period_work *work, uint32_t supplier,
                                        uint32_t party, uint32_t region, int role) {
    struct lm_tally tally = work->outcome.tally;
    lm_tally_reset(&tally);
    work->outcome = (struct lm_outcome){
        .subject = {supplier, party, region, role}, .market = LM_NOBODY, .tally = tally};
    return &work->outcome;
}

/* Adds a member's trades to a tally, as bought and sold. */
static int add_trades(const struct lm_period_work *work, const struct lm_participant *member,
                      struct lm_tally *tally, bool withheld, struct lm_error *error) {
    for (size_t i = member->trades; i < member->trades + member->trade_count; i++) {
        const struct lm_trade_row *trade = &work->settle->trades[i];
        bool bid = trade->side == LM_SIDE_BID;
        enum lm_item item = withheld ? LM_ITEM_WITHHELD : bid ? LM_ITEM_BOUGHT : LM_ITEM_SOLD;
        lm_i128 energy_wh = bid ? -(lm_i128)trade->energy_wh : trade->energy_wh;
        if (lm_tally_add(tally, item, trade->price_micro, energy_wh, error) < 0)
            return -1;
    }
    return 0;
}

static int touch_operators(struct lm_period_work *work, const struct lm_participant *member,
                           struct lm_error *error) {
    size_t first;
    size_t count = lm_period_region(work, member->party->region, &first);
    for (size_t i = first; i < first + count; i++) {
        struct lm_operator *network = &work->operators[i];
        network->import_wh += member->flows.import_wh;
        network->export_wh += member->flows.export_wh;
        if (network->touched)
            continue;
        network->touched = true;
        size_t *touched = lm_array_room(work->touched, &work->touched_room, work->touched_count,
                                        sizeof *touched, error);
        if (!touched)
            return -1;
        work->touched = touched;
        touched[work->touched_count++] = i;
    }
    return 0;
}

static int settle_user(struct lm_period_work *work, const struct lm_participant *member,
                       struct lm_issue *to, struct sums *group, lm_i128 *supplier_without_nano,
                       struct lm_error *error) {
    struct lm_outcome *outcome = start_outcome(work, member->supplier, member->party->name,
                                               member->party->region, LM_ROLE_USER);
    struct lm_customer_amounts amounts;
    if (lm_settle_customer(&member->flows, &member->terms, &outcome->tally, &work->supplier_tally,
                           &amounts, error) < 0 ||
        add_trades(work, member, &outcome->tally, false, error) < 0 ||
        touch_operators(work, member, error) < 0 ||
        add_amount(supplier_without_nano, amounts.supplier_without_nano, error) < 0)
        return -1;
    outcome->market = member->market;
    outcome->import_wh = member->flows.import_wh;
    outcome->export_wh = member->flows.export_wh;
    outcome->bought_wh = member->flows.bought_wh;
    outcome->sold_wh = member->flows.sold_wh;
    outcome->short_wh = amounts.short_wh;
    outcome->surplus_wh = amounts.surplus_wh;
    outcome->without_nano = amounts.user_without_nano;
    return issue(work, to, group, error);
}

/* What she traded is still owed, or owing, to her by her supplier. */
static int withhold_user(struct lm_period_work *work, struct lm_participant *member,
                         struct lm_error *error) {
    struct lm_error why;
    char detail[sizeof why.detail];
    if (!lm_participant_judge(work, member, &why)) {
        const struct lm_place *where = member->trade_count
                                           ? &work->settle->trades[member->trades].where
                                           : &member->party->where;
        if (member->disputed && why.reason == LM_CONFLICT)
            where = &work->settle->readings[member->disputed - 1].where;
        memcpy(detail, why.detail, sizeof detail);
        (void)snprintf(why.detail, sizeof why.detail, "%s is withheld in %s: %.150s",
                       lm_period_text(work, member->party->name), work->label, detail);
        if (lm_period_reject(work, where, &why, error) < 0)
            return -1;
    }
    return add_trades(work, member, &work->supplier_tally, true, error);
}

static int compare_touched(const void *a, const void *b, void *context) {
    const struct lm_period_work *work = context;
    const struct lm_operator *x = &work->operators[*(const size_t *)a];
    const struct lm_operator *y = &work->operators[*(const size_t *)b];
    struct lm_subject of_x = {x->party->name, x->party->name, x->region, x->party->role};
    struct lm_subject of_y = {x->party->name, y->party->name, y->region, y->party->role};
    return lm_subject_compare(work->settle, &of_x, &of_y);
}

/* What the supplier owes each operator of each region for its customers there. */
static int settle_operators(struct lm_period_work *work, uint32_t supplier, struct lm_issue *to,
                            struct sums *group, struct lm_error *error) {
    if (work->touched_count > 0)
        qsort_r(work->touched, work->touched_count, sizeof *work->touched, compare_touched, work);
    for (size_t i = 0; i < work->touched_count; i++) {
        struct lm_operator *network = &work->operators[work->touched[i]];
        struct lm_outcome *outcome = start_outcome(work, supplier, network->party->name,
                                                   network->region, network->party->role);
        if (lm_tally_add(&outcome->tally, LM_ITEM_FEE_IMPORT, network->price_micro,
                         network->import_wh, error) < 0 ||
            lm_tally_add(&outcome->tally, LM_ITEM_FEE_EXPORT, network->price_micro,
                         network->export_wh, error) < 0 ||
            lm_tally_sum(&outcome->tally, &outcome->without_nano, error) < 0 ||
            issue(work, to, group, error) < 0)
            return -1;
        network->touched = false;
        network->import_wh = 0;
        network->export_wh = 0;
    }
    work->touched_count = 0;
    return 0;
}

static int settle_supplier(struct lm_period_work *work, uint32_t supplier, uint32_t market,
                           lm_i128 without_nano, struct lm_issue *to, struct sums *group,
                           struct lm_error *error) {
    struct lm_outcome *outcome =
        start_outcome(work, supplier, supplier, LM_NOBODY, LM_ROLE_SUPPLIER);
    if (lm_tally_add_all(&outcome->tally, &work->supplier_tally, 1, error) < 0)
        return -1;
    outcome->market = market;
    outcome->without_nano = without_nano;
    return issue(work, to, group, error);
}

/* What the group sold less what it bought, over all markets. */
static int group_net(const struct lm_period_work *work, const struct lm_participant *members,
                     size_t count, lm_i128 *net_nano, struct lm_error *error) {
    *net_nano = 0;
    for (size_t i = 0; i < count; i++) {
        size_t end = members[i].trades + members[i].trade_count;
        for (size_t k = members[i].trades; k < end; k++) {
            const struct lm_trade_row *trade = &work->settle->trades[k];
            lm_i128 value_nano = lm_amount_of(trade->price_micro, trade->energy_wh);
            if (add_amount(net_nano, trade->side == LM_SIDE_BID ? -value_nano : value_nano, error) <
                0)
                return -1;
        }
    }
    return 0;
}

static bool is_busy(const struct lm_participant *member) {
    return member->settled || member->market != LM_NOBODY;
}

/* One supplier: its customers, itself, the operators. The users stand first among MEMBERS. */
static int settle_group(struct lm_period_work *work, struct lm_participant *members, size_t count,
                        struct lm_issue *to, struct sums *all, struct lm_error *error) {
    struct sums group = {0, 0};
    lm_i128 supplier_without_nano = 0;
    lm_i128 net_nano;
    uint32_t supplier = members[0].supplier;
    uint32_t market = LM_NOBODY;
    bool several = false;
    bool busy = false;
    lm_tally_reset(&work->supplier_tally);
    for (size_t i = 0; i < count; i++) {
        struct lm_participant *member = &members[i];
        int result;
        if (member->party->role == LM_ROLE_SUPPLIER)
            result = add_trades(work, member, &work->supplier_tally, false, error);
        else if (member->settled && (work->currency == member->currency))
            result = settle_user(work, member, to, &group, &supplier_without_nano, error);
        else
            result = withhold_user(work, member, error);
        if (result < 0)
            return -1;
        busy = busy || is_busy(member);
        several = several || member->two_markets ||
                  (market != LM_NOBODY && member->market != LM_NOBODY && member->market != market);
        if (member->market != LM_NOBODY)
            market = member->market;
    }
    if (!busy)
        return 0;
    if (settle_supplier(work, supplier, several ? LM_NOBODY : market, supplier_without_nano, to,
                        &group, error) < 0 ||
        settle_operators(work, supplier, to, &group, error) < 0 ||
        group_net(work, members, count, &net_nano, error) < 0)
        return -1;
    if (group.amount_nano != net_nano || group.without_nano != 0)
        return lm_fail(error, LM_DEFECT, "the group of supplier %s in %s does not sum to its net",
                       lm_period_text(work, supplier), work->label);
    if (add_amount(&all->amount_nano, group.amount_nano, error) < 0)
        return -1;
    return add_amount(&all->without_nano, group.without_nano, error);
}

static int settle_groups(struct lm_period_work *work, struct lm_issue *to, struct lm_error *error) {
    struct sums all = {0, 0};
    uint32_t only = work->settle->only;
    for (size_t i = 0; i < work->member_count;) {
        size_t first = i;
        uint32_t supplier = work->members[first].supplier;
        while (i < work->member_count && work->members[i].supplier == supplier)
            i++;
        if ((only == LM_NOBODY || only == supplier) &&
            settle_group(work, &work->members[first], i - first, to, &all, error) < 0)
            return -1;
    }
    if (only == LM_NOBODY && (all.amount_nano != 0 || all.without_nano != 0))
        return lm_fail(error, LM_DEFECT, "the amounts of %s do not sum to zero", work->label);
    return lm_issue_end(to, error);
}

/* Once over the whole period; tells and writes only where there is a visitor. */
static int walk(struct lm_period_work *work, struct lm_error *error) {
    struct lm_issue to;
    lm_issue_start(&to, work->settle, work->period, work->visitor);
    int result = settle_groups(work, &to, error);
    lm_issue_free(&to);
    return result < 0 ? -1 : lm_period_write_transfers(work, error);
}

static int prepare(struct lm_period_work *work, struct lm_error *error) {
    if (lm_period_lengths(work, error) < 0 || lm_period_operators(work, error) < 0 ||
        lm_period_members(work, error) < 0)
        return -1;
    if (!work->refused && lm_period_markets(work, error) < 0)
        return -1;
    if (!work->refused && lm_period_terms(work, error) < 0)
        return -1;
    return work->refused ? 0 : lm_period_transfers(work, error);
}

/* What is found by name is forgotten, so that the next period starts clean. */
static void clean(struct lm_period_work *work) {
    const struct lm_settle *settle = work->settle;
    size_t end = work->period->readings + work->period->reading_count;
    for (size_t i = work->period->readings; i < end; i++)
        work->reading_at[settle->readings[settle->reading_order[i]].meter] = 0;
    for (size_t i = 0; i < work->member_count; i++)
        work->member_at[work->members[i].party->name] = 0;
    for (size_t i = 0; i < work->trading_count; i++)
        work->trading_at[work->tradings[i].market] = 0;
    work->member_count = 0;
    work->length_count = 0;
    work->operator_count = 0;
    work->trading_count = 0;
    work->net_count = 0;
    work->due_count = 0;
    work->touched_count = 0;
}

int lm_period_settle(struct lm_period_work *work, struct lm_period_row *period,
                     const struct lm_settle_visitor *visitor, struct lm_error *error) {
    work->period = period;
    work->visitor = visitor;
    work->start_s = period->period.start_s;
    (void)lm_period_format(period->period, work->label);
    work->stamp++;
    work->refused = false;
    work->currency = LM_NOBODY;
    int result = prepare(work, error);
    if (result == 0 && !work->refused) {
        /* What does not fit shows on the way: nothing may have been written by then. */
        work->visitor = NULL;
        result = walk(work, error);
        work->visitor = visitor;
        if (result == 0 && visitor)
            result = walk(work, error);
    }
    if (result < 0 && lm_reason_exit(error->reason) == LM_EXIT_REJECT) {
        struct lm_place where = {0};
        struct lm_error why = *error;
        if (period->trade_count)
            where = work->settle->trades[period->trades].where;
        else if (period->reading_count)
            where = work->settle->readings[work->settle->reading_order[period->readings]].where;
        result = lm_period_refuse(work, &where, &why, error);
    }
    clean(work);
    period->refused = work->refused;
    return result;
}
