/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/conn_tls.c: what a connection does otherwise when it is private.
 */
#include "live/conn.h"

static void
read_again(void *context)
{
    Conn *conn = context;
    if (conn->state != CONN_OPEN || !conn->wants_read)
        return;
    conn_hear(conn, CONN_READABLE);
    if (conn->tls)
        conn_look_again(conn);
}

void
conn_add_tls(Conn *conn, TlsContext *context)
{
    conn->tls = tls_new(context, &conn->conns->desk, conn->watch.fd);
    conn->tls->held.memory = &conn->conns->memory;
    conn->tls->again = (Job){.run = read_again, .context = conn};
}

void
conn_drop_tls(Conn *conn)
{
    if (!conn->tls)
        return;
    loop_drop_job(conn->conns->loop, &conn->tls->again);
    tls_free(conn->tls);
    conn->tls = NULL;
}

static void
fail(Conn *conn, CloseReason reason)
{
    conn_lose(conn, reason);
    conn_hear(conn, CONN_GONE);
}

void
conn_post_wire(Conn *conn)
{
    GByteArray *wire = conn->conns->desk.wire;
    OutSlice slice = {wire->data, wire->len, NULL};
    if (wire->len > 0 && !conn->is_broken)
        conn_post(conn, &slice, 1);
    g_byte_array_set_size(wire, 0);
}

void
conn_seal(Conn *conn, const OutSlice *slices, uint32_t slice_count)
{
    TlsDraft draft = {slices, slice_count, 0};
    while (!conn->is_broken && tls_seal(conn->tls, &draft))
        if (conn->conns->desk.wire->len >= TLS_SEAL_BYTES)
            conn_post_wire(conn);
    conn_post_wire(conn);
}

void
conn_hold(Conn *conn, const OutSlice *slices, uint32_t slice_count)
{
    for (uint32_t i = 0; i < slice_count; i++)
        if (slices[i].size_bytes > 0)
            outbox_keep(&conn->tls->held, &slices[i], 0);
}

void
conn_seal_held(Conn *conn)
{
    Outbox *held = &conn->tls->held;
    while (held->unsent_bytes > 0) {
        struct iovec pieces[CONN_SLICE_MAX];
        OutSlice slices[CONN_SLICE_MAX];
        uint64_t size_bytes;
        uint32_t count =
            outbox_gather(held, pieces, CONN_SLICE_MAX, &size_bytes);
        for (uint32_t i = 0; i < count; i++)
            slices[i] = (OutSlice){pieces[i].iov_base,
                                   (uint32_t)pieces[i].iov_len, NULL};
        conn_seal(conn, slices, count);
        outbox_advance(held, size_bytes);
    }
}

bool
conn_shake_hands(Conn *conn)
{
    TlsStep step = tls_shake_hands(conn->tls);
    conn_post_wire(conn); /* a failure is told to the peer too */
    if (step == TLS_FAILED || conn->is_broken) {
        fail(conn, step == TLS_FAILED ? CLOSE_PROTOCOL : CLOSE_RESET);
        return false;
    }
    conn_rewatch(conn);
    return step == TLS_DONE;
}

void
conn_look_again(Conn *conn)
{
    bool may_have_more = conn->state == CONN_OPEN && conn->wants_read &&
                         conn->tls->may_have_more;
    if (may_have_more)
        loop_add_job(conn->conns->loop, &conn->tls->again);
}

ConnRead
conn_read_tls(Conn *conn, uint32_t size_bytes, uint32_t *ret_size_bytes)
{
    TlsStep step = tls_read(conn->tls, conn->conns->page->bytes, size_bytes,
                            ret_size_bytes);
    conn_post_wire(conn);
    switch (step) {
    case TLS_DONE:
        conn_count_received(conn, *ret_size_bytes);
        conn_look_again(conn);
        return CONN_READ_BYTES;
    case TLS_WAITS:
        return CONN_READ_NOTHING;
    case TLS_ENDED:
        return conn_end_read(conn);
    case TLS_FAILED:
        break;
    }
    conn_lose(conn, CLOSE_RESET);
    return CONN_READ_LOST;
}
