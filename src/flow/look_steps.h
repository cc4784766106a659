/*
 * Private to flow/look*.c: the look itself and the hand-overs between its steps.
 */
#ifndef VODKEEP_FLOW_LOOK_STEPS_H
#define VODKEEP_FLOW_LOOK_STEPS_H

#include "core/plan.h"
#include "core/retry.h"
#include "flow/look.h"
#include "flow/notices.h"

/* How many names are tried where foreign files lie in the way. */
#define LOOK_PATH_ROUNDS 4

/* One file on its way. */
struct task {
	struct look *look;
	struct slot_claim claim;
	struct transfer *transfer;
	char *way;      /* to its host (flow/breaker); NULL while there is no link */
	char *slot_way; /* … when its place was asked for: the claim's */
	enum breaker_pass pass;
	int64_t token_ns; /* when the token in its link was made; 0: has none */
	bool answered;    /* bytes have come: the host is there, whatever follows */
	char *key;
	enum role role;
	char *language, *version, *replaces, *stem;
	int64_t expected_bytes;
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
	struct slot_wait turn; /* to remove files */
	bool has_turn;         /* look_finish() gives it back */
	struct story story;

	struct record *record;  /* the latest; asked for anew when links expire */
	struct record *planned; /* the plan points into it; often the same */
	int64_t record_at_ms;   /* monotonic: when the latest came */
	int resolves;
	const struct rule *rule;
	struct plan plan;

	/* Paths. */
	bool force_claim;
	int path_rounds;
	/* Tasks. */
	struct task **tasks;
	size_t n_tasks, n_running;
	bool exists_seen, rechecked, files_changed;
	struct err trouble; /* of a file that the asset needs */
	struct err minor;   /* of one it can do without */
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

	/* What follows the step that is under way. */
	void (*decide_then)(struct look *look);
	void (*ask_then)(struct look *look);
	void (*path_then)(struct look *look);
	void (*fetch_then)(struct look *look);
	void (*sidecar_then)(struct look *look);

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
void look_save(struct look *look);
void look_finish(struct look *look); /* without saving */

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
/* look_ask.c. Ask the platform to make what the plan says, and remember the answer. */
void look_ask(struct look *look, void (*then)(struct look *look));
/* look_files.c. Claim a place and move what the asset has there. */
void look_path(struct look *look, void (*then)(struct look *look));
/* Write the sidecar of a complete asset. A foreign file in its place sets force_claim.
 */
void look_sidecar(struct look *look, void (*then)(struct look *look));
/* look_fetch.c. Fetch what the plan names; what went wrong is in trouble, minor and
 * exists_seen. */
void look_fetch(struct look *look, void (*then)(struct look *look));
/* look_recheck.c. Whether the plan's recheck is another file than the archived one;
 * what keeps that from being known is minor. */
void look_recheck(struct look *look, void (*then)(struct look *look, bool changed));
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
