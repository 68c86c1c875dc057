#include "lib/evidence/facts.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/names.h"
#include "lib/crypto/content.h"
#include "lib/record/latest.h"

void lm_facts_list_free(struct lm_facts *facts) {
    for (size_t i = 0; i < facts->count; i++) {
        lm_record_free(&facts->items[i]->record);
        free(facts->items[i]);
    }
    free(facts->items);
    *facts = (struct lm_facts){0};
}

/* Identities and what sets the terms of a market: they count wherever they stand. */
static bool is_term(enum lm_type type) {
    return type == LM_TYPE_IDENTITY || type == LM_TYPE_MARKET_RULES || type == LM_TYPE_TARIFF ||
           type == LM_TYPE_CONTRACT || type == LM_TYPE_NETWORK_FEE;
}

bool lm_fact_term_of(const struct lm_record *record, const char **whose) {
    const struct lm_identity *identity = &record->as.identity;
    *whose = NULL;
    if (record->type == LM_TYPE_CONTRACT)
        *whose = record->as.contract.user;
    if (record->type != LM_TYPE_IDENTITY)
        return is_term(record->type);
    if (identity->role == LM_ROLE_USER)
        *whose = identity->id;
    if (identity->role == LM_ROLE_METER)
        *whose = identity->user;
    return *whose || identity->role == LM_ROLE_SUPPLIER || identity->role == LM_ROLE_DSO ||
           identity->role == LM_ROLE_TSO || identity->role == LM_ROLE_MARKET;
}

const char *lm_fact_belongs(const struct lm_registry *registry, const struct lm_record *record,
                            struct lm_registered *user) {
    struct lm_registered meter;
    struct lm_error ignored;
    if (record->type == LM_TYPE_ORDER)
        return record->as.order.market;
    if (record->type != LM_TYPE_READING)
        return NULL;
    int64_t start_s = record->as.reading.period.start_s;
    if (lm_registry_by_id(registry, record->as.reading.meter, start_s, &meter, &ignored) < 0 ||
        !meter.user || lm_registry_by_id(registry, meter.user, start_s, user, &ignored) < 0)
        return NULL;
    return user->supplier;
}

bool lm_fact_misplaced(const struct lm_registry *registry, const struct lm_record *record,
                       const char *keeper) {
    struct lm_registered user;
    const char *owner = keeper ? lm_fact_belongs(registry, record, &user) : NULL;
    return owner && strcmp(owner, keeper) != 0;
}

int lm_facts_list_add(struct lm_facts *facts, const struct lm_registry *registry,
                      const struct lm_record *record, const struct lm_fact *fact,
                      struct lm_error *error) {
    struct lm_fact **items =
        lm_array_room(facts->items, &facts->room, facts->count, sizeof(struct lm_fact *), error);
    if (!items)
        return -1;
    facts->items = items;
    struct lm_fact *added = malloc(sizeof *added);
    if (!added)
        return lm_fail_memory(error);
    *added = *fact;
    if (lm_record_from_json(record->line, &added->record, error) < 0) {
        free(added);
        return -1;
    }
    added->at_s = lm_known_since(&added->record);
    items[facts->count++] = added;
    added->counts =
        added->refused == LM_NONE && !lm_fact_misplaced(registry, &added->record, added->keeper);
    return fact->log ? lm_record_content(&added->record, added->content, error) : 0;
}

int lm_fact_know(struct lm_fact *fact, const struct lm_registry *registry, struct lm_error *error) {
    return lm_registry_as_known(registry, &fact->record, &fact->record, error);
}

/* ---- views ---- */

void lm_view_free(struct lm_view *view) {
    free(view->items);
    *view = (struct lm_view){0};
}

int lm_view_add(struct lm_view *view, struct lm_fact *fact, struct lm_error *error) {
    struct lm_fact **items =
        lm_array_room(view->items, &view->room, view->count, sizeof(struct lm_fact *), error);
    if (!items)
        return -1;
    view->items = items;
    items[view->count++] = fact;
    return 0;
}

/* What is summed up. Of orders and readings the seq says which counts. */
static bool is_summed(const struct lm_fact *fact) {
    enum lm_type type = fact->record.type;
    return fact->log && fact->counts &&
           (type == LM_TYPE_TRADE || type == LM_TYPE_SETTLEMENT || type == LM_TYPE_ADJUSTMENT);
}

int lm_view_prepare(const struct lm_view *view, struct lm_error *error) {
    struct lm_names said;
    uint32_t number;
    int result = 0;
    lm_names_start(&said);
    for (size_t i = 0; i < view->count && result == 0; i++) {
        struct lm_fact *fact = view->items[i];
        size_t count = said.count;
        fact->used = false;
        fact->repeated = false;
        if (!is_summed(fact))
            continue;
        result = lm_names_add(&said, fact->content, sizeof fact->content, &number, error);
        fact->repeated = result == 0 && number < count;
    }
    lm_names_free(&said);
    return result;
}

/* ---- signatures ---- */

int lm_fact_check(const struct lm_registry *registry, const struct lm_record *record, int64_t at_s,
                  enum lm_reason *refused, struct lm_error *error) {
    struct lm_error why;
    const char *signer;
    *refused = LM_NONE;
    if (lm_registry_check(registry, record, at_s, &signer, &why) == 0)
        return 0;
    if (lm_reason_exit(why.reason) != LM_EXIT_REJECT) {
        *error = why;
        return -1;
    }
    if (lm_reason_unauthorised(why.reason) && !signer)
        *refused = LM_BAD_SIGNATURE;
    else if (why.reason != LM_NO_IDENTITY)
        *refused = why.reason;
    return 0;
}

bool lm_fact_is_foreign(enum lm_reason refused) {
    return refused == LM_BAD_SIGNATURE || refused == LM_WRONG_SUBJECT ||
           refused == LM_UNKNOWN_SIGNER || refused == LM_UNSIGNED || refused == LM_BAD_HEADER;
}
