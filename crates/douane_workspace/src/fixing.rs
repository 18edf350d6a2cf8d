//! Makes fixes, in rounds, until nothing is left to mend.
//!
//! A round analyses the program, takes the fixes that don't get in each other's way, and makes them. What one of them
//! uncovers, such as an import that nobody takes any more, is for the next round. A fix is made as a whole or not at all.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use douane_base::{Applicability, Change, Diagnostic, FileId, Fix};
use douane_fixer::{Accepted, edits};
use douane_parser::SourceKind;
use douane_rules::{Rule, Settings};

use crate::{
    Analysis, Stage, Wanted, Workspace,
    analysis::facts_of,
    files::read_bytes,
    rewriting::rewritten,
    transaction::{NewContent, refusal, write_together},
};

/// How fixes are made.
pub struct FixOptions {
    /// The least that a fix must be to be made.
    pub applicability: Applicability,
    /// Only findings of these rules are mended, if there are any.
    pub fixable: Vec<&'static Rule>,
    /// Those of these are not.
    pub unfixable: Vec<&'static Rule>,
    /// The files are written; else everything happens in memory, for a difference to be shown.
    pub writes: bool,
}

impl FixOptions {
    fn may_mend(&self, rule: &str) -> bool {
        let names = |rules: &[&Rule]| rules.iter().any(|named| named.name == rule);
        (self.fixable.is_empty() || names(&self.fixable)) && !names(&self.unfixable)
    }
}

/// What came of it.
pub struct Fixed {
    /// The last analysis, of the program as it is now.
    pub analysis: Analysis,
    /// What is left.
    pub diagnostics: Vec<Diagnostic>,
    /// The findings that the change that is looked at has nothing to do with.
    pub outside: Vec<Diagnostic>,
    /// How many findings were mended, by rule.
    pub mended: BTreeMap<&'static str, usize>,
    /// The files that changed, by path.
    pub changed: Vec<ChangedFile>,
    /// What could not be done, one line each.
    pub problems: Vec<String>,
}

/// A file that fixes changed.
pub struct ChangedFile {
    /// Its path, as the user would write it.
    pub path: PathBuf,
    /// Its text before.
    pub before: String,
    /// Its text now.
    pub after: String,
}

/// A file as it is and as it will be.
struct Draft {
    before: Vec<u8>,
    text: String,
    after: Vec<u8>,
    new_text: String,
}

impl Fixed {
    /// Nothing was to be mended.
    #[must_use]
    pub fn nothing(analysis: Analysis, Wanted { diagnostics, outside }: Wanted) -> Self {
        Self { analysis, diagnostics, outside, mended: BTreeMap::new(), changed: Vec::new(), problems: Vec::new() }
    }
}

impl Workspace {
    /// What stands for standard input, where the program reads that: mended, if something was.
    #[must_use]
    pub fn input(&self) -> Option<&[u8]> {
        let path = self.named.last()?;
        let read = self.input_of(path)?;
        Some(self.texts.get(path).map_or(read, |content| &content.bytes))
    }

    /// Analyses, checks and mends, until no fix is left.
    pub fn fix(&mut self, settings: &Settings, options: FixOptions, progress: &(dyn Fn(Stage) + Sync)) -> Fixed {
        /// Fixes that undo each other would go on for ever.
        const MOST_ROUNDS: usize = 100;
        let mut run = Run {
            options,
            originals: BTreeMap::new(),
            refused: BTreeSet::new(),
            chosen: BTreeMap::new(),
            impossible: BTreeSet::new(),
            problems: Vec::new(),
        };
        let mut mended: BTreeMap<&'static str, usize> = BTreeMap::new();
        let mut rounds = 0;
        loop {
            let analysis = self.analyse(progress);
            let Wanted { diagnostics, outside } = self.wanted(&analysis, settings, analysis.check(settings));
            let made = if rounds < MOST_ROUNDS { run.round(self, &analysis, &diagnostics) } else { Vec::new() };
            if rounds == MOST_ROUNDS {
                run.problems.push("the fixes did not come to an end: this is a bug in douane".to_owned());
            }
            if made.is_empty() {
                let changed = run.changed(self, &analysis);
                return Fixed { analysis, diagnostics, outside, mended, changed, problems: run.problems };
            }
            for rule in made {
                *mended.entry(rule).or_default() += 1;
            }
            rounds += 1;
        }
    }
}

