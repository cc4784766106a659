/*
 * Who verifies in a running agent: runs that were asked for, one at a time. Loop thread
 * only.
 */
#ifndef VODKEEP_FLOW_VERIFIER_H
#define VODKEEP_FLOW_VERIFIER_H

#include "flow/archive_env.h"
#include "flow/verify_report.h"

struct verifier;

/* All in @env is borrowed, and outlives the verifier. */
struct verifier *verifier_new(const struct archive_env *env);

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
