// SPDX-License-Identifier: GPL-2.0
/*
 * RDMA with on-demand paging (ODP) to and from device private memory.
 *
 * rxe is RDMA in software: it has no device that does DMA, it copies with the
 * CPU. What it accesses has to be brought to system memory, and nothing else
 * may be. The memory is migrated to the device of lib/test_hmm.c, a queue pair
 * that is connected to itself moves bytes over the loopback interface, and
 * every test compares all bytes of the buffers and asks where the pages are.
 *
 * There is no libibverbs here, as it finds its drivers at run time, which a
 * static program cannot do. What is needed of it is in the first half.
 */
#include "kselftest_harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/mman.h>
#include <linux/posix_types.h>	/* tools/include/uapi/linux/types.h leaves it out */
#include <linux/netlink.h>
#include <net/if.h>
#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/ib_user_ioctl_verbs.h>
#include <rdma/ib_user_verbs.h>
#include <rdma/rdma_netlink.h>
#include <rdma/rdma_user_ioctl_cmds.h>
#include <rdma/rdma_user_rxe.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* Private to test_hmm, so not exported in include/uapi. */
#include <lib/test_hmm_uapi.h>
#include <mm/vm_util.h>

#define LINK		"rxe_selftest"
#define NETDEV		"lo"
#define GID		"0000:0000:0000:0000:0000:ffff:7f00:0001"	/* 127.0.0.1 */
#define PORT		1
#define DEPTH		16	/* of the queues */
#define LIMIT_S		20	/* for a transfer */

/* What the ABI takes from the IB specification and uapi does not name. */
enum { QPS_INIT = 1, QPS_RTR, QPS_RTS };
enum { MTU_1024 = 3 };
enum {
	QP_STATE	= 1 << 0,
	QP_ACCESS_FLAGS	= 1 << 3,
	QP_PKEY_INDEX	= 1 << 4,
	QP_PORT		= 1 << 5,
	QP_AV		= 1 << 7,
	QP_PATH_MTU	= 1 << 8,
	QP_TIMEOUT	= 1 << 9,
	QP_RETRY_CNT	= 1 << 10,
	QP_RNR_RETRY	= 1 << 11,
	QP_RQ_PSN	= 1 << 12,
	QP_RD_ATOMIC	= 1 << 13,
	QP_RNR_TIMER	= 1 << 15,
	QP_SQ_PSN	= 1 << 16,
	QP_DEST_RD_ATOMIC = 1 << 17,
	QP_DEST_QPN	= 1 << 20,
};

#define SEND_SIGNALED	2
#define WR_ATOMIC_WRITE	15	/* newer than the headers of some distributions */

#define ACCESS		(IB_UVERBS_ACCESS_LOCAL_WRITE |		\
			 IB_UVERBS_ACCESS_REMOTE_WRITE |	\
			 IB_UVERBS_ACCESS_REMOTE_READ |		\
			 IB_UVERBS_ACCESS_REMOTE_ATOMIC)

struct verbs {
	int fd;			/* /dev/infiniband/uverbsN */
	uint32_t pd, qp, qpn;
	struct rxe_queue_buf *sq, *cq;
	uint32_t ssn;
};

struct mr {
	char *addr;
	uint64_t iova;
	unsigned long length;
	uint32_t key;		/* the same for local and remote in rxe */
};

/* ---- RDMA netlink: rdma link add, rdma link delete ---- */

struct request {
	struct nlmsghdr hdr;
	char attrs[256];
};

static void add_attr(struct request *req, int type, const void *value, size_t len)
{
	struct nlattr *attr = (void *)((char *)req + NLMSG_ALIGN(req->hdr.nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memcpy((char *)attr + NLA_HDRLEN, value, len);
	req->hdr.nlmsg_len = NLMSG_ALIGN(req->hdr.nlmsg_len) + NLA_ALIGN(attr->nla_len);
}

static void add_string(struct request *req, int type, const char *value)
{
	add_attr(req, type, value, strlen(value) + 1);
}

/* If a message is about the device @name: its index, else -1. */
static long index_in(struct nlmsghdr *msg, const char *name)
{
	char *at = NLMSG_DATA(msg), *end = (char *)msg + msg->nlmsg_len;
	bool found = false;
	long index = -1;

	while (end - at >= NLA_HDRLEN) {
		struct nlattr *attr = (void *)at;
		char *value = at + NLA_HDRLEN;
		uint32_t number;

		if (attr->nla_len < NLA_HDRLEN)
			break;
		switch (attr->nla_type & NLA_TYPE_MASK) {
		case RDMA_NLDEV_ATTR_DEV_NAME:
			found = !strcmp(value, name);
			break;
		case RDMA_NLDEV_ATTR_DEV_INDEX:
			memcpy(&number, value, sizeof(number));
			index = number;
			break;
		}
		at += NLA_ALIGN(attr->nla_len);
	}
	return found ? index : -1;
}

/* 0 or -errno; the index of device @name from the answers to a dump. */
static long talk(struct request *req, const char *name)
{
	static char answer[16384];
	long ret = name ? -ENODEV : -EIO;
	bool more = true;
	ssize_t len;
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_RDMA);
	if (fd < 0)
		return -errno;
	if (send(fd, req, req->hdr.nlmsg_len, 0) < 0) {
		ret = -errno;
		more = false;
	}
	while (more && (len = recv(fd, answer, sizeof(answer), 0)) > 0) {
		struct nlmsghdr *msg = (void *)answer;

		for (; NLMSG_OK(msg, len); msg = NLMSG_NEXT(msg, len)) {
			if (msg->nlmsg_type == NLMSG_ERROR) {
				ret = ((struct nlmsgerr *)NLMSG_DATA(msg))->error;
				more = false;
			} else if (msg->nlmsg_type == NLMSG_DONE) {
				more = false;
			} else if (name && index_in(msg, name) >= 0) {
				ret = index_in(msg, name);
			}
		}
	}
	close(fd);
	return ret;
}

static struct request request(int command, int flags)
{
	return (struct request){
		.hdr = {
			.nlmsg_len = NLMSG_HDRLEN,
			.nlmsg_type = RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, command),
			.nlmsg_flags = NLM_F_REQUEST | flags,
		},
	};
}

