/* SPDX-License-Identifier: MIT */
/*
 * Device private memory by index: which pages are in use. Knows neither of a
 * GPU nor of struct page.
 */
#ifndef __NOUVEAU_DMEM_SPACE_H__
#define __NOUVEAU_DMEM_SPACE_H__

#include <linux/sizes.h>
#include <linux/types.h>

#include <asm/page.h>

/*
 * The memory of a device is a space of chunks, each of which is there or not. A
 * chunk consists of blocks, and a block of pages. A block is the size of a large
 * folio.
 */
#define NOUVEAU_DMEM_CHUNK_SIZE		SZ_256M
#define NOUVEAU_DMEM_CHUNK_PAGES	(NOUVEAU_DMEM_CHUNK_SIZE >> PAGE_SHIFT)
#define NOUVEAU_DMEM_BLOCK_SIZE		SZ_2M
#define NOUVEAU_DMEM_BLOCK_PAGES	(NOUVEAU_DMEM_BLOCK_SIZE >> PAGE_SHIFT)
#define NOUVEAU_DMEM_CHUNK_BLOCKS	\
	(NOUVEAU_DMEM_CHUNK_SIZE / NOUVEAU_DMEM_BLOCK_SIZE)

/**
 * struct nouveau_dmem_map - which pages of a chunk are in use
 * @nr_used: number of pages in use
 * @block_used: the same, of each block
 * @used: bit per page, set if it is in use
 * @closed: nothing is to be allocated
 *
 * All zeroes is a map of free pages. The caller serialises all access.
 */
struct nouveau_dmem_map {
	bool closed;
	unsigned int nr_used;
	u16 block_used[NOUVEAU_DMEM_CHUNK_BLOCKS];
	DECLARE_BITMAP(used, NOUVEAU_DMEM_CHUNK_PAGES);
};

/**
 * struct nouveau_dmem_space - the chunks of a device
 * @nr_chunks: number of chunks that the device has room for
 * @maps: the map of each, NULL if the chunk is not there
 *
 * All zeroes but for @nr_chunks is a space without chunks. The caller serialises
 * all access.
 */
struct nouveau_dmem_space {
	unsigned int nr_chunks;
	struct nouveau_dmem_map *maps[] __counted_by(nr_chunks);
};

long nouveau_dmem_space_alloc(struct nouveau_dmem_space *space, bool large);
bool nouveau_dmem_space_free(struct nouveau_dmem_space *space,
			     unsigned long index, unsigned long nr_pages);
bool nouveau_dmem_space_close_unused(struct nouveau_dmem_space *space,
				     unsigned int chunk);
int nouveau_dmem_space_vacant(const struct nouveau_dmem_space *space);

long nouveau_dmem_map_alloc(struct nouveau_dmem_map *map, bool large);
void nouveau_dmem_map_free(struct nouveau_dmem_map *map, unsigned long index,
			   unsigned long nr_pages);

/**
 * nouveau_dmem_index() - The index of the first page of a chunk.
 * @chunk: number of the chunk
 *
 * Returns: the index in the space.
 */
static inline unsigned long nouveau_dmem_index(unsigned int chunk)
{
	return (unsigned long)chunk * NOUVEAU_DMEM_CHUNK_PAGES;
}

/**
 * nouveau_dmem_index_chunk() - The chunk that a page is in.
 * @index: index of the page in the space
 *
 * Returns: the number of the chunk.
 */
static inline unsigned int nouveau_dmem_index_chunk(unsigned long index)
{
	return index / NOUVEAU_DMEM_CHUNK_PAGES;
}

/**
 * nouveau_dmem_index_offset() - Where a page is in its chunk.
 * @index: index of the page in the space
 *
 * Returns: the offset from the start of the chunk, in bytes.
 */
static inline u64 nouveau_dmem_index_offset(unsigned long index)
{
	return (u64)(index % NOUVEAU_DMEM_CHUNK_PAGES) << PAGE_SHIFT;
}

#endif
