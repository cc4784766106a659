/*
 * Private to flow/look*.c: the look itself and the hand-overs between its steps.
 */
#ifndef VODKEEP_FLOW_LOOK_STEPS_H
#define VODKEEP_FLOW_LOOK_STEPS_H

#include "core/plan.h"
#include "core/retire.h"
#include "core/retry.h"
#include "flow/hls.h"
#include "flow/look.h"
#include "flow/notices.h"
#include <cjson/cJSON.h>
#include <stdatomic.h>

/* How many names are tried where foreign files lie in the way. */
#define LOOK_PATH_ROUNDS 4

/* One file on its way. */
struct task {
	struct look *look;
	struct slot_claim claim;
	struct transfer *transfer;
	struct hls *hls; /* instead, where the source is HLS */
	char *way;       /* to its host (flow/breaker); NULL while there is no link */
	char *slot_way;  /* … when its place was asked for: the claim's */
	enum breaker_pass pass;
	int64_t token_ns; /* when the token in its link was made; 0: has none */
	bool answered;    /* bytes have come: the host is there, whatever follows */
	char *key;
	enum role role;
	enum form form;
	char *language, *version, *replaces, *stem;
	int64_t expected_bytes;
	char *why; /* it failed: a sentence, or NULL */
	bool main, optional;
	bool ended;
};

enum file_op_kind {
	OP_MOVE,
	OP_REMOVE,
	OP_TRASH,
	OP_PARTS_REMOVE /* whatever is staged for the asset */,
	OP_PUT
};
struct file_op {
	enum file_op_kind kind;
	char *path, *to; /* to: new path, date, or the text to put */
	bool replace;
};

struct look {
	const struct look_env *env;
	struct settings *settings;
	const struct workspace_config *ws;
	const struct platform *platform;
	int64_t row;
	int64_t started_ns;
	struct asset *asset;
	enum asset_state before;
	struct notices_before was;
	bool confirmed; /* a person confirmed the held deletion */
	bool stopping;
	atomic_bool stop_reading; /* the same, for the pool */
	struct slot_wait turn;    /* to remove files */
	bool has_turn;            /* look_finish() gives it back */
	struct story story;

	struct record *record;  /* the latest; asked for anew when links expire */
	struct record *planned; /* the plan points into it; often the same */
	int64_t record_at_ms;   /* monotonic: when the latest came */
	int resolves;
	const struct rule *rule;
	struct plan plan;

	/* Paths. */
	bool refile; /* go where today's rule wants it */
	bool force_claim;
	int path_rounds;
	/* Tasks. */
	struct task **tasks;
	size_t n_tasks, n_running;
	bool exists_seen, files_changed;
	bool unsynced;        /* some files' names are not durable yet */
	bool no_mp4;          /* it was offered, and did not come for too long */
	bool progress_stored; /* the store knows that it is being downloaded */
	size_t rechecks_done; /* of the plan's */
	bool unanswered;      /* whether all has followed a change is not known yet */
	struct err trouble;   /* of a file that the asset needs */
	struct err minor;     /* of one it can do without */
	/* The ways to the hosts that trouble and minor are about; and whether these
	 * were not even asked, being left alone. */
	char *trouble_way, *minor_way;
	bool trouble_held, minor_held;

	/* The pool job in progress. */
	uv_work_t work;
	struct file_op *ops;
	size_t n_ops, ops_done;
	int64_t ops_mtime_ns;
	struct err ops_err;
	void (*ops_then)(struct look *look);
	void (*sync_then)(struct look *look, const struct err *err);

	/* What follows the step that is under way. */
	void (*decide_then)(struct look *look);
	void (*ask_then)(struct look *look);
	void (*delete_then)(struct look *look);
	void (*path_then)(struct look *look);
	void (*fetch_then)(struct look *look);
	void (*sidecar_then)(struct look *look);

	enum retire_cause retire;
	/* A removal: whose doing it is, and why. */
	const char *removal_cause;
	char removal_why[512];

	int64_t again_ns; /* an archived asset is looked at again then; 0: need not */

	/* How it ends. */
	enum asset_state end;
	int64_t due_ns;
	struct notices notices; /* of it, for others */
	uv_timer_t timer;       /* waits for the store to work again */
	bool timer_open;
	void (*release)(
		struct look *look); /* frees it, after the owner has been told */
};