static long link_add(void)
{
	struct request req = request(RDMA_NLDEV_CMD_NEWLINK, NLM_F_ACK);

	add_string(&req, RDMA_NLDEV_ATTR_DEV_NAME, LINK);
	add_string(&req, RDMA_NLDEV_ATTR_LINK_TYPE, "rxe");
	add_string(&req, RDMA_NLDEV_ATTR_NDEV_NAME, NETDEV);
	return talk(&req, NULL);
}

static long link_delete(void)
{
	struct request get = request(RDMA_NLDEV_CMD_GET, NLM_F_DUMP);
	struct request del = request(RDMA_NLDEV_CMD_DELLINK, NLM_F_ACK);
	long index = talk(&get, LINK);
	uint32_t number = index;

	if (index < 0)
		return index;
	add_attr(&del, RDMA_NLDEV_ATTR_DEV_INDEX, &number, sizeof(number));
	return talk(&del, NULL);
}

/* Loopback is down in a guest with nothing but tests. */
static int netdev_up(void)
{
	struct ifreq ifr = { .ifr_name = NETDEV };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;

	if (fd < 0)
		return -errno;
	ret = ioctl(fd, SIOCGIFFLAGS, &ifr);
	if (!ret && !(ifr.ifr_flags & IFF_UP)) {
		ifr.ifr_flags |= IFF_UP;
		ret = ioctl(fd, SIOCSIFFLAGS, &ifr);
	}
	ret = ret ? -errno : 0;
	close(fd);
	return ret;
}

/* ---- the part of libibverbs and of its driver for rxe that is needed ---- */

/* A file of sysfs: does it hold this line? */
static bool line_is(const char *path, const char *want)
{
	FILE *file = fopen(path, "r");
	char line[80] = "";

	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		line[0] = 0;
	fclose(file);
	line[strcspn(line, "\n")] = 0;
	return !strcmp(line, want);
}

static int verbs_open(void)
{
	DIR *dir = opendir("/sys/class/infiniband_verbs");
	struct dirent *entry;
	char path[512];
	int fd = -ENODEV;

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/class/infiniband_verbs/%s/ibdev",
			 entry->d_name);
		if (!line_is(path, LINK))
			continue;
		snprintf(path, sizeof(path), "/dev/infiniband/%s", entry->d_name);
		for (int i = 0; i < 100; i++) {		/* udev may be at it */
			fd = open(path, O_RDWR | O_CLOEXEC);
			if (fd >= 0)
				break;
			fd = -errno;
			usleep(10000);
		}
	}
	if (dir)
		closedir(dir);
	return fd;
}

/* The index of the GID of 127.0.0.1, which a notifier adds. */
static int find_gid(void)
{
	char path[128];

	for (int i = 0; i < 500; i++) {
		for (int gid = 0; gid < 32; gid++) {
			snprintf(path, sizeof(path),
				 "/sys/class/infiniband/%s/ports/%d/gids/%d",
				 LINK, PORT, gid);
			if (line_is(path, GID))
				return gid;
		}
		usleep(10000);
	}
	return -ENOENT;
}

/*
 * A command of the write() ABI. @in begins with the header; a command that has
 * an answer has its address next.
 */
static int command(struct verbs *v, uint32_t number, void *in, size_t in_size,
		   void *out, size_t out_size)
{
	struct ib_uverbs_cmd_hdr *hdr = in;

	hdr->command = number;
	hdr->in_words = in_size / 4;
	hdr->out_words = out_size / 4;
	if (out)
		*(uint64_t *)(hdr + 1) = (uintptr_t)out;
	return write(v->fd, in, in_size) == (ssize_t)in_size ? 0 : -errno;
}

