/*
 * The words that findings say in `code`: what is wrong, never changed once given out. Each stands
 * here once; lm-audit(1) explains them with the same sentences.
 *
 * Beside these, whatever a line, a signature or a settlement is refused for is a code, by its
 * reason word (lib/base/error.h). And three families are made of two parts:
 *
 *   TYPE_differs, _missing, _unfounded, _repeated   records that were issued, or should have been
 *   REASON_used                                     an order refused for REASON that was traded
 */
#ifndef LM_EVIDENCE_CODES_H
#define LM_EVIDENCE_CODES_H

#include "lib/base/error.h"
#include "lib/record/types.h"

/* X(constant, word, what it means) */
#define LM_CODES(X)                                                                                \
    /* logs */                                                                                     \
    X(NOT_ENTRY, "not_entry", "a line of a log is a record without an entry around it")            \
    X(ENTRY_NUMBER, "entry_number", "an entry's number is not its place in the log")               \
    X(ENTRY_TIME, "entry_time", "an entry is dated before the one that it follows")                \
    X(MISPLACED, "misplaced", "an order or reading is in a log of somebody whom it is not for")    \
    X(ENTRY_REPEATED, "entry_repeated", "a log holds one record twice")                            \
    /* checkpoints, witnesses, receipts */                                                         \
    X(CHECKPOINT_UNSIGNED, "checkpoint_unsigned",                                                  \
      "a checkpoint is none, or nobody who may keep a log has signed it")                          \
    X(CHECKPOINT_UNKNOWN, "checkpoint_unknown", "a checkpoint is of a log that is not here")       \
    X(ROOT_DIFFERS, "root_differs", "a log is not the one that its keeper signed for")             \
    X(LOG_TRUNCATED, "log_truncated", "a log is shorter than its keeper signed for")               \
    X(LOG_FORKED, "log_forked", "a log's keeper signed for two different histories")               \
    X(UNCOVERED, "uncovered", "a log goes on behind its newest checkpoint")                        \
    X(BACKDATED, "backdated",                                                                      \
      "an entry is dated before a checkpoint by its log's keeper that did not have it, or behind " \
      "one that did")                                                                              \
    X(COSIGNATURE, "cosignature",                                                                  \
      "a cosignature in a witness's name does not verify, is by a key that was revoked, or is "    \
      "older than what it covers")                                                                 \
    X(WITNESS_FORKED, "witness_forked", "a witness has cosigned two different histories")          \
    X(UNWITNESSED, "unwitnessed",                                                                  \
      "a log's newest checkpoint, or an exhibit's, is not cosigned by every witness")              \
    X(UNANCHORED, "unanchored", "no witness had seen an order when its gate closed")               \
    X(RECEIPT_MISSING, "receipt_missing", "what a receipt was given for is not in the log")        \
    X(RECEIPT_FOREIGN, "receipt_foreign", "a receipt is by somebody who does not keep the log")    \
    X(RECEIPT_UNKNOWN, "receipt_unknown", "a receipt is of a log that is not here")                \
    /* terms */                                                                                    \
    X(RETROACTIVE, "retroactive", "terms or identities were changed for a time that had begun")    \
    X(REGION_SHARED, "region_shared", "rules give a region to two markets at a time")              \
    X(UNLOGGED, "unlogged",                                                                        \
      "an identity or contract that its signer's log does not hold, and should or contradicts")    \
    /* readings */                                                                                 \
    X(IMPLAUSIBLE, "implausible", "a reading is of more energy than a meter can carry")            \
    X(EARLY, "early", "a reading was logged before its period had ended")                          \
    X(OVERLAPPING, "overlapping", "a meter has signed readings of periods that overlap")           \
    /* verdicts on claims */                                                                       \
    X(EXHIBITS, "exhibits", "an exhibit that a verdict names, or a part of it, is not there")      \
    X(VERDICT_PARTS, "verdict_parts",                                                              \
      "parts of a verdict say different things, or one is there with different content")           \
    X(VERDICT_UNFOUNDED, "verdict_unfounded", "a verdict does not follow from its exhibits")

/* What can be wrong with issued records: X(constant, suffix, what it means). */
#define LM_DIFFERENCES(X)                                                                          \
    X(DIFFERS, "differs", "it was issued with another content than it should have")                \
    X(MISSING, "missing", "it should have been issued and was not")                                \
    X(UNFOUNDED, "unfounded", "it was issued, and nothing calls for it")                           \
    X(REPEATED, "repeated", "two of one name were issued, with different content")

#define LM_CODE_CONSTANT(constant, word, meaning) LM_CODE_##constant,
enum lm_code { LM_CODES(LM_CODE_CONSTANT) LM_CODE_COUNT };
#undef LM_CODE_CONSTANT

#define LM_DIFFERENCE_CONSTANT(constant, suffix, meaning) LM_DIFFERENCE_##constant,
enum lm_difference { LM_DIFFERENCES(LM_DIFFERENCE_CONSTANT) LM_DIFFERENCE_COUNT };
#undef LM_DIFFERENCE_CONSTANT

/* Room for any code and its NUL. */
#define LM_CODE_SIZE 64

/* The word of a code, and one sentence for people. */
const char *lm_code_word(enum lm_code code);
const char *lm_code_meaning(enum lm_code code);
/* The second part of a difference's codes, without the underscore, and a sentence. */
const char *lm_difference_suffix(enum lm_difference difference);
const char *lm_difference_meaning(enum lm_difference difference);

/* The code of a record of TYPE that differs so. */
void lm_code_of_difference(enum lm_type type, enum lm_difference difference,
                           char code[LM_CODE_SIZE]) LM_NONNULL;
/* The code of an order that had to be refused and was traded, and what such codes mean. */
void lm_code_of_used(enum lm_reason refused, char code[LM_CODE_SIZE]) LM_NONNULL;
const char *lm_code_used_meaning(void);

#endif
