/*
 * What holds when a period starts: who is who, tariffs, contracts, network fees, the markets'
 * currencies. Records are added one by one in any order, then sealed, then looked up.
 *
 * Of several records of one name that are valid, one counts as lib/record/latest.h says: the latest
 * valid.start, none where two different ones begin together (LM_AMBIGUOUS), and none that was
 * logged only afterwards. A tariff's name is its supplier and its id or the lack of one, a fee's
 * its operator and region, a contract's its user, market-rules' its market, an identity's its id.
 *
 * All texts are known by small numbers, lm_names_text(&facts->names, …). LM_NOBODY stands for
 * none.
 */
#ifndef LM_SETTLE_FACTS_H
#define LM_SETTLE_FACTS_H

#include "lib/base/lines.h"
#include "lib/base/names.h"
#include "lib/record/record.h"
#include "lib/record/timeline.h"
#include "lib/settle/bands.h"

#define LM_NOBODY UINT32_MAX

struct lm_party {
    struct lm_place where;
    int role;
    uint32_t name;
    uint32_t supplier; /* of a user */
    uint32_t region;   /* of a user */
    uint32_t user;     /* of a meter */
    uint32_t tariff;   /* of a user: the name of the tariff that holds without a contract */
    uint32_t services; /* of an operator: the first in facts->services, and how many */
    uint32_t service_count;
};

/* A region that an operator serves, and the name of its fee there. */
struct lm_service {
    uint32_t region;
    uint32_t fee;
};

struct lm_tariff_terms {
    int64_t feed_in_micro;
    struct lm_fees_borne_by fees_borne_by;
    uint32_t currency;
    uint32_t zone;
    uint32_t bands; /* the first in facts->bands, and how many */
    uint32_t band_count;
};

struct lm_contract_terms {
    uint32_t supplier;
    uint32_t tariff; /* the tariff's name */
};

struct lm_fee_terms {
    int64_t price_micro;
    uint32_t by;
    uint32_t region;
    uint32_t currency;
};

/* What market-rules say of a settlement. */
struct lm_rules_terms {
    int64_t period_minutes;
    int64_t gate_minutes;
    uint32_t currency;
    uint32_t regions; /* the first in facts->rules_regions, and how many */
    uint32_t region_count;
};

/* One version of what a name stands for. */
struct lm_version {
    struct lm_place where;
    struct lm_validity valid;
    int64_t known_s; /* see lib/record/latest.h; once sealed, of rules lib/record/rules_since.h */
    uint8_t content[32]; /* digest of the canonical form without sig */
    uint32_t name;
    uint32_t item;   /* in the array of its kind */
    uint8_t refused; /* enum lm_reason, for which it was found not to count */
};

struct lm_versions {
    struct lm_version *rows;
    size_t count;
    size_t room;
    struct lm_timeline *timeline; /* of the rows; from here on set by sealing */
    size_t name_count;
};

enum lm_facts_kind {
    LM_FACTS_PARTY,
    LM_FACTS_TARIFF,
    LM_FACTS_CONTRACT,
    LM_FACTS_FEE,
    LM_FACTS_RULES,
    LM_FACTS_KINDS
};

struct lm_facts {
    struct lm_names names;
    struct lm_names tariff_names; /* "supplier/id", "supplier/" */
    struct lm_names fee_names;    /* "operator/region" */
    struct lm_versions versions[LM_FACTS_KINDS];
    struct lm_party *parties;
    size_t party_count;
    size_t party_room;
    struct lm_tariff_terms *tariffs;
    size_t tariff_count;
    size_t tariff_room;
    struct lm_contract_terms *contracts;
    size_t contract_count;
    size_t contract_room;
    struct lm_fee_terms *fees;
    size_t fee_count;
    size_t fee_room;
    struct lm_rules_terms *rules;
    size_t rules_count;
    size_t rules_room;
    uint32_t *rules_regions;
    size_t rules_region_count;
    size_t rules_region_room;
    struct lm_service *services;
    size_t service_count;
    size_t service_room;
    struct lm_retail_band *bands;
    size_t band_count;
    size_t band_room;
    struct lm_buffer scratch;
};

void lm_facts_start(struct lm_facts *facts) LM_NONNULL;
void lm_facts_free(struct lm_facts *facts) LM_NONNULL;

/* The number of an id or another text. */
int lm_facts_name(struct lm_facts *facts, const char *text, uint32_t *name,
                  struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The name of a supplier's tariff without an id. */
int lm_facts_default_tariff(struct lm_facts *facts, const char *supplier, uint32_t *tariff,
                            struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The digest by which repeats of a record are told: of its canonical form without sig and, where
 * TO is false, without to. */
int lm_facts_digest(struct lm_facts *facts, const struct lm_record *record, bool to,
                    uint8_t digest[32], struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Adds an identity, tariff, contract, network-fee or market-rules; passes over other types. */
int lm_facts_add(struct lm_facts *facts, const struct lm_record *record,
                 const struct lm_place *where, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* After the last record, before the first look-up. */
int lm_facts_seal(struct lm_facts *facts, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* The version of NAME that counts at an instant: LM_NONE and *version, LM_MISSING_RECORD or
 * LM_AMBIGUOUS, with one of those that contradict each other. */
enum lm_reason lm_facts_find(struct lm_facts *facts, enum lm_facts_kind kind, uint32_t name,
                             int64_t instant_s, struct lm_version **version) LM_NONNULL;
/* After the last look-up: marks as refused what one found to contradict each other. */
int lm_facts_refuse(struct lm_facts *facts, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Who an id is at an instant. NULL for nobody, with *reason LM_NO_IDENTITY or LM_AMBIGUOUS. */
const struct lm_party *lm_facts_party(struct lm_facts *facts, uint32_t name, int64_t instant_s,
                                      enum lm_reason *reason) LM_NONNULL;
/* The tariff of a supplier's customer at an instant, by her contract or without. NULL with *error
 * (LM_NO_TARIFF, LM_AMBIGUOUS). */
const struct lm_tariff_terms *lm_facts_tariff(struct lm_facts *facts, uint32_t user,
                                              uint32_t supplier, uint32_t default_tariff,
                                              int64_t instant_s, struct lm_error *error) LM_NONNULL;

#endif
