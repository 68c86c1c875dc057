/* Where the registrar contradicts its own log, or itself. */
#include <string.h>

#include "lib/base/groups.h"
#include "lib/record/latest.h"
#include "lib/registry/registry_rows.h"

static bool same_text(const struct lm_registry *registry, size_t a, size_t b) {
    const char *x = lm_registry_text(registry, a);
    const char *y = lm_registry_text(registry, b);
    return x && y ? strcmp(x, y) == 0 : x == y;
}

static bool same_list(const struct lm_registry *registry, struct lm_row_list a,
                      struct lm_row_list b) {
    bool same = a.count == b.count;
    for (size_t i = 0; i < a.count && same; i++)
        same = strcmp(registry->lists[a.first + i], registry->lists[b.first + i]) == 0;
    return same;
}

/* All but keys and validity: a key may be replaced from any time on. */
static bool same_standing(const struct lm_registry *registry, const struct lm_registry_row *a,
                          const struct lm_registry_row *b) {
    return a->role == b->role && same_text(registry, a->supplier, b->supplier) &&
           same_text(registry, a->region, b->region) && same_text(registry, a->user, b->user) &&
           same_list(registry, a->regions, b->regions) &&
           same_list(registry, a->firmware, b->firmware);
}

static bool same_content(const struct lm_registry_row *a, const struct lm_registry_row *b) {
    return memcmp(a->digest, b->digest, sizeof a->digest) == 0;
}

/* How ROW, which is logged or not, contradicts a logged one that came before it, or at least is in
 * the log; false where it does not. */
static bool contradicts(const struct lm_registry *registry, const struct lm_registry_row *row,
                        bool row_logged, const struct lm_registry_row *other,
                        enum lm_contradiction *kind) {
    struct lm_validity before = row->valid;
    if (!row_logged) {
        *kind = LM_CONTRADICTION_UNLOGGED;
        return lm_validity_overlap(row->valid, other->valid);
    }
    if (other->logged_s > row->logged_s || (other->logged_s == row->logged_s && other > row))
        return false;
    *kind = LM_CONTRADICTION_TOGETHER;
    if (other->valid.start_s == row->valid.start_s)
        return true;
    *kind = LM_CONTRADICTION_LATE;
    if (before.end_s > row->logged_s)
        before.end_s = row->logged_s;
    return before.start_s < before.end_s && other->logged_s < row->logged_s &&
           lm_validity_overlap(before, other->valid) && !same_standing(registry, row, other);
}

/* The logged row that ROW contradicts; NULL for none. What the log says, too, is no contradiction,
 * nor is what it said before. */
static const struct lm_registry_row *find_other(const struct lm_registry *registry,
                                                const struct lm_registry_row *row,
                                                lm_registry_logged *logged, void *context,
                                                enum lm_contradiction *kind) {
    const struct lm_row_groups *groups = &registry->identities;
    const struct lm_registry_row *found = NULL;
    bool row_logged = lm_registry_row_logged(row, logged, context);
    for (uint32_t i = groups->first[row->name]; i < groups->first[row->name + 1]; i++) {
        const struct lm_registry_row *other = lm_registry_row_at(registry, groups, i);
        enum lm_contradiction other_kind;
        if (other == row || !lm_registry_row_logged(other, logged, context))
            continue;
        if (same_content(row, other)) {
            if (!row_logged || other->logged_s < row->logged_s)
                return NULL;
        } else if (!found && contradicts(registry, row, row_logged, other, &other_kind)) {
            found = other;
            *kind = other_kind;
        }
    }
    return found;
}

/* The rules of a market that hold at an instant; NULL for none. */
static const struct lm_registry_row *rules_at(const struct lm_registry *registry, uint32_t market,
                                              int64_t instant_s) {
    const struct lm_row_groups *groups = &registry->rules;
    struct lm_latest latest = {0};
    for (uint32_t i = groups->first[market]; i < groups->first[market + 1]; i++) {
        const struct lm_registry_row *row = lm_registry_row_at(registry, groups, i);
        lm_latest_consider(&latest, row, row->valid, row->counts_s, row->digest, instant_s);
    }
    return latest.ambiguous ? NULL : latest.record;
}

