/*
 * The floor under transfers: what libcurl and libuv need to bring the same files to the
 * same disk, with nothing of vodkeep's around it. One thread, a curl multi on a uv
 *loop, a receive buffer of 256 KiB, and writes collected to 256 KiB.
 *
 *	fetch_floor [-c FILES-AT-ONCE] [-a CA-FILE] [-s] [-y] LIST FOLDER
 *
 * A line of LIST is a URL, a tab, and a name in FOLDER. -s hashes each file with
 *SHA-256 on a second thread, -y ends each with fdatasync (on uv's threads). Fails if
 *one file does.
 */
#include <config.h>

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#define BLOCK_SIZE  (256 * 1024)
#define BLOCKS_MAX  64 /* handed to the hasher and not hashed yet */
#define HANDLES_MAX 256

struct file {
	char *url, *path;
	CURL *easy;
	int fd;
	off_t written;
	EVP_MD_CTX *digest;
	struct block *block; /* being filled */
	uv_fs_t sync;
};

struct block {
	struct block *next;
	struct file *file;
	size_t len;
	bool last;
	char data[BLOCK_SIZE];
};

struct hasher {
	uv_thread_t thread;
	uv_mutex_t lock;
	uv_cond_t changed;
	struct block *head, **tail, *idle;
	int waiting;
	bool stopping;
};

struct watch {
	uv_poll_t poll;
	curl_socket_t socket;
};

static struct {
	uv_loop_t loop;
	uv_timer_t timer;
	CURLM *multi;
	struct hasher hasher;
	struct file *files;
	size_t n_files, next_file, active, failed, at_once;
	CURL *idle[HANDLES_MAX];
	size_t n_idle;
	const char *ca_file;
	bool hash, sync;
} fetch = { .at_once = 16 };

