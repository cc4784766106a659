/*
 * Judging a configuration as a whole, after every value has been judged by itself:
 * what is missing, what contradicts, what this version cannot do yet.
 */
#include "core/config_read.h"

#include "base/digest.h"
#include "base/mem.h"
#include "base/rsa_key.h"
#include "core/notice.h"

#include <string.h>
#include <strings.h>

/* Of an OptiView media distribution (optiview.md §4). */
#define SHARED_KEY_MIN  32
#define SHARED_KEY_MAX  4096
#define SOCKET_PATH_MAX 107 /* sun_path with its NUL */

/* Where @key was set, else where the section began. */
static struct place place_of(const struct section *section, const char *key)
{
	const struct setting *setting = section_setting(section, key);
	return setting ? setting->at : section->at;
}

static bool was_given(const struct section *section, const char *key)
{
	return section_setting(section, key) != NULL;
}

/* ---- missing ----------------------------------------------------------------- */

static void note_missing(struct reading *reading, const struct section *section,
	const struct config_option *option)
{
	struct buf expected;

	buf_init(&expected, 1024);
	value_expected(option, &expected);
	note_error(reading, section->at, section->title, option->key,
		"is missing; expected %s", buf_text(&expected));
	buf_release(&expected);
}

/* Of a workspace whose platform is not known only what every platform needs is judged.
 */
static void check_required(struct reading *reading, const struct section *section)
{
	const struct workspace_config *ws = section_base(reading, section);
	const struct setting *platform = section_setting(section, "platform");
	bool fastpix = platform && platform->good && ws->platform == PLATFORM_FASTPIX;

	for (size_t i = 0; i < config_n_options; i++) {
		const struct config_option *option = &config_options[i];
		bool required = option->flags & OPTION_REQUIRED ||
				(fastpix && option->flags & OPTION_REQUIRED_FASTPIX);
		if (option->section == section->kind && required &&
			!was_given(section, option->key))
			note_missing(reading, section, option);
	}
}

/* ---- not yet, or without effect ---------------------------------------------- */

static void check_available(struct reading *reading, const struct section *section)
{
	const void *base = section_base(reading, section);
	struct buf value;

	buf_init(&value, 8192);
	for (size_t i = 0; i < section->n_settings; i++) {
		const struct setting *setting = &section->settings[i];
		if (!setting->good || !setting->option->later_for)
			continue;
		buf_reset(&value);
		setting->option->type->print(setting->option, base, &value);
		if (strncmp(buf_text(&value), setting->option->later_for,
			    strlen(setting->option->later_for)) == 0)
			note_warning(reading, setting->at, section->title, setting->key,
				"not available yet; %s", setting->option->later);
	}
	buf_release(&value);
}

static void check_platform_fits(struct reading *reading, const struct section *section)
{
	for (size_t i = 0; i < section->n_settings; i++) {
		const struct setting *setting = &section->settings[i];
		if (setting->option->flags & OPTION_FASTPIX && *setting->text)
			note_warning(reading, setting->at, section->title, setting->key,
				"has no effect; it belongs to platform = fastpix");
	}
}

/* ---- single sections --------------------------------------------------------- */

static void check_receiver(struct reading *reading)
{
	const struct section *section = &reading->sections[SECTION_RECEIVER];
	const struct config *config = reading->config;
	bool cert = config->receiver.tls_cert != NULL;
	bool key = config->receiver.tls_key != NULL;

	if (cert != key)
		note_error(reading, place_of(section, cert ? "tls_cert" : "tls_key"),
			section->title, cert ? "tls_cert" : "tls_key",
			"is set alone; expected %s as well",
			cert ? "tls_key" : "tls_cert");
}

static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strncmp(address, "[::1]:", 6) == 0 ||
	       strncmp(address, "unix:", 5) == 0;
}

