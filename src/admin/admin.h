/*
 * The admin side of the agent: the JSON API behind the commands, health, metrics and
 * the page (INTERFACE §8, vodkeep-api(7)). It asks and tells store and keeper; it
 * decides nothing about media. Control loop only.
 */
#ifndef VODKEEP_ADMIN_ADMIN_H
#define VODKEEP_ADMIN_ADMIN_H

#include "archive/archive.h"
#include "flow/chores.h"
#include "flow/keeper.h"
#include "flow/scrub.h"
#include "flow/transfer.h"
#include "flow/verifier.h"
#include "flow/warnings.h"
#include "io/http_server.h"
#include "store/store.h"

struct admin;

/* All borrowed; they must outlive the admin. The configuration in force is the
 * keeper's. */
struct admin_options {
	uv_loop_t *loop;
	struct store *store;
	struct keeper *keeper;
	struct transfers *transfers;
	struct warnings *warnings;
	struct archive *archive;
	struct verifier *verifier;
	struct scrub *scrub;
	struct chores *chores;
	const char *version;
};
struct admin *admin_new(const struct admin_options *options);

/* For the unix socket: everything is allowed, the file mode decides who may connect. */
struct http_server_handler admin_unix_handler(struct admin *admin);
/* For admin.listen, bound as @listen: all but backups, guarded against other sites'
 * pages (admin/guard.h) and by admin.password. One TCP listener for each admin. */
struct http_server_handler admin_tcp_handler(struct admin *admin, const char *listen);

/* Before keeper and transfers are closed: requests whose store calls come back later
 * are answered 503 and touch neither. */
void admin_detach(struct admin *admin);
/* Requests whose store calls have not come back yet. */
size_t admin_pending(const struct admin *admin);
/* After the listeners and the store are closed: nothing may be pending. NULL allowed.
 */
void admin_free(struct admin *admin);

#endif
