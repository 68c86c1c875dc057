/*
 * What the fuzzing harnesses share: a property that does not hold ends the process, which is how
 * libFuzzer learns of it.
 */
#ifndef LM_TESTS_FUZZ_H
#define LM_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "does not hold: %s\n", #condition);                              \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
