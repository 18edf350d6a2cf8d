//! What an interpreter has loaded before any code of the program runs.

/// True for the modules of a bare start of CPython with `site`; by the minor version, for the old ones load more.
pub(crate) fn is_there_at_startup(name: &str, minor: u8) -> bool {
    const ALWAYS: [&str; 32] = [
        "__main__",
        "_abc",
        "_codecs",
        "_collections_abc",
        "_frozen_importlib",
        "_frozen_importlib_external",
        "_imp",
        "_io",
        "_signal",
        "_sitebuiltins",
        "_stat",
        "_thread",
        "_warnings",
        "_weakref",
        "abc",
        "builtins",
        "codecs",
        "encodings",
        "encodings.aliases",
        "encodings.utf_8",
        "genericpath",
        "io",
        "marshal",
        "os",
        "os.path",
        "posix",
        "posixpath",
        "site",
        "stat",
        "sys",
        "time",
        "zipimport",
    ];
    const ON_WINDOWS: [&str; 2] = ["nt", "ntpath"];
    const BEFORE_3_10: [&str; 3] = ["_bootlocale", "_locale", "encodings.latin_1"];
    ALWAYS.binary_search(&name).is_ok()
        || (cfg!(windows) && ON_WINDOWS.contains(&name))
        || (minor < 10 && BEFORE_3_10.contains(&name))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_interpreter_at_hand_agrees() {
        let code = "import sys; print(sys.version_info[1], *sys.modules)";
        let run = Command::new("python3").args(["-I", "-c", code]).output().expect("python3 can be started");
        let text = String::from_utf8_lossy(&run.stdout);
        let mut words = text.split_whitespace();
        let minor: u8 = words.next().and_then(|word| word.parse().ok()).expect("a version");
        let there: Vec<&str> = words.collect();
        // What the lines of `.pth` files load comes on top, and what `-c` itself does since 3.13.
        assert!(there.len() >= 30);
        for name in ["sys", "os.path", "encodings.utf_8", "zipimport", "_io", "site", "stat"] {
            assert!(there.contains(&name) && is_there_at_startup(name, minor), "{name}");
        }
        for name in ["json", "re", "collections", "functools", "types"] {
            assert!(!is_there_at_startup(name, minor), "{name}");
        }
    }
}
