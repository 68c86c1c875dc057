/* Which fees and rules count in a dispute: by all the logs, or as somebody could know them. */
#include <stdio.h>
#include <string.h>

#include "lib/evidence/dispute_parts.h"
#include "lib/record/latest.h"

static bool is_asked_for(enum lm_type type) {
    return type == LM_TYPE_NETWORK_FEE || type == LM_TYPE_MARKET_RULES;
}

static bool is_kept_by(const struct lm_dispute *dispute, const struct lm_fact *fact, int role) {
    struct lm_registered keeper;
    struct lm_error ignored;
    return fact->keeper &&
           lm_registry_by_id(dispute->registry, fact->keeper, fact->at_s, &keeper, &ignored) == 0 &&
           keeper.role == role;
}

static bool same_name(const struct lm_record *a, const struct lm_record *b) {
    if (a->type == LM_TYPE_MARKET_RULES)
        return strcmp(a->as.market_rules.market, b->as.market_rules.market) == 0;
    return strcmp(a->as.network_fee.by, b->as.network_fee.by) == 0 &&
           strcmp(a->as.network_fee.region, b->as.network_fee.region) == 0;
}

/* Of fees a market's log tells, of rules the registrar's, where it holds some of that name. A bare
 * fee that does not count then is not among the facts. */
static bool is_elsewhere(const struct lm_dispute *dispute, const struct lm_fact *fact) {
    bool rules = fact->record.type == LM_TYPE_MARKET_RULES;
    int teller = rules ? LM_ROLE_REGISTRAR : LM_ROLE_MARKET;
    const struct lm_fact *other;
    if ((!rules && !fact->keeper) || is_kept_by(dispute, fact, teller))
        return false;
    for (size_t place = SIZE_MAX; (other = lm_dispute_next(dispute, fact->record.type, &place));) {
        if (same_name(&other->record, &fact->record) && is_kept_by(dispute, other, teller))
            return true;
    }
    return false;
}

static void know(struct lm_record *held, int64_t known_s) {
    held->wrapped = known_s != LM_KNOWN_ALWAYS;
    held->entry_at_s = known_s;
}

bool lm_dispute_term(const struct lm_dispute *dispute, size_t place, struct lm_record *held) {
    const struct lm_fact *fact = dispute->view->items[place];
    int64_t known_s;
    *held = fact->record;
    if (!is_asked_for(held->type))
        return true;
    if (dispute->outlook) {
        bool seen = lm_outlook_known(dispute->outlook, 0, place, &known_s);
        if (seen)
            know(held, known_s);
        return seen;
    }
    if (!is_elsewhere(dispute, fact))
        return true;
    know(held, LM_KNOWN_NEVER);
    return held->type == LM_TYPE_MARKET_RULES; /* without which there would be none */
}

static int note(const struct lm_dispute *dispute, struct lm_outlooks *outlooks,
                struct lm_error *error) {
    for (size_t i = 0; i < dispute->view->count; i++) {
        const struct lm_fact *fact = dispute->view->items[i];
        const struct lm_outlook_place place = {
            .line = i,
            .keeper = fact->keeper,
            .all_see = is_kept_by(dispute, fact, LM_ROLE_MARKET) ||
                       is_kept_by(dispute, fact, LM_ROLE_REGISTRAR),
        };
        struct lm_record logged = fact->record;
        struct lm_record held;
        if (!fact->counts || !is_asked_for(logged.type))
            continue;
        know(&logged, fact->at_s);
        int64_t counts_s =
            lm_dispute_term(dispute, i, &held) ? lm_known_since(&held) : LM_KNOWN_NEVER;
        if (lm_outlooks_note(outlooks, &logged, &place, counts_s, error) < 0)
            return -1;
    }
    return 0;
}

/* Judged again by what she could know, she may be in the right. */
static int judge_by(struct lm_dispute *dispute, const struct lm_outlook *outlook,
                    lm_dispute_kind *judge, bool *excused, struct lm_error *error) {
    const char *party = dispute->party;
    dispute->outlook = outlook;
    int result = judge(dispute, error);
    dispute->outlook = NULL;
    if (result < 0)
        return -1;
    *excused = dispute->result != LM_RESULT_UPHELD || !dispute->party ||
               strcmp(dispute->party, party) != 0;
    if (!*excused)
        return 0;
    return lm_dispute_undecidable(dispute,
                                  "by all the logs together it is wrong, but not by the network "
                                  "fees and market rules that %s could know from its own log, the "
                                  "market's and the registrar's",
                                  party);
}

int lm_dispute_hear(struct lm_dispute *dispute, lm_dispute_kind *judge, bool *excused,
                    struct lm_error *error) {
    struct lm_outlooks outlooks;
    struct lm_outlook outlook = {0};
    bool differs = false;
    lm_outlooks_start(&outlooks);
    int result = note(dispute, &outlooks, error);
    if (result == 0)
        result = lm_outlooks_find(&outlooks, dispute->party, &outlook, &differs, error);
    if (result == 0 && differs) {
        result = judge_by(dispute, &outlook, judge, excused, error);
        lm_outlook_free(&outlook);
    }
    lm_outlooks_free(&outlooks);
    return result;
}
