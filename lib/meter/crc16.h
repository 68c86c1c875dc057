/*
 * CRC-16/ARC: polynomial x^16 + x^15 + x^2 + 1, bits reflected, start 0, as P1 telegrams end with
 * it. The check value of "123456789" is 0xBB3D.
 */
#ifndef LM_METER_CRC16_H
#define LM_METER_CRC16_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/attributes.h"

/* Goes on with CRC, which starts at 0, over SIZE bytes. */
uint16_t lm_crc16(uint16_t crc, const char *bytes, size_t size) LM_NONNULL;

#endif
