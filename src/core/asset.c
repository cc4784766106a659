/*
 * The asset value: its state table, its files and parts, and how news is applied.
 * Decides nothing about what to do next (core/plan) and remembers nothing by itself
 * (store/).
 */
#include <config.h>

#include "core/asset.h"

#include "base/mem.h"
#include "core/ranges.h"
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define B(state) (1u << (unsigned)(state))

/* From every state a look may begin, and a look may end in every settled state; what is
 * not here is a bug: an asset that is archived again without having been looked at. */
#define LOOK_ENDS                                                                      \
	(B(ASSET_ANNOUNCED) | B(ASSET_QUEUED) | B(ASSET_WAITING) | B(ASSET_ARCHIVED) | \
		B(ASSET_IGNORED) | B(ASSET_FAILED) | B(ASSET_DELETED) |                \
		B(ASSET_TRASHED) | B(ASSET_EXPIRED_KEPT) | B(ASSET_DELETION_HELD))

static const char *const state_names[ASSET_STATE_COUNT] = {
#define ASSET_STATE_NAME(id, name) [id] = name,
	ASSET_STATES(ASSET_STATE_NAME)
#undef ASSET_STATE_NAME
};

static const unsigned asset_moves[ASSET_STATE_COUNT] = {
	[ASSET_ANNOUNCED] = B(ASSET_QUEUED) | B(ASSET_FETCHING),
	[ASSET_QUEUED] = B(ASSET_FETCHING),
	[ASSET_FETCHING] = B(ASSET_DOWNLOADING) | LOOK_ENDS,
	[ASSET_DOWNLOADING] = B(ASSET_FETCHING) | LOOK_ENDS,
	[ASSET_WAITING] = B(ASSET_FETCHING),
	[ASSET_ARCHIVED] = B(ASSET_FETCHING),
	[ASSET_IGNORED] = B(ASSET_FETCHING),
	[ASSET_FAILED] = B(ASSET_FETCHING),
	[ASSET_DELETED] = B(ASSET_FETCHING),
	[ASSET_TRASHED] = B(ASSET_FETCHING),
	[ASSET_EXPIRED_KEPT] = B(ASSET_FETCHING),
	[ASSET_DELETION_HELD] = B(ASSET_FETCHING),
};

static const char *const wish_names[WISH_COUNT] = {
	[WISH_NONE] = "none",
	[WISH_FETCH] = "fetch",
	[WISH_REMOVE] = "remove",
	[WISH_RETRY] = "retry",
	[WISH_CONFIRM] = "confirm",
	[WISH_REPLAY] = "replay",
	[WISH_REFILE] = "refile",
};

const char *asset_state_name(enum asset_state state)
{
	return state_names[state];
}

int asset_state_parse(const char *name, enum asset_state *state)
{
	for (int i = 0; i < ASSET_STATE_COUNT; i++) {
		if (strcmp(name, state_names[i]) == 0) {
			*state = (enum asset_state)i;
			return 0;
		}
	}
	return -1;
}

const char *asset_wish_name(enum asset_wish wish)
{
	return wish_names[wish];
}

int asset_wish_parse(const char *name, enum asset_wish *wish)
{
	for (int i = 0; i < WISH_COUNT; i++) {
		if (strcmp(name, wish_names[i]) == 0) {
			*wish = (enum asset_wish)i;
			return 0;
		}
	}
	return -1;
}

struct asset *asset_new(const char *workspace, const char *id)
{
	struct asset *asset = mem_alloc(sizeof(*asset));

	asset->workspace = mem_strdup(workspace);
	asset->id = mem_strdup(id);
	facts_init(&asset->facts);
	return asset;
}

/* What each of them owns, for releasing and copying alike. */
#define FILE_TEXTS(X, file)      \
	X((file)->key)           \
	X((file)->path)          \
	X((file)->content_type)  \
	X((file)->language)      \
	X((file)->version)       \
	X((file)->source_host)   \
	X((file)->etag)          \
	X((file)->last_modified) \
	X((file)->made)
#define PART_TEXTS(X, part)      \
	X((part)->key)           \
	X((part)->name)          \
	X((part)->etag)          \
	X((part)->last_modified) \
	X((part)->ranges)        \
	X((part)->placing)
#define ASSET_TEXTS(X, asset)       \
	X((asset)->workspace)       \
	X((asset)->id)              \
	X((asset)->reason)          \
	X((asset)->platform_status) \
	X((asset)->platform_data)   \
	X((asset)->rule)            \
	X((asset)->base_path)       \
	X((asset)->path_template)   \
	X((asset)->waits_for)       \
	X((asset)->mp4_refused)     \
	X((asset)->missing)
#define RELEASE(text) free(text);
#define OWN(text)     (text) = mem_strdup(text);

void file_copy(struct file *to, const struct file *from)
{
	*to = *from;
	FILE_TEXTS(OWN, to)
}

void file_release(struct file *file)
{
	FILE_TEXTS(RELEASE, file)
}

static void part_release(struct part *part)
{
	PART_TEXTS(RELEASE, part)
}

