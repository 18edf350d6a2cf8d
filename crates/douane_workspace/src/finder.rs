//! Which files the name of an installed module stands for.
//!
//! A module is found as importlib's `PathFinder` and `FileFinder` find it (language reference, section 5.5), with
//! namespace packages over several folders (PEP 420) and stubs beside the code or in `*-stubs` packages (PEP 561).

use std::{
    cmp::Reverse,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock},
};

use douane_base::{ModuleName, PythonVersion};
use rustc_hash::FxHashMap;

use crate::environment::{Editables, Environment, text_of};

/// The files that a module name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// What the module is.
    pub(crate) kind: FoundKind,
    /// The `.py` file. A compiled module has one too where it lies beside: it is what mypyc and Cython compiled.
    pub(crate) source: Option<PathBuf>,
    /// The `.pyi` file: that of a `*-stubs` package, else the one beside the code.
    pub(crate) stub: Option<PathBuf>,
    /// The compiled file, if that is what Python loads.
    pub(crate) binary: Option<PathBuf>,
}

/// What an installed module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FoundKind {
    /// One file: `.py`, else `.pyc` (then no file at all is named), else only a stub.
    Source,
    /// A folder with an `__init__`.
    Package,
    /// One or more folders without an `__init__` (PEP 420).
    Namespace,
    /// One compiled file.
    Extension,
}

/// Finds modules on an environment's search path. Each folder is read once, then remembered: what is installed later
/// needs a new finder.
#[derive(Debug)]
pub(crate) struct Finder {
    search_path: Vec<PathBuf>,
    editables: Editables,
    version: Option<PythonVersion>,
    listings: Mutex<FxHashMap<PathBuf, Arc<OnceLock<Arc<Listing>>>>>,
    places: RwLock<FxHashMap<ModuleName, Option<Arc<Place>>>>,
}

/// A module as Python finds it, and its `__path__`.
#[derive(Clone, Debug)]
struct Place {
    found: Found,
    portions: Vec<PathBuf>,
}

impl Finder {
    /// A finder of what is installed in an environment.
    #[must_use]
    pub(crate) fn new(environment: &Environment) -> Self {
        Self {
            search_path: environment.search_path.clone(),
            editables: environment.editables.clone(),
            version: environment.version,
            listings: Mutex::default(),
            places: RwLock::default(),
        }
    }

    /// A finder of what lies in folders.
    #[must_use]
    pub(crate) fn in_folders(folders: Vec<PathBuf>, version: Option<PythonVersion>) -> Self {
        let (root, editables) = (PathBuf::new(), Editables::default());
        Self::new(&Environment { root, search_path: folders, version, editables })
    }

    /// The files of a module; `None` if there is no such module.
    ///
    /// As in importlib, a package comes before an extension, that before source, that before bytecode; the first folder
    /// of the search path that has one of them is the last that is looked into. What only a stub says exists is found
    /// after all that: type checkers see it, and code that guards its imports may use it.
    #[must_use]
    pub(crate) fn find(&self, name: &ModuleName) -> Option<Found> {
        let place = self.place(name);
        let Some(stub) = self.stub(name) else { return place.map(|place| place.found.clone()) };
        let Some(place) = place else { return Some(stub) };
        let mut found = place.found.clone();
        if stub.stub.is_some() {
            found.stub = stub.stub;
            found.kind = if found.kind == FoundKind::Namespace { stub.kind } else { found.kind };
        }
        Some(found)
    }

    /// The files of a module that Python can load: what only a stub says exists is none.
    #[must_use]
    pub(crate) fn find_loaded(&self, name: &ModuleName) -> Option<Found> {
        let found = self.place(name)?.found.clone();
        let is_declared = found.source.is_none() && found.binary.is_none() && found.stub.is_some();
        (!is_declared).then_some(found)
    }

