//! The prober against real sockets.

mod bounds;
mod datagrams;
mod exchanges;
mod host;
mod life;
mod sources;
mod streams;
