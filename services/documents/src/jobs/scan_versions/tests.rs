use portico_core::{Clock as _, Problem};
use portico_proto::{
    documents::v1::{
        AcceptItemRequest, GetPageTextRequest, GetRequestRequest, ItemState, Request, ScanState as Shown,
    },
    events::v1::{AuditEntry, NoticeRequested},
};

use super::*;
use crate::{
    DATA_AGREEMENT, DocumentsConfig,
    scan::stand_in::{StandIn, TOO_LARGE, VIRUS},
    testing::{Fixture, refused},
};

async fn scanned_by(scanner: &StandIn) -> Fixture {
    Fixture::with(DocumentsConfig { scanner: Some(scanner.address()), ..DocumentsConfig::default() }).await
}

async fn attached(fixture: &Fixture, name: &str, bytes: &[u8]) -> String {
    let path = format!("/attachments?record_id={}", fixture.record);
    let answer = fixture.upload(&fixture.client("client"), &path, name, bytes).await.unwrap();
    answer["version_id"].as_str().unwrap().to_owned()
}

async fn request(fixture: &Fixture, step: &str) -> Request {
    let asked = GetRequestRequest { step_id: step.to_owned() };
    let answer = fixture.documents(&fixture.manager()).get_request(asked).await.unwrap();
    answer.into_inner().request.unwrap()
}

/// A row with a file in it, before any scan.
async fn handed_in(fixture: &Fixture, bytes: &[u8]) -> (String, String, String) {
    let step = fixture.activate("sysdocs").await;
    let item = request(fixture, &step).await.items[0].id.clone();
    let client = fixture.client("client");
    let answer = fixture.upload(&client, &format!("/items/{item}/files"), "plan.pdf", bytes).await.unwrap();
    (step, item, answer["version_id"].as_str().unwrap().to_owned())
}

fn with(word: &[u8]) -> Vec<u8> {
    let mut file = DATA_AGREEMENT.to_vec();
    // A comment behind the end: still the same document.
    file.extend_from_slice(b"\n%");
    file.extend_from_slice(word);
    file.push(b'\n');
    file
}

#[tokio::test]
async fn nothing_opens_before_its_verdict_whatever_the_policy_and_a_clean_file_does() {
    let scanner = StandIn::start();
    let fixture = scanned_by(&scanner).await;
    let (step, item, version) = handed_in(&fixture, DATA_AGREEMENT).await;
    let (manager, client) = (fixture.manager(), fixture.client("client"));
    let before = request(&fixture, &step).await;
    let file = &before.items[0].files[0];
    assert_eq!((file.scan(), file.openable, before.unscanned_allowed), (Shown::Pending, false, false));
    for path in ["", "?inline=1", "/pages/1"] {
        let refusal = fixture.get(&manager, &format!("/versions/{version}{path}")).await.unwrap_err();
        assert_eq!(refusal.reason, "awaits_scan", "{path}");
    }
    let asked = GetPageTextRequest { version_id: version.clone(), page: 1 };
    assert_eq!(refused(fixture.documents(&client).get_page_text(asked).await).reason, "awaits_scan");
    let accept = AcceptItemRequest { item_id: item };
    let early = refused(fixture.documents(&manager).accept_item(accept.clone()).await);
    assert_eq!(early.reason, "item_awaits_scan");

    fixture.work("documents.scan_versions").await;
    let file = request(&fixture, &step).await.items[0].files[0].clone();
    assert_eq!((file.scan(), file.openable), (Shown::Clean, true));
    let bytes = fixture.get(&manager, &format!("/versions/{version}")).await.unwrap();
    assert_eq!(bytes.body().as_slice(), DATA_AGREEMENT);
    fixture.documents(&manager).accept_item(accept).await.unwrap();
    assert!(fixture.audited().await.contains(&"document.scanned".to_owned()));
    for stranger in fixture.strangers() {
        let refusal = fixture.get(&stranger, &format!("/versions/{version}")).await.unwrap_err();
        assert_eq!(refusal, Problem::not_found());
    }
}

#[tokio::test]
async fn an_infected_file_is_locked_away_its_row_asks_again_and_both_sides_are_told() {
    let scanner = StandIn::start();
    let fixture = scanned_by(&scanner).await;
    let (step, item, version) = handed_in(&fixture, &with(VIRUS)).await;
    fixture.work("documents.scan_versions").await;
    let row = request(&fixture, &step).await.items[0].clone();
    assert_eq!((row.state(), row.files.len()), (ItemState::Returned, 0));
    assert!(row.reason.contains("plan.pdf"), "{}", row.reason);
    for ctx in [fixture.admin(), fixture.client("client")] {
        let refusal = fixture.get(&ctx, &format!("/versions/{version}")).await.unwrap_err();
        assert_eq!(refusal.reason, "infected");
    }
    let notices = fixture.said::<NoticeRequested>().await;
    assert_eq!((notices.len(), notices[0].person_ids.len(), notices[1].role.as_str()), (2, 1, "admin"));
    assert_eq!(notices[0].link, format!("/tasks/{step}"));
    for notice in &notices {
        assert!(!notice.body.contains("Test.Virus"), "{}", notice.body);
    }
    let found = fixture.said::<AuditEntry>().await;
    let found = found.iter().find(|entry| entry.action == "document.quarantined").unwrap();
    assert!(found.details_json.contains("Test.Virus"), "{}", found.details_json);
    // Another file may follow.
    let path = format!("/items/{item}/files");
    fixture.upload(&fixture.client("client"), &path, "clean.pdf", DATA_AGREEMENT).await.unwrap();
    fixture.work("documents.scan_versions").await;
    assert_eq!(request(&fixture, &step).await.items[0].state(), ItemState::Checking);
    assert_eq!(fixture.rows("scans").await, 0);
}

