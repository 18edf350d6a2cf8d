//! What a module's top level does to its names, in order.
//!
//! The facts list everything that stands in the file. Here the branches are decided that can be: a platform's or a
//! version's, a `try` body that imports a module which does not exist and so ends in its handler, and the part for
//! type checkers of a module that replaces itself at run time.

use douane_parser::{
    Arm, BindingId, BindingKind, Branch, BranchId, Constant, Effect, EffectKind, FileFacts, Guard, Import, ImportId,
    ModuleKey, Question, ScopeId, Symbol, SysModulesChange, Target, Truth, When,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::resolve::Resolution;

/// One step in the making of a module's namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) kind: EventKind,
    /// It surely happens when the module is loaded.
    pub(crate) is_certain: bool,
    pub(crate) branch: BranchId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventKind {
    /// A name gets a value.
    Bind(BindingId),
    /// A name loses its value.
    Unbind(BindingId),
    /// An import that runs on load; comes before the binding it makes.
    Import(ImportId),
    /// A star import.
    Star(ImportId),
    /// A step in the building of `__all__`, by its position in the facts.
    All(usize),
    /// The module may get any name.
    NamespaceWrite,
    /// Importers get another object, by its position in the effects.
    ReplacesItself(usize),
}

/// What the outcome of an import means for the `try` around it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Succeeds,
    Fails,
    Unknown,
}

/// What the rest of the program says about a module's imports.
pub(crate) struct Surroundings<'s> {
    /// The module's name.
    pub(crate) module: &'s str,
    /// Whether an import succeeds.
    pub(crate) outcome: &'s dyn Fn(ImportId, &Import) -> Outcome,
    /// Whether the module that an import binds has an attribute, given with a dotted path to it.
    pub(crate) has_attribute: &'s dyn Fn(ImportId, &str) -> Truth,
}

/// The steps of a module.
pub(crate) fn events(facts: &FileFacts, is_stub: bool, surroundings: &Surroundings<'_>) -> Vec<Event> {
    let replaces_itself =
        |effect: &Effect| matches!(effect.kind, EffectKind::ReplacesItself(None)) && effect.scope == ScopeId::MODULE;
    let mut run = Run {
        facts,
        surroundings,
        failed: FxHashMap::default(),
        values: FxHashMap::default(),
        answers: FxHashMap::default(),
        raising: facts
            .branches
            .iter()
            .filter(|branch| branch.arm == Arm::Try && branch.terminates)
            .map(|branch| branch.fork)
            .collect(),
        sees_typing_branches: is_stub || facts.effects.iter().any(replaces_itself),
    };
    // A step at a position comes before the binding of that number; of several, the one that stands first.
    let mut steps: Vec<(u32, bool, u32, Step)> = Vec::with_capacity(facts.bindings.len());
    let module_bindings =
        (0..).map(BindingId).zip(&facts.bindings).filter(|(_, binding)| binding.scope == ScopeId::MODULE);
    steps.extend(module_bindings.map(|(id, _)| (id.0, true, 0, Step::Binding(id))));
    let imports = (0..).map(ImportId).zip(&facts.imports).filter(|(_, import)| !facts.is_deferred(import.scope));
    steps.extend(imports.map(|(id, import)| (import.position, false, import.range.start(), Step::Import(id))));
    let operations = facts.all_operations.iter().enumerate();
    steps.extend(operations.map(|(at, operation)| (operation.position, false, operation.range.start(), Step::All(at))));
    let effects = facts.effects.iter().enumerate();
    steps.extend(effects.map(|(at, effect)| (effect.position, false, effect.range.start(), Step::Effect(at))));
    steps.sort_by_key(|(position, is_binding, start, _)| (*position, *is_binding, *start));

    let mut found = Vec::with_capacity(steps.len());
    for (position, _, _, step) in steps {
        let (kind, branch, is_deferred) = match step {
            Step::Binding(id) => {
                let binding = facts.binding(id);
                let kind = match binding.kind {
                    BindingKind::Annotation if !is_stub => continue,
                    kind if kind.unbinds() => EventKind::Unbind(id),
                    _ => EventKind::Bind(id),
                };
                (kind, binding.branch, facts.is_deferred(binding.site))
            }
            Step::Import(id) => {
                let import = facts.import(id);
                if run.truth(import.branch, import.position) == Truth::False {
                    continue;
                }
                if import.when == When::Load
                    && let Some(attempt) = run.attempt_around(import.branch)
                {
                    run.note(attempt, (surroundings.outcome)(id, import));
                }
                let is_star = matches!(import.target, Target::Star { .. }) && import.scope == ScopeId::MODULE;
                (if is_star { EventKind::Star(id) } else { EventKind::Import(id) }, import.branch, false)
            }
            Step::All(at) => (EventKind::All(at), facts.all_operations[at].branch, false),
            Step::Effect(at) => {
                let effect = &facts.effects[at];
                let kind =
                    match effect.kind {
                        EffectKind::NamespaceWrite => EventKind::NamespaceWrite,
                        EffectKind::ReplacesItself(_) => EventKind::ReplacesItself(at),
                        // The module spells its own name.
                        EffectKind::SysModules {
                            change: SysModulesChange::Set, key: ModuleKey::Literal(name), ..
                        } if facts.name(name) == surroundings.module => EventKind::ReplacesItself(at),
                        _ => continue,
                    };
                (kind, effect.branch, facts.is_deferred(effect.scope))
            }
        };
        let truth = run.truth(branch, position);
        if truth != Truth::False {
            // A loop is taken to run, but not relied on to take a name away.
            let may_not_run = matches!(kind, EventKind::Unbind(_))
                && facts.branches.ancestors(branch).any(|branch| branch.arm == Arm::Loop);
            let is_certain = truth == Truth::True && !is_deferred && !may_not_run;
            run.assign(kind, is_certain);
            found.push(Event { kind, is_certain, branch });
        }
    }
    found
}

