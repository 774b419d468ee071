/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/privilege.c: root for listening alone, somebody else for all the rest.
 *
 *             start   assume   raise   lower   drop
 *     real    root    root     user    root    user
 *     in use  root    user     root    user    user
 *     saved   root    root     root    root    user
 */
#include "live/privilege.h"

#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

bool
privilege_assume(const char *user, char **ret_why)
{
    const struct passwd *entry = getpwnam(user);
    if (!entry) {
        *ret_why = g_strdup_printf("there is no user '%s'", user);
        return false;
    }
    if (geteuid() == entry->pw_uid)
        return true;
    if (geteuid() != 0) {
        *ret_why = g_strdup_printf("only root can become '%s'", user);
        return false;
    }
    uid_t uid = entry->pw_uid;
    gid_t gid = entry->pw_gid;
    if (initgroups(user, gid) == 0 && setegid(gid) == 0 && seteuid(uid) == 0)
        return true;
    *ret_why =
        g_strdup_printf("cannot become '%s': %s", user, g_strerror(errno));
    return false;
}

void
privilege_raise(void)
{
    uid_t user;
    uid_t real;
    uid_t saved;
    getresuid(&real, &user, &saved);
    if (saved != 0 || user == 0)
        return;
    int result = setresuid(user, 0, 0);
    assert(result == 0);
}

void
privilege_lower(void)
{
    uid_t real = getuid();
    if (geteuid() != 0 || real == 0)
        return;
    int result = setresuid(0, real, 0);
    assert(result == 0);
}

void
privilege_drop(void)
{
    uid_t user = geteuid();
    gid_t group = getegid();
    if (user == 0 || getuid() == user)
        return;
    privilege_raise();
    int result = setresgid(group, group, group);
    assert(result == 0);
    result = setresuid(user, user, user);
    assert(result == 0);
    assert(seteuid(0) != 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

void
privilege_keep_secrets(void)
{
    const struct rlimit nothing = {0, 0};
    setrlimit(RLIMIT_CORE, &nothing);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
