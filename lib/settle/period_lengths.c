/* Which periods a region's market has: what is read of others is settled by none. */
#include <stdlib.h>

#include "lib/base/array.h"
#include "lib/settle/period_work.h"

static int compare_lengths(const void *a, const void *b) {
    const struct lm_length *x = a;
    const struct lm_length *y = b;
    if (x->region != y->region)
        return x->region < y->region ? -1 : 1;
    return (x->minutes > y->minutes) - (x->minutes < y->minutes);
}

static int add_regions(struct lm_period_work *work, const struct lm_rules_terms *rules,
                       struct lm_error *error) {
    for (uint32_t i = 0; i < rules->region_count; i++) {
        struct lm_length *lengths = lm_array_room(work->lengths, &work->length_room,
                                                  work->length_count, sizeof *lengths, error);
        if (!lengths)
            return -1;
        work->lengths = lengths;
        lengths[work->length_count++] = (struct lm_length){
            work->settle->facts.rules_regions[rules->regions + i], rules->period_minutes};
    }
    return 0;
}

int lm_period_lengths(struct lm_period_work *work, struct lm_error *error) {
    struct lm_facts *facts = &work->settle->facts;
    const struct lm_versions *versions = &facts->versions[LM_FACTS_RULES];
    uint32_t before = LM_NOBODY;
    for (size_t i = 0; i < versions->count; i++) {
        uint32_t market = versions->rows[i].name;
        struct lm_version *version;
        if (market == before)
            continue;
        before = market;
        if (lm_facts_find(facts, LM_FACTS_RULES, market, work->start_s, &version) == LM_NONE &&
            add_regions(work, &facts->rules[version->item], error) < 0)
            return -1;
    }
    if (work->length_count > 0)
        qsort(work->lengths, work->length_count, sizeof *work->lengths, compare_lengths);
    return 0;
}

static bool is_before(const void *length, const void *region) {
    return ((const struct lm_length *)length)->region < *(const uint32_t *)region;
}

bool lm_period_fits(const struct lm_period_work *work, uint32_t region, int64_t *minutes) {
    size_t i = lm_array_lower_bound(work->lengths, work->length_count, sizeof *work->lengths,
                                    &region, is_before);
    bool any = i < work->length_count && work->lengths[i].region == region;
    if (any)
        *minutes = work->lengths[i].minutes;
    for (; i < work->length_count && work->lengths[i].region == region; i++) {
        if (work->lengths[i].minutes == work->period->period.minutes)
            return true;
    }
    return !any;
}
