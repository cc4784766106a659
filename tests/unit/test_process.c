/*
 * Real children: what they are given, what is kept of what they print, and that each
 * ends in one sentence with nothing of it left.
 */
#include <config.h>

#include "unit.h"

#include "base/utf8.h"
#include "io/process.h"
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define TAIL 4096

/* What done() told, and the lines before it. */
struct told {
	int times;
	enum process_end end;
	int status, signal;
	char output[3 * TAIL], errors[3 * TAIL], text[256];
	char lines[TAIL];
	size_t longest, count;
	struct process *process;
	bool cancel_at_line;
	const char *feed_at_line;
};

static uv_loop_t loop;

static void on_done(void *arg, const struct process_result *result)
{
	struct told *told = arg;
	told->times++;
	told->end = result->end;
	told->status = result->status;
	told->signal = result->signal;
	snprintf(told->output, sizeof(told->output), "%s", result->output);
	snprintf(told->errors, sizeof(told->errors), "%s", result->errors);
	snprintf(told->text, sizeof(told->text), "%s", result->text);
	assert_int_equal(process_ok(result),
		result->end == PROCESS_EXITED && result->status == 0);
}

static void on_line(void *arg, const char *line)
{
	struct told *told = arg;
	size_t len = strlen(told->lines);
	told->count++;
	if (strlen(line) > told->longest)
		told->longest = strlen(line);
	snprintf(told->lines + len, sizeof(told->lines) - len, "[%s]", line);
	if (told->cancel_at_line)
		process_cancel(told->process);
	if (told->feed_at_line)
		process_feed(
			told->process, told->feed_at_line, strlen(told->feed_at_line));
}

static int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void start(struct told *told, const struct process_options *options)
{
	struct err err;
	memset(told, 0, sizeof(*told));
	assert_int_equal(
		process_start(&told->process, &loop, options, on_done, told, &err), 0);
	assert_int_equal(told->times, 0);
}

static void run_to_end(struct told *told)
{
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(told->times, 1);
}

static void run(struct told *told, const struct process_options *options)
{
	start(told, options);
	run_to_end(told);
}

/* A script, with what is usual; the members of @options stay. */
static void run_script(
	struct told *told, const char *script, struct process_options options)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	options.argv = argv;
	options.keep_output = options.keep_errors = TAIL;
	run(told, &options);
}

#define PLAIN(told, script) run_script(told, script, (struct process_options){ 0 })
#define SCRIPT(told, script, ...) \
	run_script(told, script, (struct process_options){ __VA_ARGS__ })

static void test_output_and_status(void **state)
{
	struct told told;
	(void)state;
	PLAIN(&told, "echo out; echo err >&2; exit 3");
	assert_int_equal(told.end, PROCESS_EXITED);
	assert_int_equal(told.status, 3);
	assert_string_equal(told.output, "out\n");
	assert_string_equal(told.errors, "err\n");
	assert_string_equal(told.text, "'sh' ended with status 3");
	SCRIPT(&told, "echo a; echo b >&2; echo c", .errors_with_output = true);
	assert_string_equal(told.output, "a\nb\nc\n");
	assert_string_equal(told.errors, "");
	assert_int_equal(told.status, 0);
}

static void test_input(void **state)
{
	static char much[1 << 20];
	struct told told;
	(void)state;
	SCRIPT(&told, "cat", .input = "fed", .input_len = 3);
	assert_string_equal(told.output, "fed");
	PLAIN(&told, "cat; echo end");
	assert_string_equal(told.output, "end\n");
	memset(much, 'x', sizeof(much));
	SCRIPT(&told, "wc -c", .input = much, .input_len = sizeof(much));
	assert_int_equal(strtol(told.output, NULL, 10), sizeof(much));
	SCRIPT(&told, "exec <&-; echo shut", .input = much, .input_len = sizeof(much));
	assert_string_equal(told.output, "shut\n");
	assert_int_equal(told.status, 0);
}

static void start_fed_later(struct told *told, const char *script)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	const struct process_options options = {
		.argv = argv,
		.keep_output = TAIL,
		.on_line = on_line,
		.fed_later = true,
		.timeout_ms = 60000,
		.grace_ms = 60000,
	};

	start(told, &options);
}

