//! The installed packages, from disk alone: no interpreter is ever started.
//!
//! In: a path that the user names, `$VIRTUAL_ENV`, the project's folder. Out: an [`Environment`], which is the part of
//! `sys.path` that holds installed packages; the `Finder` says which files a module name stands for there.
//!
//! The search path is made as CPython's `site` module makes it: site folders, then what their `.pth` files add.
//!
//! Not here: the standard library, the project's own modules, packages in zip files, the user's site folder in
//! `~/.local`, and whatever a program does to `sys.path` or `__path__` while it runs, `extend_path` excepted.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use douane_base::{ModuleName, PythonVersion};
use rustc_hash::FxHashSet;

use crate::source_roots::joined;

/// Where a Python keeps its installed packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Environment {
    /// The environment's folder: what `sys.prefix` says.
    pub(crate) root: PathBuf,
    /// The folders that hold packages, in the order in which they are searched. Each exists, none is there twice.
    pub(crate) search_path: Vec<PathBuf>,
    /// The Python that the packages are installed for. It may be one that douane does not know.
    pub(crate) version: Option<PythonVersion>,
    /// Modules that setuptools installed as links to where they are developed.
    pub(crate) editables: Editables,
}

/// What setuptools' editable finders map. They are asked after the search path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Editables {
    /// A package's folder, or a module's file without the suffix.
    pub(crate) modules: BTreeMap<ModuleName, PathBuf>,
    /// The folders of namespace packages; none for one that only holds other mapped modules.
    pub(crate) namespaces: BTreeMap<ModuleName, Vec<PathBuf>>,
}

/// The environment that holds the project's installed packages.
///
/// The first of: what is named `explicit`ly, which is an environment's folder, an interpreter or a folder of packages;
/// `$VIRTUAL_ENV`; a `.venv` or `venv` in the project's folder or, within its repository, in one above it. Only an explicit one
/// has to be usable, and it is taken as it stands: a relative one from the working folder.
///
/// # Errors
///
/// One line that says why the explicit one is not usable.
pub(crate) fn find_environment(
    explicit: Option<&Path>,
    virtual_env: Option<&OsStr>,
    project: &Path,
) -> Result<Option<Environment>, String> {
    if let Some(path) = explicit {
        return explicit_environment(&absolute(path)).map(Some);
    }
    let active = virtual_env.filter(|folder| !folder.is_empty()).map(|folder| absolute(Path::new(folder)));
    Ok(active.and_then(|folder| environment_in(&folder)).or_else(|| nearby_environment(&absolute(project))))
}

/// A path from the root of the file system, without `..`; only so can paths be told to lie in one another.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    joined(Path::new(""), &path)
}

/// What a user means by a path: what is there, from the working folder; else the command of that name in `$PATH`, as
/// shells understand `python3.12`.
pub(crate) fn named(working_folder: &Path, path: &Path) -> PathBuf {
    let here = absolute(&working_folder.join(path));
    let is_mere_name = path.file_name() == Some(path.as_os_str());
    if !is_mere_name || fs::symlink_metadata(&here).is_ok() {
        return here;
    }
    let folders = std::env::var_os("PATH");
    let mut commands = folders.iter().flat_map(std::env::split_paths).map(|folder| folder.join(path));
    commands.find(|command| command.is_file()).unwrap_or(here)
}

fn explicit_environment(path: &Path) -> Result<Environment, String> {
    // The link's own metadata: a link to an interpreter that is not on this machine still names its environment.
    if fs::symlink_metadata(path).is_err() {
        return Err(format!("`{}` does not exist, so it can be no Python environment", path.display()));
    }
    let found = if path.is_dir() {
        packages_folder(path).or_else(|| environment_in(path)).or_else(|| unpacked_packages(path))
    } else {
        environment_of_interpreter(path)
    };
    found.ok_or_else(|| {
        format!(
            "`{}` is no Python environment and no interpreter of one: it has no site-packages folder",
            path.display()
        )
    })
}

