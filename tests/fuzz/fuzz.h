/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/fuzz/fuzz.h: what a fuzz target provides; see meson.build.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define FUZZ_BYTES_MAX 65536u

/* Try one input; a property that does not hold aborts. The name is
 * libFuzzer's. Always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count);

/* Write the n-th good input to begin from, at most FUZZ_BYTES_MAX bytes, and
 * return its size; 0 when there are no more. */
uint32_t fuzz_example(uint32_t n, uint8_t *ret_bytes);
