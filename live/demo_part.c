/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/demo_part.c: the parts of the demo, and how each is configured.
 */
#include "live/demo.h"

#include <string.h>

typedef struct Part {
    const char *name;
    uint32_t id;
    const char *remark;
    const char *config; /* words that begin with @ are filled in */
} Part;

#define EDGE                                                                   \
    "byway: 1\n"                                                               \
    "role: edge\n"                                                             \
    "id: @ID\n"                                                                \
    "region: 0\n"                                                              \
    "isp: 0\n"                                                                 \
    "uplink: 100 Mbit/s\n"                                                     \
    "listen: @HERE\n"                                                          \
    "access_log: @NAME.jsonl\n"                                                \
    "peers:\n"                                                                 \
    "  manager: {id: 1, address: @MANAGER}\n"                                  \
    "  data_centre: {id: 3, address: @CENTRE}\n"                               \
    "edge: {register_spread: 0 s, report_interval: 10 s}\n"

static const Part PARTS[] = {
    [DEMO_MANAGER] = {"manager", 1, "knows the edges",
                      "byway: 1\n"
                      "role: manager\n"
                      "id: @ID\n"
                      "listen: @HERE\n"
                      "access_log: @NAME.jsonl\n"
                      "manager:\n"
                      "  isps: 1\n"
                      "  regions: [{latitude: 39.9, longitude: 116.4}]\n"
                      "  regroup_interval: 1 s\n"
                      "  offline_after: 30 s\n"},
    [DEMO_KEY_SERVICE] = {"key-service", 2, "knows the files' keys",
                          "byway: 1\n"
                          "role: key-service\n"
                          "id: @ID\n"
                          "listen: @HERE\n"
                          "access_log: @NAME.jsonl\n"
                          "state: state/keys.db\n"
                          "catalogue: catalogue.csv\n"
                          "master_keys: [{number: 1, file: master-1.key}]\n"
                          "key_service:\n"
                          "  services: [{id: 3, address: 127.0.0.1}]\n"},
    [DEMO_DATA_CENTRE] = {"data-centre", 3, "seals what edges pass on",
                          "byway: 1\n"
                          "role: data-centre\n"
                          "id: @ID\n"
                          "listen: @HERE\n"
                          "access_log: @NAME.jsonl\n"
                          "peers:\n"
                          "  key_service: {id: 2, address: @KEYS}\n"
                          "files:\n"
                          "  directory: files\n"
                          "  id_key_file: id.key\n"
                          "  catalogue: catalogue.csv\n"},
    [DEMO_CDN] = {"cdn", 4, "nginx, 1 MiB/s a connection",
                  "daemon off; master_process off; worker_processes 1;\n"
                  "pid cdn.pid; error_log cdn.log error;\n"
                  "events {}\n"
                  "http {\n"
                  "  access_log off; default_type application/octet-stream;\n"
                  "  client_body_temp_path cdn-body;\n"
                  "  proxy_temp_path cdn-proxy;\n"
                  "  fastcgi_temp_path cdn-fastcgi;\n"
                  "  scgi_temp_path cdn-scgi;\n"
                  "  uwsgi_temp_path cdn-uwsgi;\n"
                  "  server { listen @HERE; root files; limit_rate 1m; }\n"
                  "}\n"},
    [DEMO_EDGE_1] = {"edge-1", 11, "relays", EDGE},
    [DEMO_EDGE_2] = {"edge-2", 12, "relays", EDGE},
    [DEMO_EDGE_3] = {"edge-3", 13, "relays", EDGE},
    [DEMO_CLIENT] = {"client", 41, "fetches",
                     "byway: 1\n"
                     "role: client\n"
                     "id: @ID\n"
                     "region: 0\n"
                     "isp: 0\n"
                     "peers:\n"
                     "  manager: {id: 1, address: @MANAGER}\n"
                     "  key_service: {id: 2, address: @KEYS}\n"
                     "files: {id_key_file: id.key}\n"
                     "client:\n"
                     "  slow_threshold: 80 Mbit/s\n"
                     "  slow_window: 3 s\n"},
};

const char *
demo_name(DemoPart part)
{
    return PARTS[part].name;
}

uint32_t
demo_id(DemoPart part)
{
    return PARTS[part].id;
}

const char *
demo_remark(DemoPart part)
{
    return PARTS[part].remark;
}

Address
demo_address(const Demo *demo, DemoPart part)
{
    Address address;
    g_autofree char *why = NULL;
    bool is_parsed = address_parse_host("127.0.0.1", &address, &why);
    g_assert(is_parsed);
    address.port = (uint16_t)(demo->port + PARTS[part].id);
    return address;
}

static void
fill_in(GString *text, const char *word, const Demo *demo, DemoPart part)
{
    char written[ADDRESS_TEXT_BYTES];
    Address address = demo_address(demo, part);
    address_write(&address, written);
    g_string_replace(text, word, written, 0);
}

char *
demo_config(const Demo *demo, DemoPart part)
{
    GString *text = g_string_new(PARTS[part].config);
    g_autofree char *id = g_strdup_printf("%u", PARTS[part].id);
    fill_in(text, "@HERE", demo, part);
    fill_in(text, "@MANAGER", demo, DEMO_MANAGER);
    fill_in(text, "@KEYS", demo, DEMO_KEY_SERVICE);
    fill_in(text, "@CENTRE", demo, DEMO_DATA_CENTRE);
    g_string_replace(text, "@ID", id, 0);
    g_string_replace(text, "@NAME", PARTS[part].name, 0);
    return g_string_free(text, FALSE);
}
