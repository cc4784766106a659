/*
 * The world outside the configuration's text. Says why a secret cannot be had, never
 * what it is.
 */
#include <config.h>

#include "cli/config_load.h"

#include "base/fs.h"
#include "base/mem.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_MAX (64 * 1024)

static int system_read(void *arg, const char *path, struct buf *out, struct err *err)
{
	(void)arg;
	return fs_read(path, out->max, out, err);
}

/* @base "/" @pattern, where no character of @base is special. */
static char *pattern_below(const char *base, const char *pattern)
{
	char *whole = mem_alloc(2 * strlen(base) + strlen(pattern) + 2);
	char *end = whole;

	for (; *base; base++) {
		if (strchr("*?[\\", *base))
			*end++ = '\\';
		*end++ = *base;
	}
	*end++ = '/';
	stpcpy(end, pattern);
	return whole;
}

/* A directory that is not there holds nothing; one that cannot be read may. */
static int on_glob_error(const char *path, int errnum)
{
	(void)path;
	return errnum != ENOENT && errnum != ENOTDIR;
}

static int system_glob(void *arg, const char *base, const char *pattern,
	struct text_list *out, struct err *err)
{
	glob_t found = { 0 };
	char *whole =
		*pattern == '/' ? mem_strdup(pattern) : pattern_below(base, pattern);
	int rc = glob(whole, 0, on_glob_error, &found);

	(void)arg;
	free(whole);
	if (rc == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			text_list_add(out, found.gl_pathv[i]);
	globfree(&found);
	if (rc && rc != GLOB_NOMATCH)
		return err_set(err, ERR_INPUT,
			"a directory on the way to %s is unreadable", pattern);
	return 0;
}

/* The file's text without the newline that editors put at the end. */
static int secret_file(const char *path, char **out, struct err *err)
{
	struct buf text;

	buf_init(&text, SECRET_MAX);
	int rc = fs_read(path, SECRET_MAX, &text, err);
	size_t len = text.len;
	if (rc) {
		err_wrap(err, "the secret cannot be read");
		rc = -(int)ERR_INPUT;
	} else if (memchr(buf_text(&text), '\0', len)) {
		rc = err_set(err, ERR_INPUT, "the secret in %s is not text", path);
	} else {
		if (len > 0 && text.data[len - 1] == '\n')
			len--;
		if (len > 0 && len < text.len && text.data[len - 1] == '\r')
			len--;
		*out = mem_strndup(buf_text(&text), len);
	}
	if (text.data)
		explicit_bzero(text.data, text.len);
	buf_release(&text);
	return rc;
}

static int secret_env(const char *name, char **out, struct err *err)
{
	const char *value = getenv(name);
	if (!value)
		return err_set(
			err, ERR_INPUT, "%s is not set in the environment", name);
	*out = mem_strdup(value);
	return 0;
}

static int secret_credential(const char *name, char **out, struct err *err)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");

	if (!*name || strchr(name, '/') || *name == '.')
		return err_set(
			err, ERR_INPUT, "\"%s\" is not the name of a credential", name);
	if (!directory)
		return err_set(err, ERR_INPUT,
			"there is no credential %s: $CREDENTIALS_DIRECTORY is not set, "
			"systemd sets it for units with LoadCredential=",
			name);
	char *path = mem_printf("%s/%s", directory, name);
	int rc = secret_file(path, out, err);
	free(path);
	return rc;
}

static int system_secret(void *arg, const char *text, char **out, struct err *err)
{
	static const struct {
		const char *prefix;
		int (*get)(const char *name, char **out, struct err *err);
	} kinds[] = {
		{ "env:", secret_env },
		{ "file:", secret_file },
		{ "credential:", secret_credential },
	};

	(void)arg;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t n = strlen(kinds[i].prefix);
		if (strncmp(text, kinds[i].prefix, n) == 0)
			return kinds[i].get(text + n, out, err);
	}
	if (strcmp(text, "***") == 0)
		return err_set(
			err, ERR_INPUT, "is the *** of a dump, not filled in yet");
	*out = mem_strdup(text);
	return 0;
}

const struct config_source config_source_system = {
	.read = system_read,
	.glob = system_glob,
	.secret = system_secret,
};

int config_load(const char *path, struct config **out, struct config_notes *notes)
{
	return config_read(path, &config_source_system, out, notes);
}

/* A secret that is not needed is not read: its text only has to be one. */
static int unread_secret(void *arg, const char *text, char **out, struct err *err)
{
	(void)arg;
	(void)text;
	(void)err;
	*out = mem_strdup("dW5yZWFk");
	return 0;
}

static const struct config_source source_unread = {
	.read = system_read,
	.glob = system_glob,
	.secret = unread_secret,
};

char *config_load_socket(const char *path)
{
	return config_socket(path, &source_unread);
}
