/*
 * What is known about a media asset beside its files: what rules match, paths are made
 * of, and sidecars say. Filled from events (a little) and the platform's record (all).
 */
#ifndef VODKEEP_CORE_FACTS_H
#define VODKEEP_CORE_FACTS_H

#include <cjson/cJSON.h>
#include <stdint.h>

struct facts {
	char *type;          /* clip recording video audio live; NULL unknown */
	char *title;         /* FastPix title, OptiView name */
	char *stream;        /* FastPix streamId, OptiView streamName */
	char *channel;       /* OptiView Live channelId */
	char *creator;       /* FastPix creatorId */
	int64_t created_ns;  /* 0 unknown */
	int64_t expires_ns;  /* when the platform will remove it; 0 never or unknown */
	int64_t duration_ms; /* -1 unknown */
	int64_t bytes;       /* of the main file, as the platform tells; 0 unknown */
	int width, height;   /* of the best video; 0 unknown */
	cJSON *metadata;     /* object of the user's own values, or NULL; owned */
};

void facts_init(struct facts *facts);
void facts_release(struct facts *facts);
void facts_copy(struct facts *to, const struct facts *from); /* @to initialised */
/* Take every known field of @from over into @to; unknown fields leave @to as it is. */
void facts_merge(struct facts *to, const struct facts *from);
/* What the user's metadata says under @key: the member of that name, else the one a
 * dotted path leads to; NULL none. Borrowed. */
const cJSON *facts_metadata(const struct facts *facts, const char *key);
/* A metadata value as text: a string as it is, a number or boolean written to @scratch;
 * NULL for anything else. */
const char *facts_scalar(const cJSON *value, char scratch[32]);
/* "1080p" from the height (shorter side for portrait); "" unknown. */
void facts_resolution(const struct facts *facts, char out[16]);

#endif
