/*
 * Prints the codes of findings and what they mean, from their tables: `code<TAB>meaning`, those
 * that are suffixes with their underscore.
 */
#include <stdio.h>

#include "lib/evidence/codes.h"

int main(void) {
    for (int code = 0; code < LM_CODE_COUNT; code++)
        printf("%s\t%s\n", lm_code_word((enum lm_code)code), lm_code_meaning((enum lm_code)code));
    for (int i = 0; i < LM_DIFFERENCE_COUNT; i++)
        printf("_%s\t%s\n", lm_difference_suffix((enum lm_difference)i),
               lm_difference_meaning((enum lm_difference)i));
    printf("_used\t%s\n", lm_code_used_meaning());
    return 0;
}
