//! Outbox, inbox and the road that carries events between services.
//!
//! A service that changes something says so with [`publish`] in the same transaction; whoever listens names itself in a
//! [`Subscription`]; a road carries the one to the other. [`EmbeddedRoad`] needs nothing but Postgres.
//!
//! # What is promised
//!
//! * **Nothing is lost.** An event is a row of the transaction that it tells of; it is there exactly if the change is.
//! * **Order per key.** Events of one aggregate reach each consumer in the order in which they were committed. Events of
//!   different aggregates may overtake one another.
//! * **At least once, effects once.** An event may arrive twice: after a crash, or while two processes change places. A handler
//!   begins its transaction with [`claim`], which answers `false` for what was handled before.
//! * **Poison parks its key, not the world.** An event that cannot be handled goes to the dead letters, later events of its key
//!   queue up behind it, and all others flow on. What failed only because something was away is tried again by itself.
//!
//! # Why positions, and not the sequence of the rows
//!
//! A reader that remembers the highest sequence number it has seen loses events: rows take their numbers when they are written and
//! show when their transactions commit, and the two orders differ. Number 7 that commits late is passed over by a reader that
//! has already seen 8.
//!
//! So nobody follows the sequence. The relay looks for rows *that have no position yet*, however low their number, and stamps each
//! with the next position of its virtual partition (one of sixteen, by a hash of the key, so that one key lies in one
//! partition). Positions are gapless and given by one relay at a time; a row that is placed was committed before, and
//! nothing ever appears below it. Cursors, dead letters, replays and snapshots speak of positions only.
//!
//! Rows that are found together are placed in the order of their sequence numbers. That is the order of commits for
//! one key, provided that whoever publishes about a thing holds a lock on it (its row, as an update does) from before
//! [`publish`] until the commit: the later writer inserts after the earlier one has committed, so that whoever sees the later row
//! sees the earlier one too, with the lower number.
//!
//! The transaction's id would not do in place of the sequence. A handler takes its id when it claims the event, may then wait for
//! the lock on a run that a request with a *later* id holds, and publishes after it: by transaction id the two stand the
//! wrong way round. Nor is there a need to wait for the oldest transaction of the cluster (`pg_snapshot_xmin`), which would let one
//! forgotten session, even in another database, hold all events back.
//!
//! # One road among several processes
//!
//! Each producer's outbox has one relay at a time, the holder of an advisory lock; the others stand by and take over when its
//! connection ends. The relay stamps on the very connection that holds the lock, so that one who has lost it cannot stamp.

//!
//! # What becomes of old events
//!
//! A week after it happened an event that every consumer has had is taken away, and its receipts a day later; dead letters and their
//! events stay until they are replayed. [`Retention`] says how long, and the module behind it why nothing is lost or repeated.

mod dead_letters;
mod envelope;
mod gate;
mod handler;
mod inbox;
mod prune;
mod publish;
mod road;

pub use dead_letters::{DeadLetter, Replayed, list_dead_letters, replay_dead_letters, retry_dead_letters};
pub use envelope::{EventActor, Received};
pub use gate::InboxGate;
pub use handler::{HandleError, Handler, Subscription, Topics, Types};
pub use inbox::{claim, has_seen};
pub use prune::{Pruned, Retention};
pub use publish::{AuditDraft, Outgoing, audit, publish};
pub use road::{DuplicateConsumer, EmbeddedRoad, Road, RoadMetrics, Unsettled};
