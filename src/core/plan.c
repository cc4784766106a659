/*
 * plan(): compares what the rule wants of the platform's record with what the archive
 * has. It never asks the clock, never touches a file, and never decides about removing.
 */
#include <config.h>

#include "core/plan.h"

#include "base/clock.h"
#include "base/mem.h"
#include "core/version.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reason(struct plan *plan, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void reason(struct plan *plan, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(plan->reason, sizeof(plan->reason), fmt, ap);
	va_end(ap);
}

bool plan_needs_record(const struct asset *asset)
{
	if (asset->wish == WISH_REMOVE)
		return false;
	if (asset->wish == WISH_FETCH)
		return true;
	return !(asset->tombstone && asset->by_person);
}

static bool has_content(const struct asset *asset)
{
	for (size_t i = 0; i < asset->n_files; i++)
		if (asset->files[i].role != ROLE_METADATA)
			return true;
	return false;
}

enum asset_state plan_rest_state(const struct asset *asset, enum asset_state before)
{
	switch (before) {
	case ASSET_ARCHIVED:
	case ASSET_EXPIRED_KEPT:
	case ASSET_DELETION_HELD:
	case ASSET_DELETED:
	case ASSET_TRASHED:
	case ASSET_IGNORED:
		return before;
	default:
		return asset->archived_ns && has_content(asset) ? ASSET_ARCHIVED
								: ASSET_WAITING;
	}
}

/* An event says that something changed, and no look has dealt with it yet. */
static bool changed(const struct asset *asset)
{
	return asset->times.changed > asset->answered_changed_ns;
}

/* The main file of a package is its index, and cannot be had without the rest. */
static bool package_is_damaged(const struct asset *asset)
{
	for (size_t i = 0; i < asset->n_files; i++)
		if (asset->files[i].repair && asset_is_piece(asset, &asset->files[i]))
			return true;
	return false;
}

static bool is_current(const struct plan_input *in, const struct source *source,
	const struct file *file)
{
	if (file->repair)
		return false;
	if (file->made) /* of HLS, for want of what the platform makes itself */
		return source->form == FORM_HLS && !package_is_damaged(in->asset);
	if (source->form == FORM_HLS) /* better than what it would be replaced by */
		return true;
	if (in->rule->on_update == UPDATE_IGNORE)
		return true;
	if (source->version &&
		(!file->version || strcmp(source->version, file->version)))
		return false;
	if (source->bytes >= 0 && source->bytes != file->bytes)
		return false;
	return true;
}

static struct plan_fetch *add_fetch(struct plan_fetch **list, size_t *count)
{
	*list = mem_grow(*list, *count + 1, sizeof(**list));
	return &(*list)[(*count)++];
}

void plan_add_changed(struct plan *plan, const struct plan_fetch *recheck)
{
	struct plan_fetch fetch = *recheck;

	*add_fetch(&plan->fetches, &plan->n_fetches) = fetch;
}

static void miss(struct plan *plan, enum role role, const char *key,
	const struct source *source, const char *why)
{
	plan->missing =
		mem_grow(plan->missing, plan->n_missing + 1, sizeof(*plan->missing));
	plan->missing[plan->n_missing++] = (struct plan_missing){
		.role = role,
		.key = key,
		.language = source ? source->language : NULL,
		.why = why ? why : "the platform does not offer it",
		.coming = source && source->coming,
	};
}

bool plan_is_coming(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_missing; i++)
		if (plan->missing[i].coming)
			return true;
	return false;
}

static void want(const struct plan_input *in, struct plan *plan,
	const struct source *source, bool main)
{
	const struct file *file = asset_file(in->asset, source->key);
	struct plan_fetch fetch = {
		.source = source, .replaces = file != NULL, .main = main
	};

	if (!file || !is_current(in, source, file))
		*add_fetch(&plan->fetches, &plan->n_fetches) = fetch;
	else if (source->form == FORM_FILE && in->rule->on_update != UPDATE_IGNORE &&
		 changed(in->asset))
		*add_fetch(&plan->rechecks, &plan->n_rechecks) = fetch;
}

static const struct source *find_main(
	const struct record *record, enum role role, enum form form, int max_height)
{
	const struct source *best = NULL;

	for (size_t i = 0; i < record->n_sources; i++) {
		const struct source *source = &record->sources[i];

		if (source->role != role || source->form != form || !source->available)
			continue;
		if (max_height > 0 && source->height > max_height)
			continue;
		if (!best || source->height > best->height)
			best = source;
	}
	return best;
}

static const struct source *named(
	const struct record *record, enum role role, enum form form)
{
	for (size_t i = 0; i < record->n_sources; i++)
		if (record->sources[i].role == role && record->sources[i].form == form)
			return &record->sources[i];
	return NULL;
}

