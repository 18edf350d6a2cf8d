//! What holds of the facts of any text at all.
//!
//! In: bytes or a text. Out: what is wrong with the facts, if anything. Used by the tests of this crate and by the fuzz
//! targets, which include this file; nothing here knows which Python is valid.

use douane_base::{Platform, PythonVersion, TextRange};
use douane_parser::{
    AllItem, BindingId, BindingKind, BranchId, Codes, Decoded, EffectKind, FileFacts, ImportId, ModuleKey,
    ParseOptions, ReferenceId, ScopeId, SourceKind, Symbol, Target, decode, parse,
};

/// Nothing, or what does not hold.
pub(crate) type Sound = Result<(), String>;

macro_rules! ensure {
    ($holds:expr, $($message:tt)+) => {
        if !$holds {
            return Err(format!($($message)+));
        }
    };
}

/// Decodes bytes and parses the text, as source and as a stub.
pub(crate) fn check_bytes(bytes: &[u8]) -> Sound {
    let Decoded { text, error, .. } = decode(bytes.to_vec());
    if let Some(error) = &error {
        check_range(&text, error.range, "the error of the encoding")?;
        ensure!(!error.message.is_empty(), "an error says something");
    }
    check_text(&text, PythonVersion::OLDEST, SourceKind::Stub)?;
    check_text(&text, PythonVersion::NEWEST, SourceKind::Module)
}

/// Parses a text.
pub(crate) fn check_text(text: &str, version: PythonVersion, kind: SourceKind) -> Sound {
    let options = ParseOptions { version, platform: Platform::Linux, kind };
    let facts = parse(text, &options);
    let checker = Checker { text, facts: &facts, branches: facts.branches.iter().count() };
    checker.scopes_and_branches()?;
    checker.bindings()?;
    checker.references()?;
    checker.imports()?;
    checker.operations()?;
    checker.comments_and_errors()?;
    ensure!(facts == parse(text, &options), "the same text has the same facts");
    Ok(())
}

pub(crate) fn check_range(text: &str, range: TextRange, what: &str) -> Sound {
    let (start, end) = (range.start() as usize, range.end() as usize);
    ensure!(end <= text.len(), "{what} ends at {end}, the text at {}", text.len());
    ensure!(text.is_char_boundary(start), "{what} starts inside of a character, at {start}");
    ensure!(text.is_char_boundary(end), "{what} ends inside of a character, at {end}");
    Ok(())
}

struct Checker<'f> {
    text: &'f str,
    facts: &'f FileFacts,
    branches: usize,
}

