/* Looking up what counts, once all is known. */
#include <stdlib.h>
#include <string.h>

#include "lib/record/latest.h"
#include "lib/record/rules_since.h"
#include "lib/settle/facts.h"

static int compare_versions(const void *a, const void *b) {
    const struct lm_version *x = a;
    const struct lm_version *y = b;
    if (x->name != y->name)
        return x->name < y->name ? -1 : 1;
    if (x->valid.start_s != y->valid.start_s)
        return x->valid.start_s > y->valid.start_s ? -1 : 1;
    int order = memcmp(x->content, y->content, sizeof x->content);
    return order ? order : (x->where.line > y->where.line) - (x->where.line < y->where.line);
}

static bool same_version(const struct lm_version *a, const struct lm_version *b) {
    return a->name == b->name && memcmp(a->content, b->content, sizeof a->content) == 0;
}

/* Repeats, which lie together, are known since the same instant. */
static void know_together(struct lm_versions *versions) {
    for (size_t i = 0; i < versions->count;) {
        struct lm_version *first = &versions->rows[i];
        int64_t known_s = first->known_s;
        size_t end = i;
        for (; end < versions->count && same_version(&versions->rows[end], first); end++)
            known_s = lm_known_together(known_s, versions->rows[end].known_s);
        for (; i < end; i++)
            versions->rows[i].known_s = known_s;
    }
}

static void sort_versions(struct lm_versions *versions) {
    if (versions->count > 0)
        qsort(versions->rows, versions->count, sizeof *versions->rows, compare_versions);
    know_together(versions);
}

/* Those of a market lie together. */
static int count_rules(const struct lm_facts *facts, struct lm_versions *versions,
                       struct lm_error *error) {
    struct lm_rules_since *since = calloc(versions->count + 1, sizeof *since);
    if (!since)
        return lm_fail_memory(error);
    for (size_t i = 0; i < versions->count; i++) {
        const struct lm_version *version = &versions->rows[i];
        since[i] = lm_rules_since(version->valid, facts->rules[version->item].gate_minutes,
                                  version->known_s);
        since[i].market = version->name;
    }
    lm_rules_since_all(since, versions->count);
    for (size_t i = 0; i < versions->count; i++)
        versions->rows[i].known_s = since[i].counts_s;
    free(since);
    return 0;
}

static int lay_out(struct lm_versions *versions, size_t name_count, struct lm_error *error) {
    struct lm_timeline_row *rows = calloc(versions->count + 1, sizeof *rows);
    if (!rows)
        return lm_fail_memory(error);
    versions->name_count = name_count;
    for (size_t i = 0; i < versions->count; i++) {
        const struct lm_version *version = &versions->rows[i];
        rows[i] = (struct lm_timeline_row){version->valid, version->known_s, version->content,
                                           version->name};
    }
    versions->timeline = lm_timeline_new(rows, versions->count, name_count, error);
    free(rows);
    return versions->timeline ? 0 : -1;
}

int lm_facts_seal(struct lm_facts *facts, struct lm_error *error) {
    for (int kind = 0; kind < LM_FACTS_KINDS; kind++) {
        const struct lm_names *names = kind == LM_FACTS_TARIFF ? &facts->tariff_names
                                       : kind == LM_FACTS_FEE  ? &facts->fee_names
                                                               : &facts->names;
        struct lm_versions *versions = &facts->versions[kind];
        sort_versions(versions);
        if ((kind == LM_FACTS_RULES && count_rules(facts, versions, error) < 0) ||
            lay_out(versions, names->count, error) < 0)
            return -1;
    }
    return 0;
}

enum lm_reason lm_facts_find(struct lm_facts *facts, enum lm_facts_kind kind, uint32_t name,
                             int64_t instant_s, struct lm_version **version) {
    struct lm_versions *versions = &facts->versions[kind];
    bool ambiguous;
    *version = NULL;
    if (name >= versions->name_count)
        return LM_MISSING_RECORD;
    uint32_t row = lm_timeline_find(versions->timeline, name, instant_s, &ambiguous);
    if (row == LM_TIMELINE_NONE)
        return LM_MISSING_RECORD;
    *version = &versions->rows[row];
    return ambiguous ? LM_AMBIGUOUS : LM_NONE;
}

static int refuse_ambiguous(struct lm_versions *versions, struct lm_error *error) {
    bool *met = calloc(versions->count + 1, sizeof *met);
    if (!met)
        return lm_fail_memory(error);
    int result = lm_timeline_met(versions->timeline, met, error);
    for (size_t i = 0; result == 0 && i < versions->count; i++) {
        if (met[i])
            versions->rows[i].refused = LM_AMBIGUOUS;
    }
    free(met);
    return result;
}

int lm_facts_refuse(struct lm_facts *facts, struct lm_error *error) {
    for (int kind = 0; kind < LM_FACTS_KINDS; kind++) {
        if (refuse_ambiguous(&facts->versions[kind], error) < 0)
            return -1;
    }
    return 0;
}

const struct lm_party *lm_facts_party(struct lm_facts *facts, uint32_t name, int64_t instant_s,
                                      enum lm_reason *reason) {
    struct lm_version *version;
    *reason = lm_facts_find(facts, LM_FACTS_PARTY, name, instant_s, &version);
    if (*reason == LM_NONE)
        return &facts->parties[version->item];
    if (*reason == LM_MISSING_RECORD)
        *reason = LM_NO_IDENTITY;
    return NULL;
}

static bool is_known(struct lm_facts *facts, uint32_t tariff, int64_t instant_s) {
    struct lm_version *version;
    return lm_facts_find(facts, LM_FACTS_TARIFF, tariff, instant_s, &version) == LM_NONE &&
           version->known_s <= instant_s;
}

const struct lm_tariff_terms *lm_facts_tariff(struct lm_facts *facts, uint32_t user,
                                              uint32_t supplier, uint32_t default_tariff,
                                              int64_t instant_s, struct lm_error *error) {
    struct lm_version *version;
    uint32_t tariff = default_tariff;
    enum lm_reason reason = lm_facts_find(facts, LM_FACTS_CONTRACT, user, instant_s, &version);
    /* Who had no contract had the supplier's other terms, and no later one changes that. */
    if (reason == LM_NONE && version->known_s > instant_s &&
        is_known(facts, default_tariff, instant_s))
        reason = LM_MISSING_RECORD;
    if (reason == LM_AMBIGUOUS) {
        lm_fail(error, reason, "her contracts contradict each other");
        return NULL;
    }
    if (reason == LM_NONE) {
        const struct lm_contract_terms *contract = &facts->contracts[version->item];
        if (contract->supplier != supplier) {
            lm_fail(error, LM_NO_TARIFF, "her contract is with %s, her supplier is %s",
                    lm_names_text(&facts->names, contract->supplier),
                    lm_names_text(&facts->names, supplier));
            return NULL;
        }
        tariff = contract->tariff;
    }
    reason = lm_facts_find(facts, LM_FACTS_TARIFF, tariff, instant_s, &version);
    if (reason == LM_NONE)
        return &facts->tariffs[version->item];
    if (reason == LM_AMBIGUOUS)
        lm_fail(error, reason, "her supplier's tariffs contradict each other");
    else if (tariff == default_tariff)
        lm_fail(error, LM_NO_TARIFF, "%s has no tariff in force for who has no contract",
                lm_names_text(&facts->names, supplier));
    else
        lm_fail(error, LM_NO_TARIFF, "the tariff %s of her contract is not in force",
                lm_names_text(&facts->tariff_names, tariff));
    return NULL;
}
