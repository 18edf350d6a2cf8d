//! Any bytes as the file of a program of one module: decoding, parsing and linking don't panic, and the facts are sound.
//!
//! What "sound" means is shared with the tests of the parser. To run it:
//!
//! ```text
//! cargo +nightly fuzz run facts
//! RUSTC_BOOTSTRAP=1 cargo fuzz run facts --sanitizer none    with a stable compiler
//! ```

#![no_main]

#[path = "../../crates/douane_parser/tests/checked/mod.rs"]
mod checked;

use douane_base::{FileId, ModuleName, Platform, PythonVersion};
use douane_graph::{ModuleKind, ModuleSource, Origin, Program, StandardLibrary, link};
use douane_parser::{ParseOptions, SourceKind, decode, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(problem) = checked::check_bytes(bytes) {
        panic!("{problem}");
    }
    let text = decode(bytes.to_vec()).text;
    for (module_kind, kind) in [(ModuleKind::Package, SourceKind::Module), (ModuleKind::Source, SourceKind::Stub)] {
        let version = PythonVersion::NEWEST;
        let facts = [parse(&text, &ParseOptions { version, platform: Platform::Linux, kind })];
        let name = ModuleName::new("module").expect("a name without dots");
        let file = Some(FileId(0));
        let (file, stub) = if kind == SourceKind::Stub { (None, file) } else { (file, None) };
        let source = ModuleSource { name, kind: module_kind, origin: Origin::FirstParty, file, stub, loads: Vec::new() };
        let graph = link(&Program::new(vec![source], &facts, StandardLibrary::new(version.minor()), true));
        // Every question that takes a module, to every module.
        for module in graph.ids() {
            let names = graph.star_names(module).unwrap_or_default();
            assert!(names.is_sorted_by(|one, next| graph.name(*one) < graph.name(*next)), "a star's names are sorted");
            for name in names {
                assert_eq!(graph.star_brings(module, graph.name(name)), Some(true), "{}", graph.name(name));
                let _ = (graph.lookup(module, graph.name(name)), graph.definition(&facts, module, name));
            }
            let _ = (graph.imports_of(module), graph.importers_of(module).count(), graph.taken_names(&facts, module));
        }
        for reference in &facts[0].references {
            let _ = graph.find("module").map(|module| graph.object(module, &facts[0], reference));
        }
    }
});
