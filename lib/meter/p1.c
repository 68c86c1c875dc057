#include "lib/meter/p1.h"

#include <string.h>

#include "lib/base/decimal.h"
#include "lib/base/limits.h"
#include "lib/base/local_time.h"
#include "lib/meter/crc16.h"

static void begin(struct lm_p1 *p1) {
    *p1 = (struct lm_p1){.zone = p1->zone, .inside = true};
}

static void spoil(struct lm_p1 *p1, const struct lm_error *why) {
    if (!p1->bad)
        p1->why = *why;
    p1->bad = true;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_crc(const char *text, size_t size, uint16_t *crc) {
    unsigned value = 0;
    if (size != 4)
        return false;
    for (size_t i = 0; i < size; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0)
            return false;
        value = value << 4 | (unsigned)digit;
    }
    *crc = (uint16_t)value;
    return true;
}

/* "(160401140000S)": YYMMDDhhmmss, summer or winter. */
static int read_time(struct lm_p1 *p1, const char *text, size_t size, struct lm_error *error) {
    int parts[6] = {0};
    bool good =
        size == 15 && text[0] == '(' && text[14] == ')' && (text[13] == 'S' || text[13] == 'W');
    for (size_t i = 0; good && i < 12; i++) {
        good = text[i + 1] >= '0' && text[i + 1] <= '9';
        parts[i / 2] = parts[i / 2] * 10 + (text[i + 1] - '0');
    }
    struct lm_civil local = {.year = 2000 + parts[0],
                             .month = parts[1],
                             .day = parts[2],
                             .hour = parts[3],
                             .minute = parts[4],
                             .second = parts[5]};
    if (!good || !lm_civil_valid(&local))
        return lm_fail(error, LM_TELEGRAM, "0-0:1.0.0 is not a time like (160401140000S)");
    if (p1->timed)
        return lm_fail(error, LM_TELEGRAM, "0-0:1.0.0 stands in the telegram twice");
    p1->timed = true;
    return lm_local_time_instant(&local, text[13] == 'S', p1->zone, &p1->at_s, error);
}