#define COMMAND(v, name, in, out)						\
	command(v, IB_USER_VERBS_CMD_##name, &(in), sizeof(in), &(out), sizeof(out))

static void *map_queue(struct verbs *v, const struct mminfo *mi)
{
	void *queue = mmap(NULL, mi->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			   v->fd, mi->offset);

	return queue == MAP_FAILED ? NULL : queue;
}

static void *element(struct rxe_queue_buf *queue, uint32_t index)
{
	return queue->data + ((size_t)(index & queue->index_mask) <<
			      queue->log2_elem_size);
}

static int modify_qp(struct verbs *v, struct ib_uverbs_modify_qp modify)
{
	struct {
		struct ib_uverbs_cmd_hdr hdr;
		struct ib_uverbs_modify_qp cmd;
	} in = { .cmd = modify };

	in.cmd.qp_handle = v->qp;
	in.cmd.attr_mask |= QP_STATE;
	return command(v, IB_USER_VERBS_CMD_MODIFY_QP, &in, sizeof(in), NULL, 0);
}

/* Connect the queue pair to itself. */
static int connect_qp(struct verbs *v, int gid)
{
	struct ib_uverbs_modify_qp init = {
		.qp_state = QPS_INIT,
		.attr_mask = QP_PKEY_INDEX | QP_PORT | QP_ACCESS_FLAGS,
		.port_num = PORT,
		.qp_access_flags = ACCESS,
	};
	struct ib_uverbs_modify_qp rtr = {
		.qp_state = QPS_RTR,
		.attr_mask = QP_AV | QP_PATH_MTU | QP_DEST_QPN | QP_RQ_PSN |
			     QP_DEST_RD_ATOMIC | QP_RNR_TIMER,
		.path_mtu = MTU_1024,
		.dest_qp_num = v->qpn,
		.rq_psn = 1000,
		.max_dest_rd_atomic = 4,
		.min_rnr_timer = 1,
		.dest = {
			.dgid = { [10] = 0xff, 0xff, 127, 0, 0, 1 },
			.sgid_index = gid,
			.hop_limit = 1,
			.is_global = 1,
			.port_num = PORT,
		},
	};
	struct ib_uverbs_modify_qp rts = {
		.qp_state = QPS_RTS,
		.attr_mask = QP_TIMEOUT | QP_RETRY_CNT | QP_RNR_RETRY | QP_SQ_PSN |
			     QP_RD_ATOMIC,
		.timeout = 18,		/* about a second */
		.retry_cnt = 7,
		.rnr_retry = 7,
		.sq_psn = 1000,
		.max_rd_atomic = 4,
	};
	int ret;

	ret = modify_qp(v, init);
	if (!ret)
		ret = modify_qp(v, rtr);
	if (!ret)
		ret = modify_qp(v, rts);
	return ret;
}

/* All that a process needs before it can transfer; close() undoes it. */
static int verbs_setup(struct verbs *v, int gid)
{
	struct {
		struct ib_uverbs_cmd_hdr hdr;
		struct ib_uverbs_get_context cmd;
	} context = {};
	struct ib_uverbs_get_context_resp context_resp;
	struct {
		struct ib_uverbs_cmd_hdr hdr;
		struct ib_uverbs_alloc_pd cmd;
	} pd = {};
	struct ib_uverbs_alloc_pd_resp pd_resp;
	struct {
		struct ib_uverbs_cmd_hdr hdr;
		struct ib_uverbs_create_cq cmd;
	} cq = { .cmd = { .cqe = DEPTH, .comp_channel = -1 } };
	struct {
		struct ib_uverbs_create_cq_resp core;
		struct rxe_create_cq_resp rxe;
	} cq_resp;
	struct {
		struct ib_uverbs_cmd_hdr hdr;
		struct ib_uverbs_create_qp cmd;
	} qp = {
		.cmd = {
			.max_send_wr = DEPTH,
			.max_recv_wr = 1,
			.max_send_sge = 1,
			.max_recv_sge = 1,
			.qp_type = IB_UVERBS_QPT_RC,
		},
	};
	struct {
		struct ib_uverbs_create_qp_resp core;
		struct rxe_create_qp_resp rxe;
	} qp_resp;
	int ret;

	ret = COMMAND(v, GET_CONTEXT, context, context_resp);
	if (ret)
		return ret;
	close(context_resp.async_fd);

	ret = COMMAND(v, ALLOC_PD, pd, pd_resp);
	if (ret)
		return ret;
	v->pd = pd_resp.pd_handle;

	ret = COMMAND(v, CREATE_CQ, cq, cq_resp);
	if (ret)
		return ret;
	v->cq = map_queue(v, &cq_resp.rxe.mi);

	qp.cmd.pd_handle = v->pd;
	qp.cmd.send_cq_handle = cq_resp.core.cq_handle;
	qp.cmd.recv_cq_handle = cq_resp.core.cq_handle;
	ret = COMMAND(v, CREATE_QP, qp, qp_resp);
	if (ret)
		return ret;
	v->qp = qp_resp.core.qp_handle;
	v->qpn = qp_resp.core.qpn;
	v->sq = map_queue(v, &qp_resp.rxe.sq_mi);
	if (!v->cq || !v->sq)
		return -ENOMEM;

	return connect_qp(v, gid);
}

/* Register [addr, addr + length); ODP unless it is to be pinned. */
static int reg_mr(struct verbs *v, struct mr *mr, char *addr, unsigned long length,
		  uint64_t iova, bool odp)
{
	struct {
		struct ib_uverbs_cmd_hdr hdr;
		struct ib_uverbs_reg_mr cmd;
	} in = {
		.cmd = {
			.start = (uintptr_t)addr,
			.length = length,
			.hca_va = iova,
			.pd_handle = v->pd,
			.access_flags = ACCESS |
					(odp ? IB_UVERBS_ACCESS_ON_DEMAND : 0),
		},
	};
	struct ib_uverbs_reg_mr_resp out;
	int ret;

	ret = COMMAND(v, REG_MR, in, out);
	if (ret)
		return ret;
	*mr = (struct mr){
		.addr = addr, .iova = iova, .length = length, .key = out.lkey,
	};
	return out.lkey == out.rkey ? 0 : -EPROTO;
}

/* ibv_advise_mr(), which only the ioctl() ABI has. */
static int advise(struct verbs *v, struct mr *mr, unsigned long offset,
		  unsigned long length, int advice)
{
	struct ib_uverbs_sge sge = {
		.addr = mr->iova + offset, .length = length, .lkey = mr->key,
	};
	struct {
		struct ib_uverbs_ioctl_hdr hdr;
		struct ib_uverbs_attr attrs[4];
	} in = {
		.hdr = {
			.length = sizeof(in),
			.object_id = UVERBS_OBJECT_MR,
			.method_id = UVERBS_METHOD_ADVISE_MR,
			.num_attrs = 4,
			.driver_id = RDMA_DRIVER_RXE,
		},
		.attrs = {
			{
				.attr_id = UVERBS_ATTR_ADVISE_MR_PD_HANDLE,
				.flags = UVERBS_ATTR_F_MANDATORY,
				.data = v->pd,
			}, {
				.attr_id = UVERBS_ATTR_ADVISE_MR_ADVICE,
				.flags = UVERBS_ATTR_F_MANDATORY,
				.len = sizeof(uint64_t),
				.data = advice,
			}, {
				.attr_id = UVERBS_ATTR_ADVISE_MR_FLAGS,
				.flags = UVERBS_ATTR_F_MANDATORY,
				.len = sizeof(uint64_t),
				.data = IB_UVERBS_ADVISE_MR_FLAG_FLUSH,
			}, {
				.attr_id = UVERBS_ATTR_ADVISE_MR_SGE_LIST,
				.flags = UVERBS_ATTR_F_MANDATORY,
				.len = sizeof(sge),
				.data = (uintptr_t)&sge,
			},
		},
	};

	return ioctl(v->fd, RDMA_VERBS_IOCTL, &in) ? -errno : 0;
}

/* Post a work request and wait for its end: the status (0 is success) or -errno. */
static int post(struct verbs *v, const struct rxe_send_wr *wr, struct mr *local,
		unsigned long offset, unsigned int length)
{
	struct {
		struct ib_uverbs_cmd_hdr hdr;
		struct ib_uverbs_post_send cmd;
	} doorbell = {
		.cmd = {
			.qp_handle = v->qp,
			.wqe_size = sizeof(struct ib_uverbs_send_wr),
		},
	};
	uint32_t index = v->sq->producer_index, done = v->cq->consumer_index;
	struct rxe_send_wqe *wqe = element(v->sq, index);
	struct ib_uverbs_post_send_resp resp;
	struct ib_uverbs_wc wc;
	struct timespec start, now;
	int ret;

	memset(wqe, 0, sizeof(*wqe) + sizeof(struct rxe_sge));
	wqe->wr = *wr;
	wqe->wr.wr_id = v->ssn;
	wqe->wr.send_flags = SEND_SIGNALED;
	wqe->iova = wr->wr.rdma.remote_addr;
	wqe->ssn = v->ssn++;
	wqe->dma.length = length;
	wqe->dma.resid = length;
	wqe->dma.num_sge = 1;
	if (wr->opcode == WR_ATOMIC_WRITE) {
		memcpy(wqe->dma.inline_data, local->addr + offset, length);
	} else {
		wqe->dma.sge[0].addr = local->iova + offset;
		wqe->dma.sge[0].length = length;
		wqe->dma.sge[0].lkey = local->key;
	}
	__atomic_store_n(&v->sq->producer_index, (index + 1) & v->sq->index_mask,
			 __ATOMIC_RELEASE);

	ret = COMMAND(v, POST_SEND, doorbell, resp);
	if (ret)
		return ret;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (__atomic_load_n(&v->cq->producer_index, __ATOMIC_ACQUIRE) == done) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - start.tv_sec > LIMIT_S)
			return -ETIMEDOUT;
		usleep(100);
	}
	memcpy(&wc, element(v->cq, done), sizeof(wc));
	__atomic_store_n(&v->cq->consumer_index, (done + 1) & v->cq->index_mask,
			 __ATOMIC_RELEASE);
	return wc.wr_id == v->ssn - 1 ? (int)wc.status : -EPROTO;
}

