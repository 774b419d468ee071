/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/seal.c: slice ciphers, key derivation and key wrapping.
 *
 * The only user of OpenSSL for data and keys. Contexts are made once and
 * re-initialised: a derivation through one keyed HMAC context takes half as
 * long as a fresh EVP_KDF. OpenSSL can fail here only for want of memory or
 * through our own mistake, so that its answers are asserted.
 *
 *     file key = HKDF-Extract(L "file" file version, basic key)
 *     slice    = HKDF-Expand(file key, L "slice" alg slice_bytes i, 48)
 */
#include "core/seal.h"

#include <assert.h>
#include <glib.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/core_names.h>
#include <string.h>

#define LABEL "pop-accel/1/"
#define BLOCK_BYTES 16u

/* Bytes to be hashed, put together field by field. */
typedef struct Info {
    uint8_t bytes[96];
    uint32_t size_bytes;
} Info;

struct Sealer {
    SlicePlan plan;
    bool has_plan;
    EVP_MAC *mac;
    EVP_MAC_CTX *slice_mac; /* keyed with the plan's file key */
    EVP_MAC_CTX *other_mac; /* for all other keys */
    EVP_MD *sha256;
    EVP_MD_CTX *digest;
    EVP_CIPHER_CTX *seal; /* both know the plan's cipher */
    EVP_CIPHER_CTX *open;
    EVP_CIPHER_CTX *block; /* AES-256 of single blocks, for CBC tails */
};

static void
check(int ok)
{
    assert(ok == 1);
}

bool
alg_is_paper(uint16_t alg)
{
    return alg == ALG_PAPER_CTR || alg == ALG_PAPER_CFB || alg == ALG_PAPER_CBC;
}

static const EVP_CIPHER *
cipher_of(uint16_t alg)
{
    switch (alg) {
    case ALG_PAPER_CTR:
    case ALG_CTR:
        return EVP_aes_256_ctr();
    case ALG_PAPER_CFB:
    case ALG_CFB:
        return EVP_aes_256_cfb128();
    case ALG_PAPER_CBC:
    case ALG_CBC:
        return EVP_aes_256_cbc();
    case ALG_GCM:
        return EVP_aes_256_gcm();
    case ALG_CHACHA20:
        return EVP_chacha20();
    default:
        return NULL;
    }
}

bool
alg_is_known(uint16_t alg)
{
    return alg == ALG_PLAIN || cipher_of(alg) != NULL;
}

bool
slice_bytes_is_valid(uint32_t slice_bytes)
{
    return slice_bytes >= BLOCK_BYTES && slice_bytes <= SLICE_BYTES_MAX &&
           slice_bytes % BLOCK_BYTES == 0;
}

CODER_KNOWS(SlicePlan, 0, 0, {0});

void
slice_plan_code(SlicePlan *plan, Coder *coder)
{
    coder_u16(coder, &plan->alg);
    coder_bounded(coder, &plan->slice_bytes, SLICE_BYTES_MAX);
    if (plan->alg == ALG_PLAIN)
        return; /* nothing is derived from its secret */
    coder_bytes(coder, plan->secret, sizeof plan->secret);
    coder->is_bad |=
        !alg_is_known(plan->alg) || !slice_bytes_is_valid(plan->slice_bytes);
}

static bool
is_cbc(uint16_t alg)
{
    return alg == ALG_CBC || alg == ALG_PAPER_CBC;
}

