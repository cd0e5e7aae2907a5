// SPDX-License-Identifier: MIT
#include "nouveau_dmem_space.h"

#include <kunit/visibility.h>
#include <linux/bitmap.h>
#include <linux/bug.h>
#include <linux/errno.h>

/* A block that is used in part, before one that is free. */
static long find_page_block(const struct nouveau_dmem_map *map)
{
	long block, found = -ENOSPC;

	for (block = 0; block < NOUVEAU_DMEM_CHUNK_BLOCKS; block++) {
		if (map->block_used[block] == NOUVEAU_DMEM_BLOCK_PAGES)
			continue;
		if (map->block_used[block])
			return block;
		if (found < 0)
			found = block;
	}

	return found;
}

static long find_free_block(const struct nouveau_dmem_map *map)
{
	long block;

	for (block = 0; block < NOUVEAU_DMEM_CHUNK_BLOCKS; block++)
		if (!map->block_used[block])
			return block;

	return -ENOSPC;
}

/**
 * nouveau_dmem_map_alloc() - Allocate a page, or a block.
 * @map: the map of the chunk
 * @large: allocate a block, naturally aligned
 *
 * Pages are taken from as few blocks as possible, and from the lowest in a block:
 * if a large folio was there before, its head is in use again before its tails,
 * and so is not taken for the head of a large folio any more.
 *
 * Returns: the index in the chunk of the (first) page; -ENOSPC.
 */
long nouveau_dmem_map_alloc(struct nouveau_dmem_map *map, bool large)
{
	const unsigned long nr_pages = large ? NOUVEAU_DMEM_BLOCK_PAGES : 1;
	long block, index;

	block = large ? find_free_block(map) : find_page_block(map);
	if (block < 0)
		return block;

	index = find_next_zero_bit(map->used, NOUVEAU_DMEM_CHUNK_PAGES,
				   block * NOUVEAU_DMEM_BLOCK_PAGES);
	bitmap_set(map->used, index, nr_pages);
	map->block_used[block] += nr_pages;
	map->nr_used += nr_pages;

	return index;
}
EXPORT_SYMBOL_IF_KUNIT(nouveau_dmem_map_alloc);

/**
 * nouveau_dmem_map_free() - Free pages of one block.
 * @map: the map of the chunk
 * @index: index in the chunk of the first page
 * @nr_pages: number of pages, as many as were allocated or less
 */
void nouveau_dmem_map_free(struct nouveau_dmem_map *map, unsigned long index,
			   unsigned long nr_pages)
{
	const unsigned long end = index + nr_pages;

	if (WARN_ON_ONCE(end > NOUVEAU_DMEM_CHUNK_PAGES ||
			 find_next_zero_bit(map->used, end, index) < end))
		return;

	bitmap_clear(map->used, index, nr_pages);
	map->block_used[index / NOUVEAU_DMEM_BLOCK_PAGES] -= nr_pages;
	map->nr_used -= nr_pages;
}
EXPORT_SYMBOL_IF_KUNIT(nouveau_dmem_map_free);

/**
 * nouveau_dmem_space_alloc() - Allocate a page, or a block.
 * @space: the space
 * @large: allocate a block, naturally aligned
 *
 * Chunks are filled from the first one on, so that the later ones get empty.
 *
 * Returns: the index in the space of the (first) page; -ENOSPC if the chunks
 * that are there are full or closed.
 */
long nouveau_dmem_space_alloc(struct nouveau_dmem_space *space, bool large)
{
	unsigned int i;

	for (i = 0; i < space->nr_chunks; i++) {
		struct nouveau_dmem_map *map = space->maps[i];
		long index;

		if (!map || map->closed)
			continue;
		index = nouveau_dmem_map_alloc(map, large);
		if (index >= 0)
			return nouveau_dmem_index(i) + index;
	}

	return -ENOSPC;
}
EXPORT_SYMBOL_IF_KUNIT(nouveau_dmem_space_alloc);

/**
 * nouveau_dmem_space_free() - Free pages of one block.
 * @space: the space
 * @index: index in the space of the first page
 * @nr_pages: number of pages, as many as were allocated or less
 *
 * Returns: true if no page of the chunk is in use any more.
 */
bool nouveau_dmem_space_free(struct nouveau_dmem_space *space,
			     unsigned long index, unsigned long nr_pages)
{
	struct nouveau_dmem_map *map;

	map = space->maps[nouveau_dmem_index_chunk(index)];
	nouveau_dmem_map_free(map, index % NOUVEAU_DMEM_CHUNK_PAGES, nr_pages);
	return !map->nr_used;
}
EXPORT_SYMBOL_IF_KUNIT(nouveau_dmem_space_free);

/**
 * nouveau_dmem_space_close_unused() - Close a chunk if it is not used.
 * @space: the space
 * @chunk: number of the chunk
 *
 * Returns: true if the chunk is there, was open and no page of it is in use.
 * Then it is closed, so that none will be: it may be taken away, or its map be
 * opened again.
 */
bool nouveau_dmem_space_close_unused(struct nouveau_dmem_space *space,
				     unsigned int chunk)
{
	struct nouveau_dmem_map *map = space->maps[chunk];

	if (!map || map->closed || map->nr_used)
		return false;

	map->closed = true;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(nouveau_dmem_space_close_unused);

/**
 * nouveau_dmem_space_vacant() - Find room for another chunk.
 * @space: the space
 *
 * Returns: the number of a chunk that is not there; -ENOSPC if all are.
 */
int nouveau_dmem_space_vacant(const struct nouveau_dmem_space *space)
{
	unsigned int i;

	for (i = 0; i < space->nr_chunks; i++)
		if (!space->maps[i])
			return i;

	return -ENOSPC;
}
EXPORT_SYMBOL_IF_KUNIT(nouveau_dmem_space_vacant);
