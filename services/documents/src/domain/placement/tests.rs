use super::*;
use crate::domain::signature::Side;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn signer(number: u128, part: Part) -> Signer {
    Signer::new(id(number), (1, 1), part, ("client", "Client"), Side::External)
}

fn place(number: u128, kind: PlacementKind, signer: u128) -> Placement {
    Placement {
        id: id(number),
        paper: 1,
        page: 1,
        area: [0.1, 0.1, 0.3, 0.05],
        kind,
        signer: id(signer),
        required: true,
        label: if kind.asks() { "Company".to_owned() } else { String::new() },
        choices: match kind {
            PlacementKind::Choice => vec!["A".to_owned(), "B".to_owned()],
            _ => Vec::new(),
        },
        value: None,
    }
}

fn wrong(places: &[Placement], signers: &[Signer]) -> Vec<String> {
    check(places, signers, &[(1, 2), (2, 1)]).into_iter().map(|broken| broken.field).collect()
}

#[test]
fn a_whole_set_lies_on_its_pages_and_lets_everybody_sign() {
    let signers = [signer(1, Part::Signer), signer(2, Part::Approver), signer(3, Part::Viewer)];
    assert!(wrong(&[], &signers).is_empty(), "none at all is today's way");
    let all: Vec<_> = PlacementKind::ALL.into_iter().map(|kind| place(1, kind, 1)).collect();
    assert!(wrong(&all, &signers).is_empty());
    assert_eq!(wrong(&all[1..], &signers), ["fields"], "the signer has no place to sign");
    let many = vec![place(1, PlacementKind::Signature, 1); MOST + 1];
    assert_eq!(wrong(&many, &signers), ["fields"]);
    assert!(wrong(&many[1..], &signers).is_empty());
}

#[test]
fn boxes_stay_inside_and_are_large_enough_to_be_read() {
    let signers = [signer(1, Part::Signer)];
    let with = |change: &dyn Fn(&mut Placement)| {
        let mut place = place(1, PlacementKind::Signature, 1);
        change(&mut place);
        wrong(&[place], &signers)
    };
    assert!(with(&|place| (place.paper, place.page) = (1, 2)).is_empty());
    assert!(with(&|place| place.area = [0.92, 0.98, 0.08, 0.02]).is_empty(), "in the last corner");
    assert_eq!(with(&|place| place.paper = 3), ["fields[0].paper"]);
    assert_eq!(with(&|place| (place.paper, place.page) = (2, 2)), ["fields[0].page"]);
    assert_eq!(with(&|place| place.page = 0), ["fields[0].page"]);
    assert_eq!(with(&|place| place.area = [0.8, 0.1, 0.3, 0.05]), ["fields[0].width"]);
    assert_eq!(with(&|place| place.area = [0.1, 0.99, 0.3, 0.05]), ["fields[0].height"]);
    assert_eq!(with(&|place| place.area = [0.1, 0.1, 0.07, 0.019]), ["fields[0].width", "fields[0].height"]);
    assert_eq!(with(&|place| place.area = [-0.1, 1.0, 0.3, 0.05]).len(), 3);
    for none in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for side in 0..4 {
            assert!(!with(&|place| place.area[side] = none).is_empty(), "{none} at {side}");
        }
    }
}

#[test]
fn nobody_gets_a_place_who_does_not_act() {
    let signers =
        [signer(1, Part::Signer), signer(2, Part::Approver), signer(3, Part::Viewer), signer(4, Part::Copy)];
    let own = place(1, PlacementKind::Signature, 1);
    for (kind, of, refused) in [
        (PlacementKind::Text, 2, None),
        (PlacementKind::Date, 2, None),
        (PlacementKind::Signature, 2, Some("fields[1].kind")),
        (PlacementKind::Initials, 2, Some("fields[1].kind")),
        (PlacementKind::Text, 3, Some("fields[1].signer_id")),
        (PlacementKind::Date, 4, Some("fields[1].signer_id")),
        (PlacementKind::Text, 9, Some("fields[1].signer_id")),
    ] {
        let found = wrong(&[own.clone(), place(2, kind, of)], &signers);
        assert_eq!(found, refused.into_iter().collect::<Vec<_>>(), "{kind:?} of {of}");
    }
}

