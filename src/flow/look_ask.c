/*
 * Asking the platform to make a rendition that it makes on demand. It is asked once:
 * the answer is saved with the asset at the end of the look. A crash before that asks
 * again, which the platform answers with "already exists" and which costs nothing;
 * remembering first would after a crash wait for what nobody has asked for.
 */
#include <config.h>

#include "flow/look_steps.h"

#include "base/mem.h"

static void on_asked(void *arg, const struct err *err, bool had)
{
	struct look *look = arg;
	struct asset *asset = look->asset;
	const char *title = look->platform->title;
	const char *file = plan_rendition(look->plan.ask);
	const char *what = look->plan.ask->ask;

	if (err->class == ERR_NONE) {
		asset->mp4_asked_ns = look_now_ns();
		look_note(look, "api", "asked %s to make the %s (%s): %s", title, file,
			what, had ? "it had been asked before" : "it makes it");
	} else if (err->class == ERR_PERMANENT) {
		asset->mp4_asked_ns = look_now_ns();
		mem_replace(&asset->mp4_refused, err->text);
		look_note(look, "api",
			"asked %s to make the %s (%s), in vain: %s; `vodkeep retry` asks again",
			title, file, what, err->text);
	} else if (!look->stopping) {
		struct err told = *err;

		err_wrap(&told, "cannot ask %s to make the %s", title, file);
		look_api_failed(look, true);
		look_rest(look, &told);
		return;
	}
	if (look->stopping)
		look_parked(look);
	else
		look->ask_then(look);
}

void look_ask(struct look *look, void (*then)(struct look *look))
{
	look->ask_then = then;
	api_ask(look->env->api, look->settings, look->ws, look->asset->id,
		look->plan.ask->ask, on_asked, look);
}