    /// The module as Python finds it: each parent first, since a module is looked for in its parent's `__path__` only.
    fn place(&self, name: &ModuleName) -> Option<Arc<Place>> {
        let whole = name.as_str();
        let ends = whole.match_indices('.').map(|(end, _)| end).chain([whole.len()]);
        let mut place: Option<Arc<Place>> = None;
        for end in ends {
            let entries = place.as_ref().map_or(&self.search_path, |parent| &parent.portions);
            place = Some(self.remembered(&whole[..end], entries)?);
        }
        place
    }

    fn remembered(&self, name: &str, entries: &[PathBuf]) -> Option<Arc<Place>> {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get(name) {
            return place.clone();
        }
        drop(places);
        let name = ModuleName::new(name)?;
        let place = self.placed(&name, entries).map(Arc::new);
        self.places.write().unwrap_or_else(PoisonError::into_inner).insert(name, place.clone());
        place
    }

    fn placed(&self, name: &ModuleName, entries: &[PathBuf]) -> Option<Place> {
        let mut place = self.on_path(entries, name.last());
        let namespace = self.editables.namespaces.get(name);
        if let Some(place) = &mut place {
            if place.found.kind == FoundKind::Namespace {
                place.portions.extend(namespace.into_iter().flatten().cloned());
            }
            return Some(place.clone());
        }
        if let Some(path) = self.editables.modules.get(name) {
            return self.editable(path);
        }
        namespace.map(|portions| Place { found: Found::of(FoundKind::Namespace), portions: portions.clone() })
    }

    /// The module that an editable finder maps to a path. The path's last part need not be the module's name.
    fn editable(&self, path: &Path) -> Option<Place> {
        let beside = || {
            let stem = path.file_name()?.to_str()?;
            self.on_path(&[path.parent()?.to_path_buf()], stem)
        };
        self.package_at(path).or_else(beside)
    }

    /// What `PathFinder` makes of a list of folders.
    fn on_path(&self, entries: &[PathBuf], stem: &str) -> Option<Place> {
        let mut portions = Vec::new();
        let mut declared = None;
        for folder in entries {
            let listing = self.listing(folder);
            let Some(entry) = listing.get(stem) else { continue };
            if let Some(place) = self.in_folder(folder, stem, entry) {
                return Some(self.with_extended_path(place, entries, stem));
            }
            declared = declared.or_else(|| self.declared(folder, stem, entry));
            if entry.is_folder {
                portions.push(folder.join(stem));
            }
        }
        let namespace = (!portions.is_empty()).then(|| Found::of(FoundKind::Namespace));
        declared.or(namespace).map(|found| Place { found, portions })
    }

    /// What `FileFinder` makes of one folder: `None` too where it finds a portion of a namespace package.
    fn in_folder(&self, folder: &Path, stem: &str, entry: &Entry) -> Option<Place> {
        let inside = folder.join(stem);
        let package = if entry.is_folder { self.package_at(&inside) } else { None };
        if package.is_some() {
            return package;
        }
        let mut found = entry.loaded(folder, stem, self.version)?;
        // A module that makes its submodules itself often describes them in a folder of stubs.
        let mut portions = Vec::new();
        if entry.is_folder
            && let Some(stub) = self.init_stub(&inside)
        {
            found.stub = Some(stub);
            portions.push(inside);
        }
        Some(Place { found, portions })
    }

    /// The regular package at a folder.
    fn package_at(&self, folder: &Path) -> Option<Place> {
        let listing = self.listing(folder);
        let found = listing.get("__init__")?.loaded(folder, "__init__", self.version)?;
        let found = Found { kind: FoundKind::Package, ..found };
        Some(Place { found, portions: vec![folder.to_path_buf()] })
    }

    fn init_stub(&self, folder: &Path) -> Option<PathBuf> {
        let listing = self.listing(folder);
        listing.get("__init__").filter(|entry| entry.has_stub).map(|_| folder.join("__init__.pyi"))
    }

    /// A module that only a stub beside its place speaks of.
    fn declared(&self, folder: &Path, stem: &str, entry: &Entry) -> Option<Found> {
        if entry.is_folder
            && let Some(stub) = self.init_stub(&folder.join(stem))
        {
            return Some(Found { stub: Some(stub), ..Found::of(FoundKind::Package) });
        }
        let stub = entry.has_stub.then(|| folder.join(format!("{stem}.pyi")))?;
        Some(Found { stub: Some(stub), ..Found::of(FoundKind::Source) })
    }

