//! What the program is: the project's folder, its configuration, its environment.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
};

use douane_base::PythonVersion;
use douane_rules::SettingsError;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    configuration::{Configuration, ConfigurationError, read},
    dependencies::dependencies,
    environment::{Environment, find_environment, named},
    files::{plain, read_text, relative_to, utf8},
    git::{Change, Snapshot, Staged, staged_configurations},
    source_roots::source_roots,
    transaction::finish_interrupted,
};

/// What the user asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The working folder; absolute.
    pub working_folder: PathBuf,
    /// The named paths; none means the current project.
    pub paths: Vec<PathBuf>,
    /// A configuration file to use instead of the one that is found.
    pub configuration: Option<PathBuf>,
    /// No configuration is looked for, and the program is just the packages that hold the named paths.
    pub isolated: bool,
    /// The environment, or an interpreter in it.
    pub python: Option<PathBuf>,
    /// The target version, over that of the configuration.
    pub target_version: Option<PythonVersion>,
    /// What is no part of the program, in place of what the configuration says.
    pub exclude: Option<Vec<String>>,
    /// What is no part of the program either.
    pub extend_exclude: Vec<String>,
    /// The value of `$VIRTUAL_ENV`.
    pub virtual_env: Option<OsString>,
    /// Where what is read of installed packages may be kept.
    pub cache: Option<PathBuf>,
    /// The project's configuration is passed over.
    pub ignores_configuration: bool,
    /// No file outside the working folder is looked for, even where that is only part of a project.
    pub stays_inside: bool,
    /// Text that stands for a file's.
    pub overlay: Option<Overlay>,
    /// The program as git has it, and only what this change of it brings about.
    pub change: Option<Change>,
    /// Of files that are named, only what is found in themselves.
    pub only_given: bool,
}

/// Text that stands for that of a file: an editor's buffer, or standard input.
#[derive(Clone, Debug)]
pub struct Overlay {
    /// The file, which need not exist.
    pub path: PathBuf,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// The content of a file in memory.
pub(crate) struct Content {
    pub(crate) bytes: Vec<u8>,
    pub(crate) text: String,
}

/// Why nothing can be analysed.
#[derive(Debug)]
pub enum Failure {
    /// One line for the user.
    Message(String),
    /// Mistakes in the configuration, each with its place.
    Configuration(ConfigurationError),
}

/// A project, ready to be analysed.
pub struct Workspace {
    pub(crate) request: Request,
    /// The folder that paths are relative to.
    pub(crate) folder: PathBuf,
    /// The folders to search for the program's files.
    pub(crate) searched: Vec<PathBuf>,
    /// The named paths, absolute; empty for "everything".
    pub(crate) named: Vec<PathBuf>,
    pub(crate) configuration: Configuration,
    pub(crate) environment: Option<Environment>,
    pub(crate) pyproject: Option<toml::Table>,
    /// The names of the distributions that the project depends on.
    pub(crate) dependencies: FxHashSet<String>,
    /// Contents that stand for those on disk, by path.
    pub(crate) texts: FxHashMap<PathBuf, Content>,
    /// What git has of the program, where that is asked for.
    pub(crate) staged: Option<Arc<Staged>>,
    warnings: Vec<String>,
}

impl Workspace {
    /// Finds the project of a request.
    pub fn open(request: Request) -> Result<Self, Failure> {
        let mut named = Vec::with_capacity(request.paths.len());
        for path in &request.paths {
            named.push(absolute(&request, path)?);
        }
        if let Some(overlay) = &request.overlay {
            named.push(normalized(&request.working_folder.join(&overlay.path)));
        }
        let start = named.first().cloned().unwrap_or_else(|| request.working_folder.clone());
        // A configuration counts as it is staged, also where it is gone from the disk.
        let staged = match &request.change {
            Some(_) if !request.isolated => staged_configurations(&request.working_folder, folder_of(&start)),
            _ => FxHashMap::default(),
        };
        let found = if request.isolated { None } else { find_project(&start, &staged) };

        let configuration_file = match (&request.configuration, &found) {
            _ if request.ignores_configuration => None,
            (Some(file), _) => Some(normalized(&request.working_folder.join(file))),
            (None, Some(project)) => project.configuration.clone(),
            (None, None) => None,
        };
        let (folder, searched) = match &found {
            Some(project) if request.stays_inside && request.working_folder.starts_with(&project.folder) => {
                (project.folder.clone(), vec![request.working_folder.clone()])
            }
            Some(project) => (project.folder.clone(), vec![project.folder.clone()]),
            None => packages_around(&request, &named),
        };
        let mut warnings = Vec::new();
        match finish_interrupted(&folder) {
            Ok(files) if files.is_empty() => {}
            Ok(files) => warnings.push(format!(
                "finished a fix that was interrupted: {}",
                files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
            )),
            Err(problem) => return Err(Failure::Message(problem)),
        }
        let staged = match &request.change {
            Some(change) => {
                let staged = Staged::read(&request.working_folder, &folder, change).map_err(Failure::Message)?;
                Some(Arc::new(staged))
            }
            None => None,
        };
        let on_disk = Snapshot::default();
        let snapshot = staged.as_ref().map_or(&on_disk, |staged| &staged.after);
        let pyproject = if request.isolated {
            None
        } else {
            let file = folder.join("pyproject.toml");
            read_pyproject(&file, snapshot).unwrap_or_else(|message| {
                warnings.push(format!("{} is passed over: {message}", file.display()));
                None
            })
        };
        let text = configuration_file.as_ref().map(|file| snapshot.text(file).unwrap_or_else(|| read_text(file)));
        let configuration = configured(&request, configuration_file.as_deref().zip(text), pyproject.as_ref())?;
        let environment = environment(&request, &configuration, &folder)?;
        if environment.is_none() && configuration.budgets.iter().any(|budget| budget.of_loads().is_some()) {
            warnings.push(
                "no Python environment is known: budgets count what the project's own modules import, but not what is \
                 loaded behind that; name one with `--python`"
                    .to_owned(),
            );
        }
        let texts = FxHashMap::default();
        let dependencies =
            if request.isolated { FxHashSet::default() } else { dependencies(&folder, pyproject.as_ref()) };
        Ok(Self {
            request,
            folder,
            searched,
            named,
            configuration,
            environment,
            pyproject,
            dependencies,
            texts,
            staged,
            warnings,
        })
    }

