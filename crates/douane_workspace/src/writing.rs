//! Writing what a user names: reports, a baseline, a configuration.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};

/// Writes a file. One that is there is replaced whole or not at all, and keeps its permissions; a link stays, and its target
/// changes. A pipe or a device is written to as it is.
///
/// # Errors
///
/// Those of the file system.
pub fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // These stand for what is open already, which another file in its place would be cut off from.
    match path.to_str() {
        Some("/dev/stdout" | "/dev/fd/1") => return io::stdout().lock().write_all(bytes),
        Some("/dev/stderr" | "/dev/fd/2") => return io::stderr().lock().write_all(bytes),
        _ => {}
    }
    let is_open = path.starts_with("/dev/fd") || path.starts_with("/proc");
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() && !is_open => replace(&fs::canonicalize(path)?, bytes),
        Ok(_) => OpenOptions::new().write(true).open(path)?.write_all(bytes),
        // A link to what is not there yet.
        Err(_) if path.is_symlink() => fs::write(path, bytes),
        Err(_) => replace(path, bytes),
    }
}

/// Puts another file into the place of what may be there.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".douane-").suffix(".tmp");
    // A new file is for everybody that the user's mask lets, as if it had been written plainly.
    #[cfg(unix)]
    let builder = builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Ok(metadata) = fs::metadata(path) {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    file.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(all(test, unix))]
mod tests {
    use std::{
        os::unix::fs::{FileTypeExt, PermissionsExt, symlink},
        process::Command,
        thread,
    };

    use super::*;

    #[test]
    fn a_file_keeps_its_permissions_and_a_link_its_target() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("private.json"), "old").expect("written");
        fs::set_permissions(path("private.json"), fs::Permissions::from_mode(0o600)).expect("it is ours");
        fs::write(path("private.json.part"), "the user's").expect("written");
        symlink("private.json", path("link.json")).expect("a link");
        symlink("later.json", path("dangling.json")).expect("a link");
        for name in ["private.json", "link.json", "dangling.json", "new.json"] {
            write_file(&path(name), name.as_bytes()).expect("it is written");
        }
        let text = |name: &str| fs::read_to_string(path(name)).expect("it is there");
        assert_eq!(text("private.json"), "link.json");
        assert_eq!(text("later.json"), "dangling.json");
        assert_eq!(text("private.json.part"), "the user's");
        assert!(path("link.json").is_symlink() && path("dangling.json").is_symlink());
        let mode = |name: &str| fs::metadata(path(name)).expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode("private.json"), mode("new.json")), (0o600, mode("later.json")));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 6);
    }

    #[test]
    fn a_pipe_is_written_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is there").success());
        let reader = thread::spawn({
            let pipe = pipe.clone();
            move || fs::read_to_string(pipe).expect("it is read")
        });
        write_file(&pipe, b"a report").expect("it is written");
        assert_eq!(reader.join().expect("it ends"), "a report");
        assert!(fs::metadata(&pipe).expect("it is there").file_type().is_fifo());
        assert!(write_file(folder.path(), b"").is_err());
    }
}
