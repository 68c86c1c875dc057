#include "lib/record/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/record/latest.h"

/* When a row has one precedence: what is known at an instant comes before what became known later,
 * the earlier known before the later, and then the later start before the earlier. */
struct reign {
    int64_t known_s; /* LM_KNOWN_ALWAYS for the time when it was known */
    int64_t start_s;
    int64_t from_s;
    int64_t end_s;
    uint32_t row;
};

/* A stretch of a name's time, up to the next one's start. */
struct stretch {
    int64_t from_s;
    uint32_t row; /* LM_TIMELINE_NONE for nothing */
    bool ambiguous;
    bool met; /* and somebody has asked */
};

struct lm_timeline {
    struct lm_timeline_row *rows;
    size_t count;
    struct stretch *stretches;
    size_t *first; /* by name, in stretches */
};

/* What is needed to lay out one name. */
struct layout {
    struct reign *reigns;
    int64_t *bounds_s;
    size_t *open; /* by stretch: itself while it is not settled, else one behind it */
    size_t *held; /* stretches that one of the reigns at hand holds alone */
};

static int compare_numbers(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

static int compare_bounds(const void *a, const void *b) {
    return compare_numbers(*(const int64_t *)a, *(const int64_t *)b);
}

static int compare_precedence(const struct reign *x, const struct reign *y) {
    int order = compare_numbers(x->known_s, y->known_s);
    return order ? order : compare_numbers(y->start_s, x->start_s);
}

static int compare_reigns(const void *a, const void *b) {
    const struct reign *x = a;
    const struct reign *y = b;
    int order = compare_precedence(x, y);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

/* The reigns of a row, at most two; how many. */
static size_t reigns_of(const struct lm_timeline_row *rows, size_t row, struct reign reigns[2]) {
    struct lm_validity valid = rows[row].valid;
    int64_t known_s = rows[row].known_s;
    int64_t turn_s = known_s < valid.start_s ? valid.start_s : known_s;
    size_t count = 0;
    if (turn_s > valid.end_s)
        turn_s = valid.end_s;
    if (turn_s < valid.end_s)
        reigns[count++] =
            (struct reign){LM_KNOWN_ALWAYS, valid.start_s, turn_s, valid.end_s, (uint32_t)row};
    if (valid.start_s < turn_s)
        reigns[count++] =
            (struct reign){known_s, valid.start_s, valid.start_s, turn_s, (uint32_t)row};
    return count;
}

static bool is_repeat(const struct lm_timeline_row *a, const struct lm_timeline_row *b) {
    return memcmp(a->content, b->content, 32) == 0;
}

static size_t next_open(size_t *open, size_t at) {
    while (open[at] != at) {
        open[at] = open[open[at]];
        at = open[at];
    }
    return at;
}

static bool begins_by(const void *stretch, const void *instant_s) {
    return ((const struct stretch *)stretch)->from_s <= *(const int64_t *)instant_s;
}

/* The last of COUNT stretches that does not begin after an instant; COUNT for none. */
static size_t stretch_at(const struct stretch *stretches, size_t count, int64_t instant_s) {
    size_t end = lm_array_lower_bound(stretches, count, sizeof *stretches, &instant_s, begins_by);
    return end > 0 ? end - 1 : count;
}

/* Gives a reign what no better one has. What one of its equals has is neither's. */
static void hold(const struct layout *layout, const struct reign *reign, struct stretch *stretches,
                 size_t count, size_t *held) {
    size_t at = stretch_at(stretches, count, reign->from_s);
    for (at = next_open(layout->open, at); at < count && stretches[at].from_s < reign->end_s;
         at = next_open(layout->open, at + 1)) {
        if (stretches[at].row == LM_TIMELINE_NONE) {
            stretches[at].row = reign->row;
            layout->held[(*held)++] = at;
        } else {
            stretches[at].ambiguous = true;
            layout->open[at] = at + 1;
        }
    }
}

/* Lays out the rows of one name; how many stretches there are. Their best reigns come first, so
 * that each stretch is settled once. */
static size_t lay_out(const struct layout *layout, const struct lm_timeline_row *rows, size_t first,
                      size_t end, struct stretch *stretches) {
    struct reign *reigns = layout->reigns;
    size_t reign_count = 0;
    size_t bound_count = 0;
    size_t count = 0;
    for (size_t i = first; i < end; i++) {
        if (i > first && is_repeat(&rows[i - 1], &rows[i]))
            continue;
        size_t added = reigns_of(rows, i, &reigns[reign_count]);
        for (; added > 0; added--) {
            layout->bounds_s[bound_count++] = reigns[reign_count].from_s;
            layout->bounds_s[bound_count++] = reigns[reign_count++].end_s;
        }
    }
    if (reign_count == 0)
        return 0;
    qsort(reigns, reign_count, sizeof *reigns, compare_reigns);
    qsort(layout->bounds_s, bound_count, sizeof *layout->bounds_s, compare_bounds);
    for (size_t i = 0; i < bound_count; i++) {
        if (i > 0 && layout->bounds_s[i] == layout->bounds_s[i - 1])
            continue;
        layout->open[count] = count;
        stretches[count++] = (struct stretch){layout->bounds_s[i], LM_TIMELINE_NONE, false, false};
    }
    layout->open[count] = count;
    for (size_t i = 0; i < reign_count;) {
        size_t held = 0;
        size_t equals = i;
        for (; i < reign_count && compare_precedence(&reigns[equals], &reigns[i]) == 0; i++)
            hold(layout, &reigns[i], stretches, count, &held);
        while (held > 0) {
            size_t at = layout->held[--held];
            layout->open[at] = at + 1;
        }
    }
    return count;
}

/* The rows of the most numerous name. */
static size_t largest(const struct lm_timeline_row *rows, size_t count) {
    size_t most = 0;
    for (size_t i = 0, first = 0; i < count; i++) {
        if (rows[i].name != rows[first].name)
            first = i;
        if (i - first + 1 > most)
            most = i - first + 1;
    }
    return most;
}

static int lay_out_all(struct lm_timeline *timeline, size_t name_count, struct lm_error *error) {
    size_t most = largest(timeline->rows, timeline->count);
    const struct layout layout = {
        .reigns = calloc(2 * most + 1, sizeof *layout.reigns),
        .bounds_s = calloc(4 * most + 1, sizeof *layout.bounds_s),
        .open = calloc(4 * most + 1, sizeof *layout.open),
        .held = calloc(4 * most + 1, sizeof *layout.held),
    };
    bool whole = layout.reigns && layout.bounds_s && layout.open && layout.held;
    size_t row = 0;
    size_t total = 0;
    for (size_t name = 0; whole && name < name_count; name++) {
        size_t first = row;
        timeline->first[name] = total;
        while (row < timeline->count && timeline->rows[row].name == name)
            row++;
        total += lay_out(&layout, timeline->rows, first, row, &timeline->stretches[total]);
    }
    timeline->first[name_count] = total;
    free(layout.reigns);
    free(layout.bounds_s);
    free(layout.open);
    free(layout.held);
    return whole ? 0 : lm_fail_memory(error);
}

struct lm_timeline *lm_timeline_new(const struct lm_timeline_row *rows, size_t count,
                                    size_t name_count, struct lm_error *error) {
    struct lm_timeline *timeline = calloc(1, sizeof *timeline);
    if (!timeline) {
        lm_fail_memory(error);
        return NULL;
    }
    timeline->count = count;
    timeline->rows = calloc(count + 1, sizeof *timeline->rows);
    timeline->first = calloc(name_count + 1, sizeof *timeline->first);
    /* A row turns known at most once. */
    timeline->stretches = calloc(3 * count + 1, sizeof *timeline->stretches);
    if (!timeline->rows || !timeline->first || !timeline->stretches) {
        lm_fail_memory(error);
        lm_timeline_free(timeline);
        return NULL;
    }
    if (count > 0)
        memcpy(timeline->rows, rows, count * sizeof *rows);
    if (lay_out_all(timeline, name_count, error) == 0)
        return timeline;
    lm_timeline_free(timeline);
    return NULL;
}

void lm_timeline_free(struct lm_timeline *timeline) {
    if (!timeline)
        return;
    free(timeline->rows);
    free(timeline->stretches);
    free(timeline->first);
    free(timeline);
}

uint32_t lm_timeline_find(struct lm_timeline *timeline, uint32_t name, int64_t instant_s,
                          bool *ambiguous) {
    struct stretch *stretches = &timeline->stretches[timeline->first[name]];
    size_t count = timeline->first[name + 1] - timeline->first[name];
    size_t at = stretch_at(stretches, count, instant_s);
    *ambiguous = at < count && stretches[at].ambiguous;
    if (*ambiguous)
        stretches[at].met = true;
    return at < count ? stretches[at].row : LM_TIMELINE_NONE;
}

/* A stretch that somebody asked about, with the precedence of those who contradict each other. */
static struct reign met_reign(const struct lm_timeline *timeline, const struct stretch *stretch) {
    const struct lm_timeline_row *row = &timeline->rows[stretch->row];
    bool known = row->known_s <= stretch->from_s;
    return (struct reign){known ? LM_KNOWN_ALWAYS : row->known_s, row->valid.start_s,
                          stretch->from_s, stretch->from_s, stretch->row};
}

/* By precedence, then time. */
static int compare_met(const void *a, const void *b) {
    const struct reign *x = a;
    const struct reign *y = b;
    int order = compare_precedence(x, y);
    return order ? order : compare_numbers(x->from_s, y->from_s);
}

static bool is_before(const void *met, const void *reign) {
    return compare_met(met, reign) < 0;
}

/* Whether one of the sorted MET reigns is at a time of REIGN, and its equal. */
static bool is_met(const struct reign *met, size_t count, const struct reign *reign) {
    size_t i = lm_array_lower_bound(met, count, sizeof *met, reign, is_before);
    return i < count && compare_precedence(&met[i], reign) == 0 && met[i].from_s < reign->end_s;
}

int lm_timeline_met(const struct lm_timeline *timeline, bool *met, struct lm_error *error) {
    const struct lm_timeline_row *rows = timeline->rows;
    struct reign *asked = calloc(3 * timeline->count + 1, sizeof *asked);
    if (!asked)
        return lm_fail_memory(error);
    for (size_t row = 0; row < timeline->count;) {
        size_t count = 0;
        uint32_t name = rows[row].name;
        for (size_t i = timeline->first[name]; i < timeline->first[name + 1]; i++) {
            if (timeline->stretches[i].met)
                asked[count++] = met_reign(timeline, &timeline->stretches[i]);
        }
        qsort(asked, count, sizeof *asked, compare_met);
        for (; row < timeline->count && rows[row].name == name; row++) {
            struct reign reigns[2];
            size_t reign_count = reigns_of(rows, row, reigns);
            met[row] = false;
            for (size_t i = 0; i < reign_count; i++)
                met[row] = met[row] || is_met(asked, count, &reigns[i]);
        }
    }
    free(asked);
    return 0;
}
