# Runs inside an interpreter: imports a module, tries to be rid of it, and writes what each step does to memory as JSON.
#
#     python -c UNLOAD MODULE CPU


def _douane_unload():
    import sys

    import gc
    import posix

    module, cpu = sys.argv[1:3]
    sys.argv[:] = ["-c"]
    channel = posix.dup(1)
    posix.dup2(2, 1)
    if cpu != "-":
        try:
            posix.sched_setaffinity(0, {int(cpu)})
        except OSError:
            pass

    def private():
        rollup = posix.open("/proc/self/smaps_rollup", posix.O_RDONLY)
        text = b""
        while True:
            part = posix.read(rollup, 65536)
            if not part:
                break
            text += part
        posix.close(rollup)
        for line in text.split(b"\n"):
            if line.startswith(b"Anonymous:"):
                return int(line.split()[1]) * 1024

    def import_it():
        __import__(module)
        return sys.modules[module]

    def own():
        return [name for name in sys.modules if name == module or name.startswith(module + ".")]

    gc.collect()
    private()
    start = private()
    steps = []
    found = import_it()
    steps.append(private() - start)
    classes = {name: value for name, value in vars(found).items() if isinstance(value, type) and value.__module__.startswith(module.split(".")[0])} if hasattr(found, "__dict__") else {}
    del found
    gc.collect()
    steps.append(private() - start)
    is_there = module in sys.modules
    gone = own()
    for name in gone:
        del sys.modules[name]
    gc.collect()
    steps.append(private() - start)
    failure = ""
    same = []
    other = []
    try:
        found = import_it()
        for name, value in classes.items():
            (same if getattr(found, name, None) is value else other).append(name)
    except BaseException as error:
        failure = type(error).__name__ + ": " + str(error)
    steps.append(private() - start)

    def quoted(text):
        return '"' + "".join(letter if 32 <= ord(letter) < 127 and letter not in '"\\\\' else "\\u%04x" % min(ord(letter), 65535) for letter in text) + '"'

    def listed(texts):
        return "[" + ", ".join(map(quoted, texts)) + "]"

    line = '{"version": %s, "steps": [%d, %d, %d, %d], "kept": %s, "removed": %d, "same": %s, "other": %s, "failure": %s}\n' % (
        quoted(sys.version.split()[0]), steps[0], steps[1], steps[2], steps[3], "true" if is_there else "false", len(gone), listed(same), listed(other), quoted(failure),
    )
    posix.write(channel, line.encode("ascii"))
    posix._exit(0)


_douane_unload()
