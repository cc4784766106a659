/*
 * What blocks, on the libuv pool: opening, renewing, sealing, placing, ending; syncing
 * and catching up with the hash. While a step is busy the worker's thread keeps its
 * hands off the file's members; a sync or hash in flight only reads the descriptor.
 */
#include <config.h>

#include "flow/transfer_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES BLOCK_BYTES

static int file_failed(struct err *err, const char *doing)
{
	int errnum = errno;
	return err_sys(err, err_class_of_errno(errnum), errnum,
		"cannot %s the staging file", doing);
}

static void close_file(struct job *job)
{
	if (job->fd >= 0)
		close(job->fd);
	job->fd = -1;
}

/* Nothing is downloaded into an archive that is not there or not ours. */
static void step_open(struct job *job)
{
	struct archive *archive = job->station->archive;

	close_file(job);
	if (!archive_is_there(archive)) {
		err_set(&job->step_err, ERR_LOCAL,
			"the archive %s is not there any more: is its disk mounted?",
			archive_dir(archive));
		return;
	}
	job->found_placed =
		job->part.placing && job->part.sha256[0] &&
		archive_placed_open(archive, job->part.name, job->part.placing,
			&job->fd, &job->file_size, NULL) == 0;
	if (job->found_placed && job->file_size == job->part.held) {
		/* The crash may have come before its name was durable. */
		archive_sync_folder(archive, job->part.placing, &job->step_err);
		return;
	}
	job->found_placed = false;
	close_file(job);
	archive_part_open(
		archive, job->part.name, &job->fd, &job->file_size, &job->step_err);
}

/* A claimed file is not overwritten: should the store come back from a crash with the
 * old claim, it must find the old bytes or none. So the new ones get another name. */
static void step_renew(struct job *job)
{
	struct archive *archive = job->station->archive;
	char name[256];

	close_file(job);
	if (archive_part_remove(archive, job->part.name, &job->step_err))
		return;
	archive_part_name(job->row, job->key, name);
	if (strcmp(name, job->part.name) == 0) {
		char *key = mem_printf("%s.again", job->key);
		archive_part_name(job->row, key, name);
		free(key);
	}
	mem_replace(&job->part.name, name);
	job->name_synced = false;
	archive_part_open(archive, name, &job->fd, &job->file_size, &job->step_err);
}

/* Blocks for the whole file in one go: it ends contiguous, however its bytes come.
 * Where the filesystem cannot, it does without. */
static void step_reserve(struct job *job)
{
	if (fallocate(job->fd, FALLOC_FL_KEEP_SIZE, 0, job->part.total) &&
		errno == ENOSPC)
		file_failed(&job->step_err, "reserve room for");
}

/* Cut what an earlier run left behind the end. Asking first costs less than a cut that
 * changes nothing; reserved blocks are not part of the size. */
static int cut_file(const struct job *job, struct err *err)
{
	struct stat st;

	if (fstat(job->fd, &st) == 0 && st.st_size == job->part.total &&
		(int64_t)st.st_blocks * 512 < job->part.total + BLOCK_BYTES)
		return 0;
	return ftruncate(job->fd, job->part.total) ? file_failed(err, "cut") : 0;
}

/* … and make all of it durable. */
static int seal_file(const struct job *job, struct err *err)
{
	struct timespec times[2] = {
		{ .tv_nsec = UTIME_OMIT },
		{ .tv_sec = job->mtime_ns / NS_PER_S,
			.tv_nsec = job->mtime_ns % NS_PER_S },
	};

	if (cut_file(job, err))
		return -(int)err->class;
	if (job->mtime_ns > 0 && futimens(job->fd, times))
		return file_failed(err, "set the time of");
	if (fsync(job->fd))
		return file_failed(err, "sync");
	return 0;
}

static void step_seal(struct job *job)
{
	if (job->whole)
		sha256_update(job->hash, job->whole->data, job->whole->len);
	sha256_hex(job->hash, job->sha256);
	job->differs = job->verify && strcmp(job->sha256, job->part.sha256) != 0;
	if (job->differs || check_file(job->content, job->fd, job_written(job),
				    &job->checked, &job->step_err))
		return;
	if (job->mode == TRANSFER_SEGMENT) {
		cut_file(job, &job->step_err);
		return;
	}
	free(job->path);
	job->path = job->found_placed ? mem_strdup(job->part.placing)
				      : mem_printf("%s.%s", job->path_stem,
						media_extension(job->checked.kind));
	if (!job->found_placed)
		seal_file(job, &job->step_err);
	job->downloaded_ns = clock_system.wall_ns();
}

