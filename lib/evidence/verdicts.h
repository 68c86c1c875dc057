/*
 * Verdicts on claims as a stranger checks them, without the logs: everything is signed by who may,
 * every exhibit is in the log that its keeper has signed for, and the exhibits by themselves lead
 * the judge to the verdict again.
 *
 *     struct lm_verdicts *verdicts = lm_verdicts_new(&options, &error);
 *     while (... a record of the registry, or of public terms ...)
 *         lm_verdicts_term(verdicts, &record, file, number, &error);
 *     lm_verdicts_seal(verdicts, &error);
 *     while (... a claim, verdict or exhibit ...)
 *         lm_verdicts_add(verdicts, &record, file, number, &error);
 *     lm_verdicts_finish(verdicts, &clean, &error);
 *     lm_verdicts_free(verdicts);
 *
 * A verdict may come in parts, in any order among the others: those by one auditor on one claim,
 * and of as many parts. Each has to be there, once (the same again counts once), they have to say
 * the same, and what they exhibit is judged together.
 */
#ifndef LM_EVIDENCE_VERDICTS_H
#define LM_EVIDENCE_VERDICTS_H

#include "lib/base/pool.h"
#include "lib/evidence/claim.h"
#include "lib/evidence/codes.h"

struct lm_verdicts;

struct lm_verdicts_options {
    const struct lm_root *root;
    int64_t now_s;                       /* when keys are judged of what stands in no entry */
    const struct lm_note_key *witnesses; /* all of which must have seen what is exhibited */
    size_t witness_count;
    struct lm_pool *pool;
    /* Told of everything that is wrong. */
    int (*finding)(void *context, const struct lm_finding *finding, struct lm_error *error);
    /* Told of what the root has not signed, by where it stands. */
    void (*refuse)(void *context, const char *source, uint64_t line, const struct lm_error *why);
    void *context;
};

/* What OPTIONS points at must outlive the verdicts. NULL with *error. */
struct lm_verdicts *lm_verdicts_new(const struct lm_verdicts_options *options,
                                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_verdicts_free(struct lm_verdicts *verdicts);

/* Adds an identity, revocation, firmware, rules, or a tariff, contract or fee; passes over others.
 */
int lm_verdicts_term(struct lm_verdicts *verdicts, const struct lm_record *record,
                     const char *source, uint64_t line, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 5) LM_MUST_CHECK;
int lm_verdicts_seal(struct lm_verdicts *verdicts, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Adds a claim, a verdict or an exhibit; passes over others. SOURCE must outlive the verdicts. */
int lm_verdicts_add(struct lm_verdicts *verdicts, const struct lm_record *record,
                    const char *source, uint64_t line, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 5) LM_MUST_CHECK;

/* Checks them all, in the order of the verdicts; one that came in parts where the first of these
 * is. *clean says that there was one, and nothing wrong.
 */
int lm_verdicts_finish(struct lm_verdicts *verdicts, bool *clean,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
