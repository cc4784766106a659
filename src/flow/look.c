/*
 * A look from its beginning: load, ask, plan; and the order of the steps. Removing is
 * look_remove.c, paths and sidecars look_files.c, fetching look_fetch.c, ending
 * look_end.c; none of them knows what follows it.
 */
#include <config.h>

#include "flow/look_steps.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "core/removal.h"
#include "core/rule.h"
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_AGAIN_MS 5000
/* Without a sign that something is on its way, the platform is asked this often. */
#define SLOW_MS (INT64_C(3600) * 1000)
/* Optional files (a thumbnail) are tried this often after the main file is there. */
#define MINOR_ATTEMPTS 6
/* A media that the platform has never known: a test delivery, or deleted at once. */
#define UNKNOWN_FOR_MS (INT64_C(3600) * 1000)
/* The API may lag behind its own deleted event; afterwards reconciling decides. */
#define CONTRADICTED_FOR_MS (INT64_C(15) * 60 * 1000)

int64_t look_row(const struct look *look)
{
	return look->row;
}

const char *look_workspace(const struct look *look)
{
	return look->ws->name;
}

bool look_live_state(const struct look *look, enum asset_state *state)
{
	bool at_rest = look->asset &&
		       plan_rest_state(look->asset, look->before) == look->before &&
		       look->before != ASSET_WAITING;

	*state = look->asset ? look->asset->state : ASSET_FETCHING;
	return *state == ASSET_DOWNLOADING ||
	       (*state == ASSET_FETCHING && look->asset && !at_rest);
}

/* ---- plan ---- */

/* A deleted event that the record has denied for long enough is dealt with. */
static int64_t contradicted_due(struct look *look)
{
	struct asset *asset = look->asset;
	struct retry_limits limits = look_limits(look);
	int64_t now_ns = look_now_ns();
	int64_t age_ms = (now_ns - asset->times.deleted) / NS_PER_MS;

	if (!asset->contradicted || asset->times.deleted <= asset->answered_deleted_ns)
		return 0;
	if (age_ms < 0) /* the platform's clock is ahead of ours */
		age_ms = 0;
	if (age_ms > CONTRADICTED_FOR_MS) {
		asset->answered_deleted_ns = asset->times.deleted;
		return 0;
	}
	return now_ns + retry_schedule_ms(&limits, age_ms) * NS_PER_MS;
}

/* Its time is known: neither a failure nor given up before. */
static void rest_until(struct look *look, int64_t until_ns)
{
	struct retry_limits limits = look_limits(look);
	int64_t now_ns = look_now_ns();
	int64_t waited_ms = (now_ns - look->asset->mp4_asked_ns) / NS_PER_MS;
	int64_t again_ns = now_ns + retry_schedule_ms(&limits, waited_ms) * NS_PER_MS;

	look->asset->trouble_ns = 0;
	look->asset->attempts = 0;
	look_settle(look, look->plan.state, again_ns < until_ns ? again_ns : until_ns,
		"%s", look->plan.reason);
}

static void rest_planned(struct look *look)
{
	const struct plan *plan = &look->plan;
	struct retry_limits limits = look_limits(look);
	int64_t now_ns = look_now_ns();

	switch (plan->due) {
	case PLAN_DUE_NEVER:
		look->asset->trouble_ns = 0;
		look->asset->attempts = 0;
		look_settle(
			look, plan->state, contradicted_due(look), "%s", plan->reason);
		return;
	case PLAN_DUE_SLOW:
		look_settle(look, plan->state,
			now_ns + (limits.max_ms < SLOW_MS ? limits.max_ms : SLOW_MS) *
					 NS_PER_MS,
			"%s", plan->reason);
		return;
	case PLAN_DUE_SCHEDULE:
		break;
	}
	if (plan->until_ns > now_ns) {
		rest_until(look, plan->until_ns);
		return;
	}
	if (look->record->status == RECORD_UNKNOWN && limits.for_ms > UNKNOWN_FOR_MS) {
		limits.for_ms = UNKNOWN_FOR_MS;
		if (retry_given_up(&limits, look->asset->trouble_ns, now_ns)) {
			look_settle(look, ASSET_FAILED, 0,
				"the platform does not know this media: a test delivery, or it "
				"was deleted before it could be fetched");
			return;
		}
	}
	look_rest_on_schedule(look, plan->reason, plan->state);
}

static void settle_archived(struct look *look)
{
	struct asset *asset = look->asset;
	int64_t due_ns = contradicted_due(look);

	asset->answered_changed_ns = asset->times.changed;
	if (look->minor.class == ERR_TRANSIENT &&
		look_rest_for_host(
			look, look->minor_way, look->minor_held, ASSET_ARCHIVED))
		return;
	if (look->minor.class != ERR_NONE && asset->attempts < MINOR_ATTEMPTS) {
		struct retry_limits limits = look_limits(look);
		int64_t delay_ms;

		asset->attempts++;
		delay_ms = retry_backoff_ms(&limits, asset->attempts + 2,
			look->minor.retry_after_ms, random_u64());
		due_ns = look_now_ns() + delay_ms * NS_PER_MS;
		look_settle(look, ASSET_ARCHIVED, due_ns, "%s", look->minor.text);
		return;
	}
	asset->attempts = 0;
	asset->trouble_ns = 0;
	look_settle(look, ASSET_ARCHIVED, due_ns, "%s",
		look->minor.class != ERR_NONE ? look->minor.text : "");
}

