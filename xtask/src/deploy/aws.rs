//! The CloudFormation stack of a stage. It is accessed with the `aws` and `sam` command lines,
//! which find the credentials.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use chatchat_harness::{Failure, Page, root};
use serde_json::{Value, json};

use super::{package::with_tools, settings::quoted};
use crate::{failure, run};

/// How long to wait until Lambda can run a function.
const ACTIVE_TIMEOUT: Duration = Duration::from_mins(5);

/// Errors of calls to Lambda that succeed later: the function has no network interface yet, it is
/// being updated, or the account already runs all functions that it may.
const NOT_READY: [&str; 6] = [
    "CodeArtifactUserPendingException",
    "ENINotReadyException",
    "ResourceConflictException",
    "ResourceNotReadyException",
    "TooManyRequestsException",
    "EC2ThrottledException",
];

/// The stack of one stage.
pub struct Stack {
    /// `chatchat-dev`
    pub name: String,
    pub stage: String,
    /// The region for both programs. It is always passed, because each program has a different
    /// default.
    pub region: String,
    /// The paths of `aws` and `sam`.
    pub programs: [PathBuf; 2],
    /// The time between two attempts to call a function that is not ready.
    pub pause: Duration,
}

/// The state of a stack, with everything that is needed to restore it.
pub struct Deployed {
    /// The template, with the S3 locations of the code.
    template: String,
    parameters: Vec<String>,
    /// The names of all parameters, including those whose values AWS does not show.
    parameter_names: Vec<String>,
    outputs: Value,
}

impl Deployed {
    /// Whether the stack has a value for a parameter.
    pub fn has_parameter(&self, name: &str) -> bool {
        self.parameter_names.iter().any(|known| known == name)
    }

    /// Returns the value of a parameter, unless AWS does not show it.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let value = self.parameters.iter().find_map(|one| one.strip_prefix(&format!("{name}=\"")))?;
        value.strip_suffix('"').map(str::to_owned)
    }

    /// Returns the value of an output.
    pub fn output(&self, name: &str) -> Result<&str, Failure> {
        let outputs = self.outputs.as_array().into_iter().flatten();
        outputs
            .filter(|output| output["OutputKey"] == name)
            .find_map(|output| output["OutputValue"].as_str())
            .ok_or_else(|| failure(format!("the stack has no output {name}")))
    }
}

impl Stack {
    pub fn new(stage: &str, region: String) -> Self {
        Self {
            region,
            name: format!("chatchat-{stage}"),
            stage: stage.to_owned(),
            programs: ["aws".into(), "sam".into()],
            pause: Duration::from_secs(5),
        }
    }

