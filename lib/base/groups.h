/*
 * Numbers in groups, each known by a byte string: what of a list belongs together.
 */
#ifndef LM_BASE_GROUPS_H
#define LM_BASE_GROUPS_H

#include "lib/base/names.h"

struct lm_group {
    size_t *items; /* in the order that they were added in */
    size_t count;
    size_t room;
};

struct lm_groups {
    struct lm_names names; /* a group's number is that of its name: by first appearance */
    struct lm_group *items;
    size_t room;
};

/* Prepares an empty list. */
void lm_groups_start(struct lm_groups *groups) LM_NONNULL;
void lm_groups_free(struct lm_groups *groups) LM_NONNULL;

/* The group of KEY, made empty where there is none. It stays until the next one is made. NULL with
 * *error. */
struct lm_group *lm_groups_enter(struct lm_groups *groups, const void *key, size_t size,
                                 struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The group of KEY; NULL where there is none. */
struct lm_group *lm_groups_find(const struct lm_groups *groups, const void *key,
                                size_t size) LM_NONNULL LM_MUST_CHECK;

/* A group by itself is all zero at first, and freed so. */
int lm_group_add(struct lm_group *group, size_t number,
                 struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_group_free(struct lm_group *group) LM_NONNULL;

#endif
