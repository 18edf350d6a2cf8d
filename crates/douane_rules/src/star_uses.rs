//! Which names of a star somebody wants.

use douane_base::{Applicability, Change, ChangeKind, Fix, TextRange};
use douane_graph::{Definition, Exports, ModuleId, NameId, Origin, StandardLibrary, Unknown};
use douane_parser::{
    Binding, BindingId, BindingKind, Codes, Dialect, FileFacts, Guard, Import, ImportId, Reference, ScopeId, ScopeKind,
    Symbol, Truth, Usage,
};

use crate::{
    Checked,
    rules::undefined_name_behind_star::undefined_name,
    rules_named,
    wording::{is_identifier, is_public, written_import},
};

/// The names of a star that somebody wants, sorted.
pub(crate) struct StarUses<'c> {
    /// By this file: in its code or its `__all__`, or because the star takes over what the file binds before.
    pub(crate) here: Vec<&'c str>,
    /// Only by other modules of the program, which take them from this one.
    pub(crate) elsewhere: Vec<&'c str>,
    /// It brings something that somebody wants, though perhaps another import of the file brings the same.
    pub(crate) brings_wanted: bool,
}

impl<'c> StarUses<'c> {
    pub(crate) fn of(file: &Checked<'c>, id: ImportId, source: ModuleId) -> Self {
        let star = file.facts.import(id);
        let graph = file.graph();
        let facts: &'c FileFacts = file.facts;
        let may_come_with_it =
            |name: Symbol| facts.bindings_of(ScopeId::MODULE, name).all(|binding| binding.0 < star.position);
        let reads = Reads { facts, star };
        let uses = facts.references.iter().filter(|reference| reads.may_get(reference)).map(|reference| reference.name);
        let taken_over = facts
            .bindings
            .iter()
            .filter(|binding| binding.scope == ScopeId::MODULE && binding.kind.is_definition())
            .map(|binding| binding.name)
            .filter(|name| may_come_with_it(*name));
        let mut here: Vec<&str> = uses.chain(taken_over).map(|name| facts.name(name)).collect();
        let is_inherited = |name: &NameId| {
            graph.entry(file.module, *name).is_none_or(|entry| entry.module != file.module)
                || !facts.names.find(graph.name(*name)).is_some_and(|name| reads.is_surely_bound(name))
        };
        if let Exports::All(exported) = graph.exports(file.module) {
            here.extend(
                exported.iter().map(|exported| exported.name).filter(is_inherited).map(|name| graph.name(name)),
            );
        }
        let taken = file.project.takes().from(file.module).map(|taken| taken.name);
        let mut elsewhere: Vec<&str> = taken.filter(is_inherited).map(|name| graph.name(name)).collect();
        let stars: Vec<(ImportId, ModuleId)> =
            graph.stars(file.module, facts).filter_map(|(star, _, source)| Some((star, source?))).collect();
        let brings =
            |name: &&str| graph.name_id(name).is_some_and(|name| graph.star_brings_id(source, name) != Some(false));
        let brings_wanted = here.iter().chain(&elsewhere).any(brings);
        let has_already = |name: NameId| {
            let imported = facts.names.find(graph.name(name)).and_then(|name| reads.import_before(name));
            imported.is_some_and(|import| {
                let mut between = stars.iter().filter(|(star, _)| (import.0..id.0).contains(&star.0));
                is_same_object(file, import, source, name)
                    && between.all(|(_, source)| graph.star_brings_id(*source, name) == Some(false))
            })
        };
        for names in [&mut here, &mut elsewhere] {
            names.sort_unstable();
            names.dedup();
            names.retain(|name| {
                let Some(name) = graph.name_id(name).filter(|name| !has_already(*name)) else { return false };
                let providers = || graph.providers(file.project.facts, file.module, &stars, name);
                let is_provided = || {
                    let symbol = facts.names.find(graph.name(name));
                    providers().iter().any(|(provider, _)| {
                        let later = facts.import(*provider).range.start();
                        *provider == id || symbol.is_some_and(|name| reads.is_read_before(name, later))
                    })
                };
                graph.star_brings_id(source, name) != Some(false) && is_provided()
            });
        }
        elsewhere.retain(|name| here.binary_search(name).is_err());
        Self { here, elsewhere, brings_wanted }
    }

    /// How many they are, in words; nothing where none is known and there may be some.
    pub(crate) fn described(&self, file: &Checked<'_>) -> Option<String> {
        let is_open = file.facts.traits.reads_namespace
            || matches!(
                file.graph().exports(file.module),
                Exports::Unknown(Unknown::DynamicAll | Unknown::SyntaxError)
            );
        let at_least = if is_open { "at least " } else { "" };
        match (self.here.len(), self.elsewhere.len()) {
            (0, 0) if is_open => None,
            (0, 0) if self.brings_wanted => Some("this file has all it uses from elsewhere as well".to_owned()),
            (0, 0) => Some("this file uses none".to_owned()),
            (here, 0) => Some(format!("this file uses {at_least}{here}")),
            (0, elsewhere) => Some(format!("others take {at_least}{elsewhere} from here")),
            (here, elsewhere) => {
                Some(format!("this file uses {at_least}{here} and others take {elsewhere} more from here"))
            }
        }
    }

