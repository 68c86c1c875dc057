/* Input that is read twice: the very files that were opened, and copies of what does not rewind. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/run_state.h"

/* Copies all of FD, which it closes, to COPY. */
static void spool(struct lm_run *run, int fd, int copy) {
    struct lm_error error;
    char bytes[65536];
    struct lm_writer writer;
    lm_writer_open(&writer, dup(copy));
    for (;;) {
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got == 0)
            break;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN) {
            struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
            (void)poll(&poll_fd, 1, -1);
            continue;
        }
        if (got < 0)
            lm_fail_errno(&error, LM_IO, "reading");
        if (got < 0 || lm_writer_bytes(&writer, bytes, (size_t)got, &error) < 0)
            lm_run_fail_to_read(run, run->source, &error);
    }
    if (lm_writer_close(&writer, &error) < 0)
        lm_run_fail_to_read(run, run->source, &error);
    (void)close(fd);
}

/* A file without a name. */
static int make_spool(struct lm_run *run) {
    struct lm_error error;
    FILE *file = tmpfile();
    int fd = file ? fcntl(fileno(file), F_DUPFD_CLOEXEC, 0) : -1;
    if (fd < 0) {
        lm_fail_errno(&error, LM_IO, "a temporary file");
        lm_run_fail_to_read(run, run->source, &error);
    }
    (void)fclose(file);
    return fd;
}

int lm_run_open_kept(struct lm_run *run, struct lm_kept *kept) {
    struct lm_error error;
    if (kept->spool >= 0) {
        spool(run, kept->fd, kept->spool);
        kept->fd = kept->spool;
        kept->spool = -1;
    }
    int fd = lseek(kept->fd, 0, SEEK_SET) < 0 ? -1 : dup(kept->fd);
    if (fd >= 0)
        return fd;
    lm_fail_errno(&error, LM_IO, "reading again");
    lm_run_fail_to_read(run, run->source, &error);
}

void lm_run_keep(struct lm_run *run) {
    struct lm_error error;
    run->kept = calloc(lm_run_count_files(run), sizeof *run->kept);
    if (!run->kept) {
        lm_fail_memory(&error);
        lm_run_fatal(run, &error);
    }
    for (size_t i = 0; i < lm_run_count_files(run); i++) {
        const char *file = run->operands.count > 0 ? run->operands.items[i] : "-";
        struct stat status;
        run->source = strcmp(file, "-") == 0 ? "stdin" : file;
        int fd = lm_run_open(run, file);
        lm_run_refuse_own_output(run, fd);
        /* A regular file on standard input may stand elsewhere than at its beginning. */
        bool rewinds =
            fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && lseek(fd, 0, SEEK_CUR) == 0;
        run->kept[i] = (struct lm_kept){fd, rewinds ? -1 : make_spool(run)};
    }
}

void lm_run_again(struct lm_run *run) {
    lm_lines_free(run->lines);
    run->lines = NULL;
    run->next_operand = 0;
}

void lm_run_close_kept(struct lm_run *run) {
    for (size_t i = 0; run->kept && i < lm_run_count_files(run); i++) {
        (void)close(run->kept[i].fd);
        if (run->kept[i].spool >= 0)
            (void)close(run->kept[i].spool);
    }
    free(run->kept);
}
