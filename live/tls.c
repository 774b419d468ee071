/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/tls.c: one connection's handshake, records and end.
 */
#include "live/tls.h"
#include "live/tls_context.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/socket.h>

/* RFC 8446 5.1: what a record holds at most. */
#define RECORD_BYTES 16384u
#define FINGERPRINT "sha256:"
#define FINGERPRINT_BYTES 32u

/* --- the end that touches the world ------------------------------------ */

static int
leave_wire(BIO *bio, const char *bytes, int size_bytes)
{
    const Tls *tls = BIO_get_data(bio);
    g_byte_array_append(tls->desk->wire, (const guint8 *)bytes,
                        (guint)size_bytes);
    return size_bytes;
}

static int
fetch_wire(BIO *bio, char *bytes, int size_bytes)
{
    const Tls *tls = BIO_get_data(bio);
    ssize_t result;
    do {
        result = recv(tls->fd, bytes, (size_t)size_bytes, MSG_DONTWAIT);
    } while (result < 0 && errno == EINTR);
    BIO_clear_retry_flags(bio);
    if (result < 0 && errno == EAGAIN)
        BIO_set_retry_read(bio);
    return (int)result;
}

static long
control_wire(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *
tls_new_method(void)
{
    BIO_METHOD *method =
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
    if (!method || !BIO_meth_set_write(method, leave_wire) ||
        !BIO_meth_set_read(method, fetch_wire) ||
        !BIO_meth_set_ctrl(method, control_wire))
        g_error("out of memory");
    return method;
}

void
tls_desk_init(TlsDesk *desk)
{
    *desk = (TlsDesk){.wire = g_byte_array_new()};
}

void
tls_desk_clear(TlsDesk *desk)
{
    g_byte_array_unref(desk->wire);
    g_free(desk->record);
}

Tls *
tls_new(TlsContext *context, TlsDesk *desk, int fd)
{
    Tls *tls = g_new0(Tls, 1);
    BIO *bio = BIO_new(context->method);
    tls->ssl = SSL_new(context->ssl);
    if (!bio || !tls->ssl)
        g_error("out of memory");
    tls->context = context;
    tls->desk = desk;
    tls->fd = fd;
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio);
    if (context->is_listener) {
        SSL_set_accept_state(tls->ssl);
        return tls;
    }
    SSL_set_connect_state(tls->ssl);
    SSL_set_app_data(tls->ssl, context);
    if (context->session) {
        /* A ticket tells an onlooker who came back: each is used once. */
        SSL_set_session(tls->ssl, context->session);
        SSL_SESSION_free(context->session);
        context->session = NULL;
    }
    return tls;
}

void
tls_free(Tls *tls)
{
    /* Else OpenSSL takes the session of one that just went for a bad one. */
    SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(tls->ssl);
    outbox_clear(&tls->held);
    g_free(tls);
}

static TlsStep
step_of(const Tls *tls, int result)
{
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_NONE:
        return TLS_DONE;
    case SSL_ERROR_WANT_READ:
        return TLS_WAITS;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_ENDED;
    default:
        /* An end without a word is one too: it may be an attacker's. */
        return TLS_FAILED;
    }
}

TlsStep
tls_shake_hands(Tls *tls)
{
    ERR_clear_error();
    TlsStep step = step_of(tls, SSL_do_handshake(tls->ssl));
    return step == TLS_ENDED ? TLS_FAILED : step;
}

bool
tls_is_http2(const Tls *tls)
{
    const unsigned char *name;
    unsigned int name_bytes;
    SSL_get0_alpn_selected(tls->ssl, &name, &name_bytes);
    return name_bytes == 2 && memcmp(name, "h2", 2) == 0;
}

TlsStep
tls_read(Tls *tls, void *buffer, uint32_t size_bytes, uint32_t *ret_size_bytes)
{
    uint8_t *bytes = buffer;
    uint32_t held_bytes = 0;
    TlsStep step = TLS_DONE;
    ERR_clear_error();
    while (held_bytes < size_bytes && step == TLS_DONE) {
        int result = SSL_read(tls->ssl, bytes + held_bytes,
                              (int)(size_bytes - held_bytes));
        step = step_of(tls, result);
        if (result > 0)
            held_bytes += (uint32_t)result;
    }
    /* What stopped us after some bytes is found again by the next call. */
    tls->may_have_more = step != TLS_WAITS;
    *ret_size_bytes = held_bytes;
    return held_bytes > 0 ? TLS_DONE : step;
}

