use std::fs;

use super::*;

const OPTIONS: &str = include_str!("../../../../../proto/portico/options/v1/access.proto");

/// Compiles one method with the given option text.
fn read(option: &str) -> Result<AccessTable, AccessError> {
    let dir = tempfile::tempdir().unwrap();
    let options = dir.path().join("portico/options/v1");
    fs::create_dir_all(&options).unwrap();
    fs::write(options.join("access.proto"), OPTIONS).unwrap();
    let service = format!(
        r#"syntax = "proto3";
        package portico.samples.v1;
        import "portico/options/v1/access.proto";
        message Ask {{}}
        message Told {{}}
        service Samples {{ rpc ShareTwoThings(Ask) returns (stream Told) {{ {option} }} }}"#
    );
    fs::write(dir.path().join("samples.proto"), service).unwrap();
    let mut compiler = protox::Compiler::new([dir.path()]).unwrap();
    compiler.include_imports(true).open_file("samples.proto").unwrap();
    AccessTable::read(&compiler.encode_file_descriptor_set())
}

#[test]
fn every_method_of_the_product_has_a_rule() {
    let table = AccessTable::read(portico_proto::DESCRIPTOR_SET).unwrap();
    let rule = table.rule("/portico.billing.v1.Billing/GetStatus").unwrap();
    assert_eq!(rule.name, "billing.rpc.get_status");
    assert!(!rule.streaming && !rule.before_tenant && !rule.is_internal());
    assert!(table.rules().count() > 50);
}

#[test]
fn a_rule_is_read_whole() {
    let table = read(
        r#"option (portico.options.v1.access) = {
            callers: [CALLER_STAFF, CALLER_MACHINE], staff_role: "admin", resource_fields: ["a_id", "b_id"] };"#,
    )
    .unwrap();
    let path = "/portico.samples.v1.Samples/ShareTwoThings";
    let expected = Rule {
        path: path.to_owned(),
        name: "samples.rpc.share_two_things".to_owned(),
        callers: vec![ActorKind::Staff, ActorKind::Machine],
        staff_role: Some("admin".to_owned()),
        before_tenant: false,
        resource_fields: vec!["a_id".to_owned(), "b_id".to_owned()],
        streaming: true,
    };
    assert_eq!(table.rule(path).map(Arc::as_ref), Some(&expected));
    let internal =
        read("option (portico.options.v1.access) = {callers: [CALLER_SYSTEM], before_tenant: true};");
    assert!(internal.unwrap().rule(path).unwrap().is_internal());
}

#[test]
fn a_method_that_cannot_be_guarded_stops_the_start() {
    let path = || "/portico.samples.v1.Samples/ShareTwoThings".to_owned();
    assert_eq!(read("").unwrap_err(), AccessError::NoRule(path()));
    assert_eq!(read("option (portico.options.v1.access) = {};").unwrap_err(), AccessError::NoRule(path()));
    for contradiction in [
        "{callers: [CALLER_UNSPECIFIED]}",
        r#"{callers: [CALLER_CLIENT], staff_role: "admin"}"#,
        "{callers: [CALLER_SYSTEM, CALLER_STAFF], before_tenant: true}",
    ] {
        let refused = read(&format!("option (portico.options.v1.access) = {contradiction};")).unwrap_err();
        assert!(matches!(refused, AccessError::BadRule(..)), "{contradiction}: {refused}");
    }
    assert!(matches!(AccessTable::read(b"nonsense"), Err(AccessError::Descriptors(_))));
    assert!(matches!(AccessTable::read(b""), Err(AccessError::Descriptors(_))));
}