static void test_fed_later(void **state)
{
	struct told told;

	(void)state;
	start_fed_later(&told, "echo ready; cat");
	told.feed_at_line = "late";
	run_to_end(&told);
	assert_string_equal(told.output, "ready\nlate");
	/* Only one that sees the end of its input ends in time. */
	start_fed_later(&told, "trap '' TERM; echo ready; cat");
	told.cancel_at_line = true;
	run_to_end(&told);
	assert_int_equal(told.end, PROCESS_CANCELLED);
	assert_string_equal(told.text, "'sh' was stopped");
	start_fed_later(&told, "exec <&-; echo gone; exit 3");
	told.feed_at_line = "nobody reads this";
	run_to_end(&told);
	assert_int_equal(told.status, 3);
}

static void test_missing_programs(void **state)
{
	const char *unknown[] = { "no-such-program-here", NULL };
	const char *absent[] = { "/nowhere/program", NULL };
	const char *folder[] = { "/tmp", NULL };
	struct process_options options = { .argv = unknown };
	struct process *process = NULL;
	struct told told;
	struct err err;
	(void)state;
	assert_int_equal(process_start(&process, &loop, &options, on_done, &told, &err),
		-ERR_NOT_FOUND);
	assert_string_equal(
		err.text, "no program 'no-such-program-here' was found in PATH");
	assert_null(process);
	options.argv = absent;
	run(&told, &options);
	assert_int_equal(told.end, PROCESS_NOT_STARTED);
	assert_string_equal(
		told.text, "'program' could not be started: No such file or directory");
	options.argv = folder;
	run(&told, &options);
	assert_string_equal(told.text, "'tmp' could not be started: Permission denied");
	SCRIPT(&told, "true", .directory = "/nowhere");
	assert_int_equal(told.end, PROCESS_NOT_STARTED);
	assert_int_equal(told.status, ENOENT);
}

static void test_environment(void **state)
{
	const char *env[] = { "VODKEEP_ID=a b", "TZ=Mars", NULL };
	struct told told;
	(void)state;
	setenv("SECRET_OF_OURS", "1", 1);
	setenv("TZ", "Europe/Paris", 1);
	SCRIPT(&told, "echo $VODKEEP_ID-$SECRET_OF_OURS-$TZ; pwd", .env = env);
	assert_string_equal(told.output, "a b--Mars\n/\n");
	SCRIPT(&told, "echo $SECRET_OF_OURS-$TZ; pwd", .inherit_env = true,
		.directory = "/usr");
	assert_string_equal(told.output, "1-Europe/Paris\n/usr\n");
	PLAIN(&told, "echo ${PATH:+path}${HOME:+home}");
	assert_string_equal(told.output, "path\n");
	unsetenv("SECRET_OF_OURS");
}

/* What came first is gone, what came last is kept. */
static void test_much_output(void **state)
{
	struct told told;
	(void)state;
	PLAIN(&told, "seq 1 300000; echo the end");
	assert_int_equal(told.end, PROCESS_EXITED);
	assert_int_equal(strncmp(told.output, "\xE2\x80\xA6", 3), 0);
	assert_int_equal(strlen(told.output), 3 + TAIL);
	assert_string_equal(
		told.output + strlen(told.output) - 16, "\n300000\nthe end\n");
}

static void test_unclean_output(void **state)
{
	struct told told;
	(void)state;
	PLAIN(&told, "printf 'a\\033[1m\\tb\\r\\303\\244\\377\\000c'");
	assert_string_equal(told.output, "a[1m\tb\n\xC3\xA4" UTF8_REPLACEMENT "c");
}

static void test_lines(void **state)
{
	struct told told;
	(void)state;
	SCRIPT(&told, "printf 'one\\r\\n\\ntwo\\rthr'; printf 'ee\\000e'",
		.on_line = on_line);
	assert_string_equal(told.lines, "[one][two][three e]");
	SCRIPT(&told, "head -c 10000 /dev/zero | tr '\\0' x", .on_line = on_line);
	assert_int_equal(told.longest, PROCESS_LINE_MAX);
	assert_int_equal(told.count, 3);
}

static void test_timeout(void **state)
{
	struct told told;
	(void)state;
	SCRIPT(&told, "echo begun; exec sleep 1000", .timeout_ms = 200);
	assert_int_equal(told.end, PROCESS_TIMED_OUT);
	assert_int_equal(told.signal, SIGTERM);
	assert_string_equal(told.output, "begun\n");
	assert_string_equal(told.text, "'sh' was ended after its 200 ms");
}

static void test_ignores_sigterm(void **state)
{
	struct told told;
	(void)state;
	SCRIPT(&told, "trap '' TERM; while :; do sleep 1000; done", .timeout_ms = 200,
		.grace_ms = 100);
	assert_int_equal(told.end, PROCESS_TIMED_OUT);
	assert_int_equal(told.signal, SIGKILL);
	assert_string_equal(
		told.text, "'sh' was ended after its 200 ms and had to be killed");
}

