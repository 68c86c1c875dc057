#include "lib/evidence/comparison.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct row {
    enum lm_type type;
    bool expected;
    bool optional;
    size_t origin;
    char *name; /* owned, with the party behind its NUL */
    const char *party;
    unsigned char digest[crypto_hash_sha256_BYTES];
};

struct lm_comparison {
    struct row *rows;
    size_t count;
    size_t capacity;
};

struct lm_comparison *lm_comparison_new(void) {
    return calloc(1, sizeof(struct lm_comparison));
}

void lm_comparison_free(struct lm_comparison *comparison) {
    if (!comparison)
        return;
    for (size_t i = 0; i < comparison->count; i++)
        free(comparison->rows[i].name);
    free(comparison->rows);
    free(comparison);
}

static int add(struct lm_comparison *comparison, struct row row, const char *name,
               const char *party, const char *payload, size_t size, struct lm_error *error) {
    if (comparison->count == comparison->capacity) {
        size_t capacity = comparison->capacity ? 2 * comparison->capacity : 64;
        struct row *rows = realloc(comparison->rows, capacity * sizeof *rows);
        if (!rows)
            return lm_fail_memory(error);
        comparison->rows = rows;
        comparison->capacity = capacity;
    }
    size_t name_size = strlen(name) + 1;
    size_t party_size = strlen(party) + 1;
    row.name = malloc(name_size + party_size);
    if (!row.name)
        return lm_fail_memory(error);
    memcpy(row.name, name, name_size);
    memcpy(row.name + name_size, party, party_size);
    row.party = row.name + name_size;
    (void)crypto_hash_sha256(row.digest, (const unsigned char *)payload, size);
    comparison->rows[comparison->count++] = row;
    return 0;
}

int lm_comparison_issued(struct lm_comparison *comparison, enum lm_type type, const char *name,
                         const char *party, const char *payload, size_t size, size_t origin,
                         struct lm_error *error) {
    struct row row = {.type = type, .origin = origin};
    return add(comparison, row, name, party, payload, size, error);
}

int lm_comparison_expected(struct lm_comparison *comparison, enum lm_type type, const char *name,
                           const char *party, const char *payload, size_t size, bool optional,
                           struct lm_error *error) {
    struct row row = {.type = type, .expected = true, .optional = optional};
    return add(comparison, row, name, party, payload, size, error);
}

static bool same_name(const struct row *a, const struct row *b) {
    return a->type == b->type && strcmp(a->name, b->name) == 0;
}

static bool same_content(const struct row *a, const struct row *b) {
    return memcmp(a->digest, b->digest, sizeof a->digest) == 0;
}

/* By type and name; the expected record first, then the issued ones by content, so that nothing
 * but their origins depends on the order in which they came. */
static int compare_rows(const void *a, const void *b) {
    const struct row *x = a;
    const struct row *y = b;
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    int names = strcmp(x->name, y->name);
    if (names != 0)
        return names;
    if (x->expected != y->expected)
        return x->expected ? -1 : 1;
    int contents = memcmp(x->digest, y->digest, sizeof x->digest);
    return contents ? contents : (x->origin > y->origin) - (x->origin < y->origin);
}

/* The issued record that the others of its name are held against: the expected one, if it is among
 * them. */
static const struct row *find_base(const struct row *expected, const struct row *issued,
                                   size_t count) {
    for (size_t i = 0; expected && i < count; i++) {
        if (same_content(expected, &issued[i]))
            return &issued[i];
    }
    return issued;
}

/* All rows of one name. */
static int judge(const struct row *rows, size_t count,
                 int (*each)(void *, const struct lm_discrepancy *, struct lm_error *),
                 void *context, struct lm_error *error) {
    const struct row *expected = rows[0].expected ? &rows[0] : NULL;
    const struct row *issued = rows + (expected != NULL);
    size_t issued_count = count - (expected != NULL);
    struct lm_discrepancy discrepancy = {
        .type = rows[0].type, .party = rows[0].party, .name = rows[0].name};
    if (issued_count == 0) {
        discrepancy.difference = LM_DIFFERENCE_MISSING;
        return expected->optional ? 0 : each(context, &discrepancy, error);
    }
    const struct row *base = find_base(expected, issued, issued_count);
    discrepancy.origins[0] = base->origin;
    discrepancy.origin_count = 1;
    if (!expected || !same_content(expected, base)) {
        discrepancy.difference = expected ? LM_DIFFERENCE_DIFFERS : LM_DIFFERENCE_UNFOUNDED;
        if (each(context, &discrepancy, error) < 0)
            return -1;
    }
    /* Rows of one content lie together. */
    for (size_t i = 0; i < issued_count; i++) {
        if (same_content(&issued[i], base) || (i > 0 && same_content(&issued[i], &issued[i - 1])))
            continue;
        discrepancy.difference = LM_DIFFERENCE_REPEATED;
        discrepancy.origins[1] = issued[i].origin;
        discrepancy.origin_count = 2;
        if (each(context, &discrepancy, error) < 0)
            return -1;
    }
    return 0;
}

int lm_comparison_finish(struct lm_comparison *comparison,
                         int (*each)(void *context, const struct lm_discrepancy *discrepancy,
                                     struct lm_error *error),
                         void *context, struct lm_error *error) {
    struct row *rows = comparison->rows;
    if (comparison->count == 0)
        return 0;
    qsort(rows, comparison->count, sizeof *rows, compare_rows);
    for (size_t first = 0; first < comparison->count;) {
        size_t end = first + 1;
        while (end < comparison->count && same_name(&rows[first], &rows[end]))
            end++;
        if (judge(&rows[first], end - first, each, context, error) < 0)
            return -1;
        first = end;
    }
    return 0;
}