    /// Passes over the named paths that are excluded; true if none of them is left, so that there is nothing to check.
    pub fn drop_excluded(&mut self) -> bool {
        let Self { named, configuration, folder, .. } = self;
        let is_named = !named.is_empty();
        named.retain(|path| !configuration.exclude.is_match(relative_to(path, folder)));
        is_named && named.is_empty()
    }

    /// The project with the packaging that it had before a change; nothing where that is the same.
    pub(crate) fn packaged_as_before(&self, staged: &Staged) -> Option<Self> {
        let file = self.folder.join("pyproject.toml");
        if self.request.isolated || !staged.changed.contains(&file) {
            return None;
        }
        let pyproject = match staged.before.content(&file) {
            Some(_) => read_pyproject(&file, &staged.before).ok()?,
            None => None,
        };
        let text = Ok(self.configuration.text.clone());
        let configuration = self.configuration.file.as_deref().map(|file| (file, text));
        Some(Self {
            request: self.request.clone(),
            folder: self.folder.clone(),
            searched: self.searched.clone(),
            named: self.named.clone(),
            configuration: configured(&self.request, configuration, pyproject.as_ref()).ok()?,
            environment: self.environment.clone(),
            dependencies: dependencies(&self.folder, pyproject.as_ref()),
            pyproject,
            texts: FxHashMap::default(),
            staged: self.staged.clone(),
            warnings: Vec::new(),
        })
    }

    /// Lets a content stand for that of a file.
    pub(crate) fn set_text(&mut self, path: PathBuf, bytes: Vec<u8>, text: String) {
        self.texts.insert(path, Content { bytes, text });
    }

    /// The path is that of a file whose content is not the disk's.
    pub(crate) fn is_overlaid(&self, path: &Path) -> bool {
        self.texts.contains_key(path) || self.is_input(path)
    }

    /// The path is that which standard input stands for.
    pub(crate) fn is_input(&self, path: &Path) -> bool {
        self.request.overlay.is_some() && self.named.last().is_some_and(|named| named == path)
    }

    /// The bytes of standard input, for the path that it stands for.
    pub(crate) fn input_of(&self, path: &Path) -> Option<&[u8]> {
        self.request.overlay.as_ref().filter(|_| self.is_input(path)).map(|overlay| &*overlay.bytes)
    }

