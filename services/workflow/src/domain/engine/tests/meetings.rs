//! Whose turn a meeting is.

use super::*;

fn step(run: &RunState) -> StepRecord {
    run.named("kickoff").unwrap().clone()
}

fn timer(commands: &[Command]) -> Option<DateTime<Utc>> {
    commands.iter().find_map(|command| match command {
        Command::SetTimer(_, TimerKind::Times, at) => Some(*at),
        _ => None,
    })
}

#[test]
fn the_turn_goes_to_staff_to_the_client_and_back() {
    let mut house = House::onboarding();
    let (mut run, _) = house.started();
    let kickoff = step(&run);
    assert!(!kickoff.turn.external && kickoff.owner.external);
    assert_eq!(kickoff.turn.people[0].name, "Mina");

    let until = house.now + TimeDelta::days(3);
    let offered = Event::TimesOffered { step: kickoff.id, until };
    let commands = house.must(&mut run, &offered);
    assert_eq!(tells(&commands), [&Tell::ChooseTime { step: kickoff.id }]);
    assert_eq!(timer(&commands), Some(until));
    assert_eq!(step(&run).turn, kickoff.owner);
    assert!(house.must(&mut run, &offered).is_empty());

    // Others take the last of them: what is left can be chosen for a shorter time.
    let left = until - TimeDelta::days(1);
    let commands = house.must(&mut run, &Event::TimesLeft { step: kickoff.id, until: Some(left) });
    assert_eq!((timer(&commands), tells(&commands).len()), (Some(left), 0));
    house.now = left - TimeDelta::seconds(1);
    let fired = Event::TimerFired { step: kickoff.id, timer: TimerKind::Times };
    assert!(house.must(&mut run, &fired).is_empty(), "not before");
    house.now = left;
    let commands = house.must(&mut run, &fired);
    assert_eq!(tells(&commands), [&Tell::OfferTimes { step: kickoff.id, again: true }]);
    assert_eq!(step(&run).turn, kickoff.turn);
    assert!(house.must(&mut run, &fired).is_empty());
    assert!(house.must(&mut run, &Event::TimesLeft { step: kickoff.id, until: None }).is_empty());
}

#[test]
fn working_days_that_staff_take_move_the_date_and_those_of_the_client_do_not() {
    let mut house = House::onboarding();
    let (mut run, _) = house.started();
    let due = step(&run).due.unwrap();
    assert_eq!(due.to_rfc3339(), "2027-01-29T23:59:59+00:00", "ten working days after a Friday");
    // Over the weekend and three working days more.
    house.now += TimeDelta::days(5);
    let offer = |house: &House, days| Event::TimesOffered {
        step: step(&run).id,
        until: house.now + TimeDelta::days(days),
    };
    let (first, second) = (offer(&house, 2), offer(&house, 3));
    house.must(&mut run, &first);
    assert_eq!(step(&run).due.unwrap().to_rfc3339(), "2027-02-03T23:59:59+00:00");
    house.now += TimeDelta::days(1);
    house.must(&mut run, &second);
    assert_eq!(step(&run).due.unwrap().to_rfc3339(), "2027-02-03T23:59:59+00:00", "it was the client's turn");
}

#[test]
fn nobody_is_late_or_reminded_while_nothing_is_offered() {
    let mut house = House::onboarding();
    let (mut run, _) = house.started();
    let kickoff = step(&run);
    house.now = kickoff.due.unwrap() + TimeDelta::days(30);
    for rule in 0..2 {
        let event = Event::TimerFired { step: kickoff.id, timer: TimerKind::Remind(rule) };
        assert!(house.must(&mut run, &event).is_empty());
    }
    house.must(&mut run, &Event::TimerFired { step: kickoff.id, timer: TimerKind::Due });
    house.must(&mut run, &Event::TimesOffered { step: kickoff.id, until: house.now + TimeDelta::days(20) });
    let now = step(&run);
    assert!(!now.overdue && now.due.unwrap() > house.now);
}

#[test]
fn times_are_for_meetings_that_are_open() {
    let house = House::onboarding();
    let (mut run, _) = house.started();
    let until = house.now + TimeDelta::days(3);
    let intake = run.named("intake").unwrap().id;
    assert_eq!(house.decide(&run, &Event::TimesOffered { step: intake, until }), Err(Refusal::NOT_OPEN));
    house.fulfil(&mut run, "kickoff");
    let kickoff = step(&run).id;
    assert_eq!(house.decide(&run, &Event::TimesOffered { step: kickoff, until }), Err(Refusal::NOT_OPEN));
}

#[test]
fn whoever_gets_a_meeting_without_times_is_told_when_there_are_some() {
    let house = House::onboarding();
    let (mut run, _) = house.started();
    let bea = PersonRef { id: PersonId::new(house.now, &house.entropy), name: "Bea".to_owned() };
    let to = Assignment { people: vec![bea], external: true, ..Assignment::default() };
    let event = Event::Reassigned { step: step(&run).id, to: to.clone(), reason: String::new() };
    let commands = house.must(&mut run, &event);
    assert!(tells(&commands).is_empty(), "{commands:?}");
    assert!(!step(&run).turn.external);
    let offered = Event::TimesOffered { step: step(&run).id, until: house.now + TimeDelta::days(3) };
    let commands = house.must(&mut run, &offered);
    assert!(commands.contains(&Command::Tell(Tell::ChooseTime { step: step(&run).id }, to)));
}
