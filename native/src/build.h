/* Stage boot, the builder: makes every mount of a jail as the host's root, then locks them.
 *
 * The mounts are made in a mount namespace that belongs to the initial user namespace, and copied
 * into one that belongs to the jail's. The kernel locks such copies: flags cannot be weakened,
 * single mounts cannot be taken off, sizes cannot grow, whatever the jail's root tries. */
#ifndef JAILD_BUILD_H
#define JAILD_BUILD_H

#include "fail.h"
#include "spec.h"

/* Carried from part to part in the builder's process. */
struct build {
    const struct jail_spec *spec;
    int proc;    /* O_PATH of the host's /proc, checked to be one */
    int init;    /* pidfd of the jail's init, whose namespaces are joined */
    int userns;  /* the jail's user namespace */
    int staging; /* tmpfs that the new root and its layers hang in; also the working directory */
    int root;    /* the jail's root: the overlay */
    struct failure *failure;
};

/* Runs in a child of the keeper that was born in the jail's pid namespace (so that /proc shows the
 * jail's processes). Sends one boot message (boot-channel.h): the failure, or success with three
 * descriptors: the locked mount namespace, O_PATH of its /, O_PATH of its /dev/pts. */
_Noreturn void build_main(const struct jail_spec *spec, int proc, int init, int userns,
                          int channel);

/* ---- parts, in their order; 0 or -errno with build->failure filled ---- */

/* A private mount namespace and the staging tmpfs: r/ (the root), j/ (the jail's directory), l0/..
 * (its layers), empty/ and blank (what masks show). */
int build_staging(struct build *build);

/* The overlay of idmapped layers and the jail's own upper directory. Sets build->root. Mounted with
 * fsuid and fsgid of the jail's root and without CAP_SYS_RESOURCE, which the builder keeps from
 * then on: overlayfs remembers its mounter, and the file system's reserve and quota hold so. */
int build_overlay(struct build *build);

/* Everything below /dev. */
int build_dev(struct build *build);

/* /proc and /sys with their masks. */
int build_proc(struct build *build);
int build_sys(struct build *build);

/* /run and /tmp. */
int build_run_and_tmp(struct build *build);

/* What the administrator binds into the jail. */
int build_volumes(struct build *build);

/* Generated files of /etc. */
int build_etc_files(struct build *build);

/* ---- for the parts ---- */

/* A sized tmpfs that belongs to the jail's root, but whose options do not tell its outside id. */
int build_tmpfs(const struct build *build, uint64_t bytes, uint64_t inodes, const char *mode,
                unsigned attributes, const char *step, int *ret_mount);

/* Attaches at the system directory root/name, and closes nothing. */
int build_attach(const struct build *build, int mount, const char *name, const char *step);

/* Covers each path below the mount `tree` that exists: directories by an empty one, anything else
 * by an empty file; both unreadable as something to write to. The list ends with NULL. */
int build_masks(const struct build *build, int tree, const char *const *paths, const char *step);

/* Who new files belong to from now on: the jail's root or the host's. */
void build_as(const struct build *build, bool jail);

#endif
