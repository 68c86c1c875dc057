#include "lib/evidence/outlook.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/crypto/content.h"
#include "lib/record/latest.h"

#define NOBODY UINT32_MAX
/* She cannot see it; no instant, nor any of lib/record/latest.h. */
#define UNSEEN (INT64_MIN + 1)

struct lm_outlook_row {
    size_t input;
    uint64_t line;
    struct lm_validity valid;
    int64_t logged_s; /* LM_KNOWN_ALWAYS without an entry */
    int64_t counts_s; /* by all the logs together */
    uint8_t content[32];
    uint32_t name;
    uint32_t keeper; /* NOBODY where it is in no log that somebody has signed for */
    bool all_see;
};

void lm_outlooks_start(struct lm_outlooks *outlooks) {
    *outlooks = (struct lm_outlooks){0};
    lm_names_start(&outlooks->names);
}

void lm_outlooks_free(struct lm_outlooks *outlooks) {
    lm_names_free(&outlooks->names);
    lm_buffer_free(&outlooks->scratch);
    free(outlooks->order);
    free(outlooks->rows);
    *outlooks = (struct lm_outlooks){0};
}

/* No id holds a slash. */
static bool write_name(const struct lm_record *record, struct lm_buffer *name) {
    lm_buffer_reset(name);
    if (record->type == LM_TYPE_NETWORK_FEE)
        lm_buffer_format(name, "%s/%s", record->as.network_fee.by, record->as.network_fee.region);
    else if (record->type == LM_TYPE_MARKET_RULES)
        lm_buffer_format(name, "%s", record->as.market_rules.market);
    return record->type == LM_TYPE_NETWORK_FEE || record->type == LM_TYPE_MARKET_RULES;
}

int lm_outlooks_note(struct lm_outlooks *outlooks, const struct lm_record *record,
                     const struct lm_outlook_place *place, int64_t counts_s,
                     struct lm_error *error) {
    bool rules = record->type == LM_TYPE_MARKET_RULES;
    struct lm_outlook_row row = {.input = place->input,
                                 .line = place->line,
                                 .logged_s = lm_known_since(record),
                                 .counts_s = counts_s,
                                 .keeper = NOBODY,
                                 .all_see = place->all_see};
    if (!write_name(record, &outlooks->scratch))
        return 0;
    row.valid = rules ? record->as.market_rules.valid : record->as.network_fee.valid;
    if (!lm_buffer_ok(&outlooks->scratch))
        return lm_fail_memory(error);
    if (lm_names_add(&outlooks->names, outlooks->scratch.data, outlooks->scratch.size, &row.name,
                     error) < 0 ||
        (place->keeper && lm_names_add(&outlooks->names, place->keeper, strlen(place->keeper),
                                       &row.keeper, error) < 0) ||
        lm_record_content(record, row.content, error) < 0)
        return -1;
    struct lm_outlook_row *rows =
        lm_array_room(outlooks->rows, &outlooks->room, outlooks->count, sizeof *rows, error);
    if (!rows)
        return -1;
    outlooks->rows = rows;
    rows[outlooks->count++] = row;
    return 0;
}

static int compare_rows(const void *a, const void *b, void *context) {
    const struct lm_outlook_row *rows = context;
    const struct lm_outlook_row *x = &rows[*(const size_t *)a];
    const struct lm_outlook_row *y = &rows[*(const size_t *)b];
    if (x->name != y->name)
        return x->name < y->name ? -1 : 1;
    if (x->valid.start_s != y->valid.start_s)
        return x->valid.start_s < y->valid.start_s ? -1 : 1;
    return memcmp(x->content, y->content, sizeof x->content);
}

static int sort_rows(struct lm_outlooks *outlooks, struct lm_error *error) {
    if (outlooks->order || outlooks->count == 0)
        return 0;
    outlooks->order = calloc(outlooks->count, sizeof *outlooks->order);
    if (!outlooks->order)
        return lm_fail_memory(error);
    for (size_t i = 0; i < outlooks->count; i++)
        outlooks->order[i] = i;
    qsort_r(outlooks->order, outlooks->count, sizeof *outlooks->order, compare_rows,
            outlooks->rows);
    return 0;
}

/* ---- what one keeper could know ---- */

/* A stretch of the order: rows of one name, of these those that begin together, or of these those
 * that say the same. */
struct stretch {
    size_t from;
    size_t end;
};

struct finding_out {
    const struct lm_outlooks *outlooks;
    struct lm_outlook *outlook;
    uint32_t keeper;
};

static const struct lm_outlook_row *row_at(const struct lm_outlooks *outlooks, size_t place) {
    return &outlooks->rows[outlooks->order[place]];
}

static bool same_name(const struct lm_outlook_row *a, const struct lm_outlook_row *b) {
    return a->name == b->name;
}

static bool same_start(const struct lm_outlook_row *a, const struct lm_outlook_row *b) {
    return same_name(a, b) && a->valid.start_s == b->valid.start_s;
}

static bool same_content(const struct lm_outlook_row *a, const struct lm_outlook_row *b) {
    return same_start(a, b) && memcmp(a->content, b->content, sizeof a->content) == 0;
}

static struct stretch next(const struct lm_outlooks *outlooks, size_t from,
                           bool (*same)(const struct lm_outlook_row *a,
                                        const struct lm_outlook_row *b)) {
    struct stretch stretch = {from, from + 1};
    while (stretch.end < outlooks->count &&
           same(row_at(outlooks, from), row_at(outlooks, stretch.end)))
        stretch.end++;
    return stretch;
}

