/* SPDX-License-Identifier: GPL-2.0+ WITH Linux-syscall-note */
/*
 * Interface of the test drivers for P2P aliases of device private memory:
 * /dev/p2p_exporterN (lib/test_p2p_exporter.c) has memory that processes can
 * migrate to, /dev/p2p_importerN (lib/test_p2p_importer.c) does DMA to whatever a
 * process has mapped.
 */
#ifndef _LIB_TEST_P2P_UAPI_H
#define _LIB_TEST_P2P_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* What hmm_range_fault() says of a page, one byte per page. */
enum p2p_type {
	P2P_TYPE_NONE,
	P2P_TYPE_ERROR,
	P2P_TYPE_RAM,
	P2P_TYPE_PRIVATE,
	P2P_TYPE_ALIAS,
	P2P_TYPE_P2PMEM,
	P2P_TYPE_MASK = 0x0f,
	P2P_TYPE_WRITE = 0x10,	/* flag: access includes writing */
	P2P_TYPE_LARGE = 0x20,	/* flag, of an importer: it has an order */
};

/**
 * struct p2p_range - pages of the calling process
 * @addr: address of the first page
 * @npages: number of pages
 * @types: address of @npages bytes for enum p2p_type
 * @done: out: pages migrated, or revoked
 */
struct p2p_range {
	__u64 addr;
	__u64 npages;
	__u64 types;
	__u64 done;
};

/* Exporter: */

/* How the next calls of p2p_map behave. */
enum p2p_map_mode {
	P2P_MAP_NORMAL,
	P2P_MAP_ENOSPC,
	P2P_MAP_EOPNOTSUPP,
	P2P_MAP_EAGAIN,
	P2P_MAP_GARBAGE,	/* an address that is nobody's */
	P2P_MAP_OTHER_BAR,	/* an address in another BAR of the device */
	P2P_MAP_NOTHING,	/* success, and yet no page */
	P2P_MAP_TOO_MANY,	/* one page more than was asked for */
	P2P_MAP_PART,		/* three pages at a time */
	P2P_MAP_SLEEP,		/* until the importer is killed */
	P2P_MAP_NR,
};

/**
 * struct p2p_exporter_info - state of an exporter
 * @memory_pages: size of the device's memory
 * @window_pages: size of the window through which others can access it
 * @used_pages: pages of the memory that are in use
 * @mapped_pages: pages of the window that are in use
 * @maps: number of pages mapped into the window so far
 * @unmaps: number of them that have lost their place there since
 * @revokes: number of folios whose aliases were revoked so far
 */
struct p2p_exporter_info {
	__u64 memory_pages;
	__u64 window_pages;
	__u64 used_pages;
	__u64 mapped_pages;
	__u64 maps;
	__u64 unmaps;
	__u64 revokes;
};

/**
 * struct p2p_exporter_config - change the behaviour of an exporter
 * @mode: enum p2p_map_mode
 * @window_pages: part of the window that may be used, 0 for all of it
 * @residency_ms: time that a page is not thrown out of the window
 * @refused: bus number << 8 | devfn of an importer that gets no aliases, 0 if there is
 *	none; only if the exporter was bound with the parameter per_importer
 */
struct p2p_exporter_config {
	__u32 mode;
	__u32 window_pages;
	__u32 residency_ms;
	__u32 refused;
};

#define P2P_EXPORTER_INFO	_IOR('P', 0x00, struct p2p_exporter_info)
#define P2P_EXPORTER_CONFIG	_IOW('P', 0x01, struct p2p_exporter_config)
/* Migrate pages to the device, large folios as a whole. */
#define P2P_EXPORTER_MIGRATE	_IOWR('P', 0x02, struct p2p_range)
/* What the owner gets to see; nothing is faulted. */
#define P2P_EXPORTER_TYPES	_IOWR('P', 0x03, struct p2p_range)
/* Revoke the aliases of the pages. */
#define P2P_EXPORTER_REVOKE	_IOWR('P', 0x04, struct p2p_range)

/* Importer: */

#define P2P_ACCESS_WRITE	0x1		/* write to the memory, not read */
#define P2P_ACCESS_SNAPSHOT	0x2		/* types only, nothing is faulted */
#define P2P_ACCESS_NO_ALIAS	0x4		/* do not opt in */
#define P2P_ACCESS_LOCKED	0x8		/* fault with mmap_lock held */
#define P2P_ACCESS_IMPATIENT	0x10		/* give up without progress */
#define P2P_ACCESS_CANNOT_MAP	0x20		/* as if an alias could not be mapped */

/* How an entry was mapped for DMA, one byte per page. */
enum p2p_map {
	P2P_MAP_NONE,
	P2P_MAP_MEMORY,
	P2P_MAP_MMIO,		/* P2P through the host bridge */
	P2P_MAP_BUS,		/* P2P by bus address */
};

/**
 * struct p2p_access - DMA to pages that were registered
 * @addr: address of the first page
 * @npages: number of pages
 * @data: address of @bytes bytes per page: to write, or where what is read goes;
 * 0 for no transfer
 * @types: address of @npages bytes for enum p2p_type
 * @maps: address of @npages bytes for enum p2p_map
 * @bytes: number of bytes to transfer per page
 * @flags: P2P_ACCESS_*
 */
struct p2p_access {
	__u64 addr;
	__u64 npages;
	__u64 data;
	__u64 types;
	__u64 maps;
	__u32 bytes;
	__u32 flags;
};

/* The range that P2P_IMPORTER_ACCESS may name parts of; once per open file. */
#define P2P_IMPORTER_REGISTER	_IOW('P', 0x10, struct p2p_range)
#define P2P_IMPORTER_ACCESS	_IOW('P', 0x11, struct p2p_access)

#endif /* _LIB_TEST_P2P_UAPI_H */
