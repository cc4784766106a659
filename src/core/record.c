/*
 * Life cycle and names of platform records. URLs in a record may be signed: releasing
 * one wipes them.
 */
#include <config.h>

#include "core/record.h"

#include "base/json.h"
#include "base/mem.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const role_names[ROLES] = {
	[ROLE_VIDEO] = "video",
	[ROLE_AUDIO] = "audio",
	[ROLE_THUMBNAIL] = "thumbnail",
	[ROLE_SUBTITLE] = "subtitle",
	[ROLE_METADATA] = "metadata",
};

void record_init(struct record *record)
{
	memset(record, 0, sizeof(*record));
	record->status = RECORD_PENDING;
	facts_init(&record->facts);
}

static void source_release(struct source *source)
{
	free(source->key);
	mem_free_secret(source->url);
	free(source->language);
	free(source->version);
	free(source->why);
	free(source->ask);
	free(source->token_for);
}

void record_release(struct record *record)
{
	for (size_t i = 0; i < record->n_sources; i++)
		source_release(&record->sources[i]);
	free(record->sources);
	free(record->reason);
	free(record->workspace_id);
	facts_release(&record->facts);
	cJSON_Delete(record->platform_data);
	record_init(record);
}

void record_free(struct record *record)
{
	if (!record)
		return;
	record_release(record);
	free(record);
}

struct source *record_add_source(struct record *record, enum role role, const char *key)
{
	assert(role < ROLES);
	record->sources = mem_grow(
		record->sources, record->n_sources + 1, sizeof(*record->sources));
	struct source *source = &record->sources[record->n_sources++];
	memset(source, 0, sizeof(*source));
	source->role = role;
	source->form = FORM_FILE;
	source->key = mem_strdup(key);
	source->bytes = -1;
	source->available = true;
	return source;
}

const char *role_name(enum role role)
{
	assert(role < ROLES);
	return role_names[role];
}

int role_parse(const char *name, enum role *role)
{
	for (int i = 0; i < ROLES; i++) {
		if (strcmp(name, role_names[i]) == 0) {
			*role = (enum role)i;
			return 0;
		}
	}
	return -1;
}

const char *record_status_name(enum record_status status)
{
	switch (status) {
	case RECORD_PENDING:
		return "pending";
	case RECORD_READY:
		return "ready";
	case RECORD_FAILED:
		return "failed";
	case RECORD_DELETED:
		return "deleted";
	case RECORD_UNKNOWN:
		return "unknown";
	}
	return "unknown";
}

/* FNV-1a */
static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
	return hash;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	return text ? mix(hash, text, strlen(text) + 1) : mix(hash, "\1", 1);
}

static uint64_t mix_facts(uint64_t hash, const struct facts *facts)
{
	const int64_t numbers[] = { facts->created_ns, facts->expires_ns,
		facts->duration_ms, facts->bytes, facts->width, facts->height };
	char *metadata = facts->metadata ? json_print(facts->metadata, false) : NULL;

	hash = mix(hash, numbers, sizeof(numbers));
	hash = mix_text(hash, facts->type);
	hash = mix_text(hash, facts->title);
	hash = mix_text(hash, facts->stream);
	hash = mix_text(hash, facts->channel);
	hash = mix_text(hash, metadata);
	free(metadata);
	return hash;
}

int64_t record_mark(const struct record *record)
{
	uint64_t hash = mix_text(
		UINT64_C(14695981039346656037), record_status_name(record->status));

	if (record->updated_ns)
		hash = mix(hash, &record->updated_ns, sizeof(record->updated_ns));
	else
		hash = mix_facts(hash, &record->facts);
	return hash ? (int64_t)hash : 1;
}
