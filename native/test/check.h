/* Assertions of the C tests: they count, say where they failed, and cannot be compiled away. */
#ifndef JAILD_CHECK_H
#define JAILD_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned checks_done;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        checks_done++;                                                                             \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define CHECK_TEXT(text, wanted)                                                                   \
    do {                                                                                           \
        checks_done++;                                                                             \
        if (strcmp(text, wanted) != 0) {                                                           \
            fprintf(stderr, "%s:%d: \"%s\" is not \"%s\"\n", __FILE__, __LINE__, text, wanted);    \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* The last thing in main(): a test that checked nothing has failed. */
static inline int checks_end(const char *name) {
    if (checks_done == 0) {
        fprintf(stderr, "%s checked nothing\n", name);
        return 1;
    }
    printf("%s: %u checks\n", name, checks_done);
    return 0;
}

#endif