/* RDMA write from @local to @remote, or read to @local from @remote. */
static int rdma(struct verbs *v, int opcode, struct mr *local, unsigned long local_offset,
		struct mr *remote, unsigned long offset, unsigned int length)
{
	struct rxe_send_wr wr = {
		.opcode = opcode,
		.wr.rdma = {
			.remote_addr = remote->iova + offset,
			.rkey = remote->key,
		},
	};

	return post(v, &wr, local, local_offset, length);
}

static int rdma_write(struct verbs *v, struct mr *from, unsigned long from_offset,
		      struct mr *to, unsigned long to_offset, unsigned int length)
{
	return rdma(v, IB_UVERBS_WR_RDMA_WRITE, from, from_offset, to, to_offset, length);
}

static int rdma_read(struct verbs *v, struct mr *to, unsigned long to_offset,
		     struct mr *from, unsigned long from_offset, unsigned int length)
{
	return rdma(v, IB_UVERBS_WR_RDMA_READ, to, to_offset, from, from_offset, length);
}

/* The value before it goes to the start of @result. */
static int atomic(struct verbs *v, int opcode, struct mr *result, struct mr *remote,
		  unsigned long offset, uint64_t compare_add, uint64_t swap)
{
	struct rxe_send_wr wr = {
		.opcode = opcode,
		.wr.atomic = {
			.remote_addr = remote->iova + offset,
			.rkey = remote->key,
			.compare_add = compare_add,
			.swap = swap,
		},
	};

	return post(v, &wr, result, 0, sizeof(uint64_t));
}

/* ---- the tests ---- */

#define NR_PAGES	16UL	/* of a buffer */
#define ROUNDS		40	/* of the race */

/* What a snapshot says. */
#define RAM_RW		HMM_DMIRROR_PROT_WRITE
#define ON_DEV		(HMM_DMIRROR_PROT_DEV_PRIVATE_LOCAL | HMM_DMIRROR_PROT_WRITE)

struct odp {
	struct verbs v;
	int dmirror;
	bool link;		/* is ours to delete */
	unsigned long page;
	unsigned long bytes;	/* of each buffer */
	unsigned long folio;	/* of @dev with what is behind it in a huge page */
	char *dev;		/* to be migrated to the device */
	char *ram;		/* stays in system memory */
	char *data;		/* what the device reads and writes */
	char *want;		/* what @dev should hold */
	struct mr dev_mr;	/* on demand */
	struct mr ram_mr;	/* pinned, all of @ram */
	bool huge;
};

