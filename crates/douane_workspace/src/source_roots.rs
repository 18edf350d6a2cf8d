//! Which folders stand on `sys.path` for a project, and which module a file is.
//!
//! In: the project's folder, its `src` setting, its `pyproject.toml`; then a file. Out: the source roots; then the
//! file's module name and the root that it is counted from.
//!
//! What is read of `pyproject.toml` is where the build backends say that packages lie. Not here: `setup.py`,
//! `setup.cfg`, the search paths of other tools, and any `pyproject.toml` but the project's own, which the caller hands
//! in: one that lies in an installed package says nothing about where that package is imported from.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use douane_base::ModuleName;
use globset::{Glob, GlobMatcher, GlobSet, GlobSetBuilder};
use rustc_hash::FxHashSet;
use toml::{Table, Value};

/// The folders that stand on `sys.path` for a project, the deepest first; the project's own is always there, and last.
///
/// What is `configured`, where globs such as `packages/*/src` are expanded, wins alone. Else it is what the build
/// settings in `pyproject` name, the members of a uv workspace, and a `src` folder, unless that is a package itself.
/// Folders that do not exist are left out. A project's folder that is configured stands there twice, since it is a
/// declared root then and the last resort still: [`module_of`] tells them apart.
#[must_use]
pub(crate) fn source_roots(project: &Path, configured: Option<&[PathBuf]>, pyproject: Option<&Table>) -> Vec<PathBuf> {
    let mut roots = match configured {
        Some(configured) => configured.iter().flat_map(|pattern| expanded(project, pattern)).collect(),
        None => built_roots(project, pyproject),
    };
    let mut seen = FxHashSet::default();
    roots.retain(|root| root.is_dir() && seen.insert(root.clone()));
    roots.sort_by_key(|root| std::cmp::Reverse(root.components().count()));
    roots.push(project.to_path_buf());
    roots
}

/// A relative path below a folder, with its `.` and `..` resolved by name; an absolute one as it is.
pub(crate) fn joined(folder: &Path, relative: &Path) -> PathBuf {
    let mut path = folder.to_path_buf();
    for component in relative.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                path.pop();
            }
            component => path.push(component),
        }
    }
    path
}

fn built_roots(project: &Path, pyproject: Option<&Table>) -> Vec<PathBuf> {
    let tools = pyproject.and_then(|table| table.get("tool")).map(Settings);
    let readers = [setuptools_roots, poetry_roots, hatch_roots, pdm_roots, maturin_roots, scikit_build_roots, uv_roots];
    let named = tools.iter().flat_map(|tools| readers.iter().flat_map(|reader| reader(*tools)));
    let named = named.map(|root| joined(project, Path::new(&root)));
    // A flat layout (`where = ["."]`) is what is presumed anyway.
    let mut roots: Vec<PathBuf> = named.filter(|root| root != project).collect();
    roots.extend(tools.iter().flat_map(|tools| workspace_roots(project, *tools)));
    roots.extend(source_folder(project));
    roots
}

/// The `src` folder that flit, hatch, pdm, poetry, setuptools and uv all look for, if it is no package.
fn source_folder(project: &Path) -> Option<PathBuf> {
    let folder = project.join("src");
    let is_package = ["__init__.py", "__init__.pyi"].iter().any(|name| folder.join(name).is_file());
    (folder.is_dir() && !is_package).then_some(folder)
}

/// A part of `pyproject.toml` in which everything is optional and may be of the wrong type: its owners complain.
#[derive(Clone, Copy)]
struct Settings<'toml>(&'toml Value);

impl<'toml> Settings<'toml> {
    fn at(self, path: &str) -> Option<Self> {
        path.split('.').try_fold(self, |settings, key| settings.0.get(key).map(Settings))
    }

