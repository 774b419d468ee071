/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/select_map.c: which regions and groups are near which, worked out once.
 */
#include "core/selection.h"
#include "core/sort_key.h"

#include <math.h>

#define EARTH_RADIUS_METRES 6371000.0
#define RADIANS_PER_DEGREE 0.017453292519943295

/* Great-circle distance by the haversine formula, in whole metres. */
static uint32_t
distance_metres(const Region *a, const Region *b)
{
    double lat_a = a->latitude_degrees * RADIANS_PER_DEGREE;
    double lat_b = b->latitude_degrees * RADIANS_PER_DEGREE;
    double d_lat = sin((lat_b - lat_a) / 2);
    double d_lon = sin((b->longitude_degrees - a->longitude_degrees) *
                       RADIANS_PER_DEGREE / 2);
    double h = d_lat * d_lat + cos(lat_a) * cos(lat_b) * d_lon * d_lon;
    return (uint32_t)(2 * EARTH_RADIUS_METRES * asin(sqrt(fmin(1.0, h))));
}

static void
sort_regions(Selection *selection)
{
    const SelectionConfig *config = &selection->config;
    uint32_t count = config->region_count;
    selection->near_regions = g_new(uint16_t, (size_t)count * count);
    g_autofree SortKey *keys = g_new(SortKey, count);
    for (uint32_t from = 0; from < count; from++) {
        for (uint32_t to = 0; to < count; to++) {
            keys[to].key =
                distance_metres(&config->regions[from], &config->regions[to]);
            keys[to].number = to;
        }
        sort_keys(keys, count);
        for (uint32_t n = 0; n < count; n++)
            selection->near_regions[(size_t)from * count + n] =
                (uint16_t)keys[n].number;
    }
}

/* 0: same region and ISP, 1: same ISP, 2: neighbour region, 3: other. */
static uint32_t
distance_class(const SelectionConfig *config, uint32_t from, uint32_t to,
               uint32_t metres)
{
    if (from == to)
        return 0;
    if (from % config->isp_count == to % config->isp_count)
        return 1;
    return metres <= config->neighbour_metres ? 2 : 3;
}

static void
sort_groups(Selection *selection)
{
    const SelectionConfig *config = &selection->config;
    uint32_t count = selection_group_count(selection);
    selection->class_groups = g_new(uint16_t, (size_t)count * count);
    selection->class_start =
        g_new0(uint16_t, (size_t)count * (SELECT_CLASS_COUNT + 1));
    g_autofree SortKey *keys = g_new(SortKey, count);
    for (uint32_t from = 0; from < count; from++) {
        uint16_t *start =
            &selection->class_start[(size_t)from * (SELECT_CLASS_COUNT + 1)];
        for (uint32_t to = 0; to < count; to++) {
            uint32_t metres =
                distance_metres(&config->regions[from / config->isp_count],
                                &config->regions[to / config->isp_count]);
            uint32_t class = distance_class(config, from, to, metres);
            keys[to].key = ((uint64_t) class << 32) | metres;
            keys[to].number = to;
            for (uint32_t c = class + 1; c <= SELECT_CLASS_COUNT; c++)
                start[c]++;
        }
        sort_keys(keys, count);
        for (uint32_t n = 0; n < count; n++)
            selection->class_groups[(size_t)from * count + n] =
                (uint16_t)keys[n].number;
    }
}

void
select_map_init(Selection *selection)
{
    sort_regions(selection);
    sort_groups(selection);
}