struct Run {
    options: FixOptions,
    /// The texts before the first fix, of the files that changed.
    originals: BTreeMap<PathBuf, String>,
    /// The files that are not to be changed.
    refused: BTreeSet<PathBuf>,
    /// By what they are on disk, the files that may be changed.
    chosen: BTreeMap<PathBuf, PathBuf>,
    /// Changes that can't be made in the text as it is, such as of an element that stands in no list.
    impossible: BTreeSet<Change>,
    problems: Vec<String>,
}

impl Run {
    /// Makes the fixes that can be made together; the rules of the findings that they mend.
    fn round(
        &mut self,
        workspace: &mut Workspace,
        analysis: &Analysis,
        diagnostics: &[Diagnostic],
    ) -> Vec<&'static str> {
        loop {
            let mut accepted = Accepted::default();
            let mut chosen: Vec<(&'static str, &Fix)> = Vec::new();
            for diagnostic in diagnostics {
                let Some(fix) = &diagnostic.fix else { continue };
                let is_wanted = fix.applicability >= self.options.applicability
                    && self.options.may_mend(diagnostic.rule)
                    && analysis.is_reported(diagnostic.primary.file)
                    && !fix.changes.iter().any(|change| self.impossible.contains(change));
                if is_wanted && self.may_change(workspace, analysis, fix) && accepted.accept(fix) {
                    chosen.push((diagnostic.rule, fix));
                }
            }
            if chosen.is_empty() {
                return Vec::new();
            }
            let Some(drafts) = self.drafts(workspace, analysis, &accepted) else { continue };
            return self.commit(workspace, analysis, &chosen, drafts);
        }
    }

    /// Every file of the fix is the program's own and can be written.
    fn may_change(&mut self, workspace: &Workspace, analysis: &Analysis, fix: &Fix) -> bool {
        fix.changes.iter().all(|change| {
            let path = analysis.full_path(change.file);
            if self.refused.contains(path) || !analysis.is_own(change.file) {
                return false;
            }
            if self.originals.contains_key(path) || workspace.is_overlaid(path) {
                return true;
            }
            let unstaged = || workspace.content(path).is_some().then(|| not_staged(&analysis.path(change.file)));
            match unstaged().or_else(|| refusal(path)) {
                Some(problem) if self.options.writes => {
                    self.refuse(path, problem);
                    false
                }
                _ => self.is_chosen(path),
            }
        })
    }

    /// Of a file and the links to it one is changed, whichever comes first: the others change with it.
    fn is_chosen(&mut self, path: &Path) -> bool {
        let Ok(target) = fs::canonicalize(path) else { return true };
        self.chosen.entry(target).or_insert_with(|| path.to_owned()) == path
    }

    fn refuse(&mut self, path: &Path, problem: String) {
        self.refused.insert(path.to_owned());
        self.problems.push(problem);
    }

    /// The new texts; nothing if a file turned out to be one that can't be changed, so that its fixes have to go.
    fn drafts(
        &mut self,
        workspace: &Workspace,
        analysis: &Analysis,
        accepted: &Accepted,
    ) -> Option<BTreeMap<FileId, Draft>> {
        let mut drafts = BTreeMap::new();
        let mut is_complete = true;
        for (file, changes) in accepted.files() {
            let path = analysis.full_path(file);
            let shown = analysis.path(file);
            let mut impossible: BTreeSet<Change> = BTreeSet::new();
            let draft = workspace.bytes(path).and_then(|before| {
                let text = SourceKind::of(path).decode(before.clone()).text;
                if workspace.facts_of_text(path, before.clone()) != analysis.facts()[file.0 as usize] {
                    return Err("it changed in the meantime".to_owned());
                }
                let Some(edits) = edits(file, &text, &changes) else {
                    let alone = changes.iter().filter(|change| douane_fixer::edits(file, &text, &[change]).is_none());
                    impossible.extend(alone.map(|kind| Change { file, kind: (*kind).clone() }));
                    return Err(bug(&changes));
                };
                let after = rewritten(path, &before, &text, &edits)?;
                let new_text = SourceKind::of(path).decode(after.clone()).text;
                let errors = |bytes: &[u8]| workspace.facts_of_text(path, bytes.to_vec()).syntax_errors.len();
                if errors(&after) > errors(&before) {
                    return Err(bug(&changes));
                }
                Ok(Draft { before, text, after, new_text })
            });
            match draft {
                Ok(draft) => drop(drafts.insert(file, draft)),
                Err(_) if !impossible.is_empty() => {
                    self.impossible.append(&mut impossible);
                    is_complete = false;
                }
                Err(problem) => {
                    self.refuse(path, format!("can't fix {}: {problem}", shown.display()));
                    is_complete = false;
                }
            }
        }
        is_complete.then_some(drafts)
    }

