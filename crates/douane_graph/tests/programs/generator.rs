//! Makes programs up.
//!
//! A raw program is anything; two of its kinds are then *mended*: as long as the evaluator meets a statement that
//! raises, or one that puts the program outside of what the test at hand claims, that statement is taken out.
//!
//! The numbers are drawn from a seed that is always the same unless `DOUANE_TEST_SEED` names another;
//! `DOUANE_TEST_CASES` sets how many programs each test draws. A failure names the seed and the smallest program found.

use std::collections::BTreeMap;

use proptest::{
    prelude::*,
    sample::select,
    test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner},
};

use super::{
    Module, Part, Program, Spelled, Step, ancestors,
    evaluator::{self, Failure, Oddity},
    last, parent,
};

/// Runs a test on made-up programs.
///
/// # Panics
/// Panics if the test fails on one, with the smallest such program.
pub(crate) fn check<S: Strategy>(cases: u32, programs: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let number = |variable: &str| std::env::var(variable).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = number("DOUANE_TEST_SEED").unwrap_or(0);
    let cases = number("DOUANE_TEST_CASES").and_then(|cases| u32::try_from(cases).ok()).unwrap_or(cases);
    let config = Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        max_shrink_iters: 20_000,
        max_shrink_time: 60_000,
        ..Config::default()
    };
    match TestRunner::new(config).run(&programs, test) {
        Ok(()) => {}
        Err(TestError::Fail(reason, program)) => panic!("DOUANE_TEST_SEED={seed}: {reason}\n{program:?}"),
        Err(TestError::Abort(reason)) => panic!("DOUANE_TEST_SEED={seed}: {reason}"),
    }
}

/// The modules of a program, each with whether it is a package.
const LAYOUT: &[(&str, bool)] = &[
    ("p", true),
    ("p.a", false),
    ("p.b", false),
    ("p.q", true),
    ("p.q.a", false),
    ("p.q.c", false),
    ("r", false),
    ("s", true),
    ("s.a", false),
    ("t", false),
];

/// Any program at all: most of them raise somewhere.
pub(crate) fn any_program() -> impl Strategy<Value = Program> {
    bodies(statement(), LAYOUT.len(), 6).prop_map(|bodies| program(LAYOUT, &bodies, &|_, _| true))
}

/// A program whose imports never run in a circle, that imports whole whichever module comes first, and in which a star
/// never brings more or less than it would if its module were imported first. Long chains of stars are likely.
pub(crate) fn acyclic_program() -> impl Strategy<Value = Program> {
    let order = Just((0..LAYOUT.len()).collect::<Vec<usize>>()).prop_shuffle();
    (order, bodies(statement(), LAYOUT.len(), 6)).prop_map(|(order, bodies)| {
        let rank: BTreeMap<&str, usize> = order.iter().enumerate().map(|(rank, at)| (LAYOUT[*at].0, rank)).collect();
        // Whoever is imported comes before the importer, and so do its packages, which are imported with it, unless
        // they are the importer's own and there already.
        let may_import = |importer: &str, imported: &str| {
            let is_own = |package: &str| package == importer || ancestors(importer).any(|ancestor| ancestor == package);
            rank[imported] < rank[importer]
                && ancestors(imported).all(|package| rank[package] < rank[importer] || is_own(package))
        };
        let mut program = program(LAYOUT, &bodies, &may_import);
        mend(&mut program, |program, oddities| {
            oddities.into_iter().find_map(|oddity| match oddity {
                Oddity::ReadsUnfinished(place)
                | Oddity::ChangesForeignList(place)
                | Oddity::LacksName(place)
                | Oddity::PassesSubmodule(place)
                | Oddity::StarLoads(place) => Some(place),
                Oddity::Brought(place, module, brought) => {
                    (evaluator::star(program, &module) != Ok(brought)).then_some(place)
                }
            })
        });
        program
    })
}

