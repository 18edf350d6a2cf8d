//! The modules that compiled code names.
//!
//! In: the bytes of an extension module, of whatever platform. Out: every dotted name that stands in it as a string of
//! its own, which is how C code hands a module's name to `PyImport_ImportModule` and its like.
//!
//! PyQt5's `Qt.abi3.so` is the case this is made for: it imports some thirty siblings and hands on all their names, and
//! nothing but these strings says so.
//!
//! Not here: whether such a module exists, and when it is imported. `main.c` and `View.MemoryView` look like module
//! names too; the caller keeps what resolves. Strings without a terminator, as Rust lays them out, are not found.

use douane_base::ModuleName;

/// Longer strings are taken for something else, such as mangled names and keys of tables.
const LONGEST: usize = 200;

/// The shortest name of two parts: `a.b`.
const SHORTEST: usize = 3;

/// The dotted ASCII names of two or more parts that stand as whole NUL-terminated strings in the data of a compiled
/// module, sorted, each once.
#[must_use]
pub(crate) fn module_names_in(binary: &[u8]) -> Vec<ModuleName> {
    let Some(end) = binary.iter().rposition(|byte| *byte == 0) else { return Vec::new() };
    let mut texts: Vec<&str> = binary[..end].split(|byte| *byte == 0).filter_map(dotted_name).collect();
    texts.sort_unstable();
    texts.dedup();
    texts.into_iter().filter_map(ModuleName::new).collect()
}

/// What the code that Cython makes puts into `sys.modules`: one module that its exceptions name, and one with the types that
/// all modules made by the same version share.
#[must_use]
pub(crate) fn modules_of_cython(binary: &[u8]) -> Vec<Box<str>> {
    const SHARED: &[u8] = b"\0_cython_";
    const RUNTIME: &[u8] = b"cython_runtime\0";
    if memchr::memmem::find(binary, RUNTIME).is_none() {
        return Vec::new();
    }
    let shared = memchr::memmem::find_iter(binary, SHARED).filter_map(|at| {
        let name = binary[at + 1..].split(|byte| *byte == 0).next()?;
        (name.len() < LONGEST && is_identifier(name)).then(|| str::from_utf8(name).ok()).flatten()
    });
    let mut names: Vec<Box<str>> = shared.map(Into::into).collect();
    names.push("cython_runtime".into());
    names.sort_unstable();
    names.dedup();
    names
}

/// The dotted name that ends a run of bytes between two NULs, if that is all the text it ends with.
fn dotted_name(run: &[u8]) -> Option<&str> {
    if run.len() < SHORTEST || !is_name_byte(run[run.len() - 1]) {
        return None;
    }
    // The first string of a section has no NUL before it but the section before: machine code, which is no text.
    let start = run.iter().rposition(|byte| !is_text(*byte)).map_or(0, |at| at + 1);
    let text = &run[start..];
    if !(SHORTEST..=LONGEST).contains(&text.len()) || !text.contains(&b'.') {
        return None;
    }
    let is_dotted_name = text.split(|byte| *byte == b'.').all(is_identifier);
    if is_dotted_name { str::from_utf8(text).ok() } else { None }
}

fn is_identifier(part: &[u8]) -> bool {
    part.first().is_some_and(|byte| !byte.is_ascii_digit()) && part.iter().all(|byte| is_name_byte(*byte))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Bytes of UTF-8 beyond ASCII count as no text, so that a name after machine code is found.
fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(binary: &[u8]) -> Vec<String> {
        module_names_in(binary).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_are_whole_strings() {
        let binary = b"\x7fELF\0PyQt5.QtGui\0PyQt5.QtCore\0PyQt5.QtGui\0see PyQt5.QtSql\0PyQt5\0PyQt5.QtXml";
        assert_eq!(names(binary), ["PyQt5.QtCore", "PyQt5.QtGui"]);
    }

    #[test]
    fn the_first_string_of_a_section_follows_machine_code() {
        assert_eq!(names(b"\x48\x83\xc4\x08\xc3PyQt5.QtXmlPatterns\0"), ["PyQt5.QtXmlPatterns"]);
    }

    #[test]
    fn what_is_no_dotted_name_is_left_out() {
        for text in ["a..b", ".a.b", "a.b.", "libm.so.6", "%s.%s", "a.b c", "a-b.c", "3.11", "..", "."] {
            let binary = format!("\0{text}\0");
            assert!(names(binary.as_bytes()).is_empty(), "{text}");
        }
        assert!(names(format!("\0{}\0", "abc.".repeat(80) + "d").as_bytes()).is_empty());
        assert!(names(b"").is_empty());
        assert!(names(b"\0\0\0").is_empty());
        assert_eq!(names(b"a.b\0"), ["a.b"]);
    }
}
