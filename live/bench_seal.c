/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/bench_seal.c: what it costs that each slice has a key of its own.
 */
#include "live/bench.h"

#include "core/seal.h"

#include <openssl/evp.h>
#include <time.h>

/* As long as slices are sealed, blocks are encrypted with one key, and that
 * is not told to OpenSSL again: as its own speed test does. */
#define SLICE_COUNT 2000u

static int64_t
cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int64_t
seal_slices(uint16_t alg, const uint8_t *from, uint8_t *to)
{
    SlicePlan plan = {.alg = alg, .slice_bytes = SLICE_BYTES_MAX};
    uint8_t tag[SEAL_TAG_BYTES];
    Sealer *sealer = sealer_new();
    if (!sealer_use(sealer, &plan))
        g_error("a cipher is missing");
    int64_t start_ns = cpu_ns();
    for (uint64_t slice = 0; slice < SLICE_COUNT; slice++)
        sealer_seal(sealer, slice, from, to, SLICE_BYTES_MAX, tag);
    int64_t took_ns = cpu_ns() - start_ns;
    sealer_free(sealer);
    return took_ns;
}

static int64_t
encrypt_blocks(const EVP_CIPHER *cipher, const uint8_t *from, uint8_t *to)
{
    static const uint8_t KEY[KEY_BYTES] = {1};
    static const uint8_t IV[16] = {2};
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int size_bytes;
    if (EVP_EncryptInit_ex(context, cipher, NULL, KEY, IV) != 1)
        g_error("a cipher is missing");
    int64_t start_ns = cpu_ns();
    for (uint32_t block = 0; block < SLICE_COUNT; block++)
        EVP_EncryptUpdate(context, to, &size_bytes, from, SLICE_BYTES_MAX);
    int64_t took_ns = cpu_ns() - start_ns;
    EVP_CIPHER_CTX_free(context);
    return took_ns;
}

void
bench_seal(SealKind kind, double *ret_sealing_us, double *ret_cipher_us)
{
    bool is_gcm = kind == SEAL_GCM;
    g_autofree uint8_t *from = g_malloc0(SLICE_BYTES_MAX);
    g_autofree uint8_t *to = g_malloc0(SLICE_BYTES_MAX);
    int64_t sealing_ns = seal_slices(is_gcm ? ALG_GCM : ALG_CTR, from, to);
    int64_t cipher_ns = encrypt_blocks(
        is_gcm ? EVP_aes_256_gcm() : EVP_aes_256_ctr(), from, to);
    *ret_sealing_us = (double)sealing_ns / 1e3 / SLICE_COUNT;
    *ret_cipher_us = (double)cipher_ns / 1e3 / SLICE_COUNT;
}
