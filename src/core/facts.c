/*
 * Facts as a value: copy, merge, release. Knows nothing of where they come from or what
 * is done with them.
 */
#include "core/facts.h"

#include "base/json.h"
#include "base/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void facts_init(struct facts *facts)
{
	*facts = (struct facts){ .duration_ms = -1 };
}

void facts_release(struct facts *facts)
{
	free(facts->type);
	free(facts->title);
	free(facts->stream);
	free(facts->channel);
	free(facts->creator);
	cJSON_Delete(facts->metadata);
	facts_init(facts);
}

void facts_copy(struct facts *to, const struct facts *from)
{
	if (to == from)
		return;
	facts_release(to);
	facts_merge(to, from);
}

static void merge_text(char **to, const char *from)
{
	if (from && *from)
		mem_replace(to, from);
}

void facts_merge(struct facts *to, const struct facts *from)
{
	if (to == from)
		return;
	merge_text(&to->type, from->type);
	merge_text(&to->title, from->title);
	merge_text(&to->stream, from->stream);
	merge_text(&to->channel, from->channel);
	merge_text(&to->creator, from->creator);
	if (from->created_ns)
		to->created_ns = from->created_ns;
	if (from->expires_ns)
		to->expires_ns = from->expires_ns;
	if (from->duration_ms >= 0)
		to->duration_ms = from->duration_ms;
	if (from->bytes > 0)
		to->bytes = from->bytes;
	if (from->width > 0 && from->height > 0) {
		to->width = from->width;
		to->height = from->height;
	} else if (from->height > 0 && to->height == 0) {
		to->height = from->height;
	}
	if (from->metadata) {
		cJSON_Delete(to->metadata);
		to->metadata = cJSON_Duplicate(from->metadata, true);
	}
}

const cJSON *facts_metadata(const struct facts *facts, const char *key)
{
	const cJSON *exact = cJSON_GetObjectItemCaseSensitive(facts->metadata, key);
	return exact ? exact : json_at(facts->metadata, key);
}

const char *facts_scalar(const cJSON *value, char scratch[32])
{
	if (cJSON_IsString(value))
		return value->valuestring;
	if (cJSON_IsBool(value)) {
		snprintf(scratch, 32, "%s", cJSON_IsTrue(value) ? "true" : "false");
		return scratch;
	}
	if (!cJSON_IsNumber(value) || !isfinite(value->valuedouble))
		return NULL;
	/* Whole numbers up to 2^53 are exact in a double and are written as such. */
	if (fabs(value->valuedouble) <= 0x1p53 &&
		value->valuedouble == trunc(value->valuedouble))
		snprintf(scratch, 32, "%" PRId64, (int64_t)value->valuedouble);
	else
		snprintf(scratch, 32, "%.15g", value->valuedouble);
	return scratch;
}

void facts_resolution(const struct facts *facts, char out[16])
{
	int lines = facts->height;

	if (facts->width > 0 && facts->width < lines)
		lines = facts->width;
	out[0] = '\0';
	if (lines > 0)
		snprintf(out, 16, "%dp", lines);
}