    /// Namespace packages from before PEP 420 have an `__init__.py` that adds the folders of the same name to
    /// `__path__`.
    fn with_extended_path(&self, place: Place, entries: &[PathBuf], stem: &str) -> Place {
        let Some(own) = place.portions.first().filter(|_| place.found.kind == FoundKind::Package) else { return place };
        let is_folder = |folder: &&PathBuf| self.listing(folder).get(stem).is_some_and(|entry| entry.is_folder);
        let folders = entries.iter().filter(is_folder).map(|folder| folder.join(stem));
        let others: Vec<PathBuf> = folders.filter(|folder| folder != own).collect();
        let extends = |source: &PathBuf| {
            let text = text_of(source);
            text.contains("extend_path(") || text.contains("declare_namespace(")
        };
        if others.is_empty() || !place.found.source.as_ref().is_some_and(extends) {
            return place;
        }
        let mut place = place;
        place.portions.extend(others);
        place
    }

    /// The module in the first `*-stubs` package that has it (PEP 561). Whether that package calls itself partial makes
    /// no difference: what it lacks is looked for in the code either way, since it is there that Python finds it.
    fn stub(&self, name: &ModuleName) -> Option<Found> {
        let mut namespace = None;
        for folder in self.stub_parents(name) {
            let stem = if name.parent().is_some() { name.last().to_owned() } else { format!("{name}-stubs") };
            let listing = self.listing(&folder);
            let Some(entry) = listing.get(stem.as_str()) else { continue };
            if let Some(found) = self.declared(&folder, &stem, entry) {
                return Some(found);
            }
            namespace = namespace.or(entry.is_folder.then(|| Found::of(FoundKind::Namespace)));
        }
        namespace
    }

    /// The folders that would hold a module's stub: the search path for a top-level one.
    fn stub_parents(&self, name: &ModuleName) -> Vec<PathBuf> {
        match name.parent() {
            Some(package) => self.stub_folders(&package),
            None => self.search_path.clone(),
        }
    }

    /// The folders of a package in `*-stubs` packages.
    fn stub_folders(&self, package: &ModuleName) -> Vec<PathBuf> {
        let top = format!("{}-stubs", package.top_level());
        let below = |entry: &PathBuf| {
            let mut folder = entry.clone();
            for part in [top.as_str()].into_iter().chain(package.parts().skip(1)) {
                self.listing(&folder).get(part).filter(|entry| entry.is_folder)?;
                folder.push(part);
            }
            Some(folder)
        };
        self.search_path.iter().filter_map(below).collect()
    }

    /// What a folder holds. The lock is not held while the disk is read.
    fn listing(&self, folder: &Path) -> Arc<Listing> {
        let mut listings = self.listings.lock().unwrap_or_else(PoisonError::into_inner);
        let listing = match listings.get(folder) {
            Some(listing) => Arc::clone(listing),
            None => Arc::clone(listings.entry(folder.to_path_buf()).or_default()),
        };
        drop(listings);
        Arc::clone(listing.get_or_init(|| Arc::new(read_listing(folder))))
    }
}

impl Found {
    /// A module of no file.
    fn of(kind: FoundKind) -> Self {
        Self { kind, source: None, stub: None, binary: None }
    }
}

/// What may be a module in a folder, by the name up to the first dot: no part of a module's name holds one.
type Listing = FxHashMap<Box<str>, Entry>;

/// The files, and perhaps the folder, that share a stem.
#[derive(Debug, Default)]
struct Entry {
    is_folder: bool,
    has_source: bool,
    has_bytecode: bool,
    has_stub: bool,
    /// The endings of compiled files, without the first dot: `so`, `abi3.so`, `cpython-312-darwin.so`.
    binaries: Vec<Box<str>>,
}

