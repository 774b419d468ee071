/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_seal.c: known answers, and what sealing does not do.
 *
 * The vectors of the specification: basic key 00..1f, file a0..bf, version
 * 1, slices of 16384; byte j of slice i of the plaintext is j + 31 i.
 */
#include <glib.h>
#include <string.h>

#include "core/seal.h"

typedef struct Vector {
    uint16_t alg;
    uint64_t slice;
    uint32_t size_bytes;
    const char *start_hex; /* of the ciphertext: all of it, or 16 bytes */
    const char *end_hex;   /* its last 8 bytes, if it is long */
    const char *sha256_hex;
    const char *tag_hex;
} Vector;

static const Vector VECTORS[] = {
    {ALG_CTR, 0, 1, "4d", "",
     "08f271887ce94707da822d5263bae19d5519cb3614e0daedc4c7ce5dab7473f1", NULL},
    {ALG_CTR, 1, 15, "95d3829effe9d33802528afec88d0b", "",
     "974188b8e75e8bfb48559ed44f7a773496268fb3e505272176c1239c09e3a0cc", NULL},
    {ALG_CTR, 2, 16, "3e2f10d134684452cb31a815f1d39c64", "",
     "9aaea2c26ffc7c035f0d9b9263323f14ccd892addc3dd0fd30ca69e2d87e9be6", NULL},
    {ALG_CTR, 3, 17, "46950384df7c04e024defe0e350bfb7b95", "",
     "b7b88b2c0e5cf534a39eec6f3c0b723ddffbeab89b544db5f645971275a47d36", NULL},
    {ALG_CTR, 4, 20, "4d706ef175d4685ec82db791b6263d0b1941a153", "",
     "f0e3695e0e1014dcc8bb14282f682c774ab95b5c805a291cb1a99690329bde68", NULL},
    {ALG_CTR, 5, 16383, "ba65732541453f0cb7f040a10faa6e77", "d73d475da2b547e4",
     "70044720db23139800ba874a2893c83a7c7d8c8a725a45155dd3c0723eb35fb9", NULL},
    {ALG_CTR, 6, 16384, "8f3c7a6398329a52d7b4666fb1de1ff7", "628618fe53fba709",
     "405e172977c924221aac0bbe3dfb142d6231bff4a947b8b0f837e36168b36913", NULL},
    {ALG_CFB, 0, 1, "94", "",
     "67c872d4912c71f15d2d6134ddf1d33d46f4bab2b56fe787522e7e4c9b58657d", NULL},
    {ALG_CFB, 1, 15, "a6186d1f65d104bf564e0c6aa564da", "",
     "a95a7d3c8a8b770a47a95644bdbf1b87e9b8518e248d193cce48b021e0d6a248", NULL},
    {ALG_CFB, 2, 16, "4671ff0e70119b892f32204c0277c128", "",
     "a6c931ccb1be9dd8e633cacd794d4bec295ae0afed53dbca45f31826b692bca3", NULL},
    {ALG_CFB, 3, 17, "ba75883e87862f9da22ac30501cf59d598", "",
     "402aa726bbd60d9bd14f14fa2812aefe17c2dbbee6f720531b17942c7b69e84e", NULL},
    {ALG_CFB, 4, 20, "453cd658b8a3446a4589d257fbe621ba78bfaaf0", "",
     "c977ecea2fdc7e6b34a924eb4efc95c12c5e12c3cc9ff5ce4ef605b2696b2599", NULL},
    {ALG_CFB, 5, 16383, "04f86082025ba16d56d25d88c8c5349d", "7294a2ecbae9c79a",
     "1ad4ed3d23abb6ebe39887a1b74aa5706288f198a1f3301e3f6dd01ed18c9b26", NULL},
    {ALG_CFB, 6, 16384, "b2f26869f4dc6d8f54c8dc3ec21cf188", "5db1cc7909f28ed2",
     "fbba66484e67ee6e60ef51709a01f29abd7befcd3f2de1f153a373983f441d8b", NULL},
    {ALG_CBC, 0, 1, "e3", "",
     "457e4854863e7efaa03266ad781822ecce69df31a511786118c10771a87e69f2", NULL},
    {ALG_CBC, 1, 15, "45f0c038cb2c54632c4adbea742121", "",
     "2034e6efc80cfc1fa8c5592adeb29807428e5b4a7c6e2e8b78ab635881eb4bb3", NULL},
    {ALG_CBC, 2, 16, "b623659e2f435924e567b4557f29ac8a", "",
     "40f1c5f0a0f93af34b59cf10654f49d883568196847cf2106e1553e4ae97199b", NULL},
    {ALG_CBC, 3, 17, "662858dd838701f5c8f6815e47aacabd59", "",
     "7f35ae59e7dd2d3257f7228618d375a654ee58c5a5c6ff6c34a498788e7ba561", NULL},
    {ALG_CBC, 4, 20, "ac74541385d1ae990fe3d7fe46e281a901c92964", "",
     "ab705d5fa594e54582f4ac9e8c8ad1c59f15c135d77967a6848601c843e4b274", NULL},
    {ALG_CBC, 5, 16383, "1fc47e6431e7b7ebd80f3ef44d81eb96", "6ea8b1b793afbfc6",
     "c65f5c891be0a7a68039c801fb673a24f2cc327cf89c1b2b91441b1f0d609238", NULL},
    {ALG_CBC, 6, 16384, "ed8d84a73708db007a2158a7cca6211d", "be13b27036590b9c",
     "f1a1805c621f909ae95117491310f11a7c311ca4b099274ff6a643736f6853ed", NULL},
    {ALG_GCM, 0, 1, "d2", "",
     "85f97e04d754c81dac21f0ce857adc81170d08c6cfef7cf90edbbabf39d9671a",
     "19e6bc69d2c38215515062d92d631219"},
    {ALG_GCM, 1, 15, "b725799ba9a3eefd9c003420876740", "",
     "225936d99bbdb31a921c5fbdb94a7267563c422ae3e9e7a6f3a7e3ae2e278d1b",
     "9ae1ed88ff3a799bace167b7dadac3aa"},
    {ALG_GCM, 2, 16, "6a9963141840c592d8eea48734061885", "",
     "4a6fcbbed26afc40b4a91cd6d2eb3f13e9f60ce581659e5dee81651ec080785c",
     "f70fcaed635d98abbf12cb1599643fdd"},
    {ALG_GCM, 3, 17, "d4775cfe1d6123ae23fcfc4a5728f78ea1", "",
     "60b8fe97ad6ef8323b5feeed81096d94ca76e4f3771dff972cb2555e014b29e3",
     "215016dfd99116648dccfeeb5e50052d"},
    {ALG_GCM, 4, 20, "49ef3c5a15fb7df523bbc3255abbbb059bd3a4da", "",
     "61abca3268b3e8e936b7660b021bc1a54419f9d95abb1d452f863bfa6a057ffa",
     "4f51f3ba5290146c8e6736875a8af2c1"},
    {ALG_GCM, 5, 16383, "b77d2c79e70cef8da168e59d473e5321", "7b0e3534dd50af83",
     "a6dade805565ccf5aee35a40cdfb072a3285e10137718e7b36e2c5d5a189afd5",
     "8b2f491989ba83981b47ba3e1bbcf6f9"},
    {ALG_GCM, 6, 16384, "52ccd9f466fce3defed6142553d23675", "f66318b379ee07fd",
     "ce0584138a049fcedb2e0e23dfeac2676c23a3570777ecd880012c724ef70a4c",
     "b8d0367bd7ff6af4837cbd4330398838"},
    {ALG_CHACHA20, 0, 1, "65", "",
     "3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea", NULL},
    {ALG_CHACHA20, 1, 15, "946769de8f5da8497273e8242d2dc8", "",
     "2a39b2660e24c0ed1174012b20bde9d009fff81afcf8ae74b07c7b2903c1f963", NULL},
    {ALG_CHACHA20, 2, 16, "9834d4e76e982ac58547c0b237ff6f4e", "",
     "b7a6e8cb75bc371b9e6eb2beaab26d19fe01879c5160c442b7d52f74a329e72e", NULL},
    {ALG_CHACHA20, 3, 17, "512f1650d4388f8fb6109a8dbffba0e73e", "",
     "0572d9c19382577d8775b99fa65e0fdac93a407c845f71bade14d330a88ff9ef", NULL},
    {ALG_CHACHA20, 4, 20, "4e977a9ee0b7e809de72eb8913f2492d98b4dc03", "",
     "7726c860092be71420701fd10a6afc83217e14635dc3986c6ccb096242ce5cac", NULL},
    {ALG_CHACHA20, 5, 16383, "99517e8cc1cc8a2354be3919c0a042fc",
     "a9d9510832ad64d1",
     "0192687524033ad50e2f5dd5d4c3b9a780db2eb4a0d91363cc78b1635bcb9b13", NULL},
    {ALG_CHACHA20, 6, 16384, "54266d6688fae0adaea76b8e1f2068be",
     "fc3093c9c4f9cbf7",
     "c6b5cdfd4143a7dba9d70e0a01e77007fd0e8b97c3e8e3ddf18540468bb43e3d", NULL},
    {ALG_PAPER_CTR, 0, 1, "88", "",
     "4f362f9093bb8e7012f466224ff1237c0746d8c8f660b16699f5036ccba9c64a", NULL},
    {ALG_PAPER_CTR, 4, 20, "fcc630abb8561462e3b2a09ec98fd9bca1ee1176", "",
     "3c1bfbe97192e14bfbbd105b818ac86c208c06cf5f4d43ae3ae387a7498edc15", NULL},
    {ALG_PAPER_CTR, 6, 16384, "e6056256c7955bc8ecd5b2c7d8c6daac",
     "d8c579b7f2197957",
     "0e3ce2f547897510ff5d88e4b2818c8610f57e93facfc4bd3a4d9a26603ebaae", NULL},
    {ALG_PAPER_CFB, 0, 1, "88", "",
     "4f362f9093bb8e7012f466224ff1237c0746d8c8f660b16699f5036ccba9c64a", NULL},
    {ALG_PAPER_CFB, 4, 20, "fcc630abb8561462e3b2a09ec98fd9bcf192f47b", "",
     "c8edd841d2a0e591d8f5d406b5cec063bca078ef2cd97b9c369a5128187cdaab", NULL},
    {ALG_PAPER_CFB, 6, 16384, "e6056256c7955bc8ecd5b2c7d8c6daac",
     "a4a9172f746e8a78",
     "eaf24ed29b063e933075aa1fbe256258f97efa50bcfbd634c7ed47d619d5cd5e", NULL},
    {ALG_PAPER_CBC, 0, 1, "88", "",
     "4f362f9093bb8e7012f466224ff1237c0746d8c8f660b16699f5036ccba9c64a", NULL},
    {ALG_PAPER_CBC, 4, 20, "1d6c4d3c36d672ddd339ff0c41246b4c506959b4", "",
     "5e116afac66c6122c7b2424c8e5676cf5d4e8716eab9e809bc5ae2f3dca0680f", NULL},
    {ALG_PAPER_CBC, 6, 16384, "0c05f4b25afa111ba02dcf5bd081c582",
     "7b9f41d7a17e61a2",
     "8a40fbb2c832e5577d57720226a6d97117d56f300fb9b53dfc4b2f8145e958d7", NULL},
};

