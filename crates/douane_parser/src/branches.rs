//! The arms of `if`, `try`, `match` and loops, and which of them exclude each other.
//!
//! A branch is a node of a tree; code stands in the innermost one. Two places are *alternatives* if one run of the
//! code can't pass both: the arms of one `if`, or a `try` body and its handlers.

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use crate::names::Symbol;

/// The number of a [`Branch`] in its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BranchId(pub u32);

impl BranchId {
    /// The module's own top level.
    pub const ROOT: Self = Self(0);

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// One arm of a statement that may or may not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// The branch around it; the root is its own parent.
    pub parent: BranchId,
    /// How far it is from the root.
    depth: u32,
    /// The statement that it is an arm of; arms of one statement share the number.
    pub fork: u32,
    /// Which arm it is.
    pub arm: Arm,
    /// Why it may not run.
    pub guard: Option<Guard>,
    /// Whether it runs, as far as the text and the target tell.
    pub truth: Truth,
    /// What its condition asks about a name of the module, where it does just that.
    pub test: Option<Test>,
    /// For a `try` body: from this position in the bindings on it may have been left by a `raise` under a condition.
    pub interrupted_at: Option<u32>,
    /// Control never leaves it by its end: it returns, raises, continues or breaks.
    pub terminates: bool,
}

/// A condition that is nothing but a question about one name of the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Test {
    /// The question.
    pub question: Question,
    /// The branch runs if the answer is no.
    pub is_negated: bool,
}

/// What can be asked about a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// `if name:`
    IsTrue(Symbol),
    /// `if name is None:`
    IsNone(Symbol),
    /// `if hasattr(name.more, "attribute"):`, as the name and the dotted rest with the attribute.
    HasAttribute(Symbol, Symbol),
}

/// The arms of compound statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arm {
    /// The module itself.
    Root,
    /// A function body: no alternative to anything.
    Function,
    /// `if`, `elif`, `else`, or a `case`, counted from 0.
    Choice(u16),
    /// The body of `try`, or of a `with` that catches what goes wrong: `suppress(…)`, `pytest.raises(…)`.
    Try,
    /// An `except` clause, counted from 0.
    Handler(u16),
    /// What an `except` clause catches, inside of it: no condition of the code's own stands before it, for it is evaluated
    /// as soon as anything is raised that no clause before it caught.
    Caught,
    /// The `else` of `try`.
    TryElse,
    /// `finally`.
    Finally,
    /// The body of a loop.
    Loop,
    /// The `else` of a loop.
    LoopElse,
}

/// Why code may not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guard {
    /// `try` with a handler that catches ImportError, or that handler.
    ImportError,
    /// A test of `sys.version_info`.
    Version,
    /// A test of `sys.platform`, `os.name` or the like.
    Platform,
    /// `TYPE_CHECKING`.
    TypeChecking,
    /// `__name__ == "__main__"`.
    Main,
    /// Any other condition.
    Condition,
}

impl Guard {
    /// The word that the machine formats use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ImportError => "import-error",
            Self::Version => "version",
            Self::Platform => "platform",
            Self::TypeChecking => "type-checking",
            Self::Main => "main",
            Self::Condition => "condition",
        }
    }
}

/// What is known of a condition before the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Truth {
    /// It holds whenever the module is imported.
    True,
    /// It never holds when the module is imported.
    False,
    /// It can't be told.
    Unknown,
}

impl Truth {
    pub(crate) fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

/// All branches of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branches {
    list: Vec<Branch>,
    forks: u32,
}

const ROOT: Branch = Branch {
    parent: BranchId::ROOT,
    depth: 0,
    fork: 0,
    arm: Arm::Root,
    guard: None,
    truth: Truth::True,
    test: None,
    interrupted_at: None,
    terminates: false,
};

impl Default for Branches {
    fn default() -> Self {
        Self { list: vec![ROOT], forks: 0 }
    }
}

impl Branches {
    pub(crate) fn fork(&mut self) -> u32 {
        self.forks += 1;
        self.forks
    }

    pub(crate) fn push(
        &mut self,
        parent: BranchId,
        fork: u32,
        arm: Arm,
        guard: Option<Guard>,
        truth: Truth,
    ) -> BranchId {
        let id = BranchId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        let depth = self.get(parent).depth + 1;
        self.list.push(Branch {
            parent,
            depth,
            fork,
            arm,
            guard,
            truth,
            test: None,
            interrupted_at: None,
            terminates: false,
        });
        id
    }

    /// The branches that hold a used one, and the new number of each.
    pub(crate) fn kept(&self, is_used: Vec<bool>) -> (Self, Vec<BranchId>) {
        let mut is_kept = is_used;
        is_kept[BranchId::ROOT.index()] = true;
        let mut forks = FxHashSet::default();
        // The branches around one come before it.
        for at in (1..self.list.len()).rev() {
            let branch = &self.list[at];
            if is_kept[at] {
                is_kept[branch.parent.index()] = true;
                if matches!(branch.arm, Arm::Handler(_)) {
                    forks.insert(branch.fork);
                }
            }
        }
        // Whether a handler runs is told by the body that it belongs to, which stands beside it.
        let mut numbers = vec![BranchId::ROOT; self.list.len()];
        let mut kept = Vec::with_capacity(is_kept.iter().filter(|kept| **kept).count() + forks.len());
        for (at, branch) in self.list.iter().enumerate() {
            if is_kept[at] || (branch.arm == Arm::Try && forks.contains(&branch.fork)) {
                numbers[at] = BranchId(u32::try_from(kept.len()).unwrap_or(u32::MAX));
                kept.push(Branch { parent: numbers[branch.parent.index()], ..branch.clone() });
            }
        }
        (Self { list: kept, forks: self.forks }, numbers)
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.list.push(ROOT);
        self.forks = 0;
    }

