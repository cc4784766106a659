/*
 * ISO base media. Reads stay inside the file and are few and small; what is called
 * whole is tiled by its top-level boxes.
 */
#include <config.h>

#include "fuzz.h"
#include "media/mp4.h"
#include <string.h>

#define READ_MAX 4096

struct file {
	const uint8_t *data;
	size_t size;
	size_t reads;
};

static int64_t read_file(void *arg, int64_t offset, void *data, size_t len)
{
	struct file *file = arg;

	HOLDS(offset >= 0 && (uint64_t)offset <= file->size);
	HOLDS(len > 0 && len <= READ_MAX);
	size_t left = file->size - (size_t)offset;
	if (len > left)
		len = left;
	memcpy(data, file->data + offset, len);
	file->reads++;
	return (int64_t)len;
}

/* A second opinion, of top-level sizes only. */
static bool boxes_tile(const uint8_t *data, uint64_t size)
{
	uint64_t at = 0;

	while (size - at >= 8) {
		const uint8_t *box = data + at;
		uint64_t length = 0;
		bool large = memcmp(box, "\0\0\0\1", 4) == 0;
		for (int i = large ? 8 : 0; i < (large ? 16 : 4); i++) {
			if (at + (uint64_t)i >= size)
				return false;
			length = length << 8 | box[i];
		}
		if (length == 0 && !large)
			return true;
		if (length < (large ? 16 : 8) || length > size - at)
			return false;
		at += length;
	}
	return at == size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct file file = { data, size, 0 };
	struct mp4_info info = { .tracks = -1 };
	struct err err = { 0 };

	int rc = mp4_check(read_file, &file, (int64_t)size, &info, &err);
	fuzz_result_holds(rc, &err);
	/* Each box costs its header and at most a few fixed fields, a sidx as many
	 * bytes as it has. */
	HOLDS(file.reads <= size / 2 + 4);
	if (rc) {
		HOLDS(rc == -ERR_TRANSIENT);
		HOLDS(info.tracks == -1);
		return 0;
	}
	HOLDS(boxes_tile(data, size));
	HOLDS(strlen(info.brand) == 4);
	HOLDS(info.duration_ms >= -1);
	HOLDS(info.tracks >= 0);
	/* A file said to be longer than it is ends too early. */
	file.reads = 0;
	HOLDS(mp4_check(read_file, &file, (int64_t)size - 1, &info, &err) != 0 ||
		boxes_tile(data, size - 1));
	return 0;
}
