//! What payment providers tell, in words of our own, whichever provider it is.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, Money};
use uuid::Uuid;

/// A payment that a client begins at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkout {
    /// Its id, and the idempotency key of the call that makes it: it is stored before the call.
    pub(crate) id: Uuid,
    /// The account that pays.
    pub(crate) account_id: AccountId,
    /// The invoice.
    pub(crate) invoice_id: Uuid,
    /// What is to be paid.
    pub(crate) money: Money,
    /// The provider's id of it; empty until it has answered.
    pub(crate) reference: String,
    /// The provider's page; empty until it has answered.
    pub(crate) url: String,
    /// How far it is.
    pub(crate) state: CheckoutState,
    /// When it was begun.
    pub(crate) created_at: DateTime<Utc>,
}

/// How far a payment at a provider is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CheckoutState {
    /// The client can pay.
    Open,
    /// The client has paid and the bank has not.
    Processing,
    /// The money came.
    Succeeded,
    /// It did not, or the time for it is over.
    Failed,
}

impl CheckoutState {
    /// The word that is stored.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Processing => "processing",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }

    /// The state of a stored word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        [Self::Open, Self::Processing, Self::Succeeded, Self::Failed]
            .into_iter()
            .find(|state| state.word() == word)
    }

    /// What becomes of it when a provider reports `news`, in whatever order reports come: nothing follows success, and
    /// nothing but success a failure.
    pub(crate) const fn after(self, news: Self) -> Self {
        match (self, news) {
            (Self::Succeeded, _) => Self::Succeeded,
            (Self::Failed | Self::Processing, Self::Open) | (Self::Failed, Self::Processing) => self,
            (_, news) => news,
        }
    }
}

/// How far a provider is with giving money back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefundState {
    /// It is under way.
    Pending,
    /// The money left the firm.
    Succeeded,
    /// The payer's bank did not take it, or it was called off: the firm has it.
    Failed,
}

impl RefundState {
    /// The word that is stored.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }

    /// The state of a stored word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        [Self::Pending, Self::Succeeded, Self::Failed].into_iter().find(|state| state.word() == word)
    }

    /// What becomes of it when a provider reports `news`, in whatever order reports come: nothing follows a failure, and nothing but a
    /// failure success.
    pub(crate) const fn after(self, news: Self) -> Self {
        match (self, news) {
            (Self::Failed, _) | (Self::Succeeded, Self::Pending) => self,
            (_, news) => news,
        }
    }
}

/// Money of a payment that the firm asks its provider to give back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GiveBack {
    /// Its id, and the idempotency key of the call: it is stored before the call.
    pub(crate) id: Uuid,
    /// The provider's id of the payment.
    pub(crate) payment: String,
    /// How much.
    pub(crate) money: Money,
}

/// Something at a provider that is not decided yet, by the provider's id of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// A payment that a client began.
    Checkout(String),
    /// Money on its way back.
    Refund(String),
    /// Money that was asked for to be given back, where no answer arrived.
    Asked(GiveBack),
    /// A dispute.
    Dispute(String),
}

/// Something that happened at a provider. The same fact may be told any number of times, and facts come in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fact {
    /// A payment of ours is this far.
    Moved {
        /// The checkout.
        checkout: Uuid,
        /// How far it is.
        state: CheckoutState,
    },
    /// Money came.
    Paid {
        /// The provider's id of the payment.
        reference: String,
        /// The checkout.
        checkout: Uuid,
        /// How much.
        money: Money,
        /// When.
        at: DateTime<Utc>,
    },
    /// Money is given back.
    Refunded {
        /// What was asked for here; nothing where it was begun at the provider.
        asked: Option<Uuid>,
        /// How far that is.
        state: RefundState,
        /// The provider's id of the refund.
        reference: String,
        /// Its id of the payment.
        payment: String,
        /// How much.
        money: Money,
        /// When.
        at: DateTime<Utc>,
    },
    /// The payer disputes a payment at their bank.
    Disputed {
        /// The provider's id of the dispute.
        reference: String,
        /// Its id of the payment.
        payment: String,
        /// Whether it is decided.
        over: bool,
        /// What the firm lost, where it is decided against it.
        lost: Option<Money>,
        /// When.
        at: DateTime<Utc>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_in_any_order_end_in_the_same_state() {
        use CheckoutState::{Failed, Open, Processing, Succeeded};
        for order in [
            [Open, Processing, Succeeded],
            [Succeeded, Processing, Open],
            [Processing, Succeeded, Open],
            [Failed, Succeeded, Processing],
        ] {
            assert_eq!(order.into_iter().fold(Open, CheckoutState::after), Succeeded);
        }
        assert_eq!(
            (Processing.after(Failed), Failed.after(Open), Open.after(Processing)),
            (Failed, Failed, Processing)
        );
        assert_eq!(Failed.after(Processing), Failed, "what is late tells nothing new");
        use RefundState as Back;
        for order in
            [[Back::Pending, Back::Succeeded, Back::Failed], [Back::Failed, Back::Succeeded, Back::Pending]]
        {
            assert_eq!(order.into_iter().fold(Back::Pending, Back::after), Back::Failed);
        }
        assert_eq!(Back::Succeeded.after(Back::Pending), Back::Succeeded);
        assert!(
            [Open, Processing, Succeeded, Failed]
                .iter()
                .all(|state| CheckoutState::of(state.word()) == Some(*state))
        );
    }
}
