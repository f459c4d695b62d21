/* The jail's passwd and group: what counts as a user, what never does, and hostile files. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "passwd.h"

static struct passwd_user user;

static int find(const char *text, const char *name) {
    return passwd_parse_user(text, strlen(text), name, &user);
}

static void good_lines(void) {
    static const char text[] = "root:x:0:0:root:/root:/bin/bash\n"
                               "alice:x:1000:1001:Alice,,,:/home/alice:/usr/bin/zsh\n"
                               "bare:x:5:60::: \n"
                               "empty::65535:65535:::";
    CHECK(find(text, "root") == 0 && user.uid == 0 && user.gid == 0);
    CHECK_TEXT(user.shell, "/bin/bash");
    CHECK(find(text, "alice") == 0 && user.uid == 1000 && user.gid == 1001);
    CHECK_TEXT(user.name, "alice");
    CHECK_TEXT(user.home, "/home/alice");
    CHECK(user.n_groups == 1 && user.groups[0] == 1001 && user.tty_gid == 1001);
    CHECK(find(text, "empty") == 0 && user.uid == 65535);
    CHECK_TEXT(user.home, "/");
    CHECK_TEXT(user.shell, "/bin/sh");
    CHECK(find(text, "bob") == -ENOENT);
    CHECK(find(text, "alic") == -ENOENT);
    CHECK(find("", "root") == -ENOENT);
    CHECK(find("a:x:1:1::/:/x\na:x:2:2::/:/x\n", "a") == 0 && user.uid == 1); /* the first */
}

