// SPDX-License-Identifier: MIT
/*
 * KUnit tests of how device private memory, and the window of BAR1 into it, is
 * handed out. They need no GPU.
 */
#include "nouveau_dmem_space.h"
#include "nouveau_dmem_window.h"

#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/module.h>

#define CHUNK_PAGES	NOUVEAU_DMEM_CHUNK_PAGES
#define CHUNK_BLOCKS	NOUVEAU_DMEM_CHUNK_BLOCKS
#define BLOCK_PAGES	NOUVEAU_DMEM_BLOCK_PAGES

static struct nouveau_dmem_map *new_map(struct kunit *test)
{
	struct nouveau_dmem_map *map = kunit_kzalloc(test, sizeof(*map),
						     GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, map);
	return map;
}

static void fill(struct kunit *test, struct nouveau_dmem_map *map)
{
	long i;

	for (i = 0; i < CHUNK_PAGES; i++)
		KUNIT_ASSERT_GE(test, nouveau_dmem_map_alloc(map, false), 0);
}

/* Every page is handed out, once, and lies in the chunk. */
static void map_every_page(struct kunit *test)
{
	struct nouveau_dmem_map *map = new_map(test);
	unsigned long *seen = bitmap_zalloc(CHUNK_PAGES, GFP_KERNEL);
	long i;

	KUNIT_ASSERT_NOT_NULL(test, seen);
	for (i = 0; i < CHUNK_PAGES; i++) {
		long index = nouveau_dmem_map_alloc(map, false);

		if (index < 0 || index >= CHUNK_PAGES ||
		    __test_and_set_bit(index, seen)) {
			KUNIT_FAIL(test, "page %ld has index %ld", i, index);
			break;
		}
	}
	bitmap_free(seen);

	KUNIT_EXPECT_EQ(test, map->nr_used, CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_map_alloc(map, false), -ENOSPC);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_map_alloc(map, true), -ENOSPC);
}

/* What is freed can be had again, down to the first and the last page. */
static void map_free_page(struct kunit *test)
{
	static const long indices[] = {
		0, 1, BLOCK_PAGES - 1, BLOCK_PAGES, CHUNK_PAGES - 1
	};
	struct nouveau_dmem_map *map = new_map(test);
	int i;

	fill(test, map);
	for (i = 0; i < ARRAY_SIZE(indices); i++) {
		nouveau_dmem_map_free(map, indices[i], 1);
		KUNIT_EXPECT_EQ(test, map->nr_used, CHUNK_PAGES - 1);
		KUNIT_EXPECT_EQ(test, nouveau_dmem_map_alloc(map, false),
				indices[i]);
	}
}

/* Blocks are aligned and do not overlap. */
static void map_every_block(struct kunit *test)
{
	struct nouveau_dmem_map *map = new_map(test);
	long i;

	for (i = 0; i < CHUNK_BLOCKS; i++)
		KUNIT_EXPECT_EQ(test, nouveau_dmem_map_alloc(map, true),
				i * BLOCK_PAGES);

	KUNIT_EXPECT_EQ(test, map->nr_used, CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_map_alloc(map, true), -ENOSPC);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_map_alloc(map, false), -ENOSPC);

	nouveau_dmem_map_free(map, 3 * BLOCK_PAGES, BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_map_alloc(map, true),
			3 * BLOCK_PAGES);
}

/* A folio that was split comes back in pieces, and is a block again. */
static void map_free_split(struct kunit *test)
{
	struct nouveau_dmem_map *map = new_map(test);
	long i;

	KUNIT_ASSERT_EQ(test, nouveau_dmem_map_alloc(map, true), 0);
	KUNIT_ASSERT_EQ(test, nouveau_dmem_map_alloc(map, true), BLOCK_PAGES);

	for (i = 0; i < BLOCK_PAGES / 2; i++)
		nouveau_dmem_map_free(map, i, 1);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_map_alloc(map, true),
			2 * BLOCK_PAGES);

	nouveau_dmem_map_free(map, BLOCK_PAGES / 2, BLOCK_PAGES / 2);
	KUNIT_EXPECT_EQ(test, map->nr_used, 2 * BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_map_alloc(map, true), 0);
}

