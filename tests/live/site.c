/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/site.c: a small deployment on loopback, in one loop.
 */
#include "tests/live/site.h"

#include "core/http.h"
#include "core/turn_log.h"
#include "core/wire.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static const PeerId IDS[SITE_COUNT] = {1, 2, 3, 4, 12, 41};
static const Role ROLES[SITE_COUNT] = {
    ROLE_MANAGER, ROLE_KEY_SERVICE, ROLE_DATA_CENTRE,
    ROLE_CDN,     ROLE_EDGE,        ROLE_CLIENT,
};

FileId
site_file(void)
{
    FileId file;
    memset(file.bytes, 0xab, sizeof file.bytes);
    return file;
}

static void
note(void *context, const Effect *effect)
{
    SiteNode *node = context;
    node->notes[effect->note.kind]++;
    monitor_note(&node->monitor, effect);
}

static void
watch(void *context, const Event *event, const Turn *turn)
{
    SiteNode *node = context;
    monitor_watch(&node->monitor, event, turn);
}

static void
passed(void *context, StreamId stream, uint64_t size_bytes)
{
    SiteNode *node = context;
    monitor_passed(&node->monitor, stream, size_bytes);
}

static void
refused(void *context, const uint8_t ip[16], uint16_t status)
{
    SiteNode *node = context;
    monitor_refused(&node->monitor, ip, status);
}

static bool
admits(void *context, StreamId stream)
{
    SiteNode *node = context;
    return monitor_admits(&node->monitor, stream);
}

static void
deliver(void *context, const Extent *extent)
{
    SiteNode *node = context;
    memcpy(node->site->delivered + extent->offset_bytes, extent->chunk->bytes,
           extent->size_bytes);
    node->delivered_bytes += extent->size_bytes;
}

static void
read_content(void *context, const Effect *effect, Event *event)
{
    const SiteNode *node = context;
    FileId known = site_file();
    if (memcmp(&known, &effect->read.file, sizeof known) != 0)
        return;
    uint64_t start_bytes = MIN(effect->read.offset_bytes, SITE_FILE_BYTES);
    uint64_t size_bytes =
        MIN(effect->read.size_bytes, SITE_FILE_BYTES - start_bytes);
    event->read.is_found = true;
    event->read.file_bytes = SITE_FILE_BYTES;
    event->read.extent = (Extent){.offset_bytes = start_bytes,
                                  .size_bytes = size_bytes,
                                  .version = SITE_VERSION};
    if (size_bytes == 0)
        return;
    event->read.extent.chunk = chunk_new((uint32_t)size_bytes);
    memcpy(event->read.extent.chunk->bytes, node->site->content + start_bytes,
           size_bytes);
}

static void
store(void *context, uint32_t tag, const Record *record)
{
    SiteNode *node = context;
    g_assert_cmpuint(record->key_bytes, >, 0);
    host_stored(&node->host, tag, true);
}

static void
log_event(void *context, const Event *event)
{
    const SiteNode *node = context;
    uint32_t id = (uint32_t)(node - node->site->nodes);
    turn_log_event(node->site->turns, id, event);
}

static void
log_turn(void *context, const Turn *turn)
{
    const SiteNode *node = context;
    turn_log_turn(node->site->turns, turn);
}

static void
log_node(Site *site, SiteRole role, HostConfig *config)
{
    LoggedNode node =
        logged_node(config->role, config->role_config, config->seed);
    node.id = role;
    node.number = config->place.self;
    turn_log_node(site->turns, &node);
    config->sink.log = (HostLog){config->sink.context, log_event, log_turn};
}

void
site_init(Site *site)
{
    memset(site, 0, sizeof *site);
    signal(SIGPIPE, SIG_IGN); /* as any process that splices has to */
    site->fd_count = loopback_fd_count();
    g_autoptr(GError) error = NULL;
    g_assert_true(loop_init(&site->loop, &error));
    site->content = g_malloc(SITE_FILE_BYTES);
    site->delivered = g_malloc0(SITE_FILE_BYTES);
    loopback_fill(site->content, SITE_FILE_BYTES, 3);
    client_config_init(&site->client);
    edge_config_init(&site->edge);
    manager_config_init(&site->manager);
    keyring_config_init(&site->key_service);
    origin_config_init(&site->data_centre, true);
    origin_config_init(&site->cdn, false);
    site->services[0] = IDS[SITE_DATA_CENTRE];
    site->key_service.services = site->services;
    site->key_service.service_count = 1;
    site->client.never_asks = true;
    site->send_timeout_ns = 20 * NS_PER_S;
    site->host = (HostConfig){
        .stream_count_max = 100,
        .stream_count_max_per_peer = 100,
        .pipe_count_max = 16,
        .memory_bytes_max = 64u << 20,
        .head_timeout_ns = 10 * NS_PER_S,
        .session_idle_ns = 60 * NS_PER_S,
        .send_timeout_ns = 5 * NS_PER_S,
        .limits = {.connect_timeout_ns = 5 * NS_PER_S,
                   .send_timeout_ns = 5 * NS_PER_S,
                   .linger_timeout_ns = 200 * NS_PER_MS},
    };
}

static const void *
config_of(const Site *site, SiteRole role)
{
    const void *const configs[SITE_COUNT] = {
        &site->manager, &site->key_service, &site->data_centre,
        &site->cdn,     &site->edge,        &site->client,
    };
    return configs[role];
}

static void
accept_stream(void *context, int fd, const Address *peer)
{
    SiteNode *node = context;
    host_accept(&node->host, fd, peer, node->tls);
}

