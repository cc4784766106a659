/*
 * What the platform tests share: fixture files, workspaces, answers.
 */
#ifndef VODKEEP_TESTS_PLATFORM_FIXTURE_H
#define VODKEEP_TESTS_PLATFORM_FIXTURE_H

#include "platform/platform.h"
#include "unit.h"

/* tests/data/@name as text; caller frees. Fails the test when it cannot be read. */
char *fixture_text(const char *name);
/* As the configuration gives them, with the platforms' default URLs. */
struct workspace_config fixture_workspace(enum platform_kind kind);

/* One delivery read; fixture_read_end() checks and releases. */
struct reading {
	enum delivery_verdict verdict;
	struct event event;
	char *redacted;
	struct err err;
};
struct reading fixture_read(const struct workspace_config *ws, const char *body);
struct reading fixture_read_file(const struct workspace_config *ws, const char *name);
void fixture_read_end(struct reading *reading);

/* Both NULL, or the same text. */
void assert_same_text(const char *got, const char *expected);
/* Answers as the API's would be. @body is borrowed. */
struct http_response fixture_answer(int status, const char *body);
/* The source of @record with this key and form, or NULL. */
const struct source *fixture_source(
	const struct record *record, const char *key, enum form form);

#endif
