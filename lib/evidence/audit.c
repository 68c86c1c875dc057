#include "lib/evidence/audit.h"

#include <stdlib.h>
#include <string.h>

#include "lib/evidence/comparison.h"
#include "lib/evidence/names.h"
#include "lib/market/books.h"
#include "lib/record/reject.h"
#include "lib/registry/authority.h"
#include "lib/settle/settle.h"

/* Records are parsed, and their signatures checked, so many at a time. */
#define BATCH_MAX 1024

struct audit_line {
    const char *source;
    int64_t n;    /* as findings point at it: the entry's number, or else the line's */
    size_t start; /* in texts */
    size_t size;
    bool bad; /* refused before it could be parsed; the text is why */
    bool contradicted;
    enum lm_reason reason; /* of a bad one */
    enum lm_type type;     /* of a good one */
};

/* A settlement, adjustment or transfer that is signed as it should be. */
struct issued {
    struct lm_period period;
    size_t line;
};

struct lm_audit {
    struct lm_registry *registry;
    int64_t now_s;
    struct audit_line *lines;
    size_t line_count;
    size_t line_room;
    struct lm_buffer texts;
    struct lm_books *books;
    struct lm_settle *settle;
    struct lm_comparison *comparison;
    struct lm_buffer settled;  /* the struct lm_period of readings, settlements and transfers */
    struct lm_buffer adjusted; /* and of adjustments */
    struct lm_buffer issued;   /* struct issued */
    struct lm_buffer name;
    struct lm_buffer payload;
    struct lm_buffer clean_text;
    bool any; /* a record that clearing or settlement is about */
    int (*finding)(void *context, const struct lm_finding *finding, struct lm_error *error);
    void *context;
    bool clean;
};

/* One record of a batch. */
struct checked {
    struct lm_audit *audit;
    const struct audit_line *line;
    struct lm_record record;
    bool good;
    const char *signer; /* who signed a record that she may not sign; borrowed from the registry */
    struct lm_error why;
};

struct lm_audit *lm_audit_new(const struct lm_root *root, int64_t now_s, struct lm_error *error) {
    struct lm_books_options books_options = {0};
    /* Adjustments that are missing are of some month; which does not matter. */
    struct lm_settle_options settle_options = {.month = {1970, 1}, .unbalanced = true};
    struct lm_audit *audit = calloc(1, sizeof *audit);
    if (!audit) {
        lm_fail_memory(error);
        return NULL;
    }
    audit->now_s = now_s;
    audit->clean = true;
    audit->registry = lm_registry_new(root, error);
    audit->books = audit->registry ? lm_books_new(&books_options, error) : NULL;
    audit->settle = audit->books ? lm_settle_new(&settle_options, error) : NULL;
    audit->comparison = audit->settle ? lm_comparison_new() : NULL;
    if (audit->comparison)
        return audit;
    if (audit->settle)
        lm_fail_memory(error);
    lm_audit_free(audit);
    return NULL;
}

void lm_audit_free(struct lm_audit *audit) {
    if (!audit)
        return;
    lm_registry_free(audit->registry);
    lm_books_free(audit->books);
    lm_settle_free(audit->settle);
    lm_comparison_free(audit->comparison);
    lm_buffer_free(&audit->texts);
    lm_buffer_free(&audit->settled);
    lm_buffer_free(&audit->adjusted);
    lm_buffer_free(&audit->issued);
    lm_buffer_free(&audit->clean_text);
    lm_buffer_free(&audit->name);
    lm_buffer_free(&audit->payload);
    free(audit->lines);
    free(audit);
}

static int keep(struct lm_audit *audit, struct audit_line line, const char *text, size_t size,
                struct lm_error *error) {
    if (audit->line_count == audit->line_room) {
        size_t room = audit->line_room ? 2 * audit->line_room : 1024;
        struct audit_line *lines = realloc(audit->lines, room * sizeof *lines);
        if (!lines)
            return lm_fail_memory(error);
        audit->lines = lines;
        audit->line_room = room;
    }
    line.start = audit->texts.size;
    line.size = size;
    lm_buffer_bytes(&audit->texts, text, size);
    if (!lm_buffer_ok(&audit->texts))
        return lm_fail_memory(error);
    audit->lines[audit->line_count++] = line;
    return 0;
}