impl Checker<'_> {
    fn range(&self, found: TextRange, what: &str) -> Sound {
        check_range(self.text, found, what)
    }

    fn symbol(&self, symbol: Symbol) -> Sound {
        ensure!(symbol.index() < self.facts.names.len(), "a name that the table does not have");
        let _ = self.facts.name(symbol);
        Ok(())
    }

    fn scope(&self, scope: ScopeId) -> Sound {
        ensure!(scope.index() < self.facts.scopes.len(), "a scope that does not exist");
        Ok(())
    }

    fn branch(&self, branch: BranchId) -> Sound {
        ensure!((branch.0 as usize) < self.branches, "a branch that does not exist");
        Ok(())
    }

    fn position(&self, position: u32) -> Sound {
        ensure!(position as usize <= self.facts.bindings.len(), "a position behind all bindings");
        Ok(())
    }

    fn reference(&self, reference: ReferenceId) -> Sound {
        ensure!(reference.index() < self.facts.references.len(), "a reference that does not exist");
        Ok(())
    }

    /// Where the code is valid and plain, a name stands at its place.
    fn stands_at(&self, symbol: Symbol, range: TextRange, what: &str) -> Sound {
        if self.facts.syntax_errors.is_empty() && self.text.is_ascii() {
            ensure!(range.slice(self.text) == self.facts.name(symbol), "{what} at its place");
        }
        Ok(())
    }

    fn scopes_and_branches(&self) -> Sound {
        let mut texts: Vec<&str> = self.facts.names.iter().map(|(_, text)| text).collect();
        texts.sort_unstable();
        ensure!(texts.is_sorted_by(|one, next| one < next), "a name is in the table once");
        for (at, scope) in self.facts.scopes.iter().enumerate() {
            self.range(scope.range, "a scope")?;
            ensure!(scope.parent.index() < at || at == 0, "outer scopes come first");
            scope.name.iter().try_for_each(|name| self.symbol(*name))?;
            let outer = self.facts.scope(scope.parent).range;
            ensure!(outer.contains(scope.range), "a scope lies in the one around it");
        }
        for branch in self.facts.branches.iter().skip(1) {
            self.branch(branch.parent)?;
        }
        Ok(())
    }

    fn bindings(&self) -> Sound {
        for (at, binding) in self.facts.bindings.iter().enumerate() {
            self.symbol(binding.name)?;
            self.scope(binding.scope)?;
            self.scope(binding.site)?;
            self.branch(binding.branch)?;
            self.range(binding.range, "a binding")?;
            if binding.kind != BindingKind::HandlerEnd {
                self.stands_at(binding.name, binding.range, "a bound name")?;
            }
            if let BindingKind::Import(import) = binding.kind {
                ensure!(import.index() < self.facts.imports.len(), "an import that does not exist");
                let own = self.facts.import(import).binding.map(|binding| binding.index());
                ensure!(own == Some(at), "an import and its binding know each other");
            }
        }
        let key = |id: &BindingId| {
            let binding = self.facts.binding(*id);
            (binding.scope, binding.name, *id)
        };
        let by_name = &self.facts.bindings_by_name;
        ensure!(by_name.len() == self.facts.bindings.len(), "every binding is in the list by name");
        ensure!(by_name.iter().all(|id| id.index() < self.facts.bindings.len()), "a binding that does not exist");
        ensure!(by_name.iter().map(key).is_sorted_by(|one, next| one < next), "the list by name is sorted");
        Ok(())
    }

    fn references(&self) -> Sound {
        let mut end = 0;
        for reference in &self.facts.references {
            self.symbol(reference.name)?;
            self.scope(reference.scope)?;
            reference.resolved.iter().try_for_each(|scope| self.scope(*scope))?;
            self.branch(reference.branch)?;
            self.position(reference.position)?;
            self.range(reference.range, "a reference")?;
            self.stands_at(reference.name, reference.range, "a used name")?;
            ensure!(reference.attributes.start == end, "one run of attributes follows the other");
            ensure!(reference.attributes.end >= reference.attributes.start, "a run of attributes is no less than none");
            end = reference.attributes.end;
        }
        ensure!(end as usize == self.facts.attributes.len(), "every attribute belongs to a reference");
        for attribute in &self.facts.attributes {
            self.symbol(attribute.name)?;
            self.range(attribute.range, "an attribute")?;
            self.stands_at(attribute.name, attribute.range, "an attribute")?;
        }
        for reference in &self.facts.references {
            let _ = (self.facts.chain(reference), self.facts.import_behind(reference));
        }
        Ok(())
    }

    fn imports(&self) -> Sound {
        for statement in &self.facts.statements {
            self.range(statement.range, "a statement")?;
            self.range(statement.module_range, "the module of a statement")?;
            ensure!(statement.range.contains(statement.module_range), "a statement holds its module");
        }
        let mut last = 0;
        for (id, import) in (0..).map(ImportId).zip(&self.facts.imports) {
            ensure!(import.statement.index() < self.facts.statements.len(), "a statement that does not exist");
            ensure!(import.statement.0 >= last, "imports come by their statements");
            last = import.statement.0;
            self.range(import.range, "an import")?;
            let statement = self.facts.statement(import).range;
            ensure!(statement.contains(import.range), "a statement holds its imports");
            self.scope(import.scope)?;
            self.branch(import.branch)?;
            self.position(import.position)?;
            let (_, module) = import.target.module();
            module.into_iter().chain(import.alias).try_for_each(|name| self.symbol(name))?;
            match import.target {
                Target::From { name, .. } => self.symbol(name)?,
                Target::Star { .. } => ensure!(import.binding.is_none(), "a star makes no binding of its own"),
                Target::Module(_) => {}
            }
            if let Some(binding) = import.binding {
                ensure!(binding.index() < self.facts.bindings.len(), "a binding that does not exist");
                ensure!(self.facts.binding(binding).kind == BindingKind::Import(id), "a binding and its import");
                ensure!(binding.0 == import.position, "an import comes right before its binding");
            }
            let _ = self.facts.guard(import);
        }
        Ok(())
    }

    fn operations(&self) -> Sound {
        for operation in &self.facts.all_operations {
            self.range(operation.range, "what is done to `__all__`")?;
            self.branch(operation.branch)?;
            self.position(operation.position)?;
            for item in &operation.items {
                match item {
                    AllItem::Name(export) => {
                        self.symbol(export.name)?;
                        self.range(export.range, "an entry of `__all__`")?;
                    }
                    AllItem::AllOf(chain) => chain.iter().try_for_each(|name| self.symbol(*name))?,
                    _ => {}
                }
            }
        }
        for effect in &self.facts.effects {
            self.range(effect.range, "an effect")?;
            self.scope(effect.scope)?;
            self.branch(effect.branch)?;
            self.position(effect.position)?;
            match &effect.kind {
                EffectKind::SysModules { modules, key, .. } => {
                    self.reference(*modules)?;
                    self.module_key(key)?;
                }
                EffectKind::Reload { function, module } => {
                    self.reference(*function)?;
                    self.module_key(module)?;
                }
                EffectKind::AttributeStore(reference) | EffectKind::SetAttribute(reference) => {
                    self.reference(*reference)?
                }
                EffectKind::TakesModule(name) => self.symbol(*name)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn module_key(&self, key: &ModuleKey) -> Sound {
        match key {
            ModuleKey::Literal(name) => self.symbol(*name),
            ModuleKey::Reference(reference) => self.reference(*reference),
            ModuleKey::Own | ModuleKey::Unknown => Ok(()),
        }
    }

    fn comments_and_errors(&self) -> Sound {
        for suppression in &self.facts.suppressions {
            self.range(suppression.range, "a comment")?;
            ensure!(suppression.range.slice(self.text).starts_with('#'), "a comment starts with `#`");
            // What a comment covers may reach past the end, so that it covers an error there.
            ensure!(suppression.covers.end() as usize <= self.text.len() + 1, "a comment covers no more than the file");
            if let Codes::Listed(codes) = &suppression.codes {
                for code in codes {
                    self.range(code.range, "a code")?;
                    ensure!(code.range.slice(self.text) == &*code.text, "a code at its place");
                }
            }
        }
        for error in &self.facts.syntax_errors {
            self.range(error.range, "a syntax error")?;
            ensure!(!error.message.is_empty(), "an error says something");
        }
        Ok(())
    }
}