static EVP_MAC_CTX *
new_hmac(EVP_MAC *mac)
{
    char name[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
    assert(context);
    check(EVP_MAC_CTX_set_params(context, params));
    return context;
}

Sealer *
sealer_new(void)
{
    Sealer *sealer = g_new0(Sealer, 1);
    sealer->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    assert(sealer->mac);
    sealer->slice_mac = new_hmac(sealer->mac);
    sealer->other_mac = new_hmac(sealer->mac);
    sealer->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    sealer->digest = EVP_MD_CTX_new();
    sealer->seal = EVP_CIPHER_CTX_new();
    sealer->open = EVP_CIPHER_CTX_new();
    sealer->block = EVP_CIPHER_CTX_new();
    assert(sealer->sha256 && sealer->digest);
    assert(sealer->seal && sealer->open && sealer->block);
    return sealer;
}

void
sealer_free(Sealer *sealer)
{
    if (!sealer)
        return;
    EVP_CIPHER_CTX_free(sealer->block);
    EVP_CIPHER_CTX_free(sealer->open);
    EVP_CIPHER_CTX_free(sealer->seal);
    EVP_MD_CTX_free(sealer->digest);
    EVP_MD_free(sealer->sha256);
    EVP_MAC_CTX_free(sealer->other_mac);
    EVP_MAC_CTX_free(sealer->slice_mac);
    EVP_MAC_free(sealer->mac);
    seal_wipe(&sealer->plan, sizeof sealer->plan);
    g_free(sealer);
}

void
seal_wipe(void *secret, size_t byte_count)
{
    OPENSSL_cleanse(secret, byte_count);
}

static void
info_add(Info *info, const void *bytes, size_t byte_count)
{
    assert(info->size_bytes + byte_count <= sizeof info->bytes);
    memcpy(info->bytes + info->size_bytes, bytes, byte_count);
    info->size_bytes += (uint32_t)byte_count;
}

static void
info_add_number(Info *info, uint64_t value, uint32_t byte_count)
{
    uint8_t bytes[8];
    for (uint32_t i = 0; i < byte_count; i++)
        bytes[i] = (uint8_t)(value >> 8 * (byte_count - 1 - i));
    info_add(info, bytes, byte_count);
}

static Info
info_of(const char *purpose)
{
    Info info = {.size_bytes = 0};
    info_add(&info, LABEL, strlen(LABEL));
    info_add(&info, purpose, strlen(purpose));
    return info;
}

/* HMAC under the key that the context has. */
static void
hmac(EVP_MAC_CTX *context, const Info *info, uint8_t ret_mac[static KEY_BYTES])
{
    size_t mac_bytes;
    check(EVP_MAC_update(context, info->bytes, info->size_bytes));
    check(EVP_MAC_final(context, ret_mac, &mac_bytes, KEY_BYTES));
    assert(mac_bytes == KEY_BYTES);
}

/* HKDF-Extract (RFC 5869 section 2.2) of one 32-byte secret. */
static void
extract(Sealer *sealer, const Info *salt, const uint8_t secret[KEY_BYTES],
        uint8_t ret_prk[static KEY_BYTES])
{
    Info whole = {.size_bytes = 0};
    info_add(&whole, secret, KEY_BYTES);
    check(EVP_MAC_init(sealer->other_mac, salt->bytes, salt->size_bytes, NULL));
    hmac(sealer->other_mac, &whole, ret_prk);
    seal_wipe(&whole, sizeof whole);
}

/* HKDF-Expand (section 2.3) to two blocks; prk NULL: the context's key. */
static void
expand(EVP_MAC_CTX *context, const uint8_t *prk, const Info *info,
       uint8_t ret_okm[static 64])
{
    Info block = {.size_bytes = 0};
    for (uint8_t i = 1; i <= 2; i++) {
        info_add(&block, info->bytes, info->size_bytes);
        info_add(&block, &i, 1);
        check(EVP_MAC_init(context, prk, prk ? KEY_BYTES : 0, NULL));
        hmac(context, &block, ret_okm);
        block.size_bytes = 0;
        info_add(&block, ret_okm, KEY_BYTES);
        ret_okm += KEY_BYTES;
    }
    seal_wipe(&block, sizeof block);
}

void
seal_file_key(Sealer *sealer, const uint8_t basic_key[KEY_BYTES],
              const FileId *file, uint64_t version,
              uint8_t ret_file_key[static KEY_BYTES])
{
    Info salt = info_of("file");
    info_add(&salt, file->bytes, sizeof file->bytes);
    info_add_number(&salt, version, 8);
    extract(sealer, &salt, basic_key, ret_file_key);
}

void
seal_commit(Sealer *sealer, const uint8_t file_key[KEY_BYTES],
            uint8_t ret_commit[static KEY_BYTES])
{
    uint8_t okm[64];
    Info info = info_of("commit");
    expand(sealer->other_mac, file_key, &info, okm);
    memcpy(ret_commit, okm, KEY_BYTES);
}

void
seal_draw(Sealer *sealer, const uint8_t seed[32], uint64_t counter,
          uint8_t ret_bytes[static 64])
{
    uint8_t prk[KEY_BYTES];
    Info salt = info_of("draw");
    extract(sealer, &salt, seed, prk);
    Info info = info_of("draw");
    info_add_number(&info, counter, 8);
    expand(sealer->other_mac, prk, &info, ret_bytes);
    seal_wipe(prk, sizeof prk);
}

bool
sealer_use(Sealer *sealer, const SlicePlan *plan)
{
    if (sealer->has_plan && plan->alg == sealer->plan.alg &&
        plan->slice_bytes == sealer->plan.slice_bytes &&
        memcmp(plan->secret, sealer->plan.secret, KEY_BYTES) == 0)
        return true;
    sealer->has_plan = false;
    seal_wipe(&sealer->plan, sizeof sealer->plan);
    if (!alg_is_known(plan->alg) || !slice_bytes_is_valid(plan->slice_bytes))
        return false;
    sealer->plan = *plan;
    sealer->has_plan = true;
    const EVP_CIPHER *cipher = cipher_of(plan->alg);
    if (!cipher)
        return true;
    check(EVP_EncryptInit_ex2(sealer->seal, cipher, NULL, NULL, NULL));
    check(EVP_DecryptInit_ex2(sealer->open, cipher, NULL, NULL, NULL));
    check(EVP_CIPHER_CTX_set_padding(sealer->seal, 0));
    check(EVP_CIPHER_CTX_set_padding(sealer->open, 0));
    if (is_cbc(plan->alg))
        check(EVP_EncryptInit_ex2(sealer->block, EVP_aes_256_ecb(), NULL, NULL,
                                  NULL));
    if (!alg_is_paper(plan->alg))
        check(EVP_MAC_init(sealer->slice_mac, plan->secret, KEY_BYTES, NULL));
    return true;
}

static void
paper_slice_key(Sealer *sealer, uint64_t slice, SliceKey *key)
{
    Info info = {.size_bytes = 0};
    info_add(&info, sealer->plan.secret, KEY_BYTES);
    info_add_number(&info, slice, 8);
    check(EVP_DigestInit_ex2(sealer->digest, sealer->sha256, NULL));
    check(EVP_DigestUpdate(sealer->digest, info.bytes, info.size_bytes));
    check(EVP_DigestFinal_ex(sealer->digest, key->key, NULL));
    memset(key->iv, 0, sizeof key->iv);
    seal_wipe(&info, sizeof info);
}

void
sealer_slice_key(Sealer *sealer, uint64_t slice, SliceKey *ret_key)
{
    assert(sealer->has_plan);
    uint16_t alg = sealer->plan.alg;
    assert(alg != ALG_PLAIN);
    if (alg_is_paper(alg)) {
        paper_slice_key(sealer, slice, ret_key);
        return;
    }
    Info info = info_of("slice");
    info_add_number(&info, alg, 2);
    info_add_number(&info, sealer->plan.slice_bytes, 4);
    info_add_number(&info, slice, 8);
    uint8_t okm[64];
    expand(sealer->slice_mac, NULL, &info, okm);
    memcpy(ret_key->key, okm, KEY_BYTES);
    memset(ret_key->iv, 0, sizeof ret_key->iv);
    const uint8_t *nonce = okm + KEY_BYTES;
    /* Counters begin at 0, so that 32-bit and 128-bit ones agree. */
    if (alg == ALG_CTR || alg == ALG_GCM)
        memcpy(ret_key->iv, nonce, 12);
    else if (alg == ALG_CHACHA20)
        memcpy(ret_key->iv + 4, nonce, 12);
    else
        memcpy(ret_key->iv, nonce, sizeof ret_key->iv);
    seal_wipe(okm, sizeof okm);
}

static void
run_cipher(EVP_CIPHER_CTX *context, const uint8_t *from, uint8_t *to,
           uint32_t size_bytes)
{
    int written;
    check(EVP_CipherUpdate(context, to, &written, from, (int)size_bytes));
    assert((uint32_t)written == size_bytes);
}

/* The runt block of CBC: XOR with the encryption of the ciphertext block
 * before it, or of the IV (DOCSIS residual block termination). */
static void
run_tail(Sealer *sealer, const SliceKey *key, const uint8_t previous[16],
         const uint8_t *from, uint8_t *to, uint32_t size_bytes)
{
    uint8_t pad[BLOCK_BYTES];
    assert(size_bytes < BLOCK_BYTES);
    check(EVP_EncryptInit_ex2(sealer->block, NULL, key->key, NULL, NULL));
    check(EVP_CIPHER_CTX_set_padding(sealer->block, 0));
    run_cipher(sealer->block, previous, pad, BLOCK_BYTES);
    for (uint32_t i = 0; i < size_bytes; i++)
        to[i] = from[i] ^ pad[i];
    seal_wipe(pad, sizeof pad);
}

void
sealer_seal(Sealer *sealer, uint64_t slice, const uint8_t *from, uint8_t *to,
            uint32_t size_bytes, uint8_t *ret_tag)
{
    assert(sealer->has_plan);
    assert(size_bytes > 0 && size_bytes <= sealer->plan.slice_bytes);
    if (sealer->plan.alg == ALG_PLAIN) {
        memmove(to, from, size_bytes);
        return;
    }
    SliceKey key;
    sealer_slice_key(sealer, slice, &key);
    check(EVP_EncryptInit_ex2(sealer->seal, NULL, key.key, key.iv, NULL));
    uint32_t tail_bytes =
        is_cbc(sealer->plan.alg) ? size_bytes % BLOCK_BYTES : 0;
    uint32_t body_bytes = size_bytes - tail_bytes;
    if (body_bytes > 0)
        run_cipher(sealer->seal, from, to, body_bytes);
    if (tail_bytes > 0)
        run_tail(sealer, &key,
                 body_bytes > 0 ? to + body_bytes - BLOCK_BYTES : key.iv,
                 from + body_bytes, to + body_bytes, tail_bytes);
    if (sealer->plan.alg == ALG_GCM) {
        int written;
        assert(ret_tag);
        check(EVP_EncryptFinal_ex(sealer->seal, to, &written));
        check(EVP_CIPHER_CTX_ctrl(sealer->seal, EVP_CTRL_AEAD_GET_TAG,
                                  SEAL_TAG_BYTES, ret_tag));
    }
    seal_wipe(&key, sizeof key);
}

/* Does the tag fit what the context has opened? */
static bool
is_tag_right(EVP_CIPHER_CTX *context, const uint8_t *tag)
{
    uint8_t copy[SEAL_TAG_BYTES];
    int written;
    if (!tag)
        return false;
    memcpy(copy, tag, sizeof copy);
    check(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_BYTES,
                              copy));
    return EVP_DecryptFinal_ex(context, copy, &written) == 1;
}

