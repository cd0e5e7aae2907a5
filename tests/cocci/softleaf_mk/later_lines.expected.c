// SPDX-License-Identifier: GPL-2.0
/* What changes some lines leaves the entries behind them what they are. */
#include "fake.h"

#define READ_ONLY(e) (is_migration_entry(e) ? softleaf_wrprotect(e, false) : (e))

swp_entry_t behind(struct page *page, swp_entry_t e, bool writable, bool exclusive)
{
	swp_entry_t entry;

	entry = softleaf_mk_migration(page, writable, exclusive);
	if (is_device_private_entry(e)) {
		use(1);
		return make_readable_migration_entry(swp_offset(e));
	}
	if (is_migration_entry(e)) {
		use(2);
		return softleaf_wrprotect(e, false);
	}
	return entry;
}

swp_entry_t before(struct page *page, swp_entry_t e, bool writable)
{
	swp_entry_t entry;

	if (is_device_private_entry(e)) {
		use(1);
		return make_readable_migration_entry(swp_offset(e));
	}
	entry = softleaf_mk_migration(page, writable, false);
	return entry;
}

swp_entry_t macro(swp_entry_t e)
{
	return READ_ONLY(e);
}
