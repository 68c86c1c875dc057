/* What holds for whom in a period: the operators' fees, each user's terms, the currency. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/limits.h"
#include "lib/base/zone.h"
#include "lib/settle/period_work.h"

static int compare_operators(const void *a, const void *b, void *context) {
    const struct lm_settle *settle = context;
    const struct lm_operator *x = a;
    const struct lm_operator *y = b;
    struct lm_subject of_x = {x->region, x->party->name, LM_NOBODY, x->party->role};
    struct lm_subject of_y = {y->region, y->party->name, LM_NOBODY, y->party->role};
    return lm_subject_compare(settle, &of_x, &of_y);
}

/* An operator that was put before the fact, and has no fee, asks for nothing. */
static int add_operator(struct lm_period_work *work, const struct lm_party *party, bool known,
                        const struct lm_service *service, struct lm_error *error) {
    struct lm_facts *facts = &work->settle->facts;
    struct lm_version *version;
    enum lm_reason reason =
        lm_facts_find(facts, LM_FACTS_FEE, service->fee, work->start_s, &version);
    if (reason == LM_MISSING_RECORD && !known)
        return 0;
    struct lm_operator *operators = lm_array_room(work->operators, &work->operator_room,
                                                  work->operator_count, sizeof *operators, error);
    if (!operators)
        return -1;
    work->operators = operators;
    struct lm_operator *added = &operators[work->operator_count++];
    *added = (struct lm_operator){.party = party, .region = service->region};
    if (reason == LM_NONE) {
        added->price_micro = facts->fees[version->item].price_micro;
        added->currency = facts->fees[version->item].currency;
        added->late = version->known_s > work->start_s;
    }
    added->reason = (uint8_t)(reason == LM_MISSING_RECORD ? LM_NO_FEE : reason);
    return 0;
}

static bool serves(const struct lm_period_work *work, uint32_t by, uint32_t region) {
    size_t first;
    size_t count = lm_period_region(work, region, &first);
    for (size_t i = first; i < first + count; i++) {
        if (work->operators[i].party->name == by)
            return true;
    }
    return false;
}

/* A fee that nobody may charge is refused, rather than left out without a word. */
static void refuse_strangers(struct lm_period_work *work) {
    struct lm_facts *facts = &work->settle->facts;
    for (uint32_t name = 0; name < facts->fee_names.count; name++) {
        struct lm_version *version;
        if (lm_facts_find(facts, LM_FACTS_FEE, name, work->start_s, &version) == LM_NONE &&
            !serves(work, facts->fees[version->item].by, facts->fees[version->item].region))
            version->refused = LM_WRONG_REGION;
    }
}

int lm_period_operators(struct lm_period_work *work, struct lm_error *error) {
    struct lm_facts *facts = &work->settle->facts;
    const struct lm_versions *versions = &facts->versions[LM_FACTS_PARTY];
    uint32_t before = LM_NOBODY;
    for (size_t i = 0; i < versions->count; i++) {
        uint32_t name = versions->rows[i].name;
        int role = facts->parties[versions->rows[i].item].role;
        if (name == before || (role != LM_ROLE_DSO && role != LM_ROLE_TSO))
            continue;
        before = name;
        struct lm_version *version;
        if (lm_facts_find(facts, LM_FACTS_PARTY, name, work->start_s, &version) != LM_NONE)
            continue;
        const struct lm_party *party = &facts->parties[version->item];
        bool known = version->known_s <= work->start_s;
        if (party->role != LM_ROLE_DSO && party->role != LM_ROLE_TSO)
            continue;
        for (uint32_t k = 0; k < party->service_count; k++) {
            if (add_operator(work, party, known, &facts->services[party->services + k], error) < 0)
                return -1;
        }
    }
    if (work->operator_count > 0)
        qsort_r(work->operators, work->operator_count, sizeof *work->operators, compare_operators,
                work->settle);
    /* An identity may name a region twice. */
    size_t kept = 0;
    for (size_t i = 0; i < work->operator_count; i++) {
        if (kept == 0 ||
            compare_operators(&work->operators[kept - 1], &work->operators[i], work->settle) != 0)
            work->operators[kept++] = work->operators[i];
    }
    work->operator_count = kept;
    refuse_strangers(work);
    return 0;
}

