#include "lib/evidence/comparison.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/names.h"

/* In the order in which the rows of one name stand. */
enum kind { EXPECTED, EXCUSED, REFUSED, ISSUED };

struct row {
    struct lm_issued_key key; /* name and party are owned, the party behind the name's NUL */
    struct lm_place place;
    uint8_t kind;
    bool optional;
    uint8_t reason;                                 /* enum lm_reason, of what was refused */
    unsigned char digest[crypto_hash_sha256_BYTES]; /* of all that was signed */
    unsigned char meaning[crypto_hash_sha256_BYTES];
};

struct lm_comparison {
    struct row *rows;
    size_t count;
    size_t room;
    struct lm_names excusing; /* of whom what is not excused would not have been issued otherwise */
};

struct lm_comparison *lm_comparison_new(void) {
    struct lm_comparison *comparison = calloc(1, sizeof *comparison);
    if (comparison)
        lm_names_start(&comparison->excusing);
    return comparison;
}

void lm_comparison_free(struct lm_comparison *comparison) {
    if (!comparison)
        return;
    for (size_t i = 0; i < comparison->count; i++)
        free((char *)(uintptr_t)comparison->rows[i].key.name);
    lm_names_free(&comparison->excusing);
    free(comparison->rows);
    free(comparison);
}

static void hash(const struct lm_buffer *text, unsigned char digest[crypto_hash_sha256_BYTES]) {
    (void)crypto_hash_sha256(digest, (const unsigned char *)(text->size ? text->data : ""),
                             text->size);
}

static int add(struct lm_comparison *comparison, struct row row, const struct lm_issued_key *key,
               const struct lm_buffer *payload, const struct lm_buffer *meaning,
               struct lm_error *error) {
    struct row *rows =
        lm_array_room(comparison->rows, &comparison->room, comparison->count, sizeof *rows, error);
    if (!rows)
        return -1;
    comparison->rows = rows;
    size_t name_size = strlen(key->name) + 1;
    size_t party_size = strlen(key->party) + 1;
    char *texts = malloc(name_size + party_size);
    if (!texts)
        return lm_fail_memory(error);
    memcpy(texts, key->name, name_size);
    memcpy(texts + name_size, key->party, party_size);
    row.key = *key;
    row.key.name = texts;
    row.key.party = texts + name_size;
    hash(payload, row.digest);
    if (meaning == payload)
        memcpy(row.meaning, row.digest, sizeof row.meaning);
    else
        hash(meaning, row.meaning);
    rows[comparison->count++] = row;
    return 0;
}

int lm_comparison_issued(struct lm_comparison *comparison, const struct lm_issued_key *key,
                         const struct lm_buffer *payload, const struct lm_buffer *meaning,
                         const struct lm_place *place, struct lm_error *error) {
    struct row row = {.kind = ISSUED, .place = *place};
    return add(comparison, row, key, payload, meaning, error);
}

int lm_comparison_expected(struct lm_comparison *comparison, const struct lm_issued_key *key,
                           const struct lm_buffer *meaning, bool optional, struct lm_error *error) {
    struct row row = {.kind = EXPECTED, .optional = optional};
    return add(comparison, row, key, meaning, meaning, error);
}

int lm_comparison_excuse(struct lm_comparison *comparison, const char *party,
                         struct lm_error *error) {
    uint32_t number;
    return lm_names_add(&comparison->excusing, party, strlen(party), &number, error);
}

int lm_comparison_excused(struct lm_comparison *comparison, const struct lm_issued_key *key,
                          const struct lm_buffer *meaning, bool optional, struct lm_error *error) {
    struct row row = {.kind = EXCUSED, .optional = optional};
    return add(comparison, row, key, meaning, meaning, error);
}

int lm_comparison_refused(struct lm_comparison *comparison, const struct lm_issued_key *key,
                          enum lm_reason reason, const struct lm_place *place,
                          struct lm_error *error) {
    static const struct lm_buffer nothing = {0};
    struct row row = {.kind = REFUSED, .place = *place, .reason = (uint8_t)reason};
    _Static_assert(LM_REASON_COUNT <= UINT8_MAX, "a reason fits a byte");
    return add(comparison, row, key, &nothing, &nothing, error);
}

static bool same_name(const struct row *a, const struct row *b) {
    return a->key.type == b->key.type && strcmp(a->key.name, b->key.name) == 0;
}

static bool same_content(const struct row *a, const struct row *b) {
    return memcmp(a->digest, b->digest, sizeof a->digest) == 0;
}

static bool same_meaning(const struct row *a, const struct row *b) {
    return memcmp(a->meaning, b->meaning, sizeof a->meaning) == 0;
}

