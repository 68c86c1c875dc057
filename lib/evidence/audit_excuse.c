/* Who went by the fees and rules that she could know: what she should have issued by those alone.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/evidence/audit_state.h"
#include "lib/record/latest.h"

/* Settlements and bills are held against what is made again, not made of. */
bool lm_audit_is_remade_from(enum lm_type type) {
    return type == LM_TYPE_IDENTITY || type == LM_TYPE_MARKET_RULES || type == LM_TYPE_TARIFF ||
           type == LM_TYPE_CONTRACT || type == LM_TYPE_NETWORK_FEE || type == LM_TYPE_ORDER ||
           type == LM_TYPE_CLEARING || type == LM_TYPE_TRADE || type == LM_TYPE_READING;
}

int lm_audit_note_outlook(struct lm_audit *audit, const struct lm_audit_item *item,
                          const struct lm_record *held, struct lm_error *error) {
    int role = item->audited->keeper_role;
    const struct lm_outlook_place place = {
        .input = item->audited->place,
        .line = item->number,
        .keeper = lm_audited_keeper(item->audited, item->number),
        .all_see = role == LM_ROLE_MARKET || role == LM_ROLE_REGISTRAR,
    };
    return lm_outlooks_note(&audit->outlooks, &item->record, &place, lm_known_since(held), error);
}

/* Her own log is here, and what she could know is other than what counts. */
static int excuse(struct lm_audit *audit, const char *party, struct lm_error *error) {
    const struct lm_audited *log = NULL;
    struct lm_outlook outlook = {0};
    bool differs;
    for (size_t i = 0; i < audit->input_count && !log; i++) {
        const char *keeper = audit->inputs[i]->keeper;
        if (keeper && strcmp(keeper, party) == 0)
            log = audit->inputs[i];
    }
    if (!log || (log->keeper_role != LM_ROLE_MARKET && log->keeper_role != LM_ROLE_SUPPLIER))
        return 0;
    if (lm_outlooks_find(&audit->outlooks, log->keeper, &outlook, &differs, error) < 0)
        return -1;
    if (!differs)
        return 0;
    struct lm_audit_remake *remakes = lm_array_room(audit->excuses, &audit->excuse_room,
                                                    audit->excuse_count, sizeof *remakes, error);
    if (remakes)
        audit->excuses = remakes;
    if (!remakes || lm_comparison_excuse(audit->comparison, log->keeper, error) < 0) {
        lm_outlook_free(&outlook);
        return -1;
    }
    struct lm_audit_remake *remake = &remakes[audit->excuse_count++];
    *remake = (struct lm_audit_remake){.outlook = outlook};
    return lm_audit_remake_start(remake, audit, log, error);
}

int lm_audit_excuse(struct lm_audit *audit, const struct lm_names *parties,
                    struct lm_error *error) {
    for (uint32_t i = 0; i < parties->count; i++) {
        if (excuse(audit, lm_names_text(parties, i), error) < 0)
            return -1;
    }
    return 0;
}

/* Whether a reading says anything of what somebody settles: one of a customer of hers. */
static bool is_hers(const struct lm_audit *audit, const struct lm_record *record,
                    const char *party) {
    struct lm_registered user;
    const char *supplier =
        record->type == LM_TYPE_READING ? lm_fact_belongs(audit->registry, record, &user) : party;
    return !supplier || strcmp(supplier, party) == 0;
}

static int add(const struct lm_audit_item *item, struct lm_audit_remake *remake,
               const struct lm_record *held, const struct lm_place *place, struct lm_error *error) {
    const struct lm_record *record = &item->record;
    struct lm_record known = *held;
    struct lm_error why;
    if (record->type == LM_TYPE_NETWORK_FEE || record->type == LM_TYPE_MARKET_RULES) {
        if (!lm_outlook_known(&remake->outlook, item->audited->place, item->number,
                              &known.entry_at_s))
            return 0;
        known.wrapped = known.entry_at_s != LM_KNOWN_ALWAYS;
    }
    if (!is_hers(item->audit, record, remake->log->keeper) ||
        lm_audit_remake_add(remake, &known, place, &why) == 0 ||
        lm_reason_exit(why.reason) == LM_EXIT_REJECT)
        return 0;
    *error = why;
    return -1;
}

int lm_audit_use_again(struct lm_audit *audit, struct lm_audit_item *item, struct lm_error *error) {
    struct lm_place place = lm_audited_place(item->audited, item->number, &item->record);
    struct lm_record held;
    bool counts;
    if (lm_audit_is_late(audit, item) || lm_audit_misplaced(audit, item))
        return 0;
    if (lm_audit_stray(audit, item, error) < 0 ||
        lm_audit_as_held(audit, item, &held, &counts, error) < 0)
        return -1;
    for (size_t i = 0; counts && i < audit->excuse_count; i++) {
        if (add(item, &audit->excuses[i], &held, &place, error) < 0)
            return -1;
    }
    return 0;
}
