/*
 * What goes wrong around a database: a full disk, a killed process, a second agent, a
 * newer or foreign file, a reader in the way.
 */
#include <config.h>

#include "store_fixture.h"

#include "base/mem.h"
#include "base/metrics.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static off_t size_of(struct fixture *f, const char *suffix)
{
	char *path = mem_printf("%s%s", f->path, suffix);
	struct stat status;
	off_t size = stat(path, &status) ? -1 : status.st_size;

	free(path);
	return size;
}

/* No file may grow beyond @bytes: the kernel's way of saying that the disk is full. */
static void limit_files(off_t bytes)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes < 0 ? limit.rlim_max : (rlim_t)bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void put_burst(struct fixture *f, struct answer *answer, char prefix, int n)
{
	char id[24];

	for (int i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "%c-%d", prefix, i);
		store_put_delivery(f->store,
			make_delivery("w", id, id, EVENT_READY, T0), on_put, answer);
	}
}

static void a_full_disk_refuses_all_and_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct answer good = { .calls = 0 }, bad = good, again = good;

	put_burst(f, &good, 'a', 20);
	fixture_wait(f, &good, 20);
	struct workspace_stats before = stats_of(f, "w", 0);
	limit_files(size_of(f, "-wal") + 100);
	put_burst(f, &bad, 'b', 200);
	fixture_wait(f, &bad, 200);
	limit_files(-1);

	assert_int_equal(bad.err.class, ERR_LOCAL);
	assert_non_null(strstr(bad.err.text, "nothing was stored"));
	assert_non_null(strstr(bad.err.text, f->path));
	assert_int_equal(bad.count, 0);
	assert_true(metric_get(METRIC_STORE_ERRORS, NULL) >= 1);
	struct workspace_stats after = stats_of(f, "w", 0);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(ask(f, "SELECT count(*) FROM deliveries"), 20);
	/* With space again it works again, and nothing counts as seen. */
	put_burst(f, &again, 'b', 200);
	fixture_wait(f, &again, 200);
	assert_int_equal(again.count, 200);
	assert_int_equal(stats_of(f, "w", 0).assets[ASSET_QUEUED], 220);
	char *check = ask_text(f, "PRAGMA integrity_check");
	assert_string_equal(check, "ok");
	free(check);
}

static void one_misfit_does_not_harm_its_batch(void **state)
{
	struct fixture *f = *state;
	struct answer wish = { .calls = 0 }, puts = wish;

	put_burst(f, &puts, 'a', 10);
	store_wish(f->store, "w", "unknown", WISH_RETRY, false, on_stored, &wish);
	put_burst(f, &puts, 'b', 10);
	fixture_wait(f, &puts, 20);
	assert_int_equal(wish.calls, 1);
	assert_int_equal(wish.err.class, ERR_NOT_FOUND);
	assert_int_equal(puts.count, 20);
}

static int try_open(const char *path, struct err *err)
{
	struct store *store = NULL;
	uv_loop_t loop;

	assert_int_equal(uv_loop_init(&loop), 0);
	int rc = store_open(&store, &loop, path, err);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_null(store);
	return rc;
}

static void a_second_agent_is_refused(void **state)
{
	struct fixture *f = *state;
	struct err err = { .class = ERR_NONE };

	assert_int_equal(try_open(f->path, &err), -ERR_PERMANENT);
	assert_non_null(strstr(err.text, "another vodkeep"));
}

