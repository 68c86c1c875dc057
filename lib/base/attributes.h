/*
 * Compiler attributes that every header uses, spelled once.
 */
#ifndef LM_BASE_ATTRIBUTES_H
#define LM_BASE_ATTRIBUTES_H

/* The result tells of a failure: ignoring it is a compile-time warning. */
#define LM_MUST_CHECK __attribute__((warn_unused_result))
/* No pointer argument may be NULL. */
#define LM_NONNULL __attribute__((nonnull))
/* The listed pointer arguments may not be NULL. */
#define LM_NONNULL_AT(...) __attribute__((nonnull(__VA_ARGS__)))
/* Argument F is a printf format for the arguments from A on. */
#define LM_PRINTF(f, a) __attribute__((format(printf, f, a)))
/* The variable is handed to FUNCTION when it goes out of scope. */
#define LM_CLEANUP(function) __attribute__((cleanup(function)))

#endif