fn nearby_environment(project: &Path) -> Option<Environment> {
    // What lies above the repository, such as a `venv` at home, belongs to something else.
    let top = project.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(project);
    let folders = project.ancestors().take_while(|folder| folder.starts_with(top));
    let candidates = folders.flat_map(|folder| [folder.join(".venv"), folder.join("venv")]);
    candidates.filter(|candidate| candidate.is_dir()).find_map(|candidate| environment_in(&candidate))
}

/// A folder that is named `site-packages` or `dist-packages`: its own files, and what its `.pth` files add.
fn packages_folder(folder: &Path) -> Option<Environment> {
    if !folder.file_name().is_some_and(|name| name == "site-packages" || name == "dist-packages") {
        return None;
    }
    let library = folder.parent()?;
    let layout = library_version(library);
    let levels = if layout.is_some() { 3 } else { 2 };
    let root = folder.ancestors().nth(levels).unwrap_or(folder);
    let version = layout.flatten().or_else(|| VenvConfiguration::of(root).version);
    Some(environment(root, vec![folder.to_path_buf()], version))
}

/// A folder that holds packages and their metadata without being part of an environment: `pip install --target`.
fn unpacked_packages(folder: &Path) -> Option<Environment> {
    let is_metadata = |name: &str| name.ends_with(".dist-info") || name.ends_with(".egg-info");
    let holds_packages = entry_names(folder).iter().any(|name| is_metadata(name));
    holds_packages.then(|| environment(folder, vec![folder.to_path_buf()], None))
}

fn environment_in(prefix: &Path) -> Option<Environment> {
    let interpreters = ["bin/python3", "bin/python"].map(|name| prefix.join(name));
    environment_at(prefix, interpreters.iter().find_map(|interpreter| named_version(&link_chain(interpreter))))
}

/// The environment that an interpreter belongs to. A virtual environment's interpreter is a link to the one it was made
/// with, so what stands beside the link counts first, as it does in CPython's `getpath`.
fn environment_of_interpreter(interpreter: &Path) -> Option<Environment> {
    let chain = link_chain(interpreter);
    let version = named_version(&chain);
    let prefixes: Vec<&Path> = chain.iter().filter_map(|link| prefix_of(link)).collect();
    let marked = prefixes.iter().find(|prefix| prefix.join("pyvenv.cfg").is_file() || has_standard_library(prefix));
    let marked = marked.and_then(|prefix| environment_at(prefix, version));
    marked.or_else(|| prefixes.iter().find_map(|prefix| environment_at(prefix, version)))
}

/// A file and what it links to, one step after the other.
fn link_chain(file: &Path) -> Vec<PathBuf> {
    // As many steps as Linux takes before it says that the links go round in circles.
    const LONGEST: usize = 40;
    let mut chain = vec![file.to_path_buf()];
    while let Some(link) = chain.last()
        && chain.len() <= LONGEST
        && let Ok(target) = fs::read_link(link)
        && let Some(folder) = link.parent()
    {
        let target = joined(folder, &target);
        chain.push(target);
    }
    chain
}

/// The version in the name of what the links end at: `bin/python` is often a link to `python3.12`.
fn named_version(chain: &[PathBuf]) -> Option<PythonVersion> {
    chain.iter().rev().find_map(|link| folder_version(link.file_name()?.to_str()?)?)
}

/// The folder whose `bin` or `Scripts` holds an interpreter; on Windows, and in conda there, it holds it itself.
fn prefix_of(interpreter: &Path) -> Option<&Path> {
    let folder = interpreter.parent()?;
    let is_scripts = folder.file_name().is_some_and(|name| name == "bin" || name == "Scripts");
    if is_scripts { folder.parent() } else { Some(folder) }
}

/// `os.py` is the file that CPython itself looks for.
fn has_standard_library(prefix: &Path) -> bool {
    prefix.join("Lib/os.py").is_file() || libraries(prefix).iter().any(|library| library.folder.join("os.py").is_file())
}

