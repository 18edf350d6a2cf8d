//! `douane graph`

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use douane_graph::{Edge, ModuleGraph, ModuleId, Origin};
use douane_parser::When;
use douane_workspace::Analysis;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use crate::{
    arguments::{GraphArguments, GraphFormat},
    outcome::{Outcome, written},
    program::analysed,
};

pub(crate) fn run(arguments: &GraphArguments) -> Outcome {
    let analysis = match analysed(&arguments.program, arguments.paths.clone()) {
        Ok(analysis) => analysis,
        Err(outcome) => return outcome,
    };
    let graph = printed(&analysis, arguments.external);
    let output = &mut io::BufWriter::new(io::stdout().lock());
    let result = match arguments.output_format {
        GraphFormat::Json => {
            serde_json::to_writer(&mut *output, &graph).map_err(io::Error::from).and_then(|()| writeln!(output))
        }
        GraphFormat::Dot => dot(&graph, output),
        GraphFormat::Mermaid => mermaid(&graph, output),
    };
    written(result.and_then(|()| output.flush()), Outcome::Clean)
}

#[derive(Serialize)]
struct Printed {
    modules: BTreeSet<String>,
    edges: Vec<PrintedEdge>,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct PrintedEdge {
    importer: String,
    imported: String,
    line: Option<u32>,
    when: &'static str,
    guard: Option<&'static str>,
    implicit: bool,
}

fn printed(analysis: &Analysis, with_external: bool) -> Printed {
    let graph = analysis.graph();
    let wanted: FxHashSet<ModuleId> =
        analysis.reported_files().filter_map(|(file, _)| graph.module_of_file(*file)).collect();
    let mut modules: BTreeSet<String> = wanted
        .iter()
        .filter(|module| !graph.module(**module).is_typing_view)
        .map(|module| graph.module_name(*module).to_owned())
        .collect();
    let mut sources = FxHashMap::default();
    let mut edges = Vec::new();
    for edge in graph.edges().iter().filter(|edge| wanted.contains(&edge.importer)) {
        let Some(imported) = imported_name(graph, edge, with_external) else { continue };
        modules.insert(imported.clone());
        let line = edge.import.zip(graph.module(edge.importer).file).map(|(import, file)| {
            let source = sources.entry(file).or_insert_with(|| analysis.source_file(file));
            source.lines().line(analysis.facts()[file.0 as usize].import(import).range.start())
        });
        edges.push(PrintedEdge {
            importer: graph.module_name(edge.importer).to_owned(),
            imported,
            line,
            when: edge.when.as_str(),
            guard: edge.guard.map(douane_parser::Guard::as_str),
            implicit: edge.is_implicit,
        });
    }
    edges.sort_unstable();
    edges.dedup();
    Printed { modules, edges }
}

/// The node that an edge points to: other people's modules only on request, by their top-level name.
fn imported_name(graph: &ModuleGraph, edge: &Edge, with_external: bool) -> Option<String> {
    let imported = graph.module(edge.imported);
    match imported.origin {
        Origin::FirstParty => Some(imported.name.to_string()),
        _ if with_external && !edge.is_implicit => Some(imported.name.top_level().to_owned()),
        _ => None,
    }
}

/// One arrow for each pair of modules that somebody named, dashed where no load runs it.
fn arrows(graph: &Printed) -> BTreeMap<(&str, &str), bool> {
    let mut arrows: BTreeMap<(&str, &str), bool> = BTreeMap::new();
    for edge in graph.edges.iter().filter(|edge| !edge.implicit) {
        *arrows.entry((&edge.importer, &edge.imported)).or_default() |= edge.when == When::Load.as_str();
    }
    arrows
}

fn dot(graph: &Printed, output: &mut impl Write) -> io::Result<()> {
    writeln!(output, "digraph imports {{\n    node [shape=box];")?;
    for module in &graph.modules {
        writeln!(output, "    {};", quoted(module))?;
    }
    for ((importer, imported), on_load) in arrows(graph) {
        let style = if on_load { "" } else { " [style=dashed]" };
        writeln!(output, "    {} -> {}{style};", quoted(importer), quoted(imported))?;
    }
    writeln!(output, "}}")
}

fn mermaid(graph: &Printed, output: &mut impl Write) -> io::Result<()> {
    let numbers: BTreeMap<&str, usize> =
        graph.modules.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    writeln!(output, "flowchart LR")?;
    for (name, number) in &numbers {
        writeln!(output, "    m{number}[{}]", quoted(name))?;
    }
    for ((importer, imported), on_load) in arrows(graph) {
        let arrow = if on_load { "-->" } else { "-.->" };
        writeln!(output, "    m{} {arrow} m{}", numbers[importer], numbers[imported])?;
    }
    Ok(())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}
