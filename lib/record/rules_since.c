#include "lib/record/rules_since.h"

#include "lib/record/latest.h"

static bool is_dated(int64_t known_s) {
    return known_s != LM_KNOWN_ALWAYS && known_s != LM_KNOWN_NEVER;
}

/* No instant plus 60 · 2^53 seconds overflows. */
static int64_t after_gate(int64_t known_s, int64_t gate_minutes) {
    return is_dated(known_s) ? known_s + 60 * gate_minutes : known_s;
}

struct lm_rules_since lm_rules_since(struct lm_validity valid, int64_t gate_minutes,
                                     int64_t known_s) {
    return (struct lm_rules_since){.valid = valid,
                                   .gate_minutes = gate_minutes,
                                   .known_s = known_s,
                                   .counts_s = after_gate(known_s, gate_minutes)};
}

void lm_rules_since_beside(struct lm_rules_since *rules, const struct lm_rules_since *other) {
    int64_t begins_s =
        rules->known_s > rules->valid.start_s ? rules->known_s : rules->valid.start_s;
    int64_t counts_s = after_gate(rules->known_s, other->gate_minutes);
    if (counts_s > rules->counts_s && other->known_s <= rules->known_s &&
        lm_validity_holds(other->valid, begins_s) &&
        after_gate(other->known_s, other->gate_minutes) <= begins_s)
        rules->counts_s = counts_s;
}

void lm_rules_since_all(struct lm_rules_since *rules, size_t count) {
    for (size_t from = 0, end = 0; from < count; from = end) {
        while (end < count && rules[end].market == rules[from].market)
            end++;
        for (size_t i = from; i < end; i++) {
            for (size_t k = from; is_dated(rules[i].known_s) && k < end; k++)
                lm_rules_since_beside(&rules[i], &rules[k]);
        }
    }
}