    pub(crate) fn all(&self) -> Vec<&'c str> {
        let mut all = [&*self.here, &*self.elsewhere].concat();
        all.sort_unstable();
        all
    }
}

/// The star brings what the import has brought before, whatever has run in between.
fn is_same_object(file: &Checked<'_>, import: ImportId, source: ModuleId, name: NameId) -> bool {
    let graph = file.graph();
    let definition = graph.definition(file.project.facts, source, name);
    let is_kept = |module: ModuleId| !file.project.takes().may_be_replaced(module, name);
    let stays = match definition {
        // Values are set anew, modules are not.
        Definition::Binding(defining, _) | Definition::Standard(defining, _) => {
            is_kept(defining) && is_kept(source) && graph.resolution(file.module, import).module().is_none_or(is_kept)
        }
        Definition::Module(_) => true,
        Definition::Unknown => false,
    };
    stays && file.definition(import) == definition
}

/// The uses of names that may get what a star brings.
struct Reads<'f> {
    facts: &'f FileFacts,
    star: &'f Import,
}

impl Reads<'_> {
    fn may_get(&self, reference: &Reference) -> bool {
        let facts = self.facts;
        match reference.resolved {
            None => true,
            Some(ScopeId::MODULE) => {
                let is_deferred = facts.is_deferred(reference.scope);
                let is_below = reference.range.start() > self.star.range.start();
                match self.next_binding(reference.name) {
                    None => is_below || is_deferred,
                    // What is bound later replaces it only from there on.
                    Some((id, binding)) if self.is_sure(binding) => {
                        let is_before = reference.position <= id.0;
                        let is_called_before = || {
                            reference.range.start() < binding.range.start()
                                && self.is_anything_called(binding.range.start())
                        };
                        if is_deferred { is_called_before() } else { is_below && is_before }
                    }
                    Some(_) => is_below || is_deferred,
                }
            }
            // A class body reads the module's name until it has bound its own (language reference, section 4.2.2).
            Some(scope) => facts.scope(scope).kind == ScopeKind::Class,
        }
    }

    fn next_binding(&self, name: Symbol) -> Option<(BindingId, &Binding)> {
        let mut bindings = self.facts.bindings_of(ScopeId::MODULE, name);
        bindings.find(|id| id.0 >= self.star.position).map(|id| (id, self.facts.binding(id)))
    }

    /// The binding happens whatever else does.
    fn is_sure(&self, binding: &Binding) -> bool {
        binding.site == ScopeId::MODULE
            && self.facts.branches.truth(binding.branch) == Truth::True
            && self.facts.branches.ancestors(binding.branch).next().is_none()
            && matches!(
                binding.kind,
                BindingKind::Assignment
                    | BindingKind::Class
                    | BindingKind::Function(_)
                    | BindingKind::Import(_)
                    | BindingKind::TypeAlias
            )
    }

    /// The file itself binds the name, in any case and for good.
    fn is_surely_bound(&self, name: Symbol) -> bool {
        let mut bindings = self.facts.bindings_of(ScopeId::MODULE, name).map(|id| self.facts.binding(id)).peekable();
        bindings.peek().is_some() && bindings.all(|binding| self.is_sure(binding))
    }

    /// The import that binds a name of the module right before the star, where nothing but such statements ever does.
    fn import_before(&self, name: Symbol) -> Option<ImportId> {
        let before = self.facts.bindings_of(ScopeId::MODULE, name).take_while(|id| id.0 < self.star.position).last()?;
        let BindingKind::Import(import) = self.facts.binding(before).kind else { return None };
        self.is_surely_bound(name).then_some(import)
    }

    /// Code of the module calls something between the star and an offset.
    fn is_anything_called(&self, until: u32) -> bool {
        let from = self.star.range.end();
        let is_between = |reference: &Reference| (from..until).contains(&reference.range.start());
        let mut called = self.facts.references.iter().filter(|reference| reference.usage == Usage::Call);
        called.any(|reference| is_between(reference) && !self.facts.is_deferred(reference.scope))
    }

    /// Code that runs between the star and an offset may read the name.
    fn is_read_before(&self, name: Symbol, until: u32) -> bool {
        let from = self.star.range.end();
        self.facts.references.iter().filter(|reference| reference.name == name).any(|reference| {
            if self.facts.is_deferred(reference.scope) {
                reference.range.start() < until && self.is_anything_called(until)
            } else {
                (from..until).contains(&reference.range.start())
            }
        })
    }
}