/* Pages do not break a block while there is room in another one. */
static void map_pack(struct kunit *test)
{
	struct nouveau_dmem_map *map = new_map(test);
	long i;

	for (i = 0; i < 3 * BLOCK_PAGES; i++)
		nouveau_dmem_map_alloc(map, false);

	/* Block 0 is free, and a page of block 2. */
	nouveau_dmem_map_free(map, 0, BLOCK_PAGES);
	nouveau_dmem_map_free(map, 3 * BLOCK_PAGES - 1, 1);

	KUNIT_EXPECT_EQ(test, nouveau_dmem_map_alloc(map, false),
			3 * BLOCK_PAGES - 1);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_map_alloc(map, true), 0);
}

/* The head of a large folio is used again before its tails. */
static void map_head_first(struct kunit *test)
{
	struct nouveau_dmem_map *map = new_map(test);

	fill(test, map);
	nouveau_dmem_map_free(map, 5 * BLOCK_PAGES + 16, 16);
	nouveau_dmem_map_free(map, 7 * BLOCK_PAGES, BLOCK_PAGES);

	KUNIT_EXPECT_EQ(test, nouveau_dmem_map_alloc(map, false),
			5 * BLOCK_PAGES + 16);
	nouveau_dmem_map_free(map, 5 * BLOCK_PAGES, 16);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_map_alloc(map, false),
			5 * BLOCK_PAGES);
}

static struct kunit_case nouveau_dmem_map_cases[] = {
	KUNIT_CASE(map_every_page),
	KUNIT_CASE(map_free_page),
	KUNIT_CASE(map_every_block),
	KUNIT_CASE(map_free_split),
	KUNIT_CASE(map_pack),
	KUNIT_CASE(map_head_first),
	{}
};

static struct kunit_suite nouveau_dmem_map_suite = {
	.name = "nouveau_dmem_map",
	.test_cases = nouveau_dmem_map_cases,
};

#define NR_CHUNKS	3

/* A space without chunks. */
static struct nouveau_dmem_space *new_space(struct kunit *test)
{
	struct nouveau_dmem_space *space;

	space = kunit_kzalloc(test, struct_size(space, maps, NR_CHUNKS),
			      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, space);
	space->nr_chunks = NR_CHUNKS;
	return space;
}

/* Chunk and offset of a page, on both sides of where one chunk ends. */
static void space_index(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, nouveau_dmem_index(0), 0);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_index(2), 2UL * CHUNK_PAGES);
	/* More than fits into 32 bits, in bytes. */
	KUNIT_EXPECT_EQ(test, nouveau_dmem_index(400) << PAGE_SHIFT,
			400UL * SZ_256M);

	KUNIT_EXPECT_EQ(test, nouveau_dmem_index_chunk(0), 0);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_index_chunk(CHUNK_PAGES - 1), 0);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_index_chunk(CHUNK_PAGES), 1);

	KUNIT_EXPECT_EQ(test, nouveau_dmem_index_offset(0), 0);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_index_offset(1), PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_index_offset(BLOCK_PAGES), SZ_2M);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_index_offset(CHUNK_PAGES - 1),
			SZ_256M - PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_index_offset(CHUNK_PAGES), 0);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_index_offset(3 * CHUNK_PAGES + 5),
			5 * PAGE_SIZE);
}

/* Chunks come as they are needed, up to the size of the device. */
static void space_grow(struct kunit *test)
{
	struct nouveau_dmem_space *space = new_space(test);
	int i;

	for (i = 0; i < NR_CHUNKS; i++) {
		KUNIT_EXPECT_EQ(test, nouveau_dmem_space_alloc(space, false),
				-ENOSPC);
		KUNIT_ASSERT_EQ(test, nouveau_dmem_space_vacant(space), i);

		space->maps[i] = new_map(test);
		KUNIT_EXPECT_EQ(test, nouveau_dmem_space_alloc(space, false),
				nouveau_dmem_index(i));
		nouveau_dmem_space_free(space, nouveau_dmem_index(i), 1);
		fill(test, space->maps[i]);
	}
	KUNIT_EXPECT_EQ(test, nouveau_dmem_space_vacant(space), -ENOSPC);
}

/* A chunk that goes leaves room where it was, and the others alone. */
static void space_hole(struct kunit *test)
{
	struct nouveau_dmem_space *space = new_space(test);

	space->maps[0] = new_map(test);
	space->maps[2] = new_map(test);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_space_vacant(space), 1);

	fill(test, space->maps[0]);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_space_alloc(space, true),
			nouveau_dmem_index(2));
	KUNIT_EXPECT_EQ(test, nouveau_dmem_space_alloc(space, false),
			nouveau_dmem_index(2) + BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, space->maps[2]->nr_used, BLOCK_PAGES + 1);

	nouveau_dmem_space_free(space, nouveau_dmem_index(2), BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, space->maps[2]->nr_used, 1);
	KUNIT_EXPECT_EQ(test, space->maps[0]->nr_used, CHUNK_PAGES);
}

