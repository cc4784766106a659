/*
 * Starting: the configuration, the archive and its marker, every module, the listeners.
 */
#include <config.h>

#include "cli/agent_parts.h"

#include "base/certificate.h"
#include "base/fs.h"
#include "base/mem.h"
#include "cli/config_load.h"
#include "io/systemd.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PEM_MAX (1u << 20)

static int read_pem(const char *path, char **out, struct err *err)
{
	struct buf buf;

	*out = NULL;
	if (!path)
		return 0;
	buf_init(&buf, PEM_MAX);
	if (fs_read(path, PEM_MAX, &buf, err) < 0) {
		buf_release(&buf);
		return err_wrap(err, "cannot read the TLS certificate or key");
	}
	*out = buf_steal(&buf);
	return 0;
}

/* Behind a proxy on this machine all senders have one address: a limit for each address
 * would close connections on deliveries that never come again. */
static bool is_behind_proxy(const char *listen)
{
	return strncmp(listen, "127.", 4) == 0 || strncmp(listen, "[::1]", 5) == 0 ||
	       strncmp(listen, "unix:", 5) == 0;
}

static int listen_receivers(struct agent *agent, struct err *err)
{
	const struct config *config = agent->settings->config;
	struct http_server_handler handler = intake_handler(agent->intake);
	struct http_server_options options = {
		.listen_fd = -1,
		.unix_mode = 0666,
		.limits = http_server_default_limits,
	};
	char *cert, *key;
	int inherited = systemd_listen_fds();
	int r = read_pem(config->receiver.tls_cert, &cert, err);

	if (r < 0)
		return r;
	r = read_pem(config->receiver.tls_key, &key, err);
	options.tls_cert = cert;
	if (r == 0 && cert &&
		certificate_end(cert, &agent->certificate_end_ns, err) < 0)
		r = err_wrap(err, "tls_cert %s", config->receiver.tls_cert);
	options.tls_key = key;
	for (int i = 0; r == 0 && i < inherited && i < LISTENERS_MAX; i++) {
		options.listen_fd = 3 + i; /* whose address the unit's author chose */
		options.limits.per_address = 0;
		r = http_server_open(&agent->receivers[agent->n_receivers],
			&agent->loop, &options, &handler, err);
		agent->n_receivers += r == 0;
	}
	options.listen_fd = -1;
	for (size_t i = 0; r == 0 && !inherited && i < config->receiver.listen.count &&
			   i < LISTENERS_MAX;
		i++) {
		options.listen = config->receiver.listen.items[i];
		options.limits.per_address =
			is_behind_proxy(options.listen)
				? 0
				: http_server_default_limits.per_address;
		r = http_server_open(&agent->receivers[agent->n_receivers],
			&agent->loop, &options, &handler, err);
		agent->n_receivers += r == 0;
	}
	free(cert);
	mem_free_secret(key);
	return r;
}

static int listen_admin(struct agent *agent, struct err *err)
{
	const struct config *config = agent->settings->config;
	struct http_server_handler handler = admin_unix_handler(agent->admin);
	char *listen = mem_printf("unix:%s", config->admin.socket);
	struct http_server_options options = {
		.listen = listen,
		.listen_fd = -1,
		.unix_mode = 0660,
		.limits = http_server_default_limits,
	};
	int r = http_server_open(
		&agent->admin_unix, &agent->loop, &options, &handler, err);

	free(listen);
	if (r < 0 || !config->admin.listen)
		return r;
	handler = admin_tcp_handler(agent->admin, config->admin.listen);
	options.listen = config->admin.listen;
	return http_server_open(
		&agent->admin_tcp, &agent->loop, &options, &handler, err);
}

static void on_meta_stored(void *arg, const struct err *err)
{
	(void)arg;
	if (err->class != ERR_NONE)
		log_error(NULL, "which archive is ours could not be stored: %s",
			err->text);
}

/* ---- what a crash has left in staging ---- */

struct staging {
	struct agent *agent;
	bool done;
	int removed;
	struct err err;
	char *const *names; /* of parts that are known, sorted */
	size_t n;
};

static int compare_name(const void *key, const void *item)
{
	return strcmp(key, *(char *const *)item);
}

static bool is_listed(const struct staging *staging, const char *name)
{
	return staging->n && bsearch(name, staging->names, staging->n,
				     sizeof(*staging->names), compare_name);
}

static bool is_claimed(void *arg, const char *name)
{
	const struct staging *staging = arg;
	char owner[256];

	if (archive_part_owner(name, owner) && is_listed(staging, owner))
		return true;
	return is_listed(staging, name);
}

static void on_part_names(
	void *arg, const struct err *err, char *const *names, size_t n)
{
	struct staging *staging = arg;
	struct agent *agent = staging->agent;

	staging->done = true;
	staging->err = *err;
	staging->names = names;
	staging->n = n;
	if (err->class == ERR_NONE &&
		archive_check(agent->archive, agent->archive_id, &staging->err) == 0)
		archive_part_sweep(agent->archive, is_claimed, staging,
			&staging->removed, &staging->err);
}

/* Parts that no row claims, and sidecars that were being written. Nothing has been
 * begun yet, so whatever the store does not know is nobody's. */
static void sweep_staging(struct agent *agent)
{
	struct staging staging = { .agent = agent };

	store_part_names(agent->store, on_part_names, &staging);
	while (!staging.done)
		uv_run(&agent->loop, UV_RUN_ONCE);
	if (staging.removed > 0)
		log_info(NULL, "%d unfinished files that nothing claims were removed",
			staging.removed);
	if (staging.err.class != ERR_NONE)
		log_warn(NULL,
			"the staging folder could not be tidied: %s; tried again at the "
			"next start",
			staging.err.text);
}

