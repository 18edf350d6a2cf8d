//! What imports cost, as far as their code tells: for hovers and hints. Nothing is run here.

use std::cell::RefCell;

use douane_cost::{Cost, Doubtful, Estimate, LoadFacts};
use douane_workspace::{Estimator, Workspace};
use rustc_hash::FxHashMap;

/// From where on an import gets a hint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Limits {
    pub(crate) modules: usize,
    pub(crate) mib: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { modules: 20, mib: 1.0 }
    }
}

impl Limits {
    pub(crate) fn are_passed_by(self, cost: &Cost) -> bool {
        cost.modules >= self.modules || mib(cost.code_bytes()) >= self.mib
    }
}

/// What is known of costs, kept from one question to the next.
#[derive(Default)]
pub(crate) struct Costs {
    estimator: RefCell<Option<Estimator>>,
    known: RefCell<FxHashMap<String, Cost>>,
}

impl Costs {
    /// Files have changed, so that modules may load others.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// What a program loads that imports the module alone, besides what an interpreter has anyway.
    pub(crate) fn of(&self, workspace: &Workspace, module: &str) -> Cost {
        if let Some(known) = self.known.borrow().get(module) {
            return *known;
        }
        let mut estimator = self.estimator.borrow_mut();
        let estimator = estimator.get_or_insert_with(|| workspace.estimator());
        let target = LoadFacts::importing(std::iter::once(module));
        let modules = estimator.modules(std::slice::from_ref(&target));
        let estimate = Estimate::new(&modules, &target, estimator.minor(), Doubtful::Taken);
        let cost = estimate.total(&modules);
        self.known.borrow_mut().insert(module.to_owned(), cost);
        cost
    }
}

fn mib(bytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "it is shown with one decimal")]
    let bytes = bytes as f64;
    bytes / f64::from(1 << 20)
}

/// `41 modules, 11.8 MiB`
pub(crate) fn short(cost: &Cost) -> String {
    let plural = if cost.modules == 1 { "" } else { "s" };
    format!("{} module{plural}, {:.1} MiB", cost.modules, mib(cost.code_bytes()))
}

/// A sentence or two.
pub(crate) fn described(cost: &Cost) -> String {
    let mut text = format!("Alone it loads {} of code, as far as the code tells.", short(cost));
    if cost.measured_modules > 0 {
        let private = mib(u64::try_from(cost.measured.private_bytes).unwrap_or(0));
        let milliseconds = cost.measured.ns / 1_000_000;
        text.push_str(&format!(
            " Measured, {} of these take {private:.1} MiB of private memory and {milliseconds} ms.",
            cost.measured_modules
        ));
    }
    text
}
