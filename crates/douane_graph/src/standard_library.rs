//! The Python standard library, known without a Python.
//!
//! In: a version and a module name. Out: whether that module exists, what it holds, what a star import of it binds.
//!
//! The facts come from `data/stdlib.txt`, which `scripts/stdlib_table.py` writes by asking Python on Linux, and
//! typeshed for what Linux does not have. The table is a text of blocks, one for each module: the first question makes
//! a list of where the blocks are (under a millisecond), and each question reads one block.
//!
//! ```text
//! graphlib s9-                       a module; its kinds (p, s, e, t) and marks (o, ?, x), each with its versions
//!  * CycleError TopologicalSorter    attributes that a star binds; no versions: wherever the module exists
//!  -11- GenericAlias                 attributes that a star leaves, here from 3.11 on
//!  + ...                             submodules that a star imports
//!  ! ...                             names that exist elsewhere
//!  ~ ...                             names for type checkers only
//! ```
//!
//! Not here: what the values are, signatures, and what a star binds on other platforms.

use std::sync::OnceLock;

const TABLE: &str = include_str!("../data/stdlib.txt");

/// Names that the table leaves out, since the import machinery or the compiler makes them, in whichever module.
pub(crate) const IMPLICIT_NAMES: [&str; 13] = [
    "__annotate__",
    "__annotations__",
    "__builtins__",
    "__cached__",
    "__conditional_annotations__",
    "__doc__",
    "__file__",
    "__loader__",
    "__name__",
    "__package__",
    "__path__",
    "__spec__",
    "__warningregistry__",
];

/// The standard library of one version of Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandardLibrary {
    minor: u8,
}

/// What a module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A folder with an `__init__.py`.
    Package,
    /// One file of Python, frozen or not.
    Source,
    /// Compiled: an extension, or built into the interpreter.
    Extension,
    /// Described by typeshed for type checkers, importable nowhere: `_typeshed`.
    Stub,
    /// Below a package whose modules the table does not list, such as `test`: presumed to exist.
    Unlisted,
}

/// One module in one version. Names are sorted; what every module has, such as `__name__`, is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandardModule {
    /// What the module is.
    pub kind: Kind,
    /// What a star binds on Linux: attributes, and submodules that `__all__` names. `None`: not known.
    pub star: Option<Vec<&'static str>>,
    /// Whether the module has an `__all__`; without one a star takes what has no leading underscore.
    pub has_all: bool,
    /// What the module holds after `import module` on Linux, private names included. A submodule is among them only if
    /// that import loads it. `None`: not known.
    pub attributes: Option<Vec<&'static str>>,
    /// Names that Linux lacks and something else has: another platform, another build, another patch release. No claim
    /// that such a name is missing is safe.
    pub elsewhere: Vec<&'static str>,
    /// Names that exist in the stub and never at run time; imported under `if TYPE_CHECKING:`.
    pub typing_only: Vec<&'static str>,
    /// Whether the module makes names on demand: then a name that is not among the attributes may still exist.
    pub has_getattr: bool,
}

impl StandardLibrary {
    /// The standard library of Python 3.`minor`, or of the nearest version that the table knows.
    #[must_use]
    pub fn new(minor: u8) -> Self {
        let table = table();
        Self { minor: minor.max(table.oldest).min(table.newest) }
    }

    /// The libraries of all versions that are known.
    pub fn versions() -> impl Iterator<Item = Self> {
        let table = table();
        (table.oldest..=table.newest).map(|minor| Self { minor })
    }

    /// The minor version that is answered for.
    #[must_use]
    pub fn minor(self) -> u8 {
        self.minor
    }

    /// The module of that dotted name. `None`: this version has no such module, on any platform.
    #[must_use]
    pub fn module(self, name: &str) -> Option<StandardModule> {
        match self.block(name) {
            Some(block) => block.module(self.minor),
            None => self.is_unlisted(name).then(|| StandardModule::unknown(Kind::Unlisted)),
        }
    }

    /// Whether this version has such a module, on any platform.
    #[must_use]
    pub fn contains(self, name: &str) -> bool {
        self.block(name).is_some() || self.is_unlisted(name)
    }