static const char *const FILE_KEY_HEX =
    "c773dedf2d98f2b225495dfa90393df8433c3593f8b37ddbf668bfd01f3b3d58";

static void
assert_hex(const uint8_t *bytes, size_t byte_count, const char *hex)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < byte_count; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    g_assert_cmpstr(text->str, ==, hex);
    g_string_free(text, TRUE);
}

static void
count_up(uint8_t *bytes, size_t byte_count, size_t first)
{
    for (size_t i = 0; i < byte_count; i++)
        bytes[i] = (uint8_t)(first + i);
}

static FileId
example_file(void)
{
    FileId file;
    count_up(file.bytes, sizeof file.bytes, 0xa0);
    return file;
}

/* The plan of the vectors for one algorithm. */
static SlicePlan
example_plan(Sealer *sealer, uint16_t alg, uint64_t version)
{
    SlicePlan plan = {.alg = alg, .slice_bytes = 16384};
    uint8_t basic_key[KEY_BYTES];
    count_up(basic_key, sizeof basic_key, 0);
    FileId file = example_file();
    if (alg_is_paper(alg))
        memcpy(plan.secret, basic_key, KEY_BYTES);
    else
        seal_file_key(sealer, basic_key, &file, version, plan.secret);
    return plan;
}

static Sealer *
sealer_for(uint16_t alg)
{
    Sealer *sealer = sealer_new();
    SlicePlan plan = example_plan(sealer, alg, 1);
    g_assert_true(sealer_use(sealer, &plan));
    return sealer;
}