/* What is closed hands out nothing, but takes back. */
static void space_closed(struct kunit *test)
{
	struct nouveau_dmem_space *space = new_space(test);

	space->maps[0] = new_map(test);
	space->maps[1] = new_map(test);
	KUNIT_ASSERT_EQ(test, nouveau_dmem_space_alloc(space, false), 0);

	space->maps[0]->closed = true;
	KUNIT_EXPECT_EQ(test, nouveau_dmem_space_alloc(space, false),
			nouveau_dmem_index(1));
	nouveau_dmem_space_free(space, 0, 1);
	KUNIT_EXPECT_EQ(test, space->maps[0]->nr_used, 0);

	space->maps[1]->closed = true;
	KUNIT_EXPECT_EQ(test, nouveau_dmem_space_alloc(space, false), -ENOSPC);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_space_alloc(space, true), -ENOSPC);
}

/* Freeing tells when the last page of a chunk goes. */
static void space_last_page(struct kunit *test)
{
	struct nouveau_dmem_space *space = new_space(test);

	space->maps[0] = new_map(test);
	space->maps[1] = new_map(test);
	space->maps[0]->closed = true;
	KUNIT_ASSERT_EQ(test, nouveau_dmem_space_alloc(space, true),
			nouveau_dmem_index(1));
	space->maps[0]->closed = false;
	KUNIT_ASSERT_EQ(test, nouveau_dmem_space_alloc(space, false), 0);

	KUNIT_EXPECT_FALSE(test,
			   nouveau_dmem_space_free(space, nouveau_dmem_index(1),
						   BLOCK_PAGES - 1));
	KUNIT_EXPECT_TRUE(test,
			  nouveau_dmem_space_free(space, nouveau_dmem_index(1) +
						  BLOCK_PAGES - 1, 1));
	KUNIT_EXPECT_TRUE(test, nouveau_dmem_space_free(space, 0, 1));
}

/* A chunk is taken away only if it is not used, and then none of it is. */
static void space_close_unused(struct kunit *test)
{
	struct nouveau_dmem_space *space = new_space(test);

	KUNIT_EXPECT_FALSE(test, nouveau_dmem_space_close_unused(space, 0));

	space->maps[0] = new_map(test);
	KUNIT_ASSERT_EQ(test, nouveau_dmem_space_alloc(space, false), 0);
	KUNIT_EXPECT_FALSE(test, nouveau_dmem_space_close_unused(space, 0));
	KUNIT_EXPECT_EQ(test, nouveau_dmem_space_alloc(space, false), 1);

	nouveau_dmem_space_free(space, 0, 1);
	nouveau_dmem_space_free(space, 1, 1);
	KUNIT_EXPECT_TRUE(test, nouveau_dmem_space_close_unused(space, 0));
	KUNIT_EXPECT_EQ(test, nouveau_dmem_space_alloc(space, false), -ENOSPC);
	/* It is closed once. */
	KUNIT_EXPECT_FALSE(test, nouveau_dmem_space_close_unused(space, 0));

	/* Depopulating it failed: on with it. */
	space->maps[0]->closed = false;
	KUNIT_EXPECT_EQ(test, nouveau_dmem_space_alloc(space, false), 0);
}

static struct kunit_case nouveau_dmem_space_cases[] = {
	KUNIT_CASE(space_index),
	KUNIT_CASE(space_grow),
	KUNIT_CASE(space_hole),
	KUNIT_CASE(space_closed),
	KUNIT_CASE(space_last_page),
	KUNIT_CASE(space_close_unused),
	{}
};

static struct kunit_suite nouveau_dmem_space_suite = {
	.name = "nouveau_dmem_space",
	.test_cases = nouveau_dmem_space_cases,
};

#define NR_BLOCKS	3
#define RESIDENCY	10
#define NOBODY		ULONG_MAX

/*
 * A window, and what is mapped in it: by slot, the index of a page. A folio is
 * @folio_pages pages, naturally aligned.
 */
