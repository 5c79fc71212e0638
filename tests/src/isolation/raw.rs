//! Calls any RPC by its path with a message built from the descriptor set.

use bytes::{Buf as _, BufMut as _};
use portico_rpc::CallerChannel;
use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

/// What a call came to: the message, or the refusal as a client sees it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    Answered(Vec<u8>),
    Refused { code: tonic::Code, message: String, details: Vec<u8> },
}

impl Outcome {
    /// Everything in it that a client could read.
    pub(super) fn readable(&self) -> String {
        match self {
            Self::Answered(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Self::Refused { message, details, .. } => {
                format!("{message} {}", String::from_utf8_lossy(details))
            }
        }
    }
}

/// Calls `path` with `message`; of a stream the beginning counts.
pub(super) async fn call(
    channel: CallerChannel,
    path: &str,
    message: &DynamicMessage,
    streaming: bool,
) -> Outcome {
    let mut grpc = Grpc::new(channel);
    let Ok(path) = path.parse() else { return refusal(&Status::internal("no path")) };
    let request = Request::new(message.encode_to_vec());
    if streaming {
        return match grpc.server_streaming(request, path, Raw).await {
            Ok(_) => Outcome::Answered(Vec::new()),
            Err(status) => refusal(&status),
        };
    }
    match grpc.unary(request, path, Raw).await {
        Ok(answer) => Outcome::Answered(answer.into_inner()),
        Err(status) => refusal(&status),
    }
}

fn refusal(status: &Status) -> Outcome {
    Outcome::Refused {
        code: status.code(),
        message: status.message().to_owned(),
        details: status.details().to_vec(),
    }
}

/// An empty message.
pub(super) fn empty(descriptor: &MessageDescriptor) -> DynamicMessage {
    DynamicMessage::new(descriptor.clone())
}

/// Bytes as they travel.
#[derive(Debug, Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;
    fn encoder(&mut self) -> Self {
        Self
    }
    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;
    fn encode(&mut self, item: Vec<u8>, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        target.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;
    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut bytes = vec![0; source.remaining()];
        source.copy_to_slice(&mut bytes);
        Ok(Some(bytes))
    }
}
