/*
 * What a dispute is judged by: records that are signed as they should be, each with where it stands
 * in whose log; and terms and identities, which may stand anywhere.
 *
 * Facts are owned once, by a list; each dispute has a view of those that it is about.
 */
#ifndef LM_EVIDENCE_FACTS_H
#define LM_EVIDENCE_FACTS_H

#include "lib/crypto/merkle.h"
#include "lib/registry/registry.h"

struct lm_fact {
    struct lm_record record;
    const char *log;    /* the log's origin; NULL for what stands in none. Borrowed, as the next */
    const char *keeper; /* who has signed that it is there; NULL for nobody */
    uint64_t n;
    uint8_t leaf[LM_HASH_SIZE];
    uint64_t log_size; /* of the keeper's checkpoint, and when that was signed; 0 for not said */
    int64_t signed_s;
    enum lm_reason refused; /* why it is not signed as it should be; LM_NONE where it is */
    size_t source;          /* for whoever has collected it, as the next */
    size_t number;
    /* set by the list: */
    bool counts;         /* as what its record says, see below */
    int64_t at_s;        /* the instant of its entry; LM_KNOWN_ALWAYS where it came bare */
    uint8_t content[32]; /* the digest of that, without its signature; of what stands in a log */
    /* set for the view at hand: */
    bool repeated; /* what is said of a trade or an amount is said before, too */
    bool used;     /* the answer rests on it */
};

struct lm_facts {
    struct lm_fact **items; /* each stays where it is */
    size_t count;
    size_t room;
};

void lm_facts_list_free(struct lm_facts *facts) LM_NONNULL;
/*
 * Adds a fact; its record (a line that has been parsed) is shared with RECORD. It counts as what
 * its record says where it is signed as it should be, and an order stands in its market's log, a
 * reading in that of the user's supplier, if it stands in one: what somebody else has in her log
 * they may never have got, and need not go by.
 */
int lm_facts_list_add(struct lm_facts *facts, const struct lm_registry *registry,
                      const struct lm_record *record, const struct lm_fact *fact,
                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* What one dispute is judged by, in the order that the answer shows it in. Borrowed facts. */
struct lm_view {
    struct lm_fact **items;
    size_t count;
    size_t room;
};

void lm_view_free(struct lm_view *view) LM_NONNULL;
int lm_view_add(struct lm_view *view, struct lm_fact *fact,
                struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Prepares the facts of a whole view to be judged by: none is used yet, and it is known which of
 * them repeat others. */
int lm_view_prepare(const struct lm_view *view, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Has a fact's identity or market-rules count since when a sealed registry knew it. */
int lm_fact_know(struct lm_fact *fact, const struct lm_registry *registry,
                 struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Why a record is not signed as it should be at an instant, LM_NONE where it is: LM_BAD_SIGNATURE
 * where nobody is proven to have signed it. Fails where checking does. */
int lm_fact_check(const struct lm_registry *registry, const struct lm_record *record, int64_t at_s,
                  enum lm_reason *refused, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Whether that is so as the key of who it says it is from has not signed it. */
bool lm_fact_is_foreign(enum lm_reason refused) LM_MUST_CHECK;

/* Whose log a record belongs into: an order its market's, a reading that of the user's supplier,
 * whom USER then is about. NULL where that may be anybody's, or is not known. */
const char *lm_fact_belongs(const struct lm_registry *registry, const struct lm_record *record,
                            struct lm_registered *user) LM_NONNULL LM_MUST_CHECK;
/* Whether it stands in a log of somebody else's; KEEPER is NULL where it stands in none. */
bool lm_fact_misplaced(const struct lm_registry *registry, const struct lm_record *record,
                       const char *keeper) LM_NONNULL_AT(1, 2) LM_MUST_CHECK;
/* Whether disputes are judged by a term, and *whose that is the business of: of the user whose
 * identity, meter or contract it is; NULL for everybody's. */
bool lm_fact_term_of(const struct lm_record *record, const char **whose) LM_NONNULL LM_MUST_CHECK;

#endif