static void test_cancel(void **state)
{
	const char *argv[] = { "sh", "-c", "echo line; exec sleep 1000", NULL };
	struct process_options options = { .argv = argv, .on_line = on_line };
	struct told told;
	(void)state;
	start(&told, &options);
	assert_true(process_pid(told.process) > 1);
	told.cancel_at_line = true;
	run_to_end(&told);
	assert_int_equal(told.end, PROCESS_CANCELLED);
	assert_string_equal(told.text, "'sh' was stopped");
	start(&told, &options);
	process_cancel(told.process); /* perhaps before exec */
	process_cancel(told.process);
	run_to_end(&told);
	assert_int_equal(told.end, PROCESS_CANCELLED);
}

static void test_own_signal(void **state)
{
	struct told told;
	(void)state;
	PLAIN(&told, "kill -SEGV $$");
	assert_int_equal(told.end, PROCESS_SIGNALLED);
	assert_int_equal(told.signal, SIGSEGV);
	assert_string_equal(
		told.text, "'sh' was ended by signal 11 (Segmentation fault)");
}

/* Gone, or a zombie that whoever adopted it has not reaped. */
static bool has_ended(pid_t pid)
{
	char path[64], line[512] = "";
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "r");
	if (!file)
		return true;
	bool read = fgets(line, sizeof(line), file) != NULL;
	fclose(file);
	return !read || strstr(line, ") Z ");
}

static void await_end(pid_t pid)
{
	for (int ms = 0; !has_ended(pid) && ms < 30000; ms++)
		usleep(1000);
	assert_true(has_ended(pid));
}

/* A grandchild that would hold the pipes open for long dies with the group. */
static void test_grandchildren(void **state)
{
	struct told told;
	(void)state;
	PLAIN(&told, "trap '' TERM; sleep 1000 & echo $!");
	assert_int_equal(told.end, PROCESS_EXITED);
	pid_t left = (pid_t)strtol(told.output, NULL, 10);
	assert_true(left > 1);
	await_end(left);
}

/* One that left the group keeps nobody waiting for its pipe. */
static void test_runaway(void **state)
{
	struct told told;
	(void)state;
	PLAIN(&told, "setsid sh -c 'echo $$; exec sleep 1000' & sleep 0.2; wait %1 & "
		     "exit 0");
	assert_int_equal(told.end, PROCESS_EXITED);
	pid_t left = (pid_t)strtol(told.output, NULL, 10);
	if (left > 1)
		kill(left, SIGKILL);
}

/* An agent of its own, which starts a child, tells its pid, and waits for its end. */
static void be_agent(int tell)
{
	const char *argv[] = { "sleep", "1000", NULL };
	struct process_options options = { .argv = argv };
	uv_loop_t own;
	struct process *process;
	struct told told = { 0 };
	uv_loop_init(&own);
	if (process_start(&process, &own, &options, on_done, &told, NULL) != 0)
		_exit(1);
	pid_t pid = (pid_t)process_pid(process);
	if (write(tell, &pid, sizeof(pid)) == (ssize_t)sizeof(pid))
		uv_run(&own, UV_RUN_DEFAULT);
	_exit(1);
}

static void test_dies_with_the_agent(void **state)
{
	int fds[2];
	pid_t child = 0;
	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid_t agent = fork();
	if (agent == 0)
		be_agent(fds[1]);
	assert_int_equal(read(fds[0], &child, sizeof(child)), sizeof(child));
	assert_false(has_ended(child));
	kill(agent, SIGKILL);
	waitpid(agent, NULL, 0);
	await_end(child);
	close(fds[0]);
	close(fds[1]);
}

static void test_limits(void **state)
{
	struct rlimit before, after;
	struct told told;
	(void)state;
	getrlimit(RLIMIT_AS, &before);
	SCRIPT(&told, "ulimit -c; ulimit -v; ulimit -t; ulimit -f; ulimit -Sn",
		.max_memory = INT64_C(1) << 30, .max_cpu_s = 7,
		.max_file_size = 1 << 20);
	assert_string_equal(told.output, "0\n1048576\n7\n2048\n1024\n");
	getrlimit(RLIMIT_AS, &after);
	assert_memory_equal(&before, &after, sizeof(before));
}

