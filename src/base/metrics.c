/*
 * The metrics table. One mutex: updates are a short linear search, and nobody waits for
 * anything while holding it. Label values beyond the bound are counted together under
 * "other" instead of growing the table.
 */
#include <config.h>

#include "base/metrics.h"

#include "base/mem.h"
#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define LABELS_MAX   256
#define LABEL_OTHERS "other"

static const struct {
	const char *name;
	const char *type;
	const char *label;
	const char *help;
} families[METRIC_COUNT] = {
#define METRIC_ROW(id, name, type, label, help) [id] = { name, type, label, help },
	METRICS(METRIC_ROW)
#undef METRIC_ROW
};

struct series {
	char *label; /* NULL: the metric has none */
	double value;
};

static struct {
	struct series *series;
	size_t count;
} tables[METRIC_COUNT];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct series *find(enum metric metric, const char *label)
{
	for (size_t i = 0; i < tables[metric].count; i++) {
		struct series *series = &tables[metric].series[i];
		if (!label || strcmp(series->label, label) == 0)
			return series;
	}
	return NULL;
}

/* The series to change; made when there is none. The last place is for the others. */
static struct series *obtain(enum metric metric, const char *label)
{
	struct series *series = find(metric, label);
	if (series)
		return series;
	if (tables[metric].count >= LABELS_MAX - 1) {
		label = LABEL_OTHERS;
		series = find(metric, label);
		if (series)
			return series;
	}
	size_t count = ++tables[metric].count;
	tables[metric].series = mem_grow(tables[metric].series, count, sizeof(*series));
	series = &tables[metric].series[count - 1];
	series->label = mem_strdup(label);
	series->value = 0;
	return series;
}

static void check(enum metric metric, const char *label)
{
	assert((unsigned)metric < METRIC_COUNT);
	assert(!label == !families[metric].label);
	(void)metric;
	(void)label;
}

void metric_add(enum metric metric, const char *label, double value)
{
	check(metric, label);
	pthread_mutex_lock(&lock);
	obtain(metric, label)->value += value;
	pthread_mutex_unlock(&lock);
}

void metric_set(enum metric metric, const char *label, double value)
{
	check(metric, label);
	pthread_mutex_lock(&lock);
	obtain(metric, label)->value = value;
	pthread_mutex_unlock(&lock);
}

double metric_get(enum metric metric, const char *label)
{
	check(metric, label);
	pthread_mutex_lock(&lock);
	const struct series *series = find(metric, label);
	double value = series ? series->value : 0;
	pthread_mutex_unlock(&lock);
	return value;
}

static void put_label(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "{%s=\"", name);
	for (; *value; value++) {
		if (*value == '\n')
			buf_str(out, "\\n");
		else if (*value == '"' || *value == '\\')
			buf_printf(out, "\\%c", *value);
		else
			buf_char(out, *value);
	}
	buf_str(out, "\"}");
}

static void put_value(struct buf *out, double value)
{
	bool whole = trunc(value) == value && fabs(value) < 0x1p53;
	buf_printf(out, whole ? " %.0f\n" : " %.15g\n", value);
}

static void put_family(struct buf *out, enum metric metric)
{
	const char *name = families[metric].name;

	buf_printf(out, "# HELP %s %s\n", name, families[metric].help);
	buf_printf(out, "# TYPE %s %s\n", name, families[metric].type);
	if (!families[metric].label) {
		const struct series *series = find(metric, NULL);
		buf_str(out, name);
		put_value(out, series ? series->value : 0);
		return;
	}
	for (size_t i = 0; i < tables[metric].count; i++) {
		buf_str(out, name);
		put_label(out, families[metric].label, tables[metric].series[i].label);
		put_value(out, tables[metric].series[i].value);
	}
}

void metrics_text(struct buf *out)
{
	pthread_mutex_lock(&lock);
	for (int i = 0; i < METRIC_COUNT; i++)
		put_family(out, (enum metric)i);
	pthread_mutex_unlock(&lock);
}

void metrics_reset(void)
{
	pthread_mutex_lock(&lock);
	for (int i = 0; i < METRIC_COUNT; i++) {
		for (size_t j = 0; j < tables[i].count; j++)
			free(tables[i].series[j].label);
		free(tables[i].series);
		tables[i].series = NULL;
		tables[i].count = 0;
	}
	pthread_mutex_unlock(&lock);
}
