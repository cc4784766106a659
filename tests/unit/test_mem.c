/*
 * Small allocations; that lack of memory aborts is shown with a size nobody has.
 */
#include <config.h>

#include "base/mem.h"
#include "unit.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void gives_zeroed_memory(void **state)
{
	(void)state;
	unsigned char *bytes = mem_alloc(64);
	for (int i = 0; i < 64; i++)
		assert_int_equal(bytes[i], 0);
	free(bytes);
	free(mem_alloc(0));
	free(mem_array(0, 8));
	int *numbers = mem_array(3, sizeof(*numbers));
	assert_int_equal(numbers[2], 0);
	numbers[2] = 5;
	numbers = mem_grow(numbers, 100, sizeof(*numbers));
	assert_int_equal(numbers[2], 5);
	free(numbers);
	free(mem_grow(NULL, 0, 1));
}

static void copies_strings(void **state)
{
	(void)state;
	assert_null(mem_strdup(NULL));
	assert_null(mem_strndup(NULL, 3));
	char *copy = mem_strndup("abcdef", 3);
	assert_string_equal(copy, "abc");
	mem_replace(&copy, copy + 1);
	assert_string_equal(copy, "bc");
	mem_replace(&copy, NULL);
	assert_null(copy);
	copy = mem_printf("%d-%s", 7, "x");
	assert_string_equal(copy, "7-x");
	mem_free_secret(copy);
	mem_free_secret(NULL);
}

static void finds_the_container(void **state)
{
	struct {
		int before;
		int member;
	} outer = { 1, 2 };
	(void)state;
	int *member = &outer.member;
	assert_ptr_equal(container_of(member, __typeof__(outer), member), &outer);
}

static void aborts_when_the_size_overflows(void **state)
{
	(void)state;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct rlimit none = { 0, 0 };
		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL);
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		dup2(null, STDERR_FILENO);
		volatile size_t huge = SIZE_MAX / 2;
		mem_grow(NULL, huge, 4);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_zeroed_memory),
		cmocka_unit_test(copies_strings),
		cmocka_unit_test(finds_the_container),
		cmocka_unit_test(aborts_when_the_size_overflows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
