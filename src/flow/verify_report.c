/*
 * Findings, copied and counted.
 */
#include <config.h>

#include "flow/verify_report.h"

#include "base/mem.h"
#include <stdlib.h>

void verify_report_add(
	struct verify_report *report, const struct verify_finding *finding)
{
	if (report->n_found >= VERIFY_REPORT_MAX)
		return;
	report->found =
		mem_grow(report->found, report->n_found + 1, sizeof(*report->found));
	report->found[report->n_found++] = (struct verify_found){
		.kind = finding->kind,
		.workspace = mem_strdup(finding->workspace),
		.id = mem_strdup(finding->id),
		.path = mem_strdup(finding->path),
		.text = mem_strdup(finding->text),
	};
}

void verify_report_clear(struct verify_report *report)
{
	for (size_t i = 0; i < report->n_found; i++) {
		free(report->found[i].workspace);
		free(report->found[i].id);
		free(report->found[i].path);
		free(report->found[i].text);
	}
	free(report->found);
	*report = (struct verify_report){ 0 };
}
