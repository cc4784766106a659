/*
 * What the files behind flow/transfer.h share; nobody else includes it.
 *
 *   transfer.c          control loop: the owner's side, transfers by number
 *   transfer_limits.c   control loop: which bandwidths are in force now
 *   transfer_worker.c   a station: worker thread, its jobs, orders to them
 *   transfer_job.c      one job's states: what may happen next
 *   transfer_receive.c  the HTTP calls
 *   transfer_more.c     further calls: when, and for which bytes
 *   transfer_blocks.c   what arrives, on its way to the staging file and the hasher
 *   transfer_turn.c     failing, starting over, catching up
 *   transfer_range.c    a job's ranges
 *   transfer_steps.c    what blocks, on the libuv pool
 *   transfer_supply.c   a station's HTTP client and its blocks
 *   transfer_throttle.c a station's share of each bandwidth: whose turn it is
 *   transfer_ramp.c     is a further connection worth it (pure)
 *   transfer_answer.c   what an answer's head means (pure)
 *   transfer_check.c    is it what it should be
 *   transfer_hash.c     the hasher thread
 *   transfer_report.c   messages from a job to its owner
 *
 * Each uses only those below it; what lies below the job tells it by its hooks.
 *
 * The two sides name a transfer by number, never by pointer: an order for a job that
 * has ended finds nobody, and so does a report for a transfer that is done.
 */
#ifndef VODKEEP_FLOW_TRANSFER_PRIV_H
#define VODKEEP_FLOW_TRANSFER_PRIV_H

#include "base/digest.h"
#include "core/bucket.h"
#include "flow/transfer.h"
#include "flow/transfer_check.h"
#include "flow/transfer_hash.h"
#include "flow/transfer_ramp.h"
#include "io/http_client.h"
#include "io/worker.h"
#include <sys/queue.h>

/* ---- reports: from a job to its owner, on the control loop ---- */

enum report_kind {
	REPORT_PART,
	REPORT_NOTE,
	REPORT_RECEIVED,
	REPORT_SEALED,
	REPORT_PROGRESS,
	REPORT_DONE,
};

struct report {
	struct message message;
	void *owner;
	uint64_t id;
	enum report_kind kind;
	struct part part;
	char text[256];
	int64_t bytes, total;
	struct err err;
	bool success;
	struct transfer_result result;
};

/* Where reports go: run() gets the struct report, owns it, and frees it. */
struct report_line {
	struct mailbox *mailbox;
	void (*run)(struct message *message);
	void *owner;
};

void report_free(struct report *report);
void part_copy(struct part *to, const struct part *from); /* @to released or zeroed */
void part_release(struct part *part);
void part_forget(struct part *part); /* all but its key and name */

/* ---- limits: the bandwidths of the configuration, on the control loop ---- */

struct limit {
	enum limit_kind kind;
	char *name;
	struct bandwidth *bandwidth;
	int64_t rate; /* in force; 0 none */
	int64_t until_s;
};

struct limits {
	struct limit *items;
	size_t n;
	uv_timer_t timer;
	/* Some rate is another one now, or the items are others. */
	void (*changed)(struct limits *limits);
};

void limits_open(
	struct limits *limits, uv_loop_t *loop, void (*changed)(struct limits *limits));
/* The bandwidths of @config instead of the present ones; changed() is called. */
void limits_take(struct limits *limits, const struct config *config);
/* closed() runs once the timer is; then the items are freed too. */
void limits_close(struct limits *limits, uv_close_cb closed);

/* ---- the throttle: how a station keeps to its share of them ---- */

/* What a station is to keep to. */
struct share {
	enum limit_kind kind;
	char *name;   /* borrowed */
	int64_t rate; /* bytes a second, never 0 */
};

struct scope; /* a limit with its bucket */

struct throttle {
	uv_timer_t timer; /* runs only while a job waits for its turn */
	struct scope *scopes;
	TAILQ_HEAD(job_queue, job) waiting; /* in the order of their turns */
	uint64_t look;                      /* number of the latest look at them */
};

/* A job's side. */
struct allowance {
	char *name[LIMIT_KINDS];          /* NULL: none of this kind can limit it */
	struct scope *scope[LIMIT_KINDS]; /* NULL: not limited */
	bool joined, limited, waiting;
	int64_t bytes;  /* it may still take; negative: more came than it might take */
	uint64_t look;  /* at which it was served last */
	unsigned turns; /* it got then */
	TAILQ_ENTRY(job) link;
};

/* ---- a station: one worker thread and what it serves ---- */

struct outlet; /* an HTTP client, with the calls that still use it */

