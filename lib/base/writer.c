#include "lib/base/writer.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLUSH_SIZE 65536

void lm_writer_open(struct lm_writer *writer, int fd) {
    struct stat status;
    *writer = (struct lm_writer){.fd = fd};
    writer->regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

/* A descriptor that another process made non-blocking is waited for like any other. */
static bool wait_for_room(int fd) {
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    return poll(&poll_fd, 1, -1) >= 0 || errno == EINTR;
}

int lm_writer_flush(struct lm_writer *writer, struct lm_error *error) {
    if (!lm_buffer_ok(&writer->buffer))
        return lm_fail_memory(error);
    size_t done = 0;
    while (done < writer->buffer.size) {
        ssize_t put = write(writer->fd, writer->buffer.data + done, writer->buffer.size - done);
        if (put < 0 && (errno == EINTR || (errno == EAGAIN && wait_for_room(writer->fd))))
            continue;
        if (put < 0) {
            /* What did not go out is given up, or closing would try it again. */
            lm_buffer_reset(&writer->buffer);
            return lm_fail_errno(error, LM_IO, "write");
        }
        done += (size_t)put;
    }
    lm_buffer_reset(&writer->buffer);
    return 0;
}

int lm_writer_bytes(struct lm_writer *writer, const char *bytes, size_t size,
                    struct lm_error *error) {
    if (writer->buffer.size + size > FLUSH_SIZE && lm_writer_flush(writer, error) < 0)
        return -1;
    lm_buffer_bytes(&writer->buffer, bytes, size);
    return lm_buffer_ok(&writer->buffer) ? 0 : lm_fail_memory(error);
}

int lm_writer_line(struct lm_writer *writer, const char *bytes, size_t size,
                   struct lm_error *error) {
    if (lm_writer_bytes(writer, bytes, size, error) < 0)
        return -1;
    lm_buffer_byte(&writer->buffer, '\n');
    return lm_buffer_ok(&writer->buffer) ? 0 : lm_fail_memory(error);
}

int lm_writer_close(struct lm_writer *writer, struct lm_error *error) {
    int result = lm_writer_flush(writer, error);
    if (close(writer->fd) != 0 && result == 0)
        result = lm_fail_errno(error, LM_IO, "close");
    lm_buffer_free(&writer->buffer);
    return result;
}
