//! Where values come from, in this order: environment, `.env`, file, default.

use std::collections::BTreeMap;
use std::path::Path;

use super::settings::{PORT, SETTINGS, setting};

/// A setting that is wrong: one line that names it and says what it takes. It never repeats the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} {problem}")]
pub struct ConfigError {
    /// Which.
    pub name: String,
    /// What it takes.
    pub problem: String,
}

impl ConfigError {
    /// This setting is not what it must be.
    pub fn takes(name: &str) -> Self {
        let takes = setting(name).map_or("another value", |setting| setting.takes);
        Self { name: name.to_owned(), problem: format!("takes {takes}") }
    }

    pub(super) fn new(name: &str, problem: impl Into<String>) -> Self {
        Self { name: name.to_owned(), problem: problem.into() }
    }
}

/// Names and values, from the strongest source to the weakest.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    layers: Vec<BTreeMap<String, String>>,
}

impl Sources {
    /// Adds a source weaker than those before it. Empty values count as not given.
    #[must_use]
    pub fn then(mut self, values: impl IntoIterator<Item = (String, String)>) -> Self {
        self.layers.push(values.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect());
        self
    }

    /// Adds the text of a `.env` file.
    ///
    /// # Errors
    /// When it is not one.
    pub fn then_dotenv(self, text: &str) -> Result<Self, ConfigError> {
        let values: Result<Vec<_>, _> = dotenvy::from_read_iter(text.as_bytes()).collect();
        Ok(self.then(values.map_err(|_| ConfigError::new(".env", "takes lines of the form NAME=value"))?))
    }

    /// Adds the text of a TOML file.
    ///
    /// # Errors
    /// When it is not one, or holds tables.
    pub fn then_toml(self, text: &str) -> Result<Self, ConfigError> {
        let bad = |what: String| ConfigError::new("--config", what);
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            bad(format!("takes a TOML file: {}", error.message().replace('\n', " ")))
        })?;
        let values: Result<Vec<_>, _> = table
            .into_iter()
            .map(|(name, value)| match plain(&value) {
                Some(value) => Ok((name.to_uppercase(), value)),
                None => Err(bad(format!("takes plain values, and {name} is none"))),
            })
            .collect();
        Ok(self.then(values?))
    }

    /// The value of a setting, from the strongest source that has it, directly or in a file.
    ///
    /// # Errors
    /// When it is given twice at the same place, or its file cannot be read.
    pub fn find(&self, name: &'static str) -> Result<Option<String>, ConfigError> {
        for layer in &self.layers {
            let alias = (name == "FRONTDESK_LISTEN").then(|| layer.get(PORT)).flatten();
            let direct = layer.get(name).or(alias);
            match (direct, layer.get(&format!("{name}_FILE"))) {
                (None, None) => {}
                (Some(value), None) => return Ok(Some(value.clone())),
                (None, Some(path)) => return read(name, Path::new(path)).map(Some),
                (Some(_), Some(_)) => {
                    return Err(ConfigError::new(name, format!("or {name}_FILE: only one may be given")));
                }
            }
        }
        Ok(None)
    }

    /// A setting without a default.
    ///
    /// # Errors
    /// When `read` does not take its value.
    pub fn optional<T>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.find(name)? else { return Ok(None) };
        read(value.trim()).map(Some).ok_or_else(|| ConfigError::takes(name))
    }

    /// A setting with a default.
    ///
    /// # Errors
    /// When `read` does not take its value.
    pub fn value<T>(&self, name: &'static str, read: impl Fn(&str) -> Option<T>) -> Result<T, ConfigError> {
        let default = setting(name).map_or("", |setting| setting.default);
        match self.optional(name, &read)? {
            Some(value) => Ok(value),
            None => read(default).ok_or_else(|| ConfigError::takes(name)),
        }
    }

    /// Names that look like ours but are not, each with a word about it.
    pub fn unknown(&self) -> Vec<String> {
        let known = |name: &str| {
            let plain = name.strip_suffix("_FILE").unwrap_or(name);
            SETTINGS.iter().any(|setting| setting.name == name || setting.name == plain)
        };
        let names = self.layers.iter().flat_map(BTreeMap::keys);
        let mut found: Vec<String> = names
            .filter(|name| name.starts_with("FRONTDESK_") && !known(name))
            .map(|name| format!("there is no setting {name}"))
            .collect();
        found.sort();
        found.dedup();
        found
    }
}

fn read(name: &str, path: &Path) -> Result<String, ConfigError> {
    let problem = || ConfigError::new(&format!("{name}_FILE"), "takes the path of a file that can be read");
    let text = std::fs::read_to_string(path).map_err(|_| problem())?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() { Err(problem()) } else { Ok(text.to_owned()) }
}

fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(on) => Some(if *on { "on" } else { "off" }.to_owned()),
        toml::Value::Array(items) => {
            items.iter().map(plain).collect::<Option<Vec<_>>>().map(|all| all.join(","))
        }
        _ => None,
    }
}