static void
listen_at(SiteNode *node)
{
    ListenerConfig config = {.is_multipath = node->site->is_multipath,
                             .send_timeout_ns = node->site->send_timeout_ns};
    g_autofree char *why = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(address_parse_host("127.0.0.1", &config.address, &why));
    g_assert_true(listener_init(&node->listener, &config, &error));
    g_assert_true(listener_start(&node->listener, &node->site->loop,
                                 accept_stream, node));
    node->address = listener_address(&node->listener);
}

void
site_open(Site *site, SiteRole role)
{
    SiteNode *node = &site->nodes[role];
    *node = (SiteNode){.site = site, .is_open = true, .tls = node->tls};
    HostConfig config = site->host;
    config.role = ROLES[role];
    config.role_config = config_of(site, role);
    config.seed[0] = (uint8_t)(1 + role);
    config.place = (Place){
        .self = IDS[role],
        .manager = IDS[SITE_MANAGER],
        .key_service = IDS[SITE_KEY_SERVICE],
        .source = IDS[role == SITE_EDGE ? SITE_DATA_CENTRE : SITE_CDN],
    };
    config.sink = (HostSink){.context = node,
                             .note = note,
                             .watch = watch,
                             .passed = passed,
                             .refused = refused,
                             .admits = admits,
                             .deliver = deliver,
                             .read = read_content,
                             .store = store};
    if (site->turns)
        log_node(site, role, &config);
    monitor_init(&node->monitor, &node->host, &node->listener);
    host_init(&node->host, &site->loop, &config);
    if (role != SITE_CLIENT)
        listen_at(node);
    for (SiteRole other = 0; other < SITE_CLIENT; other++) {
        if (site->nodes[other].is_open)
            peers_introduce(&node->host.peers, IDS[other],
                            &site->nodes[other].address);
        if (site->calls[other])
            peers_secure(&node->host.peers, IDS[other], site->calls[other]);
    }
    if (role == SITE_KEY_SERVICE && site->identity)
        peers_vouch_identity(&node->host.peers, IDS[SITE_DATA_CENTRE],
                             site->identity);
    else if (role == SITE_KEY_SERVICE)
        peers_vouch(&node->host.peers, IDS[SITE_DATA_CENTRE], &node->address);
    host_start(&node->host);
}

void
site_redirect(Site *site, const Address *data_centre)
{
    peers_introduce(&site->nodes[SITE_EDGE].host.peers, IDS[SITE_DATA_CENTRE],
                    data_centre);
}

void
site_close(Site *site, SiteRole role)
{
    SiteNode *node = &site->nodes[role];
    if (!node->is_open)
        return;
    node->is_open = false;
    if (role != SITE_CLIENT)
        listener_clear(&node->listener);
    host_clear(&node->host);
    monitor_close(&node->monitor, &node->site->loop);
}

void
site_clear(Site *site)
{
    for (SiteRole role = 0; role < SITE_COUNT; role++)
        site_close(site, role);
    loop_clear(&site->loop);
    g_free(site->content);
    g_free(site->delivered);
    g_assert_cmpuint(loopback_fd_count(), ==, site->fd_count);
}

void
site_add_key(Site *site)
{
    Command command = {
        .kind = COMMAND_ADD_FILE,
        .file = site_file(),
        .file_bytes = SITE_FILE_BYTES,
        .version = SITE_VERSION,
    };
    host_command(&site->nodes[SITE_KEY_SERVICE].host, &command);
}

void
site_run(Site *site, int64_t for_ns)
{
    int64_t end_ns = loop_read_clock(&site->loop) + for_ns;
    while (loop_now_ns(&site->loop) < end_ns)
        loopback_step(&site->loop);
}

void
site_wait_for_note(Site *site, SiteRole role, NoteKind kind, uint32_t count)
{
    int64_t end_ns = loop_read_clock(&site->loop) + CALLER_PATIENCE_NS;
    while (site->nodes[role].notes[kind] < count) {
        loopback_step(&site->loop);
        g_assert_cmpint(loop_now_ns(&site->loop), <, end_ns);
    }
}

char *
site_request(uint64_t offset_bytes, uint64_t size_bytes)
{
    FileId file = site_file();
    char path[WIRE_FILE_PATH_BYTES_MAX];
    uint32_t path_bytes = wire_write_file_path(&file, SITE_VERSION, path);
    g_autofree char *range =
        size_bytes == 0
            ? g_strdup("")
            : g_strdup_printf("Range: bytes=%" PRIu64 "-%" PRIu64 "\r\n",
                              offset_bytes, offset_bytes + size_bytes - 1);
    return g_strdup_printf("GET %.*s HTTP/1.1\r\nHost: test\r\n%s\r\n",
                           (int)path_bytes, path, range);
}

static bool
has_head(const GByteArray *heard, uint32_t *ret_head_bytes)
{
    return http_scan(heard->data, heard->len, 0, ret_head_bytes) ==
           HTTP_SCAN_END;
}

GByteArray *
site_take_response(Site *site, Caller *caller, uint32_t status)
{
    uint32_t head_bytes = 0;
    HttpHead head;
    while (!has_head(caller->heard, &head_bytes))
        caller_wait(caller, &site->loop, caller->heard->len + 1);
    uint16_t refusal =
        http_parse_response(caller->heard->data, head_bytes, &head);
    g_assert_cmpuint(refusal, ==, 0);
    g_assert_cmpuint(head.status, ==, status);
    caller_wait(caller, &site->loop, head_bytes + head.body_bytes);
    GByteArray *body = g_byte_array_new();
    g_byte_array_append(body, caller->heard->data + head_bytes,
                        (guint)head.body_bytes);
    g_byte_array_remove_range(caller->heard, 0,
                              head_bytes + (guint)head.body_bytes);
    return body;
}
