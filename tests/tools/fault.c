/*
 * Runs a command again and again, each time with another of its calls failing, and checks that it
 * takes that as a program must: with the right status and a message, never by a signal, and with
 * nothing on its output that it would not have written anyway.
 *
 *     fault [OPTION]… LIBRARY CALL:EFFECT[+] COMMAND…
 *
 * LIBRARY is tests/preload/fault.so, which says what CALL and EFFECT are. The command is run with
 * the first, the second, the third of its CALLs failing, until it makes no more of them.
 *
 *     -i FILE      the command's standard input; without it empty
 *     -o FILE      a file that the command appends to: what is in it is checked like its output
 *     -s STATUS    the status where the failing call is not coped with; several times if need be
 *     -d COMMAND   is fed with an output that ends within a line, and must refuse it as truncated
 *     -x COMMAND   is run after each, by the shell, and must end with 0; STATUS is in its
 * environment -r           the command draws random numbers: its output is only counted -n N from
 * the N-th run on not every one, but fewer the further it gets; 0 for all
 *
 * The command copes where status, output and files are those of a run in which nothing fails. Where
 * it does not, each output is the beginning of what it would have been. Prints one line that begins
 * with `ok` or `not ok`, and what was wrong before it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/buffer.h"

#define WAIT_MS    20000
#define STATUS_MAX 4
#define WRONG_MAX  10

struct options {
    const char *input;
    const char *file;
    int statuses[STATUS_MAX];
    size_t status_count;
    const char *downstream;
    const char *check;
    bool random;
    long every;
    const char *library;
    const char *fault;
    char **command;
};

struct result {
    bool hit;
    bool hung;
    int signal;
    int status;
    struct lm_buffer out;
    struct lm_buffer file;
    struct lm_buffer messages;
};

extern char **environ;

static _Noreturn void die(const char *what) {
    perror(what);
    exit(2);
}

static long long now_ms(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (long long)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void read_into(int fd, struct lm_buffer *buffer) {
    char *at = lm_buffer_reserve(buffer, 65536);
    ssize_t got = at ? read(fd, at, 65536) : -1;
    if (got < 0)
        die("read");
    buffer->size += (size_t)got;
}

/* All of a file, from its beginning. */
static void read_all(int fd, struct lm_buffer *buffer) {
    size_t before;
    lm_buffer_reset(buffer);
    (void)lseek(fd, 0, SEEK_SET);
    do {
        before = buffer->size;
        read_into(fd, buffer);
    } while (buffer->size > before);
}

/* Reads the command's output to its end; false where that does not come. */
static bool collect(int fd, struct lm_buffer *out) {
    long long end_ms = now_ms() + WAIT_MS;
    for (;;) {
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        long long left_ms = end_ms - now_ms();
        if (left_ms <= 0 || poll(&waiting, 1, (int)left_ms) <= 0)
            return false;
        size_t before = out->size;
        read_into(fd, out);
        if (out->size == before)
            return true;
    }
}

/* Starts COMMAND with these as its standard descriptors, with the fault library where FAULT. */
static pid_t start(const struct options *options, char **command, const char *fault, int in,
                   int out, int messages, int hit) {
    posix_spawn_file_actions_t actions;
    char preload[4096];
    char wish[64];
    char hit_text[32];
    char *environment[256];
    size_t count = 0;
    pid_t child;
    for (char **e = environ; *e && count < 250; e++)
        environment[count++] = *e;
    if (fault) {
        (void)snprintf(preload, sizeof preload, "LD_PRELOAD=%s", options->library);
        (void)snprintf(wish, sizeof wish, "LM_FAULT=%s", fault);
        (void)snprintf(hit_text, sizeof hit_text, "LM_FAULT_HIT=%d", hit);
        environment[count++] = preload;
        environment[count++] = wish;
        environment[count++] = hit_text;
    }
    environment[count] = NULL;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, messages, STDERR_FILENO);
    int failed = posix_spawnp(&child, command[0], &actions, NULL, command, environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (failed) {
        errno = failed;
        die(command[0]);
    }
    return child;
}

