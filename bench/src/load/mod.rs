//! The generator: many cheap WebSocket clients on one thread, seated in rooms, speaking one stack's protocol.

pub mod crowd;
pub mod frame;
pub mod frontdesk;
pub mod hall;
pub mod peers;
pub mod protocol;
pub mod scan;

pub use crowd::{Crowd, Down, LineId};
pub use hall::{Game, Hall};
pub use protocol::{Heard, Protocol, RoomId, Say, Seat, What};
