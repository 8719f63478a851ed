//! The engine against the kernel, in network namespaces.

#![allow(clippy::print_stdout, reason = "skipped tests say so")]

mod support;

mod addresses;
mod announce;
mod authenticated;
mod delays;
mod describe;
mod duplicates;
mod ends;
mod groups;
mod leftovers;
mod links;
mod load;
mod monitored;
mod objects;
mod reload;
mod scheduling;
mod serves;
mod start;
mod stop;
mod track;
mod track_files;
mod track_interfaces;
mod track_processes;
mod unicast;
mod unknown;
