/*
 * Order does not matter: a small world in which one asset's events are delivered in
 * every order and any number of times, looks begin and end anywhere in between, and
 * what arrives during a look is kept as the store keeps it. Wherever the world can get,
 * once nothing is due any more, the asset stands where the event times and the
 * platform's answer say.
 *
 * The world is searched, not sampled: a state is what the store holds, the look under
 * way and the set of events delivered so far. Every state that can be reached is
 * settled on the side and compared with what is expected for its set of events, so one
 * search over five events covers all their subsets, permutations and duplications.
 *
 * struct row is what the store holds of an asset; look_begin() and look_end() are
 * flow/look without its effects: a planned fetch succeeds, a removal removes.
 */
#include <config.h>

#include "core/plan.h"
#include "core/removal.h"
#include "unit.h"
#include <string.h>

/* Before it is no time an event can have: see asset.answered_deleted_ns. */
#define TIME_FIRST 2
#define EVENTS     5
#define NOW        100
#define LATER      101
#define STATES     (1u << 12)
#define SLOTS      (4 * STATES)

enum { HAS_VIDEO = 1, HAS_THUMBNAIL = 2, HAS_ALL = 3 };
enum start { START_FRESH, START_ARCHIVED, START_TOMBSTONE };

/* Bytes only, so that rows compare and hash as they lie. */
struct row {
	int8_t announced, ready, changed, failed, deleted;
	int8_t seq, due, state;
	int8_t answered_deleted, answered_changed, expires;
	int8_t tombstone, contradicted, archived, looked, files;
};

struct world {
	struct row stored, loaded;
	int8_t looking;
	int8_t delivered; /* bits */
	int8_t final;     /* the platform gives its final answer from now on */
};

struct scene {
	enum event_kind kinds[EVENTS];
	int times[EVENTS];
	int n_events;
	enum start start;
	enum record_status first, last; /* what the platform answers; often the same */
	enum on_delete on_delete;
	int expires;
	bool patience_ends; /* looks may come after patience is over */
};

struct end {
	enum asset_state state;
	bool tombstone;
	int files;
};

static struct source sources[2];
static const enum record_status answers[] = { RECORD_READY, RECORD_UNKNOWN,
	RECORD_DELETED, RECORD_FAILED, RECORD_PENDING };

/* ---- rows and assets ---- */

static char video_key[] = "video", thumbnail_key[] = "thumbnail.1", etag[] = "\"1\"";
static char workspace[] = "w", id[] = "a";

static void expand(const struct row *row, struct asset *asset, struct file files[2])
{
	*asset = (struct asset){
		.row = 1,
		.workspace = workspace,
		.id = id,
		.times = { .announced = row->announced,
			.ready = row->ready,
			.changed = row->changed,
			.failed = row->failed,
			.deleted = row->deleted },
		.seq = row->seq,
		.due_ns = row->due,
		.first_seen_ns = 1,
		.state = (enum asset_state)row->state,
		.facts = { .expires_ns = row->expires, .duration_ms = -1 },
		.tombstone = row->tombstone,
		.answered_deleted_ns = row->answered_deleted,
		.answered_changed_ns = row->answered_changed,
		.contradicted = row->contradicted,
		.looked_ns = row->looked,
		.archived_ns = row->archived,
		.files = files,
	};
	if (row->files & HAS_VIDEO)
		files[asset->n_files++] = (struct file){
			.role = ROLE_VIDEO, .key = video_key, .etag = etag
		};
	if (row->files & HAS_THUMBNAIL)
		files[asset->n_files++] =
			(struct file){ .role = ROLE_THUMBNAIL, .key = thumbnail_key };
}

/* The half of the row that deliveries write. */
static void put_news(struct row *row, const struct asset *asset)
{
	row->announced = (int8_t)asset->times.announced;
	row->ready = (int8_t)asset->times.ready;
	row->changed = (int8_t)asset->times.changed;
	row->failed = (int8_t)asset->times.failed;
	row->deleted = (int8_t)asset->times.deleted;
	row->seq = (int8_t)asset->seq;
	row->due = (int8_t)asset->due_ns;
	row->state = (int8_t)asset->state;
}

