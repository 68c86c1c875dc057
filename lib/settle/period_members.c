/* Who takes part in a period, and what of hers flowed and was traded. */
#include <stdlib.h>

#include "lib/base/array.h"
#include "lib/base/decimal.h"
#include "lib/base/limits.h"
#include "lib/settle/period_work.h"

/* The member that an id is, added where she is new. NULL without memory. */
static struct lm_participant *member_of(struct lm_period_work *work, const struct lm_party *party,
                                        struct lm_error *error) {
    uint32_t *at = &work->member_at[party->name];
    if (!*at) {
        struct lm_participant *members = lm_array_room(work->members, &work->member_room,
                                                       work->member_count, sizeof *members, error);
        if (!members)
            return NULL;
        work->members = members;
        members[work->member_count++] = (struct lm_participant){
            .party = party,
            .supplier = party->role == LM_ROLE_USER ? party->supplier : party->name,
            .market = LM_NOBODY,
            .unread = LM_NOBODY};
        *at = (uint32_t)work->member_count;
    }
    return &work->members[*at - 1];
}

static struct lm_trading *trading_of(struct lm_period_work *work, const struct lm_trade_row *trade,
                                     struct lm_error *error) {
    uint32_t *at = &work->trading_at[trade->market];
    if (!*at) {
        struct lm_trading *tradings = lm_array_room(work->tradings, &work->trading_room,
                                                    work->trading_count, sizeof *tradings, error);
        if (!tradings)
            return NULL;
        work->tradings = tradings;
        tradings[work->trading_count++] =
            (struct lm_trading){.market = trade->market, .where = trade->where};
        *at = (uint32_t)work->trading_count;
    }
    return &work->tradings[*at - 1];
}

static int add_net(struct lm_period_work *work, uint32_t market, uint32_t supplier,
                   lm_i128 amount_nano, struct lm_error *error) {
    struct lm_group_net *nets =
        lm_array_room(work->nets, &work->net_room, work->net_count, sizeof *nets, error);
    if (!nets)
        return -1;
    work->nets = nets;
    nets[work->net_count++] = (struct lm_group_net){market, supplier, amount_nano};
    return 0;
}

static void add_energy(struct lm_participant *member, int64_t *sum_wh, int64_t energy_wh) {
    /* What is beyond a record is not added to, so that nothing overflows. */
    if (!member->total)
        *sum_wh += energy_wh;
    member->total = member->total || *sum_wh > LM_INTEGER_MAX;
}

static int add_trade(struct lm_period_work *work, struct lm_participant *member,
                     const struct lm_trade_row *trade, struct lm_error *error) {
    struct lm_trading *trading = trading_of(work, trade, error);
    if (!trading)
        return -1;
    member->trade_count++;
    if (trade->energy_wh == 0)
        return 0;
    lm_i128 value_nano = lm_amount_of(trade->price_micro, trade->energy_wh);
    if (trade->side == LM_SIDE_BID) {
        value_nano = -value_nano;
        trading->bought_wh += trade->energy_wh;
        add_energy(member, &member->flows.bought_wh, trade->energy_wh);
    } else {
        trading->sold_wh += trade->energy_wh;
        add_energy(member, &member->flows.sold_wh, trade->energy_wh);
    }
    member->two_markets =
        member->two_markets || (member->market != LM_NOBODY && member->market != trade->market);
    member->market = trade->market;
    if (!lm_add_i128(trading->value_nano, value_nano, &trading->value_nano))
        return lm_fail(error, LM_OVERFLOW, "the trades of market %s do not fit 128 bits",
                       lm_period_text(work, trade->market));
    return add_net(work, trade->market, member->supplier, value_nano, error);
}

