#include "lib/evidence/facts.h"

#include <stdlib.h>

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