/* "(001234.567*kWh)", or "(001234567*Wh)" as some meters have it. */
static bool read_register(const char *text, size_t size, int64_t *energy_wh) {
    const char *star = memchr(text, '*', size);
    if (text[0] != '(' || !star)
        return false;
    size_t unit_size = size - (size_t)(star - text);
    bool kilo = unit_size == 5 && memcmp(star, "*kWh)", 5) == 0;
    if (!kilo && (unit_size != 4 || memcmp(star, "*Wh)", 4) != 0))
        return false;
    text++;
    while (star - text > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9')
        text++;
    lm_i128 value;
    if (!lm_decimal_parse(text, (size_t)(star - text), kilo ? 3 : 0, &value) || value < 0 ||
        value > LM_INTEGER_MAX)
        return false;
    *energy_wh = (int64_t)value;
    return true;
}

static int read_energy(struct lm_p1_energy *energy, const char *code, const char *text, size_t size,
                       struct lm_error *error) {
    unsigned tariff = (unsigned)(code[8] - '0');
    int64_t energy_wh;
    if (!read_register(text, size, &energy_wh))
        return lm_fail(error, LM_TELEGRAM, "%.9s is not a register like (001234.567*kWh)", code);
    if (energy->seen & 1U << tariff)
        return lm_fail(error, LM_TELEGRAM, "%.9s stands in the telegram twice", code);
    energy->seen |= 1U << tariff;
    if (tariff == 0)
        energy->total_wh = energy_wh;
    else if (!lm_add_i64(energy->tariffs_wh, energy_wh, &energy->tariffs_wh) ||
             energy->tariffs_wh > LM_INTEGER_MAX)
        return lm_fail(error, LM_INTEGER_RANGE, "the registers of all tariffs exceed 2^53-1 Wh");
    return 0;
}

static int read_object(struct lm_p1 *p1, const char *line, size_t size, struct lm_error *error) {
    static const char time_code[] = "0-0:1.0.0";
    const size_t code_size = sizeof time_code - 1;
    if (size <= code_size || line[code_size] != '(')
        return 0;
    const char *text = line + code_size;
    if (memcmp(line, time_code, code_size) == 0)
        return read_time(p1, text, size - code_size, error);
    if (line[8] < '0' || line[8] > '9')
        return 0;
    if (memcmp(line, "1-0:1.8.", 8) == 0)
        return read_energy(&p1->import, line, text, size - code_size, error);
    if (memcmp(line, "1-0:2.8.", 8) == 0)
        return read_energy(&p1->export, line, text, size - code_size, error);
    return 0;
}

/* Both tariffs, or the total: a register that is missing is not taken for zero. */
static bool sum_energy(const struct lm_p1_energy *energy, int64_t *energy_wh) {
    const unsigned total = 1U << 0;
    const unsigned both = 1U << 1 | 1U << 2;
    if ((energy->seen & both) == both)
        *energy_wh = energy->tariffs_wh;
    else if (energy->seen == total)
        *energy_wh = energy->total_wh;
    else
        return false;
    return true;
}

/* What must hold when "!" has come. */
static int finish(const struct lm_p1 *p1, const char *crc_text, size_t crc_size,
                  struct lm_sample *sample, struct lm_error *error) {
    uint16_t crc;
    if (!read_crc(crc_text, crc_size, &crc))
        return lm_fail(error, LM_TELEGRAM,
                       "the telegram does not end in '!' and a CRC of 4 digits");
    if (crc != p1->crc)
        return lm_fail(error, LM_TELEGRAM, "the telegram's CRC is %04X, that of its bytes %04X",
                       crc, p1->crc);
    if (p1->bad) {
        *error = p1->why;
        return -1;
    }
    if (!p1->timed)
        return lm_fail(error, LM_TELEGRAM, "the telegram has no time, 0-0:1.0.0");
    sample->at_s = p1->at_s;
    if (!sum_energy(&p1->import, &sample->import_wh))
        return lm_fail(error, LM_TELEGRAM,
                       "the telegram has neither 1-0:1.8.1 and 1-0:1.8.2 nor 1-0:1.8.0 alone");
    if (!sum_energy(&p1->export, &sample->export_wh))
        return lm_fail(error, LM_TELEGRAM,
                       "the telegram has neither 1-0:2.8.1 and 1-0:2.8.2 nor 1-0:2.8.0 alone");
    return 0;
}

/* Between telegrams. Of a run of lines that belong to none the first is refused. */
static enum lm_p1_result pass_over(struct lm_p1 *p1, size_t size, struct lm_error *error) {
    if (size == 0 || p1->stray)
        return LM_P1_MORE;
    p1->stray = true;
    lm_fail(error, LM_TELEGRAM, "not in a telegram, which begins with '/'");
    lm_hint(error, "the lines up to the next telegram are passed over");
    return LM_P1_BAD;
}

enum lm_p1_result lm_p1_line(struct lm_p1 *p1, const char *line, size_t size,
                             struct lm_sample *sample, struct lm_error *error) {
    size_t text_size = size > 0 && line[size - 1] == '\r' ? size - 1 : size;
    bool opens = text_size > 0 && line[0] == '/';
    bool interrupted = opens && p1->inside;
    if (opens)
        begin(p1);
    if (!p1->inside)
        return pass_over(p1, text_size, error);
    if (text_size > 0 && line[0] == '!') {
        p1->crc = lm_crc16(p1->crc, line, 1);
        p1->inside = false;
        return finish(p1, line + 1, text_size - 1, sample, error) < 0 ? LM_P1_BAD : LM_P1_SAMPLE;
    }
    p1->crc = lm_crc16(lm_crc16(p1->crc, line, size), "\n", 1);
    struct lm_error why;
    if (!opens && read_object(p1, line, text_size, &why) < 0)
        spoil(p1, &why);
    if (!interrupted)
        return LM_P1_MORE;
    lm_fail(error, LM_TELEGRAM, "the telegram before this one does not end");
    return LM_P1_BAD;
}

enum lm_p1_result lm_p1_end(struct lm_p1 *p1, struct lm_error *error) {
    if (!p1->inside)
        return LM_P1_MORE;
    p1->inside = false;
    lm_fail(error, LM_TELEGRAM, "the telegram does not end");
    return LM_P1_BAD;
}