    /// The string, or all strings of the list, at a path.
    fn strings(self, path: &str) -> Vec<&'toml str> {
        match self.at(path) {
            Some(Settings(Value::String(string))) => vec![string],
            Some(Settings(Value::Array(values))) => values.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// The entries of the table at a path that are strings.
    fn pairs(self, path: &str) -> Vec<(&'toml str, &'toml str)> {
        let Some(table) = self.at(path).and_then(|settings| settings.0.as_table()) else { return Vec::new() };
        table.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect()
    }
}

/// <https://setuptools.pypa.io/en/latest/userguide/package_discovery.html>
fn setuptools_roots(tools: Settings<'_>) -> Vec<String> {
    let folders = tools.pairs("setuptools.package-dir").into_iter();
    let mut roots: Vec<String> = folders.filter_map(|(package, folder)| root_of_package(folder, package)).collect();
    roots.extend(tools.strings("setuptools.packages.find.where").into_iter().map(str::to_owned));
    roots
}

/// <https://python-poetry.org/docs/pyproject/#packages>
fn poetry_roots(tools: Settings<'_>) -> Vec<String> {
    let packages = tools.at("poetry.packages").and_then(|settings| settings.0.as_array());
    let folders = packages.into_iter().flatten().filter_map(|package| package.get("from")?.as_str());
    folders.map(str::to_owned).collect()
}

/// <https://hatch.pypa.io/latest/config/build/>. `only-include` alone changes no path: what lies in `src/app` is
/// shipped as `src/app`, and it is `sources` that takes the `src` away. `packages` is both at once.
fn hatch_roots(tools: Settings<'_>) -> Vec<String> {
    let mut roots: Vec<String> = tools.strings("hatch.build.dev-mode-dirs").into_iter().map(str::to_owned).collect();
    for target in ["hatch.build", "hatch.build.targets.wheel"] {
        let packages = tools.strings(&format!("{target}.packages"));
        roots.extend(packages.into_iter().map(|package| parent_folder(package).to_owned()));
        let sources = format!("{target}.sources");
        roots.extend(tools.strings(&sources).into_iter().map(str::to_owned));
        let renamed = tools.pairs(&sources).into_iter();
        roots.extend(renamed.filter_map(|(folder, package)| root_of_package(folder, &package.replace('/', "."))));
    }
    roots
}

/// <https://backend.pdm-project.org/build_config/>
fn pdm_roots(tools: Settings<'_>) -> Vec<String> {
    let folders = ["pdm.build.package-dir", "pdm.package-dir"].map(|path| tools.strings(path));
    folders.concat().into_iter().map(str::to_owned).collect()
}

/// <https://www.maturin.rs/project_layout>
fn maturin_roots(tools: Settings<'_>) -> Vec<String> {
    tools.strings("maturin.python-source").into_iter().map(str::to_owned).collect()
}

/// <https://scikit-build-core.readthedocs.io/en/latest/configuration/index.html>
fn scikit_build_roots(tools: Settings<'_>) -> Vec<String> {
    let packages = tools.strings("scikit-build.wheel.packages").into_iter();
    packages.map(|package| parent_folder(package).to_owned()).collect()
}

/// <https://docs.astral.sh/uv/concepts/build-backend/>. The default `src` needs no setting.
fn uv_roots(tools: Settings<'_>) -> Vec<String> {
    tools.strings("uv.build-backend.module-root").into_iter().map(str::to_owned).collect()
}

/// The folder that a package's folder is imported from, if the folder is named like the package: `lib` for `lib/app`
/// and `app`. A package in a folder of another name has no root that would give it its name.
fn root_of_package(folder: &str, package: &str) -> Option<String> {
    if package.is_empty() {
        return Some(folder.to_owned());
    }
    let folder = folder.trim_end_matches('/');
    let root = folder.strip_suffix(&package.replace('.', "/"))?;
    (root.is_empty() || root.ends_with('/')).then(|| root.to_owned())
}

fn parent_folder(folder: &str) -> &str {
    folder.trim_end_matches('/').rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// The roots of a uv workspace's members: each one's `src`, else its own folder. A member has a `pyproject.toml`
/// (<https://docs.astral.sh/uv/concepts/projects/workspaces/>).
fn workspace_roots(project: &Path, tools: Settings<'_>) -> Vec<PathBuf> {
    let excluded = glob_set(project, &tools.strings("uv.workspace.exclude"));
    let patterns = tools.strings("uv.workspace.members").into_iter();
    let members = patterns.flat_map(|pattern| expanded(project, Path::new(pattern)));
    let members = members.filter(|member| member.join("pyproject.toml").is_file() && !excluded.is_match(member));
    members.map(|member| source_folder(&member).unwrap_or(member)).collect()
}

/// The patterns that are understood, as patterns of whole paths.
fn glob_set(project: &Path, patterns: &[&str]) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    let project = globset::escape(&project.to_string_lossy());
    let pattern = |pattern: &&str| format!("{project}/{}", pattern.trim_start_matches("./").trim_end_matches('/'));
    for glob in patterns.iter().filter_map(|text| folder_glob(&pattern(text))) {
        builder.add(glob);
    }
    builder.build().unwrap_or_default()
}

/// The folders that a pattern such as `packages/*/src` stands for, sorted; the folder itself where nothing in it is a
/// wildcard. `**` stands for any number of folders. Hidden folders have to be named.
pub(crate) fn expanded(project: &Path, pattern: &Path) -> Vec<PathBuf> {
    let literal = joined(project, pattern);
    let text = pattern.to_string_lossy();
    if literal.is_dir() || !text.contains(['*', '?', '[', '{']) {
        return vec![literal];
    }
    let mut folders = vec![project.to_path_buf()];
    for component in pattern.components() {
        let name = component.as_os_str().to_string_lossy();
        folders = match folder_matcher(&name) {
            _ if name == "**" => folders.iter().flat_map(|folder| with_folders_below(folder)).collect(),
            Some(matcher) => folders.iter().flat_map(|folder| matching_folders(folder, &matcher)).collect(),
            None => folders.iter().map(|folder| joined(folder, Path::new(&component))).collect(),
        };
    }
    folders.retain(|folder| folder.is_dir());
    folders.sort_unstable();
    folders.dedup();
    folders
}

fn folder_glob(pattern: &str) -> Option<Glob> {
    globset::GlobBuilder::new(pattern).literal_separator(true).build().ok()
}

/// What a part of a pattern matches; `None` for one that is a plain name, or no valid pattern.
fn folder_matcher(name: &str) -> Option<GlobMatcher> {
    if !name.contains(['*', '?', '[', '{']) {
        return None;
    }
    folder_glob(name).map(|glob| glob.compile_matcher())
}

fn matching_folders(folder: &Path, matcher: &GlobMatcher) -> Vec<PathBuf> {
    folders_in(folder)
        .into_iter()
        .filter(|below| below.file_name().is_some_and(|name| matcher.is_match(name)))
        .collect()
}

/// A folder and all below it. Links are not followed, so that this ends.
fn with_folders_below(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![folder.to_path_buf()];
    let mut at = 0;
    while let Some(folder) = all.get(at) {
        let below = folders_in(folder);
        all.extend(below.into_iter().filter(|folder| !folder.is_symlink()));
        at += 1;
    }
    all
}

/// The folders in a folder that are not hidden.
fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let is_hidden = |entry: &fs::DirEntry| entry.file_name().as_encoded_bytes().starts_with(b".");
    let folders = entries.flatten().filter(|entry| !is_hidden(entry)).map(|entry| entry.path());
    folders.filter(|path| path.is_dir()).collect()
}

