// SPDX-License-Identifier: MIT
/*
 * KUnit tests of how device private memory is handed out. They need no GPU.
 */
#include "nouveau_dmem_space.h"

#include <kunit/test.h>
#include <linux/bitmap.h>
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

kunit_test_suites(&nouveau_dmem_map_suite, &nouveau_dmem_space_suite);

MODULE_DESCRIPTION("KUnit tests of nouveau's device private memory");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_LICENSE("Dual MIT/GPL");
