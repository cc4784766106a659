/*
 * A child's life on the loop. It runs until waitid(2) says that it is gone, asked
 * whenever SIGCHLD comes; the timer is in turn its time limit, the grace before
 *SIGKILL, and how long pipes that somebody else still holds open are read after its
 *end.
 *
 *	running ──timeout, cancel──► asked to end ──grace──► killed
 *	   └───────────────────────────────┴─────────────────┴──► gone ──► pipes at
 *their end, or the last second over ──► handles closed ──► done()
 *
 * The group is killed while its leader is still a zombie: until it is reaped, no other
 * group can have its number.
 *
 * Reads PATH of the environment, which is where programs are by convention.
 */
#include <config.h>

#include "io/process.h"

#include "base/mem.h"
#include "io/process_priv.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_MS 5000
/* For what the program wrote before it ended, where a process that fled the group
 * keeps the pipe open. */
#define DRAIN_MS     1000
#define READ_SIZE    (64 * 1024)
#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

enum { PIPE_IN, PIPE_OUT, PIPE_ERR, PIPES };

struct process {
	uv_loop_t *loop;
	uv_signal_t child;
	uv_timer_t timer;
	uv_pipe_t pipes[PIPES];
	bool open[PIPES];
	int handles; /* open ones; the last to close ends it */
	uv_write_t write;
	char *input;
	struct process_output output, errors;
	char buffer[READ_SIZE];
	pid_t pid;
	int status_fd;
	int64_t grace_ms, timeout_ms, max_cpu_s, max_file_size;
	uint64_t started_ns;
	bool asked;  /* SIGTERM was sent, result.end says why */
	bool killed; /* SIGKILL too */
	bool gone;
	char *name; /* last component of argv[0] */
	struct process_result result;
	process_cb done;
	void *arg;
};

bool process_ok(const struct process_result *result)
{
	return result->end == PROCESS_EXITED && result->status == 0;
}

int64_t process_pid(const struct process *process)
{
	return process->pid;
}

int process_find(const char *name, char **path, struct err *err)
{
	const char *at = getenv("PATH"); /* NOLINT(concurrency-mt-unsafe) */
	if (strchr(name, '/')) {
		*path = mem_strdup(name);
		return 0;
	}
	for (at = at && *at ? at : DEFAULT_PATH; *at;) {
		size_t len = strcspn(at, ":");
		char *file = mem_printf("%.*s/%s", (int)len, at, name);
		if (len && access(file, X_OK) == 0) {
			*path = file;
			return 0;
		}
		free(file);
		at += len + (at[len] == ':');
	}
	return err_set(err, ERR_NOT_FOUND, "no program '%s' was found in PATH", name);
}

static void say_exit(struct process *process)
{
	struct process_result *result = &process->result;
	char *text = result->text;
	size_t size = sizeof(result->text);
	if (result->signal == SIGXCPU && process->max_cpu_s)
		snprintf(text, size, "'%s' used more than its %lld s of processor time",
			process->name, (long long)process->max_cpu_s);
	else if (result->signal == SIGXFSZ && process->max_file_size)
		snprintf(text, size, "'%s' wrote a file beyond its limit of %lld bytes",
			process->name, (long long)process->max_file_size);
	else if (result->signal)
		snprintf(text, size, "'%s' was ended by signal %d (%s)", process->name,
			result->signal, sigdescr_np(result->signal));
	else
		snprintf(text, size, "'%s' ended with status %d", process->name,
			result->status);
}

static void say_end(struct process *process)
{
	struct process_result *result = &process->result;
	char *text = result->text;
	size_t size = sizeof(result->text);
	const char *how = process->killed ? " and had to be killed" : "";
	if (result->end == PROCESS_TIMED_OUT)
		snprintf(text, size, "'%s' was ended after its %lld ms%s",
			process->name, (long long)process->timeout_ms, how);
	else if (result->end == PROCESS_CANCELLED)
		snprintf(text, size, "'%s' was stopped%s", process->name, how);
	else if (result->end == PROCESS_NOT_STARTED)
		snprintf(text, size, "'%s' could not be started: %s", process->name,
			strerror(result->status));
	else
		say_exit(process);
}

static void finish(struct process *process)
{
	output_end(&process->output);
	output_end(&process->errors);
	char *output = output_text(&process->output);
	char *errors = output_text(&process->errors);
	process->result.output = output;
	process->result.errors = errors;
	say_end(process);
	process->done(process->arg, &process->result);
	free(output);
	free(errors);
	output_release(&process->output);
	output_release(&process->errors);
	free(process->input);
	free(process->name);
	free(process);
}

static void on_closed(uv_handle_t *handle)
{
	struct process *process = handle->data;
	if (--process->handles == 0)
		finish(process);
}

static void close_pipe(struct process *process, int which)
{
	if (!process->open[which])
		return;
	process->open[which] = false;
	uv_close((uv_handle_t *)&process->pipes[which], on_closed);
}

