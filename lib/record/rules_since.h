/*
 * For which periods market rules count that came while the market was running. Its gate closes
 * before a period begins, and whoever has ordered by then went by the rules that there were: rules
 * that come behind the gate are for the periods whose gates were open.
 *
 * So rules that a log had at an instant (lib/record/latest.h) count since that instant and the
 * longest gate, by themselves or by those of their market that were there when they came and were
 * in force where they could begin to be. No later ones move that, nor do those whose own gate had
 * not let them count there. Rules that came bare, or that no log holds that should, are not moved.
 */
#ifndef LM_RECORD_RULES_SINCE_H
#define LM_RECORD_RULES_SINCE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/record/record.h"

struct lm_rules_since {
    struct lm_validity valid;
    int64_t gate_minutes; /* 0 to 2^53 */
    int64_t known_s;      /* those of one content are known together */
    int64_t counts_s;     /* takes the place of known_s in lib/record/latest.h */
    uint32_t market;      /* for lm_rules_since_all, by whatever number */
};

/* Rules by themselves. */
struct lm_rules_since lm_rules_since(struct lm_validity valid, int64_t gate_minutes,
                                     int64_t known_s) LM_MUST_CHECK;
/* Beside others of their market, in whatever order these come; of themselves nothing more. */
void lm_rules_since_beside(struct lm_rules_since *rules,
                           const struct lm_rules_since *other) LM_NONNULL;
/* The same of all at once, in the order of their markets. */
void lm_rules_since_all(struct lm_rules_since *rules, size_t count) LM_NONNULL;

#endif
