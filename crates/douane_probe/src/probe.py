# Runs inside the interpreter that is measured: executes one target and writes what it loaded as JSON lines.
#
#     python -c PROBE stream|buffer statement|script|main TARGET FOLDER CPU
#
# Python 3.8 to 3.15, and nothing but modules that every interpreter has built in: what the probe imported would look free
# to the target. All that it keeps while the target runs is preallocated, so that the memory it reads is the target's.


def _douane_probe():
    import sys

    had = [name for name in ("gc", "time") if name in sys.modules]
    import gc
    import time

    try:
        import posix as system
    except ImportError:
        import nt as system

    bootstrap = sys.modules["_frozen_importlib"]
    clock = time.perf_counter_ns
    process_clock = time.process_time_ns
    getframe = sys._getframe
    modules = sys.modules
    main_pid = system.getpid()
    getpid = system.getpid
    get_ident = sys.modules["_thread"].get_ident if "_thread" in sys.modules else __import__("_thread").get_ident

    # How (stream, buffer), what (statement, script, main), its text or path, the folder that imports begin in, the processor.
    mode, kind, target, folder, cpu = sys.argv[1:6]

    # What the target prints goes to standard error; the channel is a descriptor that no child process gets.
    channel = system.dup(1)
    system.dup2(2, 1)

    def send(text):
        data = memoryview(text.encode("ascii"))
        while data:
            data = data[system.write(channel, data) :]

    def quoted(text):
        if text is None:
            return "null"
        parts = ['"']
        for letter in str(text):
            code = ord(letter)
            if letter in '"\\':
                parts.append("\\" + letter)
            elif 32 <= code < 127:
                parts.append(letter)
            elif code < 65536:
                parts.append("\\u%04x" % code)
            else:
                code -= 65536
                parts.append("\\u%04x\\u%04x" % (55296 + (code >> 10), 56320 + (code & 1023)))
        parts.append('"')
        return "".join(parts)

    if cpu != "-":
        try:
            system.sched_setaffinity(0, {int(cpu)})
        except (AttributeError, OSError):
            pass

    # Resident and shared pages, from the kernel.
    try:
        page = system.sysconf("SC_PAGE_SIZE")
        statm = system.open("/proc/self/statm", system.O_RDONLY)
        pread = system.pread

        def memory():
            fields = pread(statm, 128, 0).split(None, 3)
            return int(fields[1]) - int(fields[2])

        memory()
        has_memory = True
    except (AttributeError, OSError, ValueError):
        page, has_memory = 1, False

        def memory():
            return 0

    def totals():
        # Exact, where the kernel counts pages in batches.
        sums = {}
        try:
            rollup = system.open("/proc/self/smaps_rollup", system.O_RDONLY)
        except (AttributeError, OSError):
            return None
        try:
            text = b""
            while True:
                part = system.read(rollup, 65536)
                if not part:
                    break
                text += part
        except OSError:
            return None
        finally:
            system.close(rollup)
        for line in text.split(b"\n"):
            words = line.split()
            if len(words) == 3 and words[0] in (b"Rss:", b"Anonymous:"):
                sums[words[0]] = int(words[1]) * 1024
        return sums.get(b"Anonymous:", 0), sums.get(b"Rss:", 0)

    # One row a load. Numbers: parent row, line of the import, own start, pages at the start, pages that the load took with
    # all that it loaded, nanoseconds of it, of it for the loads inside, and for collections; and whether it came to an end.
    PARENT, LINE, TOOK, INSIDE, COLLECTED, PAGES, PAGES_INSIDE, STATE = range(8)
    WIDTH, ROWS = 8, 16384
    numbers = memoryview(bytearray(b"\1") * (8 * WIDTH * ROWS)).cast("q")
    names, importers, functions, files, specs, errors = ([None] * ROWS for _ in range(6))
    stacks = {}
    state = [0, 0, 0, 0]  # rows, nanoseconds of collections, the start of the one that is going on, nanoseconds of the probe
    main_thread = get_ident()
    stacks[main_thread] = main_stack = [None] * 1000
    depth = {main_thread: 0}
    load = bootstrap._find_and_load
    run = bootstrap._load_unlocked
    streams = mode == "stream"

    def collecting(phase, _):
        if phase == "start":
            state[2] = clock()
        else:
            took = clock() - state[2]
            state[1] += took
            here = depth.get(get_ident(), 0)
            if here:
                row = stacks[get_ident()][here - 1]
                numbers[row * WIDTH + COLLECTED] += took

    text = r'''
def _find_and_load(name, import_, *args, **keywords):
    entered = clock()
    row = state[0]
    if getpid() != main_pid or row >= ROWS:
        return load(name, import_, *args, **keywords)
    state[0] = row + 1
    thread = get_ident()
    stack = stacks.get(thread)
    if stack is None:
        stack = stacks[thread] = [None] * 1000
        depth[thread] = 0
    level = depth[thread]
    at = row * WIDTH
    numbers[at + PARENT] = stack[level - 1] if level else -1
    numbers[at + TOOK] = numbers[at + PAGES] = numbers[at + INSIDE] = numbers[at + COLLECTED] = numbers[at + PAGES_INSIDE] = 0
    numbers[at + STATE] = 0 if thread == main_thread else 2
    if level >= len(stack):
        stack.append(None)
    stack[level] = row
    depth[thread] = level + 1
    names[row] = name
    frame = getframe(1)
    while frame is not None:
        importer = frame.f_globals.get("__name__")
        if importer is None or not importer.startswith(("importlib", "_frozen_importlib")):
            break
        frame = frame.f_back
    if frame is not None:
        importers[row] = importer
        code = frame.f_code
        functions[row] = code.co_name
        files[row] = code.co_filename
        numbers[at + LINE] = frame.f_lineno or 0
    else:
        numbers[at + LINE] = 0
    frame = None
    if streams:
        begun(row)
    pages = memory()
    started = clock()
    try:
        return load(name, import_, *args, **keywords)
    except BaseException as error:
        errors[row] = type(error).__name__
        raise
    finally:
        took = clock() - started
        if getpid() == main_pid:
            pages = memory() - pages
            numbers[at + TOOK] = took
            numbers[at + PAGES] = pages
            numbers[at + STATE] += 1
            depth[thread] = level
            if streams:
                ended(row)
            # With what it took to measure: the importer is not to pay for that.
            whole = clock() - entered
            state[3] += whole - took
            if level:
                parent = stack[level - 1] * WIDTH
                numbers[parent + PAGES_INSIDE] += pages
                numbers[parent + INSIDE] += whole


def _load_unlocked(spec):
    level = depth.get(get_ident(), 0)
    if level:
        row = stacks[get_ident()][level - 1]
        if names[row] == spec.name:
            specs[row] = spec
    return run(spec)
'''

    def begun(row):
        send('{"begin": %d, "module": %s, "importer": %s, "file": %s, "line": %d}\n' % (row, quoted(names[row]), quoted(importers[row]), quoted(files[row]), numbers[row * WIDTH + LINE]))

    def ended(row):
        send('{"end": %d}\n' % row)

    # In the name of importlib: tracebacks and warnings then point to the code that imports, as without the probe.
    space = dict(locals())
    space["__name__"] = "importlib._bootstrap"
    exec(compile(text, "<frozen importlib._bootstrap>", "exec", dont_inherit=True), space)

    failure = None
    program = None
    try:
        if kind != "statement":
            file = system.open(target, system.O_RDONLY)
            source = b""
            while True:
                part = system.read(file, 1 << 20)
                if not part:
                    break
                source += part
            system.close(file)
            program = compile(source, target, "exec", dont_inherit=True)
            source = None
        else:
            program = compile(target, "<target>", "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError) as error:
        failure = error
    sys.path[0:1] = [folder]
    sys.argv[:] = ["-c" if kind == "statement" else target]
    namespace = modules["__main__"].__dict__
    for name in [name for name in namespace if not (name.startswith("__") and name.endswith("__"))]:
        del namespace[name]
    namespace["__name__"] = "__douane__" if kind == "script" else "__main__"
    if kind != "statement":
        namespace["__file__"] = target

    for name in ("gc", "time"):
        if name not in had:
            del modules[name]
    before = set(modules)
    send('{"start": %s, "executable": %s, "page": %d, "memory": %s, "modules": %d}\n' % (quoted(sys.version.split()[0]), quoted(sys.executable), page, "true" if has_memory else "false", len(before)))
    gc.collect()
    gc.callbacks.append(collecting)
    bootstrap._find_and_load = space["_find_and_load"]
    bootstrap._load_unlocked = space["_load_unlocked"]
    memory_before = totals()
    cpu_before = process_clock()
    wall_before = clock()
    if failure is None:
        try:
            exec(program, namespace)
        except BaseException as error:
            failure = error
    wall = clock() - wall_before
    cpu_time = process_clock() - cpu_before
    memory_after = totals() if getpid() == main_pid else None
    bootstrap._find_and_load = load
    bootstrap._load_unlocked = run
    if getpid() != main_pid:
        # A copy that the target made of the process: its figures are nobody's.
        system._exit(0)
    gc.callbacks.remove(collecting)

    def kind_of(spec):
        loader = getattr(spec, "loader", None)
        name = loader.__name__ if isinstance(loader, type) else type(loader).__name__
        if "Extension" in name:
            return "extension"
        if name == "BuiltinImporter":
            return "builtin"
        if name == "FrozenImporter":
            return "frozen"
        if loader is None or "Namespace" in name:
            return "namespace"
        return "source"

    new = [name for name in modules if name not in before]
    lines = []
    for row in range(min(state[0], ROWS)):
        at = row * WIDTH
        spec = specs[row]
        origin = getattr(spec, "origin", None) if spec is not None else None
        lines.append(
            '{"row": %d, "module": %s, "parent": %d, "importer": %s, "file": %s, "line": %d, "function": %s, "kind": %s, "path": %s, "error": %s, "ns": %d, "inside_ns": %d, "gc_ns": %d, "pages": %d, "inside_pages": %d, "state": %d, "loaded": %s}\n'
            % (row, quoted(names[row]), numbers[at + PARENT], quoted(importers[row]), quoted(files[row]), numbers[at + LINE], quoted(functions[row]), quoted(kind_of(spec)) if spec is not None else "null", quoted(origin), quoted(errors[row]), numbers[at + TOOK], numbers[at + INSIDE], numbers[at + COLLECTED], numbers[at + PAGES], numbers[at + PAGES_INSIDE], numbers[at + STATE], "true" if spec is not None and names[row] in modules else "false")
        )
    send("".join(lines))
    told = None
    if failure is not None:
        try:
            told = "%s: %s" % (type(failure).__name__, failure)
        except BaseException:
            told = type(failure).__name__
        told = told[:2000]
    private = mapped = -1
    if memory_before and memory_after:
        private, mapped = memory_after[0] - memory_before[0], memory_after[1] - memory_before[1]
    send(
        '{"done": true, "wall_ns": %d, "cpu_ns": %d, "gc_ns": %d, "private": %d, "mapped": %d, "failure": %s, "threads": %d, "new": [%s]}\n'
        % (wall - state[3], cpu_time - state[3], state[1], private, mapped, quoted(told), len(sys._current_frames()), ", ".join(map(quoted, new)))
    )
    # What the target registered for its end is not waited for, nor are its threads.
    system._exit(0)


_douane_probe()
