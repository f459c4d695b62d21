#include "terminal-modes.h"

#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ISPEED_OPCODE 128
#define OSPEED_OPCODE 129
#define CS7_OPCODE 90
#define CS8_OPCODE 91
#define NO_CHARACTER 255 /* RFC 4254: the character is disabled */

struct character {
    uint8_t opcode;
    uint8_t index; /* in c_cc */
};

static const struct character characters[] = {
    {1, VINTR},     {2, VQUIT},    {3, VERASE},  {4, VKILL},  {5, VEOF},
    {6, VEOL},      {7, VEOL2},    {8, VSTART},  {9, VSTOP},  {10, VSUSP},
    {12, VREPRINT}, {13, VWERASE}, {14, VLNEXT}, {16, VSWTC}, {18, VDISCARD},
};

struct flag {
    uint8_t opcode;
    uint8_t field; /* offset of the flag word in struct termios */
    tcflag_t mask;
};

#define INPUT (uint8_t) offsetof(struct termios, c_iflag)
#define LOCAL (uint8_t) offsetof(struct termios, c_lflag)
#define OUTPUT (uint8_t) offsetof(struct termios, c_oflag)
#define CONTROL (uint8_t) offsetof(struct termios, c_cflag)

static const struct flag flags[] = {
    {30, INPUT, IGNPAR},   {31, INPUT, PARMRK},   {32, INPUT, INPCK},  {33, INPUT, ISTRIP},
    {34, INPUT, INLCR},    {35, INPUT, IGNCR},    {36, INPUT, ICRNL},  {37, INPUT, IUCLC},
    {38, INPUT, IXON},     {39, INPUT, IXANY},    {40, INPUT, IXOFF},  {41, INPUT, IMAXBEL},
    {42, INPUT, IUTF8},    {50, LOCAL, ISIG},     {51, LOCAL, ICANON}, {52, LOCAL, XCASE},
    {53, LOCAL, ECHO},     {54, LOCAL, ECHOE},    {55, LOCAL, ECHOK},  {56, LOCAL, ECHONL},
    {57, LOCAL, NOFLSH},   {58, LOCAL, TOSTOP},   {59, LOCAL, IEXTEN}, {60, LOCAL, ECHOCTL},
    {61, LOCAL, ECHOKE},   {62, LOCAL, PENDIN},   {70, OUTPUT, OPOST}, {71, OUTPUT, OLCUC},
    {72, OUTPUT, ONLCR},   {73, OUTPUT, OCRNL},   {74, OUTPUT, ONOCR}, {75, OUTPUT, ONLRET},
    {92, CONTROL, PARENB}, {93, CONTROL, PARODD},
};

struct speed {
    uint32_t bits_per_second;
    speed_t code;
};

static const struct speed speeds[] = {
    {50, B50},           {75, B75},           {110, B110},         {134, B134},
    {150, B150},         {200, B200},         {300, B300},         {600, B600},
    {1200, B1200},       {1800, B1800},       {2400, B2400},       {4800, B4800},
    {9600, B9600},       {19200, B19200},     {38400, B38400},     {57600, B57600},
    {115200, B115200},   {230400, B230400},   {460800, B460800},   {500000, B500000},
    {576000, B576000},   {921600, B921600},   {1000000, B1000000}, {1152000, B1152000},
    {1500000, B1500000}, {2000000, B2000000}, {2500000, B2500000}, {3000000, B3000000},
    {3500000, B3500000}, {4000000, B4000000},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool apply_speed(struct termios *settings, uint64_t opcode, uint64_t value) {
    for (size_t i = 0; i < COUNT(speeds); i++) {
        if (speeds[i].bits_per_second != value)
            continue;
        return (opcode == ISPEED_OPCODE ? cfsetispeed(settings, speeds[i].code)
                                        : cfsetospeed(settings, speeds[i].code)) == 0;
    }
    return false; /* also 0, which would hang up */
}

/* CS7 and CS8 share bits: 8 wins over 7, whatever the order, and neither means no change. */
static bool apply_width(struct termios *settings, uint64_t opcode, uint64_t value) {
    if (opcode == CS8_OPCODE)
        settings->c_cflag = (settings->c_cflag & ~(tcflag_t)CSIZE) | (value != 0 ? CS8 : CS7);
    return true;
}

static tcflag_t *flag_word(struct termios *settings, uint8_t field) {
    return (tcflag_t *)(void *)((char *)settings + field);
}

bool terminal_mode_apply(struct termios *settings, uint64_t opcode, uint64_t value) {
    for (size_t i = 0; i < COUNT(characters); i++) {
        if (characters[i].opcode != opcode)
            continue;
        settings->c_cc[characters[i].index] = value >= NO_CHARACTER ? _POSIX_VDISABLE : (cc_t)value;
        return true;
    }
    for (size_t i = 0; i < COUNT(flags); i++) {
        if (flags[i].opcode != opcode)
            continue;
        tcflag_t *word = flag_word(settings, flags[i].field);
        *word = value != 0 ? *word | flags[i].mask : *word & ~flags[i].mask;
        return true;
    }
    if (opcode == ISPEED_OPCODE || opcode == OSPEED_OPCODE)
        return apply_speed(settings, opcode, value);
    if (opcode == CS7_OPCODE || opcode == CS8_OPCODE)
        return apply_width(settings, opcode, value);
    return false;
}

static unsigned short clamp(uint64_t side) {
    return side > UINT16_MAX ? UINT16_MAX : (unsigned short)side;
}

void terminal_size(struct winsize *ret_size, uint64_t cols, uint64_t rows, uint64_t xpixels,
                   uint64_t ypixels) {
    *ret_size = (struct winsize){
        .ws_col = clamp(cols),
        .ws_row = clamp(rows),
        .ws_xpixel = clamp(xpixels),
        .ws_ypixel = clamp(ypixels),
    };
}
