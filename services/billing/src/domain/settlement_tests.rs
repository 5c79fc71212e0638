//! The ledger under any order, duplicate and replay.

use std::collections::{BTreeMap, HashMap};

use portico_core::Money;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::{
    ledger::{Act, Booking, Chart, Source},
    lines::{TaxTotal, Totals},
    tax::{TaxCategory, TaxKey},
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn the_state_follows_from_what_was_booked() {
    let (due, today) = (Some(day("2027-01-29")), day("2027-01-15"));
    let settled = |paid, credited, written_off| Settled { total: 1000, paid, credited, written_off };
    let none = Pending::default();
    for (facts, due, pending, state) in [
        (settled(0, 0, 0), due, none, "open"),
        (settled(0, 0, 0), None, none, "open"),
        (settled(400, 0, 0), due, none, "partly_paid"),
        (settled(400, 600, 0), due, none, "paid"),
        (settled(1000, 0, 0), due, none, "paid"),
        (settled(0, 1000, 0), due, none, "void"),
        (settled(400, 0, 600), due, none, "written_off"),
        (settled(400, 0, 0), Some(day("2027-01-14")), none, "overdue"),
        (settled(0, 0, 0), Some(today), none, "open"),
        (
            settled(0, 0, 0),
            Some(day("2027-01-14")),
            Pending { processing: true, disputed: false },
            "processing",
        ),
        (settled(1000, 0, 0), due, Pending { processing: true, disputed: false }, "paid"),
        (settled(1000, 0, 0), due, Pending { processing: false, disputed: true }, "disputed"),
    ] {
        assert_eq!(facts.state(due, today, pending).word(), state, "{facts:?}");
        assert_eq!(facts.paid + facts.credited + facts.written_off + facts.open(), facts.total);
    }
}

#[test]
fn an_allocation_has_two_limits() {
    assert_eq!(check_allocation(0, 5, 5), Err(Refused::Nothing));
    assert_eq!(check_allocation(6, 5, 9), Err(Refused::MoreThanLeft));
    assert_eq!(check_allocation(6, 9, 5), Err(Refused::MoreThanOpen));
    assert_eq!(check_allocation(5, 5, 5), Ok(()));
}

/// A ledger in memory, with the rule of the database: one booking a key.
#[derive(Default)]
struct Book {
    bookings: HashMap<String, Booking>,
}

impl Book {
    fn enter(&mut self, key: String, booking: Booking) {
        self.bookings.entry(key).or_insert(booking);
    }

    fn sum(&self, of: impl Fn(Act, Chart) -> bool) -> i64 {
        self.bookings
            .values()
            .flat_map(|booking| booking.entries.iter().map(|entry| (booking.act, entry)))
            .filter(|(act, entry)| of(*act, entry.chart))
            .map(|(_, entry)| entry.amount)
            .sum()
    }

    fn left(&self, source: Source) -> i64 {
        -self.sum(|_, chart| chart == Chart::ClientCredit(source))
    }

    fn settled(&self, invoice: Uuid) -> Settled {
        let receivable = Chart::Receivable(invoice);
        let by_source = |payments: bool| {
            self.bookings
                .values()
                .filter(|booking| matches!(booking.act, Act::Allocated | Act::TakenBack))
                .filter(|booking| {
                    booking.entries.iter().any(|entry| match entry.chart {
                        Chart::ClientCredit(Source::Payment(_)) => payments,
                        Chart::ClientCredit(Source::CreditNote(_)) => !payments,
                        _ => false,
                    })
                })
                .flat_map(|booking| &booking.entries)
                .filter(|entry| entry.chart == receivable)
                .map(|entry| -entry.amount)
                .sum()
        };
        Settled {
            total: self.sum(|act, chart| act == Act::InvoiceIssued && chart == receivable),
            paid: by_source(true),
            credited: by_source(false),
            written_off: -self.sum(|act, chart| act == Act::WrittenOff && chart == receivable),
        }
    }

    fn trial_balance(&self) -> BTreeMap<&'static str, i64> {
        let mut balances = BTreeMap::new();
        for entry in self.bookings.values().flat_map(|booking| &booking.entries) {
            *balances.entry(entry.chart.word()).or_default() += entry.amount;
        }
        balances
    }
}

const INVOICES: usize = 3;
const PAYMENTS: usize = 3;

fn invoice(number: usize) -> Uuid {
    Uuid::from_u128(100 + number as u128)
}

fn source(number: usize) -> Source {
    if number < PAYMENTS {
        Source::Payment(Uuid::from_u128(200 + number as u128))
    } else {
        Source::CreditNote(Uuid::from_u128(300 + number as u128))
    }
}

fn totals(gross: i64) -> Totals {
    let tax = gross * 19 / 119;
    let key = TaxKey { category: TaxCategory::Standard, basis_points: 1900 };
    let total = TaxTotal { key, exemption_reason: String::new(), base: gross - tax, tax };
    Totals { lines: vec![gross - tax], taxes: vec![total], net: gross - tax, tax, gross }
}

fn eur(amount: i64) -> Money {
    Money::new(amount, "EUR").unwrap()
}

