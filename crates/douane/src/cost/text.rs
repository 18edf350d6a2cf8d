//! Costs for people: a line of totals, and the tree of who loads what.

use std::{
    io::{self, Write},
    path::Path,
};

use douane_probe::{Conditions, Figure, Loaded, Measured, Saving};

use crate::arguments::CostSort;

/// What of the tree is shown.
pub(super) struct Shown {
    pub(super) sort: CostSort,
    pub(super) depth: usize,
    /// Of the whole, from 0 to 1.
    pub(super) share: f64,
}

/// Whether there are colours.
#[derive(Clone, Copy)]
pub(super) struct Paint(pub(super) bool);

impl Paint {
    pub(super) fn bold(self, text: &str) -> String {
        if self.0 { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(super) fn dim(self, text: &str) -> String {
        if self.0 { format!("\x1b[2m{text}\x1b[0m") } else { text.to_owned() }
    }
}

pub(super) fn write(
    measured: &Measured,
    shown: &Shown,
    conditions: &Conditions,
    paint: Paint,
    output: &mut impl Write,
) -> io::Result<()> {
    writeln!(output, "{}", paint.bold(&measured.target.name))?;
    problems(measured, output)?;
    if measured.modules == 0 && measured.problem.is_some() {
        return writeln!(output);
    }
    writeln!(output, "  {}", totals(measured))?;
    let code = measured.code_bytes();
    let runs = counted(i64::try_from(conditions.runs).unwrap_or(i64::MAX), "run");
    let spread = [("private memory", measured.private_bytes), ("CPU time", measured.cpu_ns)]
        .map(|(what, figure)| format!("{what} within {:.1} %", spread(figure)));
    writeln!(
        output,
        "  {} of source, {} of extension modules; {} of the time collects garbage",
        bytes(code.source),
        bytes(code.extension),
        milliseconds(measured.gc_ns.median)
    )?;
    writeln!(output, "  {runs} of Python {}; {}", measured.version, spread.join(", "))?;
    if !measured.has_memory {
        writeln!(output, "  memory can't be read on this platform")?;
    } else {
        writeln!(
            output,
            "  {}",
            paint.dim("private: no other process can share it; mapped: with pages of files, which others share and the kernel can drop")
        )?;
    }
    writeln!(output)?;
    tree(measured, shown, paint, output)?;
    writeln!(output)
}

fn problems(measured: &Measured, output: &mut impl Write) -> io::Result<()> {
    if let Some(problem) = &measured.problem {
        writeln!(output, "  {problem}")?;
        if let Some((last, around)) = measured.stopped_in.split_last() {
            writeln!(output, "  while it loaded {last}")?;
            for outer in around.iter().rev() {
                writeln!(output, "    for {outer}")?;
            }
        }
    }
    if !measured.varying.is_empty() {
        writeln!(output, "  the runs loaded different modules: {}", measured.varying.join(", "))?;
    }
    if measured.threads > 1 {
        let count = measured.threads - 1;
        writeln!(output, "  it started {count} {} that went on to run", if count == 1 { "thread" } else { "threads" })?;
    }
    Ok(())
}

fn totals(measured: &Measured) -> String {
    format!(
        "{}   {} private   {} mapped   {} CPU   {} wall",
        counted(i64::try_from(measured.modules).unwrap_or(i64::MAX), "module"),
        signed_bytes(measured.private_bytes.median),
        signed_bytes(measured.mapped_bytes.median),
        milliseconds(measured.cpu_ns.median),
        milliseconds(measured.wall_ns.median)
    )
}

/// How far the runs lie apart, in per cent of the median.
fn spread(figure: Figure) -> f64 {
    if figure.median == 0 {
        return 0.0;
    }
    100.0 * (figure.high - figure.low) as f64 / figure.median.abs() as f64
}

fn tree(measured: &Measured, shown: &Shown, paint: Paint, output: &mut impl Write) -> io::Result<()> {
    let loads = &measured.loaded;
    let (roots, children) = as_tree(loads.iter().map(|load| load.parent));
    let weight = |load: &Loaded| match shown.sort {
        CostSort::Memory => load.private_bytes,
        CostSort::Time | CostSort::Order => load.ns,
    };
    let sorted = |list: &[usize]| {
        let mut list = list.to_vec();
        if shown.sort != CostSort::Order {
            list.sort_by_key(|at| std::cmp::Reverse(weight(&loads[*at])));
        }
        list
    };
    let whole: i64 = roots.iter().map(|at| weight(&loads[*at])).sum();
    let least = whole as f64 * shown.share;
    writeln!(output, "  {:>10} {:>10} {:>9} {:>9}  module", "private", "self", "time", "self")?;
    let mut hidden = 0;
    let mut stack: Vec<(usize, usize)> = sorted(&roots).into_iter().rev().map(|at| (at, 0)).collect();
    while let Some((at, depth)) = stack.pop() {
        let load = &loads[at];
        if depth >= shown.depth || (weight(load) as f64) < least {
            hidden += 1 + below(&children, at);
            continue;
        }
        stack.extend(sorted(&children[at]).into_iter().rev().map(|child| (child, depth + 1)));
        writeln!(
            output,
            "  {:>10} {:>10} {:>9} {:>9}  {}{}{}",
            signed_bytes(load.private_bytes),
            signed_bytes(load.self_private_bytes),
            milliseconds(load.ns),
            milliseconds(load.self_ns),
            "  ".repeat(depth),
            load.module,
            paint.dim(&culprit(load))
        )?;
    }
    if hidden > 0 {
        let more = counted(i64::try_from(hidden).unwrap_or(i64::MAX), "more load");
        writeln!(output, "  {more}; `--depth` and `--min` show more of them")?;
    }
    if !measured.injected.is_empty() {
        writeln!(output, "  appeared without an import: {}", measured.injected.join(", "))?;
    }
    Ok(())
}

/// The loads that are part of no other, and those that are part of each.
pub(super) fn as_tree(parents: impl Iterator<Item = Option<usize>>) -> (Vec<usize>, Vec<Vec<usize>>) {
    let parents: Vec<Option<usize>> = parents.collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); parents.len()];
    let mut roots = Vec::new();
    for (at, parent) in parents.into_iter().enumerate() {
        match parent {
            Some(parent) => children[parent].push(at),
            None => roots.push(at),
        }
    }
    (roots, children)
}

