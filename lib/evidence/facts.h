/*
 * What a dispute is judged by: records that are signed as they should be, each with where it stands
 * in whose log; and terms and identities, which may stand anywhere.
 */
#ifndef LM_EVIDENCE_FACTS_H
#define LM_EVIDENCE_FACTS_H

#include "lib/crypto/merkle.h"
#include "lib/record/record.h"

struct lm_fact {
    struct lm_record record;
    const char *log;    /* the log's origin; NULL for what stands in none. Borrowed, as the next */
    const char *keeper; /* who has signed that it is there; NULL for nobody */
    uint64_t n;
    uint8_t leaf[LM_HASH_SIZE];
    uint64_t log_size; /* of the keeper's checkpoint, and when that was signed; 0 for not said */
    int64_t signed_s;
    enum lm_reason refused; /* LM_BAD_SIGNATURE where it is not signed as it says; else LM_NONE */
    bool used;              /* the answer to the claim at hand rests on it */
    size_t source;          /* for whoever has collected it, as the next */
    size_t number;
};

struct lm_facts {
    struct lm_fact *items;
    size_t count;
    size_t room;
};

void lm_facts_list_free(struct lm_facts *facts) LM_NONNULL;
/* Adds a fact; its record (a line that has been parsed) is shared with RECORD. */
int lm_facts_list_add(struct lm_facts *facts, const struct lm_record *record,
                      const struct lm_fact *fact, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Identities and what sets the terms of a market: they count wherever they stand. */
bool lm_fact_is_term(enum lm_type type) LM_MUST_CHECK;

#endif
