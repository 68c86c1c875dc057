#include "lib/meter/crc16.h"

uint16_t lm_crc16(uint16_t crc, const char *bytes, size_t size) {
    unsigned state = crc;
    for (size_t i = 0; i < size; i++) {
        state ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            state = (state & 1) ? state >> 1 ^ 0xA001U : state >> 1;
    }
    return (uint16_t)state;
}
