/* What is told of terms, once all are known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/evidence/terms_history.h"
#include "lib/evidence/terms_history_state.h"

/* By name, then meaning: the first logging of each counts. */
static int by_meaning(const void *a, const void *b) {
    const struct lm_terms_row *x = a;
    const struct lm_terms_row *y = b;
    if (x->name != y->name)
        return x->name < y->name ? -1 : 1;
    int meanings = memcmp(x->meaning, y->meaning, sizeof x->meaning);
    if (meanings == 0)
        meanings = (x->logged_s > y->logged_s) - (x->logged_s < y->logged_s);
    return meanings ? meanings : lm_terms_compare_places(&x->place, &y->place);
}

/* By name, then when they were logged; bare ones come last. */
static int by_time(const void *a, const void *b) {
    const struct lm_terms_row *x = a;
    const struct lm_terms_row *y = b;
    if (x->name != y->name)
        return x->name < y->name ? -1 : 1;
    if ((x->logged_s == LM_ABSENT) != (y->logged_s == LM_ABSENT))
        return x->logged_s == LM_ABSENT ? 1 : -1;
    if (x->logged_s != y->logged_s)
        return x->logged_s < y->logged_s ? -1 : 1;
    return by_meaning(a, b);
}

static bool same_meaning(const struct lm_terms_row *a, const struct lm_terms_row *b) {
    return a->name == b->name && memcmp(a->meaning, b->meaning, sizeof a->meaning) == 0;
}

/* Leaves of each meaning the row that was logged first, or a bare one where none was. */
static void keep_first(struct lm_terms_history *history) {
    size_t kept = 0;
    for (size_t i = 0; i < history->count; i++) {
        struct lm_terms_row row = history->rows[i];
        struct lm_terms_row *last = kept ? &history->rows[kept - 1] : NULL;
        if (!last || !same_meaning(last, &row)) {
            history->rows[kept++] = row;
            continue;
        }
        row.told = row.told || last->told;
        if (last->logged_s == LM_ABSENT)
            *last = row;
        last->told = row.told;
    }
    history->count = kept;
}

static int tell(const struct lm_terms_history *history, const struct lm_terms_row *before,
                struct lm_terms_row *row, struct lm_findings *findings, struct lm_error *error) {
    const struct lm_place places[] = {before->place, row->place};
    char start[LM_TIME_SIZE];
    char logged[LM_TIME_SIZE];
    char text[512];
    (void)lm_instant_format(row->valid.start_s, start);
    (void)lm_instant_format(row->logged_s, logged);
    (void)snprintf(text, sizeof text, "the %s was changed on %s for the time since %s",
                   lm_names_text(&history->names, row->name), logged, start);
    row->told = row->told || row->own_log;
    return lm_findings_tell(findings, lm_code_word(LM_CODE_RETROACTIVE),
                            row->own_log ? lm_names_text(&history->names, row->party) : NULL,
                            places, 2, text, error);
}

static bool is_before(const void *row, const void *name) {
    return ((const struct lm_terms_row *)row)->name < *(const uint32_t *)name;
}

/* What was logged earlier under its name, and held in the time that a row is for before it was
 * logged itself; what came with it did not come before, and of bare ones nobody knows. Rows are by
 * name and time. NULL for nothing. */
static const struct lm_terms_row *find_before(const struct lm_terms_history *history,
                                              const struct lm_terms_row *row) {
    struct lm_validity before = row->valid;
    if (before.end_s > row->logged_s)
        before.end_s = row->logged_s;
    if (before.start_s >= before.end_s)
        return NULL;
    size_t i = lm_array_lower_bound(history->rows, history->count, sizeof *history->rows,
                                    &row->name, is_before);
    for (; i < history->count; i++) {
        const struct lm_terms_row *other = &history->rows[i];
        if (other->name != row->name || other->logged_s == LM_ABSENT ||
            other->logged_s >= row->logged_s)
            return NULL;
        if (lm_validity_overlap(other->valid, before))
            return other;
    }
    return NULL;
}

static bool starts_before(const void *start_s, const void *instant_s) {
    return *(const int64_t *)start_s < *(const int64_t *)instant_s;
}