/* The half that the keeper writes. */
static void put_look(struct row *row, const struct asset *asset, int files)
{
	row->state = (int8_t)asset->state;
	row->tombstone = asset->tombstone;
	row->answered_deleted = (int8_t)asset->answered_deleted_ns;
	row->answered_changed = (int8_t)asset->answered_changed_ns;
	row->contradicted = asset->contradicted;
	row->looked = (int8_t)asset->looked_ns;
	row->archived = (int8_t)asset->archived_ns;
	row->files = (int8_t)files;
}

/* ---- the keeper ---- */

struct look {
	struct asset asset;
	struct file file_room[2];
	enum asset_state before;
	enum record_status answer;
	const struct scene *scene;
	bool patient;
	int files;
	int64_t due;
};

static void settle(struct look *look, enum asset_state state, int64_t due)
{
	asset_move(&look->asset, state);
	look->due = due;
}

static int64_t contradicted_due(struct look *look)
{
	struct asset *asset = &look->asset;

	if (!asset->contradicted || asset->times.deleted <= asset->answered_deleted_ns)
		return 0;
	if (look->patient)
		return LATER;
	asset->answered_deleted_ns = asset->times.deleted;
	return 0;
}

static void carry_out_plan(struct look *look, const struct plan *plan)
{
	struct asset *asset = &look->asset;

	if (look->answer == RECORD_READY && plan->state == ASSET_ARCHIVED) {
		if (plan->n_fetches)
			asset_move(asset, ASSET_DOWNLOADING);
		for (size_t i = 0; i < plan->n_fetches; i++)
			look->files |=
				plan->fetches[i].main ? HAS_VIDEO : HAS_THUMBNAIL;
		asset->archived_ns = 1;
		asset->answered_changed_ns = asset->times.changed;
		settle(look, ASSET_ARCHIVED, contradicted_due(look));
	} else if (plan->due == PLAN_DUE_NEVER) {
		settle(look, plan->state, contradicted_due(look));
	} else if (look->patient) {
		settle(look, plan->state, LATER);
	} else {
		settle(look, ASSET_FAILED, 0);
	}
}

static void plan_look(struct look *look)
{
	struct asset *asset = &look->asset;
	struct rule rule = { .name = id,
		.fetch = FETCH_VIDEO | FETCH_THUMBNAIL,
		.video = { VIDEO_MP4, VIDEO_HLS },
		.n_video = 2 };
	struct record record = {
		.status = look->answer, .sources = sources, .n_sources = 2
	};
	struct plan_input in = {
		.asset = asset, .record = &record, .rule = &rule, .now_ns = NOW
	};
	struct plan plan;

	if (look->answer == RECORD_READY && asset->tombstone) {
		asset->tombstone = false;
		asset->contradicted = removal_pending(asset, true, look->answer);
	}
	if (asset->tombstone) {
		asset->answered_deleted_ns = asset->times.deleted;
		settle(look, look->before, 0);
		return;
	}
	plan_make(&in, &plan);
	if (look->before == ASSET_EXPIRED_KEPT && look->answer != RECORD_READY)
		plan.state = ASSET_EXPIRED_KEPT;
	carry_out_plan(look, &plan);
	plan_release(&plan);
}

static void remove_all(struct look *look, bool trash)
{
	struct asset *asset = &look->asset;

	look->files = 0;
	asset->archived_ns = 0;
	asset->tombstone = true;
	asset->answered_deleted_ns = asset->times.deleted;
	asset->contradicted = false;
	settle(look, trash ? ASSET_TRASHED : ASSET_DELETED, 0);
}