/// A program of packages and modules whose stars run in circles, that imports whole whichever module comes first.
/// Nothing is deleted, and `__all__` comes before the imports, so that who is later only ever sees more; no star brings
/// a submodule that others than its package have loaded, and no package binds the name of a submodule to something
/// else.
pub(crate) fn program_with_circles() -> impl Strategy<Value = Program> {
    bodies(growing_statement(), LAYOUT.len(), 5).prop_map(|bodies| {
        let mut program = program(LAYOUT, &bodies, &|_, _| true);
        for module in &mut program.modules {
            // Whether `from package import name` loads the submodule of that name would depend on who is first.
            let is_submodule = |name: &str| LAYOUT.iter().any(|(known, _)| *known == format!("{}.{name}", module.name));
            module.steps.retain(|spelled| !matches!(&spelled.step, Step::Bind(name) if is_submodule(name)));
            module.steps.sort_by_key(|spelled| !matches!(spelled.step, Step::SetAll(_)));
        }
        mend(&mut program, |program, oddities| {
            oddities.into_iter().find_map(|oddity| match oddity {
                Oddity::ChangesForeignList(place) | Oddity::StarLoads(place) => Some(place),
                Oddity::Brought(place, module, brought) => {
                    let alone = evaluator::star(program, &module).unwrap_or_default();
                    let is_loaded_elsewhere = |name: &String| program.module(&format!("{module}.{name}")).is_some();
                    brought.difference(&alone).any(is_loaded_elsewhere).then_some(place)
                }
                _ => None,
            })
        });
        program
    })
}

/// Modules without packages, with stars in circles, small ones and large ones.
pub(crate) fn flat_program_with_circles() -> impl Strategy<Value = Program> {
    const NAMES: &[(&str, bool)] = &[
        ("m00", false),
        ("m01", false),
        ("m02", false),
        ("m03", false),
        ("m04", false),
        ("m05", false),
        ("m06", false),
        ("m07", false),
        ("m08", false),
        ("m09", false),
        ("m10", false),
        ("m11", false),
        ("m12", false),
        ("m13", false),
        ("m14", false),
        ("m15", false),
        ("m16", false),
        ("m17", false),
        ("m18", false),
        ("m19", false),
        ("m20", false),
        ("m21", false),
    ];
    let count = prop_oneof![3 => 2usize..=6, 1 => 12usize..=22];
    let statement = prop_oneof![
        3 => name().prop_map(Draft::Bind),
        3 => any::<usize>().prop_map(Draft::Star),
        2 => any::<usize>().prop_map(|module| Draft::Import(module, None)),
        1 => growing_statement(),
    ];
    let bodies = count.prop_flat_map(move |count| (Just(count), bodies(statement.clone(), count, 4), any::<bool>()));
    bodies.prop_map(|(count, mut bodies, is_ring)| {
        // In a ring each module begins with a star of the next.
        for (at, body) in bodies.iter_mut().enumerate().filter(|_| is_ring) {
            // Its own number is left out of those that a module chooses from.
            let next = if at + 1 < count { at } else { 0 };
            body.insert(0, (Draft::Star(next), 0));
        }
        let mut program = program(&NAMES[..count], &bodies, &|_, _| true);
        mend(&mut program, |_, oddities| {
            oddities.into_iter().find_map(|oddity| match oddity {
                Oddity::ChangesForeignList(place) => Some(place),
                _ => None,
            })
        });
        program
    })
}

/// Takes statements out until every module can be imported first and nothing is left to complain about.
fn mend(program: &mut Program, complaint: impl Fn(&Program, Vec<Oddity>) -> Option<evaluator::Place>) {
    let culprit = |program: &Program| {
        program.modules.iter().find_map(|module| match evaluator::run(program, &module.name) {
            // A star of a module whose `__all__` lists what it lacks: the list has to go.
            (Err(Failure { place: None, .. }), _) => {
                let is_list = |spelled: &Spelled| {
                    matches!(spelled.step, Step::SetAll(_) | Step::ExtendAll(_))
                        || matches!(&spelled.step, Step::From { name, .. } if name == "__all__")
                };
                module.steps.iter().rposition(is_list).map(|at| (module.name.clone(), at))
            }
            (Err(Failure { place, .. }), _) => place,
            (Ok(_), oddities) => complaint(program, oddities),
        })
    };
    while let Some((name, at)) = culprit(program) {
        let module = program.modules.iter_mut().find(|module| module.name == name);
        module.expect("a statement of the program").steps.remove(at);
    }
}

