// SPDX-License-Identifier: GPL-2.0
/* Other types, other forms, and the names up to Linux 5.13. */
#include "fake.h"

bool try_share(struct page *page);
swp_entry_t make_device_private_entry(struct page *page, bool write);
void make_device_private_entry_read(swp_entry_t *entry);
swp_entry_t make_migration_entry(struct page *page, int write);
void make_migration_entry_read(swp_entry_t *entry);

swp_entry_t effect(struct page *page, bool write)
{
	swp_entry_t e;

	if (write)
		e = softleaf_mk_migration(page, true, false);
	else if (try_share(page))
		e = softleaf_mk_migration(page, false, true);
	else
		e = softleaf_mk_migration(page, false, false);
	return e;
}

swp_entry_t turned(swp_entry_t e)
{
	if (is_device_private_entry(e))
		return make_readable_migration_entry(swp_offset(e));
	return e;
}

swp_entry_t turned2(swp_entry_t e)
{
	if (is_migration_entry(e)) {
		e = make_readable_device_private_entry(swp_offset(e));
		use(1);
	} else {
		use(2);
	}
	return e;
}

swp_entry_t write_again(swp_entry_t e)
{
	return make_writable_device_private_entry(swp_offset(e));
}

swp_entry_t next(struct page *page, int i)
{
	return make_readable_migration_entry(page_to_pfn(page) + i);
}

swp_entry_t old(struct page *page, bool write)
{
	swp_entry_t e = softleaf_mk_device_private(page, write);

	e = softleaf_wrprotect(e, false);
	return e;
}

swp_entry_t old2(struct page *page)
{
	swp_entry_t e = make_migration_entry(page, 1);

	make_migration_entry_read(&e);
	return e;
}

swp_entry_t tern(struct page *page, bool w)
{
	return w ? softleaf_mk_device_private(page, true) :
		softleaf_mk_device_private(page, false);
}
