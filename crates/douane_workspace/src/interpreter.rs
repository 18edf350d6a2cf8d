//! Which interpreter to start, for the one command that starts any.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use crate::environment::{find_environment, named};

/// The interpreter to run: what is named, which is an interpreter, its name in `$PATH` or the folder of an environment; or that of
/// `$VIRTUAL_ENV`, of a `.venv` or `venv` in the folder or one above it; or the first `python3` of `$PATH`.
///
/// # Errors
///
/// One line that says why there is none.
pub fn find_interpreter(
    explicit: Option<&Path>,
    virtual_env: Option<&OsStr>,
    folder: &Path,
) -> Result<PathBuf, String> {
    let inside = |root: &Path| {
        let names = ["bin/python", "bin/python3", "Scripts/python.exe", "python.exe"];
        names.into_iter().map(|name| root.join(name)).find(|path| path.is_file())
    };
    if let Some(path) = explicit {
        let path = named(Path::new(""), path);
        return match path.is_file() {
            true => Ok(path),
            false => inside(&path).ok_or_else(|| format!("there is no interpreter at `{}`", path.display())),
        };
    }
    if let Some(found) = find_environment(None, virtual_env, folder)?.and_then(|environment| inside(&environment.root))
    {
        return Ok(found);
    }
    interpreters_on_path().into_iter().next().ok_or_else(|| {
        "there is no environment and no `python3` in $PATH: name an interpreter with `--python`".to_owned()
    })
}

/// The interpreters in the folders of `$PATH`, in their order. Some may be scripts that start another one.
#[must_use]
pub fn interpreters_on_path() -> Vec<PathBuf> {
    let names = if cfg!(windows) { ["python.exe", "py.exe"] } else { ["python3", "python"] };
    let folders: Vec<PathBuf> = std::env::var_os("PATH").iter().flat_map(std::env::split_paths).collect();
    let candidates = names.into_iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    candidates.filter(|path| path.is_file()).collect()
}
