/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/fetch_probe.c: a first small request, which tells what a file is.
 */
#include "live/fetch_probe.h"

#include "core/http.h"

#include <assert.h>
#include <string.h>

#define ANSWER_TIMEOUT_NS (15 * NS_PER_S)
#define CONNECT_TIMEOUT_NS (5 * NS_PER_S)

static void ask(Probe *probe);

static void
let_go(Probe *probe)
{
    loop_unset_timer(probe->loop, &probe->timer);
    if (probe->conn)
        conn_close(probe->conn, CLOSE_RESET);
    probe->conn = NULL;
}

static void
end(Probe *probe, ProbeResult result)
{
    let_go(probe);
    probe->result = result;
    probe->is_over = true;
    loop_stop(probe->loop);
}

static void
say_why(Probe *probe, const char *why)
{
    char where[ADDRESS_TEXT_BYTES];
    address_write(&probe->addresses[probe->address_index], where);
    g_clear_error(&probe->error);
    g_set_error(&probe->error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s (%s) %s",
                probe->name->host, where, why);
}

static void
refuse(Probe *probe, const char *why)
{
    say_why(probe, why);
    end(probe, PROBE_REFUSED);
}

static void
try_next(Probe *probe, const char *why)
{
    say_why(probe, why);
    let_go(probe);
    if (probe->address_index + 1 == probe->address_count) {
        end(probe, PROBE_SILENT);
        return;
    }
    probe->address_index++;
    ask(probe);
}

/* The value of a field of a head that has been parsed, or NULL. */
static char *
find_field(const Probe *probe, uint32_t head_bytes, const char *name)
{
    g_autofree char *text =
        g_strndup((const char *)probe->heard->data, head_bytes);
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
    size_t name_bytes = strlen(name);
    for (char **line = lines; *line; line++) {
        if (g_ascii_strncasecmp(*line, name, name_bytes) == 0 &&
            (*line)[name_bytes] == ':')
            return g_strstrip(g_strdup(*line + name_bytes + 1));
    }
    return NULL;
}

static void
refuse_status(Probe *probe, const HttpHead *head, uint32_t head_bytes)
{
    g_autofree char *location = find_field(probe, head_bytes, "Location");
    g_autofree char *why = NULL;
    if (head->status == 200)
        why = g_strdup("gives no parts of files");
    else if (head->status < 400 && location)
        why = g_strdup_printf("says it is at %s", location);
    else
        why = g_strdup_printf("answers %u%s", head->status,
                              head->status == 404 ? " Not Found" : "");
    say_why(probe, why);
    /* It may be back soon. */
    end(probe, head->status >= 500 ? PROBE_SILENT : PROBE_REFUSED);
}

static void
take_answer(Probe *probe, uint32_t head_bytes)
{
    HttpHead head;
    if (http_parse_response(probe->heard->data, head_bytes, &head) != 0) {
        refuse(probe, "answers in a way that is not understood");
        return;
    }
    bool is_part = head.status == 206 && head.range.offset_bytes == 0 &&
                   head.range.size_bytes == 1;
    /* Of an empty file there is no first byte. */
    bool is_empty =
        (head.status == 200 && head.body_bytes == 0) ||
        (head.status == 416 && head.has_range && head.range.total_bytes == 0);
    if (!is_part && !is_empty) {
        refuse_status(probe, &head, head_bytes);
        return;
    }
    probe->answer = (ProbeAnswer){
        .address_index = probe->address_index,
        .file_bytes = is_part ? head.range.total_bytes : 0,
        .etag = find_field(probe, head_bytes, "ETag"),
        .modified = find_field(probe, head_bytes, "Last-Modified"),
    };
    g_clear_error(&probe->error);
    end(probe, PROBE_GOOD);
}

static void
read_answer(Probe *probe)
{
    uint32_t size_bytes = 0;
    uint32_t head_bytes = 0;
    ConnRead read = conn_read(probe->conn, CONN_READ_BYTES_MAX, &size_bytes);
    if (read == CONN_READ_NOTHING)
        return;
    if (read != CONN_READ_BYTES) {
        try_next(probe, "hangs up without an answer");
        return;
    }
    g_byte_array_append(probe->heard, probe->conns.page->bytes, size_bytes);
    HttpScan scan =
        http_scan(probe->heard->data, probe->heard->len, 0, &head_bytes);
    if (scan == HTTP_SCAN_END)
        take_answer(probe, head_bytes);
    else if (scan == HTTP_SCAN_BAD || probe->heard->len >= HTTP_HEAD_BYTES_MAX)
        refuse(probe, "does not answer in HTTP/1.1");
}

static void
send_request(Probe *probe)
{
    char bytes[HTTP_WRITE_BYTES_MAX];
    HttpHead head = {
        .method = HTTP_GET,
        .host = probe->name->host,
        .target = probe->name->path,
        .target_bytes = (uint32_t)strlen(probe->name->path),
        .has_range = true,
        .range = {.size_bytes = 1},
        .is_last = true,
    };
    OutSlice slice = {(const uint8_t *)bytes, http_write_request(&head, bytes),
                      NULL};
    conn_write(probe->conn, &slice, 1);
}

static const char *
why_gone(CloseReason reason)
{
    switch (reason) {
    case CLOSE_REFUSED:
        return "refuses connections";
    case CLOSE_TIMED_OUT:
        return "cannot be reached";
    case CLOSE_PROTOCOL:
        return "speaks no TLS, or has no certificate that we trust";
    case CLOSE_DONE:
    case CLOSE_RESET:
        break;
    }
    return "hangs up without an answer";
}

static void
hear(void *context, Conn *conn, ConnSignal signal)
{
    Probe *probe = context;
    assert(conn == probe->conn);
    switch (signal) {
    case CONN_CONNECTED:
        send_request(probe);
        break;
    case CONN_READABLE:
        read_answer(probe);
        break;
    case CONN_GONE:
        try_next(probe, why_gone((CloseReason)conn->reason));
        break;
    case CONN_DRAINED:
    case CONN_ROOM:
        break;
    }
}

static void
time_out(void *context)
{
    try_next(context, "does not answer");
}

static void
ask(Probe *probe)
{
    g_byte_array_set_size(probe->heard, 0);
    ConnTarget target = {.address = &probe->addresses[probe->address_index],
                         .tls = probe->tls};
    probe->conn = conn_connect(&probe->conns, &target);
    loop_set_timer(probe->loop, &probe->timer,
                   loop_read_clock(probe->loop) + ANSWER_TIMEOUT_NS);
}

void
probe_init(Probe *probe, Loop *loop, const WebName *name)
{
    static const ConnLimits LIMITS = {CONNECT_TIMEOUT_NS, NS_PER_S, NS_PER_S};
    memset(probe, 0, sizeof *probe);
    probe->loop = loop;
    probe->name = name;
    probe->heard = g_byte_array_new();
    probe->timer = (Timer){.fire = time_out, .context = probe};
    conns_init(&probe->conns, loop, &LIMITS);
    probe->conns.hear = hear;
    probe->conns.context = probe;
}

void
probe_run(Probe *probe, const Address *addresses, uint32_t address_count)
{
    assert(address_count > 0);
    probe->addresses = addresses;
    probe->address_count = address_count;
    ask(probe);
    loop_run(probe->loop);
}

void
probe_clear(Probe *probe)
{
    let_go(probe);
    conns_clear(&probe->conns);
    g_byte_array_unref(probe->heard);
    g_free(probe->answer.etag);
    g_free(probe->answer.modified);
    g_clear_error(&probe->error);
}