/* A party that may trade at the period's start, or NULL with *why. */
static const struct lm_party *trader(struct lm_period_work *work, const struct lm_trade_row *trade,
                                     struct lm_error *why) {
    const char *from = lm_period_text(work, trade->from);
    enum lm_reason reason;
    const struct lm_party *party =
        lm_facts_party(&work->settle->facts, trade->from, work->start_s, &reason);
    if (!party && reason == LM_AMBIGUOUS) {
        lm_fail(why, reason, "the identities of %s, who traded, contradict each other", from);
        return NULL;
    }
    if (!party) {
        lm_fail(why, reason, "nobody knows %s, who traded", from);
        lm_hint(why, "add the identity of %s, valid when the period starts", from);
        return NULL;
    }
    if (party->role != LM_ROLE_USER && party->role != LM_ROLE_SUPPLIER) {
        lm_fail(why, LM_WRONG_ROLE, "%s, who traded, is a %s", from, lm_role_words[party->role]);
        return NULL;
    }
    return party;
}

static int add_trades(struct lm_period_work *work, struct lm_error *error) {
    struct lm_settle *settle = work->settle;
    size_t end = work->period->trades + work->period->trade_count;
    for (size_t i = work->period->trades; i < end; i++) {
        const struct lm_trade_row *trade = &settle->trades[i];
        struct lm_error why;
        if (trade->conflict) {
            lm_fail(&why, LM_CONFLICT, "two different trades of %s for order %s",
                    lm_period_text(work, trade->from), lm_period_text(work, trade->order));
            if (lm_period_refuse(work, &trade->where, &why, error) < 0)
                return -1;
            continue;
        }
        const struct lm_party *party = trader(work, trade, &why);
        if (!party) {
            if (lm_period_refuse(work, &trade->where, &why, error) < 0)
                return -1;
            continue;
        }
        struct lm_participant *member = member_of(work, party, error);
        if (!member)
            return -1;
        /* Sorted by from, so that hers lie together. */
        if (member->trade_count == 0)
            member->trades = i;
        if (add_trade(work, member, trade, error) < 0)
            return -1;
    }
    return 0;
}

static bool is_settled_here(const struct lm_period_work *work, const struct lm_party *user) {
    return work->settle->only == LM_NOBODY || user->supplier == work->settle->only;
}

/* Whether a reading is of a meter that counts, and of a period of its region; *why not. */
static bool judge_reading(struct lm_period_work *work, const struct lm_reading_row *reading,
                          struct lm_error *why) {
    struct lm_facts *facts = &work->settle->facts;
    const char *name = lm_period_text(work, reading->meter);
    enum lm_reason reason;
    int64_t minutes;
    const struct lm_party *meter = lm_facts_party(facts, reading->meter, work->start_s, &reason);
    if (!meter || meter->role != LM_ROLE_METER) {
        lm_fail(why, LM_NO_METER, "%s is no meter that is known in %s", name, work->label);
        return false;
    }
    const struct lm_party *user = lm_facts_party(facts, meter->user, work->start_s, &reason);
    if (!user || user->role != LM_ROLE_USER) {
        lm_fail(why, LM_NO_IDENTITY, "meter %s is %s's, who is no user in %s", name,
                lm_period_text(work, meter->user), work->label);
        return false;
    }
    if (lm_period_fits(work, user->region, &minutes))
        return true;
    lm_fail(why, LM_PERIOD, "a reading of meter %s for %s, where periods have %lld minutes", name,
            work->label, (long long)minutes);
    return false;
}

/* Marks the readings at their meters. */
static int add_readings(struct lm_period_work *work, struct lm_error *error) {
    struct lm_settle *settle = work->settle;
    size_t end = work->period->readings + work->period->reading_count;
    for (size_t i = work->period->readings; i < end; i++) {
        uint32_t number = settle->reading_order[i];
        const struct lm_reading_row *reading = &settle->readings[number];
        struct lm_error why;
        if (judge_reading(work, reading, &why))
            work->reading_at[reading->meter] = number + 1;
        else if (lm_period_reject(work, &reading->where, &why, error) < 0)
            return -1;
    }
    return 0;
}

