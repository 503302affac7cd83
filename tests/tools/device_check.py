"""Checks every provider that ONNX Runtime has here and writes device-check.json and device-check.txt: see docs/gpu.md.

Every step is a process of its own with a time limit; one that fails is a line of the report, and the others go on.
"""
import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

PROMPT = 'a red circle moving left on a black background'
SEED = '7'
HOST = 'cpu'

# (network, shape, weights on disk): the published sizes, or ones that a processor is done with in a moment.
FULL = [('dit', '1.3b', 'BF16'), ('dit', '14b', 'F8'), ('vae', '1.3b', 'F32')]
SMALL = [('dit', 'shapes', 'F32'), ('vae', 'shapes', 'F32')]
LAYERS = {'1.3b': 30, '14b': 40, 'shapes': 8}


def options():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--out', required=True, type=Path, help='where reports, frames and the cache go')
    parser.add_argument('--program', default='wan', help='the program')
    parser.add_argument('--library', action='append', default=[], help='another ONNX Runtime; may be given several times')
    parser.add_argument('--provider', action='append', default=[], help='check only this one; may be given several times')
    parser.add_argument('--fixtures', help='a folder with fixtures, instead of those that ship')
    parser.add_argument('--small', action='store_true', help='small shapes, to try the check itself')
    parser.add_argument('--no-peer', action='store_true', help='leave PyTorch out')
    parser.add_argument('--limit', type=int, default=600, help='seconds that one step may take')
    return parser.parse_args()


