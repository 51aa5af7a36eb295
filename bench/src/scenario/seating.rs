//! Who sits where.

use crate::load::{LineId, RoomId, Seat};

/// Rooms with a guest each and some agents, every one of whom reads many over one connection.
#[derive(Clone, Debug)]
pub struct Seating {
    /// Guests first, in the order of their rooms, then agents.
    pub seats: Vec<Seat>,
    /// The connections that read each room, the guest's first.
    pub readers: Vec<Vec<LineId>>,
}

/// A guest in each of `rooms`, and `agents` agents in each, every one of whom holds `held` rooms.
///
/// The agents of one room differ in their other rooms: the first ones hold neighbours, the second ones
/// every n-th, and so on.
pub fn house(rooms: usize, agents: usize, held: usize) -> Seating {
    let mut seats: Vec<Seat> = (0..rooms).map(Seat::guest).collect();
    let mut readers: Vec<Vec<LineId>> = (0..rooms).map(|room| vec![room]).collect();
    let group = rooms.div_ceil(held.max(1)).max(1);
    for layer in 0..agents {
        let mut of: Vec<Vec<RoomId>> = vec![Vec::new(); group];
        for (room, readers) in readers.iter_mut().enumerate() {
            let agent = if layer % 2 == 0 { room / held.max(1) } else { room % group };
            of[agent].push(room);
            readers.push(seats.len() + agent);
        }
        seats.extend(of.into_iter().map(Seat::agent));
    }
    Seating { seats, readers }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hotels_day() {
        let house = house(2_000, 2, 100);
        assert_eq!(house.seats.len(), 2_040);
        assert!(house.seats[2_000..].iter().all(|seat| seat.rooms.len() == 100 && !seat.is_guest));
        for (room, readers) in house.readers.iter().enumerate() {
            assert_eq!((readers.len(), readers[0]), (3, room));
            assert!(readers.iter().all(|line| house.seats[*line].rooms.contains(&room)), "{room}");
        }
    }

    #[test]
    fn odd_numbers_leave_nobody_out() {
        let house = house(7, 2, 3);
        assert_eq!(house.seats.len(), 7 + 2 * 3);
        let held: usize = house.seats[7..].iter().map(|seat| seat.rooms.len()).sum();
        assert_eq!(held, 14);
    }
}
