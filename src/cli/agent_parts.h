/*
 * Private to cli/agent*.c: the agent's modules side by side. Nobody below sees this.
 */
#ifndef VODKEEP_CLI_AGENT_PARTS_H
#define VODKEEP_CLI_AGENT_PARTS_H

#include "admin/admin.h"
#include "core/config.h"
#include "flow/courier.h"
#include "flow/intake.h"
#include "flow/keeper.h"
#include "flow/scrub.h"
#include "flow/verifier.h"
#include "io/http_client.h"
#include "io/http_server.h"

#define LISTENERS_MAX 16

struct agent {
	uv_loop_t loop;
	char *config_path;
	int verbosity;
	struct settings *settings;
	struct settings *began; /* what the agent was started with */
	struct warnings *warnings;
	struct store *store;
	struct archive *archive;
	char archive_id[33];
	int64_t certificate_end_ns; /* of the receiver's; 0 none */
	unsigned minutes;           /* of housekeeping */
	struct transfers *transfers;
	struct http_client *client;
	struct courier *courier;
	struct keeper *keeper;
	struct verifier *verifier;
	struct scrub *scrub;
	struct intake *intake;
	struct admin *admin;
	struct http_server *receivers[LISTENERS_MAX], *admin_unix, *admin_tcp;
	int n_receivers;
	uv_signal_t sigterm, sigint, sighup;
	uv_timer_t housekeeping, lag, drain, watchdog;
	int64_t lag_at_ms, stopping_at_ms;
	uv_work_t reload_work, purge_work;
	bool reloading, reload_again, purging;
	struct config *reloaded;
	struct config_notes reload_notes;
	char purge_before[32];
	bool stopping;
	int servers_open, closing;
	int status;
};

/* agent_start.c: read the configuration (0, or -ERR_INPUT with the findings on standard
 * error); open everything and listen. */
int agent_load(struct agent *agent);
int agent_open(struct agent *agent, struct err *err);
/* agent_reload.c */
void agent_configure_log(const struct agent *agent, const struct config *config);
void agent_tell_notes(const struct config_notes *notes, bool to_log);
void agent_transfer_options(const struct agent *agent, const struct config *config,
	struct transfers_options *out);
void agent_reload(struct agent *agent);
/* agent_watch.c: once a minute. The others also at the start, when what was due
 * meanwhile is no sign of anything; webhooks after a reload, too. */
void agent_watch(struct agent *agent);
void agent_watch_hooks(struct agent *agent);
void agent_watch_certificate(struct agent *agent);

#endif
