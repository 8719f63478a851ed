//! IPVS sync daemons have the role of a virtual router: another thread hears of it without anybody waiting.

use ka_ipvs::SyncRoles;
use ka_vrrp::State;

use crate::instance::InstanceId;
use crate::thread::EngineThread;

impl EngineThread {
    /// Says it there from now on.
    pub(crate) fn follow_with(&mut self, roles: SyncRoles) {
        self.sync_roles = Some(roles);
        self.say_sync_roles();
    }

    /// Says the role of every instance that a sync daemon follows.
    pub(crate) fn say_sync_roles(&self) {
        if self.sync_roles.is_some() {
            for index in 0..self.instances.len() {
                self.say_sync_role(InstanceId::new(index));
            }
        }
    }

    /// Says the role of an instance, if a sync daemon follows it.
    pub(crate) fn say_sync_role(&self, id: InstanceId) {
        if let Some(roles) = &self.sync_roles
            && let Some(instance) = &self.instances[id.index()]
            && let Some(daemon) = instance.config.sync_daemon
        {
            roles.set(daemon, instance.router.state() == State::Master);
        }
    }
}
