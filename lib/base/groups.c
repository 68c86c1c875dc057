#include "lib/base/groups.h"

#include <stdlib.h>

#include "lib/base/array.h"

void lm_groups_start(struct lm_groups *groups) {
    *groups = (struct lm_groups){0};
    lm_names_start(&groups->names);
}

void lm_groups_free(struct lm_groups *groups) {
    for (size_t i = 0; i < groups->names.count; i++)
        lm_group_free(&groups->items[i]);
    free(groups->items);
    lm_names_free(&groups->names);
    *groups = (struct lm_groups){0};
}

struct lm_group *lm_groups_enter(struct lm_groups *groups, const void *key, size_t size,
                                 struct lm_error *error) {
    size_t count = groups->names.count;
    uint32_t number;
    struct lm_group *items =
        lm_array_room(groups->items, &groups->room, count, sizeof *items, error);
    if (!items)
        return NULL;
    groups->items = items;
    /* Before it has a name: whoever frees the list finds it so. */
    items[count] = (struct lm_group){0};
    if (lm_names_add(&groups->names, key, size, &number, error) < 0)
        return NULL;
    return &items[number];
}

struct lm_group *lm_groups_find(const struct lm_groups *groups, const void *key, size_t size) {
    uint32_t number;
    return lm_names_find(&groups->names, key, size, &number) ? &groups->items[number] : NULL;
}

int lm_group_add(struct lm_group *group, size_t number, struct lm_error *error) {
    size_t *items = lm_array_room(group->items, &group->room, group->count, sizeof *items, error);
    if (!items)
        return -1;
    group->items = items;
    items[group->count++] = number;
    return 0;
}

void lm_group_free(struct lm_group *group) {
    free(group->items);
    *group = (struct lm_group){0};
}
