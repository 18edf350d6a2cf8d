//! What has to change in a program where modules get other names, because their files or folders are moved.

use std::path::{Path, PathBuf};

use douane_base::{ChangeKind, Edit, FileId, ModuleName, TextRange};
use douane_fixer::edits;
use douane_graph::{ModuleId, Object};
use douane_parser::{FileFacts, Import, ImportId, Target};
use rustc_hash::FxHashMap;

use crate::{Analysis, Workspace, files::is_python};

/// The names that modules will have.
type NewNames = FxHashMap<ModuleId, ModuleName>;

impl Workspace {
    /// The edits after which every import names the modules that it names now, once files or folders have gone from the first of
    /// two paths to the second. The files are told by where they are now. Names of modules in strings are left as they are.
    #[must_use]
    pub fn edits_of_moves(&self, analysis: &Analysis, moves: &[(PathBuf, PathBuf)]) -> Vec<Edit> {
        let names = self.new_names(analysis, moves);
        if names.is_empty() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for path in analysis.own_paths().filter(|path| is_python(path)) {
            let Some(file) = analysis.file_at(path) else { continue };
            let Some(own) = analysis.graph().module_of_file(file) else { continue };
            let facts = &analysis.facts()[file.0 as usize];
            let kinds = Mover { analysis, facts, own, names: &names }.changes();
            if kinds.is_empty() {
                continue;
            }
            let kinds: Vec<&ChangeKind> = kinds.iter().collect();
            // A program that follows in part only would be worse than one that does not.
            let Some(edits) = edits(file, analysis.source_file(file).text(), &kinds) else { return Vec::new() };
            found.extend(edits);
        }
        found
    }

    /// The modules that are called otherwise once the files are moved.
    fn new_names(&self, analysis: &Analysis, moves: &[(PathBuf, PathBuf)]) -> NewNames {
        let moved = |path: &Path| {
            let step = moves.iter().find_map(|(from, to)| Some((to, path.strip_prefix(from).ok()?)));
            // To join nothing would end the path of a file with a slash.
            step.map(|(to, rest)| if rest.as_os_str().is_empty() { to.clone() } else { to.join(rest) })
        };
        let now: Vec<&Path> = analysis.own_paths().collect();
        let then: Vec<PathBuf> = now.iter().map(|path| moved(path).unwrap_or_else(|| path.to_path_buf())).collect();
        let names = self.module_names(&then);
        let mut found = NewNames::default();
        for (file, (before, after)) in (0..).map(FileId).zip(now.into_iter().zip(&then)) {
            let (Some(module), Some(name)) = (analysis.graph().module_of_file(file), names.get(after)) else {
                continue;
            };
            if before != after && !is_importable(after, name) {
                return NewNames::default();
            }
            if before != after && analysis.graph().module_name(module) != name.as_str() {
                found.insert(module, name.clone());
            }
        }
        found
    }
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

/// The changes of one file.
struct Mover<'m> {
    analysis: &'m Analysis,
    facts: &'m FileFacts,
    own: ModuleId,
    names: &'m NewNames,
}