/* Whether clearing or settlement is about such records. */
static bool is_judged(enum lm_type type) {
    return type == LM_TYPE_ORDER || type == LM_TYPE_CLEARING || type == LM_TYPE_TRADE ||
           type == LM_TYPE_READING || type == LM_TYPE_SETTLEMENT || type == LM_TYPE_ADJUSTMENT ||
           type == LM_TYPE_TRANSFER;
}

int lm_audit_add(struct lm_audit *audit, const struct lm_record *record, const char *source,
                 uint64_t line, const char *text, size_t size, struct lm_error *error) {
    struct audit_line kept = {.source = source,
                              .n = record->wrapped ? record->entry_n : (int64_t)line,
                              .type = record->type};
    audit->any = audit->any || is_judged(record->type);
    if (lm_registry_add(audit->registry, record, source, line, error) < 0)
        return -1;
    return keep(audit, kept, text, size, error);
}

int lm_audit_add_bad(struct lm_audit *audit, const char *source, uint64_t line,
                     const struct lm_error *why, struct lm_error *error) {
    struct audit_line kept = {
        .source = source, .n = (int64_t)line, .bad = true, .reason = why->reason};
    return keep(audit, kept, why->detail, strlen(why->detail), error);
}

/* ---- findings ---- */

/* TEXT as it can stand in a record, until the next call. NULL without memory. */
static const char *clean(struct lm_audit *audit, const char *text) {
    lm_buffer_reset(&audit->clean_text);
    lm_text_clean(text, strlen(text), &audit->clean_text);
    lm_buffer_byte(&audit->clean_text, '\0');
    return lm_buffer_ok(&audit->clean_text) ? audit->clean_text.data : NULL;
}

/* Adds where a record stands to ENTRIES. */
static int point_at(struct lm_audit *audit, const struct audit_line *line, json_t *entries,
                    struct lm_error *error) {
    json_t *json = json_object();
    /* Each steals its value, even where it fails. */
    int failed = json_object_set_new(json, "n", json_integer(line->n));
    if (line->source)
        failed |= json_object_set_new(json, "log", json_string(clean(audit, line->source)));
    failed |= json_array_append_new(entries, json);
    return failed ? lm_fail_memory(error) : 0;
}

/* TEXT may hold anything that a record, or a line that is none, held. */
static int tell(struct lm_audit *audit, const char *code, const char *party, const char *text,
                json_t *entries, struct lm_error *error) {
    struct lm_finding finding = {
        .code = code, .entries = entries, .party = party, .text = clean(audit, text)};
    if (!finding.text)
        return lm_fail_memory(error);
    audit->clean = false;
    return audit->finding(audit->context, &finding, error);
}

/* A finding about the record of one line; LINE may be NULL. */
static int tell_line(struct lm_audit *audit, const struct audit_line *line, enum lm_reason reason,
                     const char *party, const char *text, struct lm_error *error) {
    json_t *entries = json_array();
    int result = !entries ? lm_fail_memory(error)
                 : line   ? point_at(audit, line, entries, error)
                          : 0;
    if (result == 0)
        result = tell(audit, lm_reason_word(reason), party, text, entries, error);
    json_decref(entries);
    return result;
}

/* ---- one record after the other ---- */

/* What an audit says need not be signed: that of an earlier one may lie among the records. */
static bool is_loose(const struct lm_record *record) {
    return !record->signature.signature &&
           (record->type == LM_TYPE_FINDING || record->type == LM_TYPE_VERDICT ||
            record->type == LM_TYPE_EXHIBIT);
}

static void check(void *context, size_t i) {
    struct checked *checked = (struct checked *)context + i;
    struct lm_audit *audit = checked->audit;
    const struct audit_line *line = checked->line;
    if (line->bad || lm_record_parse(audit->texts.data + line->start, line->size, &checked->record,
                                     &checked->why) < 0)
        return;
    const struct lm_record *record = &checked->record;
    if (!lm_type_signable(record->type) || is_loose(record)) {
        checked->good = true;
        return;
    }
    int64_t at_s = record->wrapped ? record->entry_at_s : audit->now_s;
    checked->good =
        lm_registry_check(audit->registry, record, at_s, &checked->signer, &checked->why) == 0;
    /* What is said of somebody whom nobody knows is told by the settlement, which then says nothing
     * against those who settled. */
    if (checked->signer && checked->why.reason == LM_NO_IDENTITY)
        checked->good = true;
}

static int append(struct lm_buffer *list, const void *item, size_t size, struct lm_error *error) {
    lm_buffer_bytes(list, item, size);
    return lm_buffer_ok(list) ? 0 : lm_fail_memory(error);
}

