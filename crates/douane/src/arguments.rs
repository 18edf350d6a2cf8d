//! The arguments, in ruff's dialect.

use std::{env, ffi::OsString, fs, path::PathBuf, str::FromStr};

use clap::{
    Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
    error::{ContextKind, ContextValue, ErrorKind},
};
use clap_complete::Shell;
use douane_base::Severity;
use douane_reporter::Format;
use douane_workspace::{Change, Overlay, Request};

use crate::terminal::Color;

/// An import linter and analyser for Python that sees the whole program
#[derive(Debug, Parser)]
#[command(name = "douane", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
}

/// The arguments of the process; a mistake in them, and a question for help, ends it.
pub(crate) fn parse() -> Arguments {
    let mut command = Arguments::command();
    let given = match expanded(env::args_os()) {
        Ok(given) => given,
        Err(message) => command.error(ErrorKind::Io, message).exit(),
    };
    // The colours of messages about the arguments, which are to be read first.
    let mut words = given.iter().filter_map(|word| word.to_str()).take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        let choice = if word == "--color" { words.next() } else { word.strip_prefix("--color=") };
        command = match choice {
            Some("always") => command.color(ColorChoice::Always),
            Some("never") => command.color(ColorChoice::Never),
            _ => command,
        };
    }
    let matches = command.try_get_matches_from_mut(given);
    let arguments =
        matches.and_then(|matches| Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command)));
    arguments.unwrap_or_else(|error| without_far_fetched(error).exit())
}

/// The arguments, with those in the file in place of `@FILE`: one a line.
fn expanded(given: impl Iterator<Item = OsString>) -> Result<Vec<OsString>, String> {
    let mut all = Vec::new();
    for argument in given {
        match argument.to_str().and_then(|text| text.strip_prefix('@')).filter(|file| !file.is_empty()) {
            Some(file) => {
                let text = fs::read_to_string(file).map_err(|error| format!("`{file}` can't be read: {error}"))?;
                all.extend(text.lines().map(OsString::from));
            }
            None => all.push(argument),
        }
    }
    Ok(all)
}