static void die(const char *what)
{
	fprintf(stderr, "fetch_floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- blocks and the hasher ---- */

static struct block *block_get(struct file *file)
{
	struct hasher *hasher = &fetch.hasher;

	uv_mutex_lock(&hasher->lock);
	while (hasher->waiting >= BLOCKS_MAX)
		uv_cond_wait(&hasher->changed, &hasher->lock);
	struct block *block = hasher->idle;
	if (block)
		hasher->idle = block->next;
	uv_mutex_unlock(&hasher->lock);
	if (!block)
		block = malloc(sizeof(*block));
	if (!block)
		die("memory");
	block->file = file;
	block->len = 0;
	block->last = false;
	return block;
}

static void block_done(struct block *block)
{
	struct hasher *hasher = &fetch.hasher;

	uv_mutex_lock(&hasher->lock);
	if (fetch.hash) {
		block->next = NULL;
		*hasher->tail = block;
		hasher->tail = &block->next;
		hasher->waiting++;
		uv_cond_broadcast(&hasher->changed);
	} else {
		block->next = hasher->idle;
		hasher->idle = block;
	}
	uv_mutex_unlock(&hasher->lock);
}

static void hash_block(const struct block *block)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	struct file *file = block->file;

	if (!file->digest) {
		file->digest = EVP_MD_CTX_new();
		EVP_DigestInit_ex(file->digest, EVP_sha256(), NULL);
	}
	EVP_DigestUpdate(file->digest, block->data, block->len);
	if (block->last) {
		EVP_DigestFinal_ex(file->digest, hash, NULL);
		EVP_MD_CTX_free(file->digest);
		file->digest = NULL;
	}
}

static void hasher_run(void *arg)
{
	struct hasher *hasher = arg;

	uv_mutex_lock(&hasher->lock);
	for (;;) {
		struct block *block = hasher->head;
		if (!block && hasher->stopping)
			break;
		if (!block) {
			uv_cond_wait(&hasher->changed, &hasher->lock);
			continue;
		}
		hasher->head = block->next;
		if (!hasher->head)
			hasher->tail = &hasher->head;
		uv_mutex_unlock(&hasher->lock);
		hash_block(block);
		uv_mutex_lock(&hasher->lock);
		block->next = hasher->idle;
		hasher->idle = block;
		hasher->waiting--;
		uv_cond_broadcast(&hasher->changed);
	}
	uv_mutex_unlock(&hasher->lock);
}

static void hasher_start(struct hasher *hasher)
{
	hasher->tail = &hasher->head;
	if (uv_mutex_init(&hasher->lock) || uv_cond_init(&hasher->changed) ||
		uv_thread_create(&hasher->thread, hasher_run, hasher))
		die("a thread");
}

static void hasher_stop(struct hasher *hasher)
{
	uv_mutex_lock(&hasher->lock);
	hasher->stopping = true;
	uv_cond_broadcast(&hasher->changed);
	uv_mutex_unlock(&hasher->lock);
	uv_thread_join(&hasher->thread);
}

/* ---- files ---- */

static bool write_block(struct file *file)
{
	const struct block *block = file->block;
	size_t done = 0;

	while (done < block->len) {
		ssize_t n = pwrite(
			file->fd, block->data + done, block->len - done, file->written);
		if (n <= 0)
			return false;
		done += (size_t)n;
		file->written += n;
	}
	return true;
}

static size_t on_data(char *data, size_t size, size_t n, void *arg)
{
	struct file *file = arg;
	size_t left = size * n;

	while (left > 0) {
		if (!file->block)
			file->block = block_get(file);
		struct block *block = file->block;
		size_t some = BLOCK_SIZE - block->len;
		if (some > left)
			some = left;
		memcpy(block->data + block->len, data, some);
		block->len += some;
		data += some;
		left -= some;
		if (block->len < BLOCK_SIZE)
			continue;
		if (!write_block(file))
			return 0;
		file->block = NULL;
		block_done(block);
	}
	return size * n;
}

static void on_synced(uv_fs_t *request)
{
	struct file *file = request->data;

	fetch.failed += request->result < 0;
	uv_fs_req_cleanup(request);
	close(file->fd);
}

static void file_end(struct file *file, CURLcode code)
{
	if (!file->block)
		file->block = block_get(file);
	if (code || !write_block(file)) {
		fprintf(stderr, "fetch_floor: %s: %s\n", file->url,
			curl_easy_strerror(code));
		fetch.failed++;
	}
	file->block->last = true;
	block_done(file->block);
	if (!fetch.sync) {
		close(file->fd);
		return;
	}
	file->sync.data = file;
	uv_fs_fdatasync(&fetch.loop, &file->sync, file->fd, on_synced);
}

static void file_start(struct file *file)
{
	CURL *easy = fetch.n_idle ? fetch.idle[--fetch.n_idle] : curl_easy_init();

	file->easy = easy;
	file->fd = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (file->fd < 0)
		die(file->path);
	curl_easy_setopt(easy, CURLOPT_URL, file->url);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, file);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, file);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BLOCK_SIZE);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	if (fetch.ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, fetch.ca_file);
	curl_multi_add_handle(fetch.multi, easy);
	fetch.active++;
}

static void start_some(void)
{
	while (fetch.active < fetch.at_once && fetch.next_file < fetch.n_files)
		file_start(&fetch.files[fetch.next_file++]);
}

static void drain(void)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(fetch.multi, &left))) {
		CURL *easy = message->easy_handle;
		CURLcode code = message->data.result;
		struct file *file;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&file);
		curl_multi_remove_handle(fetch.multi, easy);
		fetch.idle[fetch.n_idle++] = easy;
		fetch.active--;
		file_end(file, code);
	}
	start_some();
	if (fetch.active == 0)
		uv_timer_stop(&fetch.timer);
}

/* ---- curl on the loop ---- */

