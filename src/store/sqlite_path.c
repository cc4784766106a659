/*
 * Claims on paths: who may put files under a base path. The unique index assets_path
 * holds the rule; this file chooses what to try.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

/* The asset's present claim; NULL none. ERR_NOT_FOUND without such an asset. */
static int present_claim(
	struct backend_conn *conn, int64_t row, char **held, struct err *err)
{
	struct query query = query_begin(
		conn, SQL_PATH_HELD, "SELECT base_path FROM assets WHERE row=?");

	query_int(&query, row);
	int rc = query_step(&query, err);
	if (rc > 0)
		*held = column_copy(&query);
	else if (rc == 0)
		rc = err_set(err, ERR_NOT_FOUND, "no asset has the number %lld",
			(long long)row);
	query_end(&query);
	return rc < 0 ? rc : 0;
}

int sqlite_path_owner(
	struct backend_conn *conn, const char *path, int64_t *owner, struct err *err)
{
	struct query query = query_begin(
		conn, SQL_PATH_OWNER, "SELECT row FROM assets WHERE base_path=?");

	query_text(&query, path);
	return query_value(&query, 0, owner, err);
}

/* The @n-th choice, to be freed. */
static char *candidate(const char *base, const char *alternative, unsigned n)
{
	if (n == 0)
		return mem_strdup(base);
	return n == 1 ? mem_strdup(alternative) : mem_printf("%s-%u", alternative, n);
}

/* Where to begin. With @force what the asset holds has been found occupied: it and all
 * choices before it are passed over, so that asking again always leads further. */
static unsigned first_choice(
	const char *base, const char *alternative, const char *held, bool force)
{
	size_t len = strlen(alternative);

	if (!force)
		return 0;
	if (!held || strcmp(held, base) == 0)
		return 1;
	if (strcmp(held, alternative) == 0)
		return 2;
	if (strncmp(held, alternative, len) == 0 && held[len] == '-')
		return (unsigned)strtoul(held + len + 1, NULL, 10) + 1;
	return 1;
}

static int choose(struct backend_conn *conn, int64_t row, const char *base,
	const char *alternative, unsigned first, char **chosen, struct err *err)
{
	for (unsigned n = first;; n++) {
		char *path = candidate(base, alternative, n);
		int64_t owner = 0;
		int rc = sqlite_path_owner(conn, path, &owner, err);
		if (!rc && (owner == 0 || owner == row)) {
			*chosen = path;
			return 0;
		}
		free(path);
		if (rc)
			return rc;
	}
}

static int claim(
	struct backend_conn *conn, int64_t row, const char *path, struct err *err)
{
	struct query query = query_begin(
		conn, SQL_PATH_CLAIM, "UPDATE assets SET base_path=? WHERE row=?");

	query_text(&query, path);
	query_int(&query, row);
	return query_run(&query, err);
}

int sqlite_claim_path(struct backend_conn *conn, int64_t row, const char *base,
	const char *alternative, bool force, char **claimed, struct err *err)
{
	char *held = NULL, *path = NULL;
	int rc = present_claim(conn, row, &held, err);

	if (!rc)
		rc = choose(conn, row, base, alternative,
			first_choice(base, alternative, held, force), &path, err);
	if (!rc)
		rc = claim(conn, row, path, err);
	free(held);
	if (rc) {
		free(path);
		return rc;
	}
	*claimed = path;
	return 0;
}
