//! Runs a [`Program`] as Python would: one statement after the other, with real modules.
//!
//! Written to be obviously right, from the language reference (section 5 "The import system", section 7.11 "The import
//! statement") and `importlib._bootstrap`: `sys.modules` holds a module from before its code runs, the code fills it
//! step by step, a package gets its submodule as an attribute once that is loaded, and whoever looks in between sees
//! what is there so far. A test holds this evaluator against CPython itself.
//!
//! In: a program and the module to import first. Out: what `from module import *` then brings, or why that fails; and
//! what happened on the way that makes the answer depend on who was first.

use std::collections::{BTreeMap, BTreeSet};

use super::{Part, Program, Step, ancestors, last, parent};

/// Something that a name can hold, as far as imports care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    /// The position in [`Interpreter::objects`].
    Module(usize),
    /// The position in [`Interpreter::lists`].
    List(usize),
    Other,
}

struct Object {
    name: String,
    is_package: bool,
    is_running: bool,
    names: BTreeMap<String, Value>,
}

struct List {
    names: Vec<String>,
    /// The module whose code made it.
    owner: usize,
}

/// A statement of a program.
pub(crate) type Place = (String, usize);

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// The statement that raised it; `None` where it is the first import itself.
    pub(crate) place: Option<Place>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// `ModuleNotFoundError`, and for which module.
    ModuleNotFound(String),
    /// Any other `ImportError`.
    Import,
    /// `AttributeError`, `NameError`, `ValueError`.
    Other,
}

/// What makes a result depend on what was imported before, each by its statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Oddity {
    /// The statement takes names from a module whose own code has not ended.
    ReadsUnfinished(Place),
    /// The statement changes a list that another module made.
    ChangesForeignList(Place),
    /// The `from` of an attempt fails, though the module is there.
    LacksName(Place),
    /// The `from` takes something else than the submodule that also has the name.
    PassesSubmodule(Place),
    /// The star of a package loads a submodule that `__all__` names.
    StarLoads(Place),
    /// The star brought these names from the module.
    Brought(Place, String, BTreeSet<String>),
}

/// What `from module import *` binds in an empty namespace, in a fresh interpreter.
pub(crate) fn star(program: &Program, module: &str) -> Result<BTreeSet<String>, Failure> {
    run(program, module).0
}

/// The same, and what happened on the way.
pub(crate) fn run(program: &Program, module: &str) -> (Result<BTreeSet<String>, Failure>, Vec<Oddity>) {
    let mut interpreter = Interpreter {
        program,
        objects: Vec::new(),
        loaded: BTreeMap::new(),
        lists: Vec::new(),
        oddities: Vec::new(),
        place: None,
    };
    let result = interpreter.import(module).and_then(|object| interpreter.star(object));
    (result, interpreter.oddities)
}

struct Interpreter<'p> {
    program: &'p Program,
    objects: Vec<Object>,
    /// `sys.modules`.
    loaded: BTreeMap<String, usize>,
    lists: Vec<List>,
    oddities: Vec<Oddity>,
    /// The statement that runs.
    place: Option<Place>,
}