class Check:

    def __init__(self, options):
        self.options = options
        self.out = options.out.resolve()
        self.runs = ['--runs', '1' if options.small else '2']
        self.size = ['--size', '64x64', '--frames', '5'] if options.small else ['--size', '832x480', '--frames', '81']
        self.log = (self.out / 'device-check.log').open('w')

    def wan(self, *arguments, library=None):
        """Runs the program: (its standard output, seconds, what went wrong or None)."""
        environment = dict(os.environ, WAN_CACHE=str(self.out / 'cache'))
        if library:
            environment['WAN_ONNXRUNTIME'] = str(library)
        return self.start([self.options.program, *arguments], environment)

    def start(self, command, environment=None):
        began = time.monotonic()
        print('+', *command, file=self.log, flush=True)
        try:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=self.options.limit)
        except subprocess.TimeoutExpired:
            return '', self.options.limit, f'not done after {self.options.limit} s'
        except OSError as error:
            return '', 0, str(error)
        print(done.stdout, done.stderr, f'= {done.returncode}', sep='\n', file=self.log, flush=True)
        problem = None if done.returncode == 0 else (done.stderr.strip().splitlines() or [f'exit code {done.returncode}'])[-1]
        return done.stdout, round(time.monotonic() - began, 2), problem

    def libraries(self):
        """The ONNX Runtimes to try: the program's own or the one in the environment, those that were installed, those that were named."""
        installed = sorted((self.out / 'cache' / 'providers').glob('*/*/libonnxruntime.so*'))
        return [None, *installed, *map(Path, self.options.library)]

    def providers(self):
        """Each provider once, from the first library that has it; what is not there, and why."""
        found, missing = {}, {}
        for library in self.libraries():
            output, _, problem = self.wan('providers', '--json', library=library)
            if problem:
                missing[str(library)] = problem
                continue
            listed = json.loads(output)
            for provider in listed['providers']:
                name = provider['name']
                if not provider['there']:
                    missing.setdefault(name, provider['why'])
                elif name not in found and (not self.options.provider or name in self.options.provider):
                    found[name] = {'name': name, 'why': provider['why'], 'onnxruntime': listed['onnxruntime'], 'library': library}
        return list(found.values()), [{'name': name, 'why': why} for name, why in missing.items() if name not in found]

    def check(self, provider):
        name, library = provider['name'], provider.pop('library')
        provider['selftest'] = self.selftest(name, library)
        provider['clip'] = self.clip(name, library)
        provider['bench'] = [row for subject in (SMALL if self.options.small else FULL) for row in self.bench(name, library, *subject)]
        provider['streamed'] = self.streamed(name, library, provider['bench'])
        provider['trials'] = [] if name == HOST else self.trials(name, library)
        return provider

    def trials(self, name, library):
        """What came of the provider's first use in each type, which is over by now."""
        output, _, problem = self.wan('providers', '--json', library=library)
        return [] if problem else next((one['trials'] for one in json.loads(output)['providers'] if one['name'] == name), [])

    def selftest(self, name, library):
        fixtures = ['--fixtures', self.options.fixtures] if self.options.fixtures else []
        output, seconds, problem = self.wan('selftest', '--provider', name, '--json', *fixtures, library=library)
        results = [json.loads(line) for line in output.splitlines()]
        count = {kind: sum(one['result'] == kind for one in results) for kind in ('pass', 'fail', 'skipped')}
        wrong = [one['fixture'] for one in results if one['result'] == 'fail']
        return {'passed': count['pass'], 'failed': count['fail'], 'skipped': count['skipped'], 'wrong': wrong, 'seconds': seconds,
                'problem': None if wrong else problem}

    def clip(self, name, library):
        """A clip of Shapes as PNG files, for people to look at."""
        folder = self.out / name / 'frames'
        folder.parent.mkdir(exist_ok=True)
        few = ['--frames', '5', '--steps', '2', '--size', '64x64'] if self.options.small else []
        _, seconds, problem = self.wan(
            'generate', PROMPT, '--seed', SEED, '--provider', name, '-o', f'{folder}/', *few, library=library)
        frames = sorted(folder.glob('*.png')) if folder.is_dir() else []
        return {'folder': str(folder.relative_to(self.out)), 'frames': len(frames), 'seconds': seconds, 'problem': problem}

    def bench(self, name, library, network, shape, weights):
        for precision in self.precisions(name, network):
            output, _, problem = self.wan(
                'bench', network, '--shape', shape, *self.size, *self.runs, '--json', '--provider', name,
                *(['--weights', weights] if network == 'dit' else []),
                *(['--precision', precision] if precision != 'fp32' else []), library=library)
            report = None if problem else json.loads(output)
            yield {'network': network, 'shape': shape, 'precision': precision,
                   'seconds': report and report['forward']['median'], 'operations': report and report['operations'], 'problem': problem}

    def precisions(self, name, network):
        """F32, and on devices what else the program takes."""
        if name == HOST or network != 'dit':
            return ['fp32']
        output, _, _ = self.wan('bench', '--help')
        return ['fp32', *(kind for kind in ('fp16', 'bf16') if kind in output)]

    def streamed(self, name, library, rows):
        """The largest transformer with a quarter of its blocks on the device, beside all of them there."""
        network, shape, weights = [subject for subject in (SMALL if self.options.small else FULL) if subject[0] == 'dit'][-1]
        resident = next(row['seconds'] for row in rows if (row['network'], row['shape']) == (network, shape))
        output, _, problem = self.wan(
            'bench', network, '--shape', shape, *self.size, *self.runs, '--json', '--provider', name, '--weights', weights,
            '--resident-blocks', str(LAYERS[shape] // 4), library=library)
        seconds = None if problem else json.loads(output)['forward']['median']
        return {'shape': shape, 'blocks': LAYERS[shape], 'resident_blocks': LAYERS[shape] // 4, 'seconds': seconds,
                'resident_seconds': resident, 'problem': problem}

    def peers(self):
        """The same networks in PyTorch, on its own device: eager and compiled."""
        peer = [sys.executable, str(Path(__file__).with_name('device_peer.py'))]
        for network, shape, _ in SMALL if self.options.small else FULL:
            output, _, problem = self.start([*peer, network, shape, *self.size[1::2]])
            yield {'network': network, 'shape': shape, **(json.loads(output) if not problem else {'problem': problem})}


def machine():
    names = []
    try:
        listed = subprocess.run(['nvidia-smi', '--query-gpu=name,memory.total,driver_version', '--format=csv,noheader'],
                                capture_output=True, text=True, timeout=60)
        names = [line.strip() for line in listed.stdout.splitlines()] if listed.returncode == 0 else []
    except (OSError, subprocess.TimeoutExpired):
        pass
    return {'system': platform.platform(), 'processors': os.cpu_count(), 'nvidia': names}


def table(report):
    yield f"{report['date']}  {report['machine']['system']}  {', '.join(report['machine']['nvidia']) or 'no NVIDIA device'}"
    yield f"{'provider':10} {'network':8} {'shape':8} {'type':10} {'seconds':>10} {'Gop/s':>10}  notes"
    for provider in report['providers']:
        test, clip, stream = provider['selftest'], provider['clip'], provider['streamed']
        wrong = test['problem'] or ', '.join(test['wrong'])
        yield row(provider['name'], 'selftest', '', '', test['seconds'],
                  note=f"{test['passed']} passed, {test['failed']} failed, {test['skipped']} skipped {wrong}")
        yield row(provider['name'], 'clip', 'shapes', '', clip['seconds'], note=clip['problem'] or f"{clip['frames']} frames")
        for bench in provider['bench']:
            yield row(provider['name'], bench['network'], bench['shape'], bench['precision'], bench['seconds'], bench['operations'],
                      bench['problem'] or '')
        both = stream['seconds'] and stream['resident_seconds']
        slower = f", {stream['seconds'] / stream['resident_seconds']:.2f} x the time of all resident" if both else ''
        yield row(provider['name'], 'dit', stream['shape'], 'streamed', stream['seconds'],
                  note=stream['problem'] or f"{stream['resident_blocks']} of {stream['blocks']} blocks resident{slower}")
    for peer in report['peers']:
        for run in peer.get('runs', []):
            yield row(f"torch/{peer['device']}", peer['network'], peer['shape'], run['type'], run['seconds'],
                      note=run['problem'] or ('compiled' if run['compiled'] else 'eager'))
        if peer.get('problem'):
            yield row('torch', peer['network'], peer['shape'], '', None, note=peer['problem'])
    for missing in report['missing']:
        yield f"{missing['name']:10} {missing['why']}"


def row(provider, network, shape, kind, seconds, operations=None, note=''):
    rate = f'{operations / seconds / 1e9:10.0f}' if seconds and operations else ' ' * 10
    time_ = f'{seconds:10.3f}' if seconds is not None else f"{'-':>10}"
    return f'{provider:10} {network:8} {shape:8} {kind:10} {time_} {rate}  {note}'.rstrip()


def main():
    check = Check(options())
    providers, missing = check.providers()
    report = {
        'version': 1,
        'date': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()),
        'small': check.options.small,
        'machine': machine(),
        'providers': [check.check(provider) for provider in providers],
        'missing': missing,
        'peers': [] if check.options.no_peer else list(check.peers()),
    }
    (check.out / 'device-check.json').write_text(json.dumps(report, indent=2) + '\n')
    text = '\n'.join(table(report)) + '\n'
    (check.out / 'device-check.txt').write_text(text)
    print(text, end='')
    right = report['providers'] and all(
        not one['selftest']['failed'] and not one['selftest']['problem'] and not one['clip']['problem'] for one in report['providers'])
    sys.exit(0 if right else 1)


if __name__ == '__main__':
    main()