static bool offers(const struct record *record, enum role role)
{
	return named(record, role, FORM_FILE) || named(record, role, FORM_HLS);
}

static void rest_for(const struct source *source, struct plan *plan)
{
	reason(plan, "%s", source->why);
	plan->state = source->never ? ASSET_FAILED : ASSET_WAITING;
	plan->due = source->never ? PLAN_DUE_NEVER : PLAN_DUE_SCHEDULE;
}

/* Asking may cost money: only for what would be taken once it is there. */
static bool may_ask(const struct plan_input *in, const struct source *file)
{
	int most = in->rule->max_height;

	return in->request_mp4 && !in->asset->mp4_asked_ns && file->ask &&
	       in->rule->n_video > 0 && in->rule->video[0] == VIDEO_MP4 &&
	       (most <= 0 || file->height <= most);
}

const char *plan_rendition(const struct source *source)
{
	return source->role == ROLE_AUDIO ? "audio file" : "MP4";
}

static bool takes(const struct plan_input *in, enum video_form form)
{
	for (size_t i = 0; i < in->rule->n_video; i++)
		if (in->rule->video[i] == form)
			return true;
	return false;
}

/* HLS that could be had instead of an MP4 that the platform is making of itself: the
 * MP4 is waited for as long as one that it was asked for. */
static bool makes_unasked(const struct plan_input *in, const struct source *file)
{
	return file->coming && !in->asset->mp4_asked_ns && takes(in, VIDEO_HLS) &&
	       find_main(in->record, file->role, FORM_HLS, 0);
}

/* An MP4 that is made when the platform is asked: to be asked for, or waited for. */
static bool wait_for_mp4(
	const struct plan_input *in, const struct source *file, struct plan *plan)
{
	bool unasked = makes_unasked(in, file);
	int64_t asked_ns = unasked ? in->asset->times.ready : in->asset->mp4_asked_ns;
	int64_t until_ns = asked_ns + in->request_mp4_wait_ms * NS_PER_MS;
	char until[32];

	if (may_ask(in, file)) {
		plan->ask = file;
		reason(plan, "%s; the platform is asked to make it", file->why);
	} else if (asked_ns && !in->asset->mp4_refused && in->now_ns < until_ns &&
		   (file->coming || file->ask)) {
		time_format_utc(until_ns, until);
		plan->until_ns = until_ns;
		reason(plan, "the platform %s the %s, which is waited for until %s",
			unasked ? "is making" : "was asked to make",
			plan_rendition(file), until);
	} else {
		return false;
	}
	plan->state = ASSET_WAITING;
	plan->due = PLAN_DUE_SCHEDULE;
	return true;
}

/* Why there is no MP4, and what came of asking for one. @out holds 320 bytes. */
static void no_mp4(
	const struct plan_input *in, const struct source *file, char out[320])
{
	const char *why =
		file && file->why ? file->why : "there is no MP4 of this media";
	char waited[32];

	if (in->asset->mp4_refused && file && file->ask) {
		snprintf(out, 320, "%s, and asking for it was in vain (%s)", why,
			in->asset->mp4_refused);
	} else if (in->asset->mp4_asked_ns && file && (file->ask || file->coming)) {
		duration_format(in->request_mp4_wait_ms, waited);
		snprintf(out, 320,
			"the MP4 that the platform was asked for has not come within %s (%s)",
			waited, why);
	} else {
		snprintf(out, 320, "%s", why);
	}
}

/* Why the main file cannot be had now, and whether it is on its way. */
static void wait_for_video(const struct plan_input *in, struct plan *plan)
{
	const struct source *file = named(in->record, ROLE_VIDEO, FORM_FILE);
	const struct source *hls = find_main(in->record, ROLE_VIDEO, FORM_HLS, 0);
	char why[320];

	if (file && !file->available && wait_for_mp4(in, file, plan))
		return;
	plan->state = ASSET_WAITING;
	plan->due = PLAN_DUE_SLOW;
	if (file && file->available) {
		reason(plan,
			"the MP4 has %d lines, more than max_resolution allows (%d); %s",
			file->height, in->rule->max_height,
			hls ? "the media is there as HLS too, which the rule does not "
			      "take"
			    : "the platform offers no smaller one");
	} else if (hls) {
		no_mp4(in, file, why);
		reason(plan, "%s; the media is there as HLS only", why);
	} else if (file && file->why) {
		rest_for(file, plan);
	} else {
		reason(plan, "the platform offers nothing to download yet");
		plan->due = PLAN_DUE_SCHEDULE;
	}
	if (file && !file->available && hls)
		plan->due = PLAN_DUE_SCHEDULE;
}

/* The first form of the rule that is to be had. An MP4 that is on its way is waited for
 * before HLS is taken, unless there is a video already; *waits: so @plan says. */
