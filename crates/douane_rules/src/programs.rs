//! What the programs of a project load: one for each module that something starts.

use douane_base::{FileId, Label, TextRange};
use douane_cost::{Cost, Doubtful, Estimate, Installed, LoadFacts, ModuleIndex, Site};
use douane_parser::{FileFacts, ImportId, StatementId};
use rustc_hash::FxHashMap;

use crate::{Checked, Project, wording::counted};

/// From where on an import is dear; either is enough.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    /// So many modules.
    pub(crate) modules: usize,
    /// So many MiB of source and extension modules.
    pub(crate) mib: f64,
    /// So many MiB of private memory, where that was measured.
    pub(crate) private_mib: f64,
    /// So many milliseconds, where that was measured.
    pub(crate) ms: f64,
}

impl Limit {
    pub(crate) fn is_passed(self, cost: Cost) -> bool {
        let private = u64::try_from(cost.measured.private_bytes).unwrap_or(0);
        cost.modules > self.modules
            || mib(cost.code_bytes()) > self.mib
            || mib(private) > self.private_mib
            || milliseconds(cost) > self.ms
    }
}

/// A module that something starts, and what is loaded with it.
pub(crate) struct Running<'p> {
    pub(crate) entry: String,
    pub(crate) estimate: Estimate,
    pub(crate) exclusive: FxHashMap<Site, Cost>,
    pub(crate) installed: &'p Installed,
}

impl<'p> Running<'p> {
    /// The program that begins with a module; none where nothing is known of that.
    pub(crate) fn new(project: &Project<'p>, entry: &str) -> Option<Self> {
        let installed = project.installed?;
        installed.modules.find(entry)?;
        let estimate = Estimate::new(
            &installed.modules,
            &LoadFacts::importing([entry].into_iter()),
            installed.minor,
            Doubtful::LeftOut,
        );
        let exclusive = estimate.exclusive(&installed.modules);
        Some(Self { entry: entry.to_owned(), estimate, exclusive, installed })
    }

    /// The programs that begin with the named modules; where none is named with those that the distribution's metadata
    /// names, and the `__main__` modules of packages.
    pub(crate) fn all(project: &Project<'p>, named: &[String]) -> Vec<Self> {
        let started = |path: &String| path.split(':').next().map(str::to_owned);
        let mut entries: Vec<String> = match named {
            [] => project.entry_points.iter().filter_map(started).chain(main_modules(project)).collect(),
            named => named.iter().filter_map(started).collect(),
        };
        entries.sort_unstable();
        entries.dedup();
        entries.iter().filter_map(|entry| Self::new(project, entry)).collect()
    }

    /// The import statements of the project's own files that run, with what each alone is responsible for.
    pub(crate) fn own_sites(&self, project: &Project<'_>) -> Vec<OwnSite> {
        let modules = &self.installed.modules;
        let graph = project.graph;
        let own = self.exclusive.iter().filter_map(|(site, cost)| {
            let name = &modules.get(site.importer?).name;
            let module = graph.find(name)?;
            let file = graph.module(module).file.filter(|file| project.is_own(*file))?;
            let statement = StatementId(site.statement);
            let import = (0..).map(ImportId).zip(&project.facts(file).imports);
            let (import, _) = { import }.find(|(_, import)| import.statement == statement)?;
            Some(OwnSite { site: *site, cost: *cost, file, import })
        });
        let mut own: Vec<OwnSite> = own.collect();
        own.sort_unstable_by_key(|own| (own.file, own.site));
        own
    }

    /// Those of the statements that no other one of them stands behind: where a module imports another that imports
    /// something dear, the second.
    pub(crate) fn innermost(&self, sites: Vec<OwnSite>) -> Vec<OwnSite> {
        let importers: Vec<ModuleIndex> = sites.iter().filter_map(|own| own.site.importer).collect();
        let leads_to_another = |own: &OwnSite| {
            let only = self.estimate.only_through(own.site);
            importers.iter().any(|importer| only.binary_search(importer).is_ok())
        };
        sites.into_iter().filter(|own| !leads_to_another(own)).collect()
    }

    /// The statements by which the program comes to one of its own, and that one; nothing for a statement of the module that
    /// is started.
    pub(crate) fn chain(&self, project: &Project<'_>, sites: &[OwnSite], last: &OwnSite) -> Vec<Label> {
        let importer = last.site.importer.map(|importer| self.estimate.chain(importer)).unwrap_or_default();
        let own = |site: Site| sites.iter().find(|own| own.site == site);
        let mut chain: Vec<Label> = importer.iter().filter_map(|(site, _)| Some(own(*site)?.label(project))).collect();
        if !chain.is_empty() {
            chain.push(last.label(project));
        }
        chain
    }

    /// The statement of a file.
    pub(crate) fn site_of(&self, file: &Checked<'_>, statement: StatementId) -> Option<Site> {
        let importer = self.installed.modules.find(file.module_name())?;
        Some(Site { importer: Some(importer), statement: statement.0 })
    }
}

/// An import statement of the project's own code.
#[derive(Clone, Copy)]
pub(crate) struct OwnSite {
    pub(crate) site: Site,
    pub(crate) cost: Cost,
    pub(crate) file: FileId,
    /// The first name of it.
    pub(crate) import: ImportId,
}

impl OwnSite {
    pub(crate) fn range(&self, project: &Project<'_>) -> TextRange {
        let facts = project.facts(self.file);
        facts.statement(facts.import(self.import)).range
    }

    pub(crate) fn written(&self, project: &Project<'_>) -> String {
        written_statement(project.facts(self.file), self.import)
    }

    fn label(&self, project: &Project<'_>) -> Label {
        Label { file: self.file, range: self.range(project), message: format!("`{}`", self.written(project)) }
    }
}

/// The modules that `python -m package` starts.
fn main_modules(project: &Project<'_>) -> impl Iterator<Item = String> {
    let module = |(file, _): &(FileId, String)| project.graph.module_of_file(*file);
    let names = project.files.iter().filter_map(module).map(|module| project.graph.module_name(module).to_owned());
    names.filter(|name| name.ends_with(".__main__"))
}

/// `557 modules (47.7 MiB of code)`, with what was measured where that was done.
pub(crate) fn described(cost: Cost) -> String {
    let measured = if cost.measured_modules > 0 {
        let private = mib(u64::try_from(cost.measured.private_bytes).unwrap_or(0));
        format!("; measured: {private:.1} MiB private, {:.0} ms", milliseconds(cost))
    } else {
        String::new()
    };
    format!("{} ({} of code{measured})", counted(cost.modules, "module"), size(cost.code_bytes()))
}

/// `812 B`, `12 KiB`, `47.7 MiB`
pub(crate) fn size(bytes: u64) -> String {
    const KIB: u64 = 1024;
    match bytes {
        0..KIB => format!("{bytes} B"),
        KIB..0x10_0000 => format!("{} KiB", bytes / KIB),
        _ => format!("{:.1} MiB", mib(bytes)),
    }
}

fn milliseconds(cost: Cost) -> f64 {
    cost.measured.ns as f64 / 1e6
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

/// `import a`, or `from a import b, c`, as short as it can be told.
pub(crate) fn written_statement(facts: &FileFacts, import: ImportId) -> String {
    let first = facts.import(import);
    let more = facts.imports.iter().filter(|other| other.statement == first.statement).count() > 1;
    format!("{}{}", crate::wording::written_import(facts, first), if more { ", …" } else { "" })
}
