#include "lib/base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lm_buffer_free(struct lm_buffer *buffer) {
    free(buffer->data);
    *buffer = (struct lm_buffer){0};
}

void lm_buffer_reset(struct lm_buffer *buffer) {
    buffer->size = 0;
    buffer->failed = false;
}

bool lm_buffer_ok(const struct lm_buffer *buffer) {
    return !buffer->failed;
}

char *lm_buffer_reserve(struct lm_buffer *buffer, size_t size) {
    if (size > SIZE_MAX / 2 - buffer->size) {
        buffer->failed = true;
        return NULL;
    }
    size_t needed = buffer->size + size;
    if (needed > buffer->capacity) {
        size_t capacity = buffer->capacity ? buffer->capacity : 256;
        while (capacity < needed)
            capacity *= 2;
        char *data = realloc(buffer->data, capacity);
        if (!data) {
            buffer->failed = true;
            return NULL;
        }
        buffer->data = data;
        buffer->capacity = capacity;
    }
    return buffer->data + buffer->size;
}

void lm_buffer_byte(struct lm_buffer *buffer, char byte) {
    char *at = lm_buffer_reserve(buffer, 1);
    if (at) {
        *at = byte;
        buffer->size++;
    }
}

void lm_buffer_bytes(struct lm_buffer *buffer, const char *bytes, size_t size) {
    char *at = lm_buffer_reserve(buffer, size);
    if (at && size) {
        memcpy(at, bytes, size);
        buffer->size += size;
    }
}

void lm_buffer_text(struct lm_buffer *buffer, const char *text) {
    lm_buffer_bytes(buffer, text, strlen(text));
}

void lm_buffer_integer(struct lm_buffer *buffer, int64_t value) {
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        digits[--at] = '-';
    lm_buffer_bytes(buffer, digits + at, sizeof digits - at);
}

void lm_buffer_format(struct lm_buffer *buffer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0) {
        buffer->failed = true;
        return;
    }
    char *at = lm_buffer_reserve(buffer, (size_t)size + 1);
    if (!at)
        return;
    va_start(arguments, format);
    (void)vsnprintf(at, (size_t)size + 1, format, arguments);
    va_end(arguments);
    buffer->size += (size_t)size;
}

void lm_buffer_escaped(struct lm_buffer *buffer, const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        /* C1 controls are C2 80 to C2 9F in UTF-8; some terminals obey them. */
        bool c1 = byte == 0xC2 && i + 1 < size && (unsigned char)text[i + 1] >= 0x80 &&
                  (unsigned char)text[i + 1] <= 0x9F;
        if (c1) {
            lm_buffer_format(buffer, "\\u%04x", (unsigned)(unsigned char)text[++i]);
        } else if (byte == '\\') {
            lm_buffer_text(buffer, "\\\\");
        } else if (byte < 0x20 || byte == 0x7F) {
            lm_buffer_format(buffer, "\\x%02x", byte);
        } else {
            lm_buffer_byte(buffer, (char)byte);
        }
    }
}
