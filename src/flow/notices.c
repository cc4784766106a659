/*
 * The body of a notification is made here, with the state that it tells of, and not
 * when it is sent: it stays true however late it arrives, and is the same each time.
 */
#include <config.h>

#include "flow/notices.h"

#include "archive/sidecar.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

#define SCHEMA "vodkeep.notification/1"

static uint64_t fnv1a(uint64_t hash, const char *text)
{
	for (const char *c = text ? text : ""; *c; c++)
		hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
	return hash;
}

/* What was fetched again and is the same counts as the same. The sidecar is left out:
 * it follows the others. */
static uint64_t mark_files(const struct asset *asset)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < asset->n_files; i++) {
		const struct file *file = &asset->files[i];
		uint64_t hash = fnv1a(UINT64_C(14695981039346656037), file->key);
		if (file->role != ROLE_METADATA)
			sum += fnv1a(hash, file->sha256);
	}
	return sum;
}

struct notices_before notices_before(const struct asset *asset)
{
	return (struct notices_before){
		.state = asset->state,
		.removed_ns = asset->removed_ns,
		.files = mark_files(asset),
	};
}

static const char *what_happened(
	const struct asset *asset, const struct notices_before *before)
{
	bool moved = asset->state != before->state;
	if (asset->removed_ns != before->removed_ns)
		return "removed";
	if (asset->state == ASSET_FAILED && moved)
		return "failed";
	if (asset->state == ASSET_ARCHIVED &&
		(moved || mark_files(asset) != before->files))
		return "archived";
	return NULL;
}

static char *body_of(const struct notice *notice, const struct asset *asset,
	const char *platform, int64_t now_ns)
{
	cJSON *json = cJSON_CreateObject();
	char *type = mem_printf("asset.%s", notice->event);
	json_add_text(json, "schema", SCHEMA);
	json_add_text(json, "type", type);
	json_add_time(json, "timestamp", now_ns);
	cJSON *data = cJSON_AddObjectToObject(json, "data");
	json_add_text(data, "state", asset_state_name(asset->state));
	json_add_text(data, "change", notice->change);
	json_add_text(data, "reason", asset->reason);
	cJSON_AddItemToObject(data, "asset", sidecar_json(asset, platform));
	char *body = json_print(json, false);
	cJSON_Delete(json);
	free(type);
	return body;
}

static struct notice *add(struct notices *out, enum notice_kind kind, const char *event,
	const char *change, const struct rule *rule, int64_t now_ns)
{
	struct notice *notice = notices_add(out);
	unsigned char random[12];
	char hex[2 * sizeof(random) + 1];
	random_bytes(random, sizeof(random));
	hex_encode(random, sizeof(random), hex);
	notice->kind = kind;
	notice->rule = mem_strdup(rule->name);
	notice->event = mem_strdup(event);
	notice->change = mem_strdup(change);
	notice->key = mem_printf("msg_%s", hex);
	notice->created_ns = now_ns;
	return notice;
}

void notices_make(struct notices *out, const struct asset *asset,
	const struct notices_before *before, const struct rule *rule,
	const char *platform, int64_t now_ns)
{
	const char *event = what_happened(asset, before);
	if (!event)
		return;
	bool archived = strcmp(event, "archived") == 0;
	const char *change = !archived                         ? NULL
			     : before->state == ASSET_ARCHIVED ? "updated"
							       : "new";
	if (rule->notify) {
		struct notice *notice =
			add(out, NOTICE_POST, event, change, rule, now_ns);
		notice->body = body_of(notice, asset, platform, now_ns);
	}
	if (rule->after && archived)
		add(out, NOTICE_RUN, event, change, rule, now_ns);
}