/* Whether a period that something can be said of begins in a stretch. */
static bool touches(const struct lm_terms_touched *touched, struct lm_validity stretch) {
    size_t i = lm_array_lower_bound(touched->starts_s, touched->count, sizeof *touched->starts_s,
                                    &stretch.start_s, starts_before);
    return i < touched->count && touched->starts_s[i] < stretch.end_s;
}

/* The supplier's tariff without an id that the user of a contract had before it was logged: it was
 * there itself, and she was a customer, when a period began. NULL for none. */
static const struct lm_terms_row *find_instead(const struct lm_terms_history *history,
                                               const struct lm_terms_row *row,
                                               const struct lm_terms_touched *touched) {
    if (row->instead == LM_TERMS_NOBODY || row->party == LM_TERMS_NOBODY ||
        row->logged_s == LM_ABSENT)
        return NULL;
    size_t i = lm_array_lower_bound(history->rows, history->count, sizeof *history->rows,
                                    &row->instead, is_before);
    for (; i < history->count; i++) {
        const struct lm_terms_row *other = &history->rows[i];
        if (other->name != row->instead || other->logged_s == LM_ABSENT ||
            other->logged_s >= row->logged_s)
            return NULL;
        struct lm_validity had = lm_validity_common(row->valid, other->valid);
        had = lm_validity_common(had, (struct lm_validity){other->logged_s, row->logged_s});
        if (had.start_s < had.end_s && touches(touched, had) &&
            lm_registry_supplied(touched->registry, lm_names_text(&history->names, row->user),
                                 lm_names_text(&history->names, row->party), had))
            return other;
    }
    return NULL;
}

/* A contract that its party has signed and keeps out of its own log, and that touches a period. Who
 * keeps one out may hide it from her customer, or make it up afterwards. Rows are by meaning. */
static int tell_unlogged(const struct lm_terms_history *history,
                         const struct lm_terms_touched *touched, struct lm_findings *findings,
                         struct lm_error *error) {
    struct lm_terms_row *rows = history->rows;
    char text[512];
    for (size_t i = 0; i < history->count;) {
        struct lm_terms_row *row = &rows[i];
        bool contract = row->instead != LM_TERMS_NOBODY;
        bool logged = false;
        for (; i < history->count && same_meaning(&rows[i], row); i++)
            logged = logged || !rows[i].stray;
        if (!contract || logged || !touches(touched, row->valid))
            continue;
        row->told = true;
        (void)snprintf(text, sizeof text, "the %s is in no log of who has signed it",
                       lm_names_text(&history->names, row->name));
        if (lm_findings_tell(findings, lm_code_word(LM_CODE_UNLOGGED),
                             lm_names_text(&history->names, row->party), &row->place, 1, text,
                             error) < 0)
            return -1;
    }
    return 0;
}

static int by_period(const void *a, const void *b) {
    const struct lm_terms_auction *x = a;
    const struct lm_terms_auction *y = b;
    if (x->name != y->name)
        return x->name < y->name ? -1 : 1;
    if (x->start_s != y->start_s)
        return x->start_s < y->start_s ? -1 : 1;
    return lm_terms_compare_places(&x->place, &y->place);
}

static bool auction_before(const void *auction, const void *row) {
    const struct lm_terms_auction *x = auction;
    const struct lm_terms_row *y = row;
    return x->name != y->name ? x->name < y->name : x->start_s < y->valid.start_s;
}

/* An auction that had been held when a market got its first rules, which are for it as well; NULL
 * for none. Auctions are by name and period. */
static const struct lm_terms_auction *find_held(const struct lm_terms_history *history,
                                                const struct lm_terms_row *row) {
    size_t i = lm_array_lower_bound(history->auctions, history->auction_count,
                                    sizeof *history->auctions, row, auction_before);
    for (; i < history->auction_count; i++) {
        const struct lm_terms_auction *auction = &history->auctions[i];
        if (auction->name != row->name || auction->start_s >= row->valid.end_s ||
            auction->start_s >= row->logged_s)
            return NULL;
        if (auction->logged_s < row->logged_s)
            return auction;
    }
    return NULL;
}