/// The message without an option that is hardly meant: `--exit-zero` for `--extension`.
fn without_far_fetched(mut error: clap::Error) -> clap::Error {
    const LIKENESS: f32 = 0.8;
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    if let (Some(given), Some(near)) = (text(ContextKind::InvalidArg), text(ContextKind::SuggestedArg))
        && similar::get_close_matches(&*given, &[&*near], 1, LIKENESS).is_empty()
    {
        // The usage is that of the option.
        error.remove(ContextKind::SuggestedArg);
        error.remove(ContextKind::Usage);
    }
    error
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check imports, and report what is wrong with them
    Check(Box<CheckArguments>),
    /// Record the current findings, so that only new ones are reported
    Baseline(BaselineArguments),
    /// Write a first lint.toml, with what the settings of ruff, flake8, isort and pylint say about imports
    Init,
    /// Explain a rule
    #[command(alias = "rule")]
    Explain(ExplainArguments),
    /// Tell what is known of a module: what a star brings, what it imports, who imports it
    Module(ModuleArguments),
    /// Print the import graph
    Graph(GraphArguments),
    /// Measure what imports cost: modules, memory and time. This runs the code that is named, and all that it imports
    Cost(CostArguments),
    /// Serve an editor: the language server protocol at standard input and output
    Server(ServerArguments),
    /// Print the JSON schema of lint.toml, for editors that complete and check it
    Schema,
    /// Print the manual page, or that of a subcommand: `douane man check`
    Man {
        /// The subcommand
        #[arg(value_name = "COMMAND")]
        names: Vec<String>,
    },
    /// Print the version
    Version {
        /// How it is printed
        #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
        output_format: VersionFormat,
    },
    /// Print a completion script for a shell
    #[command(alias = "generate-shell-completion")]
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// What every command that reads a program takes.
#[derive(Debug, Args)]
pub(crate) struct ProgramArguments {
    /// A lint.toml or pyproject.toml to use instead of the one that is found
    #[arg(long, value_name = "FILE", conflicts_with = "isolated")]
    pub(crate) config: Option<PathBuf>,
    /// Look for no configuration; the program is the packages that hold the given paths
    #[arg(long)]
    pub(crate) isolated: bool,
    /// The Python environment whose packages are imported: its folder, or an interpreter of it (a path, or a name in $PATH)
    #[arg(long, value_name = "PATH")]
    pub(crate) python: Option<PathBuf>,
    /// The Python that the code is written for, such as `3.13` [default: the lower bound of requires-python, else that of the environment, else the newest]
    #[arg(long, value_name = "VERSION")]
    pub(crate) target_version: Option<douane_base::PythonVersion>,
    /// Keep nothing of installed packages between runs
    #[arg(short = 'n', long, hide = true)]
    pub(crate) no_cache: bool,
    /// Where that is kept
    #[arg(long, hide = true, value_name = "FOLDER")]
    pub(crate) cache_dir: Option<PathBuf>,
    /// How many threads to use [default: one a core]
    #[arg(short = 'j', long = "threads", value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
}

impl ProgramArguments {
    /// The request for these arguments.
    pub(crate) fn request(&self, paths: Vec<PathBuf>, overlay: Option<Overlay>) -> Result<Request, String> {
        let is_setting = |file: &PathBuf| file.to_string_lossy().contains('=') && !file.exists();
        if let Some(file) = self.config.as_ref().filter(|file| is_setting(file)) {
            return Err(format!("`--config` takes a file, and there is no `{}`", file.display()));
        }
        let working_folder = std::env::current_dir().map_err(|error| format!("there is no working folder: {error}"))?;
        Ok(Request {
            working_folder,
            paths,
            configuration: self.config.clone(),
            isolated: self.isolated,
            python: self.python.clone(),
            target_version: self.target_version,
            virtual_env: std::env::var_os("VIRTUAL_ENV"),
            cache: self.cache_dir.clone().or(crate::cost::cache_folder().ok()).filter(|_| !self.no_cache),
            overlay,
            ..Request::default()
        })
    }

    /// Sets up the threads that everything runs on.
    pub(crate) fn start_threads(&self) {
        let count = self.threads.map_or(0, usize::from);
        // It fails only if the pool is set up already, which then serves as well.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(count).stack_size(crate::STACK).build_global();
    }
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Files and folders to report on; of files, with what they bring about elsewhere. The whole program is analysed all the
    /// same [default: the current project]. `-` is standard input
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) program: ProgramArguments,
    /// The program as the next commit will hold it, and only what that commit brings about: for a hook. Where pre-commit is run
    /// with `--from-ref`, the same as `--since` with that revision
    #[arg(long, conflicts_with_all = ["isolated", "stdin_filename", "add_ignore"])]
    pub(crate) staged: bool,
    /// The same for all that changed since the branch left this revision: for CI
    #[arg(long, value_name = "REVISION", conflicts_with_all = ["staged", "isolated", "stdin_filename", "add_ignore"])]
    pub(crate) since: Option<String>,
    /// Of files that are given by name, not what they bring about elsewhere
    #[arg(long)]
    pub(crate) only_given: bool,
    /// Only these rules, by name, by another tool's code or by the beginning of such codes; `all`, or `pedantic` for those
    /// that are off by default
    #[arg(long, value_delimiter = ',', value_name = "RULES")]
    pub(crate) select: Vec<String>,
    /// These rules too, besides those that run anyway
    #[arg(long, value_delimiter = ',', value_name = "RULES")]
    pub(crate) extend_select: Vec<String>,
    /// Not these rules
    #[arg(long, alias = "extend-ignore", value_delimiter = ',', value_name = "RULES")]
    pub(crate) ignore: Vec<String>,
    /// Not these rules in some files: a pattern, as in `[[overrides]]`, and a rule
    #[arg(long, alias = "extend-per-file-ignores", value_delimiter = ',', value_name = "PATTERN:RULE")]
    pub(crate) per_file_ignores: Vec<String>,
    /// These files and folders are no part of the program, in place of what `exclude` in the configuration says
    #[arg(long, value_delimiter = ',', value_name = "PATTERNS")]
    pub(crate) exclude: Option<Vec<String>>,
    /// These neither
    #[arg(long, value_delimiter = ',', value_name = "PATTERNS")]
    pub(crate) extend_exclude: Vec<String>,
    /// Pass over what is excluded even where it is given by name
    #[arg(long, overrides_with = "no_force_exclude")]
    pub(crate) force_exclude: bool,
    #[arg(long, hide = true, overrides_with = "force_exclude")]
    pub(crate) no_force_exclude: bool,
    /// How findings are printed
    #[arg(long, value_name = "FORMAT", default_value_t, value_parser = parse_format())]
    pub(crate) output_format: Format,
    /// Write the findings to a file too, in the format before the colon, else in that of `--output-format`; may be given
    /// several times
    #[arg(short, long, value_name = "[FORMAT:]FILE", conflicts_with_all = ["diff", "show_files", "show_settings"])]
    pub(crate) output_file: Vec<OutputFile>,
    /// Fix what can be fixed without changing what any module of the program offers or does
    #[arg(long, overrides_with = "no_fix")]
    pub(crate) fix: bool,
    #[arg(long, hide = true, overrides_with = "fix")]
    pub(crate) no_fix: bool,
    /// Make fixes too that may change what the program does
    #[arg(long, overrides_with = "no_unsafe_fixes")]
    pub(crate) unsafe_fixes: bool,
    #[arg(long, hide = true, overrides_with = "unsafe_fixes")]
    pub(crate) no_unsafe_fixes: bool,
    /// Fix only what these rules find
    #[arg(long, value_delimiter = ',', value_name = "RULES")]
    pub(crate) fixable: Vec<String>,
    /// Fix nothing that these rules find
    #[arg(long, value_delimiter = ',', value_name = "RULES")]
    pub(crate) unfixable: Vec<String>,
    /// Tell how many findings of which rules were fixed
    #[arg(long, overrides_with = "no_show_fixes")]
    pub(crate) show_fixes: bool,
    #[arg(long, hide = true, overrides_with = "show_fixes")]
    pub(crate) no_show_fixes: bool,
    /// Print what the fixes would change as a unified diff, and write nothing
    #[arg(long, conflicts_with = "statistics")]
    pub(crate) diff: bool,
    /// Fix, and neither report nor fail for what is left
    #[arg(long, conflicts_with_all = ["diff", "statistics"], overrides_with = "no_fix_only")]
    pub(crate) fix_only: bool,
    #[arg(long, hide = true, overrides_with = "fix_only")]
    pub(crate) no_fix_only: bool,
    /// Exit with 1 if something was fixed, even if nothing is left
    #[arg(long)]
    pub(crate) exit_non_zero_on_fix: bool,
    /// Report, and fix, what comments in the code silence too
    #[arg(long)]
    pub(crate) ignore_noqa: bool,
    /// Write a comment behind everything that is found, so that it is silent from now on; with a reason, if one is given
    /// behind an equals sign
    #[arg(long, value_name = "REASON", num_args = 0..=1, require_equals = true, default_missing_value = "", conflicts_with_all = ["fix", "diff", "fix_only", "statistics"])]
    pub(crate) add_ignore: Option<String>,
    /// Report what the baseline knows, too
    #[arg(long)]
    pub(crate) no_baseline: bool,
    /// Report nothing that is less serious
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(crate) min_severity: Option<LeastSeverity>,
    /// Exit with 0 even if there are findings
    #[arg(short = 'e', long)]
    pub(crate) exit_zero: bool,
    /// Exit with 0 if there are warnings only
    #[arg(long, overrides_with = "error_on_warning")]
    pub(crate) exit_zero_on_warning: bool,
    /// Exit with 1 if there are warnings only: the default
    #[arg(long, overrides_with = "exit_zero_on_warning")]
    pub(crate) error_on_warning: bool,
    /// Check again whenever a file changes, until it is interrupted
    #[arg(short, long, conflicts_with_all = ["fix", "diff", "fix_only", "add_ignore", "statistics", "output_file", "staged", "since", "stdin_filename", "show_files", "show_settings", "force_exclude", "silent"])]
    pub(crate) watch: bool,
    /// List the files that would be checked
    #[arg(long, conflicts_with_all = ["fix", "diff", "fix_only", "add_ignore", "show_settings"])]
    pub(crate) show_files: bool,
    /// Print the settings in use, in the form of a lint.toml, and check nothing
    #[arg(long, conflicts_with_all = ["fix", "diff", "fix_only", "add_ignore"])]
    pub(crate) show_settings: bool,
    /// Print the findings only, without the summary and warnings
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Print nothing at all
    #[arg(short, long)]
    pub(crate) silent: bool,
    /// Tell on standard error how long each stage took
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Count the findings of each rule instead of printing them
    #[arg(long)]
    pub(crate) statistics: bool,
    /// The name of the file that standard input stands for
    #[arg(long, value_name = "NAME")]
    pub(crate) stdin_filename: Option<PathBuf>,
}

