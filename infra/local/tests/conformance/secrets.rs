//! Secrets Manager.

use std::os::unix::fs::PermissionsExt;

use chatchat_local::{Cloud, Database, Fault, Options};
use serde_json::{Value, json};

use crate::site::{Folder, Site, TEMPLATE, options};

async fn read(cloud: &Cloud, request: Value) -> Value {
    cloud.invoke("ReadSecret", request).await.unwrap()
}

fn string(answer: &Value) -> Value {
    answer["answer"]["SecretString"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn generated_secret_is_read_by_arn_and_by_name() {
    let site = Site::start().await;
    let arn = "arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:Key";
    let by_arn = read(&site.cloud, json!({ "SecretId": arn })).await;
    assert_eq!(by_arn["status"], 200);
    assert_eq!(by_arn["answer"]["ARN"], arn);
    assert_eq!(by_arn["answer"]["Name"], "probe/key");
    assert_eq!(by_arn["answer"]["VersionStages"], json!(["AWSCURRENT"]));
    assert_eq!(string(&by_arn)["kid"], "1");
    assert_eq!(string(&by_arn)["key"].as_str().unwrap().len(), 40);
    assert_eq!(read(&site.cloud, json!({ "SecretId": "probe/key" })).await, by_arn);
}

#[tokio::test]
async fn missing_secret_is_not_found() {
    let site = Site::start().await;
    for request in
        [json!({ "SecretId": "unknown" }), json!({ "SecretId": "probe/key", "VersionStage": "AWSPREVIOUS" })]
    {
        let answer = read(&site.cloud, request).await;
        assert_eq!(answer["status"], 400);
        assert_eq!(answer["answer"]["__type"], "ResourceNotFoundException");
    }
}

#[tokio::test]
async fn item_29_rotation_moves_the_stages_at_once() {
    let site = Site::start().await;
    let before = read(&site.cloud, json!({ "SecretId": "probe/key" })).await;
    site.cloud.rotate_secret("Key", r#"{"kid":"2"}"#).unwrap();
    let current = read(&site.cloud, json!({ "SecretId": "probe/key" })).await;
    assert_eq!(string(&current)["kid"], "2");
    let previous = read(&site.cloud, json!({ "SecretId": "probe/key", "VersionStage": "AWSPREVIOUS" })).await;
    assert_eq!(previous["answer"]["SecretString"], before["answer"]["SecretString"]);
    assert_eq!(previous["answer"]["VersionId"], before["answer"]["VersionId"]);
    assert_eq!(previous["answer"]["VersionStages"], json!(["AWSPREVIOUS"]));
    assert!(site.cloud.rotate_secret("Unknown", "x").is_err());
}

/// Sends a request to the API and returns its status and answer.
async fn call(site: &Site, operation: &str, body: Value) -> (u16, Value) {
    let address =
        site.echo(site.get("/echo")).await["environment"]["AWS_ENDPOINT_URL_SECRETS_MANAGER"].take();
    let request = site
        .client
        .post(address.as_str().unwrap())
        .header("x-amz-target", format!("secretsmanager.{operation}"));
    let answer = request.body(body.to_string()).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn batch_has_the_current_versions_and_an_error_for_each_missing_secret() {
    let site = Site::start().await;
    site.cloud.rotate_secret("Key", r#"{"kid":"2"}"#).unwrap();
    let alone = read(&site.cloud, json!({ "SecretId": "probe/key" })).await["answer"].take();
    let arn = alone["ARN"].as_str().unwrap();
    let batch = async |body: Value| call(&site, "BatchGetSecretValue", body).await;
    let missing = json!({
        "SecretId": "unknown",
        "ErrorCode": "ResourceNotFoundException",
        "Message": "Secrets Manager can't find the specified secret.",
    });
    assert_eq!(
        batch(json!({ "SecretIdList": [arn, "unknown"] })).await,
        (200, json!({ "SecretValues": [alone], "Errors": [missing] }))
    );
    assert_eq!(
        batch(json!({ "SecretIdList": ["probe/key"] })).await,
        (200, json!({ "SecretValues": [alone], "Errors": [] }))
    );
    for wrong in [json!({}), json!({ "SecretIdList": [] }), json!({ "SecretIdList": vec![arn; 21] })] {
        let (status, answer) = batch(wrong).await;
        assert_eq!((status, &answer["__type"]), (400, &json!("InvalidParameterException")), "{answer}");
    }
    let failing = site.cloud.inject(Fault::SecretOfBatch, 2, 1);
    let answer = batch(json!({ "SecretIdList": [arn, "probe/key"] })).await.1;
    let failed = json!({
        "SecretId": "probe/key",
        "ErrorCode": "InternalServiceError",
        "Message": "An error occurred on the server side.",
    });
    assert_eq!(answer, json!({ "SecretValues": [alone], "Errors": [failed] }));
    assert_eq!(failing.happened(), 1);
    let failing = site.cloud.inject(Fault::Secrets, 1, 1);
    assert_eq!(batch(json!({ "SecretIdList": [arn] })).await.0, 500);
    assert_eq!(failing.happened(), 1);
}

#[tokio::test]
async fn pending_version_becomes_current_only_by_its_id() {
    let site = Site::start().await;
    let call = async |operation: &str, body: Value| call(&site, operation, body).await.0;
    let pending = json!({ "SecretId": "probe/key", "VersionStage": "AWSPENDING" });
    assert_eq!(read(&site.cloud, pending.clone()).await["status"], 400);
    let before = read(&site.cloud, json!({ "SecretId": "probe/key" })).await;
    let put = json!({ "SecretId": "probe/key", "ClientRequestToken": "new", "VersionStages": ["AWSPENDING"], "SecretString": "\"fresh\"" });
    assert_eq!(call("PutSecretValue", put).await, 200);
    let stored = read(&site.cloud, pending.clone()).await;
    assert_eq!((string(&stored), &stored["answer"]["VersionId"]), (json!("fresh"), &json!("new")));
    assert_eq!(read(&site.cloud, json!({ "SecretId": "probe/key" })).await, before, "nothing else changes");

    let update = |version: &str| json!({ "SecretId": "probe/key", "VersionStage": "AWSCURRENT", "MoveToVersionId": version });
    assert_eq!(call("UpdateSecretVersionStage", update("other")).await, 400);
    assert_eq!(call("UpdateSecretVersionStage", update("new")).await, 200);
    assert_eq!(string(&read(&site.cloud, json!({ "SecretId": "probe/key" })).await), "fresh");
    let previous = read(&site.cloud, json!({ "SecretId": "probe/key", "VersionStage": "AWSPREVIOUS" })).await;
    assert_eq!(previous["answer"]["VersionId"], before["answer"]["VersionId"]);
    assert_eq!(read(&site.cloud, pending).await["status"], 400);
}

#[tokio::test]
async fn secrets_file_keeps_secrets_between_runs() {
    let folder = Folder::new();
    let file = folder.0.join("kept/secrets.json");
    let options = || Options { secrets_file: Some(file.clone()), ..options(&folder, TEMPLATE) };
    let cloud = Cloud::start(options()).await.unwrap();
    let first = string(&read(&cloud, json!({ "SecretId": "probe/key" })).await);
    cloud.stop().await;
    let cloud = Cloud::start(options()).await.unwrap();
    assert_eq!(string(&read(&cloud, json!({ "SecretId": "probe/key" })).await), first);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn database_secret_contains_user_and_password() {
    let folder = Folder::new();
    let database = Database {
        host: "127.0.0.1".into(),
        port: 5432,
        name: "x".into(),
        user: "chatchat".into(),
        password: "pass".into(),
    };
    let template = TEMPLATE.replace(
        "          KEY: !Ref Key",
        "          KEY: !GetAtt Database.MasterUserSecret.SecretArn\n          WHERE: !Sub ${Database.Endpoint.Address}:${Database.Endpoint.Port}",
    );
    let cloud =
        Cloud::start(Options { database: Some(database), ..options(&folder, &template) }).await.unwrap();
    let echo = cloud.invoke("Echo", json!({})).await.unwrap();
    let echo: Value = echo["body"].as_str().unwrap().parse().unwrap();
    assert_eq!(echo["environment"]["WHERE"], "127.0.0.1:5432");
    let secret = read(&cloud, json!({ "SecretId": echo["environment"]["KEY"] })).await;
    assert_eq!(string(&secret), json!({ "username": "chatchat", "password": "pass" }));
}

#[tokio::test]
async fn secrets_are_not_on_the_public_port() {
    let site = Site::start().await;
    let request =
        site.client.post(site.cloud.http_url()).header("x-amz-target", "secretsmanager.GetSecretValue");
    assert_eq!(request.body(r#"{"SecretId":"probe/key"}"#).send().await.unwrap().status(), 404);
}
