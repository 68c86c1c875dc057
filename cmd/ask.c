#include "cmd/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "lib/base/buffer.h"

/* What may arrive while the echo is off, and would leave it so. */
static const int signals[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGALRM,
                              SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};
#define SIGNAL_COUNT (sizeof signals / sizeof *signals)

static volatile sig_atomic_t arrived[NSIG];

static void note_signal(int number) {
    arrived[number] = 1;
}

static bool any_arrived(void) {
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        if (arrived[signals[i]])
            return true;
    }
    return false;
}

/* True where one of them stopped the program, which goes on now: the question is asked again. */
static bool raise_arrived(void) {
    bool stopped = false;
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        int number = signals[i];
        if (!arrived[number])
            continue;
        arrived[number] = 0;
        (void)raise(number);
        stopped = stopped || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
    }
    return stopped;
}

static bool set_terminal(int tty, const struct termios *state) {
    int done;
    do
        done = tcsetattr(tty, TCSAFLUSH, state);
    while (done != 0 && errno == EINTR && !any_arrived());
    return done == 0;
}

/* Up to the end of the line; false where it was interrupted, ended early, or does not fit. Signals
 * come while it waits, and only then, so that none is noted just before a wait without end. */
static bool read_line(int tty, const sigset_t *waiting, struct lm_passphrase *passphrase) {
    bool fits = true;
    char byte = '\0';
    passphrase->size = 0;
    for (;;) {
        struct pollfd input = {.fd = tty, .events = POLLIN};
        if (ppoll(&input, 1, NULL, waiting) < 0 && errno == EINTR && !any_arrived())
            continue;
        if (any_arrived() || read(tty, &byte, 1) != 1 || byte == '\n')
            break;
        fits = passphrase->size < LM_PASSPHRASE_SIZE_MAX;
        if (fits)
            passphrase->bytes[passphrase->size++] = byte;
    }
    bool whole = byte == '\n' && !any_arrived();
    sodium_memzero(&byte, sizeof byte);
    return whole && fits && passphrase->size > 0;
}

/* Once; what arrives meanwhile is noted. */
static bool ask(int tty, const struct lm_buffer *question, const sigset_t *waiting,
                struct lm_passphrase *passphrase) {
    struct termios before;
    bool known = tcgetattr(tty, &before) == 0;
    struct termios silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    silent.c_lflag |= ICANON | ISIG;
    if (!known || !set_terminal(tty, &silent))
        return false;
    (void)!write(tty, question->data, question->size);
    bool good = read_line(tty, waiting, passphrase);
    (void)!write(tty, "\n", 1);
    /* In the background the terminal is the shell's, which has seen to it. */
    while (tcsetattr(tty, TCSAFLUSH, &before) != 0 && errno == EINTR && !arrived[SIGTTOU])
        continue;
    return good;
}

static int no_passphrase(const char *why, struct lm_error *error) {
    lm_fail(error, LM_LOCKED, "no passphrase: %s", why);
    return lm_hint(error, "--passphrase-file FILE reads it from a file or pipe");
}

int lm_ask_passphrase(const char *question, struct lm_passphrase *passphrase,
                      struct lm_error *error) {
    struct sigaction noting = {.sa_handler = note_signal};
    struct sigaction before[SIGNAL_COUNT];
    sigset_t blocked;
    sigset_t unblocked;
    struct lm_buffer text = {0};
    bool good;
    int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (tty < 0)
        return no_passphrase("there is no terminal to ask on", error);
    lm_buffer_escaped(&text, question, strlen(question));
    lm_buffer_text(&text, ": ");
    (void)sigemptyset(&blocked);
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        (void)sigaddset(&blocked, signals[i]);
    /* These two answer what the program does itself, at once or never. */
    (void)sigdelset(&blocked, SIGTTIN);
    (void)sigdelset(&blocked, SIGTTOU);
    do {
        memset((void *)(uintptr_t)arrived, 0, sizeof arrived);
        for (size_t i = 0; i < SIGNAL_COUNT; i++) {
            (void)sigaction(signals[i], NULL, &before[i]);
            if (before[i].sa_handler != SIG_IGN)
                (void)sigaction(signals[i], &noting, NULL);
        }
        (void)sigprocmask(SIG_BLOCK, &blocked, &unblocked);
        good = lm_buffer_ok(&text) && ask(tty, &text, &unblocked, passphrase);
        (void)sigprocmask(SIG_SETMASK, &unblocked, NULL);
        for (size_t i = 0; i < SIGNAL_COUNT; i++)
            (void)sigaction(signals[i], &before[i], NULL);
    } while (raise_arrived() && !good);
    (void)close(tty);
    lm_buffer_free(&text);
    return good ? 0 : no_passphrase("nothing was typed", error);
}
