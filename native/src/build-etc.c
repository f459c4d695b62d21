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

/* 1: write it, 0: leave it. A file that is already right is left too. */
static int is_ours(int parent, const char *name, struct span content) {
    CLEANUP_FREE char *data = NULL;
    size_t len = 0;
    CLEANUP_CLOSE int fd = open_resolved(parent, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, PLAIN);
    if (fd == -ENOENT)
        return 1;
    if (fd < 0)
        return 0;
    if (io_read_regular(fd, OURS_MAX, &data, &len) < 0)
        return 0;
    if (len < strlen(MARK) || memcmp(data, MARK, strlen(MARK)) != 0)
        return 0;
    return len != content.len || memcmp(data, content.data, len) != 0;
}

static int write_file(const struct build *build, const struct spec_etc_file *file) {
    char path[SPEC_PATH_MAX + 1];
    CLEANUP_CLOSE int parent = -EBADF;
    snprintf(path, sizeof path, "%s", file->path + 1);
    char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    if (slash != NULL)
        *slash = '\0';
    parent = open_resolved(build->root, slash == NULL ? "." : path, O_RDONLY | O_DIRECTORY, PLAIN);
    if (parent < 0)
        return 0; /* no such directory, or only through a link: not ours to make */
    if (is_ours(parent, name, file->content) == 0)
        return 0;
    int r = io_replace_file(parent, name, file->content.data, file->content.len, 0644, false);
    if (r < 0)
        return failure_set(build->failure, "write-etc", file->path, -r, "%s", strerror(-r));
    return 0;
}

int build_etc_files(struct build *build) {
    int r = 0;
    for (size_t i = 0; r == 0 && i < build->spec->n_etc_files; i++)
        r = write_file(build, &build->spec->etc_files[i]);
    return r;
}
