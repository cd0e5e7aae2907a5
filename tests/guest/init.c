// SPDX-License-Identifier: GPL-2.0
/*
 * Process 1 of a test guest: mounts what the tests need, makes the device
 * nodes of test_hmm, runs the programs named on the kernel command line
 *
 *	run=PROGRAM[,ARGUMENT...][;PROGRAM...]
 *	out=DEVICE
 *
 * and powers off. The programs write to a terminal of their own, the second serial
 * port unless told otherwise, so that their output and the kernel's log never share
 * a line. The harness reads
 *
 *	guest: start PROGRAM
 *	guest: end PROGRAM STATUS	(128 + signal for one that was killed)
 *	guest: done
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define MAX_ARGS	32

static void mount_on(const char *type, const char *dir)
{
	mkdir(dir, 0755);
	if (mount(type, dir, type, 0, NULL) && errno != EBUSY)
		fprintf(stderr, "guest: cannot mount %s: %m\n", dir);
}

/* The value of a word on the kernel command line; @none if it is not there. */
static const char *option(const char *name, const char *none)
{
	static char line[4096];
	FILE *cmdline = fopen("/proc/cmdline", "r");
	size_t len = strlen(name);
	char *word = NULL;

	if (cmdline && fgets(line, sizeof(line), cmdline)) {
		line[strcspn(line, "\n")] = 0;
		for (word = strtok(line, " "); word; word = strtok(NULL, " "))
			if (!strncmp(word, name, len) && word[len] == '=')
				break;
	}
	if (cmdline)
		fclose(cmdline);
	return word ? word + len + 1 : none;
}

/* All output goes to a terminal of its own, unaltered. */
static void use_own_terminal(void)
{
	struct termios raw;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", option("out", "ttyS1"));
	fd = open(path, O_RDWR | O_NOCTTY);
	if (fd < 0)
		return;
	if (!tcgetattr(fd, &raw)) {
		cfmakeraw(&raw);
		cfsetspeed(&raw, B115200);
		tcsetattr(fd, TCSANOW, &raw);
	}
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	if (fd > 2)
		close(fd);
}

/* test_hmm has no class, so devtmpfs does not know its minors. */
static void make_hmm_nodes(void)
{
	char line[128], path[32], name[64];
	FILE *devices = fopen("/proc/devices", "r");
	int major;

	if (!devices)
		return;
	while (fgets(line, sizeof(line), devices)) {
		if (sscanf(line, "%d %63s", &major, name) != 2 ||
		    strcmp(name, "HMM_DMIRROR"))
			continue;
		for (int minor = 0; minor < 4; minor++) {
			snprintf(path, sizeof(path), "/dev/hmm_dmirror%d", minor);
			mknod(path, S_IFCHR | 0600, makedev(major, minor));
		}
		break;
	}
	fclose(devices);
}

/* Marks in the kernel's log which program the lines that follow belong to. */
static void note(const char *what)
{
	FILE *kmsg = fopen("/dev/kmsg", "w");

	printf("guest: %s\n", what);
	fflush(stdout);
	if (kmsg) {
		fprintf(kmsg, "guest: %s\n", what);
		fclose(kmsg);
	}
}

static void run(char *command)
{
	char *argv[MAX_ARGS + 1], *rest = NULL, path[256], text[320];
	int argc = 0, status, code;
	pid_t pid;

	for (char *arg = strtok_r(command, ",", &rest); arg && argc < MAX_ARGS;
	     arg = strtok_r(NULL, ",", &rest))
		argv[argc++] = arg;
	argv[argc] = NULL;
	if (!argc)
		return;

	snprintf(path, sizeof(path), "/bin/%s", argv[0]);
	snprintf(text, sizeof(text), "start %s", argv[0]);
	note(text);
	pid = fork();
	if (!pid) {
		execv(path, argv);
		fprintf(stderr, "guest: cannot run %s: %m\n", path);
		_exit(127);
	}
	/* Orphans of the tests end here as well. */
	for (;;) {
		pid_t dead = wait(&status);

		if (dead == pid)
			break;
		if (dead < 0 && errno == ECHILD) {
			status = 0xff00;
			break;
		}
	}
	code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	tcdrain(1);
	snprintf(text, sizeof(text), "end %s %d", argv[0], code);
	note(text);
}

int main(void)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	char *list, *rest = NULL;

	mount_on("proc", "/proc");
	mount_on("sysfs", "/sys");
	mount_on("devtmpfs", "/dev");
	mount_on("debugfs", "/sys/kernel/debug");
	mount_on("tmpfs", "/tmp");
	use_own_terminal();
	make_hmm_nodes();
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	setenv("PATH", "/bin", 1);
	setenv("HOME", "/tmp", 1);
	if (chdir("/tmp"))
		fprintf(stderr, "guest: no /tmp: %m\n");

	list = strdup(option("run", ""));
	for (char *command = strtok_r(list, ";", &rest); command;
	     command = strtok_r(NULL, ";", &rest))
		run(command);

	note("done");
	tcdrain(1);
	sync();
	reboot(RB_POWER_OFF);
	return 0;
}
