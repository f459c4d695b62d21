/* The words of `jail-keeper tree`. */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"

#define EXIT_USAGE 2

static int usage(void) {
    fputs("usage: jail-keeper tree link SOURCE TARGET [--exclude PATH]...\n"
          "       jail-keeper tree copy SOURCE TARGET [--exclude PATH]...\n"
          "       jail-keeper tree digest [--times] DIRECTORY\n"
          "       jail-keeper tree remove DIRECTORY\n",
          stderr);
    return EXIT_USAGE;
}

static int open_directory(const char *path, int *ret_fd, struct failure *ret_failure) {
    *ret_fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*ret_fd < 0)
        return failure_set(ret_failure, "open", path, errno, "%s: %s", path, strerror(errno));
    return 0;
}

static bool is_empty(int fd) {
    char buffer[1024];
    ssize_t len = getdents64(fd, buffer, sizeof buffer);
    return len >= 0 && len <= (ssize_t)(2 * 24) && lseek(fd, 0, SEEK_SET) == 0;
}

/* The target is made; an empty directory may be there already. */
static int make_target(const char *path, int *ret_fd, struct failure *ret_failure) {
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return failure_set(ret_failure, "make-target", path, errno, "%s: %s", path,
                           strerror(errno));
    int r = open_directory(path, ret_fd, ret_failure);
    if (r == 0 && !is_empty(*ret_fd))
        r = failure_set(ret_failure, "make-target", path, ENOTEMPTY, "%s is not empty", path);
    return r;
}

/* SOURCE TARGET [--exclude PATH]... */
static int run_copy(char **words, bool link, struct failure *ret_failure) {
    CLEANUP_CLOSE int source = -EBADF;
    CLEANUP_CLOSE int target = -EBADF;
    struct tree_copy copy = {.link = link, .public_only = link};
    size_t n_words = 0;
    while (words[n_words] != NULL)
        n_words++;
    CLEANUP_FREE char **exclude = calloc(n_words + 1, sizeof *exclude);
    if (n_words < 2 || exclude == NULL)
        return -EINVAL;
    for (size_t i = 2; i < n_words; i += 2) {
        if (strcmp(words[i], "--exclude") != 0 || words[i + 1] == NULL)
            return -EINVAL;
        exclude[copy.n_exclude++] = words[i + 1] + strspn(words[i + 1], "/");
    }
    copy.exclude = exclude;
    int r = open_directory(words[0], &source, ret_failure);
    if (r == 0)
        r = make_target(words[1], &target, ret_failure);
    if (r == 0)
        r = tree_copy(source, target, &copy, ret_failure);
    if (r == 0)
        printf("files %llu bytes %llu skipped %llu\n", (unsigned long long)copy.files,
               (unsigned long long)copy.bytes, (unsigned long long)copy.skipped);
    return r;
}

static int run_link(char **words, struct failure *ret_failure) {
    return run_copy(words, true, ret_failure);
}

static int run_plain_copy(char **words, struct failure *ret_failure) {
    return run_copy(words, false, ret_failure);
}

static int run_digest(char **words, struct failure *ret_failure) {
    CLEANUP_CLOSE int root = -EBADF;
    char hex[65];
    bool quick = words[0] != NULL && strcmp(words[0], "--times") == 0;
    words += quick ? 1 : 0;
    if (words[0] == NULL || words[1] != NULL)
        return -EINVAL;
    int r = open_directory(words[0], &root, ret_failure);
    if (r == 0)
        r = tree_digest(root, !quick, hex, ret_failure);
    if (r == 0)
        puts(hex);
    return r;
}

static int run_remove(char **words, struct failure *ret_failure) {
    CLEANUP_CLOSE int root = -EBADF;
    if (words[0] == NULL || words[1] != NULL || words[0][0] != '/' ||
        words[0][strspn(words[0], "/.")] == '\0')
        return -EINVAL;
    root = open(words[0], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (root < 0 && errno == ENOENT)
        return 0;
    if (root < 0)
        return failure_set(ret_failure, "open", words[0], errno, "%s: %s", words[0],
                           strerror(errno));
    int r = tree_empty(root, NULL, ret_failure);
    if (r == 0 && rmdir(words[0]) < 0)
        r = failure_set(ret_failure, "remove", words[0], errno, "%s: %s", words[0],
                        strerror(errno));
    return r;
}

static const struct {
    const char *name;
    int (*run)(char **words, struct failure *ret_failure); /* -EINVAL without a failure: usage */
} verbs[] = {
    {"link", run_link},
    {"copy", run_plain_copy},
    {"digest", run_digest},
    {"remove", run_remove},
};

int tree_main(int argc, char **argv) {
    struct failure failure = failure_in("tree");
    umask(0);
    for (size_t i = 0; argc >= 2 && i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(argv[1], verbs[i].name) != 0)
            continue;
        int r = verbs[i].run(argv + 2, &failure);
        if (r < 0 && failure.error == 0)
            return usage();
        if (r < 0)
            fprintf(stderr, "jail-keeper tree %s: %s: %s: %s\n", argv[1], failure.step,
                    failure.path, failure.message);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    return usage();
}