/// The environment at a prefix, if it holds a folder of packages at all.
fn environment_at(prefix: &Path, named: Option<PythonVersion>) -> Option<Environment> {
    let configuration = VenvConfiguration::of(prefix);
    let (mut folders, version) = site_folders(prefix, configuration.version.or(named));
    if folders.is_empty() {
        return None;
    }
    if configuration.includes_system {
        folders.extend(configuration.home.map(|home| system_folders(&home, version)).unwrap_or_default());
    }
    Some(environment(prefix, folders, version))
}

/// The packages of the Python that a virtual environment was made with; `home` is the folder of its interpreter.
fn system_folders(home: &Path, version: Option<PythonVersion>) -> Vec<PathBuf> {
    base_prefix(home).map(|prefix| site_folders(&prefix, version).0).unwrap_or_default()
}

/// The folders of the standard library: its Python files, then its compiled modules. None where the Python that the
/// environment was made with is not there.
pub(crate) fn standard_library_folders(environment: &Environment) -> Vec<PathBuf> {
    let base = VenvConfiguration::of(&environment.root).home.and_then(|home| base_prefix(&home));
    let prefixes = [Some(environment.root.clone()), base].into_iter().flatten();
    let folders = prefixes.flat_map(|prefix| {
        let of_version = |library: &Library| environment.version.is_none() || library.version == environment.version;
        let posix = libraries(&prefix).into_iter().filter(of_version).map(|library| library.folder);
        posix.chain([prefix.join("Lib")]).collect::<Vec<_>>()
    });
    let Some(folder) = folders.into_iter().find(|folder| folder.join("os.py").is_file()) else { return Vec::new() };
    let compiled = [folder.join("lib-dynload"), folder.with_file_name("DLLs")];
    std::iter::once(folder).chain(compiled.into_iter().filter(|folder| folder.is_dir())).collect()
}

/// The prefix of the Python whose interpreter lies in a folder.
fn base_prefix(home: &Path) -> Option<PathBuf> {
    let interpreters = ["python3", "python", "python.exe"].map(|name| home.join(name));
    let chains = interpreters.iter().map(|interpreter| link_chain(interpreter));
    let prefixes: Vec<PathBuf> = chains.flatten().filter_map(|link| prefix_of(&link).map(Path::to_path_buf)).collect();
    prefixes.iter().find(|prefix| has_standard_library(prefix)).or(prefixes.first()).cloned()
}

/// A folder such as `lib/python3.12`.
struct Library {
    name: String,
    folder: PathBuf,
    version: Option<PythonVersion>,
}

/// The folders of libraries below `lib` and `lib64`.
fn libraries(prefix: &Path) -> Vec<Library> {
    let mut libraries = Vec::new();
    for parent in ["lib", "lib64"].map(|name| prefix.join(name)) {
        for name in entry_names(&parent) {
            let Some(version) = folder_version(&name) else { continue };
            libraries.push(Library { folder: parent.join(&name), name, version });
        }
    }
    libraries
}

/// The site folders below a prefix and the version they are for: the `wanted` one where it has packages, else the
/// newest that has. One prefix, such as `/usr/local`, may serve several versions.
fn site_folders(prefix: &Path, wanted: Option<PythonVersion>) -> (Vec<PathBuf>, Option<PythonVersion>) {
    let libraries: Vec<Library> =
        libraries(prefix).into_iter().filter(|library| !packages_in(library).is_empty()).collect();
    let is_present = |version| libraries.iter().any(|library| library.version == version);
    let shared = shared_folders(prefix);
    let newest = libraries.iter().map(|library| library.version).max().flatten();
    let version = wanted.filter(|version| is_present(Some(*version)) || !shared.is_empty()).or(newest).or(wanted);
    let chosen = libraries.iter().filter(|library| library.version == version);
    // Debian's `/usr/bin/python3` looks into `/usr/local` first.
    let local = version.map(|version| prefix.join(format!("local/lib/python{version}/dist-packages")));
    let folders = local.into_iter().filter(|folder| folder.is_dir());
    (folders.chain(chosen.flat_map(packages_in)).chain(shared).collect(), version)
}

