//! The worker with the real tools: what it shows, and what it survives.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use lopdf::{Document, Object, Stream, dictionary};

use super::{
    process::{Caps, Tool, arguments},
    *,
};

fn worker(caps: Caps) -> PreviewWorker {
    PreviewWorker::new(PreviewConfig { caps, ..PreviewConfig::default() }).unwrap()
}

/// A PDF with a page for each content, all of this size in points.
fn pdf(contents: &[Vec<u8>], width: i64, height: i64) -> Vec<u8> {
    let mut document = Document::with_version("1.7");
    let root = document.new_object_id();
    let font = document
        .add_object(dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" });
    let mut kids: Vec<Object> = Vec::new();
    for content in contents {
        let mut stream = Stream::new(dictionary! {}, content.clone());
        stream.compress().unwrap();
        let content = document.add_object(stream);
        let page = document.add_object(dictionary! {
            "Type" => "Page", "Parent" => root, "Contents" => content,
            "MediaBox" => vec![0.into(), 0.into(), width.into(), height.into()],
            "Resources" => dictionary! { "Font" => dictionary! { "F" => font } },
        });
        kids.push(page.into());
    }
    let count = kids.len() as i64;
    document.set_object(root, dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count });
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

fn words(text: &str) -> Vec<u8> {
    format!("BT /F 24 Tf 72 700 Td ({text}) Tj ET").into_bytes()
}

#[tokio::test]
async fn pages_are_counted_drawn_and_read_one_by_one() {
    let worker = worker(Caps::default());
    let source = worker.receive(pdf(&[words("First"), words("Second")], 595, 842).as_slice()).await.unwrap();
    assert_eq!(worker.page_count(&source).await.unwrap(), 2);
    assert_eq!(worker.page_text(&source, 2).await.unwrap().trim(), "Second");
    let image = image_size(&worker.page_image(&source, 1).await.unwrap());
    assert_eq!(image, (910, 1287), "A4 at 110 dots an inch");
    for page in [0, 3, 9999] {
        let refused = worker.page_image(&source, page).await;
        assert!(matches!(refused, Err(PreviewError::NoSuchPage { pages: 2 })), "page {page}: {refused:?}");
    }
}

#[tokio::test]
async fn a_huge_page_is_drawn_smaller() {
    let worker = worker(Caps::default());
    let source = worker.receive(pdf(&[words("Plan")], 14_000, 3_500).as_slice()).await.unwrap();
    let (width, height) = image_size(&worker.page_image(&source, 1).await.unwrap());
    assert!(width == 4000 && (1000..=1001).contains(&height), "{width} by {height}");
}

#[tokio::test]
async fn broken_locked_and_large_files_are_told_apart() {
    let worker = worker(Caps::default());
    let whole = pdf(&[words("First"), words("Second")], 595, 842);
    for bytes in [&whole[..whole.len() / 2], &whole[..whole.len() - 8], b"not a pdf", b"", b"%PDF-1.7\n%%EOF"]
    {
        let source = worker.receive(bytes).await.unwrap();
        let refused = worker.page_count(&source).await;
        assert!(matches!(refused, Err(PreviewError::Broken)), "{} bytes: {refused:?}", bytes.len());
    }
    let folder = tempfile::TempDir::new().unwrap();
    let (open, locked) = (folder.path().join("open.pdf"), folder.path().join("locked.pdf"));
    std::fs::write(&open, &whole).unwrap();
    let status = std::process::Command::new("qpdf")
        .args(["--encrypt", "secret", "secret", "256", "--"])
        .args([&open, &locked])
        .status();
    assert!(status.unwrap().success());
    let source = worker.receive(std::fs::read(locked).unwrap().as_slice()).await.unwrap();
    assert!(matches!(worker.page_count(&source).await, Err(PreviewError::Locked)));
    assert!(matches!(worker.page_image(&source, 1).await, Err(PreviewError::Locked)));

    let config = PreviewConfig { largest_file: 100, most_pages: 1, ..PreviewConfig::default() };
    let small = PreviewWorker::new(config.clone()).unwrap();
    assert!(matches!(small.receive(whole.as_slice()).await, Err(PreviewError::TooLarge)));
    let short = PreviewWorker::new(PreviewConfig { largest_file: 10_000, ..config }).unwrap();
    let source = short.receive(whole.as_slice()).await.unwrap();
    assert!(matches!(short.page_count(&source).await, Err(PreviewError::TooLarge)));
}

#[tokio::test]
async fn the_clear_file_goes_with_its_source() {
    let scratch = tempfile::TempDir::new().unwrap();
    let config = PreviewConfig { scratch: scratch.path().into(), ..PreviewConfig::default() };
    let worker = PreviewWorker::new(config).unwrap();
    let source = worker.receive(pdf(&[words("x")], 200, 200).as_slice()).await.unwrap();
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 1);
    drop(source);
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_page_that_never_ends_is_cut_off() {
    let caps =
        Caps { processor: Duration::from_secs(1), wall_clock: Duration::from_secs(5), ..Caps::default() };
    let worker = worker(caps);
    let endless = b"0 0 m 100 800 300 100 595 842 c S\n".repeat(1_500_000);
    let source = worker.receive(pdf(&[endless, words("Second")], 595, 842).as_slice()).await.unwrap();
    let began = Instant::now();
    let refused = worker.page_image(&source, 1).await;
    assert!(matches!(refused, Err(PreviewError::TimedOut)), "{:?}", refused.map(|image| image.len()));
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!(worker.page_text(&source, 2).await.unwrap().trim(), "Second", "one page's cost is its own");
}

#[tokio::test]
async fn a_page_that_wants_all_memory_does_not_get_it() {
    // Each group is drawn on a sheet of its own, inside the one around it: 3.7 GB where nothing stops it.
    let mut document = Document::load_mem(&pdf(&[b"/G Do".to_vec()], 2600, 2600)).unwrap();
    let page = document.page_iter().next().unwrap();
    let mut inner = dictionary! {};
    for _ in 0..60 {
        let form = Stream::new(
            dictionary! {
                "Type" => "XObject", "Subtype" => "Form", "Resources" => inner,
                "BBox" => vec![0.into(), 0.into(), 2600.into(), 2600.into()],
                "Group" => dictionary! { "S" => "Transparency", "I" => true, "CS" => "DeviceRGB" },
            },
            b"/T gs /G Do 0 0 2600 2600 re f".to_vec(),
        );
        let form = document.add_object(form);
        inner = dictionary! {
            "XObject" => dictionary! { "G" => form },
            "ExtGState" => dictionary! { "T" => dictionary! { "ca" => 0.5, "BM" => "Multiply" } },
        };
    }
    document.get_dictionary_mut(page).unwrap().set("Resources", inner);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    let worker = worker(Caps { memory: 200 * 1024 * 1024, ..Caps::default() });
    let source = worker.receive(bytes.as_slice()).await.unwrap();
    let refused = worker.page_image(&source, 1).await;
    assert!(matches!(refused, Err(PreviewError::TooLarge)), "{:?}", refused.map(|image| image.len()));
}

fn tool(name: &'static str) -> Tool {
    Tool::find(name, "coreutils", &["/usr/bin".into(), "/bin".into()]).unwrap()
}

#[tokio::test]
async fn the_caps_hold_for_any_program() {
    let here = Path::new("/");
    let caps = Caps {
        memory: 64 * 1024 * 1024,
        processor: Duration::from_secs(1),
        wall_clock: Duration::from_secs(4),
        output: 10_000,
        ..Caps::default()
    };
    let hungry = tool("tail").run(here, &["-n1", "/dev/zero"], &caps).await;
    assert!(matches!(hungry, Err(PreviewError::TooLarge)), "{hungry:?}");
    let busy = tool("sha1sum").run(here, &["/dev/zero"], &caps).await;
    assert!(matches!(busy, Err(PreviewError::TimedOut)), "{busy:?}");
    let talkative = tool("yes").run(here, &["x"], &caps).await;
    assert!(matches!(talkative, Err(PreviewError::TooLarge)), "{talkative:?}");
    let began = Instant::now();
    let idle =
        tool("sleep").run(here, &["60"], &Caps { wall_clock: Duration::from_millis(200), ..caps }).await;
    assert!(matches!(idle, Err(PreviewError::TimedOut)), "{idle:?}");
    assert!(began.elapsed() < Duration::from_secs(10));
    let names = arguments([&"$(id); `id` | *", &PathBuf::from("-n")]);
    let quoted =
        tool("printf").run(here, &[&arguments([&"%s"])[..], &names[..1]].concat(), &caps).await.unwrap();
    assert_eq!(quoted.output, b"$(id); `id` | *");
    assert!(
        tool("env").run(here, &[] as &[&str], &caps).await.unwrap().output.is_empty(),
        "the environment is empty"
    );
}

#[tokio::test]
async fn a_program_ends_with_the_one_who_asked() {
    let idle = "61.40923";
    let running = || {
        std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
            std::fs::read(entry.path().join("cmdline"))
                .is_ok_and(|line| String::from_utf8_lossy(&line).contains(idle))
        })
    };
    let sleep = tool("sleep");
    let caps = Caps::default();
    let words = [idle];
    let asked = sleep.run(Path::new("/"), &words, &caps);
    assert!(tokio::time::timeout(Duration::from_millis(300), asked).await.is_err());
    for _ in 0..50 {
        if !running() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it is still running");
}

fn image_size(png: &[u8]) -> (u32, u32) {
    let picture = ::image::load_from_memory(png).unwrap();
    (picture.width(), picture.height())
}