/// The least that a finding must be to be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LeastSeverity {
    /// Everything
    Warning,
    /// Errors only
    Error,
}

impl LeastSeverity {
    pub(crate) fn lets_through(self, severity: Severity) -> bool {
        self == Self::Warning || severity == Severity::Error
    }
}

impl CheckArguments {
    /// Fixes are asked for.
    pub(crate) fn mends(&self) -> bool {
        self.fix || self.fix_only || self.diff
    }

    /// The formats that the findings are written in.
    pub(crate) fn formats(&self) -> impl Iterator<Item = Format> {
        let of_files = self.output_file.iter().filter_map(|file| file.format);
        of_files.chain([self.output_format])
    }

    /// The change that is looked at.
    pub(crate) fn change(&self) -> Option<Change> {
        if !self.staged {
            return self.since.clone().map(Change::Since);
        }
        // There nothing is staged.
        let from = std::env::var("PRE_COMMIT_FROM_REF").ok().filter(|revision| !revision.is_empty());
        Some(from.map_or(Change::Staged, Change::Since))
    }

    /// Nothing but the findings is printed.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet || self.silent
    }
}

/// A file that the findings are written to as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutputFile {
    /// That of the file alone.
    pub(crate) format: Option<Format>,
    pub(crate) path: PathBuf,
}

