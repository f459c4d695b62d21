#include "walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"
#include "name-list.h"
#include "targets.h"

#define OPEN_LEVELS 64 /* deeper ones are closed and found again on the way up */
#define READ_BYTES ((size_t)64 * 1024)
#define HELD_BYTES_MAX ((size_t)128 * 1024 * 1024)

struct level {
    int fd; /* -EBADF while closed */
    dev_t device;
    ino_t inode;
    struct name_list pending; /* subdirectories still to be walked */
    size_t path_len;          /* of this directory's path */
    size_t name_at;           /* where its last part begins in the path */
    bool changed;             /* something was removed since it was last read */
};

struct walk {
    const struct walk_visitor *visitor;
    void *context;
    struct failure *failure;
    struct level *levels;
    size_t n_levels;
    size_t capacity;
    char *path;
    size_t path_capacity;
    size_t held; /* bytes of names that are kept */
    char buffer[READ_BYTES];
};

const char *walk_path(const struct walk_dir *dir, const char *name, char *buffer, size_t size) {
    snprintf(buffer, size, "%s%s%s", dir->path, dir->path[0] == '\0' ? "" : "/", name);
    return buffer;
}

static struct walk_dir describe(const struct walk *walk, const struct level *level) {
    walk->path[level->path_len] = '\0';
    return (struct walk_dir){
        .fd = level->fd,
        .path = walk->path,
        .name = walk->path + level->name_at,
        .depth = (size_t)(level - walk->levels),
    };
}

static int report(const struct walk *walk, const struct level *level, const char *name, int error) {
    char path[512];
    struct walk_dir dir = describe(walk, level);
    return failure_set(walk->failure, "walk", walk_path(&dir, name, path, sizeof path), error, "%s",
                       strerror(error));
}

/* Appends /name to the path; the root's own is empty. */
static int extend_path(struct walk *walk, struct level *level, const struct level *parent,
                       const char *name) {
    size_t name_len = strlen(name);
    size_t start = parent == NULL ? 0 : parent->path_len;
    size_t needed = start + 1 + name_len + 1;
    if (needed > walk->path_capacity) {
        char *larger = realloc(walk->path, needed * 2);
        if (larger == NULL)
            return -ENOMEM;
        walk->path = larger;
        walk->path_capacity = needed * 2;
    }
    level->name_at = start == 0 ? 0 : start + 1;
    level->path_len = level->name_at + name_len;
    if (start > 0)
        walk->path[start] = '/';
    memcpy(walk->path + level->name_at, name, name_len + 1);
    return 0;
}

static int make_room(struct walk *walk) {
    if (walk->n_levels < walk->capacity)
        return 0;
    size_t capacity = walk->capacity == 0 ? 64 : walk->capacity * 2;
    struct level *larger = realloc(walk->levels, capacity * sizeof *larger);
    if (larger == NULL)
        return -ENOMEM;
    walk->levels = larger;
    walk->capacity = capacity;
    return 0;
}

/* Takes over `fd` also when it fails. */
static int push(struct walk *walk, int fd, const char *name) {
    struct stat status;
    CLEANUP_CLOSE int owned = fd;
    if (fstat(fd, &status) < 0)
        return -errno;
    int r = make_room(walk);
    if (r < 0)
        return r;
    struct level *level = &walk->levels[walk->n_levels];
    *level = (struct level){.fd = fd, .device = status.st_dev, .inode = status.st_ino};
    r = extend_path(walk, level, walk->n_levels == 0 ? NULL : level - 1, name);
    if (r < 0)
        return r;
    io_take(&owned);
    walk->n_levels++;
    if (walk->n_levels > OPEN_LEVELS + 1) /* the root stays open */
        io_close(&walk->levels[walk->n_levels - 1 - OPEN_LEVELS].fd);
    return 0;
}

static void drop_top(struct walk *walk) {
    struct level *level = &walk->levels[--walk->n_levels];
    walk->held -= name_list_bytes(&level->pending);
    name_list_free(&level->pending);
    if (walk->n_levels > 0)
        io_close(&level->fd); /* the root's is the caller's */
}

/* Opens a closed directory again from the one below it. A directory that was moved meanwhile has
 * another parent: then the walk ends. */