static void
file_keys_and_commitments_are_the_known_ones(void)
{
    Sealer *sealer = sealer_new();
    SlicePlan plan = example_plan(sealer, ALG_CTR, 1);
    assert_hex(plan.secret, KEY_BYTES, FILE_KEY_HEX);
    uint8_t commit[KEY_BYTES];
    seal_commit(sealer, plan.secret, commit);
    assert_hex(
        commit, KEY_BYTES,
        "233af3bfb855edc22d553dbc164ea273f16eb5a6b7a2d6aaaca6b8203138833c");
    plan = example_plan(sealer, ALG_CTR, 2);
    assert_hex(
        plan.secret, KEY_BYTES,
        "1450da66e399e7e6754ae483dbf21ece382dabbab109ff0deb4b0f985941f5f9");
    sealer_free(sealer);
}

static void
assert_slice_key(Sealer *sealer, uint64_t slice, const char *key_hex,
                 const char *iv_hex)
{
    SliceKey key;
    sealer_slice_key(sealer, slice, &key);
    assert_hex(key.key, KEY_BYTES, key_hex);
    assert_hex(key.iv, sizeof key.iv, iv_hex);
}

static void
slice_keys_are_the_known_ones_far_into_a_file(void)
{
    /* The counter in the last four bytes of a CTR IV begins at 0. */
    Sealer *sealer = sealer_for(ALG_CTR);
    assert_slice_key(
        sealer, 0,
        "2b154823099bbb55ead986c2d96441b2c08c2fff2f4e853321fb342c5139ab11",
        "1ef5af48f872b36e8ed949e300000000");
    assert_slice_key(
        sealer, 1,
        "8fb468eeea800dd5ff0ba1d5e282bb85e3c5cb3dc0447e6d2065274bb3d53721",
        "8dfd103c776301efa6db63d000000000");
    assert_slice_key(
        sealer, 65535,
        "b5a06726c51d9377b616be99a1e2a1d0136c3c39fca1a7ce28399f236f5e3fa7",
        "3ebc33b07d4dfa6271c4e87c00000000");
    assert_slice_key(
        sealer, UINT64_C(1) << 32,
        "4a52eb01a2c4c7dd061a2db8d3f8d2f16b1bd4734d7327394f8b11b3f02fe9e8",
        "897da5e0dd5727b2b5e5c38500000000");
    sealer_free(sealer);
}