impl FromStr for OutputFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let whole = || Self { format: None, path: text.into() };
        let Some((format, path)) = text.split_once(':') else { return Ok(whole()) };
        // One letter is a drive.
        let is_like_format = format.len() > 1 && format.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
        match format.parse() {
            Ok(_) if path.is_empty() => Err(format!("there is no file behind `{format}:`")),
            Ok(format) => Ok(Self { format: Some(format), path: path.into() }),
            Err(_) if is_like_format => {
                let known = Format::ALL.map(Format::as_str);
                let nearest = similar::get_close_matches(&*format.to_lowercase(), &known, 1, 0.6);
                let nearest = nearest.first().map_or(String::new(), |nearest| format!("; did you mean `{nearest}`?"));
                Err(format!("there is no format `{format}`{nearest} (a file of that name is `./{text}`)"))
            }
            Err(_) => Ok(whole()),
        }
    }
}

fn parse_format() -> impl clap::builder::TypedValueParser<Value = Format> {
    use clap::builder::{PossibleValuesParser, TypedValueParser};
    PossibleValuesParser::new(Format::ALL.iter().map(|format| format.as_str())).try_map(|text| text.parse::<Format>())
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum VersionFormat {
    /// For people
    #[default]
    Text,
    /// For machines
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct ServerArguments {
    #[command(flatten)]
    pub(crate) program: ProgramArguments,
    /// Accepted because clients add it: there is no other way to speak to the server
    #[arg(long, hide = true)]
    pub(crate) stdio: bool,
    /// The process to end with
    #[arg(long = "clientProcessId", hide = true, value_name = "PROCESS")]
    pub(crate) client_process_id: Option<i32>,
}

#[derive(Debug, Args)]
pub(crate) struct BaselineArguments {
    /// What is done with the project's douane-baseline.json
    #[arg(value_enum)]
    pub(crate) action: BaselineAction,
    #[command(flatten)]
    pub(crate) program: ProgramArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BaselineAction {
    /// Put everything in that is found now
    Write,
    /// Put in what is new, and take out what is found no more
    Update,
    /// Take out what is found no more
    Prune,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// The rule, by name or by another tool's code
    #[arg(required_unless_present = "all")]
    pub(crate) rule: Option<String>,
    /// List all rules
    #[arg(long, conflicts_with = "rule")]
    pub(crate) all: bool,
    /// Write the pages of all rules into this folder, as Markdown
    #[arg(long, value_name = "FOLDER", requires = "all", conflicts_with = "rule")]
    pub(crate) to: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ModuleArguments {
    /// The modules, by name or by file; with `--all` files and folders
    #[arg(required_unless_present = "all")]
    pub(crate) names: Vec<PathBuf>,
    /// All modules of the program, or those below the given paths
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) program: ProgramArguments,
    /// How it is printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output_format: ModuleFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModuleFormat {
    /// For people
    #[default]
    Full,
    /// For machines
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct GraphArguments {
    /// Files and folders whose modules are printed [default: the current project]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) program: ProgramArguments,
    /// How it is printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output_format: GraphFormat,
    /// Add third-party and standard modules, by their top-level name
    #[arg(long)]
    pub(crate) external: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// An object of modules and edges
    #[default]
    Json,
    /// For Graphviz
    Dot,
    /// For Markdown
    Mermaid,
}

#[derive(Debug, Args)]
#[command(subcommand_negates_reqs = true, subcommand_precedence_over_arg = true)]
pub(crate) struct CostArguments {
    #[command(subcommand)]
    pub(crate) action: Option<CostAction>,
    /// Modules (`pandas`), statements (`"from PyQt5 import Qt"`), files of the project and scripts
    #[arg(required_unless_present = "is_static")]
    pub(crate) targets: Vec<String>,
    /// Estimate what the code says that it loads, and run nothing; without a target, for the whole project
    #[arg(long = "static", conflicts_with_all = ["timeout", "memory_limit", "raw_env", "cold", "html", "main"])]
    pub(crate) is_static: bool,
    /// Keep what is measured, for `--static` and for the rules
    #[arg(long, conflicts_with = "is_static")]
    pub(crate) save: bool,
    #[command(flatten)]
    pub(crate) measuring: MeasuringArguments,
    /// What the tree is sorted by
    #[arg(long, value_enum, default_value_t, value_name = "BY")]
    pub(crate) sort: CostSort,
    /// How many levels of the tree are shown
    #[arg(long, default_value_t = 3, value_name = "LEVELS")]
    pub(crate) depth: usize,
    /// The tree shows what takes at least this share of the whole, in per cent
    #[arg(long, default_value_t = 1.0, value_name = "PERCENT")]
    pub(crate) min: f64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CostAction {
    /// Measure two targets alternately: what the second saves against the first
    Compare {
        /// The wider one
        first: String,
        /// The narrower one
        second: String,
    },
    /// Measure what lint.toml sets budgets for, and fail where they are exceeded
    Check {
        /// A lint.toml or pyproject.toml to use instead of the one that is found
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Write what is measured to this file
        #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "cost.lock", conflicts_with = "against")]
        update: Option<PathBuf>,
        /// Fail where more is loaded than this file says, or more memory taken
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
    },
    /// Try to be rid of a module, and see what comes of it
    Unload {
        /// The module
        module: String,
    },
}

/// How costs are measured.
#[derive(Debug, Args)]
pub(crate) struct MeasuringArguments {
    /// The interpreter, or the folder of an environment [default: that of the project, else `python3`]
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) python: Option<PathBuf>,
    /// How many runs are measured, after one to warm up
    #[arg(short = 'n', long, global = true, default_value_t = 5, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) runs: u16,
    /// How long a run may take, in seconds
    #[arg(long, global = true, default_value_t = 60.0, value_name = "SECONDS")]
    pub(crate) timeout: f64,
    /// How much memory a run may take, resident, in MiB
    #[arg(long, global = true, default_value_t = 4096, value_name = "MIB")]
    pub(crate) memory_limit: u64,
    /// Leave the environment as it is: hash seed, threads of numeric libraries, back ends, processors
    #[arg(long, global = true)]
    pub(crate) raw_env: bool,
    /// Compile everything anew in each run, as the first run on a machine does
    #[arg(long, global = true)]
    pub(crate) cold: bool,
    /// Run scripts with the name `__main__`
    #[arg(long, global = true)]
    pub(crate) main: bool,
    /// Write a page as well, for a browser: who loads what, to zoom into and to search
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// How the figures are printed
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output_format: CostFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum CostSort {
    /// Private memory
    #[default]
    Memory,
    /// Time
    Time,
    /// The order in which modules are loaded
    Order,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum CostFormat {
    /// For people
    #[default]
    Text,
    /// For machines
    Json,
}