fn packages_in(library: &Library) -> Vec<PathBuf> {
    // `lib/python3` is Debian's, for all versions, and comes after the versions' own.
    if library.name == "python3" {
        return Vec::new();
    }
    let folders = ["site-packages", "dist-packages"].map(|name| library.folder.join(name));
    folders.into_iter().filter(|folder| folder.is_dir()).collect()
}

/// Site folders whose path names no version: Debian's, Windows', and that of PyPy before 3.8.
fn shared_folders(prefix: &Path) -> Vec<PathBuf> {
    let folders = ["lib/python3/dist-packages", "Lib/site-packages", "site-packages"].map(|name| prefix.join(name));
    folders.into_iter().filter(|folder| folder.is_dir()).collect()
}

/// The version of the library that holds a site folder; `Some(None)` for a library of any version.
fn library_version(library: &Path) -> Option<Option<PythonVersion>> {
    folder_version(library.file_name()?.to_str()?)
}

/// The version that `python3.12`, `python3.13t` or `pypy3.10` names; `Some(None)` where it is left out.
fn folder_version(name: &str) -> Option<Option<PythonVersion>> {
    let rest = ["python3", "pypy3"].iter().find_map(|start| name.strip_prefix(start))?;
    if rest.is_empty() {
        return Some(None);
    }
    let minor = rest.strip_prefix('.')?;
    let minor = minor.strip_suffix('t').unwrap_or(minor);
    minor.parse().ok().map(|minor| Some(PythonVersion::new(minor)))
}

/// What `pyvenv.cfg` says (PEP 405).
#[derive(Default)]
struct VenvConfiguration {
    home: Option<PathBuf>,
    includes_system: bool,
    version: Option<PythonVersion>,
}

impl VenvConfiguration {
    fn of(prefix: &Path) -> Self {
        let mut configuration = Self::default();
        for line in text_of(&prefix.join("pyvenv.cfg")).lines() {
            let Some((key, value)) = line.split_once('=') else { continue };
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "home" => configuration.home = Some(PathBuf::from(value)),
                "include-system-site-packages" => configuration.includes_system = value.eq_ignore_ascii_case("true"),
                // `venv` writes the first, `virtualenv` and `uv` the second.
                "version" | "version_info" => configuration.version = release_version(value).or(configuration.version),
                _ => {}
            }
        }
        configuration
    }
}

/// The version of a release such as `3.11.7` or `3.12.1.final.0`.
fn release_version(release: &str) -> Option<PythonVersion> {
    let minor = release.strip_prefix("3.")?.split('.').next()?;
    let digits = minor.find(|character: char| !character.is_ascii_digit()).unwrap_or(minor.len());
    minor[..digits].parse().ok().map(PythonVersion::new)
}

/// The environment of these site folders, with what their `.pth` files and editable finders add.
fn environment(root: &Path, sites: Vec<PathBuf>, version: Option<PythonVersion>) -> Environment {
    let mut seen = FxHashSet::default();
    let mut search_path = Vec::new();
    let mut editables = Editables::default();
    for site in sites {
        let Some(real) = real_folder(&site) else { continue };
        if !seen.insert(real) {
            continue;
        }
        let added = path_lines(&site);
        editables.read(&site);
        search_path.push(site);
        for folder in added {
            if real_folder(&folder).is_some_and(|real| seen.insert(real)) {
                search_path.push(folder);
            }
        }
    }
    Environment { root: root.to_path_buf(), search_path, version, editables }
}

/// The folder that a path leads to; `lib64` is often a link to `lib`.
fn real_folder(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok().filter(|real| real.is_dir())
}

/// The paths that a site folder's `.pth` files name, by the rules of CPython's `site.addpackage`. Lines that start with
/// `import` are code, and no code is run.
fn path_lines(site: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let names = entry_names(site);
    for name in names.iter().filter(|name| name.ends_with(".pth") && !name.starts_with('.')) {
        for line in text_of(&site.join(name)).split(['\n', '\r']) {
            let is_code = line.starts_with("import ") || line.starts_with("import\t");
            if is_code || line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            paths.push(joined(site, Path::new(line.trim_end())));
        }
    }
    paths
}

