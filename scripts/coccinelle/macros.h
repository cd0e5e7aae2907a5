/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Macros of the kernel that spatch cannot parse a function without.
 *
 * spatch drops a function that it cannot parse, without a word. It expands the macros of this file
 * in such a function and tries again. A function that it can parse as it stands is not touched.
 * scripts/coccicheck hands this file to spatch; by hand: --macro-file scripts/coccinelle/macros.h.
 *
 * YACFE_ITERATOR is a word that spatch knows: the macro is followed by a statement, as a loop is.
 * A macro that stands where an attribute does, as __free(), is not for this file, because spatch
 * parses it, wrongly. The semantic patch has to name it: "attribute name __free;".
 */

/* include/linux/cgroup.h */
#define cgroup_taskset_for_each_leader(leader, css, tset) YACFE_ITERATOR

/* include/linux/cleanup.h */
#define scoped_class(args...) YACFE_ITERATOR
#define scoped_cond_guard(args...) YACFE_ITERATOR
#define scoped_guard(args...) YACFE_ITERATOR

/* include/linux/cred.h, include/linux/fs_struct.h, fs/overlayfs/overlayfs.h */
#define scoped_with_creds(cred) YACFE_ITERATOR
#define scoped_with_init_fs() YACFE_ITERATOR
#define scoped_with_kernel_creds() YACFE_ITERATOR
#define with_ovl_creds(sb) YACFE_ITERATOR

/* include/linux/seqlock.h */
#define scoped_seqlock_read(args...) YACFE_ITERATOR

/* include/linux/uaccess.h */
#define scoped_user_read_access(args...) YACFE_ITERATOR
#define scoped_user_read_access_size(args...) YACFE_ITERATOR
#define scoped_user_rw_access(args...) YACFE_ITERATOR
#define scoped_user_rw_access_size(args...) YACFE_ITERATOR
#define scoped_user_write_access(args...) YACFE_ITERATOR
#define scoped_user_write_access_size(args...) YACFE_ITERATOR

/* arch/arm/include/asm/simd.h, arch/arm64/include/asm/simd.h */
#define scoped_ksimd() YACFE_ITERATOR

/* kernel/irq/internals.h, kernel/time/posix-timers.c */
#define scoped_irqdesc_get_and_buslock(args...) YACFE_ITERATOR
#define scoped_irqdesc_get_and_lock(args...) YACFE_ITERATOR
#define scoped_timer_get_or_fail(id) YACFE_ITERATOR

/* include/drm/drm_exec.h, drivers/gpu/drm/xe/xe_validation.h */
#define drm_exec_until_all_locked(exec) YACFE_ITERATOR
#define xe_validation_guard(args...) YACFE_ITERATOR

/* include/linux/mm.h: these also end a do loop. */
#define for_each_vma(vmi, vma) while (1)
#define for_each_vma_range(vmi, vma, end) while (1)