struct station {
	struct worker *worker;
	struct mailbox *inbox;
	struct hasher *hasher;
	struct archive *archive;
	struct report_line line;
	unsigned load; /* transfers given to it; the control loop's */

	const struct station_options *options; /* while it starts */

	/* The worker thread's. */
	uv_loop_t *loop;
	uv_timer_t tick;
	uv_timer_t ramp; /* runs while a job may yet want further calls */
	uv_timer_cb on_ramp;
	TAILQ_HEAD(job_list, job) jobs;
	struct outlet *outlet, *retired;
	struct block *spare;
	unsigned blocks; /* in use */
	struct throttle throttle;
	int per_host; /* connections, 0 no limit */
	bool paused, parked;
};

struct station_options {
	struct archive *archive;
	struct report_line line;
	const char *user_agent;
	int per_host;
};

enum order_kind { ORDER_PLACE, ORDER_CANCEL, ORDER_PARK, ORDER_PAUSE };

/* Control loop. */
int station_start(
	struct station **out, const struct station_options *options, struct err *err);
void station_stop(struct station *station); /* no job may be left; joins the threads */
void station_submit(struct station *station, struct job *job);
/* @id is ignored by PARK and PAUSE. @flag: discard, paused. */
void station_order(
	struct station *station, enum order_kind kind, uint64_t id, bool flag);
/* Later calls use a client with these. */
void station_configure(struct station *station, const char *user_agent, int per_host);
/* Keep to @shares instead of those before; copied. */
void station_throttle(struct station *station, const struct share *shares, size_t n);

/* Worker thread. */
void throttle_open(struct throttle *throttle, uv_loop_t *loop);
void throttle_close(struct throttle *throttle); /* no job may have joined */
void throttle_set(struct station *station, const struct share *shares, size_t n);
/* The job wants bytes, until it leaves; both may be called again. */
void throttle_join(struct job *job);
void throttle_leave(struct job *job);
/* Bytes have come. Calls nobody: a turn comes on a later tick, by the hook go_on(). */
void throttle_take(struct job *job, size_t bytes);
/* Whether it must wait for its turn. */
bool throttle_stops(const struct job *job);
int outlet_open(struct outlet **out, uv_loop_t *loop, const char *user_agent,
	int per_host, struct err *err);
void outlet_close(struct outlet *outlet);
/* Another client for later calls; the present one is retired. False: it stays. */
bool outlet_renew(struct station *station, const char *user_agent, int per_host);
/* @all: also those with calls. Never from within a client's own callback. */
void outlets_close_retired(struct station *station, bool all);
struct http_client *outlet_take(struct station *station, struct outlet **outlet);
void outlet_give_back(struct outlet *outlet);
struct block *block_take(struct range *range);
void block_give_back(struct block *block);
bool blocks_scarce(const struct job *job);
/* Keep at most so many spare ones. */
void blocks_trim(struct station *station, unsigned keep);

/* ---- a job: a transfer's half on its worker ---- */

/* clang-format off */
#define JOB_STATES(X) /* id, name, may go to */ \
	X(JOB_OPEN,    "open",    B(JOB_RECEIVE) | B(JOB_END))                  \
	X(JOB_RECEIVE, "receive", B(JOB_CHECK) | B(JOB_END))                    \
	X(JOB_CHECK,   "check",   B(JOB_OPEN) | B(JOB_RECEIVE) | B(JOB_SEALED) | B(JOB_END)) \
	X(JOB_SEALED,  "sealed",  B(JOB_PLACE) | B(JOB_END))                    \
	X(JOB_PLACE,   "place",   B(JOB_END))                                   \
	X(JOB_END,     "end",     0)
/* clang-format on */
enum job_state {
#define JOB_STATE_ENUM(id, name, next) id,
	JOB_STATES(JOB_STATE_ENUM)
#undef JOB_STATE_ENUM
		JOB_STATE_COUNT
};

/* One at a time for each job, on the libuv pool. */
enum job_step { STEP_OPEN, STEP_RENEW, STEP_RESERVE, STEP_SEAL, STEP_PLACE, STEP_END };

/* What the files below a job tell it. */
struct job_hooks {
	void (*advance)(struct job *job); /* job_advance() */
	void (*more)(struct job *job);    /* job_more_calls() */
	/* What was queued on the pool has come back, on the worker's loop. */
	void (*step_done)(struct job *job);
	void (*sync_done)(struct job *job);
	void (*hash_done)(struct job *job);
	/* It may be its turn, or no longer: job_update_pause(). */
	void (*go_on)(struct job *job);
};

