/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/bench.h: what this machine's relays cost, ours beside others.
 *
 * Loads of the same requests go through each relay in turn, round after
 * round, to one origin that serves from memory. What counts is the CPU time
 * of the relay itself: how long a request takes depends on who else runs.
 */
#pragma once

#include "live/address.h"

#include <glib.h>
#include <sys/types.h>

/* The largest body that the origin gives. */
#define BENCH_BODY_BYTES_MAX (UINT64_C(256) << 20)
#define BENCH_PATH_BYTES_MAX 96u

/* byway bench live; argv begins with "live". Returns the exit code. */
int bench_live_main(int argc, char **argv);

/* --- live/bench_load.c ------------------------------------------------- */
typedef struct BenchLoad BenchLoad;

typedef struct LoadResult {
    uint64_t request_count; /* answered in full */
    int64_t elapsed_ns;
    int64_t median_ns; /* from request to its last byte */
} LoadResult;

/* Open connections and ask for a body of this size on each, one after the
 * other, so that pools behind the relay are warm. */
BenchLoad *load_new(const Address *target, uint64_t body_bytes,
                    uint32_t connection_count, GError **error);
/* Ask again on each connection until the time is over, then let all finish. */
bool load_run(BenchLoad *load, int64_t for_ns, LoadResult *ret_result,
              GError **error);
void load_free(BenchLoad *load);

/* --- live/bench_idle.c ------------------------------------------------- */
typedef struct BenchIdle BenchIdle;

/* As load_new, in the clear or by TLS; but nothing is asked again. */
BenchIdle *bench_idle_new(const Address *target, bool is_tls,
                          uint64_t body_bytes, uint32_t connection_count,
                          GError **error);
void bench_idle_free(BenchIdle *idle);

/* --- live/bench_origin.c, live/bench_splice.c: run in a child ---------- */
/* Serve bodies of any size: the first 16 hex digits of /f/... say it. */
void bench_origin_run(int listen_fd);
void bench_write_path(uint64_t body_bytes,
                      char ret_path[static BENCH_PATH_BYTES_MAX]);
/* Move bytes both ways between who calls and the target, without a look at
 * them: no relay can do with less. */
void bench_splice_run(int listen_fd, const Address *target);

/* --- live/bench_relay.c ------------------------------------------------ */
typedef enum RelayKind {
    RELAY_SPLICE,
    RELAY_OURS,
    RELAY_HAPROXY,      /* splices */
    RELAY_HAPROXY_COPY, /* copies, through larger buffers */
    RELAY_NGINX,
    RELAY_COUNT,
} RelayKind;

typedef struct BenchRelay {
    RelayKind kind;
    pid_t process; /* 0: not installed */
    Address address;
    Address tls; /* of those that have it: HTTP/1.1 and HTTP/2 */
    Address h2c; /* HTTP/2 in the clear, and nothing else */
} BenchRelay;

extern const char *const RELAY_NAMES[RELAY_COUNT];

/* Start a process that runs the one or the other. */
bool bench_start_origin(BenchRelay *origin, GError **error);
/* Files that it needs go to the directory. Not being installed is no error. */
bool bench_start_relay(BenchRelay *relay, RelayKind kind, const char *directory,
                       const Address *origin, GError **error);
void bench_stop(BenchRelay *relay);

/* --- live/bench_private.c ---------------------------------------------- */
/* One load by TLS, HTTP/2 or both. */
typedef struct PrivatePoint {
    const char *name;
    uint64_t body_bytes;
    bool is_tls;
    bool is_http1;
} PrivatePoint;

typedef enum PrivateKind {
    PRIVATE_TLS_MIDDLE,
    PRIVATE_TLS_SMALL,
    PRIVATE_H2_MIDDLE,
    PRIVATE_H2_SMALL,
    PRIVATE_H2C_MIDDLE,
    PRIVATE_H2C_SMALL,
    PRIVATE_COUNT,
} PrivateKind;

extern const PrivatePoint PRIVATE_POINTS[PRIVATE_COUNT];

/* The relays' certificate and its key, one file. */
#define BENCH_CERTIFICATE "bench.pem"
bool bench_write_certificate(const char *directory, GError **error);
/* Load a relay with h2load, whose path program is. */
bool bench_run_private(const char *program, const BenchRelay *relay,
                       PrivateKind kind, uint64_t *ret_request_count,
                       GError **error);

/* --- live/bench_seal.c ------------------------------------------------- */
typedef enum SealKind {
    SEAL_CTR,
    SEAL_GCM,
    SEAL_COUNT,
} SealKind;

/* CPU time of a slice of 16 KiB: sealed, and encrypted with a key that stays.
 */
void bench_seal(SealKind kind, double *ret_sealing_us, double *ret_cipher_us);

/* --- live/bench_process.c ---------------------------------------------- */
/* A network of this process's own, if it may have one: nobody else's ports,
 * and the same congestion control for all. */
bool bench_leave_network(void);
/* As many descriptors as we may have, for all that are started later too. */
void bench_raise_limit(void);
/* A socket that listens on a free port of 127.0.0.1. */
int bench_listen(Address *ret_address);
/* Keep to one processor, where there are several. */
void bench_pin(pid_t process, bool is_relay);
int64_t bench_cpu_ns(pid_t process);
uint64_t bench_resident_bytes(pid_t process);

/* --- live/bench_call.c ------------------------------------------------- */
/* System calls of a process for each request that a load makes, by strace;
 * false when there is none, or it may not look. */
bool bench_count_calls(pid_t process, BenchLoad *load, const char *directory,
                       double *ret_call_count);

/* --- live/bench_table.c ------------------------------------------------ */
/* One load: as many connections ask all the time. */
typedef struct Point {
    const char *name;
    uint64_t body_bytes;
    uint32_t connection_count;
    bool is_long; /* a third of the rounds is enough */
} Point;

typedef enum PointKind {
    POINT_LARGE,
    POINT_MIDDLE,
    POINT_MIDDLE_MANY,
    POINT_SMALL,
    POINT_SMALL_MANY,
    POINT_SMALL_CROWD,
    POINT_COUNT,
} PointKind;

extern const Point POINTS[POINT_COUNT];

/* Of one relay; NAN: not measured. */
typedef struct Figures {
    double cpu_us[POINT_COUNT]; /* of the relay, a request; median */
    double wait_us[POINT_COUNT];
    double private_us[PRIVATE_COUNT];     /* as cpu_us */
    double private_spread[PRIVATE_COUNT]; /* most less least, to the median */
    double middle_calls;                  /* a request of POINT_MIDDLE */
    double small_calls;
    double idle_kib; /* memory of a connection that waits */
    double idle_tls_kib;
    double seal_us[SEAL_COUNT]; /* of ours */
    double cipher_us[SEAL_COUNT];
    double seal_to_cipher[SEAL_COUNT];
} Figures;

void bench_print(const Figures figures[static RELAY_COUNT]);
