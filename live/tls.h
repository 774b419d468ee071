/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/tls.h: privacy for connections, by OpenSSL as a filter.
 *
 * A TlsContext is what one listener shows and whom it trusts, or the same
 * for one peer that is called; a Tls is one connection's. Nothing here sends:
 * ciphertext is left in the TlsDesk that all connections of an owner share,
 * for live/conn.c to send as it sends all bytes.
 */
#pragma once

#include "live/loop.h"
#include "live/outbox.h"

#include <openssl/types.h>

/* Plaintext sealed at once. */
#define TLS_SEAL_BYTES 65536u

/* As the operator says it; all lent. */
typedef struct TlsFiles {
    const char *certificate; /* PEM, with the chain; NULL: we show none */
    const char *key;         /* PEM, closed to others */
    const char *ca;          /* PEM: whom we trust, and nobody else. Callers
                                with NULL trust the system's roots; listeners
                                then ask for no certificate */
    const char *name;        /* of the called one, DNS or IP */
} TlsFiles;

typedef struct TlsContext TlsContext;

/* Read the files, or say what is wrong with them. */
TlsContext *tls_context_new_listener(const TlsFiles *files, GError **error);
TlsContext *tls_context_new_caller(const TlsFiles *files, GError **error);
/* After its last Tls. */
void tls_context_free(TlsContext *context);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlsContext, tls_context_free)
/* Read the files again: connections from now on use what they hold. On
 * failure all stays as it was. */
bool tls_context_reload(TlsContext *context, GError **error);
/* Whole days until the own certificate ends, negative afterwards; false when
 * there is none. */
bool tls_context_days_left(const TlsContext *context, int *ret_day_count);

/* What connections of one owner share; empty but during a call. */
typedef struct TlsDesk {
    GByteArray *wire; /* ciphertext to be sent */
    uint8_t *record;  /* small pieces that will be one record */
} TlsDesk;

void tls_desk_init(TlsDesk *desk);
void tls_desk_clear(TlsDesk *desk);

typedef struct Tls {
    SSL *ssl;
    TlsContext *context;
    TlsDesk *desk;
    Outbox held; /* written before the handshake was over */
    Job again;   /* the owner's: plaintext may wait here, not in the kernel */
    int fd;      /* lent */
    bool may_have_more;
} Tls;

typedef enum TlsStep {
    TLS_DONE,
    TLS_WAITS, /* for the peer to say more */
    TLS_ENDED, /* the peer has said that it ends here */
    TLS_FAILED,
} TlsStep;

Tls *tls_new(TlsContext *context, TlsDesk *desk, int fd);
void tls_free(Tls *tls);
TlsStep tls_shake_hands(Tls *tls);
/* Have hands been shaken on HTTP/2? */
bool tls_is_http2(const Tls *tls);
/* Fill the buffer as far as records have come. */
TlsStep tls_read(Tls *tls, void *buffer, uint32_t size_bytes,
                 uint32_t *ret_size_bytes);

/* What is to be sealed, and how far that is done. */
typedef struct TlsDraft {
    const OutSlice *slices;
    uint32_t slice_count;
    uint32_t start_bytes; /* of the first slice */
} TlsDraft;

/* Seal some more, at most TLS_SEAL_BYTES; false when nothing is left. */
bool tls_seal(Tls *tls, TlsDraft *draft);
/* Tell the peer that we end here. */
void tls_say_end(Tls *tls);

/* Has the peer a certificate that we trust, and is this in it: a URI among
 * its names, or "sha256:" and the hash of its public key in hex? */
bool tls_peer_is(const Tls *tls, const char *identity);
/* Is this a way to say an identity? */
bool tls_is_identity(const char *text);