struct region_key {
    const uint32_t *ranks;
    uint32_t rank;
};

static bool is_before(const void *row, const void *key) {
    const struct region_key *wanted = key;
    return wanted->ranks[((const struct lm_operator *)row)->region] < wanted->rank;
}

size_t lm_period_region(const struct lm_period_work *work, uint32_t region, size_t *first) {
    const struct region_key key = {work->settle->ranks, work->settle->ranks[region]};
    size_t end = lm_array_lower_bound(work->operators, work->operator_count,
                                      sizeof *work->operators, &key, is_before);
    *first = end;
    while (end < work->operator_count && work->operators[end].region == region)
        end++;
    return end - *first;
}

/* The retail price of a tariff, looked up once a period: LM_NONE, LM_NO_TARIFF, or a reason of
 * lm_zone_fail. */
static enum lm_reason retail_price(struct lm_period_work *work,
                                   const struct lm_tariff_terms *tariff, int64_t *price_micro) {
    const struct lm_facts *facts = &work->settle->facts;
    struct lm_tariff_price *price = &work->tariff_prices[tariff - facts->tariffs];
    if (price->stamp != work->stamp) {
        const char *zone = lm_names_text(&facts->names, tariff->zone);
        struct lm_civil local;
        struct lm_error why;
        price->stamp = work->stamp;
        price->reason = LM_NONE;
        if (!lm_zone_local(zone, work->start_s, &local)) {
            (void)lm_zone_fail(zone, &why);
            price->reason = (uint8_t)why.reason;
        } else if (!lm_retail_price(facts->bands + tariff->bands, tariff->band_count, &local,
                                    &price->price_micro))
            price->reason = LM_NO_TARIFF;
    }
    *price_micro = price->price_micro;
    return (enum lm_reason)price->reason;
}

static int judge_tariff(struct lm_period_work *work, struct lm_participant *member,
                        struct lm_error *why) {
    const struct lm_party *user = member->party;
    const struct lm_tariff_terms *tariff = lm_facts_tariff(
        &work->settle->facts, user->name, user->supplier, user->tariff, work->start_s, why);
    if (!tariff)
        return -1;
    switch (retail_price(work, tariff, &member->terms.retail_micro)) {
    case LM_NONE:
        break;
    case LM_ZONE:
        return lm_fail(why, LM_ZONE, "this machine does not know the zone %s of her tariff",
                       lm_period_text(work, tariff->zone));
    case LM_NO_TARIFF:
        return lm_fail(why, LM_NO_TARIFF, "no retail band of her tariff holds then");
    default:
        return lm_zone_fail(lm_period_text(work, tariff->zone), why);
    }
    member->terms.feed_in_micro = tariff->feed_in_micro;
    member->terms.fees_borne_by = tariff->fees_borne_by;
    member->currency = tariff->currency;
    return 0;
}

static int judge_fees(struct lm_period_work *work, struct lm_participant *member,
                      struct lm_error *why) {
    size_t first;
    size_t count = lm_period_region(work, member->party->region, &first);
    member->terms.fee_micro = 0;
    for (size_t i = first; i < first + count; i++) {
        const struct lm_operator *network = &work->operators[i];
        const char *id = lm_period_text(work, network->party->name);
        const char *region = lm_period_text(work, network->region);
        if (network->reason == LM_NO_FEE || network->late)
            work->period->fee_missing = true;
        if (network->reason == LM_AMBIGUOUS)
            return lm_fail(why, LM_AMBIGUOUS, "the fees of %s in %s contradict each other", id,
                           region);
        if (network->reason != LM_NONE)
            return lm_fail(why, LM_NO_FEE, "%s has no fee in force in %s", id, region);
        if (network->currency != member->currency)
            return lm_fail(why, LM_CURRENCY, "her tariff is in %s, the fee of %s in %s",
                           lm_period_text(work, member->currency), id,
                           lm_period_text(work, network->currency));
        if (!lm_add_i64(member->terms.fee_micro, network->price_micro, &member->terms.fee_micro))
            return lm_fail(why, LM_OVERFLOW, "the sum of the network fees in %s does not fit",
                           region);
    }
    return 0;
}