static void check_admin(struct reading *reading)
{
	const struct section *section = &reading->sections[SECTION_ADMIN];
	const struct config *config = reading->config;
	const struct setting *password = section_setting(section, "password");

	if (config->admin.socket && strlen(config->admin.socket) > SOCKET_PATH_MAX)
		note_error(reading, place_of(section, "socket"), section->title,
			"socket",
			"the path is too long for a socket; expected at most %d bytes",
			SOCKET_PATH_MAX);
	if (config->admin.listen && !is_loopback(config->admin.listen) &&
		!config->admin.password && !(password && !password->good))
		note_error(reading, place_of(section, "listen"), section->title,
			"listen",
			"anyone could reach the dashboard at %s; expected a password, or "
			"a loopback address",
			config->admin.listen);
}

static void check_transfer(struct reading *reading)
{
	const struct section *section = &reading->sections[SECTION_TRANSFER];
	const struct config *config = reading->config;
	bool max_given = was_given(section, "retry_max");

	if (config->transfer.retry_min_ms > config->transfer.retry_max_ms)
		note_error(reading,
			place_of(section, max_given ? "retry_max" : "retry_min"),
			section->title, max_given ? "retry_max" : "retry_min",
			"retry_min is longer than retry_max; expected the shorter first");
}

/* ---- workspaces -------------------------------------------------------------- */

static bool is_plain_http(const char *url)
{
	return url && strncasecmp(url, "http://", 7) == 0;
}

static void check_urls(struct reading *reading, const struct section *section)
{
	const struct workspace_config *ws = section_base(reading, section);

	for (size_t i = 0; i < section->n_settings; i++) {
		const struct setting *setting = &section->settings[i];
		if (setting->option->type == &type_url && !ws->allow_private &&
			is_plain_http(setting->text))
			note_error(reading, setting->at, section->title, setting->key,
				"http:// is not encrypted; expected https://, or "
				"allow_private = yes");
	}
}

static void check_webhook_secrets(
	struct reading *reading, const struct section *section)
{
	const struct workspace_config *ws = section_base(reading, section);
	struct place at = place_of(section, "webhook_secret");

	for (size_t i = 0; i < ws->webhook_secrets.count; i++) {
		const char *secret = ws->webhook_secrets.items[i];
		bool strict = true;
		struct buf key;

		buf_init(&key, 8192);
		int rc = base64_decode(secret, strlen(secret), &key, &strict);
		bool empty = key.len == 0;
		buf_release(&key);
		if (rc || empty)
			note_error(reading, at, section->title, "webhook_secret",
				"secret %zu is not base64; expected it as the platform "
				"shows it",
				i + 1);
		else if (!strict)
			note_warning(reading, at, section->title, "webhook_secret",
				"secret %zu is sloppy base64; compare it with what the "
				"platform shows",
				i + 1);
	}
}

static void check_rsa_key(
	struct reading *reading, const struct section *section, const char *text)
{
	struct rsa_key *key = NULL;
	struct err err = { 0 };

	if (rsa_key_read(text, &key, &err))
		note_error(reading, place_of(section, "signing_key"), section->title,
			"signing_key",
			"it %s; expected the RSA private key that FastPix gave, PEM or base64 "
			"of it",
			err.text);
	rsa_key_free(key);
}

static void check_signing_key(struct reading *reading, const struct section *section)
{
	const struct workspace_config *ws = section_base(reading, section);
	bool key = was_given(section, "signing_key") && ws->signing_key;
	bool id = ws->signing_key_id != NULL;

	if (id && !was_given(section, "signing_key"))
		note_error(reading, place_of(section, "signing_key_id"), section->title,
			"signing_key_id", "is set alone; expected signing_key as well");
	else if (key && !id)
		note_error(reading, place_of(section, "signing_key"), section->title,
			"signing_key", "is set alone; expected signing_key_id as well");
	else if (key && ws->platform == PLATFORM_FASTPIX)
		check_rsa_key(reading, section, ws->signing_key);
	else if (key && (strlen(ws->signing_key) < SHARED_KEY_MIN ||
				strlen(ws->signing_key) > SHARED_KEY_MAX))
		note_error(reading, place_of(section, "signing_key"), section->title,
			"signing_key",
			"has %zu characters; expected the key of the media distribution, "
			"%d to %d",
			strlen(ws->signing_key), SHARED_KEY_MIN, SHARED_KEY_MAX);
}