static void junk_lines(void) {
    static const char *const lines[] = {
        "a:x:4294967295:0::/:/x", "a:x:4294967296:0::/:/x",
        "a:x:-1:0::/:/x",         "a:x:2147483648:0::/:/x",
        "a:x:65536:0::/:/x",      "a:x:0x0:0::/:/x",
        "a:x::0::/:/x",           "a:x: 0:0::/:/x",
        "a:x:0 :0::/:/x",         "a:x:00:0::/:/x",
        "a:x:+0:0::/:/x",         "a:x:0:65536::/:/x",
        "a:x:0:::/:/x",           "a:x:0:0::/",
        "a:x:0:0::/:/x:more",     "a:",
        "a:x:1e3:0::/:/x",        "a:x:99999999999999999999:0::/:/x",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        CHECK(find(lines[i], "a") == -EINVAL);
    CHECK(passwd_parse_user("a:x:1:1::/\0h:/x", 15, "a", &user) == -EINVAL);
    char text[2000];
    memset(text, 'h', sizeof text);
    memcpy(text, "a:x:1:1::/", 10);
    memcpy(text + sizeof text - 8, ":/bin/sh", 8);
    CHECK(passwd_parse_user(text, sizeof text, "a", &user) == -EINVAL); /* home too long */
}

static void names(void) {
    CHECK(passwd_name_ok("root") && passwd_name_ok("www-data") && passwd_name_ok("a.b_c$"));
    CHECK(!passwd_name_ok("") && !passwd_name_ok("-x") && !passwd_name_ok("a:b"));
    CHECK(!passwd_name_ok("a/b") && !passwd_name_ok("a\nb") && !passwd_name_ok("a b"));
    char long_name[PASSWD_NAME_MAX + 1];
    memset(long_name, 'a', sizeof long_name);
    long_name[PASSWD_NAME_MAX] = '\0';
    CHECK(!passwd_name_ok(long_name));
    long_name[PASSWD_NAME_MAX - 1] = '\0';
    CHECK(passwd_name_ok(long_name));
}

static void memberships(void) {
    static const char text[] = "root:x:0:\n"
                               "tty:x:5:\n"
                               "sudo:x:27:bob,alice\n"
                               "junk:x:-1:alice\n"
                               "short:x:9\n"
                               "adm:x:4:alice2,2alice\n"
                               "again:x:27:alice\n"
                               "own:x:1001:alice\n"
                               "tty:x:6:\n"
                               "last:x:65535:alice";
    CHECK(find("alice:x:1000:1001::/:/x", "alice") == 0);
    passwd_parse_groups(text, strlen(text), &user);
    CHECK(user.n_groups == 3 && user.groups[0] == 1001);
    CHECK(user.groups[1] == 27 && user.groups[2] == 65535);
    CHECK(user.tty_gid == 5);
}

static void a_million_groups(void) {
    size_t size = 0, capacity = PASSWD_FILE_MAX;
    char *text = malloc(capacity);
    CHECK(text != NULL);
    for (unsigned i = 0; size + 32 < capacity; i++)
        size += (size_t)sprintf(text + size, "g:x:%u:alice\n", i % 65536);
    CHECK(find("alice:x:1000:1001::/:/x", "alice") == 0);
    passwd_parse_groups(text, size, &user);
    CHECK(user.n_groups == PASSWD_GROUPS_MAX);
    free(text);
}

/* ---- files ---- */

static char root[] = "/tmp/jaild-test-passwd-XXXXXX";
static int root_fd;

static void put(const char *path, const char *text) {
    unlinkat(root_fd, path, 0);
    int fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static int load(const char *name) {
    struct failure failure = failure_in("test");
    return passwd_load(root_fd, name, &user, &failure);
}

static bool made_up(void) { return load("root") == 0 && user.made_up && user.uid == 0; }

static void hostile_files(void) {
    CHECK(mkdtemp(root) != NULL);
    root_fd = open(root, O_PATH | O_DIRECTORY);
    CHECK(root_fd >= 0 && mkdirat(root_fd, "etc", 0755) == 0);

    CHECK(load("alice") == -ENOENT && made_up()); /* missing */
    CHECK_TEXT(user.shell, "/bin/sh");
    put("etc/passwd", "root:x:0:0::/root:/bin/bash\nalice:x:1:1::/:/x\n");
    put("etc/group", "tty:x:5:\nsudo:x:27:alice\n");
    CHECK(load("alice") == 0 && user.n_groups == 2 && !user.made_up);
    CHECK(load("root") == 0 && !user.made_up && user.tty_gid == 5);
    CHECK(load("bob") == -ENOENT && load("../x") == -EINVAL && load("") == -EINVAL);

    put("etc/passwd", "root:x:4294967295:0::/root:/bin/bash\n");
    CHECK(load("root") == -EINVAL); /* junk never becomes root */
    put("etc/passwd", "alice:x:1:1::/:/x\n");
    CHECK(made_up());

    unlinkat(root_fd, "etc/passwd", 0);
    CHECK(mkfifoat(root_fd, "etc/passwd", 0666) == 0);
    CHECK(load("alice") == -EINVAL && made_up());
    unlinkat(root_fd, "etc/passwd", 0);
    CHECK(mkdirat(root_fd, "etc/passwd", 0755) == 0);
    CHECK(load("alice") < 0 && made_up());
    unlinkat(root_fd, "etc/passwd", AT_REMOVEDIR);

    CHECK(symlinkat("/etc/passwd-real", root_fd, "etc/passwd") == 0); /* stays below the root */
    put("etc/passwd-real", "alice:x:77:1::/:/x\n");
    CHECK(load("alice") == 0 && user.uid == 77);
    unlinkat(root_fd, "etc/passwd", 0);
    CHECK(symlinkat("../../../../../../etc/passwd", root_fd, "etc/passwd") == 0);
    CHECK(load("alice") < 0); /* a link to itself, not to the host's */
    unlinkat(root_fd, "etc/passwd", 0);
    CHECK(symlinkat("/dev/zero", root_fd, "etc/passwd") == 0);
    CHECK(load("alice") < 0 && made_up());
    unlinkat(root_fd, "etc/passwd", 0);

    put("etc/passwd", "alice:x:1:1::/:/x\n");
    int fd = openat(root_fd, "etc/passwd", O_WRONLY);
    CHECK(fd >= 0 && ftruncate(fd, (off_t)5 << 30) == 0);
    close(fd);
    CHECK(load("alice") == -EFBIG && made_up());

    unlinkat(root_fd, "etc/passwd", 0);
    unlinkat(root_fd, "etc/passwd-real", 0);
    unlinkat(root_fd, "etc/group", 0);
    unlinkat(root_fd, "etc", AT_REMOVEDIR);
    CHECK(rmdir(root) == 0);
}

int main(void) {
    good_lines();
    junk_lines();
    names();
    memberships();
    a_million_groups();
    hostile_files();
    return checks_end("passwd");
}
