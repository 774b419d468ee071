/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/tls_caller.h: a caller that speaks TLS, by OpenSSL alone.
 */
#pragma once

#include "tests/live/caller.h"

#include <openssl/types.h>

typedef struct TlsCaller {
    Caller caller; /* its heard is what came over the wire */
    GByteArray *heard;
    SSL_CTX *context;
    SSL *ssl;
    bool is_ended; /* the other side has said so, in TLS */
    bool is_failed;
} TlsCaller;

/* What it trusts, shows and can; any may be NULL or 0. */
typedef struct TlsCallerWish {
    const char *ca;
    const char *certificate;
    const char *key;
    const char *protocol; /* of ALPN */
    int version_max;      /* TLS1_1_VERSION ... */
} TlsCallerWish;

void tls_caller_dial(TlsCaller *caller, const Address *target,
                     const TlsCallerWish *wish);
void tls_caller_hang_up(TlsCaller *caller);
/* Send what is to be sent, and hear what has come. */
void tls_caller_step(TlsCaller *caller);
/* True when hands are shaken. */
bool tls_caller_shake_hands(TlsCaller *caller, Loop *loop);
void tls_caller_say(TlsCaller *caller, Loop *loop, const char *text);
/* Let the loop run until so much was heard in all, or the end came. */
void tls_caller_wait(TlsCaller *caller, Loop *loop, size_t heard_bytes);
/* Wait for one response of this status; its body is returned. */
GByteArray *tls_caller_take_response(TlsCaller *caller, Loop *loop,
                                     uint32_t status);