/// The module that a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModuleLocation {
    /// Its absolute name.
    pub(crate) name: ModuleName,
    /// The file is the `__init__` of the package of that name.
    pub(crate) is_package: bool,
    /// The folder that has to be on `sys.path` for that.
    pub(crate) root: PathBuf,
}

/// The module that a file is, given the roots as [`source_roots`] returns them, the project's folder last.
///
/// - The deepest root that holds the file counts. Below a declared root every folder is a part of the name, whether it
///   has an `__init__` or not (PEP 420): `src/ns/pkg/mod.py` is `ns.pkg.mod`.
/// - The last root, the project's folder, is one by default, not by declaration. Below it the outermost folder with an
///   `__init__` starts the name, and the folder around that is the root: `backend/app/views.py` is `app.views`. The
///   outermost, since a folder whose `__init__` was forgotten still belongs to the package around it, as mypy has it
///   too. Without any, all folders are parts of the name: `tests/test_x.py` is `tests.test_x`.
/// - A folder with a dot in its name can't be a part of one, so it is taken for a root that nobody declared, and what
///   is below it is named as below the project's folder.
/// - No root is left upwards, even if it has an `__init__` itself: who wants the root to be a package passes the folder
///   around it. That `__init__` is named from the next root outside, and is no module if there is none.
///
/// Names that are no identifiers are kept: `locale/is/formats.py` is a module that importlib imports. A file with a dot
/// in its stem is none, nor is one outside of all roots.
#[must_use]
pub(crate) fn module_of(
    file: &Path,
    roots: &[PathBuf],
    is_package_dir: &dyn Fn(&Path) -> bool,
) -> Option<ModuleLocation> {
    let stem = module_stem(file)?;
    let folder = file.parent()?;
    let is_package = stem == "__init__";
    let holding = roots.iter().enumerate().filter(|(_, root)| {
        let is_root_init = is_package && folder == root.as_path();
        folder.starts_with(root) && !is_root_init
    });
    let ranked = holding.map(|(at, root)| (root.components().count(), at + 1 < roots.len(), root.as_path()));
    let (_, is_declared, declared) = ranked.max_by_key(|(depth, is_declared, _)| (*depth, *is_declared))?;
    let base = undotted_base(folder, declared)?;
    let is_declared = is_declared && base == declared;
    let root = if is_declared { base } else { package_root(folder, base, is_package, is_package_dir) };
    let own = if is_package { None } else { Some(stem) };
    let name = dotted_name(folder.strip_prefix(root).ok()?, own)?;
    Some(ModuleLocation { name, is_package, root: root.to_path_buf() })
}

