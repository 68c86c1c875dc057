/*
 * --rules FILE, for the programs that go by a market's rules without having them in their stream.
 */
#ifndef LM_CMD_RULES_H
#define LM_CMD_RULES_H

#include "cmd/run.h"
#include "lib/market/terms.h"

/* Reads the market-rules among FILE's records. Bad lines are rejected like those of the input. */
void lm_rules_load(struct lm_run *run, const char *file, struct lm_terms_list *terms) LM_NONNULL;

/* A usage error unless MINUTES, the value of --length, divides a day. */
void lm_rules_check_length(struct lm_run *run, int64_t minutes) LM_NONNULL;

#endif