FIXTURE(rdma)
{
	struct odp odp;
};

FIXTURE_VARIANT(rdma)
{
	unsigned long start;	/* of the MR in the buffer, bytes */
	uint64_t iova;		/* 0: the address is the IOVA */
	bool huge;
};

FIXTURE_VARIANT_ADD(rdma, whole)
{
};

FIXTURE_VARIANT_ADD(rdma, inside)
{
	.start = 1000,
};

FIXTURE_VARIANT_ADD(rdma, iova)
{
	.start = 1000,
	.iova = 0x12340000,
};

FIXTURE_VARIANT_ADD(rdma, huge)
{
	.start = 1000,
	.iova = 0x12340000,
	.huge = true,
};

/* The byte of a pattern at @offset. */
static char pattern(unsigned long offset, unsigned int seed)
{
	return (offset * 7 + (offset >> 8) * 31 + seed * 101) & 0xff;
}

static void fill(char *to, unsigned long bytes, unsigned int seed)
{
	for (unsigned long i = 0; i < bytes; i++)
		to[i] = pattern(i, seed);
}

/* How many bytes are right, up to the first one that is not. */
static unsigned long same(const char *is, const char *want, unsigned long bytes)
{
	for (unsigned long i = 0; i < bytes; i++) {
		if (is[i] == want[i])
			continue;
		fprintf(stderr, "# byte %lu is %02x, not %02x\n", i, is[i] & 0xff,
			want[i] & 0xff);
		return i;
	}
	return bytes;
}

/* An ioctl of the device: the number of pages it was done for, or -errno. */
static long device(struct odp *odp, unsigned long request, char *addr,
		   void *data, unsigned long n)
{
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)addr, .ptr = (uintptr_t)data, .npages = n,
	};

	while (ioctl(odp->dmirror, request, &cmd))
		if (errno != EINTR)
			return -errno;
	return cmd.cpages;
}

/* Migrate the buffer to the device: the number of pages that were, or -errno. */
static long to_dev(struct odp *odp)
{
	return device(odp, HMM_DMIRROR_MIGRATE_TO_DEV, odp->dev, odp->data,
		      odp->folio / odp->page);
}

/* Are @n pages, from page @first of @addr on, where they should be? */
static bool pages_are(struct odp *odp, char *addr, unsigned long first,
		      unsigned long n, unsigned char want)
{
	unsigned char where[NR_PAGES];
	long got = device(odp, HMM_DMIRROR_SNAPSHOT, addr + first * odp->page,
			  where, n);

	if (got != (long)n) {
		fprintf(stderr, "# snapshot: %ld\n", got);
		return false;
	}
	for (unsigned long i = 0; i < n; i++) {
		if (where[i] == want || where[i] == (want | HMM_DMIRROR_PROT_PMD))
			continue;
		fprintf(stderr, "# page %lu is %02x, not %02x\n", first + i,
			where[i], want);
		return false;
	}
	return true;
}

/*
 * After access to @length bytes at @offset of the MR: these pages are in system
 * memory and no others, for which a large folio has to be split or to move as a
 * whole.
 */
static bool only_touched_moved(struct odp *odp, unsigned long offset,
			       unsigned long length)
{
	unsigned long start = odp->dev_mr.addr - odp->dev + offset;
	unsigned long first = start / odp->page;
	unsigned long end = (start + length - 1) / odp->page + 1;

	if (!pages_are(odp, odp->dev, first, end - first, RAM_RW))
		return false;
	return odp->huge || ((!first || pages_are(odp, odp->dev, 0, first, ON_DEV)) &&
			     (end == NR_PAGES ||
			      pages_are(odp, odp->dev, end, NR_PAGES - end, ON_DEV)));
}

/* A buffer of anonymous memory: pages, or one huge page. */
static char *buffer(unsigned long bytes, bool huge)
{
	char *area, *buf;

	area = mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		return NULL;
	buf = huge ? (char *)(((uintptr_t)area + bytes - 1) & ~(bytes - 1)) : area;
	/* Fails without THP, when there is nothing to forbid. */
	if (madvise(buf, bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) && huge)
		return NULL;
	memset(buf, 0x55, bytes);
	return buf;
}

