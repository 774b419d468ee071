#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/live/set_clock.py: somebody sets the clock, by days.

usage: set_clock.py BYWAY CALENDAR

CALENDAR is a library that shifts the time of day of who has it preloaded.
Output is TAP.
"""
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from town import BYWAY, CURL, LIMIT, Town, curl, open_byway, tell  # noqa: E402

DAY = 86400


def set_clock(town, days):
    town.write('shift.new', f'{days * DAY}\n')
    os.replace(town.path('shift.new'), town.path('shift'))


def restart(town, *names):
    for name in names:
        role = 'edge' if name == 'scout' else name
        if name in town.processes:
            town.end(name)
        town.start(name, [BYWAY, 'live', role, '--config', f'{name}.yaml'])


def wait_for_lines(town, text, count):
    """Until a role has said so on its standard error."""
    end = time.monotonic() + LIMIT
    seen = 0
    while seen < count and time.monotonic() < end:
        time.sleep(0.1)
        with open(town.path('said'), encoding='utf-8') as file:
            seen = file.read().count(text)
    assert seen == count, (text, seen)


def used_seconds(process):
    with open(f'/proc/{process.pid}/stat', encoding='ascii') as file:
        fields = file.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def whoever_runs_goes_on_and_says_so(town):
    before = curl(town, 'edge')
    assert before[1:] == (['200'], 0)
    count = len(town.processes)
    for days, step in ((1, '+86400 s'), (-1, '-172800 s'), (0, '+86400 s')):
        set_clock(town, days)
        assert curl(town, 'edge') == before
        said = 2 * count if days == 0 else count
        wait_for_lines(town, f'the clock was set, by {step}', said)
        start = [used_seconds(town.processes[name])
                 for name in town.processes]
        time.sleep(1)
        for name, used in zip(town.processes, start):
            assert used_seconds(town.processes[name]) - used < 0.3, name
        # Keys are granted as before.
        town.end('data-centre')
        restart(town, 'data-centre')
        count_again = curl(town, 'edge')
        assert count_again == before
    wait_for_lines(town, 'Assertion', 0)


def whoever_starts_again_at_another_time_has_lost_nothing(town):
    before = curl(town, 'edge')
    for days in (1, -1, 0):
        set_clock(town, days)
        restart(town, 'manager', 'key-service', 'data-centre', 'scout')
        assert curl(town, 'edge') == before
        time.sleep(2)  # reports
        for name, process in town.processes.items():
            assert process.poll() is None, name


def a_key_ends_by_the_calendar_of_its_service(town):
    set_clock(town, 31)
    restart(town, 'data-centre')
    # The service still grants what a later data centre calls too old.
    assert curl(town, 'edge', '-o', '/dev/null')[1][-1:] == ['503']
    restart(town, 'key-service', 'data-centre')
    assert curl(town, 'edge', '-o', '/dev/null')[1][-1:] == ['410']


STORIES = tuple((story, (CURL, 'curl')) for story in (
    whoever_runs_goes_on_and_says_so,
    whoever_starts_again_at_another_time_has_lost_nothing,
    a_key_ends_by_the_calendar_of_its_service,
))


def main():
    town = Town()
    os.environ['CALENDAR_SHIFT'] = town.path('shift')
    os.environ['LD_PRELOAD'] = os.path.abspath(sys.argv[2])
    try:
        set_clock(town, 0)
        town.errors = open(town.path('said'), 'wb')
        open_byway(town)
        town.role('manager', 'manager', '''id: 1
state: state/manager.db
manager: {isps: 1, regions: [{latitude: 0, longitude: 0}]}
''')
        town.write('scout.yaml', f'''byway: 1
role: edge
listen: 127.0.0.1:{town.port('scout')}
id: 21
region: 0
isp: 0
uplink: 1 Gbit/s
peers:
  manager: {{id: 1, address: 127.0.0.1:{town.port('manager')}}}
  data_centre: {{id: 3, address: 127.0.0.1:{town.port('data-centre')}}}
edge: {{register_spread: 1 ms, report_interval: 1 s, probe_size: 0}}
''')
        restart(town, 'scout')
        return tell(town, STORIES)
    finally:
        town.close()


sys.exit(main())
