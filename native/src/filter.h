/* The seccomp filter of everything that runs in a jail: what no jail may ask of the kernel.
 *
 * A deny list over the id map and the capabilities, for the parts of the kernel whose checks have
 * failed often, that know no namespaces, or that act on more than the jail. The tables are in
 * filter-rules.c. Both ABIs of the machine (x86-64 and i386) have the same rules; x32 and numbers
 * that this program does not know are answered ENOSYS. Compiled once, by the host keeper. */
#ifndef JAILD_FILTER_H
#define JAILD_FILTER_H

#include <linux/filter.h>
#include <stddef.h>

#include "fail.h"
#include "runtime.h"

#define FILTER_PROFILES 3

/* Compiles the filters of all profiles; every later fork shares them. Step "compile-filter". */
int filter_prepare(struct failure *ret_failure);

/* Installs a prepared filter in this process. Needs CAP_SYS_ADMIN in its user namespace
 * (no_new_privs stays off, sudo must work): call it before caps_apply(). Step "install-filter". */
int filter_install(enum jail_profile profile, struct failure *ret_failure);

/* A prepared filter's instructions; NULL before filter_prepare(). */
const struct sock_filter *filter_program(enum jail_profile profile, size_t *ret_n);

/* `jail-keeper filter dump PROFILE`: one line per instruction, stable, for comparing and
 * simulating. An exit status. */
int filter_main(int argc, char **argv);

#endif
