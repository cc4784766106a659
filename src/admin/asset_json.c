/*
 * Members are always present: what is not known is null. A list entry and a whole asset
 * use the same names for the same things.
 */
#include <config.h>

#include "admin/asset_json.h"

#include "base/clock.h"
#include "base/json.h"
#include "core/retire.h"
#include <string.h>

static void add_duration(cJSON *json, int64_t ms)
{
	if (ms < 0)
		cJSON_AddNullToObject(json, "duration");
	else
		cJSON_AddNumberToObject(json, "duration", (double)ms / 1000.0);
}

cJSON *asset_summary_json(const struct asset_summary *summary, enum asset_state state)
{
	cJSON *json = cJSON_CreateObject();

	json_add_int(json, "row", summary->row);
	json_add_text(json, "workspace", summary->workspace);
	json_add_text(json, "id", summary->id);
	json_add_text(json, "state", asset_state_name(state));
	json_add_bool(json, "held", summary->held);
	json_add_text(json, "title", summary->title);
	json_add_text(json, "type", summary->type);
	json_add_time(json, "created", summary->created_ns);
	json_add_time(json, "first_seen", summary->first_seen_ns);
	json_add_time(json, "archived", summary->archived_ns);
	json_add_int(json, "bytes", summary->bytes);
	json_add_int(json, "files", summary->files);
	json_add_text(json, "path", summary->path);
	json_add_text(json, "reason", summary->reason);
	json_add_text(json, "rule", summary->rule);
	json_add_time(json, "due", summary->due_ns);
	add_duration(json, summary->duration_ms);
	json_add_text(json, "thumbnail", summary->thumbnail);
	return json;
}

static void add_facts(cJSON *json, const struct facts *facts)
{
	char resolution[16];

	facts_resolution(facts, resolution);
	json_add_text(json, "title", facts->title);
	json_add_text(json, "type", facts->type);
	json_add_text(json, "stream", facts->stream);
	json_add_text(json, "channel", facts->channel);
	json_add_text(json, "creator", facts->creator);
	json_add_time(json, "created", facts->created_ns);
	json_add_time(json, "expires", facts->expires_ns);
	json_add_text(json, "resolution", *resolution ? resolution : NULL);
	add_duration(json, facts->duration_ms);
	if (facts->metadata)
		cJSON_AddItemToObject(
			json, "metadata", cJSON_Duplicate(facts->metadata, true));
	else
		cJSON_AddNullToObject(json, "metadata");
}

static void add_times(cJSON *json, const struct event_times *times)
{
	cJSON *object = cJSON_AddObjectToObject(json, "times");

	json_add_time(object, "announced", times->announced);
	json_add_time(object, "ready", times->ready);
	json_add_time(object, "changed", times->changed);
	json_add_time(object, "failed", times->failed);
	json_add_time(object, "deleted", times->deleted);
}

/* The current ones, or the @old versions of them. */
static void add_files(
	cJSON *json, const char *name, const struct asset *asset, bool old)
{
	cJSON *list = cJSON_AddArrayToObject(json, name);

	for (size_t i = 0; i < asset->n_files; i++) {
		const struct file *file = &asset->files[i];
		cJSON *entry;

		if (old != (file->replaced_ns > 0))
			continue;
		entry = cJSON_CreateObject();
		json_add_text(entry, "role", role_name(file->role));
		json_add_text(entry, "key", file->key);
		json_add_text(entry, "path", file->path);
		json_add_int(entry, "bytes", file->bytes);
		json_add_text(entry, "sha256", file->sha256);
		json_add_text(entry, "content_type", file->content_type);
		json_add_text(entry, "language", file->language);
		json_add_time(entry, "downloaded", file->downloaded_ns);
		if (old)
			json_add_time(entry, "replaced", file->replaced_ns);
		json_add_text(entry, "source_host", file->source_host);
		json_add_text(entry, "made", file->made);
		cJSON_AddItemToArray(list, entry);
	}
}

void asset_missing_json(cJSON *json, const struct asset *asset)
{
	cJSON *list = NULL;

	if (asset->missing)
		json_parse(asset->missing, strlen(asset->missing), &list, NULL);
	cJSON_AddItemToObject(json, "missing", list ? list : cJSON_CreateArray());
}

static void add_parts(cJSON *json, const struct asset *asset)
{
	cJSON *list = cJSON_AddArrayToObject(json, "parts");

	for (size_t i = 0; i < asset->n_parts; i++) {
		cJSON *entry = cJSON_CreateObject();

		json_add_text(entry, "key", asset->parts[i].key);
		json_add_int(entry, "held", asset->parts[i].held);
		json_add_amount(entry, "total", asset->parts[i].total);
		cJSON_AddItemToArray(list, entry);
	}
}

