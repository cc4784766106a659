/*
 * The parts of a child process: process.c is its life on the loop, process_child.c what
 * happens between fork and exec, process_output.c what is kept of what it prints.
 */
#ifndef VODKEEP_IO_PROCESS_PRIV_H
#define VODKEEP_IO_PROCESS_PRIV_H

#include "base/buf.h"
#include "io/process.h"
#include <sys/types.h>

/* What the child is given; every descriptor is above 3, or -1. */
struct child_fds {
	int in, out, err;
	int status; /* errno comes here where exec fails; closed by exec */
};

/* Fork and execute @path. The pid, or -1 with errno. */
pid_t child_fork(const char *path, const struct process_options *options,
	const char *const *envp, const struct child_fds *fds);
/* The child's environment, one block, to be freed at once. */
const char **child_environment(const struct process_options *options);

/* The end of what came out of one pipe, and the line that is not complete yet. */
struct process_output {
	char *tail; /* the last @keep bytes, @len so far */
	size_t keep, len;
	bool cut; /* something came before the tail */
	char *line;
	size_t line_len;
	void (*on_line)(void *arg, const char *line);
	void *arg;
};

void output_init(struct process_output *output, size_t keep,
	void (*on_line)(void *arg, const char *line), void *arg);
void output_add(struct process_output *output, const char *data, size_t len);
/* The last line may have had no end. */
void output_end(struct process_output *output);
/* The tail, clean; to be freed. */
char *output_text(const struct process_output *output);
void output_release(struct process_output *output);

#endif
