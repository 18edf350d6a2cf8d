//! How one file follows where modules get other names: its imports, and the code that spells the modules.
//!
//! A `from` import keeps the names that it binds, by an alias if need be. `import a.b` binds `a`, so that the code behind
//! it is changed with it, unless it could not be: then `a` stays the name, as in `import c as a`.

use std::collections::{BTreeMap, BTreeSet};

use douane_base::{ChangeKind, ModuleName, TextRange};
use douane_graph::{Lookup, ModuleGraph, ModuleId, Object, Takes};
use douane_parser::{Binding, BindingKind, FileFacts, Import, ImportId, Reference, ScopeId, Target};
use rustc_hash::FxHashMap;

/// What modules will be that are something else now.
pub(crate) type NewModules = FxHashMap<ModuleId, NewModule>;

/// What a module will be.
pub(crate) struct NewModule {
    pub(crate) name: ModuleName,
    pub(crate) is_package: bool,
}

/// A file, and the modules that will be others.
pub(crate) struct Follower<'m> {
    pub(crate) graph: &'m ModuleGraph,
    pub(crate) takes: &'m Takes,
    pub(crate) facts: &'m FileFacts,
    pub(crate) own: ModuleId,
    pub(crate) modules: &'m NewModules,
    pub(crate) text: &'m str,
}

/// How a name of a `from` statement will be imported.
struct Wanted {
    range: TextRange,
    /// What stands behind `from`; nothing for a top-level module, which is imported by `import`.
    from: Option<String>,
    /// What stands behind `import`.
    names: String,
}