    pub(crate) fn set_test(&mut self, branch: BranchId, test: Option<Test>) {
        self.list[branch.index()].test = test;
    }

    /// Notes a `raise`: the `try` body around it may end here.
    pub(crate) fn interrupt(&mut self, branch: BranchId, position: u32) {
        let attempt = self
            .ancestor_ids(branch)
            .take_while(|id| self.get(*id).arm != Arm::Function)
            .find(|id| self.get(*id).arm == Arm::Try);
        if let Some(attempt) = attempt.filter(|attempt| *attempt != branch) {
            self.list[attempt.index()].interrupted_at.get_or_insert(position);
        }
    }

    /// All branches, each after those around it.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Branch> {
        self.list.iter()
    }

    pub(crate) fn terminate(&mut self, branch: BranchId) {
        self.list[branch.index()].terminates = true;
    }

    /// A branch by its number.
    #[must_use]
    pub fn get(&self, branch: BranchId) -> &Branch {
        &self.list[branch.index()]
    }

    /// The branch and those around it, from the inside out, without the root.
    pub fn ancestors(&self, branch: BranchId) -> impl Iterator<Item = &Branch> {
        self.ancestor_ids(branch).map(|id| self.get(id))
    }

    /// The numbers of the branch and those around it, from the inside out, without the root.
    pub fn ancestor_ids(&self, branch: BranchId) -> impl Iterator<Item = BranchId> {
        let mut at = branch;
        std::iter::from_fn(move || {
            let here = at;
            at = self.get(here).parent;
            (here != BranchId::ROOT).then_some(here)
        })
    }

    /// What guards code in a branch: the reason of the innermost branch that has one, unless an outer one says that
    /// it is for type checkers only.
    #[must_use]
    pub fn guard(&self, branch: BranchId) -> Option<Guard> {
        if self.is_type_checking(branch) {
            return Some(Guard::TypeChecking);
        }
        self.ancestors(branch).find_map(|branch| branch.guard)
    }

    /// True in the arm of `if TYPE_CHECKING:` that only type checkers see.
    #[must_use]
    pub fn is_type_checking(&self, branch: BranchId) -> bool {
        self.ancestors(branch).any(|branch| branch.guard == Some(Guard::TypeChecking) && branch.truth == Truth::False)
    }

    /// Whether code of a branch runs when the module is imported; `try` bodies are taken to succeed.
    #[must_use]
    pub fn truth(&self, branch: BranchId) -> Truth {
        self.ancestors(branch).fold(Truth::True, |truth, branch| truth.and(branch.truth))
    }

    /// True if one run of the code can't pass both places, the first given before the second: they are in different
    /// arms of one statement, or the way from the first to the second is cut by `return`, `raise` and the like.
    #[must_use]
    pub fn are_alternatives(&self, first: BranchId, second: BranchId) -> bool {
        let (first_arm, second_arm, terminated) = self.diverge(first, second);
        if terminated {
            return true;
        }
        let (Some(first), Some(second)) = (first_arm, second_arm) else { return false };
        let (first, second) = (self.get(first), self.get(second));
        first.fork == second.fork && excludes(first.arm, second.arm)
    }

    /// True if the second place may be skipped although the first was passed: some branch around the second only.
    #[must_use]
    pub fn is_conditional(&self, first: BranchId, second: BranchId) -> bool {
        let (_, second_arm, _) = self.diverge(first, second);
        let Some(arm) = second_arm else { return false };
        let common = self.get(arm).parent;
        self.ancestor_ids(second)
            .take_while(|branch| *branch != common)
            .map(|branch| self.get(branch))
            .any(may_be_skipped)
    }

    /// The outermost branches that hold only the one or only the other place, and whether a branch that holds only
    /// the first ends in a jump.
    fn diverge(&self, first: BranchId, second: BranchId) -> (Option<BranchId>, Option<BranchId>, bool) {
        let (mut left, mut right) = (first, second);
        let (mut left_arm, mut right_arm) = (None, None);
        let mut terminated = false;
        while left != right {
            let (left_depth, right_depth) = (self.get(left).depth, self.get(right).depth);
            if left_depth >= right_depth {
                terminated |= self.get(left).terminates;
                left_arm = Some(left);
                left = self.get(left).parent;
            }
            if right_depth >= left_depth {
                right_arm = Some(right);
                right = self.get(right).parent;
            }
        }
        (left_arm, right_arm, terminated)
    }
}

/// Loops are there to run, and so is what follows a `try` body that goes well.
fn may_be_skipped(branch: &Branch) -> bool {
    match branch.arm {
        // On another platform or version it is skipped even if not on this one.
        Arm::Choice(_) => branch.truth != Truth::True || matches!(branch.guard, Some(Guard::Platform | Guard::Version)),
        Arm::Handler(_) | Arm::LoopElse => true,
        // `try` without a handler, for `finally` alone, has no guard.
        Arm::Try | Arm::TryElse => branch.guard.is_some(),
        Arm::Root | Arm::Function | Arm::Caught | Arm::Finally | Arm::Loop => false,
    }
}

fn excludes(first: Arm, second: Arm) -> bool {
    match (first, second) {
        (Arm::Choice(one), Arm::Choice(other)) | (Arm::Handler(one), Arm::Handler(other)) => one != other,
        (Arm::Try | Arm::TryElse, Arm::Handler(_)) | (Arm::Handler(_), Arm::Try | Arm::TryElse) => true,
        _ => false,
    }
}
