/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/fetch_url.c: what a URL says of a file: where it is, and its names.
 */
#include "live/fetch_url.h"
#include "live/address.h"
#include "live/folder.h"

#include "core/http.h"

#include <netdb.h>
#include <string.h>

#define HTTP_PORT 80
#define HTTPS_PORT 443

/* What GLib cuts a URL into. */
typedef struct Parts {
    char *scheme;
    char *user;
    char *host;
    char *path;
    char *query;
    int port; /* -1: none */
} Parts;

static void
parts_clear(Parts *parts)
{
    g_free(parts->scheme);
    g_free(parts->user);
    g_free(parts->host);
    g_free(parts->path);
    g_free(parts->query);
}

static bool
is_https(const Parts *parts)
{
    return g_ascii_strcasecmp(parts->scheme, "https") == 0;
}

static uint16_t
usual_port(const Parts *parts)
{
    return is_https(parts) ? HTTPS_PORT : HTTP_PORT;
}

static const char *
why_not(const Parts *parts)
{
    if (g_ascii_strcasecmp(parts->scheme, "http") != 0 && !is_https(parts))
        return "a URL begins with http:// or https://";
    if (parts->user)
        return "a name or password in it would be told to nobody";
    if (!parts->host || !*parts->host)
        return "it names no host";
    for (const char *at = parts->host; *at; at++)
        if (!g_ascii_isalnum(*at) && !strchr("-._:", *at))
            return "its host is neither a name nor an address";
    if (parts->port == 0 || parts->port > UINT16_MAX)
        return "its port is none";
    return NULL;
}

/* Visible characters alone: what could end a line gets neither into a head
 * nor into the journal. */
static bool
is_visible(const char *text)
{
    for (; *text; text++)
        if (!g_ascii_isgraph(*text))
            return false;
    return true;
}

static bool
fill_name(const Parts *parts, WebName *name, uint16_t port)
{
    bool is_ipv6 = strchr(parts->host, ':') != NULL;
    g_autofree char *host =
        g_strdup_printf(is_ipv6 ? "[%s]" : "%s", parts->host);
    g_autofree char *field = port == usual_port(parts)
                                 ? g_strdup(host)
                                 : g_strdup_printf("%s:%u", host, port);
    g_autofree char *path =
        g_strconcat(*parts->path ? parts->path : "/", parts->query ? "?" : "",
                    parts->query ? parts->query : "", NULL);
    return g_strlcpy(name->host, field, sizeof name->host) <
               sizeof name->host &&
           g_strlcpy(name->path, path, sizeof name->path) < sizeof name->path;
}

static void
fill_ids(const Parts *parts, FetchUrl *url)
{
    HttpHead head = {.target = url->name.path,
                     .target_bytes = (uint32_t)strlen(url->name.path)};
    if (!http_parse_query(&head, "v", &url->version))
        url->version = 0;
    if (*parts->path)
        url->path = g_uri_unescape_string(parts->path + 1, "/");
    url->is_file = url->path && folder_parse_id(url->path, &url->file);
}

static bool
fill(const char *text, const Parts *parts, FetchUrl *url, GError **error)
{
    const char *why = why_not(parts);
    url->port = parts->port < 0 ? usual_port(parts) : (uint16_t)parts->port;
    url->is_secure = is_https(parts);
    if (!why && !fill_name(parts, &url->name, url->port))
        why = "it is too long";
    if (why) {
        g_set_error(error, G_URI_ERROR, G_URI_ERROR_FAILED, "%s: %s", text,
                    why);
        return false;
    }
    url->host = g_strdup(parts->host);
    url->text = g_strndup(text, strcspn(text, "#"));
    fill_ids(parts, url);
    return true;
}

bool
fetch_url_parse(const char *text, FetchUrl *ret_url, GError **error)
{
    Parts parts = {0};
    memset(ret_url, 0, sizeof *ret_url);
    bool is_split = is_visible(text) &&
                    g_uri_split(text, G_URI_FLAGS_ENCODED, &parts.scheme,
                                &parts.user, &parts.host, &parts.port,
                                &parts.path, &parts.query, NULL, NULL) &&
                    parts.scheme;
    if (!is_split)
        g_set_error(error, G_URI_ERROR, G_URI_ERROR_FAILED,
                    "%s: no URL; http://HOST/PATH is one", text);
    bool is_good = is_split && fill(text, &parts, ret_url, error);
    parts_clear(&parts);
    return is_good;
}

void
fetch_url_clear(FetchUrl *url)
{
    g_free(url->text);
    g_free(url->host);
    g_free(url->path);
    memset(url, 0, sizeof *url);
}

char *
fetch_url_file_name(const FetchUrl *url)
{
    const char *path = url->path ? url->path : "";
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (!*name || *name == '.' || !g_utf8_validate(name, -1, NULL))
        return NULL;
    for (const char *at = name; *at; at++)
        if (g_ascii_iscntrl(*at))
            return NULL;
    return g_strdup(name);
}

uint32_t
fetch_url_look_up(const FetchUrl *url,
                  Address ret_addresses[static FETCH_ADDRESS_MAX],
                  GError **error)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    uint32_t count = 0;
    int result = getaddrinfo(url->host, NULL, &hints, &found);
    for (struct addrinfo *at = found; at && count < FETCH_ADDRESS_MAX;
         at = at->ai_next) {
        struct sockaddr_storage socket = {0};
        memcpy(&socket, at->ai_addr, at->ai_addrlen);
        if (!address_from_socket(&socket, &ret_addresses[count]))
            continue;
        ret_addresses[count++].port = url->port;
    }
    if (found)
        freeaddrinfo(found);
    if (count == 0)
        g_set_error(error, G_URI_ERROR, G_URI_ERROR_FAILED,
                    "where %s is cannot be found out: %s", url->host,
                    result ? gai_strerror(result) : "it has no IP address");
    return count;
}