impl Follower<'_> {
    /// The changes of the file; `None` if a name gets in the way.
    pub(crate) fn changes(&self) -> Option<Vec<ChangeKind>> {
        let mut found = BTreeSet::new();
        let mut first = 0;
        for imports in self.facts.imports.chunk_by(|one, other| one.statement == other.statement) {
            let imports: Vec<(ImportId, &Import)> = (first..).map(ImportId).zip(imports).collect();
            first += u32::try_from(imports.len()).unwrap_or(u32::MAX);
            match imports.first() {
                Some((_, Import { target: Target::Module(_), .. })) => {
                    for (id, import) in imports {
                        found.extend(self.change_of_name(id, import)?);
                    }
                }
                _ => found.extend(self.changes_of_statement(&imports)),
            }
        }
        for reference in &self.facts.references {
            found.extend(self.changes_of_use(reference)?);
        }
        Some(found.into_iter().collect())
    }

    /// What a module will be called.
    fn new_name(&self, module: ModuleId) -> &str {
        self.modules.get(&module).map_or_else(|| self.graph.module_name(module), |new| new.name.as_str())
    }

    fn is_renamed(&self, module: ModuleId) -> bool {
        self.new_name(module) != self.graph.module_name(module)
    }

    /// How an import names what will be called so: from the folder of the importer, if that is where it finds modules now.
    fn named<'n>(&self, id: ImportId, new: &'n str) -> &'n str {
        let beside = || new.strip_prefix(self.folder_searched(id)?)?.strip_prefix('.');
        beside().unwrap_or(new)
    }

    /// The importer's folder, as a module, where an import finds a module there and not from a source root.
    fn folder_searched(&self, id: ImportId) -> Option<&str> {
        let (0, Some(written)) = self.facts.import(id).target.module() else { return None };
        let found = self.graph.resolution(self.own, id).module()?;
        self.graph.module_name(found).strip_suffix(self.facts.name(written))?.strip_suffix('.')?;
        // A script that is moved away from what stays does not find it any more, by no other name either.
        let own = if self.is_renamed(found) { self.new_name(self.own) } else { self.graph.module_name(self.own) };
        own.rsplit_once('.').map(|(folder, _)| folder)
    }

    /// A name of an `import` statement.
    fn change_of_name(&self, id: ImportId, import: &Import) -> Option<Option<ChangeKind>> {
        let (Target::Module(written), Some(module)) = (import.target, self.graph.resolution(self.own, id).module())
        else {
            return Some(None);
        };
        if !self.is_renamed(module) {
            return Some(None);
        }
        let written = self.facts.name(written);
        let length = u32::try_from(written.len()).unwrap_or(u32::MAX);
        let range = TextRange::new(import.range.start(), import.range.start().saturating_add(length));
        let new = self.named(id, self.new_name(module));
        if import.alias.is_some() || !self.keeps_name(import, new) {
            return Some(Some(ChangeKind::Replace(range, new.to_owned())));
        }
        // `import c.d as a` would bind another module than `import a.b` does.
        let is_top_level = !written.contains('.');
        is_top_level.then(|| Some(ChangeKind::Replace(range, format!("{new} as {written}"))))
    }

    /// True if the name that `import a.b` binds can't become another one, the first part of the module's new name.
    fn keeps_name(&self, import: &Import, new: &str) -> bool {
        let Some(binding) = import.binding.map(|binding| self.facts.binding(binding)) else { return false };
        let (old, new) = (self.facts.name(binding.name), top_level(new));
        if new == old {
            return false;
        }
        let bindings = self.facts.bindings_of(binding.scope, binding.name);
        let bound: Vec<Option<&str>> =
            bindings.map(|binding| self.new_name_bound(self.facts.binding(binding))).collect();
        let vanishes = !bound.contains(&Some(old));
        bound.contains(&None) || (vanishes && self.is_needed_unseen(binding.scope, old)) || !self.is_free(new)
    }

    /// The name that an import such as `import a.b` will bind if it can; `None` for all other bindings.
    fn new_name_bound(&self, binding: &Binding) -> Option<&str> {
        let BindingKind::Import(id) = binding.kind else { return None };
        let import = self.facts.import(id);
        let (Target::Module(written), None) = (import.target, import.alias) else { return None };
        let module = self.graph.resolution(self.own, id).module();
        Some(top_level(module.map_or(self.facts.name(written), |module| self.named(id, self.new_name(module)))))
    }

    /// Something uses the name that is not among the references of the file.
    fn is_needed_unseen(&self, scope: ScopeId, name: &str) -> bool {
        let is_it = |symbol| self.facts.name(symbol) == name;
        let facts = self.facts;
        let is_needed_by_others = || {
            let Some(name) = self.graph.name_id(name) else { return false };
            let mut entries = self.graph.all_entries(self.own).iter();
            entries.any(|entry| entry.name == name) || self.takes.is_taken(self.own, name)
        };
        facts.traits.reads_namespace
            || facts.scope(scope).reads_locals
            || facts.example_names.iter().chain(&facts.type_comment_names).any(|symbol| is_it(*symbol))
            || (scope == ScopeId::MODULE && is_needed_by_others())
    }

    /// The file has no other use for a name that the imports of modules will bind.
    fn is_free(&self, name: &str) -> bool {
        let bound = self.facts.bindings.iter().filter(|binding| self.facts.name(binding.name) == name);
        let mut bound = bound.map(|binding| self.new_name_bound(binding)).peekable();
        match bound.peek() {
            Some(_) => bound.all(|new| new == Some(name)),
            None => !self.facts.all_names.may_hold(name) || !spells(self.text, name),
        }
    }

    /// The name is what an import binds now, and nothing will bind it any more.
    fn becomes_free(&self, import: &Import, name: &str) -> bool {
        let Some(binding) = import.binding.map(|binding| self.facts.binding(binding)) else { return false };
        self.facts.name(binding.name) == name
            && self.new_names_bound(import).is_some_and(|bound| !bound.contains(&name))
            && self.facts.bindings.iter().all(|other| other.name != binding.name || other.scope == binding.scope)
    }

    /// A `from` statement.
    fn changes_of_statement(&self, imports: &[(ImportId, &Import)]) -> Vec<ChangeKind> {
        let Some((id, first)) = imports.first() else { return Vec::new() };
        let Some(source) = self.graph.resolution(self.own, *id).module() else { return Vec::new() };
        let (level, written) = first.target.module();
        let written = format!("{}{}", ".".repeat(level as usize), written.map_or("", |name| self.facts.name(name)));
        let statement = self.facts.statement(first);
        let place = statement.place();
        let concerns = self.is_renamed(source) || (level > 0 && self.modules.contains_key(&self.own));
        let from = if concerns { self.spelt(*id, self.new_name(source), level) } else { written.clone() };
        let wanted: Vec<Wanted> =
            imports.iter().map(|(id, import)| self.wanted(*id, import, source, level, &from)).collect();

        let from = |wanted: &Wanted| wanted.from.clone();
        let stays = wanted.iter().filter_map(from).find(|from| *from == written);
        let Some(stays) = stays.or_else(|| wanted.iter().find_map(from)) else {
            let statements = wanted.iter().map(|wanted| format!("import {}", wanted.names)).collect();
            return vec![ChangeKind::SetStatements(place, statements)];
        };
        let mut found = Vec::new();
        if stays != written {
            found.push(ChangeKind::Replace(statement.module_range, stays.clone()));
        }
        let (staying, leaving): (Vec<&Wanted>, Vec<&Wanted>) =
            wanted.iter().partition(|wanted| wanted.from.as_ref() == Some(&stays));
        let changed = staying.into_iter().filter(|wanted| wanted.range.slice(self.text) != wanted.names);
        found.extend(changed.map(|wanted| ChangeKind::Replace(wanted.range, wanted.names.clone())));
        found.extend(leaving.iter().map(|wanted| ChangeKind::RemoveImport(place, wanted.range)));
        let mut added: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for wanted in leaving {
            match &wanted.from {
                Some(from) => added.entry(format!("from {from} import")).or_default().push(&wanted.names),
                None => found.push(ChangeKind::AddImport(place, format!("import {}", wanted.names))),
            }
        }
        let statements = added.into_iter().map(|(from, names)| format!("{from} {}", names.join(", ")));
        found.extend(statements.map(|statement| ChangeKind::AddImport(place, statement)));
        found
    }

    /// How a name will be imported, given what its statement would say of the names that the module has itself.
    fn wanted(&self, id: ImportId, import: &Import, source: ModuleId, level: u32, from: &str) -> Wanted {
        let range = import.range;
        let unchanged = || range.slice(self.text).to_owned();
        let as_before = |names: String| Wanted { range, from: Some(from.to_owned()), names };
        let (Target::From { name, .. }, Some(module)) = (import.target, self.submodule(id, import, source)) else {
            return as_before(unchanged());
        };
        let name = self.facts.name(name);
        let (package, new) = self.new_name(module).rsplit_once('.').unwrap_or(("", self.new_name(module)));
        if package == self.new_name(source) && new == name {
            return as_before(unchanged());
        }
        let bound = import.alias.map_or(name, |alias| self.facts.name(alias));
        let is_passed_on = self.facts.is_passed_on(import);
        let names = if bound == new && !is_passed_on { new.to_owned() } else { format!("{new} as {bound}") };
        let from = (!package.is_empty()).then(|| match package == self.new_name(source) {
            true => from.to_owned(),
            false => self.spelt(id, package, level),
        });
        Wanted { range, from, names }
    }

    /// The module that `from package import module` names, where that will have another name or place.
    fn submodule(&self, id: ImportId, import: &Import, source: ModuleId) -> Option<ModuleId> {
        let Target::From { name, .. } = import.target else { return None };
        let module = match self.graph.imported_object(self.own, self.facts, id) {
            Object::Module(module) => Some(module),
            // A package that binds its own module by that name.
            _ if source == self.own => self.graph.submodule(source, self.facts.name(name)),
            _ => None,
        };
        let is_below = |module: &ModuleId| {
            self.graph.module_name(*module) == format!("{}.{}", self.graph.module_name(source), self.facts.name(name))
        };
        module.filter(|module| self.is_renamed(*module) || (is_below(module) && self.is_renamed(source)))
    }

    /// A module or package as a `from` statement of this file names it, with dots if it has had dots and still can.
    fn spelt(&self, id: ImportId, module: &str, level: u32) -> String {
        if level == 0 {
            return self.named(id, module).to_owned();
        }
        let own = self.new_name(self.own);
        let is_package = match self.modules.get(&self.own) {
            Some(new) => new.is_package,
            None => self.graph.module(self.own).is_package(),
        };
        let package = if is_package { own } else { own.rsplit_once('.').map_or("", |(package, _)| package) };
        let (here, there): (Vec<&str>, Vec<&str>) = (package.split('.').collect(), module.split('.').collect());
        let shared = here.iter().zip(&there).take_while(|(one, other)| one == other).count();
        if package.is_empty() || shared == 0 {
            return module.to_owned();
        }
        format!("{}{}", ".".repeat(1 + here.len() - shared), there[shared..].join("."))
    }

    /// A name with attributes that are modules, as in `package.module.name`.
    fn changes_of_use(&self, reference: &Reference) -> Option<Vec<ChangeKind>> {
        let Some(id) = self.facts.import_behind(reference) else { return Some(Vec::new()) };
        let Object::Module(bound) = self.graph.imported_object(self.own, self.facts, id) else {
            return Some(Vec::new());
        };
        let import = self.facts.import(id);
        let root = self.facts.name(reference.name);
        let (module, parts) = self.module_of_use(bound, reference);
        let new = self.named(id, self.new_name(module));
        let written = match self.new_names_bound(import) {
            Some(names) if names.contains(&top_level(new)) => Some(new.to_owned()),
            Some(_) => None,
            None => match new.strip_prefix(self.named(id, self.new_name(bound))) {
                Some(rest) if rest.is_empty() || rest.starts_with('.') => Some(format!("{root}{rest}")),
                _ => None,
            },
        };
        let mut found = Vec::new();
        let written = match written {
            Some(written) => written,
            None if self.is_free(top_level(new)) || self.becomes_free(import, top_level(new)) => {
                found.push(ChangeKind::AddImport(self.facts.statement(import).place(), format!("import {new}")));
                new.to_owned()
            }
            None => return None,
        };
        let attributes = &self.facts.chain(reference)[..parts];
        let names = attributes.iter().map(|attribute| self.facts.name(attribute.name));
        if !std::iter::once(root).chain(names).eq(written.split('.')) {
            let range = attributes.last().map_or(reference.range, |last| reference.range.cover(last.range));
            found.push(ChangeKind::Replace(range, written));
        }
        Some(found)
    }

    /// The module that a use names by its place, given the one that its first name is, and how many attributes that takes.
    fn module_of_use(&self, bound: ModuleId, reference: &Reference) -> (ModuleId, usize) {
        let mut found = (bound, 0);
        for (attribute, parts) in self.facts.chain(reference).iter().zip(1..) {
            let name = self.facts.name(attribute.name);
            let Some(module) = self.graph.submodule(found.0, name) else { break };
            if self.graph.lookup(found.0, name) != Lookup::Submodule(module) {
                break;
            }
            found = (module, parts);
        }
        found
    }

    /// The names that `import a.b` and other such imports will bind instead of the name that they bind now; `None` where a
    /// name stays what it is.
    fn new_names_bound(&self, import: &Import) -> Option<Vec<&str>> {
        let binding = self.facts.binding(import.binding?);
        let bindings = self.facts.bindings_of(binding.scope, binding.name).map(|binding| self.facts.binding(binding));
        let names: Vec<&str> = bindings.filter_map(|binding| self.new_name_bound(binding)).collect();
        let module = self.new_name_bound(binding)?;
        (!self.keeps_name(import, module)).then_some(names)
    }
}

fn top_level(module: &str) -> &str {
    module.split('.').next().unwrap_or(module)
}

/// True if a text has a word that is no attribute.
fn spells(text: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(|before| is_part(before) || before == '.')
            && !text[at + word.len()..].starts_with(is_part)
    })
}
