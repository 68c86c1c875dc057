/*
 * What the files that make up cmd/run.h share. Private to cmd/run*.c.
 */
#ifndef LM_CMD_RUN_STATE_H
#define LM_CMD_RUN_STATE_H

#include "cmd/run.h"

/* The status becomes MET unless it is higher already. */
void lm_run_raise(struct lm_run *run, enum lm_exit met) LM_NONNULL;
/* Writes a message, in one write, so that those of a pipeline do not mix. PLACE (may be NULL) is a
 * file's name, LINE 0 for none. */
void lm_run_say(struct lm_run *run, const char *place, uint64_t line, const struct lm_error *error)
    LM_NONNULL_AT(1, 4);
/* Ends the program with its status: what was written so far is flushed, more cannot be done. */
_Noreturn void lm_run_end(struct lm_run *run) LM_NONNULL;

/* How many input files there are, standard input included. */
size_t lm_run_count_files(const struct lm_run *run) LM_NONNULL LM_MUST_CHECK;
/* One line, good or bad, or the end. A bad one has *error filled and returns LM_LINES_BAD. */
enum lm_lines_result lm_run_next_line(struct lm_run *run, bool text, struct lm_input *input,
                                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* After a refusal: was the line a JSON object all the same? Exit 65 wants to know. */
bool lm_run_is_object(struct lm_run *run, const struct lm_line *line) LM_NONNULL LM_MUST_CHECK;

#endif
