//! Sync groups of hosts of the LAN: as the engine drives them, with time between their steps or without.

use std::time::{Duration, Instant};

use ka_vrrp::{GroupChange, GroupStep, GroupWord, RouterConfig, State, SyncGroup};

use crate::lan::{HostId, Lan};

/// Names a sync group of the LAN.
pub(crate) type GroupId = usize;

pub(crate) struct Group {
    pub(crate) members: Vec<HostId>,
    pub(crate) machine: SyncGroup,
    /// When it takes its next step.
    step_at: Option<Instant>,
    log: Vec<(Duration, GroupChange)>,
}

impl Lan {
    /// Adds a machine: a host in each network from the first on, all in one sync group.
    pub(crate) fn add_machine(
        &mut self,
        configs: impl IntoIterator<Item = RouterConfig>,
    ) -> GroupId {
        let configs = configs.into_iter().enumerate();
        let hosts = configs.map(|(network, config)| {
            let id = self.add(config);
            self.host_mut(id).network = network;
            id
        });
        let hosts: Vec<HostId> = hosts.collect();
        self.form_group(&hosts)
    }

    /// Adds a machine and starts it.
    pub(crate) fn started_machine(
        &mut self,
        configs: impl IntoIterator<Item = RouterConfig>,
    ) -> GroupId {
        let group = self.add_machine(configs);
        self.start_machine(group, None);
        group
    }

    /// Starts all members, then their group.
    pub(crate) fn start_machine(&mut self, group: GroupId, hold: Option<Duration>) {
        let members = self.groups[group].members.clone();
        for &id in &members {
            self.start(id, hold);
        }
        self.regroup(group, &members);
    }

    fn form_group(&mut self, hosts: &[HostId]) -> GroupId {
        let group = self.groups.len();
        self.groups.push(Group {
            members: hosts.to_vec(),
            machine: SyncGroup::new(&[], None),
            step_at: None,
            log: Vec::new(),
        });
        // What forms of nobody is of no interest.
        while self.groups[group].machine.poll_change().is_some() {}
        for &id in hosts {
            self.host_mut(id).router.join_group();
            self.host_mut(id).model.join();
        }
        group
    }

    /// A configuration comes in which exactly `hosts` are in `group`, which is new or goes on.
    pub(crate) fn regroup(&mut self, group: GroupId, hosts: &[HostId]) {
        // The engine lets it come to rest first.
        self.finish_group(group);
        let old = self.groups[group].members.clone();
        for &id in &old {
            self.host_mut(id).seat = None;
        }
        for (member, &id) in hosts.iter().enumerate() {
            self.host_mut(id).router.join_group();
            self.host_mut(id).model.join();
            self.host_mut(id).seat = Some((group, member));
        }
        let standings = hosts.iter().map(|&id| self.router(id).standing());
        let standings: Vec<_> = standings.collect();
        // One that has no members, or none that was started, was not there before.
        let state = self.groups[group].machine.state();
        let before =
            (!self.groups[group].machine.is_empty() && state != State::Stop).then_some(state);
        self.groups[group].members = hosts.to_vec();
        self.groups[group].machine = SyncGroup::new(&standings, before);
        if before.is_none() {
            self.log_changes(group);
        }
        self.run_groups();
        for id in old.into_iter().filter(|id| !hosts.contains(id)) {
            self.drive(
                id,
                || "leaves its group".to_owned(),
                |router, model, now| {
                    router.leave_group(now);
                    model.leave(now);
                },
            );
        }
    }

    /// Stops all members, then their group.
    pub(crate) fn stop_machine(&mut self, group: GroupId) {
        for id in self.groups[group].members.clone() {
            self.stop(id);
        }
        self.groups[group].machine.stop();
        self.run_groups();
    }

    pub(crate) fn members(&self, group: GroupId) -> &[HostId] {
        &self.groups[group].members
    }

    pub(crate) fn group_state(&self, group: GroupId) -> State {
        self.groups[group].machine.state()
    }

