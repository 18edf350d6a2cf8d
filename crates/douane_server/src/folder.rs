//! A folder that is open in the editor, and the program in it.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use douane_workspace::{ConfigurationError, Failure, LiveProgram, Request, Stage, configuration_problem};

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
    /// The files that may say what the program is, and when each was changed.
    configurations: Vec<(PathBuf, SystemTime)>,
}

/// The files that say what the program is.
const CONFIGURATIONS: [&str; 2] = ["lint.toml", "pyproject.toml"];

impl Folder {
    /// Finds the project of a folder. A configuration that can't be used is passed over, and shown.
    pub(crate) fn open(root: PathBuf, settings: &Request, options: &Options) -> Result<Self, String> {
        let configurations = configurations(&root);
        // A file on its own, with the package around it.
        let is_file = root.extension().is_some() && !root.is_dir();
        let parent = root.parent().unwrap_or(&root).to_owned();
        let request = Request {
            working_folder: if is_file { parent } else { root.clone() },
            paths: if is_file { vec![root.clone()] } else { Vec::new() },
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

    /// Looks itself what changed on disk, where nobody tells.
    pub(crate) fn look_for_changes(&mut self) -> Result<(), String> {
        self.program.look_for_changes();
        let before = std::mem::replace(&mut self.configurations, configurations(&self.root));
        if before == self.configurations { Ok(()) } else { self.reopen() }
    }

    /// A configuration is edited: what is wrong with it shows at once, what it says counts when it is saved.
    pub(crate) fn judge(&mut self, path: &Path, text: &str) {
        let is_in_use = self.program.workspace().configuration().file.as_deref() == Some(path);
        let is_next = path.file_name().is_some_and(|name| name == "lint.toml") && path.parent() == Some(&*self.root);
        if is_in_use || is_next {
            self.problem = configuration_problem(path, text);
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

    /// Something changed on disk. True if the configuration has to be read again.
    pub(crate) fn touch(&mut self, path: &Path) -> bool {
        self.costs.forget();
        let name = path.file_name().unwrap_or_default();
        if name == ".gitignore" || name == "pyvenv.cfg" {
            self.program.search_again();
        } else if name == douane_workspace::BASELINE {
            self.program.check_again();
        } else if !Self::is_configuration(path) {
            self.program.touch(path);
        }
        Self::is_configuration(path)
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
fn configurations(root: &Path) -> Vec<(PathBuf, SystemTime)> {
    let files = root.ancestors().flat_map(|folder| CONFIGURATIONS.map(|name| folder.join(name)));
    let dated =
        files.filter_map(|file| file.metadata().and_then(|metadata| metadata.modified()).ok().map(|at| (file, at)));
    dated.collect()
}

fn message_of(failure: &Failure) -> String {
    match failure {
        Failure::Message(message) => message.clone(),
        Failure::Configuration(error) => format!("{}: the configuration can't be used", error.file.display()),
    }
}
