/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/earth.h: how long light takes from place to place.
 */
#pragma once

#include <stdint.h>

/* One way, in fibre (200 km in a ms) along the great circle times inflation,
 * the length of real routes over it. Places: latitude, longitude, degrees. */
int64_t earth_delay_ns(const double from_degrees[2], const double to_degrees[2],
                       double inflation);