static const struct source *choose_video(
	const struct plan_input *in, struct plan *plan, bool *waits)
{
	const struct source *file = named(in->record, ROLE_VIDEO, FORM_FILE);
	const struct source *source = NULL;

	*waits = false;
	for (size_t i = 0; i < in->rule->n_video && !source; i++) {
		bool mp4 = in->rule->video[i] == VIDEO_MP4;

		if (mp4 && in->no_mp4 && find_main(in->record, ROLE_VIDEO, FORM_HLS, 0))
			continue;
		source = find_main(in->record, ROLE_VIDEO, mp4 ? FORM_FILE : FORM_HLS,
			mp4 ? in->rule->max_height : 0);
		if (source || !mp4 || !file || file->available ||
			asset_file(in->asset, "video"))
			continue;
		*waits = wait_for_mp4(in, file, plan);
		if (*waits)
			return NULL;
	}
	/* With a single form on offer max_resolution cannot choose: better whole than
	 * nothing. */
	if (!source && !named(in->record, ROLE_VIDEO, FORM_HLS))
		source = find_main(in->record, ROLE_VIDEO, FORM_FILE, 0);
	return source;
}

static void want_main(const struct plan_input *in, struct plan *plan)
{
	const struct source *source;
	bool waits;

	if (offers(in->record, ROLE_VIDEO)) {
		if (!(in->rule->fetch & FETCH_VIDEO))
			return;
		source = choose_video(in, plan, &waits);
		if (source)
			want(in, plan, source, true);
		else if (!waits && !asset_file(in->asset, "video"))
			wait_for_video(in, plan);
		return;
	}
	/* Audio-only media: the audio is what there is. */
	if (!(in->rule->fetch & (FETCH_VIDEO | FETCH_AUDIO)))
		return;
	source = find_main(in->record, ROLE_AUDIO, FORM_FILE, 0);
	if (!source && takes(in, VIDEO_HLS))
		source = find_main(in->record, ROLE_AUDIO, FORM_HLS, 0);
	if (source) {
		want(in, plan, source, true);
		return;
	}
	/* What is archived stays, though its source cannot be had any more. */
	if (asset_file(in->asset, "video") || asset_file(in->asset, "audio"))
		return;
	source = named(in->record, ROLE_AUDIO, FORM_FILE);
	if (source && wait_for_mp4(in, source, plan))
		return;
	if (source && source->why) {
		rest_for(source, plan);
		return;
	}
	plan->state = ASSET_WAITING;
	plan->due = PLAN_DUE_SCHEDULE;
	reason(plan, "the platform offers no file to download of this media");
}

static void want_rest(const struct plan_input *in, struct plan *plan)
{
	unsigned fetch = in->rule->fetch;
	bool first_thumbnail = true;

	for (size_t i = 0; i < in->record->n_sources; i++) {
		const struct source *source = &in->record->sources[i];
		bool wanted = false;

		switch (source->role) {
		case ROLE_AUDIO:
			wanted = (fetch & FETCH_AUDIO) && source->form == FORM_FILE &&
				 offers(in->record, ROLE_VIDEO);
			break;
		case ROLE_THUMBNAIL:
			wanted = (fetch & FETCH_ALL_THUMBNAILS) ||
				 ((fetch & FETCH_THUMBNAIL) && first_thumbnail);
			first_thumbnail = false;
			break;
		case ROLE_SUBTITLE:
			wanted = fetch & FETCH_SUBTITLES;
			break;
		case ROLE_VIDEO:
		case ROLE_METADATA:
		case ROLES:
			break;
		}
		if (wanted && source->available)
			want(in, plan, source, false);
		else if (wanted && !asset_file(in->asset, source->key))
			miss(plan, source->role, source->key, source, source->why);
	}
}

/* The main file, whose absence is the reason for the asset's state. */
static void miss_main(const struct plan_input *in, struct plan *plan)
{
	enum role role =
		offers(in->record, ROLE_VIDEO) || !offers(in->record, ROLE_AUDIO)
			? ROLE_VIDEO
			: ROLE_AUDIO;

	if (plan->state != ASSET_ARCHIVED)
		miss(plan, role, role_name(role), named(in->record, role, FORM_FILE),
			plan->reason);
}

