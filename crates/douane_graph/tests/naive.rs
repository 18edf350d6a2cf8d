//! What douane says that a star brings, against an evaluator of Python's imports.
//!
//! The programs are made up, see `programs/generator.rs`, and run by `programs/evaluator.rs`, which follows the
//! language reference statement by statement. What is compared:
//!
//! 1. Programs without circles: for every module, the names that its star brings if it is the first module that a
//!    fresh interpreter imports, exactly. In these programs every star brings the same whoever is first; where that is
//!    not so, there is no one answer for a graph to give, and the generator takes the statement out.
//! 2. Programs with circles: CPython's answer depends on which module is imported first, since whoever is in the middle
//!    of a circle sees half-filled modules. douane's answer is that what any module of a circle brings, all get: it
//!    holds at least what the star of a module brings with that module first. More is not wrong.
//! 3. Modules without packages, with circles: exactly the least sets of names that agree with each other, where every
//!    star brings all that its module has in the end. In a circle of many modules that filter with `__all__`, douane
//!    leaves the filters out, and its answer may be larger.
//!
//! Deliberately not here: whether the evaluator is right, which `cpython.rs` tests.

mod programs;

use std::collections::{BTreeMap, BTreeSet};

use douane_base::PythonVersion;
use proptest::test_runner::TestCaseError;

use programs::{
    Module, Part, Program, Step, evaluator,
    generator::{acyclic_program, check, flat_program_with_circles, program_with_circles},
    link_texts, star_names,
};

type Names = BTreeSet<String>;

#[test]
fn without_circles_a_star_brings_exactly_what_the_evaluator_says() {
    check(400, acyclic_program(), |program| {
        let expected = every_star(&program);
        let linked = every_linked_star(&program);
        for (module, expected) in &expected {
            compare(module, Some(expected) == linked[module].as_ref(), expected, linked[module].as_ref())?;
        }
        Ok(())
    });
}

#[test]
fn with_circles_a_star_brings_at_least_what_the_evaluator_says() {
    check(300, program_with_circles(), |program| {
        let expected = every_star(&program);
        let linked = every_linked_star(&program);
        for (module, expected) in &expected {
            let found = linked[module].as_ref();
            compare(module, found.is_some_and(|found| found.is_superset(expected)), expected, found)?;
        }
        Ok(())
    });
}

#[test]
fn in_circles_all_get_what_any_brings() {
    check(300, flat_program_with_circles(), |program| {
        let expected = fixed_point(&program);
        let linked = every_linked_star(&program);
        let has_lists = program.modules.iter().any(has_list);
        for (module, expected) in &expected {
            let found = linked[module].as_ref();
            let agrees = found.is_some_and(|found| {
                if has_lists && program.modules.len() > FEW { found.is_superset(expected) } else { found == expected }
            });
            compare(module, agrees, expected, found)?;
        }
        Ok(())
    });
}

/// In circles of more modules than these, `__all__` does not hold names back.
const FEW: usize = 16;

