//! What can be wrong with a template.

/// A template that cannot be read or understood.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file cannot be read.
    #[error("{file}: {source}")]
    Read {
        /// The template's file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not YAML; the problem names line and column.
    #[error("{file}: {problem}")]
    Yaml {
        /// The template's file.
        file: String,
        /// What the YAML reader said.
        problem: String,
    },
    /// Something in the template is not what is expected there.
    #[error("{file}: {place}: {problem}")]
    Shape {
        /// The template's file.
        file: String,
        /// Where, as keys joined by dots.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// A value refers to something that is not known.
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
