#include "lib/evidence/codes.h"

#include <stdio.h>

#define WORD(constant, word, meaning)    word,
#define MEANING(constant, word, meaning) meaning,

const char *lm_code_word(enum lm_code code) {
    static const char *const words[] = {LM_CODES(WORD)};
    return words[code];
}

const char *lm_code_meaning(enum lm_code code) {
    static const char *const meanings[] = {LM_CODES(MEANING)};
    return meanings[code];
}

const char *lm_difference_suffix(enum lm_difference difference) {
    static const char *const suffixes[] = {LM_DIFFERENCES(WORD)};
    return suffixes[difference];
}

const char *lm_difference_meaning(enum lm_difference difference) {
    static const char *const meanings[] = {LM_DIFFERENCES(MEANING)};
    return meanings[difference];
}

void lm_code_of_difference(enum lm_type type, enum lm_difference difference,
                           char code[LM_CODE_SIZE]) {
    (void)snprintf(code, LM_CODE_SIZE, "%s_%s", lm_schema_of(type)->name,
                   lm_difference_suffix(difference));
}

void lm_code_of_used(enum lm_reason refused, char code[LM_CODE_SIZE]) {
    (void)snprintf(code, LM_CODE_SIZE, "%s_used", lm_reason_word(refused));
}

const char *lm_code_used_meaning(void) {
    return "an order that the market had to refuse for that reason was traded";
}
