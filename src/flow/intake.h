/*
 * Receiving: POST /hooks/WORKSPACE (INTERFACE §4). Verifies the signature over the raw
 * bytes, reads the event, hands it to the store, and answers when it is durable. A
 * picture of a stream goes to flow/series instead, under the same promise. Never asks a
 * platform's API. Control loop only.
 */
#ifndef VODKEEP_FLOW_INTAKE_H
#define VODKEEP_FLOW_INTAKE_H

#include "archive/archive.h"
#include "flow/keeper.h"
#include "flow/settings.h"
#include "flow/warnings.h"
#include "io/http_server.h"
#include "store/store.h"

struct intake;

struct intake_options {
	uv_loop_t *loop;
	struct store *store;
	struct archive *archive;
	const char *archive_id; /* borrowed, as all here */
	struct keeper *keeper;
	struct warnings *warnings;
	struct settings *settings;
};
int intake_open(
	struct intake **out, const struct intake_options *options, struct err *err);
void intake_reload(struct intake *intake, struct settings *settings);
/* The handler for the receiver's listeners. */
struct http_server_handler intake_handler(struct intake *intake);
/* Before the keeper is closed, after the listeners: deliveries that are still with the
 * store are kept there; the keeper of the next start finds them due. */
void intake_detach(struct intake *intake);
/* After the store is closed: nothing is pending. NULL allowed. */
void intake_close(struct intake *intake);
/* Deliveries handed to the store and pictures to the archive, not answered yet. */
size_t intake_pending(const struct intake *intake);

#endif
