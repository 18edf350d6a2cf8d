//! Costs for machines.

use std::io::{self, Write};

use douane_probe::{Conditions, Figure, Loaded, Measured, Saving};
use serde::Serialize;

#[derive(Serialize)]
struct Document<'m> {
    version: u32,
    python: Python<'m>,
    runs: usize,
    conditions: Vec<String>,
    targets: Vec<Target<'m>>,
    comparison: Option<Comparison>,
}

#[derive(Serialize)]
struct Python<'m> {
    version: &'m str,
    executable: &'m str,
}

#[derive(Serialize)]
struct Target<'m> {
    target: &'m str,
    modules: usize,
    private_bytes: Range,
    mapped_bytes: Range,
    cpu_ns: Range,
    wall_ns: Range,
    gc_ns: Range,
    source_bytes: u64,
    extension_bytes: u64,
    loaded: Vec<Load<'m>>,
    injected: &'m [String],
    varying: &'m [String],
    problem: Option<String>,
    stopped_in: &'m [String],
}

#[derive(Serialize)]
struct Range {
    median: i64,
    low: i64,
    high: i64,
}

#[derive(Serialize)]
struct Load<'m> {
    module: &'m str,
    kind: Option<&'static str>,
    path: Option<&'m str>,
    importer: Option<&'m str>,
    file: Option<&'m str>,
    line: Option<u32>,
    function: Option<&'m str>,
    /// A position in the list.
    parent: Option<usize>,
    self_private_bytes: i64,
    private_bytes: i64,
    self_ns: i64,
    ns: i64,
    error: Option<&'m str>,
    /// It is there at the end.
    in_sys_modules: bool,
}

#[derive(Serialize)]
struct Comparison {
    modules: i64,
    private_bytes: Saved,
    mapped_bytes: Saved,
    cpu_ns: Saved,
    measurable: bool,
}

#[derive(Serialize)]
struct Saved {
    saved: i64,
    low: i64,
    high: i64,
}

pub(super) fn write(
    measured: &[Measured],
    saving: Option<&Saving>,
    conditions: &Conditions,
    output: &mut impl Write,
) -> io::Result<()> {
    let first = measured.first();
    let document = Document {
        version: 1,
        python: Python {
            version: first.map_or("", |measured| &measured.version),
            executable: first.map_or("", |measured| &measured.executable),
        },
        runs: conditions.runs,
        conditions: conditions.described(),
        targets: measured.iter().map(target).collect(),
        comparison: saving.map(|saving| Comparison {
            modules: saving.modules,
            private_bytes: saved(saving.private_bytes),
            mapped_bytes: saved(saving.mapped_bytes),
            cpu_ns: saved(saving.cpu_ns),
            measurable: saving.is_measurable,
        }),
    };
    serde_json::to_writer_pretty(&mut *output, &document)?;
    writeln!(output)
}

fn target(measured: &Measured) -> Target<'_> {
    let code = measured.code_bytes();
    Target {
        target: &measured.target.name,
        modules: measured.modules,
        private_bytes: range(measured.private_bytes),
        mapped_bytes: range(measured.mapped_bytes),
        cpu_ns: range(measured.cpu_ns),
        wall_ns: range(measured.wall_ns),
        gc_ns: range(measured.gc_ns),
        source_bytes: code.source,
        extension_bytes: code.extension,
        loaded: measured.loaded.iter().map(load).collect(),
        injected: &measured.injected,
        varying: &measured.varying,
        problem: measured.problem.as_ref().map(ToString::to_string),
        stopped_in: &measured.stopped_in,
    }
}

fn load(load: &Loaded) -> Load<'_> {
    Load {
        module: &load.module,
        kind: load.kind.map(douane_probe::Kind::as_str),
        path: load.path.as_deref(),
        importer: load.importer.as_deref(),
        file: load.file.as_deref(),
        line: (load.line != 0).then_some(load.line),
        function: load.function.as_deref(),
        parent: load.parent,
        self_private_bytes: load.self_private_bytes,
        private_bytes: load.private_bytes,
        self_ns: load.self_ns,
        ns: load.ns,
        error: load.error.as_deref(),
        in_sys_modules: load.is_loaded,
    }
}

fn range(figure: Figure) -> Range {
    Range { median: figure.median, low: figure.low, high: figure.high }
}

fn saved(figure: Figure) -> Saved {
    Saved { saved: figure.median, low: figure.low, high: figure.high }
}
