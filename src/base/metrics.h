/*
 * Counters and gauges for /metrics, from one table; Prometheus text, base units.
 *
 * Any thread may add. Labels are bounded: a metric has at most one label whose values
 * come from the configuration or an enum, and at most 256 of them.
 */
#ifndef VODKEEP_BASE_METRICS_H
#define VODKEEP_BASE_METRICS_H

#include "base/buf.h"
#include <stdint.h>

/* id, name, type, unit scale is base units, label name or NULL, help */
/* clang-format off */
#define METRICS(X) \
	X(METRIC_DELIVERIES, "vodkeep_deliveries_total", "counter", "outcome", "Webhook deliveries by outcome.") \
	X(METRIC_LOST, "vodkeep_lost_deliveries_total", "counter", "workspace", "Deliveries that never came, repaired by reconciling.") \
	X(METRIC_LOST_OLDEST, "vodkeep_lost_delivery_oldest_timestamp_seconds", "gauge", "workspace", "When the oldest of the lost deliveries should have come.") \
	X(METRIC_RECONCILED, "vodkeep_reconciled_timestamp_seconds", "gauge", "workspace", "When the platform's list was last compared whole.") \
	X(METRIC_API_REQUESTS, "vodkeep_api_requests_total", "counter", "outcome", "Platform API calls by outcome class.") \
	X(METRIC_HOSTS_DOWN, "vodkeep_hosts_down", "gauge", NULL, "Hosts that are left alone because they do not answer.") \
	X(METRIC_HOST_MOVES, "vodkeep_host_moves_total", "counter", "move", "Hosts left alone (opened, reopened), probed, and answering again (closed).") \
	X(METRIC_TRANSFERS, "vodkeep_transfers_total", "counter", "outcome", "File transfer attempts by outcome class.") \
	X(METRIC_TRANSFER_BYTES, "vodkeep_transfer_bytes_total", "counter", NULL, "Media bytes received.") \
	X(METRIC_TRANSFERS_ACTIVE, "vodkeep_transfers_active", "gauge", NULL, "Transfers in flight.") \
	X(METRIC_TRANSFERS_STALLED, "vodkeep_transfers_stalled", "gauge", NULL, "Transfers in flight that get no bytes.") \
	X(METRIC_TRANSFERS_WAITING, "vodkeep_transfers_waiting", "gauge", NULL, "Files that wait for a place among those in flight.") \
	X(METRIC_TRANSFER_RATE, "vodkeep_transfer_bytes_per_second", "gauge", NULL, "Media bytes received a second, over the last seconds.") \
	X(METRIC_TRANSFER_HELD, "vodkeep_transfer_held_bytes", "gauge", NULL, "Bytes that are there of the files in flight.") \
	X(METRIC_TRANSFER_REMAINING, "vodkeep_transfer_remaining_bytes", "gauge", NULL, "Bytes still to come of the files in flight whose size is known.") \
	X(METRIC_TRANSFER_RESUMED, "vodkeep_transfer_resumed_bytes_total", "counter", NULL, "Bytes of whole files that a resumed transfer did not fetch again.") \
	X(METRIC_REMOVALS, "vodkeep_removals_total", "counter", "outcome", "Removal decisions by outcome.") \
	X(METRIC_STATE_MOVES, "vodkeep_asset_state_moves_total", "counter", "state", "Assets entering a state.") \
	X(METRIC_COMMITS, "vodkeep_store_commits_total", "counter", NULL, "Store transactions committed.") \
	X(METRIC_COMMIT_SECONDS, "vodkeep_store_commit_seconds_total", "counter", NULL, "Time spent committing.") \
	X(METRIC_STORE_ERRORS, "vodkeep_store_errors_total", "counter", NULL, "Store transactions that failed.") \
	X(METRIC_ARCHIVE_FREE, "vodkeep_archive_free_bytes", "gauge", NULL, "Free space on the archive's filesystem.") \
	X(METRIC_ARCHIVE_SIZE, "vodkeep_archive_bytes", "gauge", NULL, "Bytes of archived files.") \
	X(METRIC_ASSETS, "vodkeep_assets", "gauge", "state", "Assets by state.") \
	X(METRIC_VERIFIED, "vodkeep_verified_files_total", "counter", "outcome", "Archived files read again, by what they were found to be.") \
	X(METRIC_VERIFIED_BYTES, "vodkeep_verified_bytes_total", "counter", NULL, "Bytes of archived files read again.") \
	X(METRIC_DAMAGED, "vodkeep_damaged_files", "gauge", NULL, "Archived files that are missing or damaged, by the last time they were read.") \
	X(METRIC_NOTICES, "vodkeep_notices_total", "counter", "outcome", "Attempts to tell others of an asset, by outcome.") \
	X(METRIC_OUTBOX, "vodkeep_outbox_notices", "gauge", "kind", "Notices that wait to be told, by notify or after.") \
	X(METRIC_OUTBOX_OLDEST, "vodkeep_outbox_oldest_timestamp_seconds", "gauge", "kind", "When the oldest of them was made; 0: none waits.") \
	X(METRIC_LOOP_LAG, "vodkeep_loop_lag_seconds", "gauge", NULL, "Largest recent delay of the control loop.") \
	X(METRIC_WARNINGS, "vodkeep_warnings", "gauge", NULL, "Warnings that are current.")
/* clang-format on */

enum metric {
#define METRIC_ENUM(id, name, type, label, help) id,
	METRICS(METRIC_ENUM)
#undef METRIC_ENUM
		METRIC_COUNT
};

/* @label must be NULL exactly when the metric has none; values beyond the bound are
 * counted under "other". Values are double in text; the seconds metric is fed in
 * seconds. */
void metric_add(enum metric metric, const char *label, double value);
void metric_set(enum metric metric, const char *label, double value);
double metric_get(enum metric metric, const char *label);
/* The whole exposition text. */
void metrics_text(struct buf *out);
void metrics_reset(void); /* tests */

#endif
