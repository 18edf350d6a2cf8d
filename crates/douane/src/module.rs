//! `douane module`

use std::{
    io::{self, Write},
    path::Path,
};

use douane_base::{LineColumn, Positions};
use douane_graph::{Exports, Lookup, ModuleGraph, ModuleId, ModuleKind, Origin, Resolution};
use douane_parser::{FileFacts, Import, ImportId, Target};
use douane_workspace::Analysis;
use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::{
    arguments::{ModuleArguments, ModuleFormat},
    outcome::{Outcome, written},
    program::analysed,
    terminal,
};

pub(crate) fn run(arguments: &ModuleArguments) -> Outcome {
    let is_path = |name: &&std::path::PathBuf| arguments.all || name.components().count() > 1 || name.exists();
    let paths = arguments.names.iter().filter(is_path).cloned().collect();
    let analysis = match analysed(&arguments.program, paths) {
        Ok(analysis) => analysis,
        Err(outcome) => return outcome,
    };
    let chosen = match chosen(arguments, &analysis) {
        Ok(chosen) => chosen,
        Err(message) => {
            terminal::error(&message);
            return Outcome::Refused;
        }
    };
    let mut lines = Lines::default();
    let modules: Vec<ModuleView> = chosen.into_iter().map(|module| view(&analysis, module, &mut lines)).collect();
    let output = &mut io::BufWriter::new(io::stdout().lock());
    let result = match arguments.output_format {
        ModuleFormat::Json => {
            #[derive(Serialize)]
            struct Output {
                modules: Vec<ModuleView>,
            }
            serde_json::to_writer(&mut *output, &Output { modules })
                .map_err(io::Error::from)
                .and_then(|()| writeln!(output))
        }
        ModuleFormat::Full => modules.iter().try_for_each(|module| print(module, output)),
    };
    written(result.and_then(|()| output.flush()), Outcome::Clean)
}

/// The modules that the arguments name, sorted by name for `--all`.
fn chosen(arguments: &ModuleArguments, analysis: &Analysis) -> Result<Vec<ModuleId>, String> {
    let graph = analysis.graph();
    if arguments.all {
        let mut found: Vec<ModuleId> =
            analysis.reported_files().filter_map(|(file, _)| graph.module_of_file(*file)).collect();
        found.retain(|module| !graph.module(*module).is_typing_view);
        found.sort_by_key(|module| (graph.module_name(*module), *module));
        found.dedup();
        return Ok(found);
    }
    let by_path = |name: &Path| {
        let wanted = analysis
            .reported_files()
            .find(|(file, _)| analysis.path(*file) == name || name.ends_with(analysis.path(*file)));
        wanted.and_then(|(file, _)| graph.module_of_file(*file))
    };
    let find = |name: &std::path::PathBuf| {
        let by_name = name.to_str().and_then(|name| graph.find(name));
        by_path(name).or(by_name).ok_or_else(|| format!("no module `{}` in the program", name.display()))
    };
    arguments.names.iter().map(find).collect()
}

