/* A jail's user, read from the jail's own /etc/passwd and /etc/group.
 *
 * Both files are hostile: opened below a kept descriptor of the jail's root, never across a mount,
 * never waiting for a FIFO, only as regular files of bounded size. No NSS, no libc look-up. */
#ifndef JAILD_PASSWD_H
#define JAILD_PASSWD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "fail.h"

#define PASSWD_FILE_MAX ((size_t)1024 * 1024)
#define PASSWD_NAME_MAX 64
#define PASSWD_PATH_MAX 512
#define PASSWD_GROUPS_MAX 1024
#define PASSWD_ID_MAX 65535u

struct passwd_user {
    char name[PASSWD_NAME_MAX];
    uid_t uid; /* inside */
    gid_t gid;
    char home[PASSWD_PATH_MAX];
    char shell[PASSWD_PATH_MAX];
    gid_t groups[PASSWD_GROUPS_MAX]; /* the primary one first */
    size_t n_groups;
    gid_t tty_gid; /* of the group tty, or the user's own */
    bool made_up;  /* root without a usable /etc/passwd */
};

/* A name that can stand in /etc/passwd: 1 to 63 bytes, no ':', '/', ',', control byte or leading
 * '-'. */
bool passwd_name_ok(const char *name);

/* Finds the first line of that name. -ENOENT: there is none. -EINVAL: the line is junk (an id that
 * is not a plain decimal 0..65535, fields missing, a path that is too long): never taken for
 * anybody. An empty home is "/", an empty shell "/bin/sh". Groups hold only the primary one. */
int passwd_parse_user(const char *text, size_t len, const char *name, struct passwd_user *ret_user);

/* Adds the groups that list the user's name, and finds the group tty. Junk lines are passed over;
 * beyond PASSWD_GROUPS_MAX groups the rest is left out. */
void passwd_parse_groups(const char *text, size_t len, struct passwd_user *user);

/* Both of the above from the files below `root_fd`. When root is asked for and the file is missing,
 * unreadable, no regular file, too large or has no line for root, a root with uid 0, /root and
 * /bin/sh is made up, so that whoever broke /etc/passwd still gets in to mend it; a junk line is
 * refused also for root. Steps "read-passwd", "find-user". */
int passwd_load(int root_fd, const char *name, struct passwd_user *ret_user,
                struct failure *ret_failure);

#endif
