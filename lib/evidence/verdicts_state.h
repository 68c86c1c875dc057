/*
 * What a check of verdicts holds. Private to lib/evidence/verdicts*.c: others use
 * lib/evidence/verdicts.h.
 */
#ifndef LM_EVIDENCE_VERDICTS_STATE_H
#define LM_EVIDENCE_VERDICTS_STATE_H

#include "lib/base/groups.h"
#include "lib/evidence/commitments.h"
#include "lib/evidence/verdicts.h"

struct lm_given {
    struct lm_record record;
    struct lm_place place;
    char digest[LM_DIGEST_TEXT_SIZE]; /* of a claim, or of something else without its signature */
};

struct lm_verdicts {
    struct lm_verdicts_options options;
    struct lm_registry *registry;
    struct lm_commitments keys; /* of keepers and witnesses, and no checkpoints */
    struct lm_findings findings;
    struct lm_facts terms;
    struct lm_groups terms_of; /* by whose business they are; places in terms */
    struct lm_group shared_terms;
    struct lm_given *items;
    size_t count;
    size_t room;
    struct lm_groups named;      /* claims and exhibits by type and digest; places in items */
    struct lm_names checkpoints; /* a number is the place in signers */
    struct lm_signers *signers;  /* asked once for all the exhibits that are under a checkpoint */
    size_t signers_room;
};

/* When keys are judged by which something is signed. */
int64_t lm_verdicts_instant(const struct lm_verdicts *verdicts,
                            const struct lm_record *record) LM_NONNULL;
/* Whether somebody has signed a record who may; else why not. */
bool lm_verdicts_signed(const struct lm_verdicts *verdicts, const struct lm_record *record,
                        struct lm_error *why) LM_NONNULL LM_MUST_CHECK;
/* The first claim or exhibit of a digest; NULL where there is none. */
const struct lm_given *lm_verdicts_find(const struct lm_verdicts *verdicts, enum lm_type type,
                                        const char *digest) LM_NONNULL LM_MUST_CHECK;

/* Tells what is wrong with something that was given. */
int lm_verdicts_tell(struct lm_verdicts *verdicts, const char *code, const struct lm_given *item,
                     const char *text, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The same by the reason why WHAT is refused. Fails where checking it did. */
int lm_verdicts_tell_why(struct lm_verdicts *verdicts, const struct lm_given *item,
                         const char *what, const struct lm_error *why,
                         struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* ---- verdicts_parts.c: what is one verdict ---- */

/* Whether two texts, of which each may be NULL, are the same. */
bool lm_verdicts_same_text(const char *a, const char *b) LM_MUST_CHECK;
/* What a verdict, which is signed as it should be, is known by: parts of one have the same claim,
 * signer and number of parts; what is no part stands by itself. */
int lm_verdicts_key(const struct lm_verdicts *verdicts, const struct lm_given *item,
                    struct lm_buffer *key, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Leaves each part of a group once, in their order, and tells what is wrong with them. */
int lm_verdicts_order(struct lm_verdicts *verdicts, struct lm_group *group,
                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* ---- verdicts_shown.c: what it rests on ---- */

/* Adds what all the parts of a verdict exhibit to FACTS, and tells what is wrong with it. */
int lm_verdicts_shown(struct lm_verdicts *verdicts, const struct lm_group *parts,
                      struct lm_facts *facts, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
