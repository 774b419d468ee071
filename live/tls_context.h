/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/tls_context.h: the inside of a TlsContext, for live/tls*.c alone.
 */
#pragma once

#include "live/tls.h"

#include <openssl/ssl.h>

struct TlsContext {
    SSL_CTX *ssl;
    SSL_SESSION *session; /* callers: to resume next time, or NULL */
    BIO_METHOD *method;
    bool is_listener;
    char *certificate;
    char *key;
    char *ca;
    char *name;
};

/* Reads from the socket, leaves what is written on the desk. */
BIO_METHOD *tls_new_method(void);
