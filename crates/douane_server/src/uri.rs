//! Paths as clients write them: `file:///folder/module.py` (RFC 8089).

use std::path::{Path, PathBuf};

use lsp_types::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// What stands for itself in the path of a URI (RFC 3986, section 3.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The path that a URI names; none for one that is no file's, such as `untitled:`.
pub(crate) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let (scheme, rest) = uri.as_ref().split_once(':')?;
    if !scheme.eq_ignore_ascii_case("file") {
        return None;
    }
    // A host may be named, which is this machine.
    let path = match rest.strip_prefix("//") {
        Some(rest) => &rest[rest.find('/')?..],
        None => rest.starts_with('/').then_some(rest)?,
    };
    path_from_bytes(percent_decode_str(path).collect())
}

#[cfg(unix)]
fn path_from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    Some(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn path_from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    let text = String::from_utf8(bytes).ok()?;
    // `/c:/folder`
    Some(text.trim_start_matches('/').into())
}

/// The URI of an absolute path.
pub(crate) fn uri_of(path: &Path) -> Uri {
    #[cfg(unix)]
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str());
    #[cfg(not(unix))]
    let text = format!("/{}", path.to_string_lossy().replace('\\', "/"));
    #[cfg(not(unix))]
    let bytes = text.as_bytes();
    Uri(format!("file://{}", percent_encode(bytes, ESCAPED)))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn paths_survive_the_way_there_and_back() {
        for path in ["/a/b.py", "/with blank/é𐐀/100%.py", "/#/?/[x]:;@&=+$,.py"] {
            assert_eq!(path_of(&uri_of(Path::new(path))).as_deref(), Some(Path::new(path)));
        }
    }

    #[test]
    fn clients_escape_more_or_less() {
        for uri in
            ["file:///a%20b/c%2Bd.py", "file:///a b/c+d.py", "file://localhost/a%20b/c+d.py", "FILE:/a%20b/c+d.py"]
        {
            assert_eq!(path_of(&uri.into()).as_deref(), Some(Path::new("/a b/c+d.py")), "{uri}");
        }
        assert_eq!(path_of(&"untitled:Untitled-1".into()), None);
        assert_eq!(path_of(&"file://".into()), None);
    }
}
