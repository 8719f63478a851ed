//! How much room there is for packets that arrive while the engine is busy.

use std::sync::Arc;

use crate::apply::Refusal;
use crate::thread::EngineThread;

/// Room that instances want, all together (`vrrp_rx_bufs_policy`, `vrrp_rx_bufs_multiplier`,
/// `kernel_rx_buf_size`). They share one socket of each family, whose buffer is never smaller than it is without
/// such wishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceiveBuffers {
    /// Octets that are wanted whatever instances there are.
    pub bytes: u64,
    /// So many times the MTU of its interface for each instance.
    pub mtu_multiplier: u32,
    /// So many times its advertisement for each instance.
    pub advert_multiplier: u32,
}

impl EngineThread {
    /// Makes the buffers as large as the instances of now want them.
    pub(crate) fn resize_buffers(&mut self) {
        let wish = self.receive_buffers;
        let mut wanted = [wish.bytes; 2];
        if wish.mtu_multiplier > 0 || wish.advert_multiplier > 0 {
            for instance in self.instances.iter().flatten() {
                let mtu = u64::from(self.interfaces.at(instance.interface).mtu);
                let length = instance.packet_len() as u64;
                let room = (u64::from(wish.mtu_multiplier).saturating_mul(mtu))
                    .saturating_add(u64::from(wish.advert_multiplier).saturating_mul(length));
                let family = usize::from(instance.config.group.is_ipv6());
                wanted[family] = wanted[family].saturating_add(room);
            }
        }
        for (receiver, octets) in self.receivers.iter_mut().zip(wanted) {
            let octets = usize::try_from(octets).unwrap_or(usize::MAX);
            if let Err(error) = receiver.set_room(octets) {
                self.apply_refusals.push(Refusal {
                    instance: Arc::from(""),
                    reason: error.to_string(),
                });
            }
        }
    }
}
