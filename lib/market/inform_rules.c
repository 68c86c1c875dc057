/* Market-rules, and what they say of how small a group may be. */
#include <stdlib.h>
#include <string.h>

#include "lib/market/inform_rows.h"
#include "lib/record/latest.h"

int lm_inform_add_rules(struct lm_inform *inform, const struct lm_record *record,
                        struct lm_error *error) {
    const struct lm_market_rules *rules = &record->as.market_rules;
    struct lm_group_rule rule = {
        .since = lm_rules_since(rules->valid, rules->gate_minutes, lm_known_since(record)),
        .min_group = rules->min_group};
    if (lm_inform_content(inform, record, true, rule.content, error) < 0 ||
        lm_inform_room(&inform->rules, &inform->rule_room, inform->rule_count,
                       sizeof *inform->rules, error) < 0)
        return -1;
    rule.market = strdup(rules->market);
    if (!rule.market)
        return lm_fail_memory(error);
    rule.regions = json_incref(rules->regions);
    inform->rules[inform->rule_count++] = rule;
    return 0;
}

static int compare_rules(const void *a, const void *b) {
    const struct lm_group_rule *x = a;
    const struct lm_group_rule *y = b;
    int order = strcmp(x->market, y->market);
    return order ? order : memcmp(x->content, y->content, sizeof x->content);
}

void lm_inform_sort_rules(struct lm_inform *inform) {
    struct lm_group_rule *rules = inform->rules;
    if (inform->rule_count > 0)
        qsort(rules, inform->rule_count, sizeof *rules, compare_rules);
    for (size_t from = 0, end = 0; from < inform->rule_count; from = end) {
        while (end < inform->rule_count && strcmp(rules[end].market, rules[from].market) == 0)
            end++;
        for (size_t i = from; i < end; i++) {
            for (size_t k = from; rules[i].since.known_s != LM_KNOWN_ALWAYS && k < end; k++)
                lm_rules_since_beside(&rules[i].since, &rules[k].since);
        }
    }
}

static bool serves(const json_t *regions, const char *region) {
    for (size_t i = 0; i < json_array_size(regions); i++) {
        if (strcmp(json_string_value(json_array_get(regions, i)), region) == 0)
            return true;
    }
    return false;
}

int lm_inform_min_group(const struct lm_inform *inform, const char *region, int64_t instant_s,
                        int64_t *min_group, struct lm_error *error) {
    *min_group = -1;
    for (size_t i = 0; i < inform->rule_count;) {
        const char *market = inform->rules[i].market;
        struct lm_latest latest = {0};
        for (; i < inform->rule_count && strcmp(inform->rules[i].market, market) == 0; i++) {
            const struct lm_group_rule *rule = &inform->rules[i];
            lm_latest_consider(&latest, rule, rule->since.valid, rule->since.counts_s,
                               rule->content, instant_s);
        }
        const struct lm_group_rule *rule = latest.record;
        if (latest.ambiguous)
            return lm_fail(error, LM_AMBIGUOUS, "the rules of market %s contradict each other",
                           market);
        if (rule && serves(rule->regions, region) && rule->min_group > *min_group)
            *min_group = rule->min_group;
    }
    if (*min_group >= 0)
        return 0;
    lm_fail(error, LM_MISSING_RECORD, "no rules of a market say how small a group in %s may be",
            region);
    return lm_hint(error, "give the market-rules of the region in the input or with --registry");
}