    /// Whether Linux has the module in this version and all later ones; in all that are known where this is the newest, for
    /// then nobody has said which one it is.
    #[must_use]
    pub fn is_everywhere(self, name: &str) -> bool {
        let Some(block) = self.block(name) else { return self.is_unlisted(name) };
        let oldest = if self.minor == table().newest { table().oldest } else { self.minor };
        (oldest..=table().newest).all(|minor| block.kind(minor).is_some())
            && block.module(self.minor).is_some_and(|module| module.attributes.is_some())
    }

    /// Whether a module has a name on Linux in the same versions.
    #[must_use]
    pub fn has_everywhere(self, module: &str, name: &str) -> bool {
        let oldest = if self.minor == table().newest { table().oldest } else { self.minor };
        (oldest..=table().newest).all(|minor| Self { minor }.has(module, name))
    }

    /// Whether a module has a name on Linux in this version.
    #[must_use]
    pub fn has(self, module: &str, name: &str) -> bool {
        let has = |module: StandardModule| module.attributes.is_some_and(|names| names.binary_search(&name).is_ok());
        self.module(module).is_some_and(has)
    }

    /// The last parts of the names of the modules directly below a package, sorted: `path` for `os`.
    pub fn submodules(self, package: &str) -> impl Iterator<Item = &'static str> {
        let prefix = format!("{package}.");
        let blocks = table().blocks.as_slice();
        let start = blocks.partition_point(|block| block.name < prefix.as_str());
        blocks[start..]
            .iter()
            .map_while(move |block| Some((block, block.name.strip_prefix(prefix.as_str())?)))
            .filter(move |(block, child)| !child.contains('.') && block.kind(self.minor).is_some())
            .map(|(_, child)| child)
    }

    /// The modules without a dot, sorted. Among them are other platforms' modules, and typeshed's own.
    pub fn top_level_names(self) -> impl Iterator<Item = &'static str> {
        let blocks = table().blocks.iter();
        blocks
            .filter(move |block| !block.name.contains('.') && block.kind(self.minor).is_some())
            .map(|block| block.name)
    }

    fn block(self, name: &str) -> Option<&'static Block> {
        let blocks = &table().blocks;
        let at = blocks.binary_search_by_key(&name, |block| block.name).ok()?;
        blocks.get(at).filter(|block| block.kind(self.minor).is_some())
    }

    fn is_unlisted(self, name: &str) -> bool {
        let ancestors = name.match_indices('.').map(|(end, _)| &name[..end]);
        let mut known = ancestors.filter_map(|ancestor| self.block(ancestor));
        known.any(|block| block.is_marked('o', self.minor))
    }
}

impl StandardModule {
    fn unknown(kind: Kind) -> Self {
        Self {
            kind,
            star: None,
            has_all: false,
            attributes: None,
            elsewhere: Vec::new(),
            typing_only: Vec::new(),
            has_getattr: false,
        }
    }
}

/// The text of the table, cut into blocks.
struct Table {
    oldest: u8,
    newest: u8,
    /// Sorted by name.
    blocks: Vec<Block>,
}

/// The text of one module, in all versions.
struct Block {
    name: &'static str,
    marks: &'static str,
    lines: &'static str,
}

fn table() -> &'static Table {
    static PARSED: OnceLock<Table> = OnceLock::new();
    PARSED.get_or_init(|| Table::parse(TABLE))
}

impl Table {
    fn parse(text: &'static str) -> Self {
        let (first, mut rest) = text.split_once('\n').unwrap_or_default();
        let mut minors =
            first.split(' ').filter_map(|version| version.strip_prefix("3.")?.split('.').next()?.parse().ok());
        let oldest = minors.next().unwrap_or_default();
        let newest = minors.next_back().unwrap_or(oldest);

        let mut blocks = Vec::new();
        while let Some((header, below)) = rest.split_once('\n') {
            let length = below.split_inclusive('\n').take_while(|line| line.starts_with(' ')).map(str::len).sum();
            let (lines, next) = below.split_at(length);
            let (name, marks) = header.split_once(' ').unwrap_or((header, ""));
            blocks.push(Block { name, marks, lines });
            rest = next;
        }
        Self { oldest, newest, blocks }
    }
}