static bool any_own(const struct finding_out *finding, struct stretch stretch) {
    for (size_t i = stretch.from; i < stretch.end; i++) {
        if (row_at(finding->outlooks, i)->keeper == finding->keeper)
            return true;
    }
    return false;
}

/* Whether a log that she sees holds terms of that name. */
static bool any_seen(const struct finding_out *finding, struct stretch named) {
    for (size_t i = named.from; i < named.end; i++) {
        const struct lm_outlook_row *row = row_at(finding->outlooks, i);
        if (row->keeper != NOBODY && (row->all_see || row->keeper == finding->keeper))
            return true;
    }
    return false;
}

/* Those that begin together. */
static void see(const struct finding_out *finding, struct stretch together, bool seen) {
    const struct lm_outlooks *outlooks = finding->outlooks;
    bool own_start = any_own(finding, together);
    for (size_t i = together.from; i < together.end;) {
        struct stretch alike = next(outlooks, i, same_content);
        bool others = own_start && !any_own(finding, alike);
        for (; i < alike.end; i++) {
            const struct lm_outlook_row *row = row_at(outlooks, i);
            int64_t *known_s = &finding->outlook->known_s[outlooks->order[i]];
            if (row->keeper == NOBODY)
                *known_s = seen ? LM_KNOWN_NEVER : row->logged_s;
            else if (row->keeper == finding->keeper || (row->all_see && !others))
                *known_s = row->logged_s;
            else
                *known_s = UNSEEN;
        }
    }
}

/* What is known by its start is known alike. */
static int64_t from_start(int64_t known_s, const struct lm_outlook_row *row) {
    return known_s > row->valid.start_s ? known_s : row->valid.start_s;
}

/* Whether terms that say one thing count for her as they do by all the logs. ALONE says that there
 * are no others of their name, so that it does not matter when they came. */
static bool is_alike(const struct finding_out *finding, struct stretch alike, bool alone) {
    const struct lm_outlooks *outlooks = finding->outlooks;
    const struct lm_outlook_row *first = row_at(outlooks, alike.from);
    int64_t counts_s = LM_KNOWN_ALWAYS;
    int64_t knows_s = LM_KNOWN_ALWAYS;
    bool seen = false;
    for (size_t i = alike.from; i < alike.end; i++) {
        int64_t known_s = finding->outlook->known_s[outlooks->order[i]];
        counts_s = lm_known_together(counts_s, row_at(outlooks, i)->counts_s);
        if (known_s == UNSEEN)
            continue;
        knows_s = lm_known_together(knows_s, known_s);
        seen = true;
    }
    return seen && (alone || from_start(counts_s, first) == from_start(knows_s, first));
}

/* Fills what she knows of one name, and tells whether that is as by all the logs. */
static bool know(const struct finding_out *finding, struct stretch named) {
    const struct lm_outlooks *outlooks = finding->outlooks;
    bool seen = any_seen(finding, named);
    bool alone = next(outlooks, named.from, same_content).end == named.end;
    bool alike = true;
    for (size_t i = named.from; i < named.end;) {
        struct stretch together = next(outlooks, i, same_start);
        see(finding, together, seen);
        i = together.end;
    }
    for (size_t i = named.from; i < named.end;) {
        struct stretch same = next(outlooks, i, same_content);
        alike = is_alike(finding, same, alone) && alike;
        i = same.end;
    }
    return alike;
}

int lm_outlooks_find(struct lm_outlooks *outlooks, const char *keeper, struct lm_outlook *outlook,
                     bool *differs, struct lm_error *error) {
    struct finding_out finding = {outlooks, outlook, NOBODY};
    *outlook = (struct lm_outlook){.outlooks = outlooks};
    *differs = false;
    if (outlooks->count == 0)
        return 0;
    if (sort_rows(outlooks, error) < 0 ||
        lm_names_add(&outlooks->names, keeper, strlen(keeper), &finding.keeper, error) < 0)
        return -1;
    outlook->known_s = calloc(outlooks->count, sizeof *outlook->known_s);
    if (!outlook->known_s)
        return lm_fail_memory(error);
    for (size_t i = 0; i < outlooks->count;) {
        struct stretch named = next(outlooks, i, same_name);
        *differs = !know(&finding, named) || *differs;
        i = named.end;
    }
    if (!*differs)
        lm_outlook_free(outlook);
    return 0;
}

void lm_outlook_free(struct lm_outlook *outlook) {
    free(outlook->known_s);
    outlook->known_s = NULL;
}

static bool is_before(const void *row, const void *place) {
    const struct lm_outlook_row *x = row;
    const struct lm_outlook_place *y = place;
    return x->input != y->input ? x->input < y->input : x->line < y->line;
}

bool lm_outlook_known(const struct lm_outlook *outlook, size_t input, uint64_t line,
                      int64_t *known_s) {
    const struct lm_outlook_row *rows = outlook->outlooks->rows;
    size_t count = outlook->outlooks->count;
    const struct lm_outlook_place place = {.input = input, .line = line};
    size_t i = lm_array_lower_bound(rows, count, sizeof *rows, &place, is_before);
    if (i == count || rows[i].input != input || rows[i].line != line)
        return false;
    *known_s = outlook->known_s[i];
    return *known_s != UNSEEN;
}
