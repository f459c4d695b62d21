/* Checks of single values in a jail spec. Pure. */
#ifndef JAILD_SPEC_VALUES_H
#define JAILD_SPEC_VALUES_H

#include <stdbool.h>
#include <sys/resource.h>

#include "fields.h"

/* Absolute, at most SPEC_PATH_MAX bytes, no empty, "." or ".." part, no final slash, not "/". */
bool spec_path_ok(const char *path);

/* ACCOUNT or ACCOUNT+LABEL. */
bool spec_jail_name_ok(const char *name);

/* 1 to 64 letters, digits, dots and dashes; begins and ends with a letter or digit. */
bool spec_hostname_ok(const char *name);

/* A network interface name of 1 to 15 lower-case letters, digits, dots, dashes or underscores. */
bool spec_interface_ok(const char *name);

/* A file of a cgroup that may hold a limit: "memory.max", "cgroup.max.depth"; never a file that
 * moves processes or switches controllers. */
bool spec_cgroup_file_ok(const char *name);

/* "nofile" -> RLIMIT_NOFILE; -1 when unknown. */
int spec_rlimit_number(struct span name);

/* Decimal or "unlimited". */
int spec_rlimit_value(struct span text, rlim_t *ret_value);

/* "TERM", "RTMIN+3"; 0 when unknown. */
int spec_signal_number(const char *name);

#endif
