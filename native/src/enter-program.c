/* The end of a session's set-up: home directory, argument vector, exec. From here on every word
 * goes to the session's own stderr. */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "enter.h"

#define EXIT_CANNOT_EXECUTE 126
#define EXIT_NOT_FOUND 127
#define TOOLBOX_WORDS 9

/* One line in one write; a reader that has gone is no trouble (SIGPIPE ends a session that nobody
 * reads, as it should). */
static void __attribute__((format(printf, 1, 2))) say(const char *format, ...) {
    char line[PASSWD_PATH_MAX + 256];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (len < 0)
        return;
    if ((size_t)len >= sizeof line - 1)
        len = (int)sizeof line - 2;
    line[len++] = '\n';
    if (write(STDERR_FILENO, line, (size_t)len) < 0)
        return;
}

static _Noreturn void give_up(const char *what, int error) {
    say("jaild: %s: %s", what, strerror(error));
    _exit(error == ENOENT || error == ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE);
}

static void go_home(const struct enter_request *request, const struct passwd_user *user) {
    char wanted[4096];
    if (fields_text(&request->message, "cwd", wanted, sizeof wanted) == 0) {
        if (chdir(wanted) == 0)
            return;
        say("jaild: cannot change to %s: %s", wanted, strerror(errno));
    }
    if (chdir(user->home) == 0)
        return;
    int error = errno;
    if (chdir("/") < 0)
        give_up("/", errno);
    say("jaild: no home directory %s (%s), starting in /", user->home, strerror(error));
}

/* Room for the request's argv after `n_first` words of our own. */
static const char **collect_words(const struct enter_request *request, size_t n_first) {
    struct field field;
    size_t n = n_first;
    for (size_t cursor = 0; fields_find_next(&request->message, "argv", &cursor, &field);)
        n++;
    const char **words = calloc(n + 1, sizeof *words);
    size_t at = n_first;
    for (size_t cursor = 0;
         words != NULL && fields_find_next(&request->message, "argv", &cursor, &field);) {
        words[at] = span_dup(field.value);
        if (words[at++] == NULL)
            return NULL;
    }
    return words;
}

static void run(const char *path, const char **words, char **environment) {
    execve(path, (char *const *)(uintptr_t)words, environment);
}

/* The host's program by the host's loader and libraries, whatever the template holds. */
static _Noreturn void run_toolbox(const struct enter_request *request, const char *name,
                                  char **environment) {
    char program[sizeof TOOLBOX_INSIDE + 80];
    snprintf(program, sizeof program, TOOLBOX_INSIDE "/%s", name);
    const char *const loader[TOOLBOX_WORDS] = {
        "ld.so",          "--inhibit-cache",
        "--library-path", TOOLBOX_INSIDE "/lib",
        "--preload",      TOOLBOX_INSIDE "/toolbox-passwd.so",
        "--argv0",        name,
        program,
    };
    const char **words = collect_words(request, TOOLBOX_WORDS);
    if (words == NULL)
        give_up(name, ENOMEM);
    memcpy(words, loader, sizeof loader);
    run(TOOLBOX_INSIDE "/ld.so", words, environment);
    give_up(name, errno);
}

static _Noreturn void run_words(const struct enter_request *request, char **environment) {
    const char **words = collect_words(request, 0);
    if (words == NULL || words[0] == NULL)
        give_up("argv", ENOMEM);
    environ = environment; /* its PATH is the one to search */
    execvpe(words[0], (char *const *)(uintptr_t)words, environment);
    give_up(words[0], errno);
}

/* "-bash" tells a shell that it is a login shell. */
static const char *shell_name(const char *shell, bool login, char *buffer, size_t size) {
    const char *slash = strrchr(shell, '/');
    snprintf(buffer, size, "%s%s", login ? "-" : "", slash == NULL ? shell : slash + 1);
    return buffer;
}

static _Noreturn void run_shell(const struct enter_request *request, const struct passwd_user *user,
                                char **environment) {
    char name[PASSWD_PATH_MAX + 1];
    char *command = fields_text_dup(&request->message, "command");
    struct field field;
    if (command == NULL && fields_find(&request->message, "command", &field))
        give_up(user->shell, ENOMEM);
    bool login = command == NULL && request->login;
    const char *words[4] = {shell_name(user->shell, login, name, sizeof name)};
    if (command != NULL) {
        words[1] = "-c";
        words[2] = command;
    }
    run(user->shell, words, environment);
    int error = errno;
    if (command == NULL && user->uid == 0 && error == ENOENT &&
        strcmp(user->shell, "/bin/sh") != 0) { /* let root in to mend it */
        say("jaild: %s: %s, starting /bin/sh", user->shell, strerror(error));
        words[0] = shell_name("/bin/sh", login, name, sizeof name);
        run("/bin/sh", words, environment);
        error = errno;
    }
    give_up(user->shell, error);
}

_Noreturn void enter_program(const struct enter_request *request, const struct passwd_user *user) {
    char toolbox[65];
    struct field field;
    char **environment = enter_environment(request, user);
    if (environment == NULL)
        give_up("environment", ENOMEM);
    umask(request->mask);
    go_home(request, user);
    if (user->made_up)
        say("jaild: /etc/passwd has no usable line for root, going on without it");
    if (fields_text(&request->message, "toolbox", toolbox, sizeof toolbox) == 0)
        run_toolbox(request, toolbox, environment);
    if (fields_find(&request->message, "argv", &field))
        run_words(request, environment);
    run_shell(request, user, environment);
}
