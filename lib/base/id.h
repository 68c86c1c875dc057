/*
 * Ids: what entities, markets, regions and orders are called.
 */
#ifndef LM_BASE_ID_H
#define LM_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/attributes.h"

/* True for 1 to 64 of A-Z a-z 0-9 . _ : - */
bool lm_id_valid(const char *text, size_t size) LM_NONNULL LM_MUST_CHECK;
/* True for an id that begins with "p-" or "r-": pseudonyms and ring images, never a chosen id. */
bool lm_id_reserved(const char *id) LM_NONNULL LM_MUST_CHECK;

#endif
