//! Compiles the protos without protoc and keeps the descriptor set, extension options included.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;

const FILES: &[&str] = &[
    "portico/options/v1/access.proto",
    "portico/events/v1/audit.proto",
    "portico/events/v1/steps.proto",
    "portico/events/v1/notices.proto",
    "portico/identity/v1/identity.proto",
    "portico/tenancy/v1/tenancy.proto",
    "portico/documents/v1/documents.proto",
    "portico/documents/v1/library.proto",
    "portico/documents/v1/comments.proto",
    "portico/documents/v1/drops.proto",
    "portico/documents/v1/requests.proto",
    "portico/documents/v1/sendings.proto",
    "portico/documents/v1/papers.proto",
    "portico/workflow/v1/workflow.proto",
    "portico/messaging/v1/messaging.proto",
    "portico/messaging/v1/mailing.proto",
    "portico/billing/v1/billing.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=portico");
    let mut compiler = protox::Compiler::new(["."])?;
    compiler.include_imports(true).include_source_info(true).open_files(FILES)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // The encoded form keeps the options that prost_types cannot hold.
    fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;
    let descriptors = prost_types_set(&compiler)?;
    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    tonic_prost_build::configure()
        .emit_rerun_if_changed(false)
        .compile_fds_with_config(descriptors, config)?;
    Ok(())
}

fn prost_types_set(compiler: &protox::Compiler) -> Result<prost_types::FileDescriptorSet, Box<dyn Error>> {
    Ok(prost_types::FileDescriptorSet::decode(compiler.encode_file_descriptor_set().as_slice())?)
}