FIXTURE_SETUP(rdma)
{
	struct odp *odp = &self->odp;
	int gid;
	long ret;

	odp->v.fd = -1;
	odp->huge = variant->huge;
	odp->page = psize();
	odp->bytes = NR_PAGES * odp->page;
	odp->dmirror = open("/dev/hmm_dmirror0", O_RDWR);
	if (odp->dmirror < 0)
		SKIP(return, "/dev/hmm_dmirror0: %s (CONFIG_TEST_HMM)",
		     strerror(errno));
	odp->folio = odp->huge ? read_pmd_pagesize() : odp->bytes;
	if (!odp->folio)
		SKIP(return, "no transparent huge pages");

	if (access("/proc/net", F_OK))
		SKIP(return, "no network (CONFIG_NET)");
	ASSERT_EQ(netdev_up(), 0);
	link_delete();		/* a test that was killed could not do it */
	ret = link_add();
	if (ret)
		SKIP(return, "no rxe on " NETDEV ": %s (CONFIG_RDMA_RXE, or root)",
		     strerror(-ret));
	odp->link = true;

	odp->v.fd = verbs_open();
	if (odp->v.fd < 0)
		SKIP(return, "no verbs: %s (CONFIG_INFINIBAND_USER_ACCESS)",
		     strerror(-odp->v.fd));
	gid = find_gid();
	ASSERT_GE(gid, 0);
	ASSERT_EQ(verbs_setup(&odp->v, gid), 0);

	odp->data = malloc(odp->folio);
	ASSERT_NE(odp->data, NULL);
	odp->want = malloc(odp->bytes);
	ASSERT_NE(odp->want, NULL);
	odp->ram = buffer(odp->bytes, false);
	ASSERT_NE(odp->ram, NULL);
	odp->dev = buffer(odp->folio, odp->huge);
	ASSERT_NE(odp->dev, NULL);
	if (odp->huge &&
	    !check_huge_anon(odp->dev, odp->folio, 1, odp->folio))
		SKIP(return, "no huge page to be had");

	/* The buffer is on the device before it is registered, and after. */
	fill(odp->dev, odp->bytes, 1);
	fill(odp->want, odp->bytes, 1);
	ASSERT_EQ(to_dev(odp), odp->folio / odp->page);
	ASSERT_TRUE(pages_are(odp, odp->dev, 0, NR_PAGES, odp->huge ?
			      ON_DEV | HMM_DMIRROR_PROT_PMD : ON_DEV));
	ret = reg_mr(&odp->v, &odp->dev_mr, odp->dev + variant->start,
		     odp->bytes - 2 * variant->start,
		     variant->iova ? variant->iova + variant->start :
				     (uintptr_t)odp->dev + variant->start, true);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no ODP (CONFIG_INFINIBAND_ON_DEMAND_PAGING)");
	ASSERT_EQ(ret, 0);
	ASSERT_TRUE(pages_are(odp, odp->dev, 0, NR_PAGES, odp->huge ?
			      ON_DEV | HMM_DMIRROR_PROT_PMD : ON_DEV));

	fill(odp->ram, odp->bytes, 2);
	ASSERT_EQ(reg_mr(&odp->v, &odp->ram_mr, odp->ram, odp->bytes,
			 (uintptr_t)odp->ram, false), 0);
}

FIXTURE_TEARDOWN(rdma)
{
	struct odp *odp = &self->odp;

	if (odp->v.fd >= 0)
		close(odp->v.fd);
	if (odp->link)
		EXPECT_EQ(link_delete(), 0);
	close(odp->dmirror);
	free(odp->data);
	free(odp->want);
}

/* Are the bytes of the buffer as @want has them? The CPU accesses it, all moves. */
static bool right(struct odp *odp)
{
	return same(odp->dev, odp->want, odp->bytes) == odp->bytes;
}

/* What was written to the MR, in @want. */
static char *want_at(struct odp *odp, unsigned long offset)
{
	return odp->want + (odp->dev_mr.addr - odp->dev) + offset;
}

/* A few bytes in the middle of a page. */
TEST_F(rdma, write_some)
{
	struct odp *odp = &self->odp;
	const unsigned long offset = 3 * odp->page + 100, length = 77;

	ASSERT_EQ(rdma_write(&odp->v, &odp->ram_mr, 33, &odp->dev_mr, offset,
			     length), 0);
	memcpy(want_at(odp, offset), odp->ram + 33, length);
	EXPECT_TRUE(only_touched_moved(odp, offset, length));
	EXPECT_TRUE(right(odp));
}

/* A message of many packets, none of which begins at a page. */
TEST_F(rdma, write_pages)
{
	struct odp *odp = &self->odp;
	const unsigned long offset = 2 * odp->page + 300;
	const unsigned long length = 5 * odp->page + 123;

	ASSERT_EQ(rdma_write(&odp->v, &odp->ram_mr, 33, &odp->dev_mr, offset,
			     length), 0);
	memcpy(want_at(odp, offset), odp->ram + 33, length);
	EXPECT_TRUE(only_touched_moved(odp, offset, length));
	EXPECT_TRUE(right(odp));
}

/* All of the MR, from the first byte to the last. */
TEST_F(rdma, write_all)
{
	struct odp *odp = &self->odp;

	ASSERT_EQ(rdma_write(&odp->v, &odp->ram_mr, 0, &odp->dev_mr, 0,
			     odp->dev_mr.length), 0);
	memcpy(want_at(odp, 0), odp->ram, odp->dev_mr.length);
	EXPECT_TRUE(only_touched_moved(odp, 0, odp->dev_mr.length));
	EXPECT_TRUE(right(odp));
}

TEST_F(rdma, read_some)
{
	struct odp *odp = &self->odp;
	const unsigned long offset = 5 * odp->page + 100, length = 77;

	ASSERT_EQ(rdma_read(&odp->v, &odp->ram_mr, 33, &odp->dev_mr, offset,
			    length), 0);
	EXPECT_TRUE(only_touched_moved(odp, offset, length));
	EXPECT_EQ(same(odp->ram + 33, want_at(odp, offset), length), length);
	EXPECT_EQ(odp->ram[32], pattern(32, 2));
	EXPECT_EQ(odp->ram[33 + length], pattern(33 + length, 2));
	EXPECT_TRUE(right(odp));
}

TEST_F(rdma, read_pages)
{
	struct odp *odp = &self->odp;
	const unsigned long offset = 2 * odp->page + 300;
	const unsigned long length = 5 * odp->page + 123;

	ASSERT_EQ(rdma_read(&odp->v, &odp->ram_mr, 33, &odp->dev_mr, offset,
			    length), 0);
	EXPECT_TRUE(only_touched_moved(odp, offset, length));
	EXPECT_EQ(same(odp->ram + 33, want_at(odp, offset), length), length);
	EXPECT_EQ(odp->ram[32], pattern(32, 2));
	EXPECT_EQ(odp->ram[33 + length], pattern(33 + length, 2));
	EXPECT_TRUE(right(odp));
}

