/* The digest of a whole tree.
 *
 * The walk is sorted and every entry is one record, whose parts all have a length or an end of
 * their own, so that no two different trees give the same bytes: type letter, name NUL, mode uid
 * gid (decimal) NUL, then by type file: size NUL, SHA-256 of the content; link: target NUL;
 * directory: nothing; then for files and directories each extended attribute: name NUL, length NUL,
 * value; then NUL. A directory's entries come between '(' name NUL and ')'. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "io.h"
#include "name-list.h"
#include "sha256.h"
#include "tree.h"
#include "walk.h"

#define READ_BYTES ((size_t)256 * 1024)

struct digesting {
    struct sha256 hash;
    struct failure *failure;
    uint8_t *buffer; /* READ_BYTES */
    bool contents;
};

static void add_text(struct digesting *digesting, const char *text) {
    sha256_add(&digesting->hash, text, strlen(text) + 1);
}

static void add_number(struct digesting *digesting, uint64_t number) {
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    add_text(digesting, text);
}

static int add_content(struct digesting *digesting, int fd) {
    struct sha256 content;
    uint8_t digest[SHA256_BYTES];
    sha256_start(&content);
    for (;;) {
        ssize_t len = read(fd, digesting->buffer, READ_BYTES);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return -errno;
        if (len == 0)
            break;
        sha256_add(&content, digesting->buffer, (size_t)len);
    }
    sha256_finish(&content, digest);
    sha256_add(&digesting->hash, digest, sizeof digest);
    return 0;
}

/* What the host's security modules say about a file is not part of it. */
static bool is_local_attribute(const char *name) {
    return strncmp(name, "security.", 9) == 0 && strcmp(name, "security.capability") != 0;
}

static int add_attribute(struct digesting *digesting, int fd, const char *name) {
    ssize_t len = fgetxattr(fd, name, digesting->buffer, READ_BYTES);
    if (len < 0)
        return -errno;
    add_text(digesting, name);
    add_number(digesting, (uint64_t)len);
    sha256_add(&digesting->hash, digesting->buffer, (size_t)len);
    return 0;
}

static int add_attributes(struct digesting *digesting, int fd) {
    char names[XATTR_LIST_MAX];
    struct name_list sorted = {0};
    struct name_entry entry;
    ssize_t len = flistxattr(fd, names, sizeof names);
    int r = len < 0 && errno != ENOTSUP ? -errno : 0;
    for (ssize_t at = 0; r == 0 && at < len; at += (ssize_t)strlen(names + at) + 1)
        if (!is_local_attribute(names + at))
            r = name_list_add(&sorted, names + at, 0);
    if (r == 0)
        r = name_list_sort(&sorted);
    while (r == 0 && name_list_next(&sorted, &entry))
        r = add_attribute(digesting, fd, entry.name);
    name_list_free(&sorted);
    add_text(digesting, "");
    return r;
}

static void add_head(struct digesting *digesting, char type, const char *name,
                     const struct stat *status) {
    sha256_add(&digesting->hash, &type, 1);
    add_text(digesting, name);
    add_number(digesting, status->st_mode & 07777);
    add_number(digesting, status->st_uid);
    add_number(digesting, status->st_gid);
}

static int add_file(struct digesting *digesting, int dir, const char *name) {
    struct stat status;
    CLEANUP_CLOSE int fd =
        openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        return -errno;
    add_head(digesting, 'f', name, &status);
    add_number(digesting, (uint64_t)status.st_size);
    int r = digesting->contents ? add_content(digesting, fd) : 0;
    if (!digesting->contents) {
        add_number(digesting, (uint64_t)status.st_mtim.tv_sec);
        add_number(digesting, (uint64_t)status.st_mtim.tv_nsec);
    }
    return r < 0 ? r : add_attributes(digesting, fd);
}

static int add_link(struct digesting *digesting, int dir, const char *name) {
    char target[PATH_MAX];
    struct stat status;
    ssize_t len = readlinkat(dir, name, target, sizeof target - 1);
    if (len < 0 || fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    target[len] = '\0';
    add_head(digesting, 'l', name, &status);
    add_text(digesting, target);
    return 0;
}

/* Devices (also the overlay's whiteouts), FIFOs, sockets. */
static int add_special(struct digesting *digesting, int dir, const char *name) {
    struct stat status;
    if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    add_head(digesting, 's', name, &status);
    add_number(digesting, status.st_mode & S_IFMT);
    add_number(digesting, status.st_rdev);
    return 0;
}

static int report(const struct digesting *digesting, const struct walk_dir *dir, const char *name,
                  int error) {
    char path[512];
    return failure_set(digesting->failure, "digest", walk_path(dir, name, path, sizeof path), error,
                       "%s", strerror(error));
}

static int entry(void *context, const struct walk_dir *dir, const char *name, unsigned char type) {
    struct digesting *digesting = context;
    int r = 0;
    if (type == DT_DIR)
        return WALK_DESCEND;
    if (type == DT_REG)
        r = add_file(digesting, dir->fd, name);
    else if (type == DT_LNK)
        r = add_link(digesting, dir->fd, name);
    else
        r = add_special(digesting, dir->fd, name);
    return r < 0 ? report(digesting, dir, name, -r) : 0;
}

static int enter(void *context, const struct walk_dir *dir) {
    struct digesting *digesting = context;
    struct stat status;
    if (fstat(dir->fd, &status) < 0)
        return report(digesting, dir, "", errno);
    add_head(digesting, '(', dir->name, &status);
    int r = add_attributes(digesting, dir->fd);
    return r < 0 ? report(digesting, dir, "", -r) : 0;
}

static int leave(void *context, const struct walk_dir *dir, const char *name) {
    struct digesting *digesting = context;
    (void)dir;
    (void)name;
    sha256_add(&digesting->hash, ")", 1);
    return 0;
}

int tree_digest(int root, bool contents, char ret_hex[65], struct failure *ret_failure) {
    const struct walk_visitor visitor = {
        .sorted = true, .enter = enter, .entry = entry, .leave = leave};
    uint8_t digest[SHA256_BYTES];
    CLEANUP_FREE uint8_t *buffer = malloc(READ_BYTES);
    struct digesting digesting = {.failure = ret_failure, .buffer = buffer, .contents = contents};
    if (buffer == NULL)
        return failure_set(ret_failure, "digest", "", ENOMEM, "no memory");
    sha256_start(&digesting.hash);
    add_text(&digesting, contents ? "contents" : "times");
    int r = walk_tree(root, &visitor, &digesting, ret_failure);
    if (r < 0)
        return r;
    sha256_finish(&digesting.hash, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(ret_hex + 2 * i, 3, "%02x", digest[i]);
    return 0;
}
