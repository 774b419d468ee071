/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/download_edge.c: which of the listed edges are used.
 *
 * All (up to edge_probe_count) are tried at once and those that connect
 * first are kept; the others that connected are spares. From then on the
 * slowest is exchanged for a spare, or for one not tried yet, while the
 * download is not fast enough: the set converges to the best by measure.
 */
#include "core/download.h"

#include <string.h>

static const EdgeHistory *
find_history(const Client *client, PeerId peer)
{
    uint32_t count = MIN(client->history_count, HISTORY_COUNT);
    for (uint32_t i = 0; i < count; i++)
        if (client->history[i].peer == peer)
            return &client->history[i];
    return NULL;
}

void
edges_remember(Client *client, PeerId peer, uint64_t rate_bps)
{
    EdgeHistory fresh = {.peer = peer, .rate_bps = rate_bps};
    EdgeHistory *known = (EdgeHistory *)find_history(client, peer);
    if (!client->history)
        client->history = g_new0(EdgeHistory, HISTORY_COUNT);
    if (!known)
        known = &client->history[client->history_count++ % HISTORY_COUNT];
    *known = fresh;
}

static bool
is_candidate(const Download *download, PeerId peer)
{
    for (uint32_t i = 0; i < download->candidate_count; i++)
        if (download->candidates[i].peer == peer)
            return true;
    return false;
}

/* By history, then place, then the manager's order. */
static uint32_t
rank_node(const Client *client, const ListedNode *node, uint32_t order)
{
    const EdgeHistory *history = find_history(client, node->edge);
    bool is_same_region = node->region == client->place.region;
    bool is_same_isp = node->isp == client->place.isp;
    uint32_t class = 1 + 2u * !is_same_isp + !is_same_region;
    if (history)
        class = history->rate_bps > 0 ? 0 : 5;
    return class * DOWNLOAD_CANDIDATE_MAX + order;
}

void
edges_take_list(Client *client, const NodeList *list, int64_t now_ns)
{
    Download *download = client->download;
    for (uint32_t i = 0; i < list->node_count; i++) {
        const ListedNode *node = &list->nodes[i];
        if (download->candidate_count == DOWNLOAD_CANDIDATE_MAX ||
            is_candidate(download, node->edge))
            continue;
        uint32_t order = download->candidate_count++;
        download->candidates[order] = (Candidate){
            .peer = node->edge,
            .address = node->address,
            .state = CANDIDATE_UNTRIED,
            .rank = rank_node(client, node, order),
        };
    }
    download->list_ns = now_ns;
}

uint32_t
edges_in_use(const Download *download)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < download->source_count; i++) {
        const Source *source = &download->sources[i];
        count += source->kind == SOURCE_EDGE && source_is_connected(source) &&
                 !source->is_retiring;
    }
    return count;
}

static uint32_t
count_connecting(const Download *download)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < download->source_count; i++)
        count += download->sources[i].kind == SOURCE_EDGE &&
                 download->sources[i].state == SOURCE_CONNECTING;
    return count;
}

static bool
is_better(const Candidate *candidate, const Candidate *best)
{
    if (!best)
        return true;
    if (candidate->state == CANDIDATE_SPARE)
        return candidate->connect_ns < best->connect_ns;
    return candidate->rank < best->rank;
}

/* The best candidate in a state, or NULL. */
static Candidate *
pick(Download *download, CandidateState state)
{
    Candidate *best = NULL;
    for (uint32_t i = 0; i < download->candidate_count; i++) {
        Candidate *candidate = &download->candidates[i];
        if (candidate->state == state && is_better(candidate, best))
            best = candidate;
    }
    return best;
}

static bool
has_more(const Download *download)
{
    for (uint32_t i = 0; i < download->candidate_count; i++)
        if (download->candidates[i].state == CANDIDATE_UNTRIED ||
            download->candidates[i].state == CANDIDATE_SPARE)
            return true;
    return false;
}

/* Connect to up to `count` candidates in a state. */
static void
try_more(Client *client, CandidateState state, uint32_t count, int64_t now_ns,
         Turn *turn)
{
    Download *download = client->download;
    for (; count > 0; count--) {
        Candidate *candidate = pick(download, state);
        if (!candidate)
            return;
        Source *source =
            download_add_source(download, SOURCE_EDGE, candidate->peer);
        if (!source)
            return;
        source->candidate = (uint32_t)(candidate - download->candidates);
        source_connect(client, source, now_ns, turn);
    }
}

