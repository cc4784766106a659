/*
 * One hop: an easy handle with every option that matters, and the guards libcurl calls
 * on the way to the server. Each hop has a handle of its own, so that nothing of one
 * can be left in the next (making it takes a hundredth of what a small file takes);
 * connections and names are kept by the multi handle, TLS sessions by the share.
 */
#include <config.h>

#include "io/http_client_priv.h"

#include "base/mem.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define DOWNLOAD_BUFFER (256L * 1024)
#define SMALL_BUFFER    (16L * 1024)

/* Guards */

static bool guarded(const struct http_call *call)
{
	return !call->policy.allow_private && !call->policy.proxy;
}

/* It is under way. What went wrong before that was got over, as when a connection that
 * was kept had died: libcurl never clears its text. */
static void began(struct http_call *call)
{
	call->trouble[0] = '\0';
	if (!call->began_ms)
		call->began_ms = (int64_t)uv_now(call->client->loop);
}

static void block(struct http_call *call, const char *ip)
{
	err_set(&call->blocked, ERR_PERMANENT,
		"%s: refused to connect to %s, which is not a public address",
		call->origin.host, ip);
}

static int on_resolve(void *resolver, void *reserved, void *arg)
{
	(void)resolver;
	(void)reserved;
	began(arg);
	return 0;
}

/* Before each connection attempt, with the address found. */
static curl_socket_t on_open_socket(
	void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_call *call = arg;
	(void)purpose;
	began(call);
	if (guarded(call) && address_is_private_sockaddr(&address->addr)) {
		char ip[INET6_ADDRSTRLEN] = "an address";
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		memcpy(&v4, &address->addr, sizeof(v4));
		memcpy(&v6, &address->addr, sizeof(v6));
		if (address->family == AF_INET)
			inet_ntop(AF_INET, &v4.sin_addr, ip, sizeof(ip));
		else if (address->family == AF_INET6)
			inet_ntop(AF_INET6, &v6.sin6_addr, ip, sizeof(ip));
		block(call, ip);
		return CURL_SOCKET_BAD;
	}
	int fd = socket(
		address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	call->tried |= fd >= 0;
	if (fd < 0)
		err_sys(&call->blocked, ERR_LOCAL, errno, "%s: cannot make a socket",
			call->origin.host);
	return fd;
}

/* Before each request, also on a connection that another call has opened. */
static int on_request(
	void *arg, char *peer_ip, char *local_ip, int peer_port, int local_port)
{
	struct http_call *call = arg;
	(void)local_ip;
	(void)peer_port;
	(void)local_port;
	began(call);
	if (guarded(call) && address_is_private(peer_ip)) {
		block(call, peer_ip);
		return CURL_PREREQFUNC_ABORT;
	}
	call_expect(call);
	return CURL_PREREQFUNC_OK;
}

/* Options */

/* Headers that say what is wanted, not who asks. */
static bool may_travel(const char *name)
{
	return strncasecmp(name, "Accept", 6) == 0 ||
	       strncasecmp(name, "If-", 3) == 0 || strcasecmp(name, "Range") == 0;
}

static void add_header(struct http_call *call, const char *name, const char *value)
{
	char *line =
		value[0] ? mem_printf("%s: %s", name, value) : mem_printf("%s;", name);
	struct curl_slist *list = curl_slist_append(call->headers, line);
	mem_free_secret(line);
	if (list)
		call->headers = list;
}

static void set_headers(struct http_call *call, bool at_home, bool with_body)
{
	bool typed = false;
	for (int i = 0; i < call->request.n_headers; i++) {
		const struct http_header *header = &call->request.headers[i];
		if (!at_home && !may_travel(header->name))
			continue;
		typed |= strcasecmp(header->name, "Content-Type") == 0;
		add_header(call, header->name, header->value);
	}
	if (with_body && !typed)
		add_header(call, "Content-Type", "application/json");
	/* Bodies are small: waiting for "100 Continue" costs more than it saves. */
	struct curl_slist *list = curl_slist_append(call->headers, "Expect:");
	if (list)
		call->headers = list;
	curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
}

static void set_method(struct http_call *call)
{
	CURL *easy = call->easy;
	const char *method = call->turned_to_get ? "GET" : call->request.method;
	const char *body = call->turned_to_get ? NULL : call->request.body;
	const bool upload = strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
			    strcmp(method, "PATCH") == 0;

	if (strcmp(method, "HEAD") == 0) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
		return;
	}
	if (body || upload) {
		if (!body)
			body = "";
		curl_easy_setopt(
			easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
	}
	if (strcmp(method, body ? "POST" : "GET") != 0)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static void set_credentials(struct http_call *call)
{
	if (call->request.basic) {
		curl_easy_setopt(call->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(call->easy, CURLOPT_USERPWD, call->request.basic);
	} else if (call->request.bearer) {
		curl_easy_setopt(call->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		curl_easy_setopt(
			call->easy, CURLOPT_XOAUTH2_BEARER, call->request.bearer);
	}
}

static int set_tls(struct http_call *call, struct err *err)
{
	CURL *easy = call->easy;
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	const char *cas;
	int rc;

	curl_easy_setopt(easy, CURLOPT_SHARE, call->client->share);
	/* A directory of CAs would keep libcurl from keeping the parsed file. */
	if (call->policy.ca_file || curl_version_info(CURLVERSION_NOW)->cainfo)
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	if (!call->policy.ca_file)
		return 0;
	rc = ca_bundle_get(call->client, call->policy.ca_file, &cas, err);
	if (rc)
		return rc;
	curl_easy_setopt(easy, CURLOPT_CAINFO, cas);
	curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, cas);
	return 0;
}

static void set_callbacks(struct http_call *call)
{
	CURL *easy = call->easy;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->trouble);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, call_on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, call_on_data);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, on_resolve);
	curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, call);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, call);
}

