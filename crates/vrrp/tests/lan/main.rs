//! Virtual routers on a virtual LAN: one virtual clock, real packets, injected faults.
//!
//! The scenarios follow keepalived's behaviour table by table, with the exact
//! virtual time of every action; `random` runs seeded schedules of faults and checks what must
//! always hold. Nothing here waits or reads a clock, so every run is the same.

mod air;
mod config;
mod flight;
mod group;
mod kin;
mod lan;
mod log;
mod model;
mod oracle;
mod packet;

mod anything;
mod authenticated;
mod authenticated_random;
mod backup;
mod bad_packets;
mod fault;
mod flood;
mod garp;
mod group_matrix;
mod group_random;
mod groups;
mod late;
mod learned_interval;
mod lost;
mod master;
mod owner;
mod random;
mod reload;
mod rival;
mod startup;
mod stop;
mod timers;
mod tracking;
mod unicast;
mod unicast_faults;