struct bar {
	struct nouveau_dmem_window *window;
	unsigned long folio_pages;
	unsigned long locked;		/* page that can't be evicted */
	unsigned int max_blocks;	/* that BAR1 has room for */
	unsigned int nr_blocks;
	unsigned int nr_asked;		/* to evict a page */
	unsigned int nr_evicted;
	unsigned long evicted;		/* the last one */
	unsigned long errors;
	unsigned long mapped[NR_BLOCKS * BLOCK_PAGES];
};

static int bar_add(struct nouveau_dmem_window *window, unsigned int block)
{
	struct bar *bar = window->data;

	if (bar->nr_blocks == bar->max_blocks)
		return -ENOSPC;
	bar->nr_blocks++;
	window->blocks[block]->handle = bar;
	return 0;
}

static void bar_remove(struct nouveau_dmem_window *window, unsigned int block)
{
	struct bar *bar = window->data;
	unsigned long i;

	if (window->blocks[block]->handle != bar)
		bar->errors++;
	for (i = 0; i < BLOCK_PAGES; i++)
		if (bar->mapped[block * BLOCK_PAGES + i] != NOBODY)
			bar->errors++;
	bar->nr_blocks--;
}

static void bar_unmap(struct nouveau_dmem_window *window, unsigned long slot,
		      unsigned long nr_slots)
{
	struct bar *bar = window->data;
	unsigned long i;

	if (nouveau_dmem_window_block(window, slot)->large &&
	    nr_slots != BLOCK_PAGES)
		bar->errors++;
	for (i = slot; i < slot + nr_slots; i++) {
		if (bar->mapped[i] == NOBODY)
			bar->errors++;
		bar->mapped[i] = NOBODY;
	}
}

static bool bar_evict(struct nouveau_dmem_window *window, unsigned long index)
{
	struct bar *bar = window->data;

	/* A search that has no end is an error. */
	if (++bar->nr_asked == 100 * NR_BLOCKS * BLOCK_PAGES) {
		bar->errors++;
		bar->locked = NOBODY;
	}
	if (index == bar->locked)
		return false;
	bar->nr_evicted++;
	bar->evicted = index;
	return nouveau_dmem_window_free(window,
					ALIGN_DOWN(index, bar->folio_pages),
					bar->folio_pages);
}

static const struct nouveau_dmem_window_ops bar_ops = {
	.add = bar_add,
	.remove = bar_remove,
	.unmap = bar_unmap,
	.evict = bar_evict,
};

/* Get slots and map pages there: nothing else is, and the block is the right one. */
static long bar_map(struct bar *bar, unsigned long index, unsigned long nr_pages,
		    unsigned long now)
{
	const long slot = nouveau_dmem_window_get(bar->window, index, nr_pages, now);
	unsigned long i;

	if (slot < 0)
		return slot;
	if (slot / BLOCK_PAGES != (slot + nr_pages - 1) / BLOCK_PAGES ||
	    nouveau_dmem_window_block(bar->window, slot)->large !=
	    nouveau_dmem_window_large(index, nr_pages))
		bar->errors++;
	for (i = 0; i < nr_pages; i++) {
		if (bar->mapped[slot + i] != NOBODY)
			bar->errors++;
		bar->mapped[slot + i] = index + i;
	}
	return slot;
}

static unsigned long bar_nr_mapped(const struct bar *bar)
{
	unsigned long i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(bar->mapped); i++)
		nr += bar->mapped[i] != NOBODY;
	return nr;
}

static int window_init(struct kunit *test)
{
	struct bar *bar = kunit_kzalloc(test, sizeof(*bar), GFP_KERNEL);
	unsigned long i;

	KUNIT_ASSERT_NOT_NULL(test, bar);
	bar->folio_pages = 1;
	bar->locked = NOBODY;
	bar->max_blocks = NR_BLOCKS;
	for (i = 0; i < ARRAY_SIZE(bar->mapped); i++)
		bar->mapped[i] = NOBODY;
	bar->window = nouveau_dmem_window_new(NR_BLOCKS, RESIDENCY, &bar_ops, bar);
	KUNIT_ASSERT_NOT_NULL(test, bar->window);
	test->priv = bar;
	return 0;
}

