/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/bench_load.c: asks for the same file again and again.
 *
 * Bodies are thrown away in the kernel, so that the client is never what the
 * relay waits for.
 */
#include "core/http.h"
#include "live/bench.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define READY_MAX 256
#define DISCARD_BYTES (1u << 20)
#define ANSWER_BYTES_MAX 2048u
/* Nobody who works is silent for so long. */
#define PATIENCE_MS 20000

typedef struct Caller {
    int fd;
    bool is_waiting; /* for an answer, or the rest of one */
    bool has_head;
    uint32_t head_bytes;
    uint64_t left_bytes;
    int64_t asked_ns;
    uint8_t head[ANSWER_BYTES_MAX];
} Caller;

struct BenchLoad {
    int epoll_fd;
    Address target;
    uint64_t body_bytes;
    char *request;
    size_t request_bytes;
    Caller *callers;
    uint32_t caller_count;
    uint32_t waiting_count;
    GArray *durations_ns; /* of the present run */
};

static int64_t
read_clock(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
}

static bool
fail(const char *what, GError **error)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s", what);
    return false;
}

static bool
ask(BenchLoad *load, Caller *caller, GError **error)
{
    ssize_t sent_bytes =
        send(caller->fd, load->request, load->request_bytes, MSG_NOSIGNAL);
    if (sent_bytes != (ssize_t)load->request_bytes)
        return fail("a relay takes no request", error);
    caller->asked_ns = read_clock();
    caller->is_waiting = true;
    caller->has_head = false;
    caller->head_bytes = 0;
    load->waiting_count++;
    return true;
}

static bool
dial(BenchLoad *load, Caller *caller, GError **error)
{
    struct sockaddr_storage name;
    socklen_t name_bytes = address_to_socket(&load->target, &name);
    int on = 1;
    caller->fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (caller->fd < 0 ||
        connect(caller->fd, (struct sockaddr *)&name, name_bytes) != 0)
        return fail("a relay cannot be reached", error);
    setsockopt(caller->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = caller};
    if (epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, caller->fd, &event) != 0)
        return fail("cannot wait for a socket", error);
    return true;
}

/* What came with the head is body already. */
static bool
take_head(const BenchLoad *load, Caller *caller, GError **error)
{
    uint32_t head_bytes;
    HttpHead head;
    HttpScan scan = http_scan(caller->head, caller->head_bytes, 0, &head_bytes);
    if (scan == HTTP_SCAN_MORE && caller->head_bytes < ANSWER_BYTES_MAX)
        return true;
    if (scan != HTTP_SCAN_END ||
        http_parse_response(caller->head, head_bytes, &head) != 0 ||
        head.status != 200 || head.body_bytes != load->body_bytes)
        return fail("a relay gives another answer than the origin", error);
    uint32_t more_bytes = caller->head_bytes - head_bytes;
    if (more_bytes > head.body_bytes)
        return fail("a relay gives more than was asked for", error);
    caller->left_bytes = head.body_bytes - more_bytes;
    caller->has_head = true;
    return true;
}

/* One read; *ret_has_more says whether another is worth it. */
static bool
hear(const BenchLoad *load, Caller *caller, bool *ret_has_more, GError **error)
{
    uint64_t wanted_bytes = MIN(caller->left_bytes, DISCARD_BYTES);
    ssize_t size_bytes =
        caller->has_head
            ? recv(caller->fd, NULL, wanted_bytes, MSG_TRUNC | MSG_DONTWAIT)
            : recv(caller->fd, caller->head + caller->head_bytes,
                   ANSWER_BYTES_MAX - caller->head_bytes, MSG_DONTWAIT);
    *ret_has_more = size_bytes > 0;
    if (size_bytes < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (size_bytes <= 0)
        return fail("a relay gives up in the middle of an answer", error);
    if (caller->has_head) {
        caller->left_bytes -= (uint64_t)size_bytes;
        return true;
    }
    caller->head_bytes += (uint32_t)size_bytes;
    return take_head(load, caller, error);
}

static bool
hear_all(BenchLoad *load, Caller *caller, GError **error)
{
    bool has_more = true;
    while (has_more && caller->is_waiting) {
        if (!hear(load, caller, &has_more, error))
            return false;
        if (!caller->has_head || caller->left_bytes > 0)
            continue;
        int64_t took_ns = read_clock() - caller->asked_ns;
        g_array_append_val(load->durations_ns, took_ns);
        caller->is_waiting = false;
        load->waiting_count--;
    }
    return true;
}

/* Go on until the time is over and all answers are there. */
static bool
serve(BenchLoad *load, int64_t until_ns, GError **error)
{
    struct epoll_event ready[READY_MAX];
    while (load->waiting_count > 0) {
        int count = epoll_wait(load->epoll_fd, ready, READY_MAX, PATIENCE_MS);
        if (count == 0)
            return fail("a relay gives no answer", error);
        bool is_over = read_clock() >= until_ns;
        for (int i = 0; i < count; i++) {
            Caller *caller = ready[i].data.ptr;
            if (!hear_all(load, caller, error))
                return false;
            bool is_due = !caller->is_waiting && !is_over;
            if (is_due && !ask(load, caller, error))
                return false;
        }
    }
    return true;
}

BenchLoad *
load_new(const Address *target, uint64_t body_bytes, uint32_t connection_count,
         GError **error)
{
    char path[BENCH_PATH_BYTES_MAX];
    bench_write_path(body_bytes, path);
    BenchLoad *load = g_new0(BenchLoad, 1);
    load->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    load->target = *target;
    load->body_bytes = body_bytes;
    load->request =
        g_strdup_printf("GET %s HTTP/1.1\r\nHost: bench\r\n\r\n", path);
    load->request_bytes = strlen(load->request);
    load->durations_ns = g_array_new(FALSE, FALSE, sizeof(int64_t));
    load->callers = g_new0(Caller, connection_count);
    while (load->caller_count < connection_count) {
        Caller *caller = &load->callers[load->caller_count++];
        if (dial(load, caller, error) && ask(load, caller, error) &&
            serve(load, 0, error))
            continue;
        load_free(load);
        return NULL;
    }
    return load;
}

static int
compare_durations(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

bool
load_run(BenchLoad *load, int64_t for_ns, LoadResult *ret_result,
         GError **error)
{
    g_array_set_size(load->durations_ns, 0);
    int64_t start_ns = read_clock();
    for (uint32_t i = 0; i < load->caller_count; i++)
        if (!ask(load, &load->callers[i], error))
            return false;
    if (!serve(load, start_ns + for_ns, error))
        return false;
    g_array_sort(load->durations_ns, compare_durations);
    *ret_result = (LoadResult){
        .request_count = load->durations_ns->len,
        .elapsed_ns = read_clock() - start_ns,
        .median_ns = g_array_index(load->durations_ns, int64_t,
                                   load->durations_ns->len / 2),
    };
    return true;
}

void
load_free(BenchLoad *load)
{
    if (!load)
        return;
    for (uint32_t i = 0; i < load->caller_count; i++)
        if (load->callers[i].fd > 0)
            close(load->callers[i].fd);
    close(load->epoll_fd);
    g_array_unref(load->durations_ns);
    g_free(load->callers);
    g_free(load->request);
    g_free(load);
}