/// The part of a Python file's name that can be a part of a module's.
fn module_stem(file: &Path) -> Option<&str> {
    let extension = file.extension()?;
    let stem = file.file_stem()?.to_str()?;
    ((extension == "py" || extension == "pyi") && !stem.contains('.')).then_some(stem)
}

/// The deepest folder from a file's up to the root that no module name can go through, else the root.
fn undotted_base<'path>(folder: &'path Path, root: &'path Path) -> Option<&'path Path> {
    let is_dotted = |folder: &&Path| folder.file_name().is_some_and(|name| name.as_encoded_bytes().contains(&b'.'));
    let depth = folder.strip_prefix(root).ok()?.components().count();
    Some(folder.ancestors().take(depth).find(is_dotted).unwrap_or(root))
}

/// The folder around the outermost package between a base and a file's folder; the base if there is none.
fn package_root<'path>(
    folder: &'path Path,
    base: &'path Path,
    is_package: bool,
    is_package_dir: &dyn Fn(&Path) -> bool,
) -> &'path Path {
    let inside = folder.ancestors().take_while(|ancestor| *ancestor != base && ancestor.starts_with(base));
    let is_in_package = |ancestor: &&Path| is_package && *ancestor == folder || is_package_dir(ancestor);
    inside.filter(is_in_package).last().and_then(Path::parent).unwrap_or(base)
}

