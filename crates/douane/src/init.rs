//! `douane init`: a first lint.toml, with what the settings of other tools say about imports.

mod taken;

use std::{
    collections::{BTreeSet, HashMap},
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use configparser::ini::Ini;
use douane_rules::{find_rule, folder_glob};
use douane_workspace::{Request, Workspace, write_file};
use toml::{Table, Value};

use self::taken::Taken;
use crate::{
    outcome::{Outcome, written},
    terminal,
};

pub(crate) fn run() -> Outcome {
    let folder = match env::current_dir() {
        Ok(folder) => folder,
        Err(error) => return refused(&format!("there is no working folder: {error}")),
    };
    let file = folder.join("lint.toml");
    if file.symlink_metadata().is_ok() {
        return refused("there is a lint.toml already");
    }
    let pyproject = match read_toml(&folder.join("pyproject.toml")) {
        Ok(pyproject) => pyproject.unwrap_or_default(),
        Err(message) => return refused(&message),
    };
    if in_table(&pyproject, &["tool", "douane"]).is_some() {
        return refused("pyproject.toml has a `[tool.douane]` already");
    }
    let mut taken = Taken::default();
    if let Err(message) = taken.take_all(&folder, &pyproject) {
        return refused(&message);
    }
    let has_version = pyproject.get("project").is_some_and(|project| project.get("requires-python").is_some());
    taken.mend_source_roots(&folder);
    // Which files there are depends on what is excluded, which is for the workspace to say.
    let write = |taken: &Taken| write_file(&file, taken.text(has_version).as_bytes());
    let wrote = write(&taken).and_then(|()| {
        taken.drop_unfit(&files(&folder));
        write(&taken)
    });
    if let Err(error) = wrote {
        return refused(&format!("lint.toml can't be written: {error}"));
    }
    written(taken.report(&mut io::stdout().lock()), Outcome::Clean)
}

fn refused(message: &str) -> Outcome {
    terminal::error(message);
    Outcome::Refused
}

/// The files that `douane check` reads here.
fn files(folder: &Path) -> Vec<PathBuf> {
    let request = Request { working_folder: folder.to_owned(), ..Request::default() };
    Workspace::open(request).map_or(Vec::new(), |workspace| workspace.named_files())
}

fn read_toml(path: &Path) -> Result<Option<Table>, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(format!("{name} is no UTF-8")),
        Err(_) => return Ok(None),
    };
    text.parse().map(Some).map_err(|error: toml::de::Error| format!("{name} is no valid TOML: {}", error.message()))
}

/// The sections of a file in the form of `setup.cfg`, as tables of strings. `None` if there is no such file.
fn read_ini(path: &Path) -> Option<Result<Table, String>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Some(Err("it is no UTF-8".to_owned())),
        Err(_) => return None,
    };
    let mut ini = Ini::new_cs();
    ini.set_multiline(true);
    let section = |keys: HashMap<String, Option<String>>| {
        keys.into_iter().map(|(key, value)| (key, Value::String(value.unwrap_or_default()))).collect()
    };
    let sections = ini.read(text);
    Some(sections.map(|all| all.into_iter().map(|(name, keys)| (name, Value::Table(section(keys)))).collect()))
}

fn in_table<'t>(table: &'t Table, path: &[&str]) -> Option<&'t Table> {
    path.iter().try_fold(table, |table, key| table.get(*key)?.as_table())
}

impl Taken {
    /// Reads the settings of all tools. Each tool reads one file: the first that has something for it.
    fn take_all(&mut self, folder: &Path, pyproject: &Table) -> Result<(), String> {
        let of_project = |tool: &str| Some((format!("[tool.{tool}]"), in_table(pyproject, &["tool", tool])?.clone()));
        let own = |name: &str| Ok::<_, String>(read_toml(&folder.join(name))?.map(|table| (name.to_owned(), table)));
        let ruff = own(".ruff.toml")?.or(own("ruff.toml")?).or_else(|| of_project("ruff"));
        if let Some((name, table)) = ruff {
            self.take_ruff(&name, &table);
        }
        let names = ["setup.cfg", "tox.ini", ".flake8", ".isort.cfg", "pylintrc", ".pylintrc"];
        let mut inis: Vec<(&str, Table)> = Vec::new();
        for name in names {
            match read_ini(&folder.join(name)) {
                Some(Ok(table)) => inis.push((name, table)),
                Some(Err(reason)) => {
                    let reason = reason.lines().next().unwrap_or_default();
                    self.notes.push(format!("left out: {name}, which can't be read: {reason}"));
                }
                None => {}
            }
        }
        let section = |file: &str, names: &[&str]| {
            let (_, table) = inis.iter().find(|(name, _)| *name == file)?;
            names.iter().find_map(|name| Some((format!("[{name}] of {file}"), in_table(table, &[name])?.clone())))
        };
        let isort = section(".isort.cfg", &["settings", "isort"])
            .or_else(|| of_project("isort"))
            .or_else(|| ["setup.cfg", "tox.ini"].iter().find_map(|file| section(file, &["isort", "tool:isort"])));
        if let Some((name, table)) = isort {
            self.take_isort(&name, &table);
        }
        let flake8 = ["setup.cfg", "tox.ini", ".flake8"].iter().find_map(|file| section(file, &["flake8"]));
        if let Some((name, table)) = flake8 {
            self.take_flake8(&name, &table);
        }
        // pylint does not care which section a setting is in.
        let whole = |file: &str, begin: &str| {
            let (_, table) = inis.iter().find(|(name, _)| *name == file)?;
            let sections = table.iter().filter(|(name, _)| name.to_lowercase().starts_with(begin));
            let keys: Table = sections.filter_map(|(_, section)| section.as_table()).flatten().map(owned).collect();
            (!keys.is_empty()).then(|| (file.to_owned(), keys))
        };
        let [own_toml, hidden_toml] = ["pylintrc.toml", ".pylintrc.toml"].map(|name| {
            let table = read_toml(&folder.join(name))?;
            let pylint = table.as_ref().and_then(|table| in_table(table, &["tool", "pylint"]));
            Ok::<_, String>(pylint.map(|pylint| (name.to_owned(), pylint.clone())))
        });
        let (own_toml, hidden_toml) = (own_toml?, hidden_toml?);
        let pylint = whole("pylintrc", "")
            .or(own_toml)
            .or_else(|| whole(".pylintrc", ""))
            .or(hidden_toml)
            .or_else(|| of_project("pylint"))
            .or_else(|| ["setup.cfg", "tox.ini"].iter().find_map(|file| whole(file, "pylint")));
        if let Some((name, table)) = pylint {
            self.take_pylint(&name, &table);
        }
        Ok(())
    }