cJSON *asset_json(const struct asset *asset, enum asset_state state)
{
	const struct file *main_file = asset_main_file(asset);
	cJSON *json = cJSON_CreateObject();

	json_add_int(json, "row", asset->row);
	json_add_text(json, "workspace", asset->workspace);
	json_add_text(json, "id", asset->id);
	json_add_text(json, "state", asset_state_name(state));
	json_add_text(json, "reason", asset->reason);
	json_add_bool(json, "held", asset->held);
	add_facts(json, &asset->facts);
	json_add_text(json, "platform_status", asset->platform_status);
	json_add_text(json, "rule", asset->rule);
	json_add_text(json, "base_path", asset->base_path);
	json_add_text(json, "path", main_file ? main_file->path : NULL);
	json_add_int(json, "bytes", asset_bytes(asset));
	json_add_time(json, "first_seen", asset->first_seen_ns);
	json_add_time(json, "archived", asset->archived_ns);
	json_add_time(json, "due", asset->due_ns);
	json_add_text(json, "waits_for", asset->waits_for);
	json_add_int(json, "attempts", asset->attempts);
	json_add_bool(json, "tombstone", asset->tombstone);
	json_add_bool(json, "contradicted", asset->contradicted);
	add_times(json, &asset->times);
	add_files(json, "files", asset, false);
	add_files(json, "versions", asset, true);
	asset_missing_json(json, asset);
	add_parts(json, asset);
	return json;
}

static void next_look(const struct next_input *in, struct buf *out)
{
	int64_t due_ns = in->asset->due_ns;
	char at[40], span[32];

	if (in->paused) {
		buf_printf(out,
			"Downloading is paused: it goes on with `vodkeep resume'.");
	} else if (in->asset->waits_for) {
		buf_printf(
			out, "It goes on as soon as %s answers.", in->asset->waits_for);
	} else if (due_ns > in->now_ns) {
		time_format_local(due_ns, at);
		duration_format(
			(due_ns - in->now_ns + NS_PER_S - 1) / NS_PER_S * MS_PER_S,
			span);
		buf_printf(out, "The next look at it is at %s, in %s.", at, span);
	} else if (due_ns > 0) {
		buf_str(out, "It is looked at as soon as there is room.");
	} else {
		buf_str(out, "It is looked at when the platform sends news of it.");
	}
}

/* When its rule's term is over, if it has one. */
static void next_kept(const struct next_input *in, struct buf *out)
{
	int64_t until_ns = retire_at_ns(in->asset, in->rule);
	char at[40];

	if (until_ns == INT64_MAX) {
		buf_str(out, "Nothing more is to be done: the copy stays as it is.");
		return;
	}
	time_format_local(until_ns, at);
	buf_printf(out, "The copy stays until %s: rule %s keeps no longer.", at,
		in->rule->name[0] ? in->rule->name : "(built in)");
}

static void next_settled(const struct next_input *in, struct buf *out)
{
	const struct asset *asset = in->asset;

	switch (in->state) {
	case ASSET_ARCHIVED:
	case ASSET_EXPIRED_KEPT:
		next_kept(in, out);
		break;
	case ASSET_IGNORED:
		buf_printf(out, "Nothing: rule %s ignores it.",
			asset->rule && *asset->rule ? asset->rule : "(built in)");
		break;
	case ASSET_FAILED:
		buf_printf(out, "Nothing by itself: `vodkeep retry %s/%s' tries again.",
			asset->workspace, asset->id);
		break;
	case ASSET_TRASHED:
		buf_str(out, "The copy in the trash is purged after trash_days.");
		break;
	case ASSET_DELETION_HELD:
		buf_printf(out,
			"It waits for a person: `vodkeep resume %s' lets the deletion go "
			"ahead.",
			asset->workspace);
		break;
	case ASSET_DELETED:
		buf_printf(out, "Nothing: it stays away%s.",
			asset->by_person ? " until `vodkeep fetch' asks for it" : "");
		break;
	case ASSET_ANNOUNCED:
	case ASSET_QUEUED:
	case ASSET_FETCHING:
	case ASSET_DOWNLOADING:
	case ASSET_WAITING:
	case ASSET_STATE_COUNT:
		next_look(in, out);
		break;
	}
}

void asset_next(const struct next_input *in, struct buf *out)
{
	if (in->state == ASSET_FETCHING)
		buf_str(out, "The platform is being asked about it now.");
	else if (in->state == ASSET_DOWNLOADING)
		buf_str(out, "Its files are being downloaded now.");
	else if (in->asset->due_ns > 0)
		next_look(in, out);
	else
		next_settled(in, out);
	if (in->asset->held)
		buf_str(out, " It is held: it is never removed.");
}
