#include "lib/evidence/audit.h"

#include <stdlib.h>
#include <string.h>

#include "lib/evidence/comparison.h"
#include "lib/evidence/names.h"
#include "lib/market/books.h"
#include "lib/registry/authority.h"
#include "lib/settle/settle.h"

/* Records are parsed, and their signatures checked, so many at a time. */
#define BATCH_MAX 1024

struct audit_line {
    const char *source;
    uint64_t number;
    size_t start; /* in texts */
    size_t size;
    bool bad; /* refused before it could be parsed; the text is why */
    enum lm_reason reason;
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
    struct lm_buffer settled; /* the struct lm_period of readings, settlements and transfers */
    struct lm_buffer name;
    struct lm_buffer payload;
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
    bool parsed;
    const char *signer; /* who signed a record that she may not sign; borrowed from the registry */
    struct lm_error why;
};

struct lm_audit *lm_audit_new(const struct lm_root *root, int64_t now_s, struct lm_error *error) {
    struct lm_books_options books_options = {0};
    struct lm_settle_options settle_options = {0};
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

int lm_audit_add(struct lm_audit *audit, const struct lm_record *record, const char *source,
                 uint64_t line, const char *text, size_t size, struct lm_error *error) {
    struct audit_line kept = {.source = source, .number = line};
    if (lm_registry_add(audit->registry, record, source, line, error) < 0)
        return -1;
    return keep(audit, kept, text, size, error);
}

int lm_audit_add_bad(struct lm_audit *audit, const char *source, uint64_t line,
                     const struct lm_error *why, struct lm_error *error) {
    struct audit_line kept = {.source = source, .number = line, .bad = true, .reason = why->reason};
    return keep(audit, kept, why->detail, strlen(why->detail), error);
}

/* ---- findings ---- */

/* Where a record stands, as findings point at it. */
static json_t *reference(const struct audit_line *line, const struct lm_record *record) {
    json_t *json = json_object();
    int64_t n = record && record->wrapped ? record->entry_n : (int64_t)line->number;
    /* Each steals its value, even where it fails. */
    int failed = json_object_set_new(json, "n", json_integer(n));
    if (line->source)
        failed |= json_object_set_new(json, "log", json_string(line->source));
    if (failed == 0)
        return json;
    json_decref(json);
    return NULL;
}

static int tell(struct lm_audit *audit, const char *code, const char *party, const char *text,
                json_t *entries, struct lm_error *error) {
    struct lm_finding finding = {.code = code, .entries = entries, .party = party, .text = text};
    audit->clean = false;
    return audit->finding(audit->context, &finding, error);
}

/* A finding about the record of one line: TEXT may hold anything that the record held. */
static int tell_line(struct lm_audit *audit, const struct audit_line *line,
                     const struct lm_record *record, enum lm_reason reason, const char *party,
                     const char *text, struct lm_error *error) {
    json_t *entries = json_array();
    int result;
    if (json_array_append_new(entries, reference(line, record)) < 0)
        result = lm_fail_memory(error);
    else
        result = tell(audit, lm_reason_word(reason), party, text, entries, error);
    json_decref(entries);
    return result;
}

/* ---- one record after the other ---- */

static void check(void *context, size_t i) {
    struct checked *checked = (struct checked *)context + i;
    struct lm_audit *audit = checked->audit;
    const struct audit_line *line = checked->line;
    if (line->bad || lm_record_parse(audit->texts.data + line->start, line->size, &checked->record,
                                     &checked->why) < 0)
        return;
    checked->parsed = true;
    const struct lm_record *record = &checked->record;
    if (!lm_type_signable(record->type)) {
        checked->good = true;
        return;
    }
    int64_t at_s = record->wrapped ? record->entry_at_s : audit->now_s;
    checked->good =
        lm_registry_check(audit->registry, record, at_s, &checked->signer, &checked->why) == 0;
}

static int note_settled(struct lm_audit *audit, struct lm_period period, struct lm_error *error) {
    lm_buffer_bytes(&audit->settled, (const char *)&period, sizeof period);
    return lm_buffer_ok(&audit->settled) ? 0 : lm_fail_memory(error);
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

/* What a record that is signed as it should be tells the later steps. */
static int use(struct lm_audit *audit, const struct checked *checked, struct lm_error *error) {
    const struct lm_record *record = &checked->record;
    const struct audit_line *line = checked->line;
    const char *source = line->source ? line->source : "";
    struct lm_place place = {source, line->number};
    size_t origin = (size_t)(line - audit->lines);
    struct lm_price_rule rule;
    switch (record->type) {
    case LM_TYPE_CLEARING:
        if (!lm_price_rule_parse(record->as.clearing.price_rule,
                                 strlen(record->as.clearing.price_rule), &rule))
            return lm_fail(error, LM_DEFECT, "a clearing's price rule does not parse");
        if (lm_books_want(audit->books, record->as.clearing.market, record->as.clearing.period,
                          &rule, error) < 0 ||
            note_issued(audit, record, origin, error) < 0)
            return -1;
        break;
    case LM_TYPE_TRADE:
        if (note_issued(audit, record, origin, error) < 0)
            return -1;
        break;
    case LM_TYPE_SETTLEMENT:
        return note_settled(audit, record->as.settlement.period, error) < 0
                   ? -1
                   : note_issued(audit, record, origin, error);
    case LM_TYPE_TRANSFER:
        return note_settled(audit, record->as.transfer.period, error) < 0
                   ? -1
                   : note_issued(audit, record, origin, error);
    case LM_TYPE_READING:
        if (note_settled(audit, record->as.reading.period, error) < 0)
            return -1;
        break;
    default:
        break;
    }
    struct lm_error why;
    if (lm_books_add(audit->books, record, &place, "", 0, error) < 0)
        return -1;
    if (lm_settle_add(audit->settle, record, source, line->number, &why) < 0)
        return lm_reason_exit(why.reason) != LM_EXIT_REJECT
                   ? (*error = why, -1)
                   : tell_line(audit, line, record, why.reason, NULL, why.detail, error);
    return 0;
}

static int judge_line(struct lm_audit *audit, const struct checked *checked,
                      struct lm_error *error) {
    const struct audit_line *line = checked->line;
    char detail[sizeof checked->why.detail];
    if (line->bad) {
        (void)snprintf(detail, sizeof detail, "%.*s", (int)line->size,
                       audit->texts.data + line->start);
        return tell_line(audit, line, NULL, line->reason, NULL, detail, error);
    }
    if (checked->good)
        return use(audit, checked, error);
    if (lm_reason_exit(checked->why.reason) != LM_EXIT_REJECT) {
        *error = checked->why;
        return -1;
    }
    return tell_line(audit, line, &checked->record, checked->why.reason, checked->signer,
                     checked->why.detail, error);
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

static bool is_settled(const struct lm_audit *audit, struct lm_period period) {
    size_t count = audit->settled.size / sizeof period;
    return count > 0 &&
           bsearch(&period, audit->settled.data, count, sizeof period, compare_periods) != NULL;
}

static int expect_settlement(void *context, enum lm_type type,
                             const struct lm_settlement *settlement, struct lm_error *error) {
    union lm_body body = {.settlement = *settlement};
    struct lm_audit *audit = context;
    return is_settled(audit, settlement->period) ? expect(audit, type, &body, false, error) : 0;
}

static int expect_transfer(void *context, const struct lm_transfer *transfer,
                           struct lm_error *error) {
    union lm_body body = {.transfer = *transfer};
    struct lm_audit *audit = context;
    return is_settled(audit, transfer->period)
               ? expect(audit, LM_TYPE_TRANSFER, &body, false, error)
               : 0;
}

/* An order that the market has to refuse is no finding; the auction is held without it. Rules that
 * contradict each other are, as nothing can be cleared by them. */
static int on_order_reject(void *context, const struct lm_place *place, const char *text,
                           size_t size, const struct lm_error *why, struct lm_error *error) {
    (void)text;
    (void)size;
    struct audit_line line = {.source = place->source[0] ? place->source : NULL,
                              .number = place->line};
    if (why->reason != LM_AMBIGUOUS)
        return 0;
    return tell_line(context, &line, NULL, why->reason, NULL, why->detail, error);
}

static int on_settle_reject(void *context, const char *source, uint64_t number,
                            const struct lm_error *why, struct lm_error *error) {
    struct audit_line line = {.source = source[0] ? source : NULL, .number = number};
    struct lm_audit *audit = context;
    /* Without a reading or a settlement anywhere, nobody has settled yet. */
    if (audit->settled.size == 0)
        return 0;
    return tell_line(audit, &line, NULL, why->reason, NULL, why->detail, error);
}

static int recompute(struct lm_audit *audit, struct lm_error *error) {
    const struct lm_books_visitor books_visitor = {
        .clearing = expect_clearing, .trade = expect_trade, .context = audit};
    const struct lm_settle_visitor settle_visitor = {.settlement = expect_settlement,
                                                     .transfer = expect_transfer,
                                                     .reject = on_settle_reject,
                                                     .context = audit};
    if (audit->settled.size > 0)
        qsort(audit->settled.data, audit->settled.size / sizeof(struct lm_period),
              sizeof(struct lm_period), compare_periods);
    if (lm_books_judge(audit->books, on_order_reject, audit, error) < 0 ||
        lm_books_clear(audit->books, &books_visitor, error) < 0)
        return -1;
    return lm_settle_run(audit->settle, &settle_visitor, error);
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
    for (size_t i = 0; result == 0 && i < discrepancy->origin_count; i++) {
        const struct audit_line *line = &audit->lines[discrepancy->origins[i]];
        struct lm_record record;
        /* It parsed before; again, for the entry's number. */
        if (lm_record_parse(audit->texts.data + line->start, line->size, &record, error) < 0) {
            result = -1;
        } else {
            if (json_array_append_new(entries, reference(line, &record)) < 0)
                result = lm_fail_memory(error);
            lm_record_free(&record);
        }
    }
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
    /* Who is refused by the registry shows among the lines' own findings. */
    if (lm_registry_seal(audit->registry, pool, NULL, NULL, error) < 0 ||
        check_lines(audit, pool, error) < 0 || recompute(audit, error) < 0 ||
        lm_comparison_finish(audit->comparison, on_discrepancy, audit, error) < 0)
        return -1;
    *clean = audit->clean;
    return 0;
}
