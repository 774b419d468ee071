/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/privilege.h: root for listening alone, somebody else for all the rest.
 *
 * Files are read and made as that user from the beginning, so that a reload
 * finds them as the start did. Who is not root is not changed by any of this.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Act as this user from now on, if we are root and may go back. False, with
 * *ret_why to free, when that cannot be. */
bool privilege_assume(const char *user, char **ret_why);
/* Go back to root for a moment, and be that user again. */
void privilege_raise(void);
void privilege_lower(void);
/* Nobody can go back any more. */
void privilege_drop(void);
/* What this process knows never goes to a core file. */
void privilege_keep_secrets(void);