impl Editables {
    /// Reads the finders that setuptools writes into a site folder for `pip install --editable`. They are code, but
    /// what they map is a literal.
    fn read(&mut self, site: &Path) {
        for name in entry_names(site) {
            if !name.starts_with("__editable___") || !name.ends_with("_finder.py") {
                continue;
            }
            let text = text_of(&site.join(name));
            for (module, paths) in dictionary_literal(&text, "MAPPING") {
                let (Some(module), Some(path)) = (ModuleName::new(&module), paths.into_iter().next()) else { continue };
                self.add(module, joined(site, Path::new(&path)));
            }
            for (module, paths) in dictionary_literal(&text, "NAMESPACES") {
                let Some(module) = ModuleName::new(&module) else { continue };
                let paths = paths.iter().map(|path| joined(site, Path::new(path)));
                self.namespaces.entry(module).or_default().extend(paths);
            }
        }
    }

    /// Adds a mapped module, below packages that may exist for its sake only.
    fn add(&mut self, module: ModuleName, path: PathBuf) {
        let mut package = module.parent();
        while let Some(name) = package {
            package = name.parent();
            self.namespaces.entry(name).or_default();
        }
        self.modules.insert(module, path);
    }
}

/// The entries of the dictionary literal that a line of Python assigns to a variable, with or without an annotation; as
/// many as are strings, or lists of strings, assigned to strings.
fn dictionary_literal(text: &str, variable: &str) -> Vec<(String, Vec<String>)> {
    let mut from = 0;
    while let Some(line) = text[from..].find(variable).map(|at| from + at) {
        let after = line + variable.len();
        from = after;
        let starts_line = text[..line].ends_with('\n') || line == 0;
        let rest = text[after..].trim_start_matches([' ', '\t']);
        if !starts_line || !rest.starts_with([':', '=']) {
            continue;
        }
        let Some((_, value)) = rest.split_once('=') else { continue };
        return Literal { rest: value }.dictionary();
    }
    Vec::new()
}

/// A reader of what `repr` makes of dictionaries, lists and strings.
struct Literal<'text> {
    rest: &'text str,
}

