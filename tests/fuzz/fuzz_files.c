/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/fuzz/fuzz_files.c: for targets whose good inputs are files of the
 * tree, given as arguments.
 */
#include "tests/fuzz/fuzz.h"

uint32_t
fuzz_example(uint32_t n, uint8_t *ret_bytes)
{
    (void)n;
    (void)ret_bytes;
    return 0;
}
