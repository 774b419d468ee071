/* SPDX-License-Identifier: GPL-3.0-or-later
 * byway.c: the table of verbs.
 */
#include <stdio.h>

int
main(void)
{
    puts("byway " BYWAY_VERSION);
    return 0;
}
