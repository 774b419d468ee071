/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/tls_caller.c: a caller that speaks TLS, by OpenSSL alone.
 */
#include "tests/live/tls_caller.h"

#include "core/http.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#define PIECE_BYTES 65536

void
tls_caller_dial(TlsCaller *caller, const Address *target,
                const TlsCallerWish *wish)
{
    *caller = (TlsCaller){.heard = g_byte_array_new()};
    caller_dial(&caller->caller, target);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    caller->context = context;
    SSL_CTX_set_security_level(context, 0); /* it may try anything */
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_max_proto_version(context, wish->version_max);
    if (wish->ca)
        SSL_CTX_load_verify_locations(context, wish->ca, NULL);
    if (wish->certificate) {
        SSL_CTX_use_certificate_chain_file(context, wish->certificate);
        SSL_CTX_use_PrivateKey_file(context, wish->key, SSL_FILETYPE_PEM);
    }
    caller->ssl = SSL_new(context);
    SSL_set_bio(caller->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(caller->ssl);
    if (!wish->protocol)
        return;
    uint8_t list[64];
    size_t name_bytes = strlen(wish->protocol);
    list[0] = (uint8_t)name_bytes;
    memcpy(list + 1, wish->protocol, name_bytes);
    SSL_set_alpn_protos(caller->ssl, list, 1 + (unsigned int)name_bytes);
}

void
tls_caller_hang_up(TlsCaller *caller)
{
    SSL_free(caller->ssl);
    SSL_CTX_free(caller->context);
    g_byte_array_unref(caller->heard);
    caller_hang_up(&caller->caller);
}

static bool
note_failure(TlsCaller *caller, int result)
{
    int error = SSL_get_error(caller->ssl, result);
    caller->is_ended |= error == SSL_ERROR_ZERO_RETURN;
    caller->is_failed |= error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL;
    ERR_clear_error();
    return result <= 0;
}

static void
move_wire(TlsCaller *caller)
{
    GByteArray *wire = caller->caller.heard;
    uint8_t bytes[PIECE_BYTES];
    BIO *out = SSL_get_wbio(caller->ssl);
    int size_bytes = (int)MIN(BIO_ctrl_pending(out), sizeof bytes);
    if (size_bytes > 0) {
        /* Small enough for any socket buffer of the loopback. */
        BIO_read(out, bytes, size_bytes);
        caller_try_send(&caller->caller, bytes, (size_t)size_bytes);
    }
    caller_listen(&caller->caller, PIECE_BYTES);
    if (wire->len > 0)
        BIO_write(SSL_get_rbio(caller->ssl), wire->data, (int)wire->len);
    g_byte_array_set_size(wire, 0);
}

void
tls_caller_step(TlsCaller *caller)
{
    uint8_t bytes[PIECE_BYTES];
    move_wire(caller);
    while (!caller->is_failed && !caller->is_ended) {
        int result = SSL_read(caller->ssl, bytes, sizeof bytes);
        if (note_failure(caller, result))
            break;
        g_byte_array_append(caller->heard, bytes, (guint)result);
    }
    move_wire(caller);
}

bool
tls_caller_shake_hands(TlsCaller *caller, Loop *loop)
{
    int64_t end_ns = loop_read_clock(loop) + CALLER_PATIENCE_NS;
    while (!SSL_is_init_finished(caller->ssl)) {
        tls_caller_step(caller);
        loopback_step(loop);
        if (caller->is_failed || caller->caller.is_ended ||
            caller->caller.error)
            return false;
        g_assert_cmpint(loop_now_ns(loop), <, end_ns);
    }
    /* TLS 1.3: the other side may yet say what it thinks of us. */
    move_wire(caller);
    return true;
}

void
tls_caller_say(TlsCaller *caller, Loop *loop, const char *text)
{
    g_assert_true(tls_caller_shake_hands(caller, loop));
    g_assert_cmpint(SSL_write(caller->ssl, text, (int)strlen(text)), >, 0);
    tls_caller_step(caller);
}

void
tls_caller_wait(TlsCaller *caller, Loop *loop, size_t heard_bytes)
{
    int64_t end_ns = loop_read_clock(loop) + CALLER_PATIENCE_NS;
    while (caller->heard->len < heard_bytes && !caller->is_ended &&
           !caller->is_failed) {
        loopback_step(loop);
        tls_caller_step(caller);
        if (caller->caller.is_ended || caller->caller.error)
            return;
        g_assert_cmpint(loop_now_ns(loop), <, end_ns);
    }
}

GByteArray *
tls_caller_take_response(TlsCaller *caller, Loop *loop, uint32_t status)
{
    uint32_t head_bytes = 0;
    HttpHead head;
    while (http_scan(caller->heard->data, caller->heard->len, 0, &head_bytes) !=
           HTTP_SCAN_END) {
        guint before_bytes = caller->heard->len;
        tls_caller_wait(caller, loop, before_bytes + 1);
        g_assert_cmpuint(caller->heard->len, >, before_bytes);
    }
    uint16_t refusal =
        http_parse_response(caller->heard->data, head_bytes, &head);
    g_assert_cmpuint(refusal, ==, 0);
    g_assert_cmpuint(head.status, ==, status);
    tls_caller_wait(caller, loop, head_bytes + head.body_bytes);
    g_assert_cmpuint(caller->heard->len, >=, head_bytes + head.body_bytes);
    GByteArray *body = g_byte_array_new();
    g_byte_array_append(body, caller->heard->data + head_bytes,
                        (guint)head.body_bytes);
    g_byte_array_remove_range(caller->heard, 0,
                              head_bytes + (guint)head.body_bytes);
    return body;
}
