/* What was issued before, and the adjustments that turn it into what is right. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/settle/settle_rows.h"

static int name_or_nobody(struct lm_settle *settle, const char *text, uint32_t *name,
                          struct lm_error *error) {
    *name = LM_NOBODY;
    return text ? lm_facts_name(&settle->facts, text, name, error) : 0;
}

static int read_outcome(struct lm_settle *settle, const struct lm_settlement *body,
                        struct lm_outcome *outcome, struct lm_error *error) {
    lm_i128 amount_nano;
    bool user = body->role == LM_ROLE_USER;
    *outcome = (struct lm_outcome){.subject = {.role = body->role},
                                   .import_wh = user ? body->import_wh : 0,
                                   .export_wh = user ? body->export_wh : 0,
                                   .bought_wh = user ? body->bought_wh : 0,
                                   .sold_wh = user ? body->sold_wh : 0,
                                   .short_wh = user ? body->short_wh : 0,
                                   .surplus_wh = user ? body->surplus_wh : 0,
                                   .amount_nano = body->amount_nano,
                                   .without_nano = body->without_market_nano};
    if (name_or_nobody(settle, body->supplier, &outcome->subject.supplier, error) < 0 ||
        name_or_nobody(settle, body->party, &outcome->subject.party, error) < 0 ||
        name_or_nobody(settle, body->region, &outcome->subject.region, error) < 0 ||
        name_or_nobody(settle, body->market, &outcome->market, error) < 0 ||
        name_or_nobody(settle, body->currency, &outcome->currency, error) < 0 ||
        lm_tally_read(&outcome->tally, body->items, error) < 0 ||
        lm_tally_merge(&outcome->tally, error) < 0 ||
        lm_tally_sum(&outcome->tally, &amount_nano, error) < 0)
        return -1;
    if (amount_nano != body->amount_nano)
        return lm_fail(error, LM_BAD_MEMBER, "the items do not sum to the amount");
    return 0;
}

static int add_settlement(struct lm_settle *settle, const struct lm_record *record,
                          const struct lm_place *where, struct lm_error *error) {
    const struct lm_settlement *body = &record->as.settlement;
    struct lm_issued_row row = {.where = *where,
                                .seq = record->type == LM_TYPE_ADJUSTMENT ? body->seq : -1};
    if (settle->options.supplier && strcmp(settle->options.supplier, body->supplier) != 0)
        return 0;
    struct lm_issued_row *issued = lm_array_room(settle->issued, &settle->issued_room,
                                                 settle->issued_count, sizeof *issued, error);
    if (!issued)
        return -1;
    settle->issued = issued;
    if (read_outcome(settle, body, &row.outcome, error) < 0 ||
        lm_settle_period(settle, body->period, &row.period, error) < 0 ||
        lm_facts_digest(&settle->facts, record, true, row.content, error) < 0) {
        lm_tally_free(&row.outcome.tally);
        return -1;
    }
    issued[settle->issued_count++] = row;
    return 0;
}

static int add_transfer(struct lm_settle *settle, const struct lm_transfer *body,
                        const struct lm_place *where, struct lm_error *error) {
    struct lm_issued_transfer row = {.where = *where, .amount_nano = body->amount_nano};
    if (settle->options.supplier && strcmp(settle->options.supplier, body->from) != 0)
        return 0;
    struct lm_issued_transfer *issued =
        lm_array_room(settle->issued_transfers, &settle->issued_transfer_room,
                      settle->issued_transfer_count, sizeof *issued, error);
    if (!issued)
        return -1;
    settle->issued_transfers = issued;
    if (lm_settle_period(settle, body->period, &row.period, error) < 0 ||
        lm_facts_name(&settle->facts, body->market, &row.market, error) < 0 ||
        lm_facts_name(&settle->facts, body->from, &row.from, error) < 0 ||
        lm_facts_name(&settle->facts, body->to, &row.to, error) < 0 ||
        lm_facts_name(&settle->facts, body->currency, &row.currency, error) < 0)
        return -1;
    issued[settle->issued_transfer_count++] = row;
    return 0;
}

int lm_settle_add_issued(struct lm_settle *settle, const struct lm_record *record,
                         const char *source, uint64_t line, struct lm_error *error) {
    struct lm_place where = {source, line};
    if (record->type == LM_TYPE_TRANSFER)
        return add_transfer(settle, &record->as.transfer, &where, error);
    if (record->type == LM_TYPE_SETTLEMENT || record->type == LM_TYPE_ADJUSTMENT)
        return add_settlement(settle, record, &where, error);
    return 0;
}

static int compare_subjects(const struct lm_settle *settle, const struct lm_issued_row *a,
                            const struct lm_issued_row *b) {
    if (a->period != b->period)
        return a->period < b->period ? -1 : 1;
    return lm_subject_compare(settle, &a->outcome.subject, &b->outcome.subject);
}

static int compare_issued(const void *a, const void *b, void *context) {
    const struct lm_issued_row *x = a;
    const struct lm_issued_row *y = b;
    int order = compare_subjects(context, x, y);
    if (order == 0)
        order = (x->seq > y->seq) - (x->seq < y->seq);
    return order ? order : memcmp(x->content, y->content, sizeof x->content);
}

/* Adds an adjustment to what it adjusts: amounts add up, energies are the latest. */
static int adjust(struct lm_issued_row *row, const struct lm_issued_row *by,
                  struct lm_error *error) {
    struct lm_outcome *outcome = &row->outcome;
    struct lm_tally tally = outcome->tally;
    lm_i128 amount_nano = outcome->amount_nano;
    lm_i128 without_nano = outcome->without_nano;
    if (by->outcome.currency != outcome->currency)
        return lm_fail(error, LM_CURRENCY, "an adjustment in another currency");
    if (lm_tally_add_all(&tally, &by->outcome.tally, 1, error) < 0)
        return -1;
    *outcome = by->outcome;
    outcome->tally = tally;
    row->seq = by->seq;
    if (!lm_add_i128(amount_nano, by->outcome.amount_nano, &outcome->amount_nano) ||
        !lm_add_i128(without_nano, by->outcome.without_nano, &outcome->without_nano))
        return lm_fail(error, LM_OVERFLOW, "a sum of amounts does not fit 128 bits");
    return lm_tally_merge(&outcome->tally, error);
}