static void not_ready(const struct plan_input *in, struct plan *plan)
{
	const struct asset *asset = in->asset;

	switch (in->record->status) {
	case RECORD_FAILED:
		plan->state = ASSET_FAILED;
		reason(plan, "failed at the platform: %s",
			in->record->reason ? in->record->reason : "it gives no reason");
		break;
	case RECORD_PENDING:
		plan->state = ASSET_WAITING;
		plan->due = PLAN_DUE_SCHEDULE;
		reason(plan, "the platform is still processing the media%s%s",
			in->record->reason ? ": " : "",
			in->record->reason ? in->record->reason : "");
		break;
	default:
		plan->state = ASSET_WAITING;
		plan->due = PLAN_DUE_SCHEDULE;
		reason(plan, "the platform does not know this media (yet)");
		break;
	}
	/* The latest event says that it failed, and the record does not say better. */
	if (plan->state == ASSET_WAITING && asset->times.failed > asset->times.ready &&
		asset->times.failed > asset->times.changed) {
		plan->state = ASSET_FAILED;
		plan->due = PLAN_DUE_NEVER;
		reason(plan, "failed at the platform, as its event says");
	}
	if (has_content(asset) && asset->archived_ns) {
		plan->state = ASSET_ARCHIVED;
		plan->due = PLAN_DUE_NEVER;
	}
}

void plan_make(const struct plan_input *in, struct plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->state = ASSET_ARCHIVED;
	if (in->record->status != RECORD_READY) {
		not_ready(in, plan);
		return;
	}
	if (in->rule->action == ACTION_IGNORE && !has_content(in->asset)) {
		plan->ignore = true;
		plan->state = ASSET_IGNORED;
		reason(plan, "rule %s ignores it",
			in->rule->name[0] ? in->rule->name : "(built in)");
		return;
	}
	want_main(in, plan);
	miss_main(in, plan);
	want_rest(in, plan);
	plan->sidecar = in->rule->fetch & FETCH_METADATA;
}

void plan_release(struct plan *plan)
{
	free(plan->fetches);
	free(plan->rechecks);
	free(plan->missing);
	memset(plan, 0, sizeof(*plan));
}

/* A language tag as part of a file name: letters, digits, '-'; bounded. */
static void tag_component(const char *tag, char *out, size_t size)
{
	size_t n = 0;

	for (; *tag && n + 1 < size; tag++)
		if (isalnum((unsigned char)*tag) || *tag == '-')
			out[n++] = *tag;
	out[n] = '\0';
}

static bool suffix_taken(
	const struct asset *asset, enum role role, const char *key, const char *suffix)
{
	size_t len = strlen(suffix);

	for (size_t i = 0; i < asset->n_files; i++) {
		const struct file *file = &asset->files[i];
		const char *at;

		if (strcmp(file->key, key) == 0 || file->role != role ||
			!asset->base_path)
			continue;
		if (strncmp(file->path, asset->base_path, strlen(asset->base_path)) !=
			0)
			continue;
		at = file->path + strlen(asset->base_path);
		if (strncmp(at, suffix, len) == 0 && at[len] == '.' &&
			!strchr(at + len + 1, '.'))
			return true;
	}
	return false;
}

/* Where the file of @key has a suffix of this language already: ".en" or ".en.2". */
static bool suffix_had(
	const struct asset *asset, const char *key, const char *tag, char out[64])
{
	const struct file *file = asset_file(asset, key);
	const char *end = file && file->path ? strrchr(file->path, '.') : NULL;
	size_t tag_len = strlen(tag), len;
	const char *at = end;

	while (at && at > file->path && isdigit((unsigned char)at[-1]))
		at--;
	if (at != end && at && at > file->path && at[-1] == '.')
		at--;
	else
		at = end; /* no number */
	len = at ? (size_t)(at - file->path) : 0;
	if (len <= tag_len || file->path[len - tag_len - 1] != '.' ||
		strncmp(at - tag_len, tag, tag_len) != 0)
		return false;
	snprintf(out, 64, ".%s%.*s", tag, (int)(end - at < 12 ? end - at : 12), at);
	return true;
}

static void subtitle_suffix(
	const struct asset *asset, const char *key, const char *language, char out[64])
{
	char tag[36] = "";

	if (language)
		tag_component(language, tag, sizeof(tag));
	if (!tag[0])
		snprintf(tag, sizeof(tag), "und");
	if (suffix_had(asset, key, tag, out))
		return;
	snprintf(out, 64, ".%s", tag);
	/* Two tracks of one language: the second is told apart by number. */
	for (int n = 2; n < 100 && suffix_taken(asset, ROLE_SUBTITLE, key, out); n++)
		snprintf(out, 64, ".%s.%d", tag, n);
}

void plan_suffix(const struct asset *asset, enum role role, const char *key,
	const char *language, char out[64])
{
	const char *number = strrchr(key, '.');

	out[0] = '\0';
	if (role == ROLE_SUBTITLE)
		subtitle_suffix(asset, key, language, out);
	else if (role == ROLE_THUMBNAIL && number && strcmp(number, ".1") != 0)
		snprintf(out, 64, ".%.16s", number + 1);
	else if (version_number(key))
		snprintf(out, 64, ".v%d", version_number(key));
}