void asset_free(struct asset *asset)
{
	if (!asset)
		return;
	ASSET_TEXTS(RELEASE, asset)
	facts_release(&asset->facts);
	for (size_t i = 0; i < asset->n_files; i++)
		file_release(&asset->files[i]);
	free(asset->files);
	for (size_t i = 0; i < asset->n_parts; i++)
		part_release(&asset->parts[i]);
	free(asset->parts);
	free(asset);
}

struct asset *asset_copy(const struct asset *from)
{
	struct asset *asset = mem_alloc(sizeof(*asset));

	*asset = *from;
	ASSET_TEXTS(OWN, asset)
	facts_init(&asset->facts);
	facts_copy(&asset->facts, &from->facts);
	asset->files = mem_array(from->n_files, sizeof(*asset->files));
	for (size_t i = 0; i < from->n_files; i++) {
		asset->files[i] = from->files[i];
		FILE_TEXTS(OWN, &asset->files[i])
	}
	asset->parts = mem_array(from->n_parts, sizeof(*asset->parts));
	for (size_t i = 0; i < from->n_parts; i++) {
		asset->parts[i] = from->parts[i];
		PART_TEXTS(OWN, &asset->parts[i])
	}
	return asset;
}

struct file *asset_file(const struct asset *asset, const char *key)
{
	for (size_t i = 0; i < asset->n_files; i++)
		if (strcmp(asset->files[i].key, key) == 0)
			return &asset->files[i];
	return NULL;
}

const struct file *asset_main_file(const struct asset *asset)
{
	for (enum role role = ROLE_VIDEO; role < ROLES; role++)
		for (size_t i = 0; i < asset->n_files; i++)
			if (asset->files[i].role == role &&
				!asset->files[i].replaced_ns)
				return &asset->files[i];
	return NULL;
}

struct part *asset_part(const struct asset *asset, const char *key)
{
	for (size_t i = 0; i < asset->n_parts; i++)
		if (strcmp(asset->parts[i].key, key) == 0)
			return &asset->parts[i];
	return NULL;
}

struct file *asset_add_file(struct asset *asset, const char *key)
{
	struct file *file = asset_file(asset, key);
	size_t at = asset->n_files;

	if (file)
		return file;
	while (at > 0 && strcmp(asset->files[at - 1].key, key) > 0)
		at--;
	asset->files =
		mem_grow(asset->files, asset->n_files + 1, sizeof(*asset->files));
	file = &asset->files[at];
	memmove(file + 1, file, (asset->n_files++ - at) * sizeof(*file));
	memset(file, 0, sizeof(*file));
	file->key = mem_strdup(key);
	return file;
}

struct part *asset_add_part(struct asset *asset, const char *key)
{
	struct part *part = asset_part(asset, key);

	if (part)
		return part;
	asset->parts =
		mem_grow(asset->parts, asset->n_parts + 1, sizeof(*asset->parts));
	part = &asset->parts[asset->n_parts++];
	memset(part, 0, sizeof(*part));
	part->key = mem_strdup(key);
	part->total = -1;
	return part;
}

bool asset_is_piece(const struct asset *asset, const struct file *file)
{
	size_t len = strcspn(file->key, ".");

	for (size_t i = 0; file->key[len] && i < asset->n_files; i++) {
		const char *key = asset->files[i].key;

		if (strncmp(key, file->key, len) == 0 && !key[len])
			return true;
	}
	return false;
}

/* What it owns is the caller's. */
static void take_out(struct asset *asset, struct file *file)
{
	asset->n_files--;
	memmove(file, file + 1,
		(size_t)(asset->files + asset->n_files - file) * sizeof(*file));
}

void asset_drop_file(struct asset *asset, const char *key)
{
	struct file *file = asset_file(asset, key);

	if (!file)
		return;
	file_release(file);
	take_out(asset, file);
}

void asset_rekey_file(struct asset *asset, struct file *file, const char *key)
{
	struct file moved = *file;

	take_out(asset, file);
	file = asset_add_file(asset, key);
	free(moved.key);
	moved.key = file->key;
	*file = moved;
}

void asset_drop_part(struct asset *asset, const char *key)
{
	struct part *part = asset_part(asset, key);

	if (!part)
		return;
	part_release(part);
	*part = asset->parts[--asset->n_parts];
}

int64_t part_bytes(const struct part *part)
{
	struct byte_range ranges[RANGES_MAX];
	int n = ranges_parse(part->ranges, ranges);
	int64_t bytes = part->held;

	for (int i = 0; i < n; i++)
		bytes += ranges[i].end - ranges[i].first;
	return bytes;
}

int64_t asset_bytes(const struct asset *asset)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < asset->n_files; i++)
		bytes += asset->files[i].bytes;
	return bytes;
}

/* FastPix removes trial media 24 hours after it was made (fastpix.md §5). */
#define TRIAL_LIFE_NS (INT64_C(24) * 3600 * 1000000000)

