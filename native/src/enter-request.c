/* The fields of an enter request. */
#include <errno.h>
#include <string.h>

#include "enter.h"
#include "terminal-modes.h"

#define PATH_BYTES 4096

static const struct field_rule rules[] = {
    {"op", FIELD_TEXT, FIELD_REQUIRED, 32},
    {"id", FIELD_NUMBER, FIELD_REQUIRED, 0},
    {"session", FIELD_TEXT, FIELD_REQUIRED, ENTER_SESSION_ID_MAX - 1},
    {"user", FIELD_TEXT, FIELD_OPTIONAL, PASSWD_NAME_MAX - 1},
    {"login", FIELD_FLAG, FIELD_OPTIONAL, 0},
    {"terminal", FIELD_FLAG, FIELD_OPTIONAL, 0},
    {"cols", FIELD_NUMBER, FIELD_OPTIONAL, 0},
    {"rows", FIELD_NUMBER, FIELD_OPTIONAL, 0},
    {"xpixels", FIELD_NUMBER, FIELD_OPTIONAL, 0},
    {"ypixels", FIELD_NUMBER, FIELD_OPTIONAL, 0},
    {"mode", FIELD_TUPLE2, FIELD_REPEATS, 32},
    {"command", FIELD_TEXT, FIELD_OPTIONAL, 0},
    {"argv", FIELD_TEXT, FIELD_REPEATS, 0},
    {"toolbox", FIELD_TEXT, FIELD_OPTIONAL, 64},
    {"env", FIELD_TEXT, FIELD_REPEATS, 0},
    {"cwd", FIELD_TEXT, FIELD_OPTIONAL, PATH_BYTES - 1},
    {"umask", FIELD_NUMBER, FIELD_OPTIONAL, 0},
    {"deadline-ms", FIELD_NUMBER, FIELD_OPTIONAL, 0},
};

static bool text_ok(const char *text, const char *extra) {
    for (; *text != '\0'; text++) {
        bool letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
        bool digit = *text >= '0' && *text <= '9';
        if (!letter && !digit && strchr(extra, *text) == NULL)
            return false;
    }
    return true;
}

/* NAME=VALUE with a name that a shell can hold. */
static bool variable_ok(struct span variable) {
    const char *equals = memchr(variable.data, '=', variable.len);
    if (equals == NULL || equals == variable.data)
        return false;
    for (const char *at = variable.data; at < equals; at++) {
        bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || *at == '_';
        bool digit = *at >= '0' && *at <= '9';
        if (!letter && (at == variable.data || !digit))
            return false;
    }
    return true;
}

static int check_lists(const struct fields_view *message, struct failure *ret_failure) {
    struct field field;
    struct span parts[2];
    uint64_t number;
    bool command = fields_find(message, "command", &field);
    bool toolbox = fields_find(message, "toolbox", &field);
    bool argv = fields_find(message, "argv", &field);
    if (command && (toolbox || argv))
        return failure_set(ret_failure, "check", "", EINVAL, "more than one program");
    for (size_t cursor = 0; fields_find_next(message, "env", &cursor, &field);)
        if (!variable_ok(field.value))
            return failure_set(ret_failure, "check", "", EINVAL, "a variable has a bad name");
    for (size_t cursor = 0; fields_find_next(message, "mode", &cursor, &field);)
        if (span_split(field.value, parts, 2) < 0 || span_number(parts[0], &number) < 0 ||
            span_number(parts[1], &number) < 0)
            return failure_set(ret_failure, "check", "", EINVAL, "a mode is no pair of numbers");
    return 0;
}

static int check_texts(struct enter_request *request, struct failure *ret_failure) {
    char text[PATH_BYTES];
    if (request->session[0] == '\0' || !text_ok(request->session, "-_."))
        return failure_set(ret_failure, "check", "", EINVAL, "not a session id");
    if (!passwd_name_ok(request->user))
        return failure_set(ret_failure, "check", "", EINVAL, "not a user name");
    if (fields_text(&request->message, "toolbox", text, sizeof text) == 0 &&
        (text[0] == '\0' || text[0] == '.' || !text_ok(text, "-_.")))
        return failure_set(ret_failure, "check", "", EINVAL, "not a program of the toolbox");
    if (fields_text(&request->message, "cwd", text, sizeof text) == 0 && text[0] != '/')
        return failure_set(ret_failure, "check", "", EINVAL, "cwd is not absolute");
    return 0;
}

int enter_parse(const struct fields_view *message, struct enter_request *ret_request,
                struct failure *ret_failure) {
    struct enter_request request = {.message = *message, .user = "root"};
    uint64_t cols = 0, rows = 0, xpixels = 0, ypixels = 0, mask = 0;
    int r = fields_check(message, rules, sizeof rules / sizeof *rules, ret_failure);
    if (r < 0)
        return r;
    fields_text(message, "session", request.session, sizeof request.session);
    fields_text(message, "user", request.user, sizeof request.user);
    fields_number(message, "cols", 80, 0, UINT64_MAX, &cols);
    fields_number(message, "rows", 24, 0, UINT64_MAX, &rows);
    fields_number(message, "xpixels", 0, 0, UINT64_MAX, &xpixels);
    fields_number(message, "ypixels", 0, 0, UINT64_MAX, &ypixels);
    terminal_size(&request.size, cols, rows, xpixels, ypixels);
    if (fields_number(message, "umask", 022, 0, 0777, &mask) < 0 ||
        fields_number(message, "deadline-ms", ENTER_DEADLINE_MS, 1, ENTER_DEADLINE_MAX_MS,
                      &request.deadline_ms) < 0)
        return failure_set(ret_failure, "check", "", ERANGE, "umask or deadline out of range");
    request.mask = (mode_t)mask;
    request.login = fields_flag(message, "login");
    request.terminal = fields_flag(message, "terminal");
    r = check_texts(&request, ret_failure);
    if (r == 0)
        r = check_lists(message, ret_failure);
    if (r == 0)
        *ret_request = request;
    return r;
}