#[derive(Clone, Copy)]
enum Step {
    Binding(BindingId),
    Import(ImportId),
    All(usize),
    Effect(usize),
}

/// What is known of a name's value.
#[derive(Clone, Copy)]
enum Value {
    Constant(Constant),
    /// An object that an import made; it is not `None`.
    Imported(ImportId),
}

struct Run<'f> {
    facts: &'f FileFacts,
    surroundings: &'f Surroundings<'f>,
    /// What is known of the `try` statements whose body imports something, by their number.
    failed: FxHashMap<u32, Outcome>,
    /// The values of the module's names at this point.
    values: FxHashMap<Symbol, Value>,
    /// The answers to the questions that conditions asked, by the number of the statement: they hold for its arms
    /// whatever those do to the names.
    answers: FxHashMap<u32, Truth>,
    /// The `try` statements whose body surely raises.
    raising: FxHashSet<u32>,
    sees_typing_branches: bool,
}

impl Run<'_> {
    /// Follows the values of names, as far as they are constants or imports.
    fn assign(&mut self, kind: EventKind, is_certain: bool) {
        let (EventKind::Bind(id) | EventKind::Unbind(id)) = kind else { return };
        let name = self.facts.binding(id).name;
        let constant = || {
            let at = self.facts.constants.binary_search_by_key(&id, |(binding, _)| *binding).ok()?;
            Some(Value::Constant(self.facts.constants[at].1))
        };
        let value = match self.facts.binding(id).kind {
            BindingKind::Import(import) => Some(Value::Imported(import)),
            _ => constant(),
        };
        match value.filter(|_| is_certain) {
            Some(value) => self.values.insert(name, value),
            None => self.values.remove(&name),
        };
    }

    /// Whether a branch runs, by the question that its condition asks.
    fn answer(&mut self, branch: &Branch) -> Truth {
        let Some(test) = branch.test else { return branch.truth };
        if branch.truth != Truth::Unknown {
            return branch.truth;
        }
        let answer = match self.answers.get(&branch.fork) {
            Some(answer) => *answer,
            None => {
                let answer = self.ask(test.question);
                self.answers.insert(branch.fork, answer);
                answer
            }
        };
        match (answer, test.is_negated) {
            (Truth::True, false) | (Truth::False, true) => Truth::True,
            (Truth::False, false) | (Truth::True, true) => Truth::False,
            (Truth::Unknown, _) => Truth::Unknown,
        }
    }

    fn ask(&self, question: Question) -> Truth {
        let truth = |holds: bool| if holds { Truth::True } else { Truth::False };
        let value = |name: Symbol| self.values.get(&name).copied();
        match question {
            Question::IsTrue(name) => match value(name) {
                Some(Value::Constant(constant)) => truth(constant == Constant::True),
                _ => Truth::Unknown,
            },
            Question::IsNone(name) => match value(name) {
                Some(Value::Constant(constant)) => truth(constant == Constant::None),
                Some(Value::Imported(import)) => match self.facts.import(import).target {
                    // A module is not `None`; what it holds may be.
                    Target::Module(_) => Truth::False,
                    _ => Truth::Unknown,
                },
                None => Truth::Unknown,
            },
            Question::HasAttribute(name, attribute) => match value(name) {
                Some(Value::Imported(import)) => (self.surroundings.has_attribute)(import, self.facts.name(attribute)),
                _ => Truth::Unknown,
            },
        }
    }

    /// The `try` statement whose handlers an import ends in if it fails, by its number.
    fn attempt_around(&self, branch: BranchId) -> Option<u32> {
        let attempt = self.facts.branches.ancestors(branch).find(|branch| branch.arm == Arm::Try)?;
        (attempt.guard == Some(Guard::ImportError)).then_some(attempt.fork)
    }

    fn note(&mut self, attempt: u32, outcome: Outcome) {
        let known = self.failed.entry(attempt).or_insert(Outcome::Succeeds);
        *known = match (*known, outcome) {
            (Outcome::Fails, _) | (_, Outcome::Fails) => Outcome::Fails,
            (Outcome::Unknown, _) | (_, Outcome::Unknown) => Outcome::Unknown,
            _ => Outcome::Succeeds,
        };
    }

    fn truth(&mut self, branch: BranchId, position: u32) -> Truth {
        let facts = self.facts;
        let mut truth = Truth::True;
        for branch in facts.branches.ancestors(branch) {
            let outcome = self.failed.get(&branch.fork).copied();
            let own = match (branch.arm, outcome) {
                _ if self.sees_typing_branches && branch.guard == Some(Guard::TypeChecking) => Truth::True,
                (Arm::Try | Arm::TryElse, Some(Outcome::Fails)) => Truth::False,
                (Arm::Try | Arm::TryElse, Some(Outcome::Unknown)) => Truth::Unknown,
                (Arm::Try, _) if branch.interrupted_at.is_some_and(|at| at < position) => Truth::Unknown,
                // `try: raise …` is there for its handler.
                (Arm::Handler(0), None) if self.raising.contains(&branch.fork) => Truth::True,
                (Arm::Handler(_), Some(Outcome::Fails)) if branch.guard == Some(Guard::ImportError) => Truth::True,
                (Arm::Handler(_), Some(Outcome::Succeeds)) if branch.guard == Some(Guard::ImportError) => Truth::False,
                // The loops of a module's top level are there to run, and each of their choices to be taken once.
                (Arm::Loop, _) if branch.truth == Truth::Unknown => {
                    truth = Truth::True;
                    Truth::True
                }
                (Arm::Choice(_), _) => self.answer(branch),
                _ => branch.truth,
            };
            truth = match (truth, own) {
                (Truth::False, _) | (_, Truth::False) => return Truth::False,
                (Truth::True, Truth::True) => Truth::True,
                _ => Truth::Unknown,
            };
        }
        truth
    }
}

/// Whether an import statement would succeed, from what its module resolves to.
pub(crate) fn outcome_of(resolution: Resolution) -> Outcome {
    match resolution {
        Resolution::Module(_) => Outcome::Succeeds,
        Resolution::Missing(_) | Resolution::BeyondTop => Outcome::Fails,
        Resolution::Unknown(_) => Outcome::Unknown,
    }
}
