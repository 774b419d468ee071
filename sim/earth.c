/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/earth.c: the haversine formula (Sinnott 1984), exact for short ways.
 */
#include "sim/earth.h"

#include <math.h>

#define EARTH_RADIUS_KM 6371.0
#define FIBRE_KM_PER_MS 200.0
#define RADIANS_PER_DEGREE (3.14159265358979323846 / 180)

int64_t
earth_delay_ns(const double from_degrees[2], const double to_degrees[2],
               double inflation)
{
    double latitude_a = from_degrees[0] * RADIANS_PER_DEGREE;
    double latitude_b = to_degrees[0] * RADIANS_PER_DEGREE;
    double north = sin((latitude_b - latitude_a) / 2);
    double east =
        sin((to_degrees[1] - from_degrees[1]) * RADIANS_PER_DEGREE / 2);
    double haversine =
        north * north + cos(latitude_a) * cos(latitude_b) * east * east;
    double km = 2 * EARTH_RADIUS_KM * asin(fmin(1, sqrt(haversine)));
    return (int64_t)round(km * inflation / FIBRE_KM_PER_MS * 1e6);
}
