#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>

#include "files-job.h"
#include "targets.h"

int files_path(struct span text, char ret_path[FILES_PATH_MAX]) {
    struct span rest = text;
    while (rest.len > 0 && rest.data[0] == '/') {
        rest.data++;
        rest.len--;
    }
    if (rest.len == 0 || span_text(rest, ret_path, FILES_PATH_MAX) < 0)
        return -EINVAL;
    for (const char *part = ret_path; part != NULL;) {
        size_t len = strcspn(part, "/");
        if (len == 0 || len > 255 || (len <= 2 && strspn(part, ".") == len))
            return -EINVAL;
        part = part[len] == '/' ? part + len + 1 : NULL;
    }
    return 0;
}

int files_open_dir(int dir, const char *name) {
    return open_resolved(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK,
                         RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV |
                             RESOLVE_NO_MAGICLINKS);
}
