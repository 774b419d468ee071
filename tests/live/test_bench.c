/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_bench.c: the load, origin and bare relay of the bench.
 */
#include "live/bench.h"

#include "core/event.h"
#include "live/program.h"
#include "live/tls.h"

#include <unistd.h>

#define BODY_BYTES 300000u

static void
open_relay(BenchRelay *origin, BenchRelay *relay)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(bench_start_origin(origin, &error));
    g_assert_true(bench_start_relay(relay, RELAY_SPLICE, "unused",
                                    &origin->address, &error));
    g_assert_cmpint(relay->process, >, 0);
}

static void
a_load_is_answered_in_full_and_paid_for(void)
{
    BenchRelay origin, relay;
    open_relay(&origin, &relay);
    g_autoptr(GError) error = NULL;
    BenchLoad *load = load_new(&relay.address, BODY_BYTES, 8, &error);
    g_assert_no_error(error);
    int64_t before_ns = bench_cpu_ns(relay.process);
    LoadResult result;
    for (uint32_t i = 0; i < 3; i++) {
        g_assert_true(load_run(load, 30 * NS_PER_MS, &result, &error));
        g_assert_cmpuint(result.request_count, >=, 8);
        g_assert_cmpint(result.elapsed_ns, >=, 30 * NS_PER_MS);
        g_assert_cmpint(result.median_ns, >, 0);
    }
    g_assert_cmpint(bench_cpu_ns(relay.process), >, before_ns);
    g_assert_cmpuint(bench_resident_bytes(relay.process), >, 0);
    load_free(load);
    bench_stop(&relay);
    bench_stop(&origin);
}

static void
who_waits_has_been_served(void)
{
    BenchRelay origin, relay;
    open_relay(&origin, &relay);
    g_autoptr(GError) error = NULL;
    BenchIdle *idle =
        bench_idle_new(&relay.address, false, BODY_BYTES, 8, &error);
    g_assert_no_error(error);
    bench_idle_free(idle);
    bench_stop(&relay);
    g_assert_null(bench_idle_new(&relay.address, false, BODY_BYTES, 8, &error));
    g_assert_nonnull(error);
    bench_stop(&origin);
}

static void
a_relay_that_dies_is_an_error_and_no_figure(void)
{
    BenchRelay origin, relay;
    open_relay(&origin, &relay);
    g_autoptr(GError) error = NULL;
    BenchLoad *load = load_new(&relay.address, BODY_BYTES, 2, &error);
    g_assert_no_error(error);
    bench_stop(&relay);
    LoadResult result;
    g_assert_false(load_run(load, 30 * NS_PER_MS, &result, &error));
    g_assert_nonnull(error);
    load_free(load);
    bench_stop(&origin);
}

static void
without_an_origin_there_is_no_load(void)
{
    Address nobody;
    close(bench_listen(&nobody));
    g_autoptr(GError) error = NULL;
    g_assert_null(load_new(&nobody, BODY_BYTES, 1, &error));
    g_assert_nonnull(error);
}

static void
a_certificate_and_its_key_are_one_file_that_a_listener_takes(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *directory = g_dir_make_tmp("byway-bench-XXXXXX", &error);
    g_assert_true(bench_write_certificate(directory, &error));
    g_autofree char *path =
        g_build_filename(directory, BENCH_CERTIFICATE, NULL);
    TlsFiles files = {.certificate = path, .key = path};
    g_autoptr(TlsContext) context = tls_context_new_listener(&files, &error);
    g_assert_no_error(error);
    g_assert_nonnull(context);
    g_assert_true(program_remove_tree(directory));
    g_assert_false(bench_write_certificate(directory, &error));
    g_assert_nonnull(error);
}

static void
sealing_is_measured_beside_its_cipher(void)
{
    for (SealKind kind = 0; kind < SEAL_COUNT; kind++) {
        double sealing_us = 0, cipher_us = 0;
        bench_seal(kind, &sealing_us, &cipher_us);
        g_assert_cmpfloat(sealing_us, >, 0);
        g_assert_cmpfloat(cipher_us, >, 0);
    }
}

#define STORY(name) g_test_add_func("/bench/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(a_load_is_answered_in_full_and_paid_for);
    STORY(who_waits_has_been_served);
    STORY(a_relay_that_dies_is_an_error_and_no_figure);
    STORY(without_an_origin_there_is_no_load);
    STORY(a_certificate_and_its_key_are_one_file_that_a_listener_takes);
    STORY(sealing_is_measured_beside_its_cipher);
    return g_test_run();
}