static void
check_vector(Sealer *sealer, const Vector *vector)
{
    uint8_t plain[SLICE_BYTES_MAX], sealed[SLICE_BYTES_MAX], tag[16];
    uint32_t size_bytes = vector->size_bytes;
    const uint8_t *known_tag = vector->tag_hex ? tag : NULL;
    count_up(plain, size_bytes, 31 * vector->slice);
    sealer_seal(sealer, vector->slice, plain, sealed, size_bytes, tag);
    assert_hex(sealed, strlen(vector->start_hex) / 2, vector->start_hex);
    size_t end_bytes = strlen(vector->end_hex) / 2;
    assert_hex(sealed + size_bytes - end_bytes, end_bytes, vector->end_hex);
    char *sha256 =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, sealed, size_bytes);
    g_assert_cmpstr(sha256, ==, vector->sha256_hex);
    g_free(sha256);
    if (vector->tag_hex)
        assert_hex(tag, sizeof tag, vector->tag_hex);

    uint8_t opened[SLICE_BYTES_MAX];
    g_assert_true(sealer_open(sealer, vector->slice, sealed, opened, size_bytes,
                              known_tag));
    g_assert_true(memcmp(opened, plain, size_bytes) == 0);
    /* And in place, both ways. */
    memcpy(opened, plain, size_bytes);
    sealer_seal(sealer, vector->slice, opened, opened, size_bytes, tag);
    g_assert_true(memcmp(opened, sealed, size_bytes) == 0);
    g_assert_true(sealer_open(sealer, vector->slice, opened, opened, size_bytes,
                              known_tag));
    g_assert_true(memcmp(opened, plain, size_bytes) == 0);
}

