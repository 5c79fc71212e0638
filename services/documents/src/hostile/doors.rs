//! The same files through every other door: in goes (tus), by a drop link, as templates, and where it is said what is true of a file.

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Request, StatusCode};
use portico_core::Ctx;
use portico_proto::documents::v1::GetRequestRequest;
use serde_json::Value;

use super::{Hostile, all, encoded, in_words, tight};
use crate::{DATA_AGREEMENT, testing::Fixture};

/// Files that come by one link: after more of them in a short time it takes none for a while.
const BY_LINK: usize = 20;

/// Makes a request, but for its body, of a file and its place among the others.
type Make = dyn Fn(usize, &Hostile) -> http::request::Builder;

/// A door, and how a request for it is made of a file.
struct Door {
    what: &'static str,
    who: Ctx,
    make: Box<Make>,
}

fn doors(fixture: &Fixture, links: Vec<String>) -> Vec<Door> {
    let system = portico_testkit::system(fixture.tenant);
    vec![
        Door {
            what: "a drop link",
            who: system.clone(),
            make: Box::new(move |number, file| {
                Request::post("/drops")
                    .header("x-file-name", encoded(&file.name))
                    .header("x-drop-token", &links[number / BY_LINK])
                    .header("x-sender-name", "Ada%20Byron")
                    .header("x-sender-email", "ada%40example.com")
            }),
        },
        Door {
            what: "a template of papers",
            who: fixture.manager(),
            make: Box::new(|_, file| {
                Request::post("/paper-templates").header("x-file-name", encoded(&file.name))
            }),
        },
        Door {
            what: "a definition's template",
            who: fixture.admin(),
            make: Box::new(|_, _| Request::put("/templates/templates/hostile.pdf")),
        },
        Door { what: "what is true of a file", who: system, make: Box::new(|_, _| Request::post("/verify")) },
    ]
}

/// Brings a file in goes for a row that takes any file; answers what was said against it.
async fn in_goes(fixture: &Fixture, client: &Ctx, to: &str, file: &Hostile) -> Result<(), String> {
    let name = format!("filename {}", STANDARD.encode(&file.name));
    let tus = |request: http::request::Builder| request.header("tus-resumable", "1.0.0");
    let begin = tus(Request::post(format!("/uploads?{to}")))
        .header("upload-length", file.bytes.len())
        .header("upload-metadata", name);
    let begun = match fixture.send(client, begin.body(Body::empty()).unwrap()).await {
        Ok(begun) => begun,
        Err(problem) => return in_words(&problem),
    };
    let place = begun.headers().get("location").and_then(|place| place.to_str().ok()).map(str::to_owned);
    let Some(place) = place else { return refused_in_words(&begun) };
    let (first, rest) = file.bytes.split_at(file.bytes.len() / 2);
    for (offset, piece) in [(0, first), (first.len(), rest)] {
        let go = tus(Request::patch(&place))
            .header("content-type", "application/offset+octet-stream")
            .header("upload-offset", offset)
            .header("content-length", piece.len())
            .body(Body::from(piece.to_vec()));
        match fixture.send(client, go.unwrap()).await {
            Ok(told) if told.status().is_success() => {}
            Ok(told) => return refused_in_words(&told),
            Err(problem) => return in_words(&problem),
        }
    }
    Ok(())
}

/// A refusal of plain HTTP, which is no defect and holds a sentence.
fn refused_in_words(answer: &http::Response<Vec<u8>>) -> Result<(), String> {
    let (status, text) = (answer.status(), String::from_utf8_lossy(answer.body()));
    // Too many at once is said before a file is looked at.
    let looked_at = status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS;
    if looked_at && text.len() >= 15 { Ok(()) } else { Err(format!("{status}: {text}")) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_other_door_refuses_hostile_files_in_words_or_takes_them_harmless() {
    let fixture = Fixture::with(tight()).await;
    let client = fixture.client("client");
    let files = all();
    let folder = fixture.folder("Accounts", "view").await;
    let mut links = Vec::new();
    for _ in 0..=files.len() / BY_LINK {
        links.push(fixture.drop_link(&folder, 100).await.token);
    }
    let step = fixture.activate("sysdocs").await;
    let asked = GetRequestRequest { step_id: step };
    let request = fixture.documents(&fixture.manager()).get_request(asked).await.unwrap().into_inner();
    let row = format!("for=item&id={}", request.request.unwrap().items[0].id);
    let doors = doors(&fixture, links);
    let (mut wrong, mut taken, mut refused) = (Vec::new(), 0, 0);
    for (number, file) in files.iter().enumerate() {
        let mut note = |door: &str, why: String| {
            wrong.push(format!("{} ({}) by {door}: {why}", file.what, file.name.escape_debug()));
        };
        if let Err(why) = in_goes(&fixture, &client, &row, file).await {
            note("goes", why);
        }
        for door in &doors {
            let before = fixture.blobs();
            let request = (door.make)(number, file).body(file.bytes.clone().into()).unwrap();
            // What is limited by address comes from another one each.
            let address = format!("10.0.{}.{}", number / 250, number % 250 + 1);
            match fixture.send_from(&door.who, &address, request).await {
                Ok(answer) => {
                    taken += 1;
                    let told = serde_json::from_slice::<Value>(answer.body()).unwrap_or_default();
                    if told["verdict"] == "sealed" {
                        note(door.what, "it passes for a sealed paper of the firm".to_owned());
                    }
                }
                Err(problem) => {
                    refused += 1;
                    if let Err(why) = in_words(&problem) {
                        note(door.what, why);
                    }
                    if problem.reason == "too_many_files" {
                        note(door.what, "it was not looked at".to_owned());
                    }
                    if fixture.blobs() != before {
                        note(door.what, "its bytes stay, although it is refused".to_owned());
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(taken > 200 && refused > 200, "{taken} taken, {refused} refused");
    // Whoever comes with an ordinary file afterwards finds everything as it was.
    fixture.upload_template().await;
    let path = format!("/attachments?record_id={}", fixture.record);
    let plain = fixture.upload(&client, &path, "plan.pdf", DATA_AGREEMENT).await.unwrap();
    let version = plain["version_id"].as_str().unwrap();
    fixture.get(&client, &format!("/versions/{version}/pages/1")).await.unwrap();
}