/* A stretch of the file, and the call that fetches it. Offsets are in the file. */
struct range {
	TAILQ_ENTRY(range) link;
	struct job *job;
	int64_t first;   /* its first byte */
	int64_t end;     /* one past its last; -1 while the file's size is unknown */
	int64_t written; /* up to here it is in the staging file */
	int64_t arrived; /* … and in blocks */
	int64_t held;    /* … and fsynced */
	int64_t sync_to; /* held, after the sync under way */

	struct http_call *call;
	struct outlet *outlet;
	bool call_paused;
	bool dropped;       /* in the job's list of that name */
	bool relieved;      /* its call was ended for another one to go on; once */
	bool answered;      /* the answer's bytes are being taken */
	int64_t answer_end; /* where they end; -1 unknown */
	int64_t asked_from; /* where they begin */
	uint64_t asked_at;  /* loop time */
	uint64_t came_at;   /* … of its latest bytes */
	uint64_t answer_ms; /* how long the answer took */
	struct err err;     /* why its answer was refused */
	bool reads_error;   /* the body explains a 400 */
	struct buf error_body;
	struct block *current; /* being filled */

	int64_t seen; /* arrived, when the rate was last taken */
	double rate;  /* bytes/s, smoothed; 0 unknown */
};

struct job {
	struct message message; /* brings it to its worker */
	const struct job_hooks *hooks;
	TAILQ_ENTRY(job) link;
	struct station *station;
	uint64_t id;

	/* What to fetch; never changes. */
	int64_t row;
	enum role role;
	enum transfer_mode mode;
	enum content content;
	int64_t slice_first, slice_bytes; /* 0 bytes: the whole of the URL */
	char *key, *url, *path_stem, *replaces, *ca_file, *proxy;
	struct text_list media_hosts;
	bool allow_private;
	int64_t expected_bytes, mtime_ns, keep_free_bytes;
	int64_t connect_timeout_ms, low_speed_bytes, low_speed_ms;
	int segments;
	int64_t segment_min;

	struct allowance allowance;

	enum job_state state;
	struct err
		err;  /* why it ends; class NONE while it goes on or when it succeeds */
	bool ending;  /* nothing new begins */
	bool discard; /* the owner wants nothing kept */
	bool reject;  /* what came is not the file: nothing of it is kept */
	bool succeeded;

	/* The part as it would be told to the owner. held: bytes that are fsynced. */
	struct part part;
	bool told;    /* the owner knows of a part with bytes */
	bool claimed; /* … and of this very staging file: it must not be overwritten */

	/* The staging file, and what is or shall be in it: ranges that cover the file
	 * from byte 0, in order, none of them touching a complete one. */
	int fd;
	TAILQ_HEAD(range_list, range) ranges;
	struct range_list dropped; /* swallowed; each until its call has ended */
	int64_t file_size;         /* found by STEP_OPEN */
	bool found_placed;         /* fd is the final file, placed before a crash */
	bool verify;               /* nothing to receive: compare with part.sha256 */
	bool reserve;              /* STEP_RESERVE is wanted */
	bool sync_later;           /* the owner syncs the folder it is placed in */

	/* Hashing follows the front. Blocks written right at what is hashed go to the
	 * hasher; where the front is ahead, a step on the pool reads the file. */
	struct sha256 *hash;
	int64_t hashed;
	unsigned at_hasher;
	bool hash_busy;
	int64_t hash_to;
	uv_work_t hash_work;
	struct err hash_err;

	/* The HTTP calls. */
	struct http_policy policy;
	bool answered;  /* an answer of this run has fitted */
	bool body_done; /* all bytes are here, or were before */
	const char
		*again_why; /* the answer was of no use: once more from the beginning */
	bool went_again;
	char host[256];
	int64_t received, resumed_from;
	bool sniffed;
	struct ramp ramp;
	bool spare;        /* it may have more calls than there is work for */
	uint64_t rated_at; /* loop time */

	STAILQ_HEAD(block_queue, block) filled; /* waiting for the staging file */
	struct block *whole; /* a file of one block: hashed when it is sealed */
	unsigned blocks;     /* all it holds, the hasher's too */
	int64_t pushed;      /* bytes written since write-back was last begun */

	bool write_failed;
	bool sync_busy, sync_failed;
	bool name_synced;
	int64_t sync_free;
	uint64_t synced_at; /* loop time */
	uv_work_t sync_work;
	struct err sync_err;

	bool step_busy;
	enum job_step step;
	uv_work_t step_work;
	struct err step_err;
	bool differs; /* STEP_SEAL: not the hash that was expected */
	char sha256[DIGEST_SHA256_HEX];
	struct transfer_checked checked;
	char *path; /* final, once known */
	int64_t downloaded_ns;
};

struct job *job_new(uint64_t id, const struct transfer_spec *spec,
	const struct transfers_options *options);
