/*
 * The unit tests' few lines of TAP: each check is a test, and main returns tap_done().
 */
#ifndef LM_TESTS_TAP_H
#define LM_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count;
static int tap_failed;

__attribute__((format(printf, 2, 3))) static inline bool tap_ok(bool good, const char *format,
                                                                ...) {
    va_list arguments;
    printf("%sok %d - ", good ? "" : "not ", ++tap_count);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    tap_failed += !good;
    return good;
}

/* Compares texts and shows both where they differ. */
static inline bool tap_is(const char *got, const char *wanted, const char *name) {
    bool same = strcmp(got, wanted) == 0;
    tap_ok(same, "%s", name);
    if (!same)
        printf("# got:    %s\n# wanted: %s\n", got, wanted);
    return same;
}

static inline void tap_skip(const char *name, const char *why) {
    printf("ok %d - %s # SKIP %s\n", ++tap_count, name, why);
}

static inline int tap_done(void) {
    printf("1..%d\n", tap_count);
    return tap_failed != 0;
}

#endif
