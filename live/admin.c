/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/admin.c: answers operators on an address of their own.
 */
#include "live/admin.h"
#include "core/http.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_NS (5 * NS_PER_S)

typedef struct Page {
    uint16_t status;
    const char *reason;
    const char *type;
    GString *body;
} Page;

static void
forget(AdminGuest *guest)
{
    g_string_free(guest->head, TRUE);
    *guest = (AdminGuest){.conn = NULL};
}

static void
fill_page(const Admin *admin, const HttpHead *head, Page *page)
{
    page->status = 200;
    page->reason = "OK";
    if (head->method == HTTP_POST) {
        page->status = 405;
        page->reason = "Method Not Allowed";
    } else if (http_is_path(head, "/metrics")) {
        page->type = "text/plain; version=0.0.4; charset=utf-8";
        admin->sink.write_metrics(admin->sink.context, page->body);
        return;
    } else if (http_is_path(head, "/readyz") &&
               !admin->sink.is_ready(admin->sink.context)) {
        page->status = 503;
        page->reason = "draining";
    } else if (!http_is_path(head, "/healthz") &&
               !http_is_path(head, "/readyz")) {
        page->status = 404;
        page->reason = "Not Found";
    }
    g_string_append_printf(page->body, "%s\n", page->reason);
}

static void
answer(Admin *admin, AdminGuest *guest, uint32_t head_bytes)
{
    HttpHead head;
    g_autoptr(GString) text = g_string_new(NULL);
    Page page = {400, "Bad Request", "text/plain", g_string_new(NULL)};
    uint16_t status = head_bytes == 0
                          ? 400
                          : http_parse_request((uint8_t *)guest->head->str,
                                               head_bytes, &head);
    if (status == 0)
        fill_page(admin, &head, &page);
    bool is_head_only = status == 0 && head.method == HTTP_HEAD_ONLY;
    g_string_printf(text,
                    "HTTP/1.1 %u %s\r\nContent-Type: %s\r\n%s"
                    "Content-Length: %" G_GSIZE_FORMAT "\r\n"
                    "Connection: close\r\n\r\n%s",
                    page.status, page.reason, page.type,
                    page.status == 405 ? "Allow: GET, HEAD\r\n" : "",
                    page.body->len, is_head_only ? "" : page.body->str);
    g_string_free(page.body, TRUE);
    OutSlice slice = {(const uint8_t *)text->str, (uint32_t)text->len, NULL};
    Conn *conn = guest->conn;
    forget(guest);
    conn_write(conn, &slice, 1);
    conn_close(conn, CLOSE_DONE);
}

static void
read_head(Admin *admin, AdminGuest *guest)
{
    uint32_t size_bytes = 0;
    uint32_t head_bytes = 0;
    ConnRead read = conn_read(guest->conn, HTTP_HEAD_BYTES_MAX, &size_bytes);
    if (read == CONN_READ_NOTHING)
        return;
    if (read != CONN_READ_BYTES) {
        conn_close(guest->conn, CLOSE_DONE);
        forget(guest);
        return;
    }
    g_string_append_len(guest->head, (const char *)admin->conns.page->bytes,
                        size_bytes);
    HttpScan scan = http_scan((uint8_t *)guest->head->str, guest->head->len, 0,
                              &head_bytes);
    bool is_endless =
        scan == HTTP_SCAN_MORE && guest->head->len >= HTTP_HEAD_BYTES_MAX;
    if (scan == HTTP_SCAN_END)
        answer(admin, guest, head_bytes);
    else if (scan == HTTP_SCAN_BAD || is_endless)
        answer(admin, guest, 0);
}

static void
hear(void *context, Conn *conn, ConnSignal signal)
{
    Admin *admin = context;
    AdminGuest *guest = &admin->guests[conn->tag];
    assert(guest->conn == conn);
    if (signal == CONN_READABLE) {
        read_head(admin, guest);
    } else if (signal == CONN_GONE) {
        forget(guest);
        conn_close(conn, CLOSE_RESET);
    }
}

/* The oldest has had its time. */
static void
sweep(void *context)
{
    Admin *admin = context;
    int64_t now_ns = loop_now_ns(admin->loop);
    bool is_empty = true;
    for (uint32_t i = 0; i < ADMIN_CONNECTION_MAX; i++) {
        AdminGuest *guest = &admin->guests[i];
        if (guest->conn && now_ns - guest->since_ns >= PATIENCE_NS) {
            conn_close(guest->conn, CLOSE_TIMED_OUT);
            forget(guest);
        }
        is_empty &= guest->conn == NULL;
    }
    if (!is_empty)
        loop_set_timer(admin->loop, &admin->sweep, now_ns + NS_PER_S);
}

static void
welcome(void *context, int fd, const Address *peer)
{
    Admin *admin = context;
    assert(peer);
    uint32_t index = 0;
    while (index < ADMIN_CONNECTION_MAX && admin->guests[index].conn)
        index++;
    if (index == ADMIN_CONNECTION_MAX ||
        admin->conns.open_count >= 2 * ADMIN_CONNECTION_MAX) {
        close(fd);
        return;
    }
    Conn *conn = conn_take(&admin->conns, fd);
    if (!conn)
        return;
    conn->tag = index;
    admin->guests[index] = (AdminGuest){
        .conn = conn,
        .since_ns = loop_now_ns(admin->loop),
        .head = g_string_new(NULL),
    };
    if (admin->sweep.place == 0)
        loop_set_timer(admin->loop, &admin->sweep,
                       loop_now_ns(admin->loop) + NS_PER_S);
}

bool
admin_init(Admin *admin, Loop *loop, const Address *address,
           const AdminSink *sink, GError **error)
{
    const ListenerConfig listener = {.address = *address,
                                     .send_timeout_ns = PATIENCE_NS};
    const ConnLimits limits = {PATIENCE_NS, PATIENCE_NS, NS_PER_S};
    memset(admin, 0, sizeof *admin);
    admin->loop = loop;
    admin->sink = *sink;
    admin->sweep = (Timer){.fire = sweep, .context = admin};
    conns_init(&admin->conns, loop, &limits);
    admin->conns.hear = hear;
    admin->conns.context = admin;
    if (!listener_init(&admin->listener, &listener, error))
        return false;
    if (listener_start(&admin->listener, loop, welcome, admin))
        return true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                "cannot wait for operators");
    listener_clear(&admin->listener);
    return false;
}

void
admin_clear(Admin *admin)
{
    if (!admin->loop)
        return;
    listener_clear(&admin->listener);
    loop_unset_timer(admin->loop, &admin->sweep);
    for (uint32_t i = 0; i < ADMIN_CONNECTION_MAX; i++) {
        if (!admin->guests[i].conn)
            continue;
        conn_close(admin->guests[i].conn, CLOSE_RESET);
        forget(&admin->guests[i]);
    }
    conns_clear(&admin->conns);
    admin->loop = NULL;
}
