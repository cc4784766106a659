/*
 * The SQLite back end: opening, locking, transactions, checkpoints, and the table of
 * its slots. No statement on vodkeep's own tables is in this file.
 *
 * WAL with synchronous=FULL: a commit is one append to the log and one fsync. SQLite's
 * own checkpoints would run inside the commit that happens to cross a threshold, while
 * deliveries wait for it. Here, when WAL_BUSY has gathered or nobody writes, another
 * thread's connection does the bulk beside the writer (sqlite_help); only what has been
 * written meanwhile is left to the writer, between two transactions, after which the
 * log begins anew. So the log is bounded however long the load lasts, and no commit
 * waits for more than a few milliseconds.
 *
 * The lock is on a file of its own: SQLite's locks come and go with transactions, and
 * two agents would take turns instead of one being refused.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/fs.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define PAGE_BYTES 4096
#define WAL_BUSY   (INT64_C(64) << 20) /* not yet checkpointed, while writing goes on */
#define WAL_SMALL  (INT64_C(1) << 20)  /* may be checkpointed between transactions */
#define BUSY_MS    5000

/* The log is cut to 128 MiB where a long reader has let it grow, but not to what a load
 * fills anyway: a log that must grow makes its fsync wait for the filesystem's journal,
 * for 100 ms and more on ext4. The writer's cache saves reading index pages again under
 * load; it is given back when nobody writes. */
#define WRITER_PRAGMA                                                   \
	"PRAGMA page_size=4096; PRAGMA synchronous=FULL;"               \
	"PRAGMA journal_size_limit=134217728; PRAGMA cache_size=-8192;" \
	"PRAGMA cache_spill=OFF; PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF"
#define READER_PRAGMA                                                             \
	"PRAGMA query_only=ON; PRAGMA synchronous=FULL; PRAGMA cache_size=-1024;" \
	"PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF"

/* ---- opening and closing ---- */

static int take_lock(struct backend_conn *conn, struct err *err)
{
	char *path = mem_printf("%s.lock", conn->path);
	int rc = 0;

	conn->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (conn->lock_fd < 0 || flock(conn->lock_fd, LOCK_EX | LOCK_NB))
		rc = errno == EWOULDBLOCK
			     ? err_set(err, ERR_PERMANENT,
				       "another vodkeep is using the state database %s; "
				       "stop it first",
				       conn->path)
			     : err_sys(err, ERR_LOCAL, errno, "cannot lock %s", path);
	free(path);
	return rc;
}

