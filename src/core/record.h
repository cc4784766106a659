/*
 * What the platform's API says an asset is now, in one shape for both platforms: its
 * status, its facts, and every artefact that could be fetched (sources). URLs live here
 * only: in memory, for one attempt, never stored or logged with their query.
 */
#ifndef VODKEEP_CORE_RECORD_H
#define VODKEEP_CORE_RECORD_H

#include "core/facts.h"
#include <stdbool.h>
#include <stddef.h>

enum record_status {
	RECORD_PENDING, /* exists, not ready: ask again later */
	RECORD_READY,
	RECORD_FAILED,  /* failed at the platform; see reason */
	RECORD_DELETED, /* the platform says deleting or deleted, in a good answer */
	RECORD_UNKNOWN, /* the platform does not know it: gone, or not yet there */
};

enum role {
	ROLE_VIDEO,
	ROLE_AUDIO,
	ROLE_THUMBNAIL,
	ROLE_SUBTITLE,
	ROLE_METADATA,
	ROLES
};
enum form { FORM_FILE, FORM_HLS }; /* one download, or a playlist with segments */

struct source {
	enum role role;
	enum form form;
	char *key; /* stable name within the asset: "video", "audio", "thumbnail.1",
		    * "subtitle.TRACKID": the file keeps it whatever the URL is */
	char *url; /* absolute; secret when signed; NULL while not available */
	char *token_for; /* plays with a token for this id (platform/playback_token); or
			  * NULL */
	char *language;  /* BCP 47 tag of a subtitle or audio; NULL none */
	char *version;   /* changes when the content behind key does; NULL unknown */
	int height;      /* lines of a rendition (the shorter side); 0 unknown */
	int64_t bytes;   /* as the API tells; -1 unknown */
	bool available;  /* false: named by the platform but not there yet: see why */
	bool optional;   /* its absence (404 or the like) is noted, not waited for */
	bool never;      /* !available for good: nothing is waited for */
	bool coming;     /* !available, and the platform is making it */
	char *ask; /* !available, but made when the platform is asked for this; or NULL
		    */
	char *why; /* a sentence for !available */
};

struct record {
	enum record_status status;
	char *reason;       /* the platform's words about a status but READY, or NULL */
	char *workspace_id; /* the platform's own id of the workspace, or NULL */
	struct facts facts;
	int64_t updated_ns; /* when the platform last changed it; 0: it does not tell */
	bool trial;
	bool links_expire; /* URLs live minutes: read the record for each attempt */
	int64_t link_expires_ns; /* 0 unknown */
	struct source *sources;
	size_t n_sources;
	cJSON *platform_data; /* the API's object, redacted: no token, no signed URL */
};

void record_init(struct record *record);
void record_release(struct record *record);
/* One that was allocated, or NULL. */
void record_free(struct record *record);
/* Append a zeroed source (bytes -1, available true) and return it; may move others. */
struct source *record_add_source(
	struct record *record, enum role role, const char *key);
const char *role_name(enum role role);             /* "video" … */
int role_parse(const char *name, enum role *role); /* 0 or -1 */
const char *record_status_name(enum record_status status);
/* A number that changes when the record does, never 0: of its status, and when it was
 * updated or, where the platform does not tell, its facts. The same for a list's entry
 * as for the media's own record. */
int64_t record_mark(const struct record *record);

#endif