#[test]
fn what_is_asked_says_what_it_is() {
    let signers = [signer(1, Part::Signer)];
    let with = |kind: PlacementKind, label: &str, choices: &[&str]| {
        let mut asked = place(2, kind, 1);
        asked.label = label.to_owned();
        asked.choices = choices.iter().map(|choice| (*choice).to_owned()).collect();
        wrong(&[place(1, PlacementKind::Signature, 1), asked], &signers)
    };
    assert!(with(PlacementKind::Date, "", &[]).is_empty());
    assert_eq!(with(PlacementKind::Text, "", &[]), ["fields[1].label"]);
    assert_eq!(with(PlacementKind::Text, "two\nlines", &[]), ["fields[1].label"]);
    assert_eq!(with(PlacementKind::Checkbox, &"x".repeat(121), &[]), ["fields[1].label"]);
    assert_eq!(with(PlacementKind::Text, "Name", &["A", "B"]), ["fields[1].choices"]);
    assert!(with(PlacementKind::Choice, "Plan", &["A", "B"]).is_empty());
    for choices in [&["A"][..], &["A", "A"], &["A", ""], &["A", "B\n"]] {
        assert_eq!(with(PlacementKind::Choice, "Plan", choices), ["fields[1].choices"]);
    }
}

#[test]
fn signers_fill_their_own_and_leave_nothing_out() {
    let mut places: Vec<_> =
        PlacementKind::ALL.into_iter().zip(1..).map(|(kind, number)| place(number, kind, 1)).collect();
    places.push(place(7, PlacementKind::Text, 2));
    let send = |values: &[(u128, &str)]| {
        let sent: Vec<_> =
            values.iter().map(|(of, value)| (id(*of).to_string(), (*value).to_owned())).collect();
        let wrong = |wrong: Vec<Broken>| wrong.into_iter().map(|one| one.field).collect::<Vec<_>>();
        fill(&places, id(1), &sent).map_err(wrong)
    };
    let filled = send(&[(4, " Acme "), (5, "yes"), (6, "B")]).unwrap();
    let values: Vec<_> = filled.iter().map(|place| place.value.as_deref()).collect();
    assert_eq!(values, [None, None, None, Some("Acme"), Some("yes"), Some("B")]);
    let at = |of: u128| format!("values.{}", id(of));
    assert_eq!(send(&[]).unwrap_err(), [at(4), at(5), at(6)]);
    let all = |more: &[(u128, &'static str)]| [&[(4, "Acme"), (5, "yes"), (6, "B")], more].concat();
    assert_eq!(send(&all(&[(7, "theirs")])).unwrap_err(), [at(7)], "of somebody else");
    assert_eq!(send(&all(&[(9, "x")])).unwrap_err(), [at(9)], "of nobody");
    assert_eq!(send(&all(&[(3, "2020-01-01")])).unwrap_err(), [at(3)], "nobody dates back");
    assert_eq!(send(&all(&[(4, "again")])).unwrap_err(), [at(4)]);
    assert_eq!(send(&[(4, "Acme"), (5, "on"), (6, "C")]).unwrap_err(), [at(5), at(6)]);
    let long = "x".repeat(201);
    assert_eq!(send(&[(4, &long), (5, "yes"), (6, "A")]).unwrap_err(), [at(4)]);
    assert_eq!(send(&[(4, "a\u{7}b"), (5, "yes"), (6, "A")]).unwrap_err(), [at(4)]);
    for place in &mut places {
        place.required = false;
    }
    assert!(
        fill(&places, id(1), &[]).unwrap().iter().all(|place| place
            .value
            .as_deref()
            .unwrap_or("")
            .is_empty())
    );
}
