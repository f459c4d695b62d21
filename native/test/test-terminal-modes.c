/* SSH's terminal modes on a real terminal's settings. */
#include <sys/ioctl.h>
#include <unistd.h>

#include "check.h"
#include "terminal-modes.h"

static struct termios settings;

static bool apply(uint64_t opcode, uint64_t value) {
    return terminal_mode_apply(&settings, opcode, value);
}

static void characters(void) {
    CHECK(apply(1, 7) && settings.c_cc[VINTR] == 7);
    CHECK(apply(3, 0x7f) && settings.c_cc[VERASE] == 0x7f);
    CHECK(apply(12, 18) && settings.c_cc[VREPRINT] == 18);
    CHECK(apply(18, 15) && settings.c_cc[VDISCARD] == 15);
    CHECK(apply(10, 255) && settings.c_cc[VSUSP] == _POSIX_VDISABLE);
    CHECK(apply(10, UINT64_MAX) && settings.c_cc[VSUSP] == _POSIX_VDISABLE);
}

static void flags(void) {
    settings.c_lflag = ECHO;
    CHECK(apply(53, 0) && !(settings.c_lflag & ECHO));
    CHECK(apply(53, 4) && (settings.c_lflag & ECHO));
    CHECK(apply(42, 1) && (settings.c_iflag & IUTF8));
    CHECK(apply(38, 0) && !(settings.c_iflag & IXON));
    CHECK(apply(72, 1) && settings.c_oflag == ONLCR);
    CHECK(apply(92, 1) && (settings.c_cflag & PARENB));
    CHECK(apply(92, 0) && !(settings.c_cflag & PARENB));
}

static void widths_and_speeds(void) {
    CHECK(apply(90, 1) && apply(91, 1) && (settings.c_cflag & CSIZE) == CS8);
    CHECK(apply(91, 1) && apply(90, 1) && (settings.c_cflag & CSIZE) == CS8);
    CHECK(apply(90, 1) && apply(91, 0) && (settings.c_cflag & CSIZE) == CS7);
    CHECK(apply(128, 9600) && cfgetispeed(&settings) == B9600);
    CHECK(apply(129, 115200) && cfgetospeed(&settings) == B115200);
    CHECK(!apply(129, 0) && !apply(129, 12345) && cfgetospeed(&settings) == B115200);
}

static void unknown_opcodes(void) {
    struct termios before = settings;
    static const uint64_t unknown[] = {0,  11, 15,  17,  29,  43,  49,        63,
                                       76, 94, 127, 130, 160, 255, UINT64_MAX};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        CHECK(!apply(unknown[i], 1));
    CHECK(memcmp(&before, &settings, sizeof before) == 0);
    for (uint64_t opcode = 0; opcode < 300; opcode++) /* nothing leaves the struct: ASan looks */
        CHECK(apply(opcode, 3) || true);
}

static void sizes(void) {
    struct winsize size;
    terminal_size(&size, 0, 24, 65536, UINT64_MAX);
    CHECK(size.ws_col == 0 && size.ws_row == 24);
    CHECK(size.ws_xpixel == 65535 && size.ws_ypixel == 65535);
}

int main(void) {
    characters();
    flags();
    widths_and_speeds();
    unknown_opcodes();
    sizes();
    return checks_end("terminal-modes");
}