static void decide(struct look *look)
{
	struct asset *asset = &look->asset;
	struct removal_input in = {
		.asset = asset,
		.answered = true,
		.answer = look->answer,
		.credentials_proven = true,
		.expired = removal_is_expiry(asset),
		.on_delete = look->scene->on_delete,
		.on_expire = DELETE_KEEP,
		.archived = 1,
		.max_count = 20,
	};
	char why[512];

	switch (removal_decide(&in, why, sizeof(why))) {
	case REMOVAL_REMOVE:
		remove_all(look, false);
		return;
	case REMOVAL_TRASH:
		remove_all(look, true);
		return;
	case REMOVAL_KEEP:
		asset->answered_deleted_ns =
			asset->times.deleted ? asset->times.deleted : 1;
		settle(look, ASSET_ARCHIVED, 0);
		return;
	case REMOVAL_KEEP_EXPIRED:
		asset->answered_deleted_ns =
			asset->times.deleted ? asset->times.deleted : 1;
		settle(look, ASSET_EXPIRED_KEPT, 0);
		return;
	case REMOVAL_CONTRADICTED:
		asset->contradicted = true;
		plan_look(look);
		return;
	case REMOVAL_NONE:
	case REMOVAL_ASK_AGAIN:
	case REMOVAL_FOR_PERSON:
	case REMOVAL_HELD:
		break;
	}
	fail_msg("nothing in this world leads to: %s", why);
}

static void look_begin(struct world *world)
{
	world->stored.seq = 0; /* only equality counts */
	world->loaded = world->stored;
	world->looking = true;
}

static void look_end(struct world *world, const struct scene *scene, bool patient)
{
	struct look look = {
		.before = (enum asset_state)world->loaded.state,
		.answer = world->final ? scene->last : scene->first,
		.scene = scene,
		.patient = patient,
		.files = world->loaded.files,
	};
	bool news = world->stored.seq != world->loaded.seq;

	expand(&world->loaded, &look.asset, look.file_room);
	assert_true(plan_needs_record(&look.asset));
	asset_move(&look.asset, ASSET_FETCHING);
	look.asset.looked_ns = NOW;
	if (removal_pending(&look.asset, true, look.answer))
		decide(&look);
	else
		plan_look(&look);
	put_look(&world->stored, &look.asset, look.files);
	if (!news)
		world->stored.due = (int8_t)look.due;
	memset(&world->loaded, 0, sizeof(world->loaded));
	world->looking = false;
	world->stored.seq = 0;
}

static void deliver(struct world *world, const struct scene *scene, int which)
{
	struct event event = { .kind = scene->kinds[which],
		.at_ns = scene->times[which],
		.facts = { .duration_ms = -1 } };
	struct file files[2];
	struct asset asset;

	expand(&world->stored, &asset, files);
	asset_apply_event(&asset, &event, NOW);
	put_news(&world->stored, &asset);
	world->delivered = (int8_t)(world->delivered | 1 << which);
}

/* ---- what is expected ---- */

static int latest(const struct scene *scene, int delivered, enum event_kind kind)
{
	int at = 0;

	for (int i = 0; i < scene->n_events; i++)
		if ((delivered & 1 << i) && scene->kinds[i] == kind &&
			scene->times[i] > at)
			at = scene->times[i];
	return at;
}

static struct end start_of(const struct scene *scene)
{
	switch (scene->start) {
	case START_ARCHIVED:
		return (struct end){ ASSET_ARCHIVED, false, HAS_ALL };
	case START_TOMBSTONE:
		return (struct end){ ASSET_DELETED, true, 0 };
	case START_FRESH:
		break;
	}
	return (struct end){ ASSET_ANNOUNCED, false, 0 };
}

#define TOMBSTONE_TIME (TIME_FIRST + 2)

/* Whether any of the events gives a reason to look. */
static bool is_reason(const struct scene *scene, int delivered)
{
	int after = scene->start == START_TOMBSTONE ? TOMBSTONE_TIME : 0;

	return latest(scene, delivered, EVENT_READY) > after ||
	       latest(scene, delivered, EVENT_CHANGED) > after ||
	       latest(scene, delivered, EVENT_FAILED) > after ||
	       latest(scene, delivered, EVENT_DELETED) > after;
}

static struct end gone(const struct scene *scene, int delivered)
{
	int deleted = latest(scene, delivered, EVENT_DELETED);

	if (scene->start == START_ARCHIVED) {
		if (scene->expires && (deleted ? deleted : NOW) >= scene->expires)
			return (struct end){ ASSET_EXPIRED_KEPT, false, HAS_ALL };
		if (scene->on_delete == DELETE_KEEP)
			return (struct end){ ASSET_ARCHIVED, false, HAS_ALL };
		if (scene->on_delete == DELETE_TRASH)
			return (struct end){ ASSET_TRASHED, true, 0 };
	}
	return (struct end){ ASSET_DELETED, true, 0 };
}

