//! The start and end of a cloud: ports, processes, and the errors for missing things.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};

use chatchat_local::{Cloud, Options};
use serde_json::{Value, json};

use crate::site::{Folder, Site, TEMPLATE, artifacts, eventually, options, process_state};

fn pids(site: &Site) -> Vec<u32> {
    site.cloud.environments("Background").iter().filter_map(|environment| environment.pid).collect()
}

#[tokio::test]
async fn stop_ends_processes_and_frees_ports() {
    let site = Site::start().await;
    site.cloud.invoke("Background", json!({})).await.unwrap();
    let (pids, port) = (pids(&site), site.cloud.port());
    assert_eq!(pids.len(), 1);
    site.cloud.stop().await;
    assert_eq!(process_state(pids[0]), None);
    eventually("the port", || TcpListener::bind(("127.0.0.1", port)).ok()).await;
    eventually("the port", || TcpListener::bind(("::1", port)).ok()).await;
}

#[tokio::test]
async fn drop_ends_processes_and_frees_ports() {
    let site = Site::start().await;
    site.cloud.invoke("Background", json!({})).await.unwrap();
    let (pids, port) = (pids(&site), site.cloud.port());
    drop(site);
    eventually("the end of the process", || process_state(pids[0]).is_none().then_some(())).await;
    eventually("the port", || TcpListener::bind(("127.0.0.1", port)).ok()).await;
}

#[test]
fn killed_parent_leaves_no_process_port_or_folder() {
    let folder = Folder::new();
    options(&folder, TEMPLATE);
    let mut parent = Command::new(artifacts().join("parent"))
        .args([&folder.0.join("template.yaml"), &artifacts(), &folder.0])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(parent.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let started: Value = line.parse().unwrap();
    let number = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
    let mut pids: Vec<u32> = started["functions"].as_array().unwrap().iter().map(number).collect();
    pids.push(number(&started["postgres"]));
    assert_eq!(pids.len(), 3);
    assert!(pids.iter().all(|pid| process_state(*pid).is_some()), "{started}");

    parent.kill().unwrap();
    parent.wait().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for pid in pids {
            eventually("the end of a process", || process_state(pid).is_none().then_some(())).await;
        }
        let port = u16::try_from(started["port"].as_u64().unwrap()).unwrap();
        eventually("the port", || TcpListener::bind(("127.0.0.1", port)).ok()).await;
        for folder in started["folders"].as_array().unwrap() {
            let folder = Path::new(folder.as_str().unwrap());
            eventually("the end of a folder", || (!folder.exists()).then_some(())).await;
        }
    });
}

#[tokio::test]
async fn port_in_use_error_says_what_to_do() {
    let site = Site::start().await;
    let folder = Folder::new();
    let port = site.cloud.port();
    let error = Cloud::start(Options { port, ..options(&folder, TEMPLATE) }).await.unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "port {port} is taken by another program (is the local cloud already running?); stop that program or choose another port"
        )
    );
}

#[tokio::test]
async fn missing_functions_error_names_cargo_build() {
    let folder = Folder::new();
    let error = Cloud::start(Options { artifacts: folder.0.clone(), ..options(&folder, TEMPLATE) })
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("cargo build") && error.contains(&folder.0.join("probe").display().to_string()),
        "{error}"
    );
}

#[tokio::test]
async fn missing_or_unknown_parameter_is_named() {
    let folder = Folder::new();
    let mut without = options(&folder, TEMPLATE);
    without.parameters.clear();
    assert!(Cloud::start(without).await.unwrap_err().to_string().contains(r#"{"Ref":"Records"}"#));
    let mut unknown = options(&folder, TEMPLATE);
    unknown.parameters.insert("Colour".to_owned(), "red".to_owned());
    assert!(Cloud::start(unknown).await.unwrap_err().to_string().contains("no parameter Colour"));
}

#[tokio::test]
async fn item_30_output_and_reports_on_failed_calls_are_appended_to_the_logs() {
    let folder = Folder::new();
    let (log, own) = (folder.0.join("functions.log"), folder.0.join("functions"));
    std::fs::write(&log, "before\n").unwrap();
    let options = Options {
        function_log: Some(log.clone()),
        function_logs: Some(own.clone()),
        ..options(&folder, TEMPLATE)
    };
    let cloud = Cloud::start(options).await.unwrap();
    let failing = [("InitExit", "failure"), ("Fail", "error"), ("Crash", "failure"), ("Brief", "timeout")];
    for (function, status) in failing {
        cloud.invoke(function, json!({})).await.unwrap_err();
        let text = std::fs::read_to_string(own.join(function)).unwrap();
        let report: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!(
            (&report["type"], &report["record"]["status"]),
            (&"platform.report".into(), &status.into())
        );
    }
    cloud.invoke("Large", json!({ "bytes": 1 })).await.unwrap();
    assert!(!std::fs::read_to_string(own.join("Large")).unwrap().contains("platform.report"));
    let text = std::fs::read_to_string(log).unwrap();
    assert!(text.starts_with("before\nthe probe does not like its configuration\n"), "{text}");
    assert_eq!(text.matches("platform.report").count(), failing.len(), "{text}");
}

#[tokio::test]
async fn each_request_is_logged_in_one_line() {
    let site = Site::start().await;
    site.echo(site.get("/rooms/7?x=secret")).await;
    let line = eventually("the line", || site.lines.lock().unwrap().first().cloned()).await;
    assert!(line.starts_with("GET /rooms/7 200 ") && line.ends_with(" ms Echo"), "{line}");
    assert!(!line.contains("secret"), "a query may hold a ticket: {line}");
}