static void on_ready(uv_poll_t *poll, int status, int events)
{
	const struct watch *watch = poll->data;
	int flags = (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
		    (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0) |
		    (status < 0 ? CURL_CSELECT_ERR : 0);
	int running;

	curl_multi_socket_action(fetch.multi, watch->socket, flags, &running);
	drain();
}

static void on_timer(uv_timer_t *timer)
{
	int running;

	(void)timer;
	curl_multi_socket_action(fetch.multi, CURL_SOCKET_TIMEOUT, 0, &running);
	drain();
}

static int on_timeout_wanted(CURLM *multi, long ms, void *arg)
{
	(void)multi;
	(void)arg;
	if (ms < 0)
		uv_timer_stop(&fetch.timer);
	else
		uv_timer_start(&fetch.timer, on_timer, (uint64_t)ms, 0);
	return 0;
}

static void on_watch_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *arg, void *known)
{
	struct watch *watch = known;

	(void)easy;
	(void)arg;
	if (what == CURL_POLL_REMOVE) {
		if (watch)
			uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
		curl_multi_assign(fetch.multi, socket, NULL);
		return 0;
	}
	if (!watch) {
		watch = calloc(1, sizeof(*watch));
		if (!watch || uv_poll_init_socket(&fetch.loop, &watch->poll, socket))
			die("a socket");
		watch->socket = socket;
		watch->poll.data = watch;
		curl_multi_assign(fetch.multi, socket, watch);
	}
	uv_poll_start(&watch->poll,
		(what & CURL_POLL_IN ? UV_READABLE : 0) |
			(what & CURL_POLL_OUT ? UV_WRITABLE : 0),
		on_ready);
	return 0;
}

/* ---- beginning and end ---- */

static void read_list(const char *list, const char *folder)
{
	FILE *in = fopen(list, "re");
	size_t room = 0;
	char *line = NULL;

	if (!in)
		die(list);
	while (getline(&line, &room, in) > 0) {
		line[strcspn(line, "\n")] = '\0';
		char *name = strchr(line, '\t');
		if (!name)
			continue;
		*name++ = '\0';
		size_t len = strlen(folder) + strlen(name) + 2;
		struct file file = { .url = strdup(line), .path = malloc(len) };
		fetch.files = realloc(
			fetch.files, (fetch.n_files + 1) * sizeof(*fetch.files));
		if (!file.url || !file.path || !fetch.files)
			die("memory");
		snprintf(file.path, len, "%s/%s", folder, name);
		fetch.files[fetch.n_files++] = file;
	}
	free(line);
	fclose(in);
}

static void run(void)
{
	uv_loop_init(&fetch.loop);
	uv_timer_init(&fetch.loop, &fetch.timer);
	hasher_start(&fetch.hasher);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	fetch.multi = curl_multi_init();
	curl_multi_setopt(fetch.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(fetch.multi, CURLMOPT_TIMERFUNCTION, on_timeout_wanted);
	curl_multi_setopt(fetch.multi, CURLMOPT_MAXCONNECTS, (long)HANDLES_MAX);
	start_some();
	uv_run(&fetch.loop, UV_RUN_DEFAULT);
	hasher_stop(&fetch.hasher);
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "c:a:sy")) != -1) {
		if (option == 'c')
			fetch.at_once = strtoul(optarg, NULL, 10);
		else if (option == 'a')
			fetch.ca_file = optarg;
		else if (option == 's')
			fetch.hash = true;
		else if (option == 'y')
			fetch.sync = true;
	}
	if (argc - optind != 2 || fetch.at_once < 1 || fetch.at_once > HANDLES_MAX) {
		fprintf(stderr,
			"usage: fetch_floor [-c FILES-AT-ONCE, up to %d] "
			"[-a CA-FILE] [-s] [-y] LIST FOLDER\n",
			HANDLES_MAX);
		return 2;
	}
	read_list(argv[optind], argv[optind + 1]);
	run();
	return fetch.failed != 0;
}
