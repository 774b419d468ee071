/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_client_command.c: what a fetch command can say beyond the
 * file: a name for the CDN, and what is held of it already.
 */
#include "tests/talk.h"
#include "tests/town.h"

#include <string.h>

#define MEGABYTE 1000000u

static void
what_is_held_already_is_not_asked_for(void)
{
    static const Range MISSING[] = {{100, 300}, {999990, 1000000}};
    ClientConfig config;
    client_config_init(&config);
    config.cdn_connections = 1;
    Talk *talk = talk_new(ROLE_CLIENT, &config, 1);
    Command command = {
        .kind = COMMAND_FETCH,
        .file_bytes = MEGABYTE,
        .version = 1,
        .missing = MISSING,
        .missing_count = 2,
    };
    talk_command(talk, &command);
    StreamId cdn = talk_effect(talk, EFFECT_CONNECT, 0)->stream;
    talk_connected(talk, cdn);
    g_autofree char *first = talk_written(talk, cdn);
    g_assert_nonnull(strstr(first, "Range: bytes=100-299\r\n"));
    g_autofree char *body = g_strnfill(200, 'x');
    g_autofree char *answer =
        g_strconcat("HTTP/1.1 206 P\r\nContent-Length: 200\r\n"
                    "Content-Range: bytes 100-299/1000000\r\n\r\n",
                    body, NULL);
    talk_say_text(talk, cdn, answer);
    g_autofree char *second = talk_written(talk, cdn);
    g_assert_nonnull(strstr(second, "Range: bytes=999990-999999\r\n"));
    talk_say_text(talk, cdn,
                  "HTTP/1.1 206 P\r\nContent-Length: 10\r\n"
                  "Content-Range: bytes 999990-999999/1000000\r\n\r\n"
                  "0123456789");
    g_assert_true(talk_has_noted(talk, NOTE_DOWNLOAD_DONE, 0, 210));
    talk_free(talk);
}

/* The second one waits for its turn, and its texts with it. */
static void
a_cdn_is_asked_by_the_name_it_knows(void)
{
    ClientConfig config;
    client_config_init(&config);
    config.cdn_connections = 1;
    Talk *talk = talk_new(ROLE_CLIENT, &config, 1);
    for (uint32_t i = 0; i < 2; i++) {
        WebName name = {.host = "a.example:81", .path = "/dir/a%20b?x=1"};
        if (i == 1)
            name = (WebName){"b.example", "/b", "\"1-2\""};
        Command command = {
            .kind = COMMAND_FETCH, .file_bytes = 1, .version = 1};
        command.name = &name;
        talk_command(talk, &command);
        if (i == 0)
            g_assert_nonnull(talk_effect(talk, EFFECT_CONNECT, 0));
    }
    talk_connected(talk, 0);
    g_autofree char *first = talk_written(talk, 0);
    g_assert_cmpstr(first, ==,
                    "GET /dir/a%20b?x=1 HTTP/1.1\r\nHost: a.example:81\r\n"
                    "Range: bytes=0-0\r\n\r\n");
    talk_say_text(talk, 0,
                  "HTTP/1.1 206 P\r\nContent-Length: 1\r\n"
                  "Content-Range: bytes 0-0/1\r\n\r\nx");
    StreamId next = talk_effect(talk, EFFECT_CONNECT, 0)->stream;
    talk_connected(talk, next);
    g_autofree char *second = talk_written(talk, next);
    g_assert_cmpstr(second, ==,
                    "GET /b HTTP/1.1\r\nHost: b.example\r\n"
                    "Range: bytes=0-0\r\nIf-Range: \"1-2\"\r\n\r\n");
    talk_free(talk);
}

/* Of what has a name a user need not know the version: the key tells. */
static void
the_newest_version_is_what_the_key_is_of(void)
{
    Town *town = town_new();
    town_open(town, 4);
    StageFile file = town_add_file(town, 12 * MEGABYTE, true);
    WebName name = {.host = "a.example", .path = "/nowhere"};
    Command command = {
        .kind = COMMAND_FETCH,
        .tag = 1,
        .file = file.id,
        .file_bytes = file.size_bytes,
        .name = &name,
    };
    /* The CDN has no such file, so edges bring it all. */
    stage_command(town->stage, town->client, &command);
    stage_run_ns(town->stage, 60 * NS_PER_S);
    g_assert_cmpuint(
        stage_note_sum(town->stage, town->client, NOTE_DOWNLOAD_DONE), ==,
        file.size_bytes);
    g_assert_cmpuint(
        stage_note_count(town->stage, town->client, NOTE_CDN_BYTES), ==, 0);
    town_free(town);
}

#define STORY(name) g_test_add_func("/client_command/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(what_is_held_already_is_not_asked_for);
    STORY(a_cdn_is_asked_by_the_name_it_knows);
    STORY(the_newest_version_is_what_the_key_is_of);
    return g_test_run();
}
