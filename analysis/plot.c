/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/plot.c: one picture by gnuplot.
 */
#include "analysis/plot.h"

#include <glib/gstdio.h>
#include <math.h>

#define WIDTH_PIXELS 720
#define HEIGHT_PIXELS 440

/* Of falling darkness, so that they stay apart in grey. */
static const char *const colors[] = {"#08306b", "#d95f02", "#41ab9b",
                                     "#88419d", "#7fb2d9", "#999999"};

Plot *
plot_new(const char *name, const char *title, const char *caption)
{
    Plot *plot = g_new0(Plot, 1);
    plot->name = g_strdup(name);
    plot->caption = g_strdup(caption);
    plot->height = HEIGHT_PIXELS;
    plot->data = g_string_new(NULL);
    plot->script = g_string_new(NULL);
    g_string_append_printf(plot->script, "    set title \"%s\"\n", title);
    return plot;
}

void
plot_free(Plot *plot)
{
    g_free(plot->name);
    g_free(plot->caption);
    g_string_free(plot->data, TRUE);
    g_string_free(plot->script, TRUE);
    g_free(plot);
}

void
plot_add_text(Plot *plot, const char *text, char end)
{
    g_autofree char *plain = g_strdup(text);
    g_strdelimit(plain, "\"\\\t\n", ' ');
    g_string_append_printf(plot->data, "\"%s\"%c", plain, end);
}

void
plot_add_number(Plot *plot, double number, char end)
{
    /* gnuplot's own word for a hole in a curve. */
    if (isfinite(number))
        g_string_append_printf(plot->data, "%.10g%c", number, end);
    else
        g_string_append_printf(plot->data, "NaN%c", end);
}

const char *
plot_color(size_t index)
{
    return colors[index % G_N_ELEMENTS(colors)];
}

const char *
plot_dash(size_t index)
{
    static const char *const dashes[] = {"1", "(7,2)", "(2,2)", "(10,2,2,2)",
                                         "(4,3)"};
    return dashes[index % G_N_ELEMENTS(dashes)];
}

int
plot_point(size_t index)
{
    static const int points[] = {7, 4, 8, 12, 2, 1};
    return points[index % G_N_ELEMENTS(points)];
}

static char *
new_whole_script(const Plot *plot)
{
    return g_strdup_printf(
        "# gnuplot %s.gp draws %s.svg and %s.png from %s.dat\n"
        "set encoding utf8\n"
        "set datafile separator \"\\t\"\n"
        "data = \"%s.dat\"\n"
        "do for [kind in \"svg png\"] {\n"
        "    reset\n"
        "    if (kind eq \"svg\") {\n"
        "        set terminal svg size %d,%d noenhanced font "
        "\"DejaVu Sans,13\" background rgb \"white\"\n"
        "    } else {\n"
        "        set terminal pngcairo size %d,%d noenhanced font "
        "\"DejaVu Sans,13\" fontscale 2 linewidth 2 pointscale 2\n"
        "    }\n"
        "    set output \"%s.\".kind\n"
        "    set border 3 linecolor rgb \"#444444\"\n"
        "    set tics nomirror out textcolor rgb \"#222222\"\n"
        "    set grid ytics linecolor rgb \"#dddddd\" linewidth 0.8 dashtype "
        "1\n"
        "%s"
        "    unset output\n"
        "}\n",
        plot->name, plot->name, plot->name, plot->name, plot->name,
        WIDTH_PIXELS, plot->height, 2 * WIDTH_PIXELS, 2 * plot->height,
        plot->name, plot->script->str);
}

static bool
run_gnuplot(const char *folder, const char *script_name, bool *ret_has_gnuplot,
            GError **error)
{
    char *arguments[] = {(char *)"gnuplot", (char *)script_name, NULL};
    g_autofree char *complaint = NULL;
    g_autoptr(GError) fault = NULL;
    int status = 0;
    *ret_has_gnuplot = true;
    if (!g_spawn_sync(folder, arguments, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
                      NULL, NULL, &complaint, &status, &fault)) {
        *ret_has_gnuplot = false;
        if (g_error_matches(fault, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT))
            return true;
        g_propagate_error(error, g_steal_pointer(&fault));
        return false;
    }
    if (g_spawn_check_wait_status(status, NULL))
        return true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                "gnuplot could not draw %s/%s: %s", folder, script_name,
                g_strstrip(complaint));
    return false;
}

/* A picture of earlier figures must not stand beside new ones. */
static void
remove_picture(const Plot *plot, const char *folder, const char *ending)
{
    g_autofree char *name = g_strconcat(plot->name, ending, NULL);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_remove(path);
}

bool
plot_draw(const Plot *plot, const char *directory, bool *ret_has_gnuplot,
          GError **error)
{
    g_autofree char *folder = g_build_filename(directory, "plots", NULL);
    g_autofree char *data_name = g_strconcat(plot->name, ".dat", NULL);
    g_autofree char *script_name = g_strconcat(plot->name, ".gp", NULL);
    g_autofree char *data_path = g_build_filename(folder, data_name, NULL);
    g_autofree char *script_path = g_build_filename(folder, script_name, NULL);
    g_autofree char *script = new_whole_script(plot);
    remove_picture(plot, folder, ".svg");
    remove_picture(plot, folder, ".png");
    if (g_mkdir_with_parents(folder, 0777) != 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "cannot make the folder %s", folder);
        return false;
    }
    return g_file_set_contents(data_path, plot->data->str, -1, error) &&
           g_file_set_contents(script_path, script, -1, error) &&
           run_gnuplot(folder, script_name, ret_has_gnuplot, error);
}
