/*
 * Reference-counted configuration with its webhook secrets decoded once.
 */
#include <config.h>

#include "flow/settings.h"

#include "base/mem.h"
#include <assert.h>
#include <stdlib.h>

static void secrets_release(struct settings *settings)
{
	for (size_t w = 0; w < settings->config->n_workspaces; w++) {
		for (size_t i = 0; i < settings->n_secrets[w]; i++)
			hook_secret_release(&settings->secrets[w][i]);
		free(settings->secrets[w]);
	}
	free(settings->secrets);
	free(settings->n_secrets);
}

int settings_new(struct config *config, struct settings **out, struct err *err)
{
	struct settings *settings = mem_alloc(sizeof(*settings));

	settings->config = config;
	settings->refs = 1;
	settings->secrets =
		mem_array(config->n_workspaces + 1, sizeof(*settings->secrets));
	settings->n_secrets =
		mem_array(config->n_workspaces + 1, sizeof(*settings->n_secrets));
	for (size_t w = 0; w < config->n_workspaces; w++) {
		const struct text_list *texts = &config->workspaces[w].webhook_secrets;

		settings->secrets[w] =
			mem_array(texts->count + 1, sizeof(**settings->secrets));
		for (size_t i = 0; i < texts->count; i++) {
			int r = hook_secret_decode(
				texts->items[i], &settings->secrets[w][i], NULL, err);

			if (r < 0) {
				err_wrap(err, "[workspace %s] webhook_secret",
					config->workspaces[w].name);
				secrets_release(settings);
				free(settings);
				return r;
			}
			settings->n_secrets[w]++;
		}
	}
	*out = settings;
	return 0;
}

struct settings *settings_ref(struct settings *settings)
{
	settings->refs++;
	return settings;
}

void settings_unref(struct settings *settings)
{
	if (!settings)
		return;
	assert(settings->refs > 0);
	if (--settings->refs > 0)
		return;
	secrets_release(settings);
	config_free(settings->config);
	free(settings);
}
