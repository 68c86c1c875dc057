/*
 * P1 telegrams, which Dutch, Belgian and Luxembourgish meters write on their customer port (DSMR
 * P1 Companion Standard 5.0): from "/" to "!" and a CRC, each line one object by its OBIS code.
 *
 * Read are the time (0-0:1.0.0) and the registers: import 1-0:1.8.1 and 1.8.2 (further tariffs
 * 1.8.3 to 1.8.9 are added), else their total 1.8.0; export 2.8.* likewise. Any other line is
 * passed over, but is under the CRC.
 */
#ifndef LM_METER_P1_H
#define LM_METER_P1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/meter/registers.h"

/* The registers of one direction, as far as the telegram has told them. */
struct lm_p1_energy {
    unsigned seen; /* bit n: x.8.n */
    int64_t total_wh;
    int64_t tariffs_wh; /* the sum of the tariffs */
};

/* A telegram being read. Start it zeroed, with the zone set. */
struct lm_p1 {
    const char *zone; /* of the meter's clock; known to the machine */
    bool inside;
    bool stray; /* outside of telegrams, and said so already */
    bool bad;   /* an object of this telegram is: why has the first of them */
    struct lm_error why;
    uint16_t crc;
    bool timed;
    int64_t at_s;
    struct lm_p1_energy import;
    struct lm_p1_energy export;
};

enum lm_p1_result {
    LM_P1_MORE,   /* the telegram goes on */
    LM_P1_SAMPLE, /* it ended and is good: *sample */
    LM_P1_BAD,    /* it is refused: *error, with LM_TELEGRAM, LM_LOCAL_TIME or LM_INTEGER_RANGE */
};

/* Takes one LINE, without its line feed but with the CR before it. */
enum lm_p1_result lm_p1_line(struct lm_p1 *p1, const char *line, size_t size,
                             struct lm_sample *sample,
                             struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* At the end of input: LM_P1_BAD where a telegram has not ended. */
enum lm_p1_result lm_p1_end(struct lm_p1 *p1, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