bool
sealer_open(Sealer *sealer, uint64_t slice, const uint8_t *from, uint8_t *to,
            uint32_t size_bytes, const uint8_t *tag)
{
    assert(sealer->has_plan);
    assert(size_bytes > 0 && size_bytes <= sealer->plan.slice_bytes);
    uint16_t alg = sealer->plan.alg;
    if (alg == ALG_PLAIN) {
        memmove(to, from, size_bytes);
        return true;
    }
    SliceKey key;
    sealer_slice_key(sealer, slice, &key);
    check(EVP_DecryptInit_ex2(sealer->open, NULL, key.key, key.iv, NULL));
    uint32_t tail_bytes = is_cbc(alg) ? size_bytes % BLOCK_BYTES : 0;
    uint32_t body_bytes = size_bytes - tail_bytes;
    uint8_t previous[BLOCK_BYTES]; /* to may overwrite from */
    memcpy(previous,
           body_bytes > 0 && tail_bytes > 0 ? from + body_bytes - BLOCK_BYTES
                                            : key.iv,
           BLOCK_BYTES);
    if (body_bytes > 0)
        run_cipher(sealer->open, from, to, body_bytes);
    if (tail_bytes > 0)
        run_tail(sealer, &key, previous, from + body_bytes, to + body_bytes,
                 tail_bytes);
    bool is_right = alg != ALG_GCM || is_tag_right(sealer->open, tag);
    if (!is_right)
        seal_wipe(to, size_bytes);
    seal_wipe(&key, sizeof key);
    return is_right;
}

