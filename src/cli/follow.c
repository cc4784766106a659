/*
 * Asking ever more seldom: most runs end in moments, the rest takes hours.
 */
#include <config.h>

#include "cli/follow.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/text.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_FIRST (20 * NS_PER_MS)
#define PAUSE_MAX   (500 * NS_PER_MS)
#define LINE_MAX_B  1024

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

static void show(const struct follow *follow, const cJSON *run, bool last)
{
	struct buf line;

	if (follow->cli->verbosity < 0 || !isatty(STDERR_FILENO))
		return;
	buf_init(&line, LINE_MAX_B);
	if (!last)
		follow->progress(follow->arg, run, &line);
	fprintf(stderr, "\r\033[K%s", buf_text(&line));
	buf_release(&line);
}

int follow_run(const struct follow *follow, cJSON **run, struct err *err)
{
	struct sigaction action = { .sa_handler = on_interrupt };
	int64_t id = json_int(*run, "run", 0), pause_ns = PAUSE_FIRST;
	char *cancel = mem_printf("%s/cancel", follow->path);
	bool asked = false;
	int rc = CLI_OK;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	while (rc == CLI_OK && json_bool(*run, "running", false)) {
		const struct timespec pause = { .tv_nsec = pause_ns };
		bool stop = interrupted && !asked;

		show(follow, *run, false);
		if (!stop)
			nanosleep(&pause, NULL);
		pause_ns = pause_ns * 2 < PAUSE_MAX ? pause_ns * 2 : PAUSE_MAX;
		cJSON_Delete(*run);
		*run = NULL;
		rc = stop ? client_post(follow->client, cancel, NULL, run, err)
			  : client_get(follow->client, follow->path, run, err);
		asked |= stop;
	}
	show(follow, *run, true);
	free(cancel);
	if (rc == CLI_OK && json_int(*run, "run", 0) != id) {
		err_set(err, ERR_TRANSIENT,
			"the agent has begun another run: this one's result is gone");
		rc = CLI_FAILED;
	}
	return rc;
}