static void
slices_seal_to_the_known_ciphertexts_and_open(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(VECTORS); i++) {
        Sealer *sealer = sealer_for(VECTORS[i].alg);
        check_vector(sealer, &VECTORS[i]);
        sealer_free(sealer);
    }
}

static void
one_sealer_serves_many_plans_in_any_order(void)
{
    Sealer *sealer = sealer_new();
    for (size_t i = 0; i < G_N_ELEMENTS(VECTORS); i++) {
        const Vector *vector = &VECTORS[i * 13 % G_N_ELEMENTS(VECTORS)];
        SlicePlan plan = example_plan(sealer, vector->alg, 1);
        g_assert_true(sealer_use(sealer, &plan));
        check_vector(sealer, vector);
    }
    sealer_free(sealer);
}

static void
any_tail_length_seals_to_equal_length(void)
{
    static const uint16_t ALGS[] = {
        ALG_PAPER_CTR, ALG_PAPER_CFB, ALG_PAPER_CBC, ALG_CTR,
        ALG_CFB,       ALG_CBC,       ALG_CHACHA20,  ALG_PLAIN,
    };
    for (size_t a = 0; a < G_N_ELEMENTS(ALGS); a++) {
        Sealer *sealer = sealer_for(ALGS[a]);
        for (uint32_t size = 1; size <= 100; size++) {
            /* On the heap, so that a sanitizer sees one byte too many. */
            uint8_t *bytes = g_malloc(size);
            uint8_t plain[100];
            count_up(plain, size, size);
            memcpy(bytes, plain, size);
            sealer_seal(sealer, size, bytes, bytes, size, NULL);
            g_assert_true(sealer_open(sealer, size, bytes, bytes, size, NULL));
            g_assert_true(memcmp(bytes, plain, size) == 0);
            g_free(bytes);
        }
        sealer_free(sealer);
    }
}

static void
ecb_and_unknown_numbers_are_refused(void)
{
    Sealer *sealer = sealer_new();
    SlicePlan plan = {.alg = ALG_ECB, .slice_bytes = 16384};
    g_assert_false(alg_is_known(ALG_ECB));
    g_assert_false(sealer_use(sealer, &plan));
    uint32_t known_count = 0;
    for (uint32_t alg = 0; alg <= UINT16_MAX; alg++)
        known_count += alg_is_known((uint16_t)alg);
    g_assert_cmpuint(known_count, ==, 9);
    plan.alg = ALG_CTR;
    plan.slice_bytes = 16400;
    g_assert_false(sealer_use(sealer, &plan));
    plan.slice_bytes = 8;
    g_assert_false(sealer_use(sealer, &plan));
    plan.slice_bytes = 16;
    g_assert_true(sealer_use(sealer, &plan));
    sealer_free(sealer);
}

