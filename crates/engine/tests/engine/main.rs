//! The engine against the kernel, in network namespaces.

#![allow(clippy::print_stdout, reason = "skipped tests say so")]

mod support;

mod addresses;
mod ends;
mod leftovers;
mod links;
mod load;
mod reload;
mod serves;
mod start;
mod stop;
