//! Who takes part in a signature, and as what.

use portico_definition::parse;

use crate::{listed, refused::refused, shipped};

const CLIENT: &str = "client-onboarding";

#[test]
fn who_takes_part_in_a_signature() {
    const ORDER: &str = "order: [signatory, project_manager]";
    let beside = |more: &str| format!("{ORDER}\n          {more}");
    for (more, words) in [
        ("together: [¦[signatory]]", "at least two roles"),
        ("together: [[signatory, ¦client]]", "`client` is not in the order"),
        ("together: [[signatory, ¦signatory]]", "named twice"),
        ("approvers: [¦client]", "`client` is not in the order"),
        ("viewers: [¦signatory]", "is told anyway"),
        ("copies: [¦project_manager]", "is told anyway"),
        ("copies: [¦clint]", "clint"),
        ("level: ¦signn", "sign"),
        ("also: [¦nothing]", "nothing"),
        ("also: [¦data_agreement]", "in the envelope already"),
        ("signWithin: ¦PT30M", "between PT1H and P366D"),
        ("signWithin: ¦P400D", "between PT1H and P366D"),
        ("remindEvery: ¦PT12H", "between P1D and P90D"),
        ("remindEvery: P3D\n          ¦remind: [{before: P1D}]", "leave `remind` out"),
    ] {
        refused(CLIENT, ORDER, &beside(more), &[words]);
    }
    refused(
        CLIENT,
        ORDER,
        "order: [signatory, ¦project_manager]\n          approvers: [project_manager]",
        &["only approves", "signature field"],
    );
    let yaml = shipped(CLIENT).replace(
        ORDER,
        &beside("together: [[project_manager, signatory]]\n          copies: [client]\n          level: acknowledge\n          signWithin: PT90M\n          remindEvery: P2D\n          inviteOthers: true"),
    );
    if let Err(findings) = parse(&yaml) {
        panic!("{}", listed(&findings));
    }
}