int64_t look_now_ns(void);
/* Take over @record (NULL: none any more) as the latest; the planned one is kept. */
void look_take_record(struct look *look, struct record *record);
struct retry_limits look_limits(const struct look *look);
void look_note(struct look *look, const char *kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* look_evidence.c, the lowest room of all. What the look knows now, for a decision. */
cJSON *look_evidence(const struct look *look);
/* As look_note(), of a decision: it goes to the ledger. @evidence is taken over. */
void look_decided(struct look *look, const char *kind, const char *decision,
	cJSON *evidence, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* look_sync.c. Make the names of the asset's files durable; @err of class NONE: they
 * are. Works on the pool. */
void look_sync(
	struct look *look, void (*then)(struct look *look, const struct err *err));

/* look_end.c: the ways to end. Each of them saves and finishes. */
void look_settle(struct look *look, enum asset_state state, int64_t due_ns,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Rest after @err, which decides when to look again; if that is trouble_way's host
 * being left alone, until it answers. */
void look_rest(struct look *look, const struct err *err);
/* While the host at the end of @way (or NULL) is left alone: rest until it answers,
 * which costs no attempt. If it answers by now and was not even asked (@held): look
 * again at once. False: neither, and nothing has been done. */
bool look_rest_for_host(
	struct look *look, const char *way, bool held, enum asset_state rest);
/* The platform is not ready: look again later and later. @why may be the asset's
 * reason. */
void look_rest_on_schedule(struct look *look, const char *why, enum asset_state rest);
void look_parked(struct look *look); /* stopped: it stays due */
/* First makes durable what is not yet: the store is told of nothing else. */
void look_save(struct look *look);
void look_finish(struct look *look);         /* without saving */
void look_give_turn_back(struct look *look); /* before the end, if it has one */

/* Of two troubles the worse decides how the asset rests: local before all, then the
 * longest wait. @kept may be of class NONE. */
void look_keep_worse(struct err *kept, const struct err *err);
/* A question to the API has failed: that is what trouble, or the minor trouble of a
 * file that is not @main, is about. */
void look_api_failed(struct look *look, bool main);

/* The steps; each calls @then unless it has ended the look. */

/* look_remove.c. A deletion is pending: carry it out, or find that nothing is to be
 * removed and go on. */
void look_decide(struct look *look, void (*then)(struct look *look));
void look_remove_by_person(struct look *look);
void look_leave_line(struct look *look); /* stop waiting for the turn: it rests */
/* For look_retire.c: wait for the workspace's turn to remove; remove the files of the
 * asset, or move them to the trash, and settle it with a tombstone. @cause lives
 * forever, @why is copied. */
void look_wait_turn(struct look *look, void (*granted)(struct slot_wait *turn));
void look_remove_files(
	struct look *look, bool trash, const char *cause, const char *why);
/* look_retire.c. Whether the asset, as loaded, is over its term or chosen to make room;
 * and decide about that: remove it, or go on. */
bool look_is_over(struct look *look);
void look_retire(struct look *look, void (*then)(struct look *look));
/* look_ask.c. Ask the platform to make what the plan says, and remember the answer. */
void look_ask(struct look *look, void (*then)(struct look *look));
/* look_delete.c. The asset is archived: remove it from the platform where that is
 * wanted, or have it looked at again for that. */
void look_delete(struct look *look, void (*then)(struct look *look));
/* look_files.c. Claim a place and move what the asset has there. */
void look_path(struct look *look, void (*then)(struct look *look));
/* look_refile.c. Move what is archived to where today's rule wants it, and end; the
 * platform is not asked. */
void look_refile(struct look *look);
/* Write the sidecar of a complete asset. A foreign file in its place sets force_claim.
 */
void look_sidecar(struct look *look, void (*then)(struct look *look));
/* look_fetch.c. Fetch what the plan names; what went wrong is in trouble, minor and
 * exists_seen. */
void look_fetch(struct look *look, void (*then)(struct look *look));
/* look_take.c. What is known of a download that goes on. */
void look_take_part(struct asset *asset, const struct part *from);
/* Have the store remember it, without waiting for it. */
void look_store_progress(struct look *look, const struct part *part);
/* The file that @task has brought, in @language (NULL: of none), is in the archive.
 * @made: of what it was made here; NULL: it is as it came. */
void look_take_file(struct task *task, const struct transfer_result *result,
	const char *language, const char *made);
/* look_recheck.c. Which of the plan's rechecks are other files than the archived ones:
 * they get tasks. What keeps that from being known is minor, and sets unanswered. */
void look_recheck(struct look *look, void (*then)(struct look *look));
/* look_replace.c. The new file of @task is whole, and its seal is stored: what becomes
 * of the one that it takes the place of? @then, once, tells of NONE: the new one may be
 * placed; of CANCELLED: it is the same as the old one, and goes; else what went wrong.
 * The look may not end before. */
void look_replace(
	struct task *task, void (*then)(struct task *task, const struct err *err));
/* look_missing.c. What the rule wants and the asset has not, into the asset. */
void look_missing(struct look *look);
/* look_start.c. Begin to fetch from @url: by a transfer with @events, or where the
 * source is HLS by a job with those but for its own end. */
typedef void (*hls_done_cb)(
	void *arg, const struct err *err, const struct hls_result *result);
void look_task_start(struct task *task, const struct source *source, const char *url,
	const struct transfer_events *events, hls_done_cb hls_done);
/* look_package.c. After the main file @key has been archived: what a package of an
 * earlier look had besides is no longer wanted, and nothing that was staged for HLS. */
void look_drop_package(struct look *look, const char *key);
/* look_task.c. @main: the video, or the audio of audio-only media. */
void look_task_add(struct look *look, const struct source *source, bool main);
void look_tasks_free(struct look *look);
void look_tasks_stop(struct look *look);

/* Pool jobs: add operations, then run them in order behind a check that the archive is
 * there and ours; the first failure stops and is in ops_err. */
void look_op(struct look *look, enum file_op_kind kind, const char *path,
	const char *to, bool replace);
void look_run_ops(struct look *look, void (*then)(struct look *look));
void look_ops_clear(struct look *look); /* when then() has read what was done */

#endif