impl Block {
    /// `None`: there is no such module in that version.
    fn kind(&self, minor: u8) -> Option<Kind> {
        self.marks.split(' ').find_map(|mark| {
            let (kind, span) = split_mark(mark)?;
            let kind = match kind {
                'p' => Kind::Package,
                's' => Kind::Source,
                'e' => Kind::Extension,
                't' => Kind::Stub,
                _ => return None,
            };
            covers(span, minor).then_some(kind)
        })
    }

    /// Right only for a version in which the module exists: without versions a mark means all of those.
    fn is_marked(&self, wanted: char, minor: u8) -> bool {
        let mut marks = self.marks.split(' ').filter_map(split_mark);
        marks.any(|(mark, span)| mark == wanted && covers(span, minor))
    }

    fn module(&self, minor: u8) -> Option<StandardModule> {
        let mut module = StandardModule::unknown(self.kind(minor)?);
        let (mut attributes, mut star) = (Vec::new(), Vec::new());
        for line in self.lines.lines() {
            let mut words = line.split(' ').skip(1);
            let Some((mark, span)) = words.next().and_then(split_mark) else { continue };
            if !covers(span, minor) {
                continue;
            }
            match mark {
                '*' => {
                    attributes.extend(words.clone());
                    star.extend(words);
                }
                '-' => attributes.extend(words),
                '+' => star.extend(words),
                '!' => module.elsewhere.extend(words),
                '~' => module.typing_only.extend(words),
                _ => {}
            }
        }
        for names in [&mut attributes, &mut star, &mut module.elsewhere, &mut module.typing_only] {
            names.sort_unstable();
        }

        let is_known = !self.is_marked('?', minor);
        // Of a module that only other platforms have, the stub is all there is.
        let held = if is_known { &attributes } else { &module.elsewhere };
        module.has_all = held.contains(&"__all__");
        module.has_getattr = held.contains(&"__getattr__");
        module.star = (is_known && !self.is_marked('x', minor)).then_some(star);
        module.attributes = is_known.then_some(attributes);
        Some(module)
    }
}

/// A mark and its versions: `p11-` is `p` and `11-`.
fn split_mark(mark: &str) -> Option<(char, &str)> {
    let kind = mark.chars().next()?;
    Some((kind, &mark[kind.len_utf8()..]))
}