/* Where the platform does not tell whether it has made the MP4, trying does. */
static void tell_late_mp4(struct look *look)
{
	int64_t asked_ns = look->asset->mp4_asked_ns;
	int64_t wait_ms = look->ws->request_mp4_wait_ms;
	char wait[32];

	if (look->trouble.class != ERR_NOT_YET || !asked_ns ||
		look_now_ns() < asked_ns + wait_ms * NS_PER_MS)
		return;
	duration_format(wait_ms, wait);
	err_wrap(&look->trouble,
		"the MP4 that the platform was asked for has not come within %s", wait);
}

static void finish_plan(struct look *look)
{
	tell_late_mp4(look);
	if (look->stopping)
		look_parked(look);
	else if (look->trouble.class != ERR_NONE)
		look_rest(look, &look->trouble);
	else if (look->plan.state == ASSET_ARCHIVED)
		settle_archived(look);
	else
		rest_planned(look);
}

static void wait_for_room(struct look *look)
{
	look_settle(look, plan_rest_state(look->asset, look->before),
		look_now_ns() + ROOM_AGAIN_MS * NS_PER_MS,
		"waits until the archive is there and has room");
}

static void note_plan(struct look *look)
{
	const struct plan *plan = &look->plan;
	char what[512] = "";
	size_t n = 0;

	for (size_t i = 0; i < plan->n_fetches && n < sizeof(what) - 64; i++)
		n += (size_t)snprintf(what + n, sizeof(what) - n, "%s%.40s",
			i ? ", " : "", plan->fetches[i].source->key);
	look_note(look, "rule", "%s: %s%s%s%s",
		look->rule->name[0] ? look->rule->name : "(built in)",
		plan->ignore                  ? "ignored"
		: plan->n_fetches             ? "to fetch: "
		: plan->state == ASSET_FAILED ? "gives up"
		: plan->reason[0]             ? "waits"
					      : "nothing is missing",
		what, plan->reason[0] ? "; " : "", plan->reason);
}

static void on_fetched(struct look *look);

static void on_path(struct look *look)
{
	look_fetch(look, on_fetched);
}

static void on_sidecar(struct look *look)
{
	if (look->force_claim && !look->stopping)
		look_path(look, on_path);
	else
		finish_plan(look);
}

static void on_fetched(struct look *look)
{
	if (look->exists_seen && look->path_rounds < LOOK_PATH_ROUNDS &&
		!look->stopping) {
		look_note(look, "file", "another file lies at %s: a new name is taken",
			look->asset->base_path);
		look->force_claim = true;
		look_path(look, on_path);
		return;
	}
	if (look->exists_seen)
		err_set(&look->trouble, ERR_PERMANENT,
			"files that are not vodkeep's lie at every name for %s; move them away",
			look->asset->base_path);
	look_sidecar(look, on_sidecar);
}

static void compare(struct look *look)
{
	struct plan_input in = {
		.asset = look->asset,
		.record = look->record,
		.rule = look->rule,
		.now_ns = look_now_ns(),
		.request_mp4 = look->ws->request_mp4,
		.request_mp4_wait_ms = look->ws->request_mp4_wait_ms,
	};

	plan_release(&look->plan);
	plan_make(&in, &look->plan);
	look->planned = look->record; /* no plan is made after a newer one has come */
	note_plan(look);
}

/* The platform has answered, which changes the plan: now it waits, or says why not. */
static void on_asked(struct look *look)
{
	compare(look);
	look_path(look, on_path);
}

static void plan(struct look *look)
{
	struct asset *asset = look->asset;

	if (look->record->status == RECORD_READY && asset->tombstone) {
		look_note(look, "api",
			"the platform has the media (again): the tombstone goes");
		asset->tombstone = false;
		/* With a deleted event since then: the API may lag behind it. */
		asset->contradicted =
			removal_pending(asset, true, look->record->status);
	}
	if (asset->tombstone) {
		asset->answered_deleted_ns = asset->times.deleted;
		look_settle(look, look->before, 0, "%s",
			asset->reason ? asset->reason : "");
		return;
	}
	look->rule = rule_choose(look->settings->config, look->ws->name, &asset->facts);
	mem_replace(&asset->rule, look->rule->name);
	asset->priority = look->rule->priority;
	compare(look);
	if (look->before == ASSET_EXPIRED_KEPT && look->record->status != RECORD_READY)
		look->plan.state = ASSET_EXPIRED_KEPT;
	if (look->record->status != RECORD_READY || look->plan.ignore) {
		rest_planned(look);
		return;
	}
	if (!guard_well(look->env->guard)) {
		wait_for_room(look);
		return;
	}
	if (look->plan.ask)
		look_ask(look, on_asked);
	else
		look_path(look, on_path);
}