/// Does one thing by the rules, or nothing where they refuse it. A thing that was done is done once however often it is asked for.
fn act(book: &mut Book, number: usize, (what, which, on, amount): (u8, usize, usize, i64)) {
    let key = format!("{number}");
    if book.bookings.contains_key(&key) {
        return;
    }
    let (invoice, source) = (invoice(on % INVOICES), source(which % (PAYMENTS + 1)));
    match what {
        0 => book.enter(format!("issue:{invoice}"), Booking::invoice(invoice, &totals(amount), "EUR")),
        1 => {
            let booking = match source {
                Source::Payment(id) => Booking::payment(id, &eur(amount)),
                Source::CreditNote(id) => Booking::credit_note(id, &totals(amount), "EUR"),
            };
            book.enter(format!("receive:{}", source.id()), booking);
        }
        2 => {
            let (left, open) = (book.left(source), book.settled(invoice).open());
            if check_allocation(amount, left, open).is_ok() {
                book.enter(key, Booking::allocation(source, invoice, &eur(amount)));
            }
        }
        3 => {
            let allocated: Vec<(Uuid, i64)> =
                (0..INVOICES).map(self::invoice).map(|id| (id, allocated_to(book, source, id))).collect();
            let Ok(back) = free_up(amount, book.left(source), &allocated) else { return };
            for (place, (invoice, amount)) in back.into_iter().enumerate() {
                book.enter(format!("{key}:back:{place}"), Booking::taken_back(source, invoice, &eur(amount)));
            }
            book.enter(key, Booking::refund(source, &eur(amount)));
        }
        4 => {
            // A refund that an earlier act booked did not arrive, once.
            let refunds = book.bookings.iter().filter(|(_, booking)| booking.act == Act::Refunded);
            let first = refunds.min_by_key(|(key, _)| (*key).clone());
            if let Some((refund, entry)) = first.map(|(key, booking)| (key.clone(), booking.entries[0]))
                && let Chart::ClientCredit(source) = entry.chart
            {
                book.enter(format!("{refund}:failed"), Booking::refund_failed(source, &eur(entry.amount)));
            }
        }
        _ => {
            let open = book.settled(invoice).open();
            if open > 0 {
                book.enter(key, Booking::write_off(invoice, &eur(open)));
            }
        }
    }
}

fn allocated_to(book: &Book, source: Source, invoice: Uuid) -> i64 {
    book.bookings
        .values()
        .filter(|booking| booking.entries.iter().any(|entry| entry.chart == Chart::ClientCredit(source)))
        .flat_map(|booking| &booking.entries)
        .filter(|entry| entry.chart == Chart::Receivable(invoice))
        .map(|entry| -entry.amount)
        .sum()
}

fn check(book: &Book) -> Result<(), TestCaseError> {
    prop_assert_eq!(book.trial_balance().values().sum::<i64>(), 0);
    for number in 0..INVOICES {
        let settled = book.settled(invoice(number));
        prop_assert_eq!(
            settled.paid + settled.credited + settled.written_off + settled.open(),
            settled.total
        );
        prop_assert!(settled.open() >= 0 && settled.paid >= 0 && settled.credited >= 0, "{:?}", settled);
        let receivable = Chart::Receivable(invoice(number));
        prop_assert_eq!(book.sum(|_, chart| chart == receivable), settled.open());
    }
    for number in 0..=PAYMENTS {
        let source = source(number);
        prop_assert!(book.left(source) >= 0, "more was allocated or refunded than {:?} had", source);
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_books_balance_after_every_act_however_often_it_is_repeated(
        acts in prop::collection::vec((0_u8..6, 0_usize..4, 0_usize..3, 1_i64..5000), 1..60),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
    ) {
        let mut book = Book::default();
        for (number, one) in acts.iter().enumerate() {
            act(&mut book, number, *one);
            check(&book)?;
        }
        for index in again {
            let number = index.index(acts.len());
            act(&mut book, number, acts[number]);
            check(&book)?;
        }
    }

    #[test]
    fn the_order_and_repetition_of_bookings_do_not_matter(
        acts in prop::collection::vec((0_u8..6, 0_usize..4, 0_usize..3, 1_i64..5000), 1..60),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..200),
    ) {
        let mut book = Book::default();
        for (number, one) in acts.iter().enumerate() {
            act(&mut book, number, *one);
        }
        let mut written: Vec<_> = book.bookings.clone().into_iter().collect();
        written.sort_by(|a, b| a.0.cmp(&b.0));
        let mut replayed = Book::default();
        for index in order.iter().filter(|_| !written.is_empty()) {
            let (key, booking) = &written[index.index(written.len())];
            replayed.enter(key.clone(), booking.clone());
            prop_assert_eq!(replayed.trial_balance().values().sum::<i64>(), 0);
        }
        for (key, booking) in written.into_iter().rev() {
            replayed.enter(key, booking);
        }
        prop_assert_eq!(replayed.trial_balance(), book.trial_balance());
        check(&replayed)?;
    }

    #[test]
    fn what_is_spread_stays_within_the_payment_and_within_each_invoice(
        left in 0_i64..10_000, open in prop::collection::vec(0_i64..5000, 0..6)
    ) {
        let invoices: Vec<_> = open.iter().enumerate().map(|(number, open)| (invoice(number), *open)).collect();
        let given = spread(left, &invoices);
        let all: i64 = given.iter().map(|(_, amount)| amount).sum();
        prop_assert_eq!(all, left.min(open.iter().sum()));
        for (invoice, amount) in given {
            let open = invoices.iter().find(|(id, _)| *id == invoice).unwrap().1;
            prop_assert!(amount > 0 && amount <= open);
        }
    }
}
