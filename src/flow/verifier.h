/*
 * Who verifies in a running agent: runs that were asked for, one at a time. Loop thread
 * only.
 */
#ifndef VODKEEP_FLOW_VERIFIER_H
#define VODKEEP_FLOW_VERIFIER_H

#include "flow/keeper.h"
#include "flow/verify_report.h"

struct verifier;

/* All borrowed; they must outlive the verifier. */
struct verifier_options {
	uv_loop_t *loop;
	struct store *store;
	struct archive *archive;
	const char *archive_id;
	struct keeper *keeper; /* told of what is to be fetched again */
	struct warnings *warnings;
};
struct verifier *verifier_new(const struct verifier_options *options);

/* What a person asks for; as in struct verify_options. */
struct verifier_request {
	char *const *assets;
	size_t n_assets;
	double sample;
	bool repair;
};
/* ERR_EXISTS while another run goes on. */
int verifier_begin(struct verifier *verifier, const struct verifier_request *request,
	struct err *err);
/* The run that goes on, or the last one. Borrowed to the next turn of the loop. */
const struct verify_report *verifier_report(struct verifier *verifier);
/* End the run that goes on, if there is one. */
void verifier_cancel(struct verifier *verifier);

/* Ends what goes on, frees, then closed(arg); before keeper and store are closed. */
void verifier_close(struct verifier *verifier, void (*closed)(void *arg), void *arg);

#endif
