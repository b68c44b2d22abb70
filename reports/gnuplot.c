/* gnuplot.c - see gnuplot.h. */
#include "gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_SCRIPTS 16
#define WAIT_MS 5
/* A chart takes a tenth of a second; whoever needs so long hangs. */
#define LIMIT_MS 20000

/* The status of the process, or -1 if it had to be stopped. */
static int wait_for(pid_t pid)
{
	const struct timespec pause = { 0, WAIT_MS * 1000000L };
	int status;

	for (int ms = 0; ms < LIMIT_MS; ms += WAIT_MS) {
		pid_t done = waitpid(pid, &status, WNOHANG);

		if (done == pid)
			return status;
		if (done < 0 && errno != EINTR)
			return -1;
		nanosleep(&pause, NULL);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

/* Neither a user's settings nor the locale change what is drawn. */
static int spawn_in(const char *dir, char *const *argv, pid_t *pid)
{
	static char locale[] = "LC_ALL=C", no_display[] = "DISPLAY=";
	char path[4096], home[4096];
	char *environment[] = { path, home, locale, no_display, NULL };
	posix_spawn_file_actions_t actions;
	int error;

	snprintf(path, sizeof(path), "PATH=%s", getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
	snprintf(home, sizeof(home), "HOME=%s", getenv("HOME") ? getenv("HOME") : "/");
	if (posix_spawn_file_actions_init(&actions))
		return ENOMEM;
	error = posix_spawn_file_actions_addchdir_np(&actions, dir);
	if (!error)
		error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (!error)
		error = posix_spawnp(pid, argv[0], &actions, NULL, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

enum gnuplot_result gnuplot_run(const char *dir, const char *const *scripts, size_t nr)
{
	static char program[] = "gnuplot", settings[] = "--default-settings";
	char *argv[MAX_SCRIPTS + 3] = { program, settings };
	pid_t pid;
	int status;

	for (size_t i = 0; i < nr && i < MAX_SCRIPTS; i++)
		argv[2 + i] = (char *)scripts[i];
	if (spawn_in(dir, argv, &pid))
		return GNUPLOT_MISSING;
	status = wait_for(pid);
	if (status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return GNUPLOT_MISSING;
	return status == 0 ? GNUPLOT_DRAWN : GNUPLOT_FAILED;
}