fn read_listing(folder: &Path) -> Listing {
    let mut listing = Listing::default();
    let Ok(entries) = fs::read_dir(folder) else { return listing };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let (stem, ending) = name.split_once('.').map_or((name, None), |(stem, ending)| (stem, Some(ending)));
        if stem.is_empty() || ending.is_some_and(|ending| !is_module_ending(ending)) {
            continue;
        }
        let Some(is_folder) = leads_to_folder(&entry) else { continue };
        if is_folder != ending.is_none() {
            continue;
        }
        let candidate = listing.entry(stem.into()).or_default();
        match ending {
            None => candidate.is_folder = true,
            Some("py") => candidate.has_source = true,
            Some("pyc") => candidate.has_bytecode = true,
            Some("pyi") => candidate.has_stub = true,
            Some(binary) => candidate.binaries.push(binary.into()),
        }
    }
    listing
}

/// Whether an entry of a folder is a folder itself; `None` where a link leads nowhere.
fn leads_to_folder(entry: &fs::DirEntry) -> Option<bool> {
    let kind = entry.file_type().ok()?;
    if !kind.is_symlink() {
        return Some(kind.is_dir());
    }
    fs::metadata(entry.path()).ok().map(|target| target.is_dir())
}

fn is_module_ending(ending: &str) -> bool {
    matches!(ending, "py" | "pyc" | "pyi") || Binary::of(ending).is_some()
}

/// Which Python loads a compiled file, as its ending says (PEP 3149).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Binary {
    /// One implementation, and one minor version of it unless that is left out.
    Tagged(Option<PythonVersion>),
    /// All later versions of CPython.
    Stable,
    /// Any, or so its author hopes.
    Plain,
}

impl Binary {
    fn of(ending: &str) -> Option<Self> {
        let Some((tag, suffix)) = ending.rsplit_once('.') else {
            return matches!(ending, "so" | "pyd").then_some(Self::Plain);
        };
        if !matches!(suffix, "so" | "pyd") {
            return None;
        }
        if matches!(tag, "abi3" | "abi3t") {
            return Some(Self::Stable);
        }
        let rest = ["cpython-", "pypy", "cp", "graalpy"].iter().find_map(|start| tag.strip_prefix(start))?;
        let digits = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
        let minor = rest[..digits].strip_prefix('3').and_then(|minor| minor.parse().ok());
        Some(Self::Tagged(minor.map(PythonVersion::new)))
    }

    /// Whether the file is for that version, as far as both are known.
    fn is_for(self, version: Option<PythonVersion>) -> bool {
        match (self, version) {
            (Self::Tagged(Some(own)), Some(version)) => own == version,
            _ => true,
        }
    }
}

impl Entry {
    /// The module that Python loads from these files, with importlib's order of loaders.
    ///
    /// A compiled file for another version comes last. Python would not load it, but it is likelier that the version
    /// was misread than that someone installed only that.
    fn loaded(&self, folder: &Path, stem: &str, version: Option<PythonVersion>) -> Option<Found> {
        let file = |ending: &str| folder.join(format!("{stem}.{ending}"));
        let source = self.has_source.then(|| file("py"));
        let stub = self.has_stub.then(|| file("pyi"));
        let own = self.binary(|binary| binary.is_for(version));
        if own.is_none() && (self.has_source || self.has_bytecode) {
            return Some(Found { source, stub, ..Found::of(FoundKind::Source) });
        }
        let binary = own.or_else(|| self.binary(|_| true))?;
        Some(Found { source, stub, binary: Some(file(binary)), ..Found::of(FoundKind::Extension) })
    }

