#include "lib/evidence/claim_index.h"

#include <stdlib.h>

#include "lib/evidence/period_set.h"

/* What the groups are: each key begins with one of these. */
enum kind {
    TERMS = 'T',   /* of a user */
    OWN = 'O',     /* what is about a user, of a period */
    ALL = 'A',     /* what is about a user, of any period */
    CLEARED = 'C', /* clearings of any period */
    BOOK = 'B',    /* orders and clearings of a period */
    FORGED = 'F',  /* orders that a user's key has not signed as they are */
    ENTRY = 'N',   /* entries of a number, in whatever log */
    LAST = 'L',    /* the last entry of a log */
};

void lm_claim_index_start(struct lm_claim_index *index) {
    *index = (struct lm_claim_index){0};
    lm_groups_start(&index->groups);
}

void lm_claim_index_free(struct lm_claim_index *index) {
    lm_groups_free(&index->groups);
    lm_group_free(&index->shared);
    lm_buffer_free(&index->key);
}

/* ---- keys: ID and PERIOD may be NULL ---- */

static void write_key(struct lm_claim_index *index, enum kind kind, const char *id,
                      const struct lm_period *period) {
    int64_t numbers[2];
    lm_buffer_reset(&index->key);
    lm_buffer_byte(&index->key, (char)kind);
    if (period) {
        lm_period_key(*period, numbers);
        lm_buffer_bytes(&index->key, (const char *)numbers, sizeof numbers);
    }
    if (id)
        lm_buffer_text(&index->key, id);
}

static void write_entry_key(struct lm_claim_index *index, uint64_t n) {
    lm_buffer_reset(&index->key);
    lm_buffer_byte(&index->key, (char)ENTRY);
    lm_buffer_bytes(&index->key, (const char *)&n, sizeof n);
}

/* ---- what a claim is judged by ---- */

/* VISIT is called with each of the claim's keys in index->key. */
static int each_claim_key(struct lm_claim_index *index, const struct lm_claim_case *claim,
                          const struct lm_period *periods, size_t count,
                          int (*visit)(struct lm_claim_index *index, void *context,
                                       struct lm_error *error),
                          void *context, struct lm_error *error) {
    const struct lm_claim *body = &claim->record.as.claim;
    const char *claimant = body->claimant;
    bool book = lm_dispute_needs_book((enum lm_claim_kind)body->kind);
    write_key(index, TERMS, claimant, NULL);
    int result = visit(index, context, error);
    for (size_t i = 0; i < count && result == 0; i++) {
        write_key(index, OWN, claimant, &periods[i]);
        result = visit(index, context, error);
        write_key(index, BOOK, NULL, &periods[i]);
        if (result == 0 && book)
            result = visit(index, context, error);
    }
    if (result == 0 && (body->kind == LM_CLAIM_BILL || body->kind == LM_CLAIM_ALTERED)) {
        write_key(index, body->kind == LM_CLAIM_BILL ? ALL : FORGED, claimant, NULL);
        result = visit(index, context, error);
    }
    if (result == 0 && body->kind == LM_CLAIM_BILL) {
        write_key(index, CLEARED, NULL, NULL);
        result = visit(index, context, error);
    }
    for (size_t i = 0; i < claim->references.count && result == 0; i++) {
        write_entry_key(index, claim->references.items[i].n);
        result = visit(index, context, error);
    }
    if (result == 0 && claim->receipt.line) {
        write_entry_key(index, (uint64_t)claim->receipt.as.receipt.n);
        result = visit(index, context, error);
        write_key(index, LAST, claim->receipt.as.receipt.log, NULL);
        if (result == 0)
            result = visit(index, context, error);
    }
    return result;
}

static int enter_key(struct lm_claim_index *index, void *context, struct lm_error *error) {
    (void)context;
    if (!lm_buffer_ok(&index->key))
        return lm_fail_memory(error);
    return lm_groups_enter(&index->groups, index->key.data, index->key.size, error) ? 0 : -1;
}

int lm_claim_index_enter(struct lm_claim_index *index, const struct lm_claim_case *claim,
                         const struct lm_period *periods, size_t count, struct lm_error *error) {
    index->any = true;
    return each_claim_key(index, claim, periods, count, enter_key, NULL, error);
}

/* ---- what a record is about ---- */

static void hit(struct lm_claim_index *index) {
    const struct lm_group *group =
        lm_buffer_ok(&index->key) ? lm_groups_find(&index->groups, index->key.data, index->key.size)
                                  : NULL;
    if (group && index->hit_count < LM_CLAIM_KEYS_MAX)
        index->hits[index->hit_count++] = (size_t)(group - index->groups.items);
}

