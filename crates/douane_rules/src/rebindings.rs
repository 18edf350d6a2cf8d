//! Bindings of a name that an earlier one of the same scope has already, and what becomes of that one.

use douane_base::TextRange;
use douane_graph::{Definition, Object};
use douane_parser::{
    Binding, BindingId, BindingKind, FileFacts, ImportId, Reference, Scope, ScopeId, Symbol, Truth, Usage,
};
use rustc_hash::FxHashMap;

use crate::Checked;

/// A binding that replaces an earlier one for sure.
pub(crate) struct Rebinding<'f> {
    pub(crate) id: BindingId,
    pub(crate) binding: &'f Binding,
    pub(crate) earlier: &'f Binding,
}

/// All bindings of a file that replace another one, by scope and name.
pub(crate) fn rebindings(facts: &FileFacts) -> impl Iterator<Item = Rebinding<'_>> {
    names(facts).flat_map(move |group| {
        (1..group.len()).filter_map(move |at| {
            let (id, binding) = (group[at], facts.binding(group[at]));
            Some(Rebinding { id, binding, earlier: live_before(facts, &group[..at], binding)? })
        })
    })
}

/// The bindings of each name of each scope, in the order of evaluation.
pub(crate) fn names(facts: &FileFacts) -> impl Iterator<Item = &[BindingId]> {
    facts.bindings_by_name.chunk_by(|one, other| {
        let (one, other) = (facts.binding(*one), facts.binding(*other));
        one.scope == other.scope && one.name == other.name
    })
}

/// The binding that a later one replaces for sure; none where the two are alternatives or the name was deleted.
pub(crate) fn live_before<'f>(facts: &'f FileFacts, before: &[BindingId], later: &Binding) -> Option<&'f Binding> {
    // A name bound so often is data, not a slip; looking further back would be quadratic.
    const FURTHEST: usize = 50;
    let branches = &facts.branches;
    if branches.truth(later.branch) == Truth::False || (later.site != later.scope && facts.is_deferred(later.site)) {
        return None;
    }
    for id in before.iter().rev().take(FURTHEST) {
        let earlier = facts.binding(*id);
        let is_deferred = earlier.site != earlier.scope && facts.is_deferred(earlier.site);
        if earlier.kind == BindingKind::Annotation
            || is_deferred
            || branches.truth(earlier.branch) == Truth::False
            || branches.are_alternatives(earlier.branch, later.branch)
        {
            continue;
        }
        if earlier.kind.unbinds() || branches.is_conditional(earlier.branch, later.branch) {
            return None;
        }
        return Some(earlier);
    }
    None
}

/// A binding that comes after an import of its name puts something else in the place of it.
pub(crate) fn replaces(
    file: &Checked<'_>,
    uses: &Uses<'_>,
    id: BindingId,
    binding: &Binding,
    import: ImportId,
) -> bool {
    let facts = file.facts;
    if let BindingKind::Import(other) = binding.kind {
        let (one, other_definition) = (file.definition(import), file.definition(other));
        return !facts.same_object(import, other) && (one == Definition::Unknown || one != other_definition);
    }
    takes_over(binding.kind)
        && !is_throwaway(facts, binding)
        && !uses.in_own_value(facts, id, binding)
        && !uses.are_kept(facts, id, binding)
        && !is_the_same(file, id, binding, import)
}

/// `_` is the name for what nobody wants, also where it is imported as a function of gettext.
pub(crate) fn is_throwaway(facts: &FileFacts, binding: &Binding) -> bool {
    facts.name(binding.name) == "_"
}

pub(crate) fn takes_over(kind: BindingKind) -> bool {
    match kind {
        BindingKind::Import(_) | BindingKind::Annotation | BindingKind::Parameter | BindingKind::TypeParameter => false,
        // Each overload replaces the one before on purpose, and `x += …` uses what it replaces.
        BindingKind::Function(is_overload) => !is_overload,
        BindingKind::AugmentedAssignment => false,
        other => !other.unbinds(),
    }
}

/// The uses of names, to be asked about by name.
pub(crate) struct Uses<'f> {
    by_name: FxHashMap<(ScopeId, Symbol), Vec<&'f Reference>>,
}

