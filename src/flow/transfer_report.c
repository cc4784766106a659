/*
 * What a job tells its owner: a value for each piece of news, posted to the control
 * loop.
 */
#include <config.h>

#include "flow/transfer_priv.h"

#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void part_copy(struct part *to, const struct part *from)
{
	*to = *from;
	to->key = mem_strdup(from->key);
	to->name = mem_strdup(from->name);
	to->etag = mem_strdup(from->etag);
	to->last_modified = mem_strdup(from->last_modified);
	to->ranges = mem_strdup(from->ranges);
	to->placing = mem_strdup(from->placing);
}

void part_release(struct part *part)
{
	free(part->key);
	free(part->name);
	free(part->etag);
	free(part->last_modified);
	free(part->ranges);
	free(part->placing);
	memset(part, 0, sizeof(*part));
}

void report_free(struct report *report)
{
	part_release(&report->part);
	file_release(&report->result.file);
	free(report);
}

static struct report *report_new(const struct job *job, enum report_kind kind)
{
	struct report *report = mem_alloc(sizeof(*report));
	report->owner = job->station->line.owner;
	report->id = job->id;
	report->kind = kind;
	return report;
}

static void post(const struct job *job, struct report *report)
{
	report->message.run = job->station->line.run;
	mailbox_post(job->station->line.mailbox, &report->message);
}

void job_report_part(struct job *job)
{
	struct report *report = report_new(job, REPORT_PART);
	part_copy(&report->part, &job->part);
	job->told = job->claimed = part_bytes(&job->part) > 0;
	post(job, report);
}

void job_report_received(struct job *job)
{
	post(job, report_new(job, REPORT_RECEIVED));
}

void job_report_sealed(struct job *job)
{
	struct report *report = report_new(job, REPORT_SEALED);
	part_copy(&report->part, &job->part);
	job->told = job->claimed = true;
	post(job, report);
}

void job_report_note(struct job *job, const char *fmt, ...)
{
	struct report *report = report_new(job, REPORT_NOTE);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(report->text, sizeof(report->text), fmt, ap);
	va_end(ap);
	post(job, report);
}

void job_report_progress(struct job *job)
{
	struct report *report = report_new(job, REPORT_PROGRESS);
	report->bytes = job_arrived(job);
	report->total = job->part.total;
	post(job, report);
}

static void fill_result(struct transfer_result *result, const struct job *job)
{
	struct file *file = &result->file;

	file->role = job->role;
	file->key = mem_strdup(job->key);
	file->path = mem_strdup(job->path);
	file->bytes = job_written(job);
	memcpy(file->sha256, job->sha256, sizeof(file->sha256));
	file->content_type = mem_strdup(media_content_type(job->checked.kind));
	file->source_host = mem_strdup(job->host);
	file->etag = mem_strdup(job->part.etag);
	file->last_modified = mem_strdup(job->part.last_modified);
	file->downloaded_ns = job->downloaded_ns;
	result->found_placed = job->found_placed;
	result->unsynced =
		job->sync_later && !job->found_placed && job->mode != TRANSFER_SEGMENT;
	result->received = job->received;
	result->resumed_from = job->resumed_from;
	result->duration_ms = job->checked.duration_ms;
}

void job_report_done(struct job *job)
{
	struct report *report = report_new(job, REPORT_DONE);
	report->success = job->succeeded;
	if (job->succeeded)
		fill_result(&report->result, job);
	else
		report->err = job->err;
	post(job, report);
}