static void hit_term(struct lm_claim_index *index, const struct lm_record *record) {
    const char *whose;
    if (!lm_fact_term_of(record, &whose))
        return;
    index->hit_shared = !whose;
    if (!whose)
        return;
    write_key(index, TERMS, whose, NULL);
    hit(index);
}

/* What is signed as it should be. */
static void hit_good(struct lm_claim_index *index, const struct lm_registry *registry,
                     const struct lm_record *record) {
    const char *market;
    struct lm_period period = {0};
    struct lm_month month;
    lm_dispute_subject(record, &market, &period, &month);
    if (record->type == LM_TYPE_ORDER || record->type == LM_TYPE_CLEARING) {
        write_key(index, BOOK, NULL, &period);
        hit(index);
        write_key(index, CLEARED, NULL, NULL);
        if (record->type == LM_TYPE_CLEARING)
            hit(index);
        return;
    }
    const char *whose = lm_dispute_owner(registry, record);
    if (!whose)
        return;
    write_key(index, ALL, whose, NULL);
    hit(index);
    write_key(index, OWN, whose, &period);
    hit(index);
}

static void hit_committed(struct lm_claim_index *index, const struct lm_registry *registry,
                          const struct lm_claim_seen *seen) {
    write_entry_key(index, seen->n);
    hit(index);
    if (seen->last) {
        write_key(index, LAST, seen->log, NULL);
        hit(index);
    }
    if (seen->refused == LM_NONE) {
        hit_good(index, registry, seen->record);
    } else if (seen->record->type == LM_TYPE_ORDER && lm_fact_is_foreign(seen->refused)) {
        write_key(index, FORGED, seen->record->as.order.from, NULL);
        hit(index);
    }
}

int lm_claim_index_wants(struct lm_claim_index *index, const struct lm_registry *registry,
                         const struct lm_claim_seen *seen, bool *wanted, struct lm_error *error) {
    index->hit_count = 0;
    index->hit_shared = false;
    *wanted = false;
    if (!index->any)
        return 0;
    if (seen->refused == LM_NONE)
        hit_term(index, seen->record);
    if (seen->log)
        hit_committed(index, registry, seen);
    *wanted = index->hit_shared || index->hit_count > 0;
    return lm_buffer_ok(&index->key) ? 0 : lm_fail_memory(error);
}

int lm_claim_index_add(struct lm_claim_index *index, size_t number, struct lm_error *error) {
    if (index->hit_shared && lm_group_add(&index->shared, number, error) < 0)
        return -1;
    for (size_t i = 0; i < index->hit_count; i++) {
        if (lm_group_add(&index->groups.items[index->hits[i]], number, error) < 0)
            return -1;
    }
    return 0;
}

/* ---- all of a claim's records ---- */

static int take_group(const struct lm_group *group, struct lm_group *numbers,
                      struct lm_error *error) {
    for (size_t i = 0; i < group->count; i++) {
        if (lm_group_add(numbers, group->items[i], error) < 0)
            return -1;
    }
    return 0;
}

static int collect_key(struct lm_claim_index *index, void *context, struct lm_error *error) {
    if (!lm_buffer_ok(&index->key))
        return lm_fail_memory(error);
    const struct lm_group *group = lm_groups_find(&index->groups, index->key.data, index->key.size);
    return group ? take_group(group, context, error) : 0;
}

static int compare_numbers(const void *a, const void *b) {
    size_t x = *(const size_t *)a;
    size_t y = *(const size_t *)b;
    return (x > y) - (x < y);
}

int lm_claim_index_collect(struct lm_claim_index *index, const struct lm_claim_case *claim,
                           const struct lm_period *periods, size_t count, struct lm_group *numbers,
                           struct lm_error *error) {
    size_t kept = 0;
    if (take_group(&index->shared, numbers, error) < 0 ||
        each_claim_key(index, claim, periods, count, collect_key, numbers, error) < 0)
        return -1;
    if (numbers->count > 0)
        qsort(numbers->items, numbers->count, sizeof *numbers->items, compare_numbers);
    for (size_t i = 0; i < numbers->count; i++) {
        if (kept == 0 || numbers->items[i] != numbers->items[kept - 1])
            numbers->items[kept++] = numbers->items[i];
    }
    numbers->count = kept;
    return 0;
}