/* Its time has been set when it was sealed. */
static void step_place(struct job *job)
{
	struct archive *archive = job->station->archive;
	bool replace = job->replaces && strcmp(job->replaces, job->path) == 0;

	if (job->sync_later)
		archive_place_unsynced(
			archive, job->part.name, job->path, 0, replace, &job->step_err);
	else
		archive_place(
			archive, job->part.name, job->path, 0, replace, &job->step_err);
}

static int sync_file(const struct job *job, struct err *err)
{
	if (fdatasync(job->fd))
		return file_failed(err, "sync");
	return job->name_synced ? 0 : archive_part_sync(job->station->archive, err);
}

static void step_end(struct job *job)
{
	struct archive *archive = job->station->archive;
	assert(!job->succeeded);
	bool empty = job_written(job) == 0 && part_bytes(&job->part) == 0;

	if (job->discard || job->reject || empty)
		archive_part_remove(archive, job->part.name, &job->step_err);
	else if (job_unheld(job) > 0 && !job->sync_failed)
		sync_file(job, &job->step_err);
	close_file(job);
}

static void work_step(uv_work_t *work)
{
	struct job *job = container_of(work, struct job, step_work);
	switch (job->step) {
	case STEP_OPEN:
		step_open(job);
		break;
	case STEP_RENEW:
		step_renew(job);
		break;
	case STEP_RESERVE:
		step_reserve(job);
		break;
	case STEP_SEAL:
		step_seal(job);
		break;
	case STEP_PLACE:
		step_place(job);
		break;
	case STEP_END:
		step_end(job);
		break;
	}
}

static void after_step(uv_work_t *work, int status)
{
	struct job *job = container_of(work, struct job, step_work);
	(void)status; /* nothing cancels it */
	job->step_busy = false;
	job->hooks->step_done(job);
}

bool job_open_now(struct job *job)
{
	if (job->claimed || job->part.placing)
		return false;
	err_clear(&job->step_err);
	job->step = STEP_OPEN;
	step_open(job);
	job->hooks->step_done(job);
	return true;
}

void job_close_now(struct job *job)
{
	assert(job->succeeded);
	close_file(job);
	job->step = STEP_END;
	job->hooks->step_done(job);
}

static void queue(
	struct job *job, uv_work_t *work, uv_work_cb run, uv_after_work_cb after)
{
	int rc = uv_queue_work(job->station->loop, work, run, after);
	assert(rc == 0);
	(void)rc;
}

void job_queue_step(struct job *job, enum job_step step)
{
	assert(!job->step_busy && !job->sync_busy && !job->hash_busy);
	job->step = step;
	job->step_busy = true;
	err_clear(&job->step_err);
	queue(job, &job->step_work, work_step, after_step);
}

static void work_sync(uv_work_t *work)
{
	struct job *job = container_of(work, struct job, sync_work);
	int64_t total;
	if (sync_file(job, &job->sync_err) == 0)
		archive_space(
			job->station->archive, &job->sync_free, &total, &job->sync_err);
}

static void after_sync(uv_work_t *work, int status)
{
	struct job *job = container_of(work, struct job, sync_work);
	(void)status;
	job->sync_busy = false;
	job->hooks->sync_done(job);
}

void job_queue_sync(struct job *job)
{
	struct range *range;

	assert(!job->sync_busy && !job->step_busy);
	job->sync_busy = true;
	for (range = TAILQ_FIRST(&job->ranges); range; range = TAILQ_NEXT(range, link))
		range->sync_to = range->written;
	err_clear(&job->sync_err);
	queue(job, &job->sync_work, work_sync, after_sync);
}

static void work_hash(uv_work_t *work)
{
	struct job *job = container_of(work, struct job, hash_work);
	char *data = mem_alloc(READ_BYTES);
	int64_t at = job->hashed;

	while (at < job->hash_to) {
		size_t want = job->hash_to - at < READ_BYTES
				      ? (size_t)(job->hash_to - at)
				      : READ_BYTES;
		ssize_t n = pread(job->fd, data, want, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			file_failed(&job->hash_err, "read");
		else if (n == 0)
			err_set(&job->hash_err, ERR_LOCAL,
				"the staging file was cut while it was read");
		if (n <= 0)
			break;
		sha256_update(job->hash, data, (size_t)n);
		at += n;
	}
	free(data);
}

static void after_hash(uv_work_t *work, int status)
{
	struct job *job = container_of(work, struct job, hash_work);
	(void)status;
	job->hash_busy = false;
	job->hooks->hash_done(job);
}

void job_queue_hash(struct job *job)
{
	assert(!job->hash_busy && !job->step_busy && !job->at_hasher);
	job->hash_busy = true;
	err_clear(&job->hash_err);
	queue(job, &job->hash_work, work_hash, after_hash);
}
