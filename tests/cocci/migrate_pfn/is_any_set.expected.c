// SPDX-License-Identifier: GPL-2.0
/* Is there an entry, asked in every way. */
#include "fake.h"

bool set(struct migrate_vma *job, int i)
{
	bool b = migrate_pfn_test(job->dst[i], MIGRATE_PFN_VALID);
	bool c;
	int n = 0;

	c = migrate_pfn_test(job->dst[i], MIGRATE_PFN_VALID);
	if (!migrate_pfn_test(job->dst[i], MIGRATE_PFN_VALID))
		n++;
	if (migrate_pfn_test(job->dst[i], MIGRATE_PFN_VALID))
		n++;
	if (!migrate_pfn_test(job->dst[i], MIGRATE_PFN_VALID))
		n++;
	while (migrate_pfn_test(job->dst[i], MIGRATE_PFN_VALID))
		n++;
	for (n = 0; migrate_pfn_test(job->dst[n], MIGRATE_PFN_VALID); n++)
		use(n);
	n += migrate_pfn_test(job->dst[i], MIGRATE_PFN_VALID) ? 1 : 0;
	if ((migrate_pfn_test(job->dst[i], MIGRATE_PFN_VALID) && b) || c)
		n++;
	if (!migrate_pfn_test(job->dst[i], MIGRATE_PFN_VALID) || !migrate_pfn_test(job->dst[i + 1], MIGRATE_PFN_VALID))
		n++;
	if (unlikely(!migrate_pfn_test(job->dst[i], MIGRATE_PFN_VALID)))
		n++;
	if (n)
		return migrate_pfn_test(job->dst[i], MIGRATE_PFN_VALID);
	return !!migrate_pfn_test(job->dst[i], MIGRATE_PFN_VALID);
}