static bool
seal(Tls *tls, const void *bytes, uint32_t size_bytes)
{
    ERR_clear_error();
    int result = SSL_write(tls->ssl, bytes, (int)size_bytes);
    /* The wire takes everything; what fails is a connection that failed. */
    return result == (int)size_bytes;
}

static void
skip(TlsDraft *draft, uint32_t size_bytes)
{
    draft->start_bytes += size_bytes;
    if (draft->start_bytes < draft->slices->size_bytes)
        return;
    draft->start_bytes = 0;
    draft->slices++;
    draft->slice_count--;
}

/* Heads and ends of bodies share a record. */
static bool
seal_small(Tls *tls, TlsDraft *draft)
{
    TlsDesk *desk = tls->desk;
    uint32_t held_bytes = 0;
    if (!desk->record)
        desk->record = g_malloc(RECORD_BYTES);
    while (draft->slice_count > 0 && held_bytes < RECORD_BYTES) {
        uint32_t left_bytes = draft->slices->size_bytes - draft->start_bytes;
        uint32_t part_bytes = MIN(left_bytes, RECORD_BYTES - held_bytes);
        memcpy(desk->record + held_bytes,
               draft->slices->bytes + draft->start_bytes, part_bytes);
        held_bytes += part_bytes;
        skip(draft, part_bytes);
    }
    return held_bytes == 0 || seal(tls, desk->record, held_bytes);
}

bool
tls_seal(Tls *tls, TlsDraft *draft)
{
    if (draft->slice_count == 0)
        return false;
    uint32_t left_bytes = draft->slices->size_bytes - draft->start_bytes;
    if (left_bytes < RECORD_BYTES)
        return seal_small(tls, draft);
    uint32_t whole_bytes =
        MIN(left_bytes - left_bytes % RECORD_BYTES, TLS_SEAL_BYTES);
    bool is_sealed =
        seal(tls, draft->slices->bytes + draft->start_bytes, whole_bytes);
    skip(draft, whole_bytes);
    return is_sealed;
}

void
tls_say_end(Tls *tls)
{
    ERR_clear_error();
    if (SSL_is_init_finished(tls->ssl))
        SSL_shutdown(tls->ssl);
}

/* --- whose certificate -------------------------------------------------- */

static bool
has_uri(const X509 *certificate, const char *uri)
{
    bool is_found = false;
    GENERAL_NAMES *names =
        X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_URI)
            continue;
        const ASN1_IA5STRING *text = name->d.uniformResourceIdentifier;
        size_t text_bytes = (size_t)ASN1_STRING_length(text);
        is_found |= text_bytes == strlen(uri) &&
                    memcmp(ASN1_STRING_get0_data(text), uri, text_bytes) == 0;
    }
    GENERAL_NAMES_free(names);
    return is_found;
}

static bool
has_fingerprint(const X509 *certificate, const char *digits)
{
    uint8_t *bytes = NULL;
    int size_bytes = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &bytes);
    if (size_bytes <= 0)
        return false;
    g_autofree char *found = g_compute_checksum_for_data(
        G_CHECKSUM_SHA256, bytes, (gsize)size_bytes);
    OPENSSL_free(bytes);
    return g_ascii_strcasecmp(found, digits) == 0;
}

bool
tls_peer_is(const Tls *tls, const char *identity)
{
    const X509 *certificate = SSL_get0_peer_certificate(tls->ssl);
    if (!certificate || SSL_get_verify_result(tls->ssl) != X509_V_OK)
        return false;
    if (g_str_has_prefix(identity, FINGERPRINT))
        return has_fingerprint(certificate, identity + strlen(FINGERPRINT));
    return has_uri(certificate, identity);
}

bool
tls_is_identity(const char *text)
{
    if (!g_str_has_prefix(text, FINGERPRINT))
        return strchr(text, ':') != NULL && text[0] != ':';
    const char *digits = text + strlen(FINGERPRINT);
    size_t digit_count = 0;
    while (g_ascii_isxdigit(digits[digit_count]))
        digit_count++;
    return digit_count == (size_t)2 * FINGERPRINT_BYTES &&
           digits[digit_count] == '\0';
}
