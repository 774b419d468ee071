/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/sweep/vary.h: one key that a sweep varies, and its values.
 */
#pragma once

#include "sim/scenario.h"

typedef struct Vary {
    char *key;         /* "roles.edges.count" */
    GPtrArray *values; /* char *, each as --set takes it */
    double *numbers;   /* the values in unit; NULL when they are no numbers of
                        * one dimension */
    char *unit;        /* "Mbit/s", "%", "" */
} Vary;

/* "KEY.PATH=V1,V2": commas in brackets and quotes part nothing. NULL and
 * *ret_why, to be freed, when it is not that. */
Vary *vary_parse(const char *option, char **ret_why);
Vary *vary_new(const PlanVary *plan);
void vary_free(Vary *vary);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Vary, vary_free)
/* What follows the last dot of the key: "count". */
const char *vary_stem(const Vary *vary);