/* What a row adds to the one before it: nothing where it is a repeat. */
static int merge_row(struct lm_settle *settle, struct lm_issued_row *last,
                     const struct lm_issued_row *row, const uint8_t *last_content,
                     struct lm_error *error) {
    if (row->seq == last->seq) {
        if (memcmp(last_content, row->content, sizeof row->content) == 0)
            return 0;
        return lm_fail(error, LM_CONFLICT, "two different records of %s of one seq were issued",
                       lm_settle_text(settle, row->outcome.subject.party));
    }
    return adjust(last, row, error);
}

static int compare_transfers(const void *a, const void *b, void *context) {
    const struct lm_settle *settle = context;
    const struct lm_issued_transfer *x = a;
    const struct lm_issued_transfer *y = b;
    if (x->period != y->period)
        return x->period < y->period ? -1 : 1;
    const uint32_t keys[][2] = {{settle->ranks[x->market], settle->ranks[y->market]},
                                {settle->ranks[x->from], settle->ranks[y->from]},
                                {settle->ranks[x->to], settle->ranks[y->to]},
                                {settle->ranks[x->currency], settle->ranks[y->currency]}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (keys[i][0] != keys[i][1])
            return keys[i][0] < keys[i][1] ? -1 : 1;
    }
    return (x->amount_nano > y->amount_nano) - (x->amount_nano < y->amount_nano);
}

