/*
 * Private to flow/verify*.c: a run and the hand-over between its two halves.
 */
#ifndef VODKEEP_FLOW_VERIFY_PARTS_H
#define VODKEEP_FLOW_VERIFY_PARTS_H

#include "flow/verify.h"
#include "io/worker.h"

#define VERIFY_BATCH 256 /* paths asked about at once */
#define VERIFY_TEXT  512

/* What was found of one file. */
struct verify_check {
	bool sound, unreadable;
	enum archive_verdict verdict;
	char what[VERIFY_TEXT];
};

struct verify_stray {
	char *path;
	bool regular, orphaned;
};

struct verify {
	struct verify_options o;
	struct verify_counts counts;
	char **names;
	char *workspace;
	size_t next_name;
	struct worker *worker;
	struct mailbox *back;
	atomic_bool stop;
	/* A page of assets. */
	struct asset_ref *refs;
	size_t n_refs, next_ref;
	bool last_page;
	/* The asset at hand. The worker has it between post() and the answer. */
	struct message message;
	struct asset *asset;
	struct verify_check *checks;
	bool damaged; /* something was found of it */
	/* The walk; the same. */
	struct archive_walk *walk;
	struct verify_stray strays[VERIFY_BATCH];
	size_t n_strays;
	bool walked;
	struct err err; /* why it cannot go on; set on the worker or the loop */
};

/* verify_base.c. Have @run done on the worker, then @then on the loop. Both find the
 * run by container_of() of its message. */
void verify_post(struct verify *verify, void (*run)(struct message *message));
void verify_answer(struct verify *verify, void (*then)(struct message *message));
/* On the worker: 0 when the archive is there and ours, else err is set. */
int verify_archive_there(struct verify *verify);
/* End the run with what is in err, or done. */
void verify_end(struct verify *verify);
void verify_page_clear(struct verify *verify);
void verify_asset_clear(struct verify *verify);
void verify_strays_clear(struct verify *verify);

/* verify_strays.c: look for files of no asset, then end. */
void verify_strays(struct verify *verify);

#endif