static int note_settled(struct lm_audit *audit, struct lm_period period, struct lm_error *error) {
    return append(&audit->settled, &period, sizeof period, error);
}

static int note_issued(struct lm_audit *audit, const struct lm_record *record, size_t origin,
                       struct lm_error *error) {
    lm_issued_name(record->type, &record->as, &audit->name);
    lm_buffer_reset(&audit->payload);
    lm_record_payload(record, &audit->payload);
    if (!lm_buffer_ok(&audit->name) || !lm_buffer_ok(&audit->payload))
        return lm_fail_memory(error);
    return lm_comparison_issued(audit->comparison, record->type, audit->name.data,
                                lm_issuer(record->type, &record->as), audit->payload.data,
                                audit->payload.size, origin, error);
}

/* What is to be done with them shows once all are known. */
static int note_settlement(struct lm_audit *audit, const struct lm_record *record, size_t line,
                           struct lm_error *error) {
    struct lm_period period = record->type == LM_TYPE_TRANSFER ? record->as.transfer.period
                                                               : record->as.settlement.period;
    struct issued issued = {period, line};
    if (record->type == LM_TYPE_ADJUSTMENT &&
        append(&audit->adjusted, &period, sizeof period, error) < 0)
        return -1;
    if (note_settled(audit, period, error) < 0)
        return -1;
    return append(&audit->issued, &issued, sizeof issued, error);
}

static int want_clearing(struct lm_audit *audit, const struct lm_clearing *clearing,
                         struct lm_error *error) {
    struct lm_price_rule rule;
    if (!lm_price_rule_parse(clearing->price_rule, strlen(clearing->price_rule), &rule))
        return lm_fail(error, LM_DEFECT, "a clearing's price rule does not parse");
    return lm_books_want(audit->books, clearing->market, clearing->period, &rule, error);
}

/* What a record that is signed as it should be tells the later steps. */
static int use(struct lm_audit *audit, const struct checked *checked, struct lm_error *error) {
    const struct lm_record *record = &checked->record;
    size_t line = (size_t)(checked->line - audit->lines);
    int result = 0;
    switch (record->type) {
    case LM_TYPE_CLEARING:
        result = want_clearing(audit, &record->as.clearing, error);
        if (result == 0)
            result = note_issued(audit, record, line, error);
        break;
    case LM_TYPE_TRADE:
        result = note_issued(audit, record, line, error);
        break;
    case LM_TYPE_SETTLEMENT:
    case LM_TYPE_ADJUSTMENT:
    case LM_TYPE_TRANSFER:
        return note_settlement(audit, record, line, error);
    case LM_TYPE_READING:
        result = note_settled(audit, record->as.reading.period, error);
        break;
    default:
        break;
    }
    /* They get the place among the lines, from 1, as line number, which comes back with what they
     * refuse. */
    struct lm_place place = {"", line + 1};
    struct lm_error why;
    if (result < 0 || lm_books_add(audit->books, record, &place, "", 0, error) < 0)
        return -1;
    if (lm_settle_add(audit->settle, record, "", line + 1, &why) == 0)
        return 0;
    if (lm_reason_exit(why.reason) == LM_EXIT_REJECT)
        return tell_line(audit, checked->line, why.reason, NULL, why.detail, error);
    *error = why;
    return -1;
}

static int judge_line(struct lm_audit *audit, const struct checked *checked,
                      struct lm_error *error) {
    const struct audit_line *line = checked->line;
    char detail[sizeof checked->why.detail];
    if (line->bad) {
        (void)snprintf(detail, sizeof detail, "%.*s", (int)line->size,
                       audit->texts.data + line->start);
        return tell_line(audit, line, line->reason, NULL, detail, error);
    }
    if (checked->good)
        return use(audit, checked, error);
    if (lm_reason_exit(checked->why.reason) != LM_EXIT_REJECT) {
        *error = checked->why;
        return -1;
    }
    return tell_line(audit, line, checked->why.reason, checked->signer, checked->why.detail, error);
}

static int check_lines(struct lm_audit *audit, struct lm_pool *pool, struct lm_error *error) {
    struct checked *batch = calloc(BATCH_MAX, sizeof *batch);
    int result = batch ? 0 : lm_fail_memory(error);
    for (size_t first = 0; result == 0 && first < audit->line_count; first += BATCH_MAX) {
        size_t rest = audit->line_count - first;
        size_t count = rest < BATCH_MAX ? rest : BATCH_MAX;
        for (size_t i = 0; i < count; i++)
            batch[i] = (struct checked){.audit = audit, .line = &audit->lines[first + i]};
        lm_pool_run(pool, count, check, batch);
        for (size_t i = 0; i < count; i++) {
            if (result == 0)
                result = judge_line(audit, &batch[i], error);
            lm_record_free(&batch[i].record);
        }
    }
    free(batch);
    return result;
}

