/* SPDX-License-Identifier: GPL-2.0 */
/* Macros that spatch cannot parse functions without, in files that matter. */
#define drm_exec_until_all_locked(exec) YACFE_ITERATOR
