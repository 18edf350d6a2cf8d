//! A folder that is open in the editor, and the program in it.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use douane_workspace::{ConfigurationError, Failure, LiveProgram, Overlay, Request, Stage, configuration_problem};

use crate::{costs::Costs, documents::Documents, options::Options};

/// A root folder. Its program is as good as the last configuration that could be read.
pub(crate) struct Folder {
    pub(crate) root: PathBuf,
    pub(crate) program: LiveProgram,
    /// What is wrong with the configuration as it is now.
    pub(crate) problem: Option<ConfigurationError>,
    /// The configuration was read, or found to be broken, since the client was told last.
    pub(crate) is_configured_anew: bool,
    pub(crate) costs: Costs,
    settings: Request,
    /// The files that may say what the program is, with their contents.
    configurations: Vec<(PathBuf, Vec<u8>)>,
    /// One of them may be another one.
    may_be_configured_anew: bool,
    /// What they say may mean something else, or a buffer of one was judged.
    has_to_reopen: bool,
}

/// The files that say what the program is.
const CONFIGURATIONS: [&str; 2] = ["lint.toml", "pyproject.toml"];

/// Where one of these comes or goes, an environment may do so.
const ENVIRONMENTS: [&str; 3] = [".venv", "venv", "pyvenv.cfg"];

impl Folder {
    /// Finds the project of a folder. A configuration that can't be used is passed over, and shown.
    pub(crate) fn open(root: PathBuf, settings: &Request, options: &Options) -> Result<Self, String> {
        let configurations = configurations(&root);
        // A file on its own, with the package around it.
        let is_file = root.extension().is_some() && !root.is_dir();
        // Its buffer stands for a file that is not there yet.
        let overlay = (is_file && !root.exists()).then(|| Overlay { path: root.clone(), bytes: Vec::new() });
        let parent = root.parent().unwrap_or(&root).to_owned();
        let request = Request {
            working_folder: if is_file { parent } else { root.clone() },
            paths: if is_file && overlay.is_none() { vec![root.clone()] } else { Vec::new() },
            overlay,
            stays_inside: true,
            python: options.python.clone().or_else(|| settings.python.clone()),
            configuration: options.configuration.clone().or_else(|| settings.configuration.clone()),
            ..settings.clone()
        };
        let (program, problem) = match LiveProgram::open(request.clone()) {
            Ok(program) => (program, None),
            Err(Failure::Message(message)) => return Err(message),
            Err(Failure::Configuration(error)) => {
                let defaults = Request { ignores_configuration: true, ..request.clone() };
                let program = LiveProgram::open(defaults).map_err(|failure| message_of(&failure))?;
                (program, Some(error))
            }
        };
        Ok(Self {
            root,
            program,
            problem,
            is_configured_anew: true,
            costs: Costs::default(),
            settings: request,
            configurations,
            may_be_configured_anew: false,
            has_to_reopen: false,
        })
    }

    /// Reads the configuration again. While it can't be used, the last one that could stays.
    pub(crate) fn reopen(&mut self) -> Result<(), String> {
        self.is_configured_anew = true;
        match LiveProgram::open(self.settings.clone()) {
            Ok(program) => {
                let before = std::mem::replace(&mut self.program, program);
                self.program.succeed(before);
                self.problem = None;
                Ok(())
            }
            Err(Failure::Configuration(error)) => {
                self.problem = Some(error);
                Ok(())
            }
            Err(failure) => Err(message_of(&failure)),
        }
    }

    /// The same, if there is something else to read.
    pub(crate) fn reopen_if_configured_anew(&mut self) -> Result<(), String> {
        if !std::mem::take(&mut self.may_be_configured_anew) {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.configurations, configurations(&self.root));
        let is_same = before == self.configurations && self.problem.is_none();
        if std::mem::take(&mut self.has_to_reopen) || !is_same { self.reopen() } else { Ok(()) }
    }

    /// Looks itself what changed on disk, where nobody tells.
    pub(crate) fn look_for_changes(&mut self) -> Result<(), String> {
        self.program.look_for_changes();
        self.may_be_configured_anew = true;
        self.reopen_if_configured_anew()
    }

    /// A configuration is edited: what is wrong with it shows at once, what it says counts when it is saved.
    pub(crate) fn judge(&mut self, path: &Path, text: &str) {
        let is_in_use = self.program.workspace().configuration().file.as_deref() == Some(path);
        // Saved, it would be the one that counts: `lint.toml` goes before the other.
        let is_next = path.parent() == Some(&*self.root)
            && (path.ends_with("lint.toml") || !self.root.join("lint.toml").exists());
        if is_in_use || is_next {
            self.problem = configuration_problem(path, text);
            self.has_to_reopen = true;
            self.is_configured_anew = true;
        }
    }

    pub(crate) fn holds(&self, path: &Path) -> bool {
        path.starts_with(&self.root)
    }

    /// The file may be one that says what the program is.
    pub(crate) fn is_configuration(path: &Path) -> bool {
        path.file_name().is_some_and(|name| CONFIGURATIONS.iter().any(|known| name == *known))
    }

    /// Something changed on disk.
    pub(crate) fn touch(&mut self, path: &Path) {
        let name = path.file_name().unwrap_or_default();
        let is_environment = |part: &OsStr| ENVIRONMENTS.iter().any(|known| part == *known);
        // The packages come one after the other, some through the names of folders elsewhere.
        let is_first = || self.program.workspace().environment_folder().is_none() && path.iter().any(is_environment);
        if is_first() || path.extension().is_some_and(|extension| extension == "pth") {
            (self.may_be_configured_anew, self.has_to_reopen) = (true, true);
        } else if is_environment(name) || (Self::is_configuration(path) && self.is_below(path.parent())) {
            self.may_be_configured_anew = true;
        } else if name == ".gitignore" {
            self.program.search_again();
        } else if name == douane_workspace::BASELINE {
            self.program.check_again();
        } else {
            self.program.touch(path);
        }
        if !self.program.is_current() {
            // Costs are those of the files on disk.
            self.costs.forget();
        }
    }

    fn is_below(&self, folder: Option<&Path>) -> bool {
        folder.is_some_and(|folder| self.root.starts_with(folder))
    }

    /// Brings the program up to date; true if anything changed.
    pub(crate) fn update(&mut self, progress: &(dyn Fn(Stage) + Sync)) -> bool {
        !self.program.is_current() && self.program.update(progress)
    }

    /// Takes over the buffers of its files.
    pub(crate) fn take_buffers(&mut self, documents: &Documents) {
        for (path, document) in documents.iter().filter(|(path, _)| path.starts_with(&self.root)) {
            self.program.set_buffer(path, document.text.clone());
        }
    }
}

/// The files in a folder and above that may say what its program is.
fn configurations(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = root.ancestors().flat_map(|folder| CONFIGURATIONS.map(|name| folder.join(name)));
    let read = files.filter_map(|file| std::fs::read(&file).ok().map(|content| (file, content)));
    let environments =
        root.ancestors().flat_map(|folder| [".venv", "venv"].map(|name| folder.join(name).join("pyvenv.cfg")));
    read.chain(environments.filter_map(|file| std::fs::read(&file).ok().map(|content| (file, content)))).collect()
}

fn message_of(failure: &Failure) -> String {
    match failure {
        Failure::Message(message) => message.clone(),
        Failure::Configuration(error) => format!("{}: the configuration can't be used", error.file.display()),
    }
}