    /// What stands for the content of a file on disk, if something does.
    pub(crate) fn content(&self, path: &Path) -> Option<&[u8]> {
        let text = || self.texts.get(path).map(|content| &*content.bytes);
        let staged = || self.staged.as_ref().and_then(|staged| staged.after.content(path));
        text().or_else(|| self.input_of(path)).or_else(staged)
    }

    /// A file of that path would belong to the program.
    pub(crate) fn searches(&self, path: &Path) -> bool {
        self.searched.iter().any(|folder| path.starts_with(folder))
            && !self.configuration.exclude.is_match(relative_to(path, &self.folder))
    }

    /// The files that findings are wanted of, as the user would write their paths.
    #[must_use]
    pub fn named_files(&self) -> Vec<PathBuf> {
        let is_named = |path: &Path| self.named.is_empty() || self.named.iter().any(|named| path.starts_with(named));
        let files = self.candidates().files.into_iter().map(|candidate| candidate.path);
        files.filter(|path| is_named(path)).map(|path| relative_to(&path, &self.request.working_folder)).collect()
    }

    /// The source roots, relative to the project's folder.
    #[must_use]
    pub fn source_roots(&self) -> Vec<String> {
        let roots = source_roots(&self.folder, self.configuration.source_roots.as_deref(), self.pyproject.as_ref());
        let mut roots: Vec<String> =
            roots.iter().map(|root| relative_to(root, &self.folder).display().to_string()).collect();
        roots.dedup();
        roots
    }

    /// The Python that the code is written for: the one that somebody names, else that of the environment, else the newest.
    #[must_use]
    pub fn target_version(&self) -> PythonVersion {
        let of_environment = || self.environment.as_ref()?.version;
        let version = self.configuration.version.or_else(of_environment).unwrap_or(PythonVersion::NEWEST);
        version.clamp(PythonVersion::OLDEST, PythonVersion::NEWEST)
    }

    /// The folder of the environment whose packages are imported.
    #[must_use]
    pub fn environment_folder(&self) -> Option<&Path> {
        self.environment.as_ref().map(|environment| &*environment.root)
    }

