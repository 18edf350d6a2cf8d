//! Programs that tempt fixes to change what they do: CPython runs each before and after `--fix`, and has to print the same.

mod project;

use std::fs;

use project::Project;

/// Programs that a careless fix breaks: CPython prints the same before and after.
const DELICATE: [(&str, &[(&str, &str)]); 69] = [
    (
        "a duplicate below a condition",
        &[
            ("a.py", "def m(y):\n    if y: import os\n    import os\n    return os.sep\n"),
            ("main.py", "import a\nprint(a.m(0))\n"),
        ],
    ),
    ("a duplicate below a loop", &[("main.py", "for x in ():\n    import cmd\nimport cmd\nprint(cmd.__name__)\n")]),
    (
        "an import above and one in the function",
        &[("a.py", "import os\ndef f():\n    import os\n    return os.sep\n"), ("main.py", "import a\nprint(a.f())\n")],
    ),
    (
        "a parameter in between",
        &[(
            "main.py",
            "import json\nprint(json.dumps(0))\ndef h(json):\n    def i():\n        import json\n        return json.dumps(2)\n    return i()\nprint(h(1))\n",
        )],
    ),
    (
        "a function that runs early",
        &[(
            "main.py",
            "class K:\n    def __init__(self):\n        import re\n        self.r = re.I\nk = K()\nimport re\nprint(re.I, k.r)\n",
        )],
    ),
    (
        "a callback that runs early",
        &[
            ("fw.py", "def run(f): return f()\n"),
            (
                "main.py",
                "from fw import run\ndef cb():\n    import bz2\n    return bz2.__name__\nx = run(cb)\nimport bz2\nprint(bz2.__name__, x)\n",
            ),
        ],
    ),
    (
        "a value that is read again",
        &[
            ("x.py", "val = 1\n"),
            ("y.py", "import x\nx.val = 5\nother = 1\n"),
            ("main.py", "from x import val\nfrom y import other\nfrom x import val\nprint(val, other)\n"),
        ],
    ),
    (
        "names that a function lists",
        &[(
            "main.py",
            "import json\nprint(json.dumps(0))\ndef q():\n    r = 'json' in locals()\n    import json\n    return r, 'json' in locals()\nprint(q())\n",
        )],
    ),
    (
        "stars in a circle",
        &[
            ("a.py", "from b import *\ndef fa(): return fb()\n"),
            ("b.py", "from a import *\ndef fb(): return 1\ndef fc(): return fa()\n"),
            ("main.py", "import a\nprint(a.fa())\n"),
        ],
    ),
    (
        "a star in a circle",
        &[
            ("a.py", "from b import *\ndef fa(): return fb()\n"),
            ("b.py", "import a\ndef fb(): return 1\n"),
            ("main.py", "import b\nprint(b.fb())\n"),
        ],
    ),
    (
        "a submodule that comes with a star",
        &[
            ("p/__init__.py", ""),
            ("p/b.py", "y = 1\n"),
            ("w.py", "from p import *\ndef z(): return b.y\n"),
            ("main.py", "import p.b\nimport w\nprint(w.z())\n"),
        ],
    ),
    (
        "what an import adds to",
        &[
            ("cfg.py", "P = []\n"),
            ("pl.py", "from cfg import P\nP += ['x']\n"),
            ("main.py", "import cfg\nimport pl\nprint(cfg.P)\n"),
        ],
    ),
    (
        "a builtin that an import makes",
        &[("p2.py", "__builtins__['bar'] = 4\n"), ("main.py", "import p2\nprint(bar)\n")],
    ),
    (
        "a name that is not there",
        &[
            ("p8.py", "x = 1\n"),
            ("a.py", "def f():\n    from p8 import nothere\n"),
            ("main.py", "import a\ntry:\n    a.f()\nexcept ImportError:\n    print('raises')\n"),
        ],
    ),
    (
        "a module that refuses",
        &[
            ("compat.py", "import sys\nassert sys.version_info < (3,), 'too new'\n"),
            ("a.py", "def f():\n    import compat\n"),
            ("main.py", "import a\ntry:\n    a.f()\nexcept AssertionError:\n    print('raises')\n"),
        ],
    ),
    (
        "a module that is named by a string",
        &[
            ("a.py", "import os, json\n"),
            (
                "main.py",
                "import importlib\ndef g(n): return getattr(importlib.import_module('a'), n)\nprint(g('os').__name__)\n",
            ),
        ],
    ),
    (
        "a module that asks itself",
        &[
            ("a.py", "import os, sys, json\nme = sys.modules[__name__]\ndef f(n): return getattr(me, n).__name__\n"),
            ("main.py", "import a\nprint(a.f('os'))\n"),
        ],
    ),
    (
        "a string that is no docstring",
        &[
            ("a.py", "import os\n\"\"\"not a docstring\"\"\"\ndef f():\n    import os\n    \"nodoc\"\n"),
            ("main.py", "import a\nprint(a.__doc__, a.f.__doc__)\n"),
        ],
    ),
    ("a name that a class takes over", &[("main.py", "from math import pi\nclass C:\n    pi = pi\nprint(C.pi)\n")]),
    (
        "a route",
        &[
            (
                "app.py",
                "class App:\n    paths = []\n    def get(self, path):\n        self.paths.append(path)\n        return lambda f: f\napp = App()\n",
            ),
            ("routes.py", "from app import app\n@app.get('/')\ndef home(): ...\n"),
            ("main.py", "from app import app\nimport routes\nprint(app.paths)\n"),
        ],
    ),
    (
        "a filter of templates",
        &[
            (
                "lib.py",
                "class Library:\n    found = []\n    def filter(self, f):\n        self.found.append(f.__name__)\n        return f\nregister = Library()\n",
            ),
            ("tags.py", "from lib import register\n@register.filter\ndef cut(x): ...\n"),
            ("more.py", "from lib import register\ndef upto(x): ...\nregister.filter(upto)\n"),
            ("main.py", "from lib import register\nimport tags, more\nprint(register.found)\n"),
        ],
    ),
    (
        "a function called as one of Python's",
        &[
            ("cfg.py", "P = []\n"),
            ("a.py", "import cfg\ndef count(): cfg.P.append(1)\ncount()\n"),
            ("main.py", "import a, cfg\nprint(cfg.P)\n"),
        ],
    ),
    (
        "a base class called as one of Python's",
        &[
            ("fw.py", "known = []\nclass Thread:\n    def __init_subclass__(cls): known.append(cls.__name__)\n"),
            ("a.py", "from fw import Thread\nclass A(Thread): ...\n"),
            ("main.py", "import a, fw\nprint(fw.known)\n"),
        ],
    ),
    (
        "a list by another name",
        &[
            ("cfg.py", "P, Q, R, S = [], [0], {}, [[]]\n"),
            ("a.py", "from cfg import P\nx = P\nx += [1]\n"),
            ("b.py", "import cfg\ny = cfg.Q\ny[:] = [5, 6]\n"),
            ("c.py", "import cfg\nz = w = getattr(cfg, 'R')\nw.update(a=1)\n"),
            ("d.py", "import cfg\nfor each in cfg.S:\n    each.append(2)\n"),
            ("main.py", "import a, b, c, d, cfg\nprint(cfg.P, cfg.Q, cfg.R, cfg.S)\n"),
        ],
    ),
    (
        "operators that do something",
        &[
            (
                "flow.py",
                "order = []\nclass Meta(type):\n    def __getitem__(cls, key):\n        order.append(key)\n        return cls\nclass Task(metaclass=Meta):\n    def __rshift__(self, other):\n        order.append((self, other))\none, two = 1, Task()\nclass One:\n    def __rshift__(self, other): order.append('then')\none = One()\n",
            ),
            ("a.py", "from flow import one, two\none >> two\n"),
            ("b.py", "import flow\nkept = flow.Task['x']\n"),
            ("main.py", "import a, b, flow\nprint(flow.order)\n"),
        ],
    ),
    (
        "a module that loads what is not there",
        &[
            ("a.py", "import no_such_module_anywhere\n"),
            ("b.py", "def has():\n    import a\n    return True\n"),
            ("main.py", "import b\ntry:\n    print(b.has())\nexcept ImportError:\n    print('no')\n"),
        ],
    ),
    (
        "a module that is looked up",
        &[
            ("q.py", "X = 1\n"),
            ("p/__init__.py", ""),
            ("p/s.py", "Y = 2\n"),
            ("b.py", "import sys\ndef f(): return sys.modules['q'].X, sys.modules.get('p.s').Y\n"),
            ("main.py", "import q\nimport p.s\nimport b\nprint(b.f())\n"),
        ],
    ),
    (
        "a submodule by a computed name",
        &[
            ("p/__init__.py", ""),
            ("p/s.py", "Y = 2\n"),
            ("load.py", "import p.s\n"),
            ("main.py", "import load, p\nprint(getattr(p, 's').Y)\n"),
        ],
    ),
    (
        "a submodule in a dictionary",
        &[
            ("p/__init__.py", ""),
            ("p/s.py", "Y = 2\n"),
            ("load.py", "import p.s\n"),
            ("main.py", "import load, p\nprint(vars(p)['s'].Y)\n"),
        ],
    ),
    (
        "a name that a string spells",
        &[
            ("a.py", "import json\nfrom os.path import join, sep\ndef f(): return sep\n"),
            (
                "main.py",
                "from unittest import mock\nimport pkgutil, a\nwith mock.patch('a.json', 1):\n    print(a.json)\nprint(pkgutil.resolve_name('a.join')('x', 'y'), a.f())\n",
            ),
        ],
    ),
    (
        "a name that others replace",
        &[
            ("a.py", "import json\ndef g(): return json\ndef f():\n    import json\n    return json.dumps(1)\n"),
            ("main.py", "import a\na.json = None\nprint(a.f())\n"),
        ],
    ),
    (
        "a star in a circle that comes in time",
        &[
            ("a.py", "def fa(): return fb()\nx = 1\nfrom b import *\n"),
            ("b.py", "from a import *\ndef fb(): return x\n"),
            ("main.py", "import a, b\nprint(a.fa())\n"),
        ],
    ),
    (
        "a package that loads its modules, which take stars of each other",
        &[
            ("p/__init__.py", "from p.a import *\nfrom p.b import *\n"),
            ("p/a.py", "def fa(): return 1\nimport p.b\n"),
            ("p/b.py", "from p.a import *\ndef fb(): return fa()\n"),
            ("main.py", "import p\nprint(p.fb())\n"),
        ],
    ),
    (
        "a star of the package around, half loaded",
        &[
            ("p/__init__.py", "x = 1\nfrom p import b\ny = 2\n"),
            ("p/b.py", "from p import *\ndef f(): return x, y\n"),
            ("main.py", "import p\ntry:\n    print(p.b.f())\nexcept NameError:\n    print('no y')\n"),
        ],
    ),
    (
        "a circle through a package",
        &[
            ("s.py", "import q.m\nx = 1\n"),
            ("q/__init__.py", "import f\n"),
            ("q/m.py", ""),
            ("f.py", "from s import *\ndef g(): return x\n"),
            ("main.py", "import s, f\ntry:\n    print(f.g())\nexcept NameError:\n    print('no x')\n"),
        ],
    ),
    (
        "a name that is made on request",
        &[
            ("cfg.py", "P = []\n"),
            ("lazy.py", "def __getattr__(name):\n    import cfg\n    cfg.P.append(name)\n    return 1\n"),
            ("a.py", "from lazy import thing\n"),
            ("main.py", "import a, cfg\nfrom lazy import other\nprint(cfg.P)\n"),
        ],
    ),
    (
        "functions that others call",
        &[
            ("cfg.py", "P = []\n"),
            ("a.py", "from cfg import P\ndef note(x): P.append(x)\nlist(map(note, [1]))\n"),
            ("b.py", "from cfg import P\nlist(map(P.append, [2]))\n"),
            ("c.py", "import cfg\nany(cfg.P.append(x) for x in [3])\n"),
            ("d.py", "import cfg\n[x.append(4) for x in [cfg.P]]\n"),
            ("main.py", "import cfg\nimport a, b, c, d\nprint(cfg.P)\n"),
        ],
    ),
    (
        "classes that take note",
        &[
            (
                "cfg.py",
                "P = []\nclass Base:\n    def __init_subclass__(cls): P.append(cls.__name__)\nclass Lock:\n    def __enter__(self): P.append('entered')\n    def __exit__(self, *_): ...\nlock = Lock()\n",
            ),
            ("a.py", "from cfg import Base\nA = type('A', (Base,), {})\n"),
            (
                "b.py",
                "import cfg\nclass Own:\n    def __init_subclass__(cls): cfg.P.append(cls.__name__)\nclass B(Own): ...\n",
            ),
            (
                "c.py",
                "import cfg\nclass Meta(type):\n    def __init__(cls, name, bases, names): cfg.P.append(name)\nclass C(metaclass=Meta): ...\n",
            ),
            ("d.py", "from cfg import lock\nwith lock: ...\n"),
            ("e.py", "import cfg\nclass E:\n    mine = cfg.P\n    mine += ['e']\n"),
            ("main.py", "import cfg\nimport a, b, c, d, e\nprint(cfg.P)\n"),
        ],
    ),
    (
        "a logger of another name",
        &[
            ("a.py", "import logging\nlog = logging.getLogger('other')\nlog.disabled = True\n"),
            ("main.py", "import logging\nimport a\nprint(logging.getLogger('other').disabled)\n"),
        ],
    ),
    (
        "submodules that come with stars and take the place of others",
        &[
            ("tok/__init__.py", "def cut(): return 1\n"),
            ("tok/util.py", "which = 'of tok'\n"),
            ("reader/__init__.py", "import reader.util\nfrom reader.plain import *\n"),
            ("reader/plain.py", "from tok import *\ndef read(): return cut()\n"),
            ("reader/util.py", "which = 'of reader'\n"),
            ("main.py", "import tok.util\nimport reader\nprint(tok.util.which, reader.util.which, reader.read())\n"),
        ],
    ),
    (
        "a module that is asked for",
        &[("q.py", "X = 1\n"), ("main.py", "import q\nimport sys\nprint('q' in sys.modules)\n")],
    ),
    (
        "examples that are run",
        &[
            ("a.py", "import json\ndef f():\n    \"\"\"\n    >>> json.dumps(f())\n    '1'\n    \"\"\"\n    return 1\n"),
            ("main.py", "import doctest, a\nprint(doctest.testmod(a))\n"),
        ],
    ),
    (
        "settings on top of others",
        &[
            ("base.py", "DEBUG = False\nAPPS = ['a']\nDB = 1\n"),
            ("settings.py", "from base import *\nDEBUG = not DEBUG\nAPPS += ['b']\nif not DB:\n    DB = 2\n"),
            ("main.py", "import settings\nprint(settings.DEBUG, settings.APPS, settings.DB)\n"),
        ],
    ),
    (
        "settings that a framework loads",
        &[
            ("base.py", "DB = 'db'\nAPPS = ['a']\n"),
            ("settings_dev.py", "from base import *\nAPPS = APPS + ['debug']\n"),
            (
                "main.py",
                "import importlib, os\nfound = importlib.import_module(os.environ.get('SETTINGS', 'settings_dev'))\nprint({name: getattr(found, name) for name in dir(found) if name.isupper()})\n",
            ),
        ],
    ),
    (
        "a star and a global counter",
        &[
            ("m.py", "counter = 0\n"),
            (
                "main.py",
                "from m import *\ndef bump():\n    global counter\n    counter += 1\n    return counter\nprint(bump(), bump())\n",
            ),
        ],
    ),
    (
        "a star and a class body",
        &[
            ("m.py", "DEBUG = 1\nAPPS = ['x']\n"),
            (
                "main.py",
                "from m import *\nclass Config:\n    DEBUG = DEBUG\n    APPS = [each for each in APPS]\nprint(Config.DEBUG, Config.APPS)\n",
            ),
        ],
    ),
    (
        "names that are bound later",
        &[
            ("m.py", "def helper(): return 'help'\nclass Base: kind = 'm'\ne = 2\ndef gone(): ...\n"),
            (
                "main.py",
                "from m import *\n_old = helper\ndef helper(): return _old() + '!'\nclass Base(Base): ...\nprint(e, helper(), Base.kind)\ntry:\n    1 / 0\nexcept ZeroDivisionError as e:\n    pass\ndel gone\n",
            ),
        ],
    ),
    (
        "a fallback for what a star brings",
        &[
            ("m.py", "def helper(): return 'of m'\n"),
            (
                "main.py",
                "from m import *\ntry:\n    helper\nexcept NameError:\n    def helper(): return 'fallback'\nprint(helper())\n",
            ),
        ],
    ),
    (
        "a star at the end",
        &[
            ("local.py", "DEBUG = False\n"),
            ("conf.py", "DEBUG = True\ndef is_debug(): return DEBUG\nfrom local import *\n"),
            ("main.py", "from conf import is_debug\nprint(is_debug())\n"),
        ],
    ),
    (
        "stars one after the other",
        &[
            ("m.py", "X = 1\nY = 2\n"),
            ("n.py", "X = 7\n"),
            ("main.py", "from m import *\nprint(X)\ndef f(): return X\nprint(f())\nfrom n import *\nprint(X, Y)\n"),
        ],
    ),
    (
        "a name for what a star brings",
        &[
            ("m.py", "state = None\n"),
            ("a.py", "from m import *\ndef init():\n    global state\n    state = 5\n"),
            ("main.py", "import a\nprint(a.state)\na.init()\nprint(a.state)\n"),
        ],
    ),
    (
        "the names of the module",
        &[
            ("conf.py", "VERSION = '1'\nNAME = 'n'\n"),
            (
                "main.py",
                "from conf import VERSION\nfrom conf import NAME\nprint('%(VERSION)s' % vars(), '{NAME}'.format_map(locals()), 'VERSION' in dir())\n",
            ),
        ],
    ),
    (
        "tests that are collected",
        &[
            ("cases.py", "import unittest\nclass TestA(unittest.TestCase):\n    def test_one(self): print('ran')\n"),
            (
                "main.py",
                "import unittest\nfrom cases import TestA\nif __name__ == '__main__':\n    unittest.main(exit=False)\n",
            ),
        ],
    ),
    (
        "plugins",
        &[
            ("base.py", "def setup(): return 'ready'\n"),
            ("plugins/__init__.py", ""),
            ("plugins/one.py", "from base import setup\n"),
            (
                "main.py",
                "import importlib\nfor name in ['one']:\n    print(importlib.import_module('plugins.' + name).setup())\n",
            ),
        ],
    ),
    (
        "errors that take note",
        &[
            (
                "fw.py",
                "known = []\nclass AppError(Exception):\n    def __init_subclass__(cls): known.append(cls.__name__)\ndef registerError(x): known.append(x)\n",
            ),
            ("a.py", "from fw import AppError\nclass NotFoundError(AppError): ...\n"),
            ("b.py", "from fw import registerError\nregisterError(4)\n"),
            ("main.py", "import fw\nimport a, b\nprint(fw.known)\n"),
        ],
    ),
    (
        "names of Python that a star brings",
        &[
            ("fw.py", "known = []\nclass Counter:\n    def __init__(self, name): known.append(name)\n"),
            ("a.py", "from fw import *\nREQUESTS = Counter('requests')\n"),
            ("main.py", "import fw\nimport a\nprint(fw.known)\n"),
        ],
    ),
    (
        "a setting that has to be there",
        &[
            ("config.py", "import os\nTOKEN = os.environ['NO_SUCH_TOKEN_AT_ALL']\n"),
            ("check.py", "def check():\n    import config\n"),
            (
                "main.py",
                "import check\ntry:\n    check.check()\n    print('fine')\nexcept KeyError:\n    print('no token')\n",
            ),
        ],
    ),
    (
        "a module of another platform",
        &[
            ("check.py", "def check():\n    import winreg\n"),
            (
                "main.py",
                "import check\ntry:\n    check.check()\n    print('windows')\nexcept ImportError:\n    print('other')\n",
            ),
        ],
    ),
    (
        "an import that reads what was patched",
        &[
            ("conf.py", "def get(): return 'real'\n"),
            (
                "a.py",
                "from conf import get\ndef g(): return get()\ndef f():\n    from conf import get\n    return get()\n",
            ),
            (
                "main.py",
                "import a, conf\nconf.get = lambda: 'fake'\nprint(a.g(), a.f())\nfrom conf import get\nprint(get())\nconf.get = print\nfrom conf import get\nprint(get is print)\n",
            ),
        ],
    ),
    (
        "a module that was faked",
        &[
            ("a.py", "import json\ndef g(): return json\ndef f():\n    import json\n    return json\n"),
            ("main.py", "import a, sys\nsys.modules['json'] = 'fake'\nprint(a.g() is a.f())\n"),
        ],
    ),
    (
        "an umbrella whose modules register",
        &[
            ("shop/__init__.py", ""),
            ("shop/reg.py", "P = []\ndef reg(f):\n    P.append(f.__name__)\n    return f\n"),
            ("shop/one.py", "from shop.reg import reg\n@reg\ndef one(): ...\n"),
            ("shop/two.py", "from shop.reg import reg\n@reg\ndef two(): ...\n"),
            ("shop/three.py", "def three(): ...\n"),
            ("shop/four.py", "def four(): ...\n"),
            ("shop/prices.py", "def net(x): return x\n"),
            (
                "shop/everything.py",
                "from shop.one import *\nfrom shop.two import *\nfrom shop.three import *\nfrom shop.four import *\nfrom shop.prices import *\n",
            ),
            ("main.py", "from shop import everything\nfrom shop.reg import P\nprint(everything.net(3), P)\n"),
        ],
    ),
    (
        "code of other versions",
        &[
            ("cfg.py", "P = []\n"),
            ("a.py", "import sys, cfg\nif sys.version_info < (3, 99):\n    cfg.P.append('old')\n"),
            ("compat.py", "import sys\nif sys.version_info >= (3, 99):\n    NEW = 1\nelse:\n    OLD = 1\nBOTH = 2\n"),
            ("main.py", "import cfg\nimport a\nfrom compat import *\nprint(cfg.P, OLD, BOTH)\n"),
        ],
    ),
    (
        "an annotation that registers",
        &[
            ("fw.py", "known = []\ndef reg(x): known.append(x)\n"),
            ("a.py", "from fw import reg\ndef f(x: reg('y')): ...\n"),
            ("main.py", "import fw\nimport a\nprint(fw.known)\n"),
        ],
    ),
    (
        "lists that are handed about",
        &[
            ("cfg.py", "P, Q = [], []\n"),
            (
                "a.py",
                "import cfg\nclass Conf:\n    handlers = cfg.P\nConf.handlers.append('class')\nd = {}\nd['p'] = cfg.P\nd['p'].append('item')\n",
            ),
            ("b.py", "import cfg\nlist.append(cfg.Q, 1)\n"),
            ("c.py", "from cfg import Q\nlist(map(lambda n: Q.append(n), ['x']))\n"),
            ("main.py", "import cfg\nimport a, b, c\nprint(cfg.P, cfg.Q)\n"),
        ],
    ),
    (
        "commands and plugins of the distribution",
        &[
            (
                "pyproject.toml",
                "[project.scripts]\ntool = 'tool.cli:main'\n[project.entry-points.p]\none = 'tool.plug:one'\n",
            ),
            ("tool/__init__.py", ""),
            ("tool/impl.py", "def main(): return 'main'\ndef one(): return 'one'\n"),
            ("tool/cli.py", "from tool.impl import main\n"),
            ("tool/plug.py", "from tool.impl import *\n"),
            (
                "main.py",
                "import re\nfound = []\nfor name in re.findall(r\"= '(.*)'\", open('pyproject.toml').read()):\n    \
                module, _, function = name.partition(':')\n    \
                found.append(getattr(__import__(module, fromlist=['*']), function)())\nprint(found)\n",
            ),
        ],
    ),
    (
        "commands of setup.cfg",
        &[
            ("setup.cfg", "[options.entry_points]\nconsole_scripts =\n    tool = cli:main\n"),
            ("impl.py", "def main(): return 'main'\n"),
            ("cli.py", "from impl import main\n"),
            (
                "main.py",
                "name = open('setup.cfg').read().split()[-1]\nmodule, _, function = name.partition(':')\n\
                print(getattr(__import__(module, fromlist=['*']), function)())\n",
            ),
        ],
    ),
    (
        "replaced below a computed name",
        &[
            ("a.py", "import json, os\nSEP = os.sep\n"),
            (
                "main.py",
                "from unittest import mock\nM = 'a'\nwith mock.patch(f'{M}.json'):\n    import a\n    print(a.SEP)\n",
            ),
        ],
    ),
    (
        "several replaced at once",
        &[
            ("a.py", "import json, os\nSEP = os.sep\n"),
            (
                "main.py",
                "from unittest import mock\nwith mock.patch.multiple('a', json=mock.DEFAULT):\n    import a\n    print(a.SEP)\n",
            ),
        ],
    ),
    (
        "a module that other platforms can't load",
        &[
            ("a.py", "from os import startfile\n"),
            ("b.py", "def check():\n    import a\n"),
            (
                "main.py",
                "import b\ntry:\n    b.check()\n    print('fine')\nexcept ImportError:\n    print('elsewhere')\n",
            ),
        ],
    ),
];

#[test]
fn cpython_sees_no_difference() {
    let python = |project: &Project| {
        let mut command = std::process::Command::new("python3");
        command.args(["-B", "main.py"]).current_dir(project.path(""));
        let output = command.output().expect("python3 can be started");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let mut harmed = Vec::new();
    for (what, files) in DELICATE {
        let project = Project::new(files);
        let before = python(&project);
        assert!(before.0, "{what}: the program is to work");
        let run = project.run(&["check", "--fix-only", "--quiet"]);
        assert_eq!((run.code, run.errors.as_str()), (Some(0), ""), "{what}");
        let after = python(&project);
        if after != before {
            let text = |path| fs::read_to_string(project.path(path)).expect("it is there");
            let texts: Vec<String> = files.iter().map(|(path, _)| format!("--- {path}\n{}", text(*path))).collect();
            harmed.push(format!("{what}: {before:?} became {after:?}\n{}", texts.concat()));
        }
    }
    assert!(harmed.is_empty(), "{}", harmed.join("\n"));
}
