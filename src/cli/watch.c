/*
 * Signals are blocked and waited for, so that nothing happens in the middle of a
 * picture, and the terminal is always given back.
 */
#include <config.h>

#include "cli/watch.h"

#include "cli/screen.h"
#include "cli/status_changes.h"
#include "cli/status_text.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 1000
/* An agent that is stopping, or cannot read its store just now, refuses; then it is
 * gone, or well again. */
#define REFUSALS_MAX 10

struct watch {
	const struct cli *cli;
	struct client *client;
	bool screen;   /* to be drawn on */
	bool entered;  /* and taken */
	cJSON *status; /* as last seen */
	int refusals;
	sigset_t signals, before;
	int ended_by; /* a signal */
};

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH };

static void block_signals(struct watch *watch)
{
	sigemptyset(&watch->signals);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaddset(&watch->signals, signals[i]);
	sigprocmask(SIG_BLOCK, &watch->signals, &watch->before);
}

/* The agent may take long to answer; nobody has to wait for it. */
static bool is_interrupted(void *arg)
{
	sigset_t pending;

	(void)arg;
	sigpending(&pending);
	return sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) ||
	       sigismember(&pending, SIGHUP);
}

static void draw(const struct watch *watch)
{
	const struct text_page page = {
		.width = cli_width(),
		.height = watch->screen ? cli_height() : 0,
		.color = watch->screen && cli_color(),
	};
	struct buf text;

	buf_init(&text, CLI_TEXT_MAX);
	status_text(watch->status, &page, &text);
	if (watch->screen)
		screen_draw(&text);
	else
		cli_print(&text);
	buf_release(&text);
}

static void tell_changes(const struct watch *watch, const cJSON *now)
{
	time_t seconds = time(NULL);
	struct tm local;
	char when[16];
	struct buf text;

	localtime_r(&seconds, &local);
	strftime(when, sizeof(when), "%H:%M:%S", &local);
	buf_init(&text, CLI_TEXT_MAX);
	status_changes(watch->status, now, when, &text);
	cli_print(&text);
	buf_release(&text);
}

static void show(struct watch *watch, cJSON *now)
{
	bool first = !watch->status;

	if (watch->screen && !watch->entered) {
		screen_enter();
		watch->entered = true;
	}
	if (!watch->screen && !first)
		tell_changes(watch, now);
	cJSON_Delete(watch->status);
	watch->status = now;
	if (watch->screen || first)
		draw(watch);
}

/* Ask and show. CLI_OK to go on. */
static int look(struct watch *watch, struct err *err)
{
	cJSON *now;
	int rc = client_get(watch->client, "/api/v1/status", &now, err);

	if (rc == CLI_OK) {
		watch->refusals = 0;
		show(watch, now);
		if (fflush(stdout) == 0)
			return CLI_OK;
		err_set(err, ERR_LOCAL, "standard output cannot be written to");
		return CLI_FAILED;
	}
	if (is_interrupted(NULL))
		return CLI_OK; /* next_signal() tells */
	return rc == CLI_FAILED && ++watch->refusals < REFUSALS_MAX ? CLI_OK : rc;
}

/* Stopped by Ctrl-Z: the shell gets its terminal, and it is taken again after. */
static void suspend(const struct watch *watch)
{
	if (watch->entered)
		screen_leave();
	raise(SIGSTOP);
	if (watch->entered) {
		screen_enter();
		draw(watch);
	}
}

static int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until it is time to look again; true when that is not wanted any more. */
static bool rest(struct watch *watch)
{
	struct pollfd reader = { .fd = STDOUT_FILENO };
	int64_t until_ms = clock_ms() + LOOK_MS, left_ms;

	while ((left_ms = until_ms - clock_ms()) > 0) {
		const struct timespec left = { left_ms / 1000,
			left_ms % 1000 * 1000000 };

		switch (sigtimedwait(&watch->signals, NULL, &left)) {
		case SIGINT:
			watch->ended_by = SIGINT;
			return true;
		case SIGTERM:
			watch->ended_by = SIGTERM;
			return true;
		case SIGHUP:
			watch->ended_by = SIGHUP;
			return true;
		case SIGTSTP:
			suspend(watch);
			break;
		case SIGWINCH:
			if (watch->entered)
				draw(watch);
			break;
		default: /* time is over */
			break;
		}
	}
	/* A pipe that nobody reads any more. */
	return poll(&reader, 1, 0) > 0 && (reader.revents & (POLLERR | POLLHUP));
}

int watch_status(const struct cli *cli, struct client *client)
{
	struct watch watch = { .cli = cli, .client = client, .screen = cli_terminal() };
	struct err err = { 0 };
	int rc;

	block_signals(&watch);
	client_stop_when(client, is_interrupted, NULL);
	do {
		rc = look(&watch, &err);
	} while (rc == CLI_OK && !rest(&watch));
	if (watch.entered)
		screen_leave();
	cJSON_Delete(watch.status);
	if (rc != CLI_OK)
		return cli_fail(cli, rc, "%s", err.text);
	if (watch.ended_by == SIGTERM || watch.ended_by == SIGHUP) {
		signal(watch.ended_by, SIG_DFL);
		sigprocmask(SIG_SETMASK, &watch.before, NULL);
		raise(watch.ended_by);
	}
	return CLI_OK;
}
