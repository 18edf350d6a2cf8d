//! `douane cost unload`

use std::io::{self, Write};

use douane_probe::{Figure, Unloading, unload};
use serde::Serialize;

use super::{Stop, conditions, text::signed_bytes};
use crate::{
    arguments::{CostFormat, MeasuringArguments},
    outcome::{Outcome, written},
};

pub(super) fn run(module: &str, measuring: &MeasuringArguments) -> Outcome {
    let result = conditions(measuring)
        .map_err(Stop::from)
        .and_then(|conditions| unload(module, &conditions).map_err(Stop::from));
    let unloading = match result {
        Ok(unloading) => unloading,
        Err(stop) => return stop.told(),
    };
    let mut output = io::stdout().lock();
    let result = match measuring.output_format {
        CostFormat::Text => write(module, &unloading, &mut output),
        CostFormat::Json => write_json(module, &unloading, &mut output),
    };
    written(result, Outcome::Clean)
}

fn write(module: &str, unloading: &Unloading, output: &mut impl Write) -> io::Result<()> {
    let entries = match unloading.entries {
        1 => format!("del sys.modules[{module:?}], and collect garbage"),
        count => format!("del {count} entries of sys.modules, and collect garbage"),
    };
    writeln!(output, "{module}: private memory after each step, Python {}", unloading.version)?;
    for (step, figure) in [
        (format!("import {module}"), unloading.imported),
        (format!("del {module}"), unloading.deleted),
        (entries, unloading.removed),
        (format!("import {module} once more"), unloading.again),
    ] {
        writeln!(output, "  {:>10}  {step}", signed_bytes(figure.median))?;
    }
    if unloading.stays {
        writeln!(output, "`del` removes a name: `sys.modules` keeps the module, and the next import gives it back")?;
    }
    if !unloading.failure.is_empty() {
        writeln!(output, "the second import raised {}", unloading.failure)?;
    }
    if let Some(first) = unloading.other.first() {
        let count = unloading.other.len();
        let classes = if count == 1 { "1 class is".to_owned() } else { format!("{count} classes are") };
        writeln!(
            output,
            "{classes} not the same any more: an old `{first}` is no instance of the new `{module}.{first}`"
        )?;
    }
    if let (Some(first), true) = (unloading.same.first(), unloading.other.is_empty()) {
        writeln!(output, "its classes are the same as before, `{first}` for one")?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Document<'u> {
    version: u32,
    python: &'u str,
    module: &'u str,
    imported_bytes: [i64; 3],
    deleted_bytes: [i64; 3],
    removed_bytes: [i64; 3],
    again_bytes: [i64; 3],
    stays: bool,
    entries: usize,
    same_classes: &'u [String],
    other_classes: &'u [String],
    failure: Option<&'u str>,
}

fn write_json(module: &str, unloading: &Unloading, output: &mut impl Write) -> io::Result<()> {
    let figures = |figure: Figure| [figure.median, figure.low, figure.high];
    let document = Document {
        version: 1,
        python: &unloading.version,
        module,
        imported_bytes: figures(unloading.imported),
        deleted_bytes: figures(unloading.deleted),
        removed_bytes: figures(unloading.removed),
        again_bytes: figures(unloading.again),
        stays: unloading.stays,
        entries: unloading.entries,
        same_classes: &unloading.same,
        other_classes: &unloading.other,
        failure: Some(unloading.failure.as_str()).filter(|failure| !failure.is_empty()),
    };
    serde_json::to_writer_pretty(&mut *output, &document)?;
    writeln!(output)
}
