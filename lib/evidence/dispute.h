/*
 * The judge of disputes (Section IV of the paper): what the facts say of one claim.
 *
 * Every kind of claim has one row in a table, and a function that asks the facts, one question
 * after the other, until one decides. An answer rests on the facts that it marks as used: asked
 * again with those alone, the judge must come to it again. What cannot be shown to a stranger by
 * entries that are there, that something is nowhere, is the word of who has read the logs.
 *
 * Facts are WHOLE where they are everything that the logs hold of the auction in question, so that
 * it can be held again; of a case that was made of somebody's own records only these can be asked.
 */
#ifndef LM_EVIDENCE_DISPUTE_H
#define LM_EVIDENCE_DISPUTE_H

#include "lib/evidence/facts.h"
#include "lib/evidence/outlook.h"
#include "lib/registry/registry.h"

/* What a claim points at: entries, ascending by number. */
struct lm_references {
    struct lm_reference *items;
    size_t count;
};

struct lm_reference {
    uint64_t n;
    const char *log; /* NULL: of any */
};

/* Room for the sentence that explains an answer. */
#define LM_DISPUTE_TEXT_SIZE 768

struct lm_dispute {
    const struct lm_registry *registry;
    const struct lm_view *view; /* the facts */
    bool whole;
    bool shown; /* the facts are a verdict's exhibits: what is not among them may be elsewhere */
    const struct lm_outlook *outlook; /* the fees and rules that somebody could know, by the places
                                         of the facts; NULL: those that count by all the logs */
    /* The claim, which is signed as it should be, and what of its parts is. */
    const struct lm_claim *claim;
    const struct lm_references *references;
    const struct lm_receipt *receipt; /* NULL where there is none that proves anything */
    const char *receipt_by;           /* whose key signed it */
    const struct lm_record *own;      /* the record that the claimant holds, likewise */
    /* What it is about; market NULL, period and month all zero where nothing says so. */
    const char *market;
    struct lm_period period;
    struct lm_month month;
    /* The answer. */
    enum lm_result result;
    const char *party; /* who is at fault; NULL for nobody that is proven */
    char text[LM_DISPUTE_TEXT_SIZE];
    /* What was marked as used as a whole already. */
    bool used_book;
    bool used_own;
};

/* Reads what CLAIM points at; texts stay the claim's. */
int lm_references_read(const struct lm_claim *claim, struct lm_references *references,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_references_free(struct lm_references *references) LM_NONNULL;
/* Whether a claim points at an entry, by itself or by its receipt (may be NULL). */
bool lm_dispute_refers(const struct lm_references *references, const struct lm_receipt *receipt,
                       const char *log, uint64_t n) LM_NONNULL_AT(1, 3) LM_MUST_CHECK;

/* The market and period, or month, that a record belongs to; what it has not stays as it is. */
void lm_dispute_subject(const struct lm_record *record, const char **market,
                        struct lm_period *period, struct lm_month *month) LM_NONNULL;

/* Whom a trade, notice, reading, settlement, adjustment, bill or order is about; NULL for another
 * record, or where nobody knows. Borrowed. */
const char *lm_dispute_owner(const struct lm_registry *registry,
                             const struct lm_record *record) LM_NONNULL LM_MUST_CHECK;
/* Whether somebody may be shown a record, as it is about herself, or public: nobody gets to see the
 * records of others by claiming something of them. */
bool lm_dispute_concerns(const struct lm_registry *registry, const struct lm_record *record,
                         const char *claimant) LM_NONNULL LM_MUST_CHECK;

/* Answers, by a view that has been prepared. Fails only for want of memory, or where something else
 * than the facts fails. */
int lm_dispute_judge(struct lm_dispute *dispute, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Whether claims of that kind are judged by the auction, by what flowed, and by bills. */
bool lm_dispute_needs_book(enum lm_claim_kind kind) LM_MUST_CHECK;
bool lm_dispute_needs_supply(enum lm_claim_kind kind) LM_MUST_CHECK;

#endif