static void run(const struct options *options, char **command, const char *fault, int in,
                struct result *result) {
    int ends[2];
    int messages = memfd_create("messages", MFD_CLOEXEC);
    int hit = memfd_create("hit", 0); /* its number is the command's to know */
    int status = 0;
    lm_buffer_reset(&result->out);
    lm_buffer_reset(&result->file);
    if (options->file)
        (void)unlink(options->file);
    if (messages < 0 || hit < 0 || pipe2(ends, O_CLOEXEC) != 0)
        die("descriptors");
    pid_t child = start(options, command, fault, in, ends[1], messages, hit);
    (void)close(ends[1]);
    result->hung = !collect(ends[0], &result->out);
    if (result->hung)
        (void)kill(child, SIGKILL);
    if (waitpid(child, &status, 0) != child)
        die("waitpid");
    result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    result->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    result->hit = lseek(hit, 0, SEEK_END) > 0;
    read_all(messages, &result->messages);
    int file = options->file ? open(options->file, O_RDONLY | O_CLOEXEC) : -1;
    if (file >= 0)
        read_all(file, &result->file);
    (void)close(file);
    (void)close(ends[0]);
    (void)close(messages);
    (void)close(hit);
}

static bool same(const struct lm_buffer *a, const struct lm_buffer *b) {
    return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

static bool begins(const struct lm_buffer *whole, const struct lm_buffer *part) {
    return part->size <= whole->size &&
           (part->size == 0 || memcmp(whole->data, part->data, part->size) == 0);
}

static size_t count_lines(const struct lm_buffer *text) {
    size_t lines = 0;
    for (size_t i = 0; i < text->size; i++)
        lines += text->data[i] == '\n';
    return lines;
}

static bool expected(const struct options *options, int status) {
    for (size_t i = 0; i < options->status_count; i++) {
        if (options->statuses[i] == status)
            return true;
    }
    return false;
}

static bool shell(const char *text, int status) {
    char number[16];
    (void)snprintf(number, sizeof number, "%d", status);
    (void)setenv("STATUS", number, 1);
    return system(text) == 0;
}

/* What ends within a line is refused by who reads it, and called truncated. */
static bool refused_downstream(const struct options *options, const struct lm_buffer *part) {
    struct options plain = *options;
    struct result result = {0};
    char text[] = "sh";
    char dash[] = "-c";
    char *downstream = strdup(options->downstream);
    char *command[] = {text, dash, downstream, NULL};
    int in = memfd_create("part", MFD_CLOEXEC);
    if (!downstream || in < 0 || write(in, part->data, part->size) != (ssize_t)part->size)
        die("downstream");
    (void)lseek(in, 0, SEEK_SET);
    plain.file = NULL;
    run(&plain, command, NULL, in, &result);
    (void)close(in);
    lm_buffer_byte(&result.messages, '\0');
    bool refused = !result.hung && (result.status == 1 || result.status == 65) &&
                   lm_buffer_ok(&result.messages) &&
                   strstr(result.messages.data, "no line feed") != NULL;
    lm_buffer_free(&result.out);
    lm_buffer_free(&result.messages);
    free(downstream);
    return refused;
}

/* What is wrong with a run, NULL where nothing is. */
static const char *judge(const struct options *options, const struct result *clean,
                         const struct result *result) {
    if (result->hung)
        return "it hangs";
    if (result->signal)
        return "it ends by a signal";
    bool copes = result->status == clean->status && result->out.size == clean->out.size &&
                 count_lines(&result->out) == count_lines(&clean->out);
    if (copes && !options->random)
        copes = same(&result->out, &clean->out) && same(&result->file, &clean->file);
    if (copes)
        return NULL;
    if (!expected(options, result->status))
        return "it ends with another status";
    if (result->messages.size == 0)
        return "it says nothing";
    if (!options->random && !begins(&clean->out, &result->out))
        return "its output is not the beginning of what it should have been";
    if (!options->random && !begins(&clean->file, &result->file))
        return "its file is not the beginning of what it should have been";
    const struct lm_buffer *out = &result->out;
    if (options->downstream && out->size > 0 && out->data[out->size - 1] != '\n' &&
        !refused_downstream(options, out))
        return "half a line is not refused as truncated";
    return NULL;
}

/* Says what is wrong, but not the same twice in a row. */
static bool tell(const struct options *options, const char *fault, const char *wrong,
                 const struct result *result) {
    static struct lm_buffer last;
    static const char *last_wrong;
    if (last_wrong == wrong && same(&last, &result->messages))
        return false;
    last_wrong = wrong;
    lm_buffer_reset(&last);
    lm_buffer_bytes(&last, result->messages.data, result->messages.size);
    printf("# %s:", fault);
    for (char **word = options->command; *word; word++)
        printf(" %s", *word);
    printf("\n#   %s: signal %d, status %d, %zu bytes of output\n", wrong, result->signal,
           result->status, result->out.size);
    if (result->messages.size > 0)
        printf("#   %.*s", (int)result->messages.size, result->messages.data);
    return true;
}

/* All of them at first, then fewer and fewer: those that fail alike lie close together. */
static long next(const struct options *options, long n) {
    if (options->every == 0 || n < options->every)
        return n + 1;
    return n + 1 + n / options->every;
}

static int hunt(const struct options *options, int in) {
    struct result clean = {0};
    struct result result = {0};
    char fault[64];
    size_t wrong = 0;
    size_t told = 0;
    long runs = 0;
    run(options, options->command, NULL, in, &clean);
    if (clean.hung || clean.signal || (options->check && !shell(options->check, clean.status))) {
        (void)tell(options, "nothing", "it does not even run", &clean);
        wrong++;
    }
    for (long n = 1; told < WRONG_MAX; n = next(options, n)) {
        size_t name = strcspn(options->fault, "+");
        (void)snprintf(fault, sizeof fault, "%.*s:%ld%s", (int)name, options->fault, n,
                       options->fault + name);
        (void)lseek(in, 0, SEEK_SET);
        run(options, options->command, fault, in, &result);
        bool last = !result.hit && !result.hung;
        const char *what = judge(options, &clean, &result);
        if (!what && options->check && !shell(options->check, result.status))
            what = "the check behind it fails";
        if (what) {
            told += tell(options, fault, what, &result);
            wrong++;
        }
        if (last)
            break;
        runs++;
    }
    printf("%sok - %s %s: %ld runs", wrong ? "not " : "", options->command[0], options->fault,
           runs);
    printf(wrong ? ", %zu wrong\n" : "\n", wrong);
    return wrong ? 1 : 0;
}

int main(int argc, char **argv) {
    struct options options = {0};
    int letter;
    while ((letter = getopt(argc, argv, "+i:o:s:d:x:rn:")) != -1) {
        switch (letter) {
        case 'i':
            options.input = optarg;
            break;
        case 'o':
            options.file = optarg;
            break;
        case 's':
            if (options.status_count < STATUS_MAX)
                options.statuses[options.status_count++] = atoi(optarg);
            break;
        case 'd':
            options.downstream = optarg;
            break;
        case 'x':
            options.check = optarg;
            break;
        case 'r':
            options.random = true;
            break;
        case 'n':
            options.every = atol(optarg);
            break;
        default:
            return 2;
        }
    }
    if (argc - optind < 3) {
        (void)fputs("usage: fault [OPTION]… LIBRARY CALL:EFFECT[+] COMMAND…\n", stderr);
        return 2;
    }
    options.library = argv[optind];
    options.fault = argv[optind + 1];
    options.command = argv + optind + 2;
    int in = open(options.input ? options.input : "/dev/null", O_RDONLY | O_CLOEXEC);
    if (in < 0)
        die(options.input);
    return hunt(&options, in);
}