/* The paper fills a short slice up, seals, and cuts. */
static void
fill_seal_cut_equals_sealing_directly(uint16_t alg)
{
    Sealer *sealer = sealer_for(alg);
    uint8_t filled[SLICE_BYTES_MAX] = {0}, direct[20];
    count_up(filled, 20, 31 * 4);
    memcpy(direct, filled, 20);
    sealer_seal(sealer, 4, filled, filled, sizeof filled, NULL);
    sealer_seal(sealer, 4, direct, direct, sizeof direct, NULL);
    g_assert_true(memcmp(filled, direct, sizeof direct) == 0);
    sealer_free(sealer);
}

static void
fill_seal_cut_changes_nothing_in_ctr_and_cfb(void)
{
    fill_seal_cut_equals_sealing_directly(ALG_PAPER_CTR);
    fill_seal_cut_equals_sealing_directly(ALG_PAPER_CFB);
}

static void
fill_seal_cut_loses_four_bytes_of_a_tail_of_twenty_in_cbc(void)
{
    Sealer *sealer = sealer_for(ALG_PAPER_CBC);
    uint8_t bytes[32] = {0}, plain[20];
    count_up(bytes, 20, 31 * 4);
    memcpy(plain, bytes, 20);
    sealer_seal(sealer, 4, bytes, bytes, sizeof bytes, NULL);
    assert_hex(bytes, 20, "1d6c4d3c36d672ddd339ff0c41246b4c4879ef68");
    memset(bytes + 20, 0, 12); /* the cut; 12 bytes are gone for good */
    g_assert_true(sealer_open(sealer, 4, bytes, bytes, sizeof bytes, NULL));
    g_assert_true(memcmp(bytes, plain, 16) == 0);
    assert_hex(bytes, 20, "7c7d7e7f808182838485868788898a8bbf7839ab");
    sealer_free(sealer);
}

/* Verification will stand in front of sealer_open: slice hashes, signed. */
static void
one_flipped_bit_under_ctr_alone_goes_unnoticed_by_opening(void)
{
    Sealer *sealer = sealer_for(ALG_CTR);
    uint8_t bytes[] = "AMOUNT=0000100;";
    sealer_seal(sealer, 0, bytes, bytes, sizeof bytes, NULL);
    bytes[7] ^= '0' ^ '9';
    g_assert_true(sealer_open(sealer, 0, bytes, bytes, sizeof bytes, NULL));
    g_assert_cmpstr((char *)bytes, ==, "AMOUNT=9000100;");
    sealer_free(sealer);
}

static void
one_flipped_bit_under_gcm_is_refused_and_nothing_is_released(void)
{
    Sealer *sealer = sealer_for(ALG_GCM);
    uint8_t bytes[] = "AMOUNT=0000100;", tag[SEAL_TAG_BYTES];
    static const uint8_t NOTHING[sizeof bytes];
    sealer_seal(sealer, 0, bytes, bytes, sizeof bytes, tag);
    bytes[7] ^= 1;
    g_assert_false(sealer_open(sealer, 0, bytes, bytes, sizeof bytes, tag));
    g_assert_true(memcmp(bytes, NOTHING, sizeof bytes) == 0);
    g_assert_false(sealer_open(sealer, 0, bytes, bytes, sizeof bytes, NULL));
    sealer_free(sealer);
}