impl<'f> Uses<'f> {
    pub(crate) fn new(facts: &'f FileFacts) -> Self {
        let mut by_name: FxHashMap<(ScopeId, Symbol), Vec<&Reference>> = FxHashMap::default();
        for reference in &facts.references {
            if let Some(scope) = reference.resolved {
                by_name.entry((scope, reference.name)).or_default().push(reference);
            }
        }
        Self { by_name }
    }

    pub(crate) fn of(&self, binding: &Binding) -> &[&'f Reference] {
        self.by_name.get(&(binding.scope, binding.name)).map_or(&[], Vec::as_slice)
    }

    /// The value that is bound is made from the import itself.
    fn in_own_value(&self, facts: &FileFacts, id: BindingId, binding: &Binding) -> bool {
        let statement = definition_range(facts, binding);
        self.until(id, binding).iter().any(|reference| {
            reference.usage != Usage::Delete
                && match (binding.kind, statement) {
                    // Decorators, defaults and bases, and what a class body does.
                    (BindingKind::Function(_) | BindingKind::Class, Some(statement)) => {
                        statement.contains(reference.range) && !facts.is_deferred(reference.scope)
                    }
                    (BindingKind::WithTarget, _) => {
                        const SAME_LINES: u32 = 200;
                        binding.range.start().abs_diff(reference.range.start()) < SAME_LINES
                    }
                    // Evaluated before the target is bound, and standing behind it.
                    _ => reference.range.start() > binding.range.start(),
                }
        })
    }

    /// The import lives on under another name: `_old = name`, or in what a private name is made of.
    fn are_kept(&self, facts: &FileFacts, id: BindingId, binding: &Binding) -> bool {
        self.until(id, binding).iter().any(|reference| {
            let Some(next) = facts.bindings.get(reference.position as usize) else { return false };
            let is_value = next.kind == BindingKind::Assignment && next.range.start() < reference.range.start();
            let is_alias = facts.is_alias(BindingId(reference.position)) && facts.chain(reference).is_empty();
            is_value && next.name != binding.name && (is_alias || facts.name(next.name).starts_with('_'))
        })
    }

    /// The uses that are evaluated before a binding.
    fn until(&self, id: BindingId, binding: &Binding) -> &[&'f Reference] {
        let uses = self.of(binding);
        &uses[..uses.partition_point(|reference| reference.position <= id.0)]
    }

    /// Code that runs between the import and the binding uses the import.
    pub(crate) fn before(&self, facts: &FileFacts, import: ImportId, id: BindingId, binding: &Binding) -> bool {
        let start = facts.import(import).position;
        let uses = self.of(binding);
        let from = uses.partition_point(|reference| reference.position <= start);
        uses[from..]
            .iter()
            .take_while(|reference| reference.position <= id.0)
            .any(|reference| !facts.is_deferred(reference.scope) || facts.is_deferred(binding.site))
    }
}

/// The whole `def` or `class` that makes a binding, decorators included.
fn definition_range(facts: &FileFacts, binding: &Binding) -> Option<TextRange> {
    let is_it = |scope: &&Scope| scope.name == Some(binding.name) && scope.range.contains(binding.range);
    facts.scopes.iter().rev().find(is_it).map(|scope| scope.range)
}

/// `A = module.A` after `from module import A`: the same object again.
fn is_the_same(file: &Checked<'_>, id: BindingId, binding: &Binding, import: ImportId) -> bool {
    let facts = file.facts;
    if !facts.is_alias(id) {
        return false;
    }
    let is_value =
        |reference: &&Reference| reference.position == id.0 && reference.range.start() > binding.range.start();
    let Some(value) = facts.references.iter().find(is_value) else { return false };
    let (object, used) = file.graph().object(file.module, facts, value);
    let definition = match object {
        Object::Module(module) => Definition::Module(module),
        Object::Name(module, name) => file.graph().definition(file.project.facts, module, name),
        Object::Unknown => Definition::Unknown,
    };
    let is_whole = used == facts.chain(value).len();
    is_whole && definition != Definition::Unknown && definition == file.definition(import)
}