/* ---- what should have been issued ---- */

static int expect(struct lm_audit *audit, enum lm_type type, const union lm_body *body,
                  bool optional, struct lm_error *error) {
    lm_issued_name(type, body, &audit->name);
    lm_buffer_reset(&audit->payload);
    lm_record_write(type, body, &audit->payload);
    if (!lm_buffer_ok(&audit->name) || !lm_buffer_ok(&audit->payload))
        return lm_fail_memory(error);
    return lm_comparison_expected(audit->comparison, type, audit->name.data, lm_issuer(type, body),
                                  audit->payload.data, audit->payload.size, optional, error);
}

static int expect_clearing(void *context, const struct lm_clearing *clearing,
                           struct lm_error *error) {
    union lm_body body = {.clearing = *clearing};
    return expect(context, LM_TYPE_CLEARING, &body, false, error);
}

static int expect_trade(void *context, const struct lm_trade *trade, struct lm_error *error) {
    union lm_body body = {.trade = *trade};
    return expect(context, LM_TYPE_TRADE, &body, trade->energy_wh == 0, error);
}

static int compare_periods(const void *a, const void *b) {
    return lm_period_compare(*(const struct lm_period *)a, *(const struct lm_period *)b);
}

static void sort_periods(struct lm_buffer *periods) {
    if (periods->size > 0)
        qsort(periods->data, periods->size / sizeof(struct lm_period), sizeof(struct lm_period),
              compare_periods);
}

static bool is_among(const struct lm_buffer *periods, struct lm_period period) {
    size_t count = periods->size / sizeof period;
    return count > 0 &&
           bsearch(&period, periods->data, count, sizeof period, compare_periods) != NULL;
}

/* Where there are only trades, nobody has settled yet, and nobody says that somebody should. */
static bool is_settled(void *context, struct lm_period period) {
    const struct lm_audit *audit = context;
    return is_among(&audit->settled, period);
}

/* Settlements are compared one by one, but for periods that were adjusted: there they and the
 * adjustments have to add up. Transfers are never adjusted. */
static bool adds_up(const struct lm_audit *audit, const struct issued *issued) {
    return audit->lines[issued->line].type != LM_TYPE_TRANSFER &&
           is_among(&audit->adjusted, issued->period);
}

static int add_issued(struct lm_audit *audit, const struct lm_record *record,
                      const struct issued *issued, struct lm_error *error) {
    struct lm_error why;
    if (lm_settle_add_issued(audit->settle, record, "", issued->line + 1, &why) == 0)
        return 0;
    if (lm_reason_exit(why.reason) == LM_EXIT_REJECT)
        return tell_line(audit, &audit->lines[issued->line], why.reason, NULL, why.detail, error);
    *error = why;
    return -1;
}

/* Hands on what was issued: before the settlement is made again what has to add up, afterwards what
 * is compared. Where nothing of a period can be settled, that has been told, and says nothing about
 * who settled it all the same. */
static int hand_on_issued(struct lm_audit *audit, bool settled, struct lm_error *error) {
    for (size_t at = 0; at < audit->issued.size; at += sizeof(struct issued)) {
        struct issued issued;
        struct lm_record record;
        memcpy(&issued, audit->issued.data + at, sizeof issued);
        const struct audit_line *line = &audit->lines[issued.line];
        if (adds_up(audit, &issued) == settled ||
            (settled && lm_settle_refused(audit->settle, issued.period)))
            continue;
        /* It parsed before. */
        if (lm_record_parse(audit->texts.data + line->start, line->size, &record, error) < 0)
            return -1;
        int result = settled ? note_issued(audit, &record, issued.line, error)
                             : add_issued(audit, &record, &issued, error);
        lm_record_free(&record);
        if (result < 0)
            return -1;
    }
    return 0;
}

static int expect_settlement(void *context, enum lm_type type,
                             const struct lm_settlement *settlement, struct lm_error *error) {
    union lm_body body = {.settlement = *settlement};
    return expect(context, type, &body, false, error);
}

