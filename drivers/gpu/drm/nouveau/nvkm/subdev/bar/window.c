// SPDX-License-Identifier: MIT
/*
 * A window of BAR1 in which any part of VRAM can be mapped at any place.
 *
 * nvkm_umem maps an object as a whole, and where BAR1 happens to have room.
 */
#include "priv.h"

#include <core/memory.h>
#include <subdev/mmu/vmm.h>

/**
 * nvkm_bar_bar1_get() - Reserve a window of BAR1.
 * @device: the device
 * @shift: size of the pages to map in it, log2 of bytes
 * @size: size of the window in bytes, a power of two, and its alignment
 * @pvma: the window
 *
 * The page tables are allocated as well, so that mapping needs none.
 *
 * Context: May sleep.
 *
 * Returns: 0; -ENOSPC if BAR1 has no room, or another error.
 */
int
nvkm_bar_bar1_get(struct nvkm_device *device, u8 shift, u64 size,
		  struct nvkm_vma **pvma)
{
	struct nvkm_vmm *vmm = nvkm_bar_bar1_vmm(device);
	int ret;

	mutex_lock(&vmm->mutex.vmm);
	ret = nvkm_vmm_get_locked(vmm, true, false, false, shift, ilog2(size),
				  size, pvma);
	mutex_unlock(&vmm->mutex.vmm);
	return ret;
}

/**
 * nvkm_bar_bar1_put() - Give a window of BAR1 back.
 * @device: the device
 * @pvma: the window, in which nothing is mapped, %NULL afterwards
 *
 * Context: May sleep.
 */
void
nvkm_bar_bar1_put(struct nvkm_device *device, struct nvkm_vma **pvma)
{
	nvkm_vmm_put(nvkm_bar_bar1_vmm(device), pvma);
}

/**
 * nvkm_bar_bar1_map() - Map memory in a window of BAR1.
 * @device: the device
 * @vma: the window
 * @start: where in the window, in bytes from its start
 * @size: how much, in bytes
 * @memory: the memory, whose pages are at least as large as the window's
 * @offset: the first byte of the memory
 *
 * All of @start, @size and @offset are multiples of the window's page size. The
 * place must not be mapped already. The window has no reference to the memory:
 * it is to be unmapped before the memory is freed.
 *
 * Context: May sleep.
 *
 * Returns: 0, or -EINVAL.
 */
int
nvkm_bar_bar1_map(struct nvkm_device *device, const struct nvkm_vma *vma,
		  u64 start, u64 size, struct nvkm_memory *memory, u64 offset)
{
	struct nvkm_vmm *vmm = nvkm_bar_bar1_vmm(device);
	struct nvkm_vma part = {
		.addr = vma->addr + start,
		.size = size,
		.page = vma->page,
		.refd = vma->refd,
		.used = true,
	};
	int ret;

	if (WARN_ON(start + size > vma->size))
		return -EINVAL;

	ret = nvkm_memory_map(memory, offset, vmm, &part, NULL, 0);
	nvkm_memory_unref(&part.memory);
	return ret;
}

/**
 * nvkm_bar_bar1_unmap() - Unmap what is mapped in a window of BAR1.
 * @device: the device
 * @vma: the window
 * @start: where in the window, in bytes from its start
 * @size: how much, in bytes
 *
 * When this returns the GPU does not translate the addresses any more. It does no
 * harm to unmap what is not mapped.
 *
 * Context: May sleep.
 */
void
nvkm_bar_bar1_unmap(struct nvkm_device *device, const struct nvkm_vma *vma,
		    u64 start, u64 size)
{
	nvkm_vmm_raw_unmap(nvkm_bar_bar1_vmm(device), vma->addr + start, size,
			   false, vma->refd);
}

/**
 * nvkm_bar_bar1_addr() - Where a window of BAR1 is.
 * @device: the device
 * @vma: the window
 *
 * Returns: the physical address of its first byte.
 */
phys_addr_t
nvkm_bar_bar1_addr(struct nvkm_device *device, const struct nvkm_vma *vma)
{
	return device->func->resource_addr(device, NVKM_BAR1_FB) + vma->addr;
}
