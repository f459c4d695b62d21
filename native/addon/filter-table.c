#include "filter-table.h"

#include <linux/prctl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

const uint32_t refused_calls[] = {
    /* Programs and processes. */
    SYS_execve,
    SYS_execveat,
#ifdef SYS_fork
    SYS_fork,
#endif
#ifdef SYS_vfork
    SYS_vfork,
#endif
    SYS_kill,
    SYS_tkill,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_pidfd_open,
    SYS_pidfd_getfd,
    SYS_pidfd_send_signal,
    SYS_setpgid,
    SYS_setsid,
    /* Other processes' memory. */
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
#ifdef SYS_process_madvise
    SYS_process_madvise,
#endif
#ifdef SYS_process_mrelease
    SYS_process_mrelease,
#endif
    SYS_kcmp,
    /* New sockets, and connections of any kind. (accept stays: ports forwarded from a jail arrive
       as listening descriptors.) */
    SYS_socket,
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_listen,
/* Changes below a path. */
#ifdef SYS_creat
    SYS_creat,
#endif
#ifdef SYS_unlink
    SYS_unlink,
#endif
    SYS_unlinkat,
#ifdef SYS_rename
    SYS_rename,
#endif
#ifdef SYS_renameat
    SYS_renameat,
#endif
    SYS_renameat2,
#ifdef SYS_mkdir
    SYS_mkdir,
#endif
    SYS_mkdirat,
#ifdef SYS_rmdir
    SYS_rmdir,
#endif
#ifdef SYS_link
    SYS_link,
#endif
    SYS_linkat,
#ifdef SYS_symlink
    SYS_symlink,
#endif
    SYS_symlinkat,
#ifdef SYS_mknod
    SYS_mknod,
#endif
    SYS_mknodat,
#ifdef SYS_chmod
    SYS_chmod,
#endif
    SYS_fchmod,
    SYS_fchmodat,
#ifdef SYS_fchmodat2
    SYS_fchmodat2,
#endif
#ifdef SYS_chown
    SYS_chown,
#endif
#ifdef SYS_lchown
    SYS_lchown,
#endif
    SYS_fchown,
    SYS_fchownat,
    SYS_truncate,
    SYS_fallocate,
#ifdef SYS_utime
    SYS_utime,
#endif
#ifdef SYS_utimes
    SYS_utimes,
#endif
#ifdef SYS_futimesat
    SYS_futimesat,
#endif
    SYS_utimensat,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_fsetxattr,
#ifdef SYS_setxattrat
    SYS_setxattrat,
#endif
    SYS_removexattr,
    SYS_lremovexattr,
    SYS_fremovexattr,
#ifdef SYS_removexattrat
    SYS_removexattrat,
#endif
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_fanotify_init,
    SYS_fanotify_mark,
#ifdef SYS_file_setattr
    SYS_file_setattr,
#endif
    /* Mounts and namespaces. */
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_unshare,
    SYS_setns,
#ifdef SYS_fsopen
    SYS_fsopen,
#endif
#ifdef SYS_fsconfig
    SYS_fsconfig,
#endif
#ifdef SYS_fsmount
    SYS_fsmount,
#endif
#ifdef SYS_fspick
    SYS_fspick,
#endif
#ifdef SYS_open_tree
    SYS_open_tree,
#endif
#ifdef SYS_open_tree_attr
    SYS_open_tree_attr,
#endif
#ifdef SYS_move_mount
    SYS_move_mount,
#endif
#ifdef SYS_mount_setattr
    SYS_mount_setattr,
#endif
    /* Wide kernel surface. */
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
    SYS_memfd_create,
#ifdef SYS_memfd_secret
    SYS_memfd_secret,
#endif
    SYS_shmget,
    SYS_shmat,
    SYS_semget,
    SYS_msgget,
    SYS_mq_open,
#ifdef SYS_lookup_dcookie
    SYS_lookup_dcookie,
#endif
    SYS_vmsplice,
    /* The machine. */
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_acct,
    SYS_quotactl,
#ifdef SYS_quotactl_fd
    SYS_quotactl_fd,
#endif
    SYS_syslog,
#ifdef SYS_iopl
    SYS_iopl,
#endif
#ifdef SYS_ioperm
    SYS_ioperm,
#endif
#ifdef SYS_modify_ldt
    SYS_modify_ldt,
#endif
    SYS_personality,
};
const size_t refused_call_count = sizeof refused_calls / sizeof refused_calls[0];

const uint32_t absent_calls[] = {
    SYS_clone3, SYS_openat2, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
};
const size_t absent_call_count = sizeof absent_calls / sizeof absent_calls[0];

const uint32_t refused_prctls[] = {PR_SET_DUMPABLE, PR_SET_PTRACER};
const size_t refused_prctl_count = sizeof refused_prctls / sizeof refused_prctls[0];

/* Bytes pushed into a terminal's input, and line disciplines (kernel modules nobody here needs). */
const uint32_t refused_ioctls[] = {TIOCSTI, TIOCLINUX, TIOCSETD};
const size_t refused_ioctl_count = sizeof refused_ioctls / sizeof refused_ioctls[0];