#[derive(Serialize)]
struct ModuleView {
    name: String,
    path: Option<String>,
    kind: &'static str,
    exports: ExportsView,
    imports: Vec<ImportView>,
    imported_by: Vec<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ExportsView {
    Known { known: bool, names: Vec<String>, source: &'static str },
    Unknown { known: bool, reason: String },
}

#[derive(Serialize)]
struct ImportView {
    target: String,
    name: Option<String>,
    alias: Option<String>,
    level: u32,
    line: u32,
    column: u32,
    when: &'static str,
    guard: Option<&'static str>,
    resolution: ResolutionView,
}

#[derive(Serialize)]
struct ResolutionView {
    kind: &'static str,
    module: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Source files that were read again for their lines.
#[derive(Default)]
struct Lines(FxHashMap<douane_base::FileId, douane_base::SourceFile>);

fn view(analysis: &Analysis, module: ModuleId, lines: &mut Lines) -> ModuleView {
    let graph = analysis.graph();
    let node = graph.module(module);
    let mut imported_by: Vec<String> = graph
        .importers_of(module)
        .filter(|edge| !edge.is_implicit && edge.importer != module)
        .filter(|edge| graph.module(edge.importer).origin == Origin::FirstParty)
        .map(|edge| graph.module_name(edge.importer).to_owned())
        .collect();
    imported_by.sort_unstable();
    imported_by.dedup();
    let imports = node.file.map_or(Vec::new(), |file| {
        let facts = &analysis.facts()[file.0 as usize];
        if facts.imports.is_empty() {
            return Vec::new();
        }
        let source = lines.0.entry(file).or_insert_with(|| analysis.source_file(file));
        let mut positions = Positions::new(source.text(), source.lines());
        let ids = (0..).map(ImportId).zip(&facts.imports);
        ids.map(|(id, import)| import_view(graph, module, facts, id, import, positions.at(import.range.start())))
            .collect()
    });
    ModuleView {
        name: node.name.to_string(),
        path: node.file.map(|file| analysis.path(file).to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")),
        kind: kind(node.kind, node.is_stub),
        exports: exports_view(analysis, module),
        imports,
        imported_by,
    }
}

fn kind(kind: ModuleKind, is_stub: bool) -> &'static str {
    match kind {
        ModuleKind::Source if is_stub => "stub",
        kind => kind.as_str(),
    }
}

fn exports_view(analysis: &Analysis, module: ModuleId) -> ExportsView {
    let graph = analysis.graph();
    match (graph.exports(module), graph.star_names(module)) {
        (Exports::Unknown(reason), _) => {
            ExportsView::Unknown { known: false, reason: graph.reason(analysis.facts(), module, *reason) }
        }
        (_, names) => ExportsView::Known {
            known: true,
            names: names.unwrap_or_default().iter().map(|name| graph.name(*name).to_owned()).collect(),
            source: if graph.has_all(module) { "__all__" } else { "public-names" },
        },
    }
}

/// The module as written, with its dots, and the level.
fn target(facts: &FileFacts, import: &Import) -> (String, u32) {
    let (level, module) = import.target.module();
    (format!("{}{}", ".".repeat(level as usize), module.map_or("", |module| facts.name(module))), level)
}

fn import_view(
    graph: &ModuleGraph,
    module: ModuleId,
    facts: &FileFacts,
    id: ImportId,
    import: &Import,
    position: LineColumn,
) -> ImportView {
    let (target, level) = target(facts, import);
    let name = match import.target {
        Target::From { name, .. } => Some(facts.name(name).to_owned()),
        Target::Star { .. } => Some("*".to_owned()),
        Target::Module(_) => None,
    };
    ImportView {
        target,
        alias: import.alias.map(|alias| facts.name(alias).to_owned()),
        level,
        line: position.line,
        column: position.column,
        when: import.when.as_str(),
        guard: facts.guard(import).map(douane_parser::Guard::as_str),
        resolution: resolution_view(graph, graph.resolution(module, id), name.as_deref().filter(|name| *name != "*")),
        name,
    }
}

fn resolution_view(graph: &ModuleGraph, resolution: Resolution, name: Option<&str>) -> ResolutionView {
    let plain = |kind, module: Option<ModuleId>| ResolutionView {
        kind,
        module: module.map(|module| graph.module_name(module).to_owned()),
        reason: None,
    };
    match (resolution, name) {
        (Resolution::Module(module), None) => plain("module", Some(module)),
        (Resolution::Module(module), Some(name)) => match graph.lookup(module, name) {
            Lookup::Submodule(submodule) => plain("module", Some(submodule)),
            Lookup::Found(_) => plain("attribute", Some(module)),
            Lookup::Missing => plain("missing-name", Some(module)),
            Lookup::Unknown(_) => plain("unknown", Some(module)),
        },
        (Resolution::Missing(nearest), _) => plain("missing-module", nearest),
        (Resolution::BeyondTop, _) => plain("beyond-top-level", None),
        (Resolution::Unknown(_), _) => plain("unknown", None),
    }
}

fn print(module: &ModuleView, output: &mut impl Write) -> io::Result<()> {
    writeln!(
        output,
        "{} ({}{})",
        module.name,
        module.kind,
        module.path.as_ref().map_or(String::new(), |path| format!(", {path}"))
    )?;
    match &module.exports {
        ExportsView::Unknown { reason, .. } => writeln!(output, "  a star brings: unknown, because {reason}")?,
        ExportsView::Known { names, source, .. } => {
            let source = if *source == "__all__" { "from its `__all__`" } else { "all public names" };
            writeln!(output, "  a star brings {} ({source}):", names.len())?;
            if !names.is_empty() {
                writeln!(output, "    {}", names.join(", "))?;
            }
        }
    }
    if !module.imports.is_empty() {
        writeln!(output, "  imports:")?;
    }
    for import in &module.imports {
        let name = import.name.as_ref().map_or(String::new(), |name| format!(" import {name}"));
        let alias = import.alias.as_ref().map_or(String::new(), |alias| format!(" as {alias}"));
        let guard = import.guard.map_or(String::new(), |guard| format!(", guarded by {guard}"));
        let resolved = import.resolution.module.as_ref().map_or(String::new(), |module| format!(" {module}"));
        writeln!(
            output,
            "    {}:{} {}{name}{alias} → {}{resolved} (on {}{guard})",
            import.line, import.column, import.target, import.resolution.kind, import.when
        )?;
    }
    if !module.imported_by.is_empty() {
        writeln!(output, "  imported by: {}", module.imported_by.join(", "))?;
    }
    Ok(())
}
