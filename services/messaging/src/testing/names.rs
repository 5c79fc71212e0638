//! A name server on this machine that knows what it is told. Whatever it was not told does not exist.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use mail_auth::hickory_resolver::proto::{
    op::{Message, MessageType, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{MX, TXT},
    },
};
use tokio::net::UdpSocket;

type Zone = Arc<Mutex<HashMap<(String, RecordType), Vec<RData>>>>;

/// A running name server.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    address: SocketAddr,
    zone: Zone,
}

impl Names {
    /// Starts it on a free port. It ends with the test.
    pub(crate) async fn start() -> Self {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let zone = Zone::default();
        tokio::spawn(serve(socket, Arc::clone(&zone)));
        Self { address, zone }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stands at a name from now on, in place of anything before; each text in pieces as name servers cut them.
    pub(crate) fn texts(&self, name: &str, texts: &[&str]) {
        let cut = |text: &&str| {
            let pieces = text.as_bytes().chunks(255).map(|piece| String::from_utf8(piece.to_vec()).unwrap());
            RData::TXT(TXT::new(pieces.collect()))
        };
        self.set(name, RecordType::TXT, texts.iter().map(cut).collect());
    }

    /// A host that takes mail for a domain.
    pub(crate) fn mail_host(&self, domain: &str, host: &str) {
        self.set(domain, RecordType::MX, vec![RData::MX(MX::new(10, Name::from_ascii(host).unwrap()))]);
    }

    fn set(&self, name: &str, kind: RecordType, data: Vec<RData>) {
        self.zone.lock().unwrap().insert((name.to_ascii_lowercase(), kind), data);
    }
}

async fn serve(socket: UdpSocket, zone: Zone) {
    let mut buffer = [0; 1500];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let Ok(asked) = Message::from_vec(&buffer[..length]) else { continue };
        let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
        answer.metadata.message_type = MessageType::Response;
        answer.metadata.recursion_available = true;
        answer.metadata.recursion_desired = asked.metadata.recursion_desired;
        if let Some(query) = asked.queries.first() {
            let name = query.name().to_ascii().trim_end_matches('.').to_ascii_lowercase();
            let known = zone.lock().unwrap().clone();
            let found = known.get(&(name.clone(), query.query_type())).cloned().unwrap_or_default();
            if !known.keys().any(|(known, _)| *known == name) {
                answer.metadata.response_code = ResponseCode::NXDomain;
            }
            for data in found {
                answer.add_answer(Record::from_rdata(query.name().clone(), 60, data));
            }
            answer.add_query(query.clone());
        }
        let _ = socket.send_to(&answer.to_vec().unwrap(), from).await;
    }
}
