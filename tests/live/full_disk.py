#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/live/full_disk.py: a disk fills up, and has room again.

usage: full_disk.py BYWAY

The disk is a small tmpfs in a mount namespace of our own, which takes root
to make; who is not skips. Output is TAP.
"""
import os
import shutil
import sqlite3
import subprocess
import sys

sys.dont_write_bytecode = True
from town import (BYWAY, CURL, FILE, LIMIT, PATH, Town, curl,  # noqa: E402
                  open_byway, tell)

FILE_COUNT = 500  # of a few bytes each: their keys want room


class Disk:
    """A tmpfs over a directory of the town."""

    def __init__(self, town, name, size):
        self.path = town.path(name)
        os.makedirs(self.path, exist_ok=True)
        subprocess.run(['mount', '-t', 'tmpfs', '-o',
                        f'size={size},mode=0700', 'tmpfs', self.path],
                       check=True)

    def fill(self):
        ballast = os.open(os.path.join(self.path, 'ballast'),
                          os.O_CREAT | os.O_WRONLY)
        try:
            while True:
                os.write(ballast, b'x' * 4096)
        except OSError:
            os.close(ballast)

    def free(self):
        os.remove(os.path.join(self.path, 'ballast'))


def run(town, *words):
    """Exit code and messages of a byway that ends by itself."""
    done = subprocess.run([BYWAY, *words], cwd=town.directory, check=False,
                          timeout=LIMIT, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE)
    return done.returncode, done.stderr.decode()


def end_code(town, process):
    """Its exit code, once it has ended by itself."""
    town.wait_for(lambda: process.poll() is not None, 'an end')
    return process.returncode


def count_edges(town):
    """In the manager's file; None before it has made one."""
    name = f'file:{town.path("office/manager.db")}?mode=ro'
    try:
        with sqlite3.connect(name, uri=True) as file:
            return file.execute('SELECT count(*) FROM record').fetchone()[0]
    except sqlite3.OperationalError:
        return None


def keys_that_were_acknowledged_outlive_a_full_disk(town):
    before = curl(town, 'data-centre')
    assert before[1:] == (['200'], 0)
    town.end('key-service')
    disk = Disk(town, 'disk', '1m')
    shutil.move(town.path('state'), town.path('disk/state'))
    os.symlink('disk/state', town.path('state'))
    os.rename(town.path('catalogue.csv'), town.path('few.csv'))
    shutil.copy(town.path('few.csv'), town.path('catalogue.csv'))
    town.restart('key-service')
    for number in range(FILE_COUNT):
        with open(town.path(f'files/f/{number:064x}'), 'w', encoding='ascii') as file:
            file.write(str(number))
    assert run(town, 'publish', '--config', 'publish.yaml')[0] == 0
    disk.fill()
    # It stops before it grants a key that it could not keep.
    service = town.processes.pop('key-service')
    service.send_signal(1)
    assert end_code(town, service) == 1
    # The old keys are all there, though there is no room for new ones.
    shutil.move(town.path('catalogue.csv'), town.path('many.csv'))
    shutil.copy(town.path('few.csv'), town.path('catalogue.csv'))
    town.restart('key-service')
    town.restart('data-centre')
    assert curl(town, 'data-centre') == before
    # With room there is a key for every file.
    town.end('key-service')
    disk.free()
    subprocess.run(['mount', '-o', 'remount,size=64m', disk.path], check=True)
    shutil.move(town.path('many.csv'), town.path('catalogue.csv'))
    town.restart('key-service')
    town.restart('data-centre')
    assert curl(town, 'data-centre') == before
    last = f'/f/{FILE_COUNT - 1:064x}?v=1'
    town.wait_for(lambda: curl(town, 'data-centre', path=last)[1] == ['200'],
                  'the last file')
    for number in range(FILE_COUNT):
        os.remove(town.path(f'files/f/{number:064x}'))