void job_free(struct job *job); /* on any thread that owns it */

/* Worker thread. */
void job_begin(struct job *job);
/* Look what may happen next, and let it. May end and free the job. */
void job_advance(struct job *job);
/* The job ends with @err, once everything it waits for has come back. Only marks it:
 * the next job_advance() acts, so it may be called from within callbacks of the call.
 */
void job_fail(struct job *job, const struct err *err);
void job_cancel(struct job *job, bool discard, const char *why);
void job_place(struct job *job);
/* Every half second: what has to happen though no data came. */
void job_tick(struct job *job);
/* No step, sync or hash is busy, and no call runs but perhaps one. */
bool job_quiet(const struct job *job);
/* Drop what has been received; go on from byte 0. The job is quiet. */
void job_start_over(struct job *job, const char *why);

/* Hash the next piece of what the hash is behind. */
void job_catch_up(struct job *job);

/* Ask for what is missing of @range. */
void range_call(struct range *range);
/* Begin whatever further calls are worth it. @now: loop time. */
void job_more_calls(struct job *job);
/* A range has been answered: another one may now be judged. */
void job_ramp_answered(struct job *job, struct range *range, bool ranges_known);
void job_rates(struct job *job, uint64_t now);
/* Whether job_more_calls() is to be called again and again. */
bool job_wants_ramp(const struct job *job);
void job_start_ramp(struct job *job);
/* After again_why, once the job is quiet. */
void job_go_again(struct job *job);

void job_update_pause(struct job *job);
/* Write what is filled; with @partial also what is being filled. */
void job_flush(struct job *job, bool partial);
/* Take @len bytes that have arrived for @range. False: the job fails. */
bool range_take(struct range *range, const char *data, size_t len);
void range_flush(struct range *range);
void job_sync_if_due(struct job *job);
void job_drop_blocks(struct job *job);
void job_drop_whole(struct job *job);
void job_block_hashed(struct block *block);

/* ---- transfer_range.c ---- */

/* One range for the whole file, of which nothing is here. */
void ranges_reset(struct job *job);
/* As the part tells; 0, or -1 when what it tells cannot be. */
int ranges_restore(struct job *job);
/* All of @size bytes are written and held. */
void ranges_fill(struct job *job, int64_t size);
void ranges_free(struct job *job);
/* Now that it is known. False: there are ranges beyond it. */
bool ranges_set_total(struct job *job, int64_t total);
/* Join complete ranges with what follows them. */
void ranges_merge(struct job *job);
bool ranges_complete(const struct job *job); /* all has arrived */
/* The bytes from @at are those of a new range, which is returned. */
struct range *range_split(struct range *range, int64_t at);
/* An answer that still runs covers @range as well: undo the split. */
bool range_unsplit(struct range *range);
/* The answer to @range goes on into the next one, of which nothing has come: its bytes
 * become this one's, and it leaves the list. Its call, if any (*ended), is to be
 * cancelled. False: it stays. */
bool range_swallow(struct range *range, struct http_call **ended);
void range_free(struct range *range); /* takes it off its list; it has no call */
bool range_complete(const struct range *range);
struct range *ranges_idle(
	const struct job *job); /* first with bytes missing, no call */
/* Held is what a sync has brought to the disk: all written, or what it began with. */
void ranges_held(struct job *job, bool all_written);

static inline struct range *job_front(const struct job *job)
{
	return TAILQ_FIRST(&job->ranges);
}
/* Of all ranges together. */
struct range_bytes {
	int64_t arrived, written, held;
};
struct range_bytes job_bytes(const struct job *job);
static inline int64_t job_arrived(const struct job *job)
{
	return job_bytes(job).arrived;
}
static inline int64_t job_written(const struct job *job)
{
	return job_bytes(job).written;
}
static inline int64_t job_unheld(const struct job *job)
{
	struct range_bytes bytes = job_bytes(job);
	return bytes.written - bytes.held;
}
unsigned job_calls(const struct job *job);

/* Queue on the pool; the hooks step_done() etc. follow on the worker's loop. */
void job_queue_step(struct job *job, enum job_step step);
/* Opening a new file, and closing one that has been placed, are too little for the
 * pool. False: there is a part, which the pool has to look at. */
bool job_open_now(struct job *job);
void job_close_now(struct job *job); /* ends the job */
void job_queue_sync(struct job *job);
void job_queue_hash(struct job *job);

void job_report_part(struct job *job);
void job_report_received(struct job *job);
void job_report_sealed(struct job *job);
void job_report_note(struct job *job, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void job_report_progress(struct job *job);
void job_report_done(struct job *job);

#endif