/* Nothing more will come, or nobody waits for it. */
static void close_all(struct process *process)
{
	for (int i = 0; i < PIPES; i++)
		close_pipe(process, i);
	uv_close((uv_handle_t *)&process->timer, on_closed);
	uv_close((uv_handle_t *)&process->child, on_closed);
}

static void close_when_read(struct process *process)
{
	if (process->gone && !process->open[PIPE_OUT] && !process->open[PIPE_ERR] &&
		!uv_is_closing((uv_handle_t *)&process->timer))
		close_all(process);
}

static void on_drained(uv_timer_t *timer)
{
	struct process *process = timer->data;
	close_all(process);
}

static void on_grace(uv_timer_t *timer)
{
	struct process *process = timer->data;
	process->killed = true;
	kill(-process->pid, SIGKILL);
}

static void start_timer(struct process *process, uv_timer_cb cb, int64_t ms)
{
	uv_update_time(process->loop);
	uv_timer_start(&process->timer, cb, (uint64_t)ms, 0);
}

static void ask_to_end(struct process *process, enum process_end why)
{
	if (process->gone || process->asked)
		return;
	process->asked = true;
	process->result.end = why;
	close_pipe(process, PIPE_IN); /* it may be waiting for it */
	kill(-process->pid, SIGTERM);
	start_timer(process, on_grace, process->grace_ms);
}

void process_cancel(struct process *process)
{
	ask_to_end(process, PROCESS_CANCELLED);
}

static void on_timeout(uv_timer_t *timer)
{
	ask_to_end(timer->data, PROCESS_TIMED_OUT);
}

/* exec says nothing when it works: its end of the pipe is closed. */
static void read_status(struct process *process)
{
	int why;
	if (read(process->status_fd, &why, sizeof(why)) == (ssize_t)sizeof(why)) {
		process->result.end = PROCESS_NOT_STARTED;
		process->result.status = why;
	}
	close(process->status_fd);
}

static void take_exit(struct process *process, const siginfo_t *info)
{
	struct process_result *result = &process->result;
	bool exited = info->si_code == CLD_EXITED;
	result->took_ms = (int64_t)((uv_hrtime() - process->started_ns) / 1000000);
	result->status = exited ? info->si_status : 0;
	result->signal = exited ? 0 : info->si_status;
	if (!process->asked)
		result->end = exited ? PROCESS_EXITED : PROCESS_SIGNALLED;
	read_status(process);
}

static void on_child(uv_signal_t *handle, int signum)
{
	struct process *process = handle->data;
	siginfo_t info;
	(void)signum;
	memset(&info, 0, sizeof(info));
	if (process->gone ||
		waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) !=
			0 ||
		!info.si_pid)
		return;
	kill(-process->pid, SIGKILL);
	waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG);
	process->gone = true;
	take_exit(process, &info);
	uv_signal_stop(&process->child);
	close_pipe(process, PIPE_IN);
	start_timer(process, on_drained, DRAIN_MS);
	close_when_read(process);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct process *process = handle->data;
	(void)suggested;
	*buf = uv_buf_init(process->buffer, sizeof(process->buffer));
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
	struct process *process = stream->data;
	int which = stream == (uv_stream_t *)&process->pipes[PIPE_OUT] ? PIPE_OUT
								       : PIPE_ERR;
	struct process_output *output =
		which == PIPE_OUT ? &process->output : &process->errors;
	if (nread > 0)
		output_add(output, buf->base, (size_t)nread);
	if (nread >= 0)
		return;
	close_pipe(process, which);
	close_when_read(process);
}

/* Also where the child closed its end: it has read what it wanted. */
static void on_written(uv_write_t *write, int status)
{
	(void)status;
	close_pipe(write->data, PIPE_IN);
}

static void feed(struct process *process, const void *input, size_t len)
{
	process->input = mem_alloc(len + 1);
	memcpy(process->input, input, len);
	uv_buf_t buf = uv_buf_init(process->input, (unsigned)len);
	process->write.data = process;
	if (uv_write(&process->write, (uv_stream_t *)&process->pipes[PIPE_IN], &buf, 1,
		    on_written) != 0)
		close_pipe(process, PIPE_IN);
}

void process_feed(struct process *process, const void *input, size_t len)
{
	if (!process->open[PIPE_IN] || process->input)
		return;
	if (process->timeout_ms)
		start_timer(process, on_timeout, process->timeout_ms);
	feed(process, input, len);
}

/* The ends of the parent, and those of the child. */
struct ends {
	int ours[PIPES];
	struct child_fds theirs;
	int status;
};

/* Above the numbers that the child's own are moved to. */
static int lift(int fd)
{
	if (fd < 0 || fd > 3)
		return fd;
	int lifted = fcntl(fd, F_DUPFD_CLOEXEC, 4);
	close(fd);
	return lifted;
}

