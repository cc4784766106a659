/*
 * A child process on a uv loop: a program with its arguments (never a shell), in a
 * process group of its own, under limits that hold for it alone, with what it prints
 * kept within bounds, and one end that is told in a sentence.
 *
 * However it ends, nothing of it stays: the group is killed once the program itself is
 * gone (only what made itself a new session escapes), and it dies with the agent.
 */
#ifndef VODKEEP_IO_PROCESS_H
#define VODKEEP_IO_PROCESS_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/* What is longer is given to on_line() in pieces. */
#define PROCESS_LINE_MAX 4096

struct process;

/* Borrowed until process_start() returns. 0 and NULL are the defaults. */
struct process_options {
	/* NULL at the end; argv[0] is a path, or a name that PATH is searched for. */
	const char *const *argv;
	/* "NAME=value", NULL at the end; NULL: none. The child has these, and of the
	 * agent's environment PATH, LANG, LC_ALL and TZ, or with inherit_env all. */
	const char *const *env;
	bool inherit_env;
	const char *directory; /* "/" */
	/* Standard input; a child that closes it early is not at fault. NULL: empty. */
	const void *input;
	size_t input_len;
	/* Instead, it comes with process_feed(): only then the time limit begins. */
	bool fed_later;
	/* How many of the last bytes of standard output and of standard error are kept;
	 * 0: what comes is read and thrown away. */
	size_t keep_output, keep_errors;
	/* Standard error goes where standard output goes, in the order of writing. */
	bool errors_with_output;
	/* Each line of standard output, without its end (\n or \r), its NULs turned to
	 * spaces. May call process_cancel(). */
	void (*on_line)(void *arg, const char *line);
	int64_t timeout_ms; /* 0: none; then SIGTERM to the group */
	int64_t grace_ms;   /* 5 s; then SIGKILL */
	/* Limits (setrlimit(2)) of the child; 0: the agent's own. There is never a core
	 * dump. */
	int64_t max_memory;    /* bytes of address space */
	int64_t max_cpu_s;     /* seconds of processor time */
	int64_t max_file_size; /* bytes of a file it writes */
	int nice;              /* added to the agent's own */
	bool idle_io;          /* the disk only when nobody else wants it */
};

enum process_end {
	PROCESS_EXITED,      /* by itself: status */
	PROCESS_SIGNALLED,   /* by a signal that did not come from here: signal */
	PROCESS_TIMED_OUT,   /* timeout_ms was over; whatever status it left with */
	PROCESS_CANCELLED,   /* process_cancel(), likewise */
	PROCESS_NOT_STARTED, /* could not be executed */
};

/* Borrowed by done(). */
struct process_result {
	enum process_end end;
	int status, signal;
	int64_t took_ms;
	/* The kept ends of what it printed, as clean UTF-8 with line feeds and tabs and
	 * no other control character; "…" at the front where something is missing.
	 * Never NULL. */
	const char *output, *errors;
	/* "'ffmpeg' ended with status 1", for a person. */
	char text[256];
};

/* It ran and returned 0. */
bool process_ok(const struct process_result *result);

/* Runs once on the loop, never inside process_start() or process_cancel(), when every
 * handle is closed; *result and the process are freed when it returns. */
typedef void (*process_cb)(void *arg, const struct process_result *result);

/* Start it. ERR_NOT_FOUND where PATH has no such program, ERR_TRANSIENT where there are
 * no descriptors or processes left; done() then never runs. A program that cannot be
 * executed is told by done(), PROCESS_NOT_STARTED. SIGPIPE must be ignored. */
int process_start(struct process **out, uv_loop_t *loop,
	const struct process_options *options, process_cb done, void *arg,
	struct err *err);
/* The standard input of a child that was started with fed_later, once; copied. One that
 * has ended already misses nothing: its end is told as ever. */
void process_feed(struct process *process, const void *input, size_t len);
/* SIGTERM to the group, SIGKILL after the grace time. May be called more than once. */
void process_cancel(struct process *process);
/* The pid of the running child, for the log. */
int64_t process_pid(const struct process *process);

/* The file that argv[0] @name means, to be freed. ERR_NOT_FOUND where PATH has none. */
int process_find(const char *name, char **path, struct err *err);

#endif
