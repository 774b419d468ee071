/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/fuzz/fuzz_mutator.c: gives libFuzzer the examples to begin from.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"

/* libFuzzer's own, and the hook that it calls. */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t byte_count, size_t byte_max);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t byte_count,
                               size_t byte_max, unsigned int seed);

size_t
LLVMFuzzerCustomMutator(uint8_t *bytes, size_t byte_count, size_t byte_max,
                        unsigned int seed)
{
    if (seed % 64 == 0) {
        uint8_t example[FUZZ_BYTES_MAX];
        uint32_t size_bytes = fuzz_example(seed / 64 % 16, example);
        if (size_bytes > 0 && size_bytes <= byte_max) {
            memcpy(bytes, example, size_bytes);
            return size_bytes;
        }
    }
    return LLVMFuzzerMutate(bytes, byte_count, byte_max);
}