def what_cannot_be_published_leaves_the_catalogue_whole(town):
    disk = Disk(town, 'shelf', '256k')
    text = open(town.path('publish.yaml'), encoding='ascii').read()
    town.write('shelf.yaml', text.replace('catalogue.csv',
                                          'shelf/catalogue.csv'))
    assert run(town, 'publish', '--config', 'shelf.yaml')[0] == 0
    with open(town.path('shelf/catalogue.csv'), 'rb') as file:
        before = file.read()
    disk.fill()
    with open(town.path('files/new'), 'w', encoding='ascii') as file:
        file.write('new')
    code, said = run(town, 'publish', '--config', 'shelf.yaml')
    assert code == 1 and 'No space left on device' in said, (code, said)
    with open(town.path('shelf/catalogue.csv'), 'rb') as file:
        assert file.read() == before
    assert sorted(os.listdir(disk.path)) == ['ballast', 'catalogue.csv']
    disk.free()
    assert run(town, 'publish', '--config', 'shelf.yaml')[0] == 0
    with open(town.path('shelf/catalogue.csv'), 'rb') as file:
        assert len(file.read()) > len(before)


def a_fetch_goes_on_when_there_is_room(town):
    disk = Disk(town, 'home', '2m')
    url = f'http://127.0.0.1:{town.port("cdn")}{PATH}'
    words = ('fetch', url, '-q', '-o', 'home/file')
    code, said = run(town, *words)
    assert code == 1 and 'No space left on device' in said, (code, said)
    assert not os.path.exists(town.path('home/file'))
    subprocess.run(['mount', '-o', 'remount,size=8m', disk.path], check=True)
    code, said = run(town, *words)
    assert code == 0, said
    with open(town.path('home/file'), 'rb') as file:
        assert file.read() == FILE


def a_manager_that_cannot_keep_its_edges_stops_and_comes_again(town):
    disk = Disk(town, 'office', '1m')
    town.manager('office/manager.db')
    town.wait_for(lambda: count_edges(town) == 0, 'a file')
    disk.fill()
    manager = town.processes.pop('manager')
    town.edge('scout', 21, 'data-centre')
    assert end_code(town, manager) == 1
    disk.free()
    town.restart('manager')
    town.wait_for(lambda: count_edges(town) == 1, 'an edge that is kept')
    town.end('scout')
    # It knows the edge again, and stays.
    town.restart('manager')
    town.wait_for(lambda: count_edges(town) == 1, 'the same edge')


STORIES = tuple((story, (CURL and shutil.which('mount'), 'curl or mount'))
                for story in (
    what_cannot_be_published_leaves_the_catalogue_whole,
    a_fetch_goes_on_when_there_is_room,
    keys_that_were_acknowledged_outlive_a_full_disk,
    a_manager_that_cannot_keep_its_edges_stops_and_comes_again,
))


def enter_namespace():
    """Again, with mounts of our own; false where that is not allowed."""
    if os.environ.get('BYWAY_OWN_MOUNTS'):
        return True
    words = ['unshare', '--mount', '--propagation', 'private']
    if os.geteuid() != 0 or not shutil.which('unshare') or \
            subprocess.run([*words, 'true'], check=False,
                           stderr=subprocess.DEVNULL).returncode != 0:
        return False
    os.environ['BYWAY_OWN_MOUNTS'] = '1'
    os.execvp('unshare', [*words, sys.executable, *sys.argv])


def main():
    if not enter_namespace():
        print('1..0 # SKIP no mount namespace of our own')
        return 0
    town = Town()
    try:
        open_byway(town)
        return tell(town, STORIES)
    finally:
        for name in town.processes:
            town.processes[name].kill()
        for name in ('disk', 'shelf', 'home', 'office'):
            subprocess.run(['umount', '-l', town.path(name)], check=False,
                           stderr=subprocess.DEVNULL)
        town.close()


sys.exit(main())
