/* What the host keeper prepares before it serves: its own copy of itself and of the toolbox. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"
#include "io.h"
#include "runtime.h"

#define TOOLBOX_DEPTH_MAX 4
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

static int copy_bytes(int from, int to, off_t size) {
    while (size > 0) {
        ssize_t copied = sendfile(to, from, NULL, (size_t)size);
        if (copied < 0)
            return -errno;
        if (copied == 0)
            return -EIO;
        size -= copied;
    }
    return 0;
}

static bool is_copy(void) {
    char path[64];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    if (len < 0)
        return false;
    path[len] = '\0';
    return strncmp(path, "/memfd:jail-keeper", strlen("/memfd:jail-keeper")) == 0;
}

static int make_memfd(void) {
    int fd = memfd_create("jail-keeper", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (fd < 0 && errno == EINVAL) /* a kernel before 6.3 */
        fd = memfd_create("jail-keeper", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd;
}

void host_reexecute(char **argv) {
    char *const no_environment[] = {NULL};
    const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    struct stat status;
    if (is_copy())
        return;
    CLEANUP_CLOSE int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    CLEANUP_CLOSE int copy = make_memfd();
    if (self < 0 || copy < 0 || fstat(self, &status) < 0 ||
        copy_bytes(self, copy, status.st_size) < 0 || fchmod(copy, 0500) < 0 ||
        fcntl(copy, F_ADD_SEALS, seals) < 0)
        return;
    fexecve(copy, argv, no_environment);
}

static int copy_file(int from_dir, int to_dir, const char *name, const struct stat *status) {
    CLEANUP_CLOSE int from = openat(from_dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    CLEANUP_CLOSE int to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (from < 0 || to < 0)
        return -errno;
    int r = copy_bytes(from, to, status->st_size);
    mode_t mode = (status->st_mode & 0111) != 0 ? 0755 : 0644;
    return r == 0 && fchmod(to, mode) < 0 ? -errno : r;
}

static int copy_link(int from_dir, int to_dir, const char *name) {
    char target[PATH_MAX];
    ssize_t len = readlinkat(from_dir, name, target, sizeof target - 1);
    if (len < 0)
        return -errno;
    target[len] = '\0';
    return symlinkat(target, to_dir, name) < 0 ? -errno : 0;
}

static int copy_tree(int from_dir, int to_dir, int depth);

static int copy_directory(int from_dir, int to_dir, const char *name, int depth) {
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
    if (mkdirat(to_dir, name, 0755) < 0)
        return -errno;
    CLEANUP_CLOSE int from = openat(from_dir, name, flags);
    CLEANUP_CLOSE int to = openat(to_dir, name, flags);
    return from < 0 || to < 0 ? -errno : copy_tree(from, to, depth + 1);
}

static int copy_entry(int from_dir, int to_dir, const char *name, int depth) {
    struct stat status;
    if (fstatat(from_dir, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (S_ISREG(status.st_mode))
        return copy_file(from_dir, to_dir, name, &status);
    if (S_ISLNK(status.st_mode))
        return copy_link(from_dir, to_dir, name);
    if (S_ISDIR(status.st_mode) && depth < TOOLBOX_DEPTH_MAX)
        return copy_directory(from_dir, to_dir, name, depth);
    return -EINVAL;
}

static int copy_tree(int from_dir, int to_dir, int depth) {
    int r = 0;
    int fd = fcntl(from_dir, F_DUPFD_CLOEXEC, 3);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (entries == NULL) {
        r = -errno;
        io_close(&fd);
        return r;
    }
    for (struct dirent *entry; r == 0 && (entry = readdir(entries)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            r = copy_entry(from_dir, to_dir, entry->d_name, depth);
    closedir(entries);
    return r;
}

int host_stage_toolbox(const char *source, struct failure *ret_failure) {
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    if (mkdir(TOOLBOX_STAGE, 0755) < 0 && errno != EEXIST)
        return failure_set(ret_failure, "toolbox", TOOLBOX_STAGE, errno, "%s", strerror(errno));
    if (mount("toolbox", TOOLBOX_STAGE, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64m") < 0)
        return failure_set(ret_failure, "toolbox", TOOLBOX_STAGE, errno, "%s", strerror(errno));
    CLEANUP_CLOSE int from = open(source, flags);
    CLEANUP_CLOSE int to = open(TOOLBOX_STAGE, flags);
    int r = from < 0 || to < 0 ? -errno : copy_tree(from, to, 0);
    if (r < 0)
        return failure_set(ret_failure, "toolbox", source, -r, "%s", strerror(-r));
    if (mount(NULL, TOOLBOX_STAGE, NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_RDONLY, NULL) < 0)
        return failure_set(ret_failure, "toolbox", TOOLBOX_STAGE, errno, "%s", strerror(errno));
    return 0;
}