static struct end expected(const struct scene *scene, int delivered)
{
	static const struct end failed = { ASSET_FAILED, false, 0 };

	if (!is_reason(scene, delivered))
		return start_of(scene);
	if (scene->last == RECORD_READY)
		return (struct end){ ASSET_ARCHIVED, false, HAS_ALL };
	if (scene->start == START_TOMBSTONE)
		return start_of(scene);
	if (scene->last == RECORD_DELETED ||
		(scene->last == RECORD_UNKNOWN &&
			latest(scene, delivered, EVENT_DELETED)))
		return gone(scene, delivered);
	return scene->start == START_ARCHIVED ? start_of(scene) : failed;
}

static void tell(const struct scene *scene, const struct world *from,
	const struct row *is, const struct end *end)
{
	print_message("# from %s, the platform says %s, then %s, %s%s:\n",
		asset_state_name(start_of(scene).state),
		record_status_name(scene->first), record_status_name(scene->last),
		scene->expires ? "with expiry" : "no expiry",
		from->looking ? ", during a look" : "");
	for (int i = 0; i < scene->n_events; i++)
		if (from->delivered & 1 << i)
			print_message("#   %s at %d\n",
				event_kind_name(scene->kinds[i]), scene->times[i]);
	print_message("# files %d, %s; expected %d, %s\n", is->files,
		asset_state_name((enum asset_state)is->state), end->files,
		asset_state_name(end->state));
}

static void must_stand_as_expected(struct world world, const struct scene *scene)
{
	struct end end = expected(scene, world.delivered);
	struct world from = world;
	struct asset asset;
	struct file files[2];

	if (world.looking)
		look_end(&world, scene, true);
	for (int looks = 0; world.stored.due; looks++) {
		bool patient = world.stored.due == NOW;

		assert_in_range(looks, 0, 10);
		look_begin(&world);
		look_end(&world, scene, patient);
	}
	if (world.stored.state != (int8_t)end.state || world.stored.files != end.files)
		tell(scene, &from, &world.stored, &end);
	assert_int_equal(world.stored.state, end.state);
	assert_int_equal(world.stored.tombstone, end.tombstone);
	assert_int_equal(world.stored.files, end.files);
	if (scene->last != RECORD_READY || scene->first != scene->last ||
		end.tombstone || end.state == ASSET_ANNOUNCED)
		return;
	/* Nothing is wanted any more, and no deletion is open. */
	expand(&world.stored, &asset, files);
	assert_false(removal_pending(&asset, true, scene->last));
	if (scene->start !=
		START_TOMBSTONE) /* there, an old change is no reason to look */
		assert_int_equal(asset.answered_changed_ns, asset.times.changed);
}

/* ---- the search ---- */

static struct world seen[STATES];
static uint32_t slots[SLOTS]; /* index in seen, plus 1 */
static uint32_t n_seen;

static void reach(const struct world *world)
{
	const unsigned char *bytes = (const unsigned char *)world;
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < sizeof(*world); i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	for (hash %= SLOTS; slots[hash]; hash = (hash + 1) % SLOTS)
		if (memcmp(&seen[slots[hash] - 1], world, sizeof(*world)) == 0)
			return;
	assert_true(n_seen < STATES);
	seen[n_seen++] = *world;
	slots[hash] = n_seen;
}

static struct world world_at_start(const struct scene *scene)
{
	struct world world;
	struct end start = start_of(scene);

	memset(&world, 0, sizeof(world));
	world.final = scene->first == scene->last;
	world.stored.state = (int8_t)start.state;
	world.stored.tombstone = start.tombstone;
	world.stored.files = (int8_t)start.files;
	world.stored.archived = start.files != 0;
	world.stored.looked = scene->start == START_FRESH ? 0 : 1;
	world.stored.expires = (int8_t)scene->expires;
	if (scene->start == START_TOMBSTONE)
		world.stored.deleted = world.stored.answered_deleted = TOMBSTONE_TIME;
	return world;
}