static int judge_energies(const struct lm_period_work *work, const struct lm_participant *member,
                          struct lm_error *why) {
    if (member->two_markets)
        return lm_fail(why, LM_TWO_MARKETS, "she traded in two markets");
    if (member->meters == 0)
        return lm_fail(why, LM_WITHHELD, "she traded and has no meter");
    if (member->unread != LM_NOBODY)
        return lm_fail(why, LM_NO_READING, "no reading of meter %s",
                       lm_period_text(work, member->unread));
    if (member->disputed)
        return lm_fail(why, LM_CONFLICT, "readings of meter %s disagree",
                       lm_period_text(work, work->settle->readings[member->disputed - 1].meter));
    if (member->total)
        return lm_fail(why, LM_TOTAL, "her energies are above 2^53-1 Wh");
    if (member->crowded)
        return lm_fail(why, LM_TOTAL,
                       "with her energies those of %s's customers are above 2^53-1 Wh",
                       lm_period_text(work, member->supplier));
    return 0;
}

bool lm_participant_judge(struct lm_period_work *work, struct lm_participant *member,
                          struct lm_error *why) {
    if (judge_energies(work, member, why) < 0 || judge_tariff(work, member, why) < 0 ||
        judge_fees(work, member, why) < 0)
        return false;
    if (work->currency != LM_NOBODY && work->currency != member->currency) {
        lm_fail(why, LM_CURRENCY, "her tariff is in %s, the period's money is %s",
                lm_period_text(work, member->currency), lm_period_text(work, work->currency));
        return false;
    }
    return true;
}

/* Joins two currencies into one. False where they differ. */
static bool join(uint32_t *currency, uint32_t other) {
    if (*currency == LM_NOBODY)
        *currency = other;
    return *currency == other;
}

static int refuse_currencies(struct lm_period_work *work, uint32_t a, uint32_t b,
                             const struct lm_place *where, struct lm_error *error) {
    struct lm_error why;
    lm_fail(&why, LM_CURRENCY, "%s and %s meet", lm_period_text(work, a), lm_period_text(work, b));
    lm_hint(&why, "market-rules say which currency a market has");
    return lm_period_refuse(work, where, &why, error);
}

/* The money of the markets that have trades. */
static int market_currency(struct lm_period_work *work, struct lm_error *error) {
    struct lm_facts *facts = &work->settle->facts;
    for (size_t i = 0; i < work->trading_count; i++) {
        const struct lm_trading *trading = &work->tradings[i];
        struct lm_version *rules;
        if (lm_facts_find(facts, LM_FACTS_RULES, trading->market, work->start_s, &rules) != LM_NONE)
            continue;
        uint32_t currency = facts->rules[rules->item].currency;
        if (!join(&work->currency, currency))
            return refuse_currencies(work, work->currency, currency, &trading->where, error);
    }
    return 0;
}

/* Where no user is settled there is still what those traded who are withheld. */
static int tariff_currency(struct lm_period_work *work, struct lm_error *error) {
    const struct lm_versions *versions = &work->settle->facts.versions[LM_FACTS_TARIFF];
    struct lm_error why;
    if (work->net_count == 0)
        return 0;
    for (size_t i = 0; i < versions->count; i++) {
        const struct lm_version *version = &versions->rows[i];
        uint32_t other = work->settle->facts.tariffs[version->item].currency;
        if (lm_validity_holds(version->valid, work->start_s) && !join(&work->currency, other))
            return refuse_currencies(work, work->currency, other, &version->where, error);
    }
    if (work->currency != LM_NOBODY)
        return 0;
    lm_fail(&why, LM_MISSING_RECORD, "no record says in which currency it was traded");
    lm_hint(&why, "add the market-rules, or a tariff that is in force");
    return lm_period_refuse(work, &work->tradings[0].where, &why, error);
}

/* Energies that are sums over customers in the items of a supplier, or of what operators get. */
struct item_sums {
    lm_i128 short_wh;
    lm_i128 surplus_wh;
    lm_i128 import_wh;
    lm_i128 export_wh;
};