/* The MR is on the side that asks: a write comes from it, a read goes to it. */
TEST_F(rdma, local)
{
	struct odp *odp = &self->odp;
	const unsigned long offset = 2 * odp->page + 300;
	const unsigned long length = 3 * odp->page + 123;

	ASSERT_EQ(rdma_write(&odp->v, &odp->dev_mr, offset, &odp->ram_mr, 33,
			     length), 0);
	EXPECT_TRUE(only_touched_moved(odp, offset, length));
	EXPECT_EQ(same(odp->ram + 33, want_at(odp, offset), length), length);
	EXPECT_EQ(odp->ram[32], pattern(32, 2));
	EXPECT_EQ(odp->ram[33 + length], pattern(33 + length, 2));

	ASSERT_GT(to_dev(odp), 0);
	ASSERT_TRUE(pages_are(odp, odp->dev, 0, NR_PAGES, ON_DEV));
	fill(odp->ram, odp->bytes, 3);
	ASSERT_EQ(rdma_read(&odp->v, &odp->dev_mr, offset, &odp->ram_mr, 44,
			    length), 0);
	memcpy(want_at(odp, offset), odp->ram + 44, length);
	EXPECT_TRUE(only_touched_moved(odp, offset, length));
	EXPECT_TRUE(right(odp));
}

/* Both sides are on the device, in one MR. */
TEST_F(rdma, both)
{
	struct odp *odp = &self->odp;
	const unsigned long from = 9 * odp->page + 50, to = 2 * odp->page + 300;
	const unsigned long length = 2 * odp->page + 5;

	ASSERT_EQ(rdma_write(&odp->v, &odp->dev_mr, from, &odp->dev_mr, to,
			     length), 0);
	memcpy(want_at(odp, to), want_at(odp, from), length);
	EXPECT_TRUE(right(odp));
}

TEST_F(rdma, atomic)
{
	struct odp *odp = &self->odp;
	const unsigned long add = 3 * odp->page + 96, swap = 5 * odp->page + 8;
	const unsigned long set = 8 * odp->page + 16;
	uint64_t old, new, result;

	memcpy(&old, want_at(odp, add), sizeof(old));
	new = old + 0x123456789abcdef;
	memcpy(want_at(odp, add), &new, sizeof(new));
	ASSERT_EQ(atomic(&odp->v, IB_UVERBS_WR_ATOMIC_FETCH_AND_ADD, &odp->ram_mr,
			 &odp->dev_mr, add, 0x123456789abcdef, 0), 0);
	memcpy(&result, odp->ram, sizeof(result));
	EXPECT_EQ(result, old);
	EXPECT_TRUE(only_touched_moved(odp, add, sizeof(old)));

	memcpy(&old, want_at(odp, swap), sizeof(old));
	ASSERT_EQ(atomic(&odp->v, IB_UVERBS_WR_ATOMIC_CMP_AND_SWP, &odp->ram_mr,
			 &odp->dev_mr, swap, old + 1, 0x1111), 0);
	memcpy(&result, odp->ram, sizeof(result));
	EXPECT_EQ(result, old);
	new = 0x2222;
	memcpy(want_at(odp, swap), &new, sizeof(new));
	ASSERT_EQ(atomic(&odp->v, IB_UVERBS_WR_ATOMIC_CMP_AND_SWP, &odp->ram_mr,
			 &odp->dev_mr, swap, old, new), 0);
	memcpy(&result, odp->ram, sizeof(result));
	EXPECT_EQ(result, old);

	memcpy(odp->ram + 40, &new, sizeof(new));
	memcpy(want_at(odp, set), &new, sizeof(new));
	ASSERT_EQ(rdma(&odp->v, WR_ATOMIC_WRITE, &odp->ram_mr, 40, &odp->dev_mr,
		       set, sizeof(new)), 0);
	EXPECT_TRUE(right(odp));
}

/* What was mapped for the first transfer is not where the second finds the data. */
TEST_F(rdma, again)
{
	struct odp *odp = &self->odp;
	const unsigned long offset = 2 * odp->page + 300;
	const unsigned long length = 3 * odp->page + 123;

	ASSERT_EQ(rdma_write(&odp->v, &odp->ram_mr, 0, &odp->dev_mr, offset,
			     length), 0);
	ASSERT_GT(to_dev(odp), 0);
	ASSERT_TRUE(pages_are(odp, odp->dev, 0, NR_PAGES, ON_DEV));
	fill(odp->data, odp->bytes, 4);
	fill(odp->want, odp->bytes, 4);
	ASSERT_EQ(device(odp, HMM_DMIRROR_WRITE, odp->dev, odp->data, NR_PAGES),
		  NR_PAGES);
	ASSERT_TRUE(pages_are(odp, odp->dev, 0, NR_PAGES, ON_DEV));

	ASSERT_EQ(rdma_read(&odp->v, &odp->ram_mr, 33, &odp->dev_mr, offset,
			    length), 0);
	EXPECT_EQ(same(odp->ram + 33, want_at(odp, offset), length), length);

	/* Mapped for reading so far. */
	fill(odp->ram, odp->bytes, 5);
	ASSERT_EQ(rdma_write(&odp->v, &odp->ram_mr, 44, &odp->dev_mr, offset,
			     length), 0);
	memcpy(want_at(odp, offset), odp->ram + 44, length);
	EXPECT_TRUE(only_touched_moved(odp, offset, length));
	EXPECT_TRUE(right(odp));
}

