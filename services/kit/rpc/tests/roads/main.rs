//! The whole stack over both roads: a service in this process and the same service behind HTTP/2 must answer alike.

#[cfg(test)]
mod admission;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod files;
#[cfg(test)]
mod world;
