/* Which log a checkpoint is of, and what is known of the logs by their checkpoints. */
#include <stdlib.h>
#include <string.h>

#include "lib/evidence/commitments_state.h"

/* By the names of files: LOG beside LOG.checkpoint, or an origin that is the log's file. */
static bool has_name(const struct lm_audited *audited, const struct lm_commitment *item) {
    size_t size = audited->file ? strlen(audited->file) : 0;
    return lm_audited_called(audited, item->checkpoint.origin) ||
           (size > 0 && strncmp(item->file, audited->file, size) == 0 && item->file[size] == '.');
}

/* Whether another checkpoint says which log that is. */
static bool is_known(const struct lm_commitments *commitments, const struct lm_audited *audited) {
    for (size_t i = 0; i < commitments->count; i++) {
        if (commitments->items[i].matches && commitments->items[i].audited == audited)
            return true;
    }
    return false;
}

/* The log of a checkpoint whose root no log has; NULL where it may be one that is not here. */
static struct lm_audited *guess_log(const struct lm_commitments *commitments,
                                    const struct lm_commitment *item,
                                    struct lm_audited *const *inputs, size_t count) {
    struct lm_audited *only = NULL;
    size_t logs = 0;
    for (size_t i = 0; i < commitments->count; i++) {
        const struct lm_commitment *other = &commitments->items[i];
        if (other->matches && other->keeper &&
            strcmp(other->checkpoint.origin, item->checkpoint.origin) == 0)
            return other->audited;
    }
    for (size_t i = 0; i < count; i++) {
        if (inputs[i]->log && has_name(inputs[i], item))
            return inputs[i];
        if (inputs[i]->log) {
            only = inputs[i];
            logs++;
        }
    }
    return logs == 1 && !is_known(commitments, only) ? only : NULL;
}

/*
 * The roots that logs have come first: the others are known by them. The empty tree is everybody's.
 * Of a log and a copy of its first entries the checkpoint is of the log.
 */
static void find_logs(struct lm_commitments *commitments, struct lm_audited *const *inputs,
                      size_t count) {
    for (size_t i = 0; i < commitments->count; i++) {
        struct lm_commitment *item = &commitments->items[i];
        for (size_t k = 0; item->keeper && item->checkpoint.size > 0 && k < count; k++) {
            if (!inputs[k]->log ||
                !lm_commitments_has_root(commitments, inputs[k], &item->checkpoint) ||
                (item->matches && inputs[k]->tree.leaves <= item->audited->tree.leaves))
                continue;
            item->audited = inputs[k];
            item->matches = true;
        }
    }
    for (size_t i = 0; i < commitments->count; i++) {
        struct lm_commitment *item = &commitments->items[i];
        if (!item->keeper || item->matches)
            continue;
        item->audited = guess_log(commitments, item, inputs, count);
        item->matches = item->checkpoint.size == 0;
    }
}

/* How well a checkpoint says who keeps its log, -1 for not at all: anybody may sign for a log of
 * which she has a copy, or whose name she knows. */
static int claim(const struct lm_commitment *item) {
    const struct lm_audited *audited = item->audited;
    const char *keeper = item->keeper;
    size_t size = strlen(keeper);
    const char *origin = item->checkpoint.origin;
    bool fits = audited->identities ? item->role == LM_ROLE_REGISTRAR
                                    : strcmp(audited->issuer, keeper) == 0;
    if (!item->matches)
        return fits || (!audited->identities && !audited->issuer[0]) ? 0 : -1;
    if (fits)
        return 3;
    return strncmp(origin, keeper, size) == 0 && origin[size] == '/' ? 2 : 1;
}

/* Who keeps a log, and by which name, is said by the checkpoint that says so best, or else by the
 * first. What others sign for contradicts nothing. */
