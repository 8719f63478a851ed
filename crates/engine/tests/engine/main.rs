//! The engine against the kernel, in network namespaces.

#![allow(clippy::print_stdout, reason = "skipped tests say so")]

mod support;

mod addresses;
mod describe;
mod ends;
mod leftovers;
mod links;
mod load;
mod monitored;
mod reload;
mod scheduling;
mod serves;
mod start;
mod stop;
mod track;
