/*
 * Local time in IANA zones, by the C library and the system's tzdata.
 */
#ifndef LM_BASE_ZONE_H
#define LM_BASE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/base/period.h"

/* True where NAME is spelled like a zone of the tz database ("Europe/Brussels", "UTC"): letters,
 * digits, '_', '+', '-', '/', at most 64 of them, no empty or dotted part, and not one of the
 * machine's own files beside them ("localtime", "right/…"). Whether this machine knows it is
 * another question. */
bool lm_zone_spelled(const char *name) LM_NONNULL LM_MUST_CHECK;
/* True where this machine's tz database has the zone. Where this or one of the next two fails, an
 * error of the system may be the reason: lm_zone_fail tells. */
bool lm_zone_known(const char *name) LM_NONNULL LM_MUST_CHECK;
/* The local date and time of an instant. The zone must be known. Not for use by several threads:
 * the C library has one current zone, which is switched when NAME differs from the last call's. */
bool lm_zone_local(const char *name, int64_t instant_s,
                   struct lm_civil *local) LM_NONNULL LM_MUST_CHECK;
/* The instants that a local date and time stands for: none (skipped when clocks go forward), one,
 * or two (repeated when they go back), ascending. Returns their number, -1 for an unknown zone. */
int lm_zone_instants(const char *name, const struct lm_civil *local,
                     int64_t instants_s[2]) LM_NONNULL LM_MUST_CHECK;
/* Why the last of these calls failed: LM_ZONE where the machine does not know the zone, LM_MEMORY
 * or LM_IO where it might but could not read it. Returns -1. */
int lm_zone_fail(const char *name, struct lm_error *error) LM_NONNULL;

#endif