static int expect_transfer(void *context, const struct lm_transfer *transfer,
                           struct lm_error *error) {
    union lm_body body = {.transfer = *transfer};
    return expect(context, LM_TYPE_TRANSFER, &body, false, error);
}

/* An order that the market has to refuse is no finding; the auction is held without it. Rules that
 * contradict each other are, as nothing can be cleared by them. */
static int on_order_reject(void *context, const struct lm_place *place, const char *text,
                           size_t size, const struct lm_error *why, struct lm_error *error) {
    struct lm_audit *audit = context;
    struct audit_line *line = &audit->lines[place->line - 1];
    (void)text;
    (void)size;
    if (line->type != LM_TYPE_MARKET_RULES)
        return 0;
    line->contradicted = true;
    return tell_line(audit, line, why->reason, NULL, why->detail, error);
}

static int on_settle_reject(void *context, const char *source, uint64_t number,
                            const struct lm_error *why, struct lm_error *error) {
    struct lm_audit *audit = context;
    const struct audit_line *line = number > 0 ? &audit->lines[number - 1] : NULL;
    (void)source;
    /* The auction has told it already. */
    if (line && line->contradicted)
        return 0;
    return tell_line(audit, line, why->reason, NULL, why->detail, error);
}

static int recompute(struct lm_audit *audit, struct lm_error *error) {
    const struct lm_books_visitor books_visitor = {
        .clearing = expect_clearing, .trade = expect_trade, .context = audit};
    const struct lm_settle_visitor settle_visitor = {.settlement = expect_settlement,
                                                     .transfer = expect_transfer,
                                                     .reject = on_settle_reject,
                                                     .context = audit};
    if (lm_books_judge(audit->books, on_order_reject, audit, error) < 0 ||
        lm_books_clear(audit->books, &books_visitor, error) < 0)
        return -1;
    sort_periods(&audit->settled);
    sort_periods(&audit->adjusted);
    lm_settle_only(audit->settle, is_settled, audit);
    if (hand_on_issued(audit, false, error) < 0 ||
        lm_settle_run(audit->settle, &settle_visitor, error) < 0)
        return -1;
    return hand_on_issued(audit, true, error);
}

static int on_discrepancy(void *context, const struct lm_discrepancy *discrepancy,
                          struct lm_error *error) {
    static const struct {
        const char *suffix;
        const char *says;
    } words[] = {
        [LM_DIFFERENCE_DIFFERS] = {"differs", "is not what it should be"},
        [LM_DIFFERENCE_MISSING] = {"missing", "was not issued"},
        [LM_DIFFERENCE_UNFOUNDED] = {"unfounded", "was issued and nothing calls for it"},
        [LM_DIFFERENCE_REPEATED] = {"repeated", "was issued twice with different content"},
    };
    struct lm_audit *audit = context;
    const char *type = lm_schema_of(discrepancy->type)->name;
    char code[64];
    char text[512];
    (void)snprintf(code, sizeof code, "%s_%s", type, words[discrepancy->difference].suffix);
    (void)snprintf(text, sizeof text, "%s %s %s", type, discrepancy->name,
                   words[discrepancy->difference].says);
    json_t *entries = json_array();
    int result = entries ? 0 : lm_fail_memory(error);
    for (size_t i = 0; result == 0 && i < discrepancy->origin_count; i++)
        result = point_at(audit, &audit->lines[discrepancy->origins[i]], entries, error);
    if (result == 0)
        result = tell(audit, code, discrepancy->party, text, entries, error);
    json_decref(entries);
    return result;
}

int lm_audit_finish(struct lm_audit *audit, struct lm_pool *pool,
                    int (*finding)(void *context, const struct lm_finding *finding,
                                   struct lm_error *error),
                    void *context, bool *clean, struct lm_error *error) {
    audit->finding = finding;
    audit->context = context;
    /* Of a pipe that broke it would be said otherwise that all is well. */
    if (!audit->any && tell_line(audit, NULL, LM_MISSING_RECORD, NULL,
                                 "nothing of a market is here to be checked: no order, clearing, "
                                 "trade, reading, settlement or transfer",
                                 error) < 0)
        return -1;
    /* Who is refused by the registry shows among the lines' own findings. */
    if (lm_registry_seal(audit->registry, pool, NULL, NULL, error) < 0 ||
        check_lines(audit, pool, error) < 0 || recompute(audit, error) < 0 ||
        lm_comparison_finish(audit->comparison, on_discrepancy, audit, error) < 0)
        return -1;
    *clean = audit->clean;
    return 0;
}