/// A statement whose modules are only numbers yet.
#[derive(Clone, Debug)]
enum Draft {
    Bind(&'static str),
    Delete(&'static str),
    Import(usize, Option<&'static str>),
    From(usize, &'static str, Option<&'static str>),
    /// `from package import module`.
    Submodule(usize, Option<&'static str>),
    Star(usize),
    Attempt(usize, &'static str),
    SetAll(Vec<&'static str>),
    ExtendAll(Vec<&'static str>),
    RemoveAll(&'static str),
    ListPublic,
    /// `__all__ = module.__all__ + […]`, or `+=`, after an import of the module in one of several ways.
    AllOf {
        module: usize,
        way: u8,
        extends: bool,
        more: Option<&'static str>,
    },
}

type Body = Vec<(Draft, u8)>;

fn bodies(
    statement: impl Strategy<Value = Draft> + Clone,
    count: usize,
    longest: usize,
) -> impl Strategy<Value = Vec<Body>> {
    let body = proptest::collection::vec((statement, any::<u8>()), 0..=longest);
    proptest::collection::vec(body, count)
}

/// Names that modules are not called.
const PLAIN: &[&str] = &["x", "y", "z", "w", "_h"];
/// Names of which some are those of submodules.
const NAMES: &[&str] = &["x", "y", "z", "w", "_h", "x", "y", "z", "w", "a", "b", "q", "c"];

fn name() -> impl Strategy<Value = &'static str> + Clone {
    select(NAMES)
}

fn names() -> impl Strategy<Value = Vec<&'static str>> + Clone {
    proptest::collection::vec(name(), 0..3)
}

fn alias() -> impl Strategy<Value = Option<&'static str>> + Clone {
    proptest::option::weighted(0.3, select(PLAIN))
}

fn growing_statement() -> impl Strategy<Value = Draft> + Clone {
    prop_oneof![
        6 => name().prop_map(Draft::Bind),
        8 => any::<usize>().prop_map(Draft::Star),
        2 => (any::<usize>(), alias()).prop_map(|(module, alias)| Draft::Import(module, alias)),
        2 => (any::<usize>(), name(), alias()).prop_map(|(module, name, alias)| Draft::From(module, name, alias)),
        2 => (any::<usize>(), alias()).prop_map(|(module, alias)| Draft::Submodule(module, alias)),
        2 => names().prop_map(Draft::SetAll),
        1 => names().prop_map(Draft::ExtendAll),
    ]
}

fn statement() -> impl Strategy<Value = Draft> + Clone {
    let all_of = (any::<usize>(), 0u8..5, any::<bool>(), proptest::option::of(name()))
        .prop_map(|(module, way, extends, more)| Draft::AllOf { module, way, extends, more });
    prop_oneof![
        20 => growing_statement(),
        1 => name().prop_map(Draft::Delete),
        1 => (any::<usize>(), name()).prop_map(|(module, name)| Draft::Attempt(module, name)),
        2 => name().prop_map(Draft::RemoveAll),
        1 => Just(Draft::ListPublic),
        3 => all_of,
    ]
}

fn program(layout: &[(&str, bool)], bodies: &[Body], may_import: &dyn Fn(&str, &str) -> bool) -> Program {
    let modules = layout.iter().zip(bodies).map(|((name, is_package), body)| {
        let modules: Vec<&str> =
            layout.iter().map(|(other, _)| *other).filter(|other| other != name && may_import(name, other)).collect();
        let mut steps = Vec::new();
        for (draft, spelling) in body {
            let step = |step| Spelled { step, spelling: *spelling };
            steps.extend(written(name, *is_package, draft, &modules).into_iter().map(step));
        }
        Module { name: (*name).to_owned(), is_package: *is_package, steps }
    });
    Program { modules: modules.collect() }
}

/// The statements that a draft stands for in a module that may import those modules.
fn written(importer: &str, is_package: bool, draft: &Draft, modules: &[&str]) -> Vec<Step> {
    let module = |number: usize| (!modules.is_empty()).then(|| modules[number % modules.len()].to_owned());
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let some = |alias: &Option<&str>| alias.map(str::to_owned);
    let step = match draft {
        Draft::Bind(name) => Some(Step::Bind((*name).to_owned())),
        Draft::Delete(name) => Some(Step::Delete((*name).to_owned())),
        Draft::Import(number, alias) => module(*number).map(|module| Step::Import { module, alias: some(alias) }),
        Draft::From(number, name, alias) => {
            // The name may be a submodule's that may not be imported here.
            let is_forbidden = |module: &str| {
                let child = format!("{module}.{name}");
                LAYOUT.iter().any(|(known, _)| *known == child) && !modules.contains(&child.as_str())
            };
            module(*number).filter(|module| !is_forbidden(module)).map(|module| Step::From {
                module,
                name: (*name).to_owned(),
                alias: some(alias),
            })
        }
        Draft::Submodule(number, alias) => module(*number).and_then(|module| {
            let package = parent(&module)?.to_owned();
            let is_known = package == importer || modules.contains(&package.as_str());
            is_known.then(|| Step::From { name: last(&module).to_owned(), module: package, alias: some(alias) })
        }),
        Draft::Star(number) => module(*number).map(|module| Step::Star { module }),
        Draft::Attempt(number, name) => Some(Step::Attempt {
            // Half of them are of a module that does not exist.
            module: module(*number / 2)
                .filter(|_| number % 2 == 0)
                .unwrap_or_else(|| ["missing", "missing.p"][*number / 2 % 2].to_owned()),
            name: (*name).to_owned(),
        }),
        Draft::SetAll(names) => Some(Step::SetAll(vec![Part::Names(owned(names))])),
        Draft::ExtendAll(names) => Some(Step::ExtendAll(vec![Part::Names(owned(names))])),
        Draft::RemoveAll(name) => Some(Step::RemoveAll((*name).to_owned())),
        // A package may have submodules by then that its submodules have loaded.
        Draft::ListPublic => (!is_package).then(|| Step::SetAll(vec![Part::PublicNames])),
        Draft::AllOf { module: number, way, extends, more } => {
            return module(*number).map_or(Vec::new(), |module| all_of(importer, &module, *way, *extends, *more));
        }
    };
    step.into_iter().collect()
}

fn all_of(importer: &str, module: &str, way: u8, extends: bool, more: Option<&str>) -> Vec<Step> {
    let short = || last(module).to_owned();
    let (import, chain) = match (way, parent(module)) {
        (1, _) => (Step::Import { module: module.to_owned(), alias: Some("w".to_owned()) }, "w".to_owned()),
        // A submodule is bound by whatever imports it.
        (2, Some(package)) if package == importer => (Step::Star { module: module.to_owned() }, short()),
        (3, Some(package)) => (Step::From { module: package.to_owned(), name: short(), alias: None }, short()),
        (4, _) => {
            let name = "__all__".to_owned();
            let more = more.map(|more| Step::SetAll(vec![Part::Names(vec![more.to_owned()])]));
            return [Step::From { module: module.to_owned(), name, alias: None }]
                .into_iter()
                .chain(more.filter(|_| extends))
                .collect();
        }
        _ => (Step::Import { module: module.to_owned(), alias: None }, module.to_owned()),
    };
    let more = more.map(|more| Part::Names(vec![more.to_owned()]));
    let parts = [Part::AllOf(chain)].into_iter().chain(more).collect();
    vec![import, if extends { Step::ExtendAll(parts) } else { Step::SetAll(parts) }]
}