    /// Writes the drafts, those together that a fix holds together.
    fn commit(
        &mut self,
        workspace: &mut Workspace,
        analysis: &Analysis,
        chosen: &[(&'static str, &Fix)],
        mut drafts: BTreeMap<FileId, Draft>,
    ) -> Vec<&'static str> {
        let mut written: BTreeSet<FileId> = BTreeSet::new();
        for group in groups(chosen) {
            let members: Vec<(FileId, Draft)> =
                group.iter().filter_map(|file| Some((*file, drafts.remove(file)?))).collect();
            let contents: Vec<NewContent<'_>> = members
                .iter()
                .filter(|(file, _)| self.options.writes && !workspace.is_input(analysis.full_path(*file)))
                .map(|(file, draft)| NewContent {
                    path: analysis.full_path(*file),
                    before: &draft.before,
                    after: &draft.after,
                })
                .collect();
            if !contents.is_empty()
                && let Err(problem) = write_together(&workspace.folder, &contents)
            {
                for (file, _) in &members {
                    self.refused.insert(analysis.full_path(*file).to_owned());
                }
                self.problems.push(problem);
                continue;
            }
            for (file, draft) in members {
                let path = analysis.full_path(file).to_owned();
                self.originals.entry(path.clone()).or_insert(draft.text);
                workspace.set_text(path, draft.after, draft.new_text);
                written.insert(file);
            }
        }
        let is_made = |fix: &Fix| fix.changes.iter().all(|change| written.contains(&change.file));
        chosen.iter().filter(|(_, fix)| is_made(fix)).map(|(rule, _)| *rule).collect()
    }

    fn changed(&mut self, workspace: &Workspace, analysis: &Analysis) -> Vec<ChangedFile> {
        let originals = std::mem::take(&mut self.originals);
        let changed = originals.into_iter().filter_map(|(path, before)| {
            let after = workspace.text(&path)?.to_owned();
            (before != after).then(|| ChangedFile { path: analysis.shown(&path), before, after })
        });
        changed.collect()
    }
}

/// What is mended is the file as it will be committed, and what is written is the file on disk.
fn not_staged(path: &Path) -> String {
    format!("can't fix {}: it has changes that are not staged", path.display())
}

fn bug(changes: &[&douane_base::ChangeKind]) -> String {
    format!("the fix would break it, which is a bug in douane; please report it with these lines: {changes:?}")
}

/// The files that fixes hold together, in order.
fn groups(chosen: &[(&'static str, &Fix)]) -> Vec<BTreeSet<FileId>> {
    let mut groups: Vec<BTreeSet<FileId>> = Vec::new();
    let mut group_of: BTreeMap<FileId, usize> = BTreeMap::new();
    for (_, fix) in chosen {
        let files: BTreeSet<FileId> = fix.changes.iter().map(|change| change.file).collect();
        let mut known: Vec<usize> = files.iter().filter_map(|file| group_of.get(file).copied()).collect();
        known.sort_unstable();
        known.dedup();
        let target = match known.first() {
            Some(first) => *first,
            None => {
                groups.push(BTreeSet::new());
                groups.len() - 1
            }
        };
        let mut members = files;
        for other in known.into_iter().skip(1) {
            members.append(&mut groups[other]);
        }
        for file in &members {
            group_of.insert(*file, target);
        }
        groups[target].append(&mut members);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

impl Workspace {
    /// The bytes of a file as the analysis sees it.
    fn bytes(&self, path: &Path) -> Result<Vec<u8>, String> {
        self.content(path).map_or_else(|| read_bytes(path), |bytes| Ok(bytes.to_vec()))
    }

    fn text(&self, path: &Path) -> Option<&str> {
        self.texts.get(path).map(|known| known.text.as_str())
    }

    pub(crate) fn facts_of_text(&self, path: &Path, bytes: Vec<u8>) -> douane_parser::FileFacts {
        facts_of(path, bytes, &self.parse_options())
    }
}
