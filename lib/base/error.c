#include "lib/base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *word;
    enum lm_exit status;
    const char *meaning;
} reasons[LM_REASON_COUNT] = {
#define LM_REASON_ROW(constant, word, status, meaning) {word, status, meaning},
    LM_REASONS(LM_REASON_ROW)
#undef LM_REASON_ROW
};

const char *lm_reason_word(enum lm_reason reason) {
    return reasons[reason].word;
}

const char *lm_reason_meaning(enum lm_reason reason) {
    return reasons[reason].meaning;
}

enum lm_exit lm_reason_exit(enum lm_reason reason) {
    return reasons[reason].status;
}

/* What is to be known of some reasons beside that. */
enum { UNAUTHORISED = 1, BY_REGISTRY = 2, BOTH = 3 };
static const unsigned char properties[LM_REASON_COUNT] = {
    [LM_UNKNOWN_SIGNER] = BY_REGISTRY,
    [LM_NOT_YET_VALID] = BY_REGISTRY,
    [LM_EXPIRED] = BY_REGISTRY,
    [LM_REVOKED] = BY_REGISTRY,
    [LM_SUPERSEDED] = BY_REGISTRY,
    [LM_AMBIGUOUS] = BY_REGISTRY,
    [LM_WRONG_ROLE] = BOTH,
    [LM_WRONG_SUBJECT] = BOTH,
    [LM_WRONG_REGION] = BOTH,
    [LM_WRONG_MARKET] = BOTH,
    [LM_WRONG_CUSTOMER] = BOTH,
    [LM_WRONG_TIME] = BOTH,
    [LM_WRONG_PARTY] = BOTH,
    [LM_WRONG_SUPPLIER] = BOTH,
    [LM_WRONG_KEY] = BOTH,
    [LM_FIRMWARE] = BOTH,
    [LM_NO_FIRMWARE] = BOTH,
    [LM_NO_IDENTITY] = UNAUTHORISED,
};

bool lm_reason_unauthorised(enum lm_reason reason) {
    return properties[reason] & UNAUTHORISED;
}

bool lm_reason_by_registry(enum lm_reason reason) {
    return properties[reason] & BY_REGISTRY;
}

int lm_fail(struct lm_error *error, enum lm_reason reason, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    error->reason = reason;
    error->offset = -1;
    error->hint[0] = '\0';
    (void)vsnprintf(error->detail, sizeof error->detail, format, arguments);
    va_end(arguments);
    return -1;
}

int lm_fail_errno(struct lm_error *error, enum lm_reason reason, const char *subject) {
    return lm_fail(error, reason, "%s: %s", subject, strerror(errno));
}

int lm_fail_memory(struct lm_error *error) {
    return lm_fail(error, LM_MEMORY, "out of memory");
}

int lm_hint(struct lm_error *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->hint, sizeof error->hint, format, arguments);
    va_end(arguments);
    return -1;
}
