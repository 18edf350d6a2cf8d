//! What has to change in a program where modules get other names, because their files or folders are moved.

use std::path::{Path, PathBuf};

use douane_base::{ChangeKind, Edit, FileId, ModuleName};
use douane_fixer::edits;
use douane_graph::{ModuleId, Takes};
use rustc_hash::FxHashSet;

use crate::{
    Analysis, Workspace,
    files::is_python,
    following::{Follower, NewModule, NewModules},
};

impl Workspace {
    /// The edits after which every import names the modules that it names now, once files or folders have gone from the first of
    /// two paths to the second. The files are told by where they are now. Names of modules in strings are left as they are, as are
    /// notebooks, and files that can't follow without getting in the way of a name that they have: their imports are then
    /// found to be unresolved.
    #[must_use]
    pub fn edits_of_moves(&self, analysis: &Analysis, moves: &[(PathBuf, PathBuf)]) -> Vec<Edit> {
        let modules = self.new_modules(analysis, moves);
        if modules.is_empty() {
            return Vec::new();
        }
        let project = analysis.project();
        let files = analysis.own_paths().filter(|path| is_python(path)).filter_map(|path| analysis.file_at(path));
        files.filter_map(|file| edits_of_file(analysis, project.takes(), &modules, file)).flatten().collect()
    }

    /// The modules that will be others once the files are moved; not those that no import can name, before or after.
    fn new_modules(&self, analysis: &Analysis, moves: &[(PathBuf, PathBuf)]) -> NewModules {
        let graph = analysis.graph();
        let moved = |path: &Path| {
            let step = moves.iter().find_map(|(from, to)| Some((to, path.strip_prefix(from).ok()?)));
            // To join nothing would end the path of a file with a slash.
            step.map(|(to, rest)| if rest.as_os_str().is_empty() { to.clone() } else { to.join(rest) })
        };
        let now: Vec<&Path> = analysis.own_paths().collect();
        let then: Vec<PathBuf> = now.iter().map(|path| moved(path).unwrap_or_else(|| path.to_path_buf())).collect();
        let with_moved = |folder: &PathBuf| [Some(folder.clone()), moved(folder)].into_iter().flatten();
        let mut namespaces: Vec<PathBuf> = analysis.namespaces().iter().flat_map(with_moved).collect();
        // A folder is no source root for what is moved into it.
        let roots: FxHashSet<PathBuf> = analysis.presumed_roots().flat_map(with_moved).collect();
        let presumed = self.modules(&then, &[], &namespaces);
        namespaces.extend(presumed.presumed_roots().filter(|root| !roots.contains(*root)).cloned());
        let names = self.module_names(&then, &namespaces);
        let files = (0..).map(FileId).zip(now.into_iter().zip(&then)).filter(|(_, (before, after))| before != after);
        let module = |(file, (_, path)): (FileId, (&Path, &PathBuf))| {
            let (module, name) = (graph.module_of_file(file)?, names.get(path)?);
            let is_package = path.file_stem().is_some_and(|stem| stem == "__init__");
            let is_other =
                graph.module_name(module) != name.as_str() || graph.module(module).is_package() != is_package;
            let fits = is_other && is_importable(path, name);
            fits.then(|| (module, NewModule { name: name.clone(), is_package }))
        };
        files.filter_map(module).collect()
    }
}

fn edits_of_file(analysis: &Analysis, takes: &Takes, modules: &NewModules, file: FileId) -> Option<Vec<Edit>> {
    let own: ModuleId = analysis.graph().module_of_file(file).filter(|_| !analysis.is_notebook(file))?;
    let facts = &analysis.facts()[file.0 as usize];
    let source = analysis.source_file(file);
    let follower = Follower { graph: analysis.graph(), takes, facts, own, modules, text: source.text() };
    let changes = follower.changes()?;
    let changes: Vec<&ChangeKind> = changes.iter().collect();
    edits(file, source.text(), &changes)
}

/// An import can name what lies there.
fn is_importable(path: &Path, name: &ModuleName) -> bool {
    const KEYWORDS: [&str; 35] = [
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
        "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
        "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
    ];
    let is_identifier = |part: &str| {
        let mut letters = part.chars();
        letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
            && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
            && !KEYWORDS.contains(&part)
    };
    let is_module = path.extension().is_some_and(|extension| extension == "py" || extension == "pyi");
    is_module && name.parts().all(is_identifier)
}
