/*
 * Questions to whoever sits at the terminal, whatever the standard streams are used for.
 */
#ifndef LM_CMD_ASK_H
#define LM_CMD_ASK_H

#include "lib/crypto/passphrase.h"

/*
 * Asks on /dev/tty, with the echo off, for a line, and adds nothing but it to *passphrase. The
 * terminal is as before when this returns, and when a signal ends or stops the program meanwhile.
 * LM_LOCKED where there is no terminal, or nothing was typed.
 */
int lm_ask_passphrase(const char *question, struct lm_passphrase *passphrase,
                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