void
seal_kek(Sealer *sealer, const uint8_t master_key[KEY_BYTES],
         const uint8_t key_id[KEY_ID_BYTES], KeyWrap *wrap)
{
    uint8_t header_hash[KEY_BYTES];
    check(EVP_DigestInit_ex2(sealer->digest, sealer->sha256, NULL));
    check(EVP_DigestUpdate(sealer->digest, wrap->header, wrap->header_bytes));
    check(EVP_DigestFinal_ex(sealer->digest, header_hash, NULL));
    Info salt = {.size_bytes = 0};
    info_add(&salt, key_id, KEY_ID_BYTES);
    uint8_t prk[KEY_BYTES], okm[64];
    extract(sealer, &salt, master_key, prk);
    Info info = info_of("kek");
    info_add(&info, header_hash, sizeof header_hash);
    expand(sealer->other_mac, prk, &info, okm);
    memcpy(wrap->kek, okm, KEY_BYTES);
    seal_wipe(prk, sizeof prk);
    seal_wipe(okm, sizeof okm);
}

static EVP_CIPHER_CTX *
new_wrap_context(void)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    assert(context);
    EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    return context;
}

void
seal_wrap_kw(const KeyWrap *wrap, const uint8_t key[KEY_BYTES],
             uint8_t ret_wrapped[static 40])
{
    int written;
    EVP_CIPHER_CTX *context = new_wrap_context();
    check(EVP_EncryptInit_ex2(context, EVP_aes_256_wrap(), wrap->kek, NULL,
                              NULL));
    check(EVP_EncryptUpdate(context, ret_wrapped, &written, key, KEY_BYTES));
    assert(written == 40);
    EVP_CIPHER_CTX_free(context);
}