/* ---- ask ---- */

static void take_record(struct look *look)
{
	struct asset *asset = look->asset;
	struct record *record = look->record;

	asset->looked_ns = look_now_ns();
	mem_replace(&asset->platform_status, record_status_name(record->status));
	if (record->status == RECORD_UNKNOWN || record->status == RECORD_DELETED) {
		/* What was decided about an earlier deletion, before the media came
		 * back or a person fetched it, does not answer this one. */
		if (asset->n_files > 0 && !asset->tombstone)
			asset->answered_deleted_ns = 0;
		return;
	}
	asset->mark = record_mark(record);
	facts_merge(&asset->facts, &record->facts);
	asset->trial |= record->trial;
	if (record->platform_data) {
		free(asset->platform_data);
		asset->platform_data = json_print(record->platform_data, false);
	}
}

static void on_details(void *arg, const struct err *err, struct record *record)
{
	struct look *look = arg;

	if (look->stopping && !record) {
		look_parked(look);
		return;
	}
	if (!record) {
		look_api_failed(look, true);
		look_rest(look, err);
		return;
	}
	look_take_record(look, record);
	look_note(look, "api", "%s says: %s%s%s", look->platform->title,
		record_status_name(record->status), record->reason ? ", " : "",
		record->reason ? record->reason : "");
	take_record(look);
	if (look->stopping)
		look_parked(look);
	else if (removal_pending(look->asset, true, record->status))
		look_decide(look, plan);
	else
		plan(look);
}

static void ask_anew(struct asset *asset)
{
	asset->mp4_asked_ns = 0;
	mem_replace(&asset->mp4_refused, NULL);
}

static void grant_wish(struct look *look)
{
	struct asset *asset = look->asset;

	switch (asset->wish) {
	case WISH_FETCH:
		ask_anew(asset);
		asset->tombstone = false;
		asset->by_person = false;
		asset->answered_deleted_ns = asset->times.deleted;
		asset->attempts = 0;
		asset->trouble_ns = 0;
		break;
	case WISH_RETRY:
		ask_anew(asset);
		asset->attempts = 0;
		asset->trouble_ns = 0;
		break;
	case WISH_CONFIRM:
		look->confirmed = true;
		break;
	case WISH_NONE:
	case WISH_REMOVE:
	case WISH_COUNT:
		break;
	}
}

static void on_loaded(void *arg, const struct err *err, struct asset *asset)
{
	struct look *look = arg;

	if (!asset) {
		struct log_about about = { .workspace = look->ws->name };

		if (err->class != ERR_NOT_FOUND)
			log_error(&about,
				"cannot read an asset that is due: %s; it stays due",
				err->text);
		look_finish(look);
		return;
	}
	look->asset = asset;
	look->before = asset->state;
	look->was = notices_before(asset);
	mem_replace(&asset->waits_for, NULL);
	if (asset->wish == WISH_REMOVE) {
		asset_move(asset, ASSET_FETCHING);
		look_remove_by_person(look);
		return;
	}
	grant_wish(look);
	asset_move(asset, ASSET_FETCHING);
	if (look->stopping) {
		look_parked(look);
	} else if (!guard_well(look->env->guard) && !removal_pending(asset, false, 0)) {
		wait_for_room(look); /* without asking the platform in vain */
	} else if (!plan_needs_record(asset)) {
		look_settle(look, look->before, 0, "%s",
			asset->reason ? asset->reason : "");
	} else {
		api_details(look->env->api, look->settings, look->ws, asset->id,
			on_details, look);
	}
}

static void look_free(struct look *look)
{
	look_tasks_free(look);
	free(look->trouble_way);
	free(look->minor_way);
	look_ops_clear(look);
	plan_release(&look->plan);
	look_take_record(look, NULL);
	record_free(look->planned);
	story_release(&look->story);
	notices_release(&look->notices);
	asset_free(look->asset);
	settings_unref(look->settings);
	free(look);
}

struct look *look_start(const struct look_env *env, struct settings *settings,
	const struct workspace_config *ws, int64_t row)
{
	struct look *look = mem_alloc(sizeof(*look));

	look->env = env;
	look->settings = settings_ref(settings);
	look->ws = ws;
	look->platform = platform_of(ws->platform);
	look->row = row;
	look->started_ns = look_now_ns();
	look->release = look_free;
	store_load(env->store, row, on_loaded, look);
	return look;
}

void look_stop(struct look *look)
{
	if (look->stopping)
		return;
	look->stopping = true;
	if (look->timer_open && uv_is_active((uv_handle_t *)&look->timer)) {
		uv_timer_stop(&look->timer);
		look_save(look);
		return;
	}
	if (look->turn.queued)
		look_leave_line(look);
	else
		look_tasks_stop(look);
}