    /// The states of the members.
    pub(crate) fn member_states(&self, group: GroupId) -> Vec<State> {
        let members = self.groups[group].members.iter();
        members.map(|&id| self.state(id)).collect()
    }

    /// What everybody did since this was last asked, in order.
    pub(crate) fn take_chronicle(&mut self) -> Vec<String> {
        self.chronicle.replace(Vec::new()).unwrap_or_default()
    }

    /// What the group told since this was last asked.
    pub(crate) fn take_group_log(&mut self, group: GroupId) -> Vec<(Duration, GroupChange)> {
        std::mem::take(&mut self.groups[group].log)
    }

    /// A member says something to its group: the step that this leads to for itself.
    pub(crate) fn hear(&mut self, id: HostId, word: GroupWord) -> Option<GroupStep> {
        let (group, member) = self.host(id).seat?;
        self.groups[group].machine.hear(member, word);
        self.take_step(id)
    }

    pub(crate) fn take_step(&mut self, id: HostId) -> Option<GroupStep> {
        let (group, member) = self.host(id).seat?;
        self.groups[group].machine.take_step(member)
    }

    /// When a group takes its next step; it sleeps with its machine.
    pub(crate) fn step_at(&self, group: &Group) -> Option<Instant> {
        let awake = |id: &HostId| !self.host(*id).paused;
        group
            .step_at
            .filter(|_| group.members.iter().all(awake))
            .map(|at| at.max(self.now))
    }

    /// Looks what groups have to do: everything now, or the first step a little later.
    pub(crate) fn run_groups(&mut self) {
        for group in 0..self.groups.len() {
            match self.pace {
                Some(pace) if self.groups[group].machine.is_moving() => {
                    let at = self.now + pace;
                    self.groups[group].step_at.get_or_insert(at);
                }
                _ => self.finish_group(group),
            }
        }
    }

    /// Takes one step of each group whose time it is.
    pub(crate) fn run_due_steps(&mut self) {
        for group in 0..self.groups.len() {
            if self
                .step_at(&self.groups[group])
                .is_none_or(|at| at > self.now)
            {
                continue;
            }
            self.groups[group].step_at = None;
            if let Some((member, step)) = self.groups[group].machine.next_step() {
                let id = self.groups[group].members[member];
                self.follow(id, step, self.now);
            }
        }
        self.run_groups();
    }

    /// Takes all steps of a group.
    fn finish_group(&mut self, group: GroupId) {
        while let Some((member, step)) = self.groups[group].machine.next_step() {
            let id = self.groups[group].members[member];
            self.follow(id, step, self.now);
        }
        self.groups[group].step_at = None;
        self.log_changes(group);
        self.check_group(group);
    }

    fn log_changes(&mut self, group: GroupId) {
        let elapsed = self.elapsed();
        while let Some(change) = self.groups[group].machine.poll_change() {
            self.remark(&format!("group {group}: {change:?}"));
            self.groups[group].log.push((elapsed, change));
            if let Some(chronicle) = &mut self.chronicle {
                chronicle.push(format!("group {group} {}", change.to));
            }
        }
    }

    /// What must hold of a group that is not moving.
    fn check_group(&self, group: GroupId) {
        let state = self.group_state(group);
        let seated = |id: &&HostId| self.host(**id).seat.is_some();
        for &id in self.groups[group].members.iter().filter(seated) {
            let member = self.state(id);
            let fits = match state {
                State::Fault => member == State::Fault,
                // One that was added may have to wait.
                State::Backup => matches!(member, State::Backup | State::Init),
                // Or owns its addresses, and waits for the end of the start-up delay.
                State::Master => matches!(member, State::Master | State::Backup | State::Init),
                State::Init => member == State::Init,
                State::Stop => matches!(member, State::Stop | State::Init),
            };
            let stops = member == State::Stop;
            assert!(fits || stops, "host {id} is {member}, its group {state}");
        }
    }
}
