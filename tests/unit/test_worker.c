/*
 * Workers and mailboxes: order, bursts, the drained hook, and a stop that loses
 * nothing. worker_stop() asserts that the loop closed with nothing left.
 */
#include <config.h>

#include "unit.h"

#include "base/mem.h"
#include "io/worker.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 20000

struct side {
	struct worker *worker;
	uv_loop_t *loop;
	uv_timer_t timer;
	char name[16];
	int begun, ended, stopped, drained, ran, undrained;
	int next; /* the number expected next */
	int disorder;
	bool fail;
};

struct note {
	struct message message; /* first */
	struct side *side;
	int number;
};

static int begin(void *arg, uv_loop_t *loop, struct err *err)
{
	struct side *side = arg;
	side->begun++;
	side->loop = loop;
	pthread_getname_np(pthread_self(), side->name, sizeof(side->name));
	if (side->fail)
		return err_set(err, ERR_LOCAL, "no luck");
	uv_timer_init(loop, &side->timer);
	return 0;
}

static void end(void *arg)
{
	struct side *side = arg;
	side->ended++;
}

static void stop(void *arg)
{
	struct side *side = arg;
	side->stopped++;
	uv_close((uv_handle_t *)&side->timer, NULL);
}

static void drained(void *arg)
{
	struct side *side = arg;
	side->drained++;
	side->undrained = 0;
}

static const struct worker_hooks hooks = { begin, end, stop, drained };

static void run_note(struct message *message)
{
	struct note *note = container_of(message, struct note, message);
	struct side *side = note->side;
	side->ran++;
	side->undrained++;
	side->disorder += note->number != side->next++;
	free(note);
}

static void post(struct side *side, int number)
{
	struct note *note = mem_alloc(sizeof(*note));
	note->message.run = run_note;
	note->side = side;
	note->number = number;
	mailbox_post(worker_mailbox(side->worker), &note->message);
}

static void test_order(void **state)
{
	struct side side = { 0 };
	struct err err;
	(void)state;
	assert_int_equal(
		worker_start(&side.worker, "a-long-thread-name", &hooks, &side, &err),
		0);
	for (int i = 0; i < ROUNDS; i++)
		post(&side, i);
	worker_stop(side.worker); /* at once: nothing is lost */
	assert_string_equal(side.name, "a-long-thread-n");
	assert_int_equal(side.ran, ROUNDS);
	assert_int_equal(side.disorder, 0);
	assert_int_equal(side.undrained, 0);
	assert_in_range(side.drained, 1, ROUNDS + 1);
	assert_int_equal(side.begun, 1);
	assert_int_equal(side.stopped, 1);
	assert_int_equal(side.ended, 1);
	worker_stop(NULL);
}

static void test_begin_fails(void **state)
{
	struct side side = { .fail = true };
	struct err err = { 0 };
	(void)state;
	assert_int_equal(
		worker_start(&side.worker, "t", &hooks, &side, &err), -ERR_LOCAL);
	assert_string_equal(err.text, "no luck");
	assert_int_equal(side.ended, 0);
	assert_int_equal(side.stopped, 0);
	assert_int_equal(
		worker_start(&side.worker, "t", &hooks, &side, NULL), -ERR_LOCAL);
}

/* A question travels to the worker and comes back as its own answer. */
struct question {
	struct message message;
	struct mailbox *home;
	int *left;
	int value;
};

static void run_answer(struct message *message)
{
	struct question *question = container_of(message, struct question, message);
	assert_int_equal(question->value % 2, 1);
	if (--*question->left == 0)
		mailbox_close(question->home);
	free(question);
}

static void run_question(struct message *message)
{
	struct question *question = container_of(message, struct question, message);
	question->value = question->value * 2 + 1;
	message->run = run_answer;
	mailbox_post(question->home, message);
}

static void test_there_and_back(void **state)
{
	struct side side = { 0 };
	struct mailbox *home;
	struct err err;
	uv_loop_t loop;
	int left = ROUNDS;
	(void)state;
	uv_loop_init(&loop);
	assert_int_equal(mailbox_open(&home, &loop, &err), 0);
	assert_int_equal(worker_start(&side.worker, "t", &hooks, &side, &err), 0);
	for (int i = 0; i < ROUNDS; i++) {
		struct question *question = mem_alloc(sizeof(*question));
		question->message.run = run_question;
		question->home = home;
		question->left = &left;
		question->value = i;
		mailbox_post(worker_mailbox(side.worker), &question->message);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(left, 0);
	worker_stop(side.worker);
	assert_int_equal(uv_loop_close(&loop), 0);
}

/* Closing from within a message, with more behind it, and with more that those post. */
struct chain {
	struct message message;
	struct mailbox *mailbox;
	char *log;
	char letter;
	bool close;
	struct chain *then;
};

static void run_chain(struct message *message)
{
	struct chain *chain = container_of(message, struct chain, message);
	chain->log[strlen(chain->log)] = chain->letter;
	if (chain->close)
		mailbox_close(chain->mailbox);
	if (chain->then)
		mailbox_post(chain->mailbox, &chain->then->message);
}

static void log_drained(void *arg)
{
	char *log = arg;
	log[strlen(log)] = '.';
}

static void test_close_within(void **state)
{
	struct mailbox *mailbox;
	struct err err;
	uv_loop_t loop;
	char log[16] = "";
	(void)state;
	uv_loop_init(&loop);
	assert_int_equal(mailbox_open(&mailbox, &loop, &err), 0);
	mailbox_on_drained(mailbox, log_drained, log);
	struct chain chains[5];
	for (int i = 0; i < 5; i++)
		chains[i] = (struct chain){ .message.run = run_chain,
			.mailbox = mailbox,
			.log = log,
			.letter = (char)('a' + i) };
	chains[1].close = true;
	chains[2].then = &chains[4];
	for (int i = 0; i < 4; i++)
		mailbox_post(mailbox, &chains[i].message);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_string_equal(log, "abcd.e.");
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_close_queued(void **state)
{
	struct mailbox *mailbox;
	struct err err;
	uv_loop_t loop;
	char log[16] = "";
	(void)state;
	uv_loop_init(&loop);
	assert_int_equal(mailbox_open(&mailbox, &loop, &err), 0);
	struct chain chain = { .message.run = run_chain, .log = log, .letter = 'a' };
	mailbox_post(mailbox, &chain.message);
	mailbox_close(mailbox); /* the loop has not run yet */
	assert_string_equal(log, "a");
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_begin_fails),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_close_within),
		cmocka_unit_test(test_close_queued),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
