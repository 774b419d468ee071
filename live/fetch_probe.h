/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/fetch_probe.h: a first small request, which tells what a file is.
 *
 * One byte is asked for: the answer says how large the whole is, what its
 * content is called, and that the server gives parts of it. Of several
 * addresses the first that answers is taken.
 */
#pragma once

#include "live/conn.h"

#include <glib.h>

typedef enum ProbeResult {
    PROBE_GOOD,
    PROBE_SILENT,  /* no answer, or a 5xx: may be tried again; error */
    PROBE_REFUSED, /* the answer is no; error says it */
} ProbeResult;

typedef struct ProbeAnswer {
    uint32_t address_index; /* of who answered */
    uint64_t file_bytes;
    char *etag;     /* NULL: none, as the next */
    char *modified; /* Last-Modified */
} ProbeAnswer;

typedef struct Probe {
    Loop *loop;
    Conns conns;
    Conn *conn; /* NULL: none */
    Timer timer;
    const WebName *name;
    TlsContext *tls; /* NULL: clear; may be set before it runs */
    const Address *addresses;
    uint32_t address_count;
    uint32_t address_index;
    GByteArray *heard;
    bool is_over;
    ProbeResult result;
    ProbeAnswer answer;
    GError *error;
} Probe;

/* The name and the addresses are lent until probe_clear. */
void probe_init(Probe *probe, Loop *loop, const WebName *name);
/* Run the loop until it is over, or somebody else stops the loop. */
void probe_run(Probe *probe, const Address *addresses, uint32_t address_count);
void probe_clear(Probe *probe);
