#include "lib/base/id.h"

#include "lib/base/limits.h"

bool lm_id_valid(const char *text, size_t size) {
    if (size == 0 || size > LM_ID_SIZE_MAX)
        return false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != ':' && c != '-')
            return false;
    }
    return true;
}

bool lm_id_reserved(const char *id) {
    return (id[0] == 'p' || id[0] == 'r') && id[1] == '-';
}
