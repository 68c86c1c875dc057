#include "lib/evidence/terms_history.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/evidence/terms_history_state.h"

void lm_terms_history_start(struct lm_terms_history *history) {
    *history = (struct lm_terms_history){0};
    lm_names_start(&history->names);
}

void lm_terms_history_free(struct lm_terms_history *history) {
    lm_names_free(&history->names);
    lm_buffer_free(&history->scratch);
    free(history->auctions);
    free(history->rows);
}

static void write_tariff(const char *supplier, const char *id, struct lm_buffer *name) {
    lm_buffer_format(name, "tariff %s%sof %s", id ? id : "", id ? " " : "", supplier);
}

static void write_rules(const char *market, struct lm_buffer *name) {
    lm_buffer_format(name, "rules of market %s", market);
}

/* What tells the terms from others, for people; false for other types. */
static bool write_name(const struct lm_record *record, struct lm_buffer *name,
                       struct lm_validity *valid) {
    const union lm_body *as = &record->as;
    lm_buffer_reset(name);
    switch (record->type) {
    case LM_TYPE_TARIFF:
        *valid = as->tariff.valid;
        write_tariff(as->tariff.supplier, as->tariff.id, name);
        return true;
    case LM_TYPE_CONTRACT:
        *valid = as->contract.valid;
        lm_buffer_format(name, "contract of %s", as->contract.user);
        return true;
    case LM_TYPE_NETWORK_FEE:
        *valid = as->network_fee.valid;
        lm_buffer_format(name, "network fee of %s in %s", as->network_fee.by,
                         as->network_fee.region);
        return true;
    case LM_TYPE_MARKET_RULES:
        *valid = as->market_rules.valid;
        write_rules(as->market_rules.market, name);
        return true;
    default:
        return false;
    }
}

/* Who has no contract has the tariff of her supplier that has no id. */
static int name_instead(struct lm_terms_history *history, const struct lm_record *record,
                        struct lm_terms_row *row, struct lm_error *error) {
    const char *user = record->as.contract.user;
    if (record->type != LM_TYPE_CONTRACT)
        return 0;
    lm_buffer_reset(&history->scratch);
    write_tariff(record->as.contract.supplier, NULL, &history->scratch);
    if (!lm_buffer_ok(&history->scratch))
        return lm_fail_memory(error);
    if (lm_names_add(&history->names, user, strlen(user), &row->user, error) < 0)
        return -1;
    return lm_names_add(&history->names, history->scratch.data, history->scratch.size,
                        &row->instead, error);
}

/* Members that are free to be added, and zeros behind a decimal, change no terms. */
static int digest_meaning(struct lm_terms_history *history, const struct lm_record *record,
                          uint8_t meaning[32], struct lm_error *error) {
    lm_buffer_reset(&history->scratch);
    lm_record_write(record->type, &record->as, &history->scratch);
    if (!lm_buffer_ok(&history->scratch))
        return lm_fail_memory(error);
    (void)crypto_hash_sha256(meaning, (const uint8_t *)history->scratch.data,
                             history->scratch.size);
    return 0;
}

int lm_terms_history_add(struct lm_terms_history *history, const struct lm_record *record,
                         const char *party, const char *keeper, const struct lm_place *place,
                         struct lm_error *error) {
    struct lm_terms_row row = {.place = *place,
                               .logged_s = record->wrapped ? record->entry_at_s : LM_ABSENT,
                               .instead = LM_TERMS_NOBODY,
                               .user = LM_TERMS_NOBODY,
                               .party = LM_TERMS_NOBODY,
                               .own_log = party && keeper && strcmp(party, keeper) == 0};
    if (!write_name(record, &history->scratch, &row.valid))
        return 0;
    if (!lm_buffer_ok(&history->scratch))
        return lm_fail_memory(error);
    if (lm_names_add(&history->names, history->scratch.data, history->scratch.size, &row.name,
                     error) < 0 ||
        name_instead(history, record, &row, error) < 0 ||
        (party && lm_names_add(&history->names, party, strlen(party), &row.party, error) < 0))
        return -1;
    if (digest_meaning(history, record, row.meaning, error) < 0)
        return -1;
    struct lm_terms_row *rows =
        lm_array_room(history->rows, &history->room, history->count, sizeof *rows, error);
    if (!rows)
        return -1;
    history->rows = rows;
    rows[history->count++] = row;
    history->sorted = false;
    return 0;
}

int lm_terms_history_stray(struct lm_terms_history *history, const struct lm_record *record,
                           const char *party, const struct lm_place *place,
                           struct lm_error *error) {
    size_t count = history->count;
    if (lm_terms_history_add(history, record, party, NULL, place, error) < 0)
        return -1;
    if (history->count > count) {
        history->rows[count].stray = true;
        history->rows[count].logged_s = LM_ABSENT;
    }
    return 0;
}

int lm_terms_history_auction(struct lm_terms_history *history, const struct lm_clearing *clearing,
                             int64_t logged_s, const struct lm_place *place,
                             struct lm_error *error) {
    struct lm_terms_auction auction = {
        .place = *place, .start_s = clearing->period.start_s, .logged_s = logged_s};
    struct lm_terms_auction *auctions = lm_array_room(
        history->auctions, &history->auction_room, history->auction_count, sizeof *auctions, error);
    if (!auctions)
        return -1;
    history->auctions = auctions;
    lm_buffer_reset(&history->scratch);
    write_rules(clearing->market, &history->scratch);
    if (!lm_buffer_ok(&history->scratch))
        return lm_fail_memory(error);
    if (lm_names_add(&history->names, history->scratch.data, history->scratch.size, &auction.name,
                     error) < 0)
        return -1;
    auctions[history->auction_count++] = auction;
    return 0;
}

int lm_terms_compare_places(const struct lm_place *a, const struct lm_place *b) {
    int sources = strcmp(a->source, b->source);
    return sources ? sources : (a->line > b->line) - (a->line < b->line);
}

static int by_place(const void *a, const void *b) {
    const struct lm_terms_row *x = a;
    const struct lm_terms_row *y = b;
    return lm_terms_compare_places(&x->place, &y->place);
}

bool lm_terms_history_tell(struct lm_terms_history *history, const struct lm_place *place,
                           const char **party) {
    struct lm_terms_row key = {.place = *place};
    *party = NULL;
    if (history->count == 0 || !place->source)
        return true;
    if (!history->sorted)
        qsort(history->rows, history->count, sizeof *history->rows, by_place);
    history->sorted = true;
    struct lm_terms_row *row =
        bsearch(&key, history->rows, history->count, sizeof *history->rows, by_place);
    if (!row)
        return true;
    bool first = !row->told;
    row->told = true;
    if (row->party != LM_TERMS_NOBODY)
        *party = lm_names_text(&history->names, row->party);
    return first;
}
