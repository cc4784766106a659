/*
 * A store on a fresh directory with a real loop and real threads, and its calls made
 * synchronous: each runs the loop until its callback has been there, exactly once.
 */
#ifndef VODKEEP_TESTS_STORE_FIXTURE_H
#define VODKEEP_TESTS_STORE_FIXTURE_H

#include "store/store.h"
#include "unit.h"
#include <stdbool.h>

#define T0 INT64_C(1700000000000000000)
#define S  INT64_C(1000000000)

struct fixture {
	char dir[64];
	char *path;
	uv_loop_t loop;
	struct store *store;
	int64_t now_ns; /* what the store's clock says */
};

/* What the last synchronous call was answered. */
struct answer {
	struct err err;
	int calls;
	size_t count;
	int64_t a, b;
	struct delivery_result delivered;
	char *text;
};

/* cmocka's setup and teardown; *state is the fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
/* Close, and check that the loop closes with 0; open again. */
void fixture_close(struct fixture *f);
void fixture_open(struct fixture *f);
/* Run the loop until answer->calls is @calls. */
void fixture_wait(struct fixture *f, const struct answer *answer, int calls);
/* The clock of tests says @now_ns. */
void fixture_at(struct fixture *f, int64_t now_ns);

/* An ACCEPTED event; @id may be NULL. */
struct delivery *make_delivery(const char *workspace, const char *id, const char *key,
	enum event_kind kind, int64_t at_ns);
void on_put(void *arg, const struct err *err, const struct delivery_result *result);
void on_stored(void *arg, const struct err *err);
void on_count(void *arg, const struct err *err, size_t count);

/* Each asserts success unless it returns the class. */
struct delivery_result put(struct fixture *f, struct delivery *delivery);
struct delivery_result put_event(struct fixture *f, const char *id, const char *key,
	enum event_kind kind, int64_t at_ns);
enum err_class save(struct fixture *f, const struct asset *asset, int64_t due_ns,
	struct story *story);
enum err_class load(struct fixture *f, int64_t row, struct asset **asset);
struct asset *loaded(struct fixture *f, int64_t row);
/* The row of "workspace/id", 0 none. */
int64_t row_of(struct fixture *f, const char *name);
/* "id id id" in order of work. */
char *due_ids(struct fixture *f, const char *workspace, int64_t now_ns, size_t limit,
	int64_t *next_ns);
struct workspace_stats stats_of(
	struct fixture *f, const char *workspace, int64_t since);
/* One number from the database file, on a connection of its own. */
int64_t ask(struct fixture *f, const char *sql);
char *ask_text(struct fixture *f, const char *sql);

#endif
