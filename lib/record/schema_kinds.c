/* What kinds are called, and the texts that each takes. */
#include <string.h>

#include "lib/base/id.h"
#include "lib/base/zone.h"
#include "lib/record/price_rule.h"
#include "lib/record/schema.h"

const char *lm_kind_name(enum lm_kind kind) {
    static const char *const names[] = {
        [LM_KIND_ID] = "id",
        [LM_KIND_TEXT] = "text",
        [LM_KIND_CURRENCY] = "currency",
        [LM_KIND_ZONE] = "zone",
        [LM_KIND_DIGEST] = "digest",
        [LM_KIND_BINARY] = "binary",
        [LM_KIND_PRICE_RULE] = "price rule",
        [LM_KIND_COUNT] = "count",
        [LM_KIND_ENERGY] = "energy",
        [LM_KIND_PRICE] = "price",
        [LM_KIND_AMOUNT] = "amount",
        [LM_KIND_PERIOD] = "period",
        [LM_KIND_VALIDITY] = "validity",
        [LM_KIND_INSTANT] = "instant",
        [LM_KIND_MONTH] = "month",
        [LM_KIND_CLOCK] = "clock",
        [LM_KIND_WORD] = "word",
        [LM_KIND_OBJECT] = "object",
        [LM_KIND_JSON] = "record",
    };
    return names[kind];
}

bool lm_kind_is_text(enum lm_kind kind) {
    return kind <= LM_KIND_PRICE_RULE;
}

/* The alphabet of RFC 4648 section 5, and no set bits behind the last byte. */
static bool base64url_valid(const char *text, size_t size) {
    static const char tails[] = "AQgw";              /* size % 4 == 2: four bits to spare */
    static const char tails3[] = "AEIMQUYcgkosw048"; /* size % 4 == 3: two */
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_')
            return false;
    }
    switch (size % 4) {
    case 1:
        return false;
    case 2:
        return strchr(tails, text[size - 1]) != NULL;
    case 3:
        return strchr(tails3, text[size - 1]) != NULL;
    default:
        return true;
    }
}

bool lm_kind_text_valid(enum lm_kind kind, const char *text, size_t size) {
    switch (kind) {
    case LM_KIND_ID:
        return lm_id_valid(text, size);
    case LM_KIND_CURRENCY:
        return size == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
    case LM_KIND_ZONE:
        return lm_zone_spelled(text);
    case LM_KIND_DIGEST:
        return size == 43 && base64url_valid(text, size);
    case LM_KIND_BINARY:
        return base64url_valid(text, size);
    case LM_KIND_PRICE_RULE: {
        struct lm_price_rule rule;
        return lm_price_rule_parse(text, size, &rule);
    }
    default:
        return true;
    }
}
