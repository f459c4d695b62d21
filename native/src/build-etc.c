/* Files of /etc that jaild generates (hosts, hostname, resolv.conf). A file is ours when it is
 * absent or begins with the line "# jaild"; everything else belongs to the user and is left
 * alone, and so is whatever can only be reached through a link. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build.h"
#include "io.h"
#include "targets.h"

#define PLAIN (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV)
#define MARK "# jaild\n"
#define OURS_MAX ((size_t)64 * 1024)

/* Whether to write it. A file that is already right is left alone too. */
static bool is_ours(int parent, const char *name, struct span content) {
    CLEANUP_FREE char *data = NULL;
    size_t len = 0;
    CLEANUP_CLOSE int fd = open_resolved(parent, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, PLAIN);
    if (fd == -ENOENT)
        return true;
    if (fd < 0)
        return false;
    if (io_read_regular(fd, OURS_MAX, &data, &len) < 0)
        return false;
    if (len < strlen(MARK) || memcmp(data, MARK, strlen(MARK)) != 0)
        return false;
    return len != content.len || memcmp(data, content.data, len) != 0;
}

/* The directory of an absolute path below /; /etc itself is made when a template has none. */
static int open_parent(int root, const char *dir) {
    int fd = open_resolved(root, dir, O_RDONLY | O_DIRECTORY, PLAIN);
    if (fd == -ENOENT && strchr(dir, '/') == NULL && mkdirat(root, dir, 0755) == 0)
        fd = open_resolved(root, dir, O_RDONLY | O_DIRECTORY, PLAIN);
    return fd;
}

/* Never a failure of the boot: a user who has filled the disk, or put something in the way, must be
 * able to log in and put it right. */
static void write_file(const struct build *build, const struct spec_etc_file *file) {
    char path[SPEC_PATH_MAX + 1];
    snprintf(path, sizeof path, "%s", file->path + 1);
    char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    if (slash != NULL)
        *slash = '\0';
    CLEANUP_CLOSE int parent = open_parent(build->root, slash == NULL ? "." : path);
    if (parent >= 0 && is_ours(parent, name, file->content))
        io_replace_file(parent, name, file->content.data, file->content.len, 0644, false);
}

int build_etc_files(struct build *build) {
    for (size_t i = 0; i < build->spec->n_etc_files; i++)
        write_file(build, &build->spec->etc_files[i]);
    return 0;
}