#[tokio::test]
async fn what_is_over_the_limits_says_so_and_the_policy_decides() {
    let scanner = StandIn::start();
    let fixture = scanned_by(&scanner).await;
    let version = attached(&fixture, "large.txt", TOO_LARGE).await;
    fixture.work("documents.scan_versions").await;
    let client = fixture.client("client");
    let path = format!("/versions/{version}");
    // It is its uploader's alone; another of the account is another.
    let refusal = fixture.get(&client, &path).await.unwrap_err();
    assert_eq!(refusal, Problem::not_found());
    let (_, _, version) = handed_in(&fixture, &with(TOO_LARGE)).await;
    fixture.work("documents.scan_versions").await;
    let path = format!("/versions/{version}");
    fixture.get(&fixture.manager(), &path).await.unwrap();
    let seen = fixture.said::<AuditEntry>().await.pop().unwrap();
    assert_eq!(seen.action, "document.downloaded");
    assert!(seen.details_json.contains("allowed by policy"), "{}", seen.details_json);
}

#[tokio::test]
async fn a_firm_that_opens_scanned_files_only_opens_nothing_else() {
    let scanner = StandIn::start();
    let fixture = scanned_by(&scanner).await;
    fixture.world.lock().unwrap().scanned_only = true;
    let (_, _, large) = handed_in(&fixture, &with(TOO_LARGE)).await;
    let (_, _, clean) = handed_in(&fixture, DATA_AGREEMENT).await;
    fixture.work("documents.scan_versions").await;
    let refusal = fixture.get(&fixture.manager(), &format!("/versions/{large}")).await.unwrap_err();
    assert_eq!(refusal.reason, "cannot_be_scanned");
    assert!(fixture.get(&fixture.manager(), &format!("/versions/{clean}")).await.is_ok());
}

#[tokio::test]
async fn while_the_scanner_is_away_it_is_tried_again_and_after_some_time_the_policy_decides() {
    let mut scanner = StandIn::away();
    let fixture = scanned_by(&scanner).await;
    let (step, _, version) = handed_in(&fixture, DATA_AGREEMENT).await;
    let path = format!("/versions/{version}");
    for attempt in 1..PATIENCE {
        fixture.work("documents.scan_versions").await;
        let file = request(&fixture, &step).await.items[0].files[0].clone();
        assert_eq!(file.scan(), Shown::Pending, "attempt {attempt}");
        assert_eq!(fixture.get(&fixture.manager(), &path).await.unwrap_err().reason, "awaits_scan");
        fixture.database.clock.advance(TimeDelta::seconds(90));
    }
    fixture.work("documents.scan_versions").await;
    let file = request(&fixture, &step).await.items[0].files[0].clone();
    assert_eq!((file.scan(), file.openable), (Shown::Failed, true));
    assert!(fixture.get(&fixture.manager(), &path).await.is_ok());
    scanner.come();
    fixture.database.clock.advance(TimeDelta::hours(1));
    fixture.work("documents.scan_versions").await;
    assert_eq!(request(&fixture, &step).await.items[0].files[0].scan(), Shown::Clean);
    assert_eq!(fixture.rows("scans").await, 0);
}

#[tokio::test]
async fn a_scan_whose_process_died_is_taken_over_and_nobody_concludes_twice() {
    let scanner = StandIn::start();
    let fixture = scanned_by(&scanner).await;
    let (step, _, _) = handed_in(&fixture, DATA_AGREEMENT).await;
    let due = fixture.database.clock.now() + LEASE;
    sqlx::query("update documents.scans set due_at = $1, attempts = 1")
        .bind(due)
        .execute(fixture.database.admin())
        .await
        .unwrap();
    fixture.work("documents.scan_versions").await;
    assert_eq!(request(&fixture, &step).await.items[0].files[0].scan(), Shown::Pending);
    fixture.database.clock.advance(LEASE);
    fixture.work("documents.scan_versions").await;
    fixture.work("documents.scan_versions").await;
    assert_eq!(request(&fixture, &step).await.items[0].files[0].scan(), Shown::Clean);
    let scanned = fixture.audited().await;
    assert_eq!(scanned.iter().filter(|action| *action == "document.scanned").count(), 1);
}

#[tokio::test]
async fn where_there_is_no_scanner_nothing_waits_for_one() {
    let fixture = Fixture::new().await;
    let (step, _, _) = handed_in(&fixture, DATA_AGREEMENT).await;
    let request = request(&fixture, &step).await;
    assert_eq!(request.items[0].files[0].scan(), Shown::NotScanned);
    assert!(request.unscanned_allowed && fixture.rows("scans").await == 0);
}
