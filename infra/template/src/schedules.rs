//! The schedules of functions.

use serde_json::Value;

use crate::{Lookup, Resource, Template, TemplateError, value::scalar_text};

/// An event of type `Schedule` or `ScheduleV2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The logical id of the function that is called.
    pub function: String,
    /// The name of the event in the function's `Events`.
    pub event: String,
    /// The service that calls the function.
    pub source: ScheduleSource,
    /// For instance `rate(5 minutes)`.
    pub expression: String,
    /// Whether it is enabled.
    pub enabled: bool,
    /// The name of the rule or schedule that SAM creates, if the template sets it.
    pub name: Option<String>,
    /// The event as JSON text, instead of the source's own one.
    pub input: Option<String>,
}

/// The service that calls a function on a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleSource {
    /// A rule of `EventBridge` (`Schedule`).
    Rule,
    /// `EventBridge` Scheduler (`ScheduleV2`).
    Scheduler,
}

impl Template {
    /// The schedules of all functions that exist, in the order of the functions and their events.
    ///
    /// # Errors
    /// If a schedule has no expression, or a property cannot be resolved.
    pub fn schedules(&self, lookup: &dyn Lookup) -> Result<Vec<Schedule>, TemplateError> {
        let mut schedules = Vec::new();
        for function in self.of_kind("AWS::Serverless::Function")? {
            if !function.condition.map_or(Ok(true), |condition| self.holds(condition, lookup))? {
                continue;
            }
            for (name, event) in function.properties["Events"].as_object().into_iter().flatten() {
                let (source, expression) = match event["Type"].as_str() {
                    Some("Schedule") => (ScheduleSource::Rule, "Schedule"),
                    Some("ScheduleV2") => (ScheduleSource::Scheduler, "ScheduleExpression"),
                    _ => continue,
                };
                schedules.push(self.schedule(&function, name, source, expression, lookup)?);
            }
        }
        Ok(schedules)
    }

    fn schedule(
        &self,
        function: &Resource<'_>,
        event: &str,
        source: ScheduleSource,
        expression: &str,
        lookup: &dyn Lookup,
    ) -> Result<Schedule, TemplateError> {
        let properties = &function.properties["Events"][event]["Properties"];
        let text = |name: &str| match &properties[name] {
            Value::Null => Ok(None),
            value => Ok(scalar_text(&self.resolve(value, lookup)?)),
        };
        let place = || format!("Resources.{}.Properties.Events.{event}.Properties.{expression}", function.id);
        let disabled = text("State")?.as_deref() == Some("DISABLED")
            || source == ScheduleSource::Rule && text("Enabled")?.as_deref() == Some("false");
        Ok(Schedule {
            function: function.id.to_owned(),
            event: event.to_owned(),
            source,
            expression: text(expression)?.ok_or_else(|| self.shape(&place(), "an expression is expected"))?,
            enabled: !disabled,
            name: text("Name")?,
            input: text("Input")?,
        })
    }
}