    /// The project's folder, which its paths are relative to.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What was passed over on the way, one line each.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The configuration in use.
    #[must_use]
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// Takes the configuration of the rules out, to make settings of.
    pub fn take_rules(&mut self) -> douane_rules::RuleSettings {
        std::mem::take(&mut self.configuration.rules)
    }
}

struct FoundProject {
    folder: PathBuf,
    configuration: Option<PathBuf>,
}

/// The nearest folder above with `lint.toml` or `[tool.douane]`, else the nearest with `pyproject.toml`, else with `.git`. Some
/// files are staged with other contents than on disk, or are not there.
fn find_project(start: &Path, staged: &FxHashMap<PathBuf, Vec<u8>>) -> Option<FoundProject> {
    let folders = || start.ancestors().filter(|folder| folder.is_dir());
    for folder in folders() {
        // Whatever is called so is meant as one, so that a folder or a pipe of that name is reported.
        let file = folder.join("lint.toml");
        if staged.contains_key(&file) || file.symlink_metadata().is_ok() {
            return Some(FoundProject { folder: folder.to_owned(), configuration: Some(file) });
        }
        let file = folder.join("pyproject.toml");
        let text = staged.get(&file).map_or_else(|| read_text(&file), |bytes| utf8(bytes.clone()));
        if text.is_ok_and(|text| mentions_douane(&text)) {
            return Some(FoundProject { folder: folder.to_owned(), configuration: Some(file) });
        }
    }
    let is_packaging = |file: PathBuf| staged.contains_key(&file) || file.is_file();
    let marked = folders().find(|folder| is_packaging(folder.join("pyproject.toml")));
    let marked = marked.or_else(|| folders().find(|folder| folder.join(".git").exists()));
    marked.map(|folder| FoundProject { folder: folder.to_owned(), configuration: None })
}

fn folder_of(path: &Path) -> &Path {
    if path.is_dir() { path } else { path.parent().unwrap_or(path) }
}

fn mentions_douane(text: &str) -> bool {
    if !text.contains("douane") {
        return false;
    }
    match text.parse::<toml::Table>() {
        Ok(table) => table.get("tool").is_some_and(|tool| tool.get("douane").is_some()),
        // A broken file that mentions the tool is reported, not passed over.
        Err(_) => text.contains("[tool.douane"),
    }
}

/// The configuration in a file of that text, or without one, with what the user says of it.
fn configured(
    request: &Request,
    file: Option<(&Path, Result<String, String>)>,
    pyproject: Option<&toml::Table>,
) -> Result<Configuration, Failure> {
    let mut configuration = match file {
        Some((file, text)) => read(file, text, pyproject).map_err(Failure::Configuration)?,
        None => Configuration::without_file(pyproject),
    };
    configuration.version = request.target_version.or(configuration.version);
    if request.exclude.is_some() || !request.extend_exclude.is_empty() {
        let mut excluded = request.exclude.clone().unwrap_or_else(|| configuration.excluded.clone());
        excluded.extend(request.extend_exclude.iter().cloned());
        configuration.set_excluded(excluded).map_err(Failure::Message)?;
    }
    Ok(configuration)
}

/// The packaging of the project, if there is any; the reason where the file is there and can't be read.
fn read_pyproject(file: &Path, snapshot: &Snapshot) -> Result<Option<toml::Table>, String> {
    let parsed = snapshot
        .text(file)
        .map(|text| text?.parse().map_err(|error: toml::de::Error| format!("no valid TOML: {}", error.message())));
    parsed.transpose()
}

/// Without a project: the whole packages that hold the named paths, and the folder that holds those.
fn packages_around(request: &Request, named: &[PathBuf]) -> (PathBuf, Vec<PathBuf>) {
    let working_folder = [request.working_folder.clone()];
    let named = if named.is_empty() { &working_folder[..] } else { named };
    let mut searched: Vec<PathBuf> = named.iter().map(|path| top_package(path)).collect();
    searched.sort_unstable();
    searched.dedup();
    let parents = searched.iter().map(|path| {
        let holds_package = path.is_dir() && !is_package(path);
        if holds_package { path.clone() } else { path.parent().unwrap_or(path).to_owned() }
    });
    let folder =
        parents.reduce(|one, other| shared_folder(&one, &other)).unwrap_or_else(|| request.working_folder.clone());
    (folder, searched)
}

/// The top-most package that holds a path; the path itself if it is in none.
fn top_package(path: &Path) -> PathBuf {
    let mut top = path.to_owned();
    while let Some(parent) = top.parent().filter(|parent| is_package(parent)) {
        top = parent.to_owned();
    }
    top
}

fn is_package(folder: &Path) -> bool {
    folder.join("__init__.py").is_file() || folder.join("__init__.pyi").is_file()
}

fn shared_folder(one: &Path, other: &Path) -> PathBuf {
    one.components().zip(other.components()).take_while(|(one, other)| one == other).map(|(part, _)| part).collect()
}

fn absolute(request: &Request, path: &Path) -> Result<PathBuf, Failure> {
    let found = normalized(&request.working_folder.join(path));
    // The link itself is looked at, so that one to nowhere is a file that can't be read, not one that isn't there.
    match found.symlink_metadata() {
        Ok(_) => Ok(found),
        Err(error) => Err(Failure::Message(format!("{}: {}", path.display(), plain(&error)))),
    }
}

/// The path without `.` and `..`; links are kept, so that files are named as the user names them.
pub(crate) fn normalized(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => drop(found.pop()),
            part => found.push(part),
        }
    }
    found
}

fn environment(
    request: &Request,
    configuration: &Configuration,
    folder: &Path,
) -> Result<Option<Environment>, Failure> {
    if let Some(python) = &request.python {
        return find_environment(Some(&named(&request.working_folder, python)), None, folder).map_err(Failure::Message);
    }
    if let (Some((python, span)), Some(file)) = (&configuration.python, &configuration.file) {
        let python = file.parent().unwrap_or(folder).join(python);
        return find_environment(Some(&python), None, folder).map_err(|message| {
            let errors = vec![SettingsError { message, span: span.clone() }];
            Failure::Configuration(ConfigurationError { file: file.clone(), text: configuration.text.clone(), errors })
        });
    }
    if request.isolated {
        return Ok(None);
    }
    find_environment(None, request.virtual_env.as_deref(), folder).map_err(Failure::Message)
}
