/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/select_random.c: uniform over all listed edges.
 */
#include "core/selection.h"

void
select_random(Selection *selection, const SelectQuery *query,
              SelectAnswer *answer)
{
    (void)query; /* where the client is plays no part */
    select_answer_draw(selection, answer, &selection->listed);
}
