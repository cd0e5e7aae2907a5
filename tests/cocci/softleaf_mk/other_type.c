// SPDX-License-Identifier: GPL-2.0
/* Entries that get another type, or may: reported, not changed. */
#include "fake.h"

swp_entry_t early_return(swp_entry_t e)
{
	if (!is_device_private_entry(e))
		return e;
	return make_readable_migration_entry(swp_offset(e));
}

void and(swp_entry_t *e, bool a, bool b)
{
	if (a && is_device_private_entry(*e) && b)
		*e = make_readable_migration_entry(swp_offset(*e));
}

swp_entry_t by_type(swp_entry_t e)
{
	switch (swp_type(e)) {
	case SWP_DEVICE_READ:
	case SWP_DEVICE_WRITE:
		return make_readable_migration_entry(swp_offset(e));
	default:
		return e;
	}
}

swp_entry_t ternary(swp_entry_t e)
{
	return is_device_private_entry(e) ? make_readable_migration_entry(swp_offset(e)) : e;
}

swp_entry_t stored(swp_entry_t e)
{
	bool private = is_device_private_entry(e);

	if (private)
		e = make_readable_migration_entry(swp_offset(e));
	return e;
}

swp_entry_t choice(swp_entry_t e, bool anon)
{
	if (is_device_private_entry(e)) {
		if (anon)
			e = make_readable_exclusive_migration_entry(swp_offset(e));
		else
			e = make_readable_migration_entry(swp_offset(e));
	}
	return e;
}

swp_entry_t exclusive(swp_entry_t e)
{
	return is_device_exclusive_entry(e) ? make_readable_migration_entry(swp_offset(e)) : e;
}

swp_entry_t not_tested(swp_entry_t e)
{
	return make_readable_migration_entry(swp_offset(e));
}

swp_entry_t not_migration(swp_entry_t e)
{
	if (is_migration_entry(e))
		return e;
	return make_readable_device_private_entry(swp_offset(e));
}
