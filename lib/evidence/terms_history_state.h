/*
 * What a history of terms holds. Private to lib/evidence/terms_history*.c.
 */
#ifndef LM_EVIDENCE_TERMS_HISTORY_STATE_H
#define LM_EVIDENCE_TERMS_HISTORY_STATE_H

#include "lib/base/lines.h"
#include "lib/base/period.h"

#define LM_TERMS_NOBODY UINT32_MAX

struct lm_terms_row {
    struct lm_place place;
    struct lm_validity valid;
    int64_t logged_s; /* LM_ABSENT where it came bare */
    uint8_t meaning[32];
    uint32_t name;
    uint32_t instead; /* of a contract, the name of what holds without it, else LM_TERMS_NOBODY */
    uint32_t user;    /* of a contract, likewise */
    uint32_t party;
    bool own_log; /* it stands in a log of the party's */
    bool stray;   /* it does not stand where it should */
    bool told;    /* the party was named for it */
};

struct lm_terms_auction {
    struct lm_place place;
    int64_t start_s;
    int64_t logged_s;
    uint32_t name; /* of the market's rules */
};

/* By source, then line. */
int lm_terms_compare_places(const struct lm_place *a,
                            const struct lm_place *b) LM_NONNULL LM_MUST_CHECK;

#endif