/* Do ciphertexts of two contents tell how the contents differ? */
static bool
is_two_time_pad(uint16_t alg, uint64_t version, uint64_t other_version)
{
    Sealer *sealer = sealer_new();
    SlicePlan plan = example_plan(sealer, alg, version);
    SlicePlan other_plan = example_plan(sealer, alg, other_version);
    uint8_t one[16], other[16];
    count_up(one, sizeof one, 0);
    count_up(other, sizeof other, 100);
    uint8_t difference[16];
    for (size_t i = 0; i < sizeof difference; i++)
        difference[i] = one[i] ^ other[i];
    g_assert_true(sealer_use(sealer, &plan));
    sealer_seal(sealer, 0, one, one, sizeof one, NULL);
    g_assert_true(sealer_use(sealer, &other_plan));
    sealer_seal(sealer, 0, other, other, sizeof other, NULL);
    for (size_t i = 0; i < sizeof difference; i++)
        difference[i] ^= one[i] ^ other[i];
    sealer_free(sealer);
    static const uint8_t NOTHING[sizeof difference];
    return memcmp(difference, NOTHING, sizeof difference) == 0;
}

static void
a_version_in_the_key_ends_the_two_time_pad(void)
{
    g_assert_true(is_two_time_pad(ALG_PAPER_CTR, 1, 2));
    g_assert_true(is_two_time_pad(ALG_CTR, 1, 1));
    g_assert_false(is_two_time_pad(ALG_CTR, 1, 2));
}

static void
draws_follow_from_seed_and_counter_alone(void)
{
    Sealer *sealer = sealer_new();
    uint8_t seed[32] = {1}, first[64], second[64], again[64];
    seal_draw(sealer, seed, 0, first);
    seal_draw(sealer, seed, 1, second);
    seal_draw(sealer, seed, 0, again);
    g_assert_true(memcmp(first, again, sizeof first) == 0);
    g_assert_true(memcmp(first, second, sizeof first) != 0);
    seed[0] = 2;
    seal_draw(sealer, seed, 0, again);
    g_assert_true(memcmp(first, again, sizeof first) != 0);
    sealer_free(sealer);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/seal/file_keys_and_commitments_are_the_known_ones",
                    file_keys_and_commitments_are_the_known_ones);
    g_test_add_func("/seal/slice_keys_are_the_known_ones_far_into_a_file",
                    slice_keys_are_the_known_ones_far_into_a_file);
    g_test_add_func("/seal/slices_seal_to_the_known_ciphertexts_and_open",
                    slices_seal_to_the_known_ciphertexts_and_open);
    g_test_add_func("/seal/one_sealer_serves_many_plans_in_any_order",
                    one_sealer_serves_many_plans_in_any_order);
    g_test_add_func("/seal/any_tail_length_seals_to_equal_length",
                    any_tail_length_seals_to_equal_length);
    g_test_add_func("/seal/ecb_and_unknown_numbers_are_refused",
                    ecb_and_unknown_numbers_are_refused);
    g_test_add_func("/seal/fill_seal_cut_changes_nothing_in_ctr_and_cfb",
                    fill_seal_cut_changes_nothing_in_ctr_and_cfb);
    g_test_add_func(
        "/seal/fill_seal_cut_loses_four_bytes_of_a_tail_of_twenty_in_cbc",
        fill_seal_cut_loses_four_bytes_of_a_tail_of_twenty_in_cbc);
    g_test_add_func(
        "/seal/one_flipped_bit_under_ctr_alone_goes_unnoticed_by_opening",
        one_flipped_bit_under_ctr_alone_goes_unnoticed_by_opening);
    g_test_add_func(
        "/seal/one_flipped_bit_under_gcm_is_refused_and_nothing_is_released",
        one_flipped_bit_under_gcm_is_refused_and_nothing_is_released);
    g_test_add_func("/seal/a_version_in_the_key_ends_the_two_time_pad",
                    a_version_in_the_key_ends_the_two_time_pad);
    g_test_add_func("/seal/draws_follow_from_seed_and_counter_alone",
                    draws_follow_from_seed_and_counter_alone);
    return g_test_run();
}
