#include "lib/settle/transfers.h"

int lm_transfers(struct lm_net *nets, size_t count,
                 int (*pay)(void *context, uint32_t from, uint32_t to, lm_i128 amount_nano,
                            struct lm_error *error),
                 void *context, struct lm_error *error) {
    size_t payer = 0;
    size_t receiver = 0;
    for (;;) {
        while (payer < count && nets[payer].amount_nano >= 0)
            payer++;
        while (receiver < count && nets[receiver].amount_nano <= 0)
            receiver++;
        if (payer == count && receiver == count)
            return 0;
        if (payer == count || receiver == count)
            return lm_fail(error, LM_DEFECT, "the nets of the suppliers do not sum to zero");
        lm_i128 amount_nano = -nets[payer].amount_nano;
        if (nets[receiver].amount_nano < amount_nano)
            amount_nano = nets[receiver].amount_nano;
        nets[payer].amount_nano += amount_nano;
        nets[receiver].amount_nano -= amount_nano;
        if (pay(context, nets[payer].supplier, nets[receiver].supplier, amount_nano, error) < 0)
            return -1;
    }
}