static int make_pipe(int *read_end, int *write_end)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) != 0)
		return -1;
	*read_end = lift(fds[0]);
	*write_end = lift(fds[1]);
	return *read_end < 0 || *write_end < 0 ? -1 : 0;
}

static int open_input(struct ends *ends, bool fed)
{
	if (fed)
		return make_pipe(&ends->theirs.in, &ends->ours[PIPE_IN]);
	ends->theirs.in = lift(open("/dev/null", O_RDONLY | O_CLOEXEC));
	return ends->theirs.in < 0 ? -1 : 0;
}

static int open_errors(struct ends *ends, bool with_output)
{
	if (!with_output)
		return make_pipe(&ends->ours[PIPE_ERR], &ends->theirs.err);
	ends->theirs.err = ends->theirs.out;
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void close_theirs(const struct ends *ends)
{
	close_fd(ends->theirs.in);
	close_fd(ends->theirs.out);
	if (ends->theirs.err != ends->theirs.out)
		close_fd(ends->theirs.err);
	close_fd(ends->theirs.status);
}

static void close_ours(const struct ends *ends)
{
	for (int i = 0; i < PIPES; i++)
		close_fd(ends->ours[i]);
	close_fd(ends->status);
}

static int open_ends(struct ends *ends, const struct process_options *options)
{
	*ends = (struct ends){ { -1, -1, -1 }, { -1, -1, -1, -1 }, -1 };
	if (open_input(ends, options->input || options->fed_later) == 0 &&
		make_pipe(&ends->ours[PIPE_OUT], &ends->theirs.out) == 0 &&
		open_errors(ends, options->errors_with_output) == 0 &&
		make_pipe(&ends->status, &ends->theirs.status) == 0)
		return 0;
	int why = errno;
	close_theirs(ends);
	close_ours(ends);
	errno = why;
	return -1;
}

static struct process *process_new(
	uv_loop_t *loop, const struct process_options *options)
{
	struct process *process = mem_alloc(sizeof(*process));
	const char *slash = strrchr(options->argv[0], '/');
	process->loop = loop;
	process->started_ns = uv_hrtime();
	process->name = mem_strdup(slash ? slash + 1 : options->argv[0]);
	process->timeout_ms = options->timeout_ms;
	process->grace_ms = options->grace_ms ? options->grace_ms : GRACE_MS;
	process->max_cpu_s = options->max_cpu_s;
	process->max_file_size = options->max_file_size;
	return process;
}

static void open_handles(struct process *process, const struct ends *ends)
{
	uv_timer_init(process->loop, &process->timer);
	uv_signal_init(process->loop, &process->child);
	process->timer.data = process->child.data = process;
	process->handles = 2;
	for (int i = 0; i < PIPES; i++) {
		if (ends->ours[i] < 0)
			continue;
		uv_pipe_init(process->loop, &process->pipes[i], 0);
		uv_pipe_open(&process->pipes[i], ends->ours[i]);
		process->pipes[i].data = process;
		process->open[i] = true;
		process->handles++;
	}
}

static void begin(struct process *process, const struct process_options *options)
{
	if (options->timeout_ms && !options->fed_later)
		start_timer(process, on_timeout, options->timeout_ms);
	for (int i = PIPE_OUT; i < PIPES; i++)
		if (process->open[i])
			uv_read_start(
				(uv_stream_t *)&process->pipes[i], on_alloc, on_read);
	if (options->input)
		feed(process, options->input, options->input_len);
	/* It may have ended before anybody watched. */
	uv_signal_start(&process->child, on_child, SIGCHLD);
	on_child(&process->child, SIGCHLD);
}

/* The child, with its descriptors. -1 with errno where there is none. */
static pid_t make_child(
	const char *path, const struct process_options *options, struct ends *ends)
{
	if (open_ends(ends, options) != 0)
		return -1;
	const char **envp = child_environment(options);
	pid_t pid = child_fork(path, options, envp, &ends->theirs);
	int why = errno;
	free(envp);
	close_theirs(ends);
	if (pid < 0)
		close_ours(ends);
	errno = why;
	return pid;
}

int process_start(struct process **out, uv_loop_t *loop,
	const struct process_options *options, process_cb done, void *arg,
	struct err *err)
{
	struct ends ends;
	char *path;
	int rc = process_find(options->argv[0], &path, err);
	if (rc != 0)
		return rc;
	pid_t pid = make_child(path, options, &ends);
	if (pid < 0)
		rc = err_sys(err, ERR_TRANSIENT, errno, "'%s' cannot be started", path);
	free(path);
	if (rc != 0)
		return rc;
	struct process *process = process_new(loop, options);
	process->pid = pid;
	process->status_fd = ends.status;
	process->done = done;
	process->arg = arg;
	output_init(&process->output, options->keep_output, options->on_line, arg);
	output_init(&process->errors, options->keep_errors, NULL, NULL);
	open_handles(process, &ends);
	begin(process, options);
	*out = process;
	return 0;
}
