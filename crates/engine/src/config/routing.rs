//! Routes and rules that instances, or the host, shall have.

use std::sync::Arc;

use ka_netlink::{Route, RouteKey, Rule};

/// A route, its interfaces called by their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualRoute {
    /// The route as the kernel shall have it.
    pub route: Route<Arc<str>>,
    /// Whoever removes it from outside, removes it: that is neither noticed nor made good.
    pub no_track: bool,
    /// The instances that its loss concerns, by the name of their group; only of one that belongs to
    /// the host.
    pub track_group: Option<Arc<str>>,
}

impl VirtualRoute {
    /// What makes it the same route of the kernel as another.
    #[must_use]
    pub fn key(&self) -> RouteKey<Arc<str>> {
        self.route.key()
    }
}

/// A rule of policy routing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualRule {
    /// The rule as the kernel shall have it, which is also what makes it the same rule as another.
    pub rule: Rule,
    /// As that of a route.
    pub no_track: bool,
    /// As that of a route.
    pub track_group: Option<Arc<str>>,
}