    /// The compiled file that CPython's `_imp.extension_suffixes` would name first; among equals the newest.
    fn binary(&self, is_wanted: impl Fn(Binary) -> bool) -> Option<&str> {
        let ranked = self.binaries.iter().filter_map(|ending| Some((Binary::of(ending)?, &**ending)));
        let order = |(binary, ending): &(Binary, &str)| match binary {
            Binary::Tagged(version) => (0, Reverse(*version), Reverse((*ending).to_owned())),
            Binary::Stable => (1, Reverse(None), Reverse((*ending).to_owned())),
            Binary::Plain => (2, Reverse(None), Reverse((*ending).to_owned())),
        };
        ranked.filter(|(binary, _)| is_wanted(*binary)).min_by_key(order).map(|(_, ending)| ending)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::environment::tests::{files, module, shown, tree};

    fn finder(root: &TempDir, entries: &[&str]) -> Finder {
        let search_path = entries.iter().map(|entry| root.path().join(entry)).collect();
        let version = Some(PythonVersion::new(12));
        let root = root.path().to_path_buf();
        Finder::new(&Environment { root, search_path, version, editables: Editables::default() })
    }

    /// What is found, as `kind source stub binary` without the files that are not there.
    pub(crate) fn found(root: &TempDir, finder: &Finder, name: &str) -> String {
        let Some(found) = finder.find(&module(name)) else { return "nothing".to_owned() };
        let paths: Vec<PathBuf> = [found.source, found.stub, found.binary].into_iter().flatten().collect();
        let words = [format!("{:?}", found.kind)].into_iter().chain(shown(root, &paths));
        words.collect::<Vec<String>>().join(" ")
    }

    #[test]
    fn one_folder_is_searched_in_the_order_of_importlib() {
        let root = tree(&files(&[
            "site/package/__init__.py",
            "site/package.py",
            "site/extension.py",
            "site/extension.pyi",
            "site/extension.cpython-312-x86_64-linux-gnu.so",
            "site/extension.abi3.so",
            "site/extension.so",
            "site/stable.abi3.so",
            "site/stable.so",
            "site/windows.cp312-win_amd64.pyd",
            "site/older.py",
            "site/older.cpython-311-x86_64-linux-gnu.so",
            "site/foreign.cpython-311-x86_64-linux-gnu.so",
            "site/compiled/__init__.abi3.so",
            "site/source.py",
            "site/source.pyc",
            "site/source/data.txt",
            "site/bytecode.pyc",
            "site/folder.py/",
            "site/__pycache__/cached.cpython-312.pyc",
            "site/not.a.module.so",
            "site/libfoo.so.1",
            "site/Case.py",
            "site/declared.pyi",
            "site/declared_package/__init__.pyi",
            "site/declared_package/part.py",
        ]));
        let finder = finder(&root, &["site"]);
        for (name, expected) in [
            ("package", "Package site/package/__init__.py"),
            (
                "extension",
                "Extension site/extension.py site/extension.pyi site/extension.cpython-312-x86_64-linux-gnu.so",
            ),
            ("stable", "Extension site/stable.abi3.so"),
            ("windows", "Extension site/windows.cp312-win_amd64.pyd"),
            ("older", "Source site/older.py"),
            ("foreign", "Extension site/foreign.cpython-311-x86_64-linux-gnu.so"),
            ("compiled", "Package site/compiled/__init__.abi3.so"),
            ("source", "Source site/source.py"),
            ("bytecode", "Source"),
            ("folder", "nothing"),
            ("cached", "nothing"),
            ("not", "nothing"),
            ("libfoo", "nothing"),
            ("case", "nothing"),
            ("Case", "Source site/Case.py"),
            ("source.data", "nothing"),
            ("package.sub", "nothing"),
            ("declared", "Source site/declared.pyi"),
            ("declared_package", "Package site/declared_package/__init__.pyi"),
            ("declared_package.part", "Source site/declared_package/part.py"),
        ] {
            assert_eq!(found(&root, &finder, name), expected, "{name}");
        }
    }

    #[test]
    fn namespace_packages_span_the_search_path() {
        let root = tree(&files(&[
            "one/ns/first/__init__.py",
            "one/ns/first/part.py",
            "two/ns/second.py",
            "two/ns/data/table.csv",
            "one/late/__pycache__/",
            "two/late/__init__.py",
            "one/early/__init__.py",
            "two/early/hidden.py",
            "three/ns/third/deep/module.py",
        ]));
        let finder = finder(&root, &["one", "two", "missing", "three"]);
        assert_eq!(found(&root, &finder, "ns"), "Namespace");
        assert_eq!(found(&root, &finder, "ns.first.part"), "Source one/ns/first/part.py");
        assert_eq!(found(&root, &finder, "ns.second"), "Source two/ns/second.py");
        assert_eq!(found(&root, &finder, "ns.third.deep.module"), "Source three/ns/third/deep/module.py");
        assert_eq!(found(&root, &finder, "ns.data"), "Namespace");
        // A regular package further down comes before a folder without `__init__`.
        assert_eq!(found(&root, &finder, "late"), "Package two/late/__init__.py");
        assert_eq!(found(&root, &finder, "early.hidden"), "nothing");
    }

    #[test]
    fn namespace_packages_of_old_extend_their_path() {
        let root = tree(&[
            ("one/old/__init__.py", "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"),
            ("one/old/first.py", ""),
            ("two/old/__init__.py", "__import__('pkg_resources').declare_namespace(__name__)\n"),
            ("two/old/second.py", ""),
        ]);
        let finder = finder(&root, &["one", "two"]);
        assert_eq!(found(&root, &finder, "old"), "Package one/old/__init__.py");
        assert_eq!(found(&root, &finder, "old.second"), "Source two/old/second.py");
    }

    #[test]
    fn stub_packages_come_before_stubs_beside() {
        let root = tree(&[
            ("site/PyQt5/__init__.py", ""),
            ("site/PyQt5/QtCore.abi3.so", ""),
            ("site/PyQt5/QtCore.pyi", ""),
            ("site/PyQt5/QtGui.abi3.so", ""),
            ("site/PyQt5/QtGui.pyi", ""),
            ("site/PyQt5/sip.py", ""),
            ("site/PyQt5-stubs/py.typed", "partial\n"),
            ("site/PyQt5-stubs/__init__.pyi", ""),
            ("site/PyQt5-stubs/QtCore.pyi", ""),
            ("site/requests-stubs/__init__.pyi", ""),
            ("site/requests-stubs/api/__init__.pyi", ""),
            ("site/google/", ""),
            ("site/google-stubs/protobuf/__init__.pyi", ""),
            ("site/native.abi3.so", ""),
            ("site/native/__init__.pyi", ""),
            ("site/native/inner.pyi", ""),
        ]);
        let finder = finder(&root, &["site"]);
        for (name, expected) in [
            ("PyQt5", "Package site/PyQt5/__init__.py site/PyQt5-stubs/__init__.pyi"),
            ("PyQt5.QtCore", "Extension site/PyQt5-stubs/QtCore.pyi site/PyQt5/QtCore.abi3.so"),
            ("PyQt5.QtGui", "Extension site/PyQt5/QtGui.pyi site/PyQt5/QtGui.abi3.so"),
            ("PyQt5.sip", "Source site/PyQt5/sip.py"),
            ("PyQt5.QtSql", "nothing"),
            ("requests", "Package site/requests-stubs/__init__.pyi"),
            ("requests.api", "Package site/requests-stubs/api/__init__.pyi"),
            ("google", "Namespace"),
            ("google.protobuf", "Package site/google-stubs/protobuf/__init__.pyi"),
            ("native", "Extension site/native/__init__.pyi site/native.abi3.so"),
            ("native.inner", "Source site/native/inner.pyi"),
        ] {
            assert_eq!(found(&root, &finder, name), expected, "{name}");
        }
    }

    #[test]
    fn many_threads_share_a_finder() {
        let root = tree(&files(&["site/a/__init__.py", "site/a/b.py"]));
        let finder = finder(&root, &["site"]);
        let find = || finder.find(&module("a.b")).is_some() && finder.find(&module("a.c")).is_none();
        let all_found = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(find)).collect();
            threads.into_iter().all(|thread| thread.join().unwrap_or(false))
        });
        assert!(all_found);
        assert!(finder.find(&module(&format!("a{}", ".a".repeat(100_000)))).is_none());
    }
}
