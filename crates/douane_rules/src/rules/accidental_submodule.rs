//! `accidental-submodule`

use douane_base::{Applicability, Change, ChangeKind, Fix, TextRange};
use douane_graph::{Edge, ModuleId, Origin, StandardLibrary};
use douane_parser::{Arm, Branch, BranchId, Context, FileFacts, ImportId, Truth, Usage, When};
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Checked, Project, ProjectRule, Reporter,
    rule::declare_rule,
    wording::{listed_up_to, written_import},
};

declare_rule! {
    /// Checks for submodules that are used through their package although nothing in the file imports them.
    ///
    /// ## Why is this bad?
    ///
    /// `import xml` does not load `xml.dom`. That `xml.dom.minidom.parse` works all the same is an accident: some other
    /// module has imported `xml.dom.minidom` before. The day that one stops, this one fails with AttributeError.
    ///
    /// That holds for `except xml.parsers.expat.ExpatError` as well, which Python only looks at once something is raised.
    ///
    /// Packages that load the submodule themselves, or make it on request with `__getattr__`, are left alone.
    ///
    /// ## Example
    ///
    /// ```py report.py
    /// import xml
    ///
    ///
    /// def parse(path):
    ///     return xml.dom.minidom.parse(path)  # error: [accidental-submodule] "only because `feed` imports it"
    /// ```
    ///
    /// ```py feed.py
    /// import xml.dom.minidom
    ///
    /// document = xml.dom.minidom.parse("feed.xml")
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py report.py
    /// import xml
    /// import xml.dom.minidom
    ///
    ///
    /// def parse(path):
    ///     return xml.dom.minidom.parse(path)
    /// ```
    ACCIDENTAL_SUBMODULE: Project = AccidentalSubmodule, name: "accidental-submodule", aliases: [], default: Warning, fix: Unsafe
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct AccidentalSubmodule {}

/// A use of a submodule that the file does not import.
struct Use<'p> {
    file: Checked<'p>,
    import: ImportId,
    submodule: ModuleId,
    range: TextRange,
}

impl ProjectRule for AccidentalSubmodule {
    fn check(&self, project: &Project<'_>, report: &mut Reporter<'_>) {
        let relying = project.takes().relying();
        let found: Vec<Use<'_>> =
            project.checked().filter(|file| relying.contains(&file.module)).flat_map_iter(uses).collect();
        if found.is_empty() {
            return;
        }
        // What the package itself may load is no accident.
        let questions: Vec<(Vec<ModuleId>, Vec<ModuleId>)> = found
            .iter()
            .map(|used| {
                let graph = project.graph;
                let named = graph.resolution(used.file.module, used.import).module();
                (named.into_iter().chain(graph.module(used.submodule).parent).collect(), vec![used.submodule])
            })
            .collect();
        for (used, loaded) in found.iter().zip(project.loads().loaded_among(&questions)) {
            if loaded.is_empty() {
                used.report(report);
            }
        }
    }
}

/// The first use of each submodule, the innermost of a chain.
fn uses(file: Checked<'_>) -> Vec<Use<'_>> {
    let (graph, facts) = (file.graph(), file.facts);
    let mut found = Vec::new();
    let mut seen: FxHashSet<ModuleId> = FxHashSet::default();
    if facts.traits.is_broken {
        return found;
    }
    for reference in facts.references.iter().filter(|reference| !facts.chain(reference).is_empty()) {
        let runs = matches!(reference.context, Context::Runtime | Context::Annotation);
        // A guard such as `hasattr(xml, "dom")` may stand anywhere around it.
        let is_guarded =
            surroundings(facts, reference.branch).any(|branch| branch.arm == Arm::Try || branch.truth != Truth::True);
        let Some(import) = facts.import_behind(reference).filter(|_| runs && !is_guarded) else { continue };
        if facts.import(import).when == When::TypeChecking {
            continue;
        }
        let mut unimported = graph.unimported(file.module, facts, reference);
        // `package.name = value` puts something else there.
        if matches!(reference.usage, Usage::StoreAttribute | Usage::DeleteAttribute) {
            unimported.retain(|(_, at)| at + 1 < facts.chain(reference).len());
        }
        let makes_names = |package: ModuleId| {
            let module = graph.module(package);
            let does =
                |library: StandardLibrary| library.module(module.name.as_str()).is_some_and(|known| known.has_getattr);
            // In whatever version and in whatever way.
            graph.open(package).is_some()
                || (module.origin == Origin::Standard && StandardLibrary::versions().any(does))
        };
        let is_dynamic = |module: ModuleId| graph.module(module).parent.is_some_and(makes_names);
        if unimported.iter().any(|(submodule, _)| is_dynamic(*submodule)) {
            continue;
        }
        if let Some((submodule, at)) = unimported.last().copied()
            && seen.insert(submodule)
        {
            let range = reference.range.cover(facts.chain(reference)[at].range);
            found.push(Use { file, import, submodule, range });
        }
    }
    found
}

/// The branches around a place, from the inside out. What an `except` clause catches is looked at whenever something
/// goes wrong: the clause is no condition for that.
fn surroundings(facts: &FileFacts, branch: BranchId) -> impl Iterator<Item = &Branch> {
    let mut is_caught = false;
    facts.branches.ancestors(branch).filter(move |branch| {
        let is_clause = is_caught && matches!(branch.arm, Arm::Handler(_));
        is_caught = branch.arm == Arm::Caught;
        !is_clause
    })
}

impl Use<'_> {
    fn report(&self, report: &mut Reporter<'_>) {
        const MOST: usize = 2;
        let (file, facts, graph) = (&self.file, self.file.facts, self.file.graph());
        let name = graph.module_name(self.submodule);
        let importers = |counts: fn(&Edge) -> bool| {
            let edges = graph.importers_of(self.submodule).filter(|edge| counts(edge) && edge.importer != file.module);
            let mut names: Vec<&str> = edges.map(|edge| graph.module_name(edge.importer)).collect();
            names.dedup();
            names
        };
        let loading = importers(|edge| edge.is_loaded() && edge.truth == Truth::True);
        let perhaps = || importers(|edge| edge.when != When::TypeChecking);
        let is_sure = !loading.is_empty();
        let importers = if is_sure { loading } else { perhaps() };
        let written = written_import(facts, facts.import(self.import));
        let verb = if importers.len() == 1 { "imports" } else { "import" };
        let message = if importers.is_empty() {
            format!("`{written}` does not load `{name}`, and no module of the program does")
        } else {
            let importers = listed_up_to(&importers, MOST);
            let when = if is_sure { "because" } else { "once" };
            let doubt = if is_sure { "" } else { ", which need not happen" };
            format!("`{written}` does not load `{name}`: it is there only {when} {importers} {verb} it{doubt}")
        };
        let diagnostic = report.in_file(file.id, self.range, message);
        diagnostic.help(format!("add `import {name}`"));
        let import = facts.import(self.import);
        let is_felt = file.project.traces().of(self.submodule).is_some();
        let applicability =
            if is_felt || import.when != When::Load { Applicability::Unsafe } else { Applicability::Safe };
        let place = facts.statement(import).place();
        diagnostic.fix = Some(Fix {
            title: format!("Add `import {name}`"),
            applicability,
            changes: vec![Change { file: file.id, kind: ChangeKind::AddImport(place, format!("import {name}")) }],
        });
    }
}
