//! Advertisements in and out, in batches.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ka_sys::errno_text;
use ka_sys::raw::{Outgoing, Packet, PacketBatch};
use ka_vrrp::ReceivedPacket;
use ka_wire::AdvertisementView;
use ka_wire::ipv4::Ipv4View;

use crate::event::EventKind;
use crate::instance::InstanceId;
use crate::listening::RECEIVERS;
use crate::thread::EngineThread;

/// Packets sent with one system call.
const SEND_BATCH: usize = 16;
/// Packets that come closer together than this are a burst.
const BURST: Duration = Duration::from_micros(300);
/// Time spent reading before timers are looked at again.
const RECEIVE_BUDGET: Duration = Duration::from_micros(300);

impl EngineThread {
    /// Reads what has arrived, as far as the step's time allows.
    pub(crate) fn receive(&mut self, now: Instant) {
        let Some(mut packets) = self.packets.take() else {
            return;
        };
        let mut drained = true;
        let before = self.status.packets_received;
        for place in 0..RECEIVERS {
            while self.ready.packets[place]
                && let Some(receiver) = self.receiver(place)
            {
                // A socket error shows again at the next step; timers must go on.
                let Ok(count) = receiver.receive(&mut packets) else {
                    drained = false;
                    break;
                };
                self.status.packets_received += count as u64;
                let utc = SystemTime::now();
                for packet in packets.iter() {
                    self.handle_packet(&packet, utc, now);
                }
                // The call ended where nothing more was waiting.
                if count < PacketBatch::ROOM {
                    break;
                }
                if now.elapsed() > RECEIVE_BUDGET {
                    drained = false;
                    break;
                }
            }
        }
        self.packets = Some(packets);
        self.in_burst = false;
        if self.status.packets_received > before {
            self.in_burst = now.saturating_duration_since(self.last_packets) < BURST;
            self.last_packets = now;
        }
        if drained {
            self.heard_until = now;
        }
    }

    fn handle_packet(&mut self, packet: &Packet<'_>, utc: SystemTime, now: Instant) {
        let received = if packet.source.is_ipv4() {
            match Ipv4View::new(packet.bytes) {
                Ok(view) => ReceivedPacket::from_ipv4(view, utc),
                Err(_) => None,
            }
        } else {
            Some(ReceivedPacket {
                source: packet.source,
                destination: packet.destination,
                ttl: packet.ttl,
                ip_total_len: None,
                payload: packet.bytes,
                header: None,
                at: utc,
            })
        };
        let Some(received) = received else {
            self.status.packets_unknown += 1;
            return;
        };
        let vrid = AdvertisementView::new(received.payload)
            .ok()
            .map(|view| view.vrid());
        let id = vrid.and_then(|vrid| self.receiver_of(vrid, &received, packet.ifindex));
        let Some(id) = id else {
            self.status.packets_unknown += 1;
            if let Some(vrid) = vrid {
                self.tell_unknown(packet.ifindex, vrid, received.source, now);
            }
            return;
        };
        self.catch_up(id, now);
        if let Some(instance) = self.instances[id.index()].as_mut() {
            instance.router.handle_packet(&received, now);
        }
        self.pump(id, now);
        if self.outbox.len() >= SEND_BATCH {
            self.flush_advertisements();
        }
    }

    /// Sends the advertisements that wait.
    pub(crate) fn flush_advertisements(&mut self) {
        let outbox = std::mem::take(&mut self.outbox);
        let mut rest = outbox.as_slice();
        while !rest.is_empty() {
            let taken = self.prepare_batch(rest);
            let (batch, later) = rest.split_at(taken);
            self.send_batch(batch);
            rest = later;
        }
        let mut outbox = outbox;
        outbox.clear();
        self.send_copies();
        // What sending caused is none: failures are told, not answered.
        self.outbox = outbox;
    }

    /// Prepares packets from the front of `rest` until one instance comes twice.
    fn prepare_batch(&mut self, rest: &[(InstanceId, u8)]) -> usize {
        let utc = SystemTime::now();
        let mut taken = 0;
        for &(id, priority) in rest.iter().take(SEND_BATCH) {
            let Some(instance) = self.instances[id.index()].as_mut() else {
                taken += 1;
                continue;
            };
            if instance.in_batch {
                break;
            }
            match instance.prepare_packet(priority, utc) {
                Ok(true) if instance.is_unicast() => self.queue_copies(id),
                Ok(prepared) => instance.in_batch = prepared,
                Err(error) => {
                    let message = error.to_string();
                    self.note_send(id, Err((0, message)));
                }
            }
            taken += 1;
        }
        taken
    }

    fn send_batch(&mut self, batch: &[(InstanceId, u8)]) {
        for family in 0..self.senders.len() {
            let mut ids: Vec<InstanceId> = Vec::with_capacity(batch.len());
            let mut outgoing: Vec<Outgoing<'_>> = Vec::with_capacity(batch.len());
            for &(id, _) in batch {
                let Some(instance) = self.instances[id.index()].as_ref() else {
                    continue;
                };
                let Some(ifindex) = self.interfaces.at(instance.interface).index else {
                    continue;
                };
                if instance.in_batch && usize::from(instance.config.group.is_ipv6()) == family {
                    ids.push(id);
                    outgoing.push(Outgoing {
                        packet: instance.packet(),
                        destination: instance.config.group,
                        ifindex,
                    });
                }
            }
            if outgoing.is_empty() {
                continue;
            }
            let mut results = std::mem::take(&mut self.send_results);
            results.clear();
            self.senders[family].send(&outgoing, &mut results);
            drop(outgoing);
            for (id, result) in ids.into_iter().zip(&results) {
                match result {
                    Ok(()) => {
                        self.status.advertisements_sent += 1;
                        self.note_send(id, Ok(()));
                    }
                    Err(errno) => {
                        let text = errno_text(*errno);
                        self.note_send(id, Err((errno.raw_os_error(), text)));
                    }
                }
            }
            self.send_results = results;
        }
        for &(id, _) in batch {
            if let Some(instance) = self.instances[id.index()].as_mut() {
                instance.in_batch = false;
            }
        }
    }

    /// Tells of the first failure after a success; a link that is down is no news.
    pub(crate) fn note_send(&mut self, id: InstanceId, result: Result<(), (i32, String)>) {
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        match result {
            Ok(()) => instance.send_failure_told = false,
            Err((errno, message)) => {
                let down = !self.interfaces.at(instance.interface).up;
                if !instance.send_failure_told && !down {
                    instance.send_failure_told = true;
                    self.events.send(EventKind::SendFailed {
                        instance: Arc::clone(&instance.config.name),
                        errno,
                        message,
                    });
                }
            }
        }
    }
}