static void set_transport(struct http_call *call)
{
	const struct http_policy *policy = &call->policy;
	CURL *easy = call->easy;
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
		policy->allow_private ? "http,https" : "https");
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	proxy_set(easy, policy->proxy);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
		(long)(policy->http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, policy->http2 ? 1L : 0L);
	curl_easy_setopt(
		easy, CURLOPT_CONNECTTIMEOUT_MS, (long)policy->connect_timeout_ms);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* Otherwise ending a call waits for its name lookup, in this thread. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE,
		call->fetch || policy->small_reads ? SMALL_BUFFER : DOWNLOAD_BUFFER);
	if (call->fetch)
		curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	if (call->client->user_agent)
		curl_easy_setopt(easy, CURLOPT_USERAGENT, call->client->user_agent);
}

/* What one hop leaves behind for the next. */
static void reset_hop(struct http_call *call)
{
	call->redirecting = call->finished = call->paused = call->paced = false;
	call->tried = false;
	call->head_bytes = 0;
	call->trouble[0] = '\0';
	err_clear(&call->blocked);
}

int hop_begin(struct http_call *call, struct err *err)
{
	const char *url = call->url ? call->url : call->request.url;
	int rc = policy_check_url(&call->policy, url, &call->origin, err);
	if (rc)
		return rc;
	if (call->hops == 0)
		call->first_origin = call->origin;
	reset_hop(call);
	call->easy = curl_easy_init();
	if (!call->easy)
		return err_set(err, ERR_LOCAL, "%s: out of memory", call->origin.host);
	const bool at_home = origin_equal(&call->origin, &call->first_origin);
	curl_easy_setopt(call->easy, CURLOPT_URL, url);
	set_callbacks(call);
	set_transport(call);
	set_method(call);
	set_headers(call, at_home, call->request.body && !call->turned_to_get);
	if (at_home)
		set_credentials(call);
	rc = set_tls(call, err);
	if (rc)
		return rc;
	CURLMcode code = curl_multi_add_handle(call->client->multi, call->easy);
	if (code != CURLM_OK)
		return err_set(err, ERR_LOCAL, "%s: cannot start a transfer: %s",
			call->origin.host, curl_multi_strerror(code));
	return 0;
}

void hop_end(struct http_call *call)
{
	if (call->easy) {
		curl_multi_remove_handle(call->client->multi, call->easy);
		curl_easy_cleanup(call->easy);
	}
	call->easy = NULL;
	for (struct curl_slist *item = call->headers; item; item = item->next)
		explicit_bzero(item->data, strlen(item->data));
	curl_slist_free_all(call->headers);
	call->headers = NULL;
}
