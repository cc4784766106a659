/*
 * One curl handle for the life of a command. That the agent cannot be reached has three
 * usual causes; the person is told which one, and what helps.
 */
#include <config.h>

#include "cli/client.h"

#include "base/http.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/config_load.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MAX      (64 * 1024 * 1024)
#define CONNECT_SECONDS 5L
#define TOTAL_SECONDS   60L
#define PATH_MAX_BYTES  4096

struct client {
	CURL *curl;
	char *socket;
	bool (*stop_asked)(void *arg); /* or NULL */
	void *stop_arg;
	bool patient;
};

void client_close(struct client *client)
{
	if (!client)
		return;
	curl_easy_cleanup(client->curl);
	free(client->socket);
	free(client);
}

void client_stop_when(struct client *client, bool (*asked)(void *arg), void *arg)
{
	client->stop_asked = asked;
	client->stop_arg = arg;
}

void client_patient(struct client *client)
{
	client->patient = true;
}

const char *client_socket(const struct client *client)
{
	return client->socket;
}

/* The errno of connecting, which curl does not tell; 0 when it works. */
static int connect_errno(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, result = 0;

	if (strlen(path) >= sizeof(address.sun_path))
		return ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		result = errno;
	close(fd);
	return result;
}

int client_open(struct client **out, const struct cli *cli)
{
	char *path = config_load_socket(cli->config_path);
	struct config *config;
	struct client *client;

	/* A running agent's word counts more than a file that is being edited. */
	if (!path || connect_errno(path) != 0) {
		int status = cli_config(cli, &config);

		if (status != CLI_OK) {
			free(path);
			return status;
		}
		config_free(config);
	}
	client = mem_alloc(sizeof(*client));
	client->socket = path;
	client->curl = curl_easy_init();
	*out = client;
	return CLI_OK;
}

static int unreachable(const struct client *client, CURLcode code, struct err *err)
{
	int errnum = connect_errno(client->socket);

	if (errnum == ENOENT || errnum == ECONNREFUSED)
		err_set(err, ERR_TRANSIENT,
			"the agent is not running: nobody answers at %s; start it with "
			"`systemctl start vodkeep' or `vodkeep run'",
			client->socket);
	else if (errnum == EACCES || errnum == EPERM)
		err_set(err, ERR_TRANSIENT,
			"you may not connect to %s: use sudo, or join the group that owns it",
			client->socket);
	else if (errnum)
		err_sys(err, ERR_TRANSIENT, errnum, "the agent cannot be reached at %s",
			client->socket);
	else
		err_set(err, ERR_TRANSIENT, "the agent at %s does not answer: %s",
			client->socket, curl_easy_strerror(code));
	return CLI_NO_AGENT;
}

static size_t on_data(char *data, size_t size, size_t n, void *arg)
{
	return buf_append(arg, data, size * n) == 0 ? size * n : 0;
}

static int on_waiting(void *arg, curl_off_t down_total, curl_off_t down,
	curl_off_t up_total, curl_off_t up)
{
	const struct client *client = arg;

	(void)down_total, (void)down, (void)up_total, (void)up;
	return client->stop_asked(client->stop_arg);
}

static int read_answer(
	long http_status, const struct buf *body, cJSON **out, struct err *err)
{
	cJSON *json = NULL;

	if (json_parse(buf_text(body), body->len, &json, err) < 0) {
		err_wrap(err, "the agent's answer (%ld) cannot be read", http_status);
		return CLI_FAILED;
	}
	if (http_status == 200) {
		*out = json;
		return CLI_OK;
	}
	const char *sentence = json_text(json, "error");
	err_set(err, ERR_PERMANENT, "%s", sentence ? sentence : "the agent refused");
	cJSON_Delete(json);
	if (http_status == 404)
		return CLI_NO_ASSET;
	return http_status == 400 ? CLI_USAGE : CLI_FAILED;
}

static int perform(struct client *client, const char *path, const char *body,
	cJSON **out, struct err *err)
{
	CURL *curl = client->curl;
	char *url = mem_printf("http://localhost%s", path);
	struct curl_slist *headers = NULL;
	struct buf answer;
	CURLcode code;
	long http_status = 0;
	int status;

	buf_init(&answer, ANSWER_MAX);
	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->socket);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, client->patient ? 0L : TOTAL_SECONDS);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
	if (client->stop_asked) {
		curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
		curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_waiting);
		curl_easy_setopt(curl, CURLOPT_XFERINFODATA, client);
	}
	if (body) {
		headers = curl_slist_append(headers, "Content-Type: application/json");
		headers = curl_slist_append(headers, "Expect:");
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	}
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &http_status);
	if (code == CURLE_OK)
		status = read_answer(http_status, &answer, out, err);
	else
		status = unreachable(client, code, err);
	curl_slist_free_all(headers);
	buf_release(&answer);
	free(url);
	return status;
}

int client_get(struct client *client, const char *path, cJSON **out, struct err *err)
{
	return perform(client, path, NULL, out, err);
}

int client_post(struct client *client, const char *path, const cJSON *body, cJSON **out,
	struct err *err)
{
	char *text = body ? json_print(body, false) : mem_strdup("{}");
	int status = perform(client, path, text, out, err);

	free(text);
	return status;
}

static int one_match(
	const cJSON *matches, const char *text, struct asset_name *out, struct err *err)
{
	const cJSON *match;
	struct buf names;
	int n = cJSON_GetArraySize(matches);

	if (n == 0) {
		err_set(err, ERR_NOT_FOUND, "there is no asset %s", text);
		return CLI_NO_ASSET;
	}
	if (n == 1) {
		out->workspace = mem_strdup(json_text(matches, "0.workspace"));
		out->id = mem_strdup(json_text(matches, "0.id"));
		return CLI_OK;
	}
	buf_init(&names, sizeof(err->text) / 2);
	cJSON_ArrayForEach (match, matches) {
		buf_printf(&names, "\n  %s/%s", json_text(match, "workspace"),
			json_text(match, "id"));
	}
	err_set(err, ERR_INPUT, "%s may be any of these:%s", text, buf_text(&names));
	buf_release(&names);
	return CLI_USAGE;
}

int client_find(struct client *client, const char *text, struct asset_name *out,
	struct err *err)
{
	struct buf path;
	cJSON *answer;
	int status;

	buf_init(&path, PATH_MAX_BYTES);
	buf_str(&path, "/api/v1/assets/find?q=");
	http_escape(text, &path);
	if (path.overflow || !*text) {
		err_set(err, ERR_NOT_FOUND, "there is no such asset");
		status = CLI_NO_ASSET;
	} else {
		status = client_get(client, buf_text(&path), &answer, err);
		if (status == CLI_OK) {
			status = one_match(json_at(answer, "matches"), text, out, err);
			cJSON_Delete(answer);
		}
	}
	buf_release(&path);
	return status;
}

void asset_name_release(struct asset_name *name)
{
	free(name->workspace);
	free(name->id);
	*name = (struct asset_name){ 0 };
}

char *asset_name_path(const struct asset_name *name, const char *rest)
{
	struct buf path;

	buf_init(&path, PATH_MAX_BYTES);
	buf_str(&path, "/api/v1/assets/");
	http_escape(name->workspace, &path);
	buf_char(&path, '/');
	http_escape(name->id, &path);
	buf_str(&path, rest);
	return buf_steal(&path);
}
