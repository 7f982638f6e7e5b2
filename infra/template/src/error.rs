//! The error type of this crate.

/// Why a template cannot be read or is invalid.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file cannot be read.
    #[error("{file}: {source}")]
    Read {
        /// The template's file.
        file: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// The file is not YAML; the problem names line and column.
    #[error("{file}: {problem}")]
    Yaml {
        /// The template's file.
        file: String,
        /// The YAML parser's error.
        problem: String,
    },
    /// A part of the template is invalid.
    #[error("{file}: {place}: {problem}")]
    Shape {
        /// The template's file.
        file: String,
        /// The part's location, as keys joined by dots.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// A value refers to something unknown.
    #[error("{file}: {expression}: {problem}")]
    Unresolved {
        /// The template's file.
        file: String,
        /// The expression in CloudFormation's long form.
        expression: String,
        /// What is wrong.
        problem: String,
    },
}
