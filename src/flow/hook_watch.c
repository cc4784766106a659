/*
 * One question for each workspace; the webhook's secret, which the answer brings along,
 * goes no further than the answer.
 */
#include <config.h>

#include "flow/hook_watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX (1u << 20)
#define TOTAL_MS   30000

struct question {
	struct settings *settings;
	const struct workspace_config *ws;
	struct warnings *warnings;
	char host[256];
};

static void judge(const struct question *question, const struct hook_state *hook)
{
	const char *name = question->ws->name;
	const char *title = platform_of(question->ws->platform)->title;
	char key[96], until[40] = "a time that it does not tell";
	snprintf(key, sizeof(key), "webhook/%s", name);
	if (hook->until_ns)
		time_format_local(hook->until_ns, until);
	if (hook->found && hook->disabled)
		warnings_set(question->warnings, key, name, false,
			"%s has turned off the webhook of workspace %s until %s%s%s: "
			"deliveries are lost until then, and reconciling finds what "
			"they would have told; turn it on again there, and see that the "
			"receiver answers in time",
			title, name, until, hook->reason[0] ? ", because " : "",
			hook->reason);
	else if (hook->found && !hook->media)
		warnings_set(question->warnings, key, name, false,
			"the webhook of workspace %s does not send media events: choose "
			"them at %s",
			name, title);
	else
		warnings_clear(question->warnings, key);
}

static void on_answer(
	void *arg, const struct err *err, const struct http_response *answer)
{
	struct question *question = arg;
	const struct workspace_config *ws = question->ws;
	struct log_about about = { .workspace = ws->name };
	struct err why = *err;
	struct hook_state hook;
	if (answer &&
		platform_of(ws->platform)->hook_response(ws, answer, &hook, &why) == 0)
		judge(question, &hook);
	else
		log_debug(
			&about, "whether its webhook is on is not known: %s", why.text);
	settings_unref(question->settings);
	free(question);
}

static bool only_its_host(void *arg, const char *host)
{
	const struct question *question = arg;
	return strcmp(question->host, host) == 0;
}

static void ask(struct http_client *client, struct settings *settings,
	const struct workspace_config *ws, struct warnings *warnings)
{
	struct question *question = mem_alloc(sizeof(*question));
	const struct http_policy policy = {
		.host_allowed = only_its_host,
		.arg = question,
		.allow_private = ws->allow_private,
		.ca_file = ws->ca_file,
		.proxy = ws->proxy,
		.connect_timeout_ms = settings->config->transfer.connect_timeout_ms,
		.total_ms = TOTAL_MS,
		.http2 = true,
	};
	struct http_request request;
	question->settings = settings_ref(settings);
	question->ws = ws;
	question->warnings = warnings;
	platform_of(ws->platform)->hook_request(ws, &request);
	http_url_host(request.url, question->host, sizeof(question->host), NULL);
	http_fetch(client, &request, &policy, ANSWER_MAX, on_answer, question);
	http_request_release(&request);
}

void hook_watch_ask(struct http_client *client, struct settings *settings,
	struct warnings *warnings)
{
	const struct config *config = settings->config;
	for (size_t i = 0; i < config->n_workspaces; i++)
		if (platform_of(config->workspaces[i].platform)->hook_request)
			ask(client, settings, &config->workspaces[i], warnings);
}
