/*
 * The other way to run a fuzz entry point: without libFuzzer, in `make check`, over
 * every fixture, whole and cut short in many places. What a fuzzer once found is a
 * fixture in tests/data/fuzz. One test in TAP; the comment before a crash names the
 * file.
 */
#include <config.h>

#include "fuzz.h"

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX   (1 << 20)
#define DIRS_OPEN  8
#define CUTS       48 /* places where a file is cut short … */
#define NEAR_START 64 /* … and how many first bytes are tried one by one */

static int files;

/* In memory of exactly that size, so that a byte too far is seen. */
static void feed(const char *data, size_t size)
{
	uint8_t *exact = malloc(size + !size);

	if (!exact)
		abort();
	if (size)
		memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

static int replay(
	const char *path, const struct stat *status, int kind, struct FTW *where)
{
	struct err err;
	struct buf buf;

	(void)status;
	(void)where;
	if (kind != FTW_F)
		return 0;
	printf("# %s\n", path);
	buf_init(&buf, FILE_MAX);
	if (fs_read(path, FILE_MAX, &buf, &err)) {
		printf("Bail out! %s\n", err.text);
		exit(EXIT_FAILURE);
	}
	feed(buf_text(&buf), buf.len);
	for (size_t i = 0; i < NEAR_START && i < buf.len; i++)
		feed(buf.data, i);
	for (size_t i = 1; i < CUTS; i++)
		feed(buf_text(&buf), buf.len * i / CUTS);
	buf_release(&buf);
	files++;
	return 0;
}

int main(void)
{
	static const char *const folders[] = { "tests/data", "etc" };
	const char *top = getenv("top_srcdir");

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("1..1");
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char *folder = mem_printf("%s/%s", top ? top : ".", folders[i]);
		if (nftw(folder, replay, DIRS_OPEN, FTW_PHYS) != 0) {
			printf("Bail out! cannot walk %s\n", folder);
			return EXIT_FAILURE;
		}
		free(folder);
	}
	printf("%sok 1 - %d files\n", files ? "" : "not ", files);
	return files ? EXIT_SUCCESS : EXIT_FAILURE;
}