fn dotted_name(folders: &Path, own: Option<&str>) -> Option<ModuleName> {
    let folders = folders.components().map(|component| component.as_os_str().to_str());
    let parts: Option<Vec<&str>> = folders.chain(own.map(Some)).collect();
    ModuleName::new(&parts?.join("."))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// A folder of these empty files; what ends with `/` is a folder.
    fn tree(paths: &[&str]) -> TempDir {
        let root = tempfile::tempdir().expect("a folder for the test");
        for path in paths {
            let file = root.path().join(path);
            let folder = if path.ends_with('/') { Some(file.as_path()) } else { file.parent() };
            fs::create_dir_all(folder.expect("a path below the folder")).expect("a folder");
            if !path.ends_with('/') {
                fs::write(file, "").expect("a file");
            }
        }
        root
    }

    fn shown(root: &TempDir, roots: &[PathBuf]) -> Vec<String> {
        let relative = |path: &PathBuf| path.strip_prefix(root.path()).unwrap_or(path).to_string_lossy().into_owned();
        roots.iter().map(relative).collect()
    }

    /// The roots below the project's folder, which itself is shown as an empty text.
    fn roots_of(tree: &TempDir, pyproject: &str) -> Vec<String> {
        let table: Table = pyproject.parse().expect("valid TOML");
        shown(tree, &source_roots(tree.path(), None, Some(&table)))
    }

    fn configured_roots(tree: &TempDir, patterns: &[&str]) -> Vec<String> {
        let patterns: Vec<PathBuf> = patterns.iter().map(PathBuf::from).collect();
        shown(tree, &source_roots(tree.path(), Some(&patterns), None))
    }

    #[test]
    fn what_is_configured_wins_alone() {
        let tree = tree(&["src/", "lib/", "packages/a/src/", "packages/b/src/", "packages/c/", "packages/.d/src/"]);
        assert_eq!(configured_roots(&tree, &["lib", "missing", "./lib/"]), ["lib", ""]);
        assert_eq!(configured_roots(&tree, &["packages/*/src"]), ["packages/a/src", "packages/b/src", ""]);
        assert_eq!(
            configured_roots(&tree, &["packages/[ab]/src", "p*"]),
            ["packages/a/src", "packages/b/src", "packages", ""]
        );
        assert_eq!(configured_roots(&tree, &["**/src"]), ["packages/a/src", "packages/b/src", "src", ""]);
        assert_eq!(configured_roots(&tree, &["packages/{a,c}"]), ["packages/a", "packages/c", ""]);
        assert_eq!(configured_roots(&tree, &["packages/[", "{"]), [""]);
        assert_eq!(configured_roots(&tree, &[]), [""]);
        assert_eq!(configured_roots(&tree, &["."]), ["", ""]);
    }

    #[test]
    fn build_settings_name_roots() {
        let tree = tree(&["lib/app/", "python/", "other/", "code/ns/app/"]);
        for (pyproject, expected) in [
            ("", ""),
            ("tool.setuptools.package-dir = { '' = 'lib' }", "lib"),
            ("tool.setuptools.package-dir = { app = 'lib/app', tool = 'other' }", "lib"),
            ("tool.setuptools.package-dir = { 'ns.app' = 'code/ns/app' }", "code"),
            ("tool.setuptools.packages.find.where = ['lib', 'gone']", "lib"),
            ("tool.setuptools.packages = ['app']", ""),
            ("tool.poetry.packages = [{ include = 'app', from = 'lib' }, { include = 'x' }]", "lib"),
            ("tool.hatch.build.targets.wheel.packages = ['lib/app']", "lib"),
            ("tool.hatch.build.targets.wheel.packages = ['lib']", ""),
            ("tool.hatch.build.targets.wheel = { only-include = ['lib/app'], sources = ['lib'] }", "lib"),
            ("tool.hatch.build.targets.wheel.only-include = ['lib/app']", ""),
            ("tool.hatch.build.sources = { 'lib/app' = 'app', 'other' = 'new' }", "lib"),
            ("tool.hatch.build.dev-mode-dirs = ['.', 'lib']", "lib"),
            ("tool.pdm.build.package-dir = 'lib'", "lib"),
            ("tool.maturin.python-source = 'python'", "python"),
            ("tool.scikit-build.wheel.packages = ['python/app']", "python"),
            ("tool.uv.build-backend.module-root = 'lib'", "lib"),
            ("tool.uv.build-backend.module-root = ''", ""),
            // Of the wrong type, all of it.
            ("tool = 1", ""),
            ("tool.setuptools = 1", ""),
            ("tool.setuptools.package-dir = ['lib']", ""),
            ("tool.poetry.packages = ['lib', 1, { from = 1 }]", ""),
            ("tool.uv.workspace.members = 1", ""),
        ] {
            let expected: Vec<&str> = [expected].into_iter().filter(|root| !root.is_empty()).chain([""]).collect();
            assert_eq!(roots_of(&tree, pyproject), expected, "{pyproject}");
        }
    }

    #[test]
    fn a_source_folder_is_a_root_unless_it_is_a_package() {
        assert_eq!(roots_of(&tree(&["src/app/__init__.py"]), ""), ["src", ""]);
        assert_eq!(roots_of(&tree(&["src/__init__.py"]), ""), [""]);
        assert_eq!(roots_of(&tree(&["src/__init__.pyi"]), ""), [""]);
        assert_eq!(roots_of(&tree(&["app/"]), ""), [""]);
    }

    #[test]
    fn members_of_a_workspace_are_roots() {
        let tree = tree(&[
            "packages/a/pyproject.toml",
            "packages/a/src/a/__init__.py",
            "packages/b/pyproject.toml",
            "packages/b/b/__init__.py",
            "packages/old/pyproject.toml",
            "packages/notes/",
            "tool/pyproject.toml",
        ]);
        let workspace = "tool.uv.workspace = { members = ['packages/*', 'tool'], exclude = ['packages/o*'] }";
        assert_eq!(roots_of(&tree, workspace), ["packages/a/src", "packages/b", "tool", ""]);
    }

    /// What a file is, as `name @ root`, in a project `/project` whose folders with an `__init__` are `packages`.
    fn module(file: &str, roots: &[&str], packages: &[&str]) -> String {
        let project = Path::new("/project");
        let roots: Vec<PathBuf> = roots.iter().map(|root| project.join(root)).chain([project.to_path_buf()]).collect();
        let is_package = |folder: &Path| packages.iter().any(|package| project.join(package) == folder);
        let Some(location) = module_of(&project.join(file), &roots, &is_package) else { return "none".to_owned() };
        let root = location.root.strip_prefix(project).expect("a root in the project");
        let package = if location.is_package { "/" } else { "" };
        format!("{}{package} @ {}", location.name, root.display())
    }

    #[test]
    fn below_a_declared_root_every_folder_is_a_part_of_the_name() {
        let roots = ["src/vendor", "src"];
        assert_eq!(module("src/ns/pkg/mod.py", &roots, &["src/ns/pkg"]), "ns.pkg.mod @ src");
        assert_eq!(module("src/ns/pkg/__init__.py", &roots, &["src/ns/pkg"]), "ns.pkg/ @ src");
        assert_eq!(module("src/vendor/six.pyi", &roots, &[]), "six @ src/vendor");
        assert_eq!(module("src/mod.py", &roots, &["src"]), "mod @ src");
        // The root's own `__init__` can only be named from outside.
        assert_eq!(module("src/__init__.py", &roots, &["src"]), "src/ @ ");
        assert_eq!(module("src/vendor/__init__.py", &roots, &[]), "vendor/ @ src");
        // A project's folder that is configured is declared too.
        assert_eq!(module("ns/pkg/mod.py", &[""], &["ns/pkg"]), "ns.pkg.mod @ ");
    }

    #[test]
    fn below_the_project_the_outermost_package_starts_the_name() {
        assert_eq!(module("pkg/mod.py", &[], &["pkg"]), "pkg.mod @ ");
        assert_eq!(module("pkg/__init__.py", &[], &["pkg"]), "pkg/ @ ");
        assert_eq!(module("pkg/__main__.py", &[], &["pkg"]), "pkg.__main__ @ ");
        assert_eq!(module("backend/app/views.py", &[], &["backend/app"]), "app.views @ backend");
        assert_eq!(module("backend/app/__init__.py", &[], &[]), "app/ @ backend");
        assert_eq!(module("backend/manage.py", &[], &["backend/app"]), "backend.manage @ ");
        assert_eq!(module("tests/test_x.py", &[], &[]), "tests.test_x @ ");
        assert_eq!(module("tests/test_x.py", &["src"], &[]), "tests.test_x @ ");
        assert_eq!(module("pkg/sub/mod.py", &[], &["pkg"]), "pkg.sub.mod @ ");
        assert_eq!(module("pkg/sub/deep/mod.py", &[], &["pkg", "pkg/sub/deep"]), "pkg.sub.deep.mod @ ");
        assert_eq!(module("setup.py", &[], &[]), "setup @ ");
        // The project's own `__init__` changes nothing below, and is no module.
        assert_eq!(module("pkg/mod.py", &[], &["", "pkg"]), "pkg.mod @ ");
        assert_eq!(module("__init__.py", &[], &[""]), "none");
    }

    #[test]
    fn names_that_are_no_identifiers_are_kept_and_dots_are_not() {
        let packages = ["locale", "locale/is", "my-app", "sites/example.org/app"];
        assert_eq!(module("locale/is/formats.py", &[], &packages), "locale.is.formats @ ");
        assert_eq!(module("my-app/0001_initial.py", &[], &packages), "my-app.0001_initial @ ");
        assert_eq!(module("sites/example.org/urls.py", &[], &packages), "urls @ sites/example.org");
        assert_eq!(module("sites/example.org/app/urls.py", &[], &packages), "app.urls @ sites/example.org");
        assert_eq!(module("src/v1.2/app/urls.py", &["src"], &["src/v1.2/app"]), "app.urls @ src/v1.2");
        assert_eq!(module("v1.2/__init__.py", &[], &["v1.2"]), "none");
        for file in ["mod.test.py", "notes.txt", "mod", ".py", "mod.so", "../elsewhere.py"] {
            assert_eq!(module_of(Path::new("/project").join(file).as_path(), &[], &|_| true), None, "{file}");
        }
        assert_eq!(module("mod.test.py", &[], &[]), "none");
        assert_eq!(module(".py", &[], &[]), "none");
    }
}