static int compare_places(const struct lm_place *a, const struct lm_place *b) {
    int sources = strcmp(a->source ? a->source : "", b->source ? b->source : "");
    return sources ? sources : (a->line > b->line) - (a->line < b->line);
}

/* By type and name; the expected record first, then what excuses another, then what was refused,
 * then the issued ones by content, so that nothing but their places depends on the order in which
 * they came. */
static int compare_rows(const void *a, const void *b) {
    const struct row *x = a;
    const struct row *y = b;
    if (x->key.type != y->key.type)
        return x->key.type < y->key.type ? -1 : 1;
    int names = strcmp(x->key.name, y->key.name);
    if (names != 0)
        return names;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    int contents = memcmp(x->digest, y->digest, sizeof x->digest);
    if (contents == 0)
        contents = (x->reason > y->reason) - (x->reason < y->reason);
    return contents ? contents : compare_places(&x->place, &y->place);
}

/* The issued record that the others of its name are held against: the expected one, if it is among
 * them. */
static const struct row *find_base(const struct row *expected, const struct row *issued,
                                   size_t count) {
    for (size_t i = 0; expected && i < count; i++) {
        if (same_meaning(expected, &issued[i]))
            return &issued[i];
    }
    return issued;
}

typedef int each_discrepancy(void *, const struct lm_discrepancy *, struct lm_error *);

/* All rows of one name, by kind; NULL where there is none. */
struct named {
    const struct row *kinds[ISSUED];
    const struct row *issued;
    size_t issued_count;
    bool excusing;
};

static struct named sort_out(const struct lm_comparison *comparison, const struct row *rows,
                             size_t count) {
    const char *party = rows->key.party;
    uint32_t number;
    struct named named = {.excusing =
                              lm_names_find(&comparison->excusing, party, strlen(party), &number)};
    size_t first = 0;
    for (; first < count && rows[first].kind != ISSUED; first++) {
        if (!named.kinds[rows[first].kind])
            named.kinds[rows[first].kind] = &rows[first];
    }
    named.issued = rows + first;
    named.issued_count = count - first;
    return named;
}

static int tell_missing(const struct named *named, struct lm_discrepancy *discrepancy,
                        each_discrepancy *each, void *context, struct lm_error *error) {
    const struct row *expected = named->kinds[EXPECTED];
    const struct row *excused = named->kinds[EXCUSED];
    if (!expected || expected->optional)
        return 0;
    discrepancy->difference = LM_DIFFERENCE_MISSING;
    discrepancy->excused = named->excusing && (!excused || excused->optional);
    return each(context, discrepancy, error);
}

static int tell_base(const struct named *named, const struct row *base, each_discrepancy *each,
                     void *context, struct lm_error *error) {
    const struct row *expected = named->kinds[EXPECTED];
    const struct row *excused = named->kinds[EXCUSED];
    const struct row *refused = named->kinds[REFUSED];
    struct lm_discrepancy discrepancy = {.key = base->key};
    if (expected && same_meaning(expected, base))
        return 0;
    discrepancy.difference = expected ? LM_DIFFERENCE_DIFFERS : LM_DIFFERENCE_UNFOUNDED;
    discrepancy.excused = excused && same_meaning(excused, base);
    if (!expected && refused) {
        discrepancy.refused = (enum lm_reason)refused->reason;
        discrepancy.places[discrepancy.place_count++] = refused->place;
    }
    discrepancy.places[discrepancy.place_count++] = base->place;
    return each(context, &discrepancy, error);
}

static int judge(const struct named *named, const struct lm_issued_key *key, each_discrepancy *each,
                 void *context, struct lm_error *error) {
    const struct row *issued = named->issued;
    struct lm_discrepancy discrepancy = {.key = *key};
    if (named->issued_count == 0)
        return tell_missing(named, &discrepancy, each, context, error);
    const struct row *base = find_base(named->kinds[EXPECTED], issued, named->issued_count);
    if (tell_base(named, base, each, context, error) < 0)
        return -1;
    /* Rows of one content lie together. */
    for (size_t i = 0; i < named->issued_count; i++) {
        if (same_content(&issued[i], base) || (i > 0 && same_content(&issued[i], &issued[i - 1])))
            continue;
        discrepancy.difference = LM_DIFFERENCE_REPEATED;
        discrepancy.places[0] = base->place;
        discrepancy.places[1] = issued[i].place;
        discrepancy.place_count = 2;
        if (each(context, &discrepancy, error) < 0)
            return -1;
    }
    return 0;
}

int lm_comparison_each(struct lm_comparison *comparison,
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
        const struct named named = sort_out(comparison, &rows[first], end - first);
        if (judge(&named, &rows[first].key, each, context, error) < 0)
            return -1;
        first = end;
    }
    return 0;
}