static void window_exit(struct kunit *test)
{
	struct bar *bar = test->priv;

	if (!bar || !bar->window)
		return;
	nouveau_dmem_window_free(bar->window, 0, ULONG_MAX);
	KUNIT_EXPECT_TRUE(test, list_empty(&bar->window->slots));
	KUNIT_EXPECT_TRUE(test, list_empty(&bar->window->used));
	nouveau_dmem_window_del(bar->window);
	KUNIT_EXPECT_EQ(test, bar->errors, 0);
	KUNIT_EXPECT_EQ(test, bar->nr_blocks, 0);
	KUNIT_EXPECT_EQ(test, bar_nr_mapped(bar), 0);
}

/* Pages get a slot each until the window is full, then none. */
static void window_fill(struct kunit *test)
{
	struct bar *bar = test->priv;
	unsigned long i;

	for (i = 0; i < NR_BLOCKS * BLOCK_PAGES; i++)
		KUNIT_ASSERT_GE(test, bar_map(bar, 7 * i, 1, 100), 0);
	KUNIT_EXPECT_EQ(test, bar_nr_mapped(bar), NR_BLOCKS * BLOCK_PAGES);

	KUNIT_EXPECT_EQ(test, bar_map(bar, 1, 1, 100), -ENOSPC);
	KUNIT_EXPECT_EQ(test, bar_map(bar, 64 * BLOCK_PAGES, BLOCK_PAGES, 100),
			-ENOSPC);
	KUNIT_EXPECT_EQ(test, bar->nr_evicted, 0);
}

/* Pages fill one block before there is another one. */
static void window_pack(struct kunit *test)
{
	struct bar *bar = test->priv;
	unsigned long i;

	KUNIT_EXPECT_EQ(test, bar->nr_blocks, 0);
	for (i = 0; i < BLOCK_PAGES; i++)
		bar_map(bar, 2 * i, 1, 100);
	KUNIT_EXPECT_EQ(test, bar->nr_blocks, 1);
	bar_map(bar, 1, 1, 100);
	KUNIT_EXPECT_EQ(test, bar->nr_blocks, 2);
}

/* A block of pages is mapped at once, in a block that pages do not get into. */
static void window_large(struct kunit *test)
{
	struct bar *bar = test->priv;

	KUNIT_EXPECT_TRUE(test, nouveau_dmem_window_large(0, BLOCK_PAGES));
	KUNIT_EXPECT_TRUE(test, nouveau_dmem_window_large(8 * BLOCK_PAGES,
							  BLOCK_PAGES));
	KUNIT_EXPECT_FALSE(test, nouveau_dmem_window_large(1, BLOCK_PAGES));
	KUNIT_EXPECT_FALSE(test, nouveau_dmem_window_large(0, BLOCK_PAGES - 1));

	KUNIT_EXPECT_EQ(test, bar_map(bar, BLOCK_PAGES, BLOCK_PAGES, 100), 0);
	KUNIT_EXPECT_EQ(test, bar_map(bar, 5, 1, 100), BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, bar_map(bar, 2 * BLOCK_PAGES, BLOCK_PAGES, 100),
			2 * BLOCK_PAGES);
	/* There is room among the small ones, but not for a block. */
	KUNIT_EXPECT_EQ(test, bar_map(bar, 4 * BLOCK_PAGES, BLOCK_PAGES, 100),
			-ENOSPC);
	KUNIT_EXPECT_EQ(test, bar_map(bar, 7, 1, 100), BLOCK_PAGES + 1);
}

/* What is asked for at once lies in a row, and in one block. */
static void window_run(struct kunit *test)
{
	struct bar *bar = test->priv;
	const unsigned long nr = BLOCK_PAGES / 2 + 1;

	KUNIT_EXPECT_EQ(test, bar_map(bar, 0, nr, 100), 0);
	KUNIT_EXPECT_EQ(test, bar_map(bar, 1000, nr, 100), BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, bar_map(bar, 2000, 2, 100), nr);
	KUNIT_EXPECT_EQ(test, bar_map(bar, 3001, BLOCK_PAGES, 100),
			2 * BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, bar_map(bar, 5000, nr, 100), -ENOSPC);

	KUNIT_EXPECT_EQ(test, bar_map(bar, 6000, 0, 100), -EINVAL);
	KUNIT_EXPECT_EQ(test, bar_map(bar, 6000, BLOCK_PAGES + 1, 100), -EINVAL);
}

