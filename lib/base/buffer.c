#include "lib/base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/lines.h"

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
    if (buffer->failed) /* nothing follows what is missing */
        return NULL;
    if (size > SIZE_MAX / 2 - buffer->size) {
        buffer->failed = true;
        return NULL;
    }
    size_t needed = buffer->size + size;
    if (needed > buffer->capacity || !buffer->data) {
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

/* The character at TEXT, 0 where there is no well-formed one; *length is its size in bytes. */
static uint32_t character_at(const char *text, size_t size, size_t *length) {
    const unsigned char *bytes = (const unsigned char *)text;
    *length = bytes[0] >= 0xF0 ? 4 : bytes[0] >= 0xE0 ? 3 : bytes[0] >= 0x80 ? 2 : 1;
    if (*length > size || lm_utf8_valid(text, *length) != *length) {
        *length = 1;
        return 0;
    }
    uint32_t character = *length == 1 ? bytes[0] : bytes[0] & (0x7FU >> *length);
    for (size_t i = 1; i < *length; i++)
        character = character << 6 | (bytes[i] & 0x3FU);
    return character;
}

/* C1 controls, which some terminals obey, line and paragraph separators, and what reverses the
 * direction of the text behind it, so that a message could read as another. */
static bool is_deceptive(uint32_t character) {
    return (character >= 0x80 && character <= 0x9F) || character == 0x61C ||
           (character >= 0x200E && character <= 0x200F) ||
           (character >= 0x2028 && character <= 0x202E) ||
           (character >= 0x2066 && character <= 0x2069);
}

void lm_buffer_escaped(struct lm_buffer *buffer, const char *text, size_t size) {
    size_t length;
    for (size_t i = 0; i < size; i += length) {
        unsigned char byte = (unsigned char)text[i];
        uint32_t character = character_at(text + i, size - i, &length);
        if (byte == '\\')
            lm_buffer_text(buffer, "\\\\");
        else if (character < 0x20 || character == 0x7F)
            lm_buffer_format(buffer, "\\x%02x", byte);
        else if (is_deceptive(character))
            lm_buffer_format(buffer, "\\u%04x", (unsigned)character);
        else
            lm_buffer_bytes(buffer, text + i, length);
    }
}