impl Literal<'_> {
    fn dictionary(mut self) -> Vec<(String, Vec<String>)> {
        let mut entries = Vec::new();
        if !self.takes('{') {
            return entries;
        }
        while let Some(key) = self.string() {
            if !self.takes(':') {
                break;
            }
            let Some(values) = self.strings() else { break };
            entries.push((key, values));
            if !self.takes(',') {
                break;
            }
        }
        entries
    }

    /// One string, or all of a list's.
    fn strings(&mut self) -> Option<Vec<String>> {
        if !self.takes('[') {
            return self.string().map(|string| vec![string]);
        }
        let mut strings = Vec::new();
        while let Some(string) = self.string() {
            strings.push(string);
            if !self.takes(',') {
                break;
            }
        }
        self.takes(']').then_some(strings)
    }

    fn string(&mut self) -> Option<String> {
        self.rest = self.rest.trim_start();
        let quote = self.rest.chars().next().filter(|character| matches!(character, '\'' | '"'))?;
        let mut characters = self.rest[1..].chars();
        let mut string = String::new();
        loop {
            match characters.next()? {
                '\\' => string.extend(escaped(&mut characters)?),
                character if character == quote => break,
                character => string.push(character),
            }
        }
        self.rest = characters.as_str();
        Some(string)
    }

    fn takes(&mut self, character: char) -> bool {
        let rest = self.rest.trim_start().strip_prefix(character);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

/// What follows a backslash. A path that needs another escape than these is given up, with its entry.
fn escaped(characters: &mut std::str::Chars<'_>) -> Option<Option<char>> {
    let digits = match characters.next()? {
        quoted @ ('\\' | '\'' | '"') => return Some(Some(quoted)),
        '\n' => return Some(None),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return None,
    };
    let rest = characters.as_str();
    let code = u32::from_str_radix(rest.get(..digits)?, 16).ok()?;
    *characters = rest.get(digits..)?.chars();
    char::from_u32(code).map(Some)
}

/// The text of a file, without its byte order mark; empty where there is no such file.
pub(crate) fn text_of(file: &Path) -> String {
    let bytes = fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned()
}

/// The names in a folder that are Unicode, sorted; none where there is no such folder.
fn entry_names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
pub(crate) mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::finder::{Finder, tests::found};

    /// A folder of these files; what ends with `/` is a folder.
    pub(crate) fn tree(files: &[(&str, &str)]) -> TempDir {
        let root = tempfile::tempdir().expect("a folder for the test");
        for (path, text) in files {
            let path = root.path().join(path);
            let folder = if text.is_empty() && path.as_os_str().as_encoded_bytes().ends_with(b"/") {
                path.clone()
            } else {
                path.parent().map(Path::to_path_buf).unwrap_or_default()
            };
            fs::create_dir_all(folder).expect("a folder");
            if !path.is_dir() {
                fs::write(path, text).expect("a file");
            }
        }
        root
    }

    pub(crate) fn files(paths: &[&'static str]) -> Vec<(&'static str, &'static str)> {
        paths.iter().map(|path| (*path, "")).collect()
    }

    pub(crate) fn module(name: &str) -> ModuleName {
        ModuleName::new(name).expect("a valid name")
    }

    pub(crate) fn shown(root: &TempDir, paths: &[PathBuf]) -> Vec<String> {
        let relative = |path: &PathBuf| path.strip_prefix(root.path()).unwrap_or(path).to_string_lossy().into_owned();
        paths.iter().map(relative).collect()
    }

    /// The environment of the folder `env` in a tree.
    fn explicit(root: &TempDir, path: &str) -> Environment {
        let found = find_environment(Some(&root.path().join(path)), None, root.path());
        found.expect("a usable environment").expect("an explicit one is never absent")
    }

    #[test]
    fn the_explicit_environment_comes_before_the_active_and_the_nearby_one() {
        let root = tree(&files(&[
            "named/lib/python3.10/site-packages/",
            "active/lib/python3.11/site-packages/",
            "work/.venv/lib/python3.12/site-packages/",
            "work/venv/lib/python3.13/site-packages/",
            "work/.git/",
            "work/project/src/",
            "work/other/.git/",
            "empty/",
        ]));
        let project = root.path().join("work/project");
        let version = |explicit: Option<&str>, active: Option<&str>| {
            let explicit = explicit.map(|path| root.path().join(path));
            let active = active.map(|path| root.path().join(path));
            let found = find_environment(explicit.as_deref(), active.as_deref().map(Path::as_os_str), &project);
            found.map(|environment| environment.and_then(|environment| environment.version).map(PythonVersion::minor))
        };
        assert_eq!(version(Some("named"), Some("active")), Ok(Some(10)));
        assert_eq!(version(None, Some("active")), Ok(Some(11)));
        assert_eq!(version(None, Some("gone")), Ok(Some(12)));
        assert_eq!(version(None, Some("")), Ok(Some(12)));
        assert_eq!(version(None, None), Ok(Some(12)));
        for unusable in ["empty", "gone"] {
            let problem = version(Some(unusable), Some("active")).expect_err("it holds no packages");
            assert!(problem.contains(unusable) && !problem.contains('\n'), "{problem}");
        }
        for outside in ["empty", "work/other"] {
            assert_eq!(find_environment(None, None, &root.path().join(outside)), Ok(None), "{outside}");
        }
    }

    #[test]
    fn layouts() {
        let root = tree(&files(&[
            "posix/lib/python3.11/site-packages/",
            "posix/lib64/python3.11/site-packages/",
            "windows/Lib/site-packages/",
            "pypy/lib/pypy3.10/site-packages/",
            "threads/lib/python3.13t/site-packages/",
            "usr/lib/python3.9/",
            "usr/lib/python3.11/",
            "usr/lib/python3/dist-packages/",
            "usr/local/lib/python3.11/dist-packages/",
            "usr/bin/python3.11",
            "many/lib/python3.9/site-packages/",
            "many/lib/python3.10/site-packages/",
            "many/lib/python3.12/",
            "target/click/__init__.py",
            "target/click-8.1.dist-info/METADATA",
        ]));
        let layout = |path: &str| {
            let environment = explicit(&root, path);
            (environment.version.map(PythonVersion::minor), shown(&root, &environment.search_path).join(" "))
        };
        let posix = "posix/lib/python3.11/site-packages posix/lib64/python3.11/site-packages";
        assert_eq!(layout("posix"), (Some(11), posix.to_owned()));
        assert_eq!(layout("windows"), (None, "windows/Lib/site-packages".to_owned()));
        assert_eq!(layout("pypy"), (Some(10), "pypy/lib/pypy3.10/site-packages".to_owned()));
        assert_eq!(layout("threads"), (Some(13), "threads/lib/python3.13t/site-packages".to_owned()));
        assert_eq!(layout("many"), (Some(10), "many/lib/python3.10/site-packages".to_owned()));
        assert_eq!(layout("target"), (None, "target".to_owned()));
        let debian = "usr/local/lib/python3.11/dist-packages usr/lib/python3/dist-packages";
        assert_eq!(layout("usr/bin/python3.11"), (Some(11), debian.to_owned()));
        let site = explicit(&root, "posix/lib/python3.11/site-packages");
        assert_eq!(site.root, root.path().join("posix"));
        assert_eq!(site.version, Some(PythonVersion::new(11)));
        assert_eq!(shown(&root, &site.search_path), ["posix/lib/python3.11/site-packages"]);
        assert_eq!(explicit(&root, "windows/Lib/site-packages").root, root.path().join("windows"));
    }

    #[cfg(unix)]
    #[test]
    fn the_interpreter_of_a_virtual_environment_is_a_link_that_is_not_followed() {
        use std::os::unix::fs::symlink;
        let root = tree(&[
            ("base/bin/python3.11", ""),
            ("base/lib/python3.11/os.py", ""),
            ("base/lib/python3.11/site-packages/numpy/__init__.py", ""),
            ("project/.venv/pyvenv.cfg", "\u{feff}home = BASE\r\nversion_info = 3.11.7.final.0\r\n"),
            ("project/.venv/lib/python3.11/site-packages/", ""),
            ("project/.venv/bin/", ""),
            ("gone/pyvenv.cfg", "version = 3.9.1"),
            ("gone/lib/python3.9/site-packages/", ""),
            ("gone/bin/", ""),
            ("bin/", ""),
        ]);
        let link = |target: &Path, link: &str| symlink(target, root.path().join(link)).expect("a link");
        link(&root.path().join("base/bin/python3.11"), "project/.venv/bin/python3");
        link(Path::new("python3"), "project/.venv/bin/python");
        link(Path::new("lib"), "project/.venv/lib64");
        link(Path::new("/nowhere/python3.9"), "gone/bin/python");
        link(Path::new("../base/bin/python3.11"), "bin/python");
        let site = ["project/.venv/lib/python3.11/site-packages"];
        for named in ["project/.venv/bin/python", "project/.venv"] {
            let environment = explicit(&root, named);
            assert_eq!(environment.root, root.path().join("project/.venv"));
            assert_eq!(environment.version, Some(PythonVersion::new(11)));
            assert_eq!(shown(&root, &environment.search_path), site);
        }
        assert_eq!(explicit(&root, "gone/bin/python").version, Some(PythonVersion::new(9)));
        // A link outside of any environment leads to the one that the interpreter is from.
        assert_eq!(explicit(&root, "bin/python").root, root.path().join("base"));

        let configuration = "include-system-site-packages = True\nversion = 3.11.7\nhome = ";
        let configuration = format!("{configuration}{}", root.path().join("base/bin").display());
        fs::write(root.path().join("project/.venv/pyvenv.cfg"), configuration).expect("a file");
        let search_path = explicit(&root, "project/.venv").search_path;
        assert_eq!(shown(&root, &search_path), [site[0], "base/lib/python3.11/site-packages"]);
        // Links that go round in circles end too.
        link(Path::new("circle"), "bin/circle");
        assert!(find_environment(Some(&root.path().join("bin/circle")), None, root.path()).is_err());
    }

    #[test]
    fn path_files_add_the_folders_that_exist() {
        let site = "env/lib/python3.12/site-packages";
        let lines = "\u{feff}# a comment\r\n\r\n../../../../one\r\nimport sys; sys.path.append('two')\r\n  \nmissing\n";
        let root = tree(&[
            (&format!("{site}/b.pth"), lines),
            (&format!("{site}/a.pth"), "egg  \nimport\tos\n.\n../../../../one\nimportant"),
            (&format!("{site}/.hidden.pth"), "../../../../two"),
            (&format!("{site}/egg/"), ""),
            (&format!("{site}/important/"), ""),
            (&format!("{site}/file.pth.txt"), "../../../../two"),
            ("one/", ""),
            ("two/", ""),
        ]);
        let search_path = explicit(&root, "env").search_path;
        let expected = [site, &format!("{site}/egg"), "one", &format!("{site}/important")];
        assert_eq!(shown(&root, &search_path), expected);
    }

    #[test]
    fn editable_finders_map_names_to_where_they_are_developed() {
        let site = "env/lib/python3.12/site-packages";
        let root = tree(&files(&[
            "work/src/app/__init__.py",
            "work/src/app/core.py",
            "work/tool.py",
            "work/sources/__init__.py",
            "work/parts/deep/one/__init__.py",
            "work/parts/deep/two.py",
        ]));
        let at = |path: &str| root.path().join(path).display().to_string();
        let mapping = format!(
            "import sys\nMAPPING: dict[str, str] = {{'app': '{}', \"tool\": '{}', 'ns.renamed': '{}'}}\n\
             NAMESPACES: dict[str, list[str]] = {{'ns': [], 'deep': ['{}']}}\nPATH = 1\n",
            at("work/src/app"),
            at("work/tool"),
            at("work/sources"),
            at("work/parts/deep"),
        );
        let file = root.path().join(site).join("__editable___app_0_1_finder.py");
        fs::create_dir_all(root.path().join(site)).expect("a folder");
        fs::write(&file, mapping).expect("a file");
        let finder = Finder::new(&explicit(&root, "env"));
        assert_eq!(found(&root, &finder, "app"), "Package work/src/app/__init__.py");
        assert_eq!(found(&root, &finder, "app.core"), "Source work/src/app/core.py");
        assert_eq!(found(&root, &finder, "tool"), "Source work/tool.py");
        assert_eq!(found(&root, &finder, "ns"), "Namespace");
        assert_eq!(found(&root, &finder, "ns.renamed"), "Package work/sources/__init__.py");
        assert_eq!(found(&root, &finder, "deep.one"), "Package work/parts/deep/one/__init__.py");
    }

    #[test]
    fn literals_are_read_as_far_as_they_go() {
        let read = |text: &str| dictionary_literal(text, "MAPPING");
        let entry = |key: &str, value: &str| (key.to_owned(), vec![value.to_owned()]);
        assert_eq!(read("MAPPING = {'a': 'C:\\\\x', \"b\": \"it's\",}"), [entry("a", "C:\\x"), entry("b", "it's")]);
        assert_eq!(read("x = 1\nMAPPING: dict[str, str] = {\n  'é': '\\xe9\\u00e9',\n}"), [entry("é", "éé")]);
        assert_eq!(read("MAPPING = {'a': 'b', 'c': make()}"), [entry("a", "b")]);
        for broken in ["", "MAPPING", "MAPPING =", "MAPPING = {", "MAPPING = {'a", "MAPPING = {'a': '\\", "MAPPING = 1"]
        {
            assert_eq!(read(broken), [], "{broken}");
        }
        for other in
            [" MAPPING = {'a': 'b'}", "MAPPINGS = {'a': 'b'}", "MAPPING = {'a': '\\xé'}", "MAPPING = {'a': '\\u12'}"]
        {
            assert_eq!(read(other), [], "{other}");
        }
    }
}