static void test_limits_reached(void **state)
{
	char path[] = "/tmp/test_process.XXXXXX", env[64];
	int fd = mkstemp(path);
	const char *list[] = { env, NULL };
	struct told told;
	(void)state;
	snprintf(env, sizeof(env), "FILE=%s", path);
	SCRIPT(&told, "while :; do :; done", .max_cpu_s = 1);
	assert_string_equal(told.text, "'sh' used more than its 1 s of processor time");
	SCRIPT(&told, "exec head -c 100000 /dev/zero >$FILE", .env = list,
		.max_file_size = 4096);
	assert_string_equal(
		told.text, "'sh' wrote a file beyond its limit of 4096 bytes");
	assert_int_equal(lseek(fd, 0, SEEK_END), 4096);
	close(fd);
	unlink(path);
}

static void test_priorities(void **state)
{
	struct told told;
	char expected[16];
	(void)state;
	snprintf(expected, sizeof(expected), "%d\n", getpriority(PRIO_PROCESS, 0) + 5);
	SCRIPT(&told, "nice", .nice = 5, .idle_io = true);
	assert_string_equal(told.output, expected);
}

/* Neither way: the child has its three, the parent what it had. */
static void test_descriptors(void **state)
{
	struct told told;
	int stray = dup(1); /* without CLOEXEC */
	int before = count_descriptors();
	(void)state;
	SCRIPT(&told, "ls /proc/self/fd | tr '\\n' ' '", .input = "", .input_len = 0);
	assert_string_equal(told.output, "0 1 2 3 "); /* 3 is what ls reads */
	PLAIN(&told, "exit 1");
	assert_int_equal(count_descriptors(), before);
	close(stray);
}

static void test_no_descriptors_left(void **state)
{
	const char *argv[] = { "true", NULL };
	struct process_options options = { .argv = argv };
	struct process *process = NULL;
	struct rlimit limit, few;
	struct told told;
	struct err err;
	int before = count_descriptors();
	(void)state;
	getrlimit(RLIMIT_NOFILE, &limit);
	for (rlim_t more = 0; more < 8; more++) {
		/* Of the seven that a child without input takes for a moment. */
		few = (struct rlimit){ (rlim_t)before + more, limit.rlim_max };
		setrlimit(RLIMIT_NOFILE, &few);
		int rc = process_start(&process, &loop, &options, on_done, &told, &err);
		setrlimit(RLIMIT_NOFILE, &limit);
		memset(&told, 0, sizeof(told));
		uv_run(&loop, UV_RUN_DEFAULT);
		assert_int_equal(told.times, rc == 0);
		assert_true(rc == 0 || rc == -ERR_TRANSIENT);
		if (more == 0)
			assert_string_equal(err.text,
				"'/usr/bin/true' cannot be started: Too many open "
				"files");
	}
	assert_int_equal(count_descriptors(), before);
}

static void test_several_at_once(void **state)
{
	const char *argv[] = { "sh", "-c", "sleep 0.$N; exit $N", NULL };
	struct told told[6];
	(void)state;
	for (int i = 0; i < 6; i++) {
		char number[16];
		const char *env[] = { number, NULL };
		snprintf(number, sizeof(number), "N=%d", i);
		struct process_options options = { .argv = argv, .env = env };
		start(&told[i], &options);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(told[i].times, 1);
		assert_int_equal(told[i].status, i);
	}
}

static void test_find(void **state)
{
	char *path = NULL;
	(void)state;
	assert_int_equal(process_find("sh", &path, NULL), 0);
	assert_int_equal(access(path, X_OK), 0);
	free(path);
	assert_int_equal(process_find("./a/b", &path, NULL), 0);
	assert_string_equal(path, "./a/b");
	free(path);
	assert_int_equal(process_find("no-such-program", &path, NULL), -ERR_NOT_FOUND);
}

static int set_up(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	return uv_loop_init(&loop);
}

/* Every handle of every child was closed. */
static int tear_down(void **state)
{
	(void)state;
	return uv_loop_close(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_and_status),
		cmocka_unit_test(test_input),
		cmocka_unit_test(test_fed_later),
		cmocka_unit_test(test_missing_programs),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_much_output),
		cmocka_unit_test(test_unclean_output),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_ignores_sigterm),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_own_signal),
		cmocka_unit_test(test_grandchildren),
		cmocka_unit_test(test_runaway),
		cmocka_unit_test(test_dies_with_the_agent),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_limits_reached),
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_no_descriptors_left),
		cmocka_unit_test(test_several_at_once),
		cmocka_unit_test(test_find),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
