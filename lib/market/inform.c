#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/crypto/merkle.h"
#include "lib/market/inform_rows.h"
#include "lib/record/canonical.h"
#include "lib/record/latest.h"

struct lm_inform *lm_inform_new(enum lm_stage stage, int by, struct lm_error *error) {
    struct lm_inform *inform = calloc(1, sizeof *inform);
    struct lm_books_options options = {0};
    if (!inform) {
        lm_fail_memory(error);
        return NULL;
    }
    *inform = (struct lm_inform){.stage = stage, .by = by};
    lm_names_start(&inform->names);
    lm_names_start(&inform->auction_names);
    inform->books = lm_books_new(&options, error);
    if (!inform->books) {
        lm_inform_free(inform);
        return NULL;
    }
    return inform;
}

void lm_inform_free(struct lm_inform *inform) {
    if (!inform)
        return;
    for (size_t i = 0; i < inform->rule_count; i++) {
        free(inform->rules[i].market);
        json_decref(inform->rules[i].regions);
    }
    lm_books_free(inform->books);
    lm_names_free(&inform->names);
    lm_names_free(&inform->auction_names);
    lm_buffer_free(&inform->texts);
    lm_buffer_free(&inform->scratch);
    lm_buffer_free(&inform->told_texts);
    free(inform->ranks);
    free(inform->auctions);
    free(inform->results);
    free(inform->parts);
    free(inform->flows);
    free(inform->accounts);
    free(inform->rules);
    free(inform->told);
    free(inform);
}

int lm_inform_room(void *array, size_t *room, size_t count, size_t size, struct lm_error *error) {
    /* ARRAY is a pointer to a pointer of another type; memcpy keeps that within the rules. */
    void *items;
    memcpy(&items, array, sizeof items);
    items = lm_array_room(items, room, count, size, error);
    if (!items)
        return -1;
    memcpy(array, &items, sizeof items);
    return 0;
}

int lm_inform_name(struct lm_inform *inform, const char *text, uint32_t *name,
                   struct lm_error *error) {
    return lm_names_add(&inform->names, text, strlen(text), name, error);
}

int lm_inform_content(struct lm_inform *inform, const struct lm_record *record, bool to,
                      uint8_t content[LM_HASH_SIZE], struct lm_error *error) {
    static const char *const sig[] = {"sig", NULL};
    static const char *const sig_and_to[] = {"sig", "to", NULL};
    lm_buffer_reset(&inform->scratch);
    lm_canonical(record->json, to ? sig : sig_and_to, &inform->scratch);
    if (!lm_buffer_ok(&inform->scratch))
        return lm_fail_memory(error);
    lm_merkle_leaf(inform->scratch.data, inform->scratch.size, content);
    return 0;
}

int lm_inform_add(struct lm_inform *inform, const struct lm_record *record,
                  const struct lm_place *place, const char *text, size_t size,
                  struct lm_error *error) {
    if (inform->stage == LM_STAGE_CLEARING)
        return lm_inform_add_auction(inform, record, place, text, size, error);
    if (record->type == LM_TYPE_MARKET_RULES)
        return lm_inform_add_rules(inform, record, error);
    if (record->type == LM_TYPE_READING)
        return lm_inform_add_flow(inform, record, place, error);
    return lm_inform_add_account(inform, record, place, error);
}

bool lm_inform_uses(const struct lm_inform *inform, const struct lm_right *right) {
    return right->stage == inform->stage && (inform->by == LM_ANYBODY || inform->by == right->by);
}

int lm_inform_who(const struct lm_inform *inform, const char *id, int role, int64_t instant_s,
                  struct lm_registered *registered, struct lm_error *error) {
    if (lm_registry_by_id(inform->registry, id, instant_s, registered, error) < 0)
        return -1;
    if (registered->role == role)
        return 0;
    return lm_fail(error, LM_NO_IDENTITY, "%s is a %s, not a %s", id,
                   lm_role_words[registered->role], lm_role_words[role]);
}

/* ---- telling ---- */

int lm_inform_tell(struct lm_inform *inform, struct lm_period period, const char *market,
                   const char *to, enum lm_type type, struct lm_error *error) {
    if (!lm_buffer_ok(&inform->scratch))
        return lm_fail_memory(error);
    if (lm_inform_room(&inform->told, &inform->told_room, inform->told_count, sizeof *inform->told,
                       error) < 0)
        return -1;
    struct lm_told *told = &inform->told[inform->told_count];
    *told = (struct lm_told){
        .period = period,
        .market = market ? market : "",
        .to = to,
        .type = type,
        .order = type == LM_TYPE_NOTICE || type == LM_TYPE_READING || type == LM_TYPE_TOTAL
                     ? inform->told_count
                     : 0,
        .text = inform->told_texts.size,
        .size = inform->scratch.size,
    };
    lm_buffer_bytes(&inform->told_texts, inform->scratch.data, inform->scratch.size);
    if (!lm_buffer_ok(&inform->told_texts))
        return lm_fail_memory(error);
    inform->told_count++;
    return 0;
}

/* By period, market, recipient, type, then as they were told, or by bytes. */
static int compare_told(const void *a, const void *b, void *context) {
    const struct lm_told *x = a;
    const struct lm_told *y = b;
    const char *texts = context;
    int order = lm_period_compare(x->period, y->period);
    if (order == 0)
        order = strcmp(x->market, y->market);
    if (order == 0)
        order = strcmp(x->to, y->to);
    if (order == 0)
        order = (int)x->type - (int)y->type;
    if (order == 0)
        order = (x->order > y->order) - (x->order < y->order);
    if (order == 0)
        order = memcmp(texts + x->text, texts + y->text, x->size < y->size ? x->size : y->size);
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

static void tell_all(struct lm_inform *inform, const struct lm_inform_visitor *visitor) {
    char *texts = inform->told_texts.data;
    if (inform->told_count == 0)
        return;
    qsort_r(inform->told, inform->told_count, sizeof *inform->told, compare_told, texts);
    for (size_t i = 0; i < inform->told_count; i++) {
        const struct lm_told *told = &inform->told[i];
        /* A record that came twice is told once. */
        if (i == 0 || compare_told(told, told - 1, texts) != 0)
            visitor->tell(visitor->context, texts + told->text, told->size);
    }
}

int lm_inform_run(struct lm_inform *inform, const struct lm_registry *registry,
                  const struct lm_inform_visitor *visitor, struct lm_error *error) {
    inform->registry = registry;
    inform->visitor = visitor;
    inform->ranks = lm_names_ranks(&inform->names, error);
    if (!inform->ranks)
        return -1;
    if (inform->stage == LM_STAGE_CLEARING) {
        if (lm_inform_run_auctions(inform, error) < 0)
            return -1;
    } else if (lm_inform_run_flows(inform, error) < 0 ||
               lm_inform_run_accounts(inform, error) < 0) {
        return -1;
    }
    tell_all(inform, visitor);
    return 0;
}
