use super::*;

fn peers(count: u8) -> Arc<[IpAddr]> {
    (1..=count)
        .map(|host| IpAddr::from([192, 0, 2, host]))
        .collect()
}

fn copies(id: usize, packet: &[u8], peers: &Arc<[IpAddr]>) -> Copies {
    Copies {
        id: Some(InstanceId::new(id)),
        forms: vec![Form {
            rule: ChecksumRule::Standard,
            packet: packet.to_vec(),
            covers_destination: true,
        }],
        form_of: Vec::new(),
        authentication: None,
        peers: Arc::clone(peers),
        ifindex: 0,
        next: 0,
        left: peers.len(),
        failed: false,
    }
}

#[test]
fn what_is_left_of_an_earlier_advertisement_gives_way_to_the_next_one() {
    let mut queue = CopyQueue::default();
    let three = peers(3);
    queue.push(copies(0, b"first", &three));
    queue.push(copies(1, b"other", &three));
    queue.waiting[0].next = 2;
    queue.waiting[0].left = 1;
    queue.waiting[0].failed = true;
    queue.push(copies(0, b"second", &three));
    assert_eq!(queue.waiting.len(), 2, "one of each instance");
    let first = &queue.waiting[0];
    assert_eq!(first.forms[0].packet, b"second");
    // The peer that waits longest is the first one, and all get it.
    assert_eq!((first.next, first.left, first.failed), (2, 3, true));
    queue.push(copies(0, b"third", &peers(2)));
    assert_eq!((queue.waiting[0].next, queue.waiting[0].left), (0, 2));
}

#[test]
fn what_an_instance_said_last_outlives_it() {
    let mut queue = CopyQueue::default();
    queue.push(copies(0, b"resigned", &peers(2)));
    queue.orphan(InstanceId::new(0));
    queue.push(copies(0, b"another instance in its slot", &peers(2)));
    let packets: Vec<&[u8]> = queue
        .waiting
        .iter()
        .map(|copies| &copies.forms[0].packet[..])
        .collect();
    assert_eq!(packets, [&b"resigned"[..], b"another instance in its slot"]);
    queue.clear();
    assert!(!queue.has_work());
}
