/*
 * Verifying: re-reads archived files and compares them with what was archived, tells
 * apart what is missing, damaged or cannot be read, and finds files in the archive that
 * no asset has. Needs no platform, and no running keeper.
 *
 * A run reads on a thread of its own with idle I/O priority, one asset after the other,
 * and pages through the store: memory does not depend on how much there is. Damage is
 * remembered in the store and told in the asset's story; with `repair` the asset is due
 * with it, and the keeper fetches again what is damaged. Until the new copy is placed,
 * which replaces it in one step, the damaged one stays. Nothing is removed here. Loop
 * thread only.
 */
#ifndef VODKEEP_FLOW_VERIFY_H
#define VODKEEP_FLOW_VERIFY_H

#include "archive/archive.h"
#include "store/store.h"

/* clang-format off */
#define VERIFY_KINDS_X(X) /* id, name */ \
	X(VERIFY_MISSING,    "missing")    /* of an asset, and not there */ \
	X(VERIFY_DAMAGED,    "damaged")    /* not what was archived */ \
	X(VERIFY_UNREADABLE, "unreadable") /* cannot be told: permissions and the like */ \
	X(VERIFY_FOREIGN,    "foreign")    /* in the archive, and nothing of vodkeep's */ \
	X(VERIFY_ORPHANED,   "orphaned")   /* vodkeep's by a sidecar, but of no asset now */
/* clang-format on */
enum verify_kind {
#define VERIFY_ENUM(id, name) id,
	VERIFY_KINDS_X(VERIFY_ENUM)
#undef VERIFY_ENUM
		VERIFY_KINDS
};
const char *verify_kind_name(enum verify_kind kind);

struct verify_finding {
	enum verify_kind kind;
	const char *workspace, *id; /* NULL: of no asset */
	const char *path;           /* below archive_dir */
	const char *text;           /* what is wrong */
};

struct verify_counts {
	int64_t assets, files, bytes; /* read so far */
	int64_t passed;               /* bytes, those of missing files too */
	int64_t found[VERIFY_KINDS];
	int64_t repairs;  /* assets that were made due for repair */
	int64_t last_row; /* the asset looked at last */
	bool all;         /* the last one of all has been */
};

struct verify_options {
	uv_loop_t *loop;
	struct store *store;
	struct archive *archive;
	const char *archive_id;
	/* ASSET as in commands, each of which must mean one; copied. None: all. */
	char *const *assets;
	size_t n_assets;
	const char *workspace; /* NULL any; copied */
	double sample;         /* percent of the assets, chosen by chance; 100 all */
	bool repair;
	bool strays;       /* look for files of no asset, too */
	bool live;         /* a keeper is at work: what it works on is its business */
	int64_t after_row; /* begin behind this asset */
	int64_t max_bytes; /* end when so much has been passed; 0 never */
	/* Each finding, as it is found. */
	void (*found)(void *arg, const struct verify_finding *finding);
	/* The asset is due for repair; may be NULL. */
	void (*repaired)(void *arg, const char *workspace, int64_t row);
	/* Last, once, with the class NONE when all was done: by then the run's thread
	 * has ended, and the run is freed after. ERR_NOT_FOUND: no such asset;
	 * ERR_INPUT: it may be several; ERR_LOCAL: the archive is not there. */
	void (*done)(
		void *arg, const struct err *err, const struct verify_counts *counts);
	void *arg;
};

struct verify;
/* Nothing is called back before this has returned. */
int verify_start(
	struct verify **out, const struct verify_options *options, struct err *err);
const struct verify_counts *verify_counts(const struct verify *verify);
/* End soon, in the middle of a file, with ERR_CANCELLED. */
void verify_stop(struct verify *verify);

#endif
