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

/* Opens FILE for records that are appended; does not return where that fails. */
void lm_run_open_appending(struct lm_run *run, const char *file,
                           struct lm_writer *writer) LM_NONNULL;
/* Says what a program that is quiet left out, in one line a reason. */
void lm_run_tell_untold(struct lm_run *run) LM_NONNULL;

/* How many input files there are, standard input included. */
size_t lm_run_count_files(const struct lm_run *run) LM_NONNULL LM_MUST_CHECK;
/* Ends the program where FD is its output as well: it would never end, or lose what it should read.
 */
void lm_run_refuse_own_output(struct lm_run *run, int fd) LM_NONNULL;
/* A descriptor of an input file that is read twice, at its beginning. */
int lm_run_open_kept(struct lm_run *run, struct lm_kept *kept) LM_NONNULL LM_MUST_CHECK;
void lm_run_close_kept(struct lm_run *run) LM_NONNULL;
/* Ends the program for an input that could not be read. */
_Noreturn void lm_run_fail_to_read(struct lm_run *run, const char *source,
                                   const struct lm_error *error) LM_NONNULL;
/* One line, good or bad, or the end. A bad one has *error filled and returns LM_LINES_BAD. */
enum lm_lines_result lm_run_next_line(struct lm_run *run, bool text, struct lm_input *input,
                                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* After a refusal: was the line a JSON object all the same? Exit 65 wants to know. */
bool lm_run_is_object(struct lm_run *run, const struct lm_line *line) LM_NONNULL LM_MUST_CHECK;

#endif
