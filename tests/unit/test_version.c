/*
 * Names and numbers of old versions.
 */
#include <config.h>

#include "base/mem.h"
#include "core/version.h"
#include "unit.h"
#include <string.h>

static struct file *add(struct asset *asset, const char *key, const char *sha256)
{
	struct file *file = asset_add_file(asset, key);

	file->path = mem_printf("w/a.%s", key);
	memset(file->sha256, sha256[0], 64);
	file->replaced_ns = version_number(key) ? 5 : 0;
	return file;
}

static void numbers_of_keys(void **state)
{
	static const struct {
		const char *key;
		int number;
	} rows[] = {
		{ "video", 0 },
		{ "video~v0001", 1 },
		{ "video~v1", 1 },
		{ "audio~v12345", 12345 },
		{ "video~v", 0 },
		{ "video~vx", 0 },
		{ "video~v1x", 0 },
		{ "video~1", 0 },
		{ "video~v-1", 0 },
		{ "video.v1", 0 },
		{ "video~v99999999999999999999", 0 },
		{ "v1", 0 },
		{ "", 0 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(version_number(rows[i].key), rows[i].number);
}

static void the_next_number_is_above_all(void **state)
{
	struct asset *asset = asset_new("w", "a");
	(void)state;
	add(asset, "video", "a");
	assert_int_equal(version_next(asset, "video"), 1);
	add(asset, "video~v0003", "b");
	add(asset, "video~v0001", "c");
	add(asset, "audio~v0007", "d");
	assert_int_equal(version_next(asset, "video"), 4);
	assert_int_equal(version_next(asset, "audio"), 8);
	assert_int_equal(version_next(asset, "vid"), 1);
	asset_free(asset);
}

static void versions_are_known_by_their_bytes(void **state)
{
	struct asset *asset = asset_new("w", "a");
	const char *sha256 = add(asset, "video", "a")->sha256;
	(void)state;
	assert_null(version_with(asset, "video", sha256));
	add(asset, "audio~v0001", "a");
	sha256 = asset_file(asset, "video")->sha256;
	assert_null(version_with(asset, "video", sha256));
	add(asset, "video~v0002", "a");
	sha256 = asset_file(asset, "video")->sha256;
	assert_string_equal(version_with(asset, "video", sha256)->key, "video~v0002");
	asset_free(asset);
}

static void a_copy_becomes_a_version(void **state)
{
	struct asset *asset = asset_new("w", "a");
	struct file old;
	(void)state;
	file_copy(&old, add(asset, "video", "a"));
	version_name(&old, 2, "w/a.v2.mp4", 77);
	assert_string_equal(old.key, "video~v0002");
	assert_string_equal(old.path, "w/a.v2.mp4");
	assert_int_equal(old.replaced_ns, 77);
	assert_string_equal(old.sha256, asset_file(asset, "video")->sha256);
	assert_string_equal(asset_file(asset, "video")->path, "w/a.video");
	file_release(&old);
	asset_free(asset);
}

static void the_main_file_is_never_an_old_one(void **state)
{
	struct asset *asset = asset_new("w", "a");
	(void)state;
	assert_null(asset_main_file(asset));
	add(asset, "video~v0001", "a")->role = ROLE_VIDEO;
	assert_null(asset_main_file(asset));
	add(asset, "thumbnail", "b")->role = ROLE_THUMBNAIL;
	assert_string_equal(asset_main_file(asset)->key, "thumbnail");
	add(asset, "video", "c")->role = ROLE_VIDEO;
	assert_string_equal(asset_main_file(asset)->key, "video");
	asset_free(asset);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_of_keys),
		cmocka_unit_test(the_next_number_is_above_all),
		cmocka_unit_test(versions_are_known_by_their_bytes),
		cmocka_unit_test(a_copy_becomes_a_version),
		cmocka_unit_test(the_main_file_is_never_an_old_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
