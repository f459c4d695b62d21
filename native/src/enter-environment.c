/* A session's environment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enter.h"

#define OWN_MAX 8

static const char root_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
static const char user_path[] = "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games";

static size_t count_variables(const struct fields_view *message) {
    struct field field;
    size_t n = 0;
    for (size_t cursor = 0; fields_find_next(message, "env", &cursor, &field);)
        n++;
    return n;
}

static bool same_name(const char *own, struct span variable) {
    size_t len = (size_t)(strchr(own, '=') - own) + 1;
    return variable.len >= len && memcmp(own, variable.data, len) == 0;
}

/* Appends NAME=VALUE; false without memory. */
static bool add(char **environment, size_t *n, const char *name, const char *value) {
    char *variable;
    if (asprintf(&variable, "%s=%s", name, value) < 0)
        return false;
    environment[(*n)++] = variable;
    return true;
}

static bool asked_for_term(const struct fields_view *message) {
    struct field field;
    for (size_t cursor = 0; fields_find_next(message, "env", &cursor, &field);)
        if (same_name("TERM=", field.value))
            return true;
    return false;
}

static bool add_asked(const struct fields_view *message, char **environment, size_t n_own,
                      size_t *n) {
    struct field field;
    for (size_t cursor = 0; fields_find_next(message, "env", &cursor, &field);) {
        bool taken = false;
        for (size_t i = 0; i < n_own; i++)
            taken = taken || same_name(environment[i], field.value);
        if (taken)
            continue;
        environment[*n] = span_dup(field.value);
        if (environment[*n] == NULL)
            return false;
        (*n)++;
    }
    return true;
}

char **enter_environment(const struct enter_request *request, const struct passwd_user *user) {
    size_t n = 0;
    char **environment =
        calloc(OWN_MAX + count_variables(&request->message) + 1, sizeof *environment);
    if (environment == NULL || !add(environment, &n, "USER", user->name) ||
        !add(environment, &n, "LOGNAME", user->name) || !add(environment, &n, "HOME", user->home) ||
        !add(environment, &n, "SHELL", user->shell) ||
        !add(environment, &n, "PATH", user->uid == 0 ? root_path : user_path))
        return NULL;
    if (request->terminal && !asked_for_term(&request->message) &&
        !add(environment, &n, "TERM", "dumb"))
        return NULL;
    return add_asked(&request->message, environment, n, &n) ? environment : NULL;
}