    /// Makes source roots of what other tools take for them: folders that there are, and for a package, whose modules they
    /// only want to know, the folder that it is imported from.
    fn mend_source_roots(&mut self, folder: &Path) {
        let mut roots: Vec<String> = Vec::new();
        for named in std::mem::take(&mut self.source_roots) {
            let path = folder.join(&named);
            let packages = || path.ancestors().take_while(|above| above.join("__init__.py").is_file()).count();
            let root = match (path.is_dir(), packages()) {
                (false, _) => {
                    self.notes.push(format!("left out: the source folder `{named}`, which is no folder"));
                    continue;
                }
                (true, 0) => named,
                (true, depth) => {
                    let above: PathBuf =
                        Path::new(&named).ancestors().nth(depth).map_or(PathBuf::new(), Path::to_owned);
                    let above = if above.as_os_str().is_empty() { ".".to_owned() } else { above.display().to_string() };
                    self.notes.push(format!("`{named}` is a package: the source folder is `{above}`"));
                    above
                }
            };
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
        self.source_roots = roots;
    }

    /// Drops what is said of files that are none of the program's: `unused-setting` would report it.
    fn drop_unfit(&mut self, files: &[PathBuf]) {
        let fits = |glob: &String| {
            let glob = folder_glob(glob).map(|glob| glob.compile_matcher());
            glob.is_ok_and(|glob| files.iter().any(|file| glob.is_match(file)))
        };
        let unfit: BTreeSet<String> = self.overrides.keys().filter(|glob| !fits(glob)).cloned().collect();
        self.overrides.retain(|glob, _| !unfit.contains(glob));
        self.unchecked.retain(fits);
        self.notes
            .extend(unfit.iter().map(|glob| format!("left out: what is ignored in `{glob}`, which fits no file")));
    }

    /// The file, with comments on what may be changed.
    fn text(&self, has_version: bool) -> String {
        let quoted = |text: &str| Value::from(text).to_string();
        let list =
            |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| quoted(text)).collect::<Vec<_>>().join(", ");
        let mut lines = vec!["# What douane checks here. `douane explain --all` lists the rules.".to_owned()];
        lines.extend([String::new(), "[project]".to_owned()]);
        match self.source_roots.as_slice() {
            [] => lines.push(
                "# src = [\"src\"]  # the folders on `sys.path`; found without this key in most projects".to_owned(),
            ),
            roots => lines.push(format!("src = [{}]", list(&mut roots.iter()))),
        }
        match &self.version {
            Some(version) => lines.push(format!("target-version = {}", quoted(version))),
            None if has_version => lines.push("# The Python to run on is that of `requires-python`.".to_owned()),
            None => lines.push("# target-version = \"3.10\"  # the oldest Python to run on".to_owned()),
        }
        lines.extend([String::new(), "[rules]".to_owned()]);
        for (rule, level) in &self.levels {
            lines.push(format!("{rule} = {}", quoted(level.as_str())));
        }
        for (rule, why) in [
            ("unused-export", "what nobody takes"),
            ("private-import", "private names of other packages"),
            ("lazy-candidate", "what slows the start down"),
        ] {
            if !self.levels.contains_key(rule) && find_rule(rule).is_some() {
                lines.push(format!("# {rule} = \"warning\"  # off by default: {why}"));
            }
        }
        if !self.unchecked.is_empty() {
            lines.extend([
                String::new(),
                "# Part of the program, but not checked.".to_owned(),
                "[[overrides]]".to_owned(),
            ]);
            lines.push(format!("paths = [{}]", list(&mut self.unchecked.iter())));
            lines.push("rules = { all = \"off\" }".to_owned());
        }
        for (glob, rules) in &self.overrides {
            let off: Vec<String> = rules.iter().map(|rule| format!("{rule} = \"off\"")).collect();
            lines.extend([String::new(), "[[overrides]]".to_owned(), format!("paths = [{}]", quoted(glob))]);
            lines.push(format!("rules = {{ {} }}", off.join(", ")));
        }
        lines.join("\n") + "\n"
    }

    fn report(&self, output: &mut impl Write) -> io::Result<()> {
        writeln!(output, "Wrote lint.toml.")?;
        self.notes.iter().try_for_each(|note| writeln!(output, "  {note}"))?;
        writeln!(
            output,
            "Next: `douane check`, and `douane baseline write` if there is more than you want to mend today."
        )
    }
}

fn owned((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}