impl Interpreter<'_> {
    fn fail<T>(&self, kind: FailureKind) -> Result<T, Failure> {
        Err(Failure { kind, place: self.place.clone() })
    }

    /// `importlib.import_module`.
    fn import(&mut self, name: &str) -> Result<usize, Failure> {
        if let Some(object) = self.loaded.get(name) {
            return Ok(*object);
        }
        let mut package = None;
        if let Some(parent) = parent(name) {
            let object = self.import(parent)?;
            // The package may have imported the module itself.
            if let Some(object) = self.loaded.get(name) {
                return Ok(*object);
            }
            if !self.objects[object].is_package {
                return self.fail(FailureKind::ModuleNotFound(name.to_owned()));
            }
            package = Some(object);
        }
        let Some(module) = self.program.module(name) else {
            return self.fail(FailureKind::ModuleNotFound(name.to_owned()));
        };
        let object = self.objects.len();
        self.objects.push(Object {
            name: name.to_owned(),
            is_package: module.is_package,
            is_running: true,
            names: BTreeMap::new(),
        });
        self.loaded.insert(name.to_owned(), object);
        let importer = self.place.take();
        for (number, spelled) in module.steps.iter().enumerate() {
            self.place = Some((name.to_owned(), number));
            if let Err(failure) = self.step(object, &spelled.step) {
                self.loaded.remove(name);
                return Err(failure);
            }
        }
        self.place = importer;
        self.objects[object].is_running = false;
        if let Some(package) = package {
            self.objects[package].names.insert(last(name).to_owned(), Value::Module(object));
        }
        Ok(object)
    }

    fn step(&mut self, this: usize, step: &Step) -> Result<(), Failure> {
        match step {
            Step::Bind(name) => self.bind(this, name, Value::Other),
            Step::Delete(name) => {
                if self.objects[this].names.remove(name).is_none() {
                    return self.fail(FailureKind::Other);
                }
            }
            Step::Import { module, alias: None } => {
                self.import(module)?;
                // `import a.b` binds `a`.
                let top = ancestors(module).last().unwrap_or(module);
                let object = self.import(top)?;
                self.bind(this, top, Value::Module(object));
            }
            Step::Import { module, alias: Some(alias) } => {
                self.import(module)?;
                let mut parts = module.split('.');
                let mut value = Value::Module(self.import(parts.next().unwrap_or(module))?);
                for part in parts {
                    value = self.attribute(value, part)?;
                }
                self.bind(this, alias, value);
            }
            Step::From { module, name, alias } => {
                let value = self.import_from(module, name)?;
                self.bind(this, alias.as_ref().unwrap_or(name), value);
            }
            Step::Star { module } => {
                let source = self.import(module)?;
                self.note_unfinished(source);
                let brought = self.star(source)?;
                for name in &brought {
                    let value = self.objects[source].names[name];
                    self.bind(this, name, value);
                }
                let place = self.place.clone().expect("a star is a statement");
                self.oddities.push(Oddity::Brought(place, module.clone(), brought));
            }
            Step::Attempt { module, name } => {
                let place = self.place.clone();
                let value = match self.import_from(module, name) {
                    Ok(value) => value,
                    Err(Failure { kind: FailureKind::Other, place }) => {
                        return Err(Failure { kind: FailureKind::Other, place });
                    }
                    Err(failure) => {
                        if failure.kind == FailureKind::Import || failure.place != place {
                            self.oddities.extend(place.clone().map(Oddity::LacksName));
                        }
                        Value::Other
                    }
                };
                self.place = place;
                self.bind(this, name, value);
            }
            Step::SetAll(parts) => {
                // `__all__ = module.__all__` binds that very list.
                let list = match &parts[..] {
                    [Part::AllOf(chain)] => self.all_of(this, chain)?,
                    _ => {
                        let names = self.sum(this, parts)?;
                        self.lists.push(List { names, owner: this });
                        self.lists.len() - 1
                    }
                };
                self.bind(this, "__all__", Value::List(list));
            }
            Step::ExtendAll(parts) => {
                let added = self.sum(this, parts)?;
                let list = self.own_all(this)?;
                self.lists[list].names.extend(added);
            }
            Step::RemoveAll(name) => {
                let list = self.own_all(this)?;
                let Some(at) = self.lists[list].names.iter().position(|entry| entry == name) else {
                    return self.fail(FailureKind::Other);
                };
                self.lists[list].names.remove(at);
            }
        }
        Ok(())
    }

    fn bind(&mut self, this: usize, name: &str, value: Value) {
        self.objects[this].names.insert(name.to_owned(), value);
    }

    /// What `from module import name` binds.
    fn import_from(&mut self, module: &str, name: &str) -> Result<Value, Failure> {
        let source = self.import(module)?;
        self.note_unfinished(source);
        if self.objects[source].is_package {
            self.import_submodule(source, name)?;
        }
        let value = self.attribute(Value::Module(source), name)?;
        let submodule = format!("{}.{name}", self.objects[source].name);
        let is_it = matches!(value, Value::Module(taken) if self.objects[taken].name == submodule);
        if !is_it && self.program.module(&submodule).is_some() {
            self.oddities.extend(self.place.clone().map(Oddity::PassesSubmodule));
        }
        Ok(value)
    }

    /// The submodule of a package that `from package import name` names, if the package has no such attribute.
    fn import_submodule(&mut self, package: usize, name: &str) -> Result<(), Failure> {
        if self.objects[package].names.contains_key(name) {
            return Ok(());
        }
        let full = format!("{}.{name}", self.objects[package].name);
        let place = self.place.clone();
        match self.import(&full) {
            Err(Failure { kind: FailureKind::ModuleNotFound(missing), .. }) if missing == full => {
                self.place = place;
                Ok(())
            }
            other => other.map(drop),
        }
    }

    /// The attribute that `from` takes; a submodule counts from the moment on that `sys.modules` has it.
    fn attribute(&self, value: Value, name: &str) -> Result<Value, Failure> {
        let Value::Module(object) = value else { return self.fail(FailureKind::Import) };
        let object = &self.objects[object];
        if let Some(value) = object.names.get(name) {
            return Ok(*value);
        }
        match self.loaded.get(&format!("{}.{name}", object.name)) {
            Some(submodule) => Ok(Value::Module(*submodule)),
            None => self.fail(FailureKind::Import),
        }
    }

    /// The names that a star from a module brings.
    fn star(&mut self, source: usize) -> Result<BTreeSet<String>, Failure> {
        let Some(Value::List(list)) = self.objects[source].names.get("__all__").copied() else {
            let names = self.objects[source].names.keys();
            return Ok(names.filter(|name| !name.starts_with('_')).cloned().collect());
        };
        let names = self.lists[list].names.clone();
        if self.objects[source].is_package {
            let loaded = self.loaded.len();
            for name in &names {
                self.import_submodule(source, name)?;
            }
            if self.loaded.len() > loaded {
                self.oddities.extend(self.place.clone().map(Oddity::StarLoads));
            }
        }
        let lacks = names.iter().any(|name| !self.objects[source].names.contains_key(name));
        if lacks { self.fail(FailureKind::Other) } else { Ok(names.into_iter().collect()) }
    }

    // `__all__`

    fn own_all(&mut self, this: usize) -> Result<usize, Failure> {
        let Some(Value::List(list)) = self.objects[this].names.get("__all__").copied() else {
            return self.fail(FailureKind::Other);
        };
        if self.lists[list].owner != this {
            self.oddities.extend(self.place.clone().map(Oddity::ChangesForeignList));
        }
        Ok(list)
    }

    fn sum(&mut self, this: usize, parts: &[Part]) -> Result<Vec<String>, Failure> {
        let mut names = Vec::new();
        for part in parts {
            match part {
                Part::Names(listed) => names.extend(listed.iter().cloned()),
                Part::AllOf(chain) => {
                    let list = self.all_of(this, chain)?;
                    names.extend(self.lists[list].names.iter().cloned());
                }
                Part::PublicNames => {
                    let bound = self.objects[this].names.keys();
                    names.extend(bound.filter(|name| !name.starts_with('_')).cloned());
                }
            }
        }
        Ok(names)
    }

    /// The list that `a.b.__all__` is in the code of a module.
    fn all_of(&mut self, this: usize, chain: &str) -> Result<usize, Failure> {
        let mut at = this;
        for part in chain.split('.') {
            match self.objects[at].names.get(part) {
                Some(Value::Module(module)) => at = *module,
                _ => return self.fail(FailureKind::Other),
            }
        }
        self.note_unfinished(at);
        match self.objects[at].names.get("__all__") {
            Some(Value::List(list)) => Ok(*list),
            _ => self.fail(FailureKind::Other),
        }
    }

    fn note_unfinished(&mut self, source: usize) {
        if self.objects[source].is_running {
            self.oddities.extend(self.place.clone().map(Oddity::ReadsUnfinished));
        }
    }
}
