/* Settlements, adjustments, transfers, bills: each to whom it is about, as it came. */
#include <string.h>

#include "lib/market/inform_rows.h"

#define DAY_S 86400

static struct lm_period month_start(struct lm_month month) {
    struct lm_civil first = {.year = month.year, .month = month.month, .day = 1};
    return (struct lm_period){.start_s = lm_civil_to_seconds(&first)};
}

/* Fills ACCOUNT from RECORD. False where it is of another type. */
static bool read_account(const struct lm_record *record, struct lm_account *account,
                         const char **party, const char **market, const char **supplier) {
    const union lm_body *body = &record->as;
    switch ((int)record->type) {
    case LM_TYPE_SETTLEMENT:
    case LM_TYPE_ADJUSTMENT:
        account->period = body->settlement.period;
        account->role = body->settlement.role;
        *party = body->settlement.party;
        *market = body->settlement.market;
        *supplier = body->settlement.supplier;
        return true;
    case LM_TYPE_TRANSFER:
        account->period = body->transfer.period;
        account->role = LM_ROLE_SUPPLIER;
        *party = body->transfer.to;
        *market = body->transfer.market;
        *supplier = body->transfer.from;
        return true;
    case LM_TYPE_BILL:
        account->period = month_start(body->bill.month);
        account->role = LM_ROLE_USER;
        *party = body->bill.user;
        *supplier = body->bill.supplier;
        return true;
    default:
        return false;
    }
}

int lm_inform_add_account(struct lm_inform *inform, const struct lm_record *record,
                          const struct lm_place *place, struct lm_error *error) {
    struct lm_account account = {
        .type = record->type, .market = UINT32_MAX, .text = inform->texts.size, .place = *place};
    const char *party = NULL;
    const char *market = NULL;
    const char *supplier = NULL;
    if (!read_account(record, &account, &party, &market, &supplier))
        return 0;
    if (lm_inform_name(inform, party, &account.party, error) < 0 ||
        lm_inform_name(inform, supplier, &account.supplier, error) < 0 ||
        (market && lm_inform_name(inform, market, &account.market, error) < 0))
        return -1;
    lm_record_canonical(record, &inform->texts);
    if (!lm_buffer_ok(&inform->texts))
        return lm_fail_memory(error);
    account.size = inform->texts.size - account.text;
    if (lm_inform_room(&inform->accounts, &inform->account_room, inform->account_count,
                       sizeof *inform->accounts, error) < 0)
        return -1;
    inform->accounts[inform->account_count++] = account;
    return 0;
}

/* Who the party is. A bill is for whoever was that supplier's customer at some time of its month,
 * which is local: a day more at either end covers every zone. */
static int find_party(const struct lm_inform *inform, const struct lm_account *account,
                      const char *party, struct lm_error *error) {
    struct lm_registered registered;
    if (account->type != LM_TYPE_BILL)
        return lm_inform_who(inform, party, account->role, account->period.start_s, &registered,
                             error);
    const char *supplier = lm_names_text(&inform->names, account->supplier);
    struct lm_validity stretch = {account->period.start_s - DAY_S,
                                  account->period.start_s + (int64_t)32 * DAY_S};
    if (lm_registry_supplied(inform->registry, party, supplier, stretch))
        return 0;
    return lm_fail(error, LM_WRONG_CUSTOMER, "%s is not a customer of %s then", party, supplier);
}

static const struct lm_right *find_right(const struct lm_inform *inform,
                                         const struct lm_account *account) {
    for (size_t i = 0; i < lm_right_count; i++) {
        const struct lm_right *right = &lm_rights[i];
        if (right->stage == inform->stage && right->of == account->type &&
            right->to == account->role && right->form == LM_FORM_RECORD)
            return right;
    }
    return NULL;
}

int lm_inform_run_accounts(struct lm_inform *inform, struct lm_error *error) {
    for (size_t i = 0; i < inform->account_count; i++) {
        const struct lm_account *account = &inform->accounts[i];
        const struct lm_right *right = find_right(inform, account);
        const char *party = lm_names_text(&inform->names, account->party);
        const char *market =
            account->market == UINT32_MAX ? NULL : lm_names_text(&inform->names, account->market);
        struct lm_error why;
        int found = right
                        ? find_party(inform, account, party, &why)
                        : lm_fail(&why, LM_NOT_TOLD, "a %s is not told of a %s",
                                  lm_role_words[account->role], lm_schema_of(account->type)->name);
        if (found < 0) {
            inform->visitor->reject(inform->visitor->context, &account->place, &why);
            continue;
        }
        if (!lm_inform_uses(inform, right))
            continue;
        lm_buffer_reset(&inform->scratch);
        lm_buffer_bytes(&inform->scratch, inform->texts.data + account->text, account->size);
        if (lm_inform_tell(inform, account->period, market, party, account->type, error) < 0)
            return -1;
    }
    return 0;
}