/* A page has one slot. */
static void window_twice(struct kunit *test)
{
	struct bar *bar = test->priv;

	KUNIT_ASSERT_EQ(test, bar_map(bar, 8, 4, 100), 0);
	KUNIT_EXPECT_EQ(test, bar_map(bar, 11, 1, 100), -EEXIST);
	KUNIT_EXPECT_EQ(test, bar_map(bar, 7, 2, 100), -EEXIST);
	KUNIT_EXPECT_EQ(test, bar_map(bar, 7, 1, 100), 4);
	KUNIT_EXPECT_EQ(test, bar_map(bar, 12, 1, 100), 5);
}

/* A slot that is free is mapped still, and not given out before it is unmapped. */
static void window_stale(struct kunit *test)
{
	struct bar *bar = test->priv;

	KUNIT_ASSERT_EQ(test, bar_map(bar, 8, 4, 100), 0);
	KUNIT_EXPECT_TRUE(test, nouveau_dmem_window_free(bar->window, 9, 2));
	KUNIT_EXPECT_FALSE(test, nouveau_dmem_window_free(bar->window, 9, 2));
	KUNIT_EXPECT_EQ(test, bar_nr_mapped(bar), 4);
	KUNIT_EXPECT_EQ(test, bar_map(bar, 20, 1, 100), 4);

	KUNIT_EXPECT_TRUE(test, nouveau_dmem_window_reap(bar->window));
	KUNIT_EXPECT_EQ(test, bar_nr_mapped(bar), 3);
	KUNIT_EXPECT_FALSE(test, nouveau_dmem_window_reap(bar->window));
	KUNIT_EXPECT_EQ(test, bar_map(bar, 9, 2, 100), 1);
}

/* A request that finds no room unmaps what is stale before it evicts anything. */
static void window_reuse(struct kunit *test)
{
	struct bar *bar = test->priv;
	unsigned long i;

	for (i = 0; i < NR_BLOCKS; i++)
		bar_map(bar, i * BLOCK_PAGES, BLOCK_PAGES, 100);
	nouveau_dmem_window_free(bar->window, BLOCK_PAGES, BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, bar_map(bar, 9 * BLOCK_PAGES, 1, 200), BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, bar->nr_evicted, 0);
	KUNIT_EXPECT_EQ(test, bar_nr_mapped(bar), 2 * BLOCK_PAGES + 1);
}

/* A large folio that was split goes in pieces, and is unmapped with the last. */
static void window_split(struct kunit *test)
{
	struct bar *bar = test->priv;
	unsigned long i;

	bar_map(bar, 0, BLOCK_PAGES, 100);
	for (i = 1; i < BLOCK_PAGES; i++) {
		KUNIT_EXPECT_TRUE(test,
				  nouveau_dmem_window_free(bar->window, i, 1));
		nouveau_dmem_window_reap(bar->window);
	}
	KUNIT_EXPECT_EQ(test, bar_nr_mapped(bar), BLOCK_PAGES);

	nouveau_dmem_window_free(bar->window, 0, 1);
	KUNIT_EXPECT_TRUE(test, nouveau_dmem_window_reap(bar->window));
	KUNIT_EXPECT_EQ(test, bar_nr_mapped(bar), 0);
	KUNIT_EXPECT_EQ(test, bar->nr_blocks, 0);
}

/* A block that is empty is given back, at the latest for one of the other kind. */
static void window_empty_block(struct kunit *test)
{
	struct bar *bar = test->priv;

	bar->max_blocks = 1;
	bar_map(bar, 3, 1, 100);
	nouveau_dmem_window_free(bar->window, 3, 1);
	KUNIT_EXPECT_EQ(test, bar->nr_blocks, 1);
	KUNIT_EXPECT_EQ(test, bar_map(bar, 0, BLOCK_PAGES, 100), 0);
	KUNIT_EXPECT_EQ(test, bar->nr_blocks, 1);

	nouveau_dmem_window_free(bar->window, 0, BLOCK_PAGES);
	KUNIT_EXPECT_TRUE(test, nouveau_dmem_window_reap(bar->window));
	KUNIT_EXPECT_EQ(test, bar->nr_blocks, 0);
}

/* BAR1 may be full before the window is. */
static void window_no_bar(struct kunit *test)
{
	struct bar *bar = test->priv;

	bar->max_blocks = 0;
	KUNIT_EXPECT_EQ(test, bar_map(bar, 3, 1, 100), -ENOSPC);

	bar->max_blocks = 1;
	KUNIT_EXPECT_EQ(test, bar_map(bar, 0, BLOCK_PAGES, 100), 0);
	KUNIT_EXPECT_EQ(test, bar_map(bar, BLOCK_PAGES, 1, 100), -ENOSPC);
	bar->folio_pages = BLOCK_PAGES;
	KUNIT_EXPECT_EQ(test, bar_map(bar, BLOCK_PAGES, 1, 200), 0);
	KUNIT_EXPECT_EQ(test, bar->nr_evicted, 1);
}