static void step(const struct world *from, const struct scene *scene)
{
	struct world next;

	for (int i = 0; i < scene->n_events; i++) {
		next = *from;
		deliver(&next, scene, i);
		reach(&next);
	}
	next = *from;
	if (from->looking) {
		look_end(&next, scene, true);
		reach(&next);
	} else if (from->stored.due) {
		look_begin(&next);
		reach(&next);
	}
	if (from->looking && scene->patience_ends) {
		next = *from;
		look_end(&next, scene, false);
		reach(&next);
	}
	if (!from->final) {
		next = *from;
		next.final = true;
		reach(&next);
	}
}

static void search(
	const struct scene *scene, void (*check)(struct world, const struct scene *))
{
	struct world start = world_at_start(scene);

	memset(slots, 0, sizeof(slots));
	n_seen = 0;
	reach(&start);
	for (uint32_t i = 0; i < n_seen; i++) {
		if (seen[i].final)
			check(seen[i], scene);
		step(&seen[i], scene);
	}
}

/* ---- scenes ---- */

/* The @code'th choice of @n kinds, one after the other in time. False: not all
 * different. */
static bool choose_kinds(struct scene *scene, int code, int n)
{
	static const enum event_kind kinds[] = { EVENT_ANNOUNCED, EVENT_READY,
		EVENT_CHANGED, EVENT_FAILED, EVENT_DELETED };
	unsigned used = 0;

	scene->n_events = n;
	for (int i = 0; i < n; i++, code /= EVENTS) {
		scene->kinds[i] = kinds[code % EVENTS];
		scene->times[i] = TIME_FIRST + i;
		if (used & 1u << scene->kinds[i])
			scene->n_events = -1;
		used |= 1u << scene->kinds[i];
	}
	if (scene->n_events == n)
		return true;
	scene->n_events = n;
	return false;
}

static int power(int base, int exponent)
{
	int value = 1;

	while (exponent-- > 0)
		value *= base;
	return value;
}

static void search_answers(struct scene *scene)
{
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		scene->first = scene->last = answers[i];
		search(scene, must_stand_as_expected);
	}
}

static void five_kinds_in_every_order_of_times(void **state)
{
	(void)state;
	for (int code = 0; code < power(EVENTS, EVENTS); code++) {
		struct scene scene = { .patience_ends = true };

		if (choose_kinds(&scene, code, EVENTS))
			search_answers(&scene);
	}
}

/* Announced changes nothing, as the five kinds above show: the rest does without it. */
static bool choose_acting_kinds(struct scene *scene, int code, bool all_different)
{
	bool different = choose_kinds(scene, code, EVENTS - 1);

	return !latest(scene, ~0, EVENT_ANNOUNCED) && (different || !all_different);
}

#define CODES power(EVENTS, EVENTS - 1)

static void kinds_may_come_more_than_once(void **state)
{
	(void)state;
	for (int code = 0; code < CODES; code++) {
		struct scene scene = { .patience_ends = true };

		if (!choose_acting_kinds(&scene, code, false))
			continue;
		for (int start = START_FRESH; start <= START_TOMBSTONE; start++) {
			scene.start = (enum start)start;
			search_answers(&scene);
		}
	}
}

static void what_the_rule_does_with_deletions(void **state)
{
	(void)state;
	for (int code = 0; code < CODES; code++) {
		struct scene scene = { .patience_ends = true, .start = START_ARCHIVED };

		if (!choose_acting_kinds(&scene, code, true))
			continue;
		scene.on_delete = DELETE_TRASH;
		search_answers(&scene);
		scene.on_delete = DELETE_KEEP;
		search_answers(&scene);
	}
}

static void events_of_the_same_moment(void **state)
{
	(void)state;
	for (int code = 0; code < power(EVENTS, 3) * 8; code++) {
		struct scene scene = { .patience_ends = true };

		choose_kinds(&scene, code / 8, 3);
		for (int i = 0; i < 3; i++)
			scene.times[i] = TIME_FIRST + 2 * (code >> i & 1);
		for (int start = START_FRESH; start <= START_TOMBSTONE; start++) {
			scene.start = (enum start)start;
			search_answers(&scene);
		}
	}
}

