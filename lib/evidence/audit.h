/*
 * The audit of a stream: every signature and authorisation, the clearing by the orders, the
 * settlement by the trades and readings, each compared byte for byte with what was issued.
 *
 *     struct lm_audit *audit = lm_audit_new(&root, now_s, &error);
 *     while (... a record ...)
 *         lm_audit_add(audit, &record, source, line, text, size, &error);
 *     lm_audit_finish(audit, pool, on_finding, context, &clean, &error);
 *     lm_audit_free(audit);
 *
 * The lines are kept until the end: the registry may come last.
 */
#ifndef LM_EVIDENCE_AUDIT_H
#define LM_EVIDENCE_AUDIT_H

#include "lib/base/pool.h"
#include "lib/registry/registry.h"

struct lm_audit;

/* An audit that trusts ROOT's key alone and judges bare records at NOW_S. NULL with *error. */
struct lm_audit *lm_audit_new(const struct lm_root *root, int64_t now_s,
                              struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_audit_free(struct lm_audit *audit);

/* Adds a record, out of the line TEXT (copied), which was read as number LINE of SOURCE; SOURCE
 * must outlive the audit and is NULL where there is only one. Fails for want of memory. */
int lm_audit_add(struct lm_audit *audit, const struct lm_record *record, const char *source,
                 uint64_t line, const char *text, size_t size, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 5, 7) LM_MUST_CHECK;
/* Adds a line that is no record, for WHY: a finding, too. */
int lm_audit_add_bad(struct lm_audit *audit, const char *source, uint64_t line,
                     const struct lm_error *why, struct lm_error *error)
    LM_NONNULL_AT(1, 4, 5) LM_MUST_CHECK;

/* Checks everything, with POOL's threads where work is per record, and tells the findings: those
 * of lines and signatures as they came, then those of clearing and settlement by name. *clean says
 * whether there was none. */
int lm_audit_finish(struct lm_audit *audit, struct lm_pool *pool,
                    int (*finding)(void *context, const struct lm_finding *finding,
                                   struct lm_error *error),
                    void *context, bool *clean, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 3, 5, 6) LM_MUST_CHECK;

#endif
