/*
 * What an audit says, in words for people instead of records.
 */
#ifndef LM_EVIDENCE_REPORT_H
#define LM_EVIDENCE_REPORT_H

#include "lib/record/types.h"

/* Appends a finding as one line (no line feed) that can go to a terminal:
 *
 *     lm: trade 2016-04-01T12:00Z/PT30M, … is not what it should be (trade_differs: market.log 17)
 */
void lm_report_finding(const struct lm_finding *finding, struct lm_buffer *out) LM_NONNULL;
/* Appends the answer to a claim as one line:
 *
 *     claim QS8-7XOe of bob (bill): upheld, power is at fault: …
 */
void lm_report_answer(const struct lm_claim *claim, const struct lm_verdict *verdict,
                      struct lm_buffer *out) LM_NONNULL;
/* Appends the closing line: an audit's own verdict, of so many findings. */
void lm_report_verdict(const struct lm_verdict *verdict, uint64_t findings,
                       struct lm_buffer *out) LM_NONNULL;

#define LM_REPORT_NOT_DUE_SIZE 64
/* What the verdict of an audit says of records that need not be there yet. */
void lm_report_not_due(uint64_t count, char text[LM_REPORT_NOT_DUE_SIZE]) LM_NONNULL;

#endif
