/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/turn_wish.c: whose turns a run logs, and where.
 */
#include "sim/turn_wish.h"

#include <string.h>

static Role
role_of(const char *word)
{
    g_autofree char *name = g_strdelimit(g_strdup(word), "-", '_');
    Role role = (Role)0;
    while (role < ROLE_COUNT && strcmp(role_name(role), name) != 0)
        role++;
    return role;
}

bool
turn_wish_parse(TurnWish *wish, const char *text)
{
    wish->role = ROLE_COUNT;
    wish->number = UINT32_MAX;
    if (!text)
        return true;
    g_auto(GStrv) words = g_strsplit(text, ":", 2);
    wish->role = words[0] ? role_of(words[0]) : ROLE_COUNT;
    guint64 number = UINT32_MAX;
    bool is_good = !words[0] || !words[1] ||
                   g_ascii_string_to_unsigned(words[1], 10, 0, UINT32_MAX - 1,
                                              &number, NULL);
    wish->number = (uint32_t)number;
    return is_good && wish->role < ROLE_COUNT;
}

bool
turn_wish_has(const TurnWish *wish, Role role, uint32_t number)
{
    return (wish->role == ROLE_COUNT || wish->role == role) &&
           (wish->number == UINT32_MAX || wish->number == number);
}

static char *
part_path(const TurnWish *wish, const char *mode)
{
    return g_strdup_printf("%s.%s", wish->path, mode);
}

static char **
part_paths(const TurnWish *wish, char **modes)
{
    char **paths = g_new0(char *, g_strv_length(modes) + 1);
    for (guint i = 0; modes[i]; i++)
        paths[i] = part_path(wish, modes[i]);
    return paths;
}

static bool
is_free(const char *path, GError **error)
{
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                "%s is there already; --turns replaces no file", path);
    return false;
}

bool
turn_wish_is_possible(const TurnWish *wish, char **modes, GError **error)
{
    if (!wish->path)
        return true;
    g_auto(GStrv) paths = part_paths(wish, modes);
    bool is_possible = is_free(wish->path, error);
    for (char **path = paths; *path && is_possible; path++)
        is_possible = is_free(*path, error);
    return is_possible;
}

TurnFile *
turn_wish_open(const TurnWish *wish, const char *mode, GError **error)
{
    g_autofree char *path = part_path(wish, mode);
    g_autofree char *writer =
        g_strdup_printf("byway %s run, mode %s", BYWAY_VERSION, mode);
    return turn_file_new(path, writer, error);
}

bool
turn_wish_join(const TurnWish *wish, char **modes, GError **error)
{
    if (!wish->path)
        return true;
    g_auto(GStrv) paths = part_paths(wish, modes);
    return turn_file_join(wish->path, paths, error);
}