bool
seal_unwrap_kw(const KeyWrap *wrap, const uint8_t wrapped[40],
               uint8_t ret_key[static KEY_BYTES])
{
    int written;
    uint8_t key[40];
    EVP_CIPHER_CTX *context = new_wrap_context();
    check(EVP_DecryptInit_ex2(context, EVP_aes_256_wrap(), wrap->kek, NULL,
                              NULL));
    bool is_right =
        EVP_DecryptUpdate(context, key, &written, wrapped, 40) == 1 &&
        written == KEY_BYTES;
    EVP_CIPHER_CTX_free(context);
    if (is_right)
        memcpy(ret_key, key, KEY_BYTES);
    seal_wipe(key, sizeof key);
    return is_right;
}

void
seal_wrap_gcm(const KeyWrap *wrap, const uint8_t key[KEY_BYTES],
              uint8_t ret_wrapped[static 48])
{
    int written;
    EVP_CIPHER_CTX *context = new_wrap_context();
    check(EVP_EncryptInit_ex2(context, EVP_aes_256_gcm(), wrap->kek,
                              wrap->nonce, NULL));
    check(EVP_EncryptUpdate(context, NULL, &written, wrap->header,
                            (int)wrap->header_bytes));
    run_cipher(context, key, ret_wrapped, KEY_BYTES);
    check(EVP_EncryptFinal_ex(context, ret_wrapped + KEY_BYTES, &written));
    check(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_BYTES,
                              ret_wrapped + KEY_BYTES));
    EVP_CIPHER_CTX_free(context);
}

bool
seal_unwrap_gcm(const KeyWrap *wrap, const uint8_t wrapped[48],
                uint8_t ret_key[static KEY_BYTES])
{
    int written;
    uint8_t key[KEY_BYTES];
    EVP_CIPHER_CTX *context = new_wrap_context();
    check(EVP_DecryptInit_ex2(context, EVP_aes_256_gcm(), wrap->kek,
                              wrap->nonce, NULL));
    check(EVP_DecryptUpdate(context, NULL, &written, wrap->header,
                            (int)wrap->header_bytes));
    run_cipher(context, wrapped, key, KEY_BYTES);
    bool is_right = is_tag_right(context, wrapped + KEY_BYTES);
    EVP_CIPHER_CTX_free(context);
    if (is_right)
        memcpy(ret_key, key, KEY_BYTES);
    seal_wipe(key, sizeof key);
    return is_right;
}
