# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/live/town.py: roles of byway as processes, called from outside."""
import hashlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BYWAY = os.path.abspath(sys.argv[1])
CURL = shutil.which('curl')
NGINX = shutil.which('nginx', path=os.environ['PATH'] + ':/usr/sbin')
ID = 'ab' * 32
PATH = f'/f/{ID}?v=1'
FILE = random.Random(1).randbytes((3 << 20) + 777)
LIMIT = 20  # seconds, on a busy machine


def free_port():
    with socket.socket() as found:
        found.bind(('127.0.0.1', 0))
        return found.getsockname()[1]


class Town:
    """Processes, each with a port, in a temporary directory."""

    def __init__(self):
        self.directory = tempfile.mkdtemp()
        self.processes = {}
        self.roles = {}
        self.errors = None  # where they say what is wrong; None: as we do
        self.ports = {}
        os.makedirs(self.path('files/f'))
        os.mkdir(self.path('state'), 0o700)
        with open(self.path(f'files/f/{ID}'), 'wb') as file:
            file.write(FILE)
        for name in ('id.key', 'master-1.key'):
            self.write(name, hashlib.sha256(name.encode()).hexdigest() + '\n')
            os.chmod(self.path(name), 0o600)

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='ascii') as file:
            file.write(text)

    def port(self, name):
        return self.ports.setdefault(name, free_port())

    def wait(self, name):
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            try:
                socket.create_connection(('127.0.0.1', self.port(name))).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.01)
        raise RuntimeError(f'{name} does not listen')

    def wait_for(self, is_so, what):
        """Until it is so, on a busy machine."""
        end = time.monotonic() + LIMIT
        while not is_so():
            assert time.monotonic() < end, f'in vain for {what}'
            time.sleep(0.02)

    def start(self, name, words):
        self.processes[name] = subprocess.Popen(words, cwd=self.directory,
                                                stderr=self.errors)
        self.wait(name)

    def role(self, name, role, text):
        here = f'127.0.0.1:{self.port(name)}'
        self.write(f'{name}.yaml', f'byway: 1\nrole: {role}\nlisten: {here}\n'
                   + text)
        self.roles[name] = role
        self.restart(name)

    def restart(self, *names):
        for name in names:
            if name in self.processes:
                self.end(name)
            self.start(name, [BYWAY, 'live', self.roles[name],
                              '--config', f'{name}.yaml'])

    def manager(self, state):
        self.role('manager', 'manager', f'''id: 1
state: {state}
manager: {{isps: 1, regions: [{{latitude: 0, longitude: 0}}]}}
''')

    def edge(self, name, number, source):
        """One that reports every second if there is a manager."""
        has_manager = 'manager' in self.roles
        manager = self.port('manager') if has_manager else 9
        spread = '1 ms' if has_manager else '1 d'
        self.role(name, 'edge', f'''id: {number}
region: 0
isp: 0
uplink: 1 Gbit/s
peers:
  manager: {{id: 1, address: 127.0.0.1:{manager}}}
  data_centre: {{id: 3, address: 127.0.0.1:{self.port(source)}}}
edge: {{register_spread: {spread}, report_interval: 1 s, probe_size: 0}}
''')

    def nginx(self, name, extra=''):
        temporary = ''.join(
            f'{kind}_temp_path {name}-{kind};\n' for kind in
            ('client_body', 'proxy', 'fastcgi', 'scgi', 'uwsgi'))
        self.write(f'{name}.conf', f'''daemon off; master_process off;
pid {name}.pid; error_log {name}.log crit; events {{}}
http {{ access_log off; {temporary} {extra}
server {{ listen 127.0.0.1:{self.port(name)}; root files; }} }}
''')
        self.start(name, [NGINX, '-p', './', '-e', f'{name}.log',
                          '-c', f'{name}.conf'])

    def end(self, name):
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        process.wait()

    def close(self):
        for process in self.processes.values():
            process.kill()
            process.wait()
        shutil.rmtree(self.directory)


def open_byway(town):
    files = 'files: {directory: files, id_key_file: id.key'
    town.role('cdn', 'cdn', f'id: 4\n{files}}}\n')
    town.port('data-centre')
    keys = town.port('key-service')
    centre = f'''id: 3
peers: {{key_service: {{id: 2, address: 127.0.0.1:{keys}}}}}
{files}, catalogue: catalogue.csv}}
'''
    town.write('publish.yaml', 'byway: 1\nrole: data-centre\n'
               'listen: 127.0.0.1:1\n' + centre)
    subprocess.run([BYWAY, 'publish', '--config', 'publish.yaml'], check=True,
                   cwd=town.directory, stdout=subprocess.DEVNULL)
    town.role('key-service', 'key-service', '''id: 2
state: state/keys.db
catalogue: catalogue.csv
master_keys: [{number: 1, file: master-1.key}]
key_service: {services: [{id: 3, address: 127.0.0.1}]}
''')
    town.role('data-centre', 'data-centre', centre)
    town.edge('edge', 12, 'data-centre')


def curl(town, name, *options, path=PATH):
    """The body that curl got, and the statuses it saw."""
    output = town.path('curled')
    done = subprocess.run(
        [CURL, '-s', '-m', str(LIMIT), '-o', output, '-w', '%{http_code} ',
         *options, f'http://127.0.0.1:{town.port(name)}{path}'],
        stdout=subprocess.PIPE, check=False)
    with open(output, 'rb') as file:
        body = file.read()
    os.remove(output)
    return body, done.stdout.decode().split(), done.returncode


def tell(town, stories):
    """Each story with what it needs, as TAP; true when one failed."""
    print(f'1..{len(stories)}')
    failed = 0
    for number, (story, (is_there, what)) in enumerate(stories, 1):
        if not is_there:
            print(f'ok {number} {story.__name__} # SKIP no {what}')
            continue
        try:
            story(town)
            print(f'ok {number} {story.__name__}')
        except Exception as error:  # whatever it was, go on
            failed += 1
            print(f'not ok {number} {story.__name__}')
            line = error.__traceback__.tb_next
            while line and line.tb_next:
                line = line.tb_next
            where = line.tb_lineno if line else 0
            print(f'# line {where}: {type(error).__name__} {error}'[:300])
    return failed > 0
