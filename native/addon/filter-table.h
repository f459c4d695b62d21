/* What the worker's second filter refuses. */
#ifndef JAILD_ADDON_FILTER_TABLE_H
#define JAILD_ADDON_FILTER_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Answered with EPERM. */
extern const uint32_t refused_calls[];
extern const size_t refused_call_count;

/* Answered with ENOSYS: the caller has another way that the filter can look into (clone for
 * clone3). */
extern const uint32_t absent_calls[];
extern const size_t absent_call_count;

/* First arguments of prctl and second arguments of ioctl, answered with EPERM. */
extern const uint32_t refused_prctls[];
extern const size_t refused_prctl_count;
extern const uint32_t refused_ioctls[];
extern const size_t refused_ioctl_count;

#endif