/* Fill the window with pages from 0 on, one per tick from @now on. */
static void fill_window(struct kunit *test, struct bar *bar, unsigned long now)
{
	unsigned long i;

	for (i = 0; i < NR_BLOCKS * BLOCK_PAGES; i++)
		KUNIT_ASSERT_EQ(test, bar_map(bar, i, 1, now + i), i);
}

/* The page that has its slot for the longest time loses it, not another one. */
static void window_lru(struct kunit *test)
{
	const unsigned long nr = NR_BLOCKS * BLOCK_PAGES;
	struct bar *bar = test->priv;
	unsigned long i;

	/* The clock may overflow. */
	fill_window(test, bar, 0 - nr / 2);
	for (i = 0; i < 2 * BLOCK_PAGES; i++) {
		KUNIT_EXPECT_EQ(test, bar_map(bar, nr + i, 1, nr), i);
		KUNIT_EXPECT_EQ(test, bar->nr_evicted, i + 1);
		KUNIT_EXPECT_EQ(test, bar->evicted, i);
	}
	KUNIT_EXPECT_EQ(test, bar_nr_mapped(bar), nr);
}

/* Nobody loses a slot that he got just now, even if that means to refuse. */
static void window_residency(struct kunit *test)
{
	const unsigned long nr = NR_BLOCKS * BLOCK_PAGES;
	struct bar *bar = test->priv;

	fill_window(test, bar, 1000);
	KUNIT_EXPECT_EQ(test, bar_map(bar, nr, 1, 1000 + RESIDENCY - 1), -ENOSPC);
	KUNIT_EXPECT_EQ(test, bar->nr_evicted, 0);
	KUNIT_EXPECT_EQ(test, bar_map(bar, nr, 1, 1000 + RESIDENCY), 0);
	KUNIT_EXPECT_EQ(test, bar->evicted, 0);
	KUNIT_EXPECT_EQ(test, bar_map(bar, nr + 1, 1, 1000 + RESIDENCY), -ENOSPC);
	KUNIT_EXPECT_EQ(test, bar->nr_evicted, 1);
}

/* A request larger than the window keeps what it got first, and the rest fails. */
static void window_own_request(struct kunit *test)
{
	const unsigned long nr = NR_BLOCKS * BLOCK_PAGES;
	struct bar *bar = test->priv;
	unsigned long i;

	fill_window(test, bar, 1000);
	for (i = nr; i < 2 * nr; i++)
		KUNIT_ASSERT_GE(test, bar_map(bar, i, 1, 5000), 0);
	for (i = 2 * nr; i < 2 * nr + 4; i++)
		KUNIT_EXPECT_EQ(test, bar_map(bar, i, 1, 5000), -ENOSPC);
	KUNIT_EXPECT_EQ(test, bar->nr_evicted, nr);
}

/* Who is locked stays, and the next one goes in his place. */
static void window_locked(struct kunit *test)
{
	const unsigned long nr = NR_BLOCKS * BLOCK_PAGES;
	struct bar *bar = test->priv;

	fill_window(test, bar, 1000);
	bar->locked = 0;
	KUNIT_EXPECT_EQ(test, bar_map(bar, nr, 1, 5000), 1);
	KUNIT_EXPECT_EQ(test, bar->evicted, 1);
	KUNIT_EXPECT_EQ(test, bar_map(bar, nr + 1, 1, 5000), 2);
	KUNIT_EXPECT_EQ(test, bar->nr_evicted, 2);
}

/* If everybody is locked the request is refused, and comes to an end. */
static void window_all_locked(struct kunit *test)
{
	struct bar *bar = test->priv;

	bar->max_blocks = 1;
	bar_map(bar, 0, BLOCK_PAGES, 100);
	bar->folio_pages = BLOCK_PAGES;
	bar->locked = 0;
	/* Its other pages stand for it, but not for long. */
	KUNIT_EXPECT_EQ(test, bar_map(bar, BLOCK_PAGES, BLOCK_PAGES, 5000),
			-ENOSPC);
	KUNIT_EXPECT_EQ(test, bar->nr_evicted, 0);
	bar->locked = NOBODY;
	KUNIT_EXPECT_EQ(test, bar_map(bar, BLOCK_PAGES, BLOCK_PAGES, 6000), 0);
	KUNIT_EXPECT_EQ(test, bar->nr_evicted, 1);
}

