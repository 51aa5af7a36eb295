//! Who does what guests ask for: a closed list, which neither a guest nor a model adds to.

/// The departments that a request may go to. The last one takes what fits no other.
pub const DEPARTMENTS: [&str; 6] =
    ["housekeeping", "maintenance", "room_service", "concierge", "transport", "front_desk"];

/// The longest text of a request, in characters.
pub const TEXT_MAX_CHARS: usize = 500;

/// The department of this name, or the front desk.
pub fn known(name: &str) -> &'static str {
    let name = name.trim().to_lowercase().replace([' ', '-'], "_");
    DEPARTMENTS.into_iter().find(|known| *known == name).unwrap_or("front_desk")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_department_of_the_list_or_the_front_desk() {
        assert_eq!(known(" Room Service "), "room_service");
        assert_eq!(known("treasury"), "front_desk");
        assert_eq!(known(""), "front_desk");
    }
}