/* SQLite would make it readable for everybody; log and index inherit this mode. */
static int make_private(struct backend_conn *conn, struct err *err)
{
	int fd = open(conn->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(err, ERR_LOCAL, errno,
			"cannot open the state database %s", conn->path);
	close(fd);
	return 0;
}

/* Called after each commit with the length of the log. */
static int on_wal(void *arg, sqlite3 *db, const char *schema, int pages)
{
	struct backend_conn *conn = arg;
	int64_t bytes = (int64_t)pages * PAGE_BYTES;

	(void)db;
	(void)schema;
	if (bytes < conn->wal_bytes) /* it has begun anew */
		conn->wal_done = conn->wal_asked = 0;
	conn->wal_bytes = bytes;
	return SQLITE_OK;
}

static int connect_to(struct backend_conn *conn, struct err *err)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	int rc = sqlite3_open_v2(conn->path, &conn->db, flags, NULL);

	if (!conn->db)
		return err_set(err, ERR_LOCAL, "the state database %s: out of memory",
			conn->path);
	if (rc != SQLITE_OK)
		return sqlite_failed(conn, err);
	sqlite3_busy_timeout(conn->db, BUSY_MS);
	sqlite3_db_config(conn->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_wal_hook(conn->db, on_wal, conn);
	return 0;
}

static int set_up(struct backend_conn *conn, const char *pragma, struct err *err)
{
	if (sqlite3_exec(conn->db, pragma, NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_failed(conn, err);
	return 0;
}

/* Where there is no shared memory, SQLite keeps the old journal without an error. */
static int require_wal(struct backend_conn *conn, struct err *err)
{
	char *mode = NULL;
	int rc = sqlite_pragma(conn, "PRAGMA journal_mode=WAL", &mode, err);

	if (!rc && strcmp(mode, "wal") != 0)
		rc = err_set(err, ERR_LOCAL,
			"the state database %s cannot have a write-ahead log here "
			"(journal mode %s): put it on a local filesystem",
			conn->path, mode);
	free(mode);
	return rc;
}

/* Nothing is written before the file is known to be ours. */
static int open_writer(struct backend_conn *conn, struct err *err)
{
	int rc = take_lock(conn, err);

	if (!rc)
		rc = make_private(conn, err);
	if (!rc)
		rc = connect_to(conn, err);
	if (!rc)
		rc = sqlite_check(conn, err);
	if (!rc)
		rc = set_up(conn, WRITER_PRAGMA, err);
	if (!rc)
		rc = require_wal(conn, err);
	if (!rc)
		rc = sqlite_migrate(conn, err);
	if (!rc)
		rc = sqlite_ledger_begin(conn, err);
	return rc ? rc : sqlite_sync_parent(conn->path, err);
}

static int open_reader(struct backend_conn *conn, struct err *err)
{
	int rc = connect_to(conn, err);

	return rc ? rc : set_up(conn, READER_PRAGMA, err);
}

static void sqlite_close(struct backend_conn *conn)
{
	for (int i = 0; i < SQL_STATEMENTS; i++)
		sqlite3_finalize(conn->statements[i]);
	if (conn->db && conn->lock_fd >= 0)
		sqlite3_wal_checkpoint_v2(
			conn->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_close(conn->db);
	if (conn->lock_fd >= 0)
		close(conn->lock_fd);
	sqlite_forget_tallies(conn);
	free(conn->path);
	free(conn);
}

static int sqlite_open(struct backend_conn **out, const char *path,
	enum backend_mode mode, struct err *err)
{
	struct backend_conn *conn = mem_alloc(sizeof(*conn));
	int rc;

	conn->path = mem_strdup(path);
	conn->lock_fd = -1;
	rc = mode == BACKEND_WRITE ? open_writer(conn, err) : open_reader(conn, err);
	if (rc) {
		sqlite_close(conn);
		return rc;
	}
	*out = conn;
	return 0;
}

/* ---- transactions ---- */

static int sqlite_begin(struct backend_conn *conn, struct err *err)
{
	struct query query = query_begin(conn, SQL_BEGIN, "BEGIN IMMEDIATE");

	return query_run(&query, err);
}

static int sqlite_commit(struct backend_conn *conn, struct err *err)
{
	int rc = sqlite_write_tallies(conn, err);

	if (rc)
		return rc;
	struct query query = query_begin(conn, SQL_COMMIT, "COMMIT");
	return query_run(&query, err);
}

/* Many failures have rolled back by themselves; what is remembered beside the database
 * must be forgotten in any case. */
static void sqlite_rollback(struct backend_conn *conn)
{
	if (!sqlite3_get_autocommit(conn->db))
		sqlite3_exec(conn->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite_forget_tallies(conn);
	conn->next_asset = 0;
	conn->ledger.hash[0] = '\0';
}

/* ---- checkpoints ---- */

static int checkpoint(struct backend_conn *conn, bool *complete, struct err *err)
{
	int log = 0, done = 0;
	int rc = sqlite3_wal_checkpoint_v2(
		conn->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &log, &done);

	*complete = rc == SQLITE_OK && done >= log;
	/* A reader that still needs the log is no failure. */
	return rc == SQLITE_OK || rc == SQLITE_BUSY ? 0 : sqlite_failed(conn, err);
}

/* The cache that a load has filled, back to the system: an idle agent is small. */
static void give_back(struct backend_conn *conn)
{
	sqlite3_db_release_memory(conn->db);
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

static int sqlite_tidy(
	struct backend_conn *conn, enum tidy_moment moment, bool *help, struct err *err)
{
	if (moment == TIDY_HELPED)
		conn->wal_done = conn->wal_asked;
	int64_t open_bytes = conn->wal_bytes - conn->wal_done;
	bool complete = false;
	int rc = 0;

	*help = false;
	if (open_bytes == 0) {
		if (moment == TIDY_IDLE)
			give_back(conn);
	} else if (open_bytes <= WAL_SMALL && moment != TIDY_BETWEEN) {
		rc = checkpoint(conn, &complete, err);
		if (complete)
			conn->wal_done = conn->wal_bytes;
	} else if (open_bytes > WAL_BUSY || moment != TIDY_BETWEEN) {
		conn->wal_asked = conn->wal_bytes;
		*help = true;
	}
	return rc;
}

/* SQLite syncs the database only when a checkpoint has caught up with the writer; here
 * it is synced in any case, or that would be the writer's wait. */
static int sqlite_help(struct backend_conn *conn, struct err *err)
{
	sqlite3_file *file = NULL;
	bool complete;
	int rc = checkpoint(conn, &complete, err);

	if (rc)
		return rc;
	if (sqlite3_file_control(conn->db, "main", SQLITE_FCNTL_FILE_POINTER, &file) !=
			SQLITE_OK ||
		file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) != SQLITE_OK)
		return sqlite_failed(conn, err);
	return 0;
}

const struct backend sqlite_backend = {
	.open = sqlite_open,
	.close = sqlite_close,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.tidy = sqlite_tidy,
	.help = sqlite_help,
	.put_delivery = sqlite_put_delivery,
	.save = sqlite_save,
	.outbox_put = sqlite_outbox_put,
	.outbox_settle = sqlite_outbox_settle,
	.outbox_hurry = sqlite_outbox_hurry,
	.put_part = sqlite_put_part,
	.put_file = sqlite_put_file,
	.put_story = sqlite_put_story,
	.claim_path = sqlite_claim_path,
	.wish = sqlite_wish,
	.hold = sqlite_hold,
	.wish_all = sqlite_wish_all,
	.host_answers = sqlite_host_answers,
	.list_page = sqlite_list_page,
	.list_end = sqlite_list_end,
	.retire = sqlite_retire,
	.assign = sqlite_assign,
	.set_paused = sqlite_set_paused,
	.verified = sqlite_verified,
	.put_meta = sqlite_put_meta,
	.prune = sqlite_prune,
	.clock_back = sqlite_clock_back,
	.meta = sqlite_meta,
	.workspaces = sqlite_workspaces,
	.due = sqlite_due,
	.load = sqlite_load,
	.find = sqlite_find,
	.list = sqlite_list,
	.adopt = sqlite_adopt,
	.browse = sqlite_browse,
	.verify_page = sqlite_verify_page,
	.claimed = sqlite_claimed,
	.part_names = sqlite_part_names,
	.story = sqlite_story,
	.stats = sqlite_stats,
	.removals = sqlite_removals,
	.deliveries = sqlite_deliveries,
	.ledger = sqlite_ledger,
	.outbox = sqlite_outbox,
	.outbox_queues = sqlite_outbox_queues,
	.backup = sqlite_backup,
};