static void
fill_up(Client *client, int64_t now_ns, Turn *turn)
{
    Download *download = client->download;
    uint32_t used_count = edges_in_use(download);
    if (used_count >= client->config->edge_connections ||
        count_connecting(download) > 0 || download_is_fast_enough(client))
        return;
    if (pick(download, CANDIDATE_SPARE))
        try_more(client, CANDIDATE_SPARE,
                 client->config->edge_connections - used_count, now_ns, turn);
    else
        try_more(client, CANDIDATE_UNTRIED, client->config->edge_probe_count,
                 now_ns, turn);
}

/* The slowest edge that has been used for long enough to tell. */
static Source *
find_slowest(Client *client, int64_t now_ns, uint64_t *ret_best_bps)
{
    Download *download = client->download;
    Source *slowest = NULL;
    uint64_t slowest_bps = UINT64_MAX;
    *ret_best_bps = 0;
    for (uint32_t i = 0; i < download->source_count; i++) {
        Source *source = &download->sources[i];
        if (source->kind != SOURCE_EDGE || !source_is_connected(source) ||
            source->is_retiring)
            continue;
        uint64_t rate_bps = source_rate_bps(source, now_ns);
        *ret_best_bps = MAX(*ret_best_bps, rate_bps);
        bool is_proven = now_ns - source->connected_ns >=
                         client->config->converge_interval_ns;
        if (is_proven && rate_bps < slowest_bps) {
            slowest_bps = rate_bps;
            slowest = source;
        }
    }
    return slowest;
}

static void
converge(Client *client, int64_t now_ns, Turn *turn)
{
    Download *download = client->download;
    const ClientConfig *config = client->config;
    if (edges_in_use(download) < config->edge_connections ||
        !has_more(download) || download_is_fast_enough(client))
        return;
    uint64_t best_bps;
    Source *slowest = find_slowest(client, now_ns, &best_bps);
    if (!slowest)
        return;
    bool is_poor = 2 * source_rate_bps(slowest, now_ns) < best_bps;
    bool is_stuck = download_is_slow(client) &&
                    now_ns - download->list_ns >= config->retry_after_ns;
    if (!is_poor && !is_stuck)
        return;
    slowest->is_retiring = true;
    if (!source_is_busy(slowest))
        source_release(client, slowest, now_ns, CANDIDATE_RETIRED, turn);
}

/* Ask for other edges when those listed are used up and it is still slow. */
static void
ask_again(Client *client, int64_t now_ns)
{
    Download *download = client->download;
    const ClientConfig *config = client->config;
    if (inquiry_is_pending(&download->nodes) || has_more(download) ||
        count_connecting(download) > 0 ||
        download->nodes.asked_count > config->retry_count)
        return;
    bool is_stuck = download_is_slow(client) &&
                    now_ns - download->list_ns >= config->retry_after_ns;
    if (edges_in_use(download) == 0 || is_stuck)
        download->nodes.retry_ns = now_ns;
}

/* Edges carry ciphertext: without a key they are no help. */
static void
release_all(Client *client, int64_t now_ns, Turn *turn)
{
    Download *download = client->download;
    for (uint32_t i = 0; i < download->source_count; i++) {
        Source *source = &download->sources[i];
        if (source->kind == SOURCE_EDGE)
            source_release(client, source, now_ns, CANDIDATE_SPARE, turn);
    }
}

void
edges_look_at_time(Client *client, int64_t now_ns, Turn *turn)
{
    Download *download = client->download;
    if (download->trigger_ns == TIME_NEVER || client->config->never_asks)
        return;
    if (!download->has_key && !inquiry_is_pending(&download->key)) {
        release_all(client, now_ns, turn);
        return;
    }
    if (download->converge_ns <= now_ns) {
        download->converge_ns = now_ns + client->config->converge_interval_ns;
        converge(client, now_ns, turn);
    }
    fill_up(client, now_ns, turn);
    ask_again(client, now_ns);
}

bool
edges_are_hopeful(const Client *client)
{
    const Download *download = client->download;
    if (client->config->never_asks)
        return false;
    if (download->trigger_ns == TIME_NEVER)
        return true; /* so slow that the trigger is near */
    if (!download->has_key && !inquiry_is_pending(&download->key))
        return false;
    return edges_in_use(download) > 0 || count_connecting(download) > 0 ||
           has_more(download) || inquiry_is_pending(&download->nodes);
}
