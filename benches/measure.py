"""Runs a command and measures it. Imported by the benchmarks beside it; not run by itself.

The peak is the kernel's own figure for the process (`ru_maxrss` of `os.wait4`). A child starts as a copy of this
process, so the figure is never below this process's own size: benchmarks keep themselves small and leave generating
and installing to other processes.
"""

import collections
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

# Seconds, seconds of processor time (user and system), bytes.
Measurement = collections.namedtuple("Measurement", "wall processor peak")

# Linters say 1 for "something was found".
SUCCESSES = (0, 1)


class Failure(Exception):
    """A command that ended other than a linter ends."""


def describe_end(code):
    """An exit code in words."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def measure(command, seconds=600):
    """The measurement of one run, its output thrown away."""
    nothing = subprocess.DEVNULL
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing)
    timer = threading.Timer(seconds, lambda: os.kill(process.pid, signal.SIGKILL))
    timer.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    is_late = not timer.is_alive()
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in SUCCESSES:
        reason = f"stopped after {seconds} s" if is_late else describe_end(process.returncode)
        raise Failure(f"{' '.join(command)}: {reason}")
    # Kilobytes on Linux, bytes on macOS.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Measurement(wall, usage.ru_utime + usage.ru_stime, peak)


def warm_up(command, seconds=600):
    """Runs a command once, unmeasured, and returns how many lines it printed."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            code = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, timeout=seconds, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            raise Failure(f"{' '.join(command)}: stopped after {seconds} s") from None
        except OSError as error:
            raise Failure(f"{command[0]}: {error.strerror}") from None
        if code not in SUCCESSES:
            errors.seek(0)
            text = errors.read(2000).decode(errors="replace").strip()
            raise Failure(f"{' '.join(command)}: {describe_end(code)}\n{text}")
        output.seek(0)
        return sum(block.count(b"\n") for block in iter(lambda: output.read(1 << 20), b""))


def in_turns(commands, times, seconds=600):
    """Measures each command `times` times, A B A B: what disturbs the machine disturbs all alike."""
    results = [[] for _ in commands]
    for _ in range(times):
        for command, measurements in zip(commands, results):
            measurements.append(measure(command, seconds))
    return results


def median(measurements, field):
    return statistics.median(getattr(measurement, field) for measurement in measurements)


def smallest(measurements, field):
    return min(getattr(measurement, field) for measurement in measurements)


def largest(measurements, field):
    return max(getattr(measurement, field) for measurement in measurements)


def mebibytes(size):
    return size / (1 << 20)