static void seal_transfers(struct lm_settle *settle) {
    struct lm_issued_transfer *issued = settle->issued_transfers;
    size_t kept = 0;
    if (settle->issued_transfer_count > 0)
        qsort_r(issued, settle->issued_transfer_count, sizeof *issued, compare_transfers, settle);
    for (size_t i = 0; i < settle->issued_transfer_count; i++) {
        if (kept && compare_transfers(&issued[kept - 1], &issued[i], settle) == 0)
            continue;
        issued[kept] = issued[i];
        struct lm_period_row *period = &settle->periods[issued[kept].period];
        if (period->issued_transfer_count++ == 0)
            period->issued_transfers = kept;
        kept++;
    }
    settle->issued_transfer_count = kept;
}

int lm_issued_seal(struct lm_settle *settle, const struct lm_settle_visitor *visitor,
                   struct lm_error *error) {
    struct lm_issued_row *issued = settle->issued;
    size_t count = settle->issued_count;
    size_t kept = 0;
    uint8_t last_content[32] = {0};
    int result = 0;
    if (count > 0)
        qsort_r(issued, count, sizeof *issued, compare_issued, settle);
    for (size_t i = 0; i < count; i++) {
        struct lm_issued_row row = issued[i];
        struct lm_period_row *period = &settle->periods[row.period];
        if (kept && compare_subjects(settle, &issued[kept - 1], &row) == 0) {
            struct lm_error why;
            if (result == 0 && merge_row(settle, &issued[kept - 1], &row, last_content, &why) < 0) {
                period->contradicted = true;
                result = lm_reason_exit(why.reason) == LM_EXIT_REJECT
                             ? lm_settle_reject(visitor, &row.where, &why, error)
                             : lm_fail(error, why.reason, "%s", why.detail);
            }
            lm_tally_free(&row.outcome.tally);
        } else {
            if (period->issued_count++ == 0)
                period->issued = kept;
            issued[kept++] = row;
        }
        memcpy(last_content, row.content, sizeof last_content);
    }
    settle->issued_count = kept;
    seal_transfers(settle);
    return result;
}

void lm_issue_start(struct lm_issue *issue, struct lm_settle *settle,
                    const struct lm_period_row *period, const struct lm_settle_visitor *visitor) {
    *issue = (struct lm_issue){.settle = settle,
                               .period = period,
                               .visitor = visitor,
                               .next = period->issued,
                               .supplier = LM_NOBODY};
}

void lm_issue_free(struct lm_issue *issue) {
    lm_tally_free(&issue->difference);
}

/* The adjustments of a group sum to zero, or what was issued to it is not what it wrote. */
static int check_group(const struct lm_issue *issue, struct lm_error *error) {
    if (issue->supplier == LM_NOBODY || (issue->amount_nano == 0 && issue->without_nano == 0) ||
        issue->settle->options.unbalanced)
        return 0;
    lm_fail(error, LM_CONFLICT, "what was issued to the group of %s does not sum to what it traded",
            lm_settle_text(issue->settle, issue->supplier));
    return lm_hint(error, "--previous takes all that was issued");
}

static bool same_energies(const struct lm_outcome *a, const struct lm_outcome *b) {
    return a->import_wh == b->import_wh && a->export_wh == b->export_wh &&
           a->bought_wh == b->bought_wh && a->sold_wh == b->sold_wh && a->short_wh == b->short_wh &&
           a->surplus_wh == b->surplus_wh;
}

/* Writes what NEW is more than OLD, of one subject. Where it is the same, nothing, unless this is
 * the subject's FIRST: then it is told that she is settled, be it with nothing. */
