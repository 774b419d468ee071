/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/bench_private.c: loads by TLS and HTTP/2, from h2load; and what they
 * need, a certificate.
 */
#include "live/bench.h"
#include "live/program.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DAY_S (24L * 60 * 60)
#define KIB UINT64_C(1024)
/* Of a load: enough that its handshakes hardly count. */
#define LOAD_BYTES (UINT64_C(256) << 20)

const PrivatePoint PRIVATE_POINTS[PRIVATE_COUNT] = {
    [PRIVATE_TLS_MIDDLE] = {"TLS, HTTP/1.1, 512 KiB", 512 * KIB, true, true},
    [PRIVATE_TLS_SMALL] = {"TLS, HTTP/1.1, 16 KiB", 16 * KIB, true, true},
    [PRIVATE_H2_MIDDLE] = {"TLS, HTTP/2, 512 KiB", 512 * KIB, true, false},
    [PRIVATE_H2_SMALL] = {"TLS, HTTP/2, 16 KiB", 16 * KIB, true, false},
    [PRIVATE_H2C_MIDDLE] = {"clear HTTP/2, 512 KiB", 512 * KIB, false, false},
    [PRIVATE_H2C_SMALL] = {"clear HTTP/2, 16 KiB", 16 * KIB, false, false},
};

static bool
fail(const char *what, GError **error)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s", what);
    return false;
}

static bool
sign(X509 *certificate, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), DAY_S) &&
           X509_set_pubkey(certificate, key) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                      (const unsigned char *)"bench", -1, -1,
                                      0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

bool
bench_write_certificate(const char *directory, GError **error)
{
    g_autofree char *path =
        g_build_filename(directory, BENCH_CERTIFICATE, NULL);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    FILE *file = fopen(path, "w");
    bool is_written =
        file && fchmod(fileno(file), 0600) == 0 && key && certificate &&
        sign(certificate, key) && PEM_write_X509(file, certificate) == 1 &&
        PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1;
    if (file)
        is_written &= fclose(file) == 0;
    X509_free(certificate);
    EVP_PKEY_free(key);
    return is_written || fail("a certificate cannot be made", error);
}

/* "requests: 9 total, 9 started, 9 done, 9 succeeded, 0 failed, ..." */
static bool
parse_requests(const char *text, uint64_t *ret_count)
{
    const char *line = strstr(text, "requests: ");
    unsigned long long total, started, done, succeeded, failed, errored;
    if (!line ||
        sscanf(line,
               "requests: %llu total, %llu started, %llu done, %llu "
               "succeeded, %llu failed, %llu errored",
               &total, &started, &done, &succeeded, &failed, &errored) != 6)
        return false;
    *ret_count = succeeded;
    return succeeded > 0 && failed == 0 && errored == 0;
}

bool
bench_run_private(const char *program, const BenchRelay *relay,
                  PrivateKind kind, uint64_t *ret_request_count, GError **error)
{
    const PrivatePoint *point = &PRIVATE_POINTS[kind];
    char path[BENCH_PATH_BYTES_MAX], target[ADDRESS_TEXT_BYTES];
    bench_write_path(point->body_bytes, path);
    address_write(point->is_tls ? &relay->tls : &relay->h2c, target);
    g_autofree char *uri = g_strdup_printf(
        "%s://%s%s", point->is_tls ? "https" : "http", target, path);
    g_autofree char *text = NULL;
    /* Eight requests on the way on each of as many connections, where that
     * can be. */
    g_autofree char *number =
        g_strdup_printf("%" PRIu64, LOAD_BYTES / point->body_bytes);
    const char *arguments[] = {program,
                               "-n",
                               number,
                               "-c",
                               "8",
                               "-m",
                               point->is_http1 ? "1" : "8",
                               uri,
                               point->is_http1 ? "--h1" : NULL,
                               NULL};
    int status;
    if (!g_spawn_sync(NULL, (char **)(uintptr_t)arguments, NULL,
                      G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &text, NULL,
                      &status, error))
        return false;
    if (status == 0 && parse_requests(text, ret_request_count))
        return true;
    g_autofree char *what =
        g_strdup_printf("%s: h2load is not answered: %s",
                        RELAY_NAMES[relay->kind], point->name);
    return fail(what, error);
}