/* The markets, by the regions that any of their rules name. */
static int group_by_region(const struct lm_registry *registry, struct lm_groups *regions,
                           struct lm_error *error) {
    for (uint32_t market = 0; market < registry->ids.count; market++) {
        for (uint32_t i = registry->rules.first[market]; i < registry->rules.first[market + 1];
             i++) {
            struct lm_row_list list = lm_registry_row_at(registry, &registry->rules, i)->regions;
            for (size_t k = list.first; k < list.first + list.count; k++) {
                const char *name = registry->lists[k];
                struct lm_group *group = lm_groups_enter(regions, name, strlen(name), error);
                if (!group)
                    return -1;
                bool there = group->count > 0 && group->items[group->count - 1] == market;
                if (!there && lm_group_add(group, market, error) < 0)
                    return -1;
            }
        }
    }
    return 0;
}

static bool names_region(const struct lm_registry *registry, struct lm_row_list list,
                         const char *region) {
    for (size_t i = list.first; i < list.first + list.count; i++) {
        if (strcmp(registry->lists[i], region) == 0)
            return true;
    }
    return false;
}

/* The rules of another market that hold when these begin to, and name a region of theirs; of
 * several the first market's. */
static const struct lm_registry_row *find_sharing(const struct lm_registry *registry,
                                                  const struct lm_groups *regions,
                                                  const struct lm_registry_row *row) {
    const struct lm_registry_row *found = NULL;
    int64_t from_s = row->counts_s > row->valid.start_s && row->counts_s < row->valid.end_s
                         ? row->counts_s
                         : row->valid.start_s;
    if (rules_at(registry, row->name, from_s) != row)
        return NULL;
    for (size_t k = row->regions.first; k < row->regions.first + row->regions.count; k++) {
        const char *region = registry->lists[k];
        const struct lm_group *markets = lm_groups_find(regions, region, strlen(region));
        for (size_t i = 0; markets && i < markets->count; i++) {
            uint32_t market = (uint32_t)markets->items[i];
            if (market == row->name || (found && found->name <= market))
                continue;
            const struct lm_registry_row *other = rules_at(registry, market, from_s);
            /* Of two that begin together one is enough. */
            if (other && (other < row || other->valid.start_s < row->valid.start_s) &&
                names_region(registry, other->regions, region))
                found = other;
        }
    }
    return found;
}

typedef int tell_contradiction(void *context, enum lm_contradiction kind,
                               const struct lm_place *place, const struct lm_place *other,
                               struct lm_error *error);

static int tell_sharing(const struct lm_registry *registry, const struct lm_groups *regions,
                        tell_contradiction *tell, void *context, struct lm_error *error) {
    for (uint32_t i = 0; i < registry->rules.first[registry->ids.count]; i++) {
        const struct lm_registry_row *row = lm_registry_row_at(registry, &registry->rules, i);
        const struct lm_registry_row *other = find_sharing(registry, regions, row);
        const struct lm_place place = {row->source, row->line};
        if (!other)
            continue;
        const struct lm_place shared = {other->source, other->line};
        int result = tell(context, LM_CONTRADICTION_REGION, &place, &shared, error);
        if (result != 0)
            return result;
    }
    return 0;
}

static int tell_regions(const struct lm_registry *registry, tell_contradiction *tell, void *context,
                        struct lm_error *error) {
    struct lm_groups regions;
    lm_groups_start(&regions);
    int result = group_by_region(registry, &regions, error);
    if (result == 0)
        result = tell_sharing(registry, &regions, tell, context, error);
    lm_groups_free(&regions);
    return result;
}

int lm_registry_contradictions(const struct lm_registry *registry, lm_registry_logged *logged,
                               int (*tell)(void *context, enum lm_contradiction kind,
                                           const struct lm_place *place,
                                           const struct lm_place *other, struct lm_error *error),
                               void *context, struct lm_error *error) {
    for (size_t i = 0; i < registry->count; i++) {
        const struct lm_registry_row *row = &registry->rows[i];
        enum lm_contradiction kind;
        if (row->type != LM_TYPE_IDENTITY || row->refused != LM_NONE || row->repeat)
            continue;
        const struct lm_registry_row *other = find_other(registry, row, logged, context, &kind);
        const struct lm_place place = {row->source, row->line};
        if (!other)
            continue;
        const struct lm_place contradicted = {other->source, other->line};
        int result = tell(context, kind, &place, &contradicted, error);
        if (result != 0)
            return result;
    }
    return tell_regions(registry, tell, context, error);
}
