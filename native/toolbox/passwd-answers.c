/* Preload of the toolbox's programs: answers questions about users and groups.
 *
 * A program of the toolbox runs with the host's C library in a jail that may hold none, or another
 * one. That library would read the jail's nsswitch.conf and load the modules named there, and
 * sftp-server ends when its own uid has no name. So these functions take the library's place: they
 * read /etc/passwd and /etc/group of the jail, nothing else, and always have an answer for the
 * process's own uid. It all happens inside the jail with the user's own rights, so a lie in those
 * files deceives nobody but their owner; the limits only keep a FIFO or a giant from hanging him.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ANSWER __attribute__((visibility("default")))
#define FILE_MAX ((off_t)1024 * 1024)
#define LINE_MAX_BYTES 1024
#define PARTS 7

/* A file of lines of `n_parts` parts; read again when it has changed. */
struct table {
    const char *path;
    size_t n_parts;
    char *text;
    struct stat seen;
    size_t at; /* for going through it */
    char line[LINE_MAX_BYTES];
    char *parts[PARTS];
};

static struct table users = {.path = "/etc/passwd", .n_parts = 7};
static struct table groups = {.path = "/etc/group", .n_parts = 4};

static bool is_current(const struct table *table, const struct stat *now) {
    return table->text != NULL && now->st_ino == table->seen.st_ino &&
           now->st_dev == table->seen.st_dev && now->st_size == table->seen.st_size &&
           now->st_mtim.tv_sec == table->seen.st_mtim.tv_sec &&
           now->st_mtim.tv_nsec == table->seen.st_mtim.tv_nsec;
}

static char *read_text(int fd, size_t size) {
    char *text = malloc(size + 1);
    size_t len = 0;
    while (text != NULL && len < size) {
        ssize_t got = pread(fd, text + len, size - len, (off_t)len);
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    if (text != NULL)
        text[len] = '\0';
    return text;
}

static void refresh(struct table *table) {
    struct stat now;
    int fd = open(table->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &now) == 0 && S_ISREG(now.st_mode) && now.st_size <= FILE_MAX &&
        !is_current(table, &now)) {
        free(table->text);
        table->text = read_text(fd, (size_t)now.st_size);
        table->seen = now;
        table->at = 0;
    }
    close(fd);
}

/* The next well-formed line, cut into its parts. */
static bool next_line(struct table *table) {
    while (table->text != NULL && table->text[table->at] != '\0') {
        const char *start = table->text + table->at;
        size_t len = strcspn(start, "\n");
        table->at += len + (start[len] == '\n');
        if (len >= sizeof table->line)
            continue;
        memcpy(table->line, start, len);
        table->line[len] = '\0';
        char *rest = table->line;
        size_t n = 0;
        while (rest != NULL && n < table->n_parts)
            table->parts[n++] = strsep(&rest, ":");
        if (n == table->n_parts && rest == NULL && table->parts[0][0] != '\0')
            return true;
    }
    return false;
}

static bool parse_id(const char *text, unsigned *ret_id) {
    size_t len = strlen(text);
    if (len == 0 || len > 9 || strspn(text, "0123456789") != len)
        return false;
    *ret_id = (unsigned)strtoul(text, NULL, 10);
    return true;
}

/* By name, or by id when `name` is NULL. In both files part 0 is the name and part 2 the id. */
static bool find(struct table *table, const char *name, unsigned id) {
    unsigned found;
    refresh(table);
    table->at = 0;
    while (next_line(table)) {
        if (!parse_id(table->parts[2], &found))
            continue;
        if (name == NULL ? found == id : strcmp(table->parts[0], name) == 0)
            return true;
    }
    return false;
}

static struct passwd *make_user(void) {
    static struct passwd answer;
    char **parts = users.parts;
    if (!parse_id(parts[2], &answer.pw_uid) || !parse_id(parts[3], &answer.pw_gid))
        return NULL;
    answer.pw_name = parts[0];
    answer.pw_passwd = parts[1];
    answer.pw_gecos = parts[4];
    answer.pw_dir = parts[5];
    answer.pw_shell = parts[6];
    return &answer;
}

static struct group *make_group(void) {
    static struct group answer;
    static char *nobody[1];
    if (!parse_id(groups.parts[2], &answer.gr_gid))
        return NULL;
    answer.gr_name = groups.parts[0];
    answer.gr_passwd = groups.parts[1];
    answer.gr_mem = nobody; /* nobody of the toolbox asks for members */
    return &answer;
}

/* The process itself always has a name. */
static struct passwd *make_self(void) {
    static char root[] = "root", user[] = "user", root_home[] = "/root", home[] = "/";
    static char shell[] = "/bin/sh", none[] = "x", nothing[] = "";
    static struct passwd answer;
    bool is_root = getuid() == 0;
    answer.pw_name = is_root ? root : user;
    answer.pw_passwd = none;
    answer.pw_uid = getuid();
    answer.pw_gid = getgid();
    answer.pw_gecos = nothing;
    answer.pw_dir = is_root ? root_home : home;
    answer.pw_shell = shell;
    return &answer;
}

ANSWER struct passwd *getpwuid(uid_t uid) {
    struct passwd *answer = find(&users, NULL, uid) ? make_user() : NULL;
    return answer == NULL && uid == getuid() ? make_self() : answer;
}

ANSWER struct passwd *getpwnam(const char *name) {
    return find(&users, name, 0) ? make_user() : NULL;
}

ANSWER struct group *getgrgid(gid_t gid) { return find(&groups, NULL, gid) ? make_group() : NULL; }

ANSWER struct group *getgrnam(const char *name) {
    return find(&groups, name, 0) ? make_group() : NULL;
}

ANSWER void setpwent(void) {
    refresh(&users);
    users.at = 0;
}

ANSWER void endpwent(void) { users.at = 0; }

ANSWER struct passwd *getpwent(void) {
    struct passwd *answer = NULL;
    if (users.text == NULL)
        refresh(&users);
    while (answer == NULL && next_line(&users))
        answer = make_user();
    return answer;
}
