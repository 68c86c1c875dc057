/*
 * What every program of the toolkit does alike: the common options, the input files, messages,
 * reject records, the output, the exit status. A command's own file is left with its options, one
 * loop and its exit.
 */
#ifndef LM_CMD_RUN_H
#define LM_CMD_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/lines.h"
#include "lib/base/option.h"
#include "lib/base/pool.h"
#include "lib/base/sandbox.h"
#include "lib/base/writer.h"
#include "lib/record/record.h"

#define LM_VERSION "0.1.0"

/* The options that programs share. A program's options struct holds one of these. */
struct lm_common {
    bool help;
    bool version;
    const char *completion;
    const char *rejects;
    bool accept_rejects;
    bool strict;
    bool progress;
    struct lm_instant_option now;
    int64_t jobs; /* 0: the online processors */
};

/* --help, --version, --completion: for programs that read no stream. */
extern const struct lm_option lm_basic_options[];
/* Those and --now. */
extern const struct lm_option lm_clock_options[];
/* Those and --rejects, --accept-rejects, --strict, --progress: for filters. */
extern const struct lm_option lm_filter_options[];
/* Those and --jobs: for filters that work record by record. */
extern const struct lm_option lm_parallel_options[];

/* A line of input, and where it came from. */
struct lm_input {
    const char *source; /* "stdin" or the file's name */
    struct lm_line line;
};

/* A path that a program needs beside what its command line names (lm_run_allow). */
struct lm_allowed {
    const char *path;
    enum lm_sandbox_access access;
};
#define LM_ALLOWED_MAX 8

/* An input file that is read twice. */
struct lm_kept {
    int fd;
    int spool; /* where it is to be copied to, -1 for nowhere */
};

struct lm_run {
    const struct lm_program *program;
    const void *options; /* the program's options struct */
    struct lm_common *common;
    struct lm_list operands; /* the input files; empty means standard input */
    int status;              /* the highest met so far */
    struct lm_writer out;
    struct lm_writer rejects;
    bool rejects_open;
    struct lm_writer alerts;
    bool alerts_open;
    const char *alerts_file;
    bool quiet; /* set by a program: rejected lines are counted, not told one by one */
    uint64_t untold[LM_REASON_COUNT];
    bool stopped;    /* --strict met a bad line */
    bool any_bytes;  /* some input was not empty */
    bool any_object; /* some line was a JSON object, or the input is not JSON at all */
    size_t next_operand;
    const char *source;
    struct lm_lines *lines;
    struct lm_kept *kept; /* the input files, where they are read twice */
    struct lm_buffer scratch;
    uint64_t records; /* for --progress */
    int64_t drawn_ms;
    struct lm_pool *pool; /* while lm_run_parallel runs: `before` and `after` may use it, too */
    struct lm_allowed allowed[LM_ALLOWED_MAX];
    size_t allowed_count;
    bool no_input;          /* set by a program that reads no records this time */
    bool unconfined;        /* set by a program that executes what its command line names */
    bool confined;          /* to the files that the command line names */
    bool confined_to_input; /* of those to the operands */
};

/*
 * Parses the command line into OPTIONS (the program's struct) and prepares everything. Does not
 * return after --help, --version, --completion or bad usage.
 */
void lm_run_start(struct lm_run *run, const struct lm_program *program, int argc, char **argv,
                  void *options) LM_NONNULL;
/* Closes everything, checks that the output arrived, and returns the exit status. */
int lm_run_finish(struct lm_run *run) LM_NONNULL LM_MUST_CHECK;

/*
 * The sandbox. It needs no word from a program that reads what its command line names: before the
 * first line of any file (lm_run_file, lm_run_line and the like) it is confined to reading its
 * operands, what its options of the kinds FILE and FILES name, and time zones; before the first
 * line of its main input, to the operands and time zones. So files are opened and written to
 * before, or allowed by name before; PATH stays the caller's. A pool of threads is made after the
 * first lm_run_file, as threads that are there already are not confined.
 */
void lm_run_allow(struct lm_run *run, const char *path, enum lm_sandbox_access access) LM_NONNULL;
/* Confines the program now, as before the first line of any file: for those that read none. */
void lm_run_confine(struct lm_run *run) LM_NONNULL;
/* Confines it further, as before the first line of its main input. */
void lm_run_confine_to_input(struct lm_run *run) LM_NONNULL;

/* --now, or the clock, in seconds since 1970. */
int64_t lm_run_now(const struct lm_run *run) LM_NONNULL;
/* The same in microseconds. */
int64_t lm_run_now_us(const struct lm_run *run) LM_NONNULL;

/* The next line of the input files one after the other; lines that no record may be are rejected
 * on the way. With TEXT false (CSV, telegrams), only truncated and too long ones are, and the
 * input counts as non-JSON. False at the end. */