impl Mover<'_> {
    fn changes(&self) -> Vec<ChangeKind> {
        let imports = || (0..).map(ImportId).zip(&self.facts.imports);
        let mut found: Vec<ChangeKind> = imports().flat_map(|(id, import)| self.change(id, import)).collect();
        // Several names of one statement change its module once.
        found.sort_unstable();
        found.dedup();
        found
    }

    fn new_name(&self, module: ModuleId) -> &str {
        self.names.get(&module).map_or_else(|| self.analysis.graph().module_name(module), ModuleName::as_str)
    }

    fn change(&self, id: ImportId, import: &Import) -> Vec<ChangeKind> {
        let graph = self.analysis.graph();
        let Some(source) = graph.resolution(self.own, id).module() else { return Vec::new() };
        let is_renamed = |module: ModuleId| self.names.contains_key(&module);
        let (level, written) = import.target.module();
        let written = written.map_or("", |written| self.facts.name(written));
        if let Target::Module(_) = import.target {
            if !is_renamed(source) {
                return Vec::new();
            }
            let length = u32::try_from(written.len()).unwrap_or(u32::MAX);
            let range = TextRange::new(import.range.start(), import.range.start().saturating_add(length));
            let new = self.new_name(source);
            let mut found = vec![ChangeKind::Replace(range, new.to_owned())];
            if import.alias.is_none() {
                found.extend(self.uses_of(id, written).map(|range| ChangeKind::Replace(range, new.to_owned())));
            }
            return found;
        }
        let statement = self.facts.statement(import);
        // `from package import module`, where the module goes elsewhere.
        let submodule = match (import.target, graph.imported_object(self.own, self.facts, id)) {
            (Target::From { name, .. }, Object::Module(module)) => Some((self.facts.name(name), module)),
            // A package that binds its own module by that name.
            (Target::From { name, .. }, _) if source == self.own => {
                let name = self.facts.name(name);
                graph.find(&format!("{}.{name}", graph.module_name(source))).map(|module| (name, module))
            }
            _ => None,
        };
        if let Some((name, module)) = submodule
            && is_renamed(module)
            && self.new_name(module) != format!("{}.{name}", self.new_name(source))
        {
            let (package, new) = self.new_name(module).rsplit_once('.').unwrap_or(("", self.new_name(module)));
            let bound = import.alias.map_or(name, |alias| self.facts.name(alias));
            let alias = if bound == new { String::new() } else { format!(" as {bound}") };
            let text = match (package, level) {
                ("", _) => format!("import {new}{alias}"),
                (package, 0) => format!("from {package} import {new}{alias}"),
                (package, _) => format!("from {} import {new}{alias}", self.relative(package)),
            };
            let is_alone = self.facts.imports.iter().filter(|other| other.statement == import.statement).count() == 1;
            return match is_alone {
                true => vec![ChangeKind::SetStatements(statement.place(), vec![text])],
                false => vec![
                    ChangeKind::RemoveImport(statement.place(), import.range),
                    ChangeKind::AddImport(statement.place(), text),
                ],
            };
        }
        let new = match level {
            0 => self.new_name(source).to_owned(),
            _ => self.relative(self.new_name(source)),
        };
        let is_same = new == format!("{}{written}", ".".repeat(level as usize));
        let concerns = is_renamed(source) || (level > 0 && is_renamed(self.own));
        if is_same || !concerns { Vec::new() } else { vec![ChangeKind::Replace(statement.module_range, new)] }
    }

    /// The module as this file will name it with dots, where that is possible.
    fn relative(&self, module: &str) -> String {
        let own = self.new_name(self.own);
        let package = match self.analysis.graph().module(self.own).is_package() {
            true => own,
            false => own.rsplit_once('.').map_or("", |(package, _)| package),
        };
        let (here, there): (Vec<&str>, Vec<&str>) = (package.split('.').collect(), module.split('.').collect());
        let shared = here.iter().zip(&there).take_while(|(one, other)| one == other).count();
        if package.is_empty() || shared == 0 {
            return module.to_owned();
        }
        format!("{}{}", ".".repeat(1 + here.len() - shared), there[shared..].join("."))
    }

    /// Where the code uses a module that is imported as `a.b` by that name.
    fn uses_of(&self, id: ImportId, written: &str) -> impl Iterator<Item = TextRange> {
        let top = written.split('.').next().unwrap_or(written);
        self.facts.references.iter().filter_map(move |reference| {
            if self.facts.name(reference.name) != top {
                return None;
            }
            let import = self.facts.import_behind(reference)?;
            let is_it = import == id || self.facts.same_object(import, id);
            let mut chain = self.facts.chain(reference).iter();
            let mut end = reference.range;
            for part in written.split('.').skip(1) {
                let attribute = chain.next().filter(|attribute| self.facts.name(attribute.name) == part)?;
                end = attribute.range;
            }
            is_it.then(|| reference.range.cover(end))
        })
    }
}
