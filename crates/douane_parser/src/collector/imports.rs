//! Import statements.

use douane_base::TextRange;
use ruff_python_ast::{self as ast, Alias};
use ruff_text_size::Ranged;

use super::{Collector, count, statements::is_future};
use crate::{
    dunder_all::{AllAction, AllItem},
    facts::{BindingId, BindingKind, Import, ImportId, Statement, StatementId, Target, When},
    interest::top_level,
    text_range,
};

impl Collector<'_> {
    pub(super) fn import(&mut self, import: &ast::StmtImport) {
        let range = text_range(import.range());
        let statement = self.import_statement(range, TextRange::empty(range.start()));
        for alias in &import.names {
            let module = alias.name.as_str();
            let target = Target::Module(self.found.names.intern(module));
            // `import a.b` binds `a`; `import a.b as c` binds `c` (language reference, section 7.11).
            let bound = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
            let bound = if alias.asname.is_some() { bound } else { top_level(bound) };
            self.imported_name(statement, target, alias, bound, import.is_lazy);
        }
    }

    pub(super) fn import_from(&mut self, import: &ast::StmtImportFrom) {
        let range = text_range(import.range());
        let module_range = self.module_range(import);
        let statement = self.import_statement(range, module_range);
        let level = import.level;
        let module = import.module.as_ref().map(|module| self.found.names.intern(module.as_str()));
        if is_future(import) {
            if !self.is_beginning {
                self.found.late_futures.push(statement);
            }
            self.defers_annotations |= import.names.iter().any(|alias| alias.name.as_str() == "annotations");
        }
        for alias in &import.names {
            let name = alias.name.as_str();
            if name == "*" {
                let target = Target::Star { level, module };
                self.push_import(statement, target, alias, None, import.is_lazy);
                continue;
            }
            let target = Target::From { level, module, name: self.found.names.intern(name) };
            let bound = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
            if bound == "__all__" && self.in_module_scope() {
                let items = vec![AllItem::AllOf(Vec::new())];
                self.all_operation(AllAction::Set, items, text_range(alias.range()));
            }
            self.imported_name(statement, target, alias, bound, import.is_lazy);
        }
    }

    pub(super) fn import_statement(&mut self, range: TextRange, module_range: TextRange) -> StatementId {
        let id = StatementId(count(self.found.statements.len()));
        self.found.statements.push(Statement { range, module_range, block: self.block });
        id
    }

    /// The dots and the module name between `from` and `import`.
    pub(super) fn module_range(&self, import: &ast::StmtImportFrom) -> TextRange {
        let statement = text_range(import.range());
        match &import.module {
            Some(module) => {
                let module = text_range(module.range());
                let before = TextRange::new(statement.start(), module.start()).slice(self.source);
                let dots = before.find('.').map_or(module.start(), |at| statement.start() + count(at));
                TextRange::new(dots, module.end())
            }
            None => {
                let text = statement.slice(self.source);
                let start = text.find('.').unwrap_or(0);
                let end = text.find("import").unwrap_or(start);
                let dots = text.get(start..end).unwrap_or_default().trim_end();
                let start = statement.start() + count(start);
                TextRange::new(start, start + count(dots.len()))
            }
        }
    }

    pub(super) fn imported_name(
        &mut self,
        statement: StatementId,
        target: Target,
        alias: &Alias,
        bound: &str,
        is_lazy: bool,
    ) {
        let name = alias.asname.as_ref().unwrap_or(&alias.name);
        let mut range = text_range(name.range());
        if alias.asname.is_none() {
            // Of `import a.b` only `a` is bound; its length is that of the text, which Python normalizes (PEP 3131).
            let text = range.slice(self.source);
            let first = text.split('.').next().unwrap_or(text).trim_end_matches([' ', '\t', '\x0c', '\\', '\r', '\n']);
            range = TextRange::new(range.start(), range.start() + count(first.len()));
        }
        let import = ImportId(count(self.found.imports.len()));
        self.push_import(statement, target, alias, Some(BindingId(self.position())), is_lazy);
        self.bind(bound, range, BindingKind::Import(import));
    }

    pub(super) fn push_import(
        &mut self,
        statement: StatementId,
        target: Target,
        alias: &Alias,
        binding: Option<BindingId>,
        is_lazy: bool,
    ) {
        let when = if self.found.branches.is_type_checking(self.branch) {
            When::TypeChecking
        } else if self.is_deferred() {
            When::Call
        } else if is_lazy {
            When::Lazy
        } else {
            When::Load
        };
        let import = Import {
            statement,
            target,
            alias: alias.asname.as_ref().map(|name| self.found.names.intern(name.as_str())),
            binding,
            scope: self.scope,
            branch: self.branch,
            range: text_range(alias.range()),
            position: self.position(),
            when,
        };
        self.found.imports.push(import);
    }
}
