/*
 * Notices: the signature against the vector of the Standard Webhooks libraries, and
 * when the end of a look has something to tell.
 */
#include <config.h>

#include "unit.h"

#include "base/json.h"
#include "core/notice.h"
#include "flow/notices.h"
#include <stdio.h>
#include <string.h>

static void the_signature(void **state)
{
	struct buf secret, out;
	struct err err;
	(void)state;
	assert_int_equal(
		notice_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &secret, &err),
		0);
	assert_int_equal(secret.len, 24);
	buf_init(&out, 128);
	notice_sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
		"{\"test\": 2432232314}", &out);
	assert_string_equal(
		buf_text(&out), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	buf_release(&out);
	buf_release(&secret);
}

static void secrets(void **state)
{
	static const char *const bad[] = { "whsec_", "whsec_%%%%", "" };
	struct buf secret;
	struct err err;
	(void)state;
	assert_int_equal(notice_secret("plain text", &secret, &err), 0);
	assert_string_equal(buf_text(&secret), "plain text");
	buf_release(&secret);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		err_clear(&err);
		assert_int_equal(notice_secret(bad[i], &secret, &err), -ERR_INPUT);
		assert_non_null(strstr(err.text, "whsec_"));
	}
}

static void kinds(void **state)
{
	enum notice_kind kind = NOTICE_POST;
	(void)state;
	assert_int_equal(notice_kind_parse("after", &kind), 0);
	assert_int_equal(kind, NOTICE_RUN);
	assert_int_equal(notice_kind_parse("other", &kind), -1);
}

/* An asset with one video, and a rule that tells everybody. */
struct world {
	struct asset asset;
	struct file file;
	struct rule rule;
	struct notices notices;
	char words[6][24];
};

static char *word(struct world *world, int i, const char *text)
{
	snprintf(world->words[i], sizeof(world->words[i]), "%s", text);
	return world->words[i];
}

static void make(struct world *world)
{
	memset(world, 0, sizeof(*world));
	world->file = (struct file){ .role = ROLE_VIDEO,
		.key = word(world, 0, "video"),
		.path = word(world, 1, "p") };
	strcpy(world->file.sha256, "aa");
	world->asset.workspace = word(world, 2, "w");
	world->asset.id = word(world, 3, "a1");
	world->asset.state = ASSET_QUEUED;
	world->rule.name = word(world, 4, "r");
	world->rule.notify = word(world, 5, "https://h");
	world->rule.after = word(world, 5, "https://h");
}

/* What is told where the asset was as @before and is as it is: "event/change …". */
static void expect(struct world *world, struct notices_before before, const char *told)
{
	char text[256] = "";
	notices_make(
		&world->notices, &world->asset, &before, &world->rule, "fastpix", 5);
	for (size_t i = 0; i < world->notices.n; i++) {
		const struct notice *notice = &world->notices.items[i];
		size_t len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "%s%s:%s/%s", i ? " " : "",
			notice_kind_name(notice->kind), notice->event,
			notice->change ? notice->change : "-");
		assert_int_equal(notice->created_ns, 5);
		assert_int_equal(notice->body != NULL, notice->kind == NOTICE_POST);
	}
	assert_string_equal(text, told);
	notices_release(&world->notices);
}

static void take_file(struct world *world)
{
	world->asset.files = &world->file;
	world->asset.n_files = 1;
}

static void what_is_archived(void **state)
{
	struct world world;
	(void)state;
	make(&world);
	struct notices_before empty = notices_before(&world.asset);
	take_file(&world);
	world.asset.state = ASSET_ARCHIVED;
	expect(&world, empty, "notify:archived/new after:archived/new");
	struct notices_before full = notices_before(&world.asset);
	expect(&world, full, "");
	world.file.downloaded_ns = 77;
	expect(&world, full, ""); /* fetched again, and the same */
	strcpy(world.file.sha256, "bb");
	expect(&world, full, "notify:archived/updated after:archived/updated");
	world.file.role = ROLE_METADATA;
	struct notices_before sidecar = notices_before(&world.asset);
	strcpy(world.file.sha256, "cc");
	expect(&world, sidecar, "");
}

static void what_is_not(void **state)
{
	struct world world;
	(void)state;
	make(&world);
	take_file(&world);
	struct notices_before before = notices_before(&world.asset);
	world.asset.state = ASSET_FAILED;
	expect(&world, before, "notify:failed/-");
	before.state = ASSET_FAILED;
	expect(&world, before, "");
	world.asset.state = ASSET_DELETED;
	world.asset.removed_ns = 9;
	expect(&world, before, "notify:removed/-");
	before.removed_ns = 9;
	expect(&world, before, "");
	before.state = ASSET_QUEUED;
	world.asset.state = ASSET_WAITING;
	expect(&world, before, "");
	world.asset.state = ASSET_FAILED;
	world.rule.notify = NULL;
	expect(&world, before, "");
}

static void the_body(void **state)
{
	struct world world;
	cJSON *json;
	(void)state;
	make(&world);
	struct notices_before before = notices_before(&world.asset);
	take_file(&world);
	world.asset.state = ASSET_ARCHIVED;
	world.asset.platform_data = (char[]){ "{\"x\":1}" };
	notices_make(&world.notices, &world.asset, &before, &world.rule, "fastpix",
		INT64_C(1700000000000000000));
	const char *body = world.notices.items[0].body;
	assert_int_equal(json_parse(body, strlen(body), &json, NULL), 0);
	assert_string_equal(json_text(json, "schema"), "vodkeep.notification/1");
	assert_string_equal(json_text(json, "type"), "asset.archived");
	assert_string_equal(json_text(json, "timestamp"), "2023-11-14T22:13:20.000Z");
	assert_string_equal(json_text(json, "data.state"), "archived");
	assert_string_equal(json_text(json, "data.change"), "new");
	assert_string_equal(json_text(json, "data.asset.id"), "a1");
	assert_string_equal(json_text(json, "data.asset.files.0.sha256"), "aa");
	assert_null(json_at(json, "data.asset.platform_data"));
	assert_string_not_equal(world.notices.items[0].key, world.notices.items[1].key);
	cJSON_Delete(json);
	notices_release(&world.notices);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_signature),
		cmocka_unit_test(secrets),
		cmocka_unit_test(kinds),
		cmocka_unit_test(what_is_archived),
		cmocka_unit_test(what_is_not),
		cmocka_unit_test(the_body),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