    /// Returns the current state of the stack, or `None` if it does not exist.
    pub fn deployed(&self) -> Result<Option<Deployed>, Failure> {
        let describe = ["cloudformation", "describe-stacks", "--stack-name", &self.name];
        let described = match self.aws(describe.map(OsString::from)) {
            Err(error) if error.to_string().contains("does not exist") => return Ok(None),
            described => described?,
        };
        let described: Value = serde_json::from_str(&described)?;
        let stack = &described["Stacks"][0];
        match stack["StackStatus"].as_str().unwrap_or_default() {
            "REVIEW_IN_PROGRESS" => return Ok(None),
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "UPDATE_ROLLBACK_COMPLETE" => {}
            status => {
                return Err(failure(format!(
                    "the stack {} is in the state {status} and cannot be deployed; see docs/operations.md",
                    self.name
                )));
            }
        }
        let got = self.aws(
            ["cloudformation", "get-template", "--template-stage", "Original", "--stack-name", &self.name]
                .map(OsString::from),
        )?;
        let template = match &serde_json::from_str::<Value>(&got)?["TemplateBody"] {
            Value::String(yaml) => yaml.clone(),
            json => json.to_string(),
        };
        let parameters = stack["Parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        let name = |parameter: &Value| parameter["ParameterKey"].as_str().map(str::to_owned);
        Ok(Some(Deployed {
            template,
            parameters: parameters.iter().filter_map(overriding).collect(),
            parameter_names: parameters.iter().filter_map(name).collect(),
            outputs: stack["Outputs"].clone(),
        }))
    }

    /// Deploys a template with the functions in `target/lambda`. If `parameters` is empty, the
    /// parameters in `infra/samconfig.toml` are used. All other parameters keep their values.
    pub fn deploy(&self, template: &Path, parameters: &[String]) -> Result<(), Failure> {
        let mut sam = with_tools(self.programs[1].as_os_str().to_str().unwrap_or("sam"));
        sam.env("SAM_CLI_TELEMETRY", "0").args([
            "deploy",
            "--region",
            &self.region,
            "--stack-name",
            &self.name,
            "--config-env",
            &self.stage,
        ]);
        sam.arg("--config-file").arg(root().join("infra/samconfig.toml"));
        sam.args(["--no-confirm-changeset", "--no-fail-on-empty-changeset", "--resolve-s3"]);
        sam.args(["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--template-file"])
            .arg(template);
        if !parameters.is_empty() {
            sam.arg("--parameter-overrides").args(parameters);
        }
        run(&mut sam)
    }

    /// Deploys a previous state: code, template and parameters.
    pub fn restore(&self, before: &Deployed) -> Result<(), Failure> {
        let folder = tempfile::tempdir()?;
        let template = folder.path().join("template.yaml");
        fs::write(&template, &before.template)?;
        self.deploy(&template, &before.parameters)
    }

    /// Calls a function until it answers, also with an error. Lambda takes the network interface of
    /// a function that was not called for 14 days, rejects its next call, and then creates an
    /// interface, which takes some minutes.
    pub fn wake(&self, function: &str) -> Result<(), Failure> {
        self.when_active(function, || self.call(function, "RequestResponse", &json!({ "warm": true })))?;
        Ok(())
    }

    /// Updates the code of one function before the stack is deployed.
    pub fn replace_code(&self, function: &str, zip: &Path) -> Result<(), Failure> {
        let arguments =
            ["lambda", "update-function-code", "--architectures", "arm64", "--function-name", function];
        self.when_active(function, || {
            let zip = ["--zip-file".into(), url("fileb://", zip)];
            self.aws(arguments.map(OsString::from).into_iter().chain(zip))
        })?;
        self.wait("function-updated-v2", function)
    }

    /// Uploads the pages to the stack's web bucket, then invalidates the distribution's copies of
    /// all files without a hash in their names.
    ///
    /// Files with a hash come first and HTML last, so that a page never refers to a file that does
    /// not exist yet. Files of earlier deployments stay, because open pages may still load them.
    pub fn put_pages(&self, deployed: &Deployed, pages: &[Page]) -> Result<(), Failure> {
        let bucket = deployed.output("WebBucket")?;
        let mut pages: Vec<&Page> = pages.iter().collect();
        pages.sort_by_key(|page| (!page.is_immutable(), page.is_html()));
        for page in &pages {
            let target = format!("s3://{bucket}/{}", page.key);
            let (content_type, cache) = (page.content_type(), page.cache_control());
            let arguments: [OsString; 8] = [
                "s3".into(),
                "cp".into(),
                page.file.clone().into(),
                target.into(),
                "--content-type".into(),
                content_type.into(),
                "--cache-control".into(),
                cache.into(),
            ];
            self.aws(arguments)?;
        }
        let distribution = deployed.output("WebDistribution")?;
        let named = pages.iter().filter(|page| !page.is_immutable());
        let paths = named.map(|page| format!("/{}", page.key).into());
        let invalidate = ["cloudfront", "create-invalidation", "--distribution-id", distribution, "--paths"];
        self.aws(invalidate.map(OsString::from).into_iter().chain(paths))?;
        Ok(())
    }

    /// Returns how many concurrent executions of Lambda no function of the account has reserved.
    pub fn unreserved_concurrency(&self) -> Result<u64, Failure> {
        let settings: Value =
            serde_json::from_str(&self.aws(["lambda", "get-account-settings"].map(OsString::from))?)?;
        let unreserved = &settings["AccountLimit"]["UnreservedConcurrentExecutions"];
        unreserved.as_u64().ok_or_else(|| failure("`aws lambda get-account-settings` returned no limit"))
    }

    /// Calls a function, waits without a time limit, and returns its response.
    pub fn invoke(&self, function: &str, event: &Value) -> Result<Value, Failure> {
        let [done, answer] = self.when_active(function, || self.call(function, "RequestResponse", event))?;
        match done["FunctionError"].as_str() {
            None => Ok(answer),
            Some(kind) => Err(failure(format!("{function} failed ({kind}): {answer}"))),
        }
    }

    /// Puts an event into a function's queue. Lambda calls the function and sends the result to the
    /// destination in the template.
    pub fn invoke_later(&self, function: &str, event: &Value) -> Result<(), Failure> {
        self.when_active(function, || self.call(function, "Event", event)).map(drop)
    }

    /// Returns the bodies of messages of a queue. Waits for a message for at most 20 seconds.
    pub fn receive(&self, queue: &str) -> Result<Vec<Value>, Failure> {
        let arguments =
            ["sqs", "receive-message", "--wait-time-seconds", "20", "--max-number-of-messages", "10"];
        let queue = ["--queue-url", queue];
        let received = self.aws(arguments.into_iter().chain(queue).map(OsString::from))?;
        if received.trim().is_empty() {
            return Ok(Vec::new());
        }
        let received: Value = serde_json::from_str(&received)?;
        let bodies = received["Messages"].as_array().into_iter().flatten();
        Ok(bodies.filter_map(|message| serde_json::from_str(message["Body"].as_str()?).ok()).collect())
    }

    /// Repeats a call while the function is not ready, until one fails after [`ACTIVE_TIMEOUT`].
    fn when_active<T>(&self, function: &str, call: impl Fn() -> Result<T, Failure>) -> Result<T, Failure> {
        let started = Instant::now();
        loop {
            match call() {
                Err(error) if is_not_ready(&error) && started.elapsed() < ACTIVE_TIMEOUT => {
                    eprintln!("waiting until {function} is ready ({error})");
                    thread::sleep(self.pause);
                    self.wait("function-active-v2", function)?;
                }
                result => return result,
            }
        }
    }

    /// Waits until a function has a state, for at most five minutes.
    fn wait(&self, state: &str, function: &str) -> Result<(), Failure> {
        self.aws(["lambda", "wait", state, "--function-name", function].map(OsString::from)).map(drop)
    }

    /// Calls a function once. Returns what `aws` prints, and the function's response.
    fn call(&self, function: &str, kind: &str, event: &Value) -> Result<[Value; 2], Failure> {
        let folder = tempfile::tempdir()?;
        let (payload, answer) = (folder.path().join("event.json"), folder.path().join("answer.json"));
        fs::write(&payload, event.to_string())?;
        let arguments = ["lambda", "invoke", "--invocation-type", kind, "--cli-read-timeout", "0"];
        let arguments = arguments.into_iter().chain(["--function-name", function, "--payload"]);
        let files = [url("fileb://", &payload), answer.clone().into_os_string()];
        let done = self.aws(arguments.map(OsString::from).chain(files))?;
        let answer = fs::read_to_string(&answer)?;
        // An asynchronous call has no response.
        let answer = if answer.is_empty() { Value::Null } else { serde_json::from_str(&answer)? };
        Ok([serde_json::from_str(&done)?, answer])
    }

    /// Runs `aws` and returns its output.
    fn aws(&self, arguments: impl IntoIterator<Item = OsString>) -> Result<String, Failure> {
        let mut command = self.command(arguments);
        let output = command.output().map_err(|error| self.missing(&error))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let what: Vec<_> =
            command.get_args().take(2).map(|argument| argument.to_string_lossy().into_owned()).collect();
        Err(failure(format!(
            "`aws {}` failed: {}",
            what.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        )))
    }

    fn command(&self, arguments: impl IntoIterator<Item = OsString>) -> Command {
        let mut command = Command::new(&self.programs[0]);
        command.args(arguments).args(["--region", &self.region, "--output", "json"]).env("AWS_PAGER", "");
        command
    }

    fn missing(&self, error: &std::io::Error) -> Failure {
        failure(format!(
            "the AWS command line ({}) cannot be run: {error}; install AWS CLI version 2",
            self.programs[0].display()
        ))
    }
}

/// Whether the same call may succeed when the function is ready.
fn is_not_ready(error: &Failure) -> bool {
    let text = error.to_string();
    NOT_READY.iter().any(|name| text.contains(name))
}

/// Formats a parameter for `sam deploy`. Returns `None` if AWS does not show its value.
fn overriding(parameter: &Value) -> Option<String> {
    let (key, value) = (parameter["ParameterKey"].as_str()?, parameter["ParameterValue"].as_str()?);
    (value != "****").then(|| quoted(key, value))
}

fn url(scheme: &str, path: &Path) -> OsString {
    let mut url = OsString::from(scheme);
    url.push(path);
    url
}