/// Whether versions such as `9-`, `-11`, `9-11,13` have that one; no text means all.
fn covers(span: &str, minor: u8) -> bool {
    let is_limit =
        |text: &str, holds: fn(u8, u8) -> bool| text.is_empty() || text.parse().is_ok_and(|limit| holds(limit, minor));
    span.is_empty()
        || span.split(',').any(|run| match run.split_once('-') {
            Some((first, last)) => {
                is_limit(first, |first, minor| first <= minor) && is_limit(last, |last, minor| minor <= last)
            }
            None => run.parse() == Ok(minor),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(minor: u8, name: &str) -> StandardModule {
        StandardLibrary::new(minor).module(name).unwrap_or_else(|| panic!("3.{minor} has no {name}"))
    }

    fn star(minor: u8, name: &str) -> Vec<&'static str> {
        module(minor, name).star.unwrap_or_else(|| panic!("3.{minor}: the star of {name} is not known"))
    }

    fn versions() -> impl Iterator<Item = StandardLibrary> {
        (table().oldest..=table().newest).map(StandardLibrary::new)
    }

    fn is_identifier(name: &str) -> bool {
        !name.is_empty() && name.chars().all(|letter| letter == '_' || letter.is_alphanumeric())
    }

    fn is_span(span: &str) -> bool {
        let is_minor = |text: &str| text.parse().is_ok_and(|minor| (table().oldest..=table().newest).contains(&minor));
        span.is_empty()
            || span.split(',').all(|run| match run.split_once('-') {
                Some((first, last)) => {
                    (first, last) != ("", "")
                        && (first.is_empty() || is_minor(first))
                        && (last.is_empty() || is_minor(last))
                }
                None => is_minor(run),
            })
    }

    /// The reader passes over what it does not understand, so that this is the place where a broken table shows.
    #[test]
    fn every_line_of_the_table_is_understood() {
        let table = table();
        assert_eq!((table.oldest, table.newest), (8, 15));
        assert!(table.blocks.is_sorted_by(|one, next| one.name < next.name));
        for block in &table.blocks {
            assert!(block.name.split('.').all(is_identifier), "{}", block.name);
            for mark in block.marks.split(' ') {
                let (kind, span) = split_mark(mark).expect("a header has no empty mark");
                assert!("pseto?x".contains(kind) && is_span(span), "{}: {mark}", block.name);
            }
            for line in block.lines.lines() {
                let mut words = line.split(' ').skip(1);
                let (mark, span) = words.next().and_then(split_mark).expect("a line of names has a mark");
                let names: Vec<&str> = words.collect();
                assert!("*-+!~".contains(mark) && is_span(span), "{}: {line}", block.name);
                assert!(!names.is_empty() && names.iter().all(|name| is_identifier(name)), "{}: {line}", block.name);
                assert!(names.is_sorted_by(|one, next| one < next), "{}: {line}", block.name);
                assert!(!names.iter().any(|name| IMPLICIT_NAMES.contains(name)), "{}: {line}", block.name);
            }
        }
    }

    #[test]
    fn every_module_agrees_with_itself() {
        for library in versions() {
            let names = table().blocks.iter().map(|block| block.name);
            for name in names.filter(|name| library.contains(name)) {
                let module = module(library.minor(), name);
                let attributes = module.attributes.clone().unwrap_or_default();
                for bound in module.star.iter().flatten() {
                    let is_submodule = library.contains(&format!("{name}.{bound}"));
                    assert!(attributes.contains(bound) || is_submodule, "3.{}: {name}.{bound}", library.minor());
                }
                let mut all = [attributes, module.elsewhere, module.typing_only].concat();
                all.sort_unstable();
                assert!(all.is_sorted_by(|one, next| one < next), "3.{}: {name} has a name twice", library.minor());

                let parent = name.rsplit_once('.').map(|(parent, _)| parent);
                assert!(parent.is_none_or(|parent| library.contains(parent)), "3.{}: {name}", library.minor());
            }
        }
    }

    #[test]
    fn a_star_of_math_grows_with_the_versions() {
        let library = StandardLibrary::new(13);
        assert_eq!(library.module("math").map(|module| module.kind), Some(Kind::Extension));
        assert!(star(8, "math").contains(&"pi"));
        assert!(!star(8, "math").contains(&"lcm"));
        assert!(star(9, "math").contains(&"lcm"));
        assert!(!module(13, "math").has_all);
    }

    #[test]
    fn modules_that_their_parents_make() {
        for minor in 8..=15 {
            assert!(star(minor, "os.path").contains(&"join"));
            assert!(star(minor, "collections.abc").contains(&"Mapping"));
            assert!(star(minor, "pyexpat.errors").contains(&"XML_ERROR_SYNTAX"));
        }
        assert!(StandardLibrary::new(12).contains("typing.io"));
        assert!(!StandardLibrary::new(13).contains("typing.io"));
        assert_eq!(StandardLibrary::new(12).submodules("os").collect::<Vec<_>>(), ["path"]);
    }

    #[test]
    fn modules_come_and_go() {
        let exists = |name| versions().filter(|library| library.contains(name)).map(StandardLibrary::minor).collect();
        let tomllib: Vec<u8> = exists("tomllib");
        assert_eq!(tomllib, [11, 12, 13, 14, 15]);
        assert_eq!(exists("distutils"), [8, 9, 10, 11]);
        assert_eq!(exists("distutils.core"), [8, 9, 10, 11]);
        assert_eq!(exists("zoneinfo"), [9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(exists("compression.zstd"), [14, 15]);
        // Announced as removed in 3.9, and put back.
        assert_eq!(exists("xml.etree.cElementTree"), [8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(exists("requests"), [0u8; 0]);
        assert_eq!(exists("typing_extensions"), [0u8; 0]);
        assert_eq!(exists("math.pi"), [0u8; 0]);
        assert_eq!(exists(""), [0u8; 0]);
        assert_eq!(module(10, "re").kind, Kind::Source);
        assert_eq!(module(11, "re").kind, Kind::Package);
    }

    #[test]
    fn what_other_platforms_have() {
        let winreg = module(12, "winreg");
        assert_eq!((winreg.kind, winreg.attributes, winreg.star), (Kind::Extension, None, None));
        assert!(winreg.elsewhere.contains(&"OpenKey"));

        let os = module(12, "os");
        assert!(os.elsewhere.contains(&"startfile"));
        assert!(os.attributes.is_some_and(|names| names.contains(&"fork") && !names.contains(&"startfile")));
        assert!(module(12, "asyncio").elsewhere.contains(&"ProactorEventLoop"));
        assert!(module(12, "signal").elsewhere.contains(&"CTRL_C_EVENT"));
        assert!(module(12, "select").elsewhere.contains(&"kqueue"));
        for minor in 8..=15 {
            assert!(["nt", "_winapi", "_scproxy"].iter().all(|name| StandardLibrary::new(minor).contains(name)));
        }
    }

    #[test]
    fn what_only_type_checkers_see() {
        assert_eq!(module(12, "_typeshed").kind, Kind::Stub);
        assert!(module(12, "_typeshed").typing_only.contains(&"StrPath"));
        assert!(module(12, "subprocess").typing_only.contains(&"_CMD"));
    }

    #[test]
    fn what_is_not_known_is_not_empty() {
        assert_eq!(module(12, "antigravity").attributes, None);
        assert_eq!(module(12, "json.tool").attributes.map(|names| names.contains(&"main")), Some(true));
        assert_eq!(module(12, "unittest.__main__").star, None);
        // Its contents are known, and `from __future__ import *` is a syntax error.
        assert!(module(12, "__future__").attributes.is_some());
        assert_eq!(module(12, "__future__").star, None);
        assert_eq!(star(12, "concurrent"), Vec::<&str>::new());
    }

    #[test]
    fn modules_below_an_opaque_package_are_presumed_to_exist() {
        let library = StandardLibrary::new(12);
        assert_eq!(library.module("test.support.os_helper"), Some(StandardModule::unknown(Kind::Unlisted)));
        assert!(library.contains("idlelib.run"));
        assert!(library.contains("lib2to3") && !library.contains("lib2to3.tests.support"));
        assert!(StandardLibrary::new(11).contains("lib2to3.tests.support"));
        assert!(!library.contains("tests.support"));
    }

    #[test]
    fn names_made_on_demand() {
        let futures = module(12, "concurrent.futures");
        assert!(futures.has_getattr && futures.has_all);
        assert!(futures.attributes.is_some_and(|names| names.contains(&"ThreadPoolExecutor")));
        assert!(!module(12, "math").has_getattr);
        // `__all__` names submodules, which a star imports and a plain import does not.
        assert!(star(12, "email").contains(&"charset"));
        assert!(module(12, "email").attributes.is_some_and(|names| !names.contains(&"charset")));
    }

    #[test]
    fn versions_beyond_the_table_are_the_nearest() {
        assert_eq!(StandardLibrary::new(0), StandardLibrary::new(8));
        assert_eq!(StandardLibrary::new(99), StandardLibrary::new(15));
    }

    #[test]
    fn lists_of_names() {
        let library = StandardLibrary::new(10);
        let submodules: Vec<&str> = library.submodules("xml").collect();
        assert_eq!(submodules, ["dom", "etree", "parsers", "sax"]);
        assert_eq!(library.submodules("math").count(), 0);
        let names: Vec<&str> = library.top_level_names().collect();
        assert!(names.contains(&"xml") && names.contains(&"winreg") && !names.contains(&"tomllib"));
        assert!(names.iter().all(|name| !name.contains('.')));
    }

    #[test]
    fn spans_of_versions() {
        let covered = |span| (7..=16).filter(|minor| covers(span, *minor)).collect::<Vec<u8>>();
        assert_eq!(covered("9-11,13"), [9, 10, 11, 13]);
        assert_eq!(covered("14-"), [14, 15, 16]);
        assert_eq!(covered("-8"), [7, 8]);
        assert_eq!(covered("").len(), 10);
        assert_eq!(covered("x,9-y"), [0u8; 0]);
    }
}