/* Nobody was told others for that time, but nobody could keep these either: what they make of an
 * auction that was held the registrar knew when they were set. Only its own log tells. */
static int tell_held(const struct lm_terms_history *history, struct lm_terms_row *row,
                     struct lm_findings *findings, struct lm_error *error) {
    const struct lm_terms_auction *auction = row->own_log ? find_held(history, row) : NULL;
    char start[LM_TIME_SIZE];
    char logged[LM_TIME_SIZE];
    char text[512];
    if (!auction)
        return 0;
    const struct lm_place places[] = {auction->place, row->place};
    (void)lm_instant_format(row->valid.start_s, start);
    (void)lm_instant_format(row->logged_s, logged);
    (void)snprintf(text, sizeof text,
                   "the %s were set on %s for the time since %s, when it had held auctions without "
                   "any",
                   lm_names_text(&history->names, row->name), logged, start);
    row->told = true;
    return lm_findings_tell(findings, lm_code_word(LM_CODE_RETROACTIVE),
                            lm_names_text(&history->names, row->party), places, 2, text, error);
}

/* By name, who has signed them, when they begin, meaning. */
static int by_start(const void *a, const void *b) {
    const struct lm_terms_row *x = a;
    const struct lm_terms_row *y = b;
    if (x->name != y->name)
        return x->name < y->name ? -1 : 1;
    if (x->party != y->party)
        return x->party < y->party ? -1 : 1;
    if (x->valid.start_s != y->valid.start_s)
        return x->valid.start_s < y->valid.start_s ? -1 : 1;
    return memcmp(x->meaning, y->meaning, sizeof x->meaning);
}

/* What somebody has signed to begin together, and says different things: her signatures prove that,
 * whoever has which of them. Rows are by meaning, each there once. */
static int tell_together(struct lm_terms_history *history, struct lm_findings *findings,
                         struct lm_error *error) {
    struct lm_terms_row *rows = history->rows;
    char start[LM_TIME_SIZE];
    char text[512];
    if (history->count > 0)
        qsort(rows, history->count, sizeof *rows, by_start);
    for (size_t i = 1; i < history->count; i++) {
        const struct lm_terms_row *before = &rows[i - 1];
        struct lm_terms_row *row = &rows[i];
        const struct lm_place places[] = {before->place, row->place};
        if (row->party == LM_TERMS_NOBODY || row->name != before->name ||
            row->party != before->party || row->valid.start_s != before->valid.start_s)
            continue;
        bool told = before->told || row->told;
        row->told = true;
        if (told)
            continue;
        (void)lm_instant_format(row->valid.start_s, start);
        (void)snprintf(text, sizeof text,
                       "the %s was signed with different content for the time since %s",
                       lm_names_text(&history->names, row->name), start);
        if (lm_findings_tell(findings, lm_reason_word(LM_AMBIGUOUS),
                             lm_names_text(&history->names, row->party), places, 2, text,
                             error) < 0)
            return -1;
    }
    return 0;
}

int lm_terms_history_finish(struct lm_terms_history *history,
                            const struct lm_terms_touched *touched, struct lm_findings *findings,
                            struct lm_error *error) {
    if (history->count == 0)
        return 0;
    history->sorted = false;
    qsort(history->rows, history->count, sizeof *history->rows, by_meaning);
    if (tell_unlogged(history, touched, findings, error) < 0)
        return -1;
    keep_first(history);
    if (history->auction_count > 0)
        qsort(history->auctions, history->auction_count, sizeof *history->auctions, by_period);
    if (history->count > 0)
        qsort(history->rows, history->count, sizeof *history->rows, by_time);
    for (size_t i = 0; i < history->count; i++) {
        struct lm_terms_row *row = &history->rows[i];
        const struct lm_terms_row *before = find_before(history, row);
        if (!before)
            before = find_instead(history, row, touched);
        if ((before ? tell(history, before, row, findings, error)
                    : tell_held(history, row, findings, error)) < 0)
            return -1;
    }
    return tell_together(history, findings, error);
}
