/*
 * The floor under the receiver: what SQLite itself can commit durably on this disk,
 * with vodkeep's settings (WAL, synchronous=FULL) and nothing else to do. Not a test.
 *
 *   floor DATABASE ROWS-PER-COMMIT SECONDS
 *
 * Prints rows per second, and the share of time that commits took beyond 20 ms each:
 * what the disk alone takes. The file must not exist.
 */
#include <config.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STALL_S 0.020

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(sqlite3 *db, int rc)
{
	if (rc == SQLITE_OK || rc == SQLITE_DONE)
		return;
	fprintf(stderr, "floor: %s\n", sqlite3_errmsg(db));
	exit(1);
}

int main(int argc, char **argv)
{
	static const char schema[] =
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
		"CREATE TABLE deliveries(id INTEGER PRIMARY KEY, key TEXT UNIQUE, at INTEGER,"
		" body TEXT) STRICT;"
		"CREATE TABLE assets(id INTEGER PRIMARY KEY, name TEXT UNIQUE, state TEXT,"
		" due INTEGER) STRICT; CREATE INDEX due ON assets(due);";
	char body[1025], key[40];
	sqlite3 *db;
	sqlite3_stmt *delivery, *asset;
	long rows = 0;
	double start, end, stalled = 0;
	int batch;

	if (argc != 4) {
		fprintf(stderr, "usage: floor DATABASE ROWS-PER-COMMIT SECONDS\n");
		return 2;
	}
	batch = atoi(argv[2]);
	memset(body, 'x', sizeof(body) - 1);
	body[sizeof(body) - 1] = '\0';
	check(NULL, sqlite3_open(argv[1], &db));
	check(db, sqlite3_exec(db, schema, NULL, NULL, NULL));
	check(db, sqlite3_prepare_v2(db,
			  "INSERT INTO deliveries(key, at, body) VALUES(?, ?, ?)", -1,
			  &delivery, NULL));
	check(db, sqlite3_prepare_v2(db,
			  "INSERT INTO assets(name, state, due) VALUES(?, 'queued', ?)",
			  -1, &asset, NULL));
	start = now();
	end = start + atof(argv[3]);
	while (now() < end) {
		check(db, sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
		for (int i = 0; i < batch; i++, rows++) {
			snprintf(key, sizeof(key), "%08lx-%ld",
				rows * 2654435761u % 0xffffffffu, rows);
			sqlite3_bind_text(delivery, 1, key, -1, SQLITE_STATIC);
			sqlite3_bind_int64(delivery, 2, rows);
			sqlite3_bind_text(delivery, 3, body, -1, SQLITE_STATIC);
			check(db, sqlite3_step(delivery));
			sqlite3_reset(delivery);
			sqlite3_bind_text(asset, 1, key, -1, SQLITE_STATIC);
			sqlite3_bind_int64(asset, 2, rows);
			check(db, sqlite3_step(asset));
			sqlite3_reset(asset);
		}
		double began = now();
		check(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
		double took = now() - began;
		if (took > STALL_S)
			stalled += took - STALL_S;
	}
	double seconds = now() - start;
	printf("%.0f %.4f\n", (double)rows / seconds, stalled / seconds);
	sqlite3_finalize(delivery);
	sqlite3_finalize(asset);
	sqlite3_close(db);
	return 0;
}