static void execute(const char *path, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void a_newer_schema_is_refused(void **state)
{
	struct fixture *f = *state;
	struct err err = { .class = ERR_NONE };
	char *ours = mem_printf(
		"PRAGMA user_version=%d", (int)ask(f, "PRAGMA user_version"));

	fixture_close(f);
	execute(f->path, "PRAGMA user_version=99");
	assert_int_equal(try_open(f->path, &err), -ERR_PERMANENT);
	assert_non_null(strstr(err.text, "newer version"));
	execute(f->path, ours);
	fixture_open(f);
	free(ours);
}

#define TAKE_BACK_7 "DROP TABLE outbox;"
#define TAKE_BACK_5_AND_6                                   \
	"ALTER TABLE assets DROP COLUMN mp4_asked_ns;"      \
	"ALTER TABLE assets DROP COLUMN mp4_refused;"       \
	"ALTER TABLE assets DROP COLUMN mark;"              \
	"ALTER TABLE assets DROP COLUMN listed_mark;"       \
	"ALTER TABLE assets DROP COLUMN missed_ns;"         \
	"ALTER TABLE workspaces DROP COLUMN walk_ns;"       \
	"ALTER TABLE workspaces DROP COLUMN walk_page;"     \
	"ALTER TABLE workspaces DROP COLUMN reconciled_ns;" \
	"ALTER TABLE workspaces DROP COLUMN lost;"          \
	"ALTER TABLE workspaces DROP COLUMN lost_oldest_ns;"

/* What an older vodkeep leaves behind, made from ours by taking step 4 to 7 back. */
static void make_older(struct fixture *f)
{
	fixture_close(f);
	execute(f->path, TAKE_BACK_7 TAKE_BACK_5_AND_6
		"DROP TABLE damage; PRAGMA user_version=3");
}

static void an_older_schema_is_migrated_after_a_copy(void **state)
{
	struct fixture *f = *state;
	int newest = (int)ask(f, "PRAGMA user_version");
	char *path = mem_printf("%s.before-%d", f->path, newest);
	char *second = mem_printf("%s.2", path);
	struct fixture copy = { .path = path };
	struct stat st;

	put_event(f, "a", "k1", EVENT_READY, T0);
	make_older(f);
	fixture_open(f);
	assert_int_equal(ask(f, "PRAGMA user_version"), newest);
	assert_int_equal(ask(f, "SELECT count(*) FROM damage"), 0);
	assert_int_not_equal(row_of(f, "w/a"), 0);
	assert_int_equal(ask(&copy, "PRAGMA user_version"), 3);
	assert_int_equal(ask(&copy, "SELECT count(*) FROM assets"), 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	/* Once more, as after going back to the copy: neither is written over. */
	put_event(f, "b", "k2", EVENT_READY, T0);
	make_older(f);
	fixture_open(f);
	assert_int_equal(ask(&copy, "SELECT count(*) FROM assets"), 1);
	copy.path = second;
	assert_int_equal(ask(&copy, "SELECT count(*) FROM assets"), 2);

	/* Nothing to migrate, nothing to copy. */
	fixture_close(f);
	unlink(path);
	unlink(second);
	fixture_open(f);
	assert_int_not_equal(access(path, F_OK), 0);
	free(path);
	free(second);
}

static void a_migration_that_fails_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct err err = { .class = ERR_NONE };
	int newest = (int)ask(f, "PRAGMA user_version");
	char *path = mem_printf("%s.before-%d", f->path, newest);

	fixture_close(f);
	/* Step 3 succeeds, step 4 meets a table of its own name. */
	execute(f->path, TAKE_BACK_7 TAKE_BACK_5_AND_6
		"DROP INDEX assets_deadline; DROP INDEX assets_order;"
		"DROP INDEX assets_waiting; DROP INDEX assets_due;"
		"ALTER TABLE assets DROP COLUMN expected_bytes;"
		"ALTER TABLE assets DROP COLUMN handicap_ns;"
		"ALTER TABLE assets DROP COLUMN waits_for;"
		"CREATE INDEX assets_due ON assets(workspace, due_ns);"
		"CREATE INDEX assets_order ON assets(workspace, due_ns);"
		"PRAGMA user_version=2");
	assert_true(try_open(f->path, &err) < 0);
	assert_non_null(strstr(err.text, "schema to version 4"));
	assert_int_equal(ask(f, "PRAGMA user_version"), 2);
	assert_int_equal(ask(f, "SELECT count(*) FROM pragma_table_info('assets')"
				" WHERE name='waits_for'"),
		0);
	execute(f->path, "DROP TABLE damage");
	fixture_open(f);
	assert_int_equal(ask(f, "PRAGMA user_version"), newest);
	fixture_close(f);
	unlink(path);
	char *second = mem_printf("%s.2", path);
	unlink(second);
	free(second);
	free(path);
	fixture_open(f);
}

static void a_foreign_file_is_refused_untouched(void **state)
{
	struct fixture *f = *state;
	struct err err = { .class = ERR_NONE };
	char *path = mem_printf("%s/copy.db", f->dir);
	char *lock = mem_printf("%s.lock", path);

	execute(path, "CREATE TABLE theirs(a)");
	assert_int_equal(try_open(path, &err), -ERR_PERMANENT);
	assert_non_null(strstr(err.text, "another program"));
	struct fixture theirs = { .path = path };
	char *mode = ask_text(&theirs, "PRAGMA journal_mode");
	assert_string_equal(mode, "delete");
	free(mode);
	unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "this is no database, but text", 29), 29);
	close(fd);
	assert_int_equal(try_open(path, &err), -ERR_LOCAL);
	unlink(path);
	assert_int_equal(try_open("/nonexistent/state.db", &err), -ERR_LOCAL);
	assert_int_equal(try_open("postgresql://host/db", &err), -ERR_INPUT);
	unlink(lock);
	free(lock);
	free(path);
}

