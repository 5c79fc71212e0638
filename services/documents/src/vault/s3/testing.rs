//! moto as the server of a test, and a toll in front of it that fails where a test wants it to.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::{S3Blobs, S3Config, S3Keys};

static SERVER: OnceLock<Option<Server>> = OnceLock::new();
static BUCKETS: AtomicU32 = AtomicU32::new(0);

/// One server for all tests of this process; it ends when the process does, which closes its input.
struct Server {
    _child: Child,
    address: SocketAddr,
}

/// A bucket of a test's own.
pub(crate) struct TestBucket {
    pub(crate) config: S3Config,
    pub(crate) blobs: Arc<S3Blobs>,
}

/// Where the server listens. Nothing where it is missing, which a run in CI does not allow.
fn server() -> Option<SocketAddr> {
    let server = SERVER.get_or_init(|| {
        let Some(python) = std::env::var_os("PORTICO_MOTO") else {
            let ci = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!ci, "moto is missing: scripts/test fetches it and names its Python in PORTICO_MOTO");
            return None;
        };
        let mut child = Command::new(python)
            .args(["-c", include_str!("moto.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port: u16 = line.trim().parse().unwrap();
        Some(Server { _child: child, address: ([127, 0, 0, 1], port).into() })
    });
    server.as_ref().map(|server| server.address)
}

impl TestBucket {
    /// A new bucket; nothing, with a word about it, where the server is missing.
    pub(crate) async fn new() -> Option<Self> {
        let Some(address) = server() else {
            eprintln!(
                "skipped: moto is missing; scripts/test fetches it and names its Python in PORTICO_MOTO"
            );
            return None;
        };
        let bucket = Self::at(address);
        let made = bucket.blobs.client.keys().await.unwrap();
        let made = super::client::Signed::new(&bucket.blobs.client.bucket.create_bucket(&made));
        bucket.blobs.client.send(made).await.unwrap();
        Some(bucket)
    }

    fn at(address: SocketAddr) -> Self {
        let number = BUCKETS.fetch_add(1, Ordering::Relaxed);
        Self::named(address, &format!("files-{}-{number}", std::process::id()))
    }

    fn named(address: SocketAddr, name: &str) -> Self {
        let address = format!("s3://{name}/portal?endpoint=http://{address}").parse().unwrap();
        let keys = S3Keys::Given { id: "test".into(), secret: "test".into(), token: None };
        let config = S3Config { address, keys, certificate: None };
        let blobs = Arc::new(S3Blobs::new(&config, 1024 * 1024 * 1024).unwrap());
        Self { config, blobs }
    }

    /// The same bucket, reached by another way.
    pub(crate) fn by(&self, toll: &Toll) -> Self {
        Self::named(toll.address, &self.config.address.bucket)
    }

    /// Another bucket, which nobody has made.
    pub(crate) fn unmade(&self) -> Self {
        Self::at(server().unwrap())
    }

    /// Every object of the bucket, and every upload that is not finished.
    pub(crate) async fn everything(&self) -> Vec<String> {
        let client = &self.blobs.client;
        let (mut folders, mut found) = (vec![String::new()], Vec::new());
        while let Some(folder) = folders.pop() {
            let listing = client.list(&folder).await.unwrap();
            folders.extend(listing.folders);
            found.extend(listing.keys);
        }
        let unfinished = client.unfinished("").await.unwrap();
        found.extend(unfinished.into_iter().map(|upload| format!("{} (unfinished)", upload.key)));
        found.sort();
        found
    }

    pub(crate) async fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.blobs.client.get_small(key, usize::MAX).await.unwrap().map(|(_, bytes)| bytes.into())
    }

    pub(crate) async fn put(&self, key: &str, bytes: Vec<u8>) {
        self.blobs.client.put(key, bytes.into()).await.unwrap();
    }
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is answered 503 and reaches nobody.
    Busy,
    /// The connection ends.
    Cut,
    /// It is carried out, and the answer does not arrive.
    Lost,
    /// This many bytes of the answer arrive.
    Short(usize),
}

/// A way to the server on which requests fail.
pub(crate) struct Toll {
    address: SocketAddr,
    faults: Arc<Mutex<Vec<(&'static str, Fault)>>>,
}

impl Toll {
    /// A request whose first line has all the words suffers the fault; each fault is suffered once, in this order.
    pub(crate) async fn new(faults: Vec<(&'static str, Fault)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, faults) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(faults)));
        let (waiting, server) = (Arc::clone(&faults), server().unwrap());
        tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                let waiting = Arc::clone(&waiting);
                // A connection that breaks is what this is for.
                tokio::spawn(async move { drop(pass(caller, server, &waiting).await) });
            }
        });
        Self { address, faults }
    }

    /// Faults that nobody has suffered yet.
    pub(crate) fn left(&self) -> usize {
        self.faults.lock().unwrap().len()
    }
}

/// Passes one request on, and its answer back.
async fn pass(
    mut caller: TcpStream,
    server: SocketAddr,
    faults: &Mutex<Vec<(&'static str, Fault)>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        if caller.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let end = head.windows(2).position(|window| window == b"\r\n").unwrap();
    let line = String::from_utf8_lossy(&head[..end]).into_owned();
    let fault = {
        let mut faults = faults.lock().unwrap();
        let place = faults.iter().position(|(words, _)| words.split(' ').all(|word| line.contains(word)));
        place.map(|place| faults.remove(place).1)
    };
    if fault == Some(Fault::Cut) {
        return Ok(());
    }
    if fault == Some(Fault::Busy) {
        caller.write_all(b"HTTP/1.1 503 Slow Down\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await?;
        return caller.shutdown().await;
    }
    let mut there = TcpStream::connect(server).await?;
    // One request a connection, so that each is seen.
    head.splice(end..end, *b"\r\nconnection: close");
    there.write_all(&head).await?;
    let (mut asks, mut hears) = caller.split();
    let (mut answers, mut takes) = there.split();
    let asked = async {
        tokio::io::copy(&mut asks, &mut takes).await.ok();
        std::future::pending::<()>().await
    };
    let answered = async {
        match fault {
            Some(Fault::Lost) => tokio::io::copy(&mut answers, &mut tokio::io::sink()).await,
            Some(Fault::Short(bytes)) => tokio::io::copy(&mut answers.take(bytes as u64), &mut hears).await,
            _ => tokio::io::copy(&mut answers, &mut hears).await,
        }
    };
    tokio::select! {
        () = asked => Ok(()),
        answered = answered => answered.map(drop),
    }
}