static void check_workspace(struct reading *reading, const struct section *section)
{
	const struct workspace_config *ws = section_base(reading, section);
	const struct setting *platform = section_setting(section, "platform");

	check_required(reading, section);
	check_urls(reading, section);
	check_webhook_secrets(reading, section);
	if (platform && platform->good && ws->platform != PLATFORM_FASTPIX)
		check_platform_fits(reading, section);
	check_signing_key(reading, section);
}

/* ---- rules ------------------------------------------------------------------- */

static void check_rule_workspaces(
	struct reading *reading, const struct section *section)
{
	const struct rule *rule = section_base(reading, section);
	const struct config *config = reading->config;

	for (size_t i = 0; i < rule->workspaces.count; i++) {
		const char *name = rule->workspaces.items[i];
		const char *close = NULL;
		if (strpbrk(name, "*?[") || config_workspace(config, name))
			continue;
		for (size_t k = 0; k < config->n_workspaces; k++)
			if (name_is_close(name, config->workspaces[k].name))
				close = config->workspaces[k].name;
		note_error(reading, place_of(section, "workspace"), section->title,
			"workspace", "there is no [workspace %s]; %s%s%s", name,
			close ? "did you mean " : "expected the name of one, or a glob",
			close ? close : "", close ? "?" : "");
	}
}

static bool is_loopback_url(const char *url)
{
	const char *host = url + strlen("http://");
	size_t n = strcspn(host, ":/");
	return strncmp(host, "127.", 4) == 0 || strncmp(host, "[::1]", 5) == 0 ||
	       (n == strlen("localhost") && strncasecmp(host, "localhost", n) == 0);
}

static void check_notify_secret(
	struct reading *reading, const struct section *section, const char *secret)
{
	struct err err = { 0 };
	struct buf key;

	if (!secret)
		return;
	if (notice_secret(secret, &key, &err) == 0)
		mem_free_secret(buf_steal(&key));
	else
		note_error(reading, place_of(section, "notify_secret"), section->title,
			"notify_secret", "%s", err.text);
}

static void check_rule_notify(struct reading *reading, const struct section *section)
{
	const struct rule *rule = section_base(reading, section);

	if (!rule->notify)
		return;
	if (!was_given(section, "notify_secret"))
		note_error(reading, place_of(section, "notify"), section->title,
			"notify",
			"nothing to sign with; expected notify_secret as well");
	check_notify_secret(reading, section, rule->notify_secret);
	if (is_plain_http(rule->notify) && !is_loopback_url(rule->notify))
		note_error(reading, place_of(section, "notify"), section->title,
			"notify", "http:// is not encrypted; expected https://");
}

static void check_rule(struct reading *reading, const struct section *section)
{
	const struct rule *rule = section_base(reading, section);

	check_rule_workspaces(reading, section);
	check_rule_notify(reading, section);
	if (rule->max_duration_ms >= 0 && rule->min_duration_ms > rule->max_duration_ms)
		note_error(reading, place_of(section, "max_duration"), section->title,
			"max_duration",
			"min_duration is longer; nothing can match; expected a longer one");
	if (rule->after && rule->after[0] != '/')
		note_error(reading, place_of(section, "after"), section->title, "after",
			"is not absolute; expected the absolute path of a program");
}

void config_check(struct reading *reading)
{
	check_receiver(reading);
	check_admin(reading);
	check_transfer(reading);
	for (size_t i = 0; i < reading->n_sections; i++) {
		const struct section *section = &reading->sections[i];
		check_available(reading, section);
		if (section->kind == SECTION_WORKSPACE)
			check_workspace(reading, section);
		else if (section->kind == SECTION_RULE)
			check_rule(reading, section);
	}
	if (reading->config->n_workspaces == 0)
		note_error(reading, (struct place){ 0 }, NULL, NULL,
			"no workspace is configured; expected at least one section "
			"[workspace NAME]");
}