static void files_are_for_their_owner_only(void **state)
{
	struct fixture *f = *state;
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };

	put_event(f, "a", "1", EVENT_READY, T0);
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		char *path = mem_printf("%s%s", f->path, suffixes[i]);
		struct stat status;
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 0777, 0600);
		free(path);
	}
}

static void run_for_ms(struct fixture *f, unsigned ms)
{
	uint64_t end = uv_hrtime() + ms * UINT64_C(1000000);

	while (uv_hrtime() < end) {
		uv_run(&f->loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
}

static void an_idle_store_empties_its_log(void **state)
{
	struct fixture *f = *state;
	struct answer answer = { .calls = 0 };
	off_t before = size_of(f, ""), log = 0;
	char id[24];

	put_burst(f, &answer, 'a', 2000);
	fixture_wait(f, &answer, 2000);
	for (int i = 0; i < 200 && size_of(f, "") == before; i++)
		run_for_ms(f, 50);
	assert_true(size_of(f, "") > before);
	/* Then it begins anew instead of growing. */
	for (int i = 0; i < 100 && log != size_of(f, "-wal"); i++) {
		run_for_ms(f, 50);
		log = size_of(f, "-wal");
		snprintf(id, sizeof(id), "b-%d", i);
		put_event(f, id, id, EVENT_READY, T0);
	}
	assert_int_equal(size_of(f, "-wal"), log);
	fixture_close(f);
	assert_int_equal(size_of(f, "-wal"), -1);
	fixture_open(f);
}

/* Writes until it is killed; says on @fd which are safe. */
static void write_until_killed(const char *path, int fd)
{
	struct fixture f = { .path = mem_strdup(path) };
	char id[24];

	fixture_at(&f, T0);
	fixture_open(&f);
	for (int round = 0;; round++) {
		struct answer answer = { .calls = 0 };
		for (int i = 0; i < 20; i++) {
			snprintf(id, sizeof(id), "r%d-%d", round, i);
			store_put_delivery(f.store,
				make_delivery("w", id, id, EVENT_READY, T0), on_put,
				&answer);
		}
		while (answer.calls < 20)
			uv_run(&f.loop, UV_RUN_ONCE);
		if (answer.err.class || write(fd, &round, sizeof(round)) < 0)
			_exit(1);
	}
}

static int kill_in_the_middle(const char *path, unsigned delay_us)
{
	int fds[2], round = -1, status = 0;

	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(fds[0]);
		write_until_killed(path, fds[1]);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &round, sizeof(round)), sizeof(round));
	usleep(delay_us);
	kill(child, SIGKILL);
	while (read(fds[0], &round, sizeof(round)) == sizeof(round))
		continue;
	close(fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	return round;
}

static void a_killed_agent_has_lost_nothing_acknowledged(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	for (unsigned i = 0; i < 5; i++) {
		int round = kill_in_the_middle(f->path, 20000 + i * 17000);
		char *sql = mem_printf(
			"SELECT count(*) FROM deliveries JOIN bodies USING(row) WHERE"
			" CAST(substr(key, 2) AS INTEGER) <= %d",
			round);
		fixture_open(f);
		assert_int_equal(ask(f, sql), (round + 1) * 20);
		free(sql);
		char *check = ask_text(f, "PRAGMA integrity_check");
		assert_string_equal(check, "ok");
		free(check);
		/* Counts belong to the same transactions. */
		assert_int_equal(stats_of(f, "w", 0).assets[ASSET_QUEUED],
			ask(f, "SELECT count(*) FROM assets"));
		fixture_close(f);
		unlink(f->path);
	}
	fixture_open(f);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_full_disk_refuses_all_and_changes_nothing),
		TEST(one_misfit_does_not_harm_its_batch),
		TEST(a_second_agent_is_refused),
		TEST(a_newer_schema_is_refused),
		TEST(an_older_schema_is_migrated_after_a_copy),
		TEST(a_migration_that_fails_changes_nothing),
		TEST(a_foreign_file_is_refused_untouched),
		TEST(files_are_for_their_owner_only),
		TEST(an_idle_store_empties_its_log),
		TEST(a_killed_agent_has_lost_nothing_acknowledged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