static void name_logs(struct lm_commitments *commitments) {
    for (int pass = 3; pass >= 0; pass--) {
        for (size_t i = 0; i < commitments->count; i++) {
            struct lm_commitment *item = &commitments->items[i];
            struct lm_audited *audited = item->audited;
            if (!audited || claim(item) != pass)
                continue;
            if (!audited->keeper) {
                audited->keeper = item->keeper;
                audited->name = item->checkpoint.origin;
                audited->keeper_role = item->role;
            }
            if (strcmp(audited->keeper, item->keeper) != 0)
                continue;
            audited->contradicted = audited->contradicted || !item->matches;
            if (item->matches && item->checkpoint.size > audited->committed)
                audited->committed = item->checkpoint.size;
            if (item->matches && item->signed_s > audited->signed_s)
                audited->signed_s = item->signed_s;
        }
    }
}

/* So far apart two clocks may be. */
#define APART_MAX_S 300

/* Who says that she saw entries before there were any has not seen them then. */
static void doubt_witnesses(struct lm_commitments *commitments) {
    for (size_t i = 0; i < commitments->count; i++) {
        struct lm_commitment *item = &commitments->items[i];
        const struct lm_audited_root *root =
            item->matches && item->audited
                ? lm_commitments_root_at(commitments, item->audited, &item->checkpoint)
                : NULL;
        item->early = root && item->first_witnessed_s != LM_ABSENT &&
                      root->last_at_s != LM_ABSENT &&
                      root->last_at_s - item->first_witnessed_s > APART_MAX_S;
        if (item->early)
            item->witnessed_s = LM_ABSENT;
    }
}

static int compare_marks(const void *a, const void *b) {
    const struct lm_audited_mark *x = a;
    const struct lm_audited_mark *y = b;
    return (x->size > y->size) - (x->size < y->size);
}

/* What witnesses saw of a larger tree they saw of a smaller one. */
static int mark_log(const struct lm_commitments *commitments, struct lm_audited *audited,
                    struct lm_error *error) {
    audited->marks = calloc(commitments->count + 1, sizeof *audited->marks);
    if (!audited->marks)
        return lm_fail_memory(error);
    for (size_t i = 0; i < commitments->count; i++) {
        const struct lm_commitment *item = &commitments->items[i];
        if (item->audited == audited && item->matches && item->witnessed_s != LM_ABSENT)
            audited->marks[audited->mark_count++] =
                (struct lm_audited_mark){item->checkpoint.size, item->witnessed_s};
    }
    qsort(audited->marks, audited->mark_count, sizeof *audited->marks, compare_marks);
    for (size_t i = audited->mark_count; i-- > 1;) {
        if (audited->marks[i].witnessed_s < audited->marks[i - 1].witnessed_s)
            audited->marks[i - 1].witnessed_s = audited->marks[i].witnessed_s;
    }
    return 0;
}

int lm_commitments_match(struct lm_commitments *commitments, struct lm_audited *const *inputs,
                         size_t count, struct lm_error *error) {
    for (size_t i = 0; i < commitments->count; i++) {
        struct lm_commitment *item = &commitments->items[i];
        if (item->readable && lm_commitments_find_keeper(commitments, item, error) < 0)
            return -1;
    }
    find_logs(commitments, inputs, count);
    name_logs(commitments);
    return 0;
}

int lm_commitments_judge(struct lm_commitments *commitments, struct lm_audited *const *inputs,
                         size_t count, struct lm_findings *findings, struct lm_error *error) {
    for (size_t i = 0; i < commitments->count; i++) {
        struct lm_commitment *item = &commitments->items[i];
        if (item->readable && lm_commitments_find_witnesses(commitments, item, findings, error) < 0)
            return -1;
    }
    doubt_witnesses(commitments);
    for (size_t i = 0; i < commitments->count; i++) {
        if (lm_commitments_judge_item(commitments, &commitments->items[i], findings, error) < 0)
            return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (inputs[i]->log &&
            (lm_commitments_judge_log(commitments, inputs[i], findings, error) < 0 ||
             mark_log(commitments, inputs[i], error) < 0))
            return -1;
    }
    return 0;
}
