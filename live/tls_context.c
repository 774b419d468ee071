/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/tls_context.c: certificates, keys and what is never negotiated.
 *
 * TLS 1.2 and 1.3 with ephemeral keys and authenticated ciphers; neither
 * renegotiation nor compression. Listeners keep no sessions: a client that
 * comes back brings its ticket, sealed by a key that ends with the SSL_CTX.
 */
#include "live/tls_context.h"
#include "live/secret.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"
#define GROUPS "X25519:P-256:P-384"
#define TICKET_COUNT 1
/* Answers are read in that many bytes. Requests are small: who begins a record
 * and does not end it holds no more than a record's buffer. */
#define READ_BYTES 65536

/* The wire form of RFC 7301: each name after its length. */
static const uint8_t SPOKEN[] = "\x02h2\x08http/1.1";
static const uint8_t ASKED[] = "\x08http/1.1";

/* What OpenSSL calls the reason ("PEM lib") would help nobody. */
static bool G_GNUC_PRINTF(2, 3) fail(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, text);
    ERR_clear_error();
    return false;
}

static bool
can_open(const char *path, GError **error)
{
    return access(path, R_OK) == 0 ||
           fail(error, "cannot open '%s': %s", path, g_strerror(errno));
}

static int
choose_protocol(SSL *ssl, const uint8_t **ret_name, uint8_t *ret_name_bytes,
                const uint8_t *offered, unsigned int offered_bytes,
                void *context)
{
    (void)ssl;
    (void)context;
    uint8_t *chosen = NULL;
    int result =
        SSL_select_next_proto(&chosen, ret_name_bytes, SPOKEN,
                              sizeof SPOKEN - 1, offered, offered_bytes);
    *ret_name = chosen;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK
                                            : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Returns 1: the reference is ours. */
static int
keep_session(SSL *ssl, SSL_SESSION *session)
{
    TlsContext *context = SSL_get_app_data(ssl);
    SSL_SESSION_free(context->session);
    context->session = session;
    return 1;
}

static bool
load_key(const TlsContext *context, SSL_CTX *ssl, GError **error)
{
    g_autofree char *why = NULL;
    if (!secret_check_file(context->key, &why))
        return fail(error, "%s", why);
    if (SSL_CTX_use_PrivateKey_file(ssl, context->key, SSL_FILETYPE_PEM) == 1)
        return true;
    if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH)
        return fail(error, "'%s' is not the key of '%s'", context->key,
                    context->certificate);
    return fail(error, "'%s' is no private key in PEM", context->key);
}

static bool
load_own(const TlsContext *context, SSL_CTX *ssl, GError **error)
{
    const char *path = context->certificate;
    if (!path)
        return true;
    if (!can_open(path, error))
        return false;
    if (SSL_CTX_use_certificate_chain_file(ssl, path) != 1)
        return fail(error, "'%s' is no certificate in PEM", path);
    return load_key(context, ssl, error);
}

static bool
load_trust(const TlsContext *context, SSL_CTX *ssl, GError **error)
{
    const char *path = context->ca;
    if (!path)
        return context->is_listener ||
               SSL_CTX_set_default_verify_paths(ssl) == 1 ||
               fail(error, "cannot find the system's roots");
    return can_open(path, error) &&
           (SSL_CTX_load_verify_locations(ssl, path, NULL) == 1 ||
            fail(error, "'%s' holds no certificates in PEM", path));
}

static void
init_listener(const TlsContext *context, SSL_CTX *ssl)
{
    static const uint8_t ID[] = "byway";
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_id_context(ssl, ID, sizeof ID - 1);
    SSL_CTX_set_num_tickets(ssl, TICKET_COUNT);
    SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, NULL);
    if (!context->ca)
        return;
    /* Who shows no certificate is nobody in particular. */
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_client_CA_list(ssl, SSL_load_client_CA_file(context->ca));
}

static bool
init_caller(const TlsContext *context, SSL_CTX *ssl)
{
    X509_VERIFY_PARAM *wanted = SSL_CTX_get0_param(ssl);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT |
                                            SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ssl, keep_session);
    SSL_CTX_set_default_read_buffer_len(ssl, READ_BYTES);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    X509_VERIFY_PARAM_set_hostflags(wanted,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_CTX_set_alpn_protos(ssl, ASKED, sizeof ASKED - 1) == 0 &&
           (X509_VERIFY_PARAM_set1_ip_asc(wanted, context->name) == 1 ||
            X509_VERIFY_PARAM_set1_host(wanted, context->name, 0) == 1);
}

static bool
init_common(SSL_CTX *ssl)
{
    SSL_CTX_set_options(ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_PRIORITIZE_CHACHA);
    /* What is in the file is shown, and not what else would fit. */
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_read_ahead(ssl, 1);
    return SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ssl, CIPHERS) == 1 &&
           SSL_CTX_set1_groups_list(ssl, GROUPS) == 1;
}

static SSL_CTX *
load(const TlsContext *context, GError **error)
{
    ERR_clear_error();
    SSL_CTX *ssl = SSL_CTX_new(context->is_listener ? TLS_server_method()
                                                    : TLS_client_method());
    if (!ssl || !init_common(ssl)) {
        fail(error, "cannot prepare TLS");
    } else if (load_own(context, ssl, error) &&
               load_trust(context, ssl, error)) {
        if (context->is_listener)
            init_listener(context, ssl);
        if (context->is_listener || init_caller(context, ssl))
            return ssl;
        fail(error, "'%s' is no name of a server", context->name);
    }
    SSL_CTX_free(ssl);
    return NULL;
}

static TlsContext *
context_new(const TlsFiles *files, bool is_listener, GError **error)
{
    TlsContext *context = g_new0(TlsContext, 1);
    context->is_listener = is_listener;
    context->certificate = g_strdup(files->certificate);
    context->key = g_strdup(files->key);
    context->ca = g_strdup(files->ca);
    context->name = g_strdup(files->name);
    context->method = tls_new_method();
    context->ssl = load(context, error);
    if (context->ssl)
        return context;
    tls_context_free(context);
    return NULL;
}

TlsContext *
tls_context_new_listener(const TlsFiles *files, GError **error)
{
    return context_new(files, true, error);
}

TlsContext *
tls_context_new_caller(const TlsFiles *files, GError **error)
{
    return context_new(files, false, error);
}

void
tls_context_free(TlsContext *context)
{
    if (!context)
        return;
    SSL_SESSION_free(context->session);
    SSL_CTX_free(context->ssl);
    BIO_meth_free(context->method);
    g_free(context->certificate);
    g_free(context->key);
    g_free(context->ca);
    g_free(context->name);
    g_free(context);
}

bool
tls_context_reload(TlsContext *context, GError **error)
{
    SSL_CTX *ssl = load(context, error);
    if (!ssl)
        return false;
    /* Nor does anybody resume what an older trust let in. */
    SSL_SESSION_free(context->session);
    context->session = NULL;
    SSL_CTX_free(context->ssl);
    context->ssl = ssl;
    return true;
}

bool
tls_context_days_left(const TlsContext *context, int *ret_day_count)
{
    const X509 *certificate = SSL_CTX_get0_certificate(context->ssl);
    int second_count;
    return certificate && ASN1_TIME_diff(ret_day_count, &second_count, NULL,
                                         X509_get0_notAfter(certificate)) == 1;
}