static int write_difference(struct lm_issue *issue, const struct lm_outcome *old,
                            const struct lm_outcome *new, int64_t seq, bool first,
                            struct lm_error *error) {
    struct lm_outcome difference = *new;
    if (old->currency != new->currency)
        return lm_fail(error, LM_CURRENCY, "the settlement of %s was issued in %s, not %s",
                       lm_settle_text(issue->settle, new->subject.party),
                       lm_settle_text(issue->settle, old->currency),
                       lm_settle_text(issue->settle, new->currency));
    if (issue->supplier != new->subject.supplier) {
        if (check_group(issue, error) < 0)
            return -1;
        issue->supplier = new->subject.supplier;
        issue->amount_nano = 0;
        issue->without_nano = 0;
    }
    if (!lm_sub_i128(new->amount_nano, old->amount_nano, &difference.amount_nano) ||
        !lm_sub_i128(new->without_nano, old->without_nano, &difference.without_nano) ||
        !lm_add_i128(issue->amount_nano, difference.amount_nano, &issue->amount_nano) ||
        !lm_add_i128(issue->without_nano, difference.without_nano, &issue->without_nano))
        return lm_fail(error, LM_OVERFLOW, "a sum of adjustments does not fit 128 bits");
    lm_tally_reset(&issue->difference);
    lm_i128 ignored;
    if (lm_tally_add_all(&issue->difference, &new->tally, 1, error) < 0 ||
        lm_tally_add_all(&issue->difference, &old->tally, -1, error) < 0 ||
        lm_tally_merge(&issue->difference, error) < 0 ||
        lm_tally_sum(&issue->difference, &ignored, error) < 0)
        return -1;
    difference.tally = issue->difference;
    if (!first && issue->difference.count == 0 && difference.without_nano == 0 &&
        same_energies(old, new) && old->market == new->market)
        return 0;
    if (!issue->visitor)
        return 0;
    return lm_settle_write(issue->settle, issue->period->period, &difference, seq, issue->visitor,
                           error);
}

/* Takes back what was issued to somebody who is not settled now. */
static int take_back(struct lm_issue *issue, const struct lm_issued_row *row,
                     struct lm_error *error) {
    struct lm_outcome nothing = {.subject = row->outcome.subject,
                                 .market = row->outcome.market,
                                 .currency = row->outcome.currency};
    return write_difference(issue, &row->outcome, &nothing, row->seq < 0 ? 1 : row->seq + 1, false,
                            error);
}

/* Takes back what comes before SUBJECT, or all that is left. */
static int take_back_until(struct lm_issue *issue, const struct lm_subject *subject,
                           struct lm_error *error) {
    size_t end = issue->period->issued + issue->period->issued_count;
    for (; issue->next < end; issue->next++) {
        const struct lm_issued_row *row = &issue->settle->issued[issue->next];
        if (subject && lm_subject_compare(issue->settle, &row->outcome.subject, subject) >= 0)
            break;
        if (take_back(issue, row, error) < 0)
            return -1;
    }
    return 0;
}

int lm_issue_outcome(struct lm_issue *issue, const struct lm_outcome *outcome,
                     struct lm_error *error) {
    if (issue->period->issued_count == 0) {
        if (!issue->visitor)
            return 0;
        return lm_settle_write(issue->settle, issue->period->period, outcome, -1, issue->visitor,
                               error);
    }
    if (take_back_until(issue, &outcome->subject, error) < 0)
        return -1;
    size_t end = issue->period->issued + issue->period->issued_count;
    const struct lm_issued_row *row =
        issue->next < end ? &issue->settle->issued[issue->next] : NULL;
    if (row && lm_subject_compare(issue->settle, &row->outcome.subject, &outcome->subject) == 0) {
        issue->next++;
        return write_difference(issue, &row->outcome, outcome, row->seq < 0 ? 1 : row->seq + 1,
                                false, error);
    }
    struct lm_outcome nothing = {
        .subject = outcome->subject, .market = outcome->market, .currency = outcome->currency};
    return write_difference(issue, &nothing, outcome, 1, true, error);
}

int lm_issue_end(struct lm_issue *issue, struct lm_error *error) {
    if (take_back_until(issue, NULL, error) < 0)
        return -1;
    return check_group(issue, error);
}
