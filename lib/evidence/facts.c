#include "lib/evidence/facts.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"

void lm_facts_list_free(struct lm_facts *facts) {
    for (size_t i = 0; i < facts->count; i++)
        lm_record_free(&facts->items[i].record);
    free(facts->items);
    *facts = (struct lm_facts){0};
}

int lm_facts_list_add(struct lm_facts *facts, const struct lm_record *record,
                      const struct lm_fact *fact, struct lm_error *error) {
    struct lm_fact *items =
        lm_array_room(facts->items, &facts->room, facts->count, sizeof *items, error);
    if (!items)
        return -1;
    facts->items = items;
    items[facts->count] = *fact;
    if (lm_record_from_json(record->line, &items[facts->count].record, error) < 0)
        return -1;
    facts->count++;
    return 0;
}

bool lm_fact_is_term(enum lm_type type) {
    return type == LM_TYPE_IDENTITY || type == LM_TYPE_MARKET_RULES || type == LM_TYPE_TARIFF ||
           type == LM_TYPE_CONTRACT || type == LM_TYPE_NETWORK_FEE;
}

/* Whose log a record belongs into; NULL where that may be anybody's, or is not known. */
static const char *belongs_to(const struct lm_registry *registry, const struct lm_record *record,
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

bool lm_fact_counts(const struct lm_registry *registry, const struct lm_fact *fact) {
    struct lm_registered user;
    if (fact->refused != LM_NONE)
        return false;
    const char *owner = fact->keeper ? belongs_to(registry, &fact->record, &user) : NULL;
    return !owner || strcmp(owner, fact->keeper) == 0;
}

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