TEST_F(rdma, prefetch)
{
	struct odp *odp = &self->odp;
	const unsigned long offset = 2 * odp->page + 300;
	const unsigned long length = 3 * odp->page + 123;

	ASSERT_EQ(advise(&odp->v, &odp->dev_mr, offset, length,
			 IB_UVERBS_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT), 0);
	EXPECT_TRUE(pages_are(odp, odp->dev, 0, NR_PAGES, ON_DEV));
	ASSERT_EQ(advise(&odp->v, &odp->dev_mr, offset, length,
			 IB_UVERBS_ADVISE_MR_ADVICE_PREFETCH), 0);
	EXPECT_TRUE(only_touched_moved(odp, offset, length));
	ASSERT_EQ(advise(&odp->v, &odp->dev_mr, offset + 5 * odp->page, length,
			 IB_UVERBS_ADVISE_MR_ADVICE_PREFETCH_WRITE), 0);
	EXPECT_TRUE(pages_are(odp, odp->dev,
			      (odp->dev_mr.addr - odp->dev + offset) / odp->page + 5,
			      4, RAM_RW));
	EXPECT_TRUE(right(odp));
}

/* A page that is shared since a fork has to be copied, as for a CPU. */
TEST_F(rdma, fork)
{
	struct odp *odp = &self->odp;
	const unsigned long offset = 2 * odp->page + 300;
	const unsigned long length = 3 * odp->page + 123;
	int go[2], status;
	char c = 0;
	pid_t pid;

	ASSERT_EQ(pipe(go), 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		close(go[1]);
		_exit(read(go[0], &c, 1) == 1 && right(odp) ? 0 : 1);
	}
	close(go[0]);
	ASSERT_EQ(rdma_write(&odp->v, &odp->ram_mr, 33, &odp->dev_mr, offset,
			     length), 0);
	ASSERT_EQ(write(go[1], &c, 1), 1);
	close(go[1]);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
	memcpy(want_at(odp, offset), odp->ram + 33, length);
	EXPECT_TRUE(right(odp));
}

/*
 * Memory that may be dropped, unless it is written to again. No write by the CPU makes
 * its page table entries dirty: the fault before the device's write does.
 */
TEST_F(rdma, lazily_freed)
{
	const unsigned long offset = 2 * self->odp.page, set = 9 * self->odp.page;
	struct odp *odp = &self->odp;
	uint64_t new;

	ASSERT_TRUE(right(odp));	/* and is in system memory */
	ASSERT_EQ(madvise(odp->dev, odp->bytes, MADV_FREE), 0);

	ASSERT_EQ(rdma_write(&odp->v, &odp->ram_mr, 33, &odp->dev_mr, offset,
			     odp->page), 0);
	memcpy(want_at(odp, offset), odp->ram + 33, odp->page);
	memcpy(&new, want_at(odp, set), sizeof(new));
	new++;
	memcpy(want_at(odp, set), &new, sizeof(new));
	ASSERT_EQ(atomic(&odp->v, IB_UVERBS_WR_ATOMIC_FETCH_AND_ADD, &odp->ram_mr,
			 &odp->dev_mr, set, 1, 0), 0);

	ASSERT_EQ(madvise(odp->dev, odp->bytes, MADV_PAGEOUT), 0);
	EXPECT_EQ(same(odp->dev_mr.addr + offset, want_at(odp, offset), odp->page),
		  odp->page);
	EXPECT_EQ(same(odp->dev_mr.addr + set, want_at(odp, set), sizeof(new)),
		  sizeof(new));
}

/*
 * Where there is no memory any more, there is an error and nothing else. The queue
 * pair is both ends of the connection: which end fails first is open.
 */
TEST_F(rdma, unmapped)
{
	struct odp *odp = &self->odp;
	const unsigned long offset = 2 * odp->page + 300;

	ASSERT_EQ(munmap(odp->dev, odp->folio), 0);
	EXPECT_GT(rdma_read(&odp->v, &odp->ram_mr, 0, &odp->dev_mr, offset,
			    odp->page), 0);
	for (unsigned long i = 0; i < odp->bytes; i++)
		ASSERT_EQ(odp->ram[i], pattern(i, 2));
}

struct race {
	struct odp *odp;
	bool stop;
	long moved;
};

static void *keep_migrating(void *arg)
{
	struct race *race = arg;

	while (!__atomic_load_n(&race->stop, __ATOMIC_RELAXED)) {
		long n = to_dev(race->odp);

		if (n > 0)
			race->moved += n;
	}
	return NULL;
}

/* The pages go back to the device while they are accessed. Slow CPUs need their time. */
TEST_F_TIMEOUT(rdma, race, 300)
{
	struct odp *odp = &self->odp;
	const unsigned long length = odp->dev_mr.length;
	struct race race = { .odp = odp };
	unsigned int random = 1;
	pthread_t thread;

	ASSERT_EQ(pthread_create(&thread, NULL, keep_migrating, &race), 0);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned long offset = rand_r(&random) % length;
		unsigned long n = rand_r(&random) % (length - offset) + 1;

		fill(odp->ram, n, i);
		ASSERT_EQ(rdma_write(&odp->v, &odp->ram_mr, 0, &odp->dev_mr,
				     offset, n), 0);
		memcpy(want_at(odp, offset), odp->ram, n);

		offset = rand_r(&random) % length;
		n = rand_r(&random) % (length - offset) + 1;
		ASSERT_EQ(rdma_read(&odp->v, &odp->ram_mr, 0, &odp->dev_mr,
				    offset, n), 0);
		ASSERT_EQ(same(odp->ram, want_at(odp, offset), n), n);
	}
	__atomic_store_n(&race.stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(pthread_join(thread, NULL), 0);
	EXPECT_GT(race.moved, NR_PAGES);
	EXPECT_TRUE(right(odp));
}

TEST_HARNESS_MAIN