/// The programs must hold what they are meant to try: without this, a generator that makes nothing would pass.
#[test]
fn the_programs_are_worth_the_comparison() {
    let count = std::cell::RefCell::new(BTreeMap::<&str, usize>::new());
    let note = |what, holds: bool| *count.borrow_mut().entry(what).or_default() += usize::from(holds);
    check(200, acyclic_program(), |program| {
        let stars = every_star(&program);
        let steps = || program.modules.iter().flat_map(|module| &module.steps).map(|spelled| &spelled.step);
        note("stars", steps().filter(|step| matches!(step, Step::Star { .. })).count() >= 3);
        note("lists", program.modules.iter().any(has_list));
        note(
            "lists of others",
            steps().any(|step| {
                matches!(step, Step::SetAll(parts) | Step::ExtendAll(parts)
            if parts.iter().any(|part| matches!(part, Part::AllOf(_))))
            }),
        );
        note("deletions", steps().any(|step| matches!(step, Step::Delete(_))));
        note("removals", steps().any(|step| matches!(step, Step::RemoveAll(_))));
        note("names", stars.values().any(|names| names.len() >= 4));
        let is_passed_on = |module: &Module| {
            let binds = |name: &String| module.steps.iter().any(|spelled| spelled.step == Step::Bind(name.clone()));
            module.steps.iter().any(|spelled| matches!(spelled.step, Step::Star { .. }))
                && stars[&module.name].iter().any(|name| !binds(name))
        };
        note("passed on", program.modules.iter().any(is_passed_on));
        Ok(())
    });
    let circles = std::cell::Cell::new(0);
    check(200, flat_program_with_circles(), |program| {
        let differs = fixed_point(&program) != every_star(&program);
        circles.set(circles.get() + u32::from(differs));
        Ok(())
    });
    let count = count.into_inner();
    assert!(count.len() == 7 && count.values().all(|count| *count >= 2), "{count:?}");
    assert!(circles.get() >= 5, "{} programs whose answer depends on who is first", circles.get());
}

fn compare(module: &str, agrees: bool, expected: &Names, found: Option<&Names>) -> Result<(), TestCaseError> {
    if agrees {
        return Ok(());
    }
    Err(TestCaseError::fail(format!("a star from `{module}`: expected {expected:?}, douane says {found:?}")))
}

/// For each module, what its star brings if it is imported first.
fn every_star(program: &Program) -> BTreeMap<String, Names> {
    let star = |module: &Module| {
        let names = evaluator::star(program, &module.name).expect("the generator leaves nothing that raises");
        (module.name.clone(), names)
    };
    program.modules.iter().map(star).collect()
}

fn every_linked_star(program: &Program) -> BTreeMap<String, Option<Names>> {
    let graph = link_texts(&program.files(), PythonVersion::NEWEST);
    let star = |module: &Module| {
        let names = star_names(&graph, &module.name);
        (module.name.clone(), names.map(|names| names.into_iter().collect()))
    };
    program.modules.iter().map(star).collect()
}

fn has_list(module: &Module) -> bool {
    module.steps.iter().any(|spelled| matches!(spelled.step, Step::SetAll(_) | Step::ExtendAll(_)))
}

/// What the stars of modules bring if each star brings what its module has in the end: the modules are run over and
/// over, until nothing is added.
fn fixed_point(program: &Program) -> BTreeMap<String, Names> {
    let mut brought: BTreeMap<String, Names> =
        program.modules.iter().map(|module| (module.name.clone(), Names::new())).collect();
    loop {
        let next = program.modules.iter().map(|module| (module.name.clone(), once(module, &brought))).collect();
        if next == brought {
            return brought;
        }
        brought = next;
    }
}

fn once(module: &Module, brought: &BTreeMap<String, Names>) -> Names {
    let mut bound = Names::new();
    let mut all: Option<Names> = None;
    for spelled in &module.steps {
        match &spelled.step {
            Step::Bind(name) => drop(bound.insert(name.clone())),
            Step::Import { module, alias } => drop(bound.insert(alias.as_ref().unwrap_or(module).clone())),
            Step::From { name, alias, .. } => drop(bound.insert(alias.as_ref().unwrap_or(name).clone())),
            Step::Star { module } => bound.extend(brought[module].iter().cloned()),
            Step::SetAll(parts) => all = Some(listed(parts)),
            Step::ExtendAll(parts) => all.as_mut().expect("a list to add to").extend(listed(parts)),
            Step::Delete(_) | Step::Attempt { .. } | Step::RemoveAll(_) => unreachable!("nothing shrinks here"),
        }
    }
    bound.retain(|name| !name.starts_with('_'));
    all.unwrap_or(bound)
}

fn listed(parts: &[Part]) -> Names {
    let names = parts.iter().filter_map(|part| match part {
        Part::Names(names) => Some(names),
        Part::AllOf(_) | Part::PublicNames => None,
    });
    names.flatten().cloned().collect()
}
