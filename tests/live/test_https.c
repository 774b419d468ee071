/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_https.c: a deployment whose roles speak HTTPS.
 */
#include "core/http.h"
#include "core/wire.h"
#include "tests/live/authority.h"
#include "tests/live/http2_caller.h"
#include "tests/live/site.h"
#include "tests/live/tls_caller.h"

#include <glib/gstdio.h>
#include <string.h>

#define IDENTITY "urn:byway:data-centre:3"
#define RANGE_BYTES (1u << 20)

typedef struct Town {
    Site site;
    Authority authority;
    char *folder;
    char *root;
    TlsContext *contexts[4];
    uint32_t context_count;
} Town;

static TlsContext *
load(Town *town, bool is_listener, const char *stem, const char *name)
{
    g_autofree char *certificate_name = g_strconcat(stem, ".pem", NULL);
    g_autofree char *key_name = g_strconcat(stem, ".key", NULL);
    g_autofree char *certificate =
        authority_path(&town->authority, certificate_name);
    g_autofree char *key = authority_path(&town->authority, key_name);
    TlsFiles files = {certificate, key, town->root, name};
    g_autoptr(GError) error = NULL;
    TlsContext *context = is_listener ? tls_context_new_listener(&files, &error)
                                      : tls_context_new_caller(&files, &error);
    g_assert_no_error(error);
    town->contexts[town->context_count++] = context;
    return context;
}

static void
town_init(Town *town)
{
    static const Claims SERVER = {"DNS:services.test", 5};
    static const Claims CENTRE = {"URI:" IDENTITY ",DNS:centre.test", 5};
    static const Claims STRANGER = {"URI:" IDENTITY ":not", 5};
    *town = (Town){.folder = g_dir_make_tmp("byway-https-XXXXXX", NULL)};
    authority_init(&town->authority, town->folder, "root");
    town->root = authority_path(&town->authority, "root.pem");
    authority_issue(&town->authority, "server", &SERVER);
    authority_issue(&town->authority, "centre", &CENTRE);
    authority_issue(&town->authority, "stranger", &STRANGER);
    site_init(&town->site);
    town->site.identity = IDENTITY;
    TlsContext *shown = load(town, true, "server", NULL);
    for (SiteRole role = 0; role < SITE_CLIENT; role++)
        town->site.nodes[role].tls = shown;
}

static void
town_clear(Town *town)
{
    site_clear(&town->site);
    while (town->context_count > 0)
        tls_context_free(town->contexts[--town->context_count]);
    authority_clear(&town->authority);
    GDir *files = g_dir_open(town->folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(files));) {
        g_autofree char *path = g_build_filename(town->folder, name, NULL);
        g_remove(path);
    }
    g_dir_close(files);
    g_rmdir(town->folder);
    g_free(town->folder);
    g_free(town->root);
}

/* With a data centre that shows this certificate to all it calls. */
static void
open_relay(Town *town, const char *stem)
{
    Site *site = &town->site;
    TlsContext *calls = load(town, false, stem, "services.test");
    site->calls[SITE_KEY_SERVICE] = site->calls[SITE_DATA_CENTRE] = calls;
    site_open(site, SITE_KEY_SERVICE);
    site_open(site, SITE_DATA_CENTRE);
    site_open(site, SITE_EDGE);
    site_add_key(site);
}

static void
dial(Town *town, SiteRole role, TlsCaller *caller)
{
    TlsCallerWish wish = {.ca = town->root};
    tls_caller_dial(caller, &town->site.nodes[role].address, &wish);
}

static void
a_range_passes_from_end_to_end_in_private(void)
{
    Town town;
    TlsCaller caller;
    town_init(&town);
    open_relay(&town, "centre");
    dial(&town, SITE_EDGE, &caller);
    for (uint32_t i = 0; i < 3; i++) {
        g_autofree char *request =
            site_request((uint64_t)i * RANGE_BYTES, RANGE_BYTES);
        tls_caller_say(&caller, &town.site.loop, request);
        g_autoptr(GByteArray) sealed =
            tls_caller_take_response(&caller, &town.site.loop, 206);
        g_assert_cmpuint(sealed->len, ==, RANGE_BYTES);
        g_assert_true(memcmp(sealed->data,
                             town.site.content + (size_t)i * RANGE_BYTES,
                             RANGE_BYTES) != 0);
    }
    g_assert_cmpuint(town.site.nodes[SITE_EDGE].host.count.forwards, ==, 3);
    tls_caller_hang_up(&caller);
    town_clear(&town);
}

/* Everything comes from 127.0.0.1: the certificate alone makes the difference.
 */
static void
who_shows_another_certificate_gets_no_keys(void)
{
    Town town;
    TlsCaller caller;
    town_init(&town);
    open_relay(&town, "stranger");
    dial(&town, SITE_EDGE, &caller);
    g_autofree char *request = site_request(0, RANGE_BYTES);
    tls_caller_say(&caller, &town.site.loop, request);
    g_autoptr(GByteArray) answer =
        tls_caller_take_response(&caller, &town.site.loop, 503);
    tls_caller_hang_up(&caller);
    town_clear(&town);
}

