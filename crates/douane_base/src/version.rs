//! The Python that the checked code is written for.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A Python 3 version by its minor number: `3.13` is `PythonVersion { minor: 13 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PythonVersion {
    minor: u8,
}

impl PythonVersion {
    /// The oldest version that may be asked for.
    pub const OLDEST: Self = Self { minor: 7 };
    /// The newest version known, and the default where a project names none.
    pub const NEWEST: Self = Self { minor: 15 };

    /// Python 3.`minor`.
    #[must_use]
    pub const fn new(minor: u8) -> Self {
        Self { minor }
    }

    /// The minor number.
    #[must_use]
    pub const fn minor(self) -> u8 {
        self.minor
    }
}

impl FromStr for PythonVersion {
    type Err = String;

    /// Reads `3.13`, and `py313` as ruff writes it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let minor = text.strip_prefix("3.").or_else(|| text.strip_prefix("py3"));
        minor
            .and_then(|minor| minor.parse().ok())
            .map(Self::new)
            .filter(|version| (Self::OLDEST..=Self::NEWEST).contains(version))
            .ok_or_else(|| format!("expected a version from `{}` to `{}`, found `{text}`", Self::OLDEST, Self::NEWEST))
    }
}

impl fmt::Display for PythonVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "3.{}", self.minor)
    }
}

/// The operating system that `sys.platform` tests are decided for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// `sys.platform == "linux"`, `os.name == "posix"`.
    Linux,
    /// `sys.platform == "darwin"`, `os.name == "posix"`.
    Darwin,
    /// `sys.platform == "win32"`, `os.name == "nt"`.
    Win32,
    /// No assumption: every platform test may go either way.
    #[default]
    All,
}

impl Platform {
    /// The word that configurations use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::Darwin => "darwin",
            Self::Win32 => "win32",
            Self::All => "all",
        }
    }

    /// The platform douane itself runs on; [`Platform::All`] where it is none of the named ones.
    #[must_use]
    pub fn host() -> Self {
        match std::env::consts::OS {
            "linux" => Self::Linux,
            "macos" => Self::Darwin,
            "windows" => Self::Win32,
            _ => Self::All,
        }
    }

    /// The value of `sys.platform`; `None` where no assumption is made.
    #[must_use]
    pub fn sys_platform(self) -> Option<&'static str> {
        match self {
            Self::Linux => Some("linux"),
            Self::Darwin => Some("darwin"),
            Self::Win32 => Some("win32"),
            Self::All => None,
        }
    }

    /// The value of `os.name`; `None` where no assumption is made.
    #[must_use]
    pub fn os_name(self) -> Option<&'static str> {
        match self {
            Self::Linux | Self::Darwin => Some("posix"),
            Self::Win32 => Some("nt"),
            Self::All => None,
        }
    }
}
