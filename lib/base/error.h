/*
 * Errors as values: library functions return a status and fill a caller's struct lm_error;
 * only commands turn that into text and an exit status.
 */
#ifndef LM_BASE_ERROR_H
#define LM_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attributes.h"

/* Exit statuses, after sysexits.h where it has one. The highest one met wins. */
enum lm_exit {
    LM_EXIT_OK = 0,
    LM_EXIT_REJECT = 1, /* a negative verdict, or rejected records */
    LM_EXIT_USAGE = 2,
    LM_EXIT_DATA = 65,       /* non-empty input without one JSON object */
    LM_EXIT_NO_INPUT = 66,   /* an input file is missing or unreadable */
    LM_EXIT_INTERNAL = 70,   /* a defect of ours, or no memory */
    LM_EXIT_IO = 74,         /* reading or writing failed, a full disk included */
    LM_EXIT_PERMISSION = 77, /* a key file that others can read */
};

/*
 * Every reason for which anything is refused: X(constant, word, exit status, what it means).
 * The word is what stands in a reject record and never changes; the sentence is for lm-records(5).
 */
#define LM_REASONS(X)                                                                              \
    X(NONE, "none", LM_EXIT_OK, "nothing is wrong")                                                \
    /* lines */                                                                                    \
    X(EMPTY, "empty", LM_EXIT_REJECT, "the line is empty")                                         \
    X(TOO_LONG, "too_long", LM_EXIT_REJECT, "the line is longer than a record may be")             \
    X(NUL, "nul", LM_EXIT_REJECT, "the line holds a NUL byte")                                     \
    X(CRLF, "crlf", LM_EXIT_REJECT, "the line ends in CR LF instead of LF")                        \
    X(TRUNCATED, "truncated", LM_EXIT_REJECT, "the last line has no line feed")                    \
    X(UTF8, "utf8", LM_EXIT_REJECT, "the line is not UTF-8")                                       \
    X(JSON, "json", LM_EXIT_REJECT, "the line is not JSON")                                        \
    X(NOT_OBJECT, "not_object", LM_EXIT_REJECT, "the line is not a JSON object")                   \
    /* I-JSON */                                                                                   \
    X(DUPLICATE_NAME, "duplicate_name", LM_EXIT_REJECT, "an object has one name twice")            \
    X(REAL, "real", LM_EXIT_REJECT, "a number has a fraction or an exponent")                      \
    X(INTEGER_RANGE, "integer_range", LM_EXIT_REJECT, "an integer is beyond 2^53-1")               \
    X(NONCHARACTER, "noncharacter", LM_EXIT_REJECT, "a string holds a Unicode noncharacter")       \
    X(DEPTH, "depth", LM_EXIT_REJECT, "the JSON is nested too deep")                               \
    /* records */                                                                                  \
    X(UNKNOWN_TYPE, "unknown_type", LM_EXIT_REJECT, "type names no record that lm knows")          \
    X(VERSION, "version", LM_EXIT_REJECT, "v is not a version that lm knows")                      \
    X(MISSING_MEMBER, "missing_member", LM_EXIT_REJECT, "a required member is missing")            \
    X(UNKNOWN_MEMBER, "unknown_member", LM_EXIT_REJECT, "a member that the type does not have")    \
    X(BAD_MEMBER, "bad_member", LM_EXIT_REJECT, "a member's value is not of its kind")             \
    X(UNEXPECTED_TYPE, "unexpected_type", LM_EXIT_REJECT, "a record of a type not wanted here")    \
    /* signatures, identities, authorisation */                                                    \
    X(UNSIGNED, "unsigned", LM_EXIT_REJECT, "the record has no signature")                         \
    X(SIGNED, "signed", LM_EXIT_REJECT, "the record has a signature already")                      \
    X(BAD_HEADER, "bad_header", LM_EXIT_REJECT, "the protected header is not the one lm allows")   \
    X(BAD_SIGNATURE, "bad_signature", LM_EXIT_REJECT, "the signature does not verify")             \
    X(BAD_PROOF, "bad_proof", LM_EXIT_REJECT, "the proof of possession does not verify")           \
    X(NOT_SIGNABLE, "not_signable", LM_EXIT_REJECT, "records of this type are never signed")       \
    X(UNKNOWN_SIGNER, "unknown_signer", LM_EXIT_REJECT, "no identity has the signing key")         \
    X(NOT_YET_VALID, "not_yet_valid", LM_EXIT_REJECT, "the identity is not valid yet")             \
    X(EXPIRED, "expired", LM_EXIT_REJECT, "the identity is no longer valid")                       \
    X(REVOKED, "revoked", LM_EXIT_REJECT, "the key is revoked")                                    \
    X(SUPERSEDED, "superseded", LM_EXIT_REJECT, "a later identity of that id has another key")     \
    X(AMBIGUOUS, "ambiguous", LM_EXIT_REJECT,                                                      \
      "records of one name and start contradict each other")                                       \
    X(WRONG_ROLE, "wrong_role", LM_EXIT_REJECT, "the signer's role may not sign this type")        \
    X(WRONG_SUBJECT, "wrong_subject", LM_EXIT_REJECT, "the signer is not the record's subject")    \
    X(WRONG_REGION, "wrong_region", LM_EXIT_REJECT, "the region is not the signer's")              \
    X(WRONG_MARKET, "wrong_market", LM_EXIT_REJECT, "the market does not serve the signer")        \
    X(WRONG_CUSTOMER, "wrong_customer", LM_EXIT_REJECT, "the user is not the signer's customer")   \
    X(WRONG_TIME, "wrong_time", LM_EXIT_REJECT,                                                    \
      "the signer was not what it is at the time that the record is about")                        \
    X(WRONG_PARTY, "wrong_party", LM_EXIT_REJECT,                                                  \
      "whom the record is about, or for, is not then what the type calls for")                     \
    X(WRONG_SUPPLIER, "wrong_supplier", LM_EXIT_REJECT,                                            \
      "the user's supplier is none then, or not in her region")                                    \
    X(WRONG_KEY, "wrong_key", LM_EXIT_REJECT, "no identity of that id has the key")                \
    X(FIRMWARE, "firmware", LM_EXIT_REJECT, "the firmware is not approved for the meter then")     \
    X(NO_FIRMWARE, "no_firmware", LM_EXIT_REJECT,                                                  \
      "the reading names no firmware and the meter's identity lists some")                         \
    X(REPEATED, "repeated", LM_EXIT_REJECT, "the repeat of a line that was rejected")              \
    /* challenges and responses */                                                                 \
    X(REFLECTED, "reflected", LM_EXIT_REJECT, "our own message came back to us")                   \
    X(NOT_FOR_US, "not_for_us", LM_EXIT_REJECT, "the message is for somebody else")                \
    X(UNKNOWN_CHALLENGE, "unknown_challenge", LM_EXIT_REJECT,                                      \
      "it answers nothing that we asked and still remember")                                       \
    X(NOT_ASKED, "not_asked", LM_EXIT_REJECT, "somebody else was asked")                           \
    X(REPLAYED, "replayed", LM_EXIT_REJECT, "the challenge has had its answer")                    \
    X(CHALLENGE_EXPIRED, "challenge_expired", LM_EXIT_REJECT, "the time for an answer is over")    \
    X(CLOCK_SKEW, "clock_skew", LM_EXIT_REJECT, "the two clocks differ too much")                  \
    X(UNCHECKED, "unchecked", LM_EXIT_REJECT, "a response is answered only once it is checked")    \
    X(NO_QUESTION, "no_question", LM_EXIT_REJECT, "the response asks for no answer")               \
    X(NOT_WANTED, "not_wanted", LM_EXIT_REJECT,                                                    \
      "the response is right, but not the one waited for")                                         \
    X(ATTESTER, "attester", LM_EXIT_REJECT, "the platform attester failed")                        \
    X(UNATTESTED, "unattested", LM_EXIT_REJECT, "no attestation that names a firmware")            \
    /* sealed boxes */                                                                             \
    X(NO_ADDRESSEE, "no_addressee", LM_EXIT_REJECT, "the record names nobody it is meant for")     \
    X(WRONG_ADDRESSEE, "wrong_addressee", LM_EXIT_REJECT, "the record is meant for somebody else") \
    X(OTHER_KEY, "other_key", LM_EXIT_REJECT, "the box is sealed to another key")                  \
    X(WEAK_KEY, "weak_key", LM_EXIT_REJECT, "the key to seal to is of small order")                \
    X(BOX_SIZE, "box_size", LM_EXIT_REJECT, "no box has that size: it is truncated")               \
    X(BAD_BOX, "bad_box", LM_EXIT_REJECT, "the box was altered, or is for another key")            \
    X(BAD_PADDING, "bad_padding", LM_EXIT_REJECT,                                                  \
      "what is in the box is not padded as it must be")                                            \
    X(BAD_CONTENT, "bad_content", LM_EXIT_REJECT, "no record that names its addressee is inside")  \
    /* market */                                                                                   \
    X(PRICE, "price", LM_EXIT_REJECT, "the price is outside the floor and cap of the rules")       \
    X(PERIOD, "period", LM_EXIT_REJECT, "the period's length is not the market's")                 \
    X(EARLY, "early", LM_EXIT_REJECT, "the order is for a period too far ahead")                   \
    X(LATE, "late", LM_EXIT_REJECT, "the order came after gate closure")                           \
    X(QUOTA, "quota", LM_EXIT_REJECT, "more orders than the rules allow an entity")                \
    X(CONFLICT, "conflict", LM_EXIT_REJECT, "two different records have one name and seq")         \
    X(SELF_TRADE, "self_trade", LM_EXIT_REJECT, "an entity's own bid reaches its own offer")       \
    X(TOTAL, "total", LM_EXIT_REJECT, "a total would exceed 2^53-1 Wh")                            \
    X(OVERFLOW, "overflow", LM_EXIT_REJECT, "an amount does not fit 128 bits")                     \
    /* meters */                                                                                   \
    X(CSV, "csv", LM_EXIT_REJECT, "the line is not CSV as the header announces it")                \
    X(TELEGRAM, "telegram", LM_EXIT_REJECT, "the P1 telegram is malformed")                        \
    X(BACKWARDS, "backwards", LM_EXIT_REJECT, "a register or a clock runs backwards")              \
    X(LOCAL_TIME, "local_time", LM_EXIT_REJECT, "a local time that does not exist, or twice")      \
    /* settlement */                                                                               \
    X(NO_READING, "no_reading", LM_EXIT_REJECT, "a user with a valid meter has no reading")        \
    X(NO_METER, "no_meter", LM_EXIT_REJECT, "a reading of a meter that nobody knows")              \
    X(NO_TARIFF, "no_tariff", LM_EXIT_REJECT, "no tariff applies, or none of its bands")           \
    X(NO_FEE, "no_fee", LM_EXIT_REJECT, "an operator of the region has no fee in force")           \
    X(NO_IDENTITY, "no_identity", LM_EXIT_REJECT, "nobody knows that party")                       \
    X(TWO_MARKETS, "two_markets", LM_EXIT_REJECT, "trades in two markets of one period")           \
    X(CURRENCY, "currency", LM_EXIT_REJECT, "two currencies meet in one sum")                      \
    X(ZONE, "zone", LM_EXIT_REJECT, "the time zone is unknown on this machine")                    \
    X(MISSING_RECORD, "missing_record", LM_EXIT_REJECT, "a record that is needed is not there")    \
    X(WITHHELD, "withheld", LM_EXIT_REJECT, "the party cannot be settled yet")                     \
    /* telling */                                                                                  \
    X(NOT_TOLD, "not_told", LM_EXIT_REJECT, "nobody of that role may be told of it")               \
    X(SMALL_GROUP, "small_group", LM_EXIT_REJECT, "a sum over so few would tell of each")          \
    /* logs */                                                                                     \
    X(NOT_CANONICAL, "not_canonical", LM_EXIT_REJECT, "the line is not in canonical form")         \
    X(ENTRY_NUMBER, "entry_number", LM_EXIT_REJECT, "an entry's number is not its place")          \
    X(FORK, "fork", LM_EXIT_REJECT, "a log's tree does not continue the one seen before")          \
    X(NOT_INCLUDED, "not_included", LM_EXIT_REJECT, "a proof does not lead to the root")           \
    /* the program's surroundings */                                                               \
    X(USAGE, "usage", LM_EXIT_USAGE, "the command line is wrong")                                  \
    X(NO_INPUT, "no_input", LM_EXIT_NO_INPUT, "an input file is missing")                          \
    X(BAD_KEY, "bad_key", LM_EXIT_NO_INPUT, "a key file is malformed")                             \
    X(LOCKED, "locked", LM_EXIT_NO_INPUT, "a key file is under a passphrase that is not given")    \
    X(BAD_PASSPHRASE, "bad_passphrase", LM_EXIT_NO_INPUT, "a passphrase opens no key file")        \
    X(INCOMPLETE, "incomplete", LM_EXIT_NO_INPUT, "a registry is not that of its checkpoint")      \
    X(STALE, "stale", LM_EXIT_NO_INPUT, "a registry is older than is allowed")                     \
    X(BAD_STATE, "bad_state", LM_EXIT_NO_INPUT, "a state file is malformed")                       \
    X(STATE_FULL, "state_full", LM_EXIT_IO, "a state file holds as much as it may")                \
    X(EXISTS, "exists", LM_EXIT_USAGE, "the output file exists already")                           \
    X(PERMISSION, "permission", LM_EXIT_PERMISSION, "others can read the key file")                \
    X(IO, "io", LM_EXIT_IO, "reading or writing failed")                                           \
    X(MEMORY, "memory", LM_EXIT_INTERNAL, "no memory left")                                        \
    X(DEFECT, "defect", LM_EXIT_INTERNAL, "a check that can only fail by a defect failed")