static lm_i128 above_zero(lm_i128 energy_wh) {
    return energy_wh > 0 ? energy_wh : 0;
}

/* Adds a member's energies where they fit. */
static bool add_member(struct item_sums *sums, const struct lm_participant *member) {
    const struct lm_flows *flows = &member->flows;
    struct item_sums more = {
        sums->short_wh + above_zero((lm_i128)flows->import_wh - flows->bought_wh) +
            above_zero((lm_i128)flows->sold_wh - flows->export_wh),
        sums->surplus_wh + above_zero((lm_i128)flows->export_wh - flows->sold_wh) +
            above_zero((lm_i128)flows->bought_wh - flows->import_wh),
        sums->import_wh + flows->import_wh,
        sums->export_wh + flows->export_wh,
    };
    if (more.short_wh > LM_INTEGER_MAX || more.surplus_wh > LM_INTEGER_MAX ||
        more.import_wh > LM_INTEGER_MAX || more.export_wh > LM_INTEGER_MAX)
        return false;
    *sums = more;
    return true;
}

static int compare_energies(const void *a, const void *b) {
    const struct lm_participant *x = *(struct lm_participant *const *)a;
    const struct lm_participant *y = *(struct lm_participant *const *)b;
    lm_i128 of_x = (lm_i128)x->flows.import_wh + x->flows.export_wh;
    lm_i128 of_y = (lm_i128)y->flows.import_wh + y->flows.export_wh;
    if (of_x != of_y)
        return of_x < of_y ? -1 : 1;
    return (x > y) - (x < y); /* members are sorted by id */
}

/* A meter of hostile size must not keep the others from being settled: where the energies of a
 * supplier's customers do not fit a record together, those that metered most are withheld. */
static int crowd_out(struct lm_participant *members, size_t count, struct lm_error *error) {
    struct item_sums sums = {0};
    size_t settled = 0;
    bool fits = true;
    for (size_t i = 0; i < count; i++) {
        if (members[i].settled) {
            settled++;
            fits = add_member(&sums, &members[i]) && fits;
        }
    }
    if (fits)
        return 0;
    struct lm_participant **least_first = calloc(settled, sizeof *least_first);
    if (!least_first)
        return lm_fail_memory(error);
    settled = 0;
    for (size_t i = 0; i < count; i++) {
        if (members[i].settled)
            least_first[settled++] = &members[i];
    }
    qsort(least_first, settled, sizeof *least_first, compare_energies);
    sums = (struct item_sums){0};
    for (size_t i = 0; i < settled; i++) {
        least_first[i]->settled = add_member(&sums, least_first[i]);
        least_first[i]->crowded = !least_first[i]->settled;
    }
    free(least_first);
    return 0;
}

static int crowd_out_each(struct lm_period_work *work, struct lm_error *error) {
    for (size_t i = 0; i < work->member_count;) {
        size_t first = i;
        while (i < work->member_count && work->members[i].supplier == work->members[first].supplier)
            i++;
        if (crowd_out(&work->members[first], i - first, error) < 0)
            return -1;
    }
    return 0;
}

int lm_period_terms(struct lm_period_work *work, struct lm_error *error) {
    if (market_currency(work, error) < 0)
        return -1;
    uint32_t users = LM_NOBODY;
    for (size_t i = 0; i < work->member_count && !work->refused; i++) {
        struct lm_participant *member = &work->members[i];
        struct lm_error why;
        if (member->party->role != LM_ROLE_USER ||
            (work->settle->only != LM_NOBODY && member->supplier != work->settle->only))
            continue;
        member->settled = lm_participant_judge(work, member, &why);
        if (!member->settled && lm_reason_exit(why.reason) != LM_EXIT_REJECT)
            return lm_fail(error, why.reason, "%s", why.detail); /* not her fault */
        if (member->settled && !join(&users, member->currency))
            return refuse_currencies(work, users, member->currency, &member->party->where, error);
    }
    if (crowd_out_each(work, error) < 0)
        return -1;
    if (work->currency == LM_NOBODY)
        work->currency = users;
    return work->currency == LM_NOBODY && !work->refused ? tariff_currency(work, error) : 0;
}