static int reopen(struct level *level, int child_fd) {
    struct stat status;
    CLEANUP_CLOSE int fd = openat(child_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        return -errno;
    if (status.st_dev != level->device || status.st_ino != level->inode)
        return -ESTALE;
    level->fd = io_take(&fd);
    return 0;
}

static int find_type(const struct level *level, const char *name, unsigned char *type) {
    struct stat status;
    if (*type != DT_UNKNOWN)
        return 0;
    if (fstatat(level->fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    *type = (unsigned char)IFTODT(status.st_mode);
    return 0;
}

static int visit(struct walk *walk, struct level *level, const char *name, unsigned char type) {
    struct walk_dir dir = describe(walk, level);
    int r = find_type(level, name, &type);
    if (r < 0)
        return r == -ENOENT ? 0 : report(walk, level, name, -r);
    if (walk->visitor->progress != NULL)
        __atomic_add_fetch(walk->visitor->progress, 1, __ATOMIC_RELAXED);
    r = walk->visitor->entry(walk->context, &dir, name, type);
    if (r == WALK_REMOVED)
        level->changed = true;
    if (r != WALK_DESCEND)
        return r < 0 ? r : 0;
    if (walk->held > HELD_BYTES_MAX)
        return report(walk, level, name, E2BIG);
    size_t before = name_list_bytes(&level->pending);
    r = name_list_add(&level->pending, name, type);
    walk->held += name_list_bytes(&level->pending) - before;
    return r < 0 ? report(walk, level, name, -r) : 0;
}

typedef int (*entry_function)(struct walk *walk, struct level *level, void *list, const char *name,
                              unsigned char type);

static int visit_now(struct walk *walk, struct level *level, void *list, const char *name,
                     unsigned char type) {
    (void)list;
    return visit(walk, level, name, type);
}

static int collect(struct walk *walk, struct level *level, void *list, const char *name,
                   unsigned char type) {
    if (name_list_bytes(list) > HELD_BYTES_MAX)
        return report(walk, level, name, E2BIG);
    int r = name_list_add(list, name, type);
    return r < 0 ? report(walk, level, name, -r) : 0;
}

static int read_entries(struct walk *walk, struct level *level, entry_function handle, void *list) {
    for (;;) {
        ssize_t len = getdents64(level->fd, walk->buffer, sizeof walk->buffer);
        if (len <= 0)
            return len < 0 ? report(walk, level, "", errno) : 0;
        for (ssize_t at = 0; at < len;) {
            const struct dirent64 *entry = (const void *)(walk->buffer + at);
            at += entry->d_reclen;
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                continue;
            int r = handle(walk, level, list, entry->d_name, entry->d_type);
            if (r < 0)
                return r;
        }
    }
}

static int read_sorted(struct walk *walk, struct level *level) {
    struct name_list all = {0};
    struct name_entry entry;
    int r = read_entries(walk, level, collect, &all);
    if (r == 0 && name_list_sort(&all) < 0)
        r = report(walk, level, "", ENOMEM);
    while (r == 0 && name_list_next(&all, &entry))
        r = visit(walk, level, entry.name, entry.type);
    name_list_free(&all);
    return r;
}

static int read_level(struct walk *walk, struct level *level) {
    level->changed = false;
    return walk->visitor->sorted ? read_sorted(walk, level)
                                 : read_entries(walk, level, visit_now, NULL);
}

static int descend(struct walk *walk, const char *name) {
    struct level *level = &walk->levels[walk->n_levels - 1];
    int fd = open_resolved(level->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK,
                           RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV |
                               RESOLVE_NO_MAGICLINKS);
    if (fd < 0)
        return fd == -ENOENT ? 0 : report(walk, level, name, -fd);
    int r = push(walk, fd, name);
    if (r < 0)
        return report(walk, &walk->levels[walk->n_levels - 1], name, -r);
    level = &walk->levels[walk->n_levels - 1];
    struct walk_dir dir = describe(walk, level);
    r = walk->visitor->enter == NULL ? 0 : walk->visitor->enter(walk->context, &dir);
    return r < 0 ? r : read_level(walk, level);
}

/* Leaves the top directory for the one that holds it. */
static int ascend(struct walk *walk) {
    struct level *top = &walk->levels[walk->n_levels - 1];
    struct level *parent = top - 1;
    char name[NAME_MAX + 1];
    snprintf(name, sizeof name, "%s", walk->path + top->name_at);
    int r = parent->fd >= 0 ? 0 : reopen(parent, top->fd);
    if (r < 0)
        return report(walk, top, "..", -r);
    drop_top(walk);
    if (walk->visitor->leave == NULL)
        return 0;
    struct walk_dir dir = describe(walk, parent);
    r = walk->visitor->leave(walk->context, &dir, name);
    if (r == WALK_REMOVED)
        parent->changed = true;
    return r < 0 ? r : 0;
}

/* One turn: the next subdirectory, another reading of the same directory, or up. */
static int step(struct walk *walk) {
    struct level *top = &walk->levels[walk->n_levels - 1];
    struct name_entry entry;
    if (name_list_next(&top->pending, &entry)) {
        char name[NAME_MAX + 1];
        snprintf(name, sizeof name, "%s", entry.name);
        return descend(walk, name);
    }
    walk->held -= name_list_bytes(&top->pending);
    name_list_free(&top->pending);
    if (top->changed) {
        if (lseek(top->fd, 0, SEEK_SET) < 0)
            return report(walk, top, "", errno);
        return read_level(walk, top);
    }
    if (walk->n_levels > 1)
        return ascend(walk);
    drop_top(walk);
    return 0;
}

static int start(struct walk *walk, int root_fd) {
    walk->path_capacity = 256;
    walk->path = calloc(1, walk->path_capacity);
    if (walk->path == NULL)
        return failure_set(walk->failure, "walk", "", ENOMEM, "no memory");
    int fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0) {
        int error = errno;
        io_close(&fd);
        return failure_set(walk->failure, "walk", "", error, "%s", strerror(error));
    }
    int r = push(walk, fd, "");
    if (r < 0 || walk->n_levels == 0)
        return failure_set(walk->failure, "walk", "", -r, "%s", strerror(-r));
    struct walk_dir dir = describe(walk, walk->levels);
    r = walk->visitor->enter == NULL ? 0 : walk->visitor->enter(walk->context, &dir);
    return r < 0 ? r : read_level(walk, walk->levels);
}

int walk_tree(int root_fd, const struct walk_visitor *visitor, void *context,
              struct failure *ret_failure) {
    CLEANUP_FREE struct walk *walk = calloc(1, sizeof *walk);
    if (walk == NULL)
        return failure_set(ret_failure, "walk", "", ENOMEM, "no memory");
    walk->visitor = visitor;
    walk->context = context;
    walk->failure = ret_failure;
    int r = start(walk, root_fd);
    while (r == 0 && walk->n_levels > 0)
        r = step(walk);
    while (walk->n_levels > 0)
        drop_top(walk);
    free(walk->levels);
    free(walk->path);
    return r;
}