int64_t asset_deadline_ns(const struct asset *asset)
{
	if (asset->facts.expires_ns > 0)
		return asset->facts.expires_ns;
	if (asset->trial) {
		int64_t born = asset->facts.created_ns ? asset->facts.created_ns
						       : asset->first_seen_ns;
		return born + TRIAL_LIFE_NS;
	}
	return INT64_MAX;
}

bool asset_may_move(enum asset_state from, enum asset_state to)
{
	return (asset_moves[from] & B(to)) != 0;
}

bool asset_move(struct asset *asset, enum asset_state state)
{
	if (asset->state == state)
		return false;
	assert(asset_may_move(asset->state, state));
	asset->state = state;
	return true;
}

static void make_due(struct asset *asset, int64_t now_ns)
{
	asset->due_ns = now_ns;
	asset->seq++;
	/* Its look asks nobody, and would pass for the one that is due now. */
	if (asset->wish == WISH_REFILE)
		asset->wish = WISH_NONE;
	if (asset->state == ASSET_ANNOUNCED)
		asset_move(asset, ASSET_QUEUED);
}

static int64_t *time_slot(struct event_times *times, enum event_kind kind)
{
	switch (kind) {
	case EVENT_ANNOUNCED:
		return &times->announced;
	case EVENT_READY:
		return &times->ready;
	case EVENT_CHANGED:
		return &times->changed;
	case EVENT_FAILED:
		return &times->failed;
	case EVENT_DELETED:
		return &times->deleted;
	case EVENT_RECORDED:
		break;
	}
	return NULL;
}

static int64_t latest(const struct event_times *times)
{
	const int64_t all[] = { times->announced, times->ready, times->changed,
		times->failed, times->deleted };
	int64_t at_ns = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] > at_ns)
			at_ns = all[i];
	return at_ns;
}

/* The platform's record corrects every fact but the expiry, which outlives the media:
 * there an event that comes late does not overrule a newer one. */
static void learn(struct asset *asset, const struct event *event, int64_t at_ns)
{
	int64_t expires_ns = asset->facts.expires_ns;

	if (event->facts.expires_ns > 0 &&
		(!expires_ns || at_ns >= latest(&asset->times)))
		expires_ns = event->facts.expires_ns;
	if (!asset->looked_ns)
		facts_merge(&asset->facts, &event->facts);
	asset->facts.expires_ns = expires_ns;
	asset->trial |= event->trial;
}

/* What was deleted is not brought back by what happened before; and nothing but `fetch`
 * brings back what a person removed. Both are looked at while a look may be lifting the
 * tombstone: a deletion that comes then would be forgotten. */
static bool stays_away(const struct asset *asset, enum event_kind kind, int64_t at_ns)
{
	if (!asset->tombstone)
		return false;
	if (asset->by_person)
		return asset->wish != WISH_FETCH;
	return kind != EVENT_DELETED && at_ns <= asset->times.deleted;
}

bool asset_apply_event(struct asset *asset, const struct event *event, int64_t now_ns)
{
	int64_t *slot = time_slot(&asset->times, event->kind);
	int64_t at_ns = event->at_ns > 0 ? event->at_ns : now_ns;
	bool newer;

	if (!asset->first_seen_ns)
		asset->first_seen_ns = now_ns;
	learn(asset, event, at_ns);
	if (!slot)
		return false;
	newer = at_ns > *slot;
	if (!newer)
		return false;
	*slot = at_ns;
	if (event->kind == EVENT_ANNOUNCED)
		return false;
	if (stays_away(asset, event->kind, at_ns))
		return false;
	make_due(asset, now_ns);
	return true;
}

bool asset_apply_wish(struct asset *asset, enum asset_wish wish, int64_t now_ns)
{
	bool weaker = wish == WISH_RETRY || wish == WISH_CONFIRM || wish == WISH_REPLAY;

	if (!asset->first_seen_ns)
		asset->first_seen_ns = now_ns;
	if (weaker && (asset->wish == WISH_FETCH || asset->wish == WISH_REMOVE))
		wish = asset->wish;
	if (wish == WISH_REFILE && asset->due_ns)
		return false;
	make_due(asset, now_ns);
	asset->wish = wish;
	return true;
}

void asset_apply_listed(struct asset *asset, int64_t changed_ns, int64_t now_ns)
{
	if (!asset->first_seen_ns)
		asset->first_seen_ns = now_ns;
	if (changed_ns && changed_ns <= asset->answered_changed_ns)
		changed_ns = asset->answered_changed_ns + 1;
	if (changed_ns > asset->times.changed)
		asset->times.changed = changed_ns;
	make_due(asset, now_ns);
}

bool asset_apply_hold(struct asset *asset, bool held, int64_t now_ns)
{
	if (asset->held == held)
		return false;
	asset->held = held;
	/* A deletion that the hold kept back is looked at again. */
	if (!held && asset->times.deleted > asset->answered_deleted_ns)
		make_due(asset, now_ns);
	return true;
}

bool asset_id_ok(const char *id)
{
	size_t len = strlen(id);

	if (len == 0 || len > 255)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)id[i]) && id[i] != '_' && id[i] != '-')
			return false;
	return true;
}
