//! Which role a claim gives.

use frontdesk_domain::people::Role;
use serde_json::Value;

/// How many values of a claim are looked at.
const VALUES_MAX: usize = 1_000;
/// How many lines a mapping may have.
const RULES_MAX: usize = 200;

/// A claim, and what its values give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleMap {
    claim: String,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    value: String,
    grant: Grant,
}

/// What somebody may do, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The hotel's short name; `None`: the first one.
    pub property: Option<String>,
    /// What.
    pub role: Role,
}

impl RoleMap {
    /// Reads `CLAIM VALUE=ROLE, VALUE=HOTEL/ROLE`. `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (claim, rules) = text.trim().split_once(char::is_whitespace)?;
        let rules: Vec<Rule> =
            rules.split(',').map(|rule| Rule::parse(rule.trim())).collect::<Option<_>>()?;
        (rules.len() <= RULES_MAX && !text.chars().any(char::is_control))
            .then(|| Self { claim: claim.to_owned(), rules })
    }

    /// What these claims give: the first rule that fits, in the order in which they are written.
    pub fn grant(&self, claims: &Value) -> Option<Grant> {
        let found = self.found(claims)?;
        let values: Vec<&str> = match found {
            Value::String(one) => vec![one],
            Value::Array(many) => many.iter().take(VALUES_MAX).filter_map(Value::as_str).collect(),
            _ => return None,
        };
        let rule = self.rules.iter().find(|rule| values.contains(&rule.value.as_str()))?;
        Some(rule.grant.clone())
    }

    /// The claim by its whole name, else step by step: `realm_access.roles`.
    fn found<'a>(&self, claims: &'a Value) -> Option<&'a Value> {
        claims
            .get(&self.claim)
            .or_else(|| self.claim.split('.').try_fold(claims, |place, step| place.get(step)))
    }
}

impl Rule {
    fn parse(text: &str) -> Option<Self> {
        let (value, grant) = text.rsplit_once('=')?;
        let (property, role) = match grant.trim().split_once('/') {
            Some((property, role)) => (Some(property.to_owned()), role),
            None => (None, grant.trim()),
        };
        let role = match role {
            "viewer" => Role::Viewer,
            "agent" => Role::Agent,
            "supervisor" => Role::Supervisor,
            "admin" => Role::Admin,
            _ => return None,
        };
        let value = value.trim();
        let named = !value.is_empty() && property.as_ref().is_none_or(|name| !name.is_empty());
        named.then(|| Self { value: value.to_owned(), grant: Grant { property, role } })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_rule_that_fits() {
        let map = RoleMap::parse("groups /desk/chiefs=admin, desk=agent, a=b=sea/viewer").expect("a mapping");
        let role = |claims: Value| map.grant(&claims).map(|grant| (grant.property, grant.role));
        assert_eq!(role(json!({"groups": ["desk", "/desk/chiefs"]})), Some((None, Role::Admin)));
        assert_eq!(role(json!({"groups": "desk"})), Some((None, Role::Agent)));
        assert_eq!(role(json!({"groups": ["a=b"]})), Some((Some("sea".to_owned()), Role::Viewer)));
        for none in [json!({}), json!({"groups": ["Desk", 1]}), json!({"groups": {"desk": true}}), json!([])]
        {
            assert_eq!(role(none.clone()), None, "{none}");
        }
        let deep = RoleMap::parse("realm_access.roles x=agent").expect("a mapping");
        assert!(deep.grant(&json!({"realm_access": {"roles": ["x"]}})).is_some());
        assert!(deep.grant(&json!({"realm_access.roles": ["x"]})).is_some());
        for bad in
            ["", "groups", "groups a", "groups a=owner", "groups =agent", "groups a=/agent", "g a=agent,"]
        {
            assert_eq!(RoleMap::parse(bad), None, "{bad}");
        }
    }
}