static void expiry_at_every_moment(void **state)
{
	(void)state;
	for (int code = 0; code < CODES; code++) {
		struct scene scene = { .patience_ends = true, .start = START_ARCHIVED };

		if (!choose_acting_kinds(&scene, code, true))
			continue;
		for (int i = 1; i < EVENTS; i++) {
			scene.expires = TIME_FIRST + i;
			search_answers(&scene);
		}
	}
}

/* The API may lag behind its own deleted event. */
static void must_be_gone(struct world world, const struct scene *scene)
{
	if (latest(scene, world.delivered, EVENT_DELETED))
		must_stand_as_expected(world, scene);
}

static void deletion_waits_for_a_platform_that_lags(void **state)
{
	static const enum record_status before[] = { RECORD_READY, RECORD_PENDING,
		RECORD_FAILED };
	(void)state;
	for (int code = 0; code < CODES; code++) {
		struct scene scene = { 0 };

		if (!choose_acting_kinds(&scene, code, true))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(before); i++) {
			scene.first = before[i];
			scene.start = START_FRESH;
			scene.last = RECORD_UNKNOWN;
			search(&scene, must_be_gone);
			scene.last = RECORD_DELETED;
			search(&scene, must_be_gone);
		}
	}
}

/* Whatever the platform said before: one more look at a ready record archives it. */
static void must_come_back(struct world world, const struct scene *scene)
{
	struct asset asset;
	struct file files[2];

	if (world.looking)
		look_end(&world, scene, true);
	expand(&world.stored, &asset, files);
	assert_true(asset_apply_wish(&asset, WISH_RETRY, NOW));
	put_news(&world.stored, &asset);
	while (world.stored.due) {
		bool patient = world.stored.due == NOW;

		look_begin(&world);
		look_end(&world, scene, patient);
	}
	assert_int_equal(world.stored.state, ASSET_ARCHIVED);
	assert_int_equal(world.stored.files, HAS_ALL);
	assert_false(world.stored.tombstone);
}

static void the_record_undoes_a_deletion(void **state)
{
	(void)state;
	for (int code = 0; code < CODES; code++) {
		struct scene scene = { .last = RECORD_READY };

		if (!choose_acting_kinds(&scene, code, true))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
			scene.first = answers[i];
			scene.start = START_FRESH;
			search(&scene, must_come_back);
			scene.start = START_ARCHIVED;
			search(&scene, must_come_back);
		}
	}
}

static void a_late_ready_does_not_undo_a_deletion(void **state)
{
	struct scene scene = { .kinds = { EVENT_DELETED, EVENT_READY, EVENT_READY },
		.times = { 6, 4, 8 },
		.n_events = 3,
		.first = RECORD_UNKNOWN,
		.last = RECORD_READY,
		.start = START_ARCHIVED };
	struct world world = world_at_start(&scene);
	(void)state;

	deliver(&world, &scene, 0);
	look_begin(&world);
	look_end(&world, &scene, true);
	assert_int_equal(world.stored.state, ASSET_DELETED);
	assert_int_equal(world.stored.due, 0);
	deliver(&world, &scene,
		1); /* from before the deletion: not even a reason to look */
	assert_int_equal(world.stored.due, 0);
	deliver(&world, &scene, 2); /* after it: a look, which the answer decides */
	assert_int_equal(world.stored.due, NOW);
	look_begin(&world);
	look_end(&world, &scene, true);
	assert_int_equal(world.stored.state, ASSET_DELETED);
	assert_int_equal(world.stored.files, 0);
	must_come_back((world.final = true, world), &scene);
}

static int make_sources(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		sources[i] = (struct source){ .role = i ? ROLE_THUMBNAIL : ROLE_VIDEO,
			.key = i ? thumbnail_key : video_key,
			.bytes = -1,
			.available = true };
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_kinds_in_every_order_of_times),
		cmocka_unit_test(kinds_may_come_more_than_once),
		cmocka_unit_test(what_the_rule_does_with_deletions),
		cmocka_unit_test(events_of_the_same_moment),
		cmocka_unit_test(expiry_at_every_moment),
		cmocka_unit_test(deletion_waits_for_a_platform_that_lags),
		cmocka_unit_test(the_record_undoes_a_deletion),
		cmocka_unit_test(a_late_ready_does_not_undo_a_deletion),
	};
	return cmocka_run_group_tests(tests, make_sources, NULL);
}