fn below(children: &[Vec<usize>], of: usize) -> usize {
    let mut count = 0;
    let mut stack = children[of].clone();
    while let Some(at) = stack.pop() {
        count += 1;
        stack.extend(&children[at]);
    }
    count
}

/// Where it is imported: `  matplotlib/figure.py:17, in main()`.
pub(super) fn place(load: &Loaded) -> String {
    let (Some(file), true) = (&load.file, load.line > 0) else { return String::new() };
    if file == "<target>" {
        return String::new();
    }
    let function = load.function.as_deref().filter(|function| *function != "<module>");
    let function = function.map(|function| format!(", in {function}()")).unwrap_or_default();
    format!("  {}:{}{function}", shortened(file), load.line)
}

fn culprit(load: &Loaded) -> String {
    let mut told = place(load);
    match (&load.error, load.kind) {
        (Some(error), _) => told.push_str(&format!("  [{error}]")),
        (None, Some(kind)) if kind != douane_probe::Kind::Source => told.push_str(&format!("  [{}]", kind.as_str())),
        _ => {}
    }
    told
}

/// The path from the folder of packages, of the standard library, or that the user is in, on.
pub(super) fn shortened(path: &str) -> &str {
    let here = std::env::current_dir().ok();
    if let Some(rest) = here.and_then(|here| Path::new(path).strip_prefix(here).ok()).and_then(Path::to_str)
        && !rest.contains("site-packages")
    {
        return rest;
    }
    for mark in ["site-packages/", "dist-packages/"] {
        if let Some((_, rest)) = path.rsplit_once(mark) {
            return rest;
        }
    }
    let library = path.rmatch_indices("/lib/python3.").next();
    library.and_then(|(at, _)| path[at + 5..].split_once('/')).map_or(path, |(_, rest)| rest)
}

pub(super) fn write_comparison(measured: &[Measured], saving: &Saving, output: &mut impl Write) -> io::Result<()> {
    for measured in measured {
        writeln!(output, "{}", measured.target.name)?;
        problems(measured, output)?;
        writeln!(output, "  {}", totals(measured))?;
    }
    let [wide, narrow] = measured else { return Ok(()) };
    if !saving.is_measurable {
        return writeln!(output, "no measurable difference");
    }
    writeln!(output, "the second saves, with 95 % confidence:")?;
    writeln!(output, "  {}", counted(saving.modules, "module"))?;
    for (what, figure) in [("private", saving.private_bytes), ("mapped", saving.mapped_bytes)] {
        let [saved, low, high] = [figure.median, figure.low, figure.high].map(signed_bytes);
        writeln!(output, "  {saved} {what} ({low} to {high})")?;
    }
    let [saved, low, high] = [saving.cpu_ns.median, saving.cpu_ns.low, saving.cpu_ns.high].map(milliseconds);
    writeln!(output, "  {saved} CPU ({low} to {high})")?;
    for (which, one, other) in [("first", wide, narrow), ("second", narrow, wide)] {
        let names: Vec<&str> = one.names().filter(|name| !other.names().any(|other| other == *name)).collect();
        if !names.is_empty() {
            writeln!(output, "only the {which} loads: {}", names.join(", "))?;
        }
    }
    Ok(())
}

pub(super) fn counted(count: i64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn bytes(count: u64) -> String {
    signed_bytes(i64::try_from(count).unwrap_or(i64::MAX))
}

pub(super) fn signed_bytes(count: i64) -> String {
    const KIB: i64 = 1024;
    const MIB: f64 = 1_048_576.0;
    if count.abs() < 1000 * KIB { format!("{} KiB", count / KIB) } else { format!("{:.2} MiB", count as f64 / MIB) }
}

pub(super) fn milliseconds(nanoseconds: i64) -> String {
    format!("{:.1} ms", nanoseconds as f64 / 1e6)
}