bool lm_run_line(struct lm_run *run, bool text, struct lm_input *input) LM_NONNULL LM_MUST_CHECK;
/* The next line, good or bad (text): for programs that make something of bad ones, too, beside
 * rejecting them, which is theirs then. LM_LINES_END at the end; it does not fail otherwise. */
enum lm_lines_result lm_run_any_line(struct lm_run *run, struct lm_input *input,
                                     struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The next line that is a record. The caller frees it with lm_record_free. False at the end. */
bool lm_run_record(struct lm_run *run, struct lm_input *input,
                   struct lm_record *record) LM_NONNULL LM_MUST_CHECK;

/* Before the first line, and before the program is confined: the input will be read twice. All of
 * its files are opened now; what is no regular file will be copied into one that has no name, so
 * that memory does not grow with it. */
void lm_run_keep(struct lm_run *run) LM_NONNULL;
/* After the last line: the next one is the first again, of the very files that were opened. */
void lm_run_again(struct lm_run *run) LM_NONNULL;

/* True where the input files are, or contain, standard input. */
bool lm_run_reads_stdin(const struct lm_run *run) LM_NONNULL LM_MUST_CHECK;

/* Reads all of FILE ("-" is standard input) record by record into VISIT: registries, rules.
 * Bad lines are rejected like those of the main input. Exit 66 where there is no such file. */
void lm_run_file(struct lm_run *run, const char *file,
                 int (*visit)(void *context, const struct lm_input *input, struct lm_record *record,
                              struct lm_error *error),
                 void *context) LM_NONNULL_AT(1, 2, 3);

/* Writes one line to standard output. Does not return where that fails. */
void lm_run_write(struct lm_run *run, const char *bytes, size_t size) LM_NONNULL;
/* Writes the buffer as one line and empties it. */
void lm_run_write_buffer(struct lm_run *run, struct lm_buffer *line) LM_NONNULL;
/* Writes what is in the buffer as it is: lines that are whole already. */
void lm_run_write_text(struct lm_run *run, const struct lm_buffer *text) LM_NONNULL;

/* Rejects INPUT: the message, the reject record, the status. input->line.data may be NULL where
 * the line is gone. */
void lm_run_reject(struct lm_run *run, const struct lm_input *input,
                   const struct lm_error *error) LM_NONNULL;
/* Opens FILE for alert records, which are appended; does not return where that fails. */
void lm_run_open_alerts(struct lm_run *run, const char *file) LM_NONNULL;
/* Writes an alert, whose program is filled in, where a file for them is open. */
void lm_run_alert(struct lm_run *run, struct lm_alert *alert) LM_NONNULL;
/* Says something about INPUT's line that is no rejection: it has no reason and no status. */
void lm_run_note(struct lm_run *run, const struct lm_input *input,
                 const struct lm_error *note) LM_NONNULL;
/* The program's verdict is negative: exit 1, whatever --accept-rejects says. */
void lm_run_negative(struct lm_run *run) LM_NONNULL;
/* An error that is no line's: the message and its status. */
void lm_run_error(struct lm_run *run, const struct lm_error *error) LM_NONNULL;
/* The same, then the end: what was written so far is flushed. Does not return. */
_Noreturn void lm_run_fatal(struct lm_run *run, const struct lm_error *error) LM_NONNULL;
/* A usage error that the option tables cannot see. Does not return. */
_Noreturn void lm_run_usage(struct lm_run *run, const char *format, ...) LM_NONNULL LM_PRINTF(2, 3);

/* Opens FILE for reading ("-" is standard input); does not return where that fails (exit 66). */
int lm_run_open(struct lm_run *run, const char *file) LM_NONNULL LM_MUST_CHECK;

/*
 * Work that is done record by record, by several threads, with the output in input order.
 *
 * WORK gets one line (a copy, its own) and fills out: lines to be written, or an error that
 * rejects the line. It may use only its item and what nobody writes meanwhile. BEFORE (may be
 * NULL) sees the items in input order before any of them is worked on, AFTER (may be NULL) when
 * all of the batch are done, before its output is written. BETWEEN (may be NULL) sees them each
 * time that they were worked on, and sets `again` of those that WORK is to get once more; AFTER
 * comes when it has set none.
 */
struct lm_work_item {
    struct lm_input input;
    struct lm_buffer copy; /* of the line */
    struct lm_buffer out;  /* nothing, or one line without line feed */
    bool skip;             /* dropped without a word: set by before or work */
    bool rejected;
    bool again; /* to be worked on; true at first */
    struct lm_error error;
    uint64_t tag; /* free for the program */
};

struct lm_work {
    void (*work)(void *context, struct lm_work_item *item);
    void (*before)(void *context, struct lm_work_item *items, size_t count);
    void (*between)(void *context, struct lm_work_item *items, size_t count);
    void (*after)(void *context, struct lm_work_item *items, size_t count);
    void *context;
};

void lm_run_parallel(struct lm_run *run, const struct lm_work *work) LM_NONNULL;

#endif