/// Another version of Python may bring other names, or not bring these.
fn depends_on_version(file: &Checked<'_>, source: ModuleId, wanted: &[&str]) -> bool {
    let (graph, facts) = (file.graph(), file.facts);
    let library = graph.standard_library();
    let source_name = graph.module_name(source);
    let is_standard = graph.module(source).origin == Origin::Standard;
    let source_facts = file.project.module_facts(source).map(|(_, facts)| facts);
    let of_version = |name: &str| {
        let Some((facts, name)) = source_facts.and_then(|facts| Some((facts, facts.names.find(name)?))) else {
            return false;
        };
        let bindings = facts.bindings_of(ScopeId::MODULE, name).map(|binding| facts.binding(binding).branch);
        bindings.into_iter().any(|branch| facts.branches.guard(branch) == Some(Guard::Version))
    };
    let is_elsewhere = |name: &str| match is_standard {
        true => StandardLibrary::versions().any(|library| library.has(source_name, name)),
        false => of_version(name),
    };
    let mut unbound = facts.references.iter().filter(|reference| reference.resolved.is_none());
    wanted.iter().any(|name| if is_standard { !library.has_everywhere(source_name, name) } else { of_version(name) })
        || unbound.any(|reference| {
            let name = facts.name(reference.name);
            !wanted.contains(&name)
                && !file.is_builtin(name)
                && graph.star_brings(source, name) != Some(true)
                && is_elsewhere(name)
        })
}

/// A file that defines nothing of its own and uses no star, or one around a compiled half, passes names on to whoever wants them.
pub(crate) fn passes_names_on(file: &Checked<'_>, source: ModuleId) -> bool {
    let is_own =
        |binding: &&Binding| binding.scope == ScopeId::MODULE && !matches!(binding.kind, BindingKind::Import(_));
    let is_list = |binding: &Binding| file.facts.name(binding.name) == "__all__";
    let comes_with_star =
        |reference: &Reference| reference.resolved.is_none() && !file.is_builtin(file.facts.name(reference.name));
    let is_facade =
        file.facts.bindings.iter().filter(is_own).all(is_list) && !file.facts.references.iter().any(comes_with_star);
    // `from _bisect import *` is how a module takes over what its compiled half makes.
    let is_half = file.graph().module(source).name.last().starts_with('_') && is_public(file.module_name());
    is_facade || is_half || file.is_offered()
}

/// A module of a package that nobody in the program imports, and that has no `__all__`, may take a star from another one of
/// the program to offer all of it to code outside, next to what it defines itself.
pub(crate) fn may_pass_names_on(file: &Checked<'_>, source: ModuleId) -> bool {
    let (graph, own) = (file.graph(), file.graph().module(file.module));
    let is_offer = || {
        graph.module(source).origin == Origin::FirstParty
            && own.parent.is_some()
            && !graph.has_all(file.module)
            && !file.facts.traits.has_main_block
            && is_public(own.name.as_str())
            && graph.importers_of(file.module).all(|edge| edge.is_implicit)
    };
    passes_names_on(file, source) || is_offer()
}

/// The change that puts the names that somebody wants in the place of a star.
pub(crate) fn star_fix(file: &Checked<'_>, id: ImportId, source: ModuleId, uses: &StarUses<'_>) -> Option<Fix> {
    let (graph, facts) = (file.graph(), file.facts);
    let import = facts.import(id);
    let place = facts.statement(import).place();
    if passes_names_on(file, source) && uses.all().is_empty() {
        return None;
    }
    let wanted: Vec<&str> = uses.all().into_iter().filter(|name| is_identifier(name)).collect();
    let brings = |name: &&str| graph.star_brings(source, name) == Some(true);
    let is_safe = is_whole(file)
        && !passes_names_on(file, source)
        && wanted.iter().all(brings)
        && wanted.len() == uses.all().len()
        && facts.branches.truth(import.branch) == Truth::True
        && facts.branches.ancestors(import.branch).next().is_none()
        && !loads_more(file, source, &wanted)
        && !takes_submodules(file, source)
        && !depends_on_version(file, source, &wanted)
        && !is_collected(file)
        && !runs_tests(file)
        && !(graph.module(source).origin == Origin::FirstParty && may_be_asked_for(file))
        && !file.project.traces().may_replace_submodules(source)
        // A star takes what is there already, a name has to be.
        && file.project.traces().come_in_time(file, source, &wanted);
    let is_safe = is_safe && (!wanted.is_empty() || !may_pass_names_on(file, source));
    let (title, kind, is_safe) = if !wanted.is_empty() {
        let names = wanted.iter().map(|name| (*name).to_owned()).collect();
        ("Write the names that are used".to_owned(), ChangeKind::SetNames(place, names), is_safe)
    } else {
        // What loading the module does may be all that the star is for.
        let does_nothing = file.project.traces().of(source).is_none();
        let title = format!("Remove `{}`", written_import(facts, import));
        (title, ChangeKind::RemoveImport(place, import.range), is_safe && does_nothing)
    };
    let undefined = undefined_name(file).filter(|_| is_safe);
    let (title, is_safe) = match undefined {
        Some(name) => (format!("{title}, though `{name}` is not defined"), false),
        None => (title, is_safe),
    };
    let applicability = if is_safe { Applicability::Safe } else { Applicability::Unsafe };
    let mut changes = vec![Change { file: file.id, kind }];
    changes.extend(
        stale_comments(facts, place.range)
            .map(|range| Change { file: file.id, kind: ChangeKind::RemoveComment(range) }),
    );
    Some(Fix { title, applicability, changes })
}