/* The default places exist after an installation; by hand they are made. */
static void make_parent(const char *path)
{
	char *parent = mem_strdup(path);
	char *slash = strrchr(parent, '/');

	if (slash && slash != parent) {
		*slash = '\0';
		mkdir(parent, 0755); /* what fails here is told when it is used */
	}
	free(parent);
}

/* The first start makes (or takes over) the archive's marker and remembers it, and has
 * adopted what lies there: the state before may have been lost. From then on
 * a missing or other marker means that the archive is not mounted: the guard stops
 * work, but deliveries are still accepted. A missing directory is made again for that:
 * empty, it has no marker. */
static int open_archive(struct agent *agent, struct err *err)
{
	const char *dir = agent->settings->config->agent.archive_dir;
	const char *known = store_meta(agent->store, "archive_id");
	bool anew;
	int r;

	if (mkdir(dir, 0750) < 0 && errno != EEXIST && errno != EROFS)
		return err_sys(
			err, ERR_LOCAL, errno, "cannot make archive_dir %s", dir);
	r = archive_open(&agent->archive, dir, err);
	if (r < 0)
		return r;
	if (known) {
		snprintf(agent->archive_id, sizeof(agent->archive_id), "%s", known);
		return 0;
	}
	r = archive_marker_read(agent->archive, agent->archive_id, err);
	anew = r == -ERR_NOT_FOUND;
	if (anew)
		r = archive_marker_create(agent->archive, agent->archive_id, err);
	if (r < 0)
		return r;
	first_import_want(&agent->first_import, agent->store, anew);
	store_put_meta(
		agent->store, "archive_id", agent->archive_id, on_meta_stored, NULL);
	return 0;
}

/* What goes through the whole archive: at once, by a person's order, and slowly. */
static void open_walkers(struct agent *agent)
{
	const struct archive_env env = {
		.loop = &agent->loop,
		.store = agent->store,
		.archive = agent->archive,
		.archive_id = agent->archive_id,
		.keeper = agent->keeper,
		.warnings = agent->warnings,
	};

	agent->verifier = verifier_new(&env);
	agent->scrub = scrub_new(&env);
	agent->chores = chores_new(&env);
	first_import_begin(&agent->first_import, &env, agent->chores);
}

static struct courier *make_courier(struct agent *agent)
{
	const struct courier_options options = {
		.loop = &agent->loop,
		.store = agent->store,
		.client = agent->client,
		.warnings = agent->warnings,
		.settings = agent->settings,
	};

	return courier_new(&options);
}

/* What brings media, and what keeps it. */
static int open_downloads(struct agent *agent, struct err *err)
{
	const struct config *config = agent->settings->config;
	const struct http_client_options client = {
		.user_agent = config->transfer.user_agent,
		.per_host = config->transfer.per_host,
	};
	struct transfers_options transfers;

	agent_transfer_options(agent, config, &transfers);
	int r = transfers_open(&agent->transfers, &agent->loop, &transfers, err);
	if (r < 0)
		return r;
	transfers_limit(agent->transfers, config);
	return http_client_open(&agent->client, &agent->loop, &client, err);
}

static int open_keeper(struct agent *agent, struct err *err)
{
	agent->courier = make_courier(agent);

	const struct keeper_options options = {
		.loop = &agent->loop,
		.store = agent->store,
		.archive = agent->archive,
		.archive_id = agent->archive_id,
		.transfers = agent->transfers,
		.api = agent->client,
		.courier = agent->courier,
		.warnings = agent->warnings,
		.settings = agent->settings,
	};

	return keeper_open(&agent->keeper, &options, err);
}

static int open_intake(struct agent *agent, struct err *err)
{
	const struct intake_options options = {
		.loop = &agent->loop,
		.store = agent->store,
		.archive = agent->archive,
		.archive_id = agent->archive_id,
		.keeper = agent->keeper,
		.warnings = agent->warnings,
		.settings = agent->settings,
	};

	return intake_open(&agent->intake, &options, err);
}

static void open_admin(struct agent *agent)
{
	const struct admin_options options = {
		.loop = &agent->loop,
		.store = agent->store,
		.archive = agent->archive,
		.transfers = agent->transfers,
		.keeper = agent->keeper,
		.verifier = agent->verifier,
		.chores = agent->chores,
		.scrub = agent->scrub,
		.warnings = agent->warnings,
		.version = PACKAGE_VERSION,
	};

	agent->admin = admin_new(&options);
}

int agent_open(struct agent *agent, struct err *err)
{
	const struct config *config = agent->settings->config;

	make_parent(config->agent.state);
	make_parent(config->admin.socket);
	int r = store_open(&agent->store, &agent->loop, config->agent.state, err);
	if (r == 0)
		r = open_archive(agent, err);
	if (r == 0) {
		sweep_staging(agent);
		r = open_downloads(agent, err);
	}
	if (r == 0)
		r = open_keeper(agent, err);
	if (r == 0) {
		open_walkers(agent);
		r = open_intake(agent, err);
	}
	if (r == 0) {
		open_admin(agent);
		r = listen_admin(agent, err);
	}
	if (r == 0)
		r = listen_receivers(agent, err);
	return r;
}

int agent_load(struct agent *agent)
{
	struct config *config = NULL;
	struct config_notes notes = { 0 };
	struct err err = { 0 };
	int r = config_load(agent->config_path, &config, &notes);

	agent_tell_notes(&notes, false);
	config_notes_release(&notes);
	if (r < 0)
		return r;
	r = settings_new(config, &agent->settings, &err);
	if (r < 0) {
		fprintf(stderr, "vodkeep: %s\n", err.text);
		config_free(config);
		return r;
	}
	agent->began = settings_ref(agent->settings);
	agent_configure_log(agent, config);
	return 0;
}
