//! Runs the rules and silences what the code asks to be silenced.

use douane_base::{Diagnostic, FileId, TextRange};
use douane_parser::{Codes, Dialect, FileFacts, Suppression};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    Checked, Level, Project, Reporter, Rule, Settings,
    rule::Check,
    rules::{syntax_error, unreadable_file, unused_setting, unused_suppression},
    rules_named,
    settings::Configured,
};

/// The rule of what the parser and the decoder report.
pub static SYNTAX_ERROR: &Rule = &syntax_error::SYNTAX_ERROR;

/// Checks the files of a project that findings are wanted of. The diagnostics come sorted by file, place and rule; they
/// are not complete if the check was given up.
#[must_use]
pub fn check(project: &Project<'_>, settings: &Settings) -> Vec<Diagnostic> {
    let level_in = |configured: &Configured, file: FileId| match project.path(file) {
        Some(path) => settings.level(configured, path),
        None => (Level::Off, false),
    };

    project.prepare();
    let by_project: Vec<Diagnostic> = settings
        .rules
        .par_iter()
        .filter(|configured| !settings.is_off_everywhere(configured) && !(project.is_given_up)())
        .flat_map_iter(|configured| {
            let Check::Project(rule) = &configured.check else { return Vec::new() };
            let Some((first, _)) = project.reported.first() else { return Vec::new() };
            let level = |file| level_in(configured, file);
            let mut reporter = Reporter::new(configured.rule, *first, &level);
            rule.check(project, &mut reporter);
            reporter.finish()
        })
        .collect();
    let mut elsewhere: FxHashMap<FileId, Vec<Diagnostic>> = FxHashMap::default();
    for diagnostic in by_project {
        elsewhere.entry(diagnostic.primary.file).or_default().push(diagnostic);
    }

    let found: Vec<Vec<Diagnostic>> = project
        .reported
        .par_iter()
        .map(|(file, path)| {
            if (project.is_given_up)() {
                return Vec::new();
            }
            let mut found = elsewhere.get(file).cloned().unwrap_or_default();
            let levels: Vec<(Level, bool)> =
                settings.rules.iter().map(|configured| settings.level(configured, path)).collect();
            for (configured, level) in settings.rules.iter().zip(&levels) {
                if level.0 == Level::Off {
                    continue;
                }
                let level = |_| *level;
                let mut reporter = Reporter::new(configured.rule, *file, &level);
                check_file(project, configured, *file, &mut reporter);
                found.append(&mut reporter.finish());
            }
            silence(project.facts(*file), *file, settings, &levels, found)
        })
        .collect();

    let mut diagnostics = found.concat();
    diagnostics.append(&mut unused_settings(project, settings));
    diagnostics.sort_by(|one, other| one.sort_key().cmp(&other.sort_key()));
    diagnostics.dedup();
    diagnostics
}

/// The configuration is no file of the program, so that no rule looks at it.
fn unused_settings(project: &Project<'_>, settings: &Settings) -> Vec<Diagnostic> {
    let Some(unused) = &project.unused_settings else { return Vec::new() };
    let is_it = |configured: &&Configured| std::ptr::eq(configured.rule, &unused_setting::UNUSED_SETTING);
    let Some(configured) = settings.rules.iter().find(is_it) else { return Vec::new() };
    let level = |_| settings.level(configured, &unused.path);
    let mut reporter = Reporter::new(configured.rule, unused.file, &level);
    for (range, message) in &unused.settings {
        reporter.at(*range, message.clone()).help("correct or remove it");
    }
    reporter.finish()
}

fn check_file(project: &Project<'_>, configured: &Configured, file: FileId, reporter: &mut Reporter<'_>) {
    let facts = project.facts(file);
    match &configured.check {
        Check::File(rule) => {
            let Some(module) = project.graph.module_of_file(file) else { return };
            rule.check(&Checked { id: file, module, facts, project }, reporter);
        }
        Check::Engine if std::ptr::eq(configured.rule, SYNTAX_ERROR) => {
            for error in &facts.syntax_errors {
                reporter.at(error.range, error.message.clone());
            }
        }
        Check::Engine if std::ptr::eq(configured.rule, &unreadable_file::UNREADABLE_FILE) => {
            for (_, reason) in project.unreadable.iter().filter(|(unreadable, _)| *unreadable == file) {
                reporter.at(TextRange::empty(0), format!("can't read the file: {reason}"));
            }
        }
        Check::Engine | Check::Project(_) => {}
    }
}

/// Drops what a comment silences, and reports the comments of douane's own that silence nothing.
fn silence(
    facts: &FileFacts,
    file: FileId,
    settings: &Settings,
    levels: &[(Level, bool)],
    found: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    if facts.suppressions.is_empty() || settings.ignores_comments {
        return found;
    }
    let mut used: FxHashSet<(usize, usize)> = FxHashSet::default();
    let mut kept = Vec::with_capacity(found.len());
    for diagnostic in found {
        let silencing: Vec<(usize, usize)> = facts
            .suppressions
            .iter()
            .enumerate()
            .filter(|(_, suppression)| covers(suppression, diagnostic.primary.range))
            .filter_map(|(at, suppression)| names(suppression, diagnostic.rule).map(|code| (at, code)))
            .collect();
        let silencing = without_taken_back(facts, silencing);
        if silencing.is_empty() {
            kept.push(diagnostic);
        }
        used.extend(silencing);
    }
    let unused = settings.rules.iter().zip(levels);
    for (configured, level) in
        unused.filter(|(configured, _)| std::ptr::eq(configured.rule, &unused_suppression::UNUSED_SUPPRESSION))
    {
        if level.0 == Level::Off {
            continue;
        }
        let is_on = |name: &str| {
            let mut rules = settings.rules.iter().zip(levels);
            rules.any(|(configured, (level, _))| configured.rule.name == name && *level != Level::Off)
        };
        let level = |_| *level;
        let mut reporter = Reporter::new(configured.rule, file, &level);
        let own = |suppression: &Suppression| suppression.dialect == Dialect::Douane;
        for (at, suppression) in facts.suppressions.iter().enumerate().filter(|(_, suppression)| own(suppression)) {
            unused_suppression::report(suppression, |code| used.contains(&(at, code)), is_on, &mut reporter);
        }
        kept.append(&mut reporter.finish());
    }
    kept
}

/// Of pylint's comments the last one decides: one that enables takes back what those before it silence.
fn without_taken_back(facts: &FileFacts, mut naming: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    let dialect = |at: usize| facts.suppressions[at].dialect;
    let mut of_pylint =
        naming.iter().map(|(at, _)| dialect(*at)).filter(|of| matches!(of, Dialect::Pylint | Dialect::PylintEnable));
    let is_enabled = of_pylint.next_back() == Some(Dialect::PylintEnable);
    naming.retain(|(at, _)| match dialect(*at) {
        Dialect::Douane | Dialect::Peer => true,
        Dialect::Pylint => !is_enabled,
        Dialect::PylintEnable => false,
    });
    naming
}

fn covers(suppression: &Suppression, range: TextRange) -> bool {
    suppression.covers.start() <= range.start() && range.start() < suppression.covers.end()
}

/// The position of the code that means the rule.
fn names(suppression: &Suppression, rule: &str) -> Option<usize> {
    match &suppression.codes {
        // A syntax error is no matter of taste.
        Codes::All => (rule != syntax_error::SYNTAX_ERROR.name).then_some(0),
        Codes::Listed(codes) => {
            codes.iter().position(|code| rules_named(&code.text).iter().any(|named| named.name == rule))
        }
    }
}