/// Everything that the file takes and passes on is known.
fn is_whole(file: &Checked<'_>) -> bool {
    let (graph, facts) = (file.graph(), file.facts);
    let are_known = graph
        .stars(file.module, facts)
        .all(|(_, _, source)| source.is_some_and(|source| graph.star_counts(source).is_some()));
    let is_dynamic = matches!(graph.exports(file.module), Exports::Unknown(_)) && graph.has_all(file.module);
    are_known
        && !is_dynamic
        && !facts.traits.reads_namespace
        && !facts.traits.is_broken
        && !facts.traits.all_escapes
        && !file.project.takes().escapes(file.module)
}

/// No module imports this one, nor is it a program: whoever loads it by its name, as frameworks load settings, may ask it for
/// any name.
pub(crate) fn may_be_asked_for(file: &Checked<'_>) -> bool {
    !file.facts.traits.has_main_block && file.graph().importers_of(file.module).all(|edge| edge.is_implicit)
}

/// `unittest.main()` looks for tests among the names of the module.
pub(crate) fn runs_tests(file: &Checked<'_>) -> bool {
    let is_unittest = |name: Symbol| file.facts.name(name).split('.').next() == Some("unittest");
    file.facts.traits.has_main_block
        && (file.facts.imports.iter().any(|import| import.target.module().1.is_some_and(is_unittest))
            || file.facts.references.iter().any(|reference| is_unittest(reference.name)))
}

/// Test runners look for what the modules of tests have.
pub(crate) fn is_collected(file: &Checked<'_>) -> bool {
    file.module_name().split('.').any(|part| {
        part == "conftest" || part == "tests" || part.starts_with("test_") || part.ends_with("_test") || part == "test"
    })
}

/// The star loads submodules that the names alone would not load.
fn loads_more(file: &Checked<'_>, source: ModuleId, wanted: &[&str]) -> bool {
    let graph = file.graph();
    let Exports::All(exported) = graph.exports(source) else { return false };
    let mut left = exported.iter().filter(|exported| !wanted.contains(&graph.name(exported.name)));
    left.any(|exported| {
        graph.entry(source, exported.name).is_none() && graph.submodule(source, graph.name(exported.name)).is_some()
    })
}

/// The file uses names that may be submodules of the star's package, which come with the star once somebody has loaded them.
pub(crate) fn takes_submodules(file: &Checked<'_>, source: ModuleId) -> bool {
    let graph = file.graph();
    if !graph.module(source).is_package() {
        return false;
    }
    let unbound = file.facts.references.iter().filter(|reference| reference.resolved.is_none());
    unbound
        .map(|reference| file.facts.name(reference.name))
        .any(|name| graph.submodule(source, name).is_some() && graph.star_brings(source, name) == Some(false))
}

/// The comments behind the statement that silence nothing but what stars are reported for.
fn stale_comments(facts: &FileFacts, statement: TextRange) -> impl Iterator<Item = TextRange> {
    const LINE_BREAK: u32 = 2;
    const ABOUT_STARS: [&str; 4] = ["star-import", "unused-star", "undefined-name-behind-star", "star-conflict"];
    let is_about_stars =
        |code: &str| code == "F401" || rules_named(code).iter().any(|rule| ABOUT_STARS.contains(&rule.name));
    facts
        .suppressions
        .iter()
        .filter(move |suppression| {
            let is_of_line = suppression.covers.end() <= suppression.range.end() + LINE_BREAK;
            is_of_line
                && suppression.dialect != Dialect::PylintEnable
                && suppression.range.start() >= statement.end()
                && suppression.covers.contains(statement)
        })
        .filter(move |suppression| match &suppression.codes {
            Codes::All => true,
            Codes::Listed(codes) => codes.iter().all(|code| is_about_stars(&code.text)),
        })
        .map(|suppression| suppression.range)
}
