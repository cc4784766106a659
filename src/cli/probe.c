/*
 * The API is asked as the agent asks it: the platform makes the request and reads the
 * answer. Only the transport differs: one blocking curl call, without redirects.
 */
#include <config.h>

#include "cli/probe.h"

#include "base/clock.h"
#include "base/http.h"
#include "base/mem.h"
#include "io/http_client.h"
#include "platform/platform.h"
#include "platform/playback_token.h"

#include <curl/curl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX   (8 * 1024 * 1024)
#define CALL_SECONDS 20L
#define LIST_PAGE    1
#define LIST_LIMIT   1

/* "api production" */
static char *check_name(const char *what, const struct workspace_config *ws)
{
	return mem_printf("%s %s", what, ws->name);
}

/* ---- secrets ---- */

static void round_trip(struct report *report, const char *name,
	const struct platform *platform, const struct hook_secret *secret)
{
	static const char body[] = "{\"type\":\"vodkeep.doctor\"}";
	char *header = platform->sign(secret, body, strlen(body));

	if (platform->verify(secret, 1, header, body, strlen(body)))
		report_add(report, FINDING_OK, name, NULL,
			"a delivery signed with it is accepted");
	else
		report_add(report, FINDING_FAIL, name, "this is a fault of vodkeep",
			"a delivery signed with it is refused");
	free(header);
}

void probe_secrets(struct report *report, const struct workspace_config *ws)
{
	char *name = check_name("webhook_secret", ws);

	if (ws->webhook_secrets.count == 0)
		report_add(report, FINDING_FAIL, name,
			"set webhook_secret to what the platform's dashboard shows",
			"there is none: every delivery is refused");
	for (size_t i = 0; i < ws->webhook_secrets.count; i++) {
		struct hook_secret secret = { 0 };
		struct err err = { 0 };
		bool canonical = true;

		if (hook_secret_decode(ws->webhook_secrets.items[i], &secret,
			    &canonical, &err) < 0) {
			report_add(report, FINDING_FAIL, name,
				"copy it from the platform's dashboard again", "%s",
				err.text);
			continue;
		}
		if (!canonical)
			report_add(report, FINDING_WARN, name,
				"copy it from the platform's dashboard again",
				"it is not clean base64: a character may be lost");
		round_trip(report, name, platform_of(ws->platform), &secret);
		hook_secret_release(&secret);
	}
	free(name);
}

/* The configuration has been read, so the key is one: does it sign, and for whom? */
void probe_signing_key(struct report *report, const struct workspace_config *ws)
{
	char *name = check_name("signing_key", ws);
	struct err err = { 0 };
	char *token = NULL;

	if (!playback_key_given(ws))
		report_add(report, FINDING_OK, name, NULL,
			"there is none: private media, if there is any, waits");
	else if (playback_token(ws, "doctor", clock_system.wall_ns(), &token, &err) < 0)
		report_add(report, FINDING_FAIL, name,
			"copy the key from the platform again, or make a new one", "%s",
			err.text);
	else
		report_add(report, FINDING_OK, name, NULL,
			"it signs playback tokens as key %s", ws->signing_key_id);
	mem_free_secret(token);
	free(name);
}

/* ---- API ---- */

static size_t on_data(char *data, size_t size, size_t n, void *arg)
{
	return buf_append(arg, data, size * n) == 0 ? size * n : 0;
}

static struct curl_slist *request_headers(const struct http_request *request)
{
	struct curl_slist *list = NULL;

	for (int i = 0; i < request->n_headers; i++) {
		char *line = mem_printf(
			"%s: %s", request->headers[i].name, request->headers[i].value);
		list = curl_slist_append(list, line);
		free(line);
	}
	if (request->bearer) {
		char *line = mem_printf("Authorization: Bearer %s", request->bearer);
		list = curl_slist_append(list, line);
		mem_free_secret(line);
	}
	return list;
}

