// SPDX-License-Identifier: GPL-2.0
/* Is there an entry, asked in every way. */
#include "fake.h"

bool set(struct migrate_vma *job, int i)
{
	bool b = job->dst[i];
	bool c;
	int n = 0;

	c = job->dst[i];
	if (job->dst[i] == 0)
		n++;
	if (job->dst[i] != 0)
		n++;
	if (0 == job->dst[i])
		n++;
	while (job->dst[i])
		n++;
	for (n = 0; job->dst[n]; n++)
		use(n);
	n += job->dst[i] ? 1 : 0;
	if ((job->dst[i] && b) || c)
		n++;
	if (!job->dst[i] || !(job->dst[i + 1]))
		n++;
	if (unlikely(!job->dst[i]))
		n++;
	if (n)
		return job->dst[i];
	return !!job->dst[i];
}
