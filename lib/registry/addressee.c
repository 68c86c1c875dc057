#include "lib/registry/addressee.h"

#include <string.h>

/* The offset of a text in union lm_body, plus 1, so that what the table leaves out is nobody. */
#define MEMBER(member) (1 + offsetof(union lm_body, member))

/* A type without a row is meant for everybody. */
static const size_t addressees[LM_TYPE_COUNT][LM_ADDRESSEES_MAX] = {
    [LM_TYPE_CONTRACT] = {MEMBER(contract.user), MEMBER(contract.supplier)},
    [LM_TYPE_ORDER] = {MEMBER(order.market)},
    [LM_TYPE_NOTICE] = {MEMBER(notice.to)},
    [LM_TYPE_READING] = {MEMBER(reading.to)},
    [LM_TYPE_TOTAL] = {MEMBER(total.to)},
    [LM_TYPE_SETTLEMENT] = {MEMBER(settlement.party), MEMBER(settlement.supplier)},
    [LM_TYPE_ADJUSTMENT] = {MEMBER(settlement.party), MEMBER(settlement.supplier)},
    [LM_TYPE_TRANSFER] = {MEMBER(transfer.to)},
    [LM_TYPE_BILL] = {MEMBER(bill.user), MEMBER(bill.supplier)},
    [LM_TYPE_CHALLENGE] = {MEMBER(challenge.to)},
    [LM_TYPE_RESPONSE] = {MEMBER(response.to)},
};

size_t lm_record_addressees(enum lm_type type, const union lm_body *body,
                            const char *ids[LM_ADDRESSEES_MAX]) {
    size_t count = 0;
    for (size_t i = 0; i < LM_ADDRESSEES_MAX && addressees[type][i]; i++) {
        const char *id = *(const char *const *)((const char *)body + addressees[type][i] - 1);
        if (id)
            ids[count++] = id;
    }
    return count;
}

bool lm_record_meant_for(enum lm_type type, const union lm_body *body, const char *id) {
    const char *ids[LM_ADDRESSEES_MAX];
    size_t count = lm_record_addressees(type, body, ids);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(ids[i], id) == 0)
            return true;
    }
    return false;
}