/* Every valid meter that was known counts for its user, with or without a reading. */
static int add_meter(struct lm_period_work *work, const struct lm_party *meter,
                     struct lm_error *error) {
    struct lm_settle *settle = work->settle;
    enum lm_reason reason;
    const struct lm_party *user =
        lm_facts_party(&settle->facts, meter->user, work->start_s, &reason);
    int64_t minutes;
    if (!user || user->role != LM_ROLE_USER || !is_settled_here(work, user) ||
        !lm_period_fits(work, user->region, &minutes))
        return 0;
    struct lm_participant *member = member_of(work, user, error);
    if (!member)
        return -1;
    member->meters++;
    uint32_t at = work->reading_at[meter->name];
    if (!at) {
        /* The least of them, so that the message does not depend on the order of lines. */
        if (member->unread == LM_NOBODY ||
            settle->ranks[meter->name] < settle->ranks[member->unread])
            member->unread = meter->name;
        return 0;
    }
    const struct lm_reading_row *reading = &settle->readings[at - 1];
    if (reading->disagree)
        member->disputed = at;
    add_energy(member, &member->flows.import_wh, reading->import_wh);
    add_energy(member, &member->flows.export_wh, reading->export_wh);
    return 0;
}

static int add_meters(struct lm_period_work *work, struct lm_error *error) {
    struct lm_facts *facts = &work->settle->facts;
    const struct lm_versions *versions = &facts->versions[LM_FACTS_PARTY];
    uint32_t before = LM_NOBODY;
    for (size_t i = 0; i < versions->count; i++) {
        uint32_t name = versions->rows[i].name;
        if (name == before || facts->parties[versions->rows[i].item].role != LM_ROLE_METER)
            continue;
        before = name;
        struct lm_version *version;
        if (lm_facts_find(facts, LM_FACTS_PARTY, name, work->start_s, &version) != LM_NONE)
            continue;
        const struct lm_party *meter = &facts->parties[version->item];
        /* Nobody waits for the reading of a meter that was put before the fact. */
        bool expected = version->known_s <= work->start_s || work->reading_at[name];
        if (meter->role == LM_ROLE_METER && expected && add_meter(work, meter, error) < 0)
            return -1;
    }
    return 0;
}

static int compare_members(const void *a, const void *b, void *context) {
    const struct lm_settle *settle = context;
    const struct lm_participant *x = a;
    const struct lm_participant *y = b;
    struct lm_subject of_x = {x->supplier, x->party->name, LM_NOBODY, x->party->role};
    struct lm_subject of_y = {y->supplier, y->party->name, LM_NOBODY, y->party->role};
    return lm_subject_compare(settle, &of_x, &of_y);
}

static int compare_nets(const void *a, const void *b, void *context) {
    const struct lm_settle *settle = context;
    const struct lm_group_net *x = a;
    const struct lm_group_net *y = b;
    uint32_t p = settle->ranks[x->market == y->market ? x->supplier : x->market];
    uint32_t q = settle->ranks[x->market == y->market ? y->supplier : y->market];
    return (p > q) - (p < q);
}

static int merge_nets(struct lm_period_work *work, struct lm_error *error) {
    size_t kept = 0;
    if (work->net_count > 0)
        qsort_r(work->nets, work->net_count, sizeof *work->nets, compare_nets, work->settle);
    for (size_t i = 0; i < work->net_count; i++) {
        struct lm_group_net *last = kept ? &work->nets[kept - 1] : NULL;
        const struct lm_group_net *net = &work->nets[i];
        if (!last || last->market != net->market || last->supplier != net->supplier)
            work->nets[kept++] = *net;
        else if (!lm_add_i128(last->amount_nano, net->amount_nano, &last->amount_nano))
            return lm_fail(error, LM_OVERFLOW, "what supplier %s traded does not fit 128 bits",
                           lm_period_text(work, net->supplier));
    }
    work->net_count = kept;
    return 0;
}

int lm_period_members(struct lm_period_work *work, struct lm_error *error) {
    if (add_trades(work, error) < 0 || add_readings(work, error) < 0 || add_meters(work, error) < 0)
        return -1;
    if (work->member_count > 0)
        qsort_r(work->members, work->member_count, sizeof *work->members, compare_members,
                work->settle);
    return merge_nets(work, error);
}
