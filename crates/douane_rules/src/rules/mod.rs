//! The list of all rules. A rule is one file; registering it is its two lines here.

use crate::Rule;

mod accidental_submodule;
mod beyond_top_level_import;
mod del_module;
mod duplicate_import;
mod duplicate_in_all;
mod guarded_star_import;
mod heavy_import;
mod import_budget;
mod import_from_definition;
mod import_shadows_builtin;
mod import_shadows_name;
mod late_future_import;
mod lazy_candidate;
mod missing_all;
mod missing_name;
mod module_shadows_stdlib;
mod name_shadows_import;
mod nested_star_import;
mod prefer_module_import;
mod private_import;
mod redefined_import;
mod self_import;
mod stale_reload;
mod star_conflict;
mod star_import;
pub(crate) mod syntax_error;
mod sys_modules_mutation;
mod umbrella_import;
mod undefined_in_all;
pub(crate) mod undefined_name_behind_star;
pub(crate) mod unreadable_file;
mod unresolved_import;
mod untracked_import;
mod unused_export;
mod unused_import;
pub(crate) mod unused_setting;
mod unused_star;
pub(crate) mod unused_suppression;

/// All rules, by name.
pub static RULES: &[&Rule] = &[
    &accidental_submodule::ACCIDENTAL_SUBMODULE,
    &beyond_top_level_import::BEYOND_TOP_LEVEL_IMPORT,
    &del_module::DEL_MODULE,
    &duplicate_import::DUPLICATE_IMPORT,
    &duplicate_in_all::DUPLICATE_IN_ALL,
    &guarded_star_import::GUARDED_STAR_IMPORT,
    &heavy_import::HEAVY_IMPORT,
    &import_budget::IMPORT_BUDGET,
    &import_from_definition::IMPORT_FROM_DEFINITION,
    &import_shadows_builtin::IMPORT_SHADOWS_BUILTIN,
    &import_shadows_name::IMPORT_SHADOWS_NAME,
    &late_future_import::LATE_FUTURE_IMPORT,
    &lazy_candidate::LAZY_CANDIDATE,
    &missing_all::MISSING_ALL,
    &missing_name::MISSING_NAME,
    &module_shadows_stdlib::MODULE_SHADOWS_STDLIB,
    &name_shadows_import::NAME_SHADOWS_IMPORT,
    &nested_star_import::NESTED_STAR_IMPORT,
    &prefer_module_import::PREFER_MODULE_IMPORT,
    &private_import::PRIVATE_IMPORT,
    &redefined_import::REDEFINED_IMPORT,
    &self_import::SELF_IMPORT,
    &stale_reload::STALE_RELOAD,
    &star_conflict::STAR_CONFLICT,
    &star_import::STAR_IMPORT,
    &syntax_error::SYNTAX_ERROR,
    &sys_modules_mutation::SYS_MODULES_MUTATION,
    &umbrella_import::UMBRELLA_IMPORT,
    &undefined_in_all::UNDEFINED_IN_ALL,
    &undefined_name_behind_star::UNDEFINED_NAME_BEHIND_STAR,
    &unreadable_file::UNREADABLE_FILE,
    &unresolved_import::UNRESOLVED_IMPORT,
    &untracked_import::UNTRACKED_IMPORT,
    &unused_export::UNUSED_EXPORT,
    &unused_import::UNUSED_IMPORT,
    &unused_setting::UNUSED_SETTING,
    &unused_star::UNUSED_STAR,
    &unused_suppression::UNUSED_SUPPRESSION,
];
