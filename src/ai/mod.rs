//! Who answers the guest when no human does: the `Model` port of the actors, implemented twice.
//!
//! [`openai`] speaks to any server of the Chat Completions kind; [`embedded`] answers from the property's
//! knowledge alone. Both look things up through [`knowledge`]. Neither retries, queues or limits: that is
//! the pool's.

pub mod bill;
pub mod clean;
pub mod embedded;
pub mod errand;
pub mod hosts;
pub mod knowledge;
pub mod language;
pub mod openai;
pub mod question;
pub mod recorder;
pub mod retriever;
#[cfg(test)]
mod simple;

#[cfg(test)]
mod testing;