static void
a_client_downloads_from_a_cdn_it_trusts(void)
{
    Town town;
    town_init(&town);
    Site *site = &town.site;
    site->calls[SITE_CDN] = load(&town, false, "stranger", "services.test");
    site_open(site, SITE_CDN);
    site_open(site, SITE_CLIENT);
    Command command = {.kind = COMMAND_FETCH,
                       .file = site_file(),
                       .file_bytes = SITE_FILE_BYTES,
                       .version = SITE_VERSION};
    host_command(&site->nodes[SITE_CLIENT].host, &command);
    site_wait_for_note(site, SITE_CLIENT, NOTE_DOWNLOAD_DONE, 1);
    g_assert_true(memcmp(site->delivered, site->content, SITE_FILE_BYTES) == 0);
    town_clear(&town);
}

static void
http2_is_agreed_on_in_the_handshake(void)
{
    Town town;
    TlsCaller wire;
    Http2Caller caller;
    town_init(&town);
    site_open(&town.site, SITE_CDN);
    TlsCallerWish wish = {.ca = town.root, .protocol = "h2"};
    tls_caller_dial(&wire, &town.site.nodes[SITE_CDN].address, &wish);
    g_assert_true(tls_caller_shake_hands(&wire, &town.site.loop));
    http2_caller_init(&caller, NULL, &wire, RANGE_BYTES);
    FileId file = site_file();
    char path[WIRE_FILE_PATH_BYTES_MAX + 1] = "";
    wire_write_file_path(&file, SITE_VERSION, path);
    Http2Call *all = http2_caller_get(&caller, path, NULL);
    Http2Call *part = http2_caller_get(&caller, path, "bytes=7-20006");
    http2_caller_wait(&caller, &town.site.loop, all);
    http2_caller_wait(&caller, &town.site.loop, part);
    g_assert_cmpuint(all->status, ==, 200);
    g_assert_cmpuint(part->status, ==, 206);
    loopback_compare(all->body, town.site.content, SITE_FILE_BYTES);
    loopback_compare(part->body, town.site.content + 7, 20000);
    http2_caller_clear(&caller);
    tls_caller_hang_up(&wire);
    town_clear(&town);
}

/* Neither an empty hello nor half a handshake holds a stream for long, and
 * the node never hears of either. */
static void
who_does_not_shake_hands_has_to_go(void)
{
    static const char HALF_HELLO[] = "\x16\x03\x01\x02\x00\x01\x00";
    Town town;
    Caller silent, slow, clear;
    town_init(&town);
    town.site.host.head_timeout_ns = 300 * NS_PER_MS;
    site_open(&town.site, SITE_CDN);
    const Host *host = &town.site.nodes[SITE_CDN].host;
    uint64_t event_count = host->count.events;
    caller_dial(&silent, &town.site.nodes[SITE_CDN].address);
    caller_dial(&slow, &town.site.nodes[SITE_CDN].address);
    caller_dial(&clear, &town.site.nodes[SITE_CDN].address);
    caller_send(&slow, &town.site.loop, HALF_HELLO, sizeof HALF_HELLO - 1);
    caller_say(&clear, &town.site.loop, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    caller_wait_for_end(&clear, &town.site.loop);
    g_assert_cmpuint(host->count.late_heads, ==, 0);
    caller_wait_for_end(&silent, &town.site.loop);
    caller_wait_for_end(&slow, &town.site.loop);
    g_assert_cmpuint(host->count.late_heads, ==, 2);
    g_assert_cmpuint(host->count.events, ==, event_count);
    g_assert_cmpuint(host->accepted_count, ==, 0);
    caller_hang_up(&silent);
    caller_hang_up(&slow);
    caller_hang_up(&clear);
    town_clear(&town);
}

static void
over_the_limit_there_is_no_handshake(void)
{
    Town town;
    TlsCaller first, second;
    town_init(&town);
    town.site.host.stream_count_max = 1;
    site_open(&town.site, SITE_CDN);
    dial(&town, SITE_CDN, &first);
    g_assert_true(tls_caller_shake_hands(&first, &town.site.loop));
    dial(&town, SITE_CDN, &second);
    g_assert_false(tls_caller_shake_hands(&second, &town.site.loop));
    g_assert_cmpuint(town.site.nodes[SITE_CDN].host.count.refused_streams, ==,
                     1);
    tls_caller_hang_up(&first);
    tls_caller_hang_up(&second);
    town_clear(&town);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/https/a_range_passes_from_end_to_end_in_private",
                    a_range_passes_from_end_to_end_in_private);
    g_test_add_func("/https/who_shows_another_certificate_gets_no_keys",
                    who_shows_another_certificate_gets_no_keys);
    g_test_add_func("/https/a_client_downloads_from_a_cdn_it_trusts",
                    a_client_downloads_from_a_cdn_it_trusts);
    g_test_add_func("/https/http2_is_agreed_on_in_the_handshake",
                    http2_is_agreed_on_in_the_handshake);
    g_test_add_func("/https/who_does_not_shake_hands_has_to_go",
                    who_does_not_shake_hands_has_to_go);
    g_test_add_func("/https/over_the_limit_there_is_no_handshake",
                    over_the_limit_there_is_no_handshake);
    return g_test_run();
}
