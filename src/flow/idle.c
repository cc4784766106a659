/*
 * Idle priority for one thread.
 */
#include <config.h>

#include "flow/idle.h"

#include <linux/ioprio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NICE 10

/* Both concern this thread alone. What the system refuses is a pity, no failure. */
static int on_begin(void *arg, uv_loop_t *loop, struct err *err)
{
	(void)arg, (void)loop, (void)err;
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
	setpriority(PRIO_PROCESS, 0, NICE);
	return 0;
}

const struct worker_hooks idle_worker_hooks = { .begin = on_begin };