/* For a block of pages the block goes that got no page for the longest time. */
static void window_evict_block(struct kunit *test)
{
	const unsigned long nr = NR_BLOCKS * BLOCK_PAGES;
	struct bar *bar = test->priv;

	fill_window(test, bar, 1000);
	/* Block 0 is the oldest one, but for a page. */
	nouveau_dmem_window_free(bar->window, 3, 1);
	nouveau_dmem_window_reap(bar->window);
	KUNIT_ASSERT_EQ(test, bar_map(bar, nr, 1, 5000), 3);

	KUNIT_EXPECT_EQ(test, bar_map(bar, 5 * BLOCK_PAGES, BLOCK_PAGES, 5001),
			BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, bar->nr_evicted, BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, bar->evicted, 2 * BLOCK_PAGES - 1);
	KUNIT_EXPECT_EQ(test, bar->mapped[0], 0);
	KUNIT_EXPECT_EQ(test, bar->mapped[2 * BLOCK_PAGES], 2 * BLOCK_PAGES);
}

/* Room for one page can cost a large folio all of its slots. */
static void window_evict_large(struct kunit *test)
{
	struct bar *bar = test->priv;
	unsigned long i;

	bar->folio_pages = BLOCK_PAGES;
	for (i = 0; i < NR_BLOCKS; i++)
		bar_map(bar, i * BLOCK_PAGES, BLOCK_PAGES, 1000 + i);
	KUNIT_EXPECT_EQ(test, bar_map(bar, 8 * BLOCK_PAGES, 1, 5000), 0);
	KUNIT_EXPECT_EQ(test, bar->nr_evicted, 1);
	KUNIT_EXPECT_EQ(test, bar->evicted, 0);
	KUNIT_EXPECT_EQ(test, bar_nr_mapped(bar), 2 * BLOCK_PAGES + 1);
}

/* All can be evicted, however young; who is locked gets another turn. */
static void window_evict_all(struct kunit *test)
{
	struct bar *bar = test->priv;
	unsigned int busy = 0;
	int ret;

	bar_map(bar, 0, 1, 1000);
	bar_map(bar, 1, 2, 1001);
	bar->locked = 0;
	do {
		ret = nouveau_dmem_window_evict(bar->window, 1, 1001, 1001);
		if (ret == -EBUSY && ++busy == 2)
			bar->locked = NOBODY;
	} while (ret != -ENOENT && busy < 10);
	KUNIT_EXPECT_EQ(test, busy, 2);
	KUNIT_EXPECT_EQ(test, bar->nr_evicted, 3);

	nouveau_dmem_window_reap(bar->window);
	KUNIT_EXPECT_EQ(test, bar_nr_mapped(bar), 0);
}

static struct kunit_case nouveau_dmem_window_cases[] = {
	KUNIT_CASE(window_fill),
	KUNIT_CASE(window_pack),
	KUNIT_CASE(window_large),
	KUNIT_CASE(window_run),
	KUNIT_CASE(window_twice),
	KUNIT_CASE(window_stale),
	KUNIT_CASE(window_reuse),
	KUNIT_CASE(window_split),
	KUNIT_CASE(window_empty_block),
	KUNIT_CASE(window_no_bar),
	KUNIT_CASE(window_lru),
	KUNIT_CASE(window_residency),
	KUNIT_CASE(window_own_request),
	KUNIT_CASE(window_locked),
	KUNIT_CASE(window_all_locked),
	KUNIT_CASE(window_evict_block),
	KUNIT_CASE(window_evict_large),
	KUNIT_CASE(window_evict_all),
	{}
};

static struct kunit_suite nouveau_dmem_window_suite = {
	.name = "nouveau_dmem_window",
	.init = window_init,
	.exit = window_exit,
	.test_cases = nouveau_dmem_window_cases,
};

kunit_test_suites(&nouveau_dmem_map_suite, &nouveau_dmem_space_suite,
		  &nouveau_dmem_window_suite);

MODULE_DESCRIPTION("KUnit tests of nouveau's device private memory");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_LICENSE("Dual MIT/GPL");
