//! How a file writes its imports: the order of the names, the width of the lines, the way in which a long list is wrapped.

use std::cell::OnceCell;

use douane_base::TextRange;

use crate::statements::{newline, start_of_line};

/// The layout of the imports of one file.
pub(crate) struct Layout<'t> {
    text: &'t str,
    order: OnceCell<Order>,
    width: OnceCell<usize>,
}

/// The orders that formatters put names into.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Constants, then classes, then the rest; in each the case does not count. What isort and ruff do.
    ByType,
    CaseSensitive,
    CaseInsensitive,
}

/// How a list that is too long for a line is written in parentheses.
#[derive(Clone, Copy)]
struct Wrapping {
    /// The first name stands on a line of its own, not behind the parenthesis.
    starts_on_new_line: bool,
    has_one_a_line: bool,
    /// The blanks before the names; none: below the first name.
    indentation: Option<usize>,
    /// The closing parenthesis stands on a line of its own.
    closes_on_new_line: bool,
}

/// What black and ruff's formatter write.
const VERTICAL: Wrapping =
    Wrapping { starts_on_new_line: true, has_one_a_line: true, indentation: Some(4), closes_on_new_line: true };

impl<'t> Layout<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, order: OnceCell::new(), width: OnceCell::new() }
    }

    /// Names, in order, as they stand behind `import`, which ends at an offset of a statement.
    pub(crate) fn names(&self, statement: TextRange, at: u32, names: &[String]) -> String {
        let column = TextRange::new(start_of_line(self.text, at), at).slice(self.text).chars().count();
        let indentation = indentation(self.text, statement);
        self.wrapped(&indentation, column, names)
    }

    /// A statement that is put in the place of another; `from` statements that are too long are wrapped.
    pub(crate) fn statement(&self, place: TextRange, written: &str) -> String {
        let Some((head, names)) = written.split_once(" import ").filter(|(head, _)| head.starts_with("from ")) else {
            return written.to_owned();
        };
        let indentation = indentation(self.text, place);
        let head = format!("{head} import ");
        let names: Vec<String> = names.split(", ").map(str::to_owned).collect();
        let column = indentation.chars().count() + head.chars().count();
        format!("{head}{}", self.wrapped(&indentation, column, &names))
    }

    fn wrapped(&self, indentation: &str, column: usize, names: &[String]) -> String {
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        let order = self.order.get_or_init(|| order(self.text));
        names.sort_by_cached_key(|name| order.key(name));
        let line = names.join(", ");
        let width_of_lines = *self.width.get_or_init(|| width(self.text));
        if column + line.chars().count() <= width_of_lines || names.len() < 2 {
            return line;
        }
        let newline = newline(self.text);
        let Wrapping { starts_on_new_line, has_one_a_line, indentation: step, closes_on_new_line } =
            wrapping(self.text).unwrap_or(VERTICAL);
        let inner = match step {
            Some(step) => format!("{indentation}{}", " ".repeat(step)),
            None => " ".repeat(column + 1),
        };
        let mut result = "(".to_owned();
        let mut width = column + 1;
        if starts_on_new_line {
            result.push_str(newline);
            result.push_str(&inner);
            width = inner.chars().count();
        }
        for (at, name) in names.iter().enumerate() {
            let length = name.chars().count();
            if at > 0 {
                if has_one_a_line || width + 1 + length + 1 > width_of_lines {
                    result.push_str(newline);
                    result.push_str(&inner);
                    width = inner.chars().count();
                } else {
                    result.push(' ');
                    width += 1;
                }
            }
            result.push_str(name);
            width += length;
            if at + 1 < names.len() || closes_on_new_line {
                result.push(',');
                width += 1;
            }
        }
        if closes_on_new_line {
            result.push_str(newline);
            result.push_str(indentation);
        }
        result.push(')');
        result
    }
}

fn width(text: &str) -> usize {
    /// The widths that style guides know; the second is that of the formatters.
    const WIDTHS: [usize; 3] = [79, 88, 100];
    let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    WIDTHS.into_iter().find(|width| longest <= *width).unwrap_or(WIDTHS[1])
}

fn indentation(text: &str, statement: TextRange) -> String {
    let line = &text[start_of_line(text, statement.start()) as usize..];
    line.chars().take_while(|letter| matches!(letter, ' ' | '\t')).collect()
}

/// The lines that begin a `from` statement, each with what stands behind its `import`.
fn from_lines(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter(|line| line.trim_start().starts_with("from ")).filter_map(|line| {
        let (_, names) = line.split_once(" import ")?;
        Some((line, names.split('#').next().unwrap_or(names).trim()))
    })
}

impl Order {
    fn key(self, name: &str) -> (u8, String, String) {
        let plain = name.split(" as ").next().unwrap_or(name);
        let folded = plain.to_lowercase();
        match self {
            Self::CaseSensitive => (0, plain.to_owned(), name.to_owned()),
            Self::CaseInsensitive => (0, folded, name.to_owned()),
            Self::ByType => {
                let is_upper = |letter: char| letter.is_uppercase();
                let is_constant =
                    plain.chars().count() > 1 && plain.chars().any(is_upper) && !plain.chars().any(char::is_lowercase);
                let kind = match plain.chars().next() {
                    _ if is_constant => 0,
                    Some(first) if is_upper(first) => 1,
                    _ => 2,
                };
                (kind, folded, name.to_owned())
            }
        }
    }
}

/// The first of the orders that most lists of the file are in.
fn order(text: &str) -> Order {
    let lists: Vec<Vec<&str>> = from_lines(text)
        .map(|(_, names)| names.split(',').map(|name| name.trim_matches(['(', ')', ' ', '\\'])).collect::<Vec<_>>())
        .map(|names| names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>())
        .filter(|names: &Vec<&str>| names.len() > 1)
        .collect();
    let fitting = |order: Order| lists.iter().filter(|names| names.is_sorted_by_key(|name| order.key(name))).count();
    let counts = [Order::ByType, Order::CaseSensitive, Order::CaseInsensitive].map(|order| (order, fitting(order)));
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    counts.into_iter().find(|(_, count)| *count == most).map_or(Order::ByType, |(order, _)| order)
}

/// How the first wrapped list of the file is written.
fn wrapping(text: &str) -> Option<Wrapping> {
    let mut lines = text.lines();
    let is_wrapped =
        |line: &str| from_lines(line).next().is_some_and(|(_, names)| names.starts_with('(') && !names.contains(')'));
    let head = lines.by_ref().find(|line| is_wrapped(line))?;
    let (_, names) = from_lines(head).next()?;
    let starts_on_new_line = names == "(";
    let next = lines.next()?;
    let blanks = |line: &str| line.chars().take_while(|letter| matches!(letter, ' ' | '\t')).count();
    let is_aligned = !starts_on_new_line && head.find('(').is_some_and(|at| blanks(next) == at + 1);
    let inner = next.split('#').next().unwrap_or(next).trim();
    let has_one_a_line = if starts_on_new_line { inner.trim_end_matches(',').matches(',').count() == 0 } else { false };
    let last = std::iter::once(next).chain(lines).find(|line| line.contains(')'))?;
    Some(Wrapping {
        starts_on_new_line,
        has_one_a_line,
        indentation: (!is_aligned).then(|| blanks(next).saturating_sub(blanks(head)).max(1)),
        closes_on_new_line: last.trim_start().starts_with(')'),
    })
}