#define LM_REASON_CONSTANT(constant, word, status, meaning) LM_##constant,
enum lm_reason { LM_REASONS(LM_REASON_CONSTANT) LM_REASON_COUNT };
#undef LM_REASON_CONSTANT

/* What went wrong. offset is the byte in the line where it shows, -1 where there is no such place.
 * The texts may hold control characters from hostile input: whoever prints them escapes them. */
struct lm_error {
    enum lm_reason reason;
    int64_t offset;
    char detail[256];
    char hint[160];
};

/* The fixed word of a reason, as it stands in reject records. */
const char *lm_reason_word(enum lm_reason reason);
/* One sentence for people. */
const char *lm_reason_meaning(enum lm_reason reason);
/* The exit status that a reason leads to. */
enum lm_exit lm_reason_exit(enum lm_reason reason);

/* Whether it says that a key is good, but not that of somebody who may sign the record. */
bool lm_reason_unauthorised(enum lm_reason reason) LM_MUST_CHECK;
/* Whether it is what a registry says of the key, or of what its holder may sign. */
bool lm_reason_by_registry(enum lm_reason reason) LM_MUST_CHECK;

/* Fills *error (detail cut to fit, no hint, no offset) and returns -1, so that a caller can say
 * `return lm_fail(error, …);`. */
int lm_fail(struct lm_error *error, enum lm_reason reason, const char *format, ...) LM_NONNULL
    LM_PRINTF(3, 4);
/* The same for errno: the detail is SUBJECT and the system's message. */
int lm_fail_errno(struct lm_error *error, enum lm_reason reason, const char *subject) LM_NONNULL;
/* Fails for want of memory. */
int lm_fail_memory(struct lm_error *error) LM_NONNULL;
/* Adds the next step that a reader can take. Returns -1. */
int lm_hint(struct lm_error *error, const char *format, ...) LM_NONNULL LM_PRINTF(2, 3);

#endif