static void set_options(CURL *curl, const struct config *config,
	const struct workspace_config *ws, const struct http_request *request)
{
	curl_easy_setopt(curl, CURLOPT_URL, request->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR,
		ws->allow_private ? "http,https" : "https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, CALL_SECONDS);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
		(long)config->transfer.connect_timeout_ms);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, config->transfer.user_agent);
	curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
	if (request->basic) {
		curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(curl, CURLOPT_USERPWD, request->basic);
	}
	if (ws->ca_file)
		curl_easy_setopt(curl, CURLOPT_CAINFO, ws->ca_file);
	/* As the agent does: what the environment says about proxies counts for
	 * nothing. */
	curl_easy_setopt(curl, CURLOPT_PROXY, ws->proxy ? ws->proxy : "");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
}

static void learn_clock(CURL *curl, int64_t *clock_ns, bool *clock_known)
{
	struct curl_header *date;
	time_t there;

	if (*clock_known ||
		curl_easy_header(curl, "Date", 0, CURLH_HEADER, -1, &date) != 0)
		return;
	there = curl_getdate(date->value, NULL);
	if (there <= 0)
		return;
	*clock_ns = clock_system.wall_ns() - (int64_t)there * NS_PER_S;
	*clock_known = true;
}

static void judge_answer(struct report *report, const char *name, CURL *curl,
	const struct workspace_config *ws, const struct buf *body)
{
	struct http_response answer = { .body = buf_text(body), .body_len = body->len };
	struct list_page page = { 0 };
	struct err err = { 0 };
	const char *type = NULL, *ip = NULL;
	long status = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(curl, CURLINFO_PRIMARY_IP, &ip);
	answer.status = (int)status;
	if (type)
		snprintf(answer.content_type, sizeof(answer.content_type), "%.*s",
			(int)strcspn(type, "; "), type);
	if (ip && !ws->allow_private && !ws->proxy && address_is_private(ip)) {
		report_add(report, FINDING_FAIL, name,
			"set allow_private = yes if that is meant",
			"the API's host has the private address %s", ip);
	} else if (platform_of(ws->platform)
			   ->list_response(ws, &answer, LIST_LIMIT, &page, &err) < 0) {
		report_add(report, FINDING_FAIL, name,
			err.class == ERR_AUTH ? "check api_id and api_secret"
					      : "try again later, or check api_url",
			"%s", err.text);
	} else {
		report_add(
			report, FINDING_OK, name, NULL, "the credentials are accepted");
		list_page_release(&page);
	}
}

void probe_api(struct report *report, const struct config *config,
	const struct workspace_config *ws, int64_t *clock_ns, bool *clock_known)
{
	char *name = check_name("api", ws);
	struct http_request request = { 0 };
	struct curl_slist *headers;
	struct buf body;
	CURLcode code;
	CURL *curl = curl_easy_init();

	platform_of(ws->platform)->list_request(ws, LIST_PAGE, LIST_LIMIT, &request);
	headers = request_headers(&request);
	buf_init(&body, ANSWER_MAX);
	set_options(curl, config, ws, &request);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
	code = curl_easy_perform(curl);
	if (code == CURLE_OK) {
		learn_clock(curl, clock_ns, clock_known);
		judge_answer(report, name, curl, ws, &body);
	} else {
		report_add(report, FINDING_FAIL, name,
			"check the network, api_url, proxy and ca_file",
			"%s cannot be reached: %s", ws->api_url,
			curl_easy_strerror(code));
	}
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	buf_release(&body);
	http_request_release(&request);
	free(name);
}

/* ---- media hosts ---- */

static void probe_host(struct report *report, const char *name, const char *url)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char host[256];
	int rc;

	if (!url || http_url_host(url, host, sizeof(host), NULL) < 0)
		return;
	rc = getaddrinfo(host, NULL, &hints, &found);
	if (rc == 0)
		report_add(report, FINDING_OK, name, NULL,
			"%s is known to the resolver", host);
	else
		report_add(report, FINDING_WARN, name, "check DNS and the setting",
			"%s is not found: %s", host, gai_strerror(rc));
	if (found)
		freeaddrinfo(found);
}

void probe_media_hosts(struct report *report, const struct workspace_config *ws)
{
	char *name = check_name("media", ws);

	if (!ws->proxy) {
		probe_host(report, name, ws->stream_url);
		probe_host(report, name, ws->image_url);
	}
	free(name);
}
