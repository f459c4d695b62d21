/* SSH's encoded terminal modes (RFC 4254 section 8, RFC 8160) as Linux terminal settings. */
#ifndef JAILD_TERMINAL_MODES_H
#define JAILD_TERMINAL_MODES_H

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

/* Applies one opcode with its value. False for an opcode that Linux has no setting for, an unknown
 * one or a speed that does not exist; nothing changes then, as the RFC wants. A control character
 * of 255 (or anything that does not fit) switches that character off. */
bool terminal_mode_apply(struct termios *settings, uint64_t opcode, uint64_t value);

/* A size that a client sent, cut to what the kernel can hold. */
struct winsize;
void terminal_size(struct winsize *ret_size, uint64_t cols, uint64_t rows, uint64_t xpixels,
                   uint64_t ypixels);

#endif
