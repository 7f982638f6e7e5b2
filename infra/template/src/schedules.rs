//! The schedules on which functions are called.

use serde_json::Value;

use crate::{Lookup, Resource, Template, TemplateError, scalar_text};

/// An event of type `Schedule` or `ScheduleV2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The logical id of the function that is called.
    pub function: String,
    /// The name of the event in the function's `Events`.
    pub event: String,
    /// Who calls.
    pub source: ScheduleSource,
    /// For instance `rate(5 minutes)`.
    pub expression: String,
    /// Whether it is on.
    pub enabled: bool,
    /// The name that the template gives to what SAM makes of it, a rule or a schedule.
    pub name: Option<String>,
    /// What the function is given in place of the source's own event: a JSON text.
    pub input: Option<String>,
}

/// Who calls a function on a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleSource {
    /// A rule of `EventBridge` (`Schedule`).
    Rule,
    /// `EventBridge` Scheduler (`ScheduleV2`).
    Scheduler,
}

impl Template {
    /// The schedules of those functions whose conditions hold, in the order of the functions and their events.
    ///
    /// # Errors
    /// When one has no expression, or a property that cannot be worked out.
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
        let off = text("State")?.as_deref() == Some("DISABLED")
            || source == ScheduleSource::Rule && text("Enabled")?.as_deref() == Some("false");
        Ok(Schedule {
            function: function.id.to_owned(),
            event: event.to_owned(),
            source,
            expression: text(expression)?.ok_or_else(|| self.shape(&place(), "an expression is expected"))?,
            enabled: !off,
            name: text("Name")?,
            input: text("Input")?,
        })
    }
}
